"""Joins what came in several frames: segments of HDLC, and the blocks of DLMS services."""

from itertools import count
from typing import NamedTuple

_MODULO = 8  # HDLC counts frames modulo 8


class Joined(NamedTuple):
    """Octets from several frames, with the numbers of these frames."""

    octets: bytes
    frames: tuple[int, ...]

    def how(self, parts: str) -> str:
        """Say from what the octets were joined."""
        shown = ", ".join(map(str, self.frames[:8]))
        more = f" ... {self.frames[-1]}" if len(self.frames) > 8 else ""
        return f"joined from {len(self.frames)} {parts}, frames {shown}{more}"


class Taken(NamedTuple):
    """What a part is: the whole when it was the last one, and what is to be said of it."""

    joined: Joined | None = None
    note: str = ""


class Segments:
    """The segments of one direction of an HDLC link, in the order of N(S)."""

    def __init__(self) -> None:
        self._parts: list[tuple[int, bytes]] = []
        self._last = -1

    def take(self, octets: bytes, number: int, segmented: bool, frame: int) -> Taken:
        """Take the information of the I frame `number`; `segmented`: another segment follows."""
        if self._parts and number == self._last:
            return Taken(note="repeats the segment before")
        lost = bool(self._parts) and number != (self._last + 1) % _MODULO
        if lost:
            self._parts.clear()
        if not self._parts and lost and not octets.startswith(b"\xe6"):
            return Taken(note="segments before this one are missing: not joined")
        self._last = number
        self._parts.append((frame, octets))
        place = len(self._parts)
        if segmented:
            return Taken(note=f"segment {place}, more follow")
        parts, self._parts = self._parts, []
        joined = Joined(b"".join(octets for _, octets in parts), tuple(f for f, _ in parts))
        return Taken(joined, f"segment {place}, the last" if place > 1 else "")


class Blocks:
    """The numbered blocks of one transfer; they may be repeated and come in any order."""

    def __init__(self) -> None:
        self._parts: dict[int, tuple[int, bytes]] = {}
        self._end = 0

    def take(self, number: int, octets: bytes, last: bool, frame: int) -> Taken:
        """Take a block; the blocks count from 1."""
        known = self._parts.get(number)
        if known is not None and known[1] == octets:
            return Taken(note=f"repeats block {number}")
        if known is not None or (number == 1 and self._end):
            self._parts.clear()
            self._end = 0
        self._parts[number] = (frame, octets)
        if last:
            self._end = number
        if not self._end:
            return Taken(note=f"block {number}, more follow")
        # a block number may be any of 32 bits: what is there is counted, not what may be missing
        if len([n for n in self._parts if 0 < n <= self._end]) < self._end:
            shown = next(n for n in count(1) if n not in self._parts)
            return Taken(note=f"block {number}; without block {shown} it is not joined")
        parts = [self._parts[n] for n in range(1, self._end + 1)]
        self._parts.clear()
        self._end = 0
        joined = Joined(b"".join(part for _, part in parts), tuple(f for f, _ in parts))
        return Taken(joined, f"block {number}, the last")
