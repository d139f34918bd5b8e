"""Class 22, single action schedule: runs a script at the times that are given (IEC 62056-6-2)."""

from calendar import monthrange
from datetime import date, datetime, timedelta

from bench.protocols.dlms.cosem_types import LogicalName
from bench.protocols.dlms.data_types import (
    Data,
    array,
    enum,
    long_unsigned,
    octet_string,
    structure,
)
from bench.protocols.dlms.date_time import LAST_DAY, SECOND_LAST_DAY, Date, Time
from bench.protocols.dlms.results import DataAccessResult
from bench.simulator.cosem import shape
from bench.simulator.cosem.object import CosemObject
from bench.simulator.cosem.scripts import run_script
from bench.simulator.cosem.truth import Moment, Truth

_TIMES = shape.array_of(shape.structure_of(shape.octets(4), shape.octets(5)))
_KINDS = shape.enum_of(1, 2, 3, 4, 5)
_AHEAD_DAYS = 400


class SingleActionSchedule(CosemObject):
    """2 executed_script, 3 type, 4 execution_time: array of {time, date}.

    `execution` are the octets of time and date; an open field of the date means any, an open field
    of the time zero. `runs` False: what the schedule says is done by another object.
    """

    class_id = 22

    def __init__(
        self,
        name: LogicalName | str,
        truth: Truth,
        table: LogicalName,
        selector: int = 1,
        execution: tuple[tuple[bytes, bytes], ...] = (),
        *,
        runs: bool = True,
    ) -> None:
        super().__init__(name)
        self._truth = truth
        self._runs = runs
        due = [structure(octet_string(time), octet_string(day)) for time, day in execution]
        self._times = array(*due)
        self._due: int | None = None
        script = structure(octet_string(table.octets), long_unsigned(selector))
        self.keep(2, script, shape.SCRIPT, writable=True)
        self.keep(3, enum(1), _KINDS, writable=True)
        self.read(4, lambda _moment: self._times, self._plan, _TIMES, limit=16)
        truth.system.watch_clock(lambda now, _before_s, after_s: self._look(now, after_s))

    def _plan(self, moment: Moment, data: Data) -> DataAccessResult:
        for time, day in (entry.value.values for entry in data.value):
            if Time.of(time).faults() or Date.of(day).faults():
                return DataAccessResult.OTHER_REASON
        self._times = data
        self._look(moment.now, moment.unix_s)
        return DataAccessResult.SUCCESS

    def due(self) -> int | None:
        """Return when the script runs next."""
        return self._due

    def tick(self, moment: Moment) -> None:
        """Run the script if its time has come."""
        if self._due is not None and moment.now >= self._due:
            self._look(moment.now, moment.unix_s)
            run_script(self, moment, self.value(2, moment))

    def _look(self, now: int, unix_s: int) -> None:
        """Find the next time after `unix_s`, which the clock shows at `now`."""
        self._due = None
        if self._runs and self._times.value:
            found = [at for entry in self._times.value if (at := self._next(entry, unix_s))]
            if found:
                self._due = now + (min(found) - unix_s) * 1_000_000_000

    def _next(self, entry: Data, unix_s: int) -> int | None:
        time, day = Time.of(entry.value[0].value), Date.of(entry.value[1].value)
        system = self._truth.system
        today = system.local(unix_s)[0].date()
        for ahead in range(_AHEAD_DAYS):
            one = today + timedelta(days=ahead)
            if not _matches(day, one):
                continue
            local = datetime(
                one.year,
                one.month,
                one.day,
                time.hour or 0,
                time.minute or 0,
                time.second or 0,
                tzinfo=system.household.tzinfo,
            )
            at_s = int(local.timestamp())
            if at_s > unix_s:
                return at_s
        return None


def _matches(wanted: Date, day: date) -> bool:
    left = monthrange(day.year, day.month)[1] - day.day
    of_month = {None: True, LAST_DAY: left == 0, SECOND_LAST_DAY: left == 1}
    return (
        wanted.year in (None, day.year)
        and wanted.month in (None, day.month)
        and of_month.get(wanted.day, wanted.day == day.day)
        and wanted.day_of_week in (None, day.isoweekday())
    )
