"""JUnit XML for CI systems: a suite per interface, a test case per case of the plan.

An inconclusive case is an `<error>` with its reason, so that a CI is never green by accident.
"""

from collections.abc import Iterable
from xml.etree import ElementTree as ET

from reports.records import CaseReport, Report
from reports.text import REASONS, visible


def render_junit(report: Report) -> bytes:
    """Return junit.xml; characters that XML 1.0 forbids are made visible."""
    root = ET.Element("testsuites", {"name": visible(report.run), **_counts(report.cases)})
    interfaces = dict.fromkeys(case.planned.interface for case in report.cases)
    for interface in interfaces:
        cases = [case for case in report.cases if case.planned.interface == interface]
        suite = ET.SubElement(
            root,
            "testsuite",
            {
                "name": visible(interface),
                **_counts(cases),
                "timestamp": visible(report.started),
                "hostname": visible(str(report.environment.get("station", ""))),
            },
        )
        _properties(suite, _conclusion(report, interface))
        for case in cases:
            _case(suite, case)
    ET.indent(root, " ")
    body: str = ET.tostring(root, "unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{body}\n'.encode()


def _conclusion(report: Report, interface: str) -> list[tuple[str, str]]:
    for entry in report.interfaces:
        if entry.interface == interface:
            return [
                ("profile", entry.result.profile),
                ("conclusion", str(entry.result.conclusion)),
                ("mode", " ".join(report.mode.notes)),
            ]
    return []


def _kind(case: CaseReport) -> str:
    known = {"pass": "pass", "fail": "failures", "inconclusive": "errors", "error": "errors"}
    return known.get(case.status, "skipped")


def _counts(cases: Iterable[CaseReport]) -> dict[str, str]:
    kinds = [_kind(case) for case in cases]
    time = sum(_duration_ns(case) for case in cases)
    return {
        "tests": str(len(kinds)),
        **{name: str(kinds.count(name)) for name in ("failures", "errors", "skipped")},
        "time": f"{time / 1e9:.3f}",
    }


def _duration_ns(case: CaseReport) -> int:
    return sum(a.attempt.finished_ns - a.attempt.started_ns for a in case.attempts)


def _properties(parent: ET.Element, rows: Iterable[tuple[str, str]]) -> None:
    rows = list(rows)
    if not rows:
        return
    properties = ET.SubElement(parent, "properties")
    for name, value in rows:
        ET.SubElement(properties, "property", {"name": name, "value": visible(value)})


def _case(suite: ET.Element, case: CaseReport) -> None:
    element = ET.SubElement(
        suite,
        "testcase",
        {
            "classname": visible(case.area),
            "name": visible(f"{case.id} {case.title}"),
            "time": f"{_duration_ns(case) / 1e9:.3f}",
        },
    )
    _properties(
        element,
        [
            ("clauses", ", ".join(case.case.clauses) if case.case else ""),
            ("verdict", case.status),
            ("reason", case.reason),
            ("attempts", str(len(case.attempts))),
        ],
    )
    message = visible(case.judgement.message)
    if case.status == "fail":
        _finding(element, "failure", {"message": message, "type": "FAIL"}, case)
    elif case.status == "inconclusive":
        why = message or REASONS.get(case.reason, "")
        kind = f"INCONCLUSIVE:{visible(case.reason) or 'UNDECIDED'}"
        _finding(element, "error", {"message": why, "type": kind}, case)
    elif case.status == "error":
        kind = f"ERROR:{visible(case.reason)}" if case.reason else "ERROR"
        _finding(element, "error", {"message": message, "type": kind}, case)
    elif case.status != "pass":
        ET.SubElement(element, "skipped", {"message": visible(f"{case.status}: {case.reason}")})


def _finding(parent: ET.Element, tag: str, attributes: dict[str, str], case: CaseReport) -> None:
    lines = []
    for entry in case.attempts:
        lines.append(f"attempt {entry.attempt.number}: {entry.judgement.verdict}")
        for check in entry.attempt.checks:
            if check.outcome == "met":
                continue
            lines.append(
                f"  {check.id} ({check.level}, {check.clause}) {check.outcome}: "
                f"expected {check.expected}, observed {check.observed}"
            )
            lines += [
                f"    frame {d.place.frame} octet {d.place.offset}: "
                f"expected {d.expected}, observed {d.observed}"
                for d in check.deviations
            ]
        lines += [f"  {i.verdict} {i.reason}: {i.message}" for i in entry.attempt.incidents]
    ET.SubElement(parent, tag, attributes).text = "\n".join(visible(line) for line in lines)
