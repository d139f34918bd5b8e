"""Area A5, the data request: when telegrams begin and end with it (DSMR 5.0.2 §5.7.1, §6.2)."""

from collections.abc import Sequence
from dataclasses import dataclass

from bench.core.case import Case, Effects, Kind, case
from bench.core.check import Deviation, Place
from bench.core.clock import SECOND, seconds
from bench.core.link import Capability
from bench.core.trace import Chunk
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.engine.context import CaseContext
from bench.protocols.p1.profile import Profile
from bench.protocols.p1.splitter import Noise, TelegramOctets
from suites.p1.intervals import Declared, between_stamps, intervals, quantile, timing_level
from suites.p1.listening import Listener
from suites.p1.restart import Shown, judge_undisturbed, toggle
from suites.p1.watch import Seen, TelegramWatch

_REQUEST = "DSMR-5.0.2:5.7.1"
_ROUNDS = 20
_OFF_S = 5.0
_SILENCE_S = 60.0
_ENOUGH_ROUNDS = 10
_NEEDS = (Capability.TIMESTAMPS, Capability.REQUEST_LINE)


def _first_telegram_limit(profile: Profile, context: CaseContext) -> Declared:
    """Return within which time the first telegram comes: "immediately" is no number."""
    if profile.key == "lu":
        usual, source = 1.0, "stated by the edition"
    else:
        usual, source = profile.interval_s, "policy: at most one interval"
    if "first_telegram_s" in context.ixit:
        return Declared(high=float(context.ixit["first_telegram_s"]), source="first_telegram_s")
    return Declared(high=usual, source=source)


@dataclass(frozen=True, slots=True)
class _First:
    """What came first after a request: how late, and the piece if it is part of a telegram."""

    latency_s: float
    torn: Noise | None = None
    number: int | None = None


def _first_after_request(listener: Listener, patience_ns: int) -> _First:
    """Release the request for a while, raise it again and take what comes first."""
    off = listener.request(False)
    listener.listen(off + seconds(_OFF_S))
    on = listener.request(True)
    start = len(listener.pieces)
    listener.telegram(on, on + patience_ns)
    for piece in listener.pieces[start:]:
        # glitches of the line at the edge are no characters
        if isinstance(piece, TelegramOctets) or any(0x20 < o < 0x7F for o in piece.octets):
            torn = piece if isinstance(piece, Noise) else None
            return _First((piece.at_ns - on) / SECOND, torn, piece.number)
    return _First(patience_ns / SECOND)


@case(
    Case(
        id="P1-A-065",
        version=1,
        interface="p1",
        title="First telegram after the request",
        purpose="Ensure that a telegram follows the data request at once, from its beginning.",
        stimulus="Release the data request for 5 s and raise it, 20 times.",
        criterion="The first octet is the '/' of a telegram, never the middle of one. It comes "
        "within 1 s in Luxembourg. Elsewhere the clause says 'immediately' and gives no number: "
        "one interval is policy, declared otherwise by first_telegram_s.",
        kind=Kind.TIMING,
        clauses=("DSMR-5.0.2:6.2", "Luxmetering-1.1.3:3.2.1"),
        needs=_NEEDS,
        detects=(
            "p1.first-telegram-late",
            "p1.first-telegram-late-in-luxembourg",
            "p1.first-telegram-torn",
        ),
        bound_s=1200,
    )
)
def test_first_telegram(
    telegrams: tuple[Seen, ...], listener: Listener, context: CaseContext, verify: Checks
) -> None:
    """Whoever asks gets an answer that can be read."""
    del telegrams  # at least one
    profile = listener.profile
    limit = _first_telegram_limit(profile, context)
    patience_ns = listener.patience_ns() + seconds(limit.high or 0)
    try:
        found = [_first_after_request(listener, patience_ns) for _ in range(_ROUNDS)]
    finally:
        context.link.request(True)
    clause = "Luxmetering-1.1.3:3.2.1" if profile.key == "lu" else ""
    worst = max(found, key=lambda one: one.latency_s)
    verify.within(
        "latency",
        between_stamps(worst.latency_s, context.link.timing_uncertainty_s),
        limit,
        clause=clause,
        level=timing_level(profile),
        place=None if worst.number is None else Place(worst.number),
    )
    expected = "'/' as the first octet after the request"
    verify.none_of(
        "starts-with-start",
        [
            Deviation(Place(one.torn.number), expected, f"starts with {one.torn.octets[:12]!r}")
            for one in found
            if one.torn is not None
        ],
        examined=sum(one.number is not None for one in found),
        expected=expected,
        things="requests",
        level=timing_level(profile),
    )
    ordered = sorted(one.latency_s for one in found)
    verify.note("latencies", f"median {quantile(ordered, 0.5):.4f} s, longest {ordered[-1]:.4f} s")


