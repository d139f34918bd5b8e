"""Cuts the stream of an encrypted P1 port into frames, telegrams in clear, and what is neither.

A frame is recognised by its whole header (DB 08, title, length, security octet), also where one of
the first octet, the title and the form of the length is wrong and the rest fits. It ends where its
length says, unless the header of the next frame of the same meter stands earlier: then it was cut
short, or its length is wrong. A telegram in clear starts with `/`, three letters, the baud digit
and more text. Octets within a frame mean nothing to the latter, and octets within a telegram
nothing to the former, unless a whole header is there. No octet is lost, and how the stream is cut
depends on its octets alone, never on how reads have chunked it.
"""

import re
from dataclasses import dataclass

from bench.core.trace import Frame
from bench.protocols.p1.ciphering import ENCRYPTED, START, TITLE_OCTETS
from bench.protocols.p1.splitter import (
    TELEGRAM_LIMIT,
    Noise,
    TelegramOctets,
    TelegramSplitter,
)

__all__ = ["FrameOctets", "FrameSplitter", "Noise", "TelegramOctets", "holds_frame"]


@dataclass(frozen=True, slots=True)
class FrameOctets(Frame):
    """The octets of one encrypted frame; `complete` when as many came as its length says."""

    complete: bool = True


EncryptedPiece = FrameOctets | TelegramOctets | Noise

_LEAST = 5  # octets that a frame's length must count: security octet and counter
_TITLE = re.escape(bytes([START, TITLE_OCTETS])) + rb"[\s\S]{8}"
_FRAME = re.compile(_TITLE + rb"(?:[\x05-\x7f]|\x81[\x80-\xff]|\x82[\s\S]{2})[\s\S]")
#: the same with the right security octet: strong enough to be believed amid other text
_SURE_FRAME = re.compile(_TITLE + rb"(?:[\x05-\x7f]|\x81[\x80-\xff]|\x82[\s\S]{2})\x30")
#: amid octets that nobody knows: any security octet, or a length that one octet holds, but not both
_LIKELY_FRAME = re.compile(
    _TITLE + rb"(?:(?:[\x05-\x7f]|\x81[\x80-\xff]|\x82[\s\S]{2})\x30"
    rb"|(?:\x81[\x80-\xff]|\x82[\s\S]{2})[\x00\x10\x20])"
)
_FRAME_HEADER = 14  # octets of that header, security octet included
_STARTS = bytes(range(0xD8, 0xE0))  # DB and the tags beside it
_MOST_TITLE_OCTETS = 16
#: wrong at the start, in the title or the form of the length; the length is that of a telegram
_WRONG_FRAME = re.compile(
    rb"[\xd8-\xdf](?:"
    + b"|".join(
        re.escape(bytes([count])) + rb"[\s\S]{%d}" % count
        for count in range(_MOST_TITLE_OCTETS + 1)
    )
    + rb")(?:\x82[\x00-\x10][\s\S]|\x83\x00[\x00-\x10][\s\S])[\x00\x10\x20\x30]"
)
_WRONG_HEADER = 2 + _MOST_TITLE_OCTETS + 5
_LEAST_OWN = 6  # octets of start and title by which a meter's next frame is recognised
_CANDIDATE = re.compile(rb"[/\xd8-\xdf]")
_CLEAR = re.compile(rb"/[A-Za-z]{3}[0-9][\x20-\x7e\r\n]{4}")
_CLEAR_HEADER = 9
#: a telegram's first line, its blank line and the first object: believed even within a frame
_SURE_CLEAR = re.compile(rb"/[A-Za-z]{3}[0-9][\x20-\x7e]{0,40}\r\n\r\n[0-9]-[0-9]:")


def holds_frame(octets: bytes) -> bool:
    """Return whether the header of an encrypted frame stands in `octets`."""
    return bool(_FRAME.match(octets) or _LIKELY_FRAME.search(octets) or _WRONG_FRAME.search(octets))


def _frame_header(buffer: bytearray, start: int) -> re.Match[bytes] | None:
    """Return the header of the frame that begins at `start`, None if none does."""
    likely = _LIKELY_FRAME if start else _FRAME
    return likely.match(buffer, start) or _WRONG_FRAME.match(buffer, start)


