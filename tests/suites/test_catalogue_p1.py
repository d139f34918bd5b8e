"""What the P1 cases say about themselves agrees with clauses, proforma, faults and codec."""

import pytest

from bench.core.ics import holds
from bench.core.line import LineSettings
from bench.core.link import Capability
from bench.engine import catalogue
from bench.simulator.faults import faults
from suites.p1 import SUITE, facts

CASES = {case.id: case for case in catalogue.cases(["p1"])}
KILLERS = {
    killer: fault.id for fault in reversed(faults("p1")) for killer in fault.killers
}  # the first fault of each


@pytest.mark.parametrize("case_id", CASES)
def test_a_case_cites_clauses_that_exist(case_id):
    case = CASES[case_id]
    assert set(case.clauses) <= set(SUITE.clauses)
    assert all(SUITE.clauses[clause].testable for clause in case.clauses)


def test_every_testable_clause_has_a_case():
    cited = {clause for case in CASES.values() for clause in case.clauses}
    assert {c.id for c in SUITE.clauses.values() if c.testable} <= cited


@pytest.mark.parametrize("case_id", CASES)
def test_a_case_detects_exactly_the_faults_that_name_it(case_id):
    named = {
        fault.id
        for fault in faults("p1")
        if any(killer.partition(":")[0] == case_id for killer in fault.killers)
    }
    assert set(CASES[case_id].detects) == named
    assert len(set(CASES[case_id].detects)) == len(CASES[case_id].detects)
    assert named, "a case that no fault names cannot be shown to fail"


@pytest.mark.parametrize("killer", KILLERS)
def test_a_fault_names_a_case_that_exists(killer):
    assert killer.partition(":")[0] in CASES, f"{KILLERS[killer]} names an unknown case"


@pytest.mark.parametrize("case_id", CASES)
def test_the_predicate_of_a_case_can_be_answered_for_every_edition(case_id):
    for key in set(SUITE.profiles().values()):
        answers = {**SUITE.proforma.answers({}), **facts(key)}
        assert holds(CASES[case_id].ics, answers) in (True, False)


@pytest.mark.parametrize("case_id", CASES)
def test_a_case_asks_for_what_there_is(case_id):
    case = CASES[case_id]
    assert set(case.needs) <= set(Capability)
    assert set(case.ixit) <= {*SUITE.proforma.ixit, *SUITE.proforma.keys}
    assert case.bound_s > 0


@pytest.mark.parametrize("case_id", CASES)
def test_a_case_says_in_full_sentences_what_it_is_for(case_id):
    case = CASES[case_id]
    assert case.purpose.startswith(("Ensure that ", "Report "))
    assert all((case.title, case.stimulus, case.criterion))
    assert case.interface == "p1"
    assert case.id.startswith("P1-")


@pytest.mark.parametrize("key", sorted(set(SUITE.profiles().values())))
def test_every_edition_has_title_line_and_one_answer_to_the_line_question(key):
    assert SUITE.titles(key)
    answers = facts(key)
    assert isinstance(SUITE.line(key), LineSettings)
    assert answers["P1/LINE-115200"] + answers["P1/LINE-9600"] <= 1


def test_the_editions_before_dsmr_4_have_no_crc_and_9600_baud():
    for key in ("nl22", "nl30"):
        assert not facts(key)["P1/CRC"]
        assert facts(key)["P1/LINE-9600"]
    assert facts("nl50")["P1/CRC"]
    assert facts("nl50")["P1/LINE-115200"]


def test_the_static_review_of_the_suite_is_clean_without_answers():
    assert SUITE.proforma.review(SUITE.proforma.answers({})) == []
