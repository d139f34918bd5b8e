"""The value formats of P1 objects (DSMR 5.0.2 §6.4 to §6.11): what a group may hold.

A group is the text between two brackets. Profiles write formats as the companion standards do:

    F9(3,3)*kWh   nine digits, three of them decimals, unit kWh; Fn: any number of digits;
                  -F3(0,0)*A may be negative; *kvar|kVAr allows two spellings
    I5  I1..2     integer of five digits; of one or two
    E[0|1|2]      one of these texts
    S0..96        octet string, 0 to 96 hexadecimal characters
    D4            text of four digits whose leading zeros matter
    T0..1024      printable text
    TST  TST12    time stamp with and without the flag for daylight saving;
                  TST|632525252525 also takes these digits, which name no date
    =0-0:96.7.19  exactly this text
    ~0+(\\.0+)?    text that this regular expression matches
    empty         nothing
"""

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import NamedTuple

from bench.core.errors import UsageError
from bench.protocols.p1.timestamp import Timestamp, stamp_exists

TypedValue = Decimal | int | str | Timestamp


class Fault(NamedTuple):
    """Why a group does not have its format: a problem code and a message in plain words."""

    code: str
    message: str


class Format(ABC):
    """What one group may hold; `notation` is how a profile writes it."""

    __slots__ = ()

    notation: str
    calendar = False  # whether text that fits `pattern` may still name no date

    @property
    def unit(self) -> str:
        """The unit as it is spelled first, or "" where there is none."""
        return ""

    @property
    @abstractmethod
    def pattern(self) -> str:
        """A regular expression without capturing groups for the whole text of a group."""

    def value(self, text: str) -> TypedValue:
        """Return the typed value of a text that has this format."""
        return text

    def read(self, text: str) -> tuple[TypedValue, str]:
        """Return typed value and unit of a text that has this format."""
        return self.value(text), ""

    def fits(self, text: str) -> bool:
        """Whether `text` has this format."""
        fits = _compiled(self.pattern).fullmatch(text) is not None
        return fits and (not self.calendar or self.in_calendar(text))

    def in_calendar(self, text: str) -> bool:  # noqa: ARG002
        """Whether text that fits `pattern` names a date that there is; true where none is meant."""
        return True

    def fault(self, text: str) -> Fault | None:
        """Return what is wrong with `text`, or None if it has this format."""
        return None if self.fits(text) else self._explain(text)

    def _explain(self, text: str) -> Fault:
        if "*" in text:
            return Fault("unit-unexpected", f"{_q(text)} has a '*', but {self} takes no unit")
        wording = self.wording
        return Fault("format", f"{_q(text)} is not {self}" + (f": {wording}" if wording else ""))

    @property
    def wording(self) -> str:
        """The format in plain words, "" where the notation says it all."""
        return ""

    def __str__(self) -> str:
        return self.notation


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.ASCII)


def _q(text: str) -> str:
    """Return `text` quoted for a message, shortened and with unprintable octets escaped."""
    shown = text if len(text) <= 60 else text[:57] + "..."
    return ascii(shown)


def _range(low: int, high: int) -> str:
    return str(low) if low == high else f"{low} to {high}"


