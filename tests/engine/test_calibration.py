"""Measured uncertainties: what they are made of, where they are kept, and who uses them."""

import json
import os
import pty
import tty

import pytest

from adapters.base import Capability, Link, LinkUrl
from bench.core.clock import MonotonicClock
from bench.core.errors import AdapterUnavailable, EvidenceError, UsageError
from bench.core.line import LineSettings
from bench.core.trace import Chunk
from bench.engine.calibration import (
    calibrated,
    conclude,
    keep,
    origin,
    recorded_calibration,
    station_key,
)
from bench.engine.calibration_run import calibrate_echo, calibrate_interval, echo_link
from bench.engine.preparation import load_declaration, prepare
from bench.engine.session import open_target

LINE = LineSettings()


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("METERBENCH_STATE", str(tmp_path / "state"))
    return tmp_path / "state"


class Wire(Link):
    """A link in whatever time: `answer` gives what a read returns."""

    timing_uncertainty_s = 0.005

    def __init__(self, identity="serial:/dev/ttyUSB0", serial="A1", url="serial:///dev/ttyUSB0"):
        self.url = LinkUrl.parse(url)
        self.identity = identity
        self.clock = MonotonicClock()
        self.capabilities = frozenset({Capability.TIMESTAMPS, Capability.WRITE})
        self.answers = []
        self._serial = serial

    def read(self, until_ns):
        return self.answers.pop(0) if self.answers else None

    def write(self, octets):
        return self.clock.now()

    def close(self):
        pass

    def describe(self):
        return {"link": str(self.url), "serial_number": self._serial}


@pytest.fixture
def wire():
    return Wire()


def test_the_larger_of_both_bounds_counts_and_is_named(wire):
    steady = conclude(wire, "test", [0.001] * 1000)
    assert steady.uncertainty_s == pytest.approx(0.002)
    assert steady.rule == "k = 2"
    stalls = conclude(wire, "test", [0.0001] * 1990 + [0.05] * 10)
    assert stalls.uncertainty_s == pytest.approx(0.05)
    assert stalls.rule == "99.9 % bound"
    assert stalls.median_s == pytest.approx(0.0001)


def test_early_stamps_count_as_much_as_late_ones(wire):
    assert conclude(wire, "test", [-0.004, 0.004]).k2_s == pytest.approx(0.008)


def test_of_few_stamps_the_largest_error_stands_for_the_bound(wire):
    found = conclude(wire, "test", [0.0] * 99 + [0.1])
    assert found.uncertainty_s == pytest.approx(0.1)
    assert found.rule == "largest error"


def test_nothing_measured_is_no_calibration(wire):
    with pytest.raises(UsageError, match="no time stamp"):
        conclude(wire, "test", [])


@pytest.mark.parametrize(
    ("identity", "key"),
    [
        ("serial:/dev/pts/7", "serial:pseudo-terminal"),
        ("tcp:127.0.0.1:40123", "tcp:this-machine"),
        ("tcp:localhost:1", "tcp:this-machine"),
        ("tcp:192.0.2.7:4001", "tcp:192.0.2.7:4001"),
        ("serial:/dev/ttyUSB0", "serial:/dev/ttyUSB0"),
    ],
)
def test_what_is_alike_shares_a_calibration(identity, key):
    assert station_key(identity) == key


def test_a_kept_calibration_comes_back_and_replaces_the_adapters_figure(wire):
    keep(conclude(wire, "test", [0.009] * 50))
    assert recorded_calibration(wire) is not None
    assert calibrated(wire).timing_uncertainty_s == pytest.approx(0.018)


def test_where_an_uncertainty_comes_from_is_said(wire):
    assert origin(wire) == "usual for the adapter, not calibrated at this station"
    keep(conclude(wire, "test", [0.009] * 50))
    assert origin(calibrated(wire)).startswith("calibrated 20")
    assert origin(Wire(url="serial:///dev/ttyUSB0?u_ms=1")) == "stated by u_ms in the link"
    assert origin(Wire(url="replay:x")) == "instants of the link itself"


