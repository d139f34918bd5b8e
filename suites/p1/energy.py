"""Energy that registers counted, beside the integral of the power that was shown meanwhile."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from bench.protocols.p1.objects import Rule
from suites.p1.readings import Reading

_SECONDS_PER_HOUR = 3600


@dataclass(frozen=True, slots=True)
class Flow:
    """One direction: what its registers counted, what the power amounts to, U (k = 2) of the two.

    The power is known at the telegrams alone. Between two of them it may have been either value,
    so that half of the area between the two bounds is uncertain, and each value is rounded.
    """

    registers: tuple[str, ...]
    counted_wh: float
    integral_wh: float
    u_wh: float


def flow(readings: Sequence[Reading], direction: int) -> Flow | None:
    """Return what went in (1) or out (2); None without its registers, power and time stamps."""
    power = f"1-0:{direction}.7.0"
    stamped = [
        (utc.timestamp(), watt, reading)
        for reading in readings
        if (utc := reading.utc()) is not None and (watt := reading.quantity(power)) is not None
    ]
    if len(stamped) < 2:
        return None
    first, last = stamped[0][2], stamped[-1][2]
    registers = _registers(first, last, direction)
    if not registers:
        return None
    joules = uncertain = 0.0
    for (at, watt, _), (then, following, reading) in pairwise(stamped):
        span = then - at
        if span < 0:
            return None  # a clock that goes back measures nothing
        joules += span * (float(watt) + float(following)) / 2
        rounding = float(reading.resolution(power)) / 2
        uncertain += span * (abs(float(following) - float(watt)) / 2 + rounding)
    counted = sum(_moved(first, last, obis) for obis in registers)
    # each register is cut to its resolution at both ends
    resolution = sum(float(last.resolution(obis)) for obis in registers)
    return Flow(
        registers,
        counted,
        joules / _SECONDS_PER_HOUR,
        uncertain / _SECONDS_PER_HOUR + resolution,
    )


def _registers(first: Reading, last: Reading, direction: int) -> tuple[str, ...]:
    """Return the registers of a direction: those of the tariffs, or else the total.

    None at all where one is missing that the edition requires: that is another case's business,
    and nobody knows what it counted.
    """
    code = re.compile(rf"1-[0-9]+:{direction}\.8\.[0-9]+")
    found = [
        obis
        for obis in last.lines
        if code.fullmatch(obis)
        and first.quantity(obis) is not None
        and last.quantity(obis) is not None
    ]
    required = {one.obis for one in last.profile.patterns if one.rule is Rule.ALWAYS}
    if any(code.fullmatch(obis) and obis not in found for obis in required):
        return ()
    of_tariffs = [obis for obis in found if not obis.endswith(".8.0")]
    return tuple(of_tariffs or found)


def _moved(first: Reading, last: Reading, obis: str) -> float:
    """Return by how much a register went on; one that began again at zero went on past its end."""
    was, now = first.quantity(obis), last.quantity(obis)
    assert was is not None
    assert now is not None
    number = last.lines[obis].groups[0].partition("*")[0]
    scale = last.resolution(obis) * 10 ** len(number.replace(".", ""))
    rolled = now < was and was - now > scale * 9 / 10
    return float(now - was + (scale if rolled else 0))
