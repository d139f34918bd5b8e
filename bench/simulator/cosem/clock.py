"""Class 8, clock: the one clock of the meter, which P1 shows, too (IEC 62056-6-2)."""

from datetime import UTC, datetime, timedelta

from bench.protocols.dlms.cosem_types import LogicalName
from bench.protocols.dlms.data_types import (
    Data,
    boolean,
    double_long,
    enum,
    integer,
    long,
    octet_string,
    unsigned,
)
from bench.protocols.dlms.date_time import STATUS_DAYLIGHT_SAVING, Date, DateTime, Time
from bench.protocols.dlms.results import ActionResult, DataAccessResult
from bench.simulator.cosem import access, shape, times
from bench.simulator.cosem.access import Access, Role
from bench.simulator.cosem.object import CosemObject, Reader
from bench.simulator.cosem.truth import SECOND, Moment
from bench.simulator.metering_system import MeteringSystem

_QUARTER_S = 900
_MINUTE_S = 60
_MAX_SHIFT_S = 900
_SUMMER_MIN = 60
_INTERNAL_CRYSTAL = 1

# Last Sunday of March 02:00 and of October 03:00, local time (2000/84/EC).
_BEGIN = DateTime(Date(None, 3, 0xFE, 7), Time(2, 0, 0, 0), None, 0x00)
_END = DateTime(Date(None, 10, 0xFE, 7), Time(3, 0, 0, 0), None, STATUS_DAYLIGHT_SAVING)

_TIME_GRANTS = {**access.PUBLIC_WRITE, Role.BROADCAST: Access.WRITE}


class Clock(CosemObject):
    """The clock: setting its time moves the time axis of the metering system.

    A time that no calendar has is refused (other-reason), as is one whose date, hour or minute is
    not specified; without deviation it is local time. Methods 1 and 3 adjust to the nearest
    quarter or minute, 5 and 4 preset a time and adjust to it, 6 shifts by up to 900 s.
    """

    class_id = 8

    def __init__(self, name: LogicalName | str, system: MeteringSystem) -> None:
        super().__init__(name, public=True)
        self._preset: datetime | None = None
        self._valid: tuple[datetime, datetime] | None = None
        self._set_at = 0
        standard = standard_deviation_min(system)
        self.read(2, self._time, self._set_time, shape.DATE_TIME, grants=_TIME_GRANTS)
        self.read(3, self._zone(standard))
        self.read(4, lambda moment: unsigned(self._status(moment)))
        self.keep(5, octet_string(_BEGIN.encode()))
        self.keep(6, octet_string(_END.encode()))
        self.keep(7, integer(_SUMMER_MIN))
        self.read(8, self._enabled, self._enable, shape.BOOLEAN)
        self.keep(9, enum(_INTERNAL_CRYSTAL))
        self.method(1, lambda moment, _data: self._adjust(moment, _QUARTER_S), shape.INTEGER)
        self.method(2, lambda moment, _data: self._adjust(moment, _QUARTER_S), shape.INTEGER)
        self.method(3, lambda moment, _data: self._adjust(moment, _MINUTE_S), shape.INTEGER)
        self.method(4, self._adjust_to_preset, shape.INTEGER)
        preset = shape.structure_of(shape.DATE_TIME, shape.DATE_TIME, shape.DATE_TIME)
        self.method(5, self._preset_time, preset)
        self.method(6, self._shift, shape.LONG, grants=access.BY_ALL)

    # -- what it shows

    def _time(self, moment: Moment) -> Data:
        system = moment.system
        unix_s = moment.unix_s + system.clock_offset_s
        if "clock-drift" in self.breaks:
            unix_s += (moment.now - self._set_at) * 3 // 10 // SECOND
        octets = times.at(system, unix_s)
        if "dst-flag" in self.breaks:
            octets = octets[:11] + b"\x00"
        if "clock-format" in self.breaks:
            octets = octets[:11]
        return octet_string(octets)

    def _status(self, moment: Moment) -> int:
        summer = moment.system.local(moment.unix_s)[1]
        return STATUS_DAYLIGHT_SAVING if summer and "dst-flag" not in self.breaks else 0

    def _zone(self, standard_min: int) -> Reader:
        def read(_moment: Moment) -> Data:
            if "wrong-type" in self.breaks:
                return double_long(standard_min)
            return long(standard_min)

        return read

    def _enabled(self, moment: Moment) -> Data:
        return boolean(moment.system.household.daylight_saving)

    # -- what is done to it

    def _set_time(self, moment: Moment, data: Data) -> DataAccessResult:
        given = times.given(data)
        if given is None:
            return DataAccessResult.TYPE_UNMATCHED
        utc = times.instant(moment.system, given)
        if utc is None and "clock-accepts-garbage" in self.breaks:
            utc = times.instant(moment.system, _possible(given))
        if utc is None:
            return DataAccessResult.OTHER_REASON
        self._move(moment, utc)
        return DataAccessResult.SUCCESS

    def _enable(self, moment: Moment, data: Data) -> DataAccessResult:
        moment.system.observe_daylight_saving(bool(data.value))
        return DataAccessResult.SUCCESS

    def _adjust(self, moment: Moment, step_s: int) -> ActionResult:
        nearest_s = (moment.unix_s + step_s // 2) // step_s * step_s
        self._move(moment, datetime.fromtimestamp(nearest_s, UTC))
        return ActionResult.SUCCESS

    def _preset_time(self, moment: Moment, data: Data) -> ActionResult:
        instants = []
        for item in data.value:
            given = times.given(item)
            utc = None if given is None else times.instant(moment.system, given)
            if utc is None:
                return ActionResult.OTHER_REASON
            instants.append(utc)
        self._preset, self._valid = instants[0], (instants[1], instants[2])
        return ActionResult.SUCCESS

    def _adjust_to_preset(self, moment: Moment, _data: Data) -> ActionResult:
        now = datetime.fromtimestamp(moment.unix_s, UTC)
        if self._preset is None or self._valid is None:
            return ActionResult.OTHER_REASON
        if not self._valid[0] <= now <= self._valid[1]:
            return ActionResult.OTHER_REASON
        self._move(moment, self._preset)
        self._preset = None
        return ActionResult.SUCCESS

    def _shift(self, moment: Moment, data: Data) -> ActionResult:
        if abs(data.value) > _MAX_SHIFT_S:
            return ActionResult.OTHER_REASON
        now = datetime.fromtimestamp(moment.unix_s, UTC)
        self._move(moment, now + timedelta(seconds=data.value))
        return ActionResult.SUCCESS

    def _move(self, moment: Moment, utc: datetime) -> None:
        self._set_at = moment.now
        moment.system.set_clock(utc, moment.now)


def standard_deviation_min(system: MeteringSystem) -> int:
    """Return what is added to the meter's normal time to give UTC, in minutes."""
    winter = datetime(2026, 1, 1, 12, tzinfo=UTC).astimezone(system.household.tzinfo)
    offset = winter.utcoffset() or timedelta(0)
    return -int(offset.total_seconds()) // 60


def _possible(given: DateTime) -> DateTime:
    """Return the nearest time that a calendar has, for a clock that takes all there is."""
    date, time = given.date, given.time
    return DateTime(
        Date(date.year, min(date.month or 1, 12), min(date.day or 1, 28), None),
        Time((time.hour or 0) % 24, (time.minute or 0) % 60, (time.second or 0) % 60, None),
        None,
        None,
    )
