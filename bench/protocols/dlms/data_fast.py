"""Reads COSEM data that have no problem, fast; refuses all else, so that `data` judges it.

Two gaits: a general one, and one for arrays whose rows all have one layout (the buffer of a
profile), where one compiled structure reads the rows and the octets between the values are
compared with those of the first row. Only types of which every content is right are read that
way: nothing goes unjudged for being one of many rows.
"""

import struct
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

from bench.protocols.dlms.compact_array import CompactArrayCodec
from bench.protocols.dlms.data_types import TYPES, Data, DataType, Elements, Rows
from bench.protocols.dlms.reader import MAX_DEPTH, Lost, Reader
from bench.protocols.dlms.scalars import SCALARS

MIN_ROWS = 4
"""Fewer rows are not worth a layout."""


class Irregular(Exception):
    """The octets are not read here."""


IRREGULAR = (Irregular, IndexError, struct.error)
"""What `read` raises for octets that it refuses."""

_LAYOUTS = {
    DataType.NULL_DATA: "",
    DataType.BOOLEAN: "?",
    DataType.DOUBLE_LONG: "i",
    DataType.DOUBLE_LONG_UNSIGNED: "I",
    DataType.BCD: "b",
    DataType.INTEGER: "b",
    DataType.LONG: "h",
    DataType.UNSIGNED: "B",
    DataType.LONG_UNSIGNED: "H",
    DataType.LONG64: "q",
    DataType.LONG64_UNSIGNED: "Q",
    DataType.ENUM: "B",
    DataType.FLOAT32: "f",
    DataType.FLOAT64: "d",
    DataType.DELTA_INTEGER: "b",
    DataType.DELTA_LONG: "h",
    DataType.DELTA_DOUBLE_LONG: "i",
    DataType.DELTA_UNSIGNED: "B",
    DataType.DELTA_LONG_UNSIGNED: "H",
    DataType.DELTA_DOUBLE_LONG_UNSIGNED: "I",
}
"""The types of a fixed size all of whose contents are right."""


class _Fixed(NamedTuple):
    unpack: Callable[[bytes, int], tuple[Any, ...]]
    size: int


_FIXED: list[_Fixed | None] = [None] * 256
for _tag, _layout in _LAYOUTS.items():
    if _layout:
        _struct = struct.Struct(">" + _layout)
        _FIXED[_tag] = _Fixed(_struct.unpack_from, _struct.size + 1)

_OTHERS = {**SCALARS, DataType.COMPACT_ARRAY: CompactArrayCodec()}


def read(octets: bytes, at: int) -> tuple[Data, int]:
    """Return the data at `at` and where it ends; raises one of `IRREGULAR` where it has problems.

    `octets` end where nothing of the data can be any more.
    """
    tag = octets[at]
    fixed = _FIXED[tag]
    if fixed is not None:
        unpack, size = fixed
        return Data(TYPES[tag], unpack(octets, at + 1)[0]), at + size
    _, values, at = _elements(octets, at, 1, 0)
    return Data(TYPES[tag], values[0]), at


def _elements(octets: bytes, at: int, count: int, depth: int) -> tuple[bytes, list[Any], int]:
    """Return types and values of `count` data in a row, and where they end."""
    types = bytearray()
    values: list[Any] = []
    append = values.append
    known = _FIXED
    for _ in range(count):
        tag = octets[at]
        types.append(tag)
        fixed = known[tag]
        if fixed is not None:
            unpack, size = fixed
            append(unpack(octets, at + 1)[0])
            at += size
        elif tag == 0x09:
            length = octets[at + 1]
            at += 2
            if length > 0x7F:
                length, at = _long_length(octets, at, length)
            end = at + length
            if end > len(octets):
                raise Irregular
            append(octets[at:end])
            at = end
        elif tag == 0x02 or tag == 0x01:
            length = octets[at + 1]
            at += 2
            if length > 0x7F:
                length, at = _long_length(octets, at, length)
            # At most an octet each: a length that cannot be is refused before it costs.
            if length > len(octets) - at or depth >= MAX_DEPTH:
                raise Irregular
            if (
                tag == 0x01
                and length >= MIN_ROWS
                and depth + 1 < MAX_DEPTH
                and (found := _rows(octets, at, length))
            ):
                rows, at = found
                append(rows)
                continue
            inner, found_values, at = _elements(octets, at, length, depth + 1)
            append(Elements(inner, tuple(found_values)))
        elif tag == 0x00:
            append(None)
            at += 1
        else:
            value, at = _other(octets, at + 1, tag, depth)
            append(value)
    return bytes(types), values, at


