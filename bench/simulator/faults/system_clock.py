"""Ports with a time or a tariff of their own: rows SYS-CLK-01, SYS-CLK-02 and SYS-TAR-01."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta, timezone

from bench.protocols.dlms.data_types import Data, octet_string, unsigned
from bench.simulator.cosem import times
from bench.simulator.cosem.truth import Moment
from bench.simulator.faults.fault import Alteration, Fault
from bench.simulator.faults.p1_edit import value
from bench.simulator.faults.system_edit import (
    OURS,
    SHOWN,
    in_zone,
    reading,
    start,
    system_fault,
    told,
)
from bench.simulator.household import Tariffs
from bench.simulator.reading import Reading

_AHEAD = timedelta(seconds=5)
_LATE = timedelta(seconds=5)
_DAY = timedelta(days=1)
_STANDARD = timezone(timedelta(hours=1))
_BELGIUM = Tariffs(peak=1, off=2, to_hour=22)
#: a clock that is so much ahead has changed before the others are watched
_CHANGED_BEFORE = ("SYS-CLK-02:same-instant",)
_SUMMER_START = start("2026-07-15T10:00:00")


def _ahead(found: Reading) -> Reading:
    utc = found.utc + _AHEAD
    return replace(in_zone(found, utc.astimezone(found.local.tzinfo)), utc=utc)


def _in_standard_time(found: Reading) -> Reading:
    return replace(found, local=found.utc.astimezone(_STANDARD), summer=False)


def _as_yesterday(found: Reading) -> Reading:
    """Keep the season of the day before."""
    before = (found.utc - _DAY).astimezone(found.local.tzinfo)
    offset = timezone(before.utcoffset() or timedelta())
    return replace(found, local=found.utc.astimezone(offset), summer=bool(before.dst()))


def _unmarked(moment: Moment) -> Data:
    """Show the time of summer as if it were standard time."""
    octets = times.at(moment.system, moment.unix_s)
    return octet_string(octets[:9] + (-60).to_bytes(2, "big", signed=True) + b"\x00")


def _clock(tell: Callable[[Reading], Reading]) -> Alteration:
    """Let the clock object show what `tell` makes of the truth."""

    def time(moment: Moment) -> Data:
        found = tell(moment.reading)
        return octet_string(times.date_time(found.local, summer=found.summer))

    return told("0-0:1.0.0", 8, 2, time)


def _late_tariff(found: Reading) -> int:
    return _BELGIUM.at(found.local - _LATE)


def _other_tariff(moment: Moment) -> Data:
    return unsigned(3 - moment.reading.tariff)


FAULTS: tuple[Fault, ...] = (
    system_fault(
        "p1-clock-ahead",
        "shows a time on P1 that is 5 s ahead of the meter's",
        OURS,
        ("SYS-CLK-01:spread",),
        reading(_ahead),
        also=_CHANGED_BEFORE,
    ),
    system_fault(
        "wan-clock-ahead",
        "shows a time over WAN that is 5 s ahead of the meter's",
        OURS,
        ("SYS-CLK-01:spread",),
        _clock(_ahead),
        also=_CHANGED_BEFORE,
    ),
    system_fault(
        "p1-standard-time",
        "keeps standard time on P1 all year",
        OURS,
        ("SYS-CLK-01:season", "SYS-CLK-02:same-instant"),
        _SUMMER_START,
        reading(_in_standard_time),
    ),
    system_fault(
        "wan-standard-time",
        "keeps standard time over WAN all year",
        OURS,
        ("SYS-CLK-01:season", "SYS-CLK-02:same-instant"),
        _SUMMER_START,
        _clock(_in_standard_time),
    ),
    system_fault(
        "p1-changes-next-day",
        "changes to and from summer time on P1 a day late",
        OURS,
        ("SYS-CLK-02:same-instant",),
        reading(_as_yesterday),
    ),
    system_fault(
        "wan-changes-next-day",
        "changes to and from summer time over WAN a day late",
        OURS,
        ("SYS-CLK-02:same-instant",),
        _clock(_as_yesterday),
    ),
    system_fault(
        "p1-season-unmarked",
        "marks summer time on P1 as standard time",
        OURS,
        ("SYS-CLK-02:same-instant", "SYS-CLK-02:monotonic"),
        value("0-0:1.0.0", lambda text: text.replace("S)", "W)")),
    ),
    system_fault(
        "wan-season-unmarked",
        "marks summer time over WAN as standard time",
        OURS,
        ("SYS-CLK-02:same-instant", "SYS-CLK-02:monotonic"),
        told("0-0:1.0.0", 8, 2, _unmarked),
    ),
    system_fault(
        "p1-tariff-late",
        "shows the next tariff on P1 5 s late",
        SHOWN,
        ("SYS-TAR-01:together",),
        reading(lambda found: replace(found, tariff=_late_tariff(found))),
    ),
    system_fault(
        "wan-tariff-late",
        "shows the next tariff over WAN 5 s late",
        SHOWN,
        ("SYS-TAR-01:together",),
        told("0-0:96.14.0", 1, 2, lambda moment: unsigned(_late_tariff(moment.reading))),
    ),
    system_fault(
        "p1-tariff-other",
        "numbers the tariffs on P1 the other way round",
        SHOWN,
        ("SYS-TAR-01:same",),
        reading(lambda found: replace(found, tariff=3 - found.tariff)),
    ),
    system_fault(
        "wan-tariff-other",
        "numbers the tariffs over WAN the other way round",
        SHOWN,
        ("SYS-TAR-01:same",),
        told("0-0:96.14.0", 1, 2, _other_tariff),
    ),
)
