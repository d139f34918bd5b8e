"""Attempts: what they say, what several of them say together, and their JSON."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.core.check import Check, Incident, Level, Outcome
from bench.core.result import Attempt, combine
from bench.core.verdict import Reason, Verdict

_OUTCOMES = {
    "pass": Outcome.MET,
    "inconclusive": Outcome.UNDECIDED,
    "fail": Outcome.MISSED,
}


def attempt(word, number=1):
    if word == "error":
        lost = Incident(Verdict.ERROR, Reason.ADAPTER, f"lost at {number}")
        return Attempt("P1-A-001", 1, number, (), (lost,))
    one = Check("crc", "STD:1", Level.MUST, _OUTCOMES[word], "1", f"{number}", reason=Reason.SHORT)
    return Attempt("P1-A-001", 1, number, (one,))


def combined(*words):
    return combine([attempt(word, number) for number, word in enumerate(words, start=1)])


def test_no_attempt_says_nothing():
    assert combined().verdict is Verdict.NONE


@pytest.mark.parametrize("word", ["pass", "inconclusive", "fail", "error"])
def test_attempts_that_agree_say_what_each_says(word):
    assert str(combined(word).verdict) == word
    assert str(combined(word, word).verdict) == word


def test_there_is_no_retry_to_green():
    judgement = combined("fail", "pass")
    assert (judgement.verdict, judgement.reason) == (Verdict.INCONCLUSIVE, "UNSTABLE")
    assert "fail, pass" in judgement.message
    assert combined("fail", "pass", "pass", "pass").verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("words", [("inconclusive", "pass"), ("fail", "inconclusive")])
def test_attempts_that_disagree_are_unstable(words):
    assert combined(*words).reason == "UNSTABLE"


@pytest.mark.parametrize("word", ["pass", "inconclusive", "fail"])
def test_an_error_says_nothing_where_another_attempt_does(word):
    assert str(combined("error", word).verdict) == word
    assert str(combined(word, "error").verdict) == word


def test_errors_alone_are_an_error_with_the_last_message():
    judgement = combined("error", "error")
    assert (judgement.verdict, judgement.message) == (Verdict.ERROR, "lost at 2")


@given(st.lists(st.sampled_from(["pass", "inconclusive", "fail", "error"]), min_size=1))
def test_more_attempts_never_make_a_fail_a_pass(words):
    if "fail" in words:
        assert combined(*words).verdict is not Verdict.PASS


@pytest.mark.parametrize("word", ["pass", "inconclusive", "fail", "error"])
def test_an_attempt_survives_json(word):
    one = attempt(word, 3)
    assert Attempt.from_json(json.loads(json.dumps(one.to_json()))) == one


def test_the_stated_verdict_is_not_believed():
    row = attempt("fail").to_json()
    row["verdict"] = "pass"
    assert Attempt.from_json(row).judgement.verdict is Verdict.FAIL
