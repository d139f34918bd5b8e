"""A port that was opened again: the present is told from what the meter has kept of before."""

import numpy as np
import pytest

from bench.core.clock import MILLISECOND, SECOND
from bench.core.trace import Chunk
from bench.simulator.faults import alterations
from bench.simulator.faults.s1_edit import fields
from bench.simulator.ports.s1 import s1_port
from suites.s1.capture import Capture
from suites.s1.resuming import excess_s, periods_seen

CLOSED_S, OPENED_S, UNTIL_S = 2, 62, 65


def source(volts, hertz=50.0):
    phases = [(volts, 5.0, 0.0)] * 3
    return {"phases": phases, "hertz": hertz, "harmonics": [], "leak_a": 0.0}


def resumed(fault="", extra=(), volts=230.0, hertz=50.0, **options):
    """Return what comes after the ports were closed for a minute."""
    port = s1_port(alterations=(*(alterations(fault) if fault else ()), *extra), **options)
    port.control("source", source(230.0, hertz), 0)
    port.set_request(True, SECOND)
    chunks = []

    def hear(until_s):
        while (due := port.next_event()) is not None and due <= until_s * SECOND:
            chunks.append(Chunk(due, port.emit(due)))

    hear(CLOSED_S)
    port.control("deactivate", {}, CLOSED_S * SECOND)
    hear(OPENED_S)
    chunks.clear()
    port.control("source", source(volts, hertz), (OPENED_S - 5) * SECOND)
    port.control("activate", {}, OPENED_S * SECOND + 7 * MILLISECOND)
    hear(UNTIL_S)
    return Capture(port.profile, [one for one in chunks if one.octets])


@pytest.mark.parametrize("options", [{}, {"mode": "fixed"}, {"mode": "fixed", "rate": 40}])
@pytest.mark.parametrize("hertz", [47.3, 50.0, 51.4])
def test_the_present_is_steady(options, hertz):
    capture = resumed(hertz=hertz, **options)
    seen = periods_seen(capture, "V1", 5.0)
    assert len(seen.rows) > 2.5 * hertz
    assert np.abs(seen.jumps_deg).max() < 3
    assert seen.effective_v == pytest.approx(230, rel=0.02)
    assert abs(excess_s(capture, 1.0)) < 0.03


def test_frames_of_before_are_too_many_and_jump():
    capture = resumed("s1.stale", volts=212.0)
    assert excess_s(capture, 1.0) == pytest.approx(0.19, abs=0.03)
    seen = periods_seen(capture, "V1", 5.0)
    assert seen.effective_v[:8] == pytest.approx(230, rel=0.01)
    assert seen.effective_v[-8:] == pytest.approx(212, rel=0.01)


def test_invalid_sample_sets_are_left_out():
    invalid = fields(lambda f: {"info": np.where(f.index % 1000 == 3, f.info & ~8, f.info)})
    seen = periods_seen(resumed(extra=(invalid,)), "V1", 5.0)
    assert 130 < len(seen.rows) < 149
    assert np.abs(seen.jumps_deg).max() < 3


def test_where_there_is_no_voltage_there_is_no_phase():
    assert periods_seen(resumed(volts=0.0), "V1", 5.0) is None
    nothing = Capture(s1_port().profile, [])
    assert periods_seen(nothing, "V1", 5.0) is None
    assert excess_s(nothing, 1.0) is None


def test_too_short_a_capture_has_no_excess():
    assert excess_s(resumed(), 2.0) is None
