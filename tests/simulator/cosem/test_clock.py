from datetime import UTC, datetime, timedelta

import pytest

from bench.protocols.dlms.data_types import (
    Data,
    DataType,
    boolean,
    integer,
    long,
    octet_string,
    structure,
)
from bench.protocols.dlms.date_time import Date, DateTime, Time
from bench.simulator.cosem.access import Asker
from bench.simulator.cosem.device import LogicalDevice

CLOCK = (8, "0-0:1.0.0")
SUMMER = datetime(2026, 7, 1, 10, 0, tzinfo=UTC)
OTHER_REASON, TYPE_UNMATCHED, DENIED = 250, 12, 3


def at(
    text: str, deviation: int | None = -60, status: int | None = 0, day_of_week: int | None = None
) -> Data:
    moment = datetime.fromisoformat(text)
    date = Date(moment.year, moment.month, moment.day, day_of_week)
    time = Time(moment.hour, moment.minute, moment.second, None)
    return octet_string(DateTime(date, time, deviation, status).encode())


def shown(meter) -> DateTime:
    return DateTime.of(meter.get(*CLOCK))


def test_time_deviation_status_and_zone_belong_together(make):
    for start, deviation, status in ((None, -60, 0), (SUMMER, -120, 0x80)):
        meter = make() if start is None else make(start=start)
        time = shown(meter)
        assert time.deviation_min == deviation
        assert time.status == status == meter.get(*CLOCK, 4)
        assert meter.get(*CLOCK, 3) == -60
        summer = meter.get(*CLOCK, 7) if status else 0
        assert time.deviation_min == meter.get(*CLOCK, 3) - summer
        assert not time.faults()
        assert time.utc() == meter.device.system.at(0).utc


def test_the_clock_goes(meter):
    first = shown(meter).utc()
    meter.now = 10_000_000_000
    assert shown(meter).utc() - first == timedelta(seconds=10)


def test_a_time_that_is_set_is_that_of_all_ports(meter):
    assert meter.set(*CLOCK, 2, at("2027-03-04T05:06:07")) == 0
    assert shown(meter).utc() == datetime(2027, 3, 4, 4, 6, 7, tzinfo=UTC)
    meter.now = 5_000_000_000
    assert meter.device.system.at(meter.now).utc == datetime(2027, 3, 4, 4, 6, 12, tzinfo=UTC)


def test_without_deviation_the_time_is_local(meter):
    assert meter.set(*CLOCK, 2, at("2026-07-04T05:06:07", None, None)) == 0
    assert shown(meter).utc() == datetime(2026, 7, 4, 3, 6, 7, tzinfo=UTC)


def test_another_deviation_is_computed_with(meter):
    assert meter.set(*CLOCK, 2, at("2026-02-04T05:06:07", 0)) == 0
    assert shown(meter).utc() == datetime(2026, 2, 4, 5, 6, 7, tzinfo=UTC)
    assert shown(meter).deviation_min == -60


GARBAGE = [
    (Date(2026, 2, 31), Time(1, 2, 3), -60),
    (Date(2026, 1, 31), Time(25, 2, 3), -60),
    (Date(2026, 13, 1), Time(5, 2, 3), -60),
    (Date(2026, 1, 1), Time(5, 60, 3), -60),
    (Date(2026, 1, 1, 1), Time(5, 6, 3), -60),  # a Thursday
    (Date(None, 1, 1), Time(5, 6, 3), -60),
    (Date(2026, 1, None), Time(5, 6, 3), None),
    (Date(2026, 1, 1), Time(None, 6, 3), -60),
    (Date(1899, 1, 1), Time(5, 6, 3), -60),
    (Date(2026, 1, 1), Time(5, 6, 3), 900),
]


@pytest.mark.parametrize(("date", "time", "deviation"), GARBAGE)
def test_what_no_clock_shows_is_refused(make, date, time, deviation):
    meter = make()
    before = meter.get(*CLOCK)
    data = octet_string(DateTime(date, time, deviation, 0).encode())
    assert meter.set(*CLOCK, 2, data) == OTHER_REASON
    assert meter.get(*CLOCK) == before


