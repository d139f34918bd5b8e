"""The TCP/UDP wrapper of DLMS/COSEM (IEC 62056-47): its header, and APDUs cut out of a stream.

Version, source wPort, destination wPort and length have two octets each; the length is that of the
APDU alone. Over TCP an APDU may be spread over segments, and a segment may hold several APDUs; over
UDP a datagram holds exactly one. Nothing here raises for what is in the octets.
"""

import struct
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from bench.core.errors import UsageError
from bench.core.trace import Chunk, Direction, Field, Frame, Problem
from bench.protocols.annotation import with_problems

VERSION = 1
HEADER_OCTETS = 8
PORT = 4059  # registered as dlms/cosem, TCP and UDP
MAX_APDU = 0xFFFF

NO_STATION = 0x0000
MANAGEMENT = 0x0001  # the server's logical device, and the client
PUBLIC_CLIENT = 0x0010
ALL_STATION = 0x007F

_HEADER = struct.Struct(">HHHH")
_CLAUSE = "IEC-62056-47:4"


class Wpdu(NamedTuple):
    """A wrapper protocol data unit as it was sent; `length` is what its header states."""

    octets: bytes
    version: int
    source: int
    destination: int
    length: int
    apdu: bytes
    problems: tuple[Problem, ...] = ()

    @property
    def valid(self) -> bool:
        """Whether a station takes it up: version 1, and as many octets as stated."""
        return not self.problems

    def fields(self) -> tuple[Field, ...]:
        """Return the annotated octets, without gap or overlap."""
        texts = (str(self.version), _port(self.source), _port(self.destination), str(self.length))
        names = ("version", "source wPort", "destination wPort", "length")
        count = len(self.octets)
        fields = [
            Field(name, 2 * n, min(2, count - 2 * n), text)
            for n, (name, text) in enumerate(zip(names, texts, strict=True))
            if 2 * n < count
        ]
        if self.apdu:
            fields.append(Field("APDU", HEADER_OCTETS, len(self.apdu), f"{len(self.apdu)} octets"))
        return with_problems(fields, self.problems)

    def to_json(self) -> dict[str, Any]:
        """Return the unit as plain JSON values; octets are hexadecimal."""
        return {
            "version": self.version,
            "source": self.source,
            "destination": self.destination,
            "length": self.length,
            "apdu": self.apdu.hex(),
            "problems": [
                {"offset": p.offset, "message": p.message, "clause": p.clause}
                for p in self.problems
            ],
        }


def encode_wpdu(source: int, destination: int, apdu: bytes) -> bytes:
    """Return header and APDU; UsageError for an APDU that the length cannot tell."""
    if len(apdu) > MAX_APDU:
        raise UsageError(f"the wrapper carries at most {MAX_APDU} octets, not {len(apdu)}")
    return _HEADER.pack(VERSION, source, destination, len(apdu)) + apdu


def build_wpdu(
    source: int,
    destination: int,
    apdu: bytes,
    *,
    version: int = VERSION,
    length: int | Callable[[int], int] | None = None,
) -> bytes:
    """Return a unit, right in all that is not given; `length` can be made from the right one."""
    right = len(apdu)
    stated = right if length is None else length(right) if callable(length) else length
    head = (version, source, destination, stated)
    return _HEADER.pack(*(value & 0xFFFF for value in head)) + apdu


def decode_wpdu(octets: bytes) -> Wpdu:
    """Decode one unit: a whole UDP datagram, or what `WrapperStream` has cut out of a stream."""
    count = len(octets)
    if count >= HEADER_OCTETS:
        version, source, destination, length = _HEADER.unpack_from(octets)
        if version == VERSION and length == count - HEADER_OCTETS:
            # the same as Wpdu(...), in two thirds of the time
            apdu = octets[HEADER_OCTETS:]
            return tuple.__new__(Wpdu, (octets, version, source, destination, length, apdu, ()))
    return _diagnose(octets)


def _diagnose(octets: bytes) -> Wpdu:
    count = len(octets)
    if count < HEADER_OCTETS:
        text = f"{count} octets, fewer than a header of {HEADER_OCTETS}"
        version, source, destination, length = _HEADER.unpack(octets.ljust(HEADER_OCTETS, b"\x00"))
        problem = Problem(0, text, "wrapper-header", _CLAUSE, None, max(count, 1))
        return Wpdu(octets, version, source, destination, length, b"", (problem,))
    version, source, destination, length = _HEADER.unpack_from(octets)
    apdu = octets[HEADER_OCTETS:]
    problems = []
    if version != VERSION:
        text = f"version {version:04X}, expected {VERSION:04X}"
        problems.append(Problem(0, text, "wrapper-version", _CLAUSE, None, 2))
    if length != len(apdu):
        text = f"length {length}, but {len(apdu)} octets follow the header"
        problems.append(Problem(6, text, "wrapper-length", _CLAUSE, None, 2))
    return Wpdu(octets, version, source, destination, length, apdu, tuple(problems))


