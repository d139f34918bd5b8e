"""Wiring: meter type, delta or star, neutral, and the angles between the voltages."""

import numpy as np

from bench.core.case import Case, Effects, Kind, case
from bench.core.link import Capability
from bench.core.measurement import Limits
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.engine.context import CaseContext, Inconclusive
from suites.p1.readings import Reading
from suites.s1.capture import Capture
from suites.s1.listening import Listener
from suites.s1.phases import Stretch, longest
from suites.s1.rows import deviating
from suites.s1.sourced import LIVE_V, NOMINAL_V, OPEN, angle, effective, shown

_DATA = "e-MUCS-H-1.3:S1"
_BROCHURE = "Fluvius-P1-S1:5.2"
_PHYSICS = "OUR:physics"
_FOUR_WIRE = "S1/PRESENT and S1/POLYPHASE and not S1/DELTA"
_DELTA = "S1/PRESENT and S1/POLYPHASE and S1/DELTA"
_COARSE_DEG, _FINE_DEG = 10.0, 2.0  # on a live grid, whose phases are uneven; on a source
_SHARE = 0.02
_AMPERES = 5.0
_OTHER_PHASES = ("1-0:52.7.0", "1-0:72.7.0")


def _live(stretch: Stretch) -> dict[str, bool]:
    """Return which voltage channels have a voltage."""
    return {name: stretch.rms(name) >= LIVE_V for name in ("V1", "V2", "V3")}


def _dead(stretch: Stretch, *names: str) -> str:
    """Return those of the channels that have no voltage, as words; "" if all have."""
    live = _live(stretch)
    return " and ".join(name for name in names if not live[name])


@case(
    Case(
        id="S1-PAY-05",
        version=1,
        interface="s1",
        title="The same number of phases as on P1",
        purpose="Ensure that a consumer of both ports sees one kind of meter.",
        stimulus="Listen to S1 and to P1 at the same time.",
        criterion="The frames say polyphase if, and only if, P1 has the voltages of L2 and L3 "
        "(1-0:52.7.0 and 1-0:72.7.0) (ours).",
        kind=Kind.VALID,
        clauses=(_DATA, "Fluvius-P1-S1:4.2"),
        ics="S1/PRESENT",
        beside=("p1",),
        detects=("s1.type-bit",),
    )
)
def test_meter_type(stream: Capture, readings: tuple[Reading, ...], verify: Checks) -> None:
    """Bit 0 of the information octet."""
    there = {tuple(code in one.objects for code in _OTHER_PHASES) for one in readings}
    if there not in ({(True, True)}, {(False, False)}):
        raise Inconclusive(
            Reason.PRECONDITION, "P1 does not have both voltages of L2 and L3 or none, throughout"
        )
    polyphase = there == {(True, True)}
    says = stream.flag("polyphase")
    expected = f"{'polyphase' if polyphase else 'single phase'}, as P1 is"
    verify.none_of(
        "p1",
        deviating(
            stream,
            says != polyphase,
            expected,
            lambda row: "polyphase" if says[row] else "single phase",
            "info",
        ),
        examined=len(says),
        expected=expected,
        things="frames",
    )


