"""What a case says about itself."""

import json

import pytest

from bench.core.case import case as mark
from bench.core.case import case_of
from bench.core.errors import UsageError


@pytest.mark.parametrize("id", ["P1-A-001", "HAN-B-1", "S1-X"])
def test_an_id_is_groups_of_capitals_and_digits(case, id):
    assert case(id).id == id


@pytest.mark.parametrize("id", ["", "P1", "p1-a-001", "P1_A", "P1-", "P1-A 1"])
def test_another_id_is_refused(case, id):
    with pytest.raises(UsageError, match="is not a case id"):
        case(id)


def test_a_case_without_clause_is_refused(case):
    with pytest.raises(UsageError, match="P1-A-001: a case needs a clause"):
        case(clauses=())


@pytest.mark.parametrize("clause", ["6.2", "DSMR", ":6.2", "DSMR: 6.2", "DSMR:"])
def test_a_clause_names_its_standard(case, clause):
    with pytest.raises(UsageError, match="is not STANDARD:CLAUSE"):
        case(clauses=(clause,))


def test_only_a_marked_function_is_a_case(case):
    metadata = case()

    @mark(metadata)
    def test_something():
        """A case."""

    assert case_of(test_something) is metadata
    assert case_of(test_only_a_marked_function_is_a_case) is None
    assert case_of(7) is None


def test_the_row_of_a_case_is_json(case):
    row = json.loads(json.dumps(case(needs=("write",), detects=("p1.x",)).to_json()))
    assert row["kind"] == "BV"
    assert row["level"] == "must"
    assert row["needs"] == ["write"]
    assert row["detects"] == ["p1.x"]
