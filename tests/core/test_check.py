"""How checks and incidents become a verdict, and how they travel as JSON."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.core.check import (
    Check,
    Deviation,
    Incident,
    Level,
    Outcome,
    Place,
    judge,
    weigh,
)
from bench.core.verdict import Reason, Verdict

text = st.text(max_size=12)
places = st.builds(
    Place,
    frame=st.integers(1, 400),
    offset=st.integers(0, 2000),
    length=st.integers(0, 80),
    line=st.none() | st.integers(1, 60),
)
checks = st.builds(
    Check,
    id=text,
    clause=text,
    level=st.sampled_from(Level),
    outcome=st.sampled_from(Outcome),
    expected=text,
    observed=text,
    unit=text,
    uncertainty=st.none() | st.floats(0, 1e6),
    reason=st.none() | st.sampled_from(Reason),
    examined=st.integers(0, 300),
    deviating=st.integers(0, 300),
    deviations=st.lists(st.builds(Deviation, places, text, text), max_size=3).map(tuple),
)
incidents = st.builds(
    Incident,
    verdict=st.sampled_from([Verdict.INCONCLUSIVE, Verdict.ERROR]),
    reason=st.sampled_from(Reason),
    message=text,
)


def test_no_check_is_inconclusive_and_never_a_pass():
    judgement = judge([])
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert judgement.reason == "EMPTY"


@pytest.mark.parametrize(
    ("outcome", "verdict"),
    [
        (Outcome.MET, Verdict.PASS),
        (Outcome.UNDECIDED, Verdict.INCONCLUSIVE),
        (Outcome.MISSED, Verdict.FAIL),
    ],
)
def test_what_a_must_says(check, outcome, verdict):
    assert weigh(check(outcome)) is verdict
    assert judge([check(outcome)]).verdict is verdict


@pytest.mark.parametrize("level", [Level.SHOULD, Level.MAY])
@pytest.mark.parametrize("outcome", Outcome)
def test_less_than_a_must_never_costs_a_pass(check, level, outcome):
    judgement = judge([check(outcome, level)])
    assert judgement.verdict is Verdict.PASS
    assert judgement.message == ""


def test_the_first_check_that_raised_the_verdict_gives_the_message(check):
    judgement = judge(
        [
            check(id="good"),
            check(Outcome.UNDECIDED, id="short", reason=Reason.SHORT),
            check(Outcome.UNDECIDED, id="guard", reason=Reason.GUARD),
        ]
    )
    assert (judgement.verdict, judgement.reason) == (Verdict.INCONCLUSIVE, "SHORT")
    assert judgement.message == "short: expected 1, observed 2"


def test_a_fail_has_no_reason_and_keeps_the_message_of_the_first(check):
    judgement = judge(
        [
            check(Outcome.UNDECIDED, reason=Reason.SHORT),
            check(Outcome.MISSED, id="first"),
            check(Outcome.MISSED, id="second"),
        ]
    )
    assert (judgement.verdict, judgement.reason) == (Verdict.FAIL, "")
    assert judgement.message.startswith("first:")


def test_an_inconclusive_incident_does_not_hide_a_fail(check):
    silent = Incident(Verdict.INCONCLUSIVE, Reason.SILENT, "nothing came")
    assert judge([check(Outcome.MISSED)], [silent]).verdict is Verdict.FAIL
    assert judge([check()], [silent]).reason == "SILENT"


def test_an_error_outweighs_a_fail(check):
    lost = Incident(Verdict.ERROR, Reason.ADAPTER, "the cable is out")
    judgement = judge([check(Outcome.MISSED)], [lost])
    assert (judgement.verdict, judgement.reason) == (Verdict.ERROR, "ADAPTER")
    assert judgement.message == "the cable is out"


@given(st.lists(checks, max_size=6), st.lists(incidents, max_size=3), checks)
def test_a_verdict_is_only_ever_raised(before, happened, one_more):
    less, more = judge(before, happened), judge([*before, one_more], happened)
    if before or happened:
        assert more.verdict >= less.verdict
    assert more.verdict is not Verdict.NONE
    assert less.verdict is not Verdict.NONE


@given(st.lists(checks, max_size=6), st.lists(incidents, max_size=3))
def test_the_verdict_does_not_depend_on_the_order(made, happened):
    backwards = judge(list(reversed(made)), list(reversed(happened)))
    assert judge(made, happened).verdict is backwards.verdict


@given(checks)
def test_a_check_survives_json(one):
    assert Check.from_json(json.loads(json.dumps(one.to_json()))) == one


@given(incidents)
def test_an_incident_survives_json(one):
    assert Incident.from_json(json.loads(json.dumps(one.to_json()))) == one


@pytest.mark.parametrize(
    ("key", "value"), [("outcome", "maybe"), ("level", "shall"), ("reason", "TIRED")]
)
def test_a_word_that_no_check_has_is_refused(check, key, value):
    with pytest.raises(ValueError, match=value):
        Check.from_json({**check().to_json(), key: value})


def test_a_check_that_lacks_a_key_is_refused(check):
    row = check().to_json()
    del row["clause"]
    with pytest.raises(KeyError, match="clause"):
        Check.from_json(row)