def _long_length(octets: bytes, at: int, first: int) -> tuple[int, int]:
    """Return a length of more than one octet and where it ends; refuses longer forms than due."""
    end = at + (first & 0x7F)
    length = int.from_bytes(octets[at:end], "big")
    if end > len(octets) or length < 0x80 or octets[at] == 0:
        raise Irregular
    return length, end


def _other(octets: bytes, at: int, tag: int, depth: int) -> tuple[Any, int]:
    """Return a value of a seldom type, read by its codec."""
    codec = _OTHERS.get(TYPES[tag])
    if codec is None:
        raise Irregular
    reader = Reader(octets, at)
    reader.depth = depth
    try:
        value = codec.read(reader)
    except Lost:
        raise Irregular from None
    if reader.problems:
        raise Irregular
    return value, reader.at


class Layout(NamedTuple):
    """The layout of one row: how to unpack it, and which octets are the same in every row.

    `fixed` are the stretches (offset, octets) that hold tags and lengths.
    """

    row_type: int
    columns: bytes
    unpack: struct.Struct
    fixed: tuple[tuple[int, bytes], ...]


def _rows(octets: bytes, at: int, count: int) -> tuple[Rows, int] | None:
    """Return `count` rows that all look like the first, and where they end; None if they do not."""
    layout = _first_layout(octets, at)
    if layout is None:
        return None
    size = layout.unpack.size
    end = at + size * count
    if end > len(octets):
        return None
    body = octets[at:end]
    for offset, expected in layout.fixed:
        for index, octet in enumerate(expected, offset):
            if body[index::size].count(octet) != count:
                return None
    cells = tuple(layout.unpack.iter_unpack(body))
    return Rows(layout.row_type, layout.columns, cells), end


def _first_layout(octets: bytes, at: int) -> Layout | None:
    """Return the layout of the row at `at`, None if it holds more than plain values."""
    row_type = octets[at]
    count = octets[at + 1]
    if row_type not in (0x01, 0x02) or not 0 < count < 0x80:
        return None
    key: list[int] = [row_type, count]
    place = at + 2
    for _ in range(count):
        tag = octets[place]
        key.append(tag)
        fixed = _FIXED[tag]
        if fixed is not None:
            place += fixed.size
        elif tag == 0x09:
            length = octets[place + 1]
            if length > 0x7F:
                return None
            key.append(length)
            place += 2 + length
        elif tag == 0x00:
            place += 1
        else:
            return None
    return compile_layout(bytes(key))


@lru_cache(maxsize=256)
def compile_layout(key: bytes) -> Layout | None:
    """Return the layout of rows with these tags (and lengths of octet-strings); None for none.

    A null has no octets to unpack, so a layout with nulls has no struct that gives a None.
    """
    row_type, count, *rest = key
    columns = bytearray()
    layout, fixed, at = ">2x", [(0, bytes((row_type, count)))], 2
    while rest:
        tag = rest.pop(0)
        columns.append(tag)
        if tag == 0x09:
            length = rest.pop(0)
            layout += f"2x{length}s"
            fixed.append((at, bytes((tag, length))))
            at += 2 + length
        elif tag == 0x00:
            return None
        else:
            code = _LAYOUTS[DataType(tag)]
            layout += f"x{code}"
            fixed.append((at, bytes((tag,))))
            at += 1 + struct.calcsize(">" + code)
    return Layout(row_type, bytes(columns), struct.Struct(layout), tuple(fixed))
