"""Area A6, plausibility: values of one telegram that have to fit each other."""

from decimal import Decimal

from bench.core.case import Case, Kind, case
from bench.core.check import Deviation, Level
from bench.engine.checks import Checks
from bench.engine.context import CaseContext
from bench.protocols.p1.objects import Rule
from suites.p1.readings import Reading
from suites.p1.requirement import require
from suites.p1.watch import TelegramWatch

_TABLE = "DSMR-5.0.2:6.12"
_PHASES = {"L1": 20, "L2": 40, "L3": 60}
_IMPORT, _EXPORT = "1-0:1.7.0", "1-0:2.7.0"
_MARGIN = Decimal("1.05")  # of the product of two rounded averages


def _phase(name: str, group: int) -> str:
    """Return the code of a phase's value: group 1 is +P, 2 -P, 11 current, 12 voltage."""
    return f"1-0:{_PHASES[name] + group}.7.0"


def _net(reading: Reading, positive: str, negative: str) -> Decimal | None:
    """Return +P - P in W; None where one of them is missing that the edition requires."""
    drawn, fed = reading.quantity(positive), reading.quantity(negative)
    if drawn is None or (fed is None and _required(reading, negative)):
        return None
    return drawn - (fed or 0)


def _required(reading: Reading, obis: str) -> bool:
    known = reading.profile.find(obis)
    return known is not None and known.rule in (Rule.ALWAYS, Rule.POLYPHASE)


def _shows(reading: Reading, name: str) -> bool:
    """Whether a telegram has any value of a phase."""
    return any(_phase(name, group) in reading.lines for group in (1, 2, 11, 12))


@case(
    Case(
        id="P1-A-098",
        version=1,
        interface="p1",
        title="Phases add up",
        purpose="Ensure that the powers of the phases add up to the total.",
        stimulus="Listen.",
        criterion="The sum of +P - P of the phases equals that of the total. A difference of "
        "phase_sum_tolerance_w for each phase (3 W unless declared) or a total of the telegram "
        "before or after is policy; a deviation is an observation.",
        kind=Kind.VALID,
        clauses=(_TABLE,),
        level=Level.SHOULD,
        ics="P1/POLYPHASE and P1/PHASE-POWER and P1/TOTAL-POWER and not P1/DELTA",
        detects=("p1.phase-sign-swapped", "p1.phase-missing-in-sum"),
        bound_s=4000,
    )
)
def test_phase_sum(readings: tuple[Reading, ...], context: CaseContext, verify: Checks) -> None:
    """No phase counts the other way."""
    each_w = Decimal(str(context.ixit["phase_sum_tolerance_w"]))
    totals = [_net(reading, _IMPORT, _EXPORT) for reading in readings]
    expected = f"the total within {each_w} W for each phase (policy, phase_sum_tolerance_w)"
    examined, wrong = 0, []
    for index, reading in enumerate(readings):
        there = [name for name in _PHASES if _shows(reading, name)]
        parts = [_net(reading, _phase(name, 1), _phase(name, 2)) for name in there]
        known = [part for part in parts if part is not None]
        near = [total for total in totals[max(index - 1, 0) : index + 2] if total is not None]
        if len(known) < max(len(there), 2) or totals[index] is None:
            continue
        examined += 1
        tolerance, total = each_w * len(known), sum(known)
        if not min(near) - tolerance <= total <= max(near) + tolerance:
            observed = f"the phases add up to {total} W, the total is {totals[index]} W"
            wrong.append(Deviation(reading.place(_IMPORT), expected, observed))
    require(examined, "powers of two phases and a total")
    verify.none_of("sum", wrong, examined=examined, expected=expected)


