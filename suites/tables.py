"""Reads the tables that stand beside the cases: questions of the proforma, clauses."""

import tomllib
from pathlib import Path
from typing import Any


def read_table(relative: str) -> dict[str, Any]:
    """Return the content of a TOML file below suites/."""
    path = Path(__file__).parent / relative
    return tomllib.loads(path.read_text(encoding="utf-8"))
