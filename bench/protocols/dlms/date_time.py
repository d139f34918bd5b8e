"""COSEM date, time and date-time, whose fields may be left open (IEC 62056-6-2).

    date-time  year(2) month day day-of-week  hour minute second hundredths  deviation(2) status

A field that is not specified is None. Numbers that no calendar has are kept as they were sent;
`faults` names them.
"""

import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from datetime import date as calendar_date
from typing import NamedTuple

from bench.core.errors import UsageError

DAYLIGHT_SAVING_END = 0xFD
DAYLIGHT_SAVING_BEGIN = 0xFE
LAST_DAY = 0xFE
SECOND_LAST_DAY = 0xFD

STATUS_INVALID = 0x01
STATUS_DOUBTFUL = 0x02
STATUS_DIFFERENT_BASE = 0x04
STATUS_INVALID_STATUS = 0x08
STATUS_DAYLIGHT_SAVING = 0x80

MAX_DEVIATION_MIN = 840
"""No zone is farther from UTC than fourteen hours."""

_DATE = struct.Struct(">HBBB")
_TIME = struct.Struct("BBBB")
_REST = struct.Struct(">hB")
_OPEN_YEAR, _OPEN, _OPEN_DEVIATION = 0xFFFF, 0xFF, -0x8000


class Fault(NamedTuple):
    """What is wrong at which octet of a date or time; `code` groups faults of one nature."""

    offset: int
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Date:
    """A date of five octets; `month` may be FD/FE (daylight saving ends/begins), `day` too.

    `day` FE is the last day of the month and FD the second last; `day_of_week` 1 is Monday.
    """

    year: int | None = None
    month: int | None = None
    day: int | None = None
    day_of_week: int | None = None

    @classmethod
    def of(cls, octets: bytes) -> "Date":
        """Return the date of five octets; UsageError for another number of octets."""
        year, month, day, day_of_week = _unpack(_DATE, octets, "date")
        return cls(_or(year, _OPEN_YEAR), _or(month), _or(day), _or(day_of_week))

    def encode(self) -> bytes:
        """Return the five octets."""
        year = _OPEN_YEAR if self.year is None else self.year
        rest = map(_open, (self.month, self.day, self.day_of_week))
        return _pack(_DATE, year, *rest)

    def faults(self) -> tuple[Fault, ...]:
        """Return what no calendar has: month 13, 31 February, a day of the week that is not."""
        found = []
        if self.month is not None and not (1 <= self.month <= 12 or self.month in (0xFD, 0xFE)):
            found.append(Fault(2, "date-time", f"month {self.month}"))
        if self.day is not None and not (1 <= self.day <= 31 or self.day in (0xFD, 0xFE)):
            found.append(Fault(3, "date-time", f"day {self.day}"))
        if self.day_of_week is not None and not 1 <= self.day_of_week <= 7:
            found.append(Fault(4, "date-time", f"day of week {self.day_of_week}"))
        if found or None in (self.month, self.day):
            return tuple(found)
        # Without a year 29 February is a date: 2000 had one.
        year = 2000 if self.year is None else self.year
        if max(self.month or 0, self.day or 0) >= 0xFD or not 1 <= year <= 9999:
            return ()
        try:
            day = calendar_date(year, self.month or 0, self.day or 0)
        except ValueError:
            return (Fault(3, "date-time", f"there is no day {self.day} in month {self.month}"),)
        if self.year is not None and self.day_of_week not in (None, day.isoweekday()):
            message = f"{day} is day {day.isoweekday()} of the week, not {self.day_of_week}"
            return (Fault(4, "day-of-week", message),)
        return ()

    def __str__(self) -> str:
        year = "????" if self.year is None else f"{self.year:04d}"
        return f"{year}-{_two(self.month)}-{_two(self.day)}"


