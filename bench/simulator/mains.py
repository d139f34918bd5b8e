"""The phase of the mains over time, second by second, and which powers there are in it.

The phase is the integral of the household's frequency from the start on. It is counted in whole
units of 1e-12 periods (mHz times ns), so that it is exact however far time has gone.
"""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass

from bench.simulator.load import Power
from bench.simulator.metering_system import MeteringSystem

TURN = 10**12  # units of one period
_KEPT = 120  # stretches of the past that can still be looked at


@dataclass(frozen=True, slots=True)
class Stretch:
    """Nanoseconds `start` to `end` (excluded) during which power and frequency are the same.

    `phase` is that at `start`, in units since the start of the system.
    """

    start: int
    end: int
    phase: int
    power: Power

    @property
    def frequency_mhz(self) -> int:
        """Frequency of the mains."""
        return self.power.frequency_mhz

    def phase_at(self, instant: int) -> int:
        """Return the phase at an instant of the stretch."""
        return self.phase + (instant - self.start) * self.frequency_mhz


class Mains:
    """The grid behind a metering system; `seen` alters the power that a port sees of it.

    Stretches are of a second of the meter's clock, or what is left of it where that is set. Time
    goes forward; some minutes of the past are kept.
    """

    def __init__(
        self, system: MeteringSystem, seen: Callable[[Power, int], Power] | None = None
    ) -> None:
        self._system = system
        self._seen = seen
        self._stretches: list[Stretch] = []
        self._count = 0
        system.watch_clock(self._clock_is_set)

    def at(self, instant: int) -> Stretch:
        """Return the stretch of an instant; of one long past, or before the start, the oldest."""
        while not self._stretches or self._stretches[-1].end <= instant:
            self._extend()
        place = bisect_right(self._stretches, instant, key=_start)
        return self._stretches[max(place - 1, 0)]

    def _extend(self) -> None:
        start = self._stretches[-1].end if self._stretches else self._system.since_ns
        phase = self._stretches[-1].phase_at(start) if self._stretches else 0
        end = self._system.instant_ns(self._system.unix_s(start) + 1)
        power = self._system.power(start)
        if self._seen is not None:
            power = self._seen(power, self._count)
        self._count += 1
        self._stretches.append(Stretch(start, end, phase, power))
        if len(self._stretches) > 2 * _KEPT:
            del self._stretches[:_KEPT]

    def _clock_is_set(self, now: int, _shown_s: int, _target_s: int) -> None:
        """Keep what was until now; what comes follows the new time."""
        self.at(now)
        kept = [one for one in self._stretches if one.start < now]
        if kept and kept[-1].end > now:
            last = kept[-1]
            kept[-1] = Stretch(last.start, now, last.phase, last.power)
        self._stretches = kept


def _start(stretch: Stretch) -> int:
    return stretch.start
