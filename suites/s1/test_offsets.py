"""Area MEAS, offsets and noise of the converters: what they show where there is nothing."""

from bench.core.case import Case, Effects, Kind, case
from bench.core.check import Level
from bench.core.link import Capability
from bench.core.measurement import Limits, Measurement
from bench.engine.checks import Checks
from bench.engine.context import CaseContext
from suites.s1.capture import Capture
from suites.s1.listening import Listener
from suites.s1.measuring import (
    evenly,
    mean_of,
    measured_phases,
    rms_of_ten_periods,
    windowed_u,
)
from suites.s1.phases import longest

_OUR = "OUR:measurement"
_CAPTURE_S = 10.0
_OFFSET_V = 0.5
_OFFSET_A, _OFFSET_SHARE = 0.020, 0.002
_LOAD_A = 10.0
_NO_LOAD_A = 0.030


@case(
    Case(
        id="S1-MEAS-09",
        version=1,
        interface="s1",
        title="No offset of voltages",
        purpose="Ensure that voltages have no direct part that the mains do not have.",
        stimulus="Listen; where the link has a source, feed a clean 230 V.",
        criterion="The mean over ten seconds or more is within 0.5 V (ours, 0.2 %); on a live grid "
        "more is an observation.",
        kind=Kind.VALID,
        clauses=(_OUR,),
        ics="S1/PRESENT",
        effects=Effects.REVERSIBLE,
        detects=("s1.volts-offset",),
        bound_s=200,
    )
)
def test_voltage_offset(
    stream: Capture, listener: Listener, context: CaseContext, verify: Checks
) -> None:
    """An offset spoils zero crossings and power."""
    phases = measured_phases(context.answers)
    limits = Limits(-_OFFSET_V, _OFFSET_V)
    for phase in phases:
        verify.within(f"live-l{phase}", mean_of(stream, f"V{phase}"), limits, level=Level.SHOULD)
    if not listener.has(Capability.SOURCE):
        return
    listener.source(evenly(context.answers, 2.0))
    fed = listener.capture(_CAPTURE_S)
    for phase in phases:
        verify.within(f"sourced-l{phase}", mean_of(fed, f"V{phase}"), limits)
    context.frames_from(stream.frame)


@case(
    Case(
        id="S1-MEAS-10",
        version=1,
        interface="s1",
        title="No offset of currents",
        purpose="Ensure that currents have no direct part that the loads do not have.",
        stimulus="Listen; where the link has a source, feed no current at all, then 10 A.",
        criterion="The mean over ten seconds or more is within 20 mA + 0.2 % of the effective "
        "value (ours); on a live grid, where loads may rectify, more is an observation.",
        kind=Kind.VALID,
        clauses=(_OUR,),
        ics="S1/PRESENT",
        effects=Effects.REVERSIBLE,
        detects=("s1.amperes-offset",),
        bound_s=200,
        lengthy=True,
    )
)
def test_current_offset(
    stream: Capture, listener: Listener, context: CaseContext, verify: Checks
) -> None:
    """No load draws no current."""
    _judge_current_offset(verify, "live", stream, context, Level.SHOULD)
    if not listener.has(Capability.SOURCE):
        return
    for check, amperes in (("no-load", 0.0), ("loaded", _LOAD_A)):
        listener.source(evenly(context.answers, amperes))
        fed = listener.capture(_CAPTURE_S)
        _judge_current_offset(verify, check, fed, context, Level.MUST)
    context.frames_from(stream.frame)


def _judge_current_offset(
    verify: Checks, check: str, stream: Capture, context: CaseContext, level: Level
) -> None:
    for phase in measured_phases(context.answers):
        most = _OFFSET_A + _OFFSET_SHARE * longest(stream).rms(f"I{phase}")
        found = mean_of(stream, f"I{phase}")
        verify.within(f"{check}-l{phase}", found, Limits(-most, most), level=level)


@case(
    Case(
        id="S1-MEAS-19",
        version=1,
        interface="s1",
        title="Noise without a load",
        purpose="Ensure that currents without a load are next to nothing.",
        stimulus="Feed 230 V and no current.",
        criterion="No effective value of ten periods of a phase is above 30 mA (ours); more is an "
        "observation.",
        kind=Kind.VALID,
        clauses=(_OUR,),
        level=Level.SHOULD,
        ics="S1/PRESENT",
        needs=(Capability.SOURCE,),
        effects=Effects.REVERSIBLE,
        detects=("s1.noise-no-load",),
        bound_s=200,
    )
)
def test_noise(listener: Listener, context: CaseContext, verify: Checks) -> None:
    """Standby appliances of a few watts can be told from nothing."""
    listener.source(evenly(context.answers, 0.0))
    fed = listener.capture(_CAPTURE_S)
    for phase in measured_phases(context.answers):
        channel = f"I{phase}"
        worst = float(rms_of_ten_periods(fed, channel).max())
        u = windowed_u(worst, longest(fed), channel)
        verify.within(f"noise-l{phase}", Measurement(worst, u, "A"), Limits(high=_NO_LOAD_A))
