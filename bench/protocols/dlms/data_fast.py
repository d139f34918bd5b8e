"""Reads COSEM data that have no problem, fast; refuses all else, so that `data` judges it.

Three gaits. Data are read one after the other. In an array, a structure that looks like one
before it is unpacked at once. And where all rows of an array have one layout (the buffer of a
profile), all are unpacked at once. "Looks like" is compared, not presumed: the octets between the
values are those of the row that the layout was made from. Only types of which every content is
right are read that way, so that nothing goes unjudged for being one of many rows.
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

MIN_UNIFORM = 4
"""Fewer rows are not looked at whether all have one layout."""

MAX_LAYOUTS = 8
"""Layouts that are learnt in one array; data that never look alike must not cost more."""


class Irregular(Exception):
    """The octets are not read here."""


IRREGULAR = (Irregular, IndexError, struct.error)
"""What `read` raises for octets that it refuses."""

_LAYOUTS: dict[int, str] = {
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


_FIXED: list[tuple[Callable[[bytes, int], tuple[Any, ...]], int] | None] = [None] * 256
for _tag, _layout in _LAYOUTS.items():
    if _layout:
        _struct = struct.Struct(">" + _layout)
        _FIXED[_tag] = (_struct.unpack_from, _struct.size + 1)

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
    types: list[int] = []
    values: list[Any] = []
    learn = types.append
    append = values.append
    known = _FIXED
    layouts: dict[bytes, Layout] = {}
    learning = MAX_LAYOUTS if count >= MIN_ROWS and depth < MAX_DEPTH else 0
    for _ in range(count):
        tag = octets[at]
        learn(tag)
        fixed = known[tag]
        if fixed is not None:
            unpack, size = fixed
            (value,) = unpack(octets, at + 1)
            append(value)
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
            if learning:
                key = octets[at : at + 3]
                layout = layouts.get(key)
                if layout is not None and (row := layout.row(octets, at)) is not None:
                    append(row)
                    at += layout.size
                    continue
                layout = _layout_of(octets, at)
                if layout is not None:
                    layouts[key] = layout
                    learning -= 1
            length = octets[at + 1]
            at += 2
            if length > 0x7F:
                length, at = _long_length(octets, at, length)
            # At most an octet each: a length that cannot be is refused before it costs.
            if length > len(octets) - at or depth >= MAX_DEPTH:
                raise Irregular
            if (
                tag == 0x01
                and length >= MIN_UNIFORM
                and depth + 1 < MAX_DEPTH
                and (found := _uniform(octets, at, length))
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
    """The layout of one row: its columns, and the tags and lengths that stand before each.

    `marked` unpacks tags, value, tags, value ...; `values` skips the tags and unpacks the values
    alone. `widths` are the octets of each value, `nulls` the columns that have none.
    """

    row_type: int
    columns: bytes
    size: int
    marked: struct.Struct
    values: struct.Struct
    marks: tuple[bytes, ...]
    widths: tuple[int, ...]
    nulls: tuple[int, ...]

    def row(self, octets: bytes, at: int) -> Elements | None:
        """Return the row at `at` if it has this layout, else None."""
        if at + self.size > len(octets):
            return None
        found = self.marked.unpack_from(octets, at)
        if found[::2] != self.marks:
            return None
        values = found[1::2]
        if self.nulls:
            cells = list(values)
            for column in self.nulls:
                cells[column] = None
            values = tuple(cells)
        return Elements(self.columns, values)


def _uniform(octets: bytes, at: int, count: int) -> tuple[Rows, int] | None:
    """Return `count` rows that all look like the first, and where they end; None if they do not."""
    layout = _layout_of(octets, at)
    if layout is None or layout.nulls:
        return None
    size = layout.size
    end = at + size * count
    if end > len(octets):
        return None
    body = octets[at:end]
    offset = 0
    # The marks of the columns and the places of the values alternate; the marks start the row.
    for mark, width in zip(layout.marks, layout.widths, strict=True):
        for index, octet in enumerate(mark, offset):
            if body[index::size].count(octet) != count:
                return None
        offset += len(mark) + width
    cells = tuple(layout.values.iter_unpack(body))
    return Rows(layout.row_type, layout.columns, cells), end


def _layout_of(octets: bytes, at: int) -> Layout | None:
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
            place += fixed[1]
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
def compile_layout(key: bytes) -> Layout:
    """Return the layout of rows that start with the first two octets of `key`.

    The rest of it are the tags of the columns, an octet-string's with its length after it.
    """
    columns = bytearray()
    marks, widths, nulls = [], [], []
    marked = values = ">"
    mark, rest = key[:2], iter(key[2:])
    for tag in rest:
        mark += bytes((tag,))
        code = _LAYOUTS.get(tag, "")
        if tag == 0x09:
            length = next(rest)
            mark += bytes((length,))
            code = f"{length}s"
        elif not code:
            nulls.append(len(columns))
            code = "0s"
        columns.append(tag)
        marks.append(mark)
        widths.append(struct.calcsize(">" + code))
        marked += f"{len(mark)}s{code}"
        values += f"{len(mark)}x{code}"
        mark = b""
    return Layout(
        row_type=key[0],
        columns=bytes(columns),
        size=struct.calcsize(marked),
        marked=struct.Struct(marked),
        values=struct.Struct(values),
        marks=tuple(marks),
        widths=tuple(widths),
        nulls=tuple(nulls),
    )
