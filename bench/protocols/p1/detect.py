"""Tells from a telegram which profile it most likely follows; a guess, never a verdict."""

import re
from typing import TYPE_CHECKING

from bench.protocols.p1.profile import profile_names

if TYPE_CHECKING:
    from bench.protocols.p1.telegram import Telegram

_DUTCH_VERSION = "1-3:0.2.8"
_BELGIAN_VERSION = "0-0:96.1.4"
_HUNGARIAN = frozenset({"0-0:96.50.68", "1-0:13.7.0", "1-0:5.8.0", "1-0:5.7.0"})
_WIDE_POWER = re.compile(r"[0-9]{4}\.[0-9]{2}\*kW")


def detect_profile(telegram: "Telegram") -> str:
    """Return the key of the profile that fits version object, maker and content best."""
    groups = {line.obis: line.groups for line in telegram.lines if line.obis and line.groups}
    maker = telegram.flag_id.upper()
    if maker == "GRE" or "1-1:1.8.1" in groups:
        return "ch"
    if any(b"*255(" in line for line in telegram.octets.splitlines()):
        return "de"
    if _BELGIAN_VERSION in groups or maker == "FLU":
        return _belgian(groups.get(_BELGIAN_VERSION, ("",))[0])
    if maker == "LUX":
        return "lu"
    version = groups.get(_DUTCH_VERSION)
    if version is None:
        return _without_version(telegram, groups)
    if any(group.endswith("*Wh") for group in groups.get("1-0:1.8.0", ())):
        return "at"
    if version[0].startswith("4"):
        return "nl40" if version[0] == "40" else "nl42"
    return "nl50"


def _belgian(version: str) -> str:
    """Return the newest edition that is not newer than 502xx says."""
    if len(version) == 10 and version.isdigit():
        version = bytes.fromhex(version).decode("latin-1")  # some meters send it as octets
    editions = sorted(int(key[2:]) for key in profile_names() if key.startswith("be"))
    said = int(version[3:]) if re.fullmatch(r"[0-9]{5}", version, re.ASCII) else 17
    return f"be{max((e for e in editions if e <= said), default=editions[0])}"


def _without_version(telegram: "Telegram", groups: dict[str, tuple[str, ...]]) -> str:
    if groups.keys() & _HUNGARIAN:
        return "hu"
    if "1-0:3.8.0" in groups:
        return "lt" if "0-0:96.1.1" in groups else "se"
    if telegram.crc.given is not None and "0-0:1.0.0" in groups:
        return "nl50"
    lines = telegram.octets.splitlines()
    blank_line = len(lines) > 1 and not lines[1].strip()
    power = groups.get("1-0:1.7.0", ("",))[0]
    return "nl30" if blank_line and not _WIDE_POWER.fullmatch(power) else "nl22"
