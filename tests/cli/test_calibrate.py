"""`meterbench calibrate`: measures, prints, and keeps what it measured."""

import json
from pathlib import Path

import pytest

from bench.engine.calibration import Calibration


def test_a_served_far_end_is_measured_and_kept(bench, tmp_path):
    code, out, _ = bench("calibrate", "pty", "--repeats", "10")
    assert code == 0
    for word in ("median", "95 %", "99.9 %", "largest", "k = 2", "uncertainty", "kept"):
        assert word in out
    (kept,) = (tmp_path / "state" / "calibration").glob("*.json")
    found = Calibration.from_json(json.loads(kept.read_text()))
    assert found.key == "serial:pseudo-terminal"
    assert found.repeats == 10


def test_json_says_the_same_and_where_it_is(bench):
    _, out, _ = bench("calibrate", "serial:loop://", "--repeats", "10", "--json")
    row = json.loads(out)
    kept = Path(row.pop("file"))
    assert json.loads(kept.read_text(encoding="utf-8")) == row


def test_it_can_measure_without_keeping(bench, tmp_path):
    code, _, _ = bench("calibrate", "tcp", "--repeats", "10", "--no-keep")
    assert code == 0
    assert not (tmp_path / "state" / "calibration").exists()


def test_a_sender_with_a_known_interval_will_do(bench, served):
    with served([b"/KFM5 0123456789\r\n"], pause_s=0.1) as link:
        url = link.removeprefix("p1=")
        code, out, _ = bench("calibrate", url, "--interval", "0.1", "--repeats", "10", "--json")
    assert code == 0
    row = json.loads(out)
    assert row["method"] == "sender with an interval of 0.1 s"
    assert row["max_s"] < 0.1


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["nowhere"], 2, "has no scheme"),
        (["simulated:p1"], 2, "virtual"),
        (["serial:///dev/no-such-port"], 4, "/dev/no-such-port"),
        (["pty", "--repeats", "0"], 2, "repeats"),
        (["pty", "--interval", "0"], 2, "interval"),
        (["pty", "--interval", "1"], 2, "URL of a sender"),
    ],
)
def test_a_mistake_is_said_without_a_traceback(bench, arguments, code, words):
    found, _, said = bench("calibrate", *arguments)
    assert found == code
    assert words in said
    assert "Traceback" not in said
