"""Makes many samples fewer for a figure without losing what stands out.

A bucket of neighbouring samples keeps its lowest and its highest value, so that a single spike in a
million samples is still drawn.
"""

import numpy as np
from numpy.typing import NDArray

from bench.core.figure import Envelope, Series
from bench.signals.quantities import Samples

BUCKETS = 600
"""About as many as a figure has columns to draw them in."""


def envelope(values: Samples, buckets: int = BUCKETS) -> tuple[Samples, Samples]:
    """Return the lowest and the highest value of each bucket, both of shape (m,).

    m is `buckets`, or the number of values where that is smaller; buckets differ in length by one
    value at most. What is no number is left out; a bucket of nothing else is NaN.
    """
    if not len(values):
        return np.empty(0), np.empty(0)
    starts = bucket_bounds(len(values), buckets)[:-1]
    lows: Samples = np.fmin.reduceat(values, starts)
    highs: Samples = np.fmax.reduceat(values, starts)
    return lows, highs


def bucket_bounds(count: int, buckets: int = BUCKETS) -> NDArray[np.int64]:
    """Return where the buckets of `count` values begin and the last one ends, shape (m + 1,)."""
    fewer = max(min(buckets, count), 1)
    bounds: NDArray[np.int64] = np.arange(fewer + 1, dtype=np.int64) * count // fewer
    return bounds


def drawn(
    name: str,
    samples: Samples,
    rate_hz: float,
    *,
    from_s: float = 0.0,
    buckets: int = BUCKETS,
) -> Series | Envelope:
    """Return evenly taken samples as a figure can draw them over time in s.

    All of them where there are not more than `buckets`, otherwise their envelope; a bucket is drawn
    at the middle of its time. `from_s` is the time of the first sample.
    """
    if len(samples) <= buckets:
        times = from_s + np.arange(len(samples)) / rate_hz
        return Series(name, times.tolist(), samples.tolist())
    bounds = bucket_bounds(len(samples), buckets)
    times = from_s + (bounds[:-1] + bounds[1:] - 1) / 2 / rate_hz
    lows, highs = envelope(samples, buckets)
    return Envelope(name, times.tolist(), lows.tolist(), highs.tolist(), len(samples))
