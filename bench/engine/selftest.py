"""How we know that a case can fail: every fault must be killed by the check that claims it.

The reference device of each profile and every legal oddity must pass; every fault, alone, must
make its killers miss and nothing else beyond what its `also` allows. One pytest session goes over
the cases once for each subject, so that they run exactly as in a real run. A fault is tried against
the areas of the catalogue that it names, or as `Reach` says; a legal oddity always against all.
"""

import tomllib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from enum import StrEnum
from fnmatch import fnmatchcase
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path

import pytest

from bench.core.case import Case
from bench.core.check import Outcome
from bench.core.errors import BenchError, UsageError
from bench.core.result import Attempt
from bench.core.verdict import Applicability, Verdict
from bench.engine import catalogue
from bench.engine.plugin import NAME, CasePlugin, item_case
from bench.engine.preparation import Preparation, declared_as, load_declaration, prepare
from bench.engine.pytest_run import pytest_cases
from bench.engine.selftest_result import (
    Accepted,
    BenignOutcome,
    BenignResult,
    FaultOutcome,
    FaultResult,
    SelfTest,
)
from bench.engine.session import Session
from bench.simulator.claims import claims
from bench.simulator.faults import Fault, Variation, deviation, faults, variations


class Reach(StrEnum):
    """Which cases a fault is tried against."""

    CLAIMED = "claimed"  # those that it names: it is caught where it says
    AREAS = "areas"  # all of their areas as well: and by nobody else near by
    ALL = "all"  # every one of the suite


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What became of a subject, in values that travel between processes."""

    subject: str
    outcome: str
    by: tuple[str, ...] = ()
    why: str = ""


_BATCH = 12  # subjects that one process takes at a time


def run_selftest(
    selectors: Sequence[str] = (),
    progress: Callable[[FaultResult | BenignResult], None] | None = None,
    *,
    processes: int = 1,
    reach: Reach = Reach.AREAS,
) -> SelfTest:
    """Run the reference devices, every legal oddity and every fault against their cases.

    `selectors` are interfaces or beginnings of fault ids (`p1`, `p1.crc`). With the latter, only
    the cases that those faults name are asked for a killer. `processes` share the subjects;
    `reach` says which cases a fault is tried against. Raises UsageError when nothing fits.
    """
    interfaces = list(catalogue.suites())
    known: list[Fault | Variation] = []
    for interface in interfaces:
        known += variations(interface)
        known += faults(interface)
    chosen = [subject for subject in known if _meant(subject, selectors)]
    if not chosen:
        raise UsageError(
            f"no fault matches {' '.join(selectors)}; write an interface (p1) or the beginning of "
            "a fault's id (p1.crc)"
        )
    whole = [i for i in interfaces if not selectors or i in selectors]
    asked = {case.id for case in catalogue.cases(whole)}
    asked |= {k.partition(":")[0] for s in chosen if isinstance(s, Fault) for k in s.killers}
    result = SelfTest(cases=tuple(sorted(asked)), accepted=accepted_exceptions())
    for outcome in _outcomes(chosen, processes, reach):
        if isinstance(outcome, FaultResult):
            result.faults.append(outcome)
        else:
            result.benign.append(outcome)
        if progress:
            progress(outcome)
    return result


def _outcomes(
    subjects: Sequence[Fault | Variation], processes: int, reach: Reach
) -> Iterator[FaultResult | BenignResult]:
    """Yield the outcome of each subject, in order."""
    by_id = {subject.id: subject for subject in subjects}
    batches = [list(by_id)[at : at + _BATCH] for at in range(0, len(by_id), _BATCH)]
    if processes <= 1:
        for batch in batches:
            yield from (_with_subject(by_id, found) for found in _pass_over(batch, reach))
        return
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        for outcomes in pool.map(_pass_over, batches, repeat(reach)):
            yield from (_with_subject(by_id, found) for found in outcomes)


def _pass_over(ids: Sequence[str], reach: Reach) -> list[_Outcome]:
    """Return what became of the named subjects; runs in a process of its own or in this one."""
    found: list[_Outcome] = []
    subjects = [deviation(one) for one in ids]
    for interface in dict.fromkeys(s.interface for s in subjects):
        mine = [s for s in subjects if s.interface == interface]
        _Passes(interface, mine, found, reach=reach).run()
    return found


def _with_subject(
    subjects: Mapping[str, Fault | Variation], found: _Outcome
) -> FaultResult | BenignResult:
    subject = subjects[found.subject]
    if isinstance(subject, Fault):
        return FaultResult(subject, FaultOutcome(found.outcome), found.by, found.why)
    return BenignResult(subject, BenignOutcome(found.outcome), found.by, found.why)


def _meant(subject: Fault | Variation, selectors: Sequence[str]) -> bool:
    return not selectors or any(
        subject.interface == s or ("." in s and subject.id.startswith(s)) for s in selectors
    )


def accepted_exceptions() -> tuple[Accepted, ...]:
    """Return the exceptions that are accepted for now, each with reason and date."""
    path = Path(__file__).with_name("accepted.toml")
    rows = tomllib.loads(path.read_text(encoding="utf-8")).get("accepted", [])
    return tuple(Accepted(row["subject"], row["reason"], str(row["date"])) for row in rows)


def subject_preparation(subject: Fault | Variation) -> Preparation:
    """Return the run of the simulated device with this subject in it, declared as it is."""
    declaration = load_declaration(None)
    links = {}
    for name, interface in declaration.interfaces.items():
        sign = "&" if "?" in interface.link else "?"
        # another port shows the same household, whatever the deviation makes of that
        links[name] = f"{interface.link}{sign}fault={subject.id}"
    if subject.interface in links:
        links[subject.interface] = f"simulated:{subject.interface}?fault={subject.id}"
    preparation = prepare(declaration, links=links, allow_destructive=True)
    if subject.interface not in declaration.interfaces:
        return _ports_declared(preparation, subject)
    declared = {**claims(subject.interface, subject.profile), **subject.declares}
    return declared_as(preparation, subject.interface, subject.profile, declared)


def _ports_declared(preparation: Preparation, subject: Fault | Variation) -> Preparation:
    """Return the same with what a subject that spans ports declares of them, by port."""
    for port, told in subject.declares.items():
        assert isinstance(told, Mapping), "what a port declares is a table"
        section = preparation.declaration.interfaces[port]
        declared = {**section.ics, **section.ixit, **told}
        profile = str(declared.pop("profile", section.profile))
        preparation = declared_as(preparation, port, profile, declared)
    return preparation


class _Passes:
    """One pytest session that goes over the cases of an interface once for each subject."""

    def __init__(
        self,
        interface: str,
        subjects: Sequence[Fault | Variation],
        found: list[_Outcome],
        *,
        reach: Reach = Reach.ALL,
    ) -> None:
        self._interface = interface
        self._subjects = subjects
        self._found = found
        self._reach = reach
        self._attempts: dict[str, Attempt] = {}

    def run(self) -> None:
        """Collect once, run many times."""
        pytest_cases([self._interface], [self])

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """Take the place of a run: nothing is selected away, no evidence is kept."""
        preparation = subject_preparation(self._subjects[0])
        plugin = CasePlugin(Session(preparation), (), finished=lambda r: self._note(r.attempt))
        config.pluginmanager.register(plugin, NAME)

    def _note(self, attempt: Attempt) -> None:
        self._attempts[attempt.case] = attempt

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Go over the items once for each subject."""
        plugin = session.config.pluginmanager.getplugin(NAME)
        assert isinstance(plugin, CasePlugin)
        for subject in self._subjects:
            result = self._judged(session, plugin, subject)
            outcome = _Outcome(subject.id, str(result.outcome), result.by, result.why)
            self._found.append(outcome)
        return True

    def _judged(
        self, session: pytest.Session, plugin: CasePlugin, subject: Fault | Variation
    ) -> FaultResult | BenignResult:
        """Judge a fault by a quick observation if that is enough to kill it, else by a full one.

        What is legal has to pass at full length.
        """
        if isinstance(subject, Fault):
            result = self._judge(session, plugin, subject, quick=True)
            if result.outcome is FaultOutcome.KILLED:
                return result
        return self._judge(session, plugin, subject, quick=False)

    def _judge(
        self,
        session: pytest.Session,
        plugin: CasePlugin,
        subject: Fault | Variation,
        *,
        quick: bool,
    ) -> FaultResult | BenignResult:
        self._attempts = {}
        problem = ""
        try:
            preparation = replace(subject_preparation(subject), quick=quick)
            named = None if self._reach is Reach.ALL else _named(subject)
            self._pass(session, plugin, preparation, named)
        except BenchError as error:
            problem = str(error)
        return judge_subject(subject, self._attempts, problem)

    def _pass(
        self,
        session: pytest.Session,
        plugin: CasePlugin,
        preparation: Preparation,
        named: Collection[str] | None,
    ) -> None:
        plugin.session = Session(preparation)
        try:
            capabilities = {self._interface: plugin.session.capabilities(self._interface)}
            selected = {
                row.id
                for row in preparation.plan(capabilities)
                if row.applicability is Applicability.SELECTED
            }
            items = [
                item
                for item in session.items
                if (case := item_case(item))
                and case.id in selected
                and _is_tried(case, named, self._reach)
            ]
            for item, following in zip(items, [*items, None][1:], strict=True):
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        finally:
            plugin.session.close()


