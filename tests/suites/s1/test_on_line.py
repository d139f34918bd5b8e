"""Rests within frames, jitter between them, and what coincides with something else."""

import numpy as np
import pytest

from bench.core.clock import MILLISECOND, SECOND
from bench.core.trace import Chunk
from bench.engine.context import Inconclusive
from bench.simulator.faults import alterations
from bench.simulator.ports.s1 import s1_port
from suites.s1.capture import Capture
from suites.s1.coincidence import coincidence
from suites.s1.on_line import OnLine


def line(name="", seconds=1.0):
    port = s1_port(alterations=alterations(f"s1.{name}") if name else ())
    port.set_request(True, 0)
    chunks = []
    while (due := port.next_event()) <= seconds * SECOND:
        chunks.append(Chunk(due, port.emit(due)))
    capture = Capture(port.profile, [one for one in chunks if one.octets])
    times = port.line_times(0, len(capture.octets))
    return OnLine(capture, times.starts_ns, times.bit_ns, times.sampled_ns)


def test_an_even_stream_has_neither_rests_nor_jitter():
    found = line()
    _, rests = found.gaps_within()
    assert rests.max() <= 1
    assert found.period_ns == pytest.approx(384_600, rel=1e-3)
    assert found.idle_ns == pytest.approx(384_600 - 225_000, rel=5e-3)
    peak, effective, worst = found.jitter_ns()
    assert peak < 100
    assert effective < 20
    assert 0 <= worst < len(found.capture)
    assert not found.uneven(0.1).any()


def test_a_rest_within_is_found_behind_its_octet():
    places, rests = line("gap-in-frame", 0.2).gaps_within()
    assert set(places.tolist()) == {19}
    assert rests == pytest.approx(50_000, abs=2)


def test_jitter_is_measured_peak_to_peak():
    peak, effective, _ = line("frame-jitter").jitter_ns()
    assert 90_000 < peak < 120_000
    assert effective == pytest.approx(50_000 / np.sqrt(3), rel=0.1)


def test_a_frame_that_is_lost_is_neither_early_nor_late():
    assert not line("loses-with-p1").uneven(0.1).any()
    assert 20 < line("stalls-with-p1").uneven(0.1).sum() < 50


def test_without_enough_frames_there_is_no_jitter():
    with pytest.raises(Inconclusive):
        line(seconds=0.03).jitter_ns()
    with pytest.raises(Inconclusive, match="good frames in"):
        line(seconds=0.03).require_frames(1000)


SPANS = [(second * SECOND, second * SECOND + 130 * MILLISECOND) for second in range(60)]


def test_events_within_the_spans_coincide():
    events = np.arange(60, dtype=np.int64) * SECOND + 60 * MILLISECOND
    found = coincidence(events, SPANS, 0, 60 * SECOND)
    assert found.r > 0.5
    assert not found.independent
    assert str(found).startswith("60, r = 0.5")


def test_events_at_any_time_do_not():
    events = np.arange(160, dtype=np.int64) * 373 * MILLISECOND
    found = coincidence(events, SPANS, 0, 60 * SECOND)
    assert abs(found.r) < 0.1
    assert found.independent


@pytest.mark.parametrize(
    "events", [[], [60 * MILLISECOND], [one * 50 * MILLISECOND for one in range(1200)]]
)
def test_few_events_and_ceaseless_ones_are_no_pattern(events):
    found = coincidence(np.array(events, np.int64), SPANS, 0, 60 * SECOND)
    assert found.r is None
    assert found.independent
    assert found.events == len(events)
