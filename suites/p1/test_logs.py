"""Area A4, lists in one line: the log of long power failures, and the peaks of the months."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise

from bench.core.case import Case, Effects, Kind, case
from bench.core.check import Deviation, Level
from bench.core.link import Capability
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.engine.context import CaseContext, Inconclusive
from bench.protocols.p1.telegram import DataLine
from bench.protocols.p1.timestamp import Timestamp
from suites.p1.content import brackets, damaged, lines_of, place, readable
from suites.p1.listening import Listener
from suites.p1.watch import Seen, TelegramWatch

_LOG = "1-0:99.97.0"
_LOG_CODE = "0-0:96.7.19"
_LOG_CLAUSE = "DSMR-5.0.2:6.11"
_LOG_ENTRIES = 10
_OUTAGES = (1, 9, 2)  # one more, ten more, twelve more than at first
_OUTAGE_S = 301  # longer than the three minutes that make a failure a long one
_SETTLING_TELEGRAMS = 10

_PEAKS = "0-0:98.1.0"
_PEAK = "1-0:1.6.0"
_PEAKS_CLAUSE = "eMUCS-P1-1.7.1:example"
_MONTHS = 13

Shown = tuple[Seen, DataLine]
Rule = Callable[[tuple[str, ...]], str]


def _lines(telegrams: Iterable[Seen], obis: str) -> list[Shown]:
    return [(seen, line) for seen in readable(telegrams) for line in lines_of(seen, obis)]


def _judge(
    verify: Checks,
    check_id: str,
    shown: Sequence[Shown],
    expected: str,
    rule: Rule,
    *,
    level: Level | None = None,
    things: str = "logs",
) -> None:
    """Record each line whose groups break a rule, which says how in words."""
    deviations = [
        Deviation(place(seen, line), expected, f"{line.obis}: {message}")
        for seen, line in shown
        if (message := rule(line.groups))
    ]
    verify.none_of(
        check_id, deviations, examined=len(shown), expected=expected, things=things, level=level
    )


@case(
    Case(
        id="P1-A-051",
        version=1,
        interface="p1",
        title="Log of long power failures",
        purpose="Ensure that the log says how many failures follow, names its object and shows "
        "each with its end and duration.",
        stimulus="Listen. Where the device can be controlled: cause one long power failure, then "
        "9, then 2 more, and read the log after each; the entries stay in it.",
        criterion="(z)(0-0:96.7.19) and z pairs of time stamp and ten digits of seconds, z up to "
        "10, newest first (an observation otherwise); every failure that was caused is counted.",
        kind=Kind.VALID,
        clauses=(_LOG_CLAUSE,),
        ics="P1/FAILURE-LOG",
        effects=Effects.REVERSIBLE,
        detects=(
            "p1.log-count-wrong",
            "p1.log-eleven",
            "p1.log-eleven-after-outages",
            "p1.log-without-code",
            "p1.log-duration-long",
            "p1.log-oldest-first",
            "p1.log-frozen",
        ),
        bound_s=7200.0,  # twelve outages of five minutes take a real device an hour
    )
)
def test_failure_log(
    watch: TelegramWatch, listener: Listener, context: CaseContext, verify: Checks
) -> None:
    """Readers know where the log ends."""
    if Capability.DEVICE_CONTROL in context.link.capabilities:
        context.frames_from(listener.frame)
        shown = _after_outages(listener, context, verify)
    else:
        context.frames_from(watch.frame)
        shown = _lines(watch.telegrams, _LOG)
    shown = [(seen, line) for seen, line in shown if line.groups != ("",)]  # some say () for empty
    if not shown:
        verify.note("empty", "the log is an empty pair of brackets", clause=_LOG_CLAUSE)
    for check_id, expected, rule in (
        ("count", "z is the number of pairs that follow", _count_wrong),
        ("limit", f"z up to {_LOG_ENTRIES}", _too_many),
        ("code", f"({_LOG_CODE}) after z", _code_wrong),
        ("duration", "ten digits of seconds", _duration_wrong),
    ):
        _judge(verify, check_id, shown, expected, rule)
    _judge(verify, "order", shown, "newest first", _order_wrong, level=Level.SHOULD)


def _after_outages(listener: Listener, context: CaseContext, verify: Checks) -> list[Shown]:
    """Cause failures; record whether the log counts them, and return it as it was after each."""
    shown = [_log(listener)]
    for count in _OUTAGES:
        wanted = min(_entries(shown[-1][1]) + count, _LOG_ENTRIES)
        context.link.control("outages", count=count, seconds=_OUTAGE_S)
        for _ in range(_SETTLING_TELEGRAMS):
            found = _log(listener)
            if _entries(found[1]) >= wanted:
                break
        shown.append(found)
        verify.that(
            "counted",
            _entries(found[1]) >= wanted,
            expected=f"{wanted} failures after {count} more",
            observed=f"{_entries(found[1])} failures",
            place=place(*found),
        )
    return shown


def _log(listener: Listener) -> Shown:
    """Return the log of the next telegram that can be read."""
    for _ in range(_SETTLING_TELEGRAMS):
        if listener.telegram(listener.now, listener.now + listener.patience_ns()) is None:
            raise Inconclusive(Reason.SILENT, "no telegram came")
        seen = listener.telegrams()[-1]
        if not damaged(seen) and (found := lines_of(seen, _LOG)):
            return seen, found[0]
    raise Inconclusive(Reason.PRECONDITION, f"no whole telegram has {_LOG}")


def _entries(line: DataLine) -> int:
    """Return how many failures the log announces."""
    return int(line.groups[0]) if line.groups[0].isdecimal() else 0


def _pairs(groups: tuple[str, ...]) -> tuple[str, ...]:
    """Return what follows z and the capture code, also where the code is missing."""
    rest = groups[2:] if len(groups) > 1 and ":" in groups[1] else groups[1:]
    return () if rest == ("",) else rest


def _count_wrong(groups: tuple[str, ...]) -> str:
    rest = _pairs(groups)
    right = groups[0].isdecimal() and 2 * int(groups[0]) == len(rest)
    return "" if right else f"z is {groups[0]!a}, {len(rest)} groups follow"


def _too_many(groups: tuple[str, ...]) -> str:
    entries = max(len(_pairs(groups)) // 2, int(groups[0]) if groups[0].isdecimal() else 0)
    return f"{entries} failures" if entries > _LOG_ENTRIES else ""


def _code_wrong(groups: tuple[str, ...]) -> str:
    said = groups[1] if len(groups) > 1 else ""
    return "" if said == _LOG_CODE else f"{said!a} after z"


def _duration_wrong(groups: tuple[str, ...]) -> str:
    wrong = [text for text in _pairs(groups)[1::2] if not re.match(r"[0-9]{10}(?![0-9])", text)]
    return f"{wrong[0]!a}" if wrong else ""


def _order_wrong(groups: tuple[str, ...]) -> str:
    stamps = [Timestamp(text).utc() for text in _pairs(groups)[0::2]]
    known = [stamp for stamp in stamps if stamp is not None and stamp.year > 2000]
    return "an older failure before a newer one" if any(a < b for a, b in pairwise(known)) else ""


@case(
    Case(
        id="P1-A-052",
        version=1,
        interface="p1",
        title="Peaks of the months",
        purpose="Ensure that the history of monthly peaks says how many follow and names its "
        "objects.",
        stimulus="Listen.",
        criterion="(z)(1-0:1.6.0)(1-0:1.6.0) and z times month end, time of the peak and kW, z up "
        "to 13. The format is known from its example and telegrams alone: an observation.",
        kind=Kind.VALID,
        clauses=(_PEAKS_CLAUSE,),
        level=Level.SHOULD,
        ics="P1/PEAKS",
        detects=(
            "p1.peaks-count-wrong",
            "p1.peaks-fourteen",
            "p1.peaks-without-codes",
            "p1.peaks-count-alone",
            "p1.peaks-three-digits",
        ),
    )
)
def test_peak_history(telegrams: tuple[Seen, ...], verify: Checks) -> None:
    """Readers can bill by the history."""
    shown = _required(_lines(telegrams, _PEAKS), _PEAKS)
    shown = [(seen, line) for seen, line in shown if line.groups != ("",)]  # some say () for empty
    if not shown:
        verify.note("empty", "the history is an empty pair of brackets")
    for check_id, expected, rule in (
        ("count", "z is the number of peaks that follow", _months_wrong),
        ("limit", f"z up to {_MONTHS}", _too_many_months),
        ("codes", f"({_PEAK})({_PEAK}) after z", _codes_wrong),
        ("values", "kW with two digits before and three after the point", _values_wrong),
    ):
        _judge(verify, check_id, shown, expected, rule, things="histories")


def _required(shown: list[Shown], obis: str) -> list[Shown]:
    """Return the lines; Inconclusive for none, as an observation would look like a pass."""
    if not shown:
        raise Inconclusive(Reason.EMPTY, f"no whole telegram has {obis}")
    return shown


def _triples(groups: tuple[str, ...]) -> tuple[str, ...]:
    rest = tuple(group for group in groups[1:] if ":" not in group)
    return () if rest == ("",) else rest


def _months_wrong(groups: tuple[str, ...]) -> str:
    rest = _triples(groups)
    right = groups[0].isdecimal() and 3 * int(groups[0]) == len(rest)
    return "" if right else f"z is {groups[0]!a}, {len(rest)} groups follow"


def _too_many_months(groups: tuple[str, ...]) -> str:
    months = max(len(_triples(groups)) // 3, int(groups[0]) if groups[0].isdecimal() else 0)
    return f"{months} months" if months > _MONTHS else ""


def _codes_wrong(groups: tuple[str, ...]) -> str:
    return "" if groups[1:3] == (_PEAK, _PEAK) else f"{''.join(f'({g})' for g in groups[1:3])!a}"


def _values_wrong(groups: tuple[str, ...]) -> str:
    wrong = [t for t in _triples(groups)[2::3] if not re.match(r"[0-9]{2}\.[0-9]{3}(?![0-9])", t)]
    return f"{wrong[0]!a}" if wrong else ""


@case(
    Case(
        id="P1-A-053",
        version=1,
        interface="p1",
        title="Peak of the running month",
        purpose="Ensure that the peak of the running month shows its time first, a quarter hour "
        "of this month.",
        stimulus="Listen.",
        criterion="(time stamp)(kW) in this order; the stamp is the end of a quarter hour, in the "
        "month of the telegram. Known from an example and telegrams alone: an observation.",
        kind=Kind.VALID,
        clauses=(_PEAKS_CLAUSE,),
        level=Level.SHOULD,
        ics="P1/PEAKS",
        detects=("p1.peak-reversed", "p1.peak-off-the-quarter", "p1.peak-of-last-month"),
    )
)
def test_month_peak(telegrams: tuple[Seen, ...], verify: Checks) -> None:
    """The peak is one of this month."""
    shown = _required(
        [(seen, line) for seen, line in _lines(telegrams, _PEAK) if not line.no_data], _PEAK
    )
    reversed_ones = [
        Deviation(place(seen, line), "(time stamp)(kW)", f"{_PEAK}{brackets(line)}")
        for seen, line in shown
        if len(line.groups) != 2 or not re.match("[0-9]{12}", line.groups[0])
    ]
    verify.none_of(
        "order", reversed_ones, examined=len(shown), expected="(time stamp)(kW)", things="peaks"
    )
    stamped = [(s, n, t) for s, n in shown if (t := Timestamp(n.groups[0])).exists]
    expected = "a full quarter of an hour"
    verify.none_of(
        "quarter-hour",
        [
            Deviation(place(seen, line), expected, str(stamp))
            for seen, line, stamp in stamped
            if int(stamp.text[8:10]) % 15 or stamp.text[10:12] != "00"
        ],
        examined=len(stamped),
        expected=expected,
        things="peaks",
    )
    verify.none_of(
        "month",
        _of_other_months(stamped),
        examined=len(stamped),
        expected="a time in the month of the telegram",
        things="peaks",
    )


def _of_other_months(stamped: Iterable[tuple[Seen, DataLine, Timestamp]]) -> Iterator[Deviation]:
    for seen, line, stamp in stamped:
        profile = seen.telegram.profile
        clock = lines_of(seen, profile.clock.obis) if profile else ()
        now = Timestamp(clock[0].groups[0]) if clock else None
        if now is not None and now.exists and now.text[:4] != stamp.text[:4]:
            yield Deviation(
                place(seen, line), f"a time in 20{now.text[:2]}-{now.text[2:4]}", str(stamp)
            )
