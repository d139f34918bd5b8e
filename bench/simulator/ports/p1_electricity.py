"""Electrical values by OBIS group C.D.E (IEC 62056-61), in base units, out of a reading."""

import math
from decimal import Decimal

from bench.simulator.metering_system import MeteringSystem
from bench.simulator.ports.p1_render import Counter, LocalTime, Source, Special, Value
from bench.simulator.reading import Reading
from bench.simulator.registers import Quantity

_MILLI = Decimal(1000)


def electricity(obis: str, system: MeteringSystem) -> Source | None:
    """Return what gives the values of an electricity object (`1-b:c.d.e`), None if nothing does."""
    if not obis.startswith("1-"):
        return None
    c, d, e = (int(group) for group in obis.partition(":")[2].split("."))
    match c, d, e:
        case 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8, 8, _:
            known = e <= system.household.tariffs.count
            return _energy(Quantity(str(c)), e) if known else None
        case 15, 8, 0:
            return _both_energies
        case 1, 4, 0:
            return lambda reading: [Decimal(reading.demand_mw) / _MILLI]
        case 1, 6, 0:
            return lambda reading: [
                LocalTime(*system.local(reading.peak.at_s)),
                Decimal(reading.peak.mw) / _MILLI,
            ]
        case 31, 4, 0:
            return _fuse
        case 99, 97, 0:
            return lambda reading: _failure_log(system, reading)
        case 32 | 52 | 72, 32, 0:
            return lambda reading: [Decimal(reading.sags[c // 20 - 1])]
        case 32 | 52 | 72, 36, 0:
            return lambda reading: [Decimal(reading.swells[c // 20 - 1])]
        case 14, 7, 0:
            return lambda reading: [Decimal(reading.power.frequency_mhz) / _MILLI]
        case _, 7, 0:
            return _instantaneous(c, system.household.phases)
    return None


def _energy(quantity: Quantity, tariff: int) -> Source:
    return lambda reading: [Counter(Decimal(reading.energy_wh(quantity, tariff or None)))]


def _both_energies(reading: Reading) -> list[Value]:
    both = sum(reading.energy_wh(one) for one in (Quantity.IMPORT, Quantity.EXPORT))
    return [Counter(Decimal(both))]


def _fuse(reading: Reading) -> list[Value]:
    if reading.fuse_a is None:
        return [Special.NINES, Special.NINES]
    return [reading.fuse_a, -reading.fuse_a]


def _instantaneous(c: int, phases: int) -> Source | None:
    """Return C.7.0: C 1..20 for all phases, 21..40, 41..60, 61..80 for one each."""
    phase, kind = divmod(c - 1, 20)
    kind += 1
    if phase == 0:
        return lambda reading: _of_power(kind, reading.power.active_mw, reading.power.reactive_mvar)
    if phase > phases:
        return None

    def of_phase(reading: Reading) -> list[Value] | None:
        one = reading.power.phases[phase - 1]
        if kind == 11:
            return [Decimal(one.current_ma) / _MILLI]
        if kind == 12:
            return [Decimal(one.voltage_mv) / _MILLI]
        return _of_power(kind, one.active_mw, one.reactive_mvar)

    return of_phase


def _of_power(kind: int, active: int, reactive: int) -> list[Value] | None:
    apparent = math.isqrt(active * active + reactive * reactive)
    quadrant = _quadrant(active, reactive)
    match kind:
        case 1 | 2:
            milli = active if kind == 1 else -active
        case 3 | 4:
            milli = reactive if kind == 3 else -reactive
        case 5 | 6 | 7 | 8:
            milli = abs(reactive) if quadrant == kind - 4 else 0
        case 9 | 10:
            milli = apparent if (active >= 0) == (kind == 9) else 0
        case 13:
            return [Decimal(abs(active)) / apparent if apparent else Decimal(1)]
        case 15:
            milli = abs(active)
        case 16:
            return [Decimal(active) / _MILLI]
        case _:
            return None
    return [Decimal(max(milli, 0)) / _MILLI]


def _quadrant(active: int, reactive: int) -> int:
    if reactive >= 0:
        return 1 if active >= 0 else 2
    return 4 if active >= 0 else 3


def _failure_log(system: MeteringSystem, reading: Reading) -> list[Value]:
    """Newest first (DSMR 5.0.2 §6.11), ten at most."""
    newest = sorted(reading.failures, key=lambda failure: failure.ended, reverse=True)[:10]
    values: list[Value] = [len(newest), Special.FIXED_TEXT]
    for failure in newest:
        values += [LocalTime(*system.household.local(failure.ended)), failure.duration_s]
    return values
