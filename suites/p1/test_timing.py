"""Area A5, listening: how often telegrams come and how long they take (DSMR 5.0.2 §6.1)."""

import re
from collections.abc import Sequence

from bench.core.case import Case, Effects, Kind, case
from bench.core.check import Deviation, Level, Place
from bench.core.clock import SECOND
from bench.core.link import Capability
from bench.core.measurement import Limits
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.engine.context import CaseContext
from bench.protocols.p1.splitter import TelegramOctets
from suites.p1.intervals import Declared, between_stamps, quantile, timing_level, transfer_s
from suites.p1.listening import Listener
from suites.p1.rhythm import interval_clause, judge_interval, tolerance_s, usable_intervals
from suites.p1.watch import Seen, TelegramWatch

_TELEGRAMS_WITH_TEXT = 3
_FULL_TEXT = 1024  # characters, DSMR 5.0.2 §7.2
_RIGHT_TEXT = re.compile(r"([0-9A-F]{2}){0,1024}")  # which can be put back
_TEXT = "0-0:96.13.0"
_SPEED = "DSMR-5.0.2:6.1"


@case(
    Case(
        id="P1-A-060",
        version=1,
        interface="p1",
        title="Interval of one second",
        purpose="Ensure that a telegram comes every second while data is requested.",
        stimulus="Raise the data request and listen for 300 s.",
        criterion="No telegram missing, none too many, and the rate right to 5 %. Each interval "
        "from start to start within 0.8 s to 1.2 s and their mean within 1 % are policy, may be "
        "declared otherwise (interval_tolerance_s, interval_mean_tolerance), and are observed.",
        kind=Kind.TIMING,
        clauses=(_SPEED,),
        ics="P1/INTERVAL-1S",
        needs=(Capability.TIMESTAMPS,),
        detects=(
            "p1.interval-2s",
            "p1.interval-10s",
            "p1.interval-1100ms",
            "p1.interval-back-to-back",
            "p1.interval-one-missing",
        ),
        bound_s=400,
    )
)
def test_interval_one_second(
    watch: TelegramWatch, telegrams: tuple[Seen, ...], context: CaseContext, verify: Checks
) -> None:
    """A reader can count on fresh values every second."""
    del telegrams  # at least one
    judge_interval(watch, context, verify)


@case(
    Case(
        id="P1-A-061",
        version=1,
        interface="p1",
        title="Interval of ten seconds",
        purpose="Ensure that a telegram comes every ten seconds while data is requested.",
        stimulus="Raise the data request and listen for 300 s.",
        criterion="No telegram missing, none too many, and the rate right to 5 %. Each interval "
        "from start to start within 9 s to 11 s and their mean within 1 % are policy, may be "
        "declared otherwise (interval_tolerance_s, interval_mean_tolerance), and are observed.",
        kind=Kind.TIMING,
        clauses=("DSMR-4.2.2:5",),
        ics="P1/INTERVAL-10S",
        needs=(Capability.TIMESTAMPS,),
        detects=("p1.interval-1s-before-dsmr-5", "p1.interval-20s-before-dsmr-5"),
        bound_s=4000,
    )
)
def test_interval_ten_seconds(
    watch: TelegramWatch, telegrams: tuple[Seen, ...], context: CaseContext, verify: Checks
) -> None:
    """Editions before DSMR 5, and those that follow them, send every ten seconds."""
    del telegrams  # at least one
    judge_interval(watch, context, verify)


def judge_transfer(
    watch: TelegramWatch, telegrams: Sequence[Seen], context: CaseContext, verify: Checks
) -> None:
    """Record how long the slowest of the telegrams was on the line."""
    profile = watch.profile
    whole = [seen for seen in telegrams if seen.frame.complete]
    if not whole:
        verify.undecided(
            "transfer",
            Reason.EMPTY,
            expected=f"<= {profile.max_transfer_s:g} s",
            observed="no telegram with its end",
        )
        return
    slowest = max(whole, key=lambda seen: transfer_s(seen.frame, profile))
    verify.within(
        "transfer",
        between_stamps(transfer_s(slowest.frame, profile), context.link.timing_uncertainty_s),
        Limits(high=profile.max_transfer_s),
        level=timing_level(profile),
        place=Place(slowest.number, 0, len(slowest.frame.octets)),
    )


