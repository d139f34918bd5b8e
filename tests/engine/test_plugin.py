"""The suites as plain pytest: verdicts, exit status, and tests that are no cases."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bench._home import home

SUITE = str(home() / "suites" / "p1")
DECLARATION = """\
schema = 1
[item]
manufacturer = "m"
type = "t"
serial = "s"
[p1]
profile = "{profile}"
link = "simulated:p1{options}"
[p1.ics]
"P1/POLYPHASE" = true
"P1/MBUS" = true
"""


@pytest.fixture
def device(tmp_path):
    """Write a declaration of a simulated device; return its path."""

    def write(options="", profile="nl50"):
        path = tmp_path / "device.toml"
        path.write_text(DECLARATION.format(options=options, profile=profile))
        return path

    return write


@pytest.fixture
def pytest_on(tmp_path):
    """Run pytest in another process with our plugin and none that happens to be installed."""

    def run(*arguments, plugins=(), config="[pytest]\n", cwd=None):
        (tmp_path / "pytest.ini").write_text(config)
        command = [sys.executable, "-m", "pytest", "-c", str(tmp_path / "pytest.ini")]
        command += ["--rootdir", str(home()), "-p", "no:cacheprovider"]
        for plugin in ("bench.engine.plugin", *plugins):
            command += ["-p", plugin]
        return subprocess.run(
            [*command, "--runs", str(tmp_path / "runs"), *map(str, arguments)],
            env={
                **os.environ,
                "PYTHONPATH": str(home()),
                "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
                "PYTEST_ADDOPTS": "",
            },
            cwd=cwd or tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def verdicts(runs):
    (folder,) = Path(runs).iterdir()
    found = {}
    for path in folder.glob("cases/*/*/result.json"):
        row = json.loads(path.read_text())
        found[row["case"]] = row["verdict"]
    return found


def test_plain_pytest_runs_the_cases_and_keeps_evidence(pytest_on, device, tmp_path):
    done = pytest_on(SUITE, "--device", device())
    assert done.returncode == 0, done.stdout
    assert set(verdicts(tmp_path / "runs").values()) == {"pass"}
    (folder,) = (tmp_path / "runs").iterdir()
    assert f"evidence: {folder}" in done.stdout
    assert re.search(r"\d+ passed, \d+ skipped", done.stdout)
    assert '"run-finished"' in (folder / "events.jsonl").read_text()


def test_a_fail_is_a_failed_test_with_the_case_and_what_was_seen(pytest_on, device, tmp_path):
    done = pytest_on(SUITE, "--device", device("?fault=p1.crc-init-ffff"), "--quick")
    assert done.returncode == 1
    assert "P1-A-020 fail : crc: expected the CRC-16" in done.stdout
    assert verdicts(tmp_path / "runs")["P1-A-020"] == "fail"
    assert verdicts(tmp_path / "runs")["P1-A-030"] == "pass"


def test_inconclusive_has_its_own_word_and_is_no_success(pytest_on, device):
    done = pytest_on(SUITE, "--device", device(), "--quick", "-k", "every_telegram", "-rA")
    assert done.returncode == 1
    assert "1 inconclusive" in done.stdout
    assert "P1-A-024 inconclusive SHORT" in done.stdout


def test_what_does_not_apply_is_skipped_with_its_reason(pytest_on, device):
    done = pytest_on(SUITE, "--device", device(), "--quick", "-k", "no_crc", "-rs")
    assert done.returncode == 0
    assert "1 skipped" in done.stdout
    assert "not-applicable: declared otherwise: needs not P1/CRC" in done.stdout


def test_a_case_can_be_repeated_by_its_name(pytest_on, device):
    done = pytest_on(f"{SUITE}/test_crc.py::test_crc_value", "--device", device(), "--quick", "-v")
    assert done.returncode == 0
    assert "test_crc_value PASS" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--device", "gone.toml"], "cannot read the declaration gone.toml"),
        (["--link", "nonsense"], "write INTERFACE=URL"),
        (["--link", "wan=tcp://h:1"], "not declared for this device"),
    ],
)
def test_a_usage_error_is_pytest_s_own(pytest_on, arguments, words, tmp_path):
    done = pytest_on(SUITE, *arguments)
    assert done.returncode == 4
    assert words in done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    assert not (tmp_path / "runs").exists()


def test_looking_at_what_there_is_opens_no_link_and_makes_no_run(pytest_on, device, tmp_path):
    done = pytest_on(SUITE, "--device", device(), "--collect-only", "-q")
    assert done.returncode == 0
    assert "test_crc.py::test_crc_value" in done.stdout
    assert not (tmp_path / "runs").exists()


def test_a_link_that_refuses_is_an_error_of_each_case(pytest_on, device, tmp_path):
    done = pytest_on(SUITE, "--device", device(), "--link", "p1=replay:/nowhere/x")
    assert done.returncode == 1
    assert set(verdicts(tmp_path / "runs").values()) == {"error"}


OTHERS = """\
import pytest

