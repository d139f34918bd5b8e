"""How a self-test judges: kills for the right reason, and everything else."""

import pytest

from bench.core.check import Check, Incident, Level, Outcome
from bench.core.errors import UsageError
from bench.core.result import Attempt
from bench.core.verdict import Reason, Verdict
from bench.engine.selftest import Reach, _is_tried, judge_subject, run_selftest
from bench.engine.selftest_result import (
    Accepted,
    BenignOutcome,
    BenignResult,
    FaultOutcome,
    FaultResult,
    SelfTest,
)
from bench.simulator.faults import Fault, Variation

VARIATION = Variation("p1.odd", "p1", "s", "STD:1", "nl50")


def fault(*killers, also=(), id="p1.x"):
    return Fault(id, "p1", "s", "STD:1", "nl50", killers, also)


def attempts(*checks, errors=()):
    """Make attempts from "CASE:check" that missed, "CASE:check+" that was met."""
    found = {}
    for one in checks:
        case, _, name = one.partition(":")
        outcome = Outcome.MET if name.endswith("+") else Outcome.MISSED
        check = Check(name.rstrip("+"), "STD:1", Level.SHOULD, outcome, "1", "2")
        before = found[case].checks if case in found else ()
        found[case] = Attempt(case, 1, 1, (*before, check))
    for case in errors:
        lost = Incident(Verdict.ERROR, Reason.BENCH, "defect")
        found[case] = Attempt(case, 1, 1, (), (lost,))
    return found


@pytest.mark.parametrize(
    ("subject", "seen", "outcome", "why"),
    [
        (fault("A-1:a"), ["A-1:a", "A-2:b+"], FaultOutcome.KILLED, ""),
        (fault("A-1:a", "A-2:b"), ["A-1:a", "A-2:b"], FaultOutcome.KILLED, ""),
        (fault("A-1:a", also=("A-2:*",)), ["A-1:a", "A-2:b"], FaultOutcome.KILLED, ""),
        (fault("A-1:a", also=("A-2",)), ["A-1:a", "A-2:b"], FaultOutcome.KILLED, ""),
        (fault("A-1:a", also=("A-*",)), ["A-1:a", "A-2:b"], FaultOutcome.KILLED, ""),
        (
            fault("A-1:a", "A-2:b"),
            ["A-1:a", "A-2:b+"],
            FaultOutcome.WRONG_REASON,
            "did not miss: A-2:b",
        ),
        (
            fault("A-1:a"),
            ["A-1:a", "A-2:b"],
            FaultOutcome.WRONG_REASON,
            "missed although nobody claims it: A-2:b",
        ),
        (
            fault("A-1:a"),
            ["A-1:other"],
            FaultOutcome.WRONG_REASON,
            "did not miss: A-1:a; missed although nobody claims it: A-1:other",
        ),
        (fault("A-1:a", also=("A-2:b",)), ["A-2:b"], FaultOutcome.WRONG_REASON, "did not miss"),
        (fault("A-1:a"), ["A-1:a+"], FaultOutcome.SURVIVED, "no check missed"),
    ],
)
def test_what_becomes_of_a_fault(subject, seen, outcome, why):
    result = judge_subject(subject, attempts(*seen))
    assert result.outcome is outcome
    assert why in result.why
    assert bool(result.why) is (outcome is not FaultOutcome.KILLED)


def test_a_case_that_did_not_run_did_not_kill():
    result = judge_subject(fault("A-1:a"), attempts("A-2:b"))
    assert result.outcome is FaultOutcome.WRONG_REASON


@pytest.mark.parametrize("subject", [fault("A-1:a"), VARIATION])
def test_an_error_of_the_bench_is_no_result(subject):
    result = judge_subject(subject, attempts("A-1:a", errors=["A-2"]))
    assert str(result.outcome) == "broken"
    assert result.why == "A-2: defect"


@pytest.mark.parametrize("subject", [fault("A-1:a"), VARIATION])
def test_a_subject_that_could_not_run_is_broken(subject):
    assert str(judge_subject(subject, {}).outcome) == "broken"
    assert judge_subject(subject, {}).why == "no case ran"
    assert judge_subject(subject, attempts("A-1:a"), "no link").why == "no link"


