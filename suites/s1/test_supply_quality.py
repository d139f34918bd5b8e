"""Area MEAS, the supply: what the samples say of the mains, within what mains may be."""

from bench.core.case import Case, Effects, Kind, case
from bench.core.check import Level
from bench.core.link import Capability
from bench.core.measurement import Limits, Measurement
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.engine.context import CaseContext, Inconclusive
from bench.signals.harmonics import Spectrum
from bench.signals.quantities import unbalance
from suites.s1.capture import Capture
from suites.s1.listening import Listener
from suites.s1.measuring import (
    HARMONIC_LIMITS,
    evenly,
    farthest,
    live_phases,
    measured_phases,
    parts,
    rms_of_ten_periods,
    spectrum_of,
    windowed_u,
)
from suites.s1.phases import longest

_SUPPLY = "EN-50160:4.2"
_GROUPS = "IEC-61000-4-7:5.5"
_VOLTS, _USUAL_VOLTS = Limits(195.5, 253.0), Limits(207.0, 253.0)
_HERTZ, _USUAL_HERTZ = Limits(47.0, 52.0), Limits(49.5, 50.5)
_ORDERS = 25
_PHASES = 3
_MOST_THD = 8.0
_TESTED = ((5, 0.05, 0.0), (7, 0.02, 0.0))
_TESTED_THD, _THD_TOLERANCE = 5.385, 0.2  # the root of 5 % and 2 % squared
_CAPTURE_S = 10.0
_SPECTRAL_U = 0.02  # percentage points: quantisation, interpolation, a window that is cut amiss
_CLOCK_PPM = 100e-6  # by which a host's clock may be wrong


@case(
    Case(
        id="S1-MEAS-01",
        version=1,
        interface="s1",
        title="Voltage of a low-voltage supply",
        purpose="Ensure that voltages have the scale that they are said to have.",
        stimulus="Listen.",
        criterion="Every effective value of ten periods, of every phase, lies within 230 V + 10 % "
        "- 15 %; one below 207 V is an observation.",
        kind=Kind.VALID,
        clauses=(_SUPPLY,),
        ics="S1/PRESENT",
        detects=("s1.volts-20-mv", "s1.volts-30-mv"),
        bound_s=200,
    )
)
def test_voltage(stream: Capture, context: CaseContext, verify: Checks) -> None:
    """A step of the codes is 25 mV, neither 20 nor 30."""
    stretch = longest(stream)
    for phase in live_phases(stream, context.answers):
        found = rms_of_ten_periods(stream, f"V{phase}")
        for check, limits, level in (
            ("range", _VOLTS, Level.MUST),
            ("usual", _USUAL_VOLTS, Level.SHOULD),
        ):
            worst = float(found[farthest(found, limits)])
            measured = Measurement(worst, windowed_u(worst, stretch, f"V{phase}"), "V")
            verify.within(f"{check}-l{phase}", measured, limits, level=level)
        verify.note(f"span-l{phase}", f"{found.min():.2f} V to {found.max():.2f} V")


@case(
    Case(
        id="S1-MEAS-08",
        version=1,
        interface="s1",
        title="Frequency of public mains",
        purpose="Ensure that the samples are as many per second as the meter says.",
        stimulus="Listen.",
        criterion="The frequency over every ten seconds, from the samples and the clock, lies "
        "within 47 Hz to 52 Hz; one outside 49.5 Hz to 50.5 Hz is an observation.",
        kind=Kind.VALID,
        clauses=(_SUPPLY,),
        ics="S1/PRESENT",
        needs=(Capability.TIMESTAMPS,),
        detects=("s1.mains-60-hz",),
        bound_s=200,
    )
)
def test_frequency(stream: Capture, context: CaseContext, verify: Checks) -> None:
    """European mains are at 50 Hz."""
    found = [(part.frequency_hz, part.counted_s) for part in parts(stream)]
    known = [(hertz, passed) for hertz, passed in found if hertz is not None and passed > 0]
    if not known:
        raise Inconclusive(Reason.PRECONDITION, "no voltage shows a frequency between 30 and 70 Hz")
    for check, limits, level in (
        ("range", _HERTZ, Level.MUST),
        ("usual", _USUAL_HERTZ, Level.SHOULD),
    ):
        hertz, passed = known[farthest([one for one, _ in known], limits)]
        u = hertz * (2 * context.link.timing_uncertainty_s / passed + _CLOCK_PPM)
        verify.within(check, Measurement(hertz, u, "Hz"), limits, level=level)


def _spectrum(stream: Capture, channel: str) -> Spectrum:
    found = spectrum_of(stream, channel)
    if found is None or not found.groups[1]:
        raise Inconclusive(
            Reason.PRECONDITION, f"{channel} has no ten periods of mains without a gap"
        )
    return found


def _tested(listener: Listener, context: CaseContext) -> Capture:
    """Return what the meter shows of 230 V with 5 % of order 5 and 2 % of order 7."""
    listener.source(evenly(context.answers, 2.0), harmonics=_TESTED)
    return listener.capture(_CAPTURE_S)


def _judge_thd(
    verify: Checks, check: str, stream: Capture, phase: int, limits: Limits, level: Level
) -> None:
    percent = 100 * _spectrum(stream, f"V{phase}").thd(_ORDERS)
    measured = Measurement(percent, _SPECTRAL_U, "%")
    verify.within(f"{check}-l{phase}", measured, limits, level=level)


