"""Date-times as attributes hold them: read, written and compared."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from bench.core.clock import SECOND
from bench.protocols.dlms.data_types import Data, DataType, octet_string
from bench.protocols.dlms.date_time import STATUS_DAYLIGHT_SAVING, Date, DateTime, Time
from suites.wan_dlms.answer import Answer

_OCTETS = 12


def stamp_of(data: Data | None) -> DateTime | None:
    """Return the date-time in an octet-string of twelve octets or in a date-time, else None."""
    if data is None:
        return None
    if data.type == DataType.DATE_TIME and isinstance(data.value, DateTime):
        return data.value
    if data.type == DataType.OCTET_STRING and len(data.value) == _OCTETS:
        return DateTime.of(data.value)
    return None


def stamp_problem(data: Data | None) -> str:
    """Return what is wrong with the form of a date-time, "" if nothing; open fields are legal."""
    found = stamp_of(data)
    if found is None:
        return "nothing" if data is None else f"{data}"
    faults = found.faults()
    return f"{found}: {faults[0].message}" if faults else ""


def is_open(found: DateTime) -> bool:
    """Whether a date-time names no day at all, as where nothing was captured yet."""
    return found.date.year is None and found.date.month is None and found.date.day is None


@dataclass(frozen=True, slots=True)
class Shown:
    """What the clock showed: its date-time, its instant, and when it was asked.

    `utc` counts an open deviation as none. `at_ns` is on the link's clock; the meter looked at its
    own some time between then and its answer.
    """

    answer: Answer
    stamp: DateTime
    utc: datetime
    at_ns: int

    @classmethod
    def of(cls, answer: Answer) -> "Shown | None":
        """Return what an answer shows, None if it shows no time that a calendar has."""
        stamp = stamp_of(answer.data)
        if stamp is None or stamp.faults():
            return None
        utc = replace(stamp, deviation_min=stamp.deviation_min or 0).utc()
        return None if utc is None else cls(answer, stamp, utc, answer.last.sent_ns)

    def after_s(self, earlier: datetime) -> float:
        """Return by how many seconds this shows a later time than `earlier`."""
        return (self.utc - earlier).total_seconds()

    def resolution_s(self) -> float:
        """Return what the last figure of the clock stands for."""
        return 1.0 if self.stamp.time.hundredths is None else 0.01

    def later(self, at_ns: int) -> datetime:
        """Return what a clock that was right then shows at `at_ns`, to the nearest second."""
        half = timedelta(seconds=0.5 if self.stamp.time.hundredths is None else 0.0)
        return self.utc + half + timedelta(microseconds=(at_ns - self.at_ns) * 1_000_000 // SECOND)


def written(
    utc: datetime,
    deviation_min: int,
    *,
    summer: bool = False,
    open_deviation: bool = False,
    status: bool = True,
) -> DateTime:
    """Return an instant as the local time of a deviation; hundredths stay open.

    `open_deviation` leaves the deviation out, `status` False the clock status.
    """
    local = utc - timedelta(minutes=deviation_min)
    return DateTime(
        Date(local.year, local.month, local.day, local.isoweekday()),
        Time(local.hour, local.minute, local.second, None),
        None if open_deviation else deviation_min,
        (STATUS_DAYLIGHT_SAVING if summer else 0) if status else None,
    )


def as_data(stamp: DateTime) -> Data:
    """Return the octet-string that attributes hold."""
    return octet_string(stamp.encode())


def utc_of(year: int, month: int, day: int, hour: int = 12) -> datetime:
    """Return an instant of UTC."""
    return datetime(year, month, day, hour, tzinfo=UTC)
