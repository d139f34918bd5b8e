"""Which cases a selector means."""

import pytest

from bench.core.case import Effects, Kind
from bench.core.check import Level
from bench.core.errors import UsageError
from bench.core.selector import select


@pytest.fixture
def cases(case):
    return [
        case("P1-A-020", clauses=("DSMR-5.0.2:6.2",)),
        case("P1-A-021", clauses=("DSMR-5.0.2:6.2.1",), level=Level.SHOULD),
        case("P1-A-030", clauses=("DSMR-5.0.2:6.20", "eMUCS-H-1.3:3.2"), kind=Kind.TIMING),
        case("S1-A-020", interface="s1", needs=("write",), effects=Effects.REVERSIBLE),
        case("S1-B-001", interface="s1", detects=("s1.gap",)),
    ]


@pytest.mark.parametrize(
    ("selectors", "ids"),
    [
        (["p1"], "P1-A-020 P1-A-021 P1-A-030"),
        (["s1", "P1-A-030"], "P1-A-030 S1-A-020 S1-B-001"),
        (["P1-A-02"], "P1-A-020 P1-A-021"),
        (["p1-a-02"], "P1-A-020 P1-A-021"),
        (["P1-A-020"], "P1-A-020"),
        (["DSMR-5.0.2:6.2"], "P1-A-020 P1-A-021"),
        (["DSMR-5.0.2:6.2.1"], "P1-A-021"),
        (["DSMR-5.0.2"], "P1-A-020 P1-A-021 P1-A-030"),
        (["eMUCS-H-1.3:3.2"], "P1-A-030"),
        (["level:should"], "P1-A-021"),
        (["kind:TI"], "P1-A-030"),
        (["effects:reversible"], "S1-A-020"),
        (["needs:write"], "S1-A-020"),
        (["detects:s1.gap"], "S1-B-001"),
        (["!s1"], "P1-A-020 P1-A-021 P1-A-030"),
        (["p1", "!P1-A-020"], "P1-A-021 P1-A-030"),
        (["p1", "!level:should", "!kind:TI"], "P1-A-020"),
    ],
)
def test_a_selector_means_these_cases(cases, selectors, ids):
    assert sorted(select(cases, selectors)) == ids.split()


@pytest.mark.parametrize(
    "selector", ["p2", "P1-A-9", "DSMR-5.0.2:6.3", "6.2", "level:shall", "kind:", "", "!", "!wan"]
)
def test_a_selector_that_matches_nothing_says_so(cases, selector):
    with pytest.raises(UsageError, match="no case matches") as caught:
        select(cases, [selector])
    assert "`meterbench list` shows all cases" in str(caught.value)


def test_selectors_that_leave_nothing_say_so(cases):
    with pytest.raises(UsageError, match="the selectors s1 !s1 leave no case"):
        select(cases, ["s1", "!s1"])
