"""COSEM data as values: every value keeps the type it was sent with (IEC 62056-6-2 §4.1.5).

What `Data.value` is, by type:

    null-data, dont-care                    None
    array, structure                        Elements
    boolean                                 bool
    bit-string                              str of 0 and 1, most significant bit first
    integers, enum, bcd, deltas             int
    float32, float64                        float
    octet-string                            bytes
    visible-string, utf8-string             str (octets that are no text as surrogates U+DC80...)
    compact-array                           CompactArray
    date-time, date, time                   DateTime, Date, Time
"""

from collections.abc import Iterable, Iterator, Sequence
from enum import IntEnum
from typing import Any, NamedTuple, overload


class DataType(IntEnum):
    """The tag octets of COSEM data types."""

    NULL_DATA = 0x00
    ARRAY = 0x01
    STRUCTURE = 0x02
    BOOLEAN = 0x03
    BIT_STRING = 0x04
    DOUBLE_LONG = 0x05
    DOUBLE_LONG_UNSIGNED = 0x06
    OCTET_STRING = 0x09
    VISIBLE_STRING = 0x0A
    UTF8_STRING = 0x0C
    BCD = 0x0D
    INTEGER = 0x0F
    LONG = 0x10
    UNSIGNED = 0x11
    LONG_UNSIGNED = 0x12
    COMPACT_ARRAY = 0x13
    LONG64 = 0x14
    LONG64_UNSIGNED = 0x15
    ENUM = 0x16
    FLOAT32 = 0x17
    FLOAT64 = 0x18
    DATE_TIME = 0x19
    DATE = 0x1A
    TIME = 0x1B
    DELTA_INTEGER = 0x1C
    DELTA_LONG = 0x1D
    DELTA_DOUBLE_LONG = 0x1E
    DELTA_UNSIGNED = 0x1F
    DELTA_LONG_UNSIGNED = 0x20
    DELTA_DOUBLE_LONG_UNSIGNED = 0x21
    DONT_CARE = 0xFF

    @property
    def title(self) -> str:
        """The name as the standard writes it: `double-long-unsigned`."""
        return _TITLES[self]


_TITLES = {member: member.name.lower().replace("_", "-") for member in DataType}
TYPES: tuple[int, ...] = tuple(
    DataType(tag) if tag in DataType._value2member_map_ else tag for tag in range(256)
)
"""The type of each tag octet; the number itself where there is none."""


class Data(NamedTuple):
    """One value with its type; the module says which Python value stands for which type."""

    type: int
    value: Any

    def to_python(self) -> Any:
        """Return the bare value; arrays and structures become tuples of bare values."""
        return self.value.to_python() if isinstance(self.value, Elements) else self.value

    def __str__(self) -> str:
        if not isinstance(self.type, DataType):
            return f"type {self.type:02X}"
        value = self.value
        if value is None:
            return self.type.title
        if isinstance(value, bytes):
            shown = value.hex(" ") if len(value) <= 32 else f"({len(value)} octets)"
        elif isinstance(value, str):
            text = value if len(value) <= 64 else value[:61] + "..."
            shown = text if self.type == DataType.BIT_STRING else ascii(text)
        else:
            shown = str(value)
        return f"{self.type.title} {shown}".rstrip()


class Elements(Sequence[Data]):
    """The elements of an array or structure: types and bare values side by side.

    It takes a fraction of the time and memory of one object per value; each `Data` is made
    when it is asked for.
    """

    __slots__ = ("_types", "_values")

    def __init__(self, types: bytes, values: tuple[Any, ...]) -> None:
        self._types = types
        self._values = values

    @classmethod
    def of(cls, elements: Iterable[Data]) -> "Elements":
        """Return elements with these values."""
        items = tuple(elements)
        types, values = bytes([item[0] for item in items]), tuple([item[1] for item in items])
        return cls(types, values)

    @property
    def types(self) -> bytes:
        """The tag octet of each element."""
        return self._types

    @property
    def values(self) -> tuple[Any, ...]:
        """The value of each element without its type."""
        return self._values

    def to_python(self) -> tuple[Any, ...]:
        """Return bare values, nested ones as tuples."""
        if b"\x01" not in self._types and b"\x02" not in self._types:
            return self.values
        return tuple([v.to_python() if isinstance(v, Elements) else v for v in self.values])

    @overload
    def __getitem__(self, index: int) -> Data: ...
    @overload
    def __getitem__(self, index: slice) -> "Elements": ...
    def __getitem__(self, index: int | slice) -> "Data | Elements":
        if isinstance(index, slice):
            return Elements(self.types[index], self.values[index])
        return Data(TYPES[self.types[index]], self.values[index])

    def __iter__(self) -> Iterator[Data]:
        for tag, value in zip(self.types, self.values, strict=True):
            yield Data(TYPES[tag], value)

    def __len__(self) -> int:
        return len(self._types)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Elements):
            return NotImplemented
        return self.types == other.types and self.values == other.values

    def __hash__(self) -> int:
        return hash((self.types, self.values))

    def __repr__(self) -> str:
        return f"Elements({', '.join(map(repr, self))})"

    def __str__(self) -> str:
        return f"of {len(self)}"


