from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from bench.core.errors import UsageError
from bench.simulator.household import Exchange, Household, Medium, SubMeter
from bench.simulator.metering_system import MeteringSystem
from bench.simulator.presets import household
from bench.simulator.registers import Quantity

SECOND = 1_000_000_000
START = datetime(2026, 1, 15, 9, 0, tzinfo=UTC)


def system_of(name, start=START, **changes):
    return MeteringSystem(7, start, replace(household(name, 7), **changes))


def shown(system, seconds):
    """Return what the meter's clock shows, with the summer time flag."""
    readings = [system.at(round(second * SECOND)) for second in seconds]
    return [f"{r.local:%y%m%d%H%M%S}{'S' if r.summer else 'W'}" for r in readings]


@pytest.mark.parametrize(
    ("name", "start", "expected"),
    [
        ("be", (2026, 3, 29, 0, 59, 58), ["260329015958W", "260329015959W", "260329030000S"]),
        ("nl", (2026, 10, 25, 0, 59, 58), ["261025025958S", "261025025959S", "261025020000W"]),
        ("nl", (2026, 10, 25, 1, 59, 58), ["261025025958W", "261025025959W", "261025030000W"]),
        ("lu", (2028, 2, 28, 22, 59, 58), ["280228235958W", "280228235959W", "280229000000W"]),
        ("lu", (2028, 2, 29, 22, 59, 58), ["280229235958W", "280229235959W", "280301000000W"]),
        ("hu", (2026, 12, 31, 22, 59, 58), ["261231235958W", "261231235959W", "270101000000W"]),
        ("se", (2026, 3, 29, 0, 59, 58), ["260329015958W", "260329015959W", "260329020000W"]),
        ("se", (2026, 10, 25, 0, 59, 58), ["261025015958W", "261025015959W", "261025020000W"]),
        ("lt", (2026, 3, 29, 0, 59, 58), ["260329025958W", "260329025959W", "260329040000S"]),
    ],
)
def test_the_clock_goes_right_over_special_nights(name, start, expected):
    system = system_of(name, datetime(*start, tzinfo=UTC))
    assert shown(system, (0, 1, 2)) == expected
    assert shown(system, (1.999,)) == expected[1:2]


def test_a_start_within_a_second_keeps_its_fraction():
    system = system_of("nl", START.replace(microsecond=750_000))
    assert shown(system, (0, 0.2, 0.25)) == ["260115100000W", "260115100000W", "260115100001W"]
    assert system.epoch_ns == int(START.timestamp()) * SECOND + 750_000_000


def test_the_tariff_changes_on_the_hour():
    system = system_of("be", datetime(2026, 1, 16, 20, 59, 59, tzinfo=UTC))
    assert [system.at(s * SECOND).tariff for s in (0, 1)] == [1, 2]


def test_a_register_starts_where_it_is_told_to_roll_over():
    system = system_of("nl", start_wh=999_999_990, held_w=3600)
    first, last = system.at(0), system.at(60 * SECOND)
    assert first.energy_wh(Quantity.IMPORT, 2) in (999_999_990, 999_999_991)
    assert last.energy_wh(Quantity.IMPORT, 2) - first.energy_wh(Quantity.IMPORT, 2) == 60


def test_a_delta_grid_has_no_voltage_on_l2_and_only_the_sum_of_its_powers_means_something():
    delta, wye = system_of("be-delta"), system_of("be")
    for second in range(0, 7200, 300):
        power = delta.at(second * SECOND).power
        assert power.phases[1].voltage_mv == power.phases[1].active_mw == 0
        assert power.phases[0].active_mw < 0 < power.phases[2].active_mw
        assert power.active_mw == wye.at(second * SECOND).power.active_mw
        assert power.reactive_mvar == wye.at(second * SECOND).power.reactive_mvar
        for one in (power.phases[0], power.phases[2]):
            assert one.voltage_mv * one.current_ma >= abs(one.active_mw) * 1000


