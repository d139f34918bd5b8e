"""Frames with octets 7E or 7D inside: which mechanism explains them, and whether some are lost."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bench.core.check import Place
from bench.protocols.crc import X25_GOOD, crc16_x25
from bench.protocols.crc_rows import Octets
from bench.protocols.s1.damaged import gaps
from bench.protocols.s1.encode import ESCAPE, FLAG
from bench.protocols.s1.profile import Transparency
from bench.protocols.s1.stream import FrameCutter
from suites.s1.capture import Capture
from suites.s1.fisher import fisher_exact
from suites.s1.framed import Framed, stated_length


class Mechanism(StrEnum):
    """How octets 7E and 7D inside frames are sent."""

    LENGTH = "as they are"
    OCTET = "escaped (7D, then the octet with bit 5 inverted)"
    HALF = "7E escaped, 7D as it is"


@dataclass(frozen=True, slots=True)
class Explained:
    """A frame with such octets that is good only by another mechanism than the profile's."""

    place: Place
    mechanism: Mechanism


class Interior:
    """The frames of a capture that hold 7E or 7D; made once by `capture.derived(Interior)`."""

    def __init__(self, capture: Capture) -> None:
        self.capture = capture
        self.framed = capture.derived(Framed)

    @cached_property
    def good(self) -> int:
        """How many good frames hold 7E or 7D between their flags."""
        return int(sum(np.count_nonzero(special(block.rows)) for block in self.capture.blocks))

    @cached_property
    def otherwise(self) -> tuple[Explained, ...]:
        """Frames that only another mechanism explains."""
        if self.capture.profile.transparency is Transparency.OCTET:
            return tuple(self._unescaped())
        return tuple(self._escaped())

    def _escaped(self) -> Iterator[Explained]:
        for one in self.framed.others:
            if one.escaped:
                raw = one.piece.body
                stray = raw.count(ESCAPE) - (len(raw) - len(one.body))
                kind = Mechanism.HALF if stray else Mechanism.OCTET
                yield Explained(self.framed.place(one), kind)

    def _unescaped(self) -> Iterator[Explained]:
        """Yield what the length field makes frames of, where escapes do not."""
        capture, flag = self.capture, bytes((FLAG,))
        by_length = replace(capture.profile, transparency=Transparency.LENGTH)
        for first, end in gaps(capture.blocks, len(capture.octets)):
            cutter = FrameCutter(by_length)
            octets = capture.octets[max(first - 1, 0) : end + 1]
            for cut in [*cutter.feed(octets), *cutter.flush()]:
                offset = max(first - 1, 0) + cut.offset
                place = Place(capture.number_at(offset), 0, len(cut.body) + 2)
                yield Explained(place, Mechanism.LENGTH)
            for body in octets.split(flag):
                plain = body.replace(bytes((ESCAPE, FLAG ^ 0x20)), flag)
                if plain == body:
                    continue
                if len(plain) == stated_length(plain + bytes(2)) and _good(plain):
                    offset = max(first - 1, 0) + octets.index(body)
                    yield Explained(Place(capture.number_at(offset), 0, len(body)), Mechanism.HALF)


def _good(body: bytes) -> bool:
    return crc16_x25(body) == X25_GOOD


def special(rows: Octets) -> NDArray[np.bool_]:
    """Return which rows hold 7E or 7D."""
    found: NDArray[np.bool_] = ((rows == FLAG) | (rows == ESCAPE)).any(axis=1)
    return found


@dataclass(frozen=True, slots=True)
class Fate:
    """How many frames with a flag inside, and how many others, came and were lost; Fisher's p."""

    with_flag: tuple[int, int]
    without: tuple[int, int]

    @property
    def p(self) -> float:
        """How probable this is where the flag makes no difference."""
        return fisher_exact(self.with_flag, self.without)

    def __str__(self) -> str:
        (came, lost), (others, others_lost) = self.with_flag, self.without
        return (
            f"lost {lost} of {came + lost} with 7E, {others_lost} of {others + others_lost} "
            f"without (p = {self.p:.2g})"
        )


def numbered(capture: Capture) -> Fate:
    """Return the fate of frames whose sequence number is 7E, and of the others.

    Which numbers are missing is known exactly, up to a whole cycle. A gap with octets in it is
    left out: a frame came, and was damaged.
    """
    low, high = capture.profile.sequence_lowest, capture.profile.sequence_highest
    cycle = high - low + 1
    found = capture.sequence
    missing = (np.diff(found) - 1) % cycle
    complete = np.flatnonzero(capture.complete)
    damaged = np.array([one.offset for one in capture.damaged], np.int64)
    offsets = capture.offsets[complete]
    before = np.searchsorted(damaged, offsets)
    silent = (np.diff(before) == 0) & (missing > 0) & (missing < cycle - 1)
    lost_flags = lost = 0
    for row in np.flatnonzero(silent).tolist():
        first = int(found[row]) + 1 - low
        gone = low + (first + np.arange(int(missing[row]))) % cycle
        lost_flags += int(np.count_nonzero(gone == FLAG))
        lost += len(gone)
    came_flags = int(np.count_nonzero(found == FLAG))
    return Fate((came_flags, lost_flags), (len(found) - came_flags, lost - lost_flags))


@dataclass(frozen=True, slots=True)
class Content:
    """How many different frames have 7E in their check sequence, and how many another octet.

    Every octet is as frequent there as any other. `others` is the mean of all other octets.
    """

    frames: int
    with_flag: int
    others: int

    @property
    def p(self) -> float:
        """How probable so different counts are where frames with 7E are sent as any other."""
        return fisher_exact(
            (self.with_flag, self.frames - self.with_flag),
            (self.others, self.frames - self.others),
        )

    def __str__(self) -> str:
        return (
            f"{self.with_flag} of {self.frames} different frames have 7E in their check sequence, "
            f"{self.others} another octet (p = {self.p:.2g})"
        )


def content(framed: Framed) -> Content:
    """Return what check sequences hold, of all frames that came, each counted once.

    Frames that repeat themselves every period of the mains would be counted many times.
    """
    rows = [block.rows for block in framed.capture.blocks if block.complete]
    width = max((block.shape[1] for block in rows), default=0)
    keys = [_distinct(block) for block in rows if block.shape[1] == width]
    arrived = [one.body for one in framed.others if one.right and len(one.body) == width]
    if arrived:
        joined = np.frombuffer(b"".join(arrived), np.uint8).reshape(len(arrived), width)
        keys.append(joined)
    if not keys:
        return Content(0, 0, 0)
    different = _distinct(np.concatenate(keys))
    check = different[:, -2:]
    counts = np.bincount(check[:, 0], minlength=256) + np.bincount(
        check[check[:, 0] != check[:, 1], 1], minlength=256
    )
    with_flag = int(counts[FLAG])
    return Content(len(different), with_flag, round((int(counts.sum()) - with_flag) / 255))


def _distinct(rows: Octets) -> Octets:
    """Return the rows that differ from one another."""
    packed = np.ascontiguousarray(rows).view(np.dtype((np.void, rows.shape[1]))).reshape(-1)
    _, first = np.unique(packed, return_index=True)
    return rows[np.sort(first)]