_NUMBER = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]*)?(?:[eE][+-]?[0-9]+)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Fixed(Format):
    """Fn(x,y): `digits` in total (None: any), `low` to `high` of them decimals (§6.4)."""

    notation: str
    digits: int | None
    low: int
    high: int
    signed: bool
    units: tuple[str, ...]

    @property
    def unit(self) -> str:
        """The unit as it is spelled first, or "" where there is none."""
        return self.units[0] if self.units else ""

    @property
    def number_pattern(self) -> str:
        """A regular expression for the number alone."""
        shapes = []
        for decimals in range(self.low, self.high + 1):
            whole = r"[0-9]+" if self.digits is None else rf"[0-9]{{{self.digits - decimals}}}"
            shapes.append(whole + (rf"\.[0-9]{{{decimals}}}" if decimals else ""))
        body = shapes[0] if len(shapes) == 1 else f"(?:{'|'.join(shapes)})"
        return ("-?" if self.signed else "") + body

    @property
    def pattern(self) -> str:
        """A regular expression without capturing groups for the whole text of a group."""
        if not self.units:
            return self.number_pattern
        return rf"{self.number_pattern}\*(?:{'|'.join(map(re.escape, self.units))})"

    def value(self, text: str) -> TypedValue:
        """Return the number exactly as it was sent."""
        return Decimal(text.partition("*")[0])

    def read(self, text: str) -> tuple[TypedValue, str]:
        """Return number and unit as they were sent."""
        number, _, unit = text.partition("*")
        return Decimal(number), unit

    def _explain(self, text: str) -> Fault:
        number, star, unit = text.partition("*")
        expected = " or ".join(self.units)
        if self.units and not star:
            head = _NUMBER.match(text)
            if head is None:
                return Fault("format", f"{_q(text)} is not {self}")
            if head.end() == len(text):
                return Fault("unit", f"{_q(text)} has no unit, expected '*{expected}'")
            return Fault("unit", f"{_q(text)} has no '*' before its unit, expected '*{expected}'")
        if self.units and unit not in self.units:
            return Fault("unit", f"unit {_q(unit)} instead of '{expected}'")
        if star and not self.units:
            return Fault("unit-unexpected", f"{_q(text)} has a '*', but {self} takes no unit")
        return Fault("format", f"{_q(number)} is not {self}: {self.wording}")

    @property
    def wording(self) -> str:
        """The format in plain words."""
        total = "digits" if self.digits is None else f"{self.digits} digits"
        return f"{total}, {_range(self.low, self.high)} of them after the point"


@dataclass(frozen=True, slots=True)
class Integer(Format):
    """In: an integer of `low` to `high` digits."""

    notation: str
    low: int
    high: int

    @property
    def pattern(self) -> str:
        """A regular expression without capturing groups for the whole text of a group."""
        return rf"[0-9]{{{self.low},{self.high}}}"

    @property
    def wording(self) -> str:
        """The format in plain words."""
        return f"an integer of {_range(self.low, self.high)} digits"

    def value(self, text: str) -> TypedValue:
        """Return the number."""
        return int(text)


@dataclass(frozen=True, slots=True)
class Enumerated(Format):
    """An integer that names a state; all else is the problem `enum`."""

    notation: str
    members: tuple[str, ...]

    @property
    def pattern(self) -> str:
        """A regular expression without capturing groups for the whole text of a group."""
        return f"(?:{'|'.join(map(re.escape, self.members))})"

    def value(self, text: str) -> TypedValue:
        """Return the number of the state."""
        return int(text)

    def _explain(self, text: str) -> Fault:
        return Fault("enum", f"{_q(text)} is none of {', '.join(self.members)}")


@dataclass(frozen=True, slots=True)
class OctetString(Format):
    """Sn: two upper-case hexadecimal characters for each octet (§6.5)."""

    notation: str
    low: int
    high: int

    @property
    def pattern(self) -> str:
        """A regular expression without capturing groups for the whole text of a group."""
        return rf"(?:[0-9A-F]{{2}}){{{(self.low + 1) // 2},{self.high // 2}}}"

    def _explain(self, text: str) -> Fault:
        if not _compiled("[0-9A-Fa-f]*").fullmatch(text):
            return Fault("octet-string", f"{_q(text)} holds more than hexadecimal characters")
        if len(text) % 2:
            return Fault("octet-string", f"{len(text)} hexadecimal characters are no whole octets")
        if not self.low <= len(text) <= self.high:
            allowed = _range(self.low, self.high)
            return Fault("octet-string-length", f"{len(text)} characters, {allowed} are allowed")
        return Fault("octet-string-case", f"{_q(text)} has lower-case hexadecimal characters")


@dataclass(frozen=True, slots=True)
class PlainText(Format):
    """Text of `low` to `high` characters; `digits` alone, or anything printable."""

    notation: str
    low: int
    high: int
    digits: bool

    @property
    def pattern(self) -> str:
        """A regular expression without capturing groups for the whole text of a group."""
        allowed = "0-9" if self.digits else " -'*-~"  # no brackets: they end the group
        return f"[{allowed}]{{{self.low},{self.high}}}"

    @property
    def wording(self) -> str:
        """The format in plain words."""
        return f"{_range(self.low, self.high)} {'digits' if self.digits else 'characters'}"


