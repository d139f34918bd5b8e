"""The P1 suite: meters that send DSMR and eMUCS telegrams."""

from collections.abc import Mapping
from functools import cache

from bench.core.clause import clauses_from_data
from bench.core.ics import Proforma
from bench.core.line import LineSettings
from bench.core.verdict import Reason
from bench.engine.session import Session
from bench.engine.suite import Suite, Unwell
from bench.protocols.p1.formats import Enumerated, Format, OctetString, Stamp
from bench.protocols.p1.profile import Profile, load_profile, profile_names
from suites.p1.watch import TelegramWatch, closing_telegram, observe
from suites.tables import read_table


def _profiles() -> Mapping[str, str]:
    """Return every name of an edition with its key."""
    names: dict[str, str] = {}
    for key in profile_names():
        names[key] = key
        names.update(dict.fromkeys(load_profile(key).aliases, key))
    return names


@cache
def facts(key: str) -> Mapping[str, bool]:
    """Return what an edition alone says about its telegrams."""
    profile = load_profile(key)
    return {
        "P1/CRC": profile.has_crc,
        "P1/CIPHERING": key == "lu",
        "P1/DSMR-5": key == "nl50" or key.startswith("be"),
        "P1/INTERVAL-1S": profile.interval_s == 1,
        "P1/INTERVAL-10S": profile.interval_s == 10,
        "P1/LINE-115200": profile.line == LineSettings(115200, 8, "N", 1),
        "P1/LINE-9600": profile.line == LineSettings(9600, 7, "E", 1),
        "P1/TIME-STAMPS": _always_has(profile, Stamp),
        "P1/OCTET-STRINGS": _always_has(profile, OctetString),
        "P1/STATES": _always_has(profile, Enumerated),
        "P1/CLOCK": _always(profile, profile.clock.obis),
        "P1/CONSENT": key.startswith("be"),
        "P1/DAYLIGHT": profile.clock.daylight and _always(profile, profile.clock.obis),
        "P1/PHASE-POWER": _always(profile, "1-0:21.7.0"),
        "P1/PHASE-VOLTAGE": _always(profile, "1-0:32.7.0", "1-0:31.7.0"),
        "P1/TARIFF": _always(profile, "0-0:96.14.0"),
        "P1/TEXT": _always(profile, "0-0:96.13.0"),
        "P1/TOTAL-POWER": _always(profile, "1-0:1.7.0", "1-0:2.7.0"),
    }


def _always(profile: Profile, *objects: str) -> bool:
    """Whether every meter of the edition sends all of these objects."""
    return all(
        (pattern := profile.find(obis)) is not None and pattern.rule == "M" for obis in objects
    )


def _always_has(profile: Profile, kind: type[Format]) -> bool:
    """Whether an object that every meter of the edition sends has a group of this format."""
    return any(
        isinstance(group, kind)
        for pattern in profile.patterns
        if pattern.rule == "M"
        for group in (*pattern.shapes[0].groups, *pattern.shapes[0].repeat)
    )


def _opening(session: Session) -> Unwell | None:
    """Something must arrive; octets that are no telegram are for the cases to judge."""
    unwell = observe(session).unwell()
    return unwell if unwell and unwell.reason is Reason.SILENT else None


def _closing(session: Session) -> Unwell | None:
    return closing_telegram(session)


SUITE = Suite(
    interface="p1",
    package="suites.p1",
    title="P1 port of the meter (DSMR, eMUCS)",
    proforma=Proforma.from_data(read_table("p1/ics.toml")),
    clauses=clauses_from_data(read_table("p1/clauses.toml")),
    profiles=_profiles,
    titles=lambda key: load_profile(key).title,
    facts=facts,
    line=lambda key: load_profile(key).line,
    opening=_opening,
    closing=_closing,
)

__all__ = ["SUITE", "TelegramWatch", "facts"]
