"""The manifest: every file of a run with its size and SHA-256, made and compared."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.core.errors import EvidenceError
from reports.folder import list_files
from reports.records import EvidenceFile

MANIFEST = "manifest.json"
ATTESTATION = "attestation.json"
SCHEMA = 1
_OUTSIDE = frozenset({MANIFEST, ATTESTATION})


@dataclass(frozen=True, slots=True)
class Comparison:
    """How a folder differs from its manifest; each entry is a path."""

    missing: tuple[str, ...]
    extra: tuple[str, ...]
    changed: tuple[str, ...]

    @property
    def same(self) -> bool:
        """True if every listed file is there unchanged and there is no other."""
        return not (self.missing or self.extra or self.changed)

    def lines(self) -> list[str]:
        """Return one line per difference."""
        return [
            f"{word}: {path}"
            for word, paths in (
                ("missing", self.missing),
                ("extra", self.extra),
                ("changed", self.changed),
            )
            for path in paths
        ]


def fingerprint(folder: Path, path: str) -> EvidenceFile:
    """Return size and SHA-256 of one file; EvidenceError if it cannot be read."""
    try:
        with (folder / path).open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            return EvidenceFile(path, file.tell(), digest)
    except OSError as error:
        raise EvidenceError(f"{path} cannot be read: {error.strerror}") from None


def make_manifest(folder: Path) -> list[EvidenceFile]:
    """Return every file of the run, sorted by path, but for manifest and attestation.

    Raises EvidenceError for a symbolic link or an unreadable file.
    """
    return [fingerprint(folder, path) for path in list_files(folder) if path not in _OUTSIDE]


def write_manifest(folder: Path) -> Path:
    """Write manifest.json, replacing an older one, and return its path."""
    files = [file.to_json() for file in make_manifest(folder)]
    path = folder / MANIFEST
    part = folder / f"{MANIFEST}.part"
    try:
        part.write_text(json.dumps({"schema": SCHEMA, "files": files}, indent=1) + "\n", "utf-8")
        part.replace(path)
    except OSError as error:
        raise EvidenceError(f"cannot write {path}: {error.strerror}") from error
    return path


def read_manifest(folder: Path) -> dict[str, EvidenceFile]:
    """Return the listed files by path.

    Raises EvidenceError if it is missing, damaged, or names a path that is not inside the folder.
    """
    try:
        data = json.loads((folder / MANIFEST).read_text("utf-8"))
        if data["schema"] != SCHEMA:
            raise ValueError(f"schema {data['schema']!r} is not known to this version")
        rows = [_row(row) for row in data["files"]]
    except OSError as error:
        raise EvidenceError(f"{MANIFEST} cannot be read: {error.strerror}") from None
    except KeyError as error:
        raise EvidenceError(f"{MANIFEST} is damaged: it lacks {error}") from None
    except (ValueError, TypeError, RecursionError) as error:
        raise EvidenceError(f"{MANIFEST} is damaged: {error}") from None
    listed = {row.path: row for row in rows}
    if len(listed) != len(rows):
        raise EvidenceError(f"{MANIFEST} is damaged: it lists a path twice")
    return listed


def compare(folder: Path, listed: Mapping[str, EvidenceFile]) -> Comparison:
    """Return how the files of `folder` differ from what the manifest lists."""
    present = {file.path: file for file in make_manifest(folder)}
    return Comparison(
        missing=tuple(sorted(listed.keys() - present.keys())),
        extra=tuple(sorted(present.keys() - listed.keys())),
        changed=tuple(
            sorted(path for path in listed.keys() & present.keys() if listed[path] != present[path])
        ),
    )


def inside(path: str) -> bool:
    """Return whether a "/"-separated path stays below the folder that it starts from."""
    parts = path.split("/")
    return (
        bool(path)
        and "\\" not in path
        and "\0" not in path
        and ":" not in parts[0]
        and not any(part in ("", ".", "..") for part in parts)
    )


def _row(row: Mapping[str, Any]) -> EvidenceFile:
    path, size, digest = row["path"], row["size"], row["sha256"]
    if not (isinstance(path, str) and type(size) is int and isinstance(digest, str)):
        raise TypeError("a row is not path, size and sha256")
    if not inside(path):
        raise ValueError(f"{path!r} leads out of the folder")
    return EvidenceFile(path, size, digest)
