"""A run from its first file to its last: begin or resume, execute, conclude."""

import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

from bench.core.check import Incident, Judgement
from bench.core.errors import AdapterError, UsageError
from bench.core.plan import PlannedCase
from bench.core.result import Attempt, combine
from bench.core.rollup import ProfileResult, conclude
from bench.core.verdict import Applicability, Reason, Verdict
from bench.engine import catalogue
from bench.engine.calibration import origin
from bench.engine.evidence import CaseRecord, RunFolder
from bench.engine.inputs import read_inputs
from bench.engine.preparation import (
    Preparation,
    environment_json,
    links_of,
    load_declaration,
    plan_json,
    prepare,
    run_name,
)
from bench.engine.score import recorded_score
from bench.engine.secrets import check_secrets
from bench.engine.session import Session


def parse_links(texts: Sequence[str]) -> dict[str, str]:
    """Return `--link` values (`p1=tcp://host:port`) by interface; UsageError when malformed."""
    links: dict[str, str] = {}
    for text in texts:
        interface, equals, url = text.partition("=")
        if not equals or not interface or not url:
            raise UsageError(f"--link {text!r}: write INTERFACE=URL, e.g. p1=tcp://127.0.0.1:2001")
        if interface in links:
            raise UsageError(f"--link names {interface} twice")
        links[interface] = url
    return links


class Run:
    """One run: its preparation, its folder, its plan and the session that runs the cases."""

    def __init__(
        self,
        preparation: Preparation,
        folder: RunFolder | None,
        plan: tuple[PlannedCase, ...],
        session: Session,
    ) -> None:
        self.preparation = preparation
        self.folder = folder
        self.plan = plan
        self.session = session

    @classmethod
    def begin(
        cls,
        device: Path | None = None,
        *,
        links: Mapping[str, str] | None = None,
        selectors: Sequence[str] = (),
        quick: bool = False,
        allow_destructive: bool = False,
        out: Path = Path("runs"),
    ) -> "Run":
        """Prepare, open the links, and write what is decided before the first case.

        Raises UsageError or DeclarationError before anything is written; a link that cannot be
        opened becomes an `error` verdict of its cases.
        """
        declaration = load_declaration(device, links)
        preparation = prepare(
            declaration,
            links=links,
            selectors=selectors,
            quick=quick,
            allow_destructive=allow_destructive,
        )
        check_secrets(preparation)
        suites = catalogue.suites()
        inputs = read_inputs(declaration, {name: suites[name].proforma for name in suites})
        folder = RunFolder.create(out, run_name(declaration))
        session = Session(preparation, folder)
        try:
            folder.write_text("device.toml", declaration.text)
            for name, text in inputs.items():
                folder.write_text(name, text)
            folder.event("run-started", run=folder.name)
            capabilities = {name: session.capabilities(name) for name in preparation.targets}
            plan = preparation.plan(capabilities)
            details = {name: _link_details(session, name) for name in preparation.targets}
            uncertainties = {name: row.get("uncertainty_s") for name, row in details.items()}
            folder.write_json("catalogue.json", catalogue.catalogue_json(catalogue.suites()))
            folder.write_json("environment.json", environment_json(details, recorded_score()))
            # last: a folder that has a plan is one that can be resumed
            folder.write_json(
                "plan.json",
                plan_json(preparation, folder.name, plan, capabilities, uncertainties),
            )
        except UsageError:  # a link that cannot be right shows only when it is opened
            session.close()
            folder.discard()
            raise
        except BaseException:
            session.close()
            raise
        return cls(preparation, folder, plan, session)

    @classmethod
    def resume(cls, path: Path) -> "Run":
        """Continue a run that ended early, with the same plan.

        Attempts without a result are kept as interrupted. Raises UsageError when the suites
        have changed since, EvidenceError when the folder is damaged.
        """
        folder = RunFolder.reopen(path)
        written = folder.read_json("plan.json")
        if (path / "attestation.json").exists():
            raise UsageError(f"{path} is signed; it stays as it was signed")
        for name, row in written["suites"].items():
            if name not in catalogue.suites() or row["digest"] != catalogue.digest(name):
                raise UsageError(
                    f"{path} was begun with other {name} cases than the installed ones; "
                    "resume it with the same bench, or start a new run"
                )
        declaration = load_declaration(path / "device.toml")
        preparation = prepare(
            declaration,
            links=links_of(written),
            selectors=written["selectors"],
            quick=written["mode"]["quick"],
            allow_destructive=written["allow_destructive"],
        )
        check_secrets(preparation)
        plan = tuple(PlannedCase.from_json(row) for row in written["cases"])
        if not _pending(folder, plan) and (path / "manifest.json").exists():
            raise UsageError(f"{path} is finished; there is nothing to resume")
        # what was derived from the evidence so far is made again at the end
        (path / "manifest.json").unlink(missing_ok=True)
        folder.event("run-resumed", run=folder.name)
        _mend(folder, plan)
        return cls(preparation, folder, plan, Session(preparation, folder))

    @classmethod
    def join(
        cls,
        path: Path | None,
        device: Path | None,
        links: Mapping[str, str],
        *,
        quick: bool,
        worker: str,
    ) -> "Run":
        """Take part in a run as one of several processes; only for the simulator.

        The records travel back to the process that owns the folder.
        """
        preparation = prepare(load_declaration(device, links), links=links, quick=quick)
        if not preparation.is_simulated:
            raise UsageError("one device serves one process: -n is for the simulator only")
        session = Session(preparation, worker=worker, folder_path=path)
        capabilities = {name: session.capabilities(name) for name in preparation.targets}
        return cls(preparation, None, preparation.plan(capabilities), session)

    def pending(self) -> list[str]:
        """Return the ids of the selected cases that have no result yet, in plan order."""
        assert self.folder is not None
        return _pending(self.folder, self.plan)

    def execute(
        self,
        *,
        finished: Callable[[CaseRecord], None] | None = None,
        processes: int = 1,
    ) -> None:
        """Run every pending case; `finished` is called after each, in this process.

        The first interrupt (Ctrl-C) ends the run after the exchange in progress, the second at
        once. Raises EvidenceError when the run folder can no longer be written.
        """
        from bench.engine.pytest_run import run_cases

        if processes > 1 and not self.preparation.is_simulated:
            raise UsageError("one device serves one process: -j is for the simulator only")
        with _interrupts(self.session):
            run_cases(self, finished, processes)
        if self.session.broken is not None:
            raise self.session.broken

    def keep(self, record: Mapping[str, Any], finished: bool = True) -> CaseRecord:
        """Write a record that another process made; its attempt is numbered here."""
        assert self.folder is not None
        found = CaseRecord.from_json(record)
        number = self.folder.start_case(found.attempt.case)
        found = replace(found, attempt=replace(found.attempt, number=number))
        if finished:
            self.folder.finish_case(found)
        return found

    def close(self) -> None:
        """Close the links and note the end of the run."""
        self.session.close()
        if self.folder is not None and self.session.broken is None:
            stopped = self.session.stopping
            self.folder.event("run-aborted" if stopped else "run-finished", run=self.folder.name)

    def judgements(self) -> dict[str, Judgement]:
        """Return the verdict of every case that has an attempt with a result."""
        assert self.folder is not None
        found: dict[str, Judgement] = {}
        for row in self.plan:
            attempts = [a for a in self.folder.attempts(row.id) if a is not None]
            if attempts:
                found[row.id] = combine(attempts)
        return found

    def profiles(self) -> list[ProfileResult]:
        """Return the conclusion for each declared interface."""
        assert self.folder is not None
        judgements = self.judgements()
        results = []
        for name, target in self.preparation.targets.items():
            rows = [row for row in self.plan if row.interface == name]
            findings = [*target.review, *self._bracket_findings(name)]
            results.append(conclude(f"{name}/{target.profile}", rows, judgements, findings))
        return results

    def _bracket_findings(self, interface: str) -> Iterator[str]:
        assert self.folder is not None
        for path in sorted((self.folder.path / "brackets").glob(f"{interface}-*.json")):
            bracket = self.folder.read_json(f"brackets/{path.name}")
            if not bracket["closing"]["ok"]:
                suspects = ", ".join(bracket["suspects"])
                yield (
                    f"the device did not survive group {bracket['group']}: "
                    f"{bracket['closing']['message']} (after {suspects})"
                )


