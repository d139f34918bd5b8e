"""Voltages and currents of the household at any instants: what a meter's converters sample.

Over each second they have the effective values, powers and power factors that the metering system
says, at the phase and frequency of its mains. Everything is a function of seed and instant.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bench.simulator.harmonics import DELTA, Shape
from bench.simulator.household import Household
from bench.simulator.load import PhasePower, Power
from bench.simulator.mains import TURN, Mains, Stretch

Instants = NDArray[np.int64]
Samples = NDArray[np.float64]
PHASES = 3
NOISE_V = 0.05  # of a converter, at most; evenly spread
NOISE_A = 0.003
_GOLDEN, _MIX_1, _MIX_2 = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


@dataclass(frozen=True)
class Waves:
    """Samples of all phases, in V and A, shape (n, 3), and of the neutral, shape (n,).

    Phases that there are not, and the reference phase of a delta grid, have no voltage at all.
    """

    volts: Samples
    amperes: Samples
    neutral: Samples


class Source(Protocol):
    """What a meter is connected to."""

    def stretch(self, instant: int) -> Stretch:
        """Return what is the same for a while around an instant."""
        ...

    def waves(self, volts_ns: Instants, amperes_ns: Instants) -> Waves:
        """Return samples; voltage and current may be taken at different instants."""
        ...


class HouseholdSource:
    """The waveforms of a simulated household.

    `shaped` alters how its waves look. What is faster than `band_hz` is filtered out before it is
    sampled. Instants must not lie before the past that `mains` keeps.
    """

    def __init__(
        self,
        mains: Mains,
        household: Household,
        seed: int,
        shaped: Callable[[Shape], Shape] | None = None,
        band_hz: float = math.inf,
    ) -> None:
        self._mains = mains
        self._household = household
        self._seed = seed
        self._plain = DELTA if household.delta else Shape()
        self._shaped = shaped or (lambda shape: shape)
        self._band_hz = band_hz
        self.shape = self._shaped(self._plain)
        self._coefficients = lru_cache(maxsize=16)(self._waves_of)

    def stretch(self, instant: int) -> Stretch:
        """Return the second around an instant."""
        return self._mains.at(instant)

    def waves(self, volts_ns: Instants, amperes_ns: Instants) -> Waves:
        """Return samples of voltage and current, each at its instants, noise included."""
        if volts_ns is amperes_ns or np.array_equal(volts_ns, amperes_ns):
            both = self._sampled(volts_ns)
            volts, amperes = both[:, :PHASES], both[:, PHASES:]
        else:
            volts = self._sampled(volts_ns)[:, :PHASES]
            amperes = self._sampled(amperes_ns)[:, PHASES:]
        neutral = amperes.sum(axis=1)
        if len(volts_ns):
            power = self._mains.at(int(volts_ns[0])).power
            if power.leak_ma and power.phases[0].voltage_mv:
                neutral = neutral - volts[:, 0] * (power.leak_ma / power.phases[0].voltage_mv)
        if self._household.delta:
            neutral = np.zeros(len(neutral))
        return self._noisy(Waves(volts, amperes, neutral), volts_ns)

    def _sampled(self, instants: Instants) -> Samples:
        """Return volts and amperes of the phases, shape (n, 6)."""
        if not len(instants):
            return np.empty((0, 2 * PHASES))
        first = self._mains.at(int(instants.min()))
        if int(instants.max()) < first.end:
            return self._within(first, instants)
        found = np.empty((len(instants), 2 * PHASES))
        rest = np.ones(len(instants), np.bool_)
        stretch = first
        while True:
            here = rest & (instants < stretch.end)
            found[here] = self._within(stretch, instants[here])
            rest &= ~here
            if not rest.any():  # what is not asked for may still change
                break
            stretch = self._mains.at(stretch.end)
        return found

    def _within(self, stretch: Stretch, instants: Instants) -> Samples:
        turned = (stretch.phase % TURN) + (instants - stretch.start) * stretch.frequency_mhz
        angle = (turned % TURN) * (2 * np.pi / TURN)
        once = np.cos(angle) + 1j * np.sin(angle)
        orders = self._shape_of(stretch.power).orders
        columns = np.empty((len(instants), 2 * len(orders)))
        power, order = once, 1
        for column, wanted in enumerate(orders):
            while order < wanted:
                power, order = power * once, order + 1
            columns[:, 2 * column] = power.real
            columns[:, 2 * column + 1] = power.imag
        sampled: Samples = columns @ self._coefficients(stretch.power)
        return sampled

    def _shape_of(self, power: Power) -> Shape:
        """Return the household's shape, or that of the source that feeds the meter."""
        if power.harmonics is None:
            return self.shape
        voltage = {order: (share, degrees) for order, share, degrees in power.harmonics}
        return self._shaped(replace(self._plain, voltage=voltage, current={}, distorted=0.0))

    def _waves_of(self, power: Power) -> Samples:
        """Return what the columns are multiplied with: volts, then amperes, shape (2 h, 6)."""
        shape = self._shape_of(power)
        passed = np.array(shape.orders) * power.frequency_mhz / 1000 < self._band_hz
        waves = np.zeros((len(shape.orders), 2 * PHASES), np.complex128)
        for phase, one in enumerate(power.phases):
            if one.voltage_mv:
                waves[:, phase] = shape.volts(phase, one) * passed
                waves[:, PHASES + phase] = shape.amperes(phase, one) * passed
        if self._household.delta:
            waves[:, PHASES + 1] = -waves[:, PHASES] - waves[:, PHASES + 2]
        found = np.empty((2 * len(waves), 2 * PHASES))
        found[::2], found[1::2] = waves.real, -waves.imag
        return found

    def _noisy(self, waves: Waves, instants: Instants) -> Waves:
        """Add the noise of the converters; where nothing is measured there is none."""
        present = np.array([bool(one.voltage_mv) for one in self._phases(instants)])
        drawn = noise_columns(instants, self._seed)
        count = len(self._phases(instants))
        measured = np.arange(PHASES) < count
        neutral = waves.neutral if self._household.delta else waves.neutral + drawn[:, 6] * NOISE_A
        return Waves(
            waves.volts + drawn[:, :PHASES] * (NOISE_V * _padded(present)),
            waves.amperes + drawn[:, PHASES : 2 * PHASES] * (NOISE_A * measured),
            neutral,
        )

    def _phases(self, instants: Instants) -> tuple[PhasePower, ...]:
        return self._mains.at(int(instants[0])).power.phases if len(instants) else ()


def noise_columns(instants: Instants, seed: int) -> Samples:
    """Return noise between -1 and 1, evenly spread, shape (n, 8): a function of seed and instant.

    The mixing is that of SplitMix64.
    """
    state = instants.astype(np.uint64) + np.uint64(seed * _GOLDEN & 0xFFFFFFFFFFFFFFFF)
    state = (state ^ state >> np.uint64(30)) * np.uint64(_MIX_1)
    state = (state ^ state >> np.uint64(27)) * np.uint64(_MIX_2)
    state ^= state >> np.uint64(31)
    octets = state.astype("<u8").view(np.uint8).reshape(len(instants), 8)
    spread: Samples = (octets.astype(np.float64) - 127.5) / 127.5
    return spread


def _padded(present: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return np.concatenate([present, np.zeros(PHASES - len(present), np.bool_)])
