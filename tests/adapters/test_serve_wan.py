"""The WAN port in real time: a small client reads the logical device name over each kind of link.

Waits end at a deadline that no healthy machine reaches; nothing here measures time.
"""

import os
import socket
import struct
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from adapters.registry import open_link
from adapters.serve import serve_pty, serve_tcp, serve_udp
from bench.core.clock import SECOND, MonotonicClock
from bench.core.errors import AdapterUnavailable, ConnectionEnded
from bench.core.line import LineSettings
from bench.protocols.dlms.wrapper import WrapperStream, build_wpdu, decode_wpdu, encode_wpdu
from bench.protocols.hdlc.address import client, server
from bench.protocols.hdlc.events import Connected, Disconnected, Received
from bench.protocols.hdlc.options import PrimaryOptions
from bench.protocols.hdlc.primary import PrimaryStation
from bench.simulator.faults.wan_edit import breaks
from bench.simulator.ports.wan import wan_port

LINE = LineSettings(9600)
AARQ = bytes.fromhex("601DA109060760857405080101BE10040E01000000065F1F0400007E1F04B0")
LDN = bytes.fromhex("C001C1000100002A0000FF0200")
PATIENCE_NS = 30 * SECOND


class Hdlc:
    """A client with a station that waits longer than any loaded machine takes."""

    def __init__(self, link):
        self.link = link
        options = PrimaryOptions(client(16), server(1, 17), response_ns=10 * SECOND)
        self.station = PrimaryStation(options)

    def until(self, *kinds):
        link, station = self.link, self.station
        end = link.clock.now() + PATIENCE_NS
        while link.clock.now() < end:
            if octets := station.outgoing():
                link.write(octets)
            chunk = link.read(min(station.next_event() or end, end))
            if chunk is None:
                events = station.advance(link.clock.now())
            else:
                events = station.receive(chunk.octets, chunk.at_ns)
            for event in events:
                if isinstance(event, kinds):
                    return event
        raise AssertionError("no answer")

    def read_name(self):
        self.station.connect(self.link.clock.now())
        self.until(Connected)
        self.station.send(AARQ, self.link.clock.now())
        assert self.until(Received).apdu[0] == 0x61
        self.station.send(LDN, self.link.clock.now())
        name = self.until(Received).apdu
        self.station.disconnect(self.link.clock.now())
        self.until(Disconnected)
        return name


class Wrapper:
    """A client over the wrapper."""

    def __init__(self, link, sap=16):
        self.link = link
        self.sap = sap
        self.stream = WrapperStream()

    def ask(self, apdu):
        self.link.write(encode_wpdu(self.sap, 1, apdu))
        return self.hear()

    def hear(self):
        end = self.link.clock.now() + PATIENCE_NS
        while True:
            chunk = self.link.read(end)
            assert chunk is not None, "no answer"
            for piece in self.stream.feed(chunk):
                return decode_wpdu(piece.octets).apdu

    def read_name(self):
        assert self.ask(AARQ)[0] == 0x61
        return self.ask(LDN)


@contextmanager
def opened(url):
    with open_link(url, line=LINE, clock=MonotonicClock()) as link:
        yield link


def is_name(apdu):
    return apdu[:5] == b"\xc4\x01\xc1\x00\x09" and len(apdu) == 6 + apdu[5]


@pytest.mark.skipif(os.name != "posix", reason="needs pseudo-terminals")
@pytest.mark.parametrize("mode_e", [False, True])
def test_hdlc_on_a_pty(mode_e):
    device = wan_port("hdlc", mode_e=mode_e)
    with serve_pty(device) as path:
        options = "?start=mode-e&address=00000010" if mode_e else ""
        with opened(f"serial://{path}{options}") as link:
            assert is_name(Hdlc(link).read_name())


@pytest.mark.skipif(os.name != "posix", reason="needs pseudo-terminals")
def test_a_sign_on_that_nobody_answers_says_so():
    with (
        serve_pty(wan_port("hdlc", mode_e=True)) as path,
        pytest.raises(AdapterUnavailable, match="no identification; it said nothing"),
        opened(f"serial://{path}?start=mode-e&address=4711"),
    ):
        pass


