"""The report as one HTML file that needs nothing else: no script, no request, fit for paper.

Every value goes through `visible` and then through jinja2's autoescape, and the page's own content
security policy allows its one style sheet and nothing besides; whatever a device sends stays text.
"""

import base64
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from bench.core.check import Check, Level, Outcome
from bench.core.rollup import Conclusion
from reports.figures import draw
from reports.picture import swatch
from reports.records import AnnotatedFrame, CaseReport, Report
from reports.text import (
    REASONS,
    as_text,
    printable,
    readable_times,
    seconds,
    visible,
    visible_lines,
)

PER_ROW = 16

STATUS_WORDS = {
    "pass": "Pass",
    "fail": "Fail",
    "inconclusive": "Inconclusive",
    "error": "Bench error",
    "not-applicable": "Not applicable",
    "deselected": "Deselected",
    "blocked": "Blocked",
    "not-run": "Not run",
    "not-tested": "No case",
}

CONCLUSIONS = {
    Conclusion.CONFORMS: (
        "pass",
        "Conforms",
        "Every applicable mandatory case passed, none was left out, and the declaration is sound.",
    ),
    Conclusion.DOES_NOT_CONFORM: (
        "fail",
        "Does not conform",
        "At least one mandatory requirement is not met.",
    ),
    Conclusion.NOT_DETERMINED: (
        "inconclusive",
        "Not determined",
        "No requirement was found broken, but something stands in the way of saying that all are "
        "met.",
    ),
}

KINDS = {
    "CA": "capability",
    "BV": "valid behaviour",
    "BO": "inopportune behaviour",
    "BI": "invalid behaviour",
    "TI": "timing",
}

NOT_RUN = (
    ("not-run", "Selected, without a result"),
    ("blocked", "Blocked: the declaration lacks a value"),
    ("deselected", "Deselected"),
    ("not-applicable", "Not applicable to this device"),
)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Neighbouring octets of a row that are all marked or all not."""

    marked: bool
    hex: str
    ascii: str


@dataclass(frozen=True, slots=True)
class OctetRow:
    """Up to 16 octets of a frame; `offset` counts from the start of the frame."""

    offset: int
    stretches: tuple[Stretch, ...]
    padding: int


def octet_rows(annotated: AnnotatedFrame) -> tuple[OctetRow, ...]:
    """Return the octets of a frame in rows of 16, those of its deviations marked."""
    octets = annotated.frame.octets
    flags = bytearray(len(octets))
    for deviation in annotated.deviations:
        start = max(deviation.place.offset, 0)
        for index in range(start, min(start + deviation.place.length, len(octets))):
            flags[index] = 1
    marked = bytes(flags)
    rows = []
    for offset in range(0, len(octets), PER_ROW):
        row = octets[offset : offset + PER_ROW]
        marks = marked[offset : offset + PER_ROW]
        rows.append(OctetRow(offset, tuple(_stretches(row, marks)), PER_ROW - len(row)))
    return tuple(rows)


def _stretches(row: bytes, marks: bytes) -> Iterable[Stretch]:
    start = 0
    for index in range(1, len(row) + 1):
        if index == len(row) or marks[index] != marks[start]:
            part = row[start:index]
            yield Stretch(
                bool(marks[start]), part.hex(" "), "".join(printable(octet) for octet in part)
            )
            start = index


def check_word(check: Check) -> tuple[str, str]:
    """Return class and word of a check: a missed `should` or `may` is an observation."""
    if check.outcome is Outcome.MET:
        return "pass", "Met"
    if check.level is not Level.MUST:
        return "observation", "Observation"
    return ("fail", "Missed") if check.outcome is Outcome.MISSED else ("inconclusive", "Undecided")


def problem_checks(case: CaseReport, outcome: str) -> list[Check]:
    """Return the binding checks of a case with this outcome, from the last attempt that has any."""
    for entry in reversed(case.attempts):
        found = [
            c for c in entry.attempt.checks if c.level is Level.MUST and str(c.outcome) == outcome
        ]
        if found:
            return found
    return []


def render_html(report: Report, *, signed: bool) -> bytes:
    """Return report.html; without `signed` every page of it says UNSIGNED."""
    environment = _environment()
    source = environment.get_template("report.css").render(
        footer=_css_text(f"{report.title} · {report.run}"),
        stamp="" if signed else "UNSIGNED",
    )
    css = f"\n{source}\n"
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    page = environment.get_template("report.html").render(
        report=report,
        signed=signed,
        css=Markup(css),
        css_digest=digest,
        failures=_with_status(report, "fail"),
        errors=_with_status(report, "error"),
        inconclusives=_with_status(report, "inconclusive"),
        missing=_with_status(report, "not-run"),
        findings=[
            (entry.result.profile, line)
            for entry in report.interfaces
            for line in (*(f"Static review: {r}" for r in entry.review), *entry.findings)
        ],
        observed=[case for case in report.cases if case.observations],
        not_run=[(key, label, _with_status(report, key)) for key, label in NOT_RUN],
    )
    return page.encode("utf-8")


def _with_status(report: Report, status: str) -> list[CaseReport]:
    return [case for case in report.cases if case.status == status]


def _css_text(text: str) -> str:
    """Return a text that cannot leave a quoted CSS string."""
    return re.sub(r"[^\w .:·-]", "?", visible(text), flags=re.ASCII)


def _finalize(value: Any) -> Any:
    return value if isinstance(value, Markup) else visible(as_text(value))


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("reports", "templates"),
        autoescape=True,
        finalize=_finalize,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals.update(
        status_words=STATUS_WORDS,
        conclusions=CONCLUSIONS,
        kinds=KINDS,
        reasons=REASONS,
        check_word=check_word,
        problem_checks=problem_checks,
        octet_rows=octet_rows,
        draw=draw,
        swatch=swatch,
        lines=visible_lines,
        seconds=seconds,
        readable=readable_times,
    )
    return environment
