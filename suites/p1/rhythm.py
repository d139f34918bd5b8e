"""Judges the rhythm of a P1 port: the interval from the start of a telegram to the next.

The clauses say "every second" or "every ten seconds" and give no tolerance. What can be no
tolerance at all (a telegram missing, a telegram too many, another rate) is judged as binding as
the clause; narrower limits are this bench's policy, may be declared otherwise, and are observed.
"""

from collections.abc import Sequence

from bench.core.check import Level, Place
from bench.core.link import Capability
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.engine.context import CaseContext
from bench.protocols.p1.profile import Profile
from suites.p1.intervals import (
    Declared,
    Interval,
    between_stamps,
    intervals,
    mean_of_intervals,
    timing_level,
)
from suites.p1.watch import TelegramWatch

OBSERVED_S = 300.0
_ENOUGH = 0.95  # of the time: intervals in doubt are left out
_SPEED = "DSMR-5.0.2:6.1"
_AT_LEAST = frozenset({"SE-H1-2.0"})  # "at least every ten seconds": more often is as well


def interval_clause(profile: Profile) -> str:
    """Return where the edition states its interval."""
    stated = {"DSMR-4.2.2": "DSMR-4.2.2:5", "Luxmetering-1.1.3": "Luxmetering-1.1.3:3.2.1"}
    return stated.get(profile.standard, _SPEED if profile.interval_s == 1 else profile.standard)


def _judge_rhythm(
    watch: TelegramWatch, context: CaseContext, verify: Checks, found: Sequence[Interval]
) -> None:
    """Judge rate and intervals; `found` is not empty."""
    profile, u_s = watch.profile, context.link.timing_uncertainty_s
    nominal, clause, level = profile.interval_s, interval_clause(profile), timing_level(profile)
    longest = max(found, key=lambda one: one.length_s)
    shortest = min(found, key=lambda one: one.length_s)
    mean = mean_of_intervals(found, u_s)
    verify.within(
        "none-missing",
        between_stamps(longest.length_s, u_s),
        Declared(high=1.5 * nominal, source="longer, and a telegram is missing"),
        clause=clause,
        level=level,
        place=Place(longest.number),
    )
    may_be_faster = profile.standard in _AT_LEAST
    if not may_be_faster:
        verify.within(
            "none-surplus",
            between_stamps(shortest.length_s, u_s),
            Declared(low=0.5 * nominal, source="shorter, and a telegram is too many"),
            clause=clause,
            level=level,
            place=Place(shortest.number),
        )
    slowest, fastest = 1.05 * nominal, None if may_be_faster else 0.95 * nominal
    rate = Declared(fastest, slowest, "one telegram in twenty")
    verify.within("rate", mean, rate, clause=clause, level=level)


def _judge_tolerance(
    watch: TelegramWatch, context: CaseContext, verify: Checks, found: Sequence[Interval]
) -> None:
    """Judge what no clause limits, as an observation."""
    nominal, u_s = watch.profile.interval_s, context.link.timing_uncertainty_s
    clause = interval_clause(watch.profile)
    allowed_s = tolerance_s(watch.profile, context)
    worst = max(found, key=lambda one: abs(one.length_s - nominal))
    verify.within(
        "each",
        between_stamps(worst.length_s, u_s),
        Declared(nominal - allowed_s, nominal + allowed_s, "policy: interval_tolerance_s"),
        clause=clause,
        level=Level.SHOULD,
        place=Place(worst.number),
    )
    share = context.ixit["interval_mean_tolerance"]
    verify.within(
        "mean",
        mean_of_intervals(found, u_s),
        Declared(nominal * (1 - share), nominal * (1 + share), "policy: interval_mean_tolerance"),
        clause=clause,
        level=Level.SHOULD,
    )


def tolerance_s(profile: Profile, context: CaseContext) -> float:
    """Return how far an interval may be off: a fifth of a second, or a second of ten."""
    usual = 0.2 if profile.interval_s == 1 else 0.1 * profile.interval_s
    return float(context.ixit.get("interval_tolerance_s", usual))


def usable_intervals(
    watch: TelegramWatch, context: CaseContext, verify: Checks
) -> tuple[Interval, ...]:
    """Return the intervals that can be judged; what the bench itself lost is not the device's."""
    found = intervals(watch)
    can_count = Capability.UART_ERRORS in context.link.capabilities
    overruns = context.line_errors().overrun if can_count else 0
    if overruns:
        limit_s = 1.5 * watch.profile.interval_s
        kept = tuple(one for one in found if one.length_s <= limit_s)
        if len(kept) < len(found):
            verify.undecided(
                "bench-kept-up",
                Reason.PRECONDITION,
                expected="no telegram lost by the bench",
                observed=f"{overruns} octets overran the receiver: {len(found) - len(kept)} long "
                "intervals say nothing about the device; use a machine or an adapter with less "
                "to do",
            )
        found = kept
    if not found:
        verify.undecided(
            "rate",
            Reason.EMPTY,
            expected=f"{watch.profile.interval_s:g} s from start to start",
            observed="no interval to look at",
            clause=interval_clause(watch.profile),
        )
    return found


def judge_interval(watch: TelegramWatch, context: CaseContext, verify: Checks) -> None:
    """Record the checks of P1-A-060 and -061; an observation that is too short decides nothing."""
    found = usable_intervals(watch, context, verify)
    if not found:
        return
    _judge_rhythm(watch, context, verify, found)
    _judge_tolerance(watch, context, verify, found)
    covered_s = sum(one.length_s for one in found)
    if covered_s < _ENOUGH * OBSERVED_S:
        verify.undecided(
            "observed-time",
            Reason.SHORT,
            expected=f"{OBSERVED_S:g} s",
            observed=f"{covered_s:.1f} s in {len(found)} intervals",
        )
