"""Activation: the operator opens and closes P1 and S1 together, by the customer's consent."""

import numpy as np

from bench.core.case import Case, Effects, Kind, case
from bench.core.check import Deviation, Level, Place
from bench.core.clock import SECOND, seconds
from bench.core.link import Capability
from bench.core.measurement import Limits, Measurement
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.engine.context import CaseContext, Inconclusive
from bench.engine.session import Session
from suites.p1.readings import Reading
from suites.s1.capture import Capture
from suites.s1.listening import Listener
from suites.s1.outlets import Outlet, Outlets
from suites.s1.resuming import excess_s, periods_seen
from suites.s1.rows import deviating
from suites.s1.sourced import wired
from suites.s1.submeters import Linked, linked, traces
from suites.s1.user_ports import Command

_CONSENT = "Fluvius-P1-S1:6.1"
_CONTENT = "Fluvius-P1-S1:5.2"
_SWITCHED = "S1/PRESENT and S1/ACTIVATION"
_BOTH = ("p1", "s1")
_QUICK_S = 60.0
_BOUND_S = 1800.0

_LIVE_S = 5.0  # that are heard of a port that was opened again
_EARLY_S = 1.0  # of them in which nothing of the past may be
_MOST_EXCESS_S = 0.1
_MOST_JUMP_DEG = 10.0
#: V, A, degrees: what the meter is fed with before it is closed, and from then on
_PAST, _PRESENT = (230.0, 2.0, 10.0), (212.0, 9.0, -20.0)
_TOLD_APART = 0.04  # of the voltage, between past and present


def _silence_s(session: Session, context: CaseContext) -> float:
    """Return for how long closed ports are heard."""
    declared = float(context.ixit["silence_s"])
    return min(declared, _QUICK_S) if session.preparation.quick else declared


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
    watched_s = outlets.silence(_silence_s(bench_session, context))
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
    watched_s = outlets.silence(_silence_s(bench_session, context))
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
    watched_s = outlets.silence(_silence_s(bench_session, context))
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
        id="S1-ACT-05",
        version=1,
        interface="s1",
        title="An opened port shows the present",
        purpose="Ensure that opening S1 tells nothing of the time without consent, or before it.",
        stimulus="Close the user ports for 10 min (silence_s), open them again and capture 5 s. "
        "Where the link has a source, voltage and current are changed while they are closed.",
        criterion="In the first second no more frames than are sampled meanwhile (0.1 s of them), "
        "the phase of the voltage goes on from period to period within 10 degrees, and every "
        "period has the voltage of the present rather than that of before (all ours).",
        kind=Kind.VALID,
        clauses=(_CONSENT, "OUR:stream"),
        ics=_SWITCHED,
        effects=Effects.REVERSIBLE,
        detects=("s1.stale",),
        bound_s=_BOUND_S,
    )
)
def test_no_history(
    bench_session: Session, context: CaseContext, listener: Listener, verify: Checks
) -> None:
    """What was measured without consent is nobody's."""
    outlets = Outlets(bench_session, context, ("s1",))
    sourced = listener.has(Capability.SOURCE)
    outlets.require_open()
    if sourced:
        listener.source(wired(context, _PAST))
    past = _voltage(listener.capture(_EARLY_S))
    outlets.require_closed()
    if sourced:
        listener.source(wired(context, _PRESENT))
    outlets.silence(_silence_s(bench_session, context))
    outlets.begin()
    command = outlets.switch.open()
    limit_s = outlets.switch.limit_s
    outlets.hear(command.done_ns + seconds(limit_s + outlets.patience_s), outlets.all_spoke)
    outlets.hear(outlets.now + seconds(_LIVE_S))
    capture = outlets.ports["s1"].capture()
    if not len(capture.sequence):
        raise Inconclusive(Reason.PRECONDITION, "no good frame came after the ports were opened")
    context.frames_from(capture.frame)
    _judge_rate(capture, outlets.ports["s1"].uncertainty_s, verify)
    _judge_voltage(capture, past if sourced else None, verify)


def _voltage(capture: Capture) -> float | None:
    """Return the effective voltage of L1, None where there is none."""
    seen = periods_seen(capture, "V1", capture.seconds)
    return None if seen is None else float(np.median(seen.effective_v))


def _judge_rate(capture: Capture, uncertainty_s: float, verify: Checks) -> None:
    excess = excess_s(capture, _EARLY_S)
    if excess is None:
        verify.undecided(
            "rate",
            Reason.SHORT,
            expected=f"frames for {_LIVE_S:g} s",
            observed=f"{len(capture)} frames",
        )
        return
    verify.within("rate", Measurement(excess, 2 * uncertainty_s, "s"), Limits(high=_MOST_EXCESS_S))


