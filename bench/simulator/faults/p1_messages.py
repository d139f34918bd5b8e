"""Faults of logs, peaks and messages: catalogue rows P1-A-051 to P1-A-055."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from bench.simulator.faults.fault import Alteration, Fault, Variation
from bench.simulator.faults.p1_edit import Lines, home, lines, says, value
from bench.simulator.household import Failure, Household
from bench.simulator.ports.p1 import Stage

_LOG = "1-0:99.97.0"
_LOG_CLAUSE = "DSMR-5.0.2:6.11"
_PEAK = "1-0:1.6.0"
_PEAKS = "0-0:98.1.0"
_PEAKS_CLAUSE = "eMUCS-P1-1.7.1:example"
_TEXT = "0-0:96.13.0"
_TEXT_CLAUSE = "DSMR-5.0.2:7.2"
_ALSO_FORMAT = ("P1-A-031:format",)  # the groups have not the shape of the object

Edit = Callable[[str], str]


def _fault(
    name: str,
    summary: str,
    clause: str,
    killer: str,
    *alterations: Alteration,
    profile: str = "nl50",
    also: tuple[str, ...] = (),
) -> Fault:
    killers = (f"P1-A-{killer}",)
    return Fault(f"p1.{name}", "p1", summary, clause, profile, killers, also, alterations)


def _log(
    name: str, summary: str, check: str, *alterations: Alteration, also: tuple[str, ...] = ()
) -> Fault:
    return _fault(f"log-{name}", summary, _LOG_CLAUSE, f"051:{check}", *alterations, also=also)


def _failures(count: int) -> Alteration:
    """Start with `count` failures in the log."""

    def edit(house: Household) -> Household:
        log = tuple(Failure(timedelta(days=40 * n, hours=n), 200 + n) for n in range(1, count + 1))
        return replace(house, failures=log)

    return home(edit)


def _groups(text: str) -> list[str]:
    return text[1:-1].split(")(")


def _brackets(groups: list[str]) -> str:
    return "".join(f"({group})" for group in groups)


def _one_more(text: str) -> str:
    """Announce one entry more than there is."""
    groups = _groups(text)
    return _brackets([str(int(groups[0]) + 1), *groups[1:]])


def _eleventh(text: str) -> str:
    """Keep one entry more than there is room for."""
    groups = _groups(text)
    if len(groups) < 22:
        return text
    return _brackets(["11", *groups[1:], "190101000000W", f"{200:010}*s"])


def _oldest_first(text: str) -> str:
    groups = _groups(text)
    pairs = [groups[at : at + 2] for at in range(2, len(groups), 2)]
    return _brackets([*groups[:2], *(group for pair in reversed(pairs) for group in pair)])


_LOGS = (
    _log(
        "count-wrong",
        "announces a failure more than it lists",
        "count",
        value(_LOG, _one_more),
        also=("P1-A-051:limit",),  # it announces eleven once there are ten
    ),
    _log(
        "eleven",
        "lists eleven failures",
        "limit",
        _failures(10),
        value(_LOG, _eleventh),
    ),
    _log(
        "eleven-after-outages",
        "lists eleven failures once there were as many",
        "limit",
        value(_LOG, _eleventh),
    ),
    _log(
        "without-code",
        "leaves out the code of the object that is logged",
        "code",
        value(_LOG, lambda text: text.replace("(0-0:96.7.19)", "")),
        also=_ALSO_FORMAT,
    ),
    _log(
        "duration-long",
        "writes durations with eleven digits",
        "duration",
        value(_LOG, lambda text: re.sub(r"\((\d{10}\*s)", r"(0\1", text)),
        also=_ALSO_FORMAT,
    ),
    _log("oldest-first", "lists the oldest failure first", "order", value(_LOG, _oldest_first)),
    _log(
        "frozen",
        "lists no failure after the first",
        "counted",
        says(_LOG, "(1)(0-0:96.7.19)(250101120000W)(0000000301*s)"),
    ),
)


def _peaks(name: str, summary: str, check: str, edit: Edit, also: tuple[str, ...] = ()) -> Fault:
    return _fault(
        f"peaks-{name}",
        summary,
        _PEAKS_CLAUSE,
        f"052:{check}",
        value(_PEAKS, edit),
        profile="be17",
        also=also,
    )


def _fourteen(text: str) -> str:
    groups = _groups(text)
    return _brackets(["14", *groups[1:6], *groups[3:]])


_HISTORY = (
    _peaks(
        "count-wrong",
        "announces a month more than it lists",
        "count",
        _one_more,
        ("P1-A-052:limit",),  # it announces fourteen where there are thirteen
    ),
    _peaks("fourteen", "lists fourteen months", "limit", _fourteen),
    _peaks(
        "without-codes",
        "shows an empty history without the codes of its objects",
        "codes",
        lambda _text: "(0)()",
        _ALSO_FORMAT,
    ),
    _peaks(
        "count-alone",
        "shows the number of months and nothing else",
        "codes",
        lambda _text: "(12)",
        (*_ALSO_FORMAT, "P1-A-052:count"),  # nothing follows
    ),
    _peaks(
        "three-digits",
        "writes peaks with three digits before the point",
        "values",
        lambda text: re.sub(r"\((\d\d\.\d{3}\*kW)", r"(0\1", text),
        _ALSO_FORMAT,
    ),
)


def _peak(name: str, summary: str, check: str, edit: Edit, also: tuple[str, ...] = ()) -> Fault:
    return _fault(
        f"peak-{name}",
        summary,
        _PEAKS_CLAUSE,
        f"053:{check}",
        value(_PEAK, edit),
        profile="be17",
        also=also,
    )


_MONTH = (
    _peak(
        "reversed",
        "shows the peak before its time",
        "order",
        lambda text: _brackets([_groups(text)[1], _groups(text)[0][:12]]),
        _ALSO_FORMAT,
    ),
    _peak(
        "off-the-quarter",
        "shows a time within a quarter hour",
        "quarter-hour",
        lambda text: re.sub(r"^\((\d{10})\d\d", r"(\g<1>58", text),
    ),
    _peak(
        "of-last-month",
        "shows the peak of the month before",
        "month",
        lambda text: re.sub(r"^\(\d{6}", "(251231", text),
    ),
)


def _text(name: str, summary: str, killer: str, edit: Edit, also: tuple[str, ...] = ()) -> Fault:
    change = value(_TEXT, edit)
    return _fault(f"text-{name}", summary, _TEXT_CLAUSE, killer, change, also=also)


_LONG = 2 + 2 * 1023  # brackets and characters of the longest texts


def _two_lines(found: Lines) -> list[str]:
    """Break a long text in its middle."""
    parts: list[str] = []
    for one in found:
        half = len(one) // 2
        long = one.startswith(f"{_TEXT}(") and len(one) > _LONG
        parts += [one[:half], one[half:]] if long else [one]
    return parts


def _now_and_then(found: Lines, index: int) -> Lines:
    """Show the text in every fifth telegram."""
    empty = f"{_TEXT}()"
    return tuple(empty if index % 5 and one.startswith(f"{_TEXT}(") else one for one in found)


_MESSAGES = (
    _text(
        "too-long",
        "sends a text of 1024 characters as 2050 hexadecimal ones",
        "054:length",
        lambda text: f"{text[:-1]}20)" if len(text) > _LONG + 1 else text,
    ),
    _fault(
        "text-two-lines",
        "breaks a long text into two lines",
        _TEXT_CLAUSE,
        "054:one-line",
        lines(_two_lines),
    ),
    _text(
        "plain",
        "sends a text as it is in place of hexadecimal characters",
        "054:hexadecimal",
        lambda text: f"({bytes.fromhex(text[1:-1]).decode('latin-1')})",
    ),
    _text(
        "line-break",
        "puts a line break into a long text",
        "054:line-breaks",
        lambda text: f"{text[:161]}0D0A{text[161:]}" if len(text) > 161 else text,
        ("P1-A-054:length",),  # it adds characters
    ),
    _text(
        "cut",
        "cuts a text after 1000 characters",
        "054:length",
        lambda text: f"{text[:2001]})" if len(text) > 2002 else text,
    ),
    _fault(
        "text-now-and-then",
        "shows a text in every fifth telegram only",
        _TEXT_CLAUSE,
        "055:repeated",
        Alteration(Stage.LINES, _now_and_then),
    ),
    _text(
        "stale",
        "shows an old text while none is set",
        "055:cleared",
        lambda text: "(48656C6C6F)" if text == "()" else text,
        ("P1-A-054:length",),  # it is longer than none
    ),
    _text("never", "never shows a text", "055:appears", lambda _text: "()", ("P1-A-054:length",)),
)

FAULTS: tuple[Fault, ...] = (*_LOGS, *_HISTORY, *_MONTH, *_MESSAGES)

VARIATIONS: tuple[Variation, ...] = (
    Variation(
        "p1.log-oldest-first-allowed",
        "p1",
        "the log lists the oldest failure first, as several makers do",
        _LOG_CLAUSE,
        "nl50",
        (value(_LOG, _oldest_first),),
    ),
    Variation(
        "p1.log-unknown-time",
        "p1",
        "the log lists a failure of which neither time nor duration is known",
        _LOG_CLAUSE,
        "nl42",
        (
            value(
                _LOG,
                lambda text: _brackets(
                    [*_groups(text)[:-2], "000101000001W", f"{2**31 - 1:010}*s"]
                ),
            ),
        ),
    ),
    Variation(
        "p1.peaks-newest-first",
        "p1",
        "the history lists the newest month first, as the example does",
        _PEAKS_CLAUSE,
        "be17",
        (value(_PEAKS, lambda text: _newest_first(text)),),
    ),
    Variation(
        "p1.peaks-none",
        "p1",
        "the history is empty and names its objects",
        _PEAKS_CLAUSE,
        "be17",
        (says(_PEAKS, "(0)(1-0:1.6.0)(1-0:1.6.0)()"),),
    ),
)


def _newest_first(text: str) -> str:
    groups = _groups(text)
    months = [groups[at : at + 3] for at in range(3, len(groups), 3)]
    return _brackets([*groups[:3], *(group for month in reversed(months) for group in month)])
