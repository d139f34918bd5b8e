"""How the count of frames and an announced rate drift apart over a long time."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bench.core.clock import SECOND
from bench.core.measurement import Measurement
from bench.core.verdict import Reason
from bench.engine.context import Inconclusive
from suites.s1.capture import Samples
from suites.s1.long_run import Ticks
from suites.s1.rate import PPM

_AROUND = 10  # ticks on either side of a step


@dataclass(frozen=True)
class Drift:
    """Counts of frames about every second against `rate_hz`.

    `stamp_s` is the uncertainty of one instant, `clock` that of the host's clock as a share.
    Inconclusive (SHORT) where there are fewer ticks than a step needs.
    """

    ticks: Ticks
    rate_hz: float
    stamp_s: float = 0.0
    clock: float = 0.0

    def __post_init__(self) -> None:
        if len(self.ticks.at_ns) < 2 * _AROUND:
            raise Inconclusive(Reason.SHORT, f"the stream lasted {len(self.ticks.at_ns)} s")

    @cached_property
    def _seconds(self) -> Samples:
        found: Samples = (self.ticks.at_ns - self.ticks.at_ns[0]) / SECOND
        return found

    @cached_property
    def _ahead(self) -> Samples:
        """By how many frames the count is ahead at each tick; the first is none of a second."""
        found: Samples = self.ticks.frames - self._seconds * self.rate_hz
        return found

    @cached_property
    def _trend(self) -> tuple[float, Samples]:
        """The straight line through that: frames a second, and what is off it."""
        slope, offset = np.polyfit(self._seconds, self._ahead, 1)
        return float(slope), self._ahead - offset - slope * self._seconds

    @cached_property
    def _scatter(self) -> float:
        """How far neighbouring ticks usually are apart, in frames, after the trend is taken off."""
        return float(np.median(np.abs(np.diff(self._trend[1]))))

    def slope(self) -> Measurement:
        """Return the drift in ppm of the rate, positive for too many frames."""
        span = float(self._seconds[-1])
        off = (2 * self._scatter / self.rate_hz + 2 * self.stamp_s) / span
        return Measurement(self._trend[0] / self.rate_hz * PPM, (off + self.clock) * PPM, "ppm")

    def largest_step(self) -> Measurement:
        """Return the largest step in frames: between the medians of ten seconds on either side."""
        off = self._ahead - self._usual * self._seconds
        windows = np.lib.stride_tricks.sliding_window_view(off, _AROUND)
        medians = np.median(windows, axis=1)
        steps = np.abs(medians[_AROUND:] - medians[:-_AROUND])
        uncertain = 2 * self._scatter / np.sqrt(_AROUND) + 2 * self.stamp_s * self.rate_hz
        return Measurement(float(steps.max()), float(uncertain), "frames")

    @property
    def _usual(self) -> float:
        """The slope that most of the time has: a step does not tilt it."""
        slopes = np.diff(self._ahead) / np.diff(self._seconds)
        return float(np.median(slopes))
