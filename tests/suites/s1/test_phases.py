"""What a steady stretch of samples amounts to, whatever the sampling, and where one ends."""

from functools import cache

import numpy as np
import pytest

from bench.core.clock import MILLISECOND, SECOND
from bench.core.trace import Chunk
from bench.engine.context import Inconclusive
from bench.simulator.faults import alterations
from bench.simulator.faults.s1_edit import fields
from bench.simulator.ports.s1 import s1_port
from suites.s1.capture import Capture
from suites.s1.phases import Stretch, longest, stretches

PHASES = [(220, 5, 0), (230, 7, 60), (240, 11, 180)]
SOURCE = {"phases": PHASES, "hertz": 49.8, "harmonics": [(3, 0.05, 0)], "leak_a": 0.0}


def captured(until_s=3.0, faults="", extra=(), source=SOURCE, late_ns=0, **options):
    """Return what a port that is fed by a source sends, from one second on."""
    found = alterations(faults) if faults else ()
    port = s1_port(alterations=(*found, *extra), **options)
    if source:
        port.control("source", source, 0)
    port.set_request(True, 2 * SECOND)
    chunks = []
    while (due := port.next_event()) <= (1 + until_s) * SECOND:
        chunks.append(Chunk(due + late_ns * (len(chunks) % 2), port.emit(due)))
    return Capture(port.profile, [one for one in chunks if one.octets])


@cache
def fed(mode):
    return longest(captured(mode=mode))


@pytest.mark.parametrize("mode", ["per-period", "fixed"])
def test_rate_and_frequency_come_from_the_samples(mode):
    stretch = fed(mode)
    rate = 52 * 49.8 if mode == "per-period" else 2600
    assert stretch.announced_hz == pytest.approx(rate, rel=1e-9)
    assert stretch.counted_hz == pytest.approx(rate, rel=1e-5)
    assert stretch.rate_hz == pytest.approx(rate, rel=1e-5)
    assert stretch.frequency_hz == pytest.approx(49.8, abs=0.001)
    assert stretch.period == pytest.approx(rate / 49.8, rel=1e-5)
    assert stretch.is_per_period == (mode == "per-period")


@pytest.mark.parametrize("mode", ["per-period", "fixed"])
def test_effective_values_powers_and_angles_are_those_of_the_source(mode):
    stretch = fed(mode)
    assert stretch.phases == (1, 2, 3)
    for phase, (volts, amperes, lag) in enumerate(PHASES, 1):
        assert stretch.rms(f"V{phase}") == pytest.approx(volts, abs=0.03)
        assert stretch.rms(f"I{phase}") == pytest.approx(amperes, abs=0.003)
        real = volts * amperes * np.cos(np.radians(lag))
        assert stretch.power_w(phase) == pytest.approx(real, abs=0.5)
        assert stretch.power_windows_w(phase) == pytest.approx(real, abs=0.8)
        assert stretch.rms_windows(f"V{phase}") == pytest.approx(volts, abs=0.05)
        assert stretch.mean(f"V{phase}") == pytest.approx(0, abs=0.05)
        share = 1 / np.sqrt(1 + 0.05**2)
        assert stretch.fundamental(f"V{phase}") == pytest.approx(volts * share, abs=0.03)
    assert stretch.total_w() == pytest.approx(1100 + 805 - 2640, abs=1.5)
    assert stretch.angle_deg("V2") == pytest.approx(-120, abs=0.01)
    assert stretch.angle_deg("V1", "V3") == pytest.approx(-120, abs=0.01)
    assert abs(stretch.angle_deg("I3", "V3")) == pytest.approx(180, abs=0.01)
    assert stretch.phasor("V3").imag == pytest.approx(240 * np.sin(np.radians(120)), abs=0.3)
    assert len(stretch.rms_windows("V1")) == int(len(stretch) / stretch.period / 10)


def test_the_angles_do_not_hang_on_a_steady_frequency():
    stretch = longest(captured(6.0, mode="fixed", source=None))
    assert np.ptp(stretch.capture.number("mains_frequency")) > 10
    assert stretch.angle_deg("V2") == pytest.approx(-120, abs=0.01)
    assert stretch.frequency_hz == pytest.approx(
        stretch.capture.number("mains_frequency").mean() / 1000, abs=0.002
    )


def test_a_rate_that_is_announced_wrongly_does_no_harm():
    stretch = longest(captured(faults="s1.rate-81"))
    assert stretch.announced_hz == pytest.approx(81 * 49.8)
    assert stretch.rms("V1") == pytest.approx(220, abs=0.03)
    assert stretch.frequency_hz == pytest.approx(49.8, abs=0.001)


def test_a_chunk_that_comes_late_makes_the_rate_no_worse_than_that():
    stretch = longest(captured(late_ns=MILLISECOND))
    assert stretch.counted_hz == pytest.approx(52 * 49.8, rel=2e-3 / stretch.counted_s)


def test_a_stretch_of_a_time_has_the_rows_that_arrived_then():
    whole = fed("fixed")
    part = whole.between(2 * SECOND + 500 * MILLISECOND, 3 * SECOND)
    assert len(part) == pytest.approx(1300, abs=30)
    assert part.first > whole.first
    assert part.rms("V1") == pytest.approx(220, abs=0.05)
    again = whole.part(part.first, part.end)
    assert np.array_equal(again.samples("I1"), part.samples("I1"))
    assert len(whole.part(whole.end, whole.end + 9)) == 0


def test_it_ends_where_samples_are_invalid_or_missing():
    def some(found):
        return {"info": np.where(found.index % 1000 == 0, found.info & ~8, found.info)}

    broken = captured(extra=(fields(some),))
    assert len(stretches(broken)) > 3
    assert {len(one) for one in stretches(broken)[1:-1]} == {999}
    skipping = captured(faults="s1.sequence-skips")  # one of 256: runs of five periods
    assert len(skipping.runs) > 20
    assert stretches(skipping) == ()
    assert stretches(broken) is stretches(broken)


def test_without_a_valid_sample_there_is_nothing_to_measure():
    capture = captured(faults="s1.never-valid")
    assert stretches(capture) == ()
    with pytest.raises(Inconclusive, match="of them called invalid"):
        longest(capture)


def test_what_has_no_mains_frequency_has_no_turn_but_effective_values():
    nothing = {**SOURCE, "phases": [(0, 0, 0)] * 3}
    stretch = longest(captured(source=nothing))
    assert stretch.turn is None
    assert stretch.frequency_hz is None
    assert stretch.rms("V1") == 0
    assert np.isnan(stretch.angle_deg("V2"))


def test_an_empty_stretch_has_nothing_but_does_not_fail():
    empty = Stretch(fed("fixed").capture, 5, 5)
    assert len(empty) == 0
    assert empty.announced_hz is None
    assert empty.counted_hz is None
    assert empty.rms("V1") == 0
    assert len(empty.rms_windows("V1")) == 0
    assert empty.fundamental("V1") == 0


def test_a_delta_grid_has_the_power_of_its_two_elements():
    source = {**SOURCE, "phases": [(230, 5, 0), (0, 0, 0), (230, 5, 0)], "harmonics": []}
    stretch = longest(captured(home="be-delta", source=source))
    assert not stretch.measured("V2")
    assert stretch.measured("I2")
    assert not stretch.measured("IN")
    assert stretch.total_w() == pytest.approx(2300, abs=1)
    assert stretch.angle_deg("V3") == pytest.approx(60, abs=0.01)