@case(
    Case(
        id="S1-PAY-06",
        version=1,
        interface="s1",
        title="The wiring bit tells the wiring",
        purpose="Ensure that a consumer computes the power of the network that there is.",
        stimulus="Listen.",
        criterion="Bit 2 says 4-wire on a polyphase meter that is declared to be in no delta grid, "
        "and is 0 on any other. Where the voltages show it, it agrees with them: no V2 at all "
        "beside V1 and V3 is 3-wire, three voltages are 4-wire.",
        kind=Kind.VALID,
        clauses=(_DATA,),
        ics="S1/PRESENT",
        detects=("s1.wire-bit", "s1.wire-bit-delta", "s1.wire-bit-single"),
    )
)
def test_wiring_bit(stream: Capture, context: CaseContext, verify: Checks) -> None:
    """Declared, and by physics."""
    four_wire = stream.flag("four_wire")
    wanted = context.answers["S1/POLYPHASE"] and not context.answers["S1/DELTA"]
    expected = f"{'4-wire' if wanted else '3-wire or single phase'}, as declared"
    verify.none_of(
        "declared",
        deviating(
            stream,
            four_wire != wanted,
            expected,
            lambda row: "4-wire" if four_wire[row] else "not 4-wire",
            "info",
        ),
        examined=len(four_wire),
        expected=expected,
        things="frames",
    )
    stretch = longest(stream)
    live = _live(stretch)
    if live["V1"] and live["V3"] and (live["V2"] or not stretch.samples("V2").any()):
        seen = "4-wire" if live["V2"] else "3-wire"
        volts = ", ".join(f"{name} {stretch.rms(name):.1f} V" for name in live)
        verify.that(
            "voltages",
            stretch.flags["info.four_wire"] == live["V2"],
            expected=f"{seen}, as the voltages are: {volts}",
            observed="4-wire" if stretch.flags["info.four_wire"] else "not 4-wire",
            clause=_PHYSICS,
        )


@case(
    Case(
        id="S1-PAY-08",
        version=1,
        interface="s1",
        title="The neutral bit tells whether its current is measured",
        purpose="Ensure that a consumer does not take a zero for a current.",
        stimulus="Listen.",
        criterion="Bit 4 is as declared (S1/NEUTRAL). Where it is 0 the neutral's samples are 0. "
        "The brochure lists the neutral for all meters, the format foresees meters without: where "
        "it is 0 this is told.",
        kind=Kind.VALID,
        clauses=(_DATA, _BROCHURE),
        ics="S1/PRESENT",
        detects=("s1.neutral-bit", "s1.neutral-claimed"),
    )
)
def test_neutral_bit(stream: Capture, context: CaseContext, verify: Checks) -> None:
    """Declared, and zero where it is not measured."""
    says = stream.flag("neutral")
    wanted = context.answers["S1/NEUTRAL"]
    expected = f"{'measured' if wanted else 'not measured'}, as declared"
    verify.none_of(
        "declared",
        deviating(
            stream,
            says != wanted,
            expected,
            lambda row: "measured" if says[row] else "not measured",
            "info",
        ),
        examined=len(says),
        expected=expected,
        things="frames",
    )
    codes = stream.codes("IN")
    verify.none_of(
        "zero",
        deviating(
            stream,
            ~says & (codes != 0),
            "0 where the neutral is not measured",
            lambda row: f"{codes[row]} mA",
            "IN",
        ),
        examined=len(codes),
        expected="0 where the neutral is not measured",
        things="frames",
    )
    if not says.all():
        verify.note(
            "brochure",
            "the neutral is not measured; the brochure lists its current for all meters, "
            "e-MUCS-H 1.3 makes it optional",
            clause=_BROCHURE,
        )


@case(
    Case(
        id="S1-CH-04",
        version=1,
        interface="s1",
        title="No voltage of L2 in a delta grid",
        purpose="Ensure that a consumer sees the reference phase as what it is.",
        stimulus="Listen.",
        criterion="All samples of V2 are exactly zero.",
        kind=Kind.VALID,
        clauses=(_BROCHURE,),
        ics=_DELTA,
        detects=("s1.delta-noise", "s1.delta-second"),
    )
)
def test_delta_zero(stream: Capture, verify: Checks) -> None:
    """Not nearly zero: always 0."""
    codes = stream.codes("V2")
    verify.none_of(
        "zero",
        deviating(stream, codes != 0, "0", lambda row: f"{codes[row]} times 25 mV", "V2"),
        examined=len(codes),
        expected="0",
        things="samples",
    )


