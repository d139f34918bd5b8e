"""Deviations of profile generics: DLMS-OBJ-17 to 22."""

from collections.abc import Callable

from bench.protocols.dlms.compact_array import CompactArray, TypeDescription
from bench.protocols.dlms.cosem_types import BY_ENTRY, BY_RANGE, SelectiveAccess, entry_access
from bench.protocols.dlms.data_types import (
    Data,
    DataType,
    Elements,
    array,
    double_long_unsigned,
    structure,
    visible_string,
)
from bench.protocols.dlms.results import ActionResult, DataAccessResult
from bench.simulator.cosem.object import Method, Selector
from bench.simulator.cosem.truth import Moment
from bench.simulator.faults.fault import Fault, Variation
from bench.simulator.faults.wan_edit import wan_fault, wan_variation
from bench.simulator.faults.wan_objects_edit import does, selects, shows

_PROFILE = "IEC-62056-6-2:4.3.6"
_LOAD, _DAYS, _BILLING = "1-0:99.1.0", "1-0:99.2.0", "0-0:98.1.0"
_EVENTS, _FAILURES = "0-0:99.98.0", "1-0:99.97.0"
_BUFFER, _IN_USE, _CAPACITY = 2, 7, 8

Select = Callable[[Selector, Moment, SelectiveAccess], Data | DataAccessResult]
Changed = Callable[[int, int, int, int], tuple[int, int, int, int]]


def _rows(found: Data | DataAccessResult, change: Callable[[Data], Data]) -> Data:
    """Return rows with each one changed; none for what is no array."""
    if not isinstance(found, Data):
        return array()
    return array(*[change(row) for row in found.value])


def _by_entry(change: Changed) -> Select:
    """Return a selection by entry in which the four numbers are others."""

    def select(
        before: Selector, moment: Moment, selection: SelectiveAccess
    ) -> Data | DataAccessResult:
        if selection.selector != BY_ENTRY:
            return before(moment, selection)
        return before(moment, entry_access(*change(*selection.parameters.to_python())))

    return select


def _all_beyond(first: int, last: int, left: int, right: int) -> tuple[int, int, int, int]:
    """Go back to the beginning for entries that nobody has."""
    return (1, last, left, right) if first > 31 else (first, last, left, right)


def _to_0_is_nothing(
    before: Selector, moment: Moment, selection: SelectiveAccess
) -> Data | DataAccessResult:
    if selection.selector == BY_ENTRY and not selection.parameters.value[1].value:
        return array()
    return before(moment, selection)


def _turned_round(
    before: Selector, moment: Moment, selection: SelectiveAccess
) -> Data | DataAccessResult:
    """Serve a range whose end comes first as if it had been asked for the other way round."""
    found = before(moment, selection)
    if selection.selector != BY_RANGE or not isinstance(found, Data) or len(found.value):
        return found
    by, first, last, columns = selection.parameters.value
    return before(moment, SelectiveAccess(BY_RANGE, structure(by, last, first, columns)))


def _nearest(
    before: Selector, moment: Moment, selection: SelectiveAccess
) -> Data | DataAccessResult:
    """Give the first row where none lies in a range that is well-formed."""
    found = before(moment, selection)
    if selection.selector != BY_RANGE or not isinstance(found, Data) or len(found.value):
        return found
    _, first, last, _ = selection.parameters.value
    return before(moment, entry_access(1, 1)) if first.value < last.value else found


def _selected(change: Callable[[list[Data]], list[Data]]) -> Select:
    """Return a selection by range whose rows are changed where columns are selected."""

    def select(
        before: Selector, moment: Moment, selection: SelectiveAccess
    ) -> Data | DataAccessResult:
        found = before(moment, selection)
        if selection.selector != BY_RANGE or not len(selection.parameters.value[3].value):
            return found
        return _rows(found, lambda row: structure(*change(list(row.value))))

    return select


