"""When frames and octets were on the line, from a capture of its edges."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bench.core.clock import SECOND
from bench.core.verdict import Reason
from bench.engine.context import CaseContext, Inconclusive
from suites.s1.beside import P1Beside
from suites.s1.capture import Capture, Numbers, Samples
from suites.s1.listening import Listener

BITS = 10  # of a character: start, eight data, stop
_STRETCH_S = 0.05  # in which the rate is taken to be constant: the mains change it slowly
EDGE_S = 2e-9
"""How wrong the distance of two instants may be by their rounding."""


@dataclass(frozen=True, eq=False)
class OnLine:
    """A capture with the instants of its octets.

    `starts_ns` are the beginnings of the start bits, shape (octets,), `bit_ns` the width of a bit.
    `sampled_ns` are the instants at which the samples of each octet's frame were due, None where
    nobody knows them.
    """

    capture: Capture
    starts_ns: Numbers
    bit_ns: float
    sampled_ns: Numbers | None

    @classmethod
    def of(cls, listener: Listener, duration_s: float, beside: P1Beside | None = None) -> "OnLine":
        """Return what is on the line for so long; Inconclusive where no octet came."""
        capture = listener.capture(duration_s, beside)
        if not capture.octets:
            raise Inconclusive(Reason.SILENT, f"no octet arrived within {duration_s:g} s")
        return cls.captured(capture, listener.context)

    @classmethod
    def captured(cls, capture: Capture, context: CaseContext) -> "OnLine":
        """Return what the link has delivered last; Inconclusive where the edges are not known."""
        count = len(capture.octets)
        times = context.link.line_times(count)
        if len(times.starts_ns) != count:
            raise Inconclusive(
                Reason.PRECONDITION,
                f"the edges of {len(times.starts_ns)} of {count} octets were captured",
            )
        return cls(capture, times.starts_ns, times.bit_ns, times.sampled_ns)

    @property
    def character_ns(self) -> float:
        """How long a character takes."""
        return BITS * self.bit_ns

    def require_frames(self, count: int) -> None:
        """Inconclusive where there are fewer good frames."""
        if len(self.capture) < count:
            raise Inconclusive(
                Reason.LINE,
                f"{len(self.capture)} good frames in {len(self.capture.octets)} octets",
            )

    @cached_property
    def frames_ns(self) -> Numbers:
        """When the good frames begin, shape (n,)."""
        found: Numbers = self.starts_ns[self.capture.offsets]
        return found

    @cached_property
    def period_ns(self) -> float:
        """The usual distance of frames."""
        return float(np.median(np.diff(self.frames_ns)))

    @property
    def idle_ns(self) -> float:
        """How long the line usually rests between frames."""
        octets = float(np.median(self.capture.lengths)) + 2
        return self.period_ns - octets * self.character_ns

    def gaps_within(self) -> tuple[Numbers, Samples]:
        """Return the longest rest of the line within each good frame, and behind which octet.

        Both have the shape (n,); octets count from 0, the opening flag, and rests are in ns.
        """
        rests = np.diff(self.starts_ns, append=self.starts_ns[-1:]) - self.character_ns
        places = np.zeros(len(self.capture), np.int64)
        longest = np.zeros(len(self.capture))
        offsets, lengths = self.capture.offsets, self.capture.lengths
        for length in np.unique(lengths).tolist():
            rows = np.flatnonzero(lengths == length)
            within = rests[offsets[rows][:, None] + np.arange(length + 1)]
            places[rows] = within.argmax(axis=1)
            longest[rows] = within.max(axis=1)
        return places, longest

    def jitter_ns(self) -> tuple[float, float, int]:
        """Return how far frames begin from an even pace: peak to peak, effective, and worst row.

        The pace is that of 50 ms; frames that are missing are counted by their numbers.
        """
        span = max(round(_STRETCH_S * SECOND / self.period_ns), 4)
        peak, total, count, worst = 0.0, 0.0, 0, 0
        good = np.flatnonzero(self.capture.complete)
        for run in self.capture.runs:
            stretches = len(run) // span
            if not stretches:
                continue
            rows = good[run.first : run.first + stretches * span]
            off = _off_line((self.frames_ns[rows] - self.frames_ns[rows[0]]).reshape(-1, span))
            spread = np.ptp(off, axis=1)
            if spread.max() > peak:
                peak = float(spread.max())
                place = int(spread.argmax())
                worst = int(rows[place * span + int(np.abs(off[place]).argmax())])
            total += float(np.sum(np.square(off)))
            count += off.size
        if not count:
            raise Inconclusive(Reason.SHORT, f"nowhere are {span} frames without a gap")
        return peak, float(np.sqrt(total / count)), worst

    def uneven(self, share: float) -> NDArray[np.bool_]:
        """Return which complete frames begin earlier or later than the one before lets expect.

        By more than `share` of a period; frames that are missing between are counted by their
        numbers. Shape (n,); the first one never does.
        """
        good = self.capture.complete
        starts, numbers = self.frames_ns[good], self.capture.sequence
        profile = self.capture.profile
        cycle = profile.sequence_highest - profile.sequence_lowest + 1
        periods = np.maximum(np.diff(numbers) % cycle, 1)
        found = np.zeros(len(starts), np.bool_)
        off = np.diff(starts) - periods * self.period_ns
        found[1:] = np.abs(off) > share * self.period_ns
        return found


def _off_line(rows: Numbers) -> Samples:
    """Return what is off the straight line through each row, shape (m, n)."""
    values = rows - rows.mean(axis=1, keepdims=True)
    x = np.arange(rows.shape[1]) - (rows.shape[1] - 1) / 2
    slopes = values @ x / np.sum(np.square(x))
    off: Samples = values - slopes[:, None] * x
    return off
