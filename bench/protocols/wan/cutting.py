"""Cuts a recorded stream into HDLC frames, wrapper units or bare APDUs; loses no octet.

Other than a station, which gives a broken stream up, a reader of recordings looks for the next
frame in it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from bench.core.trace import Chunk
from bench.protocols.dlms.apdu import APDU_NAMES, decode_apdu
from bench.protocols.dlms.wrapper import HEADER_OCTETS, VERSION
from bench.protocols.hdlc.deframer import Deframer, FrameOctets, Noise, NoiseKind
from bench.protocols.hdlc.frame import FLAG, MAX_LENGTH, TYPE_3, decode_frame
from bench.protocols.wan.layer import Form

_FLAG = bytes([FLAG])
_VERSION = VERSION.to_bytes(2, "big")
_SLICE = 1 << 16
_WINDOW = 512  # octets of an APDU that are tried first
NOISE_LIMIT = 4096  # octets of no frame; more are given out as they are


@dataclass(frozen=True, slots=True)
class Piece:
    """A frame with its flags, a wrapper unit or an APDU; with `form` None, octets of none.

    `offset` counts the octets of this link and way. `opened` and `closed` say whether an HDLC
    frame has its own flags; `note` says what is odd about where the piece starts or ends.
    """

    form: Form | None
    octets: bytes
    offset: int
    link: str = ""
    way: str = ""
    at_ns: int | None = None
    opened: bool = True
    closed: bool = True
    note: str = ""


class Cutter(Protocol):
    """Takes the octets of one way of one link in and gives pieces out."""

    def feed(self, octets: bytes, at_ns: int | None = None) -> Iterator[Piece]:
        """Yield the pieces that these octets complete."""

    def flush(self) -> Iterator[Piece]:
        """Yield what is left: nothing follows it."""


def cutter(form: Form, link: str = "", way: str = "", offset: int = 0) -> Cutter:
    """Return what cuts a stream of `form` whose next octet is at `offset`."""
    if form is Form.HDLC:
        return HdlcCutter(link, way, offset)
    return (WrapperCutter if form is Form.WRAPPER else ApduCutter)(link, way, offset)


class HdlcCutter:
    """Cuts by flags, lengths and check sequences, as a station does."""

    def __init__(self, link: str = "", way: str = "", offset: int = 0) -> None:
        self._deframer = Deframer()
        self._link, self._way, self._base = link, way, offset
        self._first = True

    def feed(self, octets: bytes, at_ns: int | None = None) -> Iterator[Piece]:
        """Yield the frames that these octets complete, and what is between them."""
        if self._first and octets[:1] != _FLAG and not decode_frame(octets).problems:
            yield Piece(Form.HDLC, octets, self._base, self._link, self._way, at_ns, False, False)
            self._base += len(octets)
            return
        self._first = False
        for start in range(0, len(octets), _SLICE):
            chunk = Chunk(at_ns or 0, octets[start : start + _SLICE])
            for piece in self._deframer.feed(chunk):
                yield self._piece(piece, at_ns)

    def flush(self) -> Iterator[Piece]:
        """Yield what is left: a frame that was broken off."""
        for piece in self._deframer.flush():
            yield self._piece(piece, None)

    def _piece(self, piece: FrameOctets | Noise, at_ns: int | None) -> Piece:
        where = (piece.octets, self._base + piece.offset, self._link, self._way, at_ns)
        if isinstance(piece, FrameOctets):
            if _resembles_frame(piece.body):
                return Piece(Form.HDLC, *where, opened=not piece.shared)
            return Piece(None, *where, note=_NOTES[NoiseKind.BROKEN_OFF])
        opened = piece.octets.startswith(_FLAG)
        if piece.kind is NoiseKind.BROKEN_OFF and piece.octets[opened] >> 4 == TYPE_3.format_type:
            return Piece(Form.HDLC, *where, opened, closed=False, note=_UNCLOSED)
        return Piece(None, *where, note=_NOTES[piece.kind])


def _resembles_frame(body: bytes) -> bool:
    """Say whether format type or length is right: damage seldom hits both, noise has neither."""
    length = int.from_bytes(body[:2], "big") & MAX_LENGTH
    return body[0] >> 4 == TYPE_3.format_type or length == len(body)


_UNCLOSED = "the closing flag is missing"
_NOTES = {
    NoiseKind.STRAY: "octets outside of frames",
    NoiseKind.FILL: "",  # flags between frames are legal
    NoiseKind.BROKEN_OFF: "octets after a flag that are no frame",
}


class WrapperCutter:
    """Cuts by the lengths in the headers, and finds the next header after what is no unit."""

    def __init__(self, link: str = "", way: str = "", offset: int = 0) -> None:
        self._buffer = bytearray()
        self._link, self._way, self._base = link, way, offset

    def feed(self, octets: bytes, at_ns: int | None = None) -> Iterator[Piece]:
        """Yield the units that these octets complete, and what is between them."""
        self._buffer += octets
        yield from self._cut(at_ns, final=False)

    def flush(self) -> Iterator[Piece]:
        """Yield what is left: a unit that is not complete."""
        yield from self._cut(None, final=True)

    def _cut(self, at_ns: int | None, final: bool) -> Iterator[Piece]:
        buffer, at = self._buffer, 0
        while at < len(buffer):
            end = self._end(at, final)
            if not end:
                break
            note, form = "", Form.WRAPPER if self._header(at) else None
            if form is None:
                note = "octets of no wrapper unit"
            elif end - at < HEADER_OCTETS or end < self._stated(at):
                note = "the unit is not complete"
            piece = bytes(buffer[at:end])
            yield Piece(form, piece, self._base + at, self._link, self._way, at_ns, note=note)
            at = end
        del buffer[:at]
        self._base += at

    def _end(self, at: int, final: bool) -> int:
        """Return where the piece at `at` ends, 0 until more octets arrive."""
        have = len(self._buffer)
        if self._header(at):
            if have - at < HEADER_OCTETS:
                return have if final else 0
            end = self._stated(at)
            if end <= have:
                return end
            if not final:
                return 0
            return self._next(at + HEADER_OCTETS, have) or have
        if found := self._next(at + 1, have):
            return found
        if final:
            return have
        return have - NOISE_LIMIT if have - at > 2 * NOISE_LIMIT else 0

    def _next(self, start: int, have: int) -> int:
        """Return where a header stands that an APDU and another header follow; 0 if none does."""
        buffer, at = self._buffer, start
        while (at := buffer.find(_VERSION, at)) >= 0:
            if at + HEADER_OCTETS < have and buffer[at + HEADER_OCTETS] in APDU_NAMES:
                end = self._stated(at)
                if end == have or buffer[end : end + 2] == _VERSION:
                    return at
            at += 1
        return 0

    def _header(self, at: int) -> bool:
        """Say whether a unit starts at `at`: of version 1, or of a length that fits."""
        buffer = self._buffer
        if buffer[at : at + 2] == _VERSION[: len(buffer) - at]:
            return True
        if len(buffer) - at <= HEADER_OCTETS or buffer[at + HEADER_OCTETS] not in APDU_NAMES:
            return False
        end = self._stated(at)
        return end == len(buffer) or buffer[end : end + 2] == _VERSION

    def _stated(self, at: int) -> int:
        """Return where the unit at `at` ends, as its header states."""
        return at + HEADER_OCTETS + int.from_bytes(self._buffer[at + 6 : at + 8], "big")


class ApduCutter:
    """Cuts by decoding: an APDU ends after its last component."""

    def __init__(self, link: str = "", way: str = "", offset: int = 0) -> None:
        self._link, self._way, self._base = link, way, offset
        self._octets = bytearray()
        self._at_ns: int | None = None

    def feed(self, octets: bytes, at_ns: int | None = None) -> Iterator[Piece]:
        """Keep the octets: where an APDU ends is known when the next one can be read."""
        self._octets += octets
        self._at_ns = at_ns
        return iter(())

    def flush(self) -> Iterator[Piece]:
        """Yield the APDUs."""
        octets, at = bytes(self._octets), 0
        self._octets.clear()
        while at < len(octets):
            end = apdu_end(octets, at)
            form = Form.APDU if octets[at] in APDU_NAMES else None
            note = "" if form else "no APDU begins with this octet"
            place = self._base + at
            yield Piece(form, octets[at:end], place, self._link, self._way, self._at_ns, note=note)
            at = end
        self._base += at


def apdu_end(octets: bytes, at: int) -> int:
    """Return where the APDU at `at` ends: before the next one, or else with the last octet."""
    size = _WINDOW
    while True:
        window = octets[at : at + size]
        problems = decode_apdu(window).problems
        after = problems[-1] if problems else None
        if after is not None and after.code == "trailing" and window[after.offset] in APDU_NAMES:
            return at + after.offset
        if at + size >= len(octets):
            return len(octets)
        size *= 8
