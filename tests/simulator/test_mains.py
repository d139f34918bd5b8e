"""The phase of the mains is the integral of the frequency that the other ports show."""

from dataclasses import replace
from datetime import UTC, datetime

from bench.core.clock import SECOND
from bench.simulator.mains import TURN, Mains
from bench.simulator.metering_system import MeteringSystem
from bench.simulator.presets import household

START = datetime(2026, 1, 15, 9, tzinfo=UTC)


def system_of(start=START):
    return MeteringSystem(10, start, household("be", 10))


def test_the_phase_adds_up_the_frequency_of_each_second():
    system = system_of()
    mains = Mains(system)
    sum_mhz = sum(system.at(one * SECOND).power.frequency_mhz for one in range(500))
    assert mains.at(500 * SECOND).phase == sum_mhz * SECOND
    assert 490 * 50 < mains.at(500 * SECOND).phase / TURN < 510 * 50


def test_stretches_follow_the_seconds_of_the_clock():
    mains = Mains(system_of(START.replace(microsecond=250_000)))
    first = mains.at(0)
    assert (first.start, first.end) == (0, 750_000_000)
    second = mains.at(first.end)
    assert (second.start, second.end) == (first.end, first.end + SECOND)
    assert second.phase == first.phase_at(first.end)
    assert mains.at(first.end - 1) is first


def test_setting_the_clock_does_not_move_the_phase():
    system = system_of()
    mains = Mains(system)
    before = mains.at(10 * SECOND + 400_000_000)
    phase = before.phase_at(10 * SECOND + 400_000_000)
    system.set_clock(datetime(2026, 7, 1, 12, 0, 0, 100_000, UTC), 10 * SECOND + 400_000_000)
    after = mains.at(10 * SECOND + 400_000_000)
    assert after.phase == phase
    assert after.start == 10 * SECOND + 400_000_000
    assert after.end == after.start + 900_000_000
    assert after.power == system.at(after.start).power


def test_the_power_that_a_port_sees_can_be_altered():
    seconds = []

    def seen(power, second):
        seconds.append(second)
        return replace(power, frequency_mhz=60_000)

    mains = Mains(system_of(), seen)
    assert mains.at(2 * SECOND).phase == 120 * TURN
    assert seconds == [0, 1, 2]


def test_the_past_is_kept_for_a_while():
    mains = Mains(system_of())
    mains.at(1000 * SECOND)
    assert mains.at(990 * SECOND).start == 990 * SECOND
    assert mains.at(0).start > 0
