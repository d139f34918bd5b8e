"""What a report states, before it takes any form; every record turns into plain JSON values."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bench.core.case import Case
from bench.core.check import Check, Deviation, Judgement
from bench.core.figure import Figure
from bench.core.plan import PlannedCase
from bench.core.result import Attempt
from bench.core.rollup import ProfileResult
from bench.core.trace import Frame

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Identification:
    """One row of the identification block; `clause` is the letter of ISO/IEC 17025 §7.8.2.1.

    `supplied` marks what the customer stated and the bench did not establish (§7.8.2.2).
    """

    clause: str
    key: str
    label: str
    value: str
    supplied: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "clause": self.clause,
            "key": self.key,
            "label": self.label,
            "value": self.value,
            "supplied_by_customer": self.supplied,
        }


@dataclass(frozen=True, slots=True)
class Mode:
    """How thorough the run was and what it was made against."""

    quick: bool
    simulated: bool
    observed_telegrams: int
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "quick": self.quick,
            "simulated": self.simulated,
            "observed_telegrams": self.observed_telegrams,
            "notes": list(self.notes),
        }


@dataclass(frozen=True, slots=True)
class SuiteUsed:
    """The method: which suite judged, fixed by the digest of its files."""

    interface: str
    title: str
    digest: str
    cases: int

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "interface": self.interface,
            "title": self.title,
            "digest": self.digest,
            "cases": self.cases,
        }


@dataclass(frozen=True, slots=True)
class AnnotatedFrame:
    """A frame with the deviations that point into it."""

    frame: Frame
    deviations: tuple[Deviation, ...]

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values; octets in hex."""
        return self.frame.to_json()


@dataclass(frozen=True, slots=True)
class AttemptReport:
    """One attempt with its judgement and the frames that its deviations point at."""

    attempt: Attempt
    judgement: Judgement
    started: str
    frames: tuple[AnnotatedFrame, ...]
    omitted: int

    def to_json(self) -> dict[str, Any]:
        """Return result.json with the frames."""
        return {
            **self.attempt.to_json(),
            "started": self.started,
            "frames": [frame.to_json() for frame in self.frames],
            "frames_omitted": self.omitted,
        }


@dataclass(frozen=True, slots=True)
class CaseReport:
    """A case: what it is, whether it was to run, what came of it.

    `status` is the verdict of a case that ran, otherwise its applicability ("not-run" if it was
    selected and has no result). `observations` are missed checks that do not bind (should, may).
    """

    planned: PlannedCase
    case: Case | None
    status: str
    judgement: Judgement
    reason: str
    attempts: tuple[AttemptReport, ...]
    interrupted: tuple[int, ...]
    observations: tuple[Check, ...]

    @property
    def id(self) -> str:
        """The case's stable id."""
        return self.planned.id

    @property
    def title(self) -> str:
        """The case's title; its id if the catalogue does not hold it."""
        return self.case.title if self.case else self.planned.id

    @property
    def area(self) -> str:
        """Interface and area, such as `p1.A` for P1-A-020; groups cases in CI reports."""
        parts = self.planned.id.split("-")
        return f"{self.planned.interface}.{parts[1]}" if len(parts) > 2 else self.planned.interface

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "id": self.planned.id,
            "version": self.planned.version,
            "interface": self.planned.interface,
            "level": str(self.planned.level),
            "applicability": str(self.planned.applicability),
            "status": self.status,
            "verdict": str(self.judgement.verdict),
            "reason": self.reason,
            "message": self.judgement.message,
            "case": None if self.case is None else self.case.to_json(),
            "attempts": [attempt.to_json() for attempt in self.attempts],
            "interrupted_attempts": list(self.interrupted),
            "observations": [check.id for check in self.observations],
        }


