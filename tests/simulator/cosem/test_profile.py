from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from bench.protocols.dlms.cosem_types import CLOCK_COLUMN, SelectiveAccess, entry_access
from bench.protocols.dlms.cosem_types import range_access as by_range
from bench.protocols.dlms.data import decode_data, encode_data
from bench.protocols.dlms.data_types import (
    double_long_unsigned,
    integer,
    long_unsigned,
    octet_string,
    structure,
)
from bench.protocols.dlms.date_time import DateTime
from bench.simulator.cosem.profile import column

LOAD, DAILY, MONTHLY = (7, "1-0:99.1.0"), (7, "1-0:99.2.0"), (7, "0-0:98.1.0")
HOUR, MINUTE = 3600 * 10**9, 60 * 10**9
OTHER_REASON, TYPE_UNMATCHED, SCOPE = 250, 12, 13
CLEAR = integer(0)


def stamps(rows) -> list[datetime]:
    return [DateTime.of(row[0]).utc() for row in rows]


@pytest.mark.parametrize("name", [LOAD, DAILY, MONTHLY, (7, "0-1:24.3.0"), (7, "0-0:99.98.0")])
def test_rows_are_as_wide_as_the_columns_and_no_more_than_there_is_room(meter, name):
    meter.now = 3 * HOUR
    rows = meter.get(*name)
    columns = meter.get(*name, 3)
    assert rows
    assert all(len(row) == len(columns) for row in rows)
    assert meter.get(*name, 7) == len(rows) <= meter.get(*name, 8)
    assert meter.get(*name, 5) == 1
    assert stamps(rows) == sorted(stamps(rows))


def test_the_load_profile_has_each_quarter_once(meter):
    meter.now = 5 * HOUR
    rows = meter.get(*LOAD)
    assert len(rows) == 96 + 20
    times = stamps(rows)
    assert times[-1] == datetime(2026, 1, 15, 14, 0, tzinfo=UTC)
    assert {later - earlier for earlier, later in pairwise(times)} == {timedelta(minutes=15)}


@pytest.mark.parametrize("preset", ["nl", "be", "lu", "se"])
def test_the_average_of_a_quarter_is_what_the_register_rose_by(make, preset):
    meter = make(preset=preset)
    meter.now = 2 * HOUR
    for before, row in pairwise(meter.get(*LOAD)):
        energy, again = row[2] - before[2], row[3] - before[3]
        assert energy >= 0
        assert again >= 0
        assert abs(energy * 4 - row[4]) <= 5


def test_rows_are_what_the_registers_showed(meter):
    meter.now = HOUR
    rows = meter.get(*LOAD)
    meter.now = 53 * MINUTE - 13 * 10**9  # 10:00:00 UTC
    row = next(row for row in rows if row[0] == meter.get(8, "0-0:1.0.0"))
    assert row[2] == meter.get(3, "1-0:1.8.0")
    assert row[3] == meter.get(3, "1-0:2.8.0")
    assert row[4] == meter.get(5, "1-0:1.4.0", 3)


def test_days_and_months_end_at_local_midnight(meter):
    for name, count in ((DAILY, 31), (MONTHLY, 13)):
        rows = meter.get(*name)
        assert len(rows) == count
        for row in rows:
            time = DateTime.of(row[0]).time
            assert (time.hour, time.minute, time.second) == (0, 0, 0)
    assert {DateTime.of(row[0]).date.day for row in meter.get(*MONTHLY)} == {1}


def test_profiles_agree_on_what_was_counted_at_midnight(meter):
    daily = {row[0]: row for row in meter.get(*DAILY)}
    load = {row[0]: row for row in meter.get(*LOAD)}
    both = daily.keys() & load.keys()
    assert both
    for time in both:
        assert abs(sum(daily[time][2:4]) - load[time][2]) <= 1
    monthly = {row[0]: row for row in meter.get(*MONTHLY)}
    for time in daily.keys() & monthly.keys():
        assert daily[time][2:6] == monthly[time][1:5]


