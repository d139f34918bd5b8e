"""Reads a run folder as a verifier must: damage is named with its file, nothing is guessed."""

import json
import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from bench.core.case import Case
from bench.core.clause import Clause
from bench.core.errors import BenchError, EvidenceError
from bench.core.figure import Figure, figure_from_json
from bench.core.plan import PlannedCase
from bench.core.result import Attempt
from bench.core.trace import Frame
from reports import parse

SCHEMA = 1
_ATTEMPT = re.compile(r"a([1-9][0-9]{0,5})")
_FIGURE = re.compile(r"figures/([a-z0-9_-]+)/[a-z0-9_-]+\.json")
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Plan:
    """plan.json: the run's identity, mode, suites, interfaces and every case."""

    data: Mapping[str, Any]
    run: str
    cases: tuple[PlannedCase, ...]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """catalogue.json: what cases and clauses were when the run was made."""

    cases: Mapping[str, Case] = field(default_factory=dict)
    clauses: Mapping[str, Clause] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Frames:
    """decoded.json: the frames that an attempt's deviations point at."""

    frames: tuple[Frame, ...] = ()
    omitted: int = 0


@dataclass(frozen=True, slots=True)
class RunFolder:
    """A run folder open for reading; every method raises EvidenceError naming the damaged file."""

    path: Path

    @classmethod
    def open(cls, path: Path) -> "RunFolder":
        """Return the folder; EvidenceError if it is none, or holds no run."""
        if not path.is_dir():
            raise EvidenceError(f"{path} is not a folder; name the folder of a run")
        if not (path / "plan.json").is_file():
            raise EvidenceError(f"{path} is not a run folder: it has no plan.json")
        return cls(path)

    def plan(self) -> Plan:
        """Return plan.json."""

        def build(data: Any) -> Plan:
            if data["schema"] != SCHEMA:
                raise ValueError(f"schema {data['schema']!r} is not known to this version")
            cases = tuple(parse.planned(row) for row in data["cases"])
            for name, entry in data["interfaces"].items():
                str(entry["profile"]), [str(line) for line in entry.get("review", ())], str(name)
            return Plan(data, str(data["run"]), cases)

        return self._read("plan.json", build)

    def declaration(self) -> Mapping[str, Any]:
        """Return the tables of device.toml."""
        text = self.declaration_text()
        try:
            return tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise EvidenceError(f"device.toml is damaged: {error}") from None

    def declaration_text(self) -> str:
        """Return device.toml as written."""
        return _decode(self.octets("device.toml"), "device.toml")

    def environment(self) -> Mapping[str, Any]:
        """Return environment.json."""

        def build(data: Any) -> Mapping[str, Any]:
            str(data["bench"]["version"])
            if not isinstance(data.get("self_test"), dict | None):
                raise TypeError("self_test is neither null nor an object")
            for link in data["links"].values():
                int(link["epoch_ns"])
            return dict(data)

        return self._read("environment.json", build)

    def catalogue(self) -> Catalogue:
        """Return catalogue.json."""

        def build(data: Any) -> Catalogue:
            cases = {row["id"]: parse.case(row) for row in data["cases"]}
            clauses = {
                key: Clause(key, str(row["title"]), bool(row["testable"]), str(row["note"]))
                for key, row in data["clauses"].items()
            }
            return Catalogue(cases, clauses)

        return self._read("catalogue.json", build)

    def events(self) -> list[Mapping[str, Any]]:
        """Return the events that can be read, in order; a damaged line is left out."""
        rows: list[Mapping[str, Any]] = []
        for line in self.octets("events.jsonl").split(b"\n"):
            try:
                row = json.loads(line) if line else None
            except ValueError:
                row = None
            if isinstance(row, dict):
                rows.append(row)
        return rows

    def brackets(self) -> list[parse.Bracket]:
        """Return the sanity brackets, sorted by file name."""
        folder = self.path / "brackets"
        if not folder.is_dir():
            return []
        names = sorted(entry.name for entry in folder.iterdir() if entry.suffix == ".json")
        return [self._read(f"brackets/{name}", parse.bracket) for name in names]

    def observations(self) -> list[Mapping[str, Any]]:
        """Return what each observation.json says, sorted by interface and number."""
        files = sorted(
            (
                path.relative_to(self.path)
                for path in self.path.glob("observations/*/*/observation.json")
            ),
            key=lambda path: (path.parts[1], len(path.parts[2]), path.parts[2]),
        )

        def build(data: Any) -> Mapping[str, Any]:
            return {
                "interface": str(data["interface"]),
                "number": int(data["number"]),
                "ended": str(data["ended"]),
                "telegrams": int(data["telegrams"]),
                "octets": int(data["octets"]),
                "started_ns": int(data["started_ns"]),
                "finished_ns": int(data["finished_ns"]),
                "note": str(data.get("note", "")),
            }

        return [self._read(path.as_posix(), build) for path in files]

    def figures(self) -> list[tuple[str, str, Figure]]:
        """Return path, interface and content of each kept figure, in the order of their names."""
        files = sorted(self.path.glob("figures/*/*.json"), key=lambda file: file.parts[-2:])
        found = []
        for file in files:
            path = file.relative_to(self.path).as_posix()
            named = _FIGURE.fullmatch(path)
            if named is None:
                raise EvidenceError(f"{path} is not named as a figure is")
            found.append((path, named[1], self._read(path, figure_from_json)))
        return found

    def case_ids(self) -> list[str]:
        """Return the ids that have a folder under cases/, sorted."""
        folder = self.path / "cases"
        return sorted(e.name for e in folder.iterdir()) if folder.is_dir() else []

    def attempt_numbers(self, case_id: str) -> list[int]:
        """Return the numbers of the attempts that have a folder, in order."""
        folder = self.path / "cases" / case_id
        if not parse.CASE_ID.fullmatch(case_id) or not folder.is_dir():
            return []
        found = (_ATTEMPT.fullmatch(entry.name) for entry in folder.iterdir())
        return sorted(int(match[1]) for match in found if match)

    def has_result(self, case_id: str, number: int) -> bool:
        """Return whether an attempt left a result, be it a damaged one."""
        return (self.path / f"cases/{case_id}/a{number}/result.json").exists()

    def attempt(self, case_id: str, number: int) -> Attempt | None:
        """Return one attempt; None if it left no result because the bench was stopped."""
        relative = f"cases/{case_id}/a{number}/result.json"
        if not self.has_result(case_id, number):
            return None
        attempt = self._read(relative, parse.attempt)
        if attempt.case != case_id or attempt.number != number:
            raise EvidenceError(
                f"{relative} is of {attempt.case} attempt {attempt.number}, not of its folder"
            )
        return attempt

    def stated_verdict(self, case_id: str, number: int) -> tuple[str, str]:
        """Return verdict and reason as result.json states them, which nothing is computed from."""
        relative = f"cases/{case_id}/a{number}/result.json"
        return self._read(relative, lambda data: (str(data["verdict"]), str(data["reason"])))

    def frames(self, case_id: str, number: int) -> Frames:
        """Return the annotated frames of an attempt; empty if it has none."""
        relative = f"cases/{case_id}/a{number}/decoded.json"
        if not (self.path / relative).exists():
            return Frames()
        return self._read(
            relative,
            lambda data: Frames(
                tuple(parse.frame(row) for row in data["frames"]), int(data["omitted"])
            ),
        )

    def json(self, relative: str) -> Any:
        """Return the content of a JSON file."""
        return self._read(relative, lambda data: data)

    def octets(self, relative: str) -> bytes:
        """Return the content of a file."""
        try:
            return (self.path / relative).read_bytes()
        except OSError as error:
            raise EvidenceError(f"{relative} cannot be read: {error.strerror}") from None

    def _read(self, relative: str, build: Callable[[Any], Value]) -> Value:
        text = _decode(self.octets(relative), relative)
        try:
            return build(json.loads(text))
        except BenchError as error:
            raise EvidenceError(f"{relative} is damaged: {error}") from None
        except KeyError as error:
            raise EvidenceError(f"{relative} is damaged: it lacks {error}") from None
        except (ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
            raise EvidenceError(f"{relative} is damaged: {error}") from None


def list_files(folder: Path) -> list[str]:
    """Return the paths of all files of a run folder, "/"-separated and sorted.

    Raises EvidenceError for a symbolic link or anything that is neither file nor folder: such an
    entry could show one content now and another later, or lead out of the folder.
    """
    found: list[str] = []

    def walk(directory: Path, prefix: PurePosixPath) -> None:
        with os.scandir(directory) as entries:
            for entry in entries:
                relative = prefix / entry.name
                if entry.is_symlink():
                    raise EvidenceError(f"{relative} is a symbolic link; a run folder has none")
                if entry.is_dir():
                    walk(Path(entry.path), relative)
                elif entry.is_file():
                    found.append(str(relative))
                else:
                    raise EvidenceError(f"{relative} is not a regular file")

    try:
        walk(folder, PurePosixPath())
    except OSError as error:
        raise EvidenceError(f"{error.filename} cannot be read: {error.strerror}") from None
    return sorted(found)


def _decode(octets: bytes, relative: str) -> str:
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError as error:
        raise EvidenceError(f"{relative} is not UTF-8 (at octet {error.start})") from None