def _judge_voltage(capture: Capture, past_v: float | None, verify: Checks) -> None:
    seen = periods_seen(capture, "V1", _LIVE_S)
    if seen is None:
        expected = "a voltage on L1"
        verify.undecided("phase", Reason.PRECONDITION, expected=expected, observed="none")
        return
    expected = f"a phase that goes on within {_MOST_JUMP_DEG:g} degrees"
    jumps = np.abs(seen.jumps_deg) > _MOST_JUMP_DEG
    found = [
        Deviation(
            Place(capture.number_of(int(seen.rows[at]))),
            expected,
            f"the phase of V1 jumps by {seen.jumps_deg[at]:.0f} degrees",
        )
        for at in np.flatnonzero(jumps).tolist()
    ]
    verify.none_of("phase", found, examined=len(seen.rows), expected=expected, things="periods")
    if past_v is None:
        verify.note("present", "not tried: the link has no source to change the voltage with")
        return
    present_v = float(np.median(seen.effective_v[len(seen.rows) // 2 :]))
    expected = f"{present_v:.1f} V of the present"
    if abs(present_v - past_v) < _TOLD_APART * past_v:
        verify.undecided(
            "present",
            Reason.PRECONDITION,
            expected=f"another voltage than {past_v:.1f} V after the source was changed",
            observed=expected,
        )
        return
    # a period in which one goes over into the other counts as one of the past
    near = np.abs(seen.effective_v - present_v) < abs(present_v - past_v) / 2
    old = [
        Deviation(
            Place(capture.number_of(int(seen.rows[at]))),
            expected,
            f"{seen.effective_v[at]:.1f} V; {past_v:.1f} V was before the port was closed",
        )
        for at in np.flatnonzero(~near).tolist()
    ]
    verify.none_of("present", old, examined=len(near), expected=expected, things="periods")


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


@case(
    Case(
        id="S1-ACT-07",
        version=1,
        interface="s1",
        title="Nothing of the sub-meters on S1",
        purpose="Ensure that S1 tells of electricity alone, whatever meters are linked.",
        stimulus="Listen to S1, and to P1, which names the sub-meters that are linked.",
        criterion="All frames are equally long, carry the identification of none of the sub-meters "
        "as theirs, and hold none of them anywhere.",
        kind=Kind.VALID,
        clauses=(_CONTENT,),
        ics="S1/PRESENT and S1/SUBMETERS",
        detects=("s1.gas-by-turns", "s1.gas-in-tail", "s1.gas-now-and-then"),
        beside=("p1",),
    )
)
def test_electricity_alone(stream: Capture, readings: tuple[Reading, ...], verify: Checks) -> None:
    """Gas and water have no samples."""
    others = linked(readings)
    if not others:
        raise Inconclusive(
            Reason.PRECONDITION,
            "P1 names no sub-meter: link one, or declare that there is none (S1/SUBMETERS)",
        )
    lengths = stream.lengths[stream.complete]
    first = int(lengths[0])
    expected = f"{first} octets, as the first frame"
    verify.none_of(
        "length",
        deviating(stream, lengths != first, expected, lambda row: f"{lengths[row]} octets"),
        examined=len(lengths),
        expected=expected,
        things="frames",
    )
    _judge_owner(stream, others, verify)
    _judge_content(stream, others, verify)


def _judge_owner(stream: Capture, others: tuple[Linked, ...], verify: Checks) -> None:
    ids = stream.field("meter_id")
    owned = np.zeros(len(ids), np.bool_)
    for one in others:
        begins = np.frombuffer(one.octets[: ids.shape[1]], np.uint8)
        owned |= (ids[:, : len(begins)] == begins).all(axis=1)
    expected = "an identification that is no sub-meter's"
    verify.none_of(
        "owner",
        deviating(
            stream,
            owned,
            expected,
            lambda row: ids[row].tobytes().decode("ascii", "replace"),
            "meter_id",
        ),
        examined=len(ids),
        expected=expected,
        things="frames",
    )


def _judge_content(stream: Capture, others: tuple[Linked, ...], verify: Checks) -> None:
    names = ", ".join(str(one) for one in others)
    expected = f"nowhere the identification of {names}"
    found = (
        Deviation(
            Place(stream.number_at(trace.offset), trace.place, len(one.octets)),
            expected,
            f"the identification of {one}",
        )
        for one in others
        for trace in traces(stream, one)
    )
    verify.none_of("content", found, examined=len(stream), expected=expected, things="frames")
