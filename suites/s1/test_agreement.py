"""Area MEAS, agreement: what S1's samples amount to is what P1 shows."""

import math
from collections.abc import Iterable

from bench.core.case import Case, Effects, Kind, case
from bench.core.link import Capability
from bench.core.measurement import Limits, Measurement
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.engine.context import CaseContext, Inconclusive
from suites.p1.readings import Reading
from suites.s1.agreement import (
    Comparison,
    Difference,
    Quantity,
    current,
    phase_power,
    total_power,
    voltage,
)
from suites.s1.beside import P1Beside
from suites.s1.capture import Capture
from suites.s1.listening import Listener
from suites.s1.measuring import NOMINAL_V, evenly, measured_phases

_OUR = "OUR:measurement"
_DATA = "e-MUCS-H-1.3:S1"
_P1 = "Fluvius-P1-S1:4.2"
_CAPTURE_S = 13.0  # ten telegrams and their seconds
_VOLTS = 0.005 * NOMINAL_V + 0.05
_AMPERES_SHARE, _AMPERES = 0.01, 0.020
_WATTS_SHARE, _WATTS = 0.01, 2.0
_LEAST_A = 0.5  # below, the last digit of P1 tells no scale


def _compared(stream: Capture, readings: Iterable[Reading], context: CaseContext) -> Comparison:
    return Comparison(stream, tuple(readings), measured_phases(context.answers))


def _differences(comparison: Comparison, quantities: Iterable[Quantity]) -> list[Difference]:
    """Return those that P1 shows; Inconclusive where it shows none."""
    wanted = list(quantities)
    found = [one for one in map(comparison.difference, wanted) if one is not None]
    if not found:
        names = ", ".join(one.obis[0] for one in wanted)
        raise Inconclusive(Reason.PRECONDITION, f"P1 shows none of {names}")
    return found


def _judge(verify: Checks, check: str, found: Difference, most: float) -> None:
    """Record a difference from P1 against the most that it may be."""
    name = f"{check}-{found.quantity.name.lower()}"
    verify.within(name, found.measured, Limits(-most, most))
    unit = found.quantity.unit
    verify.note(
        f"{name}-shown",
        f"S1 {found.s1:.3f} {unit}, P1 {found.p1:.3f} {unit} over {found.count} telegrams",
    )


# -- effective values


@case(
    Case(
        id="S1-MEAS-02",
        version=1,
        interface="s1",
        title="Voltages as P1 shows them",
        purpose="Ensure that voltages have the right scale.",
        stimulus="Listen to S1 and P1.",
        criterion="The mean difference from 1-0:32.7.0, 52.7.0, 72.7.0 over the telegrams is "
        "within 0.5 % of 230 V and half a digit (ours, after the accuracy of class B).",
        kind=Kind.VALID,
        clauses=(_OUR, _P1),
        ics="S1/PRESENT",
        needs=(Capability.TIMESTAMPS,),
        beside=("p1",),
        detects=("s1.volts-1-percent",),
        bound_s=200,
    )
)
def test_voltages_of_p1(
    stream: Capture, readings: tuple[Reading, ...], context: CaseContext, verify: Checks
) -> None:
    """One meter has one voltage."""
    comparison = _compared(stream, readings, context)
    for found in _differences(comparison, map(voltage, measured_phases(context.answers))):
        _judge(verify, "voltage", found, _VOLTS)


@case(
    Case(
        id="S1-MEAS-03",
        version=1,
        interface="s1",
        title="Currents as P1 shows them",
        purpose="Ensure that currents have the right scale, small ones too.",
        stimulus="Listen to S1 and P1; where the link has a source, feed 5 A, then 0.5 A.",
        criterion="The mean difference from 1-0:31.7.0, 51.7.0, 71.7.0 over the telegrams is "
        "within 1 %, P1's last digit and 20 mA (ours).",
        kind=Kind.VALID,
        clauses=(_OUR, _P1),
        ics="S1/PRESENT",
        needs=(Capability.TIMESTAMPS,),
        effects=Effects.REVERSIBLE,
        beside=("p1",),
        detects=("s1.amperes-2-percent", "s1.amperes-small"),
        bound_s=200,
        lengthy=True,
    )
)
def test_currents_of_p1(
    stream: Capture,
    readings: tuple[Reading, ...],
    listener: Listener,
    beside: P1Beside,
    context: CaseContext,
    verify: Checks,
) -> None:
    """One meter has one current."""
    _judge_currents(verify, "live", _compared(stream, readings, context), context)
    if not listener.has(Capability.SOURCE):
        return
    for check, amperes in (("loaded", 5.0), ("light", 0.5)):
        listener.source(evenly(context.answers, amperes))
        fed = listener.capture(_CAPTURE_S, beside)
        _judge_currents(verify, check, _compared(fed, beside.readings(), context), context)
    context.frames_from(stream.frame)


