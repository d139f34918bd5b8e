"""The guard-band rule: what a measured value says about its limits."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bench.core.check import Outcome
from bench.core.measurement import Limits, Measurement, judge_measurement

numbers = st.integers(-10_000, 10_000).map(lambda n: n / 8)  # exact in binary, so that sums are
widths = st.integers(0, 10_000).map(lambda n: n / 8)


def outcome(value, u, low=None, high=None):
    return judge_measurement(Measurement(value, u, "s"), Limits(low, high))


@pytest.mark.parametrize(
    ("value", "u", "expected"),
    [
        (9.0, 0.5, Outcome.MET),
        (9.5, 0.5, Outcome.MET),  # touching the limit is inside
        (9.6, 0.5, Outcome.UNDECIDED),
        (10.5, 0.5, Outcome.UNDECIDED),
        (10.6, 0.5, Outcome.MISSED),
        (10.0, 0.0, Outcome.MET),
    ],
)
def test_a_value_near_an_upper_limit(value, u, expected):
    assert outcome(value, u, high=10.0) is expected
    assert outcome(-value, u, low=-10.0) is expected


def test_an_uncertainty_wider_than_the_interval_decides_nothing_inside():
    assert outcome(5.0, 6.0, low=0.0, high=10.0) is Outcome.UNDECIDED
    assert outcome(20.0, 6.0, low=0.0, high=10.0) is Outcome.MISSED


def test_no_limit_is_always_kept():
    assert outcome(1e9, 5.0) is Outcome.MET


def test_the_sign_of_an_uncertainty_says_nothing():
    assert outcome(9.8, -0.5, high=10.0) is outcome(9.8, 0.5, high=10.0)


@given(numbers, st.none() | numbers, st.none() | numbers)
def test_without_uncertainty_nothing_is_undecided(value, low, high):
    assert outcome(value, 0.0, low, high) is not Outcome.UNDECIDED


@given(numbers, widths, numbers, widths)
def test_the_rule_is_symmetric(value, u, low, width):
    high = low + width
    assert outcome(value, u, low, high) is outcome(-value, u, -high, -low)


@given(numbers, widths, widths, numbers, widths)
def test_more_uncertainty_never_decides_more(value, u, more, low, width):
    first, second = (outcome(value, x, low, low + width) for x in (u, u + more))
    assert second in (first, Outcome.UNDECIDED)


@given(numbers, widths, numbers, widths)
def test_inside_is_never_missed_and_outside_never_met(value, u, low, width):
    inside = low <= value <= low + width
    assume(u > 0)
    found = outcome(value, u, low, low + width)
    assert found is not (Outcome.MISSED if inside else Outcome.MET)


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (Limits(), "any"),
        (Limits(high=10.0), "<= 10"),
        (Limits(low=0.5), ">= 0.5"),
        (Limits(0.0, 2.5), "0 .. 2.5"),
    ],
)
def test_limits_are_written_as_people_write_them(limits, words):
    assert str(limits) == words
