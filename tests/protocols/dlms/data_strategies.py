"""Hypothesis strategies for COSEM data, and what all strategies are put together from."""

import dataclasses
from typing import Any

from hypothesis import strategies as st

from bench.protocols.dlms.compact_array import CompactArray, TypeDescription
from bench.protocols.dlms.data_types import Data, DataType, Elements, array
from bench.protocols.dlms.date_time import Date, DateTime, Time


def whole(size: int, *, signed: bool = False) -> st.SearchStrategy[int]:
    """Numbers of `size` octets."""
    high = 1 << (8 * size)
    return st.integers(-high // 2, high // 2 - 1) if signed else st.integers(0, high - 1)


def each_of(make: Any, **parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Records of these parts; every attribute has to be named."""
    if dataclasses.is_dataclass(make):
        assert {field.name for field in dataclasses.fields(make)} == set(parts), make
    return st.builds(make, **parts)


def some(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """The value, or None."""
    return st.none() | strategy


def paired(
    make: Any, first: st.SearchStrategy[Any], second: st.SearchStrategy[Any], **parts: Any
) -> st.SearchStrategy[Any]:
    """Records of two lists that belong together, `first` and `second` in the names of parts."""
    names = [name for name, part in parts.items() if part is ...]
    fixed = {name: part for name, part in parts.items() if part is not ...}
    pairs = st.lists(st.tuples(first, second), max_size=4)
    return st.builds(
        lambda pairs, **others: make(
            **others,
            **{name: tuple([pair[at] for pair in pairs]) for at, name in enumerate(names)},
        ),
        pairs,
        **fixed,
    )


def several(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    """A few values."""
    return st.lists(strategy, max_size=4).map(tuple)


U8, U16, U32 = whole(1), whole(2), whole(4)
OCTETS = st.binary(max_size=20) | st.binary(min_size=120, max_size=300)
BITS = st.text("01", max_size=40)

# Dates that have no fault: a year that is open goes with any day that some month has.
DATES = st.builds(
    lambda day, year, month, dow, of_month: Date(
        day.year if year else None,
        day.month if month else None,
        day.day if of_month else None,
        day.isoweekday() if dow else None,
    ),
    st.dates(),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
TIMES = st.builds(
    Time,
    some(st.integers(0, 23)),
    some(st.integers(0, 59)),
    some(st.integers(0, 59)),
    some(st.integers(0, 99)),
)
DATE_TIMES = st.builds(
    DateTime, DATES, TIMES, some(st.integers(-840, 840)), some(st.integers(0, 254))
)

VALUES: dict[int, st.SearchStrategy[Any]] = {
    DataType.NULL_DATA: st.none(),
    DataType.BOOLEAN: st.booleans(),
    DataType.BIT_STRING: BITS,
    DataType.DOUBLE_LONG: whole(4, signed=True),
    DataType.DOUBLE_LONG_UNSIGNED: U32,
    DataType.OCTET_STRING: OCTETS,
    DataType.VISIBLE_STRING: st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E)),
    DataType.UTF8_STRING: st.text(),
    DataType.BCD: whole(1, signed=True),
    DataType.INTEGER: whole(1, signed=True),
    DataType.LONG: whole(2, signed=True),
    DataType.UNSIGNED: U8,
    DataType.LONG_UNSIGNED: U16,
    DataType.LONG64: whole(8, signed=True),
    DataType.LONG64_UNSIGNED: whole(8),
    DataType.ENUM: U8,
    DataType.FLOAT32: st.floats(width=32, allow_nan=False),
    DataType.FLOAT64: st.floats(allow_nan=False),
    DataType.DATE_TIME: DATE_TIMES,
    DataType.DATE: DATES,
    DataType.TIME: TIMES,
    DataType.DELTA_INTEGER: whole(1, signed=True),
    DataType.DELTA_LONG: whole(2, signed=True),
    DataType.DELTA_DOUBLE_LONG: whole(4, signed=True),
    DataType.DELTA_UNSIGNED: U8,
    DataType.DELTA_LONG_UNSIGNED: U16,
    DataType.DELTA_DOUBLE_LONG_UNSIGNED: U32,
    DataType.DONT_CARE: st.none(),
}
SCALAR_DATA = st.one_of(
    *(value.map(lambda v, tag=tag: Data(tag, v)) for tag, value in VALUES.items())
)


def elements(children: st.SearchStrategy[Data]) -> st.SearchStrategy[Data]:
    """Arrays and structures of the children."""
    inside = st.lists(children, max_size=5).map(Elements.of)
    return st.builds(Data, st.sampled_from([DataType.ARRAY, DataType.STRUCTURE]), inside)


@st.composite
def rows(draw: st.DrawFn) -> Data:
    """Arrays of rows that have one layout, with a row of another one now and then."""
    fixed = [tag for tag in VALUES if tag != DataType.UTF8_STRING]
    columns = draw(st.lists(st.sampled_from(fixed), min_size=1, max_size=4))
    lines = draw(st.lists(st.tuples(*(VALUES[tag] for tag in columns)), min_size=4, max_size=8))
    made = [Data(DataType.STRUCTURE, Elements(bytes(columns), line)) for line in lines]
    if draw(st.booleans()):
        made[draw(st.integers(0, len(made) - 1))] = draw(SCALAR_DATA)
    return array(*made)


_NUMBERS = [DataType.UNSIGNED, DataType.LONG, DataType.OCTET_STRING, DataType.DOUBLE_LONG]


def descriptions(depth: int) -> st.SearchStrategy[TypeDescription]:
    """Descriptions of a type, at most `depth` levels above the numbers."""
    leaf = st.sampled_from(_NUMBERS).map(TypeDescription)
    if depth == 0:
        return leaf
    inner = descriptions(depth - 1)
    members = st.lists(inner, min_size=1, max_size=3).map(tuple)
    structures = members.map(lambda found: TypeDescription(DataType.STRUCTURE, found))
    arrays = st.builds(
        lambda found, count: TypeDescription(DataType.ARRAY, (found,), count),
        inner,
        st.integers(1, 3),
    )
    return leaf | structures | arrays


_DESCRIPTIONS = descriptions(2)


@st.composite
def compact_arrays(draw: st.DrawFn) -> Data:
    """Compact arrays of numbers, structures and arrays of them."""
    description = draw(_DESCRIPTIONS)
    found = draw(st.lists(described(description), max_size=4))
    return Data(DataType.COMPACT_ARRAY, CompactArray.of(description, Elements.of(found)))


def described(description: TypeDescription) -> st.SearchStrategy[Data]:
    """Data of a described type."""
    if description.type in VALUES:
        return VALUES[description.type].map(lambda value: Data(description.type, value))
    count = description.count if description.type == DataType.ARRAY else 1
    parts = st.tuples(*map(described, description.members * count))
    return parts.map(lambda inner: Data(description.type, Elements.of(inner)))


DATA = st.recursive(SCALAR_DATA | compact_arrays(), elements, max_leaves=12) | rows()
