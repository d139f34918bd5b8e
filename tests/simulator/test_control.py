from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from bench.core.errors import UsageError
from bench.simulator.control import control
from bench.simulator.metering_system import MeteringSystem
from bench.simulator.presets import household
from bench.simulator.registers import Quantity

SECOND = 1_000_000_000
START = datetime(2026, 1, 15, 9, 0, tzinfo=UTC)


@pytest.fixture
def system():
    return MeteringSystem(7, START, household("be", 7))


def test_a_text_stays_until_it_is_cleared(system):
    for octets in (b"", b"a", b"x" * 1023, b"\xff" * 1024, b""):
        control(system, "text", {"octets": octets}, 0)
        assert system.at(5 * SECOND).text == octets


def test_outages_are_logged_and_counted_and_the_last_is_just_over(system):
    before = system.at(10 * SECOND)
    control(system, "outages", {"count": 12, "seconds": 300}, 10 * SECOND)
    after = system.at(10 * SECOND)
    assert after.failures[: len(before.failures)] == before.failures
    added = after.failures[len(before.failures) :]
    assert [one.duration_s for one in added] == [300] * 12
    assert added[-1].ended == after.utc
    for earlier, later in pairwise(added):
        assert later.ended - earlier.ended > timedelta(seconds=300)
    control(system, "outages", {"count": 0, "seconds": 300}, 10 * SECOND)
    assert system.at(11 * SECOND).failures == after.failures


def test_the_clock_shows_what_it_is_set_to_and_goes_on(system):
    now = 10 * SECOND + SECOND // 2
    leap = datetime(2028, 2, 28, 22, 59, 58, tzinfo=UTC)
    control(system, "clock", {"utc": leap}, now)
    assert system.at(now).utc == leap
    assert system.at(now + SECOND - 1).utc == leap
    assert f"{system.at(now + 2 * SECOND).local:%m-%d %H:%M:%S}" == "02-29 00:00:00"
    with pytest.raises(UsageError, match="before its clock was set"):
        system.at(now - 1)


def test_setting_the_clock_takes_nothing_from_the_counters(system):
    now = 700 * SECOND + SECOND // 3
    before = system.at(now)
    for years in (-3, 9):
        control(system, "clock", {"utc": START + timedelta(days=365 * years)}, now)
        after = system.at(now)
        assert all(after.energy_mj[key] >= mj for key, mj in before.energy_mj.items())
        assert all(after.captures[key].ml >= old.ml for key, old in before.captures.items())
        assert len(after.failures) == len(before.failures)


def test_what_the_meter_remembers_belongs_to_the_date_that_its_clock_shows(system):
    target = datetime(2030, 6, 2, 13, 7, 11, tzinfo=UTC)
    age = system.at(0).utc - system.failures[0].ended
    control(system, "clock", {"utc": target}, 0)
    reading = system.at(0)
    assert {capture.at_s for capture in reading.captures.values()} == {
        int(target.timestamp()) // period * period for period in (300, 3600)
    }
    assert (reading.local.year, reading.local.month) == (2030, 6)
    assert f"{system.local(reading.month_ends[-1])[0]:%Y-%m-%d %H:%M}" == "2030-06-01 00:00"
    assert reading.peak.at_s <= int(target.timestamp())
    assert reading.utc - reading.failures[0].ended == age


def test_the_clock_can_be_set_again_and_back(system):
    control(system, "clock", {"utc": datetime(2026, 7, 1, tzinfo=UTC)}, 10 * SECOND)
    system.at(30 * SECOND)
    control(system, "clock", {"utc": START + timedelta(seconds=40)}, 40 * SECOND)
    fresh = MeteringSystem(7, START, household("be", 7))
    one, other = system.at(50 * SECOND), fresh.at(50 * SECOND)
    assert (one.utc, one.power, one.failures) == (other.utc, other.power, other.failures)


@pytest.mark.parametrize("watts", [2500, 0, -4000, 0.5])
def test_a_held_load_is_what_the_meter_measures_and_counts(system, watts):
    control(system, "load", {"watts": watts}, 10 * SECOND + 1)
    first, last = system.at(11 * SECOND), system.at(311 * SECOND)
    assert {system.at(s * SECOND).power.active_mw for s in range(11, 300)} == {round(watts * 1000)}
    imported, exported = (
        sum(mj - first.energy_mj[key] for key, mj in last.energy_mj.items() if key[0] is quantity)
        for quantity in (Quantity.IMPORT, Quantity.EXPORT)
    )
    assert (imported, exported) == (max(watts, 0) * 300_000, max(-watts, 0) * 300_000)


def test_a_load_is_held_until_it_is_let_go(system):
    plain = MeteringSystem(7, START, household("be", 7))
    control(system, "load", {"watts": 1000}, 10 * SECOND)
    control(system, "clock", {"utc": datetime(2026, 5, 1, tzinfo=UTC)}, 20 * SECOND)
    assert system.at(30 * SECOND).power.active_mw == 1_000_000
    control(system, "clock", {"utc": START + timedelta(seconds=40)}, 40 * SECOND)
    control(system, "load", {"watts": None}, 40 * SECOND)
    assert system.at(40 * SECOND).power.active_mw == 1_000_000
    assert system.at(41 * SECOND).power == plain.at(41 * SECOND).power


def test_a_load_holds_whatever_was_asked_before(system):
    system.at(1000 * SECOND)
    early = system.at(400 * SECOND)
    control(system, "load", {"watts": 1000}, 400 * SECOND)
    assert system.at(400 * SECOND) == early
    assert system.at(401 * SECOND).power.active_mw == 1_000_000
    grown = system.at(1401 * SECOND).energy_wh(Quantity.IMPORT)
    assert grown - system.at(401 * SECOND).energy_wh(Quantity.IMPORT) in (277, 278)


@pytest.mark.parametrize(
    ("action", "values", "message"),
    [
        ("explode", {}, "known: activate, clock"),
        ("text", {}, "takes octets=, not none"),
        ("deactivate", {"now": 1}, "takes no values, not now"),
        ("outages", {"count": 1}, "takes count= and seconds=, not count"),
        ("outages", {"count": -1, "seconds": 300}, "cannot be logged"),
        ("clock", {"utc": datetime(2026, 1, 1)}, "no zone"),
        ("load", {"watts": 1e9}, "none of a household"),
    ],
)
def test_what_cannot_be_done_is_refused(system, action, values, message):
    with pytest.raises(UsageError, match=message):
        control(system, action, values, 0)


def test_listeners_hear_of_changes_only(system):
    heard = []
    system.watch_activation(heard.append)
    for instant, action in enumerate(("activate", "deactivate", "deactivate", "activate")):
        control(system, action, {}, instant)
    assert heard == [1, 3]
    assert system.active
