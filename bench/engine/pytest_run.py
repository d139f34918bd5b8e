"""Runs case items through pytest in this process, untouched by whatever surrounds it.

The user's own pytest configuration, conftest files and plugins have no say in a verdict: only our
configuration file, our folders and our plugins take part.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bench.core.errors import BenchError
from bench.engine import catalogue, plugin
from bench.engine.evidence import CaseRecord

if TYPE_CHECKING:
    from bench.engine.run import Run

_CONFIGURATION = Path(__file__).with_name("pytest.ini")


@contextmanager
def _own_plugins_only() -> Iterator[None]:
    """Keep plugins away that happen to be installed beside us."""
    names = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": "", "PYTEST_PLUGINS": ""}
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(names)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def pytest_cases(
    interfaces: Sequence[str], plugins: Sequence[object], arguments: Sequence[str] = ()
) -> None:
    """Collect and run the cases of `interfaces`; raises BenchError when pytest itself fails.

    KeyboardInterrupt is passed on.
    """
    command = [
        *(str(catalogue.folder(name)) for name in interfaces),
        "-c",
        str(_CONFIGURATION),
        "--rootdir",
        str(_CONFIGURATION.parent.parent.parent),
        "-p",
        "no:cacheprovider",
        "-p",
        "no:terminal",
        "-p",
        "no:faulthandler",
        "-p",
        "bench.engine.plugin",
        *arguments,
    ]
    failures = _Failures()
    with _own_plugins_only():
        code = pytest.main(command, plugins=[failures, *plugins])
    if code == pytest.ExitCode.INTERRUPTED and not failures.stopped:
        raise KeyboardInterrupt
    if failures.messages:
        raise BenchError("the cases could not be collected:\n" + "\n".join(failures.messages))
    if code in (pytest.ExitCode.INTERNAL_ERROR, pytest.ExitCode.USAGE_ERROR):
        raise BenchError(f"pytest ended with {code!r}: {failures.internal or 'no message'}")


class _Failures:
    """Listens for what pytest would have printed."""

    def __init__(self) -> None:
        self.messages: list[str] = []
        self.internal = ""
        self.stopped = False

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.messages.append(str(report.longrepr))

    def pytest_internalerror(self, excrepr: object) -> None:
        self.internal = str(excrepr)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        self.stopped = bool(session.shouldstop)


class _Only:
    """Leaves the named cases, in the order of the plan."""

    def __init__(self, ids: Sequence[str]) -> None:
        self._rank = {case_id: rank for rank, case_id in enumerate(ids)}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        ranked = [
            (self._rank[c.id], i)
            for i in items
            if (c := plugin.item_case(i)) and c.id in self._rank
        ]
        items[:] = [item for _, item in sorted(ranked, key=lambda pair: pair[0])]


def run_cases(
    run: "Run", finished: Callable[[CaseRecord], None] | None, processes: int = 1
) -> None:
    """Run the pending cases of `run`, in this process or spread over several."""
    pending = run.pending()
    if not pending:
        return
    interfaces = [n for n in run.preparation.targets if any(r.interface == n for r in run.plan)]
    if processes <= 1:
        cases = plugin.CasePlugin(run.session, run.plan, finished=finished)
        pytest_cases(interfaces, [_Named(cases), _Only(pending)])
        return
    assert run.folder is not None
    arguments = ["-p", "xdist.plugin", "-n", str(processes), "--bench-run", str(run.folder.path)]
    arguments += ["--device", str(run.folder.path / "device.toml")]
    arguments += ["--bench-cases", ",".join(pending)]
    for name, target in run.preparation.ports.items():
        arguments += ["--link", f"{name}={target.link}"]
    if run.preparation.quick:
        arguments.append("--quick")
    pytest_cases(interfaces, [_Collector(run, finished)], arguments)


class _Named:
    """Registers the case plugin under the name by which it is looked up."""

    def __init__(self, cases: plugin.CasePlugin) -> None:
        self._cases = cases

    def pytest_configure(self, config: pytest.Config) -> None:
        config.pluginmanager.register(self._cases, plugin.NAME)


class _Collector:
    """Writes what the worker processes send."""

    def __init__(self, run: "Run", finished: Callable[[CaseRecord], None] | None) -> None:
        self._run = run
        self._finished = finished

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        record = getattr(report, "case_record", None)
        if record is not None:
            kept = self._run.keep(record)
            if self._finished:
                self._finished(kept)
