"""Reads the shipped TOML and JSON files, from a checkout or from an installed package alike."""

import json
import tomllib
from functools import cache
from importlib import resources
from typing import Any

from bench.core.errors import UsageError


@cache
def data(path: str) -> dict[str, Any]:
    """Return the content of the shipped file at `path`, such as "p1/profiles/nl50.toml".

    The result is cached and shared: do not change it. UsageError if there is no such file or
    it is neither TOML nor JSON; a broken shipped file raises its parser's error.
    """
    if not path.endswith((".toml", ".json")):
        raise UsageError(f"vectors/{path}: only .toml and .json files hold data")
    file = resources.files("vectors").joinpath(path)
    if ".." in path.split("/") or not file.is_file():
        raise UsageError(f"vectors/{path}: there is no such file")
    text = file.read_text(encoding="utf-8")
    content: dict[str, Any] = tomllib.loads(text) if path.endswith(".toml") else json.loads(text)
    return content


def names(folder: str, suffix: str = ".toml") -> tuple[str, ...]:
    """Return the sorted names, without `suffix`, of the shipped files in `folder`."""
    root = resources.files("vectors").joinpath(folder)
    if not root.is_dir():
        raise UsageError(f"vectors/{folder}: there is no such folder")
    return tuple(
        sorted(
            entry.name.removesuffix(suffix)
            for entry in root.iterdir()
            if entry.is_file() and entry.name.endswith(suffix)
        )
    )
