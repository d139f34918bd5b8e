"""Area C8: the clock (IEC 62056-6-2 §4.1.6, §4.5.1)."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

from bench.core.case import Case, Effects, Kind, case
from bench.core.check import Level
from bench.core.measurement import Limits, Measurement
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.engine.context import Inconclusive
from bench.protocols.dlms.data_types import DataType
from bench.protocols.dlms.date_time import STATUS_DAYLIGHT_SAVING, Date, DateTime, Time
from suites.wan_dlms.answer import Answer
from suites.wan_dlms.clock import ENABLED, STATUS, TIME, MeterClock
from suites.wan_dlms.judging import judge, judge_done
from suites.wan_dlms.meter import Meter
from suites.wan_dlms.model import CLOCK, CLOCK_CLASS, judge_read, need
from suites.wan_dlms.stamps import Shown, stamp_of, stamp_problem, utc_of, written
from suites.wan_dlms.survey import Survey

_CLOCK = "IEC-62056-6-2:4.5.1"
_DATE_TIME = "IEC-62056-6-2:4.1.6"
_ZONE, _BEGIN, _SHIFT = 3, 5, 7
_SET_WITHIN_S = 2.0
_DRIFT_S = 1.0
_WATCHED_S = 10.0
_AHEAD_S = 30


@case(
    Case(
        id="DLMS-OBJ-11",
        version=1,
        interface="wan",
        title="Time of the clock",
        purpose="Ensure that the time that the clock shows can be understood without doubt.",
        stimulus="GET of all attributes of the clock 0-0:1.0.0.",
        criterion="A date-time of 12 octets of which date, hour and minute are specified and "
        "exist; its deviation is the time zone, in summer time with the daylight saving "
        "deviation; the clock status says the same as the status attribute.",
        kind=Kind.VALID,
        clauses=(_DATE_TIME, _CLOCK),
        detects=("wan.clock-format", "wan.clock-day-of-week", "wan.clock-deviation-lie"),
    )
)
def test_clock_time(survey: Survey, verify: Checks) -> None:
    """Twelve octets that agree with the rest of the clock."""
    types = (DataType.OCTET_STRING, DataType.DATE_TIME)
    found = judge_read(verify, "present", survey, CLOCK_CLASS, CLOCK, TIME, *types)
    answer = survey.answer(CLOCK_CLASS, CLOCK, TIME)
    if found is None or answer is None:
        return
    stamp = stamp_of(found)
    judge(verify, "length", stamp is not None, answer, expected="12 octets", observed=str(found))
    if stamp is None:
        return
    problem = stamp_problem(found)
    judge(
        verify,
        "valid",
        not problem,
        answer,
        expected="a time that a calendar has",
        observed=problem or str(stamp),
    )
    fields = (stamp.date.year, stamp.date.month, stamp.date.day, stamp.time.hour, stamp.time.minute)
    judge(
        verify,
        "specified",
        None not in fields,
        answer,
        expected="date, hour and minute specified",
        observed=str(stamp),
    )
    _judge_zone(survey, verify, answer, stamp)
    status = survey.data(CLOCK_CLASS, CLOCK, STATUS)
    if status is not None and stamp.status is not None and isinstance(status.value, int):
        bit = STATUS_DAYLIGHT_SAVING
        judge(
            verify,
            "status",
            stamp.status & bit == status.value & bit,
            answer,
            expected=f"summer time as in the status attribute: {status.value:02X}",
            observed=f"clock status {stamp.status:02X}",
            clause=_CLOCK,
        )


def _judge_zone(survey: Survey, verify: Checks, answer: Answer, stamp: DateTime) -> None:
    zone = survey.data(CLOCK_CLASS, CLOCK, _ZONE)
    if zone is None or not isinstance(zone.value, int) or stamp.deviation_min is None:
        return
    if stamp.status is None:  # nobody says whether it is summer time
        return
    shift = _shift_min(survey)
    summer = bool(stamp.status & STATUS_DAYLIGHT_SAVING)
    expected = zone.value - shift if summer else zone.value
    text = f"time zone {zone.value} min" + (f" less {shift} min" if summer else "")
    turned = -zone.value - shift if summer else -zone.value
    observed = f"deviation {stamp.deviation_min} min"
    judge(
        verify,
        "deviation",
        stamp.deviation_min in (expected, turned, -turned),
        answer,
        expected=f"the {text}",
        observed=observed,
        clause=_CLOCK,
    )
    judge(
        verify,
        "deviation-sign",
        stamp.deviation_min == expected or stamp.deviation_min not in (turned, -turned),
        answer,
        expected=f"the {text}, with the same sign",
        observed=observed,
        clause=_CLOCK,
        level=Level.SHOULD,
    )


def _shift_min(survey: Survey) -> int:
    """Return by how many minutes local time is ahead in summer."""
    found = survey.data(CLOCK_CLASS, CLOCK, _SHIFT)
    return found.value if found is not None and isinstance(found.value, int) else 0


@case(
    Case(
        id="DLMS-OBJ-12",
        version=1,
        interface="wan",
        title="Setting the clock",
        purpose="Ensure that the clock goes on from the time to which it is set.",
        stimulus="SET of the time to half a minute ahead, GET at once, after 5 s and after 10 s; "
        "then the right time is set again.",
        criterion="What is read at once is within 2 s of what was written; the clock never goes "
        "back, and advances by 10 s in 10 s, to 1 s and the resolution of its display. When "
        "the meter looked at its clock is known to its response time.",
        kind=Kind.TIMING,
        clauses=(_CLOCK,),
        ics="WAN/CLOCK-SET",
        effects=Effects.REVERSIBLE,
        detects=("wan.clock-drift", "wan.clock-set-ignored", "wan.clock-goes-back"),
        bound_s=120.0,
    )
)
def test_set_clock(meter: Meter, verify: Checks) -> None:
    """The clock is where it was put, and runs."""
    clock = MeterClock.of(meter)
    goal = clock.right_time() + timedelta(seconds=_AHEAD_S)
    goal = goal.replace(microsecond=0)
    answer = clock.set_to(goal)
    try:
        if not judge_done(verify, "set", answer):
            return
        set_ns = answer.last.sent_ns
        first_answer, first = clock.read()
        if not _judge_shown(verify, "readable", first_answer, first) or first is None:
            return
        elapsed = (first.at_ns - set_ns) / 1e9
        off = first.after_s(goal) - elapsed
        place = first_answer.place()
        unsure = first_answer.last.uncertainty_s * 2**0.5
        most = _SET_WITHIN_S + answer.last.response_s + first_answer.last.response_s
        limits = Limits(-most, most)
        verify.within("set-within", Measurement(off, unsure, "s"), limits, place=place)
        shown = [first]
        for _ in range(2):
            meter.context.connection.wait(_WATCHED_S / 2)
            again, now = clock.read()
            if _judge_shown(verify, "readable", again, now) and now is not None:
                shown.append(now)
        last = shown[-1]
        forward = all(late.utc >= early.utc for early, late in pairwise(shown))
        text = ", ".join(str(one.stamp.time) for one in shown)
        judge(verify, "monotonic", forward, last.answer, expected="later and later", observed=text)
        elapsed = (last.at_ns - first.at_ns) / 1e9
        drift = Measurement(last.after_s(first.utc) - elapsed, unsure, "s")
        lag_s = abs(last.answer.last.response_s - first_answer.last.response_s)
        most = _DRIFT_S + first.resolution_s() + lag_s
        verify.within("drift", drift, Limits(-most, most), place=last.answer.place())
    finally:
        clock.restore()


def _judge_shown(verify: Checks, check_id: str, answer: Answer, shown: Shown | None) -> bool:
    return judge(verify, check_id, shown is not None, answer, expected="a time")


@case(
    Case(
        id="DLMS-OBJ-13",
        version=1,
        interface="wan",
        title="Times of other zones, open fields and no times at all",
        purpose="Ensure that the clock understands what it is set to, and takes no nonsense.",
        stimulus="SET of the right time written in UTC; of local time with deviation, day of week "
        "and status left open; of 31 February, hour 25, minute 60 and month 13.",
        criterion="The instant is kept whatever the deviation; without deviation it is local "
        "time; what no calendar has is refused, and the clock goes on as before.",
        kind=Kind.INVALID,
        clauses=(_CLOCK, _DATE_TIME),
        ics="WAN/CLOCK-SET",
        effects=Effects.REVERSIBLE,
        detects=("wan.clock-accepts-garbage", "wan.clock-deviation-ignored"),
        bound_s=120.0,
    )
)
def test_set_odd_times(meter: Meter, verify: Checks) -> None:
    """Each of them does what it says, or nothing."""
    clock = MeterClock.of(meter)
    try:
        sent = clock.write(written(clock.right_time(), 0))
        if judge_done(verify, "in-utc", sent, level=Level.SHOULD):
            _judge_right(verify, "in-utc-right", clock, Level.SHOULD)
        clock.set_to(clock.right_time())
        local = written(clock.right_time(), clock.deviation_min, open_deviation=True, status=False)
        sent = clock.write(replace(local, date=replace(local.date, day_of_week=None)))
        if judge_done(verify, "local", sent, level=Level.SHOULD):
            _judge_right(verify, "local-right", clock, Level.SHOULD)
        clock.set_to(clock.right_time())
        for name, wrong in _impossible(clock.right_time(), clock.deviation_min).items():
            sent = clock.write(wrong)
            judge(
                verify,
                f"{name}-refused",
                bool(sent.result) or sent.exception is not None,
                sent,
                expected=f"{wrong} is refused",
            )
            if not _judge_right(verify, f"{name}-unchanged", clock, None):
                clock.set_to(clock.right_time())
    finally:
        clock.restore()


def _impossible(now: datetime, deviation_min: int) -> dict[str, DateTime]:
    """Return times that no calendar has, by a name for each."""
    right = written(now, deviation_min)
    day = Date(right.date.year, right.date.month, right.date.day, None)
    return {
        "february-31": replace(right, date=Date(day.year, 2, 31, None)),
        "hour-25": replace(right, date=day, time=Time(25, 0, 0, None)),
        "minute-60": replace(right, date=day, time=Time(right.time.hour, 60, 0, None)),
        "month-13": replace(right, date=Date(day.year, 13, 1, None)),
    }


def _judge_right(verify: Checks, check_id: str, clock: MeterClock, level: Level | None) -> bool:
    """Record that the clock shows the time that it would show if it had been left alone."""
    answer, shown = clock.read()
    expected = clock.before.later(answer.last.sent_ns)
    within_s = _SET_WITHIN_S + 2 * max(answer.last.response_s, 0.0)  # of setting and of reading
    met = shown is not None and abs(shown.after_s(expected)) <= within_s
    return judge(
        verify,
        check_id,
        met,
        answer,
        expected=f"{expected:%Y-%m-%d %H:%M:%S} UTC, to {within_s:.3g} s",
        observed=str(answer) if shown is None else f"{shown.utc:%Y-%m-%d %H:%M:%S} UTC",
        level=level,
    )


@case(
    Case(
        id="DLMS-OBJ-14",
        version=1,
        interface="wan",
        title="Daylight saving",
        purpose="Ensure that daylight saving shows in the status and in the deviation.",
        stimulus="The clock is set to a day of the next summer; daylight_savings_enabled is "
        "switched on, off and on again; then all is put right.",
        criterion="Switched on, bit 7 of the clock status is set and the deviation is that of "
        "summer time; switched off, the bit is clear and the deviation is the time zone; the "
        "instant stays the same.",
        kind=Kind.VALID,
        clauses=(_CLOCK, _DATE_TIME),
        ics="WAN/CLOCK-SET and WAN/DAYLIGHT-SAVING",
        effects=Effects.DESTRUCTIVE,
        detects=("wan.dst-flag", "wan.dst-deviation-fixed", "wan.dst-always"),
        bound_s=120.0,
    )
)
def test_daylight_saving(meter: Meter, survey: Survey, verify: Checks) -> None:
    """The switch moves both, and the time stays what it is."""
    enabled = need(survey, CLOCK_CLASS, CLOCK, ENABLED)
    zone = need(survey, CLOCK_CLASS, CLOCK, _ZONE)
    shift = _shift_min(survey)
    clock = MeterClock.of(meter)
    summer = _summer_day(survey, clock.right_time())
    offset = zone.value if clock.deviation_min * zone.value >= 0 else -zone.value
    summers = (offset - shift, offset + shift)  # the second one where the sign is turned
    try:
        on = clock.enable_daylight_saving(True)
        moved = clock.write(written(summer, summers[0], summer=True))
        if not judge_done(verify, "switch-on", on) or not judge_done(verify, "set", moved):
            return
        began_ns = moved.last.sent_ns
        _judge_season(verify, "on", clock, summers, summer=True)
        if not judge_done(verify, "switch-off", clock.enable_daylight_saving(False)):
            return
        off = _judge_season(verify, "off", clock, (offset,), summer=False)
        if off is not None:
            expected = summer + timedelta(seconds=(off.at_ns - began_ns) / 1e9)
            within_s = _SET_WITHIN_S + moved.last.response_s + off.answer.last.response_s
            judge(
                verify,
                "instant",
                abs(off.after_s(expected)) <= within_s,
                off.answer,
                expected=f"{expected:%H:%M:%S} UTC as before",
                observed=f"{off.utc:%H:%M:%S} UTC",
            )
        if judge_done(verify, "switch-on-again", clock.enable_daylight_saving(True)):
            _judge_season(verify, "on-again", clock, summers, summer=True)
    finally:
        clock.restore(bool(enabled.value))


def _summer_day(survey: Survey, now: datetime) -> datetime:
    """Return noon of a day of the next summer: in the month after daylight saving begins."""
    begins = stamp_of(survey.data(CLOCK_CLASS, CLOCK, _BEGIN))
    month = begins.date.month if begins is not None else None
    if month is None or not 1 <= month <= 12:
        text = "daylight_savings_begin of the clock names no month"
        raise Inconclusive(Reason.PRECONDITION, text)
    found = utc_of(now.year + month // 12, month % 12 + 1, 15)
    return found if found > now else utc_of(found.year + 1, found.month, found.day)


def _judge_season(
    verify: Checks, name: str, clock: MeterClock, deviations_min: tuple[int, ...], *, summer: bool
) -> Shown | None:
    answer, shown = clock.read()
    status = None if shown is None else shown.stamp.status
    bit = bool((status or 0) & STATUS_DAYLIGHT_SAVING)
    judge(
        verify,
        f"{name}-status",
        shown is not None and bit is summer,
        answer,
        expected=f"a time, and bit 7 of its clock status {'set' if summer else 'clear'}",
        observed=f"{answer}" if status is None else f"status {status:02X}",
    )
    if shown is None:
        return None
    judge(
        verify,
        f"{name}-deviation",
        shown.stamp.deviation_min in (*deviations_min, None),
        answer,
        expected=f"deviation {deviations_min[0]} min",
        observed=f"deviation {shown.stamp.deviation_min} min",
    )
    return shown
