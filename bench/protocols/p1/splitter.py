"""Cuts the stream of a P1 port into telegrams and what lies between them; loses no octet.

A telegram starts at a `/` outside one, wherever it stands, and ends with the line of its end
mark, a `!` at a line start. Inside a telegram a `/` and a letter at a line start begin the next
one: the former is then incomplete. How the stream is cut depends on its octets alone, never on
how reads have chunked it.
"""

import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import NamedTuple

from bench.core.trace import Chunk, Direction, Frame

TELEGRAM_LIMIT = 65536  # octets; more without an end mark are no telegram
END_LINE_LIMIT = 64  # octets of the end mark's line before its line end


@dataclass(frozen=True, slots=True)
class TelegramOctets(Frame):
    """The octets of one telegram; `complete` says whether the line of its end mark was seen."""

    complete: bool = True


@dataclass(frozen=True, slots=True)
class Noise(Frame):
    """Octets that belong to no telegram: between telegrams, or before the first."""


Piece = TelegramOctets | Noise

# The end mark, or the header of the next telegram; both only at a line start.
_EVENT = re.compile(rb"[\r\n](?:!|/[A-Za-z])")
_LINE_END = re.compile(rb"\r?\r\n|[\r\n]")


class _Mark(NamedTuple):
    """A chunk's place in the stream: the octets up to `end` have arrived by `at_ns`."""

    end: int
    at_ns: int
    earliest_ns: int


class TelegramSplitter:
    """Puts chunks together and returns pieces as soon as their last octet is known.

    `octet_ns` is the time that one octet takes on the line: the stamp of a chunk is that of
    its last octet, those before it came that much earlier each.
    """

    def __init__(self, octet_ns: float = 0) -> None:
        self._octet_ns = octet_ns
        self._buffer = bytearray()
        self._base = 0  # stream offset of the buffer's first octet
        self._inside = False
        self._scanned = 0  # nothing starts or ends before here
        self._mark: int | None = None  # the end mark, while its line end is awaited
        self._number = 0
        self._marks: list[_Mark] = []

    def feed(self, chunk: Chunk) -> list[Piece]:
        """Take the octets of a chunk in; return the pieces that it completes."""
        if chunk.direction is not Direction.RECEIVED or not chunk.octets:
            return []
        before = self._marks[-1].at_ns if self._marks else 0
        end = self._base + len(self._buffer) + len(chunk.octets)
        self._marks.append(_Mark(end, chunk.at_ns, min(before, chunk.at_ns)))
        self._buffer += chunk.octets
        pieces = []
        while (piece := self._next(final=False)) is not None:
            pieces.append(piece)
        return pieces

    def flush(self) -> list[Piece]:
        """Return what is left at the end of the stream; the splitter is then as new but counts on.

        A telegram whose end mark was seen is complete even without its line end.
        """
        pieces = []
        while (piece := self._next(final=True)) is not None:
            pieces.append(piece)
        return pieces

    def _next(self, final: bool) -> Piece | None:
        """Return the next piece, or None until more octets arrive."""
        if not self._buffer:
            return None
        if not self._inside:
            return self._noise(final)
        if self._mark is None and (cut := self._find_event(final)) is not None:
            return self._telegram(cut, complete=False)
        if self._mark is not None and (cut := self._find_end(self._mark, final)) is not None:
            return self._telegram(cut, complete=True)
        return None

    def _noise(self, final: bool) -> Piece | None:
        start = self._buffer.find(b"/", self._scanned, TELEGRAM_LIMIT)
        if start >= 0:
            piece = self._noise_of(start) if start else None
            self._inside = True
            self._scanned = 0
            return piece if piece is not None else self._next(final)
        self._scanned = min(len(self._buffer), TELEGRAM_LIMIT)
        if self._scanned == TELEGRAM_LIMIT or final:
            return self._noise_of(self._scanned)
        return None

    def _find_event(self, final: bool) -> int | None:
        """Return where an incomplete telegram ends, or note the end mark of a complete one."""
        found = _EVENT.search(self._buffer, self._scanned, TELEGRAM_LIMIT + 1)
        if found is not None and found.start() + 1 < TELEGRAM_LIMIT:
            at = found.start() + 1
            if self._buffer[at] == ord("/"):
                return at
            self._mark = at
            return None
        if len(self._buffer) > TELEGRAM_LIMIT:
            return TELEGRAM_LIMIT
        if final:
            return len(self._buffer)
        self._scanned = max(0, len(self._buffer) - 2)
        return None

    def _find_end(self, mark: int, final: bool) -> int | None:
        """Return where the telegram ends whose end mark stands at `mark`."""
        limit = mark + END_LINE_LIMIT
        found = _LINE_END.search(self._buffer, mark, limit + 2)
        if found is not None and found.start() < limit:
            # A CR may be the first octet of CR LF or of CR CR LF: wait for what follows it.
            follows = self._buffer[found.start() : found.start() + 3]
            if final or bytes(follows) not in {b"\r", b"\r\r"}:
                return found.end()
            return None
        if len(self._buffer) >= limit:
            return limit
        return len(self._buffer) if final else None

    def _telegram(self, length: int, complete: bool) -> Piece:
        number, at_ns, until_ns, octets, offset = self._take(length)
        self._inside = False
        return TelegramOctets(number, at_ns, until_ns, octets, offset=offset, complete=complete)

    def _noise_of(self, length: int) -> Piece:
        number, at_ns, until_ns, octets, offset = self._take(length)
        return Noise(number, at_ns, until_ns, octets, offset=offset)

    def _take(self, length: int) -> tuple[int, int, int, bytes, int]:
        """Remove `length` octets; return number, instants of the first and last, octets, offset."""
        octets = bytes(self._buffer[:length])
        offset = self._base
        at_ns, until_ns = self._stamp(offset), self._stamp(offset + length - 1)
        del self._buffer[:length]
        self._base += length
        self._scanned = 0
        self._mark = None
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
