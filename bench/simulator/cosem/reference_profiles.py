"""Profiles of the reference meter: quarter hours, days, months, and the logs.

They remember 96 quarter hours, 31 days and 13 months of before the start.
"""

from bench.simulator.cosem.object import CosemObject
from bench.simulator.cosem.parts import DAILY_PROFILE_STATUS, LOAD_PROFILE_STATUS, Parts
from bench.simulator.cosem.profile import ProfileGeneric, column
from bench.simulator.cosem.slots import Slots

_CLOCK = column(8, "0-0:1.0.0")
_MONTHS = 13  # whose peaks the meter remembers


def profiles(parts: Parts) -> list[CosemObject]:
    """Return the profiles and logs."""
    tariffs = parts.truth.system.household.tariffs
    used = sorted({tariffs.peak, tariffs.off})
    energy = [column(3, f"1-0:{flow}.8.{tariff}") for flow in (1, 2) for tariff in used]
    load = ProfileGeneric(
        "1-0:99.1.0",
        parts.truth,
        (
            _CLOCK,
            column(1, str(LOAD_PROFILE_STATUS)),
            column(3, "1-0:1.8.0"),
            column(3, "1-0:2.8.0"),
            column(5, "1-0:1.4.0", 3),
        ),
        capacity=192,
        slots=Slots.QUARTERS,
        past=parts.past,
        remembered=96,
        status=LOAD_PROFILE_STATUS,
    )
    daily = ProfileGeneric(
        "1-0:99.2.0",
        parts.truth,
        (_CLOCK, column(1, str(DAILY_PROFILE_STATUS)), *energy),
        capacity=40,
        slots=Slots.DAYS,
        past=parts.past,
        remembered=31,
        status=DAILY_PROFILE_STATUS,
    )
    monthly = ProfileGeneric(
        "0-0:98.1.0",
        parts.truth,
        (_CLOCK, *energy, column(4, "1-0:1.6.0"), column(4, "1-0:1.6.0", 5)),
        capacity=_MONTHS,
        slots=Slots.MONTHS,
        past=parts.past,
        remembered=_MONTHS,
    )
    return [load, daily, monthly, parts.events, parts.disconnections, parts.failures]
