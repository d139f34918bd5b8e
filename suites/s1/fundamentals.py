"""The frequency that samples have, window by window, beside what the frequency field says."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from bench.core.clock import SECOND
from bench.signals.fundamental import frequency_hz
from bench.signals.quantities import Samples
from suites.s1.phases import Stretch

_WINDOW_S = 1.0
WANTED_HZ = 0.010  # uncertainty by the clock, for which windows are made longer
_FIELD_HZ = 0.0005  # rounding of the field
_NOMINAL_HZ = 50.0


@dataclass(frozen=True)
class Compared:
    """By how much the field is above the samples' frequency in each window, shape (n,).

    `uncertainty_hz` (k = 2) holds for each of them.
    """

    difference_hz: Samples
    window_s: float
    uncertainty_hz: float


def frequencies(stretch: Stretch, timing_uncertainty_s: float) -> Compared:
    """Return how the field and the samples compare; no window where there is no frequency.

    The rate of the samples is the announced one where it is fixed. Where it follows the mains it is
    counted by the clock of the link, so that windows are as long as its uncertainty demands.
    """
    if stretch.is_per_period:
        error_s = 2 * timing_uncertainty_s
        count = int(stretch.counted_s / max(_WINDOW_S, _NOMINAL_HZ * error_s / WANTED_HZ))
        window_s = stretch.counted_s / max(count, 1)
        found = _counted(stretch, max(count, 1))
        uncertainty = _NOMINAL_HZ * error_s / window_s if window_s else 0.0
    else:
        window_s = _WINDOW_S
        found = _announced(stretch, window_s)
        uncertainty = 0.001  # of the fit over a second of quantised samples
    return Compared(np.array(found), window_s, uncertainty + _FIELD_HZ)


def _counted(stretch: Stretch, count: int) -> list[float]:
    rows, begun = stretch.ticks
    if len(rows) < 2:
        return []
    marks = np.linspace(float(begun[0]), float(begun[-1]), count + 1).astype(np.int64)
    places = np.unique(np.searchsorted(begun, marks))
    found = []
    for first, last in pairwise(places.tolist()):
        passed_s = float(begun[last] - begun[first]) / SECOND
        part = stretch.part(stretch.first + int(rows[first]), stretch.first + int(rows[last]))
        if passed_s > 0 and len(part):
            found += _difference(part, len(part) / passed_s)
    return found


def _announced(stretch: Stretch, window_s: float) -> list[float]:
    rate = stretch.announced_hz
    if rate is None or rate <= 0:
        return []
    bounds = np.arange(stretch.first, stretch.end + 1, max(round(window_s * rate), 1))
    return [
        one
        for first, end in pairwise(bounds.tolist())
        for one in _difference(stretch.part(first, end), rate)
    ]


def _difference(part: Stretch, rate_hz: float) -> list[float]:
    """Return field less samples in one window; nothing where the samples have no frequency."""
    channel = next((one for one in ("V1", "V3", "V2") if part.samples(one).any()), "V1")
    found = frequency_hz(part.samples(channel), rate_hz)
    if found is None:
        return []
    field = part.capture.number("mains_frequency")[part.first : part.end]
    scale = float(part.capture.profile.fields["mains_frequency"].scale)
    return [float(np.mean(field)) * scale - found]
