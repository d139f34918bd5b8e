"""What the system cases say about themselves agrees with clauses, ports and faults."""

import pytest

from bench.core.plan import Subject, plan_cases
from bench.core.verdict import Applicability
from bench.engine import catalogue
from bench.engine.preparation import load_declaration, prepare
from bench.engine.selftest import subject_preparation
from bench.simulator.faults import deviation, faults
from suites.system import SUITE

CASES = {case.id: case for case in catalogue.cases(["system"])}
FAULTS = faults("system")


@pytest.mark.parametrize("case_id", CASES)
def test_a_case_cites_clauses_that_exist(case_id):
    assert set(CASES[case_id].clauses) <= set(SUITE.clauses)


@pytest.mark.parametrize("case_id", CASES)
def test_a_case_detects_exactly_the_faults_that_name_it(case_id):
    named = {
        fault.id
        for fault in FAULTS
        if any(killer.partition(":")[0] == case_id for killer in fault.killers)
    }
    assert set(CASES[case_id].detects) == named
    assert len(set(CASES[case_id].detects)) == len(CASES[case_id].detects)
    assert named, "a case that no fault names cannot be shown to fail"


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.id)
def test_a_fault_lies_in_a_port_and_cites_a_clause_that_exists(fault):
    assert fault.port in SUITE.spans
    assert fault.clause in SUITE.clauses


@pytest.mark.parametrize("case_id", CASES)
def test_a_case_spans_ports(case_id):
    case = CASES[case_id]
    assert set(case.spans) <= set(SUITE.spans)
    assert len(case.spans) > 1


def test_the_answers_of_the_suite_are_those_of_the_ports():
    preparation = prepare(load_declaration(None))
    target = preparation.targets["system"]
    for port in ("p1", "s1", "wan"):
        one = preparation.targets[port]
        assert one.answers.items() <= target.answers.items()
        assert {f"{port}.{name}" for name in one.values} <= set(target.values)


def test_a_subject_declares_by_port():
    prepared = subject_preparation(deviation("system.p1-dutch"))
    assert prepared.targets["p1"].profile == "nl50"
    assert prepared.targets["system"].answers["P1/NL50"]
    assert prepared.targets["s1"].answers == prepare(load_declaration(None)).targets["s1"].answers
    links = {name: str(target.link) for name, target in prepared.ports.items()}
    assert links["wan"] == "simulated:wan?household=be&fault=system.p1-dutch"
    assert links["p1"] == "simulated:p1?fault=system.p1-dutch"


def test_a_value_of_a_port_that_is_missing_is_asked_for_in_its_section():
    subject = Subject("one-device", {"P1/BASELINE": True, "WAN/BASELINE": True})
    subjects = dict.fromkeys(("system", "p1", "wan"), subject)
    (row,) = plan_cases([CASES["SYS-CMP-01"]], subjects)
    assert row.applicability is Applicability.BLOCKED
    assert "[p1.ixit] baseline = ...; [wan.ixit] baseline = ..." in row.reason
