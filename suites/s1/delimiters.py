"""Flags that stand alone between two frames: shared by both, or one of them lacks its own."""

from functools import cached_property

import numpy as np

from bench.core.check import Place
from bench.core.line import LineTimes
from suites.s1.capture import Capture, Numbers

_BITS = 10  # of a character
_PAUSE = 1.5  # characters from start to start: with more the line was idle between


def shared_flags(capture: Capture) -> Numbers:
    """Return the rows of good frames whose opening flag is the closing one of the row before."""
    found: Numbers = np.flatnonzero(capture.offsets[1:] == capture.ends[:-1] - 1) + 1
    return found


class Delimiters:
    """The shared flags of a capture whose octets have known instants.

    Frames are numbered on from `before`.
    """

    def __init__(self, capture: Capture, times: LineTimes, before: int = 0) -> None:
        self._before = before
        self._capture = capture
        self._times = times
        self._missing = len(capture.octets) - len(times.starts_ns)  # that are not known any more

    @cached_property
    def _rows(self) -> Numbers:
        rows = shared_flags(self._capture)
        found: Numbers = rows[self._capture.offsets[rows] > self._missing]
        return found

    @property
    def examined(self) -> int:
        """How many shared flags there are whose surroundings are known."""
        return len(self._rows)

    @property
    def without_closing(self) -> list[Place]:
        """The closing flags of frames that are none of their own: a pause is before them."""
        return self._paused(0)

    @property
    def without_opening(self) -> list[Place]:
        """The opening flags of frames that are none of their own: a pause is behind them."""
        return self._paused(1)

    def _paused(self, behind: int) -> list[Place]:
        places = self._capture.offsets[self._rows] - self._missing + behind
        starts = np.asarray(self._times.starts_ns)
        gaps = starts[places] - starts[places - 1]
        rows = self._rows[gaps > _PAUSE * _BITS * self._times.bit_ns]
        if behind:
            return [Place(self._before + self._capture.number_of(row)) for row in rows.tolist()]
        lengths = self._capture.ends - self._capture.offsets
        return [
            Place(self._before + self._capture.number_of(row - 1), int(lengths[row - 1]) - 1)
            for row in rows.tolist()
        ]
