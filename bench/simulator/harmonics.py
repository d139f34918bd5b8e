"""The shape of voltages and currents: which harmonics a household's mains and loads have.

A wave is a sum of cosines of whole multiples of the phase of the mains. Its coefficients are
complex: c stands for Re(c exp(j h phase)). The current of a phase has two parts (Fryze): one that
follows the voltage and takes all of the active power, and one at right angles to it, harmonic by
harmonic, which takes none: what the registers call reactive. So effective values and power are
those that are asked for, whatever the shape; the current to the milliampere that it is rounded to.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bench.simulator.load import PhasePower

Complexes = NDArray[np.complex128]

#: share of the fundamental and angle in degrees, by order; odd, as rectifiers make them
VOLTAGE = {3: (0.007, 170.0), 5: (0.016, 190.0), 7: (0.011, 20.0), 11: (0.004, 200.0)}
#: shares of the distortion among the orders of the current that takes no power
CURRENT = {3: 0.80, 5: 0.50, 7: 0.30, 9: 0.12, 11: 0.08, 13: 0.05}
DISTORTED = 0.5  # which part of the current that takes no power is harmonics


@dataclass(frozen=True, slots=True)
class Shape:
    """How the household's voltage looks: harmonics by order as (share, degrees), angle per phase.

    `distorted` is which part of the current without power lies in its harmonics, 0 to 1.
    """

    voltage: Mapping[int, tuple[float, float]] = field(default_factory=lambda: dict(VOLTAGE))
    current: Mapping[int, float] = field(default_factory=lambda: dict(CURRENT))
    angles_deg: tuple[float, float, float] = (0.0, -120.0, 120.0)
    distorted: float = DISTORTED

    @property
    def orders(self) -> tuple[int, ...]:
        """All orders that occur, the fundamental first."""
        return tuple(sorted({1, *self.voltage, *self.current}))

    def volts(self, phase: int, power: PhasePower) -> Complexes:
        """Return the coefficients of a phase's voltage, by order; amplitudes in V."""
        orders = self.orders
        unit = np.zeros(len(orders), np.complex128)
        unit[0] = 1
        for order, (share, degrees) in self.voltage.items():
            unit[orders.index(order)] = share * np.exp(1j * math.radians(degrees))
        effective = math.sqrt(float(np.sum(np.abs(unit) ** 2)))
        turned = np.exp(1j * math.radians(self.angles_deg[phase]) * np.array(orders))
        wave: Complexes = unit * turned * (math.sqrt(2) * power.voltage_mv / 1000 / effective)
        return wave

    def amperes(self, phase: int, power: PhasePower) -> Complexes:
        """Return the coefficients of a phase's current, by order; amplitudes in A.

        The voltage must not be zero.
        """
        volts = self.volts(phase, power)
        effective_v = power.voltage_mv / 1000
        following = volts * (power.active_mw / 1000 / effective_v**2)
        return following + self._idle(phase, power, abs(power.reactive_mvar) / 1000 / effective_v)

    def _idle(self, phase: int, power: PhasePower, effective_a: float) -> Complexes:
        """Return a current at right angles to the voltage, lagging where it is inductive."""
        orders = self.orders
        amplitudes = np.zeros(len(orders))
        for order, share in self.current.items():
            amplitudes[orders.index(order)] = share
        total = math.sqrt(float(np.sum(amplitudes**2)))
        distorted = self.distorted if total else 0.0
        if total:
            amplitudes *= distorted / total
        amplitudes[0] = math.sqrt(1 - distorted * distorted)
        degrees = np.array([self.voltage.get(order, (0.0, 0.0))[1] for order in orders])
        way = -90 if power.reactive_mvar >= 0 else 90
        sides = np.where(np.arange(len(orders)) % 2, -way, way)  # neighbours lead and lag in turn
        angles = np.radians(self.angles_deg[phase] * np.array(orders) + degrees + sides)
        wave: Complexes = math.sqrt(2) * effective_a * amplitudes * np.exp(1j * angles)
        return wave


#: L1 and L3 against L2: 60 degrees apart, without the orders that are the same in all phases. There
#: is less distortion, so that what comes back in L2 is near the sum of the fundamentals.
DELTA = Shape(
    voltage={5: (0.006, 190.0), 7: (0.004, 20.0), 11: (0.002, 200.0)},
    current={5: 0.8, 7: 0.5, 11: 0.3},
    angles_deg=(0.0, 0.0, 60.0),
    distorted=0.05,
)
