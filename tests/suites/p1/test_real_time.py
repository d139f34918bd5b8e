"""The timing cases over a real pseudo terminal say what they say in virtual time."""

import pytest

from adapters.serve import serve_pty
from bench.core.verdict import Applicability
from bench.engine.preparation import Preparation
from bench.engine.run import Run
from bench.simulator.faults import alterations
from bench.simulator.ports.p1 import p1_port
from suites.p1 import rhythm

PASSIVE = {"P1-A-060", "P1-A-062", "P1-A-064", "P1-A-069"}


@pytest.fixture(autouse=True)
def station(tmp_path, monkeypatch):
    """Let no calibration of this machine and no lock of another run have a say."""
    monkeypatch.setenv("METERBENCH_LOCKS", str(tmp_path / "locks"))
    monkeypatch.setenv("METERBENCH_STATE", str(tmp_path / "state"))


@pytest.fixture
def verdicts(tmp_path, monkeypatch):
    """Run the timing cases on a few telegrams; return the verdicts of those that apply."""

    def run(link, telegrams, observed_s):
        monkeypatch.setattr(Preparation, "observed_telegrams", property(lambda _self: telegrams))
        monkeypatch.setattr(rhythm, "OBSERVED_S", observed_s)
        one = Run.begin(links={"p1": link}, selectors=["P1-A-06"], out=tmp_path / "runs")
        one.execute()
        one.close()
        applicable = {r.id for r in one.plan if r.applicability is Applicability.SELECTED}
        found = {name: str(j.verdict) for name, j in one.judgements().items()}
        return {name: found[name] for name in found if name in applicable & PASSIVE}

    return run


@pytest.mark.parametrize(
    ("fault", "telegrams", "observed_s", "failing"),
    [
        ("", 5, 4.0, set()),
        ("p1.interval-back-to-back", 20, 1.0, {"P1-A-060"}),
        ("p1.transfer-1200ms", 3, 2.0, {"P1-A-060", "P1-A-062"}),
    ],
)
def test_real_time_agrees_with_virtual_time(verdicts, fault, telegrams, observed_s, failing):
    altered = alterations(fault) if fault else ()
    with serve_pty(p1_port("nl50", alterations=altered)) as path:
        real = verdicts(f"serial://{path}", telegrams, observed_s)
    option = f"?fault={fault}" if fault else ""
    virtual = verdicts(f"simulated:p1{option}", telegrams, observed_s)
    assert real == virtual
    assert set(real) == PASSIVE
    assert {name for name, verdict in real.items() if verdict == "fail"} == failing
    assert all(real[name] == "pass" for name in PASSIVE - failing)
