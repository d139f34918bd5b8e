"""What samples amount to: effective values, power, energy, offset; and what an ADC does to them.

Samples are float64 arrays of shape (n,), in V or A, taken at equal distances.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float64]


def rms(samples: Samples) -> float:
    """Return the effective value over all samples; 0 for none."""
    return float(np.sqrt(np.mean(np.square(samples)))) if len(samples) else 0.0


def rms_of_windows(samples: Samples, length: int) -> Samples:
    """Return the effective value of each whole window of `length` samples."""
    count = len(samples) // length
    windows = samples[: count * length].reshape(count, length)
    effective: Samples = np.sqrt(np.mean(np.square(windows), axis=1))
    return effective


def offset(samples: Samples) -> float:
    """Return the mean, which is zero for a quantity without direct part."""
    return float(np.mean(samples)) if len(samples) else 0.0


def power_w(volts: Samples, amperes: Samples) -> float:
    """Return the active power, positive for what is drawn where both count the same way."""
    return float(np.mean(volts * amperes)) if len(volts) else 0.0


def energy_wh(volts: Samples, amperes: Samples, rate_hz: float) -> float:
    """Return the energy over all samples, each standing for 1/`rate_hz` seconds."""
    return float(np.sum(volts * amperes)) / rate_hz / 3600


def sequence_components(
    phases: tuple[complex, complex, complex],
) -> tuple[complex, complex, complex]:
    """Return the zero, positive and negative sequence of three phasors (Fortescue)."""
    a = np.exp(2j * np.pi / 3)
    first, second, third = phases
    zero = (first + second + third) / 3
    positive = (first + a * second + a * a * third) / 3
    negative = (first + a * a * second + a * third) / 3
    return complex(zero), complex(positive), complex(negative)


def unbalance(phases: tuple[complex, complex, complex]) -> float:
    """Return the negative over the positive sequence (IEC 61000-4-30 §5.7); inf without one."""
    _, positive, negative = sequence_components(phases)
    return abs(negative) / abs(positive) if positive else float("inf")


@dataclass(frozen=True, slots=True)
class Clipping:
    """Runs of equal samples at the extremes: the longest one, and how many of three and more."""

    longest: int
    runs: int


def clipping(codes: NDArray[np.int64]) -> Clipping:
    """Return the flat tops: runs of the greatest and the smallest code of the window."""
    if not len(codes):
        return Clipping(0, 0)
    lengths = np.concatenate([_runs(codes == codes.max()), _runs(codes == codes.min())])
    return Clipping(int(lengths.max(initial=0)), int(np.count_nonzero(lengths >= 3)))


def _runs(marks: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the lengths of the runs of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], marks, [False]]).astype(np.int8)))
    lengths: NDArray[np.int64] = edges[1::2] - edges[::2]
    return lengths


def bit_shares(codes: NDArray[np.int64], bits: int = 4) -> tuple[float, ...]:
    """Return how often each of the lowest bits is 1, lowest first: near one half in a sine."""
    return tuple(float(np.mean(codes >> bit & 1)) for bit in range(bits))


def repeated(codes: NDArray[np.int64], at_least: int) -> float:
    """Return which part of the samples with a steep slope around them equal the one before.

    Steep: the samples two before and one after differ by `at_least` codes.
    """
    if len(codes) < 4:
        return 0.0
    before, first, second, after = codes[:-3], codes[1:-2], codes[2:-1], codes[3:]
    steep = np.abs(after - before) >= at_least
    total = int(np.count_nonzero(steep))
    return float(np.count_nonzero(steep & (first == second))) / total if total else 0.0
