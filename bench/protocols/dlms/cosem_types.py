"""What addresses a COSEM object: logical names, descriptors, selective access (IEC 62056-5-3)."""

import re
from dataclasses import dataclass
from typing import NamedTuple

from bench.core.errors import UsageError
from bench.protocols.dlms.axdr import I8, U8, U16, Codec, Optional, Record
from bench.protocols.dlms.data import DATA
from bench.protocols.dlms.data_types import (
    Data,
    DataType,
    array,
    double_long_unsigned,
    integer,
    long_unsigned,
    octet_string,
    structure,
)
from bench.protocols.dlms.reader import Reader
from bench.protocols.dlms.writer import Writer


class LogicalName(NamedTuple):
    """An OBIS code of six value groups: A-B:C.D.E*F."""

    a: int
    b: int
    c: int
    d: int
    e: int
    f: int = 255

    @classmethod
    def of(cls, octets: bytes) -> "LogicalName":
        """Return the logical name of six octets; UsageError for another number of octets."""
        if len(octets) != 6:
            raise UsageError(f"a logical name has 6 octets, not {len(octets)}")
        return cls(*octets)

    @classmethod
    def parse(cls, text: str) -> "LogicalName":
        """Return the name written as `1-0:1.8.0*255`, `1-0:1.8.0` or `1.0.1.8.0.255`."""
        numbers = [int(number) for number in re.findall(r"[0-9]+", text)]
        plain = re.fullmatch(r"[0-9]+([.\-:*][0-9]+){4,5}", text)
        if plain is None or len(numbers) not in (5, 6) or max(numbers) > 255:
            raise UsageError(f"{text!r} is no OBIS code; write it as 1-0:1.8.0*255")
        return cls(*numbers)

    @property
    def octets(self) -> bytes:
        """The six octets."""
        return bytes(self)

    def __str__(self) -> str:
        return f"{self.a}-{self.b}:{self.c}.{self.d}.{self.e}*{self.f}"


class LogicalNameCodec(Codec[LogicalName]):
    """Six octets without length."""

    __slots__ = ()

    def read(self, reader: Reader) -> LogicalName:
        """Return the logical name."""
        return LogicalName(*reader.take(6))

    def write(self, writer: Writer, value: LogicalName) -> None:
        """Write the six octets."""
        for group in value:
            writer.integer(group, 1)


@dataclass(frozen=True, slots=True)
class AttributeDescriptor:
    """One attribute of an object; attribute 0 means all of them."""

    class_id: int
    instance: LogicalName
    attribute: int

    def __str__(self) -> str:
        return f"class {self.class_id} {self.instance} attribute {self.attribute}"


@dataclass(frozen=True, slots=True)
class MethodDescriptor:
    """One method of an object."""

    class_id: int
    instance: LogicalName
    method: int

    def __str__(self) -> str:
        return f"class {self.class_id} {self.instance} method {self.method}"


@dataclass(frozen=True, slots=True)
class SelectiveAccess:
    """Which part of an attribute is meant: a selector of the class and its parameters."""

    selector: int
    parameters: Data


@dataclass(frozen=True, slots=True)
class SelectedAttribute:
    """An attribute, or the selected part of it."""

    attribute: AttributeDescriptor
    access: SelectiveAccess | None = None


class _Described(Record["AttributeDescriptor | MethodDescriptor"]):
    """A descriptor, which says in a line what its components say."""

    __slots__ = ()

    def show(self, value: AttributeDescriptor | MethodDescriptor) -> str:
        """Return the descriptor for people."""
        return str(value)


LOGICAL_NAME = LogicalNameCodec()
ATTRIBUTE = _Described(AttributeDescriptor, class_id=U16, instance=LOGICAL_NAME, attribute=I8)
METHOD = _Described(MethodDescriptor, class_id=U16, instance=LOGICAL_NAME, method=I8)
ACCESS = Record(SelectiveAccess, selector=U8, parameters=DATA)
SELECTED_ATTRIBUTE = Record(SelectedAttribute, attribute=ATTRIBUTE, access=Optional(ACCESS))

BY_RANGE, BY_ENTRY = 1, 2
"""Selectors of the buffer of a profile generic (class 7)."""


@dataclass(frozen=True, slots=True)
class CaptureObject:
    """A column of a profile: class, logical name, attribute and index into it (0: all)."""

    class_id: int
    instance: LogicalName
    attribute: int
    data_index: int = 0

    def data(self) -> Data:
        """Return the capture object definition."""
        return structure(
            long_unsigned(self.class_id),
            octet_string(self.instance.octets),
            integer(self.attribute),
            long_unsigned(self.data_index),
        )

    @classmethod
    def of(cls, data: Data) -> "CaptureObject | None":
        """Return the definition that `data` holds, None if it holds none."""
        kinds = b"\x12\x09\x0f\x12"
        if data.type != DataType.STRUCTURE or data.value.types != kinds:
            return None
        class_id, name, attribute, index = data.value.values
        if len(name) != 6:
            return None
        return cls(class_id, LogicalName.of(name), attribute, index)


CLOCK_COLUMN = CaptureObject(8, LogicalName(0, 0, 1, 0, 0, 255), 2)
"""The usual restricting object: the time of the clock."""


def range_access(
    first: Data,
    last: Data,
    columns: tuple[CaptureObject, ...] = (),
    by: CaptureObject = CLOCK_COLUMN,
) -> SelectiveAccess:
    """Return the selection of rows from `first` to `last`, both inclusive; no columns: all."""
    selected = array(*[column.data() for column in columns])
    return SelectiveAccess(BY_RANGE, structure(by.data(), first, last, selected))


def entry_access(
    first: int = 1, last: int = 0, first_column: int = 1, last_column: int = 0
) -> SelectiveAccess:
    """Return the selection of rows by number, from 1; `last` 0 is the last one there is."""
    return SelectiveAccess(
        BY_ENTRY,
        structure(
            double_long_unsigned(first),
            double_long_unsigned(last),
            long_unsigned(first_column),
            long_unsigned(last_column),
        ),
    )
