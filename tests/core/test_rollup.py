"""From verdicts to a conclusion, and to the exit code."""

import pytest

from bench.core.check import Judgement, Level
from bench.core.plan import NOT_MEASURABLE, PlannedCase
from bench.core.rollup import COUNTED, Conclusion, ProfileResult, conclude, exit_code
from bench.core.verdict import Applicability, Verdict

CONFORMS, FAILS, OPEN = (
    Conclusion.CONFORMS,
    Conclusion.DOES_NOT_CONFORM,
    Conclusion.NOT_DETERMINED,
)


def row(case_id, state=Applicability.SELECTED, reason=""):
    return PlannedCase(case_id, 1, "p1", Level.MUST, state, reason)


def conclusion(words, findings=(), level=Level.MUST):
    """Conclude from words: a verdict, or why the case was not run."""
    plan, judgements = [], {}
    for number, word in enumerate(words):
        case_id = f"P1-{number}"
        verdict = word in ("pass", "inconclusive", "fail", "error")
        state = Applicability.SELECTED if verdict or word == "not-run" else Applicability(word)
        plan.append(PlannedCase(case_id, 1, "p1", level, state, "" if verdict else "why"))
        if verdict:
            judgements[case_id] = Judgement(Verdict.parse(word), "SHORT", "said")
    return conclude("p1/nl50", plan, judgements, findings)


@pytest.mark.parametrize(
    ("words", "expected", "code"),
    [
        (["pass"], CONFORMS, 0),
        (["pass", "not-applicable"], CONFORMS, 0),
        (["pass", "deselected"], OPEN, 3),
        (["pass", "blocked"], OPEN, 3),
        (["pass", "not-run"], OPEN, 3),
        (["pass", "inconclusive"], OPEN, 3),
        (["pass", "error"], OPEN, 4),
        (["error", "error"], OPEN, 4),
        (["pass", "fail"], FAILS, 1),
        (["fail", "error"], FAILS, 1),
        (["fail", "inconclusive", "deselected"], FAILS, 1),
        (["not-applicable"], OPEN, 3),
        (["deselected"], OPEN, 3),
        ([], OPEN, 3),
    ],
)
def test_what_a_run_says_about_a_profile(words, expected, code):
    result = conclusion(words)
    assert result.conclusion is expected
    assert exit_code([result]) == code
    assert sum(result.counts.values()) == len(words)
    assert tuple(result.counts) == COUNTED
    assert bool(result.because) is (expected is not CONFORMS)


def test_a_finding_of_the_static_review_stands_against_conformity():
    result = conclusion(["pass"], ["P1/X is mandatory"])
    assert result.conclusion is OPEN
    assert result.because == ("P1/X is mandatory",)


def test_a_fail_outweighs_findings():
    assert conclusion(["fail"], ["P1/X is mandatory"]).conclusion is FAILS


def test_an_inconclusive_should_does_not_stand_against_conformity():
    assert conclusion(["inconclusive"], level=Level.SHOULD).conclusion is OPEN
    plan = [
        PlannedCase("P1-0", 1, "p1", Level.MUST, Applicability.SELECTED),
        PlannedCase("P1-1", 1, "p1", Level.SHOULD, Applicability.SELECTED),
    ]
    judgements = {
        "P1-0": Judgement(Verdict.PASS, "", ""),
        "P1-1": Judgement(Verdict.INCONCLUSIVE, "SHORT", ""),
    }
    assert conclude("p1/nl50", plan, judgements).conclusion is CONFORMS


@pytest.mark.parametrize(
    ("runs", "code"),
    [
        ([["pass"], ["pass"]], 0),
        ([["pass"], ["inconclusive"]], 3),
        ([["pass"], ["error"]], 4),
        ([["inconclusive"], ["error"]], 4),
        ([["fail"], ["error"]], 1),
        ([["pass"], ["fail"]], 1),
        ([], 3),
    ],
)
def test_the_exit_code_of_several_profiles(runs, code):
    assert exit_code([conclusion(words) for words in runs]) == code


def test_a_conclusion_is_json():
    result = ProfileResult("p1/nl50", OPEN, {"pass": 1}, ("why",))
    assert result.to_json() == {
        "profile": "p1/nl50",
        "conclusion": "NOT DETERMINED",
        "counts": {"pass": 1},
        "because": ["why"],
    }


def test_one_reason_for_many_cases_is_said_once():
    plan = [row(f"P1-A-{n:03}") for n in range(1, 4)]
    lost = Judgement(Verdict.ERROR, "ADAPTER", "the cable is out")
    result = conclude("p1/nl50", plan, {r.id: lost for r in plan})
    assert result.because[0] == "P1-A-001 and 2 more error ADAPTER: the cable is out"


def test_conformity_names_what_the_link_could_not_measure():
    unmeasured = row("P1-A-002", Applicability.NOT_APPLICABLE, f"{NOT_MEASURABLE}: it lacks x")
    passed = Judgement(Verdict.PASS, "", "")
    result = conclude("p1/nl50", [row("P1-A-001"), unmeasured], {"P1-A-001": passed})
    assert result.conclusion is CONFORMS
    assert result.because == (f"P1-A-002 {NOT_MEASURABLE}: it lacks x",)
