"""When a profile captures by itself: every quarter hour, hour, local day or month."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import Enum

from bench.simulator.metering_system import MeteringSystem


class Slots(Enum):
    """The instants of a profile; the value is its capture_period in seconds, 0: by a schedule."""

    QUARTERS = 900
    HOURS = 3600
    DAYS = 86_400
    MONTHS = 0

    def after(self, system: MeteringSystem, unix_s: int) -> int:
        """Return the first slot after `unix_s`."""
        period_s: int = self.value
        if self in (Slots.QUARTERS, Slots.HOURS):
            return (unix_s // period_s + 1) * period_s
        day = self._first(system, unix_s)
        if self is Slots.MONTHS:
            day = (day + timedelta(days=31)).replace(day=1)
        else:
            day += timedelta(days=1)
        return int(day.timestamp())

    def until(self, system: MeteringSystem, unix_s: int) -> int:
        """Return the last slot not after `unix_s`."""
        period_s: int = self.value
        if self in (Slots.QUARTERS, Slots.HOURS):
            return unix_s // period_s * period_s
        return int(self._first(system, unix_s).timestamp())

    def before(self, system: MeteringSystem, unix_s: int) -> Iterator[int]:
        """Yield the slots not after `unix_s`, the last one first."""
        slot = self.until(system, unix_s)
        while True:
            yield slot
            slot = self.until(system, slot - 1)

    def _first(self, system: MeteringSystem, unix_s: int) -> datetime:
        day = system.local(unix_s)[0].replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
        return day.replace(day=1) if self is Slots.MONTHS else day
