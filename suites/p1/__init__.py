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
from bench.protocols.p1.objects import Rule
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
        "P1/NL50": key == "nl50",
        "P1/NL-BEFORE-5": key.startswith("nl") and key != "nl50",
        "P1/BE": key.startswith("be"),
        "P1/SE": key == "se",
        "P1/OTHER-SET": key[:2] not in {"nl", "be", "se"} and bool(profile.by_rule(Rule.ALWAYS)),
        "P1/PHASE-OBJECTS": bool(profile.by_rule(Rule.POLYPHASE)),
        "P1/VERSION": bool(profile.version.obis),
        "P1/IDENTIFIER": _sends(profile, "0-0:96.1.1"),
        "P1/TEXT": _sends(profile, "0-0:96.13.0"),
        "P1/FAILURE-LOG": _sends(profile, "1-0:99.97.0"),
        "P1/PEAKS": _sends(profile, "0-0:98.1.0"),
        "P1/DEVICE-UNITS": any(pattern.by_type for pattern in profile.patterns),
        "P1/GAS-DECIMALS": _knows_gas_of_two_sizes(profile),
        "P1/STAMPED-READINGS": profile.find("0-1:24.2.1") is not None,
        "P1/CLOCK": _sends(profile, profile.clock.obis),
        "P1/DAYLIGHT": profile.clock.daylight and _sends(profile, profile.clock.obis),
        "P1/PHASE-POWER": _sends(profile, "1-0:21.7.0"),
        "P1/PHASE-VOLTAGE": _sends(profile, "1-0:32.7.0") and _sends(profile, "1-0:31.7.0"),
        "P1/BREAKER": _sends(profile, "0-0:96.3.10"),
        "P1/TARIFF": _sends(profile, "0-0:96.14.0"),
        "P1/TOTAL-POWER": _sends(profile, "1-0:1.7.0") and _sends(profile, "1-0:2.7.0"),
    }


def _always_has(profile: Profile, kind: type[Format]) -> bool:
    """Whether an object that every meter of the edition sends has a group of this format."""
    return any(
        isinstance(group, kind)
        for pattern in profile.patterns
        if pattern.rule == "M"
        for group in (*pattern.shapes[0].groups, *pattern.shapes[0].repeat)
    )


def _sends(profile: Profile, obis: str) -> bool:
    """Whether every meter of the edition sends the object."""
    return any(pattern.obis == obis for pattern in profile.by_rule(Rule.ALWAYS))


def _knows_gas_of_two_sizes(profile: Profile) -> bool:
    """Whether gas readings have three decimals or two, as the gas meter is small or large."""
    return any(
        {"F8(3,3)*m3", "F8(2,2)*m3"}
        <= {str(group) for shape in one.shapes for group in shape.groups}
        for one in (profile.find("0-1:24.2.1"), profile.find("0-1:24.2.3"))
        if one is not None
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
    facts=lambda key, _values: facts(key),
    line=lambda key: load_profile(key).line,
    opening=_opening,
    closing=_closing,
)

__all__ = ["SUITE", "TelegramWatch", "facts"]