@dataclass(frozen=True, slots=True)
class FigureReport:
    """A figure of measurements; `path` is the file of the run folder that holds its numbers."""

    path: str
    figure: Figure

    @property
    def anchor(self) -> str:
        """Its place in the page."""
        return self.path.removesuffix(".json").replace("/", ".")

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values; the numbers stay in their file."""
        return {"file": self.path, "title": self.figure.title, "caption": self.figure.caption}


@dataclass(frozen=True, slots=True)
class InterfaceReport:
    """One profile of the device: how it was reached and what is concluded about it."""

    interface: str
    title: str
    role: str
    link: str
    capabilities: tuple[str, ...] | None
    uncertainty_s: float | None
    review: tuple[str, ...]
    findings: tuple[str, ...]
    observations: tuple[Mapping[str, Any], ...]
    result: ProfileResult
    figures: tuple[FigureReport, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "interface": self.interface,
            **self.result.to_json(),
            "title": self.title,
            "role": self.role,
            "link": self.link,
            "capabilities": None if self.capabilities is None else list(self.capabilities),
            "uncertainty_s": self.uncertainty_s,
            "static_review": list(self.review),
            "bracket_findings": list(self.findings),
            "observations": [dict(row) for row in self.observations],
            "figures": [figure.to_json() for figure in self.figures],
        }


@dataclass(frozen=True, slots=True)
class ClauseRow:
    """A clause, the cases that judge by it, and the worst that they say."""

    id: str
    title: str
    testable: bool
    note: str
    cases: tuple[tuple[str, str], ...]
    status: str

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "id": self.id,
            "title": self.title,
            "testable": self.testable,
            "note": self.note,
            "status": self.status,
            "cases": [{"id": case_id, "status": status} for case_id, status in self.cases],
        }


@dataclass(frozen=True, slots=True)
class EvidenceFile:
    """A file of the run folder, fixed by its digest."""

    path: str
    size: int
    sha256: str

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {"path": self.path, "size": self.size, "sha256": self.sha256}


@dataclass(frozen=True, slots=True)
class Report:
    """Everything a report states; the same run folder gives the same report."""

    run: str
    title: str
    statement: str
    identification: tuple[Identification, ...]
    item: Mapping[str, str]
    customer: Mapping[str, str]
    mode: Mode
    decision_rule: str
    decision_rule_text: str
    suites: tuple[SuiteUsed, ...]
    self_test: Mapping[str, Any] | None
    environment: Mapping[str, Any]
    started: str
    finished: str
    selectors: tuple[str, ...]
    allow_destructive: bool
    interfaces: tuple[InterfaceReport, ...]
    clauses: tuple[ClauseRow, ...]
    cases: tuple[CaseReport, ...]
    remarks: tuple[str, ...]
    declaration: str
    evidence: tuple[EvidenceFile, ...]
    renderer: str

    def score_fits(self) -> bool:
        """Whether the self-test score belongs to the suites that judged here."""
        digests = (self.self_test or {}).get("digests")
        return isinstance(digests, dict) and all(
            digests.get(suite.interface) == suite.digest for suite in self.suites
        )

    def to_json(self) -> dict[str, Any]:
        """Return the content of report.json."""
        return {
            "schema": SCHEMA,
            "title": self.title,
            "run": self.run,
            "statement": self.statement,
            "identification": [row.to_json() for row in self.identification],
            "item": dict(self.item),
            "customer": dict(self.customer),
            "mode": self.mode.to_json(),
            "decision_rule": {"id": self.decision_rule, "text": self.decision_rule_text},
            "suites": [suite.to_json() for suite in self.suites],
            "self_test": None if self.self_test is None else dict(self.self_test),
            "environment": dict(self.environment),
            "started": self.started,
            "finished": self.finished,
            "selectors": list(self.selectors),
            "allow_destructive": self.allow_destructive,
            "profiles": [interface.to_json() for interface in self.interfaces],
            "clauses": [row.to_json() for row in self.clauses],
            "cases": [case.to_json() for case in self.cases],
            "not_run": [
                {"id": case.id, "status": case.status, "reason": case.reason}
                for case in self.cases
                if not case.attempts
            ],
            "remarks": list(self.remarks),
            "evidence": [file.to_json() for file in self.evidence],
            "renderer": self.renderer,
        }
