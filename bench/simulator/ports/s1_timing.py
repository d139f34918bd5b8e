"""When each frame and each octet is on the wire, to the nanosecond."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]
_KEPT_FRAMES = 1 << 20  # whose instants are remembered, a little more than six minutes


@dataclass(frozen=True)
class Timeline:
    """How octets follow one another within a frame: each takes `octet_ns`, and pauses lie between.

    `pauses` are pairs of a number of octets and the ns that the line is idle after so many.
    """

    octet_ns: float
    pauses: tuple[tuple[int, int], ...] = ()

    def starts(self, places: Numbers) -> Numbers:
        """Return how long after its frame's begin the octet at each place begins, in ns."""
        found: Numbers = np.rint(places * self.octet_ns).astype(np.int64)
        for octets, pause_ns in self.pauses:
            found += np.where(places >= octets, pause_ns, 0)
        return found

    def durations(self, lengths: Numbers) -> Numbers:
        """Return how long frames of these lengths take, in ns."""
        found: Numbers = np.rint(lengths * self.octet_ns).astype(np.int64)
        for octets, pause_ns in self.pauses:
            found += np.where(lengths > octets, pause_ns, 0)
        return found


def departed(wanted: Numbers, durations: Numbers, free: int) -> Numbers:
    """Return when frames start that shall start at `wanted`, on a line that is free from `free`.

    None starts before the one in front of it has ended.
    """
    before = np.concatenate([[0], np.cumsum(durations[:-1])])
    latest = np.maximum.accumulate(np.maximum(wanted, free) - before)
    starts: Numbers = latest + before
    return starts


@dataclass(frozen=True)
class _Sent:
    """Frames of one block, from `begin` to `end` in the stream; the first has lost `cut` octets."""

    begin: int
    end: int
    starts: Numbers
    sampled: Numbers
    lengths: Numbers
    cut: int

    def frame_of(self, offsets: Numbers) -> tuple[Numbers, Numbers]:
        """Return in which frame the octets at these offsets are, and their places in it."""
        ends = np.cumsum(self.lengths)
        within = offsets - self.begin + self.cut
        frame = np.searchsorted(ends, within, side="right")
        place: Numbers = within - (ends - self.lengths)[frame]
        return frame, place


class Edges:
    """The instants of what was emitted, by the number of octets before it.

    Those of the last million frames are kept; a frame that is cut off keeps its place.
    """

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._sent: deque[_Sent] = deque()
        self._frames = 0
        self.octets = 0  # emitted so far

    def add(
        self, octets: int, starts: Numbers, sampled: Numbers, lengths: Numbers, cut: int = 0
    ) -> None:
        """Note frames of `octets` that are emitted; the first has lost its first `cut` octets."""
        begin, self.octets = self.octets, self.octets + octets
        self._sent.append(_Sent(begin, self.octets, starts, sampled, lengths, cut))
        self._frames += len(starts)
        while self._frames > _KEPT_FRAMES and len(self._sent) > 1:
            self._frames -= len(self._sent.popleft().starts)

    def octet_ns(self, offsets: Numbers) -> Numbers:
        """Return when the start bits of octets begin; -1 for those that are not known any more.

        Offsets count from the first octet that the port emitted, and rise.
        """
        found = np.full(len(offsets), -1, np.int64)
        for part, block in self._blocks(offsets):
            frame, place = block.frame_of(offsets[part])
            found[part] = block.starts[frame] + self._timeline.starts(place)
        return found

    def sampled_ns(self, offsets: Numbers) -> Numbers:
        """Return when the samples were due that the octets at these offsets carry; -1 as above."""
        found = np.full(len(offsets), -1, np.int64)
        for part, block in self._blocks(offsets):
            found[part] = block.sampled[block.frame_of(offsets[part])[0]]
        return found

    def _blocks(self, offsets: Numbers) -> Iterator[tuple[slice, _Sent]]:
        """Give the blocks that hold any of the offsets, each with which ones."""
        for block in self._sent:
            low, high = np.searchsorted(offsets, [block.begin, block.end])
            if low < high:
                yield slice(int(low), int(high)), block
