"""What can be said of two clocks that were read one after the other."""

from datetime import UTC, datetime, time, timedelta

import pytest

from bench.core.check import Place
from suites.system.clocks import ClockShown, ahead_of
from suites.system.test_clock import Change, _apart, _gone_back, _same_season
from suites.system.test_tariff import Change as TariffChange
from suites.system.test_tariff import TariffShown, _next

SECOND = 1_000_000_000
SPRING = datetime(2026, 3, 29, 1, tzinfo=UTC)


def shown(after_s, offset_min=60, summer=False, at_s=None, lasts_s=0.0, port="P1"):
    begin = round((after_s if at_s is None else at_s) * SECOND)
    utc = SPRING + timedelta(seconds=after_s)
    until = begin + round(lasts_s * SECOND)
    return ClockShown(port, utc, offset_min, summer, 1.0, begin, until, Place(0))


def test_a_clock_that_cuts_fractions_is_ahead_by_what_fits_all_readings():
    true_ahead = SPRING.timestamp() + 0.4
    readings = [shown(int(at_s + 0.4), at_s=at_s) for at_s in (0.0, 0.3, 0.7, 1.5)]
    middle, u = ahead_of(readings)
    assert abs(middle - true_ahead) <= u < 0.5


def test_a_reading_that_takes_long_says_less():
    _, quick = ahead_of([shown(0)])
    _, slow = ahead_of([shown(0, lasts_s=2.0)])
    assert (quick, slow) == (pytest.approx(0.5), pytest.approx(1.5))


@pytest.mark.parametrize(
    ("offset_min", "summer", "alike"),
    [(60, False, True), (120, True, False), (60, True, False), (None, None, True)],
)
def test_seasons_are_compared_as_far_as_they_are_told(offset_min, summer, alike):
    assert _same_season(shown(0), shown(0, offset_min, summer)) is alike


def sequence(change_s, port="P1", until_s=6):
    return [
        shown(s, 120, True, port=port) if s >= change_s else shown(s, port=port)
        for s in range(-5, until_s)
    ]


def test_ports_that_change_together_are_not_apart():
    assert not _apart({"p1": sequence(0), "wan": sequence(0, "COSEM")}, "spring")
    assert not _apart({"p1": sequence(99), "wan": sequence(99, "COSEM")}, "spring")


@pytest.mark.parametrize("late_s", [3, 99])
def test_a_port_that_changes_late_or_never_is_told(late_s):
    (found,) = _apart({"p1": sequence(0), "wan": sequence(late_s, "COSEM")}, "spring")
    assert "p1 changes between" in found.expected
    assert found.observed.startswith("wan changes")


def test_changes_that_were_seen_coarsely_may_be_one():
    fine = Change(shown(-1), shown(0, 120, True))
    coarse = Change(shown(-8), shown(2, 120, True))
    assert fine.may_be(coarse)
    assert not fine.may_be(Change(shown(5), shown(6, 120, True)))


def test_time_that_goes_back_is_told():
    forward = sequence(0)
    assert not _gone_back({"p1": forward})
    (found,) = _gone_back({"p1": [forward[0], forward[3], forward[2]]})
    assert "or later" in found.expected


def test_switching_times_are_those_of_a_wednesday_to_come():
    after = datetime(2026, 1, 13, 12, tzinfo=UTC)  # a Tuesday
    found = list(_next([time(7), time(22)], after, "Europe/Brussels"))
    assert found == [datetime(2026, 1, 21, 6, tzinfo=UTC), datetime(2026, 1, 21, 21, tzinfo=UTC)]
    summer = next(_next([time(7)], datetime(2026, 7, 1, tzinfo=UTC), "Europe/Brussels"))
    assert (summer.hour, summer.weekday()) == (5, 2)


def test_how_far_two_tariff_changes_are_apart():
    def change(begin_s, end_s):
        first = TariffShown(1, begin_s * SECOND, begin_s * SECOND, Place(0))
        return TariffChange(first, TariffShown(2, end_s * SECOND, end_s * SECOND, Place(0)))

    assert change(0, 2).distance_s(change(1, 3)) == 0
    assert change(0, 2).distance_s(change(7, 8)) == change(7, 8).distance_s(change(0, 2)) == 5
