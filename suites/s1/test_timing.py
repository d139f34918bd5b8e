"""Area TIM, the single frame: jitter, latency, and that other ports do not disturb S1."""

import numpy as np

from bench.core.case import Case, Effects, Kind, case
from bench.core.check import Level, Place
from bench.core.clock import MILLISECOND, SECOND
from bench.core.link import Capability
from bench.core.measurement import Limits, Measurement
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.engine.context import CaseContext, Inconclusive
from bench.engine.session import Session
from bench.signals.quantities import Samples, rms
from suites.p1.readings import Reading
from suites.s1.beside import P1Beside
from suites.s1.capture import Capture
from suites.s1.coincidence import coincidence
from suites.s1.listening import Listener
from suites.s1.measuring import evenly, measured_phases
from suites.s1.on_line import EDGE_S, OnLine
from suites.s1.phases import Stretch, longest
from suites.s1.sequence import EXPECTED, Steps
from suites.s1.wan_beside import WanBeside

_S1 = "e-MUCS-H-1.3:S1"
_OURS = "OUR:stream"
_ALONE_S = 2.0  # of a stream that nothing disturbs
_MOST_BROKEN = 0.01  # of its steps; a counter that does otherwise tells nothing of losses
_MICROSECOND = 1000
_WATCHED_S, _BESIDE_S, _WAN_S = 5.0, 12.0, 3.0
_FRAMES = 200  # that tell something of jitter
_JITTER_SHARE = 0.1  # of a period
_SINE_V, _SINE_A, _SINE_S = 230.0, 5.0, 1.5
_HIGHEST_ORDER = 25  # the fundamental and 24 harmonics
_RESIDUAL = 0.2  # % of the nominal voltage


def _judge_jitter(verify: Checks, line: OnLine, stamp_s: float) -> None:
    """Record how unevenly frames begin."""
    line.require_frames(_FRAMES)
    peak, effective, worst = line.jitter_ns()
    limit = min(_JITTER_SHARE * line.period_ns, line.idle_ns)
    uncertain_s = EDGE_S + 2 * stamp_s
    verify.within(
        "jitter",
        Measurement(peak / _MICROSECOND, uncertain_s * SECOND / _MICROSECOND, "us"),
        Limits(high=limit / _MICROSECOND),
        clause=_OURS,
        level=Level.SHOULD,
        place=Place(line.capture.number_of(worst)),
    )
    verify.note("effective", f"{effective / _MICROSECOND:.3g} us of {len(line.capture)} frames")


@case(
    Case(
        id="S1-TIM-06",
        version=1,
        interface="s1",
        title="Frames begin evenly",
        purpose="Ensure that the beginning of a frame tells when its samples were taken.",
        stimulus="Capture the edges on the line for 5 s.",
        criterion="The beginnings of frames are off an even pace (over 50 ms) by no more than 10 % "
        "of a period, peak to peak, nor by more than the rest between frames (ours, observed).",
        kind=Kind.TIMING,
        clauses=(_OURS,),
        level=Level.SHOULD,
        ics="S1/PRESENT",
        needs=(Capability.EDGES,),
        detects=("s1.frame-jitter",),
        bound_s=90,
    )
)
def test_jitter(listener: Listener, context: CaseContext, verify: Checks) -> None:
    """Consumers without a better clock go by the arrival."""
    _judge_jitter(verify, OnLine.of(listener, _WATCHED_S), context.link.timing_uncertainty_s)


