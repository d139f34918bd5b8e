"""Selective access to the buffer of a profile: by range and by entry (IEC 62056-6-2, class 7).

By range: rows whose restricting value lies between two values, both included; by entry: rows by
number, from 1, to 0 the last. Either may ask for some columns only. What cannot be met, such as an
entry 0 or a column that there is not, is refused with other-reason.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

from bench.protocols.dlms.cosem_types import (
    BY_ENTRY,
    BY_RANGE,
    CLOCK_COLUMN,
    CaptureObject,
    SelectiveAccess,
)
from bench.protocols.dlms.data_types import Data, DataType, Rows
from bench.protocols.dlms.results import DataAccessResult
from bench.simulator.cosem import shape, times
from bench.simulator.metering_system import MeteringSystem

SELECTORS = (BY_RANGE, BY_ENTRY)

_ENTRY = shape.structure_of(
    shape.DOUBLE_LONG_UNSIGNED,
    shape.DOUBLE_LONG_UNSIGNED,
    shape.LONG_UNSIGNED,
    shape.LONG_UNSIGNED,
)
_NUMBERS = frozenset(
    {
        DataType.DOUBLE_LONG,
        DataType.DOUBLE_LONG_UNSIGNED,
        DataType.INTEGER,
        DataType.LONG,
        DataType.UNSIGNED,
        DataType.LONG_UNSIGNED,
        DataType.LONG64,
        DataType.LONG64_UNSIGNED,
        DataType.ENUM,
    }
)


class Row(NamedTuple):
    """One row: when it was captured in Unix seconds, and its values."""

    at_s: int
    cells: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class View:
    """The rows that are selected from, with their columns and types."""

    system: MeteringSystem
    columns: tuple[CaptureObject, ...]
    types: bytes
    rows: tuple[Row, ...]
    breaks: frozenset[str]


def selected(view: View, selection: SelectiveAccess) -> Data | DataAccessResult:
    """Return the selected part of a buffer, or why there is none."""
    parameters = selection.parameters
    if selection.selector == BY_ENTRY:
        if not _ENTRY(parameters):
            return DataAccessResult.TYPE_UNMATCHED
        return _by_entry(view, *parameters.value.values)
    if parameters.type != DataType.STRUCTURE or len(parameters.value) != 4:
        return DataAccessResult.TYPE_UNMATCHED
    by, first, last, wanted = parameters.value
    restricting = CaptureObject.of(by)
    if restricting is None or wanted.type != DataType.ARRAY:
        return DataAccessResult.TYPE_UNMATCHED
    columns = [CaptureObject.of(one) for one in wanted.value]
    if None in columns:
        return DataAccessResult.TYPE_UNMATCHED
    rows = _in_range(view, restricting, first, last)
    if isinstance(rows, DataAccessResult):
        return rows
    chosen = list(range(len(view.types)))
    if columns and "selvalues-ignored" not in view.breaks:
        if any(one not in view.columns for one in columns):
            return DataAccessResult.OTHER_REASON
        chosen = [place for place in chosen if view.columns[place] in columns]
    return _rows(view, rows, chosen)


def _by_entry(
    view: View, first: int, last: int, first_column: int, last_column: int
) -> Data | DataAccessResult:
    based_0 = "entry-0-based" in view.breaks
    width = len(view.types)
    if not first_column or first_column > width or (first < 1 and not based_0):
        return DataAccessResult.OTHER_REASON
    begin = first if based_0 else first - 1
    rows = view.rows[begin : last or len(view.rows)]
    return _rows(view, rows, list(range(first_column - 1, min(last_column or width, width))))


def _in_range(
    view: View, by: CaptureObject, first: Data, last: Data
) -> tuple[Row, ...] | DataAccessResult:
    if by not in view.columns:
        return DataAccessResult.OTHER_REASON
    if "range-ignored" in view.breaks:
        return view.rows
    if by == CLOCK_COLUMN:
        low, high = _unix(view.system, first), _unix(view.system, last)
        keys: list[float] = [row.at_s for row in view.rows]
    else:
        low, high = _number(first), _number(last)
        place = view.columns.index(by)
        if view.types and view.types[place] not in _NUMBERS:
            return DataAccessResult.TYPE_UNMATCHED
        keys = [row.cells[place] for row in view.rows]
    if isinstance(low, DataAccessResult):
        return low
    if isinstance(high, DataAccessResult):
        return high
    if "range-exclusive" in view.breaks:
        return tuple([row for row, key in zip(view.rows, keys, strict=True) if low < key < high])
    return tuple([row for row, key in zip(view.rows, keys, strict=True) if low <= key <= high])


def _unix(system: MeteringSystem, data: Data) -> float | DataAccessResult:
    given = times.given(data)
    if given is None:
        return DataAccessResult.TYPE_UNMATCHED
    utc = times.instant(system, given)
    return DataAccessResult.OTHER_REASON if utc is None else utc.timestamp()


def _number(data: Data) -> float | DataAccessResult:
    return data.value if data.type in _NUMBERS else DataAccessResult.TYPE_UNMATCHED


def _rows(view: View, rows: tuple[Row, ...], places: list[int]) -> Data:
    types = bytes([view.types[place] for place in places])
    if len(places) == len(view.types):
        cells = tuple([row.cells for row in rows])
    else:
        cells = tuple([tuple([row.cells[place] for place in places]) for row in rows])
    return Data(DataType.ARRAY, Rows(DataType.STRUCTURE, types, cells))
