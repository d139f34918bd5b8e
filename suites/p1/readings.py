"""What whole telegrams say, for the cases that judge values rather than octets.

Damaged telegrams and lines that deviate from their format are other cases' business: they are left
out here, so that a value is judged only where it was sent as the edition writes it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property
from itertools import pairwise
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

from bench.core.check import Place
from bench.core.clock import SECOND
from bench.protocols.p1.profile import Profile
from bench.protocols.p1.telegram import DataLine
from bench.protocols.p1.timestamp import Timestamp
from suites.p1.listening import Listener
from suites.p1.watch import Seen, TelegramWatch

#: from the units of the object tables to W, Wh, V, A, var
_FACTOR = {"kW": 1000, "kWh": 1000, "MWh": 1_000_000, "kVA": 1000, "kvar": 1000}


@dataclass(frozen=True)
class Reading:
    """The values of one whole telegram with a good CRC."""

    seen: Seen
    profile: Profile

    @property
    def number(self) -> int:
        """Number of the telegram's frame."""
        return self.seen.number

    @cached_property
    def lines(self) -> Mapping[str, DataLine]:
        """The objects that occur once and have one of the shapes of the edition, by OBIS code."""
        found: dict[str, DataLine] = {}
        twice: set[str] = set()
        for line in self.seen.telegram.lines:
            if line.obis is None or not line.well_formed:
                continue
            if line.obis in found or line.obis in twice:
                found.pop(line.obis, None)
                twice.add(line.obis)
            elif line.shape is not None:
                found[line.obis] = line
        return found

    @property
    def objects(self) -> tuple[str, ...]:
        """The codes of all objects that keep the grammar, in their order."""
        lines = self.seen.telegram.lines
        return tuple(one.obis for one in lines if one.obis is not None and one.well_formed)

    def quantity(self, obis: str, group: int = 0) -> Decimal | None:
        """Return a number in its base unit (W, Wh, V, A, m3 ...); None where there is none."""
        line = self.lines.get(obis)
        if line is None or line.no_data or len(line.groups) <= group:
            return None
        value = line.values()[group]
        if not isinstance(value.value, Decimal | int):
            return None
        return Decimal(value.value) * _FACTOR.get(value.unit, 1)

    def resolution(self, obis: str, group: int = 0) -> Decimal:
        """Return the last digit's worth of an object that is there, in its base unit."""
        number, _, unit = self.lines[obis].groups[group].partition("*")
        decimals = len(number.partition(".")[2])
        return Decimal(1).scaleb(-decimals) * _FACTOR.get(unit, 1)

    def stamp(self, obis: str = "", group: int = 0) -> Timestamp | None:
        """Return a time stamp that names a second; by default the telegram's own."""
        line = self.lines.get(obis or self.profile.clock.obis)
        if line is None or line.no_data or len(line.groups) <= group:
            return None
        value = line.values()[group].value
        return value if isinstance(value, Timestamp) and value.exists and value.flag else None

    def utc(self, obis: str = "", group: int = 0) -> datetime | None:
        """Return the instant that a stamp names; by default the telegram's own."""
        stamp = self.stamp(obis, group)
        return None if stamp is None else stamp.utc(standard_offset_min(self.profile))

    def text(self, obis: str) -> str | None:
        """Return the only group of a well-formed object, whatever its format."""
        lines = [one for one in self.seen.telegram.lines if one.obis == obis and one.well_formed]
        return lines[0].groups[0] if len(lines) == 1 and len(lines[0].groups) == 1 else None

    def place(self, obis: str = "") -> Place:
        """Return where an object stands; the whole telegram if it is not there."""
        wanted = obis or self.profile.clock.obis
        for line in self.seen.telegram.lines:
            if line.obis == wanted:
                return Place(self.number, line.offset, line.length, line.line)
        return Place(self.number)


_READ: WeakKeyDictionary[TelegramWatch, tuple[Reading, ...]] = WeakKeyDictionary()


def readings_of(watch: TelegramWatch) -> tuple[Reading, ...]:
    """Return the readings of the whole telegrams of an observation; made once for all cases."""
    if watch not in _READ:
        _READ[watch] = whole(watch.telegrams, watch.profile)
    return _READ[watch]


def whole(telegrams: Sequence[Seen], profile: Profile) -> tuple[Reading, ...]:
    """Return the readings of the telegrams that are complete and whose CRC is not wrong."""
    return tuple(
        Reading(seen, profile)
        for seen in telegrams
        if seen.frame.complete and seen.telegram.crc.ok is not False
    )


def heard(listener: Listener, after_ns: int) -> tuple[Seen, ...]:
    """Return the telegrams that a case heard itself and that started after an instant."""
    return tuple(seen for seen in listener.telegrams() if seen.frame.at_ns > after_ns)


def standard_offset_min(profile: Profile) -> int:
    """Return by how many minutes standard time of the meter's zone is ahead of UTC."""
    winter = datetime(2026, 1, 15, tzinfo=ZoneInfo(profile.clock.zone)).utcoffset()
    return int((winter or timedelta()).total_seconds()) // 60


@dataclass(frozen=True, slots=True)
class Step:
    """Two readings that follow each other: seconds by the meter's clock and by the line.

    None where the edition has no clock, or the link knows no arrival times.
    """

    before: Reading
    after: Reading
    clock_s: float | None
    line_s: float | None


def steps(readings: Sequence[Reading], *, timed: bool) -> Iterator[Step]:
    """Yield each pair of readings that follow each other; `timed`: arrival times mean something."""
    for before, after in pairwise(readings):
        first, second = before.utc(), after.utc()
        clock_s = None if first is None or second is None else (second - first).total_seconds()
        line_s = (after.seen.frame.at_ns - before.seen.frame.at_ns) / SECOND if timed else None
        yield Step(before, after, clock_s, line_s)


def wanted(profile: Profile, seconds: float) -> int:
    """Return how many telegrams an observation of that long has at the edition's interval."""
    return max(2, round(seconds / profile.interval_s))