@dataclass(frozen=True, slots=True)
class WpduOctets(Frame):
    """The octets of one unit; `complete` when as many came as its header states."""

    complete: bool = True


@dataclass(frozen=True, slots=True)
class Lost(Frame):
    """Octets from a header of a wrong version on: nothing says any more where a unit begins."""


Piece = WpduOctets | Lost


class WrapperStream:
    """Cuts the octets of one TCP connection into units; loses no octet.

    There is no resynchronisation: after a wrong version the stream is `lost`, and a new connection
    is needed. How it is cut depends on its octets alone, never on how reads have chunked it.
    """

    def __init__(self) -> None:
        self.lost = False
        self._buffer = bytearray()
        self._base = 0
        self._number = 0
        self._marks: list[tuple[int, int]] = []  # stream offset, and when all before it was there

    @property
    def pending(self) -> int:
        """How many octets wait for the rest of their unit."""
        return len(self._buffer)

    def feed(self, chunk: Chunk) -> list[Piece]:
        """Take the octets of a chunk in; return the pieces that it completes."""
        if chunk.direction is not Direction.RECEIVED or not chunk.octets:
            return []
        if not self._buffer and not self.lost and _is_unit(chunk.octets):
            return [self._alone(chunk)]
        self._marks.append((self._base + len(self._buffer) + len(chunk.octets), chunk.at_ns))
        self._buffer += chunk.octets
        pieces: list[Piece] = []
        buffer = self._buffer
        start = 0  # units are counted off first and cut away together
        while not self.lost and len(buffer) - start >= HEADER_OCTETS:
            version, _, _, length = _HEADER.unpack_from(buffer, start)
            if version != VERSION:
                self.lost = True
                break
            end = start + HEADER_OCTETS + length
            if end > len(buffer):
                break
            pieces.append(WpduOctets(*self._piece(start, end)))
            start = end
        if self.lost:
            pieces += self._rest(start)
        else:
            self._drop(start)
        return pieces

    def _alone(self, chunk: Chunk) -> WpduOctets:
        """Return a chunk as a unit; nothing waits before it."""
        self._number += 1
        first, at_ns = self._base, chunk.at_ns
        self._base += len(chunk.octets)
        return WpduOctets(self._number, at_ns, at_ns, chunk.octets, Direction.RECEIVED, first)

    def flush(self) -> list[Piece]:
        """Return what is left at the end of the connection: a unit that was not completed."""
        if not self._buffer:
            return []
        number, at_ns, until_ns, octets, direction, offset = self._piece(0, len(self._buffer))
        self._drop(len(self._buffer))
        return [WpduOctets(number, at_ns, until_ns, octets, direction, offset, complete=False)]

    def _rest(self, start: int) -> list[Piece]:
        """Return all from `start` on as lost; the first piece of it begins with the header."""
        pieces: list[Piece] = []
        if start < len(self._buffer):
            pieces.append(Lost(*self._piece(start, len(self._buffer))))
        self._drop(len(self._buffer))
        return pieces

    def _piece(self, start: int, end: int) -> tuple[int, int, int, bytes, Direction, int]:
        self._number += 1
        first, last = self._base + start, self._base + end
        octets = bytes(self._buffer[start:end])
        stamps = (self._stamp(first), self._stamp(last - 1))
        return self._number, *stamps, octets, Direction.RECEIVED, first

    def _drop(self, count: int) -> None:
        del self._buffer[:count]
        self._base += count
        del self._marks[: bisect_right(self._marks, self._base, key=_end)]

    def _stamp(self, offset: int) -> int:
        """Return when the octet at a stream offset had arrived."""
        return self._marks[bisect_right(self._marks, offset, key=_end)][1]


def _is_unit(octets: bytes) -> bool:
    """Whether octets are one whole unit, as a peer sends it that waits for its answer."""
    if len(octets) < HEADER_OCTETS:
        return False
    version, _, _, length = _HEADER.unpack_from(octets)
    return bool(version == VERSION and len(octets) == HEADER_OCTETS + length)


def _end(mark: tuple[int, int]) -> int:
    return mark[0]


def _port(number: int) -> str:
    return f"{number} ({number:04X})"
