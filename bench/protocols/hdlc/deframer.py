"""Finds HDLC frames in a stream of octets by flags, length and check sequences; loses no octet.

There is no octet stuffing: 7E is legal inside a frame, so a frame ends where its length says. A
stretch after a flag is taken up as a frame when its header is sure, which with a header check
(type 3: HCS, or FCS where there is no information) is known after a few octets. So a damaged length
holds nothing up, and whatever begins within a damaged frame is found. One flag may end a frame and
begin the next (ISO/IEC 13239); it is then counted with the former. How the stream is cut depends
on its octets, and on pauses longer than the inter-octet time-out, never on how reads chunked it.
"""

from bisect import bisect_right
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import NamedTuple

from bench.core.trace import Chunk, Direction, Frame
from bench.protocols.crc import X25_GOOD, crc16_x25
from bench.protocols.hdlc.address import address_end
from bench.protocols.hdlc.frame import FLAG, TYPE_3, FrameLayout

_FLAG = bytes([FLAG])
NOISE_LIMIT = 4096  # octets without a flag; more are given out as they are


@dataclass(frozen=True, slots=True)
class FrameOctets(Frame):
    """What stood between two flags, with its own flags.

    `shared` says that the opening flag is the closing one of the piece before; `sound` that length
    and FCS are right. `decode_frame(piece.body)` tells the rest.
    """

    shared: bool = False
    sound: bool = True

    @property
    def body(self) -> bytes:
        """The octets between the flags."""
        return self.octets[0 if self.shared else 1 : -1]


class NoiseKind(StrEnum):
    """Why octets belong to no frame."""

    STRAY = "stray"  # outside flags
    FILL = "fill"  # flags that open nothing: legal between frames
    BROKEN_OFF = "broken-off"  # after an opening flag, without a closing one


@dataclass(frozen=True, slots=True)
class Noise(Frame):
    """Octets that belong to no frame."""

    kind: NoiseKind = NoiseKind.STRAY


Piece = FrameOctets | Noise


class _Header(Enum):
    """What can be said of a stretch after a flag from its first octets."""

    OPEN = 1  # more octets are needed
    NONE = 2  # no format field of the layout
    DOUBTFUL = 3  # a format field, but no right header check
    SURE = 4


class _Mark(NamedTuple):
    """A chunk's place in the stream: the octets up to `end` have arrived by `at_ns`."""

    end: int
    at_ns: int
    earliest_ns: int


