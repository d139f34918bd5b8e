"""What the case plugin costs: milliseconds of one case above a bare pytest test.

    PYTHONPATH=. python benchmarks/plugin_overhead.py [cases] [rounds]

Bare tests and empty cases are collected and run in this process, in turns, without evidence and
with it. The median of the rounds is printed; the target is 1 ms a case without evidence, since
what is written to the disk is the disk's.
"""

import contextlib
import io
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.engine import plugin
from bench.engine.evidence import RunFolder
from bench.engine.preparation import load_declaration, prepare
from bench.engine.session import Session

TARGET_MS = 1.0

BARE = """
def test_{n}():
    pass
"""
HEAD = """
from bench.core.case import Case, Kind, case
"""
CASE = """
@case(Case(id="P1-X-{n}", version=1, interface="p1", title="t", purpose="p", stimulus="s",
    criterion="c", kind=Kind.VALID, clauses=("STD:1",)))
def test_{n}(verify):
    verify.that("a", True, expected="1", observed="1")
"""


class Registering:
    """Puts a session without run in charge, as the self-test does."""

    def __init__(self, folder: RunFolder | None) -> None:
        self.folder = folder

    def pytest_configure(self, config: pytest.Config) -> None:
        session = Session(prepare(load_declaration(None), quick=True), self.folder)
        # the brackets are the exchanges of the device, not a cost of the plugin
        session.open_bracket = lambda *_: None  # type: ignore[method-assign]
        session.close_bracket = lambda *_: None  # type: ignore[method-assign]
        config.pluginmanager.register(plugin.CasePlugin(session, ()), plugin.NAME)


def seconds(path: Path, plugins: list[object]) -> float:
    """Return how long pytest takes for the tests in `path`."""
    arguments = [str(path), "-p", "no:cacheprovider", "-p", "no:terminal"]
    arguments += ["-c", "/dev/null", "--rootdir", str(path.parent), "-p", "bench.engine.plugin"]
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # what else is installed is not measured
    start = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()):
        code = pytest.main(arguments, plugins=plugins)
    taken = time.perf_counter() - start
    if code != pytest.ExitCode.OK:
        raise SystemExit(f"pytest ended with {code!r}")
    return taken


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bare, cases = folder / "test_bare.py", folder / "test_cases.py"
        bare.write_text("".join(BARE.format(n=n) for n in range(count)))
        cases.write_text(HEAD + "".join(CASE.format(n=n) for n in range(count)))

        def with_evidence() -> float:
            return seconds(cases, [Registering(RunFolder.create(folder / "runs", "run"))])

        ways: dict[str, Callable[[], float]] = {
            "bare": lambda: seconds(bare, []),
            "without evidence": lambda: seconds(cases, [Registering(None)]),
            "with evidence": with_evidence,
        }
        taken: dict[str, list[float]] = {way: [] for way in ways}
        for _ in range(rounds):
            for way, run in ways.items():
                taken[way].append(run())
    base = statistics.median(taken["bare"])
    print(f"{count} tests, median of {rounds} rounds")
    print(f"bare pytest test       {1000 * base / count:7.3f} ms a test")
    for way in ("without evidence", "with evidence"):
        above = 1000 * (statistics.median(taken[way]) - base) / count
        print(f"case {way:<17} {above:7.3f} ms above a bare test")
    above = 1000 * (statistics.median(taken["without evidence"]) - base) / count
    print(f"target {TARGET_MS:g} ms a case: {'reached' if above <= TARGET_MS else 'MISSED'}")


if __name__ == "__main__":
    main()