@case(
    Case(
        id="S1-TIM-07",
        version=1,
        interface="s1",
        title="Samples are taken evenly",
        purpose="Ensure that the instants of sampling do not jitter.",
        stimulus="Feed a clean sine of 230 V, 50 Hz (distortion and noise below 0.1 %).",
        criterion="What is left of a voltage without direct part, fundamental and 24 harmonics is "
        "at most 0.2 % of 230 V (ours, observed): the rounding of the codes, the noise of the "
        "converters, and jitter.",
        kind=Kind.TIMING,
        clauses=(_OURS,),
        level=Level.SHOULD,
        ics="S1/PRESENT",
        needs=(Capability.SOURCE,),
        effects=Effects.REVERSIBLE,
        detects=("s1.aperture-jitter",),
        bound_s=90,
        lengthy=True,
    )
)
def test_aperture(listener: Listener, context: CaseContext, verify: Checks) -> None:
    """Steep slopes are sampled where they are, not nearby."""
    listener.source(evenly(context.answers, _SINE_A, volts=_SINE_V))
    stretch = longest(listener.capture(_SINE_S))
    if not stretch.turn:
        raise Inconclusive(Reason.PRECONDITION, "the samples have no mains frequency")
    channels = [f"V{phase}" for phase in measured_phases(context.answers)]
    columns = np.stack([stretch.samples(channel) for channel in channels], axis=1)
    left = np.array([rms(one) for one in _residual(columns, stretch).T]) / _SINE_V * 100
    worst = int(left.argmax())
    verify.note("channel", f"most is left of {channels[worst]}")
    rounding = stretch.step(channels[worst]) / np.sqrt(12) / _SINE_V * 100
    verify.within(
        "residual",
        Measurement(float(left[worst]), float(2 * rounding), "%"),
        Limits(high=_RESIDUAL),
    )


def _residual(columns: Samples, stretch: Stretch) -> Samples:
    """Return what is left of samples, shape (n, m), without direct part and harmonics."""
    assert stretch.turn
    highest = min(_HIGHEST_ORDER, int(np.ceil(stretch.period / 2)) - 1)
    angles = 2 * np.pi * stretch.turn * np.outer(np.arange(len(columns)), np.arange(1, highest + 1))
    waves = np.hstack([np.ones((len(columns), 1)), np.cos(angles), np.sin(angles)])
    parts = np.linalg.lstsq(waves, columns, rcond=None)[0]
    left: Samples = columns - waves @ parts
    return left


@case(
    Case(
        id="S1-TIM-08",
        version=1,
        interface="s1",
        title="P1 does not disturb S1",
        purpose="Ensure that the telegrams of P1 neither delay nor cost S1 frames.",
        stimulus="Listen to both; where the bench captures edges, capture them for 12 s.",
        criterion="Neither gaps in the sequence nor frames that begin 10 % of a period early or "
        "late come rather while P1 sends: in bins of 50 ms |r| is below 0.1 (ours, observed), or "
        "below thrice what chance makes of few bins. Fewer than three of them are no pattern.",
        kind=Kind.TIMING,
        clauses=(_OURS,),
        level=Level.SHOULD,
        ics="S1/PRESENT",
        needs=(Capability.TIMESTAMPS,),
        beside=("p1",),
        detects=("s1.stalls-with-p1", "s1.loses-with-p1"),
        bound_s=400,
        lengthy=True,
    )
)
def test_independent_of_p1(
    stream: Capture,
    readings: tuple[Reading, ...],
    listener: Listener,
    beside: P1Beside,
    verify: Checks,
) -> None:
    """Both ports keep their pace."""
    steps = Steps.of(stream)
    offsets = stream.offsets[stream.complete]
    lost = stream.arrived_ns(offsets[steps.rows[steps.broken()] + 1])
    found = coincidence(lost, _sent(readings), stream.started_ns, stream.ended_ns)
    expected = f"gaps independent of P1 (|r| < {found.limit:.2g})"
    verify.that("gaps", found.independent, expected=expected, observed=str(found))
    if not listener.has(Capability.EDGES):
        verify.note("edges", "delays not looked at: the link captures no edges")
        return
    line = OnLine.of(listener, _BESIDE_S, beside)
    line.require_frames(_FRAMES)
    spans = _sent(beside.readings())
    uneven = line.frames_ns[line.capture.complete][line.uneven(_JITTER_SHARE)]
    found = coincidence(uneven, spans, int(line.starts_ns[0]), int(line.starts_ns[-1]))
    expected = f"late and early frames independent of P1 (|r| < {found.limit:.2g})"
    verify.that("delays", found.independent, expected=expected, observed=str(found))