def test_a_clock_that_takes_garbage_takes_it(make):
    meter = make("clock-accepts-garbage")
    data = octet_string(DateTime(Date(2026, 2, 31), Time(25, 0, 0), -60, 0).encode())
    assert meter.set(*CLOCK, 2, data) == 0
    assert shown(meter).date.month == 2


@pytest.mark.parametrize("data", [octet_string(bytes(11)), integer(1), Data(DataType.DATE, None)])
def test_what_is_no_date_time_is_of_another_type(meter, data):
    assert meter.set(*CLOCK, 2, data) == TYPE_UNMATCHED


def test_daylight_saving_moves_deviation_and_status_of_all_ports(make):
    meter = make(start=SUMMER)
    assert meter.get(*CLOCK, 8) is True
    assert meter.set(*CLOCK, 8, boolean(False)) == 0
    assert (shown(meter).deviation_min, shown(meter).status) == (-60, 0)
    assert meter.get(*CLOCK, 4) == 0
    assert not meter.device.system.at(1).summer
    assert shown(meter).utc() == SUMMER
    assert meter.set(*CLOCK, 8, boolean(True)) == 0
    assert (shown(meter).deviation_min, shown(meter).status) == (-120, 0x80)


def test_the_time_is_adjusted_shifted_and_preset(meter):
    assert meter.action(*CLOCK, 6, long(-13)) == 0
    assert shown(meter).utc() == datetime(2026, 1, 15, 9, 7, 0, tzinfo=UTC)
    assert meter.action(*CLOCK, 6, long(901)) == OTHER_REASON
    assert meter.action(*CLOCK, 6, long(40)) == 0
    assert meter.action(*CLOCK, 3, integer(0)) == 0
    assert shown(meter).utc() == datetime(2026, 1, 15, 9, 8, 0, tzinfo=UTC)
    assert meter.action(*CLOCK, 1, integer(0)) == 0
    assert shown(meter).utc() == datetime(2026, 1, 15, 9, 15, 0, tzinfo=UTC)
    times = [at(text) for text in ("2026-01-15T11:00", "2026-01-15T10:00", "2026-01-15T12:00")]
    assert meter.action(*CLOCK, 4, integer(0)) == OTHER_REASON
    assert meter.action(*CLOCK, 5, structure(*times)) == 0
    assert meter.action(*CLOCK, 4, integer(0)) == 0
    assert shown(meter).utc() == datetime(2026, 1, 15, 10, 0, tzinfo=UTC)


def test_a_broken_clock_differs(make):
    assert len(make("clock-format").get(*CLOCK)) == 11
    drifting = make("clock-drift")
    first = shown(drifting).utc()
    drifting.now = 10_000_000_000
    assert shown(drifting).utc() - first == timedelta(seconds=13)
    unflagged = make("dst-flag", start=SUMMER)
    assert (shown(unflagged).status, unflagged.get(*CLOCK, 4)) == (0, 0)
    assert make("wrong-type").raw(*CLOCK, 3).type == DataType.DOUBLE_LONG


def test_setting_the_clock_is_noted(meter):
    before = len(meter.get(7, "0-0:99.98.0"))
    meter.set(*CLOCK, 2, at("2026-01-15T10:10:00"))
    rows = meter.get(7, "0-0:99.98.0")
    assert [code for _, code in rows[before:]] == [4, 5]
    assert DateTime.of(rows[-1][0]).utc() == datetime(2026, 1, 15, 9, 10, tzinfo=UTC)


def test_setting_the_clock_is_denied_to_readers(meter):
    name = meter.name(*CLOCK)
    for association in ("public", "lls", "hls6"):
        asker = Asker(association, 0)
        assert meter.device.set(asker, 8, name, 2, None, at("2026-01-15T10:10:00")) == DENIED
    broken = LogicalDevice(meter.device.system, meter.device.objects, frozenset({"public-write"}))
    asker = Asker("public", 0)
    assert broken.set(asker, 8, name, 2, None, at("2026-01-15T10:10:00")) == 0
