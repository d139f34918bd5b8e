"""Classes 6, 11 and 20: which register counts when, and the calendar that says so.

They tell the tariffs of the household. A calendar or special days that a client writes are kept and
shown; which register counts stays the household's truth.
"""

from collections.abc import Sequence

from bench.protocols.dlms.cosem_types import CaptureObject, LogicalName
from bench.protocols.dlms.data_types import (
    Data,
    DataType,
    Elements,
    array,
    long_unsigned,
    octet_string,
    structure,
    unsigned,
)
from bench.protocols.dlms.results import ActionResult, DataAccessResult
from bench.simulator.cosem import shape, times
from bench.simulator.cosem.object import CosemObject
from bench.simulator.cosem.truth import Moment
from bench.simulator.household import Tariffs

_SEASON = shape.structure_of(shape.OCTETS, shape.DATE_TIME, shape.OCTETS)
_WEEK = shape.structure_of(shape.OCTETS, *[shape.UNSIGNED] * 7)
_DAY_ACTION = shape.structure_of(shape.octets(4), shape.NAME, shape.LONG_UNSIGNED)
_DAY = shape.structure_of(shape.UNSIGNED, shape.array_of(_DAY_ACTION))
_TABLES = (
    shape.OCTETS,
    shape.array_of(_SEASON),
    shape.array_of(_WEEK),
    shape.array_of(_DAY),
)
_ACTIVE, _PASSIVE = range(2, 6), range(6, 10)
_SPECIAL_DAY = shape.structure_of(shape.LONG_UNSIGNED, shape.octets(5), shape.UNSIGNED)
_WORKING_DAY, _WEEKEND = 1, 2
_NEW_YEAR = b"\xff\xff\x01\x01\xff"
_MAX_SPECIAL_DAYS = 32


class RegisterActivation(CosemObject):
    """2 register_assignment, 3 mask_list, 4 active_mask: the mask of the tariff that counts."""

    class_id = 6

    def __init__(
        self, name: LogicalName | str, registers: Sequence[CaptureObject], tariffs: Sequence[int]
    ) -> None:
        super().__init__(name)
        assigned = [
            structure(long_unsigned(one.class_id), octet_string(one.instance.octets))
            for one in registers
        ]
        masks = []
        for tariff in tariffs:
            mine = [n for n, one in enumerate(registers, 1) if one.instance.e == tariff]
            masks.append(structure(_mask(tariff), array(*map(unsigned, mine))))
        self.keep(2, array(*assigned))
        self.keep(3, array(*masks))
        self.read(4, lambda moment: _mask(moment.reading.tariff))


def _mask(tariff: int) -> Data:
    return octet_string(b"%d" % tariff)


class ActivityCalendar(CosemObject):
    """2 to 5 active, 6 to 9 passive: name, seasons, weeks, days; 10 when the passive one starts.

    Method 1 makes the passive calendar the active one.
    """

    class_id = 20

    def __init__(self, name: LogicalName | str, tariffs: Tariffs, scripts: LogicalName) -> None:
        super().__init__(name)
        tables = _tables(tariffs, scripts)
        self._tables: dict[int, Data] = {
            **dict(zip(_ACTIVE, tables, strict=True)),
            **dict(zip(_PASSIVE, tables, strict=True)),
        }
        for number in _ACTIVE:
            self._show(number)
        for number, form in zip(_PASSIVE, _TABLES, strict=True):
            self._show(number, form)
        self.keep(10, octet_string(times.OPEN), shape.DATE_TIME, writable=True)
        self.method(1, self._activate, shape.INTEGER)

    def _show(self, number: int, form: shape.Shape | None = None) -> None:
        def write(_moment: Moment, data: Data) -> DataAccessResult:
            self._tables[number] = data
            return DataAccessResult.SUCCESS

        writer = None if form is None else write
        self.read(number, lambda _moment: self._tables[number], writer, form, limit=64)

    def _activate(self, _moment: Moment, _data: Data) -> ActionResult:
        for active, passive in zip(_ACTIVE, _PASSIVE, strict=True):
            self._tables[active] = self._tables[passive]
        return ActionResult.SUCCESS


def _tables(tariffs: Tariffs, scripts: LogicalName) -> tuple[Data, Data, Data, Data]:
    def action(hour: int, tariff: int) -> Data:
        time = octet_string(bytes((hour, 0, 0, 0)))
        return structure(time, octet_string(scripts.octets), long_unsigned(tariff))

    busy = [action(0, tariffs.off)]
    if tariffs.peak != tariffs.off:
        busy += [action(tariffs.from_hour, tariffs.peak), action(tariffs.to_hour, tariffs.off)]
    days = array(
        structure(unsigned(_WORKING_DAY), array(*busy)),
        structure(unsigned(_WEEKEND), array(action(0, tariffs.off))),
    )
    of_week = [_WORKING_DAY] * 5 + [_WEEKEND] * 2
    week = structure(octet_string(b"W1"), *map(unsigned, of_week))
    start = octet_string(b"\xff\xff\x01\x01\xff\x00\x00\x00\x00\x80\x00\xff")
    season = structure(octet_string(b"S1"), start, octet_string(b"W1"))
    return octet_string(b"BASE01"), array(season), array(week), days


class SpecialDays(CosemObject):
    """2 entries: {index, specialday_date, day_id}; 1 insert, which replaces, 2 delete."""

    class_id = 11

    def __init__(self, name: LogicalName | str) -> None:
        super().__init__(name)
        first = structure(long_unsigned(1), octet_string(_NEW_YEAR), unsigned(_WEEKEND))
        self._days: dict[int, Data] = {1: first}
        entries = shape.array_of(_SPECIAL_DAY)
        self.read(2, self._entries, self._replace, entries, limit=_MAX_SPECIAL_DAYS)
        self.method(1, self._insert, _SPECIAL_DAY)
        self.method(2, self._delete, shape.LONG_UNSIGNED)

    def _entries(self, _moment: Moment) -> Data:
        days = [self._days[index] for index in sorted(self._days)]
        return Data(DataType.ARRAY, Elements.of(days))

    def _replace(self, _moment: Moment, data: Data) -> DataAccessResult:
        self._days = {day.value[0].value: day for day in data.value}
        return DataAccessResult.SUCCESS

    def _insert(self, _moment: Moment, data: Data) -> ActionResult:
        index = data.value[0].value
        if index not in self._days and len(self._days) >= _MAX_SPECIAL_DAYS:
            return ActionResult.OTHER_REASON
        self._days[index] = data
        return ActionResult.SUCCESS

    def _delete(self, _moment: Moment, data: Data) -> ActionResult:
        if data.value not in self._days:
            return ActionResult.OTHER_REASON
        del self._days[data.value]
        return ActionResult.SUCCESS