class Rows(Elements):
    """Elements that are all structures of the same columns: the rows of a profile buffer.

    `columns` are the tag octets of one row, `cells` the bare values of each row.
    """

    __slots__ = ("cells", "columns", "row_type")

    def __init__(self, row_type: int, columns: bytes, cells: tuple[tuple[Any, ...], ...]) -> None:
        super().__init__(bytes((row_type,)) * len(cells), ())
        self.row_type = row_type
        self.columns = columns
        self.cells = cells

    @property
    def values(self) -> tuple[Any, ...]:
        """The rows, each as Elements."""
        columns = self.columns
        return tuple([Elements(columns, row) for row in self.cells])

    def to_python(self) -> tuple[Any, ...]:
        """Return the cells."""
        return self.cells

    @overload
    def __getitem__(self, index: int) -> Data: ...
    @overload
    def __getitem__(self, index: slice) -> Elements: ...
    def __getitem__(self, index: int | slice) -> Data | Elements:
        if isinstance(index, slice):
            return Rows(self.row_type, self.columns, self.cells[index])
        return Data(TYPES[self.row_type], Elements(self.columns, self.cells[index]))

    __hash__ = Elements.__hash__


def null() -> Data:
    """Return null-data."""
    return Data(DataType.NULL_DATA, None)


def array(*elements: Data) -> Data:
    """Return an array."""
    return Data(DataType.ARRAY, Elements.of(elements))


def structure(*elements: Data) -> Data:
    """Return a structure."""
    return Data(DataType.STRUCTURE, Elements.of(elements))


def boolean(value: bool) -> Data:
    """Return a boolean."""
    return Data(DataType.BOOLEAN, value)


def bits(value: str) -> Data:
    """Return a bit-string of the characters 0 and 1."""
    return Data(DataType.BIT_STRING, value)


def integer(value: int) -> Data:
    """Return an integer (signed, one octet)."""
    return Data(DataType.INTEGER, value)


def long(value: int) -> Data:
    """Return a long (signed, two octets)."""
    return Data(DataType.LONG, value)


def double_long(value: int) -> Data:
    """Return a double-long (signed, four octets)."""
    return Data(DataType.DOUBLE_LONG, value)


def long64(value: int) -> Data:
    """Return a long64 (signed, eight octets)."""
    return Data(DataType.LONG64, value)


def unsigned(value: int) -> Data:
    """Return an unsigned (one octet)."""
    return Data(DataType.UNSIGNED, value)


def long_unsigned(value: int) -> Data:
    """Return a long-unsigned (two octets)."""
    return Data(DataType.LONG_UNSIGNED, value)


def double_long_unsigned(value: int) -> Data:
    """Return a double-long-unsigned (four octets)."""
    return Data(DataType.DOUBLE_LONG_UNSIGNED, value)


def long64_unsigned(value: int) -> Data:
    """Return a long64-unsigned (eight octets)."""
    return Data(DataType.LONG64_UNSIGNED, value)


def enum(value: int) -> Data:
    """Return an enum."""
    return Data(DataType.ENUM, value)


def octet_string(value: bytes) -> Data:
    """Return an octet-string."""
    return Data(DataType.OCTET_STRING, value)


def visible_string(value: str) -> Data:
    """Return a visible-string."""
    return Data(DataType.VISIBLE_STRING, value)
