"""Area MEAS, agreement over time: energy, frequency, and the instant at which a load shows."""

import numpy as np

from bench.core.case import Case, Effects, Kind, case
from bench.core.clock import SECOND, seconds
from bench.core.link import Capability
from bench.core.measurement import Limits, Measurement
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.engine.context import CaseContext, Inconclusive
from bench.engine.observation import Ended
from suites.p1.readings import Reading
from suites.s1.agreement import row_times, total_power
from suites.s1.beside import P1Beside
from suites.s1.capture import Capture
from suites.s1.energy import Energy, energy_of
from suites.s1.listening import Listener
from suites.s1.long_run import LongRun
from suites.s1.measuring import NOMINAL_V, evenly, measured_phases
from suites.s1.phases import Stretch, longest, stretches

_OUR = "OUR:measurement"
_DATA = "e-MUCS-H-1.3:S1"
_P1 = "Fluvius-P1-S1:4.2"
_ENERGY_SHARE, _ENERGY_WH = 0.01, 2.0
_LEAST_WH = 50.0
_ENERGY_A, _ENERGY_S = 25.0, 120.0
_FREQUENCY_HZ = 0.020
_FIELD_U = 0.0005  # half a step of the field
_CLOCK = 1e-4  # by which the clocks of a host and of a meter may be off
_STEP_V_A = 2000.0
_LOW_A, _STEP_PERIODS, _LATENCY_S = 0.5, 1, 0.010
_AFTER_S = 5.0
_STEPPED = 0.9
_TELEGRAMS = 2


@case(
    Case(
        id="S1-MEAS-05",
        version=1,
        interface="s1",
        title="Energy as P1 counts it",
        purpose="Ensure that no sample sets are missing without a trace.",
        stimulus="Listen to S1 and P1 for the time of a long run (long_run_s); where the link has "
        "a source, feed 25 A for two minutes besides.",
        criterion="The sum of the products, each lasting as long as the announced rate says, is "
        "that by which 1-0:1.8.n - 2.8.n grow, within 1 % and 2 Wh (ours).",
        kind=Kind.VALID,
        clauses=(_OUR, _P1),
        ics="S1/PRESENT",
        needs=(Capability.TIMESTAMPS,),
        effects=Effects.REVERSIBLE,
        beside=("p1",),
        detects=("s1.energy-gaps",),
        bound_s=400,
        lengthy=True,
    )
)
def test_energy_of_p1(
    long_run: LongRun,
    listener: Listener,
    beside: P1Beside,
    context: CaseContext,
    verify: Checks,
) -> None:
    """Who adds samples up comes to the energy that is billed."""
    live = energy_of(long_run, long_run.readings)
    sourced = listener.has(Capability.SOURCE)
    if abs(live.counted_wh) >= _LEAST_WH:
        _judge_energy(verify, "live", live)
    elif sourced:
        verify.note("live", f"{live.counted_wh:.0f} Wh in {long_run.seconds:.0f} s: too little")
    else:
        raise Inconclusive(
            Reason.PRECONDITION,
            f"P1 counted {live.counted_wh:.0f} Wh in {long_run.seconds:.0f} s; {_LEAST_WH:.0f} Wh "
            "are needed: switch a load on, or watch longer (long_run_s)",
        )
    if sourced:
        _judge_energy(verify, "sourced", _sourced_energy(listener, beside, context))


def _sourced_energy(listener: Listener, beside: P1Beside, context: CaseContext) -> Energy:
    listener.source(evenly(context.answers, _ENERGY_A))
    listener.forget()
    beside.begin()
    run = LongRun(listener.profile, _ENERGY_S)
    for chunk in listener.chunks(listener.now + seconds(_ENERGY_S), beside):
        run.feed(chunk)
    run.finish(Ended.COMPLETE)
    if not run.frames:
        raise Inconclusive(Reason.LINE, "no good frame came while the source was connected")
    return energy_of(run, beside.readings())


def _judge_energy(verify: Checks, check: str, found: Energy) -> None:
    most = _ENERGY_SHARE * abs(found.counted_wh) + _ENERGY_WH
    verify.within(check, found.beyond, Limits(-most, most))
    verify.note(f"{check}-counted", f"P1 counted {found.counted_wh:.1f} Wh")


# -- frequency


