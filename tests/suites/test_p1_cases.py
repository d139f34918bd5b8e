"""The P1 cases as a whole: what they say of simulated devices of every edition."""

import pytest

from bench.core.check import Outcome
from bench.core.verdict import Applicability, Verdict
from bench.engine.run import Run
from suites.p1 import SUITE

EDITIONS = sorted(set(SUITE.profiles().values()))
DECLARATION = """\
schema = 1
[item]
manufacturer = "m"
type = "t"
serial = "s"
[p1]
profile = "{profile}"
link = "simulated:p1{options}"
"""


@pytest.fixture
def run_of(tmp_path):
    """Run the cases against the simulator as `profile`; `shown` is the edition that it shows."""

    def run(profile, options="", **choices):
        device = tmp_path / "device.toml"
        device.write_text(DECLARATION.format(profile=profile, options=options))
        one = Run.begin(device, out=tmp_path / "runs", **choices)
        one.execute()
        one.close()
        return one

    return run


@pytest.mark.parametrize("edition", ["nl22", "nl50", "be21"])
def test_the_reference_device_conforms(run_of, edition):
    (profile,) = run_of(edition).profiles()
    assert profile.because == ()
    assert str(profile.conclusion) == "CONFORMS"


@pytest.mark.parametrize("edition", EDITIONS)
def test_of_the_reference_device_a_quick_run_leaves_open_only_what_needs_more(run_of, edition):
    judgements = run_of(edition, quick=True).judgements().values()
    assert {(j.verdict, j.reason) for j in judgements if j.verdict is not Verdict.PASS} <= {
        (Verdict.INCONCLUSIVE, "SHORT")
    }
    assert sum(j.verdict is Verdict.PASS for j in judgements) >= 15


@pytest.mark.parametrize(("alias", "edition"), sorted(SUITE.profiles().items()))
def test_an_alias_means_its_edition(run_of, alias, edition):
    if alias == edition:
        assert SUITE.profiles()[alias] == edition
        return
    (profile,) = run_of(alias, quick=True, selectors=["P1-A-003"]).profiles()
    assert profile.profile == f"p1/{edition}"


def test_a_device_of_another_edition_does_not_conform(run_of):
    run = run_of("nl50", "?profile=nl22", quick=True)
    (profile,) = run.profiles()
    assert str(profile.conclusion) == "DOES NOT CONFORM"
    judgements = run.judgements()
    assert judgements["P1-A-001"].verdict is Verdict.FAIL
    assert "115200 8N1" in judgements["P1-A-001"].message
    assert judgements["P1-A-020"].reason == "LINE"


def test_every_check_of_a_selected_case_says_how_much_it_looked_at(run_of):
    run = run_of("be21")
    for row in run.plan:
        if row.applicability is not Applicability.SELECTED:
            continue
        for attempt in run.folder.attempts(row.id):
            assert attempt.checks
            for check in attempt.checks:
                assert check.expected
                assert check.observed
                assert check.clause
                assert check.examined or check.outcome is Outcome.UNDECIDED


def test_the_same_seed_gives_the_same_verdicts_and_octets(run_of):
    def traces(run):
        results = {
            path.relative_to(run.folder.path): path.read_bytes()
            for path in run.folder.path.rglob("*")
            if path.name in ("result.json", "frames.pcapng", "decoded.json", "observation.json")
        }
        assert results
        return results

    options = "?seed=5&fault=p1.crc-init-ffff"
    assert traces(run_of("nl50", options, quick=True)) == traces(
        run_of("nl50", options, quick=True)
    )
