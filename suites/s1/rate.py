"""How many sample sets came a second, against what the telegrams say and against the clock."""

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from bench.core.clock import SECOND, VirtualClock
from bench.core.measurement import Measurement
from bench.core.verdict import Reason
from bench.engine.context import CaseContext, Inconclusive
from suites.s1.capture import Capture, Numbers, Samples

PPM = 1e6
HOST_CLOCK = 50e-6  # by which the clock of a host may be off: a quartz that is steered
_FREQUENCY_FIELD = 0.5e-3 / 50  # half of the last digit of the frequency field, as a share
_STRETCH_S = 1.0
_FEWEST = 100  # frames that make a rate
_FREQUENCY, _INFO = "mains_frequency", "info"


@dataclass(frozen=True)
class Pace:
    """The frames of a capture against the clock of the link.

    `stamp_s` is the uncertainty (k = 2) of one arrival, `clock` that of the host's clock, as a
    share.
    """

    capture: Capture
    stamp_s: float = 0.0
    clock: float = 0.0

    @classmethod
    def of(cls, capture: Capture, context: CaseContext) -> "Pace":
        """Return the pace of what came over the link of a case.

        Inconclusive (SHORT) where there are too few frames, or no time went by.
        """
        link = context.link
        clock = 0.0 if isinstance(link.clock, VirtualClock) else HOST_CLOCK
        found = cls(capture, link.timing_uncertainty_s, clock)
        if len(capture.sequence) < _FEWEST or not found.span_s > 0:
            raise Inconclusive(
                Reason.SHORT,
                f"{len(capture.sequence)} frames in {capture.seconds:.3g} s are too few for a rate",
            )
        return found

    # -- when frames were on the line

    @cached_property
    def ticks(self) -> tuple[Numbers, Samples]:
        """Complete frames by row, and when they began on the line in s; one for each chunk.

        A chunk arrives with its last octet, whose place within its frame is known.
        """
        capture = self.capture
        offsets = capture.offsets[capture.complete]
        ends, arrivals = capture.chunk_ends
        rows = np.searchsorted(offsets, ends, side="left").astype(np.int64) - 1
        kept = np.diff(rows, prepend=-1) > 0  # of chunks without a frame nothing is known
        rows = rows[kept]
        heard = np.minimum(ends[kept] - offsets[rows], capture.profile.frame_octets)
        character_s = 10 / capture.profile.line_rate_bps
        return rows, (arrivals[kept] - capture.started_ns) / SECOND - heard * character_s

    @property
    def span_s(self) -> float:
        """From the first frame whose instant is known to the last one."""
        instants = self.ticks[1]
        return float(instants[-1] - instants[0]) if len(instants) else 0.0

    @property
    def count(self) -> int:
        """How many frames came in that time."""
        rows = self.ticks[0]
        return int(rows[-1] - rows[0])

    def measured(self) -> Measurement:
        """Return how many good frames came a second, by the first and the last of them."""
        rate = self.count / self.span_s
        ends = 2 * math.sqrt(2) * self.scatter_s / self.span_s
        return Measurement(rate, rate * (ends + self.clock), "Hz")

    # -- against what the frames say

    @property
    def rates_hz(self) -> Samples:
        """The rate that each complete frame announces; nan where no rule of the edition fits."""
        return self.capture.derived(_rates_hz)

    @cached_property
    def _due(self) -> Samples:
        """When each complete frame is due by what those before it announce, in s."""
        steps = 1 / self.rates_hz
        due: Samples = np.cumsum(steps) - steps
        return due

    @property
    def due_s(self) -> float:
        """How long the frames of `span_s` take by what they announce."""
        rows = self.ticks[0]
        return float(self._due[rows[-1]] - self._due[rows[0]])

    @property
    def announced_hz(self) -> float:
        """The mean rate that these frames announce."""
        return self.count / self.due_s

    @cached_property
    def _slope(self) -> float:
        """The slope of the straight line of instants over what is due."""
        rows, instants = self.ticks
        spread = self._due[rows] - float(np.mean(self._due[rows]))
        late = instants - float(np.mean(instants))
        return float(np.sum(spread * late) / np.sum(np.square(spread)))

    def _stretches(self, width_s: float) -> tuple[Numbers, list[Samples]]:
        """Return the first tick of each stretch, and how late its frames are, in s.

        Late is what is off the pace that most of the stream keeps: a single jump does not tilt it.
        """
        rows, instants = self.ticks
        due = self._due[rows]
        numbers = ((instants - instants[0]) / width_s).astype(np.int64)
        firsts = np.flatnonzero(np.diff(numbers, prepend=-1)).astype(np.int64)
        counts = np.diff(firsts, append=len(rows))
        middles = [np.add.reduceat(one, firsts) / counts for one in (instants, due)]
        slopes = np.diff(middles[0]) / np.diff(middles[1])
        late = instants - (float(np.median(slopes)) if len(slopes) else self._slope) * due
        bounds = [*firsts.tolist(), len(rows)]
        return firsts, [late[first:end] for first, end in pairwise(bounds)]

    @cached_property
    def scatter_s(self) -> float:
        """How unevenly frames are delivered and stamped: standard deviation of an instant."""
        within = [float(np.std(late)) for late in self._stretches(_STRETCH_S)[1]]
        return float(np.hypot(np.median(within), self.stamp_s / 2))

    def off_announced(self) -> Measurement:
        """Return by how much the rate is above the announced one, in ppm.

        By a straight line through all instants, of which those of a second are taken to be wrong
        together.
        """
        stretches = len(self._stretches(_STRETCH_S)[0])
        slope = 2 * math.sqrt(12 / stretches) * self.scatter_s / self.span_s
        field = _FREQUENCY_FIELD if self.capture.flag("per_period").any() else 0.0
        off = 1 / self._slope - 1
        return Measurement(off * PPM, (slope + field + self.clock) * PPM, "ppm")

    def jumps(self, width_s: float = _STRETCH_S) -> tuple[Numbers, Samples]:
        """Return where one stretch of `width_s` follows another, and by how many frames it jumps.

        A jump is how far the medians of neighbouring stretches are apart, positive where frames are
        missing; it comes with the first row of the later stretch. Uneven delivery that recovers is
        none.
        """
        firsts, late = self._stretches(width_s)
        medians = [float(np.median(one)) for one in late]
        return self.ticks[0][firsts[1:]], np.diff(medians) * self.announced_hz

    def most_ahead_s(self) -> float:
        """Return by how much frames came earlier than sampled, counted from the first one."""
        rows, instants = self.ticks
        ahead = self._due[rows] - self._due[rows[0]] - (instants - instants[0])
        return float(np.max(ahead))


def _rates_hz(capture: Capture) -> Samples:
    profile = capture.profile
    info, rate, frequency = (
        capture.number(name) for name in (_INFO, profile.rate_field, _FREQUENCY)
    )
    keys = info << 32 | (rate & 0xFFFF) << 16 | frequency
    _, rows, places = np.unique(keys, return_index=True, return_inverse=True)
    scale = float(profile.fields[_FREQUENCY].scale)
    hertz = [
        profile.rate_hz(
            int(rate[row]),
            profile.flags({_INFO: int(info[row])}),
            {_FREQUENCY: float(frequency[row]) * scale},
        )
        or np.nan
        for row in rows.tolist()
    ]
    found: Samples = np.array(hertz, np.float64)[places.reshape(-1)]
    return found