@case(
    Case(
        id="S1-CH-05",
        version=1,
        interface="s1",
        title="Geometry of a delta grid",
        purpose="Ensure that V1 and V3 are the voltages of L1 and L3 against L2.",
        stimulus="Listen; where a source can feed the meter, also with 230 V on both.",
        criterion="On the source V1 and V3 are 230 V +- 2 % and 60 +- 2 degrees apart, on the grid "
        "60 +- 10 degrees (ours).",
        kind=Kind.VALID,
        clauses=(_PHYSICS,),
        ics=_DELTA,
        effects=Effects.REVERSIBLE,
        detects=("s1.delta-120", "s1.delta-v1-low", "s1.delta-v3-low"),
        bound_s=400,
    )
)
def test_delta_geometry(stream: Capture, listener: Listener, verify: Checks) -> None:
    """Two sides of a triangle of equal sides."""
    stretch = longest(stream)
    sourced = listener.has(Capability.SOURCE)
    if dead := _dead(stretch, "V1", "V3"):
        _not_live("grid", dead, sourced, verify)
    else:
        found = stretch.angle_deg("V3")
        verify.that(
            "grid",
            abs(abs(found) - 60) <= _COARSE_DEG,
            expected=f"60 +- {_COARSE_DEG:g} degrees between V1 and V3, either way (ours)",
            observed=f"{found:.1f} degrees",
        )
    if not sourced:
        return
    fed = (NOMINAL_V, _AMPERES, 0.0)
    stretch = shown(listener, [fed, OPEN, fed])
    for name in ("V1", "V3"):
        effective(verify, name, stretch, name, NOMINAL_V, _SHARE)
    way = np.sign(stretch.angle_deg("V3")) or 1.0
    bounds = sorted((way * (60 - _FINE_DEG), way * (60 + _FINE_DEG)))
    angle(verify, "angle", stretch, "V3", "V1", Limits(*bounds))


@case(
    Case(
        id="S1-CH-06",
        version=1,
        interface="s1",
        title="Angles of three phases with neutral",
        purpose="Ensure that V1, V2 and V3 are three phases, in their order.",
        stimulus="Listen; where a source can feed the meter, also with 3 x 230 V.",
        criterion="On the source V2 is at -120 +- 2 degrees against V1 and V3 at +120 +- 2. On the "
        "grid both ways round are right, +- 10 degrees (ours).",
        kind=Kind.VALID,
        clauses=(_PHYSICS,),
        ics=_FOUR_WIRE,
        effects=Effects.REVERSIBLE,
        detects=("s1.reversed", "s1.phase-90", "s1.one-after-another"),
        bound_s=400,
    )
)
def test_rotation(stream: Capture, listener: Listener, verify: Checks) -> None:
    """A meter does not turn the field round, a house connection may."""
    stretch = longest(stream)
    sourced = listener.has(Capability.SOURCE)
    if dead := _dead(stretch, "V1", "V2", "V3"):
        _not_live("grid", dead, sourced, verify)
    else:
        second, third = stretch.angle_deg("V2"), stretch.angle_deg("V3")
        way = np.sign(second)
        verify.that(
            "grid",
            max(abs(second - way * 120), abs(third + way * 120)) <= _COARSE_DEG,
            expected=f"V2 and V3 at 120 +- {_COARSE_DEG:g} degrees either way from V1 (ours)",
            observed=f"V2 at {second:.1f} degrees, V3 at {third:.1f}",
        )
        verify.note("rotation", "L1-L2-L3" if way < 0 else "L1-L3-L2: the field turns left")
    if not sourced:
        return
    stretch = shown(listener, [(NOMINAL_V, _AMPERES, 0.0)] * 3)
    for name, wanted in (("V2", -120.0), ("V3", 120.0)):
        angle(verify, name, stretch, name, "V1", Limits(wanted - _FINE_DEG, wanted + _FINE_DEG))


def _not_live(check_id: str, dead: str, sourced: bool, verify: Checks) -> None:
    """Tell that the grid shows nothing; undecided where no source takes its place."""
    if sourced:
        verify.note(check_id, f"no voltage on {dead} of the grid: judged with the source alone")
        return
    verify.undecided(
        check_id,
        Reason.PRECONDITION,
        expected="voltage on all phases",
        observed=f"no voltage on {dead}; connect it, or feed the meter from a source",
    )
