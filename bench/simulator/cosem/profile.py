"""Class 7, profile generic: rows of captured values, oldest first (IEC 62056-6-2).

A profile with slots captures by itself. It catches up with what it has missed when it is asked, or
when the clock is about to be set, so that the rows are those that the slots would have brought.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from itertools import islice

from bench.protocols.dlms.cosem_types import CLOCK_COLUMN, CaptureObject, LogicalName
from bench.protocols.dlms.cosem_types import SelectiveAccess as Selection
from bench.protocols.dlms.data_types import (
    Data,
    DataType,
    array,
    double_long_unsigned,
    enum,
    null,
)
from bench.protocols.dlms.data_types import Rows as BufferRows
from bench.protocols.dlms.results import ActionResult, DataAccessResult
from bench.simulator.cosem import shape, times
from bench.simulator.cosem.access import GUARDED, MANAGED
from bench.simulator.cosem.object import CosemObject
from bench.simulator.cosem.past import Past
from bench.simulator.cosem.profile_selection import SELECTORS, Row, View, selected
from bench.simulator.cosem.slots import Slots
from bench.simulator.cosem.truth import Moment, Truth
from bench.simulator.reading import Reading

_FIFO = 1
CLOCK_ADJUSTED = 0x20
"""Bit of the status of a row: the clock was set before it."""

_LATE_S = 7  # how far the stamps of a meter are off that does not capture in time


class ProfileGeneric(CosemObject):
    """2 buffer, 3 capture_objects, 4 capture_period, 5 sort_method ... 8 profile_entries.

    `capacity` rows are kept, of which `remembered` are from before the start. Methods: 1 reset,
    2 capture.
    """

    class_id = 7
    version = 1

    def __init__(
        self,
        name: LogicalName | str,
        truth: Truth,
        columns: Iterable[CaptureObject],
        capacity: int,
        slots: Slots | None = None,
        past: Past | None = None,
        remembered: int | None = None,
        status: LogicalName | None = None,
    ) -> None:
        super().__init__(name)
        self.columns = tuple(columns)
        self.capacity = capacity
        self._truth = truth
        self._system = system = truth.system
        self._slots = slots
        self._past = past
        self._remembered = capacity if remembered is None else remembered
        self._status = status
        self._rows: deque[Row] = deque(maxlen=capacity)
        self._types = b""
        self._done_s = system.unix_s(system.since_ns) if past is None else past.start_s
        self._adjusted = False
        self.read(2, self._buffer, select=self._select, selectors=SELECTORS)
        self.keep(3, array(*[column.data() for column in self.columns]))
        self.keep(4, double_long_unsigned(0 if slots is None else slots.value))
        self.keep(5, enum(_FIFO))
        self.keep(6, CLOCK_COLUMN.data())
        self.read(7, lambda moment: double_long_unsigned(len(self.rows(moment))))
        self.keep(8, double_long_unsigned(capacity))
        self.method(1, self._reset, shape.INTEGER, grants=GUARDED)
        self.method(2, self._capture, shape.INTEGER, grants=MANAGED)
        system.watch_clock(self._clock_set)

    # -- rows

    def rows(self, moment: Moment) -> deque[Row]:
        """Return the rows at a moment, oldest first."""
        self._catch_up(moment.unix_s)
        if self._past is not None:
            self._recall(self._past)
            self._past = None
        return self._rows

    def capture(self, moment: Moment) -> None:
        """Add a row with what the columns hold at a moment."""
        self.rows(moment).append(self._row(moment.unix_s, moment))

    def _catch_up(self, now_s: int) -> None:
        """Capture what the slots until `now_s` have brought."""
        if self._slots is None:
            return
        slot = self._slots.after(self._system, self._done_s)
        while slot <= now_s:
            instant = self._system.instant_ns(slot)
            reading = _closing(self._system.at(instant), slot)
            self._rows.append(self._row(slot, Moment(self._truth, instant, reading=reading)))
            self._done_s = slot
            slot = self._slots.after(self._system, slot)

    def _recall(self, past: Past) -> None:
        """Put the rows of before the start before all others, as far as there is room."""
        if self._slots is None:
            return
        wanted = min(self._remembered, self.capacity - len(self._rows))
        adjusted, self._adjusted = self._adjusted, False
        for slot in islice(self._slots.before(self._system, past.start_s), wanted):
            reading = _closing(past.at(slot), slot)
            self._rows.appendleft(self._row(slot, Moment(self._truth, 0, reading=reading)))
        self._adjusted = adjusted

    def _row(self, unix_s: int, moment: Moment) -> Row:
        cells = [self._cell(column, unix_s, moment) for column in self.columns]
        if "row-width" in self.breaks and self._slots is not None:  # logs write rows themselves
            cells = cells[:-1]
        self._types = bytes([cell.type for cell in cells])
        self._adjusted = False
        return Row(unix_s, tuple([cell.value for cell in cells]))

    def _cell(self, column: CaptureObject, unix_s: int, moment: Moment) -> Data:
        if column == CLOCK_COLUMN:
            late_s = _LATE_S if "capture-time-off" in self.breaks else 0
            return times.stamp(self._system, unix_s + late_s)
        found = self.home.find(column.class_id, column.instance) if self.home else None
        if found is None or column.attribute not in found.attributes:
            return null()
        value = found.value(column.attribute, moment)
        if self._adjusted and column.instance == self._status:
            return Data(value.type, value.value | CLOCK_ADJUSTED)
        return value.value[column.data_index - 1] if column.data_index else value

    def _clock_set(self, _now: int, before_s: int, after_s: int) -> None:
        self._catch_up(before_s)
        self._done_s = after_s
        self._adjusted = True

    # -- attributes and methods

    def _buffer(self, moment: Moment) -> Data:
        rows = self.rows(moment)
        cells = tuple([row.cells for row in rows])
        return Data(DataType.ARRAY, BufferRows(DataType.STRUCTURE, self._types, cells))

    def _select(self, moment: Moment, selection: Selection) -> Data | DataAccessResult:
        rows = tuple(self.rows(moment))
        view = View(self._system, self.columns, self._types, rows, self.breaks)
        return selected(view, selection)

    def _reset(self, moment: Moment, _data: Data) -> ActionResult:
        self.rows(moment).clear()
        return ActionResult.SUCCESS

    def _capture(self, moment: Moment, _data: Data) -> ActionResult:
        self.capture(moment)
        return ActionResult.SUCCESS


def _closing(reading: Reading, slot: int) -> Reading:
    """Return what is captured at a slot: the peak of a month that ends there is still its own."""
    if reading.month_ends and reading.month_ends[-1] == slot:
        return replace(reading, peak=reading.peaks[-1])
    return reading


def column(class_id: int, name: str, attribute: int = 2, index: int = 0) -> CaptureObject:
    """Return the capture object of an attribute."""
    return CaptureObject(class_id, LogicalName.parse(name), attribute, index)