@dataclass(frozen=True, slots=True)
class _Release:
    """A release in the middle of a telegram: for how long octets were sent after it."""

    late_s: float
    number: int | None


def _release_in(listener: Listener, phase: float, interval_ns: int) -> _Release | None:
    """Release the request at a phase (0 to 1) of a telegram; None if it could not be met.

    The telegram is met by the interval, which also serves an adapter that delivers its octets
    late; where the interval varies too much, by waiting for its first octets.
    """
    return _release_at(listener, phase, interval_ns, wait=False) or _release_at(
        listener, phase, interval_ns, wait=True
    )


def _release_at(
    listener: Listener, phase: float, interval_ns: int, *, wait: bool
) -> _Release | None:
    on = listener.request(True)
    before = listener.telegram(on, on + listener.patience_ns())
    if before is None:
        return None
    listener.cut()
    start = len(listener.pieces)
    into_ns = round(phase * (before.until_ns - before.at_ns))
    due = before.at_ns + interval_ns + into_ns
    if wait:
        first = listener.next_chunk(due + interval_ns)
        if first is None:
            return None
        due = first.at_ns + into_ns
    heard = listener.listen(due)
    off = listener.request(False)
    heard += listener.listen(off + round(1.3 * interval_ns))
    listener.cut()
    found = listener.pieces[start:]
    telegrams = [piece for piece in found if isinstance(piece, TelegramOctets)]
    late_ns = _sent_after(off, heard, before)
    if telegrams and telegrams[-1].complete and telegrams[-1].until_ns <= off and not late_ns:
        return None  # over before the release
    if not heard or (found and not telegrams):
        return None
    # what an encrypted port has not finished is no piece
    return _Release(late_ns / SECOND, telegrams[-1].number if telegrams else None)


def _sent_after(off: int, heard: Sequence[Chunk], before: TelegramOctets) -> int:
    """Return for how long octets were sent after the release, in ns; 0 if none were.

    A stamp can be late and never early. Octets that came in one piece were over, at the latest,
    when so many of them take their time on the line since the first one.
    """
    if not heard or heard[-1].at_ns <= off:
        return 0
    octet_ns = (before.until_ns - before.at_ns) / max(len(before.octets) - 1, 1)
    begin_ns = heard[0].at_ns - octet_ns * (len(heard[0].octets) - 1)
    count = sum(len(chunk.octets) for chunk in heard)
    sent_until_ns = begin_ns + octet_ns * (count - 1)
    return max(0, round(min(heard[-1].at_ns, sent_until_ns)) - off)


@case(
    Case(
        id="P1-A-066",
        version=1,
        interface="p1",
        title="Release in the middle of a telegram",
        purpose="Ensure that the port stops sending at once when the data request is released.",
        stimulus="Release the data request at 20 phases of a telegram and listen for more than an "
        "interval each time.",
        criterion="No octet arrives later than one character and a slack after the release. The "
        "clause says 'immediately'; the slack of 10 ms is policy, declared otherwise by "
        "release_slack_s.",
        kind=Kind.TIMING,
        clauses=(_REQUEST,),
        needs=_NEEDS,
        detects=(
            "p1.release-finishes-telegram",
            "p1.release-one-more-telegram",
            "p1.release-ignored",
        ),
        bound_s=1800,
    )
)
def test_release(
    watch: TelegramWatch,
    telegrams: tuple[Seen, ...],
    listener: Listener,
    context: CaseContext,
    verify: Checks,
) -> None:
    """The line is free for the next reader."""
    del telegrams  # at least one
    profile = listener.profile
    interval_ns = seconds(_usual_interval_s(watch))
    try:
        tried = [
            _release_in(listener, (number + 0.5) / _ROUNDS, interval_ns)
            for number in range(_ROUNDS)
        ]
    finally:
        context.link.request(True)
    found = [one for one in tried if one is not None]
    slack_s = float(context.ixit["release_slack_s"])
    limit = Declared(
        high=profile.line.character_ns / SECOND + slack_s,
        source="one character, and release_slack_s as policy",
    )
    if len(found) < _ENOUGH_ROUNDS:
        verify.undecided(
            "enough-releases",
            Reason.PRECONDITION,
            expected=f"{_ENOUGH_ROUNDS} releases in the middle of a telegram",
            observed=f"{len(found)} of {_ROUNDS}",
        )
    if found:
        worst = max(found, key=lambda one: one.late_s)
        verify.within(
            "stops",
            between_stamps(worst.late_s, context.link.timing_uncertainty_s),
            limit,
            level=timing_level(profile),
            place=None if worst.number is None else Place(worst.number),
        )
        verify.note("releases", f"{len(found)} of {_ROUNDS} in the middle of a telegram")


