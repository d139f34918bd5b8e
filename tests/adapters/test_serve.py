import contextlib
import os
import select
import socket
import threading
import time
from dataclasses import replace

import pytest

from adapters.serve import serve_pty, serve_tcp
from bench.core.clock import MILLISECOND
from bench.core.errors import AdapterUnavailable
from bench.protocols.p1.profile import load_profile
from bench.protocols.p1.telegram import decode_telegram
from bench.simulator.metering_system import Systems
from bench.simulator.ports.p1 import P1Port
from bench.simulator.presets import household

PROFILE = replace(load_profile("nl50"), interval_s=0.1)


@pytest.fixture
def port():
    system = Systems().get(1, "2026-01-15T10:00:00", household("nl", 1))
    return P1Port(system, PROFILE)


class Endless:
    """A port that always has more to send than anyone reads, and notes what it gets."""

    line = None

    def __init__(self):
        self.received = b""
        self.requests = []

    def next_event(self):
        return 0

    def emit(self, now):
        return b"x" * 4096

    def receive(self, octets, now):
        self.received += octets

    def set_request(self, active, now):
        self.requests.append(active)


def whole_telegram(read):
    """Read until a telegram that starts after a line end is complete; fail after 10 s."""
    stream = b""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        stream += read()
        start = stream.find(b"/ISK5")
        end = stream.find(b"!", start)
        if start >= 0 and 0 <= end <= len(stream) - 7:
            return stream[start : end + 7]
    raise AssertionError(f"no telegram in {stream!r}")


def until(condition):
    deadline = time.monotonic() + 10
    while not condition() and time.monotonic() < deadline:
        select.select([], [], [], 0.005)
    assert condition()


def test_telegrams_come_out_of_a_pty(port):
    with serve_pty(port) as path:
        descriptor = os.open(path, os.O_RDWR | os.O_NOCTTY)
        try:
            telegram = whole_telegram(lambda: os.read(descriptor, 4096))
        finally:
            os.close(descriptor)
    assert decode_telegram(telegram, PROFILE).problems == ()


def test_a_pty_that_nobody_reads_drops_octets_and_goes_on():
    port = Endless()
    with serve_pty(port) as path:
        descriptor = os.open(path, os.O_RDWR | os.O_NOCTTY)
        try:
            os.write(descriptor, b"hello")
            until(lambda: port.received == b"hello")
            assert set(os.read(descriptor, 4096)) == {ord("x")}
        finally:
            os.close(descriptor)
    assert port.requests == [True, False]


def test_several_tcp_clients_get_the_same_telegrams(port):
    with serve_tcp(port) as number:
        with (
            socket.create_connection(("127.0.0.1", number), timeout=10) as one,
            socket.create_connection(("127.0.0.1", number), timeout=10) as other,
        ):
            telegrams = [whole_telegram(lambda c=c: c.recv(4096)) for c in (one, other)]
        with socket.create_connection(("127.0.0.1", number), timeout=10) as late:
            telegrams.append(whole_telegram(lambda: late.recv(4096)))
    for telegram in telegrams:
        assert decode_telegram(telegram, PROFILE).problems == ()


class Metered(Endless):
    """A port that sends a portion each time that it is told to, and looks every millisecond."""

    def __init__(self):
        super().__init__()
        self.portions = 0
        self._next = 0

    def next_event(self):
        return self._next

    def emit(self, now):
        self._next = now + MILLISECOND
        if not self.portions:
            return b""
        self.portions -= 1
        return b"x" * 4096


def exactly(client, count):
    """Return `count` octets of a client, which has to get them."""
    stream = b""
    while len(stream) < count:
        octets = client.recv(count - len(stream))
        assert octets, "the connection was ended"
        stream += octets
    return stream


def rest(client):
    """Return what a client still gets until its connection ends."""
    stream = b""
    with contextlib.suppress(ConnectionResetError):
        while octets := client.recv(65536):
            stream += octets
    return stream


def test_a_client_that_does_not_read_is_let_go_and_others_are_served():
    port, rounds = Metered(), 120
    idle = socket.socket()
    idle.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # before connecting, or it is late
    idle.settimeout(10)
    with serve_tcp(port) as number, idle:
        idle.connect(("127.0.0.1", number))
        with socket.create_connection(("127.0.0.1", number), timeout=10) as busy:
            busy.sendall(b"hello")
            until(lambda: port.received == b"hello")
            for _ in range(rounds):
                port.portions += 1
                exactly(busy, 4096)
            assert len(rest(idle)) < rounds * 4096


def test_the_stop_event_ends_the_service():
    port, stop = Endless(), threading.Event()
    with serve_tcp(port, stop=stop):
        until(lambda: port.requests == [True])
        stop.set()
        until(lambda: port.requests == [True, False])


def test_a_failure_of_the_port_is_not_lost():
    class Broken(Endless):
        def emit(self, now):
            raise RuntimeError("broken port")

    with pytest.raises(RuntimeError, match="broken port"), serve_tcp(Broken()):
        threading.Event().wait(0.1)


def test_an_address_in_use_says_so():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        with (
            pytest.raises(AdapterUnavailable, match="choose another port"),
            serve_tcp(Endless(), tcp_port=number),
        ):
            pass
