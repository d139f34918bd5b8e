"""Current beside voltage: the same conductor, the same instant, the same direction."""

import numpy as np

from bench.core.case import Case, Effects, Kind, case
from bench.core.clock import SECOND
from bench.core.link import Capability
from bench.core.measurement import Limits
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.engine.context import CaseContext
from suites.p1.readings import Reading
from suites.s1.beside import P1Beside
from suites.s1.capture import Capture
from suites.s1.listening import Listener
from suites.s1.phases import Stretch, longest
from suites.s1.sourced import NOMINAL_V, Fed, angle, channels, shown, wired

_BROCHURE = "Fluvius-P1-S1:5.2"
_PHYSICS = "OUR:physics"
_OTHERS_A = 0.2
_PAIR_DEG, _SKEW_DEG = 2.0, 1.0
_RESISTIVE: Fed = (NOMINAL_V, 10.0, 0.0)
_UNLOADED: Fed = (NOMINAL_V, 0.0, 0.0)
_NET_W = 100  # below, the sign of a household's power hangs on errors
_BEFORE_NS = 10 * SECOND  # that a telegram's power may be an average of
_IMPORT, _EXPORT = "1-0:1.7.0", "1-0:2.7.0"


@case(
    Case(
        id="S1-CH-07",
        version=1,
        interface="s1",
        title="Current and voltage of a phase belong together",
        purpose="Ensure that each current transformer is on the conductor of its voltage.",
        stimulus="Feed 230 V, with a resistive load of 10 A on one phase after the other.",
        criterion="The current is in phase with its voltage, +- 2 degrees, and the other phases "
        "have less than 0.2 A (ours).",
        kind=Kind.VALID,
        clauses=(_PHYSICS,),
        ics="S1/PRESENT and not S1/DELTA",
        needs=(Capability.SOURCE,),
        effects=Effects.REVERSIBLE,
        detects=("s1.clamps-swapped", "s1.clamps-reversed", "s1.i1-zero"),
    )
)
def test_pairing(listener: Listener, context: CaseContext, verify: Checks) -> None:
    """One phase after the other is loaded."""
    phases = (1, 2, 3) if context.answers["S1/POLYPHASE"] else (1,)
    for phase in phases:
        loads = [_RESISTIVE if one == phase else _UNLOADED for one in phases]
        stretch = shown(listener, loads)
        others = {f"I{one}": stretch.rms(f"I{one}") for one in phases if one != phase}
        own = stretch.rms(f"I{phase}")
        verify.that(
            f"L{phase}",
            own > _OTHERS_A > max(others.values(), default=0.0),
            expected=f"10 A in I{phase}, others < {_OTHERS_A:g} A",
            observed=", ".join(
                f"{name} {amperes:.3g} A" for name, amperes in {f"I{phase}": own, **others}.items()
            ),
        )
        if own > _OTHERS_A:
            limits = Limits(-_PAIR_DEG, _PAIR_DEG)
            angle(verify, f"L{phase}-angle", stretch, f"I{phase}", f"V{phase}", limits)


@case(
    Case(
        id="S1-CH-08",
        version=1,
        interface="s1",
        title="Current and voltage are sampled at the same instant",
        purpose="Ensure that power and power factor can be computed from the samples.",
        stimulus="Feed 230 V with a resistive load of 10 A on all phases.",
        criterion="Each current is in phase with its voltage, +- 1 degree, which is 55 us at 50 Hz "
        "(ours; e-MUCS-H 1.3 asks for the same instant).",
        kind=Kind.VALID,
        clauses=("e-MUCS-H-1.3:S1", _PHYSICS),
        ics="S1/PRESENT",
        needs=(Capability.SOURCE,),
        effects=Effects.REVERSIBLE,
        detects=("s1.current-late",),
    )
)
def test_skew(listener: Listener, context: CaseContext, verify: Checks) -> None:
    """One sample late is 6.9 degrees at 2600 Hz."""
    stretch = shown(listener, wired(context, _RESISTIVE))
    for name in channels(context):
        if name[0] == "I":
            limits = Limits(-_SKEW_DEG, _SKEW_DEG)
            angle(verify, f"L{name[1]}", stretch, name, f"V{name[1]}", limits)


