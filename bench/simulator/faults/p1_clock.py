"""Deviations of the P1 clock, and the nights on which it changes over: rows P1-A-090 to -094."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bench.simulator.faults.fault import Alteration, Fault, Variation
from bench.simulator.faults.p1_edit import each_line, p1_fault, p1_variation
from bench.simulator.ports.p1 import Stage
from bench.simulator.reading import Reading

_CONTENT = "DSMR-5.0.2:6"
_TIME = "DSMR-5.0.2:6.4"
_TABLE = "DSMR-5.0.2:6.12"
_HOUR, _SECOND = timedelta(hours=1), timedelta(seconds=1)
_SWITCHED = ("P1-A-093:*", "P1-A-094:*")


def start(local: str) -> Alteration:
    """Let time begin at a local time of the household."""
    return Alteration(Stage.START, lambda _start, _index: local)


def reading(edit: Callable[[Reading], Reading]) -> Alteration:
    """Change the truth before its lines are written."""
    return Alteration(Stage.READING, lambda found, _index: edit(found))


def _from(index: int, edit: Callable[[Reading], Reading]) -> Alteration:
    """Change the truth from a telegram on."""
    return Alteration(
        Stage.READING, lambda found, number: edit(found) if number >= index else found
    )


def _ahead(by: timedelta) -> Callable[[Reading], Reading]:
    """Let the clock show another local time with the same flag."""
    return lambda found: replace(found, local=found.local + by)


def _shows(utc: datetime, found: Reading) -> Reading:
    """Let the clock show the local time of another instant."""
    local = utc.astimezone(found.local.tzinfo)
    return replace(found, utc=utc, local=local, summer=bool(local.dst()))


def _months_behind(found: Reading) -> Reading:
    return _shows(found.utc - timedelta(days=150), found)


def _never_set(found: Reading) -> Reading:
    since = timedelta(microseconds=found.instant_ns // 1000)
    return _shows(datetime(2000, 1, 1, tzinfo=UTC) + since, found)


def _again(found: Reading, index: int) -> Reading:
    """Repeat the time of the telegram before, once."""
    return replace(found, local=found.local - _SECOND) if index == 20 else found


def _flags(letter: str) -> Alteration:
    """Write the same flag behind every time."""
    return each_line(lambda one: re.sub(r"(?<=\(\d{12})[SW](?=\))", letter, one))


def _daylight(found: Reading, later: timedelta = timedelta()) -> bool:
    """Return whether daylight saving is active in the meter's zone, some time later."""
    return bool((found.utc + later).astimezone(found.local.tzinfo).dst())


def _spring_hour(found: Reading) -> Reading:
    """Change the flag but not the hour, for the first hour of summer time."""
    first = _daylight(found) and not _daylight(found, -_HOUR)
    return replace(found, local=found.local - _HOUR) if first else found


def _spring_flag(found: Reading) -> Reading:
    first = _daylight(found) and not _daylight(found, -_SECOND)
    return replace(found, summer=False) if first else found


def _autumn_late(found: Reading) -> Reading:
    first = not _daylight(found) and _daylight(found, -_SECOND)
    return replace(found, summer=True) if first else found


def _autumn_early(found: Reading) -> Reading:
    last = _daylight(found) and not _daylight(found, _SECOND)
    return replace(found, summer=False) if last else found


def _autumn_hour(found: Reading) -> Reading:
    """Change the flag but not the hour, for the first hour of winter time."""
    first = not _daylight(found) and _daylight(found, -_HOUR)
    return replace(found, local=found.local + _HOUR) if first else found


#: a clock that is behind makes the sub-meter's reading look as if it came from the future
_BEHIND = ("P1-A-102:not-in-the-future",)

