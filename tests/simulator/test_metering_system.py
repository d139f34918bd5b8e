from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.core.errors import UsageError
from bench.simulator.household import Household, Tariffs
from bench.simulator.load import LoadModel
from bench.simulator.metering_system import MeteringSystem, Systems
from bench.simulator.presets import household
from bench.simulator.registers import Quantity

SECOND = 1_000_000_000
START = datetime(2026, 1, 15, 9, 0, tzinfo=UTC)


@pytest.fixture
def system():
    return MeteringSystem(7, START, household("nl", 7))


def test_the_same_seed_and_start_give_the_same_reading():
    one, other = (MeteringSystem(7, START, household("nl", 7)) for _ in range(2))
    assert one.at(100 * SECOND) == other.at(100 * SECOND)
    assert one.at(100 * SECOND) != MeteringSystem(8, START, household("nl", 7)).at(100 * SECOND)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 2_000 * SECOND), min_size=2, max_size=6))
def test_the_order_of_asking_does_not_matter(instants):
    system = MeteringSystem(3, START, household("be", 3))
    found = {instant: system.at(instant) for instant in instants}
    fresh = MeteringSystem(3, START, household("be", 3))
    assert found == {instant: fresh.at(instant) for instant in sorted(instants)}


def test_energy_is_the_integral_of_power(system):
    first = system.at(0)
    readings = [system.at(second * SECOND) for second in range(901)]
    imported = sum(max(r.power.active_mw, 0) for r in readings[:-1])
    exported = sum(max(-r.power.active_mw, 0) for r in readings[:-1])
    last = readings[-1]
    for quantity, expected in ((Quantity.IMPORT, imported), (Quantity.EXPORT, exported)):
        counted = sum(
            last.energy_mj[key] - first.energy_mj[key]
            for key in first.energy_mj
            if key[0] is quantity
        )
        assert counted == expected
    assert imported > 0


def test_energy_goes_on_within_a_second(system):
    before, half, after = (system.at(round(s * SECOND)) for s in (10, 10.5, 11))
    key = (Quantity.IMPORT if before.power.active_mw > 0 else Quantity.EXPORT, before.tariff)
    assert half.energy_mj[key] - before.energy_mj[key] == abs(before.power.active_mw) // 2
    assert after.energy_mj[key] - before.energy_mj[key] == abs(before.power.active_mw)


def test_registers_never_decrease(system):
    readings = [system.at(second * SECOND) for second in range(0, 7200, 60)]
    for before, after in pairwise(readings):
        assert all(after.energy_mj[key] >= before.energy_mj[key] for key in before.energy_mj)


def test_voltage_times_current_covers_the_power_of_each_phase():
    load = LoadModel(7, 3)
    start = int(START.timestamp())
    for second in range(start, start + 86_400, 307):
        for phase in load.power(second).phases:
            assert phase.voltage_mv * phase.current_ma >= abs(phase.active_mw) * 1000
            assert 207_000 <= phase.voltage_mv <= 253_000  # EN 50160


def test_the_sun_feeds_in_by_day_only():
    load = LoadModel(7, 3)
    midnight = int(datetime(2026, 6, 21, tzinfo=UTC).timestamp())
    hours = {hour: load.power(midnight + hour * 3600).phases[0].active_mw for hour in range(24)}
    assert min(hours, key=lambda hour: hours[hour]) in range(9, 15)
    assert all(hours[hour] > 0 for hour in (0, 1, 22, 23))
    assert min(hours.values()) < 0


def test_only_the_register_of_the_tariff_that_counts_moves():
    # Wednesday 22:59 local time: the low tariff starts at 23:00
    system = MeteringSystem(7, datetime(2026, 1, 14, 21, 59, tzinfo=UTC), household("nl", 7))
    start, change, end = (system.at(s * SECOND) for s in (0, 60, 120))
    assert (start.tariff, change.tariff) == (2, 1)
    imported = [r.energy_mj for r in (start, change, end)]
    moved = [
        [tariff for tariff in (1, 2) if b[Quantity.IMPORT, tariff] > a[Quantity.IMPORT, tariff]]
        for a, b in pairwise(imported)
    ]
    assert moved == [[2], [1]]


