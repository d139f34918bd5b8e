"""Datagrams to and from one peer; each datagram is one chunk, and each write one datagram."""

import errno
import socket
import threading

from adapters.base import Capability, LinkUrl
from adapters.options import endpoint, uncertainty_s
from adapters.sockets import (
    LARGEST_READ,
    UNCERTAINTY_S,
    SocketLink,
    address_text,
    cause_of,
    connect_failure,
)
from bench.core.clock import Clock
from bench.core.errors import AdapterLost, AdapterUnavailable, UsageError
from bench.core.line import LineSettings

LARGEST_DATAGRAM = 65507  # IPv4: 65535 less the headers of IP and UDP


class UdpLink(SocketLink):
    """Datagrams to `udp://host:port`; options `bind=host:port` (own address) and `u_ms`.

    Without a peer (`udp:?bind=0.0.0.0:4059`) the link listens, and the first sender becomes the
    peer; datagrams of others are then left out and counted in `describe`.
    """

    def __init__(
        self,
        url: LinkUrl,
        clock: Clock,
        connected: socket.socket,
        uncertainty_s: float,
        learn: bool = False,
    ) -> None:
        self._learning = learn
        self._learned: object = None
        self._others = 0
        self._peer = threading.Event()
        if not learn:
            self._peer.set()
        super().__init__(url, clock, connected, uncertainty_s)
        if learn:
            self.capabilities = self.capabilities - {Capability.CONNECTION}
            self.identity = f"udp:{url.options['bind']}"

    @classmethod
    def open(cls, url: LinkUrl, line: LineSettings, clock: Clock) -> "UdpLink":  # noqa: ARG003
        """Return a link to the peer; AdapterUnavailable for a name or address that is not."""
        url.check_options(("bind", "u_ms"))
        uncertain_s = uncertainty_s(url, UNCERTAINTY_S)
        learn = _listens(url)
        opened = _dial(url)
        return cls(url, clock, opened, uncertain_s, learn)

    def connect(self) -> "UdpLink":
        """Return a link from another port of this machine to the same peer."""
        self._check_open()
        if "bind" in self.url.options:
            raise UsageError(f"link {self.url}: its own port is fixed, so there is only one")
        return UdpLink(self.url, self.clock, _dial(self.url), self.timing_uncertainty_s)

    def _dial(self) -> socket.socket:
        return _dial(self.url)

    def describe(self) -> dict[str, str]:
        """Return the addresses, and how many datagrams of strangers were left out."""
        described = super().describe()
        if self._others:
            described["datagrams_of_others"] = str(self._others)
        return described

    def _send(self, octets: bytes) -> None:
        if len(octets) > LARGEST_DATAGRAM:
            raise UsageError(
                f"{self.url}: {len(octets)} octets do not fit in a datagram ({LARGEST_DATAGRAM})"
            )
        if not self._peer.is_set():
            raise UsageError(
                f"{self.url}: nobody has sent anything yet, so there is no peer to write to; "
                "give it in the link: udp://host:port?bind=..."
            )
        self._socket.send(octets)

    def _take(self) -> bytes | None:
        octets, sender = self._socket.recvfrom(LARGEST_READ)
        if self._learning and not self._peer.is_set():
            self._socket.connect(sender)
            self._learned = sender
            self._peer.set()
        elif self._learning and sender != self._learned:
            self._others += 1  # it was queued before the socket was connected
            return None
        return octets

    def _lost(self, error: OSError) -> AdapterLost:
        if isinstance(error, ConnectionRefusedError):
            return AdapterLost(f"{self.url}: the peer answers that nothing listens on that port")
        return super()._lost(error)


def _listens(url: LinkUrl) -> bool:
    """Return whether the link waits for whoever sends first."""
    return _own_address(url) is not None and not url.host


def _dial(url: LinkUrl) -> socket.socket:
    """Return a socket that sends to the peer, or waits for one."""
    own, learn = _own_address(url), _listens(url)
    peer = None if learn else endpoint(url)
    try:
        family, address = _resolve(peer or own or ("", 0), passive=learn)
    except (OSError, UnicodeError) as error:
        failure = error if isinstance(error, OSError) else socket.gaierror(str(error))
        raise connect_failure(url, failure, 0) from error
    opened = socket.socket(family, socket.SOCK_DGRAM)
    try:
        if own is not None:
            _bind(url, opened, own)
        if not learn:
            opened.connect(address)
    except OSError as error:
        opened.close()
        raise connect_failure(url, error, 0) from error
    except BaseException:
        opened.close()
        raise
    return opened


def _own_address(url: LinkUrl) -> tuple[str, int] | None:
    text = url.options.get("bind")
    if text is None:
        return None
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise UsageError(f"link {url.text!r}: bind={text} is not host:port, as in 0.0.0.0:4059")
    return host.strip("[]"), int(port)


def _resolve(
    address: tuple[str, int], passive: bool
) -> tuple[socket.AddressFamily, tuple[object, ...]]:
    flags = socket.AI_PASSIVE if passive else 0
    found = socket.getaddrinfo(*address, type=socket.SOCK_DGRAM, flags=flags)
    return found[0][0], found[0][4]


def _bind(url: LinkUrl, opened: socket.socket, own: tuple[str, int]) -> None:
    try:
        opened.bind(own)
    except OSError as error:
        where = address_text(own)
        if error.errno == errno.EADDRINUSE:
            reason = f"{where} is in use by another program: choose another port"
        elif error.errno == errno.EADDRNOTAVAIL:
            reason = f"{where} is no address of this machine"
        else:
            reason = f"{where}: {cause_of(error)}"
        raise AdapterUnavailable(f"cannot open {url.text}: {reason}") from error
