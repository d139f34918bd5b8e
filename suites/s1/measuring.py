"""What the measuring cases share: which phases there are, what to feed them, spectra, extremes."""

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

import numpy as np

from bench.core.measurement import Limits, Measurement
from bench.core.verdict import Reason
from bench.engine.context import Inconclusive
from bench.signals.harmonics import Spectrum, spectrum
from bench.signals.quantities import Samples
from suites.s1.capture import Capture
from suites.s1.phases import PERIODS, Stretch, longest, stretches

NOMINAL_V = 230.0
#: most of each order in percent of the fundamental, by order from 2 on (EN 50160, table 1)
_MOST = (2, 5, 1, 6, 0.5, 5, 0.5, 1.5, 0.5, 3.5, 0.5, 3, 0.5, 0.5, 0.5, 2, 0.5, 1.5, 0.5, 0.5)
HARMONIC_LIMITS = {order: float(most) for order, most in enumerate((*_MOST, 0.5, 1.5, 0.5, 1.5), 2)}
_NOMINAL_HZ = 50.0
_DEAD_V = 10.0  # what has less is not connected
_LEAST_ORDERS = 3  # of a spectrum that says something
_SPECTRUM_S = 10.0  # of a stretch: longer ones tell no more
_SNAP = 1e-3  # samples per period this near to a whole number are that number
_PART_S, _SHORTEST_PART_S = 10.0, 2.0

Fed = list[tuple[float, float, float]]


def measured_phases(answers: Mapping[str, bool]) -> tuple[int, ...]:
    """Return the phases that have a voltage by the declaration: L2 of a delta grid has none."""
    if not answers.get("S1/POLYPHASE"):
        return (1,)
    return (1, 3) if answers.get("S1/DELTA") else (1, 2, 3)


def live_phases(capture: Capture, answers: Mapping[str, bool]) -> tuple[int, ...]:
    """Return those that have a voltage indeed: a meter of three phases may hang at one.

    Inconclusive where none has.
    """
    stretch = longest(capture)
    found = tuple(one for one in measured_phases(answers) if stretch.rms(f"V{one}") >= _DEAD_V)
    if not found:
        raise Inconclusive(Reason.PRECONDITION, f"no voltage reaches {_DEAD_V:g} V")
    return found


def evenly(
    answers: Mapping[str, bool],
    amperes: float,
    degrees: float = 0.0,
    volts: float = NOMINAL_V,
) -> Fed:
    """Return what to feed a meter so that every phase has the same voltage, current and angle.

    In a delta grid the current of L2 is what comes back of the other two, 60 degrees apart.
    """
    fed = [(volts, amperes, degrees)] * (3 if answers.get("S1/POLYPHASE") else 1)
    if answers.get("S1/POLYPHASE") and answers.get("S1/DELTA"):
        fed[1] = (0.0, amperes * math.sqrt(3), 0.0)
    return fed


def joined(capture: Capture, make: Callable[[Stretch], Samples]) -> Samples:
    """Return what a function makes of each stretch of a capture, one behind the other.

    Inconclusive where there is no stretch.
    """
    found = stretches(capture) or (longest(capture),)
    return np.concatenate([make(stretch) for stretch in found])


def rms_of_ten_periods(capture: Capture, channel: str) -> Samples:
    """Return the effective values of all windows of ten periods of a channel, shape (m,)."""
    return joined(capture, lambda stretch: stretch.rms_windows(channel))


def windowed_u(value: float, stretch: Stretch, channel: str) -> float:
    """Return U of an effective value over ten periods: half a sample too much, and one step."""
    return abs(value) / (2 * PERIODS * stretch.period) + stretch.step(channel)


def mean_of(capture: Capture, channel: str) -> Measurement:
    """Return the direct part of a channel over all its stretches.

    U: each stretch may have up to half a sample at the peak too much; and a step of the codes over
    the root of their number.
    """
    found = stretches(capture) or (longest(capture),)
    count, total, cut = 0, 0.0, 0.0
    for stretch in found:
        count += len(stretch)
        total += stretch.mean(channel) * len(stretch)
        cut += (np.ptp(stretch.samples(channel)) / 4) ** 2
    step = found[0].step(channel)
    unit = "V" if channel[0] == "V" else "A"
    return Measurement(total / count, math.sqrt(cut) / count + step / math.sqrt(count), unit)


def parts(capture: Capture) -> tuple[Stretch, ...]:
    """Return the stretches cut into parts of about ten seconds; those below two are left out.

    Where none is as long as that, the longest stretch.
    """
    found = []
    for stretch in stretches(capture):
        if stretch.counted_s < _SHORTEST_PART_S:
            continue
        pieces = max(1, round(stretch.counted_s / _PART_S))
        bounds = np.linspace(stretch.first, stretch.end, pieces + 1).astype(int)
        found += [stretch.part(int(a), int(b)) for a, b in pairwise(bounds)]
    return tuple(found) or (longest(capture),)


def spectrum_of(capture: Capture, channel: str) -> Spectrum | None:
    """Return the spectrum of a channel's longest stretch, of ten seconds at most; made once.

    None where it is shorter than ten periods, or sampled too slowly for a third harmonic.
    """
    found: dict[str, Spectrum | None] = capture.derived(_spectra)
    if channel not in found:
        found[channel] = _spectrum(longest(capture), channel)
    return found[channel]


def _spectra(_capture: Capture) -> dict[str, Spectrum | None]:
    return {}


def _spectrum(stretch: Stretch, channel: str) -> Spectrum | None:
    period = stretch.period
    if abs(period - round(period)) < _SNAP:
        period = float(round(period))
    most = round(_SPECTRUM_S * _NOMINAL_HZ * period)
    samples = stretch.samples(channel)[:most]
    found = spectrum(samples, period * _NOMINAL_HZ, _NOMINAL_HZ)
    return found if found is not None and found.highest >= _LEAST_ORDERS else None


def farthest(values: Sequence[float] | Samples, limits: Limits) -> int:
    """Return the place of the value that is nearest to a limit from within, or farthest beyond."""
    found = np.asarray(values, np.float64)
    room = np.full(len(found), np.inf)
    if limits.low is not None:
        room = np.minimum(room, found - limits.low)
    if limits.high is not None:
        room = np.minimum(room, limits.high - found)
    return int(np.argmin(room))