@case(
    Case(
        id="P1-A-099",
        version=1,
        interface="p1",
        title="Either import or export",
        purpose="Ensure that the total power flows in one direction at a time.",
        stimulus="Listen.",
        criterion="1-0:1.7.0 and 1-0:2.7.0 are not both greater than zero. Single phases may flow "
        "in different directions.",
        kind=Kind.VALID,
        clauses=(_TABLE,),
        ics="P1/TOTAL-POWER",
        detects=("p1.both-directions",),
        bound_s=4000,
    )
)
def test_one_direction(readings: tuple[Reading, ...], watch: TelegramWatch, verify: Checks) -> None:
    """The sign of the total is not in doubt."""
    # outside the Netherlands, Belgium and Luxembourg meters need not net the phases
    nets = watch.profile.key[:2] in {"nl", "be", "lu"}
    expected = "one of +P and -P is zero"
    examined, wrong = 0, []
    for reading in readings:
        drawn, fed = reading.quantity(_IMPORT), reading.quantity(_EXPORT)
        if drawn is None or fed is None:
            continue
        examined += 1
        if drawn > 0 and fed > 0:
            observed = f"+P is {drawn} W and -P is {fed} W"
            wrong.append(Deviation(reading.place(_EXPORT), expected, observed))
    level = Level.MUST if nets else Level.SHOULD
    require(examined, "+P and -P")
    verify.none_of("exclusive", wrong, examined=examined, expected=expected, level=level)


@case(
    Case(
        id="P1-A-100",
        version=1,
        interface="p1",
        title="Power fits voltage and current",
        purpose="Ensure that no phase shows more power than its voltage and current can carry.",
        stimulus="Listen.",
        criterion="|P| of a phase is at most 1.05 U I, the current taken one digit higher than "
        "shown. A phase without voltage, as on a delta grid, is passed over. A deviation is an "
        "observation.",
        kind=Kind.VALID,
        clauses=(_TABLE,),
        level=Level.SHOULD,
        ics="P1/PHASE-POWER and P1/PHASE-VOLTAGE",
        detects=("p1.current-a-tenth",),
        bound_s=4000,
    )
)
def test_volt_ampere(readings: tuple[Reading, ...], verify: Checks) -> None:
    """Current, voltage and power are those of the same phase, in the same unit."""
    expected = "|P| <= 1.05 U I, I one digit higher (policy)"
    examined, wrong = 0, []
    for reading in readings:
        for name in _PHASES:
            power = _net(reading, _phase(name, 1), _phase(name, 2))
            volt, ampere = (reading.quantity(_phase(name, group)) for group in (12, 11))
            if power is None or volt is None or ampere is None or (power and not volt):
                continue
            examined += 1
            digit = reading.resolution(_phase(name, 11))
            if abs(power) > volt * (abs(ampere) * _MARGIN + digit):
                observed = f"{name}: {power} W at {volt} V and {ampere} A"
                wrong.append(Deviation(reading.place(_phase(name, 11)), expected, observed))
    require(examined, "power, voltage and current of a phase")
    verify.none_of("apparent-power", wrong, examined=examined, expected=expected, things="phases")


@case(
    Case(
        id="P1-A-101",
        version=1,
        interface="p1",
        title="Voltages of a low-voltage grid",
        purpose="Ensure that voltages have the right scale.",
        stimulus="Listen.",
        criterion="voltage_min_v to voltage_max_v (180 V to 280 V unless declared, policy after "
        "EN 50160); 000.0 on L2 or L3 stands for a phase that is not there, as on a delta grid. "
        "A deviation is an observation.",
        kind=Kind.VALID,
        clauses=(_TABLE, "EN-50160:4.2"),
        level=Level.SHOULD,
        ics="P1/PHASE-VOLTAGE",
        detects=("p1.voltage-a-tenth",),
        bound_s=4000,
    )
)
def test_voltage(readings: tuple[Reading, ...], context: CaseContext, verify: Checks) -> None:
    """230 V is not shown as 23 V."""
    low, high = (Decimal(str(context.ixit[f"voltage_{side}_v"])) for side in ("min", "max"))
    expected = f"{low} V to {high} V (policy, voltage_min_v, voltage_max_v)"
    examined, wrong = 0, []
    for reading in readings:
        for name in _PHASES:
            volt = reading.quantity(_phase(name, 12))
            if volt is None or (volt == 0 and name != "L1"):
                continue
            examined += 1
            if not low <= volt <= high:
                place = reading.place(_phase(name, 12))
                wrong.append(Deviation(place, expected, f"{name}: {volt} V"))
    require(examined, "voltage")
    verify.none_of(
        "range",
        wrong,
        examined=examined,
        expected=expected,
        things="voltages",
        clause="EN-50160:4.2",
    )
