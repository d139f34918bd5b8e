"""Dates and times with open fields: octets, faults and the instant that is meant."""

from datetime import UTC, datetime

import pytest

from bench.core.errors import UsageError
from bench.protocols.dlms.date_time import Date, DateTime, Time


def test_open_fields_are_none():
    # 1 June 2018, day of week open, 00:03:00, hundredths open, daylight saving time.
    value = DateTime.of(bytes.fromhex("07e20601ff000300ffff8880"))
    assert value == DateTime(Date(2018, 6, 1), Time(0, 3, 0), -120, 0x80)
    assert value.faults() == ()
    assert value.utc() == datetime(2018, 5, 31, 22, 3, tzinfo=UTC)
    assert value.utc(deviation_sign=-1) == datetime(2018, 6, 1, 2, 3, tzinfo=UTC)
    assert str(value) == "2018-06-01 00:03:00 deviation -120 min status 80"


def test_all_open():
    octets = bytes.fromhex("ffffffffffffffffff8000ff")
    assert DateTime.of(octets) == DateTime()
    assert DateTime().encode() == octets
    assert DateTime().faults() == ()
    assert DateTime().utc() is None
    assert str(DateTime()) == "????-??-?? ??:??:??"


def test_special_months_and_days_are_no_fault():
    # Last Sunday in the month in which daylight saving begins, every year.
    value = Date.of(bytes.fromhex("fffffefe07"))
    assert value == Date(None, 0xFE, 0xFE, 7)
    assert value.faults() == ()


@pytest.mark.parametrize(
    ("date", "faults"),
    [
        (Date(2024, 2, 29), []),
        (Date(2025, 2, 29), [3]),
        (Date(None, 2, 29), []),
        (Date(None, 2, 30), [3]),
        (Date(2025, 4, 31), [3]),
        (Date(2025, 0, 1), [2]),
        (Date(2025, 1, 0), [3]),
        (Date(2025, 13, 32, 0), [2, 3, 4]),
        (Date(2025, 11, 21, 5), []),
        (Date(2025, 11, 21, 6), [4]),
        (Date(0, 2, 29), []),
        (Date(10_000, 1, 1, 3), []),
    ],
)
def test_faults_of_dates(date, faults):
    assert [fault.offset for fault in date.faults()] == faults
    assert Date.of(date.encode()) == date


def test_faults_keep_what_was_sent():
    octets = bytes.fromhex("07e90201ff 193c3c64 0349 00".replace(" ", ""))
    value = DateTime.of(octets)
    assert [fault.offset for fault in value.faults()] == [5, 6, 7, 8, 9]
    assert value.encode() == octets
    assert value.utc() is None


def test_utc_beyond_the_calendar_is_none():
    value = DateTime(Date(9999, 12, 31), Time(23, 59), 720)
    assert value.utc() is None


@pytest.mark.parametrize(("kind", "size"), [(Date, 5), (Time, 4), (DateTime, 12)])
def test_misuse(kind, size):
    with pytest.raises(UsageError, match=f"{size} octets, not 3"):
        kind.of(b"123")
    with pytest.raises(UsageError, match="no encoding"):
        Time(256).encode()
