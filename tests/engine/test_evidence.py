"""The run folder: its chain of events, whole files, and what happens on a full disk."""

import errno
import hashlib
import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from bench._home import home
from bench.core.check import Outcome
from bench.core.errors import EvidenceError
from bench.core.trace import Direction, Field, Frame
from bench.engine.evidence import CaseRecord, RunFolder

FRAME = Frame(7, 10, 20, b"/a\x00\xff", Direction.SENT, 40, (Field("x", 1, 2, "t", "p"),))


def chain(folder):
    """Return the events of a folder; fail where the chain does."""
    previous, rows = "0" * 64, []
    for number, line in enumerate((folder / "events.jsonl").read_bytes().splitlines()):
        row = json.loads(line)
        assert row["prev"] == previous
        assert row["seq"] == number
        previous = hashlib.sha256(line).hexdigest()
        rows.append(row)
    return rows


@pytest.fixture
def begun(folder):
    """A folder as it is left by a killed run."""
    folder.write_json("plan.json", {})
    for number in range(4):
        folder.event("something", number=number, text="ü\n\u2028")
    return folder.path


def test_each_event_carries_the_hash_of_the_line_before(begun):
    rows = chain(begun)
    assert [row["number"] for row in rows] == [0, 1, 2, 3]
    assert rows[0]["text"] == "ü\n\u2028"


def test_the_chain_goes_on_after_reopening(begun):
    RunFolder.reopen(begun).event("more")
    assert chain(begun)[-1]["event"] == "more"


@pytest.mark.parametrize("half", [b"{", b'{"seq":4,"at":"2026', b"\xc3"])
def test_a_half_written_last_event_is_cut_off(begun, half):
    whole = (begun / "events.jsonl").read_bytes()
    (begun / "events.jsonl").write_bytes(whole + half)
    folder = RunFolder.reopen(begun)
    assert (begun / "events.jsonl").read_bytes() == whole
    folder.event("more")
    assert len(chain(begun)) == 5


@pytest.mark.parametrize(
    ("damage", "line"),
    [
        (lambda rows: rows[:1] + rows[2:], 2),
        (lambda rows: rows[1:], 1),
        (lambda rows: [rows[0], rows[2], rows[1], rows[3]], 2),
        (lambda rows: [rows[0].replace(b'"number":0', b'"number":9'), *rows[1:]], 2),
        (lambda rows: [*rows[:2], b"not json", *rows[2:]], 3),
        (lambda rows: [*rows[:3], b"[]"], 4),
        (lambda rows: [*rows, rows[3]], 5),
    ],
)
def test_a_broken_chain_is_named_by_its_line(begun, damage, line):
    path = begun / "events.jsonl"
    path.write_bytes(b"".join(row + b"\n" for row in damage(path.read_bytes().splitlines())))
    with pytest.raises(EvidenceError, match=f"chain of events breaks at line {line}$"):
        RunFolder.reopen(begun)


def test_a_folder_without_plan_is_no_run(tmp_path):
    with pytest.raises(EvidenceError, match="has no plan"):
        RunFolder.reopen(tmp_path)


def test_a_taken_name_gets_a_number(tmp_path):
    names = [RunFolder.create(tmp_path / "a" / "b", "run").name for _ in range(3)]
    assert names == ["run", "run-2", "run-3"]


def test_a_file_is_there_whole_or_not_at_all(folder, monkeypatch):
    folder.write_json("x.json", {"is": "old"})

    def full(self, text, **_options):
        with self.open("w") as file:
            file.write(text[:5])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(EvidenceError) as caught:
        folder.write_json("x.json", {"is": "new"})
    assert str(folder.path / "x.json") in str(caught.value)
    assert "No space left" in str(caught.value)
    assert "--resume" in str(caught.value)
    assert folder.read_json("x.json") == {"is": "old"}


@pytest.mark.parametrize("content", [b"{", b"", b"\xff"])
def test_a_damaged_file_is_named(folder, content):
    (folder.path / "x.json").write_bytes(content)
    with pytest.raises(EvidenceError, match=r"cannot read .*x\.json"):
        folder.read_json("x.json")


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(EvidenceError, match=r"cannot write .*file/run"):
        RunFolder.create(tmp_path / "file", "run")


def test_attempts_are_numbered_and_kept(folder, record):
    assert folder.attempt_numbers("P1-A-020") == []
    for outcome in (Outcome.MISSED, None, Outcome.MET):
        number = folder.start_case("P1-A-020")
        if outcome is not None:
            folder.finish_case(record(number=number, outcome=outcome))
    first, interrupted, last = folder.attempts("P1-A-020")
    assert (first.number, interrupted, last.number) == (1, None, 3)
    assert first.checks[0].outcome is Outcome.MISSED
    assert [row["event"] for row in chain(folder.path)] == [
        "case-started",
        "case-finished",
        "case-started",
        "case-started",
        "case-finished",
    ]
    assert chain(folder.path)[1]["verdict"] == "fail"


def test_more_than_nine_attempts_stay_in_order(folder, record):
    for _ in range(11):
        folder.finish_case(record(number=folder.start_case("P1-A-020")))
    assert [a.number for a in folder.attempts("P1-A-020")] == list(range(1, 12))


@pytest.mark.parametrize("content", ["{}", "[]", '{"case": 1, "checks": 3}'])
def test_a_damaged_result_is_named(folder, content):
    folder.start_case("P1-A-020")
    folder.write_text("cases/P1-A-020/a1/result.json", content)
    with pytest.raises(EvidenceError, match=r"a1/result\.json is damaged"):
        folder.attempts("P1-A-020")


def test_frames_are_kept_as_json_and_capture(folder, record):
    folder.start_case("P1-A-020")
    folder.finish_case(record(frames=(FRAME,)))
    place = folder.path / "cases/P1-A-020/a1"
    (row,) = json.loads((place / "decoded.json").read_text())["frames"]
    assert Frame.from_json(row) == FRAME
    assert (place / "frames.pcapng").stat().st_size > 0


def test_a_record_travels_between_processes(record):
    one = record(outcome=Outcome.MISSED, frames=(FRAME,))
    assert CaseRecord.from_json(json.loads(json.dumps(one.to_json()))) == one
    assert Frame.from_json(FRAME.to_json()) == FRAME


@pytest.mark.parametrize("limit", [700, 3_000, 20_000])
def test_a_full_disk_ends_a_run_as_an_error_of_the_bench(tmp_path, limit):
    """A limit on the size of files ends writes in the middle, as a full disk does."""
    done = subprocess.run(
        [sys.executable, "-m", "bench", "run", "--quick", "--out", str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(home())},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 4, done.stderr
    assert "meterbench: cannot write " in done.stderr
    assert str(tmp_path) in done.stderr
    assert "Traceback" not in done.stderr
    assert "INTERNAL" not in done.stderr
    assert " FAIL " not in done.stdout
    (folder,) = tmp_path.iterdir()
    for path in folder.rglob("*.json"):
        json.loads(path.read_text())
