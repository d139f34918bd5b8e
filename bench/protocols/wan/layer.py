"""A frame taken apart layer by layer, each with its fields, its problems and its value."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from bench.core.trace import Field, Problem


class Form(StrEnum):
    """How APDUs are carried."""

    HDLC = "hdlc"  # IEC 62056-46
    WRAPPER = "wrapper"  # IEC 62056-47
    APDU = "apdu"  # nothing around them


class Tag(StrEnum):
    """What is known of the protection of an APDU."""

    GOOD = "good"
    WRONG = "wrong"  # no key that is known makes this authentication tag
    ABSENT = "absent"  # encrypted only: whether the key is right is told by the content alone
    NOT_CHECKED = "not checked"  # no key, no system title, or a protection that is not opened


@dataclass(frozen=True, slots=True)
class Layer:
    """The octets of one protocol, and what they mean.

    `at` is where they start in the octets of the frame; None where they do not stand there as
    they are: joined from several frames, or deciphered, as `how` says. Offsets of `fields()` and
    `problems` count from the start of the frame, and without `at` from the start of the layer.
    """

    name: str
    octets: bytes
    at: int | None
    annotate: Callable[[], tuple[Field, ...]]
    problems: tuple[Problem, ...] = ()
    value: Any = None
    how: str = ""
    notes: tuple[str, ...] = ()
    tag: Tag | None = None

    def fields(self) -> tuple[Field, ...]:
        """Return the annotated octets of the layer, without gap; parents before children."""
        fields = _whole(self.annotate(), self.name, len(self.octets))
        if not self.at:
            return fields
        return tuple(Field(f.path, f.offset + self.at, f.length, f.text, f.problem) for f in fields)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values; no octets as they are, which may be a password."""
        from bench.protocols.dlms.to_json import to_json

        shown: dict[str, Any] = {"layer": self.name, "offset": self.at, "length": len(self.octets)}
        if self.how:
            shown["how"] = self.how
        if self.tag is not None:
            shown["tag"] = str(self.tag)
        if self.notes:
            shown["notes"] = list(self.notes)
        shown["fields"] = [
            {"path": f.path, "offset": f.offset, "length": f.length, "text": f.text}
            for f in self.fields()
        ]
        shown["value"] = to_json(self.value)
        shown["problems"] = [problem_json(p) for p in self.problems]
        return shown


@dataclass(frozen=True, slots=True)
class Unit:
    """One frame, wrapper unit or bare APDU of a recording; `form` None: octets of no frame.

    `offset` is the place of its first octet in what was recorded on its `link` one `way`.
    """

    number: int
    form: Form | None
    octets: bytes
    offset: int
    layers: tuple[Layer, ...]
    title: str = ""
    link: str = ""
    way: str = ""
    at_ns: int | None = None

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Every problem of every layer."""
        return tuple(problem for layer in self.layers for problem in layer.problems)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values; offsets count from the first octet of the frame."""
        shown: dict[str, Any] = {
            "frame": self.number,
            "form": None if self.form is None else str(self.form),
            "offset": self.offset,
            "length": len(self.octets),
        }
        if self.link:
            shown["link"] = self.link
        if self.way:
            shown["way"] = self.way
        if self.at_ns is not None:
            shown["at_ns"] = self.at_ns
        layers = [layer.to_json() for layer in self.layers]
        values = [layer["value"] for layer in layers if layer["value"] is not None]
        problems = [
            {"layer": layer["layer"]} | problem for layer in layers for problem in layer["problems"]
        ]
        return shown | {
            "title": self.title,
            "layers": layers,
            "value": values[-1] if values else None,
            "problems": problems,
        }


def problem_json(problem: Problem) -> dict[str, Any]:
    """Return a problem as plain JSON values."""
    return {
        "offset": problem.offset,
        "code": problem.code,
        "message": problem.message,
        "clause": problem.clause,
    }


def _whole(fields: tuple[Field, ...], name: str, count: int) -> tuple[Field, ...]:
    """Add fields for the octets that none of `fields` covers, and cut those that reach beyond."""
    added: list[Field] = []
    end = 0
    for field in fields:  # parents come first, so most are one comparison
        if field.offset > end:
            added.append(_rest(name, end, field.offset))
        end = max(end, field.offset + field.length)
    if end < count:
        added.append(_rest(name, end, count))
    elif end > count:  # what is missing has its problem at the end
        fields = tuple(
            replace(f, length=max(count - f.offset, 0)) if f.offset + f.length > count else f
            for f in fields
        )
    return (*fields, *added) if added else fields


def _rest(name: str, start: int, end: int) -> Field:
    return Field(f"{name}/rest", start, end - start, f"{end - start} octets not read")
