"""Clauses of the standards that cases judge by."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause in our own short words; `note` says what of it is left untested and why."""

    id: str
    title: str
    testable: bool = True
    note: str = ""


def clauses_from_data(data: Mapping[str, Any]) -> dict[str, Clause]:
    """Return the clauses written in a suite's clauses.toml, by id."""
    return {row["id"]: Clause(**row) for row in data["clause"]}
