"""Area TIM, rate: how many sample sets come a second, and whether the telegrams say so."""

import numpy as np

from bench.core.case import Case, Effects, Kind, case
from bench.core.check import Level
from bench.core.link import Capability
from bench.core.measurement import Limits, Measurement
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.engine.context import CaseContext, Inconclusive
from suites.s1.capture import Capture
from suites.s1.drift import Drift
from suites.s1.listening import Listener
from suites.s1.long_run import LongRun
from suites.s1.measuring import evenly
from suites.s1.phases import Stretch, longest, stretches
from suites.s1.rate import PPM, Pace
from suites.s1.rows import deviating

_S1 = "e-MUCS-H-1.3:S1"
_RANGE = "Fluvius-P1-S1:5.2"
_BY_TYPE = "Fluvius-P1-S1:5.4.2"
_OURS = "OUR:stream"
_GUARD = 0.001
_USUAL_HZ = 4000.0  # the highest rate of the brochure
_ANOTHER_RATE, _FIXED_PPM, _STEP_PPM, _DRIFT_PPM = 0.01 * PPM, 500.0, 1000.0, 100.0
_NOMINAL_HZ = 50.0
_FIRST_PER_PERIOD, _FIRST_HUNDREDS, _FIRST_HZ, _FIRST_SHARE = 52, 26, 2600.0, 0.02
_SOURCED_HZ = (49.5, 50.0, 50.5)
_SOURCED_S, _SOURCED_A = 3.0, 5.0
_PERIOD_SAMPLES, _PERIOD_U = 0.02, 0.002  # the latter for noise and harmonics of the voltage
_WINDOWS = 20  # of a second each, that are looked at


def _require_mode(stream: Capture, *, per_period: bool) -> None:
    """Inconclusive where the telegrams do not say that they sample as declared."""
    if bool(stream.flag("per_period")[-1]) is not per_period:
        modes = ("per second", "per period of the mains")
        raise Inconclusive(
            Reason.PRECONDITION,
            f"the telegrams say that samples are taken at a fixed rate {modes[not per_period]}; "
            f"the declaration says {modes[per_period]} (S1/PER-PERIOD)",
        )


@case(
    Case(
        id="S1-TIM-01",
        version=1,
        interface="s1",
        title="Rate of the sample sets",
        purpose="Ensure that a consumer who is ready for any legal rate can follow.",
        stimulus="Listen for at least 10 s.",
        criterion="Frames a second, by the clock of the host, are within the range of the edition "
        "(2000 to 4200 by e-MUCS-H), with a guard of 0.1 % (ours). More than the 4000 of the "
        "brochure is an observation.",
        kind=Kind.TIMING,
        clauses=(_S1, _RANGE, _BY_TYPE),
        ics="S1/PRESENT",
        needs=(Capability.TIMESTAMPS,),
        detects=("s1.rate-1900", "s1.rate-4100", "s1.rate-4300"),
        bound_s=400,
    )
)
def test_range(stream: Capture, context: CaseContext, verify: Checks) -> None:
    """No meter is slower than 2 kHz, none faster than its line allows."""
    pace = Pace.of(stream, context)
    measured, profile = pace.measured(), stream.profile
    low, high = profile.lowest_hz * (1 - _GUARD), profile.highest_hz * (1 + _GUARD)
    verify.within("range", measured, Limits(low, high))
    verify.within(
        "usual",
        measured,
        Limits(high=_USUAL_HZ * (1 + _GUARD)),
        clause=_RANGE,
        level=Level.SHOULD,
    )


