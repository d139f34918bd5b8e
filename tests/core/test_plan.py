"""Every reason for which a case is not run."""

import json

import pytest

from bench.core.case import Effects
from bench.core.check import Level
from bench.core.errors import UsageError
from bench.core.plan import PlannedCase, Subject, plan_cases
from bench.core.verdict import Applicability

SUBJECT = Subject("nl50", {"P1/CRC": True}, {"serial": "7"}, frozenset({"timestamps"}))


def row(case, subjects=None, **options):
    (planned,) = plan_cases([case], subjects or {"p1": SUBJECT}, **options)
    return planned.applicability, planned.reason


def test_an_ordinary_case_is_selected(case):
    assert row(case()) == (Applicability.SELECTED, "")


@pytest.mark.parametrize(
    ("changes", "options", "applicability", "reason"),
    [
        (
            {"interface": "wan"},
            {},
            Applicability.NOT_APPLICABLE,
            "interface wan is not declared",
        ),
        (
            {"ics": "not P1/CRC"},
            {},
            Applicability.NOT_APPLICABLE,
            "declared otherwise: needs not P1/CRC",
        ),
        (
            {"needs": ("timestamps", "request-line", "write")},
            {},
            Applicability.NOT_APPLICABLE,
            "not measurable with this link: it lacks request-line, write",
        ),
        ({}, {"chosen": {"P1-A-002"}}, Applicability.DESELECTED, "not among the selected cases"),
        (
            {"effects": Effects.DESTRUCTIVE},
            {},
            Applicability.DESELECTED,
            "destructive: needs --allow destructive and [limits] allow_destructive = true",
        ),
        (
            {"ixit": ("serial", "limit", "other")},
            {},
            Applicability.BLOCKED,
            "the declaration lacks [p1.ixit] limit = ...; [p1.ixit] other = ...",
        ),
    ],
)
def test_each_reason_for_not_running(case, changes, options, applicability, reason):
    assert row(case(**changes), **options) == (applicability, reason)


def test_a_reversible_case_needs_no_permission(case):
    assert row(case(effects=Effects.REVERSIBLE))[0] is Applicability.SELECTED


def test_a_destructive_case_runs_when_allowed(case):
    found = row(case(effects=Effects.DESTRUCTIVE), allow_destructive=True)
    assert found[0] is Applicability.SELECTED


def test_while_the_link_is_not_known_nothing_is_ruled_out_by_it(case):
    subject = Subject("nl50", {}, {}, None)
    assert row(case(needs=("write",)), {"p1": subject})[0] is Applicability.SELECTED


def test_what_does_not_apply_is_not_called_deselected(case):
    found = row(case(ics="not P1/CRC", effects=Effects.DESTRUCTIVE), chosen=set())
    assert found[0] is Applicability.NOT_APPLICABLE


def test_a_predicate_about_an_unknown_item_is_refused(case):
    with pytest.raises(UsageError, match="unknown item 'P1/NO'"):
        row(case(ics="P1/NO"))


def test_the_plan_keeps_the_order_of_the_cases(case):
    planned = plan_cases([case("P1-B"), case("P1-A"), case("P1-C")], {"p1": SUBJECT})
    assert [one.id for one in planned] == ["P1-B", "P1-A", "P1-C"]


def test_a_row_survives_json():
    one = PlannedCase("P1-A-1", 3, "p1", Level.SHOULD, Applicability.BLOCKED, "why")
    assert PlannedCase.from_json(json.loads(json.dumps(one.to_json()))) == one
