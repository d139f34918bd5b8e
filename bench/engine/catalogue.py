"""Which suites are installed, and which cases they hold; nothing is run to find out.

Suites of other distributions come through the entry-point group `meterbench.suites`, whose
entries name a package with a `SUITE`.
"""

import hashlib
import importlib
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

from bench.core.case import Case, case_of
from bench.core.errors import BenchError, UsageError
from bench.engine.suite import Suite

_BUILT_IN = {
    "p1": "suites.p1",
    "s1": "suites.s1",
    "wan": "suites.wan_dlms",
    "system": "suites.system",
}


@cache
def suites() -> Mapping[str, Suite]:
    """Return the installed suites by interface, in a fixed order.

    Raises UsageError when two distributions claim one interface or a suite cannot be imported.
    """
    packages = dict(_BUILT_IN)
    for entry in sorted(entry_points(group="meterbench.suites"), key=lambda e: e.name):
        if packages.setdefault(entry.name, entry.value) != entry.value:
            raise UsageError(
                f"two suites claim interface {entry.name}: {packages[entry.name]} and {entry.value}"
            )
    found: dict[str, Suite] = {}
    for name, package in packages.items():
        suite = getattr(_import(package), "SUITE", None)
        if not isinstance(suite, Suite):
            raise UsageError(f"suite {name}: {package} has no SUITE")
        found[suite.interface] = suite
    return found


def suite(interface: str) -> Suite:
    """Return the suite of `interface`; UsageError with the choices when there is none."""
    try:
        return suites()[interface]
    except KeyError:
        choice = ", ".join(suites())
        raise UsageError(f"no suite for interface {interface!r} (there are: {choice})") from None


@cache
def functions(interface: str) -> Mapping[str, tuple[Case, Callable[..., None]]]:
    """Return the cases of one suite by id, sorted, each with its function."""
    package = _import(suite(interface).package)
    found: dict[str, tuple[Case, Callable[..., None]]] = {}
    for module in _case_modules(package):
        for thing in vars(module).values():
            metadata = case_of(thing)
            if metadata is None:
                continue
            if metadata.id in found and found[metadata.id][1] is not thing:
                raise BenchError(f"two cases are called {metadata.id}")
            found[metadata.id] = (metadata, thing)
    return dict(sorted(found.items()))


def cases(interfaces: Iterable[str] | None = None) -> list[Case]:
    """Return the cases of the named interfaces (default: all), in catalogue order."""
    names = list(suites()) if interfaces is None else list(interfaces)
    return [metadata for name in names for metadata, _ in functions(name).values()]


def case(case_id: str) -> Case:
    """Return the case with this id; UsageError when there is none."""
    for metadata in cases():
        if metadata.id == case_id.upper():
            return metadata
    raise UsageError(f"there is no case {case_id!r}; `meterbench list` shows all")


def folder(interface: str) -> Path:
    """Return the folder that holds the case modules of one suite."""
    return _folder(_import(suite(interface).package))


@cache
def digest(interface: str) -> str:
    """Return the SHA-256 (hex) of a suite's files and of the vectors that belong to it.

    Two runs with the same digest judged by the same cases and the same tables.
    """
    import vectors

    roots = [folder(interface), _folder(vectors) / interface]
    total = hashlib.sha256()
    for root in roots:
        for path in sorted(p for p in root.rglob("*") if p.suffix in {".py", ".toml", ".json"}):
            total.update(f"{root.name}/{path.relative_to(root).as_posix()}\n".encode())
            total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def catalogue_json(interfaces: Iterable[str]) -> dict[str, Any]:
    """Return what a report needs to know of cases and clauses, as plain JSON values."""
    names = list(interfaces)
    clauses = {
        clause.id: {"title": clause.title, "testable": clause.testable, "note": clause.note}
        for name in names
        for clause in suite(name).clauses.values()
    }
    return {"cases": [case.to_json() for case in cases(names)], "clauses": clauses}


def _case_modules(package: ModuleType) -> list[ModuleType]:
    names = sorted(m.name for m in pkgutil.iter_modules(package.__path__))
    return [_import(f"{package.__name__}.{n}") for n in names if n.startswith("test_")]


def _folder(package: ModuleType) -> Path:
    assert package.__file__ is not None
    return Path(package.__file__).parent


def _import(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise UsageError(f"suite package {name} cannot be imported: {error}") from error
