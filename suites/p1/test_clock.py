"""Area A6, the clock: it advances, it is right, and it changes over (DSMR 5.0.2 §6, §6.4)."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from math import sqrt

from bench.core.case import Case, Effects, Kind, case
from bench.core.check import Deviation, Level
from bench.core.clock import SECOND, seconds
from bench.core.link import Capability
from bench.core.measurement import Measurement
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.engine.context import CaseContext, Inconclusive
from bench.engine.session import Session
from suites.p1.intervals import Declared
from suites.p1.listening import Listener
from suites.p1.readings import Reading, Step, heard, readings_of, steps, wanted, whole
from suites.p1.shortage import judge_long
from suites.p1.watch import TelegramWatch
from suites.p1.zone import Changeover, changeover_between, flag_fault, next_changeover

_TIME_FORMAT = "DSMR-5.0.2:6.4"
_OBSERVED_S = 300.0
_STEP_S = 1.0  # a step may differ by the resolution of the stamp
_FACTORY_YEARS = ("00", "70")
_UNIX = datetime(1970, 1, 1, tzinfo=UTC)
_LEAD_S = 5.0
_FEWEST = 4  # telegrams around a changeover that still show it


@case(
    Case(
        id="P1-A-090",
        version=1,
        interface="p1",
        title="The clock advances",
        purpose="Ensure that every telegram carries the time at which it was made.",
        stimulus="Listen for 300 s.",
        criterion="The time of each telegram is later than that of the one before, and by as much "
        "as passed on the line, within 1 s.",
        kind=Kind.VALID,
        clauses=("DSMR-5.0.2:6",),
        ics="P1/CLOCK",
        detects=("p1.clock-frozen", "p1.clock-twice", "p1.clock-jumps-back", "p1.clock-leaps"),
        bound_s=4000,
    )
)
def test_clock_advances(
    watch: TelegramWatch, readings: tuple[Reading, ...], context: CaseContext, verify: Checks
) -> None:
    """No value is older than its stamp says."""
    timed = Capability.TIMESTAMPS in context.link.capabilities
    found = [step for step in steps(readings, timed=timed) if step.clock_s is not None]
    u_s = context.link.timing_uncertainty_s * sqrt(2) if timed else 0.0  # two stamps
    enough = wanted(watch.profile, _OBSERVED_S)
    back = [d for step in found if (d := _does_not_advance(step, u_s))]
    judge_long(
        verify,
        context,
        "increases",
        back,
        examined=len(found),
        enough=enough - 1,
        expected="a later time in each telegram",
        things="steps",
    )
    # without arrival times nothing tells how long a gap with damaged telegrams lasted
    known = [s for s in found if s.line_s is not None or s.after.number - s.before.number == 1]
    interval = watch.profile.interval_s
    off = [d for step in known if (d := _wrong_step(step, interval, u_s))]
    judge_long(
        verify,
        context,
        "step",
        off,
        examined=len(known),
        enough=enough - 1,
        expected="as much as passed on the line, within 1 s",
        things="steps",
    )


def _does_not_advance(step: Step, u_s: float) -> Deviation | None:
    assert step.clock_s is not None
    if step.clock_s > 0:
        return None
    # two telegrams within one second of the clock are early, not stale
    if step.clock_s == 0 and step.line_s is not None and step.line_s < _STEP_S + u_s:
        return None
    said = "the same time again" if step.clock_s == 0 else f"{-step.clock_s:g} s earlier"
    stamps = f"{step.after.stamp()} after {step.before.stamp()}"
    return Deviation(step.after.place(), "a later time", f"{said}: {stamps}")


def _wrong_step(step: Step, interval_s: float, u_s: float) -> Deviation | None:
    assert step.clock_s is not None
    passed = interval_s if step.line_s is None else step.line_s
    if abs(step.clock_s - passed) <= _STEP_S + u_s:
        return None
    stamps = f"{step.after.stamp()} after {step.before.stamp()}"
    expected = f"{passed:.3g} s later, within 1 s"
    return Deviation(step.after.place(), expected, f"{step.clock_s:g} s later: {stamps}")


@case(
    Case(
        id="P1-A-091",
        version=1,
        interface="p1",
        title="The clock is right",
        purpose="Ensure that the meter's clock was set and follows civil time.",
        stimulus="Listen, with the bench's own clock set by NTP.",
        criterion="Not the date of the factory (1970 or 2000), as the object is the time of the "
        "telegram. How far it may be off is policy (max_clock_error_s, 60 s unless declared), and "
        "is observed.",
        kind=Kind.VALID,
        clauses=("DSMR-5.0.2:6.12",),
        ics="P1/CLOCK",
        needs=(Capability.TIMESTAMPS,),
        detects=("p1.clock-five-months-behind", "p1.clock-not-set"),
        bound_s=4000,
    )
)
def test_clock_accuracy(
    readings: tuple[Reading, ...],
    context: CaseContext,
    bench_session: Session,
    verify: Checks,
) -> None:
    """A reading can be put in order with those of other devices."""
    stamped = [(reading, utc) for reading in readings if (utc := reading.utc()) is not None]
    # `must`: a stamp of the factory is not the time of the telegram, whatever accuracy is agreed
    factory = [
        Deviation(reading.place(), "the time of the telegram", f"CLOCK-NOT-SET: {stamp}")
        for reading in readings
        if (stamp := reading.stamp()) is not None and stamp.text[:2] in _FACTORY_YEARS
    ]
    verify.none_of("set", factory, examined=len(stamped), expected="a clock that was set")
    if not stamped:
        return
    limit_s = float(context.ixit["max_clock_error_s"])
    epoch_ns = bench_session.observed_from_ns("p1")
    errors = [
        (utc.timestamp() - (epoch_ns + reading.seen.frame.at_ns) / SECOND, reading)
        for reading, utc in stamped
    ]
    error_s, worst = max(errors, key=lambda error: abs(error[0]))
    verify.within(
        "accuracy",
        Measurement(error_s, context.link.timing_uncertainty_s, "s"),
        Declared(-limit_s, limit_s, "policy, max_clock_error_s"),
        level=Level.SHOULD,
        place=worst.place(),
    )


@case(
    Case(
        id="P1-A-092",
        version=1,
        interface="p1",
        title="Flag for daylight saving",
        purpose="Ensure that S and W say whether daylight saving is active.",
        stimulus="Listen.",
        criterion="The flag is that of the meter's zone at the local time of the telegram, by the "
        "tz database; an edition without daylight saving always sends W.",
        kind=Kind.VALID,
        clauses=(_TIME_FORMAT,),
        ics="P1/CLOCK",
        detects=("p1.flag-s-in-january", "p1.flag-w-in-july", "p1.flag-s-in-sweden"),
        bound_s=4000,
    )
)
def test_daylight_flag(readings: tuple[Reading, ...], watch: TelegramWatch, verify: Checks) -> None:
    """A reader can turn every local time into an instant."""
    clock = watch.profile.clock
    rule = clock.zone if clock.daylight else f"{clock.zone}, standard time all year"
    expected = f"the flag of {rule}"
    stamped = [(reading, stamp) for reading in readings if (stamp := reading.stamp()) is not None]
    wrong = [
        Deviation(reading.place(), expected, fault)
        for reading, stamp in stamped
        if (fault := flag_fault(stamp, watch.profile))
    ]
    verify.none_of("flag", wrong, examined=len(stamped), expected=expected)


@case(
    Case(
        id="P1-A-093",
        version=1,
        interface="p1",
        title="Changeover in spring",
        purpose="Ensure that the clock goes from 01:59:59 W to 03:00:00 S in March.",
        stimulus="Listen across the changeover: when it falls into the observation, else with the "
        "meter's clock set to shortly before it.",
        criterion="No time of the hour that is left out, the flag changes with it, and the instant "
        "advances as on any other day.",
        kind=Kind.VALID,
        clauses=(_TIME_FORMAT,),
        ics="P1/DAYLIGHT",
        needs=(Capability.DEVICE_CONTROL, Capability.TIMESTAMPS),
        effects=Effects.REVERSIBLE,
        detects=("p1.spring-hour-not-left-out", "p1.spring-flag-late"),
        bound_s=400,
    )
)
def test_spring(
    watch: TelegramWatch, listener: Listener, context: CaseContext, verify: Checks
) -> None:
    """The shortest day has 23 hours."""
    _judge_changeover(watch, listener, context, verify, spring=True)


@case(
    Case(
        id="P1-A-094",
        version=1,
        interface="p1",
        title="Changeover in autumn",
        purpose="Ensure that the clock goes from 02:59:59 S to 02:00:00 W in October.",
        stimulus="Listen across the changeover: when it falls into the observation, else with the "
        "meter's clock set to shortly before it.",
        criterion="The flag changes in the very second in which the hour is repeated, so that the "
        "instant advances as on any other day.",
        kind=Kind.VALID,
        clauses=(_TIME_FORMAT,),
        ics="P1/DAYLIGHT",
        needs=(Capability.DEVICE_CONTROL, Capability.TIMESTAMPS),
        effects=Effects.REVERSIBLE,
        detects=("p1.autumn-flag-late", "p1.autumn-flag-early", "p1.autumn-hour-not-repeated"),
        bound_s=400,
    )
)
def test_autumn(
    watch: TelegramWatch, listener: Listener, context: CaseContext, verify: Checks
) -> None:
    """The longest day has 25 hours, and no instant twice."""
    _judge_changeover(watch, listener, context, verify, spring=False)


def _judge_changeover(
    watch: TelegramWatch,
    listener: Listener,
    context: CaseContext,
    verify: Checks,
    *,
    spring: bool,
) -> None:
    zone = watch.profile.clock.zone
    stamps = [utc for reading in readings_of(watch) if (utc := reading.utc()) is not None]
    if not stamps:
        raise Inconclusive(Reason.LINE, "no whole telegram with a time to start from")
    seen = changeover_between(zone, stamps[0], stamps[-1], spring=spring)
    if seen is not None:
        context.frames_from(watch.frame)
        _judge_night(readings_of(watch), seen, verify, watch, context)
        return
    there = next_changeover(zone, stamps[-1], spring=spring)
    if there is None:
        raise Inconclusive(Reason.PRECONDITION, f"{zone} has no such changeover in two years")
    _judge_night(_observed_across(there, listener, context, watch), there, verify, watch, context)


def _observed_across(
    there: Changeover, listener: Listener, context: CaseContext, watch: TelegramWatch
) -> tuple[Reading, ...]:
    """Return the readings around a changeover to which the meter's clock is set."""
    link, interval = context.link, watch.profile.interval_s
    start = listener.now
    listener.telegram(start, start + listener.patience_ns())
    now = [reading for reading in whole(heard(listener, start), watch.profile) if reading.utc()]
    if not now:
        raise Inconclusive(Reason.LINE, "no whole telegram with a time before the clock is set")
    error = _error(now[-1], link.clock.epoch_ns)
    lead = 2 * interval + _LEAD_S
    start = listener.now
    link.control("clock", utc=there.utc - timedelta(seconds=lead))
    try:
        listener.cut()
        listener.listen(start + seconds(lead + 3 * interval + _LEAD_S))
        listener.cut()
    finally:
        now_us = (link.clock.epoch_ns + link.clock.now()) // 1000
        link.control("clock", utc=_UNIX + timedelta(microseconds=now_us) + error)
    # the first one may have been made before the clock was set
    return whole(heard(listener, start)[1:], watch.profile)