def test_one_phase_is_one_phase():
    assert len(system_of("nl-one-phase").at(0).power.phases) == 1
    assert len(system_of("be-one-phase").at(0).power.phases) == 1


def test_around_noon_in_summer_a_roof_full_of_panels_only_feeds_in():
    system = system_of("nl-solar", datetime(2026, 6, 21, 11, 0, tzinfo=UTC))
    first, last = system.at(0), system.at(1800 * SECOND)
    assert last.energy_wh(Quantity.IMPORT) == first.energy_wh(Quantity.IMPORT)
    assert last.energy_wh(Quantity.EXPORT) > first.energy_wh(Quantity.EXPORT) + 500
    assert last.demand_mw == 0


def test_a_device_hangs_on_each_channel():
    reading = system_of("nl-four-submeters").at(0)
    assert {sub.channel: sub.medium for sub in reading.submeters} == {
        1: Medium.GAS,
        2: Medium.WATER,
        3: Medium.HEAT,
        4: Medium.ELECTRICITY,
    }
    assert reading.submeter(3).medium is Medium.HEAT
    assert reading.submeter(5) is None


def test_volumes_of_the_sub_meters_never_go_back():
    system = system_of("nl-four-submeters")
    readings = [system.at(second * SECOND) for second in range(0, 7200, 150)]
    for channel in (1, 2, 3, 4):
        volumes = [reading.capture(channel, 300).ml for reading in readings]
        assert all(before <= after for before, after in pairwise(volumes))
        assert volumes[-1] > volumes[0]


def test_an_exchanged_sub_meter_has_no_reading_before_the_next_capture():
    new = SubMeter(1, Medium.GAS, "G0059NEW", start_ml=1_000)
    system = system_of("nl", exchanges=(Exchange(400, new),))
    before, just, later = (system.at(s * SECOND) for s in (599, 600, 900))
    assert before.submeter(1).serial != "G0059NEW"
    assert just.submeter(1).serial == later.submeter(1).serial == "G0059NEW"
    assert just.capture(1, 300) is None
    assert 1_000 <= later.capture(1, 300).ml < 200_000
    assert system.at(599 * SECOND) == before


def test_a_device_can_be_linked_on_an_empty_channel():
    water = SubMeter(3, Medium.WATER, "W1")
    system = system_of("nl", exchanges=(Exchange(300, water),))
    assert [sub.channel for sub in system.at(299 * SECOND).submeters] == [1]
    assert [sub.channel for sub in system.at(300 * SECOND).submeters] == [1, 3]


def test_a_silent_sub_meter_stays_at_its_last_reading():
    gas = SubMeter(1, Medium.GAS, "G1", start_ml=5_000, silent_s=3 * 86_400)
    system = system_of("nl", submeters=(gas,))
    start = int(START.timestamp())
    for second in (0, 3600):
        capture = system.at(second * SECOND).capture(1, 300)
        assert (capture.at_s - start, capture.ml) == (-3 * 86_400, 5_000)


def test_the_peak_of_a_month_and_of_a_quarter_are_those_of_the_held_load():
    system = system_of("be", datetime(2026, 1, 31, 22, 0, tzinfo=UTC), held_w=9_000)
    reading = system.at(3600 * SECOND)
    assert reading.peaks[-1].mw == 9_000_000
    assert reading.peaks[-1].at_s % 900 == 0
    assert reading.peak.mw == 0
    quarter_later = system.at((3600 + 900) * SECOND)
    assert (quarter_later.peak.mw, quarter_later.peaks) == (9_000_000, reading.peaks)
    assert system.at((3600 + 1350) * SECOND).demand_mw == 4_500_000


def test_an_impossible_household_is_refused():
    with pytest.raises(UsageError, match="delta grid has 3 phases"):
        Household(phases=1, delta=True)
    with pytest.raises(UsageError, match="channel 1 to 4"):
        SubMeter(5, Medium.GAS, "G")