@pytest.mark.parametrize("start", [datetime(2026, m, 3, 22, 50, tzinfo=UTC) for m in (4, 11)])
def test_registers_never_fall_over_a_change_of_summer_time(make, start):
    meter = make(start=start)
    for name in (LOAD, DAILY, MONTHLY):
        for before, row in pairwise(meter.get(*name)):
            assert all(old <= new for old, new in zip(before[2:4], row[2:4], strict=True))


def test_a_range_has_both_its_ends(meter):
    rows = meter.get(*LOAD)
    first, last = octet_string(rows[10][0]), octet_string(rows[20][0])
    assert meter.get(*LOAD, 2, by_range(first, last)) == rows[10:21]
    assert meter.get(*LOAD, 2, by_range(first, first)) == rows[10:11]
    assert meter.get(*LOAD, 2, by_range(last, first)) == ()


def test_a_range_may_be_wider_than_the_buffer_or_empty(meter):
    rows = meter.get(*LOAD)

    def at(text: str):
        moment = DateTime.of(meter.get(8, "0-0:1.0.0"))
        date = datetime.fromisoformat(text)
        octets = bytearray(moment.encode())
        octets[0:5] = date.year.to_bytes(2, "big") + bytes((date.month, date.day, 0xFF))
        octets[5:12] = bytes((date.hour, date.minute, 0, 0xFF)) + b"\x80\x00\xff"
        return octet_string(bytes(octets))

    assert meter.get(*LOAD, 2, by_range(at("2000-01-01"), at("2099-01-01"))) == rows
    assert meter.get(*LOAD, 2, by_range(at("2025-01-01"), at("2025-01-02"))) == ()
    quarter = by_range(at("2026-01-15T09:15"), at("2026-01-15T09:45"))
    assert len(meter.get(*LOAD, 2, quarter)) == 3


def test_selected_columns_alone_are_given(meter):
    rows = meter.get(*LOAD)
    first, last = octet_string(rows[3][0]), octet_string(rows[5][0])
    columns = (CLOCK_COLUMN, column(3, "1-0:2.8.0"))
    got = meter.get(*LOAD, 2, by_range(first, last, columns))
    assert got == tuple((row[0], row[3]) for row in rows[3:6])
    unknown = by_range(first, last, (column(3, "1-0:9.9.9"),))
    assert meter.raw(*LOAD, 2, unknown) == OTHER_REASON


def test_a_range_of_numbers_is_one_of_values(meter):
    rows = meter.get(*LOAD)
    energy = column(3, "1-0:1.8.0")
    low, high = double_long_unsigned(rows[4][2]), double_long_unsigned(rows[6][2])
    got = meter.get(*LOAD, 2, by_range(low, high, by=energy))
    assert got == tuple(row for row in rows if rows[4][2] <= row[2] <= rows[6][2])


@pytest.mark.parametrize(
    ("entries", "part"),
    [
        ((1, 0), slice(None)),
        ((1, 1), slice(0, 1)),
        ((5, 7), slice(4, 7)),
        ((90, 500), slice(89, None)),
        ((500, 0), slice(0, 0)),
        ((7, 5), slice(0, 0)),
    ],
)
def test_entries_are_numbered_from_one(meter, entries, part):
    rows = meter.get(*LOAD)
    assert meter.get(*LOAD, 2, entry_access(*entries)) == rows[part]


def test_entries_may_be_of_some_columns(meter):
    rows = meter.get(*LOAD)
    assert meter.get(*LOAD, 2, entry_access(2, 3, 2, 3)) == tuple(row[1:3] for row in rows[1:3])
    assert meter.get(*LOAD, 2, entry_access(2, 3, 4, 0)) == tuple(row[3:] for row in rows[1:3])
    assert meter.raw(*LOAD, 2, entry_access(0, 1)) == OTHER_REASON
    assert meter.raw(*LOAD, 2, entry_access(1, 1, 9, 0)) == OTHER_REASON