def _usual_interval_s(watch: TelegramWatch) -> float:
    """Return the median of the observed intervals, the edition's where there is none."""
    ordered = sorted(one.length_s for one in intervals(watch))
    return quantile(ordered, 0.5) if ordered else watch.profile.interval_s


@case(
    Case(
        id="P1-A-067",
        version=1,
        interface="p1",
        title="Silent without request",
        purpose="Ensure that the port sends nothing while no data is requested.",
        stimulus="Release the data request, let two intervals pass, and listen for 60 s.",
        criterion="No octet. (What comes right after the release is judged by P1-A-066.)",
        kind=Kind.VALID,
        clauses=(_REQUEST,),
        needs=_NEEDS,
        detects=("p1.release-ignored",),
        bound_s=180,
    )
)
def test_silence(
    telegrams: tuple[Seen, ...], listener: Listener, context: CaseContext, verify: Checks
) -> None:
    """A port that nobody reads is quiet."""
    del telegrams  # at least one
    profile = listener.profile
    try:
        off = listener.request(False)
        begin = off + seconds(2 * profile.interval_s + profile.max_transfer_s)
        listener.listen(begin)
        listener.cut()
        start = len(listener.pieces)
        heard = listener.listen(begin + seconds(_SILENCE_S))
        listener.cut()
    finally:
        context.link.request(True)
    octets = sum(len(chunk.octets) for chunk in heard)
    first = listener.pieces[start : start + 1]
    verify.that(
        "silent",
        not octets,
        expected=f"no octet in {_SILENCE_S:g} s without request",
        observed=f"{octets} octets",
        level=timing_level(profile),
        place=Place(first[0].number) if first else None,
    )


@case(
    Case(
        id="P1-A-068",
        version=1,
        interface="p1",
        title="Restart after many requests",
        purpose="Ensure that raising and releasing the data request does not disturb the meter.",
        stimulus="Raise and release the data request 1 to 5 times a second for 60 s, then leave it "
        "raised.",
        criterion="A whole telegram follows within two intervals; the failure counters are those "
        "of before (no restart), and no register has gone back.",
        kind=Kind.INOPPORTUNE,
        clauses=("DSMR-5.0.2:5.5.1",),
        ics="P1/DSMR-5",
        needs=_NEEDS,
        effects=Effects.REVERSIBLE,
        detects=("p1.request-hang", "p1.request-counts-failure"),
        bound_s=240,
    )
)
def test_restart(telegrams: tuple[Seen, ...], listener: Listener, verify: Checks) -> None:
    """The meter measures whatever its reader does."""
    del telegrams  # at least one
    profile = listener.profile
    try:
        before = Shown.heard(listener)
        toggle(listener)
    finally:
        on = listener.request(True)
    limit_s = 2 * profile.interval_s + profile.max_transfer_s
    until = on + seconds(limit_s)
    first = listener.telegram(on, until)
    verify.that(
        "telegrams-again",
        first is not None,
        expected=f"a whole telegram within two intervals and its transfer ({limit_s:g} s)",
        observed="none came" if first is None else f"after {(first.at_ns - on) / SECOND:.3f} s",
    )
    if first is not None:
        judge_undisturbed(verify, before, Shown.of(first, profile))
