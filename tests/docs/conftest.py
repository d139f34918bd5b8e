"""Reads the documentation: its pages, and the blocks of code in them."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

HOME = Path(__file__).parents[2]
_FENCE = re.compile(r"^```(.*?)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its language, what else its first line says, and its text."""

    language: str
    words: tuple[str, ...]
    text: str

    def option(self, name: str) -> str | None:
        """Return VALUE of a word `name=VALUE`."""
        found = (word.partition("=")[2] for word in self.words if word.startswith(f"{name}="))
        return next(found, None)


@pytest.fixture(scope="session")
def home() -> Path:
    return HOME


@pytest.fixture(scope="session")
def pages() -> dict[str, str]:
    """Every page by its path below the repository."""
    files = [HOME / "README.md", HOME / "CHANGELOG.md", *sorted((HOME / "docs").glob("*.md"))]
    return {file.relative_to(HOME).as_posix(): file.read_text(encoding="utf-8") for file in files}


@pytest.fixture(scope="session")
def blocks_of(pages: dict[str, str]) -> Callable[[str], list[Block]]:
    """Return the blocks of a page in their order."""

    def read(page: str) -> list[Block]:
        found = []
        for first, text in _FENCE.findall(pages[page]):
            language, *words = first.split() or [""]
            found.append(Block(language, tuple(words), text))
        return found

    return read


@pytest.fixture
def shell(tmp_path: Path) -> Callable[[str], subprocess.CompletedProcess[str]]:
    """Run a line of shell in an empty folder in which `./bench.sh` and `meterbench` start us."""
    start = f'#!/bin/sh\nPYTHONPATH="{HOME}" exec "{sys.executable}" -P -m bench "$@"\n'
    (tmp_path / "bin").mkdir()
    for script in (tmp_path / "bench.sh", tmp_path / "bin" / "meterbench"):
        script.write_text(start, encoding="utf-8")
        script.chmod(0o755)
    (tmp_path / "examples").symlink_to(HOME / "examples")
    environment = {**os.environ, "METERBENCH_STATE": str(tmp_path / "state")}
    environment["PATH"] = f"{tmp_path / 'bin'}{os.pathsep}{environment['PATH']}"

    def run(line: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["/bin/sh", "-c", line],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
        )

    return run
