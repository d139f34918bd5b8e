"""Imports go down only, and a suite cannot know that it talks to the simulator."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

HOME = Path(__file__).parents[1]
PACKAGES = ("bench", "adapters", "suites", "reports", "vectors")

FLOORS = (
    ("bench.core",),
    ("vectors", "bench", "bench._home"),
    ("bench.protocols", "bench.signals"),
    ("bench.simulator",),
    ("adapters",),
    ("bench.engine",),
    ("suites", "reports"),
    ("bench.cli",),
    ("bench.__main__",),
)
"""From the ground up; parts side by side on one floor do not import each other either."""

NEVER = {
    "suites": ("bench.simulator", "adapters"),
    "reports": ("bench.engine",),
}
"""Arrows that go down and are forbidden all the same."""

NO_IO = ("bench.protocols", "bench.signals")
IO_MODULES = frozenset(
    {
        "asyncio",
        "fcntl",
        "fileinput",
        "glob",
        "http",
        "multiprocessing",
        "os",
        "pathlib",
        "sched",
        "select",
        "selectors",
        "serial",
        "shutil",
        "signal",
        "socket",
        "socketserver",
        "ssl",
        "subprocess",
        "tempfile",
        "termios",
        "threading",
        "time",
        "urllib",
    }
)
CLOCK_CALLS = frozenset({"now", "utcnow", "today"})

LEVEL = {part: level for level, parts in enumerate(FLOORS) for part in parts}


def part_of(module: str) -> str | None:
    """The part of the product that a dotted name belongs to; None for what is not ours."""
    names = module.split(".")
    for length in range(len(names), 0, -1):
        prefix = ".".join(names[:length])
        if prefix in LEVEL and (prefix != "bench" or module == "bench"):
            return prefix
    return f"bench.{names[1]}" if names[0] == "bench" and len(names) > 1 else None


def module_name(file: Path, root: Path) -> str:
    names = file.relative_to(root).with_suffix("").parts
    return ".".join(names[:-1] if names[-1] == "__init__" else names)


def imported(tree: ast.AST, package: str) -> Iterator[tuple[int, str]]:
    """Every module that the source names in an import, with its line; also lazy ones."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, base] if base else above)
            for alias in node.names:
                yield node.lineno, f"{base}.{alias.name}"
        elif isinstance(node, ast.Call) and node.args:
            called = node.func.attr if isinstance(node.func, ast.Attribute) else ""
            called = node.func.id if isinstance(node.func, ast.Name) else called
            name = node.args[0]
            if (
                called in {"import_module", "__import__", "importorskip"}
                and isinstance(name, ast.Constant)
                and isinstance(name.value, str)
            ):
                yield node.lineno, name.value


def arrow_problem(source: str, target: str) -> str | None:
    """Why `source` must not import `target`; None if it may."""
    lower, upper = part_of(target), part_of(source)
    if lower is None or lower == upper or target == "bench" or target == "bench.__version__":
        return None
    if upper not in LEVEL or lower not in LEVEL:
        return f"{upper if upper not in LEVEL else lower} has no floor"
    if any(lower == never for never in NEVER.get(upper, ())):
        return f"{upper} must not know {lower}"
    if LEVEL[lower] >= LEVEL[upper]:
        return f"{upper} (floor {LEVEL[upper]}) must not import {lower} (floor {LEVEL[lower]})"
    return None


def io_problems(tree: ast.AST, package: str) -> Iterator[tuple[int, str]]:
    """Input, output and clocks in a module that has to be free of them."""
    for line, target in imported(tree, package):
        if target.split(".")[0] in IO_MODULES:
            yield line, f"{package} does no I/O and reads no clock, but imports {target}"
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Name) and node.func.id in {"open", "print", "input"}:
            yield node.lineno, f"{package} does no I/O, but calls {node.func.id}()"
        if isinstance(node.func, ast.Attribute) and node.func.attr in CLOCK_CALLS:
            owner = ast.unparse(node.func.value).split(".")[-1]
            if owner in {"datetime", "date"}:
                yield node.lineno, f"{package} reads no clock, but calls {owner}.{node.func.attr}()"


