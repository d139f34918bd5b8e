"""A profile: one edition of the P1 port in one country, as data.

The data files are vectors/p1/profiles/*.toml; a file that names a `base` holds only what
differs from it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from bench.core.check import Level
from bench.core.errors import UsageError
from bench.core.line import LineSettings
from bench.protocols.p1.formats import parse_format
from bench.protocols.p1.objects import ObjectFormat, Rule, Shape
from vectors import loader

_FOLDER = "p1/profiles"


@dataclass(frozen=True, slots=True)
class VersionRule:
    """Where the edition is announced ("" if nowhere) and what it may say."""

    obis: str = ""
    values: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ClockRule:
    """The meter's zone (tz database), and whether it knows daylight saving; may have no clock."""

    obis: str = "0-0:1.0.0"
    zone: str = "Europe/Amsterdam"
    daylight: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """All that an edition says about its telegrams.

    `objects` is keyed by OBIS code with the channel filled in; `patterns` lists each object once
    with the wildcard `n`. `clauses` says which clause a problem code cites, `levels` how binding
    it is where that is not `must`. `layouts` belongs to the decoder, which keeps there what it
    has learnt.
    """

    key: str
    title: str
    standard: str
    aliases: tuple[str, ...]
    line: LineSettings
    interval_s: float
    max_transfer_s: float
    has_crc: bool
    baud_digits: str
    blank_line: bool
    continuation: bool
    value_group_f: bool
    channels: int
    version: VersionRule
    clock: ClockRule
    patterns: tuple[ObjectFormat, ...]
    objects: Mapping[str, ObjectFormat]
    clauses: Mapping[str, str]
    levels: Mapping[str, Level]
    layouts: dict[bytes, Any] = field(default_factory=dict, repr=False)

    def find(self, obis: str) -> ObjectFormat | None:
        """Return what the profile says about an object, or None if it does not know it."""
        return self.objects.get(obis)

    def by_rule(self, rule: Rule) -> tuple[ObjectFormat, ...]:
        """Return the objects that have `rule`, in the order of the standard."""
        return tuple(pattern for pattern in self.patterns if pattern.rule is rule)

    def clause(self, code: str, found: ObjectFormat | None = None) -> str:
        """Return the clause that a problem cites; the object's own for its formats."""
        if found is not None and found.clause and code in _OF_THE_OBJECT:
            return found.clause
        return self.clauses.get(code, self.standard)

    def level(self, code: str, found: ObjectFormat | None = None) -> Level:
        """Return how binding the rule is that a problem with `code` breaks."""
        level = self.levels.get(code, Level.MUST)
        if level is Level.MUST and found is not None and code in _OF_THE_FORMAT:
            return found.level
        return level


_OF_THE_FORMAT = frozenset(
    {"format", "unit", "unit-unexpected", "enum", "timestamp"}
    | {"octet-string", "octet-string-length", "octet-string-case"}
)
_OF_THE_OBJECT = frozenset({"format", "unit", "unit-unexpected", "enum", "octet-string-length"})


def profile_names() -> tuple[str, ...]:
    """Return the keys of the shipped profiles."""
    return loader.names(_FOLDER)


@cache
def _aliases() -> Mapping[str, str]:
    found = {}
    for key in profile_names():
        found[key] = key
        for alias in loader.data(f"{_FOLDER}/{key}.toml").get("aliases", ()):
            found[alias] = key
    return found


def load_profile(name: str) -> Profile:
    """Return the profile with this key or alias; UsageError that lists the choices if none."""
    key = _aliases().get(name.removeprefix("p1/").lower())
    if key is None:
        raise UsageError(f"there is no P1 profile {name!r}; choose one of: {_choices()}")
    return _loaded(key)


@cache
def _loaded(key: str) -> Profile:
    return _build(_resolved(key))


def _choices() -> str:
    aliases: dict[str, list[str]] = {key: [] for key in profile_names()}
    for alias, key in _aliases().items():
        if alias != key:
            aliases[key].append(alias)
    return ", ".join(f"{key} ({', '.join(a)})" if a else key for key, a in aliases.items())