@case(
    Case(
        id="P1-A-062",
        version=1,
        interface="p1",
        title="Transfer within a second",
        purpose="Ensure that a telegram is over within a second, even a long one.",
        stimulus="Listen; where the device can be controlled, also with a text message of 1024 "
        "characters.",
        criterion="From the first start bit of '/' to the end of the last line at most 1 s.",
        kind=Kind.TIMING,
        clauses=(_SPEED,),
        ics="P1/INTERVAL-1S",
        needs=(Capability.TIMESTAMPS,),
        effects=Effects.REVERSIBLE,
        detects=("p1.transfer-1200ms",),
        bound_s=400,
    )
)
def test_transfer_one_second(
    watch: TelegramWatch,
    telegrams: tuple[Seen, ...],
    listener: Listener,
    context: CaseContext,
    verify: Checks,
) -> None:
    """The next telegram never has to wait."""
    context.frames_from(watch.frame)  # the checks point into the observation
    judge_transfer(watch, telegrams, context, verify)
    text = telegrams[-1].telegram.values(_TEXT)
    shown = text[0].text if len(text) == 1 else "?"
    can_control = Capability.DEVICE_CONTROL in context.link.capabilities
    if not can_control or not _RIGHT_TEXT.fullmatch(shown):
        verify.note("full-text", "not tried: no text can be put into this device from here")
        return
    heard: list[TelegramOctets] = []
    context.link.control("text", octets=b"x" * _FULL_TEXT)
    try:
        for _ in range(_TELEGRAMS_WITH_TEXT):
            now = listener.now
            found = listener.telegram(now, now + listener.patience_ns())
            heard += [found] if found else []
    finally:
        context.link.control("text", octets=bytes.fromhex(shown))
    longest = max(heard, key=lambda frame: len(frame.octets), default=None)
    if longest is None or len(longest.octets) < 2 * _FULL_TEXT:
        verify.note("full-text", "not shown by the device: the long telegram was not measured")
        return
    verify.within(
        "transfer-full-text",
        between_stamps(transfer_s(longest, watch.profile), context.link.timing_uncertainty_s),
        Limits(high=watch.profile.max_transfer_s),
        level=timing_level(watch.profile),
    )


@case(
    Case(
        id="P1-A-063",
        version=1,
        interface="p1",
        title="Transfer and pause of ten-second editions",
        purpose="Ensure that a telegram is over within 8 s and that 2 s of pause follow it.",
        stimulus="Listen.",
        criterion="From the first start bit of '/' to the end of the last line at most 8 s; from "
        "there to the next telegram at least 2 s.",
        kind=Kind.TIMING,
        clauses=("DSMR-4.2.2:4.5",),
        ics="P1/INTERVAL-10S",
        needs=(Capability.TIMESTAMPS,),
        detects=("p1.transfer-9s",),
        bound_s=4000,
    )
)
def test_transfer_ten_seconds(
    watch: TelegramWatch, telegrams: tuple[Seen, ...], context: CaseContext, verify: Checks
) -> None:
    """Several readers behind a hub find a pause to change places in."""
    profile = watch.profile
    judge_transfer(watch, telegrams, context, verify)
    found = usable_intervals(watch, context, verify)
    if found:
        least = min(found, key=lambda one: one.pause_s)
        verify.within(
            "pause",
            between_stamps(least.pause_s, context.link.timing_uncertainty_s),
            Limits(low=profile.interval_s - profile.max_transfer_s),
            level=timing_level(profile),
            place=Place(least.number),
        )


@case(
    Case(
        id="P1-A-064",
        version=1,
        interface="p1",
        title="Size of a telegram",
        purpose="Ensure that a telegram is no longer than the line can carry in its time.",
        stimulus="Listen.",
        criterion="No telegram has more octets than characters fit in the edition's transfer time: "
        "11 520 at 115 200 Bd in a second. Derived from the clause, which counts time.",
        kind=Kind.VALID,
        clauses=(_SPEED,),
        detects=("p1.telegram-12-kB",),
    )
)
def test_size(watch: TelegramWatch, telegrams: tuple[Seen, ...], verify: Checks) -> None:
    """No set of objects is too large for the line."""
    profile = watch.profile
    limit = int(profile.max_transfer_s * SECOND / profile.line.character_ns)
    expected = f"at most {limit} octets ({profile.max_transfer_s:g} s at {profile.line})"
    verify.none_of(
        "size",
        [
            Deviation(
                Place(seen.number, limit, len(seen.frame.octets) - limit),
                expected,
                f"{len(seen.frame.octets)} octets",
            )
            for seen in telegrams
            if len(seen.frame.octets) > limit
        ],
        examined=len(telegrams),
        expected=expected,
        level=timing_level(profile),
    )


@case(
    Case(
        id="P1-A-069",
        version=1,
        interface="p1",
        title="Jitter of the interval",
        purpose="Ensure that telegrams come evenly, and report how evenly.",
        stimulus="Listen.",
        criterion="Median, 95th and 99th percentile and the extremes of the intervals are "
        "reported. No clause limits them; an interval further from the median than "
        "interval_tolerance_s allows (0.2 s, or 1 s of ten) is an observation.",
        kind=Kind.TIMING,
        clauses=(_SPEED,),
        level=Level.SHOULD,
        needs=(Capability.TIMESTAMPS,),
        detects=("p1.interval-sawtooth",),
    )
)
def test_jitter(
    watch: TelegramWatch, telegrams: tuple[Seen, ...], context: CaseContext, verify: Checks
) -> None:
    """A reader's time-outs can be chosen."""
    del telegrams  # at least one
    found = usable_intervals(watch, context, verify)
    if not found:
        return
    ordered = sorted(one.length_s for one in found)
    median = quantile(ordered, 0.5)
    shares = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
    for name, share in shares.items():
        verify.note(name, f"{quantile(ordered, share):.4f} s of {len(ordered)} intervals")
    verify.note("extremes", f"{ordered[0]:.4f} s to {ordered[-1]:.4f} s")
    worst = max(found, key=lambda one: abs(one.length_s - median))
    verify.within(
        "jitter",
        between_stamps(abs(worst.length_s - median), context.link.timing_uncertainty_s),
        Declared(high=tolerance_s(watch.profile, context), source="policy: interval_tolerance_s"),
        clause=interval_clause(watch.profile),
        place=Place(worst.number),
    )