def problems(root: Path) -> list[str]:
    """Every forbidden import below `root`, as `file:line: reason`."""
    found = set()
    for package in PACKAGES:
        for file in sorted((root / package).rglob("*.py")):
            tree = ast.parse(file.read_text(encoding="utf-8"), filename=str(file))
            module = module_name(file, root)
            inside = module if file.name == "__init__.py" else module.rpartition(".")[0]
            where = file.relative_to(root).as_posix()
            for line, target in imported(tree, inside):
                reason = arrow_problem(module, target)
                if reason:
                    found.add((where, line, reason))
            if part_of(module) in NO_IO:
                found.update((where, line, reason) for line, reason in io_problems(tree, inside))
    return [f"{where}:{line}: {reason}" for where, line, reason in sorted(found)]


def test_imports_go_down_only():
    files = [file for package in PACKAGES for file in (HOME / package).rglob("*.py")]
    assert files
    found = problems(HOME)
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize(
    ("file", "source", "reason"),
    [
        ("bench/core/plan.py", "import bench.engine.runner", "must not import bench.engine"),
        ("bench/core/plan.py", "from bench import protocols", "must not import bench.protocols"),
        ("bench/core/plan.py", "from ..engine import runner", "must not import bench.engine"),
        ("bench/core/__init__.py", "from .. import cli", "must not import bench.cli"),
        ("bench/core/plan.py", "import vectors", "must not import vectors"),
        ("vectors/loader.py", "from bench.protocols.crc import x", "must not import bench.prot"),
        ("bench/protocols/hdlc.py", "import adapters.base", "must not import adapters"),
        ("bench/simulator/load.py", "from suites import p1", "must not import suites"),
        ("adapters/tcp.py", "def f():\n    import bench.engine", "must not import bench.engine"),
        ("bench/engine/runner.py", "from reports import model", "must not import reports"),
        ("bench/engine/runner.py", "import bench.cli.main", "must not import bench.cli"),
        ("suites/p1/test_x.py", "import bench.simulator.load", "must not know bench.simulator"),
        ("suites/p1/test_x.py", "from adapters import simulated", "must not know adapters"),
        ("suites/p1/test_x.py", "import reports", "must not import reports"),
        ("suites/p1/test_x.py", "f = import_module('adapters.tcp')", "must not know adapters"),
        ("reports/html.py", "from bench.engine import runner", "must not know bench.engine"),
        ("reports/html.py", "if 0:\n    from suites import p1", "must not import suites"),
        ("bench/core/plan.py", "import bench.newcomer", "bench.newcomer has no floor"),
        ("bench/protocols/p1/crc.py", "import time", "imports time"),
        ("bench/protocols/p1/crc.py", "from os.path import join", "imports os.path.join"),
        ("bench/protocols/p1/crc.py", "import socket as s", "imports socket"),
        ("bench/protocols/crc.py", "import serial.tools", "imports serial.tools"),
        ("bench/protocols/crc.py", "from pathlib import Path", "imports pathlib.Path"),
        ("bench/protocols/crc.py", "data = open('x').read()", "calls open()"),
        ("bench/protocols/crc.py", "t = datetime.datetime.now()", "calls datetime.now()"),
    ],
)
def test_a_forbidden_import_is_named_with_its_line(tmp_path, file, source, reason):
    path = tmp_path / file
    path.parent.mkdir(parents=True)
    path.write_text(f'"""Doc."""\n{source}\n')
    [found] = problems(tmp_path)
    line = 2 + source.count("\n")
    assert found.startswith(f"{file}:{line}: ")
    assert reason in found


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("bench/engine/runner.py", "import adapters.base\nfrom bench.core import plan"),
        ("bench/protocols/crc.py", "import struct\nfrom datetime import datetime"),
        ("bench/protocols/p1/crc.py", "from .. import hdlc\nfrom . import telegram"),
        ("suites/p1/test_x.py", "from bench.engine import context\nimport time"),
        ("reports/html.py", "from bench import __version__\nfrom bench._home import home"),
        ("bench/cli/run.py", "import bench.engine.runner, reports.html"),
    ],
)
def test_an_allowed_import_is_not_accused(tmp_path, file, source):
    path = tmp_path / file
    path.parent.mkdir(parents=True)
    path.write_text(source + "\n")
    assert problems(tmp_path) == []
