"""A connected socket as a link: what TCP and UDP have in common."""

import contextlib
import errno
import selectors
import socket
import struct

from adapters.base import Capability, Link, LinkUrl
from adapters.reader import ChunkReader
from bench.core.clock import Clock
from bench.core.errors import AdapterLost, AdapterUnavailable, ConnectionEnded
from bench.core.trace import Chunk

LARGEST_READ = 65536
WRITE_TIMEOUT_S = 10.0
UNCERTAINTY_S = 0.005
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: on, no time


class SocketLink(Link):
    """Octets of one connected socket, stamped when the operating system hands them over.

    Takes over `connected`; it is closed with the link.
    """

    capabilities = frozenset({Capability.WRITE, Capability.TIMESTAMPS, Capability.CONNECTION})

    def __init__(
        self, url: LinkUrl, clock: Clock, connected: socket.socket, uncertainty_s: float
    ) -> None:
        self.url = url
        self.clock = clock
        self.timing_uncertainty_s = uncertainty_s
        self.identity = f"{url.scheme}:{url.host}:{url.port}"
        self._closed = False
        self._use(connected)

    def _use(self, connected: socket.socket) -> None:
        """Read from a connected socket from now on."""
        self._refused = ""  # why the last attempt to connect again failed
        self._socket = connected
        self._socket.settimeout(WRITE_TIMEOUT_S)
        self._selector = selectors.DefaultSelector()
        self._wake_in, self._wake_out = socket.socketpair()
        self._selector.register(self._socket, selectors.EVENT_READ)
        self._selector.register(self._wake_in, selectors.EVENT_READ)
        try:
            self._reader = ChunkReader(str(self.url), self.clock, self._receive, self._wake)
        except BaseException:
            self._release()
            raise

    def read(self, until_ns: int) -> Chunk | None:
        """Return what arrived; AdapterLost when the connection is gone."""
        return self._reader.read(until_ns)

    def listen(self) -> None:
        """Keep what arrives again."""
        self._reader.listen()

    def rest(self) -> None:
        """Let go by what arrives, and forget what has."""
        self._reader.rest()

    def write(self, octets: bytes) -> int:
        """Send all of `octets`; ConnectionEnded when the other side does not take them."""
        self._check_open()
        if self._refused:
            raise AdapterLost(self._refused)
        try:
            self._send(octets)
        except TimeoutError:
            lost = f"{self.url}: the other side took no octets for {WRITE_TIMEOUT_S:g} s"
            raise self._reader.lose(ConnectionEnded(lost)) from None
        except OSError as error:
            raise self._reader.lose(self._lost(error)) from error
        return self.clock.now()

    def close(self) -> None:
        """End the reader and close the socket."""
        if not self._closed:
            self._closed = True
            self._reader.close()
            self._release()

    def connect(self) -> "SocketLink":
        """Return another connection to the same place; AdapterUnavailable if there is none."""
        self._check_open()
        return type(self)(self.url, self.clock, self._dial(), self.timing_uncertainty_s)

    def reconnect(self, *, abrupt: bool = False) -> None:
        """End the connection, abruptly by a reset, and make it anew.

        Raises AdapterUnavailable if the other side does not take it; it can be tried again.
        """
        self._check_open()
        if abrupt:
            with contextlib.suppress(OSError):
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._reader.close()
        self._release()
        try:
            connected = self._dial()
        except AdapterUnavailable as error:
            self._refused = str(error)
            raise
        self._use(connected)

    def describe(self) -> dict[str, str]:
        """Return the addresses of both ends."""
        described = super().describe()
        with contextlib.suppress(OSError):
            described["local"] = address_text(self._socket.getsockname())
            described["remote"] = address_text(self._socket.getpeername())
        return described

    def _check_open(self) -> None:
        if self._closed:
            raise AdapterLost(f"{self.url}: the link was closed by the bench")

    def _dial(self) -> socket.socket:
        """Return a newly connected socket."""
        raise NotImplementedError

    def _send(self, octets: bytes) -> None:
        self._socket.sendall(octets)

    def _receive(self) -> bytes | None:
        """Block until the socket has something or the link is being closed."""
        ready = {key.fileobj for key, _ in self._selector.select()}
        if self._socket not in ready:
            return None
        try:
            return self._take()
        except (BlockingIOError, TimeoutError):
            return None
        except OSError as error:
            raise self._lost(error) from error

    def _take(self) -> bytes | None:
        raise NotImplementedError

    def _lost(self, error: OSError) -> AdapterLost:
        return AdapterLost(f"{self.url}: {cause_of(error)}")

    def _wake(self) -> None:
        with contextlib.suppress(OSError):
            self._wake_out.send(b"x")

    def _release(self) -> None:
        self._selector.close()
        for one in (self._socket, self._wake_in, self._wake_out):
            one.close()


def connect_failure(url: LinkUrl, error: OSError, timeout_s: float) -> AdapterUnavailable:
    """Return the message for a connection that did not come about: what failed, what to do."""
    where = f"{url.host}:{url.port}"
    if isinstance(error, socket.gaierror):
        reason = f"no address is known for {url.host!r}: check the spelling, or write the number"
    elif isinstance(error, TimeoutError):
        reason = f"{where} did not answer within {timeout_s:g} s: check the address and the cable"
    elif isinstance(error, ConnectionRefusedError):
        reason = f"{where} refused the connection: nothing listens there, or it is in use already"
    elif error.errno in (errno.ENETUNREACH, errno.EHOSTUNREACH):
        reason = f"{where} is unreachable: there is no route to it from this machine"
    else:
        reason = f"{where}: {cause_of(error)}"
    return AdapterUnavailable(f"cannot open {url.text}: {reason}")


def cause_of(error: OSError) -> str:
    """Return the cause as the operating system names it, without the number where it can be."""
    return error.strerror or str(error)


def address_text(address: object) -> str:
    """Return a socket address as `host:port`, brackets around IPv6."""
    if not isinstance(address, tuple) or len(address) < 2:
        return str(address)
    host, port = address[0], address[1]
    return f"[{host}]:{port}" if ":" in str(host) else f"{host}:{port}"
