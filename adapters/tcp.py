"""Octets over a TCP connection: terminal servers, DLMS wrapper servers, simulators."""

import socket

from adapters.base import LinkUrl
from adapters.options import endpoint, number, uncertainty_s
from adapters.sockets import LARGEST_READ, UNCERTAINTY_S, SocketLink, connect_failure
from bench.core.clock import Clock
from bench.core.errors import AdapterLost, ConnectionEnded
from bench.core.line import LineSettings

CONNECT_TIMEOUT_S = 5.0


class TcpLink(SocketLink):
    """A connection to `tcp://host:port`; options `timeout_s` (of connecting) and `u_ms`."""

    @classmethod
    def open(cls, url: LinkUrl, line: LineSettings, clock: Clock) -> "TcpLink":  # noqa: ARG003
        """Return a connected link; AdapterUnavailable says why there is no connection."""
        url.check_options(("timeout_s", "u_ms"))
        endpoint(url)
        uncertain_s = uncertainty_s(url, UNCERTAINTY_S)
        return cls(url, clock, _dial(url), uncertain_s)

    def _dial(self) -> socket.socket:
        return _dial(self.url)

    def _take(self) -> bytes:
        octets = self._socket.recv(LARGEST_READ)
        if not octets:
            raise ConnectionEnded(f"{self.url}: the other side closed the connection")
        return octets

    def _lost(self, error: OSError) -> AdapterLost:
        if isinstance(error, ConnectionResetError | BrokenPipeError):
            return ConnectionEnded(
                f"{self.url}: the other side closed the connection abruptly (reset)"
            )
        return super()._lost(error)


def _dial(url: LinkUrl) -> socket.socket:
    host, port = endpoint(url)
    timeout_s = number(url, "timeout_s", CONNECT_TIMEOUT_S, 0.01, 600)
    try:
        connected = socket.create_connection((host, port), timeout_s)
    except (OSError, UnicodeError) as error:  # UnicodeError: a label that no name can have
        failure = error if isinstance(error, OSError) else socket.gaierror(str(error))
        raise connect_failure(url, failure, timeout_s) from error
    # a request must not wait in the kernel for a second one: it would spoil every response time
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connected