@dataclass(frozen=True, slots=True)
class Time:
    """A time of day of four octets."""

    hour: int | None = None
    minute: int | None = None
    second: int | None = None
    hundredths: int | None = None

    @classmethod
    def of(cls, octets: bytes) -> "Time":
        """Return the time of four octets; UsageError for another number of octets."""
        return cls(*map(_or, _unpack(_TIME, octets, "time")))

    def encode(self) -> bytes:
        """Return the four octets."""
        return _pack(_TIME, *map(_open, (self.hour, self.minute, self.second, self.hundredths)))

    def faults(self) -> tuple[Fault, ...]:
        """Return the fields that no clock shows."""
        limits = (
            ("hour", self.hour, 23),
            ("minute", self.minute, 59),
            ("second", self.second, 59),
            ("hundredths", self.hundredths, 99),
        )
        return tuple(
            Fault(offset, "date-time", f"{name} {value}")
            for offset, (name, value, limit) in enumerate(limits)
            if value is not None and value > limit
        )

    def __str__(self) -> str:
        text = ":".join(map(_two, (self.hour, self.minute, self.second)))
        return text if self.hundredths is None else f"{text}.{self.hundredths:02d}"


@dataclass(frozen=True, slots=True)
class DateTime:
    """A date, a time, the deviation and the clock status, of twelve octets.

    `deviation_min` is added to local time to give UTC: -60 for Central European Time. `status`
    None is FF, not specified; else its bits are the `STATUS_` constants.
    """

    date: Date = Date()
    time: Time = Time()
    deviation_min: int | None = None
    status: int | None = None

    @classmethod
    def of(cls, octets: bytes) -> "DateTime":
        """Return the date-time of twelve octets; UsageError for another number of octets."""
        if len(octets) != 12:
            raise UsageError(f"a date-time has 12 octets, not {len(octets)}")
        deviation, status = _REST.unpack_from(octets, 9)
        date, time = Date.of(octets[:5]), Time.of(octets[5:9])
        return cls(date, time, _or(deviation, _OPEN_DEVIATION), _or(status))

    def encode(self) -> bytes:
        """Return the twelve octets."""
        deviation = _OPEN_DEVIATION if self.deviation_min is None else self.deviation_min
        rest = _pack(_REST, deviation, _open(self.status))
        return self.date.encode() + self.time.encode() + rest

    def faults(self) -> tuple[Fault, ...]:
        """Return what no calendar, clock or time zone has."""
        found = [*self.date.faults()]
        found += [fault._replace(offset=fault.offset + 5) for fault in self.time.faults()]
        if self.deviation_min is not None and abs(self.deviation_min) > MAX_DEVIATION_MIN:
            found.append(Fault(9, "date-time", f"deviation {self.deviation_min} minutes"))
        return tuple(found)

    def utc(self, *, deviation_sign: int = 1) -> datetime | None:
        """Return the instant, None if a field that it needs is open or no date.

        Open seconds and hundredths count as zero. `deviation_sign` -1 reads the deviation as
        some makers write it, as UTC subtracted from local time.
        """
        date, time = self.date, self.time
        if None in (date.year, date.month, date.day, time.hour, time.minute, self.deviation_min):
            return None
        hundredths = time.hundredths or 0
        try:
            local = datetime(
                date.year or 0,
                date.month or 0,
                date.day or 0,
                time.hour or 0,
                time.minute or 0,
                time.second or 0,
                hundredths * 10_000,
                UTC,
            )
            return local + timedelta(minutes=deviation_sign * (self.deviation_min or 0))
        except (ValueError, OverflowError):
            return None

    def __str__(self) -> str:
        text = f"{self.date} {self.time}"
        if self.deviation_min is not None:
            text += f" deviation {self.deviation_min:+d} min"
        return text if self.status is None else f"{text} status {self.status:02X}"


def _or(value: int, not_specified: int = _OPEN) -> int | None:
    return None if value == not_specified else value


def _open(value: int | None) -> int:
    return _OPEN if value is None else value


def _two(value: int | None) -> str:
    if value is None:
        return "??"
    return f"{value:02X}h" if value >= 0xFD else f"{value:02d}"


def _unpack(layout: struct.Struct, octets: bytes, name: str) -> tuple[int, ...]:
    if len(octets) != layout.size:
        raise UsageError(f"a {name} has {layout.size} octets, not {len(octets)}")
    return layout.unpack(octets)


def _pack(layout: struct.Struct, *values: int) -> bytes:
    try:
        return layout.pack(*values)
    except struct.error as error:
        raise UsageError(f"a date or time field that has no encoding: {error}") from None
