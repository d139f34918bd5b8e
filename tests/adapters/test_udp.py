import socket

import pytest

from adapters.contract import LinkContract, Rig, drain
from adapters.registry import open_link
from bench.core.clock import SECOND, MonotonicClock
from bench.core.errors import AdapterLost, AdapterUnavailable, UsageError
from bench.core.line import LineSettings

LINE = LineSettings()


def far_end() -> socket.socket:
    far = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    far.bind(("127.0.0.1", 0))
    far.settimeout(10)
    return far


def address(far: socket.socket) -> str:
    return f"127.0.0.1:{far.getsockname()[1]}"


def receive_from(far: socket.socket, count: int) -> bytes:
    octets = b""
    while len(octets) < count:
        octets += far.recv(65536)
    return octets


class TestUdpContract(LinkContract):
    LENGTH = 16 * 1024

    def rig(self, first: bytes) -> Rig:
        far = far_end()
        link = open_link(f"udp://{address(far)}", line=LINE, clock=MonotonicClock())
        far.connect(link._socket.getsockname())
        for start in range(0, len(first), 1024):
            far.send(first[start : start + 1024])
        return Rig(
            link,
            send=far.send,
            receive=lambda count: receive_from(far, count),
            lose=far.close,
            close=far.close,
            more=True,
        )


def read(link, wait_s=10):
    return link.read(link.clock.now() + wait_s * SECOND)


def test_a_datagram_is_a_chunk():
    with (
        far_end() as far,
        open_link(f"udp://{address(far)}", line=LINE, clock=MonotonicClock()) as link,
    ):
        link.write(b"one")
        link.write(b"two")
        first, near = far.recvfrom(100)
        assert (first, far.recv(100)) == (b"one", b"two")
        for datagram in (b"three", b"", b"four"):
            far.sendto(datagram, near)
        assert [read(link).octets for _ in range(3)] == [b"three", b"", b"four"]


def test_the_peer_is_learned_when_listening():
    clock = MonotonicClock()
    with (
        far_end() as far,
        far_end() as stranger,
        open_link("udp:?bind=127.0.0.1:0", line=LINE, clock=clock) as link,
    ):
        with pytest.raises(UsageError, match="no peer to write to"):
            link.write(b"too early")
        near = link._socket.getsockname()
        far.sendto(b"hello", near)
        assert drain(link, 5) == b"hello"
        link.write(b"answer")
        assert far.recv(100) == b"answer"
        stranger.sendto(b"noise", near)
        far.sendto(b"more", near)
        assert read(link).octets == b"more"
        assert link.identity == "udp:127.0.0.1:0"


def test_strangers_that_were_queued_are_counted():
    clock = MonotonicClock()
    with far_end() as far, far_end() as stranger:
        listening = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        listening.bind(("127.0.0.1", 0))
        near = listening.getsockname()
        far.sendto(b"first", near)
        stranger.sendto(b"noise", near)
        far.sendto(b"third", near)
        from adapters.base import LinkUrl
        from adapters.udp import UdpLink

        url = LinkUrl.parse("udp:?bind=127.0.0.1:0")
        with UdpLink(url, clock, listening, 0.005, learn=True) as link:
            assert drain(link, 10) == b"firstthird"
            assert link.describe()["datagrams_of_others"] == "1"


def test_nobody_there_is_told():
    with far_end() as far:
        url = f"udp://{address(far)}"
    with open_link(url, line=LINE, clock=MonotonicClock()) as link:
        link.write(b"anybody?")
        with pytest.raises(AdapterLost, match="nothing listens on that port"):
            read(link)


def test_what_does_not_fit_in_a_datagram_is_misuse():
    with (
        far_end() as far,
        open_link(f"udp://{address(far)}", line=LINE, clock=MonotonicClock()) as link,
        pytest.raises(UsageError, match="70000 octets do not fit"),
    ):
        link.write(bytes(70000))


def test_an_own_address_in_use():
    with far_end() as far, pytest.raises(AdapterUnavailable, match="in use by another program"):
        open_link(f"udp:?bind={address(far)}", line=LINE, clock=MonotonicClock())


@pytest.mark.parametrize(
    ("url", "error", "message"),
    [
        ("udp://127.0.0.1:9?bind=192.0.2.1:0", AdapterUnavailable, "no address of this machine"),
        ("udp://127.0.0.1:9?bind=4059", UsageError, "bind=4059 is not host:port"),
        ("udp://127.0.0.1:9?bind=a:x", UsageError, "bind=a:x is not host:port"),
        ("udp:", UsageError, "has no host"),
        ("udp://meter", UsageError, "has no port"),
        ("udp://meter:1?timeout_s=1", UsageError, "unknown option"),
    ],
)
def test_what_cannot_be_opened(url, error, message):
    with pytest.raises(error, match=message):
        open_link(url, line=LINE, clock=MonotonicClock())


def test_a_name_that_is_not_known(monkeypatch):
    def fail(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(AdapterUnavailable, match="no address is known for 'meter'"):
        open_link("udp://meter:4059", line=LINE, clock=MonotonicClock())