@case(
    Case(
        id="S1-TIM-02",
        version=1,
        interface="s1",
        title="A fixed rate is the announced one",
        purpose="Ensure that samples can be dated by counting them.",
        stimulus="Listen for at least a minute.",
        criterion="Frames a second are the announced multiple of 100 Hz to 1 %; to 500 ppm is an "
        "observation (both ours). The clock of the host is taken to be right to 50 ppm.",
        kind=Kind.TIMING,
        clauses=(_S1, _OURS),
        ics="S1/PRESENT and not S1/PER-PERIOD",
        needs=(Capability.TIMESTAMPS,),
        detects=("s1.drifts", "s1.announces-2600"),
        bound_s=400,
    )
)
def test_fixed_rate(stream: Capture, context: CaseContext, verify: Checks) -> None:
    """The field is no mere name plate."""
    _require_mode(stream, per_period=False)
    off = Pace.of(stream, context).off_announced()
    verify.within("rate", off, Limits(-_ANOTHER_RATE, _ANOTHER_RATE))
    verify.within(
        "accuracy", off, Limits(-_FIXED_PPM, _FIXED_PPM), clause=_OURS, level=Level.SHOULD
    )


@case(
    Case(
        id="S1-TIM-03",
        version=1,
        interface="s1",
        title="Samples in step with the mains",
        purpose="Ensure that a period of the mains has as many samples as the telegrams announce.",
        stimulus="Listen; where the bench has a source, also at 49.5, 50 and 50.5 Hz.",
        criterion="Frames a second are the announced number times the frequency that the telegrams "
        "tell, or that the source has, to 0.1 % (ours). A period of the voltage has the announced "
        "number of samples, to 0.02 on average over a second (ours).",
        kind=Kind.TIMING,
        clauses=(_S1,),
        ics="S1/PRESENT and S1/PER-PERIOD",
        needs=(Capability.TIMESTAMPS,),
        effects=Effects.REVERSIBLE,
        detects=("s1.not-in-step",),
        bound_s=400,
    )
)
def test_in_step(stream: Capture, listener: Listener, context: CaseContext, verify: Checks) -> None:
    """Whole periods are whole numbers of samples."""
    _require_mode(stream, per_period=True)
    off = Pace.of(stream, context).off_announced()
    verify.within("rate", off, Limits(-_STEP_PPM, _STEP_PPM))
    _judge_periods(verify, "periods", _seconds(stream))
    if not listener.has(Capability.SOURCE):
        verify.note("source", "not tried at other frequencies: the bench has no source here")
        return
    worst, windows = Measurement(0.0, 0.0, "ppm"), []
    for hertz in _SOURCED_HZ:
        listener.source(evenly(context.answers, _SOURCED_A), hertz=hertz)
        capture = listener.capture(_SOURCED_S)
        found = longest(capture)
        pace = Pace.of(capture, context)
        wanted, measured = _announced(found) * hertz, pace.measured()
        if not wanted:
            raise Inconclusive(Reason.PRECONDITION, "the telegrams announce 0 samples per period")
        verify.note(f"at-{hertz:g}", f"{measured.value:.3f} Hz", expected=f"{wanted:.3f} Hz")
        off_ppm = (measured.value / wanted - 1) * PPM
        if abs(off_ppm) >= abs(worst.value):
            worst = Measurement(off_ppm, measured.uncertainty / wanted * PPM, "ppm")
        windows += _seconds(capture)
    context.frames_from(stream.frame)
    verify.within("sourced-rate", worst, Limits(-_STEP_PPM, _STEP_PPM))
    _judge_periods(verify, "sourced-periods", windows)


def _announced(stretch: Stretch) -> int:
    """Return the number that the telegrams of a stretch announce."""
    numbers = stretch.capture.number(stretch.capture.profile.rate_field)
    return int(np.median(numbers[stretch.first : stretch.end]))