FAULTS: tuple[Fault, ...] = (
    p1_fault(
        "clock-frozen",
        "repeats the time of its first telegram for ever",
        _CONTENT,
        ("P1-A-090:increases",),
        reading(lambda found: _shows(found.utc.replace(minute=0, second=0), found)),
        # after some minutes the stopped clock is also too far behind
        also=("P1-A-091:accuracy", *_BEHIND, *_SWITCHED),
    ),
    p1_fault(
        "clock-twice",
        "sends the same time in two telegrams that are a second apart",
        _CONTENT,
        ("P1-A-090:increases",),
        Alteration(Stage.READING, _again),
    ),
    p1_fault(
        "clock-jumps-back",
        "sets its clock back by an hour in the middle of the observation",
        _CONTENT,
        ("P1-A-090:increases", "P1-A-090:step"),
        _from(150, _ahead(-_HOUR)),
        also=("P1-A-091:accuracy", *_BEHIND, *_SWITCHED),
    ),
    p1_fault(
        "clock-leaps",
        "sets its clock forward by half a minute in the middle of the observation",
        _CONTENT,
        ("P1-A-090:step",),
        _from(150, _ahead(timedelta(seconds=30))),
        also=_SWITCHED,
    ),
    p1_fault(
        "clock-five-months-behind",
        "has a clock that is five months behind",
        _TABLE,
        ("P1-A-091:accuracy",),
        reading(_months_behind),
        also=_BEHIND,
    ),
    p1_fault(
        "clock-not-set",
        "counts from 1 January 2000, as its clock was never set",
        _TABLE,
        ("P1-A-091:set", "P1-A-091:accuracy"),
        reading(_never_set),
        # setting the clock does not help it
        also=(*_BEHIND, *_SWITCHED),
    ),
    p1_fault(
        "flag-s-in-january",
        "sends S in winter",
        _TIME,
        ("P1-A-092:flag",),
        _flags("S"),
        # the wrong flag names an instant that is an hour early
        also=("P1-A-091:accuracy", *_SWITCHED),
    ),
    p1_fault(
        "flag-w-in-july",
        "sends W in summer",
        _TIME,
        ("P1-A-092:flag",),
        start("2026-07-15T10:00:00"),
        _flags("W"),
        also=("P1-A-091:accuracy", *_SWITCHED),
    ),
    p1_fault(
        "flag-s-in-sweden",
        "sends S, although the Swedish edition keeps standard time all year",
        "SE-H1-2.0:3.1",
        ("P1-A-092:flag",),
        _flags("S"),
        also=("P1-A-091:accuracy",),
        profile="se",
    ),
    p1_fault(
        "spring-hour-not-left-out",
        "goes from 01:59:59 W to 02:00:00 S in spring",
        _TIME,
        ("P1-A-093:local-time", "P1-A-093:sequence"),
        reading(_spring_hour),
    ),
    p1_fault(
        "spring-flag-late",
        "changes the flag a second after the hour in spring",
        _TIME,
        ("P1-A-093:local-time", "P1-A-093:sequence"),
        reading(_spring_flag),
    ),
    p1_fault(
        "autumn-flag-late",
        "changes the flag a telegram after the hour in autumn",
        _TIME,
        ("P1-A-094:sequence",),
        reading(_autumn_late),
    ),
    p1_fault(
        "autumn-flag-early",
        "changes the flag a telegram before the hour in autumn",
        _TIME,
        ("P1-A-094:sequence",),
        reading(_autumn_early),
    ),
    p1_fault(
        "autumn-hour-not-repeated",
        "goes from 02:59:59 S to 03:00:00 W in autumn",
        _TIME,
        ("P1-A-094:sequence",),
        reading(_autumn_hour),
    ),
)


def _night(name: str, summary: str, begin: str, profile: str = "nl50") -> Variation:
    return p1_variation(name, summary, _TIME, start(begin), profile=profile)


VARIATIONS: tuple[Variation, ...] = (
    _night("night-spring", "the clock goes forward during the observation", "2026-03-29T01:57:30"),
    _night(
        "night-spring-be17",
        "the clock goes forward during the observation",
        "2026-03-29T01:57:30",
        "be17",
    ),
    _night(
        "night-spring-nl42",
        "the clock goes forward during the observation",
        "2026-03-29T01:40:05",
        "nl42",
    ),
    _night("night-autumn", "the hour is repeated during the observation", "2026-10-25T02:57:30"),
    _night(
        "night-autumn-be17",
        "the hour is repeated during the observation",
        "2026-10-25T02:57:30",
        "be17",
    ),
    _night("leap-day", "29 February begins during the observation", "2028-02-28T23:57:30"),
    _night("year-end", "the year ends during the observation", "2026-12-31T23:57:30"),
    _night("year-end-be17", "year, month and quarter end together", "2026-12-31T23:57:30", "be17"),
    _night("summer", "it is July", "2026-07-15T10:00:00"),
    _night("summer-se", "it is July, in Swedish standard time", "2026-07-15T10:00:00", "se"),
)
