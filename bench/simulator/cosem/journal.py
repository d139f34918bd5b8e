"""What the meter notes by itself: events, each with its code, in an event log."""

from collections import deque
from enum import IntEnum

from bench.protocols.dlms.cosem_types import LogicalName
from bench.protocols.dlms.data_types import Data, double_long_unsigned, unsigned
from bench.protocols.dlms.results import ActionResult
from bench.simulator.cosem import times
from bench.simulator.cosem.profile import ProfileGeneric, column
from bench.simulator.cosem.profile_selection import Row
from bench.simulator.cosem.truth import Moment, Truth


class Event(IntEnum):
    """Codes of the event logs, as many European meters number them."""

    POWER_DOWN = 1
    POWER_UP = 2
    CLOCK_ADJUSTED_FROM = 4
    CLOCK_ADJUSTED_TO = 5
    FIRMWARE_ACTIVATED = 17
    LOG_CLEARED = 255
    MANUAL_DISCONNECTION = 60
    REMOTE_DISCONNECTION = 61
    REMOTE_CONNECTION = 62
    LIMITER_EXCEEDED = 64


class EventLog(ProfileGeneric):
    """A profile of date-time and event code; clearing it is its first event.

    `last` is the code of the last event; the log's second column is a data object that shows it.
    """

    def __init__(
        self, name: LogicalName | str, truth: Truth, code: LogicalName | str, capacity: int
    ) -> None:
        text = code if isinstance(code, str) else str(code)
        columns = (column(8, "0-0:1.0.0"), column(1, text))
        super().__init__(name, truth, columns, capacity)
        self.last = 0

    def note(self, moment: Moment, event: Event) -> None:
        """Add an event."""
        self.last = int(event)
        self.capture(moment)

    def note_at(self, unix_s: int, event: Event) -> None:
        """Add an event at a time of the meter's clock, whatever it shows now."""
        self.last = int(event)
        self._types = b"\x09\x11"
        self._rows.append(Row(unix_s, (times.at(self._system, unix_s), int(event))))

    def code(self, _moment: Moment) -> Data:
        """Return the code of the last event, for the object in the second column."""
        return unsigned(self.last)

    def _reset(self, moment: Moment, data: Data) -> ActionResult:
        super()._reset(moment, data)
        self.note(moment, Event.LOG_CLEARED)
        return ActionResult.SUCCESS


class FailureLog(ProfileGeneric):
    """The long power failures, as P1 shows them: when each ended, and for how many seconds."""

    def __init__(
        self, name: LogicalName | str, truth: Truth, duration: LogicalName | str, capacity: int = 10
    ) -> None:
        text = duration if isinstance(duration, str) else str(duration)
        super().__init__(name, truth, (column(8, "0-0:1.0.0"), column(1, text)), capacity)
        self._types = b"\x09\x06"
        self._cleared_s = 0

    def rows(self, moment: Moment) -> deque[Row]:
        """Return the failures since the log was cleared, oldest first."""
        system = moment.system
        ended = sorted(system.failures, key=lambda failure: failure.ended)
        found = [(int(one.ended.timestamp()), one.duration_s) for one in ended]
        self._rows.clear()
        for at_s, duration_s in found:
            if at_s > self._cleared_s:
                self._rows.append(Row(at_s, (times.at(system, at_s), duration_s)))
        return self._rows

    def duration(self, moment: Moment) -> Data:
        """Return how long the last failure lasted, for the object in the second column."""
        rows = self.rows(moment)
        return double_long_unsigned(rows[-1].cells[1] if rows else 0)

    def _reset(self, moment: Moment, _data: Data) -> ActionResult:
        self._cleared_s = moment.unix_s
        return ActionResult.SUCCESS

    def _capture(self, _moment: Moment, _data: Data) -> ActionResult:
        """A failure is captured when the power returns, and then only."""
        return ActionResult.OTHER_REASON


def watch(log: EventLog, truth: Truth) -> None:
    """Let a log note what happens to the clock."""

    def clock_set(_now: int, before_s: int, after_s: int) -> None:
        log.note_at(before_s, Event.CLOCK_ADJUSTED_FROM)
        log.note_at(after_s, Event.CLOCK_ADJUSTED_TO)

    truth.system.watch_clock(clock_set)
