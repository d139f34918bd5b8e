"""How a case records its comparisons."""

import pytest

from bench.core.check import Deviation, Level, Outcome, Place, judge
from bench.core.measurement import Limits, Measurement
from bench.core.verdict import Reason, Verdict
from bench.engine.checks import SHOWN_DEVIATIONS, Checks


@pytest.fixture
def checks(case):
    return Checks(case(level=Level.SHOULD, clauses=("STD:6.2", "STD:7")))


def deviations(count):
    return (Deviation(Place(n), "good", f"bad {n}") for n in range(1, count + 1))


def test_clause_and_level_default_to_those_of_the_case(checks):
    checks.that("a", True, expected="1", observed="1")
    checks.that("b", True, expected="1", observed="1", clause="STD:9", level=Level.MUST)
    one, other = checks.made
    assert (one.clause, one.level) == ("STD:6.2", Level.SHOULD)
    assert (other.clause, other.level) == ("STD:9", Level.MUST)


def test_a_comparison_is_returned_and_kept_with_its_place(checks):
    assert checks.that("a", True, expected="1", observed="1", place=Place(1))
    assert not checks.that("b", False, expected="1", observed="2", place=Place(4, 7))
    good, bad = checks.made
    assert (good.outcome, good.deviations, good.deviating) == (Outcome.MET, (), 0)
    assert (bad.outcome, bad.deviating) == (Outcome.MISSED, 1)
    assert bad.deviations == (Deviation(Place(4, 7), "1", "2"),)


def test_nothing_examined_is_undecided_and_never_met(checks):
    assert not checks.none_of("a", [], examined=0, expected="x", things="gaps", level=Level.MUST)
    (one,) = checks.made
    assert (one.outcome, one.reason) == (Outcome.UNDECIDED, Reason.EMPTY)
    assert one.observed == "no gaps to look at"
    assert judge(checks.made).verdict is Verdict.INCONCLUSIVE


def test_a_deviation_counts_even_where_nothing_was_counted(checks):
    assert not checks.none_of("a", deviations(1), examined=0, expected="x")
    assert checks.made[0].outcome is Outcome.MISSED


@pytest.mark.parametrize(("count", "words"), [(1, "1 deviation in 9"), (40, "40 deviations in 9")])
def test_all_deviations_are_counted_and_the_first_shown(checks, count, words):
    assert not checks.none_of("a", deviations(count), examined=9, expected="good")
    (one,) = checks.made
    assert one.deviating == count
    assert one.observed == f"bad 1 ({words} telegrams)"
    assert [d.place.frame for d in one.deviations] == list(
        range(1, min(count, SHOWN_DEVIATIONS) + 1)
    )


def test_no_deviation_is_met(checks):
    assert checks.none_of("a", [], examined=300, expected="good")
    assert checks.made[0].observed == "0 deviations in 300 telegrams"


@pytest.mark.parametrize(
    ("value", "outcome", "reason"),
    [
        (9.0, Outcome.MET, None),
        (10.0, Outcome.UNDECIDED, Reason.GUARD),
        (11.0, Outcome.MISSED, None),
    ],
)
def test_a_measured_value_is_judged_by_the_guard_band(checks, value, outcome, reason):
    measured = Measurement(value, 0.5, "s")
    assert checks.within("t", measured, Limits(high=10.0), place=Place(3)) is outcome
    (one,) = checks.made
    assert (one.outcome, one.reason) == (outcome, reason)
    assert (one.expected, one.unit, one.uncertainty) == ("<= 10", "s", 0.5)
    assert bool(one.deviations) is (outcome is Outcome.MISSED)


def test_what_could_not_be_compared_says_why(checks):
    checks.undecided("a", Reason.SHORT, expected="300", observed="12")
    assert checks.made[0].reason is Reason.SHORT


def test_a_note_is_no_verdict_of_its_own(checks):
    checks.note("known", "objects: none")
    assert checks.made[0].level is Level.MAY
    assert judge(checks.made).verdict is Verdict.PASS
