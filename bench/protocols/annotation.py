"""Puts problems to the fields of what was decoded, so that a report shows both at one place."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace

from bench.core.trace import Field, Problem


def with_problems(
    fields: Sequence[Field], problems: Sequence[Problem], *, own: bool = False
) -> tuple[Field, ...]:
    """Return the fields with each problem noted at the smallest field that holds its offset.

    `fields` stand in the order of their octets, parents before their children, whose paths go on
    with "/". What no field holds is noted at the one before. With `own`, where the first field is
    the whole, a problem that none but the whole holds (octets that end too early, octets after the
    last component) gets a field of its own at the end; so does one that no field holds.
    """
    if not problems:
        return tuple(fields)
    starts = [field.offset for field in fields]
    parents = _parents(fields)
    whole = 0 if own and len(fields) > 1 else -1
    notes: dict[int, list[str]] = {}
    rest: list[Field] = []
    for problem in problems:
        # Brothers follow each other: what holds the offset is the last field that starts before
        # it, or one of those that this one is in.
        nearest = at = bisect_right(starts, problem.offset) - 1
        while at >= 0 and problem.offset >= fields[at].offset + fields[at].length:
            at = parents[at]
        if at > whole:
            notes.setdefault(at, []).append(problem.message)
        elif own:
            text = problem.message
            rest.append(Field(problem.code, problem.offset, problem.length, "", text))
        else:
            notes.setdefault(max(nearest, 0), []).append(problem.message)
    noted = [
        replace(field, problem="; ".join(notes[i])) if i in notes else field
        for i, field in enumerate(fields)
    ]
    return (*noted, *rest)


def _parents(fields: Sequence[Field]) -> list[int]:
    """Return the index of the field that each one is in, -1 for those in none."""
    parents = []
    above: list[int] = []
    for index, field in enumerate(fields):
        while above and not field.path.startswith(f"{fields[above[-1]].path}/"):
            above.pop()
        parents.append(above[-1] if above else -1)
        above.append(index)
    return parents
