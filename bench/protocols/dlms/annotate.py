"""Puts problems to the fields of a decoded APDU, so that a report shows both at one place."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace

from bench.core.trace import Field, Problem


def with_problems(fields: Sequence[Field], problems: Sequence[Problem]) -> tuple[Field, ...]:
    """Return the fields with each problem noted at the smallest field that holds its offset.

    `fields` are a tree, parents before their children. Where none but the whole holds a problem
    (octets that end too early, octets after the last component), a field of its own is added at
    the end, so that no problem is left out.
    """
    if not problems:
        return tuple(fields)
    starts = [field.offset for field in fields]
    parents = _parents(fields)
    notes: dict[int, list[str]] = {}
    rest: list[Field] = []
    for problem in problems:
        # Brothers follow each other: what holds the offset is the last field that starts before
        # it, or one of those that this one is in.
        at = bisect_right(starts, problem.offset) - 1
        while at >= 0 and problem.offset >= fields[at].offset + fields[at].length:
            at = parents[at]
        if at > 0 or (at == 0 and len(fields) == 1):
            notes.setdefault(at, []).append(problem.message)
        else:
            own = Field(problem.code, problem.offset, problem.length, "", problem.message)
            rest.append(own)
    noted = [
        replace(field, problem="; ".join(notes[i])) if i in notes else field
        for i, field in enumerate(fields)
    ]
    return (*noted, *rest)


def _parents(fields: Sequence[Field]) -> list[int]:
    """Return the index of the field that each one is in, -1 for the first."""
    parents = []
    above: list[int] = []
    for index, field in enumerate(fields):
        while above and not _holds(fields[above[-1]], field):
            above.pop()
        parents.append(above[-1] if above else -1)
        above.append(index)
    return parents


def _holds(outer: Field, inner: Field) -> bool:
    return inner.path.startswith(f"{outer.path}/")
