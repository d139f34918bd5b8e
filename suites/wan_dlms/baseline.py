"""The object list of an earlier firmware, and what a later one has made of it.

Clients are written for the objects that they know: those stay, with their attributes, types and
rights, while others may be added (IEC 62056-6-2, object lists and their growth).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bench.core.errors import UsageError
from bench.protocols.dlms.cosem_types import LogicalName
from bench.protocols.dlms.data_types import Data, DataType, Elements
from suites.baseline_file import load_baseline
from suites.wan_dlms.attribute_types import parse_rule
from suites.wan_dlms.survey import ListedObject, Survey

SCHEMA = "meterbench-wan-baseline-1"
_SIMPLE_ANY = "any"

Key = tuple[int, LogicalName]


@dataclass(frozen=True, slots=True)
class KnownAttribute:
    """What a client may do with an attribute, which selectors it knows, and the type it had.

    `type` is written as in the definitions of classes: "any" where nothing was read.
    """

    number: int
    readable: bool
    writable: bool
    type: str = _SIMPLE_ANY
    selectors: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class KnownObject:
    """One object as it was: `methods` are those that the client might invoke."""

    class_id: int
    version: int
    name: LogicalName
    attributes: tuple[KnownAttribute, ...] = ()
    methods: tuple[int, ...] = ()

    def __str__(self) -> str:
        return f"class {self.class_id} {self.name}"

    def to_json(self) -> dict[str, Any]:
        """Return the object as a baseline file has it."""
        return {
            "class": self.class_id,
            "version": self.version,
            "name": str(self.name),
            "attributes": [
                {
                    "number": one.number,
                    "access": ("r" if one.readable else "-") + ("w" if one.writable else "-"),
                    "type": one.type,
                    "selectors": list(one.selectors),
                }
                for one in self.attributes
            ],
            "methods": list(self.methods),
        }

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> "KnownObject":
        """Return the object that `to_json` wrote."""
        attributes = tuple(
            KnownAttribute(
                int(one["number"]),
                "r" in str(one["access"]),
                "w" in str(one["access"]),
                str(one["type"]),
                tuple(map(int, one["selectors"])),
            )
            for one in row["attributes"]
        )
        for one in attributes:
            parse_rule(one.type)  # what cannot be read is told now
        methods = tuple(map(int, row["methods"]))
        name = LogicalName.parse(str(row["name"]))
        return cls(int(row["class"]), int(row["version"]), name, attributes, methods)


@dataclass(frozen=True, slots=True)
class Baseline:
    """The objects that one association saw; `source` says where."""

    association: str
    objects: Mapping[Key, KnownObject] = field(default_factory=dict)
    source: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the content of a baseline file."""
        return {
            "schema": SCHEMA,
            "association": self.association,
            "source": self.source,
            "objects": [one.to_json() for one in self.objects.values()],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Baseline":
        """Return the baseline that `to_json` wrote; KeyError, TypeError or ValueError if not."""
        if data["schema"] != SCHEMA:
            raise ValueError(f"schema {data['schema']!r} instead of {SCHEMA!r}")
        objects = [KnownObject.from_json(row) for row in data["objects"]]
        known = {(one.class_id, one.name): one for one in objects}
        return cls(str(data["association"]), known, str(data["source"]))


@dataclass(frozen=True, slots=True)
class Change:
    """What is other than before: `what` and how it `was` and `is`; `kind` groups changes."""

    kind: str
    key: Key
    attribute: int
    was: str
    now: str


def record(survey: Survey, source: str = "") -> Baseline:
    """Return what the survey saw; UsageError where it saw nothing that could be compared."""
    sound = [one for one in survey.objects if not one.problem]
    if not sound:
        raise UsageError("the object list names no object that can be read")
    objects = {(one.class_id, one.name): _known(survey, one) for one in sound}
    return Baseline(survey.association, objects, source)


def compare(before: Baseline, survey: Survey) -> Iterator[Change]:
    """Yield what has changed.

    Kinds: object, version, attribute, type, right, method for what an earlier client would miss;
    added for what it does not know.
    """
    now = {(one.class_id, one.name): one for one in survey.objects if not one.problem}
    for key, old in before.objects.items():
        if key not in now:
            yield Change("object", key, 0, "is listed", "is not on the object list")
        else:
            yield from _changes(survey, key, old, now[key])
    for key, one in now.items():
        if key not in before.objects:
            yield Change("added", key, 0, "was not there", str(one))


def load(name: str) -> Baseline:
    """Return the baseline in a file, or by `shipped:NAME`; UsageError if it is none."""
    return load_baseline(name, "wan", Baseline.from_json)


def type_text(data: Data | None) -> str:
    """Return the type of data, in full, as definitions of classes write it."""
    if data is None or not isinstance(data.type, DataType):
        return _SIMPLE_ANY
    if data.type in (DataType.NULL_DATA, DataType.DONT_CARE):
        return _SIMPLE_ANY
    if not isinstance(data.value, Elements):
        return data.type.title
    inner = [type_text(one) for one in data.value]
    if data.type == DataType.STRUCTURE:
        return f"structure({', '.join(inner)})" if inner else "structure"
    return f"array({'|'.join(dict.fromkeys(inner))})" if inner else "array"


def _known(survey: Survey, one: ListedObject) -> KnownObject:
    attributes = tuple(
        KnownAttribute(
            right.attribute,
            right.readable,
            right.writable,
            type_text(survey.data(one.class_id, one.name, right.attribute)),
            right.selectors,
        )
        for right in one.attributes
    )
    methods = tuple(number for number, mode in one.methods.items() if mode)
    return KnownObject(one.class_id, one.version, one.name, attributes, methods)


def _changes(survey: Survey, key: Key, old: KnownObject, now: ListedObject) -> Iterator[Change]:
    if now.version != old.version:
        kind = "version" if now.version < old.version else "added"
        yield Change(kind, key, 0, f"version {old.version}", f"version {now.version}")
    for attribute in old.attributes:
        right = now.right(attribute.number)
        number = attribute.number
        if right is None:
            yield Change("attribute", key, number, "is there", "is not listed")
            continue
        lost = [
            name
            for name, was, still in (
                ("read", attribute.readable, right.readable),
                ("write", attribute.writable, right.writable),
            )
            if was and not still
        ]
        lost += [f"selector {n}" for n in attribute.selectors if n not in right.selectors]
        if lost:
            yield Change("right", key, number, f"has {', '.join(lost)}", "has it no more")
        data = survey.data(old.class_id, old.name, number)
        if data is not None and data.type != DataType.NULL_DATA:
            problem = parse_rule(attribute.type).problem(data)
            if problem:
                yield Change("type", key, number, attribute.type, problem)
    for method in old.methods:
        if not now.methods.get(method):
            yield Change("method", key, method, "may be invoked", "may not")
    known = {one.number for one in old.attributes}
    for right in now.attributes:
        if right.attribute not in known:
            yield Change("added", key, right.attribute, "was not there", "is listed")