class Deframer:
    """Puts chunks together and returns pieces as soon as it is certain where they end.

    `octet_ns` is the time that one octet takes on the line: the stamp of a chunk is that of its
    last octet. Where octets are further apart than `inter_octet_ns`, a frame begun before is broken
    off (None: never).
    """

    def __init__(
        self,
        layout: FrameLayout = TYPE_3,
        *,
        octet_ns: float = 0,
        inter_octet_ns: int | None = None,
    ) -> None:
        self._layout = layout
        self._octet_ns = octet_ns
        self._inter_octet_ns = inter_octet_ns
        self._buffer = bytearray()
        self._base = 0  # stream offset of the buffer's first octet
        self._opened = False  # the octet before the buffer is a flag
        self._quiet = 0  # stream offset: no flag before it is followed by a sure header
        self._number = 0
        self._marks: list[_Mark] = []

    @property
    def pending(self) -> int:
        """How many octets wait for what follows them."""
        return len(self._buffer)

    @property
    def deadline(self) -> int | None:
        """When the pending octets are broken off unless another one comes; None if never."""
        if self._inter_octet_ns is None or not self._buffer:
            return None
        return self._marks[-1].at_ns + self._inter_octet_ns

    def feed(self, chunk: Chunk) -> list[Piece]:
        """Take the octets of a chunk in; return the pieces that it completes."""
        octets = chunk.octets
        if chunk.direction is not Direction.RECEIVED or not octets:
            return []
        first_ns = chunk.at_ns - round(self._octet_ns * (len(octets) - 1))
        pieces = self.expire(first_ns)
        before = self._marks[-1].at_ns if self._marks else 0
        end = self._base + len(self._buffer) + len(octets)
        self._marks.append(_Mark(end, chunk.at_ns, min(before, chunk.at_ns)))
        self._buffer += octets
        self._take_all(pieces, final=False)
        return pieces

    def expire(self, now: int) -> list[Piece]:
        """Break off what is pending if its last octet is longer ago than the inter-octet limit.

        After such a pause the last flag does not open a frame either.
        """
        if self._inter_octet_ns is None or not self._marks:
            return []
        return self.flush() if now > self._marks[-1].at_ns + self._inter_octet_ns else []

    def flush(self) -> list[Piece]:
        """Return what is pending: no further octet belongs to it. The stream counts on."""
        pieces: list[Piece] = []
        self._take_all(pieces, final=True)
        self._opened = False
        return pieces

    def _take_all(self, pieces: list[Piece], final: bool) -> None:
        while self._buffer and (piece := self._next(final)) is not None:
            pieces.append(piece)

    def _next(self, final: bool) -> Piece | None:
        """Return the next piece, or None until more octets arrive."""
        buffer = self._buffer
        if buffer[0] == FLAG:
            self._opened = False
        elif not self._opened:
            return self._stray(final)
        if not self._opened:
            if len(buffer) == 1:
                return self._noise(1, NoiseKind.FILL) if final else None
            if buffer[1] == FLAG:
                return self._fill(final)
        body = 0 if self._opened else 1
        header, end = self._header(body, final)
        if header is _Header.OPEN:
            return None
        if header is _Header.NONE:
            return self._to_next_flag(body, final)
        return self._by_length(body, end, header, final)

    def _stray(self, final: bool) -> Piece | None:
        at = self._buffer.find(FLAG, 0, NOISE_LIMIT)
        if at < 0:
            at = min(len(self._buffer), NOISE_LIMIT)
            if at < NOISE_LIMIT and not final:
                return None
        return self._noise(at, NoiseKind.STRAY)

    def _fill(self, final: bool) -> Piece | None:
        """Return the flags before the last of a run, which may open a frame."""
        buffer = self._buffer
        count = len(buffer) - len(buffer.lstrip(_FLAG))
        if count < len(buffer):
            return self._noise(min(count - 1, NOISE_LIMIT), NoiseKind.FILL)
        if final or count > NOISE_LIMIT:
            return self._noise(min(count, NOISE_LIMIT), NoiseKind.FILL)
        return None

    def _to_next_flag(self, body: int, final: bool) -> Piece | None:
        """Return the stretch up to the next flag, which no length delimits."""
        at = self._buffer.find(FLAG, body, NOISE_LIMIT)
        if at >= 0:
            return self._frame(at + 1, sound=False)
        if final or len(self._buffer) >= NOISE_LIMIT:
            return self._noise(min(len(self._buffer), NOISE_LIMIT), NoiseKind.BROKEN_OFF)
        return None

    def _by_length(self, body: int, end: int, header: _Header, final: bool) -> Piece | None:
        """Return the stretch whose closing flag stands at `end`, unless another begins in it."""
        buffer = self._buffer
        there = len(buffer) > end
        if not there and header is _Header.SURE and not final:
            return None
        closed = there and buffer[end] == FLAG
        sound = closed and crc16_x25(bytes(buffer[body:end])) == X25_GOOD
        if sound and header is _Header.SURE:
            return self._frame(end + 1, sound=True)
        inner = self._inner(body, min(end, len(buffer)), final)
        if inner is _Header.SURE:
            return self._to_next_flag(body, final)
        if not final and (inner is _Header.OPEN or not there):
            return None
        if sound or (closed and header is _Header.SURE):
            return self._frame(end + 1, sound)
        return self._to_next_flag(body, final)

    def _inner(self, body: int, end: int, final: bool) -> _Header:
        """Return SURE if a sure header follows a flag within, OPEN if that is not known yet."""
        buffer = self._buffer
        at = max(body, self._quiet - self._base)
        while (at := buffer.find(FLAG, at, end)) >= 0:
            if at + 1 >= len(buffer):
                return _Header.NONE if final else _Header.OPEN
            if buffer[at + 1] != FLAG:
                header, _ = self._header(at + 1, final)
                if header in (_Header.SURE, _Header.OPEN):
                    return header
            at += 1
            self._quiet = self._base + at
        return _Header.NONE

    def _header(self, body: int, final: bool) -> tuple[_Header, int]:
        """Return what the octets at `body` are, and where the closing flag should stand."""
        buffer, layout = self._buffer, self._layout
        have = len(buffer) - body
        more = _Header.NONE if final else _Header.OPEN
        if buffer[body] >> 4 != layout.format_type:
            return _Header.NONE, 0
        if have < 2:
            return more, 0
        length = (buffer[body] & 7) << 8 | buffer[body + 1]
        if not layout.shortest <= length <= layout.longest:
            return _Header.NONE, 0
        end = body + length
        if not layout.header_check:
            return _Header.SURE, end
        at = body + 2
        for _ in range(layout.addresses):
            start, at = at, address_end(buffer, at, min(at + 4, end))
            if not at:
                known = len(buffer) >= min(start + 4, end)
                return (_Header.DOUBTFUL if known else more), end
        check = at + 3  # control field and check sequence
        if check > end:
            return _Header.DOUBTFUL, end
        if len(buffer) < check:
            return more, end
        good = crc16_x25(bytes(buffer[body:check])) == X25_GOOD
        return (_Header.SURE if good else _Header.DOUBTFUL), end

    def _frame(self, length: int, sound: bool) -> Piece:
        shared = self._opened
        number, at_ns, until_ns, octets, offset = self._take(length)
        self._opened = True
        return FrameOctets(
            number, at_ns, until_ns, octets, offset=offset, shared=shared, sound=sound
        )

    def _noise(self, length: int, kind: NoiseKind) -> Piece:
        number, at_ns, until_ns, octets, offset = self._take(length)
        self._opened = False
        return Noise(number, at_ns, until_ns, octets, offset=offset, kind=kind)

    def _take(self, length: int) -> tuple[int, int, int, bytes, int]:
        """Remove `length` octets; return number, instants of the first and last, octets, offset."""
        octets = bytes(self._buffer[:length])
        offset = self._base
        at_ns, until_ns = self._stamp(offset), self._stamp(offset + length - 1)
        del self._buffer[:length]
        self._base += length
        self._number += 1
        spent = bisect_right(self._marks, self._base, key=_end) - (not self._buffer)
        del self._marks[: max(spent, 0)]
        return self._number, at_ns, until_ns, octets, offset

    def _stamp(self, offset: int) -> int:
        """Return when the octet at a stream offset has arrived."""
        mark = self._marks[bisect_right(self._marks, offset, key=_end)]
        later = mark.end - 1 - offset
        return max(mark.earliest_ns, mark.at_ns - round(self._octet_ns * later))


def _end(mark: _Mark) -> int:
    return mark.end