def test_the_weekend_is_off_peak():
    assert Tariffs().at(datetime(2026, 1, 17, 12)) == 1  # a Saturday
    assert Tariffs().at(datetime(2026, 1, 16, 12)) == 2


def test_the_clock_leaps_over_the_missing_hour_and_repeats_the_other():
    spring = MeteringSystem(1, datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC), household("nl", 1))
    shown = [(f"{r.local:%H%M%S}", r.summer) for r in (spring.at(0), spring.at(SECOND))]
    assert shown == [("015959", False), ("030000", True)]
    autumn = MeteringSystem(1, datetime(2026, 10, 25, 0, 59, 59, tzinfo=UTC), household("nl", 1))
    shown = [(f"{r.local:%H%M%S}", r.summer) for r in (autumn.at(0), autumn.at(SECOND))]
    assert shown == [("025959", True), ("020000", False)]


def test_swedish_meters_keep_winter_time():
    system = MeteringSystem(1, datetime(2026, 7, 1, 12, tzinfo=UTC), household("se", 1))
    reading = system.at(0)
    assert (reading.local.hour, reading.summer) == (13, False)


def test_a_sub_meter_is_captured_every_five_minutes(system):
    readings = [system.at(second * SECOND) for second in (0, 299, 300, 599, 600)]
    captures = [reading.capture(1, 300) for reading in readings]
    start = int(START.timestamp())
    assert [capture.at_s - start for capture in captures] == [0, 0, 300, 300, 600]
    assert captures[0] == captures[1]
    later = [system.at(hours * 3600 * SECOND).capture(1, 3600) for hours in range(4)]
    assert [capture.at_s - start for capture in later] == [0, 3600, 7200, 10800]
    assert later[-1].ml > later[0].ml


def test_the_quarter_with_the_highest_mean_is_the_peak_of_the_month():
    system = MeteringSystem(7, START, household("be", 7))
    before = system.at(0)
    after = system.at(3 * 3600 * SECOND)
    assert after.peak.mw >= before.peak.mw
    quarter = [system.at(s * SECOND).power.active_mw for s in range(900)]
    almost = system.at(899 * SECOND)
    assert almost.demand_mw == sum(max(mw, 0) for mw in quarter[:-1]) // 900
    assert system.at(900 * SECOND).demand_mw == 0


def test_a_new_month_starts_a_new_peak():
    system = MeteringSystem(7, datetime(2026, 1, 31, 22, 59, 50, tzinfo=UTC), household("be", 7))
    before, after = system.at(0), system.at(20 * SECOND)
    assert after.peaks[:-1] == before.peaks[1:]
    assert len(after.peaks) == len(after.month_ends) == 13
    assert after.peaks[-1] == before.peak
    local, _ = system.local(after.month_ends[-1])
    assert f"{local:%m-%d %H:%M}" == "02-01 00:00"


def test_a_start_without_zone_is_refused():
    with pytest.raises(UsageError, match="no zone"):
        MeteringSystem(1, datetime(2026, 1, 1))


def test_there_is_no_time_before_the_start(system):
    with pytest.raises(UsageError, match="before its start"):
        system.at(-1)


def test_what_a_case_sets_shows_in_the_system(system):
    system.limiter_kw = Decimal("3.5")
    system.clock_offset_s = -3600
    assert system.at(0).utc == START - timedelta(hours=1)


def test_ports_with_equal_households_share_one_system():
    systems = Systems()
    one = systems.get(7, "2026-01-15T10:00:00", household("nl", 7))
    assert systems.get(7, "2026-01-15T10:00:00+01:00", household("nl", 7)) is one
    assert systems.get(8, "2026-01-15T10:00:00", household("nl", 8)) is not one
    assert one.start == START


def test_a_bad_start_says_what_to_write():
    with pytest.raises(UsageError, match="2026-01-15T10:00:00"):
        Systems().get(7, "yesterday", Household())


def test_unknown_households_and_phases_are_refused():
    with pytest.raises(UsageError, match="known: at, be"):
        household("mars", 1)
    with pytest.raises(UsageError, match="not 4"):
        replace(Household(), phases=4)