@dataclass(frozen=True, slots=True)
class Stamp(Format):
    """TST, YYMMDDhhmmssX with X = S or W; TST12 has no X (§6.4).

    `markers` are twelve digits each that stand for "no time" and need not be in the calendar.
    """

    notation: str
    flag: bool
    markers: tuple[str, ...] = ()
    calendar = True

    @property
    def pattern(self) -> str:
        """A regular expression without capturing groups for the whole text of a group."""
        return "[0-9]{12}" + ("[SW]" if self.flag else "")

    def value(self, text: str) -> TypedValue:
        """Return the stamp."""
        return Timestamp(text)

    def in_calendar(self, text: str) -> bool:
        """Whether the stamp names a second of the calendar, or is one of the markers."""
        return stamp_exists(text) or text[:12] in self.markers

    def _explain(self, text: str) -> Fault:
        if _compiled(self.pattern).fullmatch(text):
            return Fault("timestamp", f"{_q(text)} names no date and time of the calendar")
        wanted = "YYMMDDhhmmss and S or W" if self.flag else "YYMMDDhhmmss"
        return Fault("timestamp", f"{_q(text)} is not {self.notation}: {wanted}")


@dataclass(frozen=True, slots=True)
class Matching(Format):
    """Text that a regular expression of the profile describes, such as a no-data marker."""

    notation: str
    expression: str

    @property
    def pattern(self) -> str:
        """A regular expression without capturing groups for the whole text of a group."""
        return f"(?:{self.expression})"

    def value(self, text: str) -> TypedValue:
        """Return what the text looks like."""
        return generic_value(text)[0]

    def read(self, text: str) -> tuple[TypedValue, str]:
        """Return value and unit that the text looks like."""
        return generic_value(text)


_FIXED = re.compile(r"(-?)F(n|[0-9]+)\(([0-9]),([0-9])\)(?:\*(\S+))?")
_SIZED = re.compile(r"([ISDT])([0-9]+)(?:\.\.([0-9]+))?")


@cache
def parse_format(notation: str) -> Format:
    """Return the format that `notation` writes; UsageError if it is none."""
    if notation == "TST12":
        return Stamp(notation, flag=False)
    if notation.partition("|")[0] == "TST":
        return Stamp("TST", flag=True, markers=tuple(notation.split("|")[1:]))
    if notation == "empty":
        return Matching("empty", "")
    if notation.startswith("="):
        return Matching(notation[1:], re.escape(notation[1:]))
    if notation.startswith("~"):
        if re.compile(notation[1:]).groups:
            raise UsageError(f"{notation!r}: write (?:...) in place of (...)")
        return Matching(notation[1:], notation[1:])
    if notation.startswith("E[") and notation.endswith("]"):
        return Enumerated(notation, tuple(notation[2:-1].split("|")))
    if found := _FIXED.fullmatch(notation):
        sign, digits, low, high, units = found.groups()
        count = None if digits == "n" else int(digits)
        spellings = tuple(units.split("|")) if units else ()
        return Fixed(notation, count, int(low), int(high), bool(sign), spellings)
    if found := _SIZED.fullmatch(notation):
        kind, first, last = found.groups()
        low_size, high_size = int(first), int(last or first)
        if kind == "I":
            return Integer(notation, low_size, high_size)
        if kind == "S":
            return OctetString(notation, low_size, high_size)
        return PlainText(notation, low_size, high_size, kind == "D")
    raise UsageError(f"{notation!r} is no value format; write one such as 'F9(3,3)*kWh' or 'TST'")


_STAMP = re.compile(r"[0-9]{12}[SW]", re.ASCII)
_MEASURED = re.compile(r"(-?[0-9]+(?:\.[0-9]+)?)\*([^*]+)", re.ASCII)


def generic_value(text: str) -> tuple[TypedValue, str]:
    """Return value and unit as far as the text alone tells: number*unit, a stamp, or text."""
    if found := _MEASURED.fullmatch(text):
        return Decimal(found[1]), found[2]
    if _STAMP.fullmatch(text):
        return Timestamp(text), ""
    return text, ""