def test_a_legal_oddity_passes_or_raises_a_false_alarm():
    met = Check("a", "STD:1", Level.MUST, Outcome.MET, "1", "1")
    missed = Check("a", "STD:1", Level.MUST, Outcome.MISSED, "1", "2")
    open_ = Check("a", "STD:1", Level.MUST, Outcome.UNDECIDED, "1", "2", reason=Reason.SHORT)
    assert judge_subject(VARIATION, {"A": Attempt("A", 1, 1, (met,))}).outcome == "pass"
    for check, words in ((missed, "A fail"), (open_, "A inconclusive SHORT")):
        result = judge_subject(VARIATION, {"A": Attempt("A", 1, 1, (check,))})
        assert result.outcome is BenignOutcome.FALSE_ALARM
        assert result.by == ("A",)
        assert result.why.startswith(words)


def test_an_oddity_that_misses_a_should_raises_no_alarm():
    assert judge_subject(VARIATION, attempts("A-1:a")).outcome is BenignOutcome.PASS


def killed(*killers, id="p1.x"):
    return FaultResult(fault(*killers, id=id), FaultOutcome.KILLED)


def test_a_case_is_proven_by_a_kill_and_by_nothing_less():
    result = SelfTest(
        [
            killed("A-1:a", id="p1.a"),
            FaultResult(fault("A-2:b", id="p1.b"), FaultOutcome.SURVIVED, (), "no"),
        ],
        cases=("A-1", "A-2", "A-3"),
    )
    assert result.cases_without_killer == ["A-2", "A-3"]
    assert not result.clean
    assert result.score() == {
        "faults": 2,
        "killed": 1,
        "benign": 0,
        "false_alarms": 0,
        "cases": 3,
        "cases_without_killer": 2,
    }


@pytest.mark.parametrize(
    ("excused", "clean"),
    [
        ((), False),
        (("p1.x",), False),
        (("p1.x", "A-2", "p1.odd"), True),
        (("p1.x", "A-2"), False),
        (("p1.x", "p1.odd"), False),
    ],
)
def test_only_what_is_accepted_is_excused(excused, clean):
    result = SelfTest(
        [FaultResult(fault("A-1:a"), FaultOutcome.WRONG_REASON, (), "x"), killed("A-1:a", id="p")],
        [BenignResult(VARIATION, BenignOutcome.FALSE_ALARM, ("A-1",), "x")],
        ("A-1", "A-2"),
        tuple(Accepted(one, "why", "2026-01-01") for one in excused),
    )
    assert result.clean is clean


def test_a_fault_is_killed_in_a_real_pass_and_reported_as_it_comes():
    seen = []
    result = run_selftest(["p1.crc-init-ffff"], seen.append)
    assert [str(one.outcome) for one in seen] == ["killed"]
    assert result.clean
    assert "P1-A-020" in result.cases
    row = result.to_json()["faults"][0]
    assert row["id"] == "p1.crc-init-ffff"
    assert "P1-A-020:crc" in row["by"]


def test_several_processes_find_the_same():
    faults = ["p1.crc-init-ffff", "p1.crc-xmodem"]
    one, two = (run_selftest(faults, processes=n).to_json() for n in (1, 2))
    assert one == two


def test_a_selector_that_means_no_fault_says_so():
    with pytest.raises(UsageError, match="no fault matches p2"):
        run_selftest(["p2"])


@pytest.mark.parametrize(
    ("reach", "lengthy", "tried"),
    [
        (Reach.AREAS, False, {"P1-A-020", "P1-A-021"}),
        (Reach.AREAS, True, {"P1-A-020"}),
        (Reach.CLAIMED, False, {"P1-A-020"}),
    ],
)
def test_which_cases_a_fault_is_tried_against(case, reach, lengthy, tried):
    cases = [case(id=one, lengthy=lengthy) for one in ("P1-A-020", "P1-A-021", "P1-B-020")]
    assert {one.id for one in cases if _is_tried(one, {"P1-A-020"}, reach)} == tried
