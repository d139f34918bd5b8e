"""What S1 and P1 of one device say of the same seconds.

A telegram of P1 shows values of one second, but which one differs between meters: the last whole
one, one before, or the present one. The second is found as the one in which the powers of both
ports rise and fall together; a wrong scale does not matter for that. Telegrams around which the
load changes by more than a tenth are left out.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bench.core.clock import SECOND, seconds
from bench.core.measurement import Measurement
from bench.core.verdict import Reason
from bench.engine.context import Inconclusive
from suites.p1.readings import Reading
from suites.s1.capture import Capture, Numbers, Samples

FEWEST = 5
"""Telegrams that a comparison needs."""
_LAGS_S = np.round(np.arange(-3.0, 0.05, 0.1), 1)  # from a telegram to the start of its second
_USUAL_LAG_S = -1.0  # where nothing changes: the last second
_STEADY = 0.1
_STEADY_VA = 20.0
_COVERED = 0.9  # of a second's sample sets
_VARIED = 3.0  # times its last digit: what changes less shows no second
#: Student's factor for 95 % by degrees of freedom, from 4 on; beyond the table it is 2
_STUDENT = {4: 2.78, 5: 2.57, 6: 2.45, 7: 2.36, 8: 2.31, 9: 2.26, 10: 2.23, 15: 2.13, 20: 2.09}


@dataclass(frozen=True)
class Quantity:
    """A value that both ports have: what S1 says of seconds from instants on, what P1 says.

    `obis` are a code of P1 and maybe one that counts the other way.
    """

    name: str
    unit: str
    obis: tuple[str, ...]
    channels: tuple[tuple[str, str], ...]  # whose products' means are added up
    is_rms: bool

    def shown(self, reading: Reading) -> float | None:
        """Return what a telegram says; None where it does not."""
        values = [reading.quantity(code) for code in self.obis]
        if values[0] is None:
            return None
        return float(values[0] - (values[1] or 0)) if len(values) > 1 else float(values[0])


@dataclass(frozen=True)
class Difference:
    """What S1 says of a quantity beyond P1, on average over `count` telegrams."""

    quantity: Quantity
    s1: float
    p1: float
    measured: Measurement
    digit: float
    count: int
    number: int  # of the P1 telegram that is farthest off


def voltage(phase: int) -> Quantity:
    """Return the voltage of a phase."""
    channel = f"V{phase}"
    return Quantity(channel, "V", (f"1-0:{12 + 20 * phase}.7.0",), ((channel, channel),), True)


def current(phase: int) -> Quantity:
    """Return the current of a phase."""
    channel = f"I{phase}"
    return Quantity(channel, "A", (f"1-0:{11 + 20 * phase}.7.0",), ((channel, channel),), True)


def phase_power(phase: int) -> Quantity:
    """Return the active power of a phase, positive where it is drawn."""
    codes = (f"1-0:{1 + 20 * phase}.7.0", f"1-0:{2 + 20 * phase}.7.0")
    return Quantity(f"P{phase}", "W", codes, ((f"V{phase}", f"I{phase}"),), False)


def total_power(phases: Sequence[int]) -> Quantity:
    """Return the active power of all phases that have a voltage, positive where it is drawn."""
    pairs = tuple((f"V{phase}", f"I{phase}") for phase in phases)
    return Quantity("P", "W", ("1-0:1.7.0", "1-0:2.7.0"), pairs, False)


class Comparison:
    """A capture of S1 beside what P1 said meanwhile.

    `phases` are those that have a voltage. Inconclusive where fewer than five telegrams are steady.
    """

    def __init__(
        self, capture: Capture, readings: Sequence[Reading], phases: Sequence[int]
    ) -> None:
        self._capture = capture
        self._phases = tuple(phases)
        valid = capture.flag("samples_ok")
        self._rows = np.flatnonzero(valid)
        self._times = row_times(capture)[self._rows]
        self._rate = capture.rate_hz or 0.0
        self._sums: dict[tuple[str, str], Samples] = {}
        self._readings = tuple(readings)
        self._steady = self._steadily()
        if len(self._steady) < FEWEST:
            raise Inconclusive(
                Reason.SHORT,
                f"{len(self._steady)} telegrams of P1 came during {capture.seconds:.0f} s of S1 "
                f"while the load was steady; {FEWEST} are needed: observe longer (observation_s)",
            )

    # -- means of S1

    def _mean(self, pair: tuple[str, str], begins_ns: Numbers) -> Samples:
        """Return the mean of a product over the seconds from instants on; NaN where not heard."""
        if pair not in self._sums:
            first, second = (self._capture.column(name)[self._rows] for name in pair)
            self._sums[pair] = np.concatenate([[0.0], np.cumsum(first * second)])
        low = np.searchsorted(self._times, begins_ns)
        high = np.searchsorted(self._times, begins_ns + SECOND)
        counts = (high - low).astype(np.float64)
        counts[counts < _COVERED * self._rate] = np.nan
        means: Samples = (self._sums[pair][high] - self._sums[pair][low]) / counts
        return means

    def _s1(self, quantity: Quantity, begins_ns: Numbers) -> Samples:
        found = sum(self._mean(pair, begins_ns) for pair in quantity.channels)
        values: Samples = np.sqrt(found) if quantity.is_rms else np.asarray(found)
        return values

    def _begins(self, readings: Sequence[Reading], lag_s: float) -> Numbers:
        arrived = np.array([one.seen.frame.at_ns for one in readings], np.int64)
        found: Numbers = arrived + seconds(lag_s) if lag_s >= 0 else arrived - seconds(-lag_s)
        return found

    # -- which second

    @cached_property
    def lag_s(self) -> float:
        """How long after a telegram's start the second begins that it is about."""
        quantities = [total_power(self._phases), *(current(phase) for phase in self._phases)]
        unlike = np.zeros(len(_LAGS_S))
        for quantity in quantities:
            shown = np.array([_or_nan(quantity.shown(one)) for one in self._readings])
            digit = _digit(quantity, self._readings)
            if np.isnan(shown).all() or np.nanstd(shown) < _VARIED * digit:
                continue
            for place, lag_s in enumerate(_LAGS_S):
                found = self._s1(quantity, self._begins(self._readings, float(lag_s)))
                unlike[place] += 1 - _likeness(found, shown)
        if not unlike.any():
            return _USUAL_LAG_S
        return float(_LAGS_S[int(np.argmin(unlike))])

    def _steadily(self) -> tuple[Reading, ...]:
        """Return the telegrams around whose second the load does not change by a tenth."""
        if not self._readings:
            return ()
        around = [
            self._s1(total_power(self._phases), self._begins(self._readings, self.lag_s + other))
            for other in (-1.0, 0.0, 1.0)
        ]
        here = around[1]
        before, after = (np.where(np.isnan(one), here, one) for one in (around[0], around[2]))
        moved = np.maximum(np.abs(before - here), np.abs(after - here))
        apparent = sum(
            self._s1(voltage(phase), self._begins(self._readings, self.lag_s))
            * self._s1(current(phase), self._begins(self._readings, self.lag_s))
            for phase in self._phases
        )
        steady = moved <= _STEADY * np.asarray(apparent) + _STEADY_VA
        return tuple(
            one for one, is_steady in zip(self._readings, steady, strict=True) if is_steady
        )

    # -- the comparison

    def difference(self, quantity: Quantity) -> Difference | None:
        """Return by how much S1 says more than P1; None where P1 says nothing of it.

        U: how the differences of the telegrams scatter, and P1's last digit.
        """
        readings = [one for one in self._steady if quantity.shown(one) is not None]
        if len(readings) < FEWEST:
            return None
        shown = np.array([_or_nan(quantity.shown(one)) for one in readings])
        found = self._s1(quantity, self._begins(readings, self.lag_s))
        heard = ~np.isnan(found)
        if np.count_nonzero(heard) < FEWEST:
            return None
        differences = (found - shown)[heard]
        count = len(differences)
        digit = _digit(quantity, readings)
        scatter = _student(count - 1) * float(np.std(differences, ddof=1)) / math.sqrt(count)
        u = math.hypot(scatter, 2 * digit / math.sqrt(12))
        worst = int(np.flatnonzero(heard)[np.argmax(np.abs(differences))])
        return Difference(
            quantity,
            float(np.mean(found[heard])),
            float(np.mean(shown[heard])),
            Measurement(float(np.mean(differences)), u, quantity.unit),
            digit,
            count,
            readings[worst].number,
        )


