"""The RFC 2217 client against the server side that the serial library brings."""

import socket
import threading
import time

import pytest
import serial
from serial import rfc2217

from adapters.base import Capability
from adapters.contract import drain
from adapters.registry import open_link
from bench.core.clock import SECOND, MonotonicClock
from bench.core.errors import AdapterLost
from bench.core.line import LineSettings


class _Guarded:
    """A connection that several threads may write to."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.write = connection.sendall


class PortServer:
    """A port server on the loopback whose serial port returns what is sent to it."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._server.getsockname()[1]}"
        self.port = serial.serial_for_url("loop://", timeout=0.05)
        self._connection: socket.socket | None = None
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        self._connection, _ = self._server.accept()
        manager = rfc2217.PortManager(self.port, _Guarded(self._connection))
        while octets := self._receive():
            self.port.write(b"".join(manager.filter(octets)))
            time.sleep(0)
            if waiting := self.port.in_waiting:
                self._connection.sendall(b"".join(manager.escape(self.port.read(waiting))))

    def _receive(self) -> bytes:
        try:
            return self._connection.recv(4096)
        except OSError:
            return b""

    def vanish(self) -> None:
        self._connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._thread.join(10)
        self._connection.close()
        self._server.close()
        self.port.close()


@pytest.fixture
def port_server():
    server = PortServer()
    yield server
    server.close()


def test_octets_settings_and_request_go_to_the_far_port(port_server):
    url = f"serial:rfc2217://{port_server.address}?baud=9600&format=7E1&request=rts"
    with open_link(url, line=LineSettings(), clock=MonotonicClock()) as link:
        assert link.timing_uncertainty_s == 0.010
        assert link.identity == f"tcp:{port_server.address}"
        assert Capability.REQUEST_LINE in link.capabilities
        assert (port_server.port.baudrate, port_server.port.bytesize) == (9600, 7)
        assert port_server.port.parity == "E"
        assert port_server.port.rts is True
        link.request(False)
        assert port_server.port.rts is False
        link.write(b"\x7e\xff\x00")
        assert drain(link, 3) == b"\x7e\xff\x00"


def test_a_port_server_that_vanishes_is_lost(port_server):
    url = f"serial:rfc2217://{port_server.address}"
    with open_link(url, line=LineSettings(), clock=MonotonicClock()) as link:
        port_server.vanish()
        with pytest.raises(AdapterLost, match="the connection to the port is gone"):
            link.read(link.clock.now() + 10 * SECOND)