def test_another_adapter_on_the_same_port_is_not_calibrated(wire):
    keep(conclude(wire, "test", [0.009] * 50))
    assert calibrated(Wire(serial="B2")).timing_uncertainty_s == 0.005
    assert calibrated(Wire(identity="serial:/dev/ttyUSB1")).timing_uncertainty_s == 0.005


def test_what_the_url_states_stands(wire):
    keep(conclude(wire, "test", [0.009] * 50))
    stated = Wire(url="serial:///dev/ttyUSB0?u_ms=1")
    stated.timing_uncertainty_s = 0.001
    assert calibrated(stated).timing_uncertainty_s == 0.001


@pytest.mark.parametrize(
    "damage", ["", "[]", "{}", "not json", '{"key": "serial:/dev/ttyUSB0"}', "negative"]
)
def test_a_damaged_record_is_no_calibration(wire, damage):
    path = keep(conclude(wire, "test", [0.009] * 50))
    if damage == "negative":
        damage = json.dumps({**json.loads(path.read_text()), "uncertainty_s": -1})
    path.write_text(damage)
    assert calibrated(wire).timing_uncertainty_s == 0.005


def test_a_state_folder_that_cannot_be_written_is_said(wire, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("METERBENCH_STATE", str(tmp_path / "file"))
    with pytest.raises(EvidenceError, match="METERBENCH_STATE"):
        keep(conclude(wire, "test", [0.001]))


@pytest.mark.parametrize("where", ["pty", "tcp", "serial:loop://"])
def test_an_echo_is_measured_at_each_kind_of_far_end(where):
    with echo_link(where, LINE) as (link, send, character_ns):
        found = calibrate_echo(link, send, 10, character_ns)
    assert found.repeats == 10
    assert 0 <= found.median_s <= found.max_s <= found.uncertainty_s * 1.01
    assert found.method.startswith("echo")


def test_a_line_without_loop_is_said(wire):
    wire.clock.wait_until = lambda _instant: None
    with pytest.raises(AdapterUnavailable, match="loop-back plug"):
        calibrate_echo(wire, lambda _octets: 0, 10, 0.0)


def test_other_octets_than_those_sent_are_said(wire):
    wire.answers = [None, Chunk(0, b"/KFM5")]
    with pytest.raises(AdapterUnavailable, match="is a device connected"):
        calibrate_echo(wire, lambda _octets: 0, 10, 0.0)


@pytest.mark.parametrize("exact", ["replay", "simulated"])
def test_exact_links_are_not_calibrated(exact, tmp_path):
    (tmp_path / "x").write_bytes(b"/K\r\n")
    where = f"replay:{tmp_path / 'x'}" if exact == "replay" else "simulated:p1"
    with pytest.raises(UsageError), echo_link(where, LINE):
        pass


def test_a_sender_that_stops_is_said():
    master, slave = pty.openpty()
    try:
        tty.setraw(slave)
        with pytest.raises(AdapterUnavailable, match="nothing arrives any more after 0 bursts"):
            calibrate_interval(f"serial://{os.ttyname(slave)}", 0.05, 10, LINE)
    finally:
        os.close(master)
        os.close(slave)


def test_a_run_opens_its_links_calibrated():
    with echo_link("pty", LINE) as (link, _send, _character_ns):
        keep(conclude(link, "test", [0.0035] * 50))
    master, slave = pty.openpty()
    try:
        url = f"serial://{os.ttyname(slave)}"
        target = prepare(load_declaration(None), links={"p1": url}).targets["p1"]
        with open_target(target, MonotonicClock()) as opened:
            assert opened.timing_uncertainty_s == pytest.approx(0.007)
    finally:
        os.close(master)
        os.close(slave)
