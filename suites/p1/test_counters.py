"""Area A6, counters: they only go up, at the rate of the power, in the register of the tariff."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from bench.core.case import Case, Effects, Kind, case
from bench.core.check import Deviation, Level
from bench.core.clock import seconds
from bench.core.link import Capability
from bench.core.measurement import Measurement
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.engine.context import CaseContext, Inconclusive
from suites.p1.energy import Flow, flow
from suites.p1.intervals import Declared
from suites.p1.listening import Listener
from suites.p1.readings import Reading, heard, wanted, whole
from suites.p1.shortage import judge_long
from suites.p1.watch import TelegramWatch

_TABLE = "DSMR-5.0.2:6.12"
_OBSERVED_S = 300.0
_ENERGY = re.compile(r"1-[0-9]+:(?:[1-8]|15)\.8\.[0-9]+")
_EVENTS = re.compile(r"0-0:96\.7\.(?:9|21)|1-0:[357]2\.3[26]\.0")
_SUB_METER = re.compile(r"0-([1-4]):24\.(?:2\.[13]|3\.[01])")
_TARIFF = "0-0:96.14.0"
_REGISTER = re.compile(r"1-[0-9]+:[12]\.8\.([1-9][0-9]*)")
#: a register rolls over only from its last to its first thousandth
_TOP, _BOTTOM = Decimal("0.999"), Decimal("0.001")
_ONLY_ACTIVE = "only registers of the active tariff change"
_LOAD_W, _UNDER_LOAD_S = 3000.0, 60.0
_FREEZE_WH = 10  # as much energy moves every register that counts at all


@case(
    Case(
        id="P1-A-095",
        version=1,
        interface="p1",
        title="Counters only go up",
        purpose="Ensure that energies, sub-meter readings and event counters never decrease.",
        stimulus="Listen for 300 s.",
        criterion="No counter is lower than in the telegram before. A register at the end of its "
        "digits may begin again at zero, once.",
        kind=Kind.VALID,
        clauses=(_TABLE,),
        detects=(
            "p1.counter-steps-back",
            "p1.counter-reset",
            "p1.counter-gas-steps-back",
            "p1.counter-failures-step-back",
        ),
        bound_s=4000,
    )
)
def test_monotonic(
    readings: tuple[Reading, ...], watch: TelegramWatch, context: CaseContext, verify: Checks
) -> None:
    """Consumption is never negative."""
    deviations: list[Deviation] = []
    rolled: set[str] = set()
    for before, after in pairwise(readings):
        for obis, group in _counters(after):
            was, now = before.quantity(obis, group), after.quantity(obis, group)
            if was is None or now is None or now >= was or _exchanged(before, after, obis):
                continue
            top = _full_scale(before, obis, group)
            if obis not in rolled and was >= _TOP * top and now <= _BOTTOM * top:
                rolled.add(obis)
                continue
            observed = f"{obis} goes from {_shown(before, obis)} to {_shown(after, obis)}"
            deviations.append(Deviation(after.place(obis), "not lower than before", observed))
    judge_long(
        verify,
        context,
        "monotonic",
        deviations,
        examined=max(len(readings) - 1, 0),
        enough=wanted(watch.profile, _OBSERVED_S) - 1,
        expected="no counter lower than before",
        things="steps",
    )
    if rolled:
        verify.note("rolled-over", f"began again at zero: {', '.join(sorted(rolled))}")


def _counters(reading: Reading) -> Iterator[tuple[str, int]]:
    """Yield the counters of a telegram, each with the group that holds its number."""
    for obis in reading.lines:
        if _ENERGY.fullmatch(obis) or _EVENTS.fullmatch(obis):
            yield obis, 0
        elif _SUB_METER.fullmatch(obis):
            yield obis, len(reading.lines[obis].groups) - 1


def _exchanged(before: Reading, after: Reading, obis: str) -> bool:
    """Whether another device answers than before, so that its reading starts anew."""
    found = _SUB_METER.fullmatch(obis)
    if found is None:
        return before.text("0-0:96.1.1") != after.text("0-0:96.1.1")
    return any(
        before.text(f"0-{found[1]}:{code}") != after.text(f"0-{found[1]}:{code}")
        for code in ("96.1.0", "96.1.1", "24.1.0")
    )


def _full_scale(reading: Reading, obis: str, group: int) -> Decimal:
    """Return where the digits of an object end, in its base unit."""
    number = reading.lines[obis].groups[group].partition("*")[0].lstrip("-")
    return reading.resolution(obis, group) * Decimal(10) ** len(number.replace(".", ""))


def _shown(reading: Reading, obis: str) -> str:
    return "".join(f"({group})" for group in reading.lines[obis].groups)


@case(
    Case(
        id="P1-A-096",
        version=1,
        interface="p1",
        title="Energy follows power",
        purpose="Ensure that the registers count what the power values show.",
        stimulus="Listen for 300 s while energy flows.",
        criterion="A register that should have counted 10 Wh has moved. Import and export agree "
        "with the integral of the power over the telegrams' own time: how closely is policy "
        "(energy_tolerance_wh, energy_tolerance_percent; 2 Wh and 5 % unless declared), and is "
        "observed.",
        kind=Kind.VALID,
        clauses=(_TABLE,),
        ics="P1/CLOCK and P1/TOTAL-POWER",
        detects=("p1.energy-frozen", "p1.power-in-mw", "p1.power-in-watt"),
        bound_s=4000,
    )
)
def test_energy(
    readings: tuple[Reading, ...], watch: TelegramWatch, context: CaseContext, verify: Checks
) -> None:
    """What a display shows and what the bill counts are the same thing."""
    if len(readings) < wanted(watch.profile, _OBSERVED_S) * 0.9:
        raise Inconclusive(
            Reason.SHORT, f"{len(readings)} whole telegrams, {_OBSERVED_S:g} s of them are needed"
        )
    flows = {"import": flow(readings, 1), "export": flow(readings, 2)}
    if not any(flows.values()):
        raise Inconclusive(Reason.PRECONDITION, "no register with its power in two telegrams")
    expected = f"a register that moves within {_FREEZE_WH} Wh"
    frozen = [
        Deviation(
            readings[-1].place(found.registers[0]),
            expected,
            f"{', '.join(found.registers)} stood still while {found.integral_wh:.4g} Wh flowed",
        )
        for found in flows.values()
        if found and found.counted_wh == 0 and found.integral_wh - found.u_wh >= _FREEZE_WH
    ]
    verify.none_of(
        "counts",
        frozen,
        examined=sum(map(bool, flows.values())),
        expected=expected,
        things="directions",
    )
    for name, found in flows.items():
        if found:
            _judge_flow(f"agrees-{name}", found, readings[-1], context, verify)


def _judge_flow(
    check_id: str, found: Flow, last: Reading, context: CaseContext, verify: Checks
) -> None:
    wh, percent = (float(context.ixit[f"energy_tolerance_{unit}"]) for unit in ("wh", "percent"))
    tolerance = wh + percent / 100 * found.integral_wh
    source = f"counted minus integral of {found.integral_wh:.4g} Wh; policy, energy_tolerance_*"
    verify.within(
        check_id,
        Measurement(found.counted_wh - found.integral_wh, found.u_wh, "Wh"),
        Declared(-tolerance, tolerance, source),
        level=Level.SHOULD,
        place=last.place(found.registers[0]),
    )


@case(
    Case(
        id="P1-A-097",
        version=1,
        interface="p1",
        title="The register of the tariff counts",
        purpose="Ensure that energy is counted in the tariff that the telegram names.",
        stimulus="Listen while energy flows; when no register moves, and the device can be "
        "controlled, draw 3 kW for a minute.",
        criterion="Only the registers of the tariff in 0-0:96.14.0 change.",
        kind=Kind.VALID,
        clauses=(_TABLE,),
        ics="P1/TARIFF",
        effects=Effects.REVERSIBLE,
        detects=("p1.tariff-other-register", "p1.tariff-indicator-wrong"),
        bound_s=4000,
    )
)
def test_tariff_register(
    watch: TelegramWatch,
    readings: tuple[Reading, ...],
    listener: Listener,
    context: CaseContext,
    verify: Checks,
) -> None:
    """Nobody pays the day tariff at night."""
    context.frames_from(watch.frame)
    judged = _judge_registers(readings)
    if not judged.moved and Capability.DEVICE_CONTROL in context.link.capabilities:
        context.frames_from(listener.frame)
        judged = _judge_registers(_under_load(listener, context, watch))
    if not judged.moved:
        verify.undecided(
            "register",
            Reason.SHORT,
            expected=_ONLY_ACTIVE,
            observed=f"no register moved in {judged.examined} steps; let energy flow for longer",
        )
        return
    verify.none_of(
        "register",
        judged.wrong,
        examined=judged.examined,
        expected=_ONLY_ACTIVE,
        things="steps",
    )
    verify.note("moved", f"registers that moved: {', '.join(judged.moved)}")


@dataclass(frozen=True, slots=True)
class _Registers:
    """How many steps were looked at, which registers moved, and where one did that must not."""

    examined: int
    moved: tuple[str, ...]
    wrong: tuple[Deviation, ...]


def _judge_registers(readings: Sequence[Reading]) -> _Registers:
    moved: dict[str, None] = {}
    wrong: list[Deviation] = []
    examined = 0
    for before, after in pairwise(readings):
        named = {_tariff(before), _tariff(after)} - {None}
        if not named:
            continue
        examined += 1
        for obis in after.lines:
            register = _REGISTER.fullmatch(obis)
            was = before.quantity(obis) if register else None
            if register is None or was is None or after.quantity(obis) == was:
                continue
            moved[obis] = None
            if int(register[1]) not in named:
                observed = f"{obis} changes in tariff {' or '.join(map(str, named))}"
                wrong.append(Deviation(after.place(obis), _ONLY_ACTIVE, observed))
    return _Registers(examined, tuple(moved), tuple(wrong))


def _under_load(
    listener: Listener, context: CaseContext, watch: TelegramWatch
) -> tuple[Reading, ...]:
    """Return the readings of a time in which a load moves the registers."""
    start = listener.now
    context.link.control("load", watts=_LOAD_W)
    try:
        listener.cut()
        listener.listen(start + seconds(_UNDER_LOAD_S + 2 * watch.profile.interval_s))
        listener.cut()
    finally:
        context.link.control("load", watts=None)
    return whole(heard(listener, start), watch.profile)


def _tariff(reading: Reading) -> int | None:
    text = reading.text(_TARIFF)
    return int(text) if text and text.isascii() and text.isdigit() else None
