"""Local time and daylight saving by the tz database: which stamps exist, when clocks change."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from bench.protocols.p1.profile import Profile
from bench.protocols.p1.timestamp import Timestamp
from suites.p1.readings import standard_offset_min


@dataclass(frozen=True, slots=True)
class Changeover:
    """The first second of the new offset, in UTC; `spring`: clocks go forward."""

    utc: datetime
    spring: bool


def flag_fault(stamp: Timestamp, profile: Profile) -> str:
    """Return why the zone's clocks never show this local time with this flag; "" if they do."""
    if not profile.clock.daylight:
        if stamp.flag == "W":
            return ""
        return f"{stamp}: flag S, but the edition keeps standard time all year"
    return _fault(stamp.text, profile.clock.zone, standard_offset_min(profile))


@lru_cache(maxsize=4096)
def _fault(text: str, zone: str, offset_min: int) -> str:
    stamp = Timestamp(text)
    utc, local = stamp.utc(offset_min), stamp.local()
    assert utc is not None
    assert local is not None
    shown = utc.astimezone(ZoneInfo(zone))
    flag = "S" if shown.dst() else "W"
    if shown.replace(tzinfo=None) == local and flag == stamp.flag:
        return ""
    naive = local.replace(tzinfo=ZoneInfo(zone))
    exists = naive.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) == local
    if not exists:
        return f"{stamp}: this hour is left out when clocks go forward in {zone}"
    return f"{stamp}: flag {stamp.flag}, but {zone} has {'S' if naive.dst() else 'W'} then"


def next_changeover(zone: str, after: datetime, *, spring: bool) -> Changeover | None:
    """Return the next changeover of that kind within two years of `after`; None if none."""
    day = after.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    for _ in range(2 * 366):
        following = day + timedelta(days=1)
        before, then = _offset(zone, day), _offset(zone, following)
        if before != then and (then > before) is spring:
            return Changeover(_first_second(zone, day, following), spring)
        day = following
    return None


def changeover_between(
    zone: str, first: datetime, last: datetime, *, spring: bool
) -> Changeover | None:
    """Return the changeover of that kind after `first` and not after `last`, if there is one."""
    if last - first > timedelta(days=7) or _offset(zone, first) == _offset(zone, last):
        return None
    found = next_changeover(zone, first, spring=spring)
    return found if found is not None and first < found.utc <= last else None


def _first_second(zone: str, low: datetime, high: datetime) -> datetime:
    """Return the first instant with the offset of `high` between two whole seconds."""
    old = _offset(zone, low)
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=int((high - low).total_seconds()) // 2)
        if _offset(zone, middle) == old:
            low = middle
        else:
            high = middle
    return high


def _offset(zone: str, utc: datetime) -> timedelta:
    return utc.astimezone(ZoneInfo(zone)).utcoffset() or timedelta()
