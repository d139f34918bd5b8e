"""Area ACT, content: what an opened port tells, of the past and of other meters."""

import numpy as np

from bench.core.case import Case, Effects, Kind, case
from bench.core.check import Deviation, Place
from bench.core.clock import seconds
from bench.core.link import Capability
from bench.core.measurement import Limits, Measurement
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.engine.context import CaseContext, Inconclusive
from bench.engine.session import Session
from suites.p1.readings import Reading
from suites.s1.capture import Capture
from suites.s1.listening import Listener
from suites.s1.outlets import Outlets, silence_s
from suites.s1.resuming import excess_s, periods_seen
from suites.s1.rows import deviating
from suites.s1.sourced import wired
from suites.s1.submeters import Linked, linked, traces

_CONSENT = "Fluvius-P1-S1:6.1"
_CONTENT = "Fluvius-P1-S1:5.2"
_SWITCHED = "S1/PRESENT and S1/ACTIVATION"
_BOUND_S = 1800.0

_LIVE_S = 5.0  # that are heard of a port that was opened again
_EARLY_S = 1.0  # of them in which nothing of the past may be
_MOST_EXCESS_S = 0.1
_MOST_JUMP_DEG = 10.0
#: V, A, degrees: what the meter is fed with before it is closed, and from then on
_PAST, _PRESENT = (230.0, 2.0, 10.0), (212.0, 9.0, -20.0)
_TOLD_APART = 0.04  # of the voltage, between past and present


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
        lengthy=True,
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
    outlets.silence(silence_s(bench_session, context))
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
