"""The household's truth as the objects see it: read at one instant, as often as they like."""

from collections.abc import Callable
from datetime import datetime

from bench.simulator.cosem.access import Asker
from bench.simulator.metering_system import MeteringSystem
from bench.simulator.reading import Reading

SECOND = 1_000_000_000


class Truth:
    """A metering system; the reading of the last instant asked for is kept."""

    __slots__ = ("_now", "_reading", "system")

    def __init__(self, system: MeteringSystem) -> None:
        self.system = system
        self._now = -1
        self._reading: Reading | None = None
        system.watch_clock(self._forget)

    def at(self, now: int) -> Reading:
        """Return the reading at `now`; what a case changes by hand may be that of before."""
        if self._reading is None or self._now != now:
            self._reading, self._now = self.system.at(now), now
        return self._reading

    def _forget(self, _now: int, _before_s: int, _after_s: int) -> None:
        self._reading = None


class Moment:
    """One instant, and who asks at it (None: the meter itself)."""

    __slots__ = ("_reading", "asker", "now", "truth")

    def __init__(
        self, truth: Truth, now: int, asker: Asker | None = None, reading: Reading | None = None
    ) -> None:
        self.truth = truth
        self.now = now
        self.asker = asker
        self._reading = reading

    @property
    def system(self) -> MeteringSystem:
        """The metering system."""
        return self.truth.system

    @property
    def reading(self) -> Reading:
        """The truth at this instant."""
        return self.truth.at(self.now) if self._reading is None else self._reading

    @property
    def unix_s(self) -> int:
        """The meter's time in Unix seconds."""
        return self.system.unix_s(self.now)


ClockListener = Callable[[int, int, int], None]
"""Called before the clock is set: the instant, and Unix seconds before and after."""

Local = tuple[datetime, bool]
"""Local time, and whether it is summer time."""
