"""Deviations of registers and counters: rows P1-A-095 to P1-A-097."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from bench.simulator.faults.fault import Alteration, Fault, Variation
from bench.simulator.faults.p1_clock import reading, start
from bench.simulator.faults.p1_edit import added, home, p1_fault, p1_variation, says, value
from bench.simulator.household import Household
from bench.simulator.ports.p1 import Stage
from bench.simulator.reading import Reading
from bench.simulator.registers import MJ_PER_WH, Capture, Quantity

_TABLE = "DSMR-5.0.2:6.12"
_MIDDLE = 150  # of the observation
_LOAD_W = 3000
_TOP_WH = 999_999_999  # nine digits, three of them decimals of kWh
_GAS = "0-1:24.2.1"


def _held(watts: int) -> Alteration:
    """Let the household draw so much all the time; negative: feed in."""
    return home(lambda house: replace(house, held_w=watts))


def _later(edit: Callable[[Reading], Reading]) -> Alteration:
    """Change the truth in the second half of the observation."""
    return Alteration(
        Stage.READING, lambda found, index: edit(found) if index >= _MIDDLE else found
    )


def _energies(edit: Callable[[Quantity, int, int], int]) -> Callable[[Reading], Reading]:
    """Change the registers; the change gets quantity, tariff and mJ."""

    def change(found: Reading) -> Reading:
        energy = {key: edit(*key, mj) for key, mj in found.energy_mj.items()}
        return replace(found, energy_mj=energy)

    return change


def _one_back(quantity: Quantity, _tariff: int, mj: int) -> int:
    return mj - 20 * MJ_PER_WH if quantity is Quantity.IMPORT else mj


def _reset(quantity: Quantity, tariff: int, mj: int) -> int:
    return 0 if quantity is Quantity.IMPORT and tariff == 2 else mj


def _still(_quantity: Quantity, _tariff: int, mj: int) -> int:
    """Stand still: the last 10 kWh are not shown."""
    return mj // (10_000 * MJ_PER_WH) * (10_000 * MJ_PER_WH)


def _less_gas(found: Reading) -> Reading:
    less = {key: Capture(one.at_s, one.ml - 500_000) for key, one in found.captures.items()}
    return replace(found, captures=less)


def _other_tariff(found: Reading) -> Reading:
    """Count in the registers of the other tariff."""
    energy = {(quantity, 3 - tariff): mj for (quantity, tariff), mj in found.energy_mj.items()}
    return replace(found, energy_mj=energy)


def _scaled(factor: int) -> Alteration:
    """Multiply every active power, in the digits that the format has."""
    from bench.simulator.faults.p1_edit import each_line

    codes = tuple(f"1-0:{c}.7.0(" for c in (1, 2, 21, 22, 41, 42, 61, 62))

    def change(one: str) -> str:
        if not one.startswith(codes):
            return one
        code, _, rest = one.partition("(")
        number = Decimal(rest.partition("*")[0])
        scaled = number * factor if factor > 0 else number / -factor
        return f"{code}({min(scaled, Decimal('99.999')):06.3f}*kW)"

    return each_line(change)


FAULTS: tuple[Fault, ...] = (
    p1_fault(
        "counter-steps-back",
        "lets an energy register go back by 20 Wh",
        _TABLE,
        ("P1-A-095:monotonic",),
        _later(_energies(_one_back)),
        # what went back is missing, and the register of the other tariff moved as well
        also=("P1-A-096:agrees-import", "P1-A-097:register"),
    ),
    p1_fault(
        "counter-reset",
        "lets an energy register begin at zero again",
        _TABLE,
        ("P1-A-095:monotonic",),
        _later(_energies(_reset)),
        also=("P1-A-096:agrees-import",),
    ),
    p1_fault(
        "counter-gas-steps-back",
        "lets the gas reading go back",
        _TABLE,
        ("P1-A-095:monotonic",),
        _later(_less_gas),
    ),
    p1_fault(
        "counter-failures-step-back",
        "forgets a power failure",
        _TABLE,
        ("P1-A-095:monotonic",),
        _later(lambda found: replace(found, short_failures=found.short_failures - 1)),
        # the request is not what lets the counter change, but it is lower after it than before
        also=("P1-A-068:*",),
    ),
    p1_fault(
        "energy-frozen",
        "does not count energy",
        _TABLE,
        ("P1-A-096:counts", "P1-A-096:agrees-import"),
        _held(_LOAD_W),
        reading(_energies(_still)),
    ),
    p1_fault(
        "power-in-mw",
        "shows a thousandth of the power",
        _TABLE,
        ("P1-A-096:agrees-import",),
        _held(_LOAD_W),
        _scaled(-1000),
    ),
    p1_fault(
        "power-in-watt",
        "shows W in the digits of kW",
        _TABLE,
        ("P1-A-096:agrees-import",),
        _scaled(1000),
        # 99.999 is where the digits end, for phases and total alike; no current carries that
        also=("P1-A-098:sum", "P1-A-100:apparent-power"),
    ),
    p1_fault(
        "tariff-other-register",
        "counts in the register of the other tariff",
        _TABLE,
        ("P1-A-097:register",),
        _held(_LOAD_W),
        reading(_other_tariff),
    ),
    p1_fault(
        "tariff-indicator-wrong",
        "names tariff 1 while it counts in tariff 2",
        _TABLE,
        ("P1-A-097:register",),
        _held(_LOAD_W),
        says("0-0:96.14.0", "(0001)"),
    ),
)


def _near_the_top(house: Household) -> Household:
    return replace(house, start_wh=_TOP_WH - 100, held_w=_LOAD_W)


VARIATIONS: tuple[Variation, ...] = (
    p1_variation(
        "roll-over",
        "an energy register comes to its end and begins again at zero",
        _TABLE,
        home(_near_the_top),
    ),
    p1_variation("no-power", "nothing is drawn and nothing fed in", _TABLE, _held(0)),
    p1_variation("export", "3 kW are fed in all the time", _TABLE, _held(-_LOAD_W)),
    p1_variation(
        "export-at-noon",
        "the sun shines at noon of midsummer",
        _TABLE,
        start("2026-06-21T12:40:00"),
    ),
    p1_variation(
        "export-at-noon-be17",
        "the sun shines at noon of midsummer",
        _TABLE,
        start("2026-06-21T12:40:00"),
        profile="be17",
    ),
    p1_variation("high-load", "12 kW are drawn all the time", _TABLE, _held(12_000)),
    p1_variation(
        "no-gas-flow",
        "no gas flows during the night",
        _TABLE,
        start("2026-01-16T02:30:00"),
        value(_GAS, lambda text: text[:15] + "(02760.159*m3)"),
    ),
    p1_variation(
        "tariff-changes",
        "the tariff changes during the observation",
        _TABLE,
        start("2026-01-15T22:57:30"),
    ),
    p1_variation(
        "tariff-16",
        "the meter has a register for the sixteenth tariff, at rest",
        "DSMR-5.0.2:7",
        added("1-0:1.8.16(000000.000*kWh)", 0.2),
    ),
)
