"""The object model of the meter, read once per run and shared by the cases that judge it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bench.core.verdict import Reason
from bench.engine.context import Inconclusive
from bench.protocols.dlms.cosem_types import LogicalName
from bench.protocols.dlms.data_types import Data, DataType, Elements
from suites.wan_dlms.answer import Answer
from suites.wan_dlms.services import Name, named

if TYPE_CHECKING:
    from suites.wan_dlms.association import Association

CURRENT_ASSOCIATION = "0.0.40.0.0.255"
_ASSOCIATION_LN = 15
_OBJECT_LIST = 2
_PROFILE_GENERIC, _BUFFER = 7, 2
_MASKED_FROM = 3  # association LN version from which access modes are bits
_READABLE = {1, 3, 4, 6}
_WRITABLE = {2, 3, 5, 6}


@dataclass(frozen=True, slots=True)
class AttributeRight:
    """The rights of one attribute as the object list tells them; `mode` is as sent.

    `version` is that of the association class: from 3 on `mode` is a mask (bit 0 read, 1 write, 2
    to 4 what a request must be: authenticated, encrypted, signed; 5 to 7 the same of the response),
    before a number (1 read, 2 write, 3 both, 4 to 6 the same with authenticated requests).
    """

    attribute: int
    mode: int
    selectors: tuple[int, ...] = ()
    version: int = 1

    @property
    def readable(self) -> bool:
        """Whether it may be read at all."""
        return bool(self.mode & 1) if self.version >= _MASKED_FROM else self.mode in _READABLE

    @property
    def writable(self) -> bool:
        """Whether it may be written at all."""
        return bool(self.mode & 2) if self.version >= _MASKED_FROM else self.mode in _WRITABLE

    @property
    def authenticated(self) -> bool:
        """Whether a request must be authenticated."""
        return bool(self.mode & 4) if self.version >= _MASKED_FROM else self.mode >= 4


@dataclass(frozen=True, slots=True)
class ListedObject:
    """One element of the object list; `problem` says what is wrong with it, "" if nothing.

    `methods` are the access modes by method: 0 none, else it may be invoked. A logical name that
    has not six octets is 255.255.255.255.255.255 here, and told in `problem`.
    """

    class_id: int
    version: int
    name: LogicalName
    attributes: tuple[AttributeRight, ...] = ()
    methods: Mapping[int, int] = field(default_factory=dict)
    index: int = 0
    problem: str = ""

    def right(self, attribute: int) -> AttributeRight | None:
        """Return the rights of an attribute, None where it is not listed."""
        return next((one for one in self.attributes if one.attribute == attribute), None)

    def __str__(self) -> str:
        return f"class {self.class_id} version {self.version} {self.name}"


@dataclass(frozen=True, slots=True)
class Survey:
    """The object list of one association, and what every readable attribute held.

    `listing` is the answer to the object list. `answers` holds no buffer of a profile generic and
    no object list: those may be long, and cases read what they need of them. The frames that the
    answers point at belong to the case that was the first to ask for the survey.
    """

    association: str
    association_version: int
    listing: Answer
    objects: tuple[ListedObject, ...]
    answers: Mapping[tuple[int, LogicalName, int], Answer]

    def find(self, class_id: int, name: Name | None = None) -> list[ListedObject]:
        """Return the objects of a class, and of a logical name if one is given."""
        wanted = None if name is None else named(name)
        return [
            one
            for one in self.objects
            if one.class_id == class_id and (wanted is None or one.name == wanted)
        ]

    def answer(self, class_id: int, name: Name, attribute: int) -> Answer | None:
        """Return what came when an attribute was read, None if it was not."""
        return self.answers.get((class_id, named(name), attribute))

    def data(self, class_id: int, name: Name, attribute: int) -> Data | None:
        """Return what an attribute held, None if it could not be read."""
        found = self.answer(class_id, name, attribute)
        return None if found is None else found.data


def take_survey(aa: "Association") -> Survey:
    """Read the object list and every readable attribute in it.

    Inconclusive (PRECONDITION) when the object list cannot be read.
    """
    listing = aa.get(_ASSOCIATION_LN, CURRENT_ASSOCIATION, _OBJECT_LIST)
    if listing.data is None:
        raise Inconclusive(
            Reason.PRECONDITION,
            f"the object list ({CURRENT_ASSOCIATION} attribute 2) cannot be read: {listing}",
        )
    objects = tuple(read_object_list(listing.data))
    version = association_version(objects)
    answers: dict[tuple[int, LogicalName, int], Answer] = {}
    for one in objects:
        for right in one.attributes:
            key = (one.class_id, one.name, right.attribute)
            if one.problem or not right.readable or key in answers or _long(one, right.attribute):
                continue
            answer = aa.get(one.class_id, one.name, right.attribute)
            answers[key] = answer
            if answer.closed:
                opened = aa.open()  # the rest is still worth reading
                if not opened.established:
                    return Survey(aa.means.name, version, listing, objects, answers)
    return Survey(aa.means.name, version, listing, objects, answers)


def association_version(objects: tuple[ListedObject, ...]) -> int:
    """Return the version of the association class as the list tells it, 1 where it does not."""
    found = [one.version for one in objects if one.class_id == _ASSOCIATION_LN]
    return max(found, default=1)


def read_object_list(data: Data) -> Iterator[ListedObject]:
    """Yield the elements of an object list, those that are not as they should be with a problem."""
    elements = data.value if isinstance(data.value, Elements) else ()
    rows = list(elements)
    version = max((_version(row) for row in rows), default=1)
    for index, row in enumerate(rows):
        yield _element(index, row, version)


def _version(row: Data) -> int:
    parts = _parts(row, 4)
    if parts is None or parts[0].value != _ASSOCIATION_LN or not isinstance(parts[1].value, int):
        return 0
    return parts[1].value


def _element(index: int, row: Data, version: int) -> ListedObject:
    nobody = LogicalName(255, 255, 255, 255, 255, 255)
    parts = _parts(row, 4)
    if parts is None:
        return ListedObject(0, 0, nobody, index=index, problem=f"no structure of 4: {row}")
    class_id, number, name, rights = parts
    kinds = (DataType.LONG_UNSIGNED, DataType.UNSIGNED, DataType.OCTET_STRING)
    for part, kind in zip(parts, kinds, strict=False):
        if part.type != kind:
            text = f"{part}, expected {kind.title}"
            return ListedObject(0, 0, nobody, index=index, problem=text)
    if len(name.value) != 6:
        text = f"a logical name of {len(name.value)} octets"
        return ListedObject(class_id.value, number.value, nobody, index=index, problem=text)
    lists = _parts(rights, 2)
    if lists is None:
        text = f"access rights are no structure of 2: {rights}"
        where = LogicalName.of(name.value)
        return ListedObject(class_id.value, number.value, where, index=index, problem=text)
    attributes, methods = _attributes(lists[0], version), _methods(lists[1])
    problem = "" if attributes is not None and methods is not None else "malformed access rights"
    return ListedObject(
        class_id.value,
        number.value,
        LogicalName.of(name.value),
        attributes or (),
        methods or {},
        index,
        problem,
    )


def _attributes(data: Data, version: int) -> tuple[AttributeRight, ...] | None:
    if data.type != DataType.ARRAY:
        return None
    found = []
    for row in data.value:
        parts = _parts(row, 3)
        if parts is None or not all(isinstance(p.value, int) for p in parts[:2]):
            return None
        chosen = parts[2].to_python()
        selectors = tuple(chosen) if isinstance(chosen, tuple) else ()
        found.append(AttributeRight(parts[0].value, parts[1].value, selectors, version))
    return tuple(found)


def _methods(data: Data) -> dict[int, int] | None:
    if data.type != DataType.ARRAY:
        return None
    found: dict[int, int] = {}
    for row in data.value:
        parts = _parts(row, 2)
        if parts is None or not all(isinstance(p.value, int) for p in parts):
            return None
        found[parts[0].value] = int(parts[1].value)
    return found


def _parts(data: Data, count: int) -> tuple[Data, ...] | None:
    """Return the elements of a structure of so many, None for anything else."""
    if data.type != DataType.STRUCTURE or len(data.value) != count:
        return None
    return tuple(data.value)


def _long(one: ListedObject, attribute: int) -> bool:
    """Whether an attribute may be so long that it is read only by those who judge it."""
    return (one.class_id, attribute) in (
        (_PROFILE_GENERIC, _BUFFER),
        (_ASSOCIATION_LN, _OBJECT_LIST),
    )


def _named(name: Name) -> LogicalName:
    return named(name)
