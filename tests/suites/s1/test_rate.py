"""How many frames came a second, how that compares with what they say, and where they jump."""

import numpy as np
import pytest

from bench.core.clock import MILLISECOND, SECOND
from bench.core.trace import Chunk
from bench.engine.context import Inconclusive
from bench.simulator.faults import alterations
from bench.simulator.ports.s1 import s1_port
from suites.s1.capture import Capture
from suites.s1.drift import Drift
from suites.s1.long_run import Ticks
from suites.s1.rate import Pace


def captured(name="", seconds=3.0, late_ns=0, **options):
    """Return what a port sends, every second chunk that much too late."""
    port = s1_port(alterations=alterations(f"s1.{name}") if name else (), **options)
    port.set_request(True, 0)
    chunks = []
    while (due := port.next_event()) <= seconds * SECOND:
        chunks.append(Chunk(due + late_ns * (len(chunks) % 2), port.emit(due)))
    return Capture(port.profile, [one for one in chunks if one.octets])


@pytest.mark.parametrize("mode", ["per-period", "fixed"])
def test_a_right_rate_is_the_announced_one(mode):
    pace = Pace(captured(mode=mode))
    off = pace.off_announced()
    assert abs(off.value) < 1
    assert off.uncertainty < 11
    assert pace.measured().value == pytest.approx(pace.announced_hz, rel=1e-6)
    assert pace.count / pace.span_s == pytest.approx(2600, rel=1e-3)
    assert np.abs(pace.jumps()[1]).max() < 0.1


def test_uneven_delivery_makes_a_rate_uncertain_and_no_jump():
    exact, late = Pace(captured()), Pace(captured(late_ns=8 * MILLISECOND))
    off = late.off_announced()
    assert abs(off.value) < off.uncertainty
    assert late.scatter_s == pytest.approx(0.004, rel=0.1)
    assert late.measured().uncertainty > 100 * exact.measured().uncertainty
    assert np.abs(late.jumps()[1]).max() < 30


def test_a_rate_that_is_off_is_measured():
    off = Pace(captured("drifts")).off_announced()
    assert off.value == pytest.approx(2000, abs=1)
    assert off.uncertainty < 5


def test_a_lost_cycle_is_a_jump_of_256():
    pace = Pace(captured("loses-256", 10))
    rows, jumps = pace.jumps()
    assert len(rows) == len(jumps)
    assert jumps.max() == pytest.approx(256, abs=2)
    assert np.count_nonzero(np.abs(jumps) > 10) in (1, 2)
    assert pace.scatter_s < 0.005


def test_frames_ahead_of_their_sampling_are_seen():
    assert Pace(captured()).most_ahead_s() < 0.001
    capture = captured(seconds=1)
    burst = Capture(capture.profile, [Chunk(0, capture.octets[:45_000]), *_second(capture)])
    assert Pace(burst).most_ahead_s() > 0.1


def _second(capture):
    return [Chunk(100 * MILLISECOND, capture.octets[45_000:])]


def ticks(frames, step_s=1.0):
    at = (np.arange(len(frames)) * step_s * SECOND).astype(np.int64)
    zeros = np.zeros(len(frames), np.int64)
    return Ticks(at, np.asarray(frames), zeros, zeros, np.zeros((0, 3)), np.zeros((0, 3)))


def test_drift_is_the_slope_of_the_count():
    drift = Drift(ticks(np.arange(100) * 2600.26), 2600.0)
    assert drift.slope().value == pytest.approx(100, abs=0.1)
    assert drift.slope().uncertainty < 1e-3
    assert drift.largest_step().value < 1e-6


def test_a_step_is_no_drift_of_its_surroundings():
    frames = np.arange(900) * 2600.0
    frames[400:] += 3
    drift = Drift(ticks(frames), 2600.0)
    assert abs(drift.slope().value) < 3
    assert drift.largest_step().value == pytest.approx(3, abs=1e-6)


def test_jitter_of_arrivals_makes_steps_uncertain():
    frames = np.arange(200) * 2600.0 + np.tile([0, 40], 100)
    drift = Drift(ticks(frames), 2600.0, 0.001, 50e-6)
    assert drift.largest_step().uncertainty > 20
    assert drift.slope().uncertainty > 50


def test_too_short_a_run_tells_nothing():
    with pytest.raises(Inconclusive, match="5 s"):
        Drift(ticks(np.arange(5) * 2600), 2600.0)