@pytest.fixture
def thing():
    yield 3

def test_good(thing):
    assert thing == 3

@pytest.mark.parametrize("n", [1, 2])
def test_many(n):
    assert n < 2

@pytest.mark.skip(reason="later")
def test_skipped():
    pass

def test_misuse(context):
    pass

class TestMore:
    def test_method(self):
        pass
"""


def test_tests_that_are_no_cases_pass_untouched(pytest_on, tmp_path):
    (tmp_path / "test_others.py").write_text(OTHERS)
    done = pytest_on(tmp_path / "test_others.py", "-rA")
    assert "1 failed, 3 passed, 1 skipped, 1 error" in done.stdout
    assert "test_misuse is not a case: it has no @case metadata" in done.stdout
    assert not (tmp_path / "runs").exists()


def test_cases_and_other_tests_live_side_by_side(pytest_on, device, tmp_path):
    (tmp_path / "test_mine.py").write_text("def test_mine():\n    pass\n")
    done = pytest_on(f"{SUITE}/test_crc.py", tmp_path / "test_mine.py", "--device", device(), "-v")
    assert done.returncode == 0, done.stdout
    assert "test_mine PASSED" in done.stdout
    assert "test_crc_value PASS" in done.stdout


DEFECTS = """\
import pytest
from bench.core.case import Case, Kind, case

def metadata(number):
    return Case(
        id=f"P1-X-{number}", version=1, interface="p1", title="t", purpose="p", stimulus="s",
        criterion="c", kind=Kind.VALID, clauses=("STD:1",),
    )

@case(metadata(1))
def test_raises(verify):
    verify.that("a", True, expected="1", observed="1")
    raise ZeroDivisionError("my own defect")

@case(metadata(2))
def test_asserts(verify):
    assert 1 == 2

@case(metadata(3))
def test_empty(verify):
    pass

@case(metadata(4))
def test_skips(verify):
    pytest.skip("no")

@case(metadata(5))
def test_fixture(nowhere):
    pass
"""


def test_a_defect_of_a_case_is_an_error_and_never_the_device_s(pytest_on, device, tmp_path):
    (tmp_path / "test_defects.py").write_text(DEFECTS)
    done = pytest_on(tmp_path / "test_defects.py", "--device", device(), "--quick")
    assert done.returncode == 1
    assert verdicts(tmp_path / "runs") == {
        "P1-X-1": "error",
        "P1-X-2": "error",
        "P1-X-3": "inconclusive",
        "P1-X-4": "error",
        "P1-X-5": "error",
    }


INTERRUPTED = """
import pytest
from bench.core.case import Case, Kind, case

@case(Case(
    id="P1-X-1", version=1, interface="p1", title="t", purpose="p", stimulus="s",
    criterion="c", kind=Kind.VALID, clauses=("STD:1",),
))
def test_interrupted(verify):
    raise KeyboardInterrupt
"""


def test_ctrl_c_is_no_end_of_a_run(pytest_on, device, tmp_path):
    (tmp_path / "test_interrupted.py").write_text(INTERRUPTED)
    done = pytest_on(tmp_path / "test_interrupted.py", "--device", device(), "--quick")
    assert done.returncode == 2
    (folder,) = (tmp_path / "runs").iterdir()
    assert '"run-aborted"' in (folder / "events.jsonl").read_text().splitlines()[-1]
    assert "pass" not in verdicts(tmp_path / "runs").values()


@pytest.mark.parametrize("options", ["", "?fault=p1.crc-init-ffff"])
def test_two_processes_give_the_verdicts_of_one(pytest_on, device, options):
    pytest.importorskip("xdist")

    files = [f"{SUITE}/test_crc.py", f"{SUITE}/test_framing.py"]

    def passed(*more, plugins=()):
        done = pytest_on(
            *files, "--device", device(options), "--quick", "-v", *more, plugins=plugins
        )
        lines = done.stdout.splitlines()
        names = {m[1] for line in lines if "PASS" in line and (m := re.search(r"::(\w+)", line))}
        return done.returncode, names, len(re.findall("SKIPPED", done.stdout))

    one = passed()
    assert len(one[1]) >= 10
    assert passed("-n", "2", plugins=("xdist.plugin",)) == one


@pytest.mark.parametrize("processes", [1, 2])
def test_spread_cases_leave_the_evidence_of_one_process(tmp_path, processes):
    from bench.engine.run import Run

    run = Run.begin(
        links={"p1": "simulated:p1?fault=p1.crc-init-ffff"},
        selectors=["P1-A-0"],
        quick=True,
        out=tmp_path / "runs",
    )
    run.execute(processes=processes)
    run.close()
    assert run.pending() == []
    found = verdicts(tmp_path / "runs")
    assert found["P1-A-020"] == "fail"
    assert sum(one == "pass" for one in found.values()) >= 15