def test_hdlc_over_tcp():
    with (
        serve_tcp(wan_port("hdlc", line=None)) as port,
        opened(f"tcp://127.0.0.1:{port}") as link,
    ):
        assert is_name(Hdlc(link).read_name())


def test_the_wrapper_over_tcp():
    with serve_tcp(wan_port("wrapper")) as port, opened(f"tcp://127.0.0.1:{port}") as link:
        assert is_name(Wrapper(link).read_name())
        for abrupt in (False, True):
            link.reconnect(abrupt=abrupt)
            assert Wrapper(link).ask(LDN)[0] == 0xD8  # the association went with the connection
            assert is_name(Wrapper(link).read_name())


def test_the_wrapper_over_udp():
    with serve_udp(wan_port("udp")) as port, opened(f"udp://127.0.0.1:{port}") as link:
        assert is_name(Wrapper(link).read_name())
        other = link.connect()
        with other:
            assert Wrapper(other, sap=17).link.write(b"no unit") > 0
        assert is_name(Wrapper(link).ask(LDN))


def test_ten_clients_at_once():
    device = wan_port("hdlc", line=None, latency_ns=0)
    together = threading.Barrier(10)

    def one(port):
        with opened(f"tcp://127.0.0.1:{port}") as link:
            together.wait(30)
            hdlc = Hdlc(link)
            hdlc.station.connect(link.clock.now())
            hdlc.until(Connected)
            return True

    with serve_tcp(device) as port, ThreadPoolExecutor(10) as pool:
        assert all(pool.map(one, [port] * 10))
    assert device.connections == []


def test_a_slow_client_holds_nobody_up():
    with (
        serve_tcp(wan_port("wrapper")) as port,
        opened(f"tcp://127.0.0.1:{port}") as slow,
        opened(f"tcp://127.0.0.1:{port}") as link,
    ):
        slow.write(encode_wpdu(32, 1, AARQ)[:9])
        assert is_name(Wrapper(link).read_name())


def test_a_client_that_vanishes_is_let_go():
    device = wan_port("wrapper")
    with serve_tcp(device) as port:
        for reset in (False, True):
            with socket.create_connection(("127.0.0.1", port), timeout=30) as gone:
                gone.sendall(encode_wpdu(16, 1, AARQ))
                assert gone.recv(8)
                if reset:
                    linger = struct.pack("ii", 1, 0)
                    gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            end = time.monotonic() + 30
            while device.connections and time.monotonic() < end:
                threading.Event().wait(0.01)
            assert device.connections == []
        with opened(f"tcp://127.0.0.1:{port}") as link:
            assert is_name(Wrapper(link).read_name())


def test_the_device_hangs_up_after_a_wrong_version():
    with serve_tcp(wan_port("wrapper")) as port, opened(f"tcp://127.0.0.1:{port}") as link:
        link.write(build_wpdu(16, 1, AARQ, version=9))
        with pytest.raises(ConnectionEnded):
            link.read(link.clock.now() + PATIENCE_NS)
        link.reconnect()
        assert is_name(Wrapper(link).read_name())


def test_a_second_client_may_end_the_first_on_a_faulty_device():
    device = wan_port("wrapper", alterations=[breaks("tcp-second-kills-first")])
    with serve_tcp(device) as port, opened(f"tcp://127.0.0.1:{port}") as link:
        assert is_name(Wrapper(link).read_name())
        with opened(f"tcp://127.0.0.1:{port}") as second:
            assert is_name(Wrapper(second).read_name())
            with pytest.raises(ConnectionEnded):
                link.read(link.clock.now() + PATIENCE_NS)


def test_an_address_that_is_taken_is_said():
    device = wan_port("udp")
    with (
        serve_udp(device) as port,
        pytest.raises(AdapterUnavailable, match="choose another port"),
        serve_udp(device, udp_port=port),
    ):
        pass
