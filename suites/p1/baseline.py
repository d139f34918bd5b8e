"""What a device showed at one time: its objects, where they stand and how they are written.

Recorded with one firmware and compared with the next: objects may be added and moved but not
removed, and what is there keeps its format unless the version says otherwise.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.core.errors import UsageError
from bench.protocols.p1.formats import Enumerated, Fixed, Format, OctetString, PlainText, Stamp
from bench.protocols.p1.objects import ObjectFormat
from bench.protocols.p1.profile import Profile
from bench.protocols.p1.telegram import DataLine
from suites.baseline_file import load_baseline
from suites.p1.watch import Seen

SCHEMA = "meterbench-p1-baseline-1"
_CHANNEL = re.compile(r"0-([1-4]):")
_PHASE = re.compile(r"1-[0-9]+:([4-7][0-9]|80)\.(?:7|32|36)\.0")
_NUMBER = re.compile(r"-?([0-9]+(?:\.([0-9]+))?)(?:\*(\S+))?", re.ASCII)
_TIME = re.compile(r"[0-9]{12}[SW]", re.ASCII)

#: what an object depends on: nothing, a linked device, the second and third phase, or chance
ALWAYS, DEVICE, PHASE, SOMETIMES = "always", "device", "phase", "sometimes"


@dataclass(frozen=True, slots=True)
class Shown:
    """One object: what its presence depends on, and the ways in which it was written."""

    obis: str
    presence: str
    formats: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Baseline:
    """The objects of a device in the order of its telegrams.

    `version` is what the version object says, "" where the edition has none. `telegrams` is how
    many whole telegrams were seen, `source` where they came from.
    """

    profile: str
    header: str
    version: str
    telegrams: int
    objects: Mapping[str, Shown] = field(default_factory=dict)
    source: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the content of a baseline file."""
        return {
            "schema": SCHEMA,
            "profile": self.profile,
            "header": self.header,
            "version": self.version,
            "telegrams": self.telegrams,
            "source": self.source,
            "objects": [
                {"obis": one.obis, "presence": one.presence, "formats": list(one.formats)}
                for one in self.objects.values()
            ],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Baseline":
        """Return the baseline that `to_json` wrote; KeyError, TypeError or ValueError if not."""
        if data["schema"] != SCHEMA:
            raise ValueError(f"schema {data['schema']!r} instead of {SCHEMA!r}")
        objects = [
            Shown(str(row["obis"]), str(row["presence"]), tuple(map(str, row["formats"])))
            for row in data["objects"]
        ]
        return cls(
            str(data["profile"]),
            str(data["header"]),
            str(data["version"]),
            int(data["telegrams"]),
            {one.obis: one for one in objects},
            str(data["source"]),
        )


def record(telegrams: Sequence[Seen], profile: Profile, source: str = "") -> Baseline:
    """Return what these telegrams show; those that are damaged are left out.

    Raises UsageError when none is whole: there is nothing to compare with later.
    """
    whole = [one for one in telegrams if one.frame.complete and one.telegram.crc.ok is not False]
    if not whole:
        raise UsageError(f"none of {len(telegrams)} telegrams is whole; check the line first")
    counts: dict[str, int] = {}
    formats: dict[str, dict[str, None]] = {}
    for seen in whole:
        for obis, line in objects_of(seen).items():
            counts[obis] = counts.get(obis, 0) + 1
            found = formats.setdefault(obis, {})
            if written := written_as(line):
                found[written] = None
    objects = {
        obis: Shown(obis, presence(obis, profile, count == len(whole)), tuple(formats[obis]))
        for obis, count in counts.items()
    }
    last = whole[-1]
    return Baseline(
        profile.key, last.telegram.header, version(last, profile), len(whole), objects, source
    )


def objects_of(seen: Seen) -> dict[str, DataLine]:
    """Return the first line of each object of a telegram that keeps the grammar, in order."""
    found: dict[str, DataLine] = {}
    for line in seen.telegram.lines:
        if line.obis is not None and line.well_formed:
            found.setdefault(line.obis, line)
    return found


def version(seen: Seen, profile: Profile) -> str:
    """Return what a telegram's version object says, "" if it has none."""
    line = objects_of(seen).get(profile.version.obis)
    return line.groups[0] if line is not None and line.groups else ""


def presence(obis: str, profile: Profile, in_all: bool) -> str:
    """Return what the presence of an object depends on."""
    known = profile.find(obis)
    rule = "" if known is None else str(known.rule)
    if rule == "X" or (_CHANNEL.match(obis) and not obis.endswith(":96.3.10")):
        return DEVICE
    if rule == "P" or _PHASE.fullmatch(obis):
        return PHASE
    return ALWAYS if in_all else SOMETIMES


def written_as(line: DataLine) -> str:
    """Return how the groups of an object are written, "" where they hold no value.

    Numbers with their digits, decimals and unit; lists by their fixed part and one entry.
    """
    if line.no_data:
        return ""
    formats = _formats(line.format, len(line.groups))
    shown = [_group(text, form) for text, form in zip(line.groups, formats, strict=True)]
    fixed = len(shown)
    if line.format is not None and (shape := line.format.shapes[0]).repeat:
        fixed = len(shape.groups)  # how long a list is says nothing about its format
    return "".join(f"({one})" for one in shown[:fixed])


def _formats(known: ObjectFormat | None, count: int) -> Sequence[Format | None]:
    """Return what the edition expects of each group; None where it expects nothing."""
    for shape in known.shapes if known is not None else ():
        if not shape.no_data and (formats := shape.formats(count)) is not None:
            return formats
    return (None,) * count


def _group(text: str, expected: Format | None) -> str:
    if isinstance(expected, OctetString | PlainText | Enumerated):
        return {OctetString: "S", PlainText: "T", Enumerated: "E"}[type(expected)]
    if _TIME.fullmatch(text) or isinstance(expected, Stamp):
        return "TST"
    number = _NUMBER.fullmatch(text)
    if number is None or (expected is None and not number[2] and not number[3]):
        return "text"
    unit = f"*{number[3]}" if number[3] else ""
    if isinstance(expected, Fixed) and (expected.digits is None or expected.low != expected.high):
        return f"Fn{unit}"  # the edition lets the point float
    decimals = len(number[2] or "")
    return f"F{len(number[1].replace('.', ''))}({decimals}){unit}"


def load(name: str) -> Baseline:
    """Return the baseline in a file, or by `shipped:PROFILE`; UsageError if it is none."""
    return load_baseline(name, "p1", Baseline.from_json)


def moved(before: Iterable[str], now: Iterable[str]) -> list[str]:
    """Return the objects of both whose order among these is another than before."""
    common = set(before) & set(now)
    old = [obis for obis in before if obis in common]
    new = [obis for obis in now if obis in common]
    return [b for a, b in zip(old, new, strict=True) if a != b]