class FrameSplitter(TelegramSplitter):
    """Puts chunks together and returns pieces as soon as their last octet is known.

    Stamps are those of `TelegramSplitter`. A telegram in clear is cut as that one cuts it, and
    also where a frame begins within it.
    """

    _extent = 0  # octets of the frame at the buffer's start; 0: there is none

    def _next(self, final: bool) -> EncryptedPiece | None:  # type: ignore[override]
        """Return the next piece, or None until more octets arrive."""
        if not self._buffer:
            return None
        if self._extent:
            return self._frame(final)
        if not self._inside:
            return self._outside(final)
        return self._clear(final)

    # -- outside

    def _outside(self, final: bool) -> EncryptedPiece | None:
        while (start := self._candidate()) is not None:
            is_frame = self._buffer[start] in _STARTS
            extent = 0
            if is_frame:
                found, size = _frame_header(self._buffer, start), _WRONG_HEADER
            else:
                found, size = _CLEAR.match(self._buffer, start), _CLEAR_HEADER
            if found is not None:
                extent = self._length_at(start) if is_frame else 1
            elif len(self._buffer) < start + size and not final:
                return None
            if not extent:
                self._scanned = start + 1
                continue
            if start:
                return self._noise_of(start)
            self._scanned = 0
            self._inside, self._extent = not is_frame, extent if is_frame else 0
            return self._next(final)
        if final or len(self._buffer) >= TELEGRAM_LIMIT:
            return self._noise_of(min(len(self._buffer), TELEGRAM_LIMIT))
        self._scanned = len(self._buffer)
        return None

    def _candidate(self) -> int | None:
        """Return where the next octet stands that may begin something."""
        found = _CANDIDATE.search(self._buffer, self._scanned, TELEGRAM_LIMIT)
        return None if found is None else found.start()

    def _length_at(self, start: int) -> int:
        """Return how many octets the frame at `start` has, 0 when too few for any frame."""
        at = start + 2 + self._buffer[start + 1]
        first = self._buffer[at]
        count = first - 0x80 if first >= 0x80 else 0
        value = int.from_bytes(self._buffer[at + 1 : at + 1 + count], "big") if count else first
        return at + 1 + count + value - start if value >= _LEAST else 0

    # -- a frame

    def _frame(self, final: bool) -> EncryptedPiece | None:
        extent = self._extent
        own = bytes(self._buffer[: 2 + self._buffer[1]])
        again = -1
        if len(own) >= _LEAST_OWN:
            again = self._buffer.find(own, max(self._scanned, 1), extent + len(own) - 1)
        clear = _SURE_CLEAR.search(self._buffer, 1, extent) if self._hides_text() else None
        starts = [again] if again >= 0 else []
        starts += [clear.start()] if clear is not None else []
        if starts:
            return self._frame_of(min(starts))
        if len(self._buffer) < extent:
            if final:
                return self._frame_of(len(self._buffer))
            self._scanned = max(0, len(self._buffer) - len(own) + 1)
            return None
        if not final and len(own) >= _LEAST_OWN and self._may_begin(own, extent):
            return None
        return self._frame_of(extent)

    def _hides_text(self) -> bool:
        """Whether the frame at the buffer's start is encrypted: text within it is then foreign."""
        header = _frame_header(self._buffer, 0)
        return header is not None and bool(header[0][-1] & ENCRYPTED)

    def _may_begin(self, own: bytes, extent: int) -> bool:
        """Whether the last octets within `extent` may be the first of the next frame's header."""
        for start in range(max(1, extent - len(own) + 1), extent):
            tail = bytes(self._buffer[start : start + len(own)])
            if len(tail) < len(own) and own.startswith(tail):
                return True
        return False

    def _frame_of(self, length: int) -> FrameOctets:
        complete = length == self._extent
        self._extent = 0
        number, at_ns, until_ns, octets, offset = self._take(length)
        return FrameOctets(number, at_ns, until_ns, octets, offset=offset, complete=complete)

    # -- a telegram in clear

    def _clear(self, final: bool) -> EncryptedPiece | None:
        if self._mark is not None:
            return super()._next(final)
        scanned = self._scanned
        cut = self._find_event(final)
        end = self._mark if cut is None else cut
        frame = _SURE_FRAME.search(self._buffer, 1)
        if frame is not None and (end is None or frame.start() <= end):
            return self._telegram(frame.start(), complete=False)
        if not final and end is not None and self._frame_may_begin_before(end):
            self._mark, self._scanned = None, scanned
            return None
        if cut is not None:
            return self._telegram(cut, complete=False)
        return super()._next(final) if self._mark is not None else None

    def _frame_may_begin_before(self, end: int) -> bool:
        """Whether the last octets may be the first of a frame's header that stands before `end`."""
        for start in range(max(1, len(self._buffer) - _FRAME_HEADER + 1), end):
            tail = bytes(self._buffer[start : start + 2])
            if bytes([START, TITLE_OCTETS]).startswith(tail):
                return True
        return False
