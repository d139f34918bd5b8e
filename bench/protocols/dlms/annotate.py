"""Puts problems to the fields of a decoded APDU, so that a report shows both at one place."""

from collections.abc import Sequence
from dataclasses import replace

from bench.core.trace import Field, Problem


def with_problems(fields: Sequence[Field], problems: Sequence[Problem]) -> tuple[Field, ...]:
    """Return the fields with each problem noted at the smallest field that holds its offset.

    Where none does (octets that end too early, octets after the last component), a field of its
    own is added at the end, so that no problem is left out.
    """
    notes: dict[int, list[str]] = {}
    rest: list[Field] = []
    for problem in problems:
        holding = [
            (field.length, -index)
            for index, field in enumerate(fields)
            if field.offset <= problem.offset < field.offset + field.length
        ]
        # The last of equally small fields is the deepest; the whole APDU would say too little.
        if holding and (-min(holding)[1] or len(fields) == 1):
            notes.setdefault(-min(holding)[1], []).append(problem.message)
        else:
            field = Field(problem.code, problem.offset, problem.length, "", problem.message)
            rest.append(field)
    noted = [
        replace(field, problem="; ".join(notes[i])) if i in notes else field
        for i, field in enumerate(fields)
    ]
    return (*noted, *rest)