# An entry with `groups` of its own inherits none of these.
_SHAPE_KEYS = frozenset({"groups", "or", "repeat", "no_data", "by_type", "level", "clause"})
_TABLES = ("line", "header", "telegram", "version", "clock", "clauses", "levels", "markers")


def _resolved(key: str) -> dict[str, Any]:
    """Return the data of a profile with that of its bases filled in."""
    own = loader.data(f"{_FOLDER}/{key}.toml")
    base = _resolved(own["base"]) if "base" in own else {}
    merged = {**base, **own, "aliases": own.get("aliases", ())}
    for table in _TABLES:
        merged[table] = {**base.get(table, {}), **own.get(table, {})}
    removed = set(own.get("remove", ()))
    objects = {o["obis"]: o for o in base.get("object", ()) if o["obis"] not in removed}
    if own.get("own_objects_only"):
        objects = {}
    for entry in own.get("object", ()):
        defaults = {"clause": own["object_clause"]} if "object_clause" in own else {}
        inherited = objects.get(entry["obis"], {})
        if "groups" in entry:
            inherited = {k: v for k, v in inherited.items() if k not in _SHAPE_KEYS}
        objects[entry["obis"]] = {**inherited, **defaults, **entry}
    merged["object"] = list(objects.values())
    return merged


def _build(data: dict[str, Any]) -> Profile:
    def cited(clause: str) -> str:
        # ".12" is section 12 of the chapter that describes the telegram in this edition
        if not clause.startswith("."):
            return clause
        section = clause if data.get("sections", True) else ""
        return f"{data['standard']}:{data['chapter']}{section}"

    level = data.get("object_level", "must")
    patterns = tuple(_object(entry, data["markers"], level, cited) for entry in data["object"])
    channels = data.get("channels", 4)
    objects = {}
    for pattern in patterns:
        for n in range(1, channels + 1) if "-n:" in pattern.obis else (0,):
            objects[pattern.obis.replace("-n:", f"-{n}:")] = pattern
    header, telegram = data["header"], data["telegram"]
    version = data["version"]
    return Profile(
        key=data["key"],
        title=data["title"],
        standard=data["standard"],
        aliases=tuple(data["aliases"]),
        line=LineSettings(**data["line"]),
        interval_s=float(telegram["interval_s"]),
        max_transfer_s=float(telegram["max_transfer_s"]),
        has_crc=telegram["crc"],
        baud_digits=header["baud_digits"],
        blank_line=header["blank_line"],
        continuation=telegram.get("continuation", False),
        value_group_f=telegram.get("value_group_f", False),
        channels=channels,
        version=VersionRule(
            version.get("obis", ""),
            tuple(version.get("values", ())),
            tuple(version.get("forbidden", ())),
        ),
        clock=ClockRule(**data["clock"]),
        patterns=patterns,
        objects=objects,
        clauses={code: cited(clause) for code, clause in data["clauses"].items()},
        levels={code: Level(level) for code, level in data["levels"].items()},
    )


def _object(
    entry: Mapping[str, Any], markers: Mapping[str, Any], level: str, cited: Callable[[str], str]
) -> ObjectFormat:
    no_data = [g for marker in entry.get("no_data", ()) for g in markers[marker]]
    marked = tuple(Shape(tuple(map(parse_format, groups)), (), True) for groups in no_data)
    repeat = tuple(map(parse_format, entry.get("repeat", ())))

    def made(choices: Iterable[Sequence[str]], **more: Any) -> ObjectFormat:
        shapes = tuple(Shape(tuple(map(parse_format, g)), repeat) for g in choices)
        return ObjectFormat(
            obis=entry["obis"],
            meaning=entry["meaning"],
            shapes=shapes + marked,
            rule=Rule(entry.get("rule", "O")),
            level=Level(entry.get("level", level)),
            clause=cited(entry.get("clause", ".12")),
            types=tuple(entry.get("types", ())),
            presence=Level(entry.get("presence", entry.get("level", level))),
            **more,
        )

    by_type = {int(kind): made(choices) for kind, choices in entry.get("by_type", {}).items()}
    return made([entry["groups"], *entry.get("or", ())], by_type=by_type)
