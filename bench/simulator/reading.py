"""The whole truth at one instant, as every port gets to see it."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from bench.simulator.household import Contact, SubMeter
from bench.simulator.load import BLOCK_S, Power
from bench.simulator.registers import Capture, Peak, Quantity

HOUR_S = 3600


@dataclass(frozen=True, slots=True)
class LongFailure:
    """A long power failure that the meter logged: when it ended, and how long it lasted."""

    ended: datetime
    duration_s: int


@dataclass(frozen=True, slots=True)
class Reading:
    """All that a port can show at one instant.

    `utc` is the meter's idea of the time, `local` the same in its zone with `summer` as its flag.
    `energy_mj` holds millijoule (or mvar s) by quantity and tariff. `demand_mw` is the average of
    the running quarter hour so far, over the whole quarter, `last_demand_mw` that of the quarter
    before; `peak` the highest quarter of the running month; `peaks` those of the months before with
    the instants at which these ended.
    `sags` and `swells` are per phase; `short_failures` does not count the long ones.
    """

    instant_ns: int
    utc: datetime
    local: datetime
    summer: bool
    power: Power
    tariff: int
    energy_mj: dict[tuple[Quantity, int], int]
    demand_mw: int
    peak: Peak
    peaks: tuple[Peak, ...]
    month_ends: tuple[int, ...]
    captures: dict[tuple[int, int], Capture]
    submeters: tuple[SubMeter, ...]
    text: bytes
    code: bytes
    breaker: Contact
    limiter_kw: Decimal | None
    fuse_a: Decimal | None
    short_failures: int
    failures: tuple[LongFailure, ...]
    sags: tuple[int, int, int]
    swells: tuple[int, int, int]
    last_demand_mw: int = 0

    def energy_wh(self, quantity: Quantity, tariff: int | None = None) -> int:
        """Return whole Wh (varh) of one tariff, or of all together when `tariff` is None."""
        if tariff is not None:
            return self.energy_mj.get((quantity, tariff), 0) // 3_600_000
        total = sum(mj for (which, _), mj in self.energy_mj.items() if which is quantity)
        return total // 3_600_000

    def capture(self, channel: int, period_s: int) -> Capture | None:
        """Return what the sub-meter on `channel` showed at the last multiple of `period_s`.

        None when it has not been read since it was linked.
        """
        return self.captures.get((channel, HOUR_S if period_s >= HOUR_S else BLOCK_S))

    def submeter(self, channel: int) -> SubMeter | None:
        """Return the sub-meter linked on `channel`, or None."""
        return next((sub for sub in self.submeters if sub.channel == channel), None)
