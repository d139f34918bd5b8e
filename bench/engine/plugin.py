"""The pytest plugin: every case is a plain pytest test, and this turns its checks into a verdict.

Thin on purpose: it finds the cases among the collected items, gives each a context, and hands
what it recorded to the session. `pytest suites/p1 --device device.toml` and `meterbench run` are
the same thing from here on. Tests without a case pass through untouched.
"""

import argparse
import json
from collections.abc import Callable, Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bench.core.case import Case, case_of
from bench.core.errors import BenchError
from bench.core.verdict import Applicability, Verdict

if TYPE_CHECKING:
    from bench.core.plan import PlannedCase
    from bench.engine.checks import Checks
    from bench.engine.context import CaseContext
    from bench.engine.evidence import CaseRecord
    from bench.engine.run import Run
    from bench.engine.session import Session

NAME = "meterbench-cases"
_STOPPED = "stopped by the operator"
_RECORD = "case_record"  # attribute of a test report

_CASE = pytest.StashKey[Case]()
_CONTEXT = pytest.StashKey["CaseContext"]()
_WORDS = {
    Verdict.PASS: ("passed", ".", "PASS"),
    Verdict.INCONCLUSIVE: ("inconclusive", "I", "INCONCLUSIVE"),
    Verdict.FAIL: ("failed", "F", "FAIL"),
    Verdict.ERROR: ("error", "E", "ERROR"),
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that plain pytest needs to run cases."""
    group = parser.getgroup("meterbench", "conformance cases")
    group.addoption("--device", metavar="FILE", help="declaration of the device under test")
    group.addoption(
        "--link",
        action="append",
        default=[],
        metavar="IF=URL",
        help="replace an interface's link, e.g. p1=tcp://127.0.0.1:2001",
    )
    group.addoption("--quick", action="store_true", help="observe 30 telegrams instead of 300")
    group.addoption("--runs", default="runs", metavar="DIR", help="where run folders are made")
    group.addoption("--bench-run", default="", help=argparse.SUPPRESS)
    group.addoption("--bench-cases", default="", help=argparse.SUPPRESS)


def pytest_configure(config: pytest.Config) -> None:
    """Be ready for cases that plain pytest spreads over processes (simulator only)."""
    spreads = bool(getattr(config.option, "numprocesses", None))
    if spreads and not config.option.bench_run and not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Spread(config))


class _Spread:
    """Begins the run of this process when the first case of another one is reported."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the first record; the run that it begins hears of the others by itself."""
        plugins = self._config.pluginmanager
        if getattr(report, _RECORD, None) is None or plugins.hasplugin(NAME):
            return
        plugin = _own_run(self._config)
        plugins.register(plugin, NAME)
        plugin.pytest_runtest_logreport(report)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Find the cases; start a run for them unless one is going on already."""
    found = [(item, case) for item in items if (case := item_case(item)) is not None]
    if not found or config.option.collectonly:  # who only looks opens no link
        return
    if only := set(filter(None, config.option.bench_cases.split(","))):
        items[:] = [item for item, case in found if case.id in only]
    for item, case in found:
        item.stash[_CASE] = case
    plugin = config.pluginmanager.getplugin(NAME)
    if plugin is None:
        plugin = _own_run(config)
        config.pluginmanager.register(plugin, NAME)
    plugin.admit(items)


def item_case(item: pytest.Item) -> Case | None:
    """Return the metadata of a collected case, None for any other test."""
    return case_of(item.function) if isinstance(item, pytest.Function) else None


def _own_run(config: pytest.Config) -> "CasePlugin":
    """Start the run of a plain pytest call, or join the run of the process that spread it."""
    from bench.engine.run import Run, parse_links

    options = config.option
    try:
        if hasattr(config, "workerinput"):
            run = Run.join(
                Path(options.bench_run) if options.bench_run else None,
                Path(options.device) if options.device else None,
                parse_links(options.link),
                quick=options.quick,
                worker=config.workerinput["workerid"],
            )
        else:
            run = Run.begin(
                Path(options.device) if options.device else None,
                links=parse_links(options.link),
                quick=options.quick,
                out=Path(options.runs),
            )
    except BenchError as error:
        raise pytest.UsageError(str(error)) from None
    return CasePlugin(run.session, run.plan, run=run)


class CasePlugin:
    """Runs the case items of one pytest session.

    `session` may be exchanged between passes over the items (self-test). `finished` is called
    with each record. With `run`, plain pytest is in charge and the run is ended with it.
    """

    def __init__(
        self,
        session: "Session",
        plan: "tuple[PlannedCase, ...]",
        *,
        finished: "Callable[[CaseRecord], None] | None" = None,
        run: "Run | None" = None,
    ) -> None:
        self.session = session
        self._plan = {row.id: row for row in plan}
        self._finished = finished
        self._run = run

    def admit(self, items: list[pytest.Item]) -> None:
        """Keep the items that the plan selects; under plain pytest the others are skipped."""
        kept = []
        for item in items:
            row = self._plan.get(item.stash[_CASE].id) if _CASE in item.stash else None
            if row is None or row.applicability is Applicability.SELECTED:
                kept.append(item)
            elif self._run is not None:
                item.add_marker(pytest.mark.skip(reason=f"{row.applicability}: {row.reason}"))
                kept.append(item)
        items[:] = kept

    # -- one case

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> Generator[None, Any, Any]:
        """Open the group's bracket before its first case and close it after its last."""
        case = item.stash.get(_CASE, None)
        if case is None or any(item.iter_markers("skip")):
            return (yield)
        if self.session.stopping:  # since before the first case; later ones are not reached
            item.session.shouldstop = _STOPPED
            item.add_marker(pytest.mark.skip(reason=_STOPPED))
            return (yield)
        group = _group(item)
        self.session.open_bracket(case.interface, group)
        result = yield
        if nextitem is None or _group(nextitem) != group:
            self.session.close_bracket(case.interface)
        if self.session.stopping:
            item.session.shouldstop = _STOPPED
        return result

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Begin an attempt, unless the group did not start well."""
        case = item.stash.get(_CASE, None)
        if case is not None and not any(item.iter_markers("skip")):
            item.stash[_CONTEXT] = self.session.begin(case)
            self.session.require_bracket(case.interface)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """End the attempt when the call, or the setup before it, is over."""
        report = yield
        context = item.stash.get(_CONTEXT, None)
        if context is None or call.when == "teardown":
            return report
        if call.when == "setup" and call.excinfo is None:
            return report
        del item.stash[_CONTEXT]
        record = self.session.end(context, call.excinfo.value if call.excinfo else None)
        if record is None:
            report.outcome, report.longrepr = "skipped", ("", 0, _STOPPED)
            return report
        judgement = record.attempt.judgement
        report.outcome = "passed" if judgement.verdict is Verdict.PASS else "failed"
        report.longrepr = (
            None
            if judgement.verdict is Verdict.PASS
            else f"{context.case.id} {judgement.verdict} {judgement.reason}: {judgement.message}"
        )
        # plain values, so that the record also travels from a worker process: no words of ours
        report.__dict__[_RECORD] = json.loads(json.dumps(record.to_json()))
        report.when = "call"
        if self._finished:
            self._finished(record)
        return report

    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        """Give inconclusive and error verdicts their own letter and word."""
        record = getattr(report, _RECORD, None)
        if record is None or report.when != "call":
            return None
        return _WORDS[Verdict.parse(record["attempt"]["verdict"])]

    # -- plain pytest

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep what another process found, when this one only spreads the cases."""
        record = getattr(report, _RECORD, None)
        if record is not None and self._run is not None and hasattr(report, "node"):
            self._run.keep(record)

    def pytest_keyboard_interrupt(self) -> None:
        """Remember that the operator ended the run, whatever pytest still does."""
        self.session.stopping = True

    def pytest_sessionfinish(self) -> None:
        """End the run that plain pytest began."""
        if self._run is not None:
            self._run.close()

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say why cases are inconclusive, which pytest itself does not, and where evidence is."""
        for report in terminalreporter.stats.get("inconclusive", ()):
            terminalreporter.write_line(str(report.longrepr))
        if self._run is not None and self._run.folder is not None:
            path = self._run.folder.path
            terminalreporter.write_line(f"evidence: {path}; `meterbench report {path}` renders it")


def _group(item: pytest.Item) -> str:
    return item.path.stem.removeprefix("test_")


@pytest.fixture
def context(request: pytest.FixtureRequest) -> "CaseContext":
    """The attempt in progress: the device's claims, the link, the checks."""
    found: CaseContext | None = request.node.stash.get(_CONTEXT, None)
    if found is None:
        raise pytest.UsageError(f"{request.node.nodeid} is not a case: it has no @case metadata")
    return found


@pytest.fixture
def verify(context: "CaseContext") -> "Checks":
    """Where a case records its comparisons."""
    return context.checks


@pytest.fixture
def bench_session(request: pytest.FixtureRequest, context: "CaseContext") -> "Session":
    """The run in progress: links and shared observations."""
    del context
    plugin = request.config.pluginmanager.getplugin(NAME)
    assert isinstance(plugin, CasePlugin)
    return plugin.session
