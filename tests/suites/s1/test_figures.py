"""What the report shows of a stream: once per run, with what it is of."""

import json
from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest

from bench.core.clock import SECOND
from bench.core.figure import Bars, Histogram, Lines, Phasors, figure_from_json
from bench.core.measurement import Limits
from bench.core.trace import Chunk
from bench.engine.run import Run
from bench.simulator.ports.s1 import s1_port
from suites.s1.capture import Capture
from suites.s1.figures import _intervals, figures_of
from suites.s1.measuring import (
    HARMONIC_LIMITS,
    evenly,
    farthest,
    mean_of,
    measured_phases,
    parts,
    rms_of_ten_periods,
    spectrum_of,
)

POLYPHASE = {"S1/POLYPHASE": True}
DELTA = {"S1/POLYPHASE": True, "S1/DELTA": True}
NAMES = ["10-voltages", "20-currents", "30-phasors", "40-harmonics", "50-voltages-over-time"]


@cache
def captured(seconds=3, home="be"):
    port = s1_port(home=home)
    port.set_request(True, 2 * SECOND)
    chunks = []
    while (due := port.next_event()) <= (2 + seconds) * SECOND:
        chunks.append(Chunk(due, port.emit(due)))
    return Capture(port.profile, [one for one in chunks if one.octets])


@pytest.mark.parametrize(
    ("home", "answers", "voltages"),
    [("be", POLYPHASE, ["V1", "V2", "V3"]), ("be-one-phase", {}, ["V1"]),
     ("be-delta", DELTA, ["V1", "V3"])],
)  # fmt: skip
def test_figures_show_what_is_measured(home, answers, voltages):
    found = figures_of(captured(home=home), answers)
    assert list(found) == NAMES
    waves, currents, phasors, harmonics, over_time = found.values()
    assert isinstance(waves, Lines)
    assert [one.name for one in waves.series] == voltages
    assert waves.series[0].x[-1] == pytest.approx(40, abs=0.5)  # ms
    assert max(waves.series[0].y) == pytest.approx(325, abs=10)
    assert [one.name for one in currents.series][-1] == ("IN" if home != "be-delta" else "I3")
    assert isinstance(phasors, Phasors)
    assert abs(phasors.phasors[0].value) == pytest.approx(231, abs=5)
    assert isinstance(harmonics, Bars)
    assert list(harmonics.at) == list(range(2, 26))
    assert list(harmonics.limits) == list(HARMONIC_LIMITS.values())
    assert isinstance(over_time, Lines)
    assert {limit.value for limit in over_time.limits} == {195.5, 207.0, 253.0}
    for figure in found.values():
        assert "sample sets" in figure.caption
        assert figure_from_json(json.loads(json.dumps(figure.to_json()))) == figure


def test_without_edges_the_intervals_are_those_of_chunks():
    session = SimpleNamespace(can=lambda _interface, capability: capability == "timestamps")
    figure = _intervals(session, captured())
    assert isinstance(figure, Histogram)
    assert "The link knows only when chunks arrived" in figure.caption
    assert sum(figure.counts) == len(captured().chunk_counts[0]) - 1
    nothing = SimpleNamespace(can=lambda _interface, _capability: False)
    assert _intervals(nothing, captured()) is None


def test_a_run_keeps_each_figure_once(tmp_path):
    run = Run.begin(selectors=["S1-MEAS-12", "S1-MEAS-01"], out=tmp_path)
    run.execute()
    run.close()
    kept = sorted(path.stem for path in (run.folder.path / "figures" / "s1").glob("*.json"))
    assert kept == [*NAMES, "60-intervals"]
    text = (run.folder.path / "figures/s1/60-intervals.json").read_text(encoding="ascii")
    figure = figure_from_json(json.loads(text))
    assert "on the line" in figure.caption
    assert 2400 < sum(figure.counts) < 2700


# -- what the cases share


def test_phases_and_what_to_feed_them():
    assert measured_phases({}) == (1,)
    assert measured_phases(POLYPHASE) == (1, 2, 3)
    assert measured_phases(DELTA) == (1, 3)
    assert evenly({}, 5.0) == [(230.0, 5.0, 0.0)]
    assert evenly(POLYPHASE, 5.0, 60.0, 253.0) == [(253.0, 5.0, 60.0)] * 3
    first, second, third = evenly(DELTA, 10.0)
    assert first == third == (230.0, 10.0, 0.0)
    assert second[0] == 0
    assert second[1] == pytest.approx(17.32, abs=0.01)  # back from two that are 60 degrees apart


def test_values_of_a_capture():
    one = captured()
    mean = mean_of(one, "V1")
    assert mean.value == pytest.approx(0, abs=0.01)
    assert 0 < mean.uncertainty < 0.05
    windows = rms_of_ten_periods(one, "V1")
    assert len(windows) == 14
    assert np.all(np.abs(windows - 232) < 2)
    assert len(parts(one)) == 1
    assert len(parts(captured(22))) == 2
    assert spectrum_of(one, "V1") is spectrum_of(one, "V1")
    assert spectrum_of(one, "V1").share(5) == pytest.approx(0.016, abs=1e-4)


@pytest.mark.parametrize(
    ("limits", "place"), [(Limits(0, 10), 2), (Limits(high=8), 2), (Limits(low=1), 0)]
)
def test_the_value_nearest_to_a_limit_is_judged(limits, place):
    assert farthest([2.0, 5.0, 9.0], limits) == place
    assert farthest([2.0, 11.0, 9.0], Limits(0, 10)) == 1
