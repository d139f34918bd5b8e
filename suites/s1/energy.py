"""Energy by the samples of a long run against P1's counters.

Both grow together, with an offset that hangs on which second a telegram is about. The mean offset
of the first tenth of the telegrams is compared with that of the last tenth.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bench.core.measurement import Measurement
from bench.core.verdict import Reason
from bench.engine.context import Inconclusive
from suites.p1.readings import Reading
from suites.s1.long_run import LongRun

_WH = 3600.0  # joules
_FEWEST = 5  # telegrams at either end
_SHIFT_S = 1.0  # by which the seconds of samples and telegrams may differ where the load changes


@dataclass(frozen=True)
class Energy:
    """What P1 counted between two instants in Wh, and how much more the samples amount to."""

    counted_wh: float
    beyond: Measurement


def energy_of(run: LongRun, readings: Sequence[Reading]) -> Energy:
    """Return the energy of a run by P1 and by the samples; drawn minus fed in.

    Inconclusive where P1 showed its counters in too few telegrams.
    """
    at_ns = run.ticks.at_ns
    shown = [
        (one.seen.frame.at_ns, total)
        for one in readings
        if (total := _counted_wh(one)) is not None and at_ns[0] <= one.seen.frame.at_ns <= at_ns[-1]
    ]
    if len(shown) < 2 * _FEWEST:
        raise Inconclusive(
            Reason.SHORT,
            f"{len(shown)} telegrams of P1 showed energy during {run.seconds:.0f} s; "
            f"{2 * _FEWEST} are needed",
        )
    sampled = np.array([run.ticks.at(at)[1].sum() / _WH for at, _ in shown])
    counted = np.array([total for _, total in shown])
    offsets = sampled - counted
    size = max(_FEWEST, len(shown) // 10)
    first, last = offsets[:size], offsets[-size:]
    scatter = 2 * math.sqrt((np.var(first, ddof=1) + np.var(last, ddof=1)) / size)
    moved_wh = abs(_power(sampled, shown, last=True) - _power(sampled, shown, last=False))
    u = scatter + moved_wh * _SHIFT_S
    grown = float(counted[-size:].mean() - counted[:size].mean())
    return Energy(grown, Measurement(float(last.mean() - first.mean()), u, "Wh"))


def _power(sampled: np.ndarray, shown: Sequence[tuple[int, float]], *, last: bool) -> float:
    """Return Wh per second at one end of a run."""
    first, second = (-2, -1) if last else (0, 1)
    passed = (shown[second][0] - shown[first][0]) / 1e9
    return float(sampled[second] - sampled[first]) / passed if passed > 0 else 0.0


def _counted_wh(reading: Reading) -> float | None:
    """Return what was drawn minus what was fed in, over all tariffs; None where it is not shown."""
    total, found = 0.0, False
    for direction, sign in (("1", 1), ("2", -1)):
        tariffs = [reading.quantity(f"1-0:{direction}.8.{tariff}") for tariff in (1, 2)]
        values = [one for one in tariffs if one is not None]
        if not values and (single := reading.quantity(f"1-0:{direction}.8.0")) is not None:
            values = [single]
        found = found or (bool(values) and sign > 0)
        total += sign * float(sum(values))
    return total if found else None