def _judge_currents(
    verify: Checks, check: str, comparison: Comparison, context: CaseContext
) -> None:
    for found in _differences(comparison, map(current, measured_phases(context.answers))):
        _judge(verify, check, found, _AMPERES_SHARE * found.p1 + found.digit + _AMPERES)


@case(
    Case(
        id="S1-MEAS-07",
        version=1,
        interface="s1",
        title="A step of the currents is 1 mA",
        purpose="Ensure that currents are sent in mA, neither in half mA nor in 2 mA.",
        stimulus="Listen to S1 and P1; where the link has a source, feed 5 A.",
        criterion="Of 0.5, 1 and 2 the ratio to P1's currents is nearest to 1, and within 2 % of "
        "it (ours).",
        kind=Kind.VALID,
        clauses=(_DATA, _OUR),
        ics="S1/PRESENT",
        needs=(Capability.TIMESTAMPS,),
        effects=Effects.REVERSIBLE,
        beside=("p1",),
        detects=("s1.half-milliampere",),
        bound_s=200,
        lengthy=True,
    )
)
def test_current_scale(
    stream: Capture,
    readings: tuple[Reading, ...],
    listener: Listener,
    beside: P1Beside,
    context: CaseContext,
    verify: Checks,
) -> None:
    """Two receivers that are known of disagree by a factor of two."""
    capture, telegrams = stream, tuple(readings)
    if listener.has(Capability.SOURCE):
        listener.source(evenly(context.answers, 5.0))
        capture = listener.capture(_CAPTURE_S, beside)
        telegrams = beside.readings()
    comparison = _compared(capture, telegrams, context)
    found = _differences(comparison, map(current, measured_phases(context.answers)))
    usable = [one for one in found if one.p1 >= _LEAST_A]
    if not usable:
        highest = max(one.p1 for one in found)
        raise Inconclusive(
            Reason.PRECONDITION,
            f"the highest current is {highest:.2f} A, {_LEAST_A} A are needed: switch a load on",
        )
    for one in usable:
        ratio = one.s1 / one.p1
        nearest = min((0.5, 1.0, 2.0), key=lambda scale: abs(math.log(max(ratio, 1e-9) / scale)))
        name = one.quantity.name.lower()
        verify.that(
            f"scale-{name}",
            nearest == 1.0,
            expected="1 mA for a step of the current",
            observed=f"{nearest:g} mA: S1 shows {one.s1:.3f} A, P1 {one.p1:.3f} A",
        )
        u = math.hypot(one.measured.uncertainty / one.p1, one.digit / one.p1 / math.sqrt(3))
        verify.within(f"ratio-{name}", Measurement(ratio, u, ""), Limits(0.98, 1.02), clause=_OUR)


# -- power


@case(
    Case(
        id="S1-MEAS-04",
        version=1,
        interface="s1",
        title="Powers as P1 shows them",
        purpose="Ensure that voltages and currents are of the same instants, and count the same "
        "way as P1 does.",
        stimulus="Listen to S1 and P1; where the link has a source, feed 2 kW at power factor 1, "
        "then 1 kW at 0.5.",
        criterion="The mean difference from 1-0:1.7.0 - 2.7.0, and from those of each phase, over "
        "the telegrams is within 1 % and 2 W (ours, after the accuracy of class B). In a delta "
        "grid only the total is compared.",
        kind=Kind.VALID,
        clauses=(_OUR, _P1),
        ics="S1/PRESENT",
        needs=(Capability.TIMESTAMPS,),
        effects=Effects.REVERSIBLE,
        beside=("p1",),
        detects=("s1.power-factor",),
        bound_s=200,
        lengthy=True,
    )
)
def test_powers_of_p1(
    stream: Capture,
    readings: tuple[Reading, ...],
    listener: Listener,
    beside: P1Beside,
    context: CaseContext,
    verify: Checks,
) -> None:
    """At half a power factor an error of phase shows that does not show at one."""
    _judge_powers(verify, "live", _compared(stream, readings, context), context)
    if not listener.has(Capability.SOURCE):
        return
    phases = measured_phases(context.answers)
    for check, watts, degrees in (("resistive", 2000.0, 0.0), ("inductive", 1000.0, 60.0)):
        amperes = watts / math.cos(math.radians(degrees)) / NOMINAL_V / len(phases)
        listener.source(evenly(context.answers, amperes, degrees))
        fed = listener.capture(_CAPTURE_S, beside)
        _judge_powers(verify, check, _compared(fed, beside.readings(), context), context)
    context.frames_from(stream.frame)


def _judge_powers(verify: Checks, check: str, comparison: Comparison, context: CaseContext) -> None:
    phases = measured_phases(context.answers)
    quantities = [total_power(phases)]
    if not context.answers.get("S1/DELTA"):
        quantities += map(phase_power, phases)
    for found in _differences(comparison, quantities):
        _judge(verify, check, found, _WATTS_SHARE * abs(found.p1) + _WATTS)
