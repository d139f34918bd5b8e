"""Activation: the operator opens and closes P1 and S1 together, by the customer's consent."""

from bench.core.case import Case, Effects, Kind, case
from bench.core.check import Level
from bench.core.clock import SECOND, seconds
from bench.core.measurement import Limits, Measurement
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.engine.context import CaseContext, Inconclusive
from bench.engine.session import Session
from suites.s1.outlets import Outlet, Outlets, silence_s
from suites.s1.user_ports import Command

_CONSENT = "Fluvius-P1-S1:6.1"
_SWITCHED = "S1/PRESENT and S1/ACTIVATION"
_BOTH = ("p1", "s1")
_BOUND_S = 1800.0

#: V, A, degrees: what the meter is fed with before it is closed, and from then on


def _judge_silence(outlets: Outlets, one: Outlet, watched_s: float, verify: Checks) -> None:
    expected = "no octet"
    verify.none_of(
        f"{one.name}-silent",
        outlets.octets_of(one, expected),
        examined=round(watched_s),
        expected=expected,
        things=f"seconds of a closed {one.name.upper()}",
    )


@case(
    Case(
        id="S1-ACT-01",
        version=1,
        interface="s1",
        title="Both ports open together",
        purpose="Ensure that consent opens S1 and P1 alike.",
        stimulus="Close the user ports until both are silent, then open them.",
        criterion="A whole P1 telegram and a good S1 frame arrive, each within the time that is "
        "declared for the change (activation_s, 60 s unless declared: ours).",
        kind=Kind.VALID,
        clauses=(_CONSENT,),
        ics=_SWITCHED,
        effects=Effects.REVERSIBLE,
        detects=("s1.stays-off", "s1.opens-alone", "s1.p1-opens-alone", "s1.p1-opens-late"),
        beside=("p1",),
        bound_s=600,
    )
)
def test_open_together(bench_session: Session, context: CaseContext, verify: Checks) -> None:
    """Consent is for both."""
    outlets = Outlets(bench_session, context, _BOTH)
    outlets.look()
    outlets.require_closed()
    command = outlets.switch.open()
    limit_s = outlets.switch.limit_s
    outlets.hear_whole(command.done_ns + seconds(limit_s + outlets.patience_s))
    for one in outlets.ports.values():
        _judge_opening(one, command, limit_s, verify)


def _judge_opening(one: Outlet, command: Command, limit_s: float, verify: Checks) -> None:
    what = {"p1": "a whole telegram", "s1": "a good frame"}[one.name]
    expected = f"{what} within {limit_s:g} s (activation_s)"
    first = one.first_whole_ns()
    if first is None:
        observed = "octets that make none" if one.spoke else "nothing"
        verify.that(f"{one.name}-opens", False, expected=expected, observed=observed)
        return
    took_s = (first - command.asked_ns) / SECOND
    commanded_s = (command.done_ns - command.asked_ns) / SECOND
    verify.within(
        f"{one.name}-opens",
        # the command came to the meter at some time while it was given
        Measurement(took_s - commanded_s / 2, commanded_s / 2 + one.uncertainty_s, "s"),
        Limits(high=limit_s),
    )


@case(
    Case(
        id="S1-ACT-02",
        version=1,
        interface="s1",
        title="Both ports close together",
        purpose="Ensure that withdrawn consent closes S1 and P1 alike.",
        stimulus="Close the user ports while both send; listen from 60 s after the command "
        "(activation_s) for 10 min (silence_s).",
        criterion="No octet arrives on either port; the times are ours.",
        kind=Kind.VALID,
        clauses=(_CONSENT,),
        ics=_SWITCHED,
        effects=Effects.REVERSIBLE,
        detects=("s1.stays-on", "s1.always-on", "s1.p1-stays-on"),
        beside=("p1",),
        bound_s=_BOUND_S,
    )
)
def test_close_together(bench_session: Session, context: CaseContext, verify: Checks) -> None:
    """Without consent there are no data."""
    outlets = Outlets(bench_session, context, _BOTH)
    outlets.require_open()
    outlets.close()
    watched_s = outlets.silence(silence_s(bench_session, context))
    for one in outlets.ports.values():
        _judge_silence(outlets, one, watched_s, verify)


