"""What a household draws and feeds in, second by second: a pure function of seed and time.

The model is plausible, not measured: a base load, appliances that run for some minutes and are
likelier in the morning and evening, and a solar inverter on L1. It knows no meter and no port.
Quantities are integers: mW, mvar, mV, mA, mHz. Import and inductive are positive.
"""

import cmath
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bench.core.errors import UsageError

BLOCK_S = 300  # appliances and clouds change at most once per block
_DAY_S = 86_400
_MASK = (1 << 64) - 1


def noise(*keys: int) -> int:
    """Return 32 evenly spread bits that depend on every key; equal on every machine and run."""
    state = 0x9E3779B97F4A7C15
    for key in keys:
        state = ((state ^ (key & _MASK)) * 0xBF58476D1CE4E5B9) & _MASK
        state ^= state >> 29
        state = (state * 0x94D049BB133111EB) & _MASK
        state ^= state >> 32
    return state >> 32


def between(low: int, high: int, *keys: int) -> int:
    """Return an integer in `low`..`high` (both included) drawn by `keys`."""
    return low + noise(*keys) % (high - low + 1)


@dataclass(frozen=True, slots=True)
class PhasePower:
    """One phase during one second. `current_ma` >= |apparent power| / voltage, rounded up."""

    voltage_mv: int
    current_ma: int
    active_mw: int
    reactive_mvar: int


@dataclass(frozen=True, slots=True)
class Power:
    """All phases during one second.

    `harmonics` of the voltage, (order, share, degrees), where a controlled source feeds the meter:
    its loads are linear. None: those of the household. `leak_ma` of the current of L1 flow to earth
    and do not come back in the neutral.
    """

    phases: tuple[PhasePower, ...]
    frequency_mhz: int
    harmonics: tuple[tuple[int, float, float], ...] | None = None
    leak_ma: int = 0

    @property
    def active_mw(self) -> int:
        """Sum of the phases; negative while more is fed in than drawn."""
        return sum(phase.active_mw for phase in self.phases)

    @property
    def reactive_mvar(self) -> int:
        """Sum of the phases."""
        return sum(phase.reactive_mvar for phase in self.phases)


def sourced(
    phases: Sequence[tuple[float, float, float]],
    hertz: float,
    harmonics: Sequence[tuple[int, float, float]] = (),
    leak_a: float = 0.0,
) -> Power:
    """Return what a controlled source and load make: (V, A, degrees by which A lag) of each phase.

    V and A are effective values of the whole wave; more than 90 degrees feed in. The part of a
    current that takes power has the shape of its voltage, harmonics included, as a resistance
    draws it; the part at right angles lies in the fundamental alone. So the power is V A cos of the
    degrees, whatever the harmonics. `leak_a` of L1's current, in phase with its voltage, do not
    come back in the neutral. Raises UsageError for what no laboratory's source gives.
    """
    _check_source(phases, hertz, harmonics, leak_a)
    found = []
    for volts, amperes, degrees in phases:
        apparent_mva = volts * amperes * 1000
        angle = math.radians(degrees)
        active, reactive = apparent_mva * math.cos(angle), apparent_mva * math.sin(angle)
        found.append(
            PhasePower(round(volts * 1000), round(amperes * 1000), round(active), round(reactive))
        )
    return Power(tuple(found), round(hertz * 1000), tuple(harmonics), round(leak_a * 1000))


def _check_source(
    phases: Sequence[tuple[float, float, float]],
    hertz: float,
    harmonics: Sequence[tuple[int, float, float]],
    leak_a: float,
) -> None:
    for number, (volts, amperes, _degrees) in enumerate(phases, 1):
        if not 0 <= volts <= 1000 or not 0 <= amperes <= 10_000:
            raise UsageError(
                f"a source gives 0 .. 1000 V and 0 .. 10000 A, not {volts} V and {amperes} A on L"
                f"{number}; for feeding in, let the current lag by 180 degrees"
            )
    if not 10 <= hertz <= 100:
        raise UsageError(f"a source gives 10 .. 100 Hz, not {hertz} Hz")
    if any(order < 2 or share < 0 for order, share, _degrees in harmonics):
        raise UsageError("harmonics have an order from 2 on and a share of the fundamental from 0")
    if not phases or not 0 <= leak_a <= phases[0][1]:
        raise UsageError(f"{leak_a} A cannot leak: they are part of the current of L1")


def returning_in_delta(power: Power) -> Power:
    """Return a source's power with what comes back in L2, which has no voltage of its own.

    Raises UsageError for a voltage on L2.
    """
    first, second, third = power.phases
    if second.voltage_mv:
        raise UsageError("L2 of a delta grid is the reference: give it 0 V; its current follows")
    if power.leak_ma:
        raise UsageError("a delta grid has no neutral beside which a current could leak")
    back = PhasePower(0, _returning_ma(first, third), 0, 0)
    return replace(power, phases=(first, back, third))


@dataclass(frozen=True, slots=True)
class _Block:
    """What stays the same during one block, per phase: drawn, inductive, fed in, voltage."""

    number: int
    drawn_mw: tuple[int, ...]
    inductive_mvar: tuple[int, ...]
    voltage_mv: tuple[int, ...]
    solar_mw: int