def _error(reading: Reading, epoch_ns: int) -> timedelta:
    """Return by how much the meter's clock is ahead of the bench's, to set it back as it was."""
    utc = reading.utc()
    assert utc is not None
    ahead_s = utc.timestamp() - (epoch_ns + reading.seen.frame.at_ns) / SECOND
    # less than the resolution of a stamp and the time to the first octet is no error
    return timedelta(seconds=ahead_s) if abs(ahead_s) > _STEP_S else timedelta()


def _judge_night(
    readings: Sequence[Reading],
    there: Changeover,
    verify: Checks,
    watch: TelegramWatch,
    context: CaseContext,
) -> None:
    """Judge the telegrams around a changeover: each stamp for itself, then their sequence."""
    zone = watch.profile.clock.zone
    stamped = [(reading, stamp) for reading in readings if (stamp := reading.stamp()) is not None]
    if len(stamped) < _FEWEST:
        observed = f"{len(stamped)} telegrams with a time around {there.utc:%Y-%m-%d %H:%M}Z"
        verify.undecided(
            "sequence", Reason.SHORT, expected="telegrams before and after", observed=observed
        )
        return
    wrong = [
        Deviation(reading.place(), f"a time of {zone}", fault)
        for reading, stamp in stamped
        if (fault := flag_fault(stamp, watch.profile))
    ]
    verify.none_of("local-time", wrong, examined=len(stamped), expected=f"a time of {zone}")
    found = list(steps([r for r, _ in stamped], timed=True))
    u_s = context.link.timing_uncertainty_s * sqrt(2)  # two stamps
    off = [d for step in found if (d := _wrong_step(step, watch.profile.interval_s, u_s))]
    expected = "as much later as passed on the line, within 1 s"
    verify.none_of("sequence", off, examined=len(found), expected=expected, things="steps")