@case(
    Case(
        id="S1-ACT-03",
        version=1,
        interface="s1",
        title="Closed as delivered",
        purpose="Ensure that nobody's data leave the meter before they consented.",
        stimulus="Bring the user ports to the state in which the meter is delivered, where an "
        "adapter can; else take them as they are, if nobody has opened them yet. Listen for "
        "10 min (silence_s).",
        criterion="No octet arrives on either port; the time is ours.",
        kind=Kind.VALID,
        clauses=(_CONSENT,),
        ics="S1/PRESENT and S1/AS-DELIVERED",
        effects=Effects.REVERSIBLE,
        detects=("s1.delivered-open", "s1.always-on"),
        beside=("p1",),
        bound_s=_BOUND_S,
    )
)
def test_closed_as_delivered(bench_session: Session, context: CaseContext, verify: Checks) -> None:
    """Consent is never presumed."""
    outlets = Outlets(bench_session, context, _BOTH)
    switch = outlets.switch
    worked = switch.was_worked
    outlets.look()
    if (command := switch.deliver()) is not None:
        outlets.settle(command)
    elif worked:
        raise Inconclusive(
            Reason.PRECONDITION,
            "this run has opened and closed the ports, and no adapter can bring the meter back to "
            "the state of delivery: run S1-ACT-03 alone, on a meter that is as delivered",
        )
    watched_s = outlets.silence(silence_s(bench_session, context))
    for one in outlets.ports.values():
        _judge_silence(outlets, one, watched_s, verify)


@case(
    Case(
        id="S1-ACT-04",
        version=1,
        interface="s1",
        title="A closed port sends no frame without data",
        purpose="Ensure that a closed S1 does not even show that somebody is there.",
        stimulus="Close the user ports; listen to S1 from 60 s after the command (activation_s) "
        "for 10 min (silence_s).",
        criterion="No frame, neither with samples nor without, and no octet between frames; the "
        "times are ours.",
        kind=Kind.VALID,
        clauses=(_CONSENT,),
        ics=_SWITCHED,
        effects=Effects.REVERSIBLE,
        detects=("s1.empty-frames", "s1.stays-on", "s1.always-on"),
        bound_s=_BOUND_S,
    )
)
def test_nothing_partial(bench_session: Session, context: CaseContext, verify: Checks) -> None:
    """All is unavailable, also the frame around it."""
    outlets = Outlets(bench_session, context, ("s1",))
    outlets.require_open()
    outlets.close()
    watched_s = outlets.silence(silence_s(bench_session, context))
    port = outlets.ports["s1"]
    samples = len(port.capture().sequence) if port.spoke else 0
    things = "seconds of a closed S1"
    for check_id, expected, deviates in (
        ("no-samples", "no frame with samples", samples > 0),
        ("no-empty-frames", "neither a frame without samples nor single octets", not samples),
    ):
        found = outlets.octets_of(port, expected) if deviates else []
        verify.none_of(check_id, found, examined=round(watched_s), expected=expected, things=things)


@case(
    Case(
        id="S1-ACT-06",
        version=1,
        interface="s1",
        title="No port is switched alone",
        purpose="Ensure that a consent is never for one of the two ports.",
        stimulus="Close the user ports and write true to the object that would open S1 alone "
        "(s1_activation_object); open them and write false to it.",
        criterion="Each time, 60 s (activation_s) later both ports send or neither does. That the "
        "answer tells what became of it is observed (ours).",
        kind=Kind.INOPPORTUNE,
        clauses=(_CONSENT,),
        ics=f"{_SWITCHED} and S1/SEPARATE-OBJECT",
        effects=Effects.REVERSIBLE,
        detects=("s1.separate", "s1.separate-in-words"),
        beside=("p1", "wan"),
        bound_s=900,
        lengthy=True,
    )
)
def test_no_port_alone(bench_session: Session, context: CaseContext, verify: Checks) -> None:
    """Whatever is asked for, both ports are in one state."""
    outlets = Outlets(bench_session, context, _BOTH)
    outlets.require_open()
    for check_id, opened in (("closed", False), ("opened", True)):
        if opened:
            outlets.begin()
            outlets.open()
        else:
            outlets.require_closed()
        command, answer = outlets.switch.switch_s1_alone(not opened)
        outlets.settle(command)
        outlets.hear(outlets.now + seconds(outlets.patience_s))
        states = {one.name.upper(): one.spoke for one in outlets.ports.values()}
        word = "open" if not opened else "close"
        shown = ", ".join(f"{n} {'sends' if sends else 'is silent'}" for n, sends in states.items())
        verify.that(
            f"together-{check_id}",
            len({*states.values()}) == 1,
            expected=f"both ports alike after S1 was told to {word}",
            observed=f"{shown}; the answer was {answer}",
        )
        followed = states["S1"] is not opened
        verify.that(
            f"told-{check_id}",
            answer.ok is followed,
            expected="success where the ports follow, else a refusal",
            observed=f"{answer}, {shown}",
            clause="OUR:stream",
            level=Level.SHOULD,
        )
