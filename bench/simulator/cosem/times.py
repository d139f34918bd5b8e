"""Date-times as the meter writes and reads them: local time with deviation and clock status."""

import struct
from datetime import UTC, datetime, timedelta

from bench.protocols.dlms.data_types import Data, DataType, octet_string
from bench.protocols.dlms.date_time import STATUS_DAYLIGHT_SAVING, DateTime
from bench.simulator.metering_system import MeteringSystem

OPEN = b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x80\x00\xff"
"""A date-time of which nothing is specified."""
YEARS = range(2000, 2100)
"""Years that the meter's calendar knows."""

_DATE_TIME = struct.Struct(">HBBBBBBBhB")


def date_time(local: datetime, *, summer: bool) -> bytes:
    """Return the twelve octets of an aware local time; hundredths are not specified.

    The deviation is what is added to local time to give UTC, in minutes (IEC 62056-6-2 §4.1.6.1).
    """
    offset = local.utcoffset() or timedelta(0)
    return _DATE_TIME.pack(
        local.year,
        local.month,
        local.day,
        local.isoweekday(),
        local.hour,
        local.minute,
        local.second,
        0xFF,
        -int(offset.total_seconds()) // 60,
        STATUS_DAYLIGHT_SAVING if summer else 0,
    )


def at(system: MeteringSystem, unix_s: int) -> bytes:
    """Return the date-time that the meter's clock shows at `unix_s`."""
    local, summer = system.local(unix_s)
    return date_time(local, summer=summer)


def stamp(system: MeteringSystem, unix_s: int) -> Data:
    """Return the date-time at `unix_s` as the octet-string that attributes hold."""
    return octet_string(at(system, unix_s))


def given(data: Data) -> DateTime | None:
    """Return the date-time in an octet-string of twelve octets, or in a date-time; else None."""
    if data.type == DataType.DATE_TIME and isinstance(data.value, DateTime):
        return data.value
    if data.type == DataType.OCTET_STRING and len(data.value) == 12:
        return DateTime.of(data.value)
    return None


def instant(system: MeteringSystem, given: DateTime) -> datetime | None:
    """Return the instant that is meant; None for what no calendar has, or is not specified enough.

    Without deviation it is the meter's local time. Open seconds count as zero.
    """
    if given.faults() or given.date.year is None or given.date.year not in YEARS:
        return None
    if given.deviation_min is not None:
        return given.utc()
    date, time = given.date, given.time
    if None in (date.month, date.day, time.hour, time.minute):
        return None
    if max(date.month or 0, date.day or 0) >= 0xFD:
        return None
    summer = given.status is None or bool(given.status & STATUS_DAYLIGHT_SAVING)
    local = datetime(
        date.year or 0,
        date.month or 0,
        date.day or 0,
        time.hour or 0,
        time.minute or 0,
        time.second or 0,
        (time.hundredths or 0) * 10_000,
        system.household.tzinfo,
        fold=0 if summer else 1,
    )
    return local.astimezone(UTC)
