"""What the system cases say about themselves agrees with clauses, ports and faults."""

import pytest

from bench.engine import catalogue
from bench.engine.preparation import load_declaration, prepare
from bench.simulator.faults import faults
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
