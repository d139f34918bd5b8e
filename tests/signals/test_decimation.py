from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.core.figure import Envelope, Series
from bench.signals.decimation import bucket_bounds, drawn, envelope


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=200), st.integers(1, 50))
def test_each_bucket_keeps_its_lowest_and_highest(values, buckets):
    array = np.array(values)
    lows, highs = envelope(array, buckets)
    bounds = bucket_bounds(len(array), buckets)
    assert len(lows) == len(highs) == len(bounds) - 1 == min(buckets, len(values))
    parts = [array[a:b] for a, b in pairwise(bounds)]
    assert np.array_equal(lows, [part.min() for part in parts])
    assert np.array_equal(highs, [part.max() for part in parts])
    sizes = {len(part) for part in parts}
    assert max(sizes) - min(sizes) <= 1


def test_one_spike_in_a_million_is_kept():
    samples = np.zeros(1_000_000)
    samples[777_777] = 5.0
    found = drawn("U1", samples, 8000.0)
    assert isinstance(found, Envelope)
    assert max(found.high) == 5.0
    assert (found.samples, len(found.x)) == (1_000_000, 600)


def test_what_is_no_number_hides_no_number():
    lows, highs = envelope(np.array([np.nan, 2.0, 1.0, np.nan, np.nan, np.nan]), 2)
    assert lows[0] == 1.0
    assert highs[0] == 2.0
    assert np.isnan(lows[1])
    assert np.isnan(highs[1])


def test_few_samples_are_drawn_as_they_are():
    found = drawn("U1", np.array([1.0, 2.0, 3.0]), 10.0, from_s=5.0)
    assert found == Series("U1", [5.0, 5.1, 5.2], [1.0, 2.0, 3.0])


def test_a_bucket_is_drawn_in_the_middle_of_its_time():
    found = drawn("U1", np.arange(8.0), 1.0, from_s=100.0, buckets=2)
    assert found == Envelope("U1", [101.5, 105.5], [0.0, 4.0], [3.0, 7.0], 8)


@pytest.mark.parametrize("buckets", [1, 600])
def test_nothing_gives_nothing(buckets):
    lows, highs = envelope(np.empty(0), buckets)
    assert len(lows) == len(highs) == 0
    assert drawn("U1", np.empty(0), 8000.0) == Series("U1", [], [])
