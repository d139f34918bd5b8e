"""Turns the rows of a run folder's files into records, and refuses those of another shape.

Raises KeyError, TypeError or ValueError; the reader of the folder adds the name of the file.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bench.core.case import Case, Effects, Kind
from bench.core.check import Level
from bench.core.plan import PlannedCase
from bench.core.result import Attempt
from bench.core.trace import Direction, Field, Frame

CASE_ID = re.compile(r"[A-Z0-9]+(-[A-Z0-9]+)+")


@dataclass(frozen=True, slots=True)
class Bracket:
    """The known-good exchanges before and after a group of cases; None = was not made."""

    interface: str
    group: str
    opening: bool | None
    opening_message: str
    closing: bool | None
    closing_message: str
    suspects: tuple[str, ...]


def case(row: Mapping[str, Any]) -> Case:
    """Return the case of a row of catalogue.json."""
    return Case(
        id=row["id"],
        version=int(row["version"]),
        interface=str(row["interface"]),
        title=str(row["title"]),
        purpose=str(row["purpose"]),
        stimulus=str(row["stimulus"]),
        criterion=str(row["criterion"]),
        kind=Kind(row["kind"]),
        clauses=tuple(str(clause) for clause in row["clauses"]),
        level=Level(row["level"]),
        ics=str(row["ics"]),
        ixit=tuple(str(name) for name in row["ixit"]),
        needs=tuple(str(need) for need in row["needs"]),
        effects=Effects(row["effects"]),
        detects=tuple(str(fault) for fault in row["detects"]),
        bound_s=float(row["bound_s"]),
    )


def planned(row: Mapping[str, Any]) -> PlannedCase:
    """Return the case of a row of plan.json."""
    found = PlannedCase.from_json(row)
    _all_are(str, "a text", (found.id, found.interface, found.reason))
    _all_are(int, "a whole number", (found.version,))
    if not CASE_ID.fullmatch(found.id):
        raise ValueError(f"{found.id!r} is not a case id")
    return found


def attempt(data: Mapping[str, Any]) -> Attempt:
    """Return the attempt of a result.json."""
    found = Attempt.from_json(data)
    numbers = [found.version, found.number, found.started_ns, found.finished_ns]
    words = [found.case]
    for check in found.checks:
        words += [check.id, check.clause, check.expected, check.observed, check.unit]
        numbers += [check.examined, check.deviating]
        if check.uncertainty is not None and not isinstance(check.uncertainty, int | float):
            raise TypeError(f"{check.uncertainty!r} is not a number")
        for deviation in check.deviations:
            place = deviation.place
            words += [deviation.expected, deviation.observed]
            numbers += [place.frame, place.offset, place.length, place.line or 0]
    words += [incident.message for incident in found.incidents]
    _all_are(int, "a whole number", numbers)
    _all_are(str, "a text", words)
    return found


def _all_are(kind: type, name: str, values: Iterable[object]) -> None:
    for value in values:
        if type(value) is not kind:
            raise TypeError(f"{value!r} is not {name}")


def frame(row: Mapping[str, Any]) -> Frame:
    """Return the annotated frame of a row of decoded.json."""
    fields = tuple(
        Field(str(f["path"]), int(f["offset"]), int(f["length"]), str(f["text"]), str(f["problem"]))
        for f in row["fields"]
    )
    return Frame(
        number=int(row["number"]),
        at_ns=int(row["at_ns"]),
        until_ns=int(row["until_ns"]),
        octets=bytes.fromhex(row["octets"]),
        direction=Direction(row["direction"]),
        offset=int(row["offset"]),
        fields=fields,
    )


def bracket(data: Mapping[str, Any]) -> Bracket:
    """Return the sanity bracket of a file under brackets/."""
    opening, closing = data["opening"], data["closing"]
    for end in (opening, closing):
        if end["ok"] not in (True, False, None):
            raise ValueError(f"{end['ok']!r} is not true, false or null")
    return Bracket(
        str(data["interface"]),
        str(data["group"]),
        opening["ok"],
        str(opening.get("message", "")),
        closing["ok"],
        str(closing.get("message", "")),
        tuple(str(suspect) for suspect in data.get("suspects", ())),
    )
