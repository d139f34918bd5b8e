"""The fundamental of a mains quantity: its frequency, its phasor, and angles between phasors."""

import numpy as np
from numpy.typing import NDArray

from bench.signals.quantities import Samples

_NOMINAL_HZ = 50.0
_ROUNDS = 4  # of refinement: each divides the error of the frequency by far more than ten
_CYCLES = 4  # in a window whose phase is one point of the line


def frequency_hz(samples: Samples, rate_hz: float, near_hz: float = _NOMINAL_HZ) -> float | None:
    """Return the frequency of the fundamental; None where there is none within 40 % of `near_hz`.

    The phase of the fundamental in short Hann windows lies on a line over time, whose slope is the
    difference from the frequency that was assumed. A few periods suffice; over 10 s the result is
    good to a fraction of a millihertz.
    """
    if len(samples) < 2 * rate_hz / near_hz:
        return None
    found = _coarse(samples, rate_hz, near_hz)
    if found is None:
        return None
    for _ in range(_ROUNDS):
        found += _slope(samples, rate_hz, found)
        if not 0.6 * near_hz < found < 1.4 * near_hz:
            return None
    return found


def phasor(samples: Samples, rate_hz: float, frequency: float) -> complex:
    """Return the fundamental as a complex effective value; its angle is that at the first sample.

    Taken over a whole number of periods, as near as the samples allow, under a Hann window.
    """
    periods = int(len(samples) * frequency / rate_hz)
    length = round(periods * rate_hz / frequency) if periods else len(samples)
    window = _hann(length)
    turned = np.exp(-2j * np.pi * frequency / rate_hz * np.arange(length))
    return complex(np.sum(samples[:length] * window * turned) / np.sum(window) * np.sqrt(2))


def angle_deg(of: complex, against: complex) -> float:
    """Return by how many degrees one phasor is ahead of another, -180 to 180."""
    return float(np.degrees(np.angle(of / against))) if against else float("nan")


def _coarse(samples: Samples, rate_hz: float, near_hz: float) -> float | None:
    """Return the strongest frequency near the expected one from the spectrum."""
    length = min(len(samples), round(rate_hz))
    spectrum = np.abs(np.fft.rfft((samples[:length] - samples[:length].mean()) * _hann(length)))
    step = rate_hz / length
    low, high = int(0.6 * near_hz / step), int(np.ceil(1.4 * near_hz / step)) + 1
    if high <= low or not spectrum[low:high].any():
        return None
    peak = low + int(np.argmax(spectrum[low:high]))
    if not 0 < peak < len(spectrum) - 1:
        return peak * step
    # a Hann window's main lobe: the neighbours tell where between the bins the line is
    left, top, right = spectrum[peak - 1], spectrum[peak], spectrum[peak + 1]
    side, way = (right, 1) if right > left else (left, -1)
    return float((peak + way * (2 * side - top) / (side + top)) * step)


def _slope(samples: Samples, rate_hz: float, assumed: float) -> float:
    """Return how far the frequency is from the assumed one, in Hz."""
    length = min(max(round(_CYCLES * rate_hz / assumed), 4), len(samples))
    count = len(samples) // length
    if count < 2:
        length, count = len(samples) // 2, 2
    window = _hann(length)
    turned = np.exp(-2j * np.pi * assumed / rate_hz * np.arange(count * length))
    parts = (samples[: count * length] * turned).reshape(count, length) @ window
    phases = np.unwrap(np.angle(parts))
    weights = np.abs(parts)
    times = np.arange(count) * length / rate_hz
    if not weights.any():
        return 0.0
    slope = np.polyfit(times, phases, 1, w=np.sqrt(weights))[0]
    return float(slope / (2 * np.pi))


def _hann(length: int) -> NDArray[np.float64]:
    """Return a Hann window whose copies add up evenly (periodic form)."""
    window: NDArray[np.float64] = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)
    return window
