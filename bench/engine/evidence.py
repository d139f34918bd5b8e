"""The run folder: written as the run goes, readable at any moment, never rewritten.

A killed run keeps every finished case: results appear by rename, events are flushed per line and
each carries the SHA-256 of the line before it.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.core.errors import EvidenceError
from bench.core.result import Attempt
from bench.core.trace import Frame
from bench.engine.capture import write_frames

_FIRST = "0" * 64


@dataclass(frozen=True, slots=True)
class CaseRecord:
    """An attempt with the frames that its deviations point at; `omitted` counts those left out."""

    attempt: Attempt
    frames: tuple[Frame, ...] = ()
    omitted: int = 0
    epoch_ns: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values, so that a record can travel between processes."""
        return {
            "attempt": self.attempt.to_json(),
            "frames": [frame.to_json() for frame in self.frames],
            "omitted": self.omitted,
            "epoch_ns": self.epoch_ns,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "CaseRecord":
        """Return the record that `to_json` wrote."""
        return cls(
            Attempt.from_json(data["attempt"]),
            tuple(Frame.from_json(frame) for frame in data["frames"]),
            data["omitted"],
            data["epoch_ns"],
        )


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise EvidenceError(
            f"cannot write {path}: {error.strerror or error}; what was written before is complete "
            "and readable; free the disk or choose another --out, then --resume this run"
        ) from error


class RunFolder:
    """One run's folder, open for writing by one process."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._events = path / "events.jsonl"
        self._sequence = 0
        self._previous = _FIRST

    @property
    def name(self) -> str:
        """The run's id."""
        return self.path.name

    @classmethod
    def create(cls, parent: Path, name: str) -> "RunFolder":
        """Make a new folder for a run; a number is appended when the name is taken."""
        candidate = parent / name
        with _writing(candidate):
            parent.mkdir(parents=True, exist_ok=True)
            number = 1
            while True:
                try:
                    candidate.mkdir()
                    return cls(candidate)
                except FileExistsError:
                    number += 1
                    candidate = parent / f"{name}-{number}"

    def discard(self) -> None:
        """Remove the folder of a run that could not begin."""
        with _writing(self.path):
            shutil.rmtree(self.path)

    @classmethod
    def reopen(cls, path: Path) -> "RunFolder":
        """Open the folder of a run that ended early; what was half written is cut off.

        Raises EvidenceError when it is no run folder or its chain of events is broken.
        """
        if not (path / "plan.json").is_file():
            raise EvidenceError(f"{path} is not a run folder: it has no plan.json")
        run = cls(path)
        run._continue_chain()
        for part in path.rglob("*.part"):
            with _writing(part):
                part.unlink()
        return run

    def _continue_chain(self) -> None:
        content = self._events.read_bytes() if self._events.exists() else b""
        whole = content[: content.rfind(b"\n") + 1]
        for number, line in enumerate(whole.splitlines(), start=1):
            try:
                event = json.loads(line)
                good = event["prev"] == self._previous and event["seq"] == self._sequence
            except (ValueError, KeyError, TypeError):
                good = False
            if not good:
                raise EvidenceError(f"{self._events}: the chain of events breaks at line {number}")
            self._previous = hashlib.sha256(line).hexdigest()
            self._sequence += 1
        if len(whole) != len(content):
            with _writing(self._events):
                os.truncate(self._events, len(whole))

    def event(self, name: str, **details: object) -> None:
        """Append one event to the chain, flushed to the operating system."""
        row = {
            "seq": self._sequence,
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "event": name,
            **details,
            "prev": self._previous,
        }
        line = json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode()
        with _writing(self._events), self._events.open("ab") as file:
            file.write(line + b"\n")
        self._previous = hashlib.sha256(line).hexdigest()
        self._sequence += 1

    def write_json(self, relative: str, data: object) -> None:
        """Write a JSON file so that it is there whole or not at all."""
        text = json.dumps(data, ensure_ascii=False, indent=1, sort_keys=False)
        self.write_text(relative, text + "\n")

    def write_text(self, relative: str, text: str) -> None:
        """Write a text file so that it is there whole or not at all."""
        path = self.path / relative
        with _writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_name(path.name + ".part")
            part.write_text(text, encoding="utf-8", newline="\n")
            part.replace(path)

    def read_json(self, relative: str) -> Any:
        """Return the content of a JSON file; EvidenceError when it is missing or damaged."""
        path = self.path / relative
        try:
            return json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise EvidenceError(f"cannot read {path}: {error}") from error

    def start_case(self, case_id: str) -> int:
        """Note that a case begins; return the number of this attempt, from 1."""
        number = len(self.attempt_numbers(case_id)) + 1
        with _writing(self.path):
            (self.path / "cases" / case_id / f"a{number}").mkdir(parents=True, exist_ok=True)
        self.event("case-started", case=case_id, attempt=number)
        return number

    def finish_case(self, record: CaseRecord) -> None:
        """Write the result of an attempt with its frames; it survives whatever comes after."""
        attempt = record.attempt
        place = f"cases/{attempt.case}/a{attempt.number}"
        if record.frames:
            frames = [frame.to_json() for frame in record.frames]
            self.write_json(f"{place}/decoded.json", {"frames": frames, "omitted": record.omitted})
            comment = f"{attempt.case} attempt {attempt.number}"
            path = self.path / place / "frames.pcapng"
            with _writing(path):
                write_frames(path, record.frames, record.epoch_ns, comment)
        self.write_json(f"{place}/result.json", attempt.to_json())
        self.note_finished(attempt)

    def note_finished(self, attempt: Attempt) -> None:
        """Tell of an attempt that has its result."""
        judgement = attempt.judgement
        self.event(
            "case-finished",
            case=attempt.case,
            attempt=attempt.number,
            verdict=str(judgement.verdict),
            reason=judgement.reason,
        )

    def finished_attempts(self) -> set[tuple[str, int]]:
        """Return case and number of every attempt that an event calls finished."""
        rows = map(json.loads, self._events.read_bytes().splitlines())
        return {(r["case"], r["attempt"]) for r in rows if r["event"] == "case-finished"}

    def attempt_numbers(self, case_id: str) -> list[int]:
        """Return the numbers of the attempts that were begun, in order."""
        folder = self.path / "cases" / case_id
        if not folder.is_dir():
            return []
        return sorted(int(p.name[1:]) for p in folder.iterdir() if p.name[1:].isdigit())

    def attempts(self, case_id: str) -> Sequence[Attempt | None]:
        """Return the attempts of a case in order; None stands for one without a result."""
        found: list[Attempt | None] = []
        for number in self.attempt_numbers(case_id):
            relative = f"cases/{case_id}/a{number}/result.json"
            if not (self.path / relative).exists():
                found.append(None)
                continue
            try:
                found.append(Attempt.from_json(self.read_json(relative)))
            except (KeyError, TypeError, ValueError) as error:
                raise EvidenceError(f"{self.path / relative} is damaged: {error}") from error
        return found