def _last_as_text(
    before: Selector, moment: Moment, selection: SelectiveAccess
) -> Data | DataAccessResult:
    def change(row: Data) -> Data:
        *others, last = row.value
        return structure(*others, visible_string(str(last.value)))

    return _rows(before(moment, selection), change)


def _no_array(
    before: Selector, moment: Moment, selection: SelectiveAccess
) -> Data | DataAccessResult:
    found = before(moment, selection)
    return structure(*found.value) if isinstance(found, Data) else found


def _nothing(_before: Method, _moment: Moment, _data: Data) -> ActionResult:
    return ActionResult.SUCCESS


def _denied(_before: Method, _moment: Moment, _data: Data) -> ActionResult:
    return ActionResult.READ_WRITE_DENIED


def _compact(found: Data) -> Data:
    """Write a buffer as compact array."""
    if not len(found.value):
        return found
    rows = found.value
    columns = tuple(TypeDescription(DataType(tag)) for tag in rows[0].value.types)
    description = TypeDescription(DataType.STRUCTURE, columns)
    return Data(DataType.COMPACT_ARRAY, CompactArray.of(description, Elements.of(rows)))


FAULTS: tuple[Fault, ...] = (
    wan_fault(
        "row-width",
        "leaves the last value out of each row",
        _PROFILE,
        ("DLMS-OBJ-17:width",),
    ),
    wan_fault(
        "row-types",
        "writes the last value of each row as text",
        _PROFILE,
        ("DLMS-OBJ-17:types",),
        selects(7, _LOAD, _BUFFER, _last_as_text),
    ),
    wan_fault(
        "rows-not-in-array",
        "gives selected rows in a structure",
        _PROFILE,
        ("DLMS-OBJ-17:rows",),
        selects(7, _EVENTS, _BUFFER, _no_array),
    ),
    wan_fault(
        "profile-without-columns",
        "shows capture objects that are none",
        _PROFILE,
        ("DLMS-OBJ-17:readable",),
        shows(7, _EVENTS, 3, lambda _: array(structure())),
        also=("DLMS-OBJ-07:types",),  # it is a wrong type
    ),
    wan_fault(
        "entries-above-capacity",
        "says that it has fewer entries than are in use",
        _PROFILE,
        ("DLMS-OBJ-17:entries",),
        shows(7, _DAYS, _CAPACITY, lambda _: double_long_unsigned(7)),
    ),
    wan_fault(
        "range-exclusive",
        "leaves the bounds out of a range",
        _PROFILE,
        ("DLMS-OBJ-18:inside",),
        also=("DLMS-OBJ-20:*",),  # columns are selected from a range
    ),
    wan_fault(
        "range-ignored",
        "gives all rows for whatever range",
        _PROFILE,
        ("DLMS-OBJ-18:inside", "DLMS-OBJ-18:between", "DLMS-OBJ-18:reversed"),
        also=("DLMS-OBJ-20:*",),  # columns are selected from a range
    ),
    wan_fault(
        "range-nearest",
        "gives the first row where there is none in the range",
        _PROFILE,
        ("DLMS-OBJ-18:between",),
        selects(7, _DAYS, _BUFFER, _nearest),
    ),
    wan_fault(
        "range-reversed-served",
        "serves a range whose end comes first",
        _PROFILE,
        ("DLMS-OBJ-18:reversed",),
        selects(7, _DAYS, _BUFFER, _turned_round),
    ),
    wan_fault(
        "entry-0-based",
        "counts its entries from 0",
        _PROFILE,
        ("DLMS-OBJ-19:first", "DLMS-OBJ-19:from-0"),
        also=("DLMS-OBJ-19:*", "DLMS-OBJ-21:captured-now"),  # the last row is not found
    ),
    wan_fault(
        "entry-to-0-empty",
        "gives no rows up to entry 0",
        _PROFILE,
        ("DLMS-OBJ-19:to-the-end",),
        selects(7, _DAYS, _BUFFER, _to_0_is_nothing),
    ),
    wan_fault(
        "entry-0-served",
        "takes entry 0 as the first one",
        _PROFILE,
        ("DLMS-OBJ-19:from-0",),
        selects(7, _DAYS, _BUFFER, _by_entry(lambda a, b, c, d: (max(a, 1), b, c, d))),
    ),
    wan_fault(
        "entry-beyond-all",
        "gives all rows where there are none",
        _PROFILE,
        ("DLMS-OBJ-19:beyond",),
        selects(7, _DAYS, _BUFFER, _by_entry(_all_beyond)),
    ),
    wan_fault(
        "entry-columns-ignored",
        "gives all columns whatever is asked for by number",
        _PROFILE,
        ("DLMS-OBJ-19:columns", "DLMS-OBJ-19:columns-to-the-end"),
        selects(7, _DAYS, _BUFFER, _by_entry(lambda a, b, _c, _d: (a, b, 1, 0))),
    ),
    wan_fault(
        "selvalues-ignored",
        "gives all columns whatever is selected",
        _PROFILE,
        ("DLMS-OBJ-20:two", "DLMS-OBJ-20:one"),
    ),
    wan_fault(
        "selvalues-order",
        "gives the selected columns in reverse order",
        _PROFILE,
        ("DLMS-OBJ-20:two",),
        selects(7, _DAYS, _BUFFER, _selected(lambda row: row[::-1])),
    ),
    wan_fault(
        "selvalues-first",
        "gives the first selected column alone",
        _PROFILE,
        ("DLMS-OBJ-20:two",),
        selects(7, _DAYS, _BUFFER, _selected(lambda row: row[:1])),
    ),
    wan_fault(
        "capture-time-off",
        "captures 7 s late, and says so",
        _PROFILE,
        ("DLMS-OBJ-21:periodic",),
        also=(
            "DLMS-OBJ-18:*",  # the meter searches by the right time and shows the wrong one
            "DLMS-OBJ-20:*",
            "DLMS-OBJ-21:captured-now",
        ),
    ),
    wan_fault(
        "capture-ignored",
        "says that it has captured, and has not",
        _PROFILE,
        ("DLMS-OBJ-21:captured-now",),
        does(7, _BILLING, 2, _nothing),
    ),
    wan_fault(
        "capture-refused",
        "lets nobody capture, and declares otherwise",
        _PROFILE,
        ("DLMS-OBJ-21:capture",),
        does(7, _BILLING, 2, _denied),
    ),
    wan_fault(
        "capture-forgets",
        "has fewer entries in use after it has captured",
        _PROFILE,
        ("DLMS-OBJ-21:captured",),
        shows(7, _BILLING, _IN_USE, lambda _: double_long_unsigned(12)),
        also=("DLMS-OBJ-21:captured-now",),
    ),
    wan_fault(
        "reset-ignored",
        "says that a profile was reset, and leaves it",
        _PROFILE,
        ("DLMS-OBJ-22:no-entries", "DLMS-OBJ-22:empty"),
        does(7, _FAILURES, 1, _nothing),
    ),
    wan_fault(
        "reset-refused",
        "lets nobody reset a profile, and declares otherwise",
        _PROFILE,
        ("DLMS-OBJ-22:reset",),
        does(7, _FAILURES, 1, _denied),
    ),
    wan_fault(
        "reset-keeps-count",
        "forgets its rows and not how many there were",
        _PROFILE,
        ("DLMS-OBJ-22:no-entries",),
        shows(7, _FAILURES, _IN_USE, lambda _: double_long_unsigned(4)),
    ),
)

VARIATIONS: tuple[Variation, ...] = (
    wan_variation(
        "buffer-compact",
        "gives whole buffers as compact arrays",
        _PROFILE,
        shows(7, "", _BUFFER, _compact),
    ),
)