def _pending(folder: RunFolder, plan: Sequence[PlannedCase]) -> list[str]:
    return [
        row.id
        for row in plan
        if row.applicability is Applicability.SELECTED and not _decided(folder, row.id)
    ]


def _decided(folder: RunFolder, case_id: str) -> bool:
    """An attempt that was interrupted does not decide; the case is run again."""
    return any(
        attempt is not None and not _interrupted(attempt) for attempt in folder.attempts(case_id)
    )


def _interrupted(attempt: Attempt) -> bool:
    return any(incident.reason is Reason.INTERRUPTED for incident in attempt.incidents)


def _mend(folder: RunFolder, plan: Sequence[PlannedCase]) -> None:
    """Keep attempts without result as interrupted, and tell of results that no event tells of.

    The bench may have been killed between the result of an attempt and the event about it.
    """
    told = folder.finished_attempts()
    for row in plan:
        for number, attempt in enumerate(folder.attempts(row.id), start=1):
            if attempt is None:
                message = "the bench ended while this attempt ran"
                incident = Incident(Verdict.ERROR, Reason.INTERRUPTED, message)
                lost = Attempt(row.id, row.version, number, (), (incident,))
                folder.finish_case(CaseRecord(lost))
            elif (row.id, number) not in told:
                folder.note_finished(attempt)


def _link_details(session: Session, interface: str) -> dict[str, Any]:
    """Return what is known of a link; a link that failed is described by its error."""
    epoch = {"epoch_ns": session.clock.epoch_ns}
    target = session.preparation.target(interface)
    if not target.is_port:
        return {**epoch, "link": str(target.link)}
    try:
        link = session.link(interface)
    except AdapterError as error:
        return {**epoch, "error": str(error)}
    uncertainty = {"uncertainty_s": link.timing_uncertainty_s, "uncertainty_from": origin(link)}
    return {**link.describe(), **epoch, **uncertainty}


@contextmanager
def _interrupts(session: Session) -> Iterator[None]:
    """First Ctrl-C: finish the exchange in progress. Second: stop at once."""

    def handle(_number: int, _frame: FrameType | None) -> None:
        if session.stopping:
            raise KeyboardInterrupt
        session.stopping = True

    try:
        before = signal.signal(signal.SIGINT, handle)
    except ValueError:  # not the main thread: the caller keeps its own handling
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