@case(
    Case(
        id="S1-MEAS-06",
        version=1,
        interface="s1",
        title="One frequency of the mains",
        purpose="Ensure that the frequency field, the samples and their rate say the same.",
        stimulus="Listen.",
        criterion="Over at least ten seconds the frequency of the samples, the frequency field "
        "and, where samples are taken in step with the mains, their rate over the announced number "
        "per period differ by at most 20 mHz (ours).",
        kind=Kind.VALID,
        clauses=("IEC-61000-4-30:5.1", _DATA),
        ics="S1/PRESENT",
        needs=(Capability.TIMESTAMPS,),
        detects=(
            "s1.frequency-100-mhz-high",
            "s1.one-sample-more",
            "s1.frequency-stuck",
            "s1.frequency-little-endian",
        ),
        bound_s=200,
    )
)
def test_one_frequency(stream: Capture, context: CaseContext, verify: Checks) -> None:
    """Who measures by the announced rate measures right."""
    whole = Stretch(stream, stream.longest_run.first, stream.longest_run.end)
    turn, counted = longest(stream).turn, whole.counted_hz
    if turn is None or counted is None:
        raise Inconclusive(Reason.PRECONDITION, "the voltages show no frequency of mains")
    # counted rows that the meter calls invalid are rows of the same clock
    of_samples = turn * counted
    u = of_samples * (2 * context.link.timing_uncertainty_s / whole.counted_s + _CLOCK)
    rows = slice(whole.first, whole.end)
    scale = float(stream.profile.fields["mains_frequency"].scale)
    of_field = float(np.mean(stream.number("mains_frequency")[rows])) * scale
    limits = Limits(-_FREQUENCY_HZ, _FREQUENCY_HZ)
    difference = Measurement(of_field - of_samples, u + _FIELD_U, "Hz")
    verify.within("field", difference, limits)
    number = float(np.mean(stream.number(stream.profile.rate_field)[rows]))
    if whole.is_per_period and number:
        by_rate = counted / number
        verify.within("rate", Measurement(by_rate - of_samples, u, "Hz"), limits)
    elif whole.announced_hz is not None:
        announced = turn * whole.announced_hz
        verify.within("rate", Measurement(announced - of_samples, u, "Hz"), limits)
    verify.note("frequencies", f"samples {of_samples:.4f} Hz, field {of_field:.4f} Hz")


# -- a step


@case(
    Case(
        id="S1-MEAS-20",
        version=1,
        interface="s1",
        title="A load shows when it is switched on",
        purpose="Ensure that S1 shows what happens now, for who tells appliances by their steps.",
        stimulus="Switch 2 kW on at a known instant.",
        criterion="The current over one period is at 90 % of its step 20 ms after it, and 10 ms "
        "that a telegram may take; the time stamps of the host are allowed for. P1 shows the power "
        "in its second telegram at the latest (ours).",
        kind=Kind.TIMING,
        clauses=(_OUR, _DATA),
        ics="S1/PRESENT",
        needs=(Capability.SOURCE, Capability.TIMESTAMPS),
        effects=Effects.REVERSIBLE,
        beside=("p1",),
        detects=("s1.delayed-1s", "s1.delayed-100ms"),
        bound_s=200,
        lengthy=True,
    )
)
def test_step(listener: Listener, beside: P1Beside, context: CaseContext, verify: Checks) -> None:
    """A kettle is seen when it is switched on."""
    phases = measured_phases(context.answers)
    amperes = _LOW_A + _STEP_V_A / NOMINAL_V / len(phases)
    listener.source(evenly(context.answers, _LOW_A))
    low = longest(listener.capture(2.0)).rms("I1")
    since = listener.source(evenly(context.answers, amperes), settle_s=0)
    fed = listener.capture(_AFTER_S, beside)
    readings = beside.readings()
    stretch = _at_step(fed, since)
    last_second = stretch.part(stretch.end - round(stretch.period * 50), stretch.end)
    high = last_second.rms("I1")
    if high - low < 0.5 * (amperes - _LOW_A):
        raise Inconclusive(
            Reason.PRECONDITION,
            f"the current of L1 went from {low:.2f} A to {high:.2f} A: the source made no step",
        )
    reached = _reached_ns(fed, stretch, low + _STEPPED * (high - low))
    after_s = (reached - since) / SECOND
    hertz = stretch.frequency_hz or 50.0
    most = _STEP_PERIODS / hertz + _LATENCY_S
    u = 2 * context.link.timing_uncertainty_s + 1 / (hertz * stretch.period)
    verify.within("step", Measurement(after_s, u, "s"), Limits(high=most))
    _judge_step_of_p1(verify, readings, since, phases)


def _at_step(fed: Capture, since_ns: int) -> Stretch:
    """Return the stretch in which the step is; Inconclusive where samples are missing there."""
    first = next(iter(stretches(fed)), None)
    if first is None or int(row_times(fed)[first.first]) > since_ns + seconds(_LATENCY_S):
        raise Inconclusive(Reason.SHORT, "sample sets are missing or invalid when the load comes")
    return first


def _reached_ns(fed: Capture, stretch: Stretch, amperes: float) -> int:
    """Return when the effective value of a whole period first was as high, at its last sample."""
    length = max(round(stretch.period), 1)
    squares = np.concatenate([[0.0], np.cumsum(np.square(stretch.samples("I1")))])
    effective = np.sqrt((squares[length:] - squares[:-length]) / length)
    first = int(np.argmax(effective >= amperes))
    return int(row_times(fed)[stretch.first + first + length - 1])


def _judge_step_of_p1(
    verify: Checks, readings: tuple[Reading, ...], since_ns: int, phases: tuple[int, ...]
) -> None:
    """Compare the second telegram after the step with the last one."""
    after = [one for one in readings if one.seen.frame.at_ns >= since_ns]
    shown = [total_power(phases).shown(one) for one in after]
    expected = f"in telegram {_TELEGRAMS} after the step the power of the last one +- 10 %"
    if len(shown) <= _TELEGRAMS or shown[-1] is None:
        verify.undecided(
            "p1",
            Reason.SHORT,
            expected=expected,
            observed=f"{len(shown)} telegrams of P1 after the step, the last with {shown[-1:]} W",
        )
        return
    second, last = shown[_TELEGRAMS - 1], shown[-1]
    verify.that(
        "p1",
        second is not None and abs(second - last) <= 0.1 * abs(last),
        expected=expected,
        observed=f"{second} W, the last {last} W",
    )
