"""Compact arrays: one type description, then the contents of all elements without tags.

    13  type-description  length contents

A description is the tag of a type; `01` (array) is followed by a number of elements of two
octets and their description, `02` (structure) by a number and the descriptions of its members.
"""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from bench.core.errors import UsageError
from bench.protocols.dlms.axdr import Codec, hexadecimal
from bench.protocols.dlms.data_types import Data, DataType, Elements
from bench.protocols.dlms.reader import Lost, Reader
from bench.protocols.dlms.scalars import SCALARS
from bench.protocols.dlms.writer import Raw, Writer

VALUES_PER_OCTET = 16
"""Null-data takes no octets in the contents, so their number has to be bounded otherwise."""


@dataclass(frozen=True, slots=True)
class TypeDescription:
    """The type of the elements: `members` of a structure, or `count` and one member of an array."""

    type: int
    members: tuple["TypeDescription", ...] = ()
    count: int = 0

    def __str__(self) -> str:
        title = self.type.title if isinstance(self.type, DataType) else f"{self.type:02X}"
        inner = ", ".join(map(str, self.members))
        if self.type == DataType.ARRAY:
            return f"array({self.count} x {inner})"
        return f"structure({inner})" if self.type == DataType.STRUCTURE else title


@dataclass(frozen=True, slots=True)
class CompactArray:
    """A compact array as it was sent; `elements` reads the contents."""

    description: TypeDescription
    contents: bytes

    @classmethod
    def of(cls, description: TypeDescription, elements: Elements) -> "CompactArray":
        """Return the array with these elements; UsageError if they are not as described."""
        writer = Writer()
        for element in elements:
            _put(writer, description, element)
        return cls(description, bytes(writer.octets))

    def elements(self) -> Elements:
        """Return the elements; empty if the contents do not have the described type."""
        reader = Reader(self.contents)
        try:
            elements = _contents(reader, self.description)
        except Lost:
            return Elements(b"", ())
        return elements

    def __str__(self) -> str:
        return f"of {self.description}: {hexadecimal(self.contents)}"


class CompactArrayCodec(Codec[CompactArray]):
    """The description, then the contents with their length."""

    __slots__ = ()

    def read(self, reader: Reader) -> CompactArray:
        """Return the array; contents that are not as described are problems of theirs."""
        start = reader.at
        description = _description(reader)
        reader.note("type-description", start, str(description))
        start = reader.at
        contents = reader.content()
        reader.note("contents", start, hexadecimal(contents))
        inner = Reader(contents)
        inner.name = "contents"
        with suppress(Lost):
            _contents(inner, description)
        reader.problems += [p.shifted(reader.at - len(contents)) for p in inner.problems]
        return CompactArray(description, contents)

    def write(self, writer: Writer, value: CompactArray) -> None:
        """Write description and contents."""
        _put_description(writer, value.description)
        writer.content(value.contents)


def _description(reader: Reader) -> TypeDescription:
    start = reader.at
    reader.name = "type-description"
    tag = reader.u8()
    if tag in SCALARS:
        return TypeDescription(DataType(tag))
    if tag not in (DataType.ARRAY, DataType.STRUCTURE):
        raise reader.lose("tag", f"{tag:02X} describes no type of an element", start)
    reader.deeper()
    if tag == DataType.ARRAY:
        count = reader.unsigned(2)
        found = TypeDescription(DataType.ARRAY, (_description(reader),), count)
    else:
        members = [_description(reader) for _ in range(reader.count())]
        found = TypeDescription(DataType.STRUCTURE, tuple(members))
    reader.depth -= 1
    return found


def _put_description(writer: Writer, description: TypeDescription) -> None:
    writer.integer(description.type, 1)
    if description.type == DataType.ARRAY:
        writer.integer(description.count, 2)
    elif description.type == DataType.STRUCTURE:
        writer.length(len(description.members))
    for member in description.members:
        _put_description(writer, member)


def _contents(reader: Reader, description: TypeDescription) -> Elements:
    """Return the elements that fill the contents."""
    budget = [VALUES_PER_OCTET * (reader.left + 4)]
    found = []
    while reader.at < reader.end:
        start = reader.at
        found.append(_element(reader, description, budget))
        if reader.at == start:
            raise reader.lose("length", "contents of elements that take no octets", start)
    return Elements(bytes((description.type,)) * len(found), tuple(found))


def _element(reader: Reader, description: TypeDescription, budget: list[int]) -> Any:
    budget[0] -= 1
    count = description.count if description.type == DataType.ARRAY else 1
    if len(description.members) * count > budget[0]:
        message = f"more than {VALUES_PER_OCTET} values for an octet of a compact array"
        raise reader.lose("size", message)
    if description.type in SCALARS:
        return SCALARS[description.type].read(reader)
    members = description.members * count
    values = [_element(reader, member, budget) for member in members]
    return Elements(bytes([member.type for member in members]), tuple(values))


def _put(writer: Writer, description: TypeDescription, data: Data) -> None:
    if isinstance(data, Raw):
        writer.octets += data.octets
        return
    if data.type != description.type:
        raise UsageError(f"{data} is not as described: {description}")
    if description.type in SCALARS:
        writer.put(SCALARS[description.type], data.value)
        return
    array = description.type == DataType.ARRAY
    members = description.members * description.count if array else description.members
    if len(members) != len(data.value):
        raise UsageError(f"{len(data.value)} elements where {description} has {len(members)}")
    for member, element in zip(members, data.value, strict=True):
        _put(writer, member, element)
