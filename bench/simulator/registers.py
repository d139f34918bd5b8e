"""What a meter counts while time goes by: energy per tariff, demand, volumes of the sub-meters.

Energy is integrated exactly: integer millijoule (mW s), so that the difference of two readings is
the integral of the power between them, to the last digit.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from bench.simulator.household import SubMeter
from bench.simulator.load import Power

QUARTER_S = 900
MJ_PER_WH = 3_600_000


class Quantity(StrEnum):
    """An energy that has registers: the COSEM group C that it stands for is its value."""

    IMPORT = "1"
    EXPORT = "2"
    REACTIVE_IMPORT = "3"
    REACTIVE_EXPORT = "4"
    QUADRANT_1 = "5"
    QUADRANT_2 = "6"
    QUADRANT_3 = "7"
    QUADRANT_4 = "8"


@dataclass(frozen=True, slots=True)
class Peak:
    """A quarter-hour average: the end of its quarter in Unix seconds, and mW."""

    at_s: int
    mw: int


@dataclass(frozen=True, slots=True)
class Capture:
    """A sub-meter's reading: when it was taken (Unix seconds), and the volume in ml."""

    at_s: int
    ml: int


@dataclass(slots=True)
class Registers:
    """The counted state at the start of the second `at_s`."""

    at_s: int
    energy_mj: dict[tuple[Quantity, int], int]
    quarter_mj: int = 0
    last_mw: int = 0  # average of the quarter that ended last
    peak: Peak = Peak(0, 0)
    month: tuple[int, int] = (0, 0)
    peaks: tuple[Peak, ...] = ()  # one per month that has ended, oldest first
    month_ends: tuple[int, ...] = ()
    volume_ml: dict[int, int] = field(default_factory=dict)
    captures: dict[tuple[int, int], Capture] = field(default_factory=dict)
    submeters: tuple[SubMeter, ...] = ()
    exchanged: int = 0  # how many exchanges of sub-meters have happened

    def copy(self) -> "Registers":
        """Return a state of its own, so that time can be taken up here again."""
        return replace(
            self,
            energy_mj=dict(self.energy_mj),
            volume_ml=dict(self.volume_ml),
            captures=dict(self.captures),
        )

    def link(self, submeter: SubMeter) -> None:
        """Put a sub-meter on its channel in place of what was there; it has no reading yet."""
        channel = submeter.channel
        others = (one for one in self.submeters if one.channel != channel)
        self.submeters = (*others, submeter)
        self.volume_ml[channel] = submeter.start_ml
        self.captures = {key: old for key, old in self.captures.items() if key[0] != channel}

    def count(self, power: Power, tariff: int, scale_ns: int = 1_000_000_000) -> None:
        """Add the energy of `scale_ns` nanoseconds at `power` to the registers of `tariff`."""
        for quantity, milli in flows(power):
            key = (quantity, tariff)
            self.energy_mj[key] = self.energy_mj.get(key, 0) + milli * scale_ns // 1_000_000_000
        self.quarter_mj += max(power.active_mw, 0) * scale_ns // 1_000_000_000

    def close_quarter(self, local: datetime) -> None:
        """End the quarter at `at_s`, whose local time is `local`: peaks of month and history."""
        mean = self.quarter_mj // QUARTER_S
        self.quarter_mj = 0
        self.last_mw = mean
        if mean > self.peak.mw:
            self.peak = Peak(self.at_s, mean)
        month = (local.year, local.month)
        if month != self.month:
            self.peaks = (*self.peaks, self.peak)[-13:]
            self.month_ends = (*self.month_ends, self.at_s)[-13:]
            self.month = month
            self.peak = Peak(self.at_s, 0)


def flows(power: Power) -> list[tuple[Quantity, int]]:
    """Return what `power` adds to which registers, in mW or mvar; all values are positive.

    Active energy is counted as the sum of the phases, as residential meters in the Netherlands and
    Belgium do: what one phase feeds in is set off against what another draws.
    """
    active, reactive = power.active_mw, power.reactive_mvar
    found: list[tuple[Quantity, int]] = []
    if active:
        found.append((Quantity.IMPORT if active > 0 else Quantity.EXPORT, abs(active)))
    if reactive:
        sign = Quantity.REACTIVE_IMPORT if reactive > 0 else Quantity.REACTIVE_EXPORT
        found.append((sign, abs(reactive)))
        if reactive > 0:
            quadrant = Quantity.QUADRANT_1 if active >= 0 else Quantity.QUADRANT_2
        else:
            quadrant = Quantity.QUADRANT_4 if active >= 0 else Quantity.QUADRANT_3
        found.append((quadrant, abs(reactive)))
    return found
