"""From a run folder to a report and its files; nothing here reads a clock.

The same folder gives the same octets. The engine has written its last event before this runs: the
report lists the digest of every file of the evidence.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.core.case import Case
from bench.core.check import Check, Deviation, Judgement, Level, Outcome, weigh
from bench.core.clause import Clause
from bench.core.errors import EvidenceError
from bench.core.figure import Figure
from bench.core.plan import OBSERVED_TELEGRAMS, PlannedCase
from bench.core.result import Attempt, combine
from bench.core.rollup import conclude
from bench.core.trace import Frame
from bench.core.verdict import Applicability, Verdict
from reports import text
from reports.folder import Plan, RunFolder, list_files
from reports.identification import identification, tables
from reports.parse import Bracket
from reports.records import (
    AnnotatedFrame,
    AttemptReport,
    CaseReport,
    ClauseRow,
    EvidenceFile,
    FigureReport,
    InterfaceReport,
    Mode,
    Report,
    SuiteUsed,
)

TITLE = "Conformance test report"
STATEMENT = "The results relate only to the item tested, in the state in which it was tested."
REPORT_FILES = ("report/report.json", "report/report.html", "report/junit.xml")
Figures = Sequence[tuple[str, str, Figure]]
NOT_EVIDENCE = frozenset({*REPORT_FILES, "manifest.json", "attestation.json"})


@dataclass(frozen=True, slots=True)
class ReportFiles:
    """Where the three forms of a report were written, and what they state."""

    json: Path
    html: Path
    junit: Path
    report: Report


def write_reports(folder: Path, *, signed: bool = False) -> ReportFiles:
    """Write report/report.json, report.html and junit.xml, and return what they state.

    Call it after the last event of the run is written and before the manifest is made. `signed`
    says that an attestation follows; otherwise the HTML says UNSIGNED. Raises EvidenceError if
    the run folder is damaged or cannot be written.
    """
    from reports.html import render_html
    from reports.junit import render_junit

    report = build_report(folder)
    contents = (render_json(report), render_html(report, signed=signed), render_junit(report))
    paths = [folder / name for name in REPORT_FILES]
    try:
        paths[0].parent.mkdir(exist_ok=True)
        for path, content in zip(paths, contents, strict=True):
            part = path.with_name(path.name + ".part")
            part.write_bytes(content)
            part.replace(path)
    except OSError as error:
        where = error.filename or folder / "report"
        raise EvidenceError(f"cannot write {where}: {error.strerror}") from error
    return ReportFiles(paths[0], paths[1], paths[2], report)


def render_json(report: Report) -> bytes:
    """Return report.json: pure ASCII, so that nothing in it can act on a terminal."""
    return (json.dumps(report.to_json(), indent=1) + "\n").encode("ascii")


def build_report(folder: Path) -> Report:
    """Return what the run in `folder` says; EvidenceError names a file that is damaged."""
    run = RunFolder.open(folder)
    try:
        return _build(run)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise EvidenceError(f"plan.json or environment.json is damaged: {error!r}") from error


def _build(run: RunFolder) -> Report:
    plan = run.plan()
    environment = run.environment()
    catalogue = run.catalogue()
    declaration = run.declaration()
    events = run.events()
    figures = run.figures()
    started = next((str(e["at"]) for e in events if "at" in e), "")
    finished = next((str(e["at"]) for e in reversed(events) if "at" in e), "")
    epochs = {name: int(link["epoch_ns"]) for name, link in environment["links"].items()}
    cases = tuple(
        _case(run, row, catalogue.cases.get(row.id), epochs.get(row.interface))
        for row in plan.cases
    )
    mode = _mode(plan.data["mode"])
    suites = tuple(
        SuiteUsed(name, str(s["title"]), str(s["digest"]), int(s["cases"]))
        for name, s in plan.data["suites"].items()
    )
    rule = str(plan.data["decision_rule"])
    item, customer = tables(declaration)
    return Report(
        run=plan.run,
        title=TITLE,
        statement=STATEMENT,
        identification=identification(
            plan, environment, declaration, (started, finished), suites, rule
        ),
        item=item,
        customer=customer,
        mode=mode,
        decision_rule=rule,
        decision_rule_text=text.RULES.get(rule, ""),
        suites=suites,
        self_test=environment.get("self_test"),
        environment={k: v for k, v in environment.items() if k != "self_test"},
        started=started,
        finished=finished,
        selectors=tuple(str(s) for s in plan.data.get("selectors", ())),
        allow_destructive=bool(plan.data.get("allow_destructive", False)),
        interfaces=_interfaces(run, plan, cases, figures),
        clauses=_clauses(cases, catalogue.clauses),
        cases=cases,
        remarks=_remarks(run, plan, events, figures),
        declaration=run.declaration_text(),
        evidence=tuple(_evidence(run.path)),
        renderer=renderer_digest(),
    )


def bracket_findings(brackets: Sequence[Bracket], interface: str) -> tuple[str, ...]:
    """Return what the sanity brackets of an interface say against the device."""
    findings = []
    for bracket in brackets:
        if bracket.interface != interface:
            continue
        if bracket.opening is not True:
            said = f": {bracket.opening_message}" if bracket.opening_message else ""
            findings.append(f"group {bracket.group}: the first known-good exchange failed{said}")
        if bracket.closing is False:
            said = f": {bracket.closing_message}" if bracket.closing_message else ""
            suspects = ", ".join(bracket.suspects) or "not known"
            findings.append(
                f"group {bracket.group}: the device did not survive, the last known-good exchange "
                f"failed{said} (suspects: {suspects})"
            )
        elif bracket.closing is None and bracket.opening is True:
            findings.append(f"group {bracket.group}: the last known-good exchange was not made")
    return tuple(findings)


def renderer_digest() -> str:
    """Return the SHA-256 of the code that turns a folder into a report.

    Two reports of one folder with the same digest are the same octets; a verifier relies on it.
    """
    import bench.core

    here = Path(__file__).parent
    core = Path(bench.core.__path__[0])
    total = hashlib.sha256()
    for root, patterns in ((here, ("*.py", "templates/*")), (core, ("*.py",))):
        for path in sorted(p for pattern in patterns for p in root.glob(pattern)):
            total.update(f"{root.name}/{path.relative_to(root).as_posix()}\n".encode())
            total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def _mode(data: Mapping[str, Any]) -> Mode:
    quick, simulated = bool(data["quick"]), bool(data["simulated"])
    telegrams = int(data["observed_telegrams"])
    notes = []
    if simulated:
        notes.append(
            "SIMULATED: the item tested is the bench's own simulated metering system. This report "
            "says nothing about any real device."
        )
    if quick:
        notes.append(
            f"QUICK: what cases watch in common was cut to {telegrams} telegrams instead of "
            f"{OBSERVED_TELEGRAMS} or 10 s of a stream; rare deviations are less likely to be seen."
        )
    if not notes:
        notes.append(f"Full run: what cases watch of P1 in common is up to {telegrams} telegrams.")
    return Mode(quick, simulated, telegrams, tuple(notes))


def _case(run: RunFolder, row: PlannedCase, case: Case | None, epoch_ns: int | None) -> CaseReport:
    attempts: list[AttemptReport] = []
    interrupted: list[int] = []
    for number in run.attempt_numbers(row.id):
        attempt = run.attempt(row.id, number)
        if attempt is None:
            interrupted.append(number)
        else:
            attempts.append(_attempt(run, attempt, epoch_ns))
    judgement = combine([a.attempt for a in attempts])
    status, reason = _status(row, judgement, interrupted)
    last = attempts[-1].attempt.checks if attempts else ()
    observations = tuple(
        check for check in last if check.outcome is Outcome.MISSED and check.level is not Level.MUST
    )
    return CaseReport(
        row, case, status, judgement, reason, tuple(attempts), tuple(interrupted), observations
    )


def _status(row: PlannedCase, judgement: Judgement, interrupted: Sequence[int]) -> tuple[str, str]:
    if row.applicability is not Applicability.SELECTED:
        return str(row.applicability), row.reason
    if judgement.verdict is Verdict.NONE:
        why = "the bench was stopped while it ran" if interrupted else "no result was recorded"
        return str(Applicability.NOT_RUN), why
    return str(judgement.verdict), judgement.reason


def _attempt(run: RunFolder, attempt: Attempt, epoch_ns: int | None) -> AttemptReport:
    frames = run.frames(attempt.case, attempt.number)
    # A virtual clock starts at 0: its instants are no dates.
    started = text.at(epoch_ns, attempt.started_ns) if epoch_ns else ""
    annotated = tuple(
        AnnotatedFrame(frame, _pointing_into(frame, attempt.checks)) for frame in frames.frames
    )
    return AttemptReport(attempt, attempt.judgement, started, annotated, frames.omitted)


def _pointing_into(frame: Frame, checks: Sequence[Check]) -> tuple[Deviation, ...]:
    return tuple(d for check in checks for d in check.deviations if d.place.frame == frame.number)


def _interfaces(
    run: RunFolder, plan: Plan, cases: Sequence[CaseReport], figures: Figures
) -> tuple[InterfaceReport, ...]:
    brackets = run.brackets()
    observations = run.observations()
    judgements = {case.id: case.judgement for case in cases if case.attempts}
    found = []
    for name, entry in plan.data["interfaces"].items():
        review = tuple(str(line) for line in entry.get("review", ()))
        findings = bracket_findings(brackets, name)
        result = conclude(
            f"{name}/{entry['profile']}",
            [row for row in plan.cases if row.interface == name],
            judgements,
            [*(f"static review: {line}" for line in review), *findings],
        )
        can, uncertainty = entry.get("capabilities"), entry.get("uncertainty_s")
        found.append(
            InterfaceReport(
                interface=name,
                title=str(entry.get("title", "")),
                role=str(entry.get("role", "meter")),
                link=str(entry.get("link", "")),
                capabilities=None if can is None else tuple(str(c) for c in can),
                uncertainty_s=None if uncertainty is None else float(uncertainty),
                review=review,
                findings=findings,
                observations=tuple(row for row in observations if row["interface"] == name),
                result=result,
                figures=tuple(FigureReport(path, f) for path, of, f in figures if of == name),
            )
        )
    return tuple(found)


_WORST = ("not-tested", "not-applicable", "pass", "not-run", "inconclusive", "error", "fail")
"""A fail outweighs an error here: what was established about the device stays established."""


def _clauses(cases: Sequence[CaseReport], known: Mapping[str, Clause]) -> tuple[ClauseRow, ...]:
    by_clause: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for case in cases:
        if case.case is None:
            continue
        for cited in case.case.clauses:
            by_clause[cited].append((case.id, _clause_status(case, cited)))
    ids = [*known, *(cited for cited in by_clause if cited not in known)]
    rows = []
    for clause_id in ids:
        clause = known.get(clause_id)
        entries = tuple(by_clause.get(clause_id, ()))
        ranks = [_WORST.index(s) if s in _WORST else _WORST.index("not-run") for _, s in entries]
        rows.append(
            ClauseRow(
                clause_id,
                clause.title if clause else "",
                clause.testable if clause else True,
                clause.note if clause else "",
                entries,
                _WORST[max(ranks, default=0)],
            )
        )
    return tuple(rows)


def _clause_status(case: CaseReport, clause: str) -> str:
    """Return what a case says of one of its clauses: a fail counts where its check belongs."""
    if case.judgement.verdict is not Verdict.FAIL or not case.attempts:
        return case.status
    own = [weigh(c) for c in case.attempts[-1].attempt.checks if c.clause == clause]
    return str(max(own)) if own else case.status


def _remarks(
    run: RunFolder, plan: Plan, events: Sequence[Mapping[str, Any]], figures: Figures
) -> tuple[str, ...]:
    remarks = []
    words = {
        "run-aborted": "The run was aborted",
        "run-resumed": "The run was interrupted and resumed",
    }
    for event in events:
        if event.get("event") in words:
            remarks.append(f"{words[event['event']]} ({event.get('at', '')}).")
    planned = {row.id for row in plan.cases}
    for case_id in run.case_ids():
        if case_id not in planned:
            remarks.append(f"cases/{case_id} belongs to no case of the plan and was not counted.")
    for path, interface, _ in figures:
        if interface not in plan.data["interfaces"]:
            remarks.append(f"{path} is of no interface of the plan and is not shown.")
    return tuple(remarks)


def _evidence(folder: Path) -> list[EvidenceFile]:
    from reports.manifest import fingerprint

    return [fingerprint(folder, path) for path in list_files(folder) if path not in NOT_EVIDENCE]
