"""Ctrl-C: the first ends the run after the exchange, the second at once; both can be resumed."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from adapters.simulated import SimulatedLink
from bench._home import home
from bench.engine.session import Session


@pytest.fixture
def watching(served, telegrams, tmp_path):
    """Start a run that watches a slow device; yields the process and the folder of the run."""
    processes = []

    def start(link):
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "bench", "run", "P1-A-02", "--quick", "--json"),
                *("--link", link, "--out", str(tmp_path / "runs")),
            ],
            env={**os.environ, "PYTHONPATH": str(home())},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        for _ in range(1200):
            (folder,) = list((tmp_path / "runs").glob("*")) or (None,)
            recording = folder and folder / "observations/p1/1/frames.pcapng"
            if recording and recording.exists() and recording.stat().st_size > 500:
                return process, folder
            time.sleep(0.05)  # another process is under way: there is no virtual time to wait in
        raise AssertionError(f"the run did not begin: {process.poll()}")

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def events(folder):
    lines = (folder / "events.jsonl").read_text().splitlines()
    return [json.loads(line)["event"] for line in lines]


def test_the_first_ends_the_run_and_leaves_it_to_be_resumed(
    bench, watching, served, telegrams, tmp_path
):
    pieces = telegrams(40)
    with served(pieces, pause_s=0.4) as link:
        process, folder = watching(link)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        assert process.returncode == 3, err
        verdicts = {row["verdict"] for row in json.loads(out)["cases"]}
        assert verdicts == {"none"}
        assert err == ""
    assert events(folder)[-1] == "run-aborted"
    assert "observation-finished" in events(folder)
    stopped = json.loads((folder / "observations/p1/1/observation.json").read_text())
    assert stopped["ended"] == "stopped"
    # the device is back, at the same address
    text = (folder / "plan.json").read_text()
    with served(pieces) as again:
        (folder / "plan.json").write_text(
            text.replace(link.partition("=")[2], again.partition("=")[2])
        )
        code, out, _ = bench("run", "--resume", folder, "--json")
    assert code == 3  # some cases were deselected
    rows = {row["id"]: row["verdict"] for row in json.loads(out)["cases"]}
    assert (rows["P1-A-020"], rows["P1-A-022"]) == ("pass", "pass")
    assert events(folder)[-1] == "run-finished"


class Interrupting(SimulatedLink):
    """Delivers octets, and at its 50th read as many Ctrl-C as were asked for."""

    presses = 1

    def read(self, until_ns):
        self.reads = getattr(self, "reads", 0) + 1
        if self.reads == 50:
            for _ in range(self.presses):
                signal.raise_signal(signal.SIGINT)
        return super().read(until_ns)


@pytest.mark.parametrize("presses", [1, 2])
def test_the_second_does_not_wait_for_the_exchange(bench, monkeypatch, tmp_path, presses):
    class Link(Interrupting):
        pass

    Link.presses = presses

    def opener(target, clock):
        return Link.open(target.link, target.line, clock)

    with monkeypatch.context() as patch:
        patch.setitem(Session.__init__.__kwdefaults__, "opener", opener)
        code, out, err = bench("run", "p1", "--quick", "--out", tmp_path / "runs")
    (folder,) = (tmp_path / "runs").iterdir()
    assert (code, err) == (3, "")
    assert "The run was stopped" in out
    assert f"meterbench run --resume {folder}" in out
    assert ("observation-finished" in events(folder)) is (presses == 1)
    assert events(folder)[-1] == "run-aborted"
    assert bench("run", "--resume", folder)[0] == 3
    assert events(folder)[-1] == "run-finished"


def test_before_the_first_case_it_is_no_defect(monkeypatch, bench, tmp_path):
    def stop_while_collecting(self, case):
        raise AssertionError("a case began")

    monkeypatch.setattr(Session, "begin", stop_while_collecting)
    before = Session.__init__

    def stopped(self, *args, **kwargs):
        before(self, *args, **kwargs)
        self.stopping = True

    monkeypatch.setattr(Session, "__init__", stopped)
    code, out, err = bench("run", "p1", "--quick", "--json", "--out", tmp_path / "runs")
    assert (code, err) == (3, "")
    assert {row["verdict"] for row in json.loads(out)["cases"]} == {"none"}