def _named(subject: Fault | Variation) -> Collection[str] | None:
    """Return the cases that a fault names, None for a legal oddity: all."""
    if isinstance(subject, Variation):
        return None
    named = [one.partition(":")[0] for one in (*subject.killers, *subject.also)]
    return {one for one in named if "*" not in one}


def _is_tried(case: Case, named: Collection[str] | None, reach: Reach) -> bool:
    """Whether a fault that names these cases, or a legal oddity (None), is tried against `case`.

    A fault against the areas of what it names, and against lengthy cases that it names themselves;
    a legal oddity against all, but lengthy ones where only what is claimed is tried.
    """
    if named is None:
        return not case.lengthy or reach is not Reach.CLAIMED
    if case.lengthy or reach is Reach.CLAIMED:
        return case.id in named
    return _area(case.id) in {_area(one) for one in named}


def _area(case_id: str) -> str:
    """Return the area of a case: its id without the number."""
    return case_id.rpartition("-")[0]


def judge_subject(
    subject: Fault | Variation, attempts: dict[str, Attempt], problem: str = ""
) -> FaultResult | BenignResult:
    """Return the outcome of one subject from what the cases recorded.

    `problem` says why the subject could not be run, "" when it could.
    """
    errors = [
        f"{attempt.case}: {attempt.judgement.message}"
        for attempt in attempts.values()
        if attempt.judgement.verdict is Verdict.ERROR
    ]
    broken = problem or "; ".join(errors) or ("" if attempts else "no case ran")
    if isinstance(subject, Variation):
        return _judge_variation(subject, attempts, broken)
    missed = tuple(
        f"{attempt.case}:{check.id}"
        for attempt in attempts.values()
        for check in attempt.checks
        if check.outcome is Outcome.MISSED
    )
    if broken:
        return FaultResult(subject, FaultOutcome.BROKEN, missed, broken)
    if not missed:
        return FaultResult(subject, FaultOutcome.SURVIVED, (), "no check missed")
    idle = [killer for killer in subject.killers if killer not in missed]
    allowed = (*subject.killers, *subject.also)
    stray = [check for check in missed if not any(_covers(a, check) for a in allowed)]
    if not idle and not stray:
        return FaultResult(subject, FaultOutcome.KILLED, missed)
    why = []
    if idle:
        why.append(f"did not miss: {', '.join(idle)}")
    if stray:
        why.append(f"missed although nobody claims it: {', '.join(stray)}")
    return FaultResult(subject, FaultOutcome.WRONG_REASON, missed, "; ".join(why))


def _covers(allowed: str, check: str) -> bool:
    return fnmatchcase(check, allowed) or fnmatchcase(check.partition(":")[0], allowed)


def _judge_variation(subject: Variation, attempts: dict[str, Attempt], broken: str) -> BenignResult:
    red = [a for a in attempts.values() if a.judgement.verdict is not Verdict.PASS]
    by = tuple(a.case for a in red)
    if broken:
        return BenignResult(subject, BenignOutcome.BROKEN, by, broken)
    if red:
        first = red[0].judgement
        why = f"{red[0].case} {first.verdict} {first.reason}: {first.message}"
        return BenignResult(subject, BenignOutcome.FALSE_ALARM, by, why)
    return BenignResult(subject, BenignOutcome.PASS)
