import socket
import struct
from collections.abc import Iterator

import pytest

from adapters.contract import LinkContract, Rig, drain
from adapters.registry import open_link
from bench.core.clock import SECOND, MonotonicClock, VirtualClock
from bench.core.errors import AdapterLost, AdapterUnavailable, ConnectionEnded, UsageError
from bench.core.line import LineSettings

LINE = LineSettings()


def receive_from(connection: socket.socket, count: int) -> bytes:
    connection.settimeout(10)
    octets = b""
    while len(octets) < count and (more := connection.recv(65536)):
        octets += more
    return octets


class TestTcpContract(LinkContract):
    def rig(self, first: bytes) -> Rig:
        server = socket.create_server(("127.0.0.1", 0))
        url = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        link = open_link(url, line=LINE, clock=MonotonicClock())
        far, _ = server.accept()
        if first:
            far.sendall(first)

        def close() -> None:
            far.close()
            server.close()

        return Rig(
            link,
            send=far.sendall,
            receive=lambda count: receive_from(far, count),
            lose=far.close,
            close=close,
            more=True,
        )


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


def url_of(server: socket.socket, options: str = "") -> str:
    return f"tcp://127.0.0.1:{server.getsockname()[1]}{options}"


def test_what_came_before_the_close_is_read_first(server):
    with open_link(url_of(server), line=LINE, clock=MonotonicClock()) as link:
        far, _ = server.accept()
        far.sendall(b"last words")
        far.close()
        assert drain(link, 10) == b"last words"
        with pytest.raises(AdapterLost, match=r"the other side closed the connection$"):
            link.read(link.clock.now() + 10 * SECOND)


def test_a_reset_has_its_own_words(server):
    with open_link(url_of(server), line=LINE, clock=MonotonicClock()) as link:
        far, _ = server.accept()
        far.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        far.close()
        with pytest.raises(AdapterLost, match="abruptly"):
            link.read(link.clock.now() + 10 * SECOND)


def test_the_device_may_end_a_connection(server):
    with open_link(url_of(server), line=LINE, clock=MonotonicClock()) as link:
        for _ in range(2):
            server.accept()[0].close()
            with pytest.raises(ConnectionEnded):
                link.read(link.clock.now() + 10 * SECOND)
            link.reconnect()
        far, _ = server.accept()
        with far:
            far.sendall(b"here")
            assert drain(link, 4) == b"here"
            assert link.describe()["remote"] == f"127.0.0.1:{server.getsockname()[1]}"


def test_an_abrupt_end_is_a_reset(server):
    with open_link(url_of(server), line=LINE, clock=MonotonicClock()) as link:
        for abrupt in (True, False):
            far, _ = server.accept()
            link.reconnect(abrupt=abrupt)
            far.settimeout(10)
            with far:
                if abrupt:
                    with pytest.raises(ConnectionResetError):
                        far.recv(1)
                else:
                    assert far.recv(1) == b""


def test_nobody_takes_the_new_connection(server):
    with open_link(url_of(server), line=LINE, clock=MonotonicClock()) as link:
        server.close()
        for _ in range(2):
            with pytest.raises(AdapterUnavailable, match="refused"):
                link.reconnect()


def test_octets_for_a_connection_that_was_not_taken_say_so(server):
    with open_link(url_of(server), line=LINE, clock=MonotonicClock()) as link:
        server.close()
        with pytest.raises(AdapterUnavailable):
            link.reconnect()
        with pytest.raises(AdapterLost, match="refused the connection"):
            link.write(b"?")


def test_small_writes_are_not_held_back(server):
    with open_link(url_of(server), line=LINE, clock=MonotonicClock()) as link:
        assert link._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_peer_that_takes_nothing_is_lost(server, monkeypatch):
    monkeypatch.setattr("adapters.sockets.WRITE_TIMEOUT_S", 0.05)
    with open_link(url_of(server), line=LINE, clock=MonotonicClock()) as link:
        far, _ = server.accept()
        with far, pytest.raises(ConnectionEnded, match="took no octets"):
            link.write(bytes(64 << 20))


def test_a_refused_connection(server):
    url = url_of(server)
    server.close()
    with pytest.raises(AdapterUnavailable, match="refused the connection: nothing listens"):
        open_link(url, line=LINE, clock=MonotonicClock())


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (socket.gaierror(-2, "Name or service not known"), "no address is known for 'meter'"),
        (UnicodeError("label too long"), "no address is known for 'meter'"),
        (TimeoutError("timed out"), r"did not answer within 0\.5 s"),
        (OSError(101, "Network is unreachable"), "no route"),
        (OSError(113, "No route to host"), "no route"),
        (OSError(99, "Cannot assign requested address"), "Cannot assign"),
    ],
)
def test_each_failure_has_its_words(monkeypatch, error, message):
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(socket, "create_connection", fail)
    with pytest.raises(AdapterUnavailable, match=message):
        open_link("tcp://meter:4059?timeout_s=0.5", line=LINE, clock=MonotonicClock())


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("tcp://", "no host; write for example tcp://127.0.0.1:2001"),
        ("tcp://meter", "has no port"),
        ("tcp://meter:0", "has no port"),
        ("tcp://meter:70000", "Port out of range"),
        ("tcp://meter:1/path", "/path after the port"),
        ("tcp://meter:1?baud=9600", r"unknown option 'baud' \(known: timeout_s, u_ms\)"),
        ("tcp://meter:1?u_ms=nan", "u_ms=nan is no number between 0 and 60000"),
        ("tcp://meter:1?u_ms=x", "u_ms=x is no number"),
    ],
)
def test_a_url_that_cannot_be_right(url, message):
    with pytest.raises(UsageError, match=message):
        open_link(url, line=LINE, clock=MonotonicClock())


def test_uncertainty_and_identity(server):
    with open_link(url_of(server), line=LINE, clock=MonotonicClock()) as link:
        assert link.timing_uncertainty_s == 0.005
        assert link.identity == url_of(server).replace("//", "")
        assert link.describe()["remote"] == f"127.0.0.1:{server.getsockname()[1]}"
    with open_link(url_of(server, "?u_ms=0.5"), line=LINE, clock=MonotonicClock()) as link:
        assert link.timing_uncertainty_s == 0.0005


def test_a_real_port_refuses_virtual_time(server):
    with pytest.raises(UsageError, match="not virtual time"):
        open_link(url_of(server), line=LINE, clock=VirtualClock())
