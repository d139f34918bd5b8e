"""Short ways to make the records of core."""

import pytest

from bench.core.case import Case, Kind
from bench.core.check import Check, Level, Outcome


@pytest.fixture
def check():
    """Make a check; what is not named is a must that was met."""

    def make(outcome=Outcome.MET, level=Level.MUST, **changes):
        row = {
            "id": "crc",
            "clause": "STD:1.2",
            "level": level,
            "outcome": outcome,
            "expected": "1",
            "observed": "2",
        }
        return Check(**{**row, **changes})

    return make


@pytest.fixture
def case():
    """Make a case; what is not named is ordinary."""

    def make(id="P1-A-001", **changes):
        row = {
            "version": 1,
            "interface": "p1",
            "title": "t",
            "purpose": "p",
            "stimulus": "s",
            "criterion": "c",
            "kind": Kind.VALID,
            "clauses": ("STD:6.2",),
        }
        return Case(id=id, **{**row, **changes})

    return make
