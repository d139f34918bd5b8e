"""Deviations of daylight saving: DLMS-OBJ-14."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bench.protocols.dlms.data_types import Data, octet_string
from bench.protocols.dlms.date_time import DateTime
from bench.protocols.dlms.results import DataAccessResult
from bench.simulator.cosem.object import Attribute, CosemObject
from bench.simulator.cosem.truth import Moment
from bench.simulator.faults.fault import Fault, Variation
from bench.simulator.faults.wan_edit import wan_fault
from bench.simulator.faults.wan_objects_edit import each, ignored, never, octets_at, shows, takes

_CLOCK = "IEC-62056-6-2:4.5.1"
_TIME = "0-0:1.0.0"
_STATUS = 11
_SUMMER = 0x80


def _always_winter_zone(data: Data) -> Data:
    """Show the deviation of winter, and the local time that goes with it."""
    shown = DateTime.of(data.value)
    utc = shown.utc()
    if utc is None or shown.deviation_min == -60:
        return data
    local = utc + timedelta(minutes=60)
    time = replace(shown.time, hour=local.hour)
    return octet_string(replace(shown, time=time, deviation_min=-60).encode())


def _always_summer(data: Data) -> Data:
    """Set the summer time bit in the months of summer, whatever is switched on."""
    status = data.value[_STATUS] | (_SUMMER if data.value[2] in range(4, 11) else 0)
    return octets_at(data, slice(_STATUS, None), bytes((status,)))


def _in_summer(before: Attribute, moment: Moment, data: Data) -> DataAccessResult:
    """Refuse a time of summer."""
    assert before.write is not None
    if data.value[_STATUS] == _SUMMER:
        return DataAccessResult.OTHER_REASON
    return before.write(moment, data)


def _not_off(before: Attribute, moment: Moment, data: Data) -> DataAccessResult:
    """Refuse to switch daylight saving off."""
    assert before.write is not None
    return before.write(moment, data) if data.value else DataAccessResult.OTHER_REASON


def _with_the_hands(before: Attribute, moment: Moment, data: Data) -> DataAccessResult:
    """Switch daylight saving and keep what the clock shows, so that its instant moves."""
    assert before.write is not None
    was_on = before.read(moment).value
    result = before.write(moment, data)
    moved = timedelta(hours=was_on - data.value)
    if moved:
        moment.system.set_clock(datetime.fromtimestamp(moment.unix_s, UTC) + moved, moment.now)
    return result


def _once(one: CosemObject) -> None:
    """Refuse the first attempt to switch daylight saving on after it was switched off."""
    attribute = one.attributes[8]
    before, refusals = attribute.write, [True]
    assert before is not None

    def write(moment: Moment, data: Data) -> DataAccessResult:
        if data.value and not attribute.read(moment).value and refusals:
            refusals.clear()
            return DataAccessResult.TEMPORARY_FAILURE
        return before(moment, data)

    attribute.write = write


FAULTS: tuple[Fault, ...] = (
    wan_fault(
        "dst-flag",
        "never shows that it is summer time",
        _CLOCK,
        ("DLMS-OBJ-14:on-status", "DLMS-OBJ-14:on-again-status"),
    ),
    wan_fault(
        "dst-deviation-fixed",
        "shows the deviation of winter in summer, too",
        _CLOCK,
        ("DLMS-OBJ-14:on-deviation", "DLMS-OBJ-14:on-again-deviation"),
        shows(8, _TIME, 2, _always_winter_zone),
    ),
    wan_fault(
        "dst-always",
        "shows summer time in summer although it is switched off",
        _CLOCK,
        ("DLMS-OBJ-14:off-status",),
        shows(8, _TIME, 2, _always_summer),
    ),
    wan_fault(
        "dst-switch-ignored",
        "says that daylight saving was switched, and leaves it",
        _CLOCK,
        ("DLMS-OBJ-14:off-status", "DLMS-OBJ-14:off-deviation"),
        takes(8, _TIME, 8, ignored),
    ),
    wan_fault(
        "dst-time-refused",
        "refuses to be set to a time of summer",
        _CLOCK,
        ("DLMS-OBJ-14:set",),
        takes(8, _TIME, 2, _in_summer),
    ),
    wan_fault(
        "dst-switch-off-refused",
        "lets nobody switch daylight saving off",
        _CLOCK,
        ("DLMS-OBJ-14:switch-off",),
        takes(8, _TIME, 8, _not_off),
    ),
    wan_fault(
        "dst-switch-on-again-refused",
        "does not switch daylight saving on again at the first attempt",
        _CLOCK,
        ("DLMS-OBJ-14:switch-on-again",),
        each(8, _once, _TIME),
    ),
    wan_fault(
        "dst-switch-moves-instant",
        "goes on with the hands where they are when daylight saving is switched",
        _CLOCK,
        ("DLMS-OBJ-14:instant",),
        takes(8, _TIME, 8, _with_the_hands),
    ),
    wan_fault(
        "dst-switch-refused",
        "lets nobody switch daylight saving, and declares otherwise",
        _CLOCK,
        ("DLMS-OBJ-14:switch-on",),
        takes(8, _TIME, 8, never),
    ),
)

VARIATIONS: tuple[Variation, ...] = ()