@case(
    Case(
        id="S1-MEAS-15",
        version=1,
        interface="s1",
        title="Total harmonic distortion",
        purpose="Ensure that the meter passes harmonics unweakened.",
        stimulus="Listen; where the link has a source, feed 230 V with 5 % of order 5 and 2 % of "
        "order 7.",
        criterion="With the source 5.39 % +- 0.2 percentage points, by groups on windows of ten "
        "periods (ours). On a live grid more than 8 % is an observation: EN 50160 counts 40 "
        "orders, here there are 25, or as many as the sampling rate has.",
        kind=Kind.VALID,
        clauses=(_GROUPS, _SUPPLY),
        ics="S1/PRESENT",
        effects=Effects.REVERSIBLE,
        detects=("s1.low-pass", "s1.distorted-mains"),
        bound_s=200,
        lengthy=True,
    )
)
def test_distortion(
    stream: Capture, listener: Listener, context: CaseContext, verify: Checks
) -> None:
    """Who analyses appliances by their harmonics can rely on the fifth and seventh."""
    for phase in live_phases(stream, context.answers):
        _judge_thd(verify, "live", stream, phase, Limits(high=_MOST_THD), Level.SHOULD)
    if not listener.has(Capability.SOURCE):
        return
    fed = _tested(listener, context)
    wanted = Limits(_TESTED_THD - _THD_TOLERANCE, _TESTED_THD + _THD_TOLERANCE)
    for phase in measured_phases(context.answers):
        _judge_thd(verify, "sourced", fed, phase, wanted, Level.MUST)
    context.frames_from(stream.frame)


@case(
    Case(
        id="S1-MEAS-16",
        version=1,
        interface="s1",
        title="Single harmonics",
        purpose="Ensure that the meter shows no harmonic that is not there.",
        stimulus="Listen; where the link has a source, feed 230 V with 5 % of order 5 and 2 % of "
        "order 7.",
        criterion="Of a live grid the harmonics are told, and which are above the limits of "
        "EN 50160. With the source no order is above its limit.",
        kind=Kind.VALID,
        clauses=(_SUPPLY, _GROUPS),
        ics="S1/PRESENT",
        effects=Effects.REVERSIBLE,
        detects=("s1.third-harmonic",),
        bound_s=200,
    )
)
def test_harmonics(
    stream: Capture, listener: Listener, context: CaseContext, verify: Checks
) -> None:
    """A converter that is not linear makes harmonics of its own."""
    for phase in live_phases(stream, context.answers):
        shares = _shares(_spectrum(stream, f"V{phase}"))
        most = sorted(shares, key=lambda order: shares[order], reverse=True)[:4]
        above = [order for order in shares if shares[order] > HARMONIC_LIMITS[order]]
        told = ", ".join(f"h{order} {shares[order]:.2f} %" for order in most)
        beyond = ", ".join(f"h{order}" for order in above) or "none"
        verify.note(f"live-l{phase}", f"{told}; above the limits of EN 50160: {beyond}")
    if not listener.has(Capability.SOURCE):
        return
    fed = _tested(listener, context)
    for phase in measured_phases(context.answers):
        shares = _shares(_spectrum(fed, f"V{phase}"))
        worst = max(shares, key=lambda order: shares[order] - HARMONIC_LIMITS[order])
        verify.within(
            f"sourced-l{phase}",
            Measurement(shares[worst], _SPECTRAL_U, "%"),
            Limits(high=HARMONIC_LIMITS[worst]),
        )
    context.frames_from(stream.frame)


def _shares(found: Spectrum) -> dict[int, float]:
    """Return the harmonics in percent of the fundamental, by order."""
    highest = min(_ORDERS, found.highest)
    return {order: 100 * found.share(order) for order in range(2, highest + 1)}


@case(
    Case(
        id="S1-MEAS-18",
        version=1,
        interface="s1",
        title="Balance of the three voltages",
        purpose="Ensure that the three voltage channels have the same scale.",
        stimulus="Listen; where the link has a source, feed three equal voltages.",
        criterion="Negative over positive sequence at most 2 % with the source (ours); on a live "
        "grid more is an observation.",
        kind=Kind.VALID,
        clauses=(_SUPPLY, "OUR:physics"),
        ics="S1/PRESENT and S1/POLYPHASE and not S1/DELTA",
        effects=Effects.REVERSIBLE,
        detects=("s1.unbalanced",),
        bound_s=200,
    )
)
def test_unbalance(
    stream: Capture, listener: Listener, context: CaseContext, verify: Checks
) -> None:
    """Equal voltages are shown as equal."""
    live = live_phases(stream, context.answers)
    if len(live) == _PHASES:
        _judge_unbalance(verify, "live", stream, Level.SHOULD)
    else:
        verify.note("live", f"not judged: {len(live)} of {_PHASES} phases have a voltage")
    if not listener.has(Capability.SOURCE):
        return
    listener.source(evenly(context.answers, 2.0))
    _judge_unbalance(verify, "sourced", listener.capture(_CAPTURE_S), Level.MUST)
    context.frames_from(stream.frame)


def _judge_unbalance(verify: Checks, check: str, stream: Capture, level: Level) -> None:
    stretch = longest(stream)
    first, second, third = (stretch.phasor(f"V{phase}") for phase in (1, 2, 3))
    percent = min(100 * unbalance((first, second, third)), 1e6)
    u = 100 * stretch.step("V1") / max(abs(first), 1.0)
    verify.within(check, Measurement(percent, u, "%"), Limits(high=2.0), level=level)
