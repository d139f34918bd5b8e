"""Registers of the reference meter: energy, power and what else is measured (IEC 62056-6-1).

Energy in Wh and varh, power in W, var and VA, as whole numbers: what P1 shows in thousands with
three decimals. Voltage in 0.1 V, current in 0.01 A, frequency in 0.01 Hz.
"""

import math
from collections.abc import Callable
from functools import partial

from bench.protocols.dlms.data_types import (
    Data,
    double_long_unsigned,
    long64_unsigned,
    long_unsigned,
)
from bench.simulator.cosem import times
from bench.simulator.cosem.demand import DemandRegister
from bench.simulator.cosem.object import CosemObject
from bench.simulator.cosem.register import ExtendedRegister, Register
from bench.simulator.cosem.truth import Moment
from bench.simulator.household import Household
from bench.simulator.load import PhasePower, Power
from bench.simulator.reading import Reading
from bench.simulator.registers import Quantity

W, VA, VAR, WH, VARH, AMPERE, VOLT, HERTZ, COUNT = 27, 28, 29, 30, 32, 33, 35, 44, 255
"""Numbers of the units (IEC 62056-6-2, scaler_unit)."""

_ACTIVE = (Quantity.IMPORT, Quantity.EXPORT)
_TARIFFED = (*_ACTIVE, Quantity.REACTIVE_IMPORT, Quantity.REACTIVE_EXPORT)
_POWER_UNITS = {1: W, 2: W, 3: VAR, 4: VAR, 9: VA, 10: VA}


def registers(home: Household) -> list[CosemObject]:
    """Return the registers of a household's meter."""
    found: list[CosemObject] = []
    for quantity in Quantity:
        tariffs = range(home.tariffs.count + 1) if quantity in _TARIFFED else range(1)
        for tariff in tariffs:
            found.append(_Energy(quantity, tariff))
    for group in _POWER_UNITS:
        found.append(_power(group, None))
    found.append(Register("1-0:13.7.0", _power_factor, -3, COUNT))
    found.append(Register("1-0:14.7.0", _frequency, -2, HERTZ))
    for phase in range(home.phases):
        found.append(_power(1, phase))
        found.append(_power(2, phase))
        base = 20 * (phase + 1)
        found.append(Register(f"1-0:{base + 11}.7.0", partial(_current, phase), -2, AMPERE))
        found.append(Register(f"1-0:{base + 12}.7.0", partial(_voltage, phase), -1, VOLT))
    found.append(DemandRegister("1-0:1.4.0"))
    found.append(ExtendedRegister("1-0:1.6.0", _peak, 0, W, _peak_time))
    return found


class _Energy(Register):
    """An energy register: a counter of 32 bits, of one tariff or of all."""

    def __init__(self, quantity: Quantity, tariff: int) -> None:
        self._quantity = quantity
        self._tariff = tariff or None
        unit = WH if quantity in _ACTIVE else VARH
        super().__init__(f"1-0:{quantity}.8.{tariff}", self._counted, 0, unit)

    def _counted(self, moment: Moment) -> Data:
        wh = moment.reading.energy_wh(self._quantity, self._tariff)
        if "additions-break" in self.breaks:
            return long64_unsigned(wh)
        return double_long_unsigned(wh % (1 << 32))


def _power(group: int, phase: int | None) -> Register:
    number = group if phase is None else 20 * (phase + 1) + group
    how = _FLOWS[group]

    def read(moment: Moment) -> Data:
        power = moment.reading.power
        part: Power | PhasePower = power if phase is None else power.phases[phase]
        return double_long_unsigned(round(max(how(part.active_mw, part.reactive_mvar), 0) / 1000))

    return Register(f"1-0:{number}.7.0", read, 0, _POWER_UNITS[group])


def _apparent(active: int, reactive: int) -> int:
    return math.isqrt(active * active + reactive * reactive)


_FLOWS: dict[int, Callable[[int, int], int]] = {
    1: lambda active, _reactive: active,
    2: lambda active, _reactive: -active,
    3: lambda _active, reactive: reactive,
    4: lambda _active, reactive: -reactive,
    9: lambda active, reactive: _apparent(active, reactive) if active >= 0 else 0,
    10: lambda active, reactive: _apparent(active, reactive) if active < 0 else 0,
}


def _power_factor(moment: Moment) -> Data:
    power = moment.reading.power
    apparent = _apparent(power.active_mw, power.reactive_mvar)
    return long_unsigned(round(abs(power.active_mw) * 1000 / apparent) if apparent else 1000)


def _frequency(moment: Moment) -> Data:
    return long_unsigned(round(moment.reading.power.frequency_mhz / 10))


def _current(phase: int, moment: Moment) -> Data:
    return long_unsigned(round(moment.reading.power.phases[phase].current_ma / 10))


def _voltage(phase: int, moment: Moment) -> Data:
    return long_unsigned(round(moment.reading.power.phases[phase].voltage_mv / 100))


def _peak(moment: Moment) -> Data:
    return double_long_unsigned(round(moment.reading.peak.mw / 1000))


def _peak_time(moment: Moment) -> Data:
    reading: Reading = moment.reading
    return times.stamp(moment.system, reading.peak.at_s)
