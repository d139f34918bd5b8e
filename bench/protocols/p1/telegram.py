"""Decodes P1 telegrams: goes on after the first fault and says where each one is.

`decode_telegram` never raises for what is in the octets.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple, Protocol

from bench.core.check import Level
from bench.core.trace import Field, Problem
from bench.protocols.p1.detect import detect_profile
from bench.protocols.p1.formats import TypedValue
from bench.protocols.p1.framing import Crc
from bench.protocols.p1.objects import ObjectFormat, Shape
from bench.protocols.p1.profile import Profile
from bench.protocols.p1.timestamp import Timestamp

__all__ = ["Crc", "DataLine", "Telegram", "Value", "decode_telegram", "detect_profile"]


class Value(NamedTuple):
    """One value of an object: typed, with its unit ("" if none), its text and its offset."""

    value: TypedValue
    unit: str
    text: str
    offset: int


class DataLine(NamedTuple):
    """One object as it was sent; DSMR 3.0's second line of a reading belongs to the first.

    `obis` is None if the line does not start with an OBIS code; `groups` are the texts between
    brackets and `offsets` where they start. A line that breaks the grammar is not
    `well_formed`, has no groups and gives no values. `format` is what the profile says about
    the object, `shape` the one of its shapes that the groups have, if any.
    """

    obis: str | None
    groups: tuple[str, ...]
    offsets: tuple[int, ...]
    offset: int
    length: int
    line: int
    well_formed: bool = True
    format: ObjectFormat | None = None
    shape: Shape | None = None

    @property
    def no_data(self) -> bool:
        """Whether the groups are a legal way to say that there is no value."""
        return self.shape is not None and self.shape.no_data

    def values(self) -> tuple[Value, ...]:
        """Return the typed values of the groups."""
        if not self.well_formed:
            return ()
        read = _GENERIC.read if self.format is None else self.format.read
        parts = zip(read(self.groups, self.shape), self.groups, self.offsets, strict=True)
        return tuple([Value(value, unit, text, at) for (value, unit), text, at in parts])


_GENERIC = ObjectFormat("", "", ())


class Content(Protocol):
    """Where a telegram has its lines and values from."""

    def lines(self) -> tuple[DataLine, ...]:
        """Return the data lines."""
        ...

    def objects(self) -> dict[str, list[Value]]:
        """Return the values by OBIS code."""
        ...


class FromLines:
    """Content of a telegram whose lines were all looked at."""

    __slots__ = ("_lines",)

    def __init__(self, lines: tuple[DataLine, ...]) -> None:
        self._lines = lines

    def lines(self) -> tuple[DataLine, ...]:
        """Return the data lines."""
        return self._lines

    def objects(self) -> dict[str, list[Value]]:
        """Return the values of all well-formed lines, in their order."""
        found: dict[str, list[Value]] = {}
        for line in self._lines:
            if line.obis is not None and line.well_formed:
                found.setdefault(line.obis, []).extend(line.values())
        return found


@dataclass(frozen=True, slots=True)
class Telegram:
    """A decoded telegram with its octets and every problem, in the order of the octets.

    `header` is the first line without the `/`, `flag_id` and `identification` its parts.
    """

    octets: bytes
    header: str
    crc: Crc
    problems: tuple[Problem, ...]
    profile: Profile | None
    _content: Content = field(repr=False, compare=False)

    @property
    def lines(self) -> tuple[DataLine, ...]:
        """The data lines in the order of the telegram."""
        return self._content.lines()

    @property
    def flag_id(self) -> str:
        """The three letters of the maker (FLAG association)."""
        return self.header[:3]

    @property
    def identification(self) -> str:
        """What follows the baud digit in the header."""
        return self.header[4:]

    def values(self, obis: str) -> list[Value]:
        """Return the values of an object, empty if the telegram lacks it."""
        return self.objects().get(obis, [])

    def objects(self) -> dict[str, list[Value]]:
        """Return the values of all well-formed objects by OBIS code, in the telegram's order."""
        return self._content.objects()

    def level(self, problem: Problem) -> Level:
        """Return how binding the rule is that a problem breaks; `must` without profile."""
        if self.profile is None:
            return Level.MUST
        found = next((line.format for line in self.lines if line.line == problem.line), None)
        return self.profile.level(problem.code, found)

    def fields(self) -> tuple[Field, ...]:
        """Return the annotated octets of the whole telegram, without gap or overlap."""
        from bench.protocols.p1.annotate import annotate

        return annotate(self)

    def to_json(self) -> dict[str, Any]:
        """Return header, CRC, objects and problems as plain JSON values.

        The header is the first line as sent, with its `/`. Numbers keep their value, time stamps
        are as sent, octet strings stay hexadecimal; a value without unit has the unit null.
        """
        return {
            "header": f"/{self.header}",
            "crc": {"given": self.crc.given, "computed": self.crc.computed, "ok": self.crc.ok},
            "objects": {
                obis: [{"value": _plain(v), "unit": v.unit or None} for v in values]
                for obis, values in self.objects().items()
            },
            "problems": [
                {"offset": p.offset, "line": p.line, "message": p.message, "clause": p.clause}
                for p in self.problems
            ],
        }


def _plain(value: Value) -> int | float | str:
    """Return a JSON number that keeps the value, or the text where no number can."""
    typed = value.value
    if isinstance(typed, Decimal):
        if typed == typed.to_integral_value():
            return int(typed)
        number = float(typed)
        return number if Decimal(repr(number)) == typed else value.text
    return typed.text if isinstance(typed, Timestamp) else typed


def decode_telegram(octets: bytes, profile: Profile | None = None) -> Telegram:
    """Decode one telegram, from its `/` to the line end after its end mark.

    Without a profile everything is judged that needs none: framing, grammar, CRC. With one
    also the formats of the objects it knows.
    """
    from bench.protocols.p1.decoder import decode
    from bench.protocols.p1.layout import recall, remember

    if profile is None or not profile.has_crc:
        return decode(octets, profile)
    telegram = recall(octets, profile)
    if telegram is None:
        telegram = decode(octets, profile)
        remember(telegram, profile)
    return telegram
