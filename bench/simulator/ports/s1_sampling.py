"""When sample sets are due: at a fixed rate, or a fixed number of times per period of the mains."""

import math
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from bench.core.clock import SECOND
from bench.core.errors import UsageError
from bench.protocols.s1.profile import Profile
from bench.simulator.mains import TURN, Stretch
from bench.simulator.ports.s1_stages import Sampling

MODES = ("per-period", "fixed")
_DEFAULT = {"per-period": 52, "fixed": 26}  # the first generation of meters
_NOMINAL_HZ = 50


def sampling_of(profile: Profile, mode: str, rate: int | None = None) -> Sampling:
    """Return how a meter samples: `rate` is per period, or in units of 100 Hz for "fixed".

    UsageError for an unknown mode, a rate that the field cannot hold or the edition does not know,
    or one that the line cannot carry.
    """
    if mode not in MODES:
        raise UsageError(f"no sampling mode {mode!r} (known: {', '.join(MODES)})")
    number = _DEFAULT[mode] if rate is None else rate
    per_period = mode == "per-period"
    hertz = number * (_NOMINAL_HZ if per_period else 100)
    if not 1 <= number <= 127 or not profile.lowest_hz <= hertz <= profile.highest_hz:
        raise UsageError(
            f"profile {profile.id}: rate {number} is {hertz} Hz; it samples at "
            f"{profile.lowest_hz:g} to {profile.highest_hz:g} Hz (per-period: 40 to 80 per "
            "period, fixed: 20 to 42 hundreds)"
        )
    profile.check_feasible(hertz)
    return Sampling(per_period, float(number if per_period else hertz))


def half_rate_hz(sampling: Sampling) -> float:
    """Return what samples can show at nominal mains: half the rate at which they are taken."""
    return sampling.rate * (_NOMINAL_HZ if sampling.per_period else 1) / 2


def due(sampling: Sampling, stretch: Stretch, start: int, end: int) -> NDArray[np.int64]:
    """Return the instants of the sample sets within `start` <= t < `end` of one stretch.

    They lie on a grid that began with the system, so that it is the same wherever one starts.
    """
    step, speed = _step(sampling), _speed(sampling, stretch)
    first, last = _position(sampling, stretch, start), _position(sampling, stretch, end)
    number = first // step
    count = (last - first) // int(step) + 3
    # whole numbers as far as they are great: floats hold only what lies within the stretch
    offsets = float(number * step - first) + np.arange(count) * float(step)
    instants = start + np.ceil(offsets / speed).astype(np.int64)
    found: NDArray[np.int64] = instants[(instants >= start) & (instants < end)]
    return found


def number_of(sampling: Sampling, stretch: Stretch, instant: int) -> int:
    """Return how many sample sets were due before an instant of a stretch, since the start."""
    return math.ceil(_position(sampling, stretch, instant) / _step(sampling))


def _step(sampling: Sampling) -> Fraction:
    """Return the distance of sample sets: in units of phase, or in ns."""
    return (TURN if sampling.per_period else SECOND) / Fraction(sampling.rate)


def _speed(sampling: Sampling, stretch: Stretch) -> int:
    return stretch.frequency_mhz if sampling.per_period else 1


def _position(sampling: Sampling, stretch: Stretch, instant: int) -> int:
    return stretch.phase_at(instant) if sampling.per_period else instant
