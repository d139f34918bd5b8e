import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.core.errors import EvidenceError, UsageError
from bench.core.figure import Axis, Lines, Series, figure_from_json
from bench.engine import figures
from bench.engine.evidence import RunFolder
from bench.engine.figures import keep_figure
from bench.engine.session import Session


def drawing(*values, title="Voltage"):
    series = Series("U1", range(len(values)), values)
    return Lines(title, "all", Axis("Time", "s"), Axis("Voltage", "V"), [series])


def names(run):
    return sorted(path.relative_to(run).as_posix() for path in run.rglob("*") if path.is_file())


def read(path):
    return figure_from_json(json.loads(path.read_text("ascii")))


def test_a_session_keeps_a_figure_in_its_run(quick_preparation, folder):
    session = Session(quick_preparation, folder)
    session.keep_figure("p1", "rms", drawing(230.0, float("nan")))
    assert read(folder.path / "figures/p1/rms.json") == drawing(230.0, None)
    session.close()


def test_without_a_run_nothing_is_kept(quick_preparation, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    session = Session(quick_preparation)
    session.keep_figure("p1", "rms", drawing(1))
    session.close()
    assert list(tmp_path.iterdir()) == []


def test_a_worker_keeps_it_in_the_same_run_once(quick_preparation, tmp_path):
    for worker in ("gw0", "gw1"):
        session = Session(quick_preparation, worker=worker, folder_path=tmp_path)
        session.keep_figure("p1", "rms", drawing(230))
        session.close()
    assert names(tmp_path) == ["figures/p1/rms.json"]


def test_another_of_the_same_name_is_kept_beside_it(tmp_path):
    for value in (1, 2, 1, 3, 2):
        keep_figure(tmp_path, "p1", "rms", drawing(value))
    expected = ["figures/p1/rms-2.json", "figures/p1/rms-3.json", "figures/p1/rms.json"]
    assert names(tmp_path) == expected
    assert read(tmp_path / "figures/p1/rms.json") == drawing(1)
    assert read(tmp_path / "figures/p1/rms-3.json") == drawing(3)


def test_processes_that_keep_at_the_same_time_lose_nothing(tmp_path):
    program = """
import sys
from pathlib import Path
from bench.core.figure import Axis, Lines, Series
from bench.engine.figures import keep_figure
sys.stdin.read(1)
for n in range(20):
    for value in (n, 100 + n + 1000 * int(sys.argv[2])):
        figure = Lines("t", "", Axis("x"), Axis("y"), [Series("s", [0], [value])])
        keep_figure(Path(sys.argv[1]), "p1", f"f{n}", figure)
"""
    home = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(home)}
    started = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path), str(number)],
            stdin=subprocess.PIPE,
            env=environment,
        )
        for number in (1, 2)
    ]
    for process in started:
        process.communicate(b"x")
    assert [process.returncode for process in started] == [0, 0]
    for n in range(20):
        found = [read(path) for path in tmp_path.glob(f"figures/p1/f{n}*.json")]
        kept = [figure.series[0].y[0] for figure in found if figure.series[0].y[0] % 100 == n]
        assert sorted(kept) == [n, 1100 + n, 2100 + n]
    assert not list(tmp_path.rglob("*.part"))


def test_a_file_system_without_links_will_do(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(figures.os, "link", refuse)
    keep_figure(tmp_path, "p1", "rms", drawing(1))
    keep_figure(tmp_path, "p1", "rms", drawing(1))
    keep_figure(tmp_path, "p1", "rms", drawing(2))
    assert names(tmp_path) == ["figures/p1/rms-2.json", "figures/p1/rms.json"]


@pytest.mark.parametrize("name", ["", "..", "a/b", "A", "a b", "-a", "a.json", "é", "a" * 81])
def test_a_name_that_is_none_is_refused(tmp_path, name):
    with pytest.raises(UsageError, match="cannot name a figure"):
        keep_figure(tmp_path, "p1", name, drawing(1))
    with pytest.raises(UsageError, match="cannot name a figure"):
        keep_figure(tmp_path, name, "rms", drawing(1))
    assert names(tmp_path) == []


def test_hostile_texts_are_kept_as_ascii(tmp_path):
    title = "<script> \ud800 \u202e \x00 é"
    keep_figure(tmp_path, "p1", "rms", drawing(1, title=title))
    octets = (tmp_path / "figures/p1/rms.json").read_bytes()
    assert max(octets) < 0x7F
    assert read(tmp_path / "figures/p1/rms.json").title == title


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "figures").write_text("in the way")
    with pytest.raises(EvidenceError, match=r"cannot write .*rms\.json"):
        keep_figure(tmp_path, "p1", "rms", drawing(1))


def test_what_a_killed_process_left_half_is_cut_off(folder):
    folder.write_json("plan.json", {})
    keep_figure(folder.path, "p1", "rms", drawing(1))
    part = folder.path / "figures/p1/peak.json.77.part"
    part.write_text("{")
    RunFolder.reopen(folder.path)
    assert not part.exists()
    assert (folder.path / "figures/p1/rms.json").exists()