def _sent(readings: tuple[Reading, ...]) -> list[tuple[int, int]]:
    return [(one.seen.frame.at_ns, one.seen.frame.until_ns) for one in readings]


@case(
    Case(
        id="S1-TIM-09",
        version=1,
        interface="s1",
        title="WAN does not disturb S1",
        purpose="Ensure that S1 keeps its pace while the operator reads load profiles.",
        stimulus="Read the buffers of profiles over WAN for 3 s at least while S1 is captured.",
        criterion="The number advances by one from frame to frame. Where the bench captures edges, "
        "frames begin as evenly as S1-TIM-06 asks (ours, observed).",
        kind=Kind.TIMING,
        clauses=(_S1, _OURS),
        ics="S1/PRESENT",
        beside=("wan",),
        detects=("s1.stalls-with-wan", "s1.loses-with-wan"),
        bound_s=900,
        lengthy=True,
    )
)
def test_independent_of_wan(
    listener: Listener, bench_session: Session, context: CaseContext, verify: Checks
) -> None:
    """The operator's business is not the consumer's."""
    alone = Steps.of(listener.capture(_ALONE_S))
    if alone.broken().sum() > _MOST_BROKEN * len(alone):
        raise Inconclusive(Reason.PRECONDITION, "frames are not numbered one by one without WAN")
    wan = WanBeside(bench_session, context)
    context.link.rest()  # a survey of the meter takes its time
    profiles = wan.profiles()
    listener.forget()
    read = wan.read(profiles, _WAN_S)
    # what came meanwhile waits to be read
    capture = Capture(listener.profile, listener.chunks(listener.now + SECOND // 10))
    context.frames_from(capture.frame)
    if not read:
        raise Inconclusive(Reason.PRECONDITION, "no buffer could be read over WAN")
    verify.note("read", f"{read} buffers were read in {capture.seconds:.1f} s of S1")
    steps = Steps.of(capture)
    verify.none_of(
        "sequence",
        steps.deviations(steps.broken()),
        examined=len(steps),
        expected=EXPECTED,
        things="pairs of frames",
    )
    if listener.has(Capability.EDGES):
        line = OnLine.captured(capture, context)
        _judge_jitter(verify, line, context.link.timing_uncertainty_s)


@case(
    Case(
        id="S1-TIM-10",
        version=1,
        interface="s1",
        title="Latency of the samples",
        purpose="Ensure that what is shown is what is, not what was.",
        stimulus="Capture the edges on the line for 3 s with the instants of sampling.",
        criterion="A telegram leaves, its first start bit, at most 10 ms after its samples were "
        "taken.",
        kind=Kind.TIMING,
        clauses=(_S1,),
        ics="S1/PRESENT",
        needs=(Capability.EDGES, Capability.SAMPLING_INSTANTS),
        detects=("s1.latency-40ms",),
        bound_s=90,
    )
)
def test_latency(listener: Listener, context: CaseContext, verify: Checks) -> None:
    """Control loops can rely on it."""
    limit_ms = listener.profile.latency_ms
    line = OnLine.of(listener, 3.0)
    line.require_frames(1)
    if line.sampled_ns is None or limit_ms is None:
        raise Inconclusive(Reason.PRECONDITION, "nobody knows when samples were taken")
    late = line.frames_ns - line.sampled_ns[line.capture.offsets]
    worst = int(late.argmax())
    uncertain_s = EDGE_S + 2 * context.link.timing_uncertainty_s
    verify.within(
        "latency",
        Measurement(float(late[worst]) / MILLISECOND, uncertain_s * 1000, "ms"),
        Limits(high=limit_ms),
        place=Place(line.capture.number_of(worst)),
    )
    verify.note("usual", f"{float(np.median(late)) / MILLISECOND:.3f} ms")