def row_times(capture: Capture) -> Numbers:
    """Return when each complete frame was on the line, evenly between the arrivals of chunks."""
    instants, counts = capture.chunk_counts
    known, first = np.unique(counts, return_index=True)
    numbers = np.flatnonzero(capture.complete) + 1
    times: Numbers = np.interp(numbers, known, instants[first]).astype(np.int64)
    return times


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value


def _digit(quantity: Quantity, readings: Sequence[Reading]) -> float:
    """Return the worth of P1's last digit; 0 where P1 does not show it."""
    code = quantity.obis[0]
    shown = next((one for one in readings if code in one.lines), None)
    return 0.0 if shown is None else float(shown.resolution(code))


def _likeness(first: Samples, second: Samples) -> float:
    """Return the squared correlation of two columns where both have values."""
    both = ~np.isnan(first) & ~np.isnan(second)
    if np.count_nonzero(both) < FEWEST:
        return 0.0
    one, other = first[both] - first[both].mean(), second[both] - second[both].mean()
    spread = float(np.sum(one * one) * np.sum(other * other))
    return float(np.sum(one * other)) ** 2 / spread if spread > 0 else 0.0


def _student(freedom: int) -> float:
    return next((t for f, t in sorted(_STUDENT.items(), reverse=True) if f <= freedom), 2.78)