def test_what_is_no_selection_is_refused(meter):
    assert meter.raw(*LOAD, 2, SelectiveAccess(1, integer(0))) == TYPE_UNMATCHED
    assert meter.raw(*LOAD, 2, SelectiveAccess(2, structure(integer(0)))) == TYPE_UNMATCHED
    assert meter.raw(*LOAD, 2, SelectiveAccess(3, integer(0))) == SCOPE
    wrong = by_range(long_unsigned(1), long_unsigned(2))
    assert meter.raw(*LOAD, 2, wrong) == TYPE_UNMATCHED


def test_capture_adds_a_row_and_reset_leaves_none(meter):
    meter.now = MINUTE
    before = len(meter.get(*LOAD))
    assert meter.action(*LOAD, 2, CLEAR) == 0
    rows = meter.get(*LOAD)
    assert len(rows) == before + 1
    assert rows[-1][0] == meter.get(8, "0-0:1.0.0")
    assert meter.action(*LOAD, 1, CLEAR) == 0
    assert meter.get(*LOAD) == ()
    assert meter.get(*LOAD, 7) == 0
    meter.now = HOUR
    assert len(meter.get(*LOAD)) == 4


def test_the_oldest_row_goes_when_there_is_no_room(meter):
    meter.now = 40 * HOUR
    rows = meter.get(*LOAD)
    assert len(rows) == 192
    assert stamps(rows)[-1] == datetime(2026, 1, 17, 1, 0, tzinfo=UTC)


def test_the_clock_that_is_set_leaves_the_rows_and_marks_the_next_one(meter):
    meter.now = 10 * MINUTE
    before = meter.get(*LOAD)
    back = meter.device.system.at(meter.now).utc - timedelta(days=3)
    meter.device.system.set_clock(back, meter.now)
    assert meter.get(*LOAD) == before
    meter.now += 15 * MINUTE
    rows = meter.get(*LOAD)
    assert rows[: len(before)] == before
    assert len(rows) == len(before) + 1
    assert rows[-1][1] == 0x20
    meter.now += 15 * MINUTE
    assert meter.get(*LOAD)[-1][1] == 0


def test_rows_are_kept_that_were_due_before_the_clock_was_set(meter):
    meter.now = HOUR
    meter.device.system.set_clock(datetime(2026, 6, 1, 12, 1, tzinfo=UTC), meter.now)
    assert len(meter.get(*LOAD)) == 96 + 4
    assert len(meter.get(*DAILY)) == 31


def test_a_broken_profile_differs(make):
    rows = make().get(*LOAD)
    first, last = octet_string(rows[10][0]), octet_string(rows[20][0])
    whole = by_range(first, last)
    assert make("range-exclusive").get(*LOAD, 2, whole) == rows[11:20]
    assert make("range-ignored").get(*LOAD, 2, whole) == rows
    assert make("entry-0-based").get(*LOAD, 2, entry_access(1, 5)) == rows[1:5]
    columns = by_range(first, last, (CLOCK_COLUMN,))
    assert make("selvalues-ignored").get(*LOAD, 2, columns) == rows[10:21]
    assert all(len(row) == 4 for row in make("row-width").get(*LOAD))
    late = make("capture-time-off").get(*LOAD)
    assert all(DateTime.of(row[0]).time.second == 7 for row in late)


def test_a_buffer_decodes_to_what_it_was(meter):
    data = meter.raw(*LOAD)
    assert decode_data(encode_data(data)).value.to_python() == data.to_python()


def test_a_failure_log_cannot_be_added_to_but_cleared(meter):
    log = (7, "1-0:99.97.0")
    assert len(meter.get(*log)) == 2
    assert meter.action(*log, 2, CLEAR) == OTHER_REASON
    assert meter.action(*log, 1, CLEAR) == 0
    assert meter.get(*log) == ()
    meter.now = HOUR
    meter.device.system.add_outages(1, 200, meter.now)
    assert [row[1] for row in meter.get(*log)] == [200]


def test_an_event_log_that_is_cleared_says_so(meter):
    log = (7, "0-0:99.98.0")
    assert meter.action(*log, 1, CLEAR) == 0
    assert [row[1] for row in meter.get(*log)] == [255]
