"""Cuts and decodes long S1 streams in vectors: the same result as `stream` and `telegram`, faster.

Frames that follow one another without anything between them are checked together; wherever that
order is broken, the clear way of `stream` finds the next good frame.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from bench.protocols.crc_rows import Octets, crc16_x25_rows
from bench.protocols.s1.encode import FLAG
from bench.protocols.s1.profile import FieldLayout, Profile, Transparency
from bench.protocols.s1.stream import Cut, FrameCutter, Statistics

_RESIDUE = 0xF0B8  # of the CRC register over octets with their right check sequence
_MOST_ROWS = 1 << 16  # frames that are checked together: their columns stay in the cache
_STEP = 256  # octets that the clear way is given at a time
_FEW_ROWS, _GROWTH = 8, 8


@dataclass(frozen=True)
class Block:
    """Good frames of one length that follow one another; a row is what is between two flags.

    `offsets` are those of the opening flags in the stream, shape (n,). Every column has shape (n,).
    """

    profile: Profile
    offsets: NDArray[np.int64]
    rows: Octets

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def complete(self) -> bool:
        """Whether the frames are long enough to hold all that the profile knows."""
        return int(self.rows.shape[1]) >= self._start + self.profile.information_octets + 2

    @property
    def _start(self) -> int:
        return 4  # format, address, control

    def field(self, name: str) -> Octets:
        """Return the octets of a field, shape (n, length)."""
        one = self.profile.fields[name]
        return self.rows[:, self._start + one.at : self._start + one.end]

    def number(self, name: str) -> NDArray[np.int64]:
        """Return a field as the number that it is, without its scale."""
        return _number(self.field(name), signed=_signed(self.profile.fields[name]))

    @cached_property
    def sequence(self) -> NDArray[np.int64]:
        """The sequence numbers."""
        return self.number(self.profile.sequence_field)

    def codes(self, channel: str) -> NDArray[np.int64]:
        """Return the samples of a channel as they were sent, in steps of its scale."""
        one = next(c for c in self.profile.channels if c.id == channel)
        at = self._start + self.profile.samples_at + one.at
        return _number(self.rows[:, at : at + one.length], signed=True)

    def samples(self, channel: str) -> NDArray[np.float64]:
        """Return the samples of a channel in V or A."""
        one = next(c for c in self.profile.channels if c.id == channel)
        return self.codes(channel).astype(np.float64) * float(one.scale)


class BulkCutter:
    """Takes octets in pieces of any size and gives blocks of good frames; keeps `statistics`.

    Octet mode has no fixed distance between flags, so that there the clear way does it all.
    """

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._cutter = FrameCutter(profile)
        self._rest = b""
        self._base = 0

    @property
    def statistics(self) -> Statistics:
        """What became of the octets so far."""
        return self._cutter.statistics

    def feed(self, octets: bytes) -> list[Block]:
        """Return the frames that these octets complete, in their order."""
        return list(self._blocks(self._rest + octets, final=False))

    def flush(self) -> list[Block]:
        """Return what is left at the end of the stream; the rest is noise."""
        return list(self._blocks(self._rest, final=True))

    def _blocks(self, octets: bytes, *, final: bool) -> Iterator[Block]:
        at, base = 0, self._base
        array = np.frombuffer(octets, np.uint8)
        while at < len(octets):
            rows = self._aligned(array[at:])
            if rows is not None:
                count, length = rows.shape[0], rows.shape[1] + 2
                offsets = base + at + np.arange(count, dtype=np.int64) * length
                yield Block(self._profile, offsets, rows)
                self._cutter.skip(count * length, count)
                at += count * length
                continue
            cuts, taken = self._clear(octets, at, final)
            yield from self._grouped(cuts)
            if not taken:
                break
            at += taken
        self._rest = octets[at:]
        self._base = base + at

    def _aligned(self, array: Octets) -> Octets | None:
        """Return the bodies of the good frames from the first octet on; None if there are none."""
        layout = self._profile.layout
        if self._profile.transparency is not Transparency.LENGTH or len(array) < 3:
            return None
        if array[0] != FLAG or array[1] >> 4 != layout.format_type:
            return None
        length = int(array[1] & 7) << 8 | int(array[2])
        size = length + 2
        count = min(len(array) // size, _MOST_ROWS)
        if not layout.shortest <= length <= layout.longest or not count:
            return None
        found, tried = 0, min(count, _FEW_ROWS)
        while found < count:  # in growing steps: what is behind a break is not checked twice
            good = _good(array[found * size : tried * size].reshape(tried - found, size), array)
            if not good.all():
                found += int(np.argmin(good))
                break
            found, tried = tried, min(count, tried * _GROWTH)
        if not found:
            return None
        return array[: found * size].reshape(found, size)[:, 1:-1]

    def _clear(self, octets: bytes, at: int, final: bool) -> tuple[list[Cut], int]:
        """Let the clear way find the next good frame; return it and how many octets it took."""
        cutter, end = self._cutter, at
        cuts: list[Cut] = []
        while end < len(octets) and not cuts:
            step = octets[end : end + _STEP]
            end += len(step)
            cuts = cutter.feed(step)
        if end == len(octets) and not cuts and final:
            cuts = cutter.flush()
        return cuts, end - at - cutter.give_back()

    def _grouped(self, cuts: list[Cut]) -> Iterator[Block]:
        for cut in cuts:
            offsets = np.array([cut.offset], np.int64)
            row = np.frombuffer(cut.body, np.uint8).reshape(1, len(cut.body))
            yield Block(self._profile, offsets, row)


def merged(blocks: Iterable[Block]) -> Iterator[Block]:
    """Yield blocks of frames of one length that follow one another, put together.

    Anything may lie between two frames of such a block.
    """
    for _length, group in groupby(blocks, lambda block: block.rows.shape[1]):
        found = list(group)
        if len(found) == 1:
            yield found[0]
            continue
        offsets = np.concatenate([block.offsets for block in found])
        yield Block(found[0].profile, offsets, np.concatenate([block.rows for block in found]))


def _good(frames: Octets, first: Octets) -> NDArray[np.bool_]:
    """Return which rows, flags included, are good frames of the length that `first` states."""
    bodies = frames[:, 1:-1]
    delimited = (frames[:, 0] == FLAG) & (frames[:, -1] == FLAG)
    # the segmentation bit may differ, the length may not
    same = ((bodies[:, 0] ^ first[1]) & 0xF7 == 0) & (bodies[:, 1] == first[2])
    good: NDArray[np.bool_] = delimited & same & (crc16_x25_rows(bodies) == _RESIDUE)
    return good


def _signed(one: FieldLayout) -> bool:
    return one.kind == "int"


def _number(octets: Octets, *, signed: bool) -> NDArray[np.int64]:
    """Return big-endian numbers, shape (n,), from their octets, shape (n, length)."""
    number = octets[:, 0].astype(np.int8 if signed else np.uint8).astype(np.int64)
    for column in range(1, octets.shape[1]):
        number = number << 8 | octets[:, column]
    return number
