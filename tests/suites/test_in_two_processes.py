"""Cases of S1, P1 and the system that are spread over processes: the verdicts are the same."""

import pytest

from bench.core.verdict import Verdict
from bench.engine.run import Run

SELECTORS = ["P1-A-00", "S1-FRM-1", "S1-SEQ-0", "S1-MEAS-02", "SYS-ID-01", "SYS-REG-03"]
LINKS = {"s1": "simulated:s1?fault=s1.sequence-skips"}


def test_verdicts_are_those_of_one_process(tmp_path):
    pytest.importorskip("xdist")
    found = []
    for processes in (1, 2):
        run = Run.begin(links=LINKS, out=tmp_path, quick=True, selectors=SELECTORS)
        run.execute(processes=processes)
        run.close()
        found.append(run.judgements())
        assert not run.pending()
    assert found[1] == found[0]
    assert {Verdict.PASS, Verdict.FAIL} <= {one.verdict for one in found[0].values()}
