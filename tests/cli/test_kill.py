"""A bench that is killed, or whose disk fills up, at any moment of a run."""

import hashlib
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from bench._home import home

DOOMED = Path(__file__).with_name("doomed.py")
#: fails and passes, so that a verdict that changed would show
LINK = "p1=simulated:p1?fault=p1.crc-init-ffff"
#: errors that the UART counts while it listens, which no recording holds
UART_LINK = "p1=simulated:p1?fault=p1.uart-8e1"
MOMENTS = 20
#: a part of the catalogue, so that twenty runs cost seconds
CASES = ("P1-A-00", "P1-A-01", "P1-A-02", "P1-A-03")
#: cases that look at the samples, at P1 beside them, or at both
S1_LINK = "s1=simulated:s1?fault=s1.sequence-skips"
S1_CASES = ("S1-SEQ-01", "S1-PAY-01", "S1-MEAS-02", "S1-MEAS-07")


@pytest.fixture(scope="module")
def doomed(tmp_path_factory):
    """Run a command line that is killed at its n-th write (0: not at all)."""
    state = tmp_path_factory.mktemp("state")
    process = subprocess.Popen(
        [sys.executable, str(DOOMED)],
        env={
            **os.environ,
            "PYTHONPATH": str(home()),
            "METERBENCH_STATE": str(state),
            "METERBENCH_LOCKS": str(state / "locks"),
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )

    def run(watch, *arguments, moment=0, full=False, place=""):
        order = {
            "arguments": [str(a) for a in arguments],
            "watch": str(watch),
            "moment": moment,
            "full": full,
            "place": place,
        }
        process.stdin.write(json.dumps(order) + "\n")
        process.stdin.flush()
        return json.loads(process.stdout.readline())

    yield run
    process.stdin.close()
    process.stdout.close()
    process.wait()


@pytest.fixture(scope="module")
def whole(doomed, tmp_path_factory):
    """What an undisturbed run gives: its number of writes and its outcome, by link."""
    found = {}
    for link in (LINK, UART_LINK):
        out = tmp_path_factory.mktemp("whole")
        done = doomed(out, "run", *CASES, "--quick", "--json", "--link", link, "--out", out)
        found[link] = done["count"], done["code"], json.loads(done["said"])
    return found


def results(folder):
    return {p.relative_to(folder): p.read_bytes() for p in folder.glob("cases/*/*/result.json")}


def changed(outcome, other):
    """Return the cases that two outcomes do not agree on."""
    rows = zip(outcome["cases"], other["cases"], strict=True)
    return [(one, two) for one, two in rows if one != two]


def verify_chain(folder):
    previous = "0" * 64
    for number, line in enumerate((folder / "events.jsonl").read_bytes().splitlines()):
        row = json.loads(line)
        assert (row["seq"], row["prev"]) == (number, previous)
        previous = hashlib.sha256(line).hexdigest()
    return row


def moments(seed, count, wanted=MOMENTS):
    return sorted(random.Random(seed).sample(range(1, count + 1), wanted))


def test_a_run_killed_at_any_moment_loses_nothing_and_is_completed(doomed, whole, tmp_path):
    count, code, outcome = whole[LINK]
    reached = set()
    for moment in moments("killed", count):
        out = tmp_path / str(moment)
        arguments = ["run", *CASES, "--quick", "--json", "--link", LINK, "--out", out]
        assert doomed(out, *arguments, moment=moment)["code"] == -9
        (folder,) = out.iterdir() if out.exists() else (None,)
        if folder is None or not (folder / "plan.json").exists():
            reached.add("nothing planned")
            continue
        finished = results(folder)
        begun = {p.relative_to(folder) for p in folder.glob("cases/*/a*")}
        interrupted = begun - {path.parent for path in finished}
        reached.add(len(finished))
        done = doomed(out, "run", "--resume", folder, "--json")
        if done["code"] == 2:
            assert "finished; there is nothing to resume" in done["said"]
            assert (folder / "report" / "report.html").exists()
        else:
            assert done["code"] == code, (moment, done["said"])
            resumed = json.loads(done["said"])
            assert changed(outcome, resumed) == [], moment
            assert resumed["profiles"] == outcome["profiles"], moment
        after = results(folder)
        assert {path: after[path] for path in finished} == finished
        for place in interrupted:
            row = json.loads((folder / place / "result.json").read_text())
            assert row["verdict"] == "error"
            assert row["incidents"][0]["reason"] == "INTERRUPTED"
        assert verify_chain(folder)["event"] == "run-finished"
        verified = doomed(out, "verify", folder, "--json")["said"]
        failed = [row for row in json.loads(verified)["lines"] if row["status"] == "FAILED"]
        assert failed == [], moment
        assert not list(folder.rglob("*.part"))
    assert len(reached) > 5, "the moments did not hit different cases"


@pytest.mark.parametrize(
    ("place", "moment"),
    [
        ("plan.json", 2),  # written, not yet renamed
        ("observations", 1),
        ("observation.json", 1),
        ("observation.json", 2),
        ("P1-A-001/a1/result.json", 1),
        ("P1-A-001/a1/result.json", 2),
        ("brackets", 2),
        ("report.html", 1),
        ("manifest.json", 1),
    ],
)
def test_a_run_killed_at_this_moment_gives_the_same_verdicts(
    doomed, whole, tmp_path, place, moment
):
    """Errors that the UART counted belong to the observation that is judged again."""
    _, code, outcome = whole[UART_LINK]
    arguments = ["run", *CASES, "--quick", "--json", "--link", UART_LINK, "--out", tmp_path]
    assert doomed(tmp_path, *arguments, moment=moment, place=place)["code"] == -9
    (folder,) = tmp_path.iterdir()
    if place == "plan.json":
        assert not (folder / "plan.json").exists()
        done = doomed(tmp_path, "run", "--resume", folder)
        assert done["code"] == 4
        assert "is not a run folder: it has no plan.json" in done["said"]
        return
    done = doomed(tmp_path, "run", "--resume", folder, "--json")
    assert done["code"] == code, done["said"]
    resumed = json.loads(done["said"])
    assert changed(outcome, resumed) == []
    verified = json.loads(doomed(tmp_path, "verify", folder, "--json")["said"])
    assert [row for row in verified["lines"] if row["status"] == "FAILED"] == []


@pytest.fixture(scope="module")
def whole_s1(doomed, tmp_path_factory):
    """What an undisturbed run of cases that look at S1 and at P1 beside it gives."""
    out = tmp_path_factory.mktemp("whole-s1")
    done = doomed(out, "run", *S1_CASES, "--quick", "--json", "--link", S1_LINK, "--out", out)
    return done["code"], json.loads(done["said"])


@pytest.mark.parametrize(
    ("place", "moment"),
    [
        ("observations/s1", 1),
        ("beside-p1.pcapng", 1),
        ("s1/1/observation.json", 1),
        ("s1/1/observation.json", 2),
        ("S1-MEAS-02/a1/result.json", 1),
        ("S1-SEQ-01/a1", 1),
    ],
)
def test_a_run_of_s1_with_p1_beside_it_gives_the_same_verdicts(
    doomed, whole_s1, tmp_path, place, moment
):
    code, outcome = whole_s1
    arguments = ["run", *S1_CASES, "--quick", "--json", "--link", S1_LINK, "--out", tmp_path]
    assert doomed(tmp_path, *arguments, moment=moment, place=place)["code"] == -9
    (folder,) = tmp_path.iterdir()
    done = doomed(tmp_path, "run", "--resume", folder, "--json")
    assert done["code"] == code, done["said"]
    assert changed(outcome, json.loads(done["said"])) == []
    verified = json.loads(doomed(tmp_path, "verify", folder, "--json")["said"])
    assert [row for row in verified["lines"] if row["status"] == "FAILED"] == []
    assert len(list(folder.glob("observations/s1/*/beside-p1.pcapng"))) in (1, 2)


def test_a_run_killed_again_and_again_comes_to_its_end(doomed, whole, tmp_path):
    _, code, outcome = whole[LINK]
    arguments = ["run", *CASES, "--quick", "--json", "--link", LINK, "--out", tmp_path]
    doomed(tmp_path, *arguments, moment=25)
    (folder,) = tmp_path.iterdir()
    for moment in (3, 9, 12, 6, 15):
        assert doomed(tmp_path, "run", "--resume", folder, "--json", moment=moment)["code"] == -9
    done = doomed(tmp_path, "run", "--resume", folder, "--json")
    assert done["code"] == code
    assert json.loads(done["said"])["cases"] == outcome["cases"]
    verify_chain(folder)


def test_a_disk_that_fills_at_any_moment_is_an_error_of_the_bench(doomed, whole, tmp_path):
    count, code, outcome = whole[LINK]
    for moment in moments("full", count, 6):
        out = tmp_path / str(moment)
        arguments = ["run", *CASES, "--quick", "--json", "--link", LINK, "--out", out]
        done = doomed(out, *arguments, moment=moment, full=True)
        assert done["code"] == 4, (moment, done["said"])
        assert done["said"].startswith("meterbench: cannot write "), (moment, done["said"])
        assert "Traceback" not in done["said"]
        folders = list(out.iterdir()) if out.exists() else []
        if folders and (folders[0] / "plan.json").exists():
            finished = results(folders[0])
            resumed = doomed(out, "run", "--resume", folders[0], "--json")
            assert resumed["code"] in (code, 2)
            if resumed["code"] == code:
                assert json.loads(resumed["said"])["cases"] == outcome["cases"]
            after = results(folders[0])
            assert {path: after[path] for path in finished} == finished
