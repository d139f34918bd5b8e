"""The frequency field beside the frequency of the samples, for both ways of sampling."""

import numpy as np
import pytest

from bench.core.clock import SECOND
from bench.core.trace import Chunk
from bench.simulator.faults import alterations
from bench.simulator.ports.s1 import s1_port
from suites.s1.capture import Capture
from suites.s1.fundamentals import frequencies
from suites.s1.phases import longest


def stretch_of(seconds, fault="", **options):
    port = s1_port(alterations=alterations(fault) if fault else (), **options)
    port.set_request(True, 0)
    chunks = []
    while (due := port.next_event()) <= seconds * SECOND:
        chunks.append(Chunk(due, port.emit(due)))
    return longest(Capture(port.profile, [one for one in chunks if one.octets]))


@pytest.mark.parametrize("mode", ["per-period", "fixed"])
def test_a_right_field_differs_by_no_more_than_the_mains_change(mode):
    found = frequencies(stretch_of(6, mode=mode), 0.0)
    assert len(found.difference_hz) == 5
    assert np.abs(found.difference_hz).max() < 0.031
    assert found.uncertainty_hz <= 0.0015


@pytest.mark.parametrize("mode", ["per-period", "fixed"])
def test_a_field_that_is_stuck_shows(mode):
    found = frequencies(stretch_of(4, "s1.frequency-stuck", mode=mode), 0.0)
    assert found.difference_hz == pytest.approx(0.2, abs=0.002)


def test_a_clock_that_is_less_certain_makes_windows_longer():
    stretch = stretch_of(8)
    assert frequencies(stretch, 0.0002).window_s == pytest.approx(2, abs=0.7)
    coarse = frequencies(stretch, 0.016)
    assert len(coarse.difference_hz) == 1
    assert coarse.window_s == pytest.approx(stretch.counted_s)
    assert coarse.uncertainty_hz == pytest.approx(50 * 0.032 / coarse.window_s + 0.0005)


def test_without_a_mains_frequency_there_is_no_window():
    port = s1_port()
    values = {"phases": [(0, 0, 0)] * 3, "hertz": 50.0, "harmonics": (), "leak_a": 0.0}
    port.control("source", values, 0)
    port.set_request(True, 2 * SECOND)
    chunks = []
    while (due := port.next_event()) <= 4 * SECOND:
        chunks.append(Chunk(due, port.emit(due)))
    dead = longest(Capture(port.profile, [one for one in chunks if one.octets]))
    assert len(frequencies(dead, 0.0).difference_hz) == 0
