"""Area SEQ: the sequence number, by which a consumer knows that it has every sample set."""

import numpy as np

from bench.core.case import Case, Effects, Kind, case
from bench.core.check import Deviation, Level, Place
from bench.core.link import Capability
from bench.core.measurement import Limits, Measurement
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.engine.context import CaseContext, Inconclusive
from suites.s1.capture import Capture
from suites.s1.listening import Listener
from suites.s1.rate import Pace
from suites.s1.restart import Restart, again
from suites.s1.rows import deviating
from suites.s1.sequence import EXPECTED, Steps

_S1 = "e-MUCS-H-1.3:S1"
_WRAPS = 3
_SHARE, _FRAMES = 0.001, 2  # by which the count of frames may be off
_HIDDEN = 128  # frames: half of the cycle
_BURST_S = 0.05  # by which deliveries may be ahead of the sampling
_PAIRS = "pairs of frames"


@case(
    Case(
        id="S1-SEQ-01",
        version=1,
        interface="s1",
        title="The sequence number advances by one",
        purpose="Ensure that a consumer sees each missing sample set by the sequence number.",
        stimulus="Listen.",
        criterion="In every pair of frames that followed one another undamaged, both with valid "
        "samples, the second number is one more than the first. The end of the cycle, frames that "
        "are repeated and those out of order are other cases'.",
        kind=Kind.VALID,
        clauses=(_S1,),
        ics="S1/PRESENT",
        detects=("s1.sequence-skips", "s1.sequence-stuck"),
        bound_s=400,
    )
)
def test_continuity(stream: Capture, verify: Checks) -> None:
    """No number is left out, none is used for two sample sets."""
    steps = Steps.of(stream)
    judged = steps.valid & ~steps.wrapping & ~steps.backwards & ~steps.repeated
    verify.none_of(
        "by-one",
        steps.deviations(judged & steps.broken()),
        examined=int(judged.sum()),
        expected=EXPECTED,
        things=_PAIRS,
    )


@case(
    Case(
        id="S1-SEQ-02",
        version=1,
        interface="s1",
        title="The sequence number begins anew after 255",
        purpose="Ensure that the cycle of the sequence number has 256 numbers.",
        stimulus="Listen for three cycles at least.",
        criterion="255 is followed by 0, always.",
        kind=Kind.VALID,
        clauses=(_S1,),
        ics="S1/PRESENT",
        detects=("s1.sequence-mixed", "s1.sequence-254"),
        bound_s=400,
    )
)
def test_wrap(stream: Capture, verify: Checks) -> None:
    """A consumer may count modulo 256."""
    steps = Steps.of(stream)
    judged = steps.valid & steps.wrapping
    lowest, highest = stream.profile.sequence_lowest, stream.profile.sequence_highest
    expected = f"{lowest} follows {highest}"
    if 0 < judged.sum() < _WRAPS:
        observed = f"{int(judged.sum())} ends of the cycle"
        verify.undecided("wrap", Reason.SHORT, expected=expected, observed=observed)
        return
    right = (steps.before == highest) & (steps.after == lowest)
    verify.none_of(
        "wrap",
        steps.deviations(judged & ~right, expected),
        examined=int(judged.sum()),
        expected=expected,
        things="ends of the cycle",
    )


@case(
    Case(
        id="S1-SEQ-03",
        version=1,
        interface="s1",
        title="No frame comes twice or out of order",
        purpose="Ensure that frames leave once, in the order of their samples.",
        stimulus="Listen.",
        criterion="No frame is the one before it again, octet for octet; none has the number "
        "before that of the frame in front of it.",
        kind=Kind.VALID,
        clauses=(_S1,),
        ics="S1/PRESENT",
        detects=("s1.duplicates", "s1.swaps"),
        bound_s=400,
    )
)
def test_order(stream: Capture, verify: Checks) -> None:
    """What came later was sampled later."""
    steps = Steps.of(stream)
    for check_id, marks, expected in (
        ("once", steps.repeated, "no frame twice"),
        ("in-order", steps.backwards, "no frame behind its successor"),
    ):
        verify.none_of(
            check_id,
            steps.deviations(marks, expected),
            examined=len(steps),
            expected=expected,
            things=_PAIRS,
        )