class LoadModel:
    """Power of a household with `phases` phases and `solar_peak_w` on the roof, at any second.

    `longitude_s` moves the day: seconds by which local solar time is ahead of UTC. The phases after
    the first `connected` ones have no voltage.
    """

    def __init__(
        self,
        seed: int,
        phases: int,
        solar_peak_w: int = 3600,
        longitude_s: int = 3600,
        *,
        delta: bool = False,
        connected: int | None = None,
    ) -> None:
        self._seed = seed
        self._delta = delta
        self._phases = phases if connected is None else connected
        self._open = (PhasePower(0, 0, 0, 0),) * (phases - self._phases)
        self._solar_peak_w = solar_peak_w
        self._longitude_s = longitude_s
        self._block = self._make_block(0)

    def power(self, unix_s: int) -> Power:
        """Return the power during the second that starts at `unix_s`."""
        phases, frequency = self._phases_at(unix_s)
        return self._power_of(phases, frequency)

    def held(self, unix_s: int, total_mw: int) -> Power:
        """Return what is drawn in that second when the phases together draw `total_mw`."""
        found, frequency = self._phases_at(unix_s)
        shares = [total_mw // len(found)] * len(found)
        shares[0] += total_mw - sum(shares)
        phases = [
            _phase(one.voltage_mv, share, abs(share) // 10)
            for one, share in zip(found, shares, strict=True)
        ]
        return self._power_of(phases, frequency)

    def _power_of(self, phases: Sequence[PhasePower], frequency: int) -> Power:
        shown = _in_delta(phases) if self._delta else (*phases, *self._open)
        return Power(shown, frequency)

    def _phases_at(self, unix_s: int) -> tuple[list[PhasePower], int]:
        number = unix_s // BLOCK_S
        if number != self._block.number:
            self._block = self._make_block(number)
        block = self._block
        flicker = noise(self._seed, 5, unix_s)
        phases: list[PhasePower] = []
        for index in range(self._phases):
            # 97.0 % .. 103.2 % of the block's load, another value each second and phase
            share = 970 + ((flicker >> (10 * index)) & 63)
            drawn = block.drawn_mw[index] * share // 1000
            active = drawn - (block.solar_mw if index == 0 else 0)
            reactive = block.inductive_mvar[index] * share // 1000
            voltage = block.voltage_mv[index] + ((flicker >> (6 * index)) & 255) - active // 4000
            phases.append(_phase(voltage, active, reactive))
        return phases, 49_980 + (flicker & 31) + block.number % 11

    def _make_block(self, number: int) -> _Block:
        seed = self._seed
        second = number * BLOCK_S + self._longitude_s
        hour = second % _DAY_S / 3600
        drawn, inductive, voltage = [], [], []
        for phase in range(self._phases):
            base = between(40_000, 140_000, seed, 1, phase)
            if noise(seed, 2, phase, number // 3) % 100 < _activity(hour):
                base += between(150_000, 2_400_000, seed, 3, phase, number // 3)
            drawn.append(base)
            # lamps and chargers are capacitive, motors inductive
            inductive.append(base * between(5, 30, seed, 4, phase, number) // 100 - 45_000)
            voltage.append(between(228_500, 233_500, seed, 6, phase, number))
        return _Block(number, tuple(drawn), tuple(inductive), tuple(voltage), self._solar(number))

    def _solar(self, number: int) -> int:
        second = number * BLOCK_S + self._longitude_s
        hour, day = second % _DAY_S / 3600, second // _DAY_S % 365
        season = math.cos((day - 172) / 365 * 2 * math.pi)  # 1 at midsummer, -1 at midwinter
        half_day = 6 + 2 * season
        height = math.cos((hour - 12.7) / half_day * math.pi / 2)
        if abs(hour - 12.7) >= half_day or height <= 0:
            return 0
        clear = 0.6 + 0.35 * season
        cloud = between(25, 100, self._seed, 7, number) / 100
        return round(self._solar_peak_w * 1000 * height * clear * cloud)


def _phase(voltage_mv: int, active_mw: int, reactive_mvar: int) -> PhasePower:
    apparent = math.isqrt(active_mw * active_mw + reactive_mvar * reactive_mvar) + 1
    current_ma = -(-apparent * 1000 // voltage_mv)
    return PhasePower(voltage_mv, current_ma, active_mw, reactive_mvar)


def _in_delta(phases: Sequence[PhasePower]) -> tuple[PhasePower, ...]:
    """Return how a meter of two elements shows a supply of 3x230 V without neutral.

    L2 is its reference and has no voltage; the elements on L1 and L3 see powers of which one may be
    fed in while the other is drawn, and only whose sum means something (Aron circuit).
    """
    active = sum(phase.active_mw for phase in phases)
    reactive = sum(phase.reactive_mvar for phase in phases)
    third = active // 2 + 300_000 + abs(active) * 3 // 5
    outer = _phase(phases[0].voltage_mv, active - third, reactive // 2)
    last = _phase(phases[2].voltage_mv, third, reactive - reactive // 2)
    return outer, PhasePower(0, _returning_ma(outer, last), 0, 0), last


def _returning_ma(outer: PhasePower, last: PhasePower) -> int:
    """Return the current of L2, which is what comes back of the other two.

    The voltage L3-L2 is 60 degrees ahead of L1-L2.
    """
    first = complex(outer.active_mw, -outer.reactive_mvar) / (outer.voltage_mv or 1)
    third = complex(last.active_mw, -last.reactive_mvar) / (last.voltage_mv or 1)
    return math.ceil(abs(first + third * cmath.rect(1, math.pi / 3)) * 1000)


def _activity(hour: float) -> int:
    """Chance in percent that an appliance runs on a phase at that hour of the day."""
    if 6.5 <= hour < 9:
        return 55
    if 17 <= hour < 22.5:
        return 75
    return 8 if hour < 6.5 else 35
