"""Keeps what a suite draws as files of the run folder, which the report then shows."""

import json
import os
import re
from pathlib import Path

from bench.core.errors import EvidenceError, UsageError
from bench.core.figure import Figure

__all__ = ["Figure", "keep_figure"]

_NAME = re.compile(r"[a-z0-9]+([-_][a-z0-9]+)*")
_LONGEST = 80
_MOST = 99  # figures of one name


def keep_figure(run: Path | None, interface: str, name: str, figure: Figure) -> None:
    """Write `figures/<interface>/<name>.json` below `run`; nothing where no evidence is kept.

    Figures of one interface are shown in the order of their names. One that is there stays: the
    same again is not written twice (each process of a run may come to it), another of the same
    name, such as that of a second attempt, becomes `<name>-2.json`. Raises UsageError for a name
    that is not of small letters, digits and hyphens, EvidenceError if it cannot be written.
    """
    for text in (interface, name):
        if not _NAME.fullmatch(text) or len(text) > _LONGEST:
            raise UsageError(
                f"{text!r} cannot name a figure: write small letters and digits, joined by hyphens"
            )
    if run is None:
        return
    text = json.dumps(figure.to_json(), allow_nan=False, separators=(",", ":")) + "\n"
    folder = run / "figures" / interface
    # its own part for each process: they may keep the same figure at the same time
    part = folder / f"{name}.json.{os.getpid()}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        part.write_text(text, encoding="ascii", newline="\n")
        try:
            _place(part, folder, name, text)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise EvidenceError(f"cannot write {part}: {error.strerror or error}") from error


def _place(part: Path, folder: Path, name: str, text: str) -> None:
    """Give a written part the first name that is free, unless its content is there already."""
    for number in range(1, _MOST + 1):
        path = folder / (f"{name}.json" if number == 1 else f"{name}-{number}.json")
        if _take(part, path) or path.read_text(encoding="ascii", errors="replace") == text:
            return
    raise UsageError(f"{_MOST} figures are named {name!r}: give each its own name")


def _take(part: Path, path: Path) -> bool:
    """Return whether `part` could be made known as `path`, which was not there before."""
    try:
        os.link(part, path)
    except FileExistsError:
        return False
    except OSError:  # a file system without hard links
        if path.exists():
            return False
        part.replace(path)
    return True