@case(
    Case(
        id="S1-CH-12",
        version=1,
        interface="s1",
        title="What is fed in has a negative power",
        purpose="Ensure that a consumer of both ports sees the same direction of energy.",
        stimulus="Listen to S1 and P1; where a source can feed the meter, also while 5 A on each "
        "phase feed in.",
        criterion="From 100 W on, the mean of voltage times current, summed over the phases, is "
        "positive while P1 shows 1.7.0 and negative while it shows 2.7.0. On the source it is "
        "negative, P1 shows 2.7.0 and 1.7.0 is zero.",
        kind=Kind.VALID,
        clauses=("Fluvius-P1-S1:4.2", _BROCHURE, _PHYSICS),
        ics="S1/PRESENT",
        effects=Effects.REVERSIBLE,
        beside=("p1",),
        detects=("s1.unsigned", "s1.clamps-reversed", "s1.p1-other-direction"),
        bound_s=400,
    )
)
def test_polarity(
    stream: Capture,
    readings: tuple[Reading, ...],
    listener: Listener,
    beside: P1Beside,
    context: CaseContext,
    verify: Checks,
) -> None:
    """Drawn is positive on both ports."""
    judged = _directions(longest(stream), readings)
    fed_in = any(net < 0 for net, _ in judged)
    wrong = [(net, seen) for net, seen in judged if net * seen < 0]
    if judged:
        net, seen = wrong[0] if wrong else judged[-1]
        verify.that(
            "grid",
            not wrong,
            expected="the direction of P1's telegrams",
            observed=f"{len(wrong)} of {len(judged)} against it; P1 {net:.0f} W, S1 {seen:.0f} W",
        )
    if not listener.has(Capability.SOURCE):
        if not fed_in:
            verify.undecided(
                "export",
                Reason.PRECONDITION,
                expected="power that is fed in",
                observed="P1 showed none; repeat while the sun shines, or use a source",
            )
        return
    stretch = shown(listener, wired(context, (NOMINAL_V, 5.0, 180.0)), watched_s=3.0, beside=beside)
    total = stretch.total_w()
    verify.that("export", total < -_NET_W, expected="negative power", observed=f"{total:.0f} W")
    last = beside.readings()[-1]
    drawn, fed = last.quantity(_IMPORT), last.quantity(_EXPORT)
    verify.that(
        "p1",
        drawn == 0 and fed is not None and fed > 0,
        expected=f"{_IMPORT} is 0 and {_EXPORT} is not",
        observed=f"{_IMPORT} is {drawn} W and {_EXPORT} {fed} W",
        clause="Fluvius-P1-S1:4.2",
    )


def _directions(stretch: Stretch, readings: tuple[Reading, ...]) -> list[tuple[float, float]]:
    """Return the power by P1 and by S1 in W, where both clearly have a direction.

    S1's is that of the seconds before the telegram, all through which it must have been the same.
    """
    powers = np.sum([stretch.power_windows_w(phase) for phase in stretch.phases], axis=0)
    ends_ns = stretch.arrived_ns[stretch.starts()[1:] - 1]
    found = []
    for reading in readings:
        drawn, fed = reading.quantity(_IMPORT), reading.quantity(_EXPORT)
        if drawn is None or fed is None or abs(drawn - fed) < _NET_W:
            continue
        at_ns = reading.seen.frame.at_ns
        low, high = np.searchsorted(ends_ns, [at_ns - _BEFORE_NS, at_ns])
        before = powers[low:high]
        if len(before) and (np.all(before > _NET_W / 2) or np.all(before < -_NET_W / 2)):
            found.append((float(drawn - fed), float(np.mean(before))))
    return found
