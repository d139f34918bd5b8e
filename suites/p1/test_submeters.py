"""Area A6, sub-meters: their readings are as recent as the edition promises (DSMR 5.0.2 §7.3)."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bench.core.case import Case, Kind, case
from bench.core.check import Deviation, Level
from bench.engine.checks import Checks
from bench.engine.context import CaseContext
from bench.protocols.p1.profile import Profile
from suites.p1.readings import Reading
from suites.p1.requirement import require
from suites.p1.watch import TelegramWatch

_READING = re.compile(r"0-[1-4]:24\.(?:2\.[13]|3\.[01])")
_AGE_CLAUSE = "DSMR-5.0.2:7.3"


@case(
    Case(
        id="P1-A-102",
        version=1,
        interface="p1",
        title="Readings of sub-meters are recent",
        purpose="Ensure that the reading of a linked meter is the last one, with its time.",
        stimulus="Listen, with the sub-meter in reach.",
        criterion="The time of the reading is not later than that of the telegram, and not older "
        "than two periods: 10 min where the edition reads every 5 min, 2 h where it reads every "
        "hour. Elsewhere the limit is policy (15 min in Belgium, else 2 h; mbus_max_age_s) and a "
        "deviation is an observation.",
        kind=Kind.VALID,
        clauses=(_AGE_CLAUSE, "DSMR-4.2.2:5", "DSMR-5.0.2:6.12"),
        ics="P1/CLOCK and P1/MBUS and not P1/MBUS-UNREAD",
        detects=(
            "p1.gas-3h-old",
            "p1.gas-3h-old-hourly",
            "p1.gas-in-the-future",
            "p1.gas-1h-old-be17",
        ),
        bound_s=4000,
    )
)
def test_age(
    readings: tuple[Reading, ...], watch: TelegramWatch, context: CaseContext, verify: Checks
) -> None:
    """A frozen reading is not taken for today's."""
    ages = list(_ages(readings))
    require(len(ages), "reading of a sub-meter with its time")
    early = "not later than the telegram"
    future = [
        Deviation(reading.place(obis), early, f"{obis}: {-age_s:g} s later than the telegram")
        for reading, obis, age_s in ages
        if age_s < 0
    ]
    verify.none_of(
        "not-in-the-future",
        future,
        examined=len(ages),
        expected=early,
        things="readings",
        clause="DSMR-5.0.2:6.12",
    )
    limit_s, level, source = _limit(watch.profile, context.ixit)
    expected = f"<= {limit_s:g} s old ({source})"
    old = [
        Deviation(reading.place(obis), expected, f"{obis}: {age_s:g} s old")
        for reading, obis, age_s in ages
        if age_s > limit_s
    ]
    clause = "DSMR-4.2.2:5" if watch.profile.key in {"nl40", "nl42"} else _AGE_CLAUSE
    verify.none_of(
        "age",
        old,
        examined=len(ages),
        expected=expected,
        things="readings",
        clause=clause,
        level=level,
    )
    off = {obis for reading, obis, _ in ages if _minute(reading, obis) % 5}
    verify.note("minute", f"taken at minutes that are no multiple of 5: {_list(off)}")


def _ages(readings: Sequence[Reading]) -> Iterator[tuple[Reading, str, float]]:
    """Yield the age of each sub-meter reading; the marks for no data have none."""
    for reading in readings:
        now = reading.utc()
        for obis in reading.lines if now is not None else ():
            taken = reading.utc(obis) if _READING.fullmatch(obis) else None
            if now is not None and taken is not None:
                yield reading, obis, (now - taken).total_seconds()


def _limit(profile: Profile, ixit: Mapping[str, Any]) -> tuple[float, Level, str]:
    """Return the greatest age in seconds, how binding it is, and where it comes from."""
    if "mbus_max_age_s" in ixit:
        return float(ixit["mbus_max_age_s"]), Level.SHOULD, "declared, mbus_max_age_s"
    if profile.key == "nl50":
        return 600, Level.MUST, "two periods of 5 min"
    if profile.key in {"nl40", "nl42"}:
        return 7200, Level.MUST, "two periods of an hour"
    limit_s = 900 if profile.key.startswith("be") else 7200
    return limit_s, Level.SHOULD, "policy, mbus_max_age_s"


def _minute(reading: Reading, obis: str) -> int:
    stamp = reading.stamp(obis)
    return int(stamp.text[8:10]) if stamp is not None else 0


def _list(found: set[str]) -> str:
    return ", ".join(sorted(found)) or "none"
