"""TCP segments and UDP datagrams out of captured packets, and TCP put together in its order.

Link types: Ethernet with VLAN tags, BSD loopback, raw IP, Linux cooked (1 and 2). IPv4 (RFC 791)
and IPv6 (RFC 8200) without fragments; TCP as in RFC 9293, UDP as in RFC 768. Never raises for what
is in the octets.
"""

from collections.abc import Iterator
from dataclasses import dataclass

_IPV4, _IPV6 = 0x0800, 0x86DD
_VLANS = frozenset({0x8100, 0x88A8, 0x9100})
_TCP, _UDP = 6, 17
_EXTENSIONS = frozenset({0, 43, 60})  # IPv6: hop-by-hop, routing, destination options
_SYN = 0x02
_SEQUENCE = 1 << 32
_WAITING, _SEGMENTS = 1 << 20, 1024  # octets, segments that may wait for those before them


@dataclass(frozen=True, slots=True)
class Datagram:
    """The octets of one UDP datagram; `link` is the same for both ways, `way` says which."""

    source: str
    destination: str
    ports: tuple[int, int]
    octets: bytes

    @property
    def link(self) -> str:
        """The two ends, without direction."""
        return " - ".join(sorted((self.source, self.destination)))

    @property
    def way(self) -> str:
        """From where to where."""
        return f"{self.source} > {self.destination}"


@dataclass(frozen=True, slots=True)
class Segment(Datagram):
    """The octets of one TCP segment, the first of which has the number `sequence`."""

    sequence: int = 0
    opens: bool = False


def parse_packet(octets: bytes, link_type: int) -> Segment | Datagram | None:
    """Return what a captured packet carries, None if it is neither TCP nor UDP."""
    try:
        kind, at = _network(octets, link_type)
        if kind == _IPV4:
            return _ipv4(octets[at:])
        return _ipv6(octets[at:]) if kind == _IPV6 else None
    except IndexError:  # the packet ends within a header
        return None


def _network(octets: bytes, link_type: int) -> tuple[int, int]:
    """Return the EtherType and where the network layer starts."""
    if link_type == 1:  # Ethernet
        at = 12
        while (kind := _u16(octets, at)) in _VLANS:
            at += 4
        return kind, at + 2
    if link_type == 113:  # Linux cooked
        return _u16(octets, 14), 16
    if link_type == 276:  # Linux cooked, version 2
        return _u16(octets, 0), 20
    at = 4 if link_type in (0, 108) else 0  # BSD loopback; else raw IP
    if at or link_type in (12, 14, 101, 228, 229):
        return {4: _IPV4, 6: _IPV6}.get(octets[at] >> 4, 0), at
    return 0, 0


def _ipv4(octets: bytes) -> Segment | Datagram | None:
    start, total = (octets[0] & 0xF) * 4, _u16(octets, 2)
    if octets[0] >> 4 != 4 or _u16(octets, 6) & 0x3FFF:  # a fragment
        return None
    source, destination = (".".join(map(str, octets[at : at + 4])) for at in (12, 16))
    # a total of 0 is that of a packet that the network card had yet to cut
    return _transport(octets[9], octets[start : total or None], source, destination)


def _ipv6(octets: bytes) -> Segment | Datagram | None:
    source, destination = (_ipv6_text(octets[at : at + 16]) for at in (8, 24))
    kind, at, end = octets[6], 40, 40 + _u16(octets, 4)
    while kind in _EXTENSIONS:
        kind, at = octets[at], at + 8 + octets[at + 1] * 8
    return _transport(kind, octets[at:end], f"[{source}]", f"[{destination}]")


def _ipv6_text(octets: bytes) -> str:
    from ipaddress import IPv6Address

    return str(IPv6Address(octets)) if len(octets) == 16 else octets.hex()


def _transport(
    kind: int, octets: bytes, source: str, destination: str
) -> Segment | Datagram | None:
    if kind not in (_TCP, _UDP):
        return None
    ports = (_u16(octets, 0), _u16(octets, 2))
    ends = (f"{source}:{ports[0]}", f"{destination}:{ports[1]}")
    if kind == _UDP:
        return Datagram(*ends, ports, octets[8 : max(_u16(octets, 4), 8)])
    opens = bool(octets[13] & _SYN)
    sequence = int.from_bytes(octets[4:8], "big") + opens
    start = (octets[12] >> 4) * 4
    return Segment(*ends, ports, octets[start:], sequence % _SEQUENCE, opens)


def _u16(octets: bytes, at: int) -> int:
    return octets[at] << 8 | octets[at + 1]


class TcpStreams:
    """Puts the segments of every connection, each way by itself, into the order of their octets."""

    def __init__(self) -> None:
        self._next: dict[str, int] = {}
        self._waiting: dict[str, dict[int, Segment]] = {}

    def feed(self, segment: Segment) -> list[tuple[bytes, bool]]:
        """Return the octets that are now in order; True where octets before them are missing."""
        way = segment.way
        if segment.opens or way not in self._next:
            found = [(octets, True) for octets in self._rest(way)]
            self._next[way] = segment.sequence
            return found + self._take(way, segment, False)
        found = self._take(way, segment, False)
        waiting = self._waiting.get(way, {})
        size = sum(len(other.octets) for other in waiting.values())
        if size > _WAITING or len(waiting) > _SEGMENTS:
            found += [(octets, True) for octets in self._rest(way)]
        return found

    def flush(self) -> Iterator[tuple[Segment, bytes]]:
        """Yield what still waits for octets that were not captured."""
        for way, waiting in list(self._waiting.items()):
            if waiting:
                one = next(iter(waiting.values()))
                for octets in self._rest(way):
                    yield one, octets

    def _take(self, way: str, segment: Segment, loss: bool) -> list[tuple[bytes, bool]]:
        """Return the new octets of a segment and of those that waited for it."""
        if _ahead(segment.sequence, self._next[way]) > 0:
            if segment.octets:
                self._waiting.setdefault(way, {}).setdefault(segment.sequence, segment)
            return []
        found: list[tuple[bytes, bool]] = []
        waiting = self._waiting.get(way, {})
        ready = [segment]
        while ready:
            for one in ready:
                known = -_ahead(one.sequence, self._next[way])  # octets that were sent before
                if octets := one.octets[max(known, 0) :]:
                    found.append((octets, loss and not found))
                    self._next[way] = (self._next[way] + len(octets)) % _SEQUENCE
            numbers = [n for n in waiting if _ahead(n, self._next[way]) <= 0]
            numbers.sort(key=lambda n: _ahead(n, segment.sequence))
            ready = [waiting.pop(number) for number in numbers]
        return found

    def _rest(self, way: str) -> Iterator[bytes]:
        """Yield what waits, although octets before it are missing."""
        waiting = self._waiting.get(way, {})
        while waiting:
            first = min(waiting, key=lambda s: _ahead(s, self._next[way]))
            self._next[way] = first
            octets = b"".join(part for part, _ in self._take(way, waiting.pop(first), True))
            if octets:
                yield octets


def _ahead(sequence: int, base: int) -> int:
    """Return how far `sequence` is ahead of `base`, which counts modulo 2^32."""
    return (sequence - base + _SEQUENCE // 2) % _SEQUENCE - _SEQUENCE // 2