@case(
    Case(
        id="S1-SEQ-04",
        version=1,
        interface="s1",
        title="No loss that the sequence number hides",
        purpose="Ensure that no block of 256 frames, or a multiple of it, is missing.",
        stimulus="Listen; compare with the clock of the host.",
        criterion="As many frames came as the announced rate makes in that time, but for 0.1 % and "
        "two (ours); between neighbouring seconds of the stream no half cycle of frames (128) is "
        "missing or too many (ours).",
        kind=Kind.TIMING,
        clauses=(_S1,),
        ics="S1/PRESENT",
        needs=(Capability.TIMESTAMPS,),
        detects=("s1.loses-256",),
        bound_s=400,
    )
)
def test_hidden_loss(stream: Capture, context: CaseContext, verify: Checks) -> None:
    """The number alone cannot tell a lost cycle from none."""
    pace = Pace.of(stream, context)
    wanted = pace.announced_hz * pace.span_s
    measured = pace.measured()
    verify.within(
        "count",
        Measurement(pace.count, pace.count * measured.uncertainty / measured.value, "frames"),
        Limits(wanted * (1 - _SHARE) - _FRAMES, wanted * (1 + _SHARE) + _FRAMES),
    )
    rows, jumps = pace.jumps()
    hidden = np.zeros(len(stream.sequence), np.bool_)
    hidden[rows[np.abs(jumps) >= _HIDDEN]] = True
    missing = dict(zip(rows.tolist(), jumps.tolist(), strict=True))
    expected = f"fewer than {_HIDDEN} frames missing or too many"
    verify.none_of(
        "jump",
        deviating(stream, hidden, expected, lambda row: f"{missing[row]:.0f} frames missing"),
        examined=len(rows),
        expected=expected,
        things="seconds",
    )


@case(
    Case(
        id="S1-SEQ-05",
        version=1,
        interface="s1",
        title="Sample sets that are not valid are counted",
        purpose="Ensure that the number counts sample sets, whatever they are worth.",
        stimulus="Listen; judged where the meter marks samples as not valid.",
        criterion="The number advances by one to a frame whose samples are marked as not valid, "
        "and from it to the next.",
        kind=Kind.VALID,
        clauses=(_S1,),
        ics="S1/PRESENT",
        detects=("s1.sequence-pauses",),
        bound_s=400,
    )
)
def test_counts_invalid(stream: Capture, verify: Checks) -> None:
    """Bad samples leave no hole in time."""
    steps = Steps.of(stream)
    judged = ~steps.valid
    if not judged.any():
        verify.note("all-valid", f"all sample sets of {len(steps)} pairs are marked as valid")
        return
    verify.none_of(
        "counted",
        steps.deviations(judged & steps.broken()),
        examined=int(judged.sum()),
        expected=EXPECTED,
        things=_PAIRS,
    )


@case(
    Case(
        id="S1-SEQ-06",
        version=1,
        interface="s1",
        title="A stream that starts again is fresh and whole",
        purpose="Ensure that nothing from before is sent after the port was switched on again.",
        stimulus="Deactivate the port, wait until it is silent, activate it and listen for 3 s.",
        criterion="No frame is one of those from before, octet for octet; the number advances by "
        "one from the first frame on. Not more frames come than were sampled since, but for 50 ms "
        "(ours).",
        kind=Kind.VALID,
        clauses=(_S1,),
        ics="S1/PRESENT and S1/ACTIVATION",
        needs=(Capability.DEVICE_CONTROL,),
        effects=Effects.REVERSIBLE,
        detects=("s1.stale",),
        bound_s=400,
    )
)
def test_restart(listener: Listener, context: CaseContext, verify: Checks) -> None:
    """Buffers are empty when the port comes on."""
    before, after = Restart(listener, context).run()
    context.frames_from(after.frame)
    if not len(after.sequence):
        limit_s = float(context.ixit["activation_s"])
        raise Inconclusive(
            Reason.PRECONDITION, f"no good frame came within {limit_s:g} s of the activation"
        )
    earlier, steps = Steps.of(before), Steps.of(after)
    if earlier.broken().any():
        observed = "the number does not always advance by one, whatever is switched"
        verify.undecided("whole", Reason.PRECONDITION, expected=EXPECTED, observed=observed)
    else:
        verify.none_of(
            "whole",
            steps.deviations(steps.broken()),
            examined=len(steps),
            expected=EXPECTED,
            things=_PAIRS,
        )
    expected = "no frame from before the port was switched off"
    stale = again(before, after)
    if stale is None:
        observed = "frames are alike anyway: the meter measures nothing that changes"
        verify.undecided("fresh", Reason.PRECONDITION, expected=expected, observed=observed)
    else:
        verify.none_of(
            "fresh",
            [Deviation(Place(after.number_of(row)), expected, "such a frame") for row in stale],
            examined=len(after),
            expected=expected,
            things="frames",
        )
    if listener.has(Capability.TIMESTAMPS):
        pace = Pace.of(after, context)
        verify.within(
            "no-burst",
            Measurement(pace.most_ahead_s(), 2 * pace.stamp_s + 1 / pace.announced_hz, "s"),
            Limits(high=_BURST_S),
            level=Level.SHOULD,
        )