def _seconds(capture: Capture) -> list[Stretch]:
    """Return some stretches of a second each, spread evenly over a capture."""
    found = []
    for stretch in stretches(capture):
        length = round(_announced(stretch) * _NOMINAL_HZ)
        starts = range(stretch.first, stretch.end - length + 1, max(length, 1))
        found += [stretch.part(start, start + length) for start in starts]
    return found[:: max(len(found) // _WINDOWS, 1)]


def _judge_periods(verify: Checks, check_id: str, windows: list[Stretch]) -> None:
    """Record the second whose periods are farthest from what is announced."""
    found = [(one.period - _announced(one), one) for one in windows if one.turn]
    if not found:
        verify.undecided(
            check_id,
            Reason.SHORT,
            expected="periods of a voltage or current",
            observed="nowhere a second that has any, without gaps",
        )
        return
    off = max((one[0] for one in found), key=abs)
    verify.within(
        check_id,
        Measurement(off, _PERIOD_U, "samples"),
        Limits(-_PERIOD_SAMPLES, _PERIOD_SAMPLES),
    )


@case(
    Case(
        id="S1-TIM-04",
        version=1,
        interface="s1",
        title="Rate of the first generation",
        purpose="Ensure that a meter of the first generation samples as all of them do.",
        stimulus="Listen.",
        criterion="All telegrams announce 52 samples per period, or 26 times 100 Hz, and as many "
        "frames come, to 2 % (ours), at nominal frequency.",
        kind=Kind.VALID,
        clauses=(_BY_TYPE,),
        ics="S1/PRESENT and S1/FIRST-GENERATION",
        needs=(Capability.TIMESTAMPS,),
        detects=("s1.rate-2500",),
        bound_s=400,
    )
)
def test_first_generation(stream: Capture, context: CaseContext, verify: Checks) -> None:
    """2600 Hz, one way or the other."""
    per_period = stream.flag("per_period")
    numbers = stream.number(stream.profile.rate_field)
    wanted = np.where(per_period, _FIRST_PER_PERIOD, _FIRST_HUNDREDS)
    expected = f"{_FIRST_PER_PERIOD} per period or {_FIRST_HUNDREDS} times 100 Hz"

    def observed(row: int) -> str:
        return f"{numbers[row]}" + (" per period" if per_period[row] else " times 100 Hz")

    verify.none_of(
        "announced",
        deviating(stream, numbers != wanted, expected, observed, stream.profile.rate_field),
        examined=len(numbers),
        expected=expected,
    )
    measured = Pace.of(stream, context).measured()
    field = stream.profile.fields["mains_frequency"]
    hertz = float(np.mean(stream.number("mains_frequency"))) * float(field.scale)
    nominal = _NOMINAL_HZ / hertz if per_period[-1] and hertz else 1.0
    verify.within(
        "measured",
        Measurement(measured.value * nominal, measured.uncertainty * nominal, "Hz"),
        Limits(_FIRST_HZ * (1 - _FIRST_SHARE), _FIRST_HZ * (1 + _FIRST_SHARE)),
    )


@case(
    Case(
        id="S1-TIM-05",
        version=1,
        interface="s1",
        title="Drift of a fixed rate",
        purpose="Ensure that a fixed rate stays what it is for as long as one listens.",
        stimulus="Listen for long_run_s (900 s unless declared).",
        criterion="Frames and announced rate drift apart by 100 ppm at most, and nowhere by more "
        "than one frame in a step (ours, observed).",
        kind=Kind.TIMING,
        clauses=(_OURS,),
        level=Level.SHOULD,
        ics="S1/PRESENT and not S1/PER-PERIOD",
        needs=(Capability.TIMESTAMPS,),
        detects=("s1.step", "s1.drifts-slowly"),
        bound_s=400,
        lengthy=True,
    )
)
def test_drift(stream: Capture, long_run: LongRun, context: CaseContext, verify: Checks) -> None:
    """Samples of an hour can be dated by counting them."""
    _require_mode(stream, per_period=False)
    pace = Pace.of(stream, context)
    drift = Drift(long_run.ticks, float(pace.rates_hz[-1]), pace.stamp_s, pace.clock)
    verify.within("drift", drift.slope(), Limits(-_DRIFT_PPM, _DRIFT_PPM))
    verify.within("step", drift.largest_step(), Limits(high=1.0))
