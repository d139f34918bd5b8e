"""Writes values in the formats of a P1 profile: the truth is in base units, the format says how.

Numbers are Decimal in the base unit (W, Wh, V, A, s, m3 ...); the unit's prefix scales them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal
from enum import Enum, auto

from bench.protocols.p1.formats import (
    Enumerated,
    Fixed,
    Format,
    Integer,
    Matching,
    OctetString,
    PlainText,
    Stamp,
)
from bench.protocols.p1.objects import Shape
from bench.simulator.reading import Reading

_PREFIX = {"k": Decimal(1000), "M": Decimal(10**6), "G": Decimal(10**9)}


class Special(Enum):
    """Values that have no number."""

    NINES = auto()  # all digits nine: a threshold that is not active
    FIXED_TEXT = auto()  # the format allows one text only
    NO_READING = auto()  # the texts that follow are the groups, for want of a reading


@dataclass(frozen=True, slots=True)
class Counter:
    """A number that is cut, not rounded, to the decimals shown, as registers are.

    `unit` says in which one it has to be shown where an object has several; empty: in any.
    """

    value: Decimal
    unit: str = ""


@dataclass(frozen=True, slots=True)
class LocalTime:
    """A local time with the summer time flag."""

    local: datetime
    summer: bool


Value = Decimal | Counter | LocalTime | int | str | bytes | Special
#: Gives the values of one object, None when there are none to show.
Source = Callable[[Reading], list[Value] | None]


def render_groups(shape: Shape, values: Sequence[Value]) -> list[str] | None:
    """Return the text of each group, without brackets; None when the shape needs other values.

    Values beyond what the shape takes are left out: an edition that shows less shows less.
    """
    formats: list[Format] = list(shape.groups)
    if shape.repeat:
        rest = max(0, len(values) - len(formats))
        formats += list(shape.repeat) * (rest // len(shape.repeat))
    if len(values) < len(formats):
        return None
    pairs = list(zip(formats, values, strict=False))
    for form, value in pairs:
        unit = form.unit if isinstance(form, Fixed) else ""
        if unit and isinstance(value, Counter) and value.unit not in ("", unit):
            return None
    return [render(form, value) for form, value in pairs]


def render(form: Format, value: Value) -> str:
    """Return `value` as `form` writes it."""
    match form:
        case Fixed():
            return _fixed(form, value)
        case OctetString():
            octets = value if isinstance(value, bytes) else _text(value).encode("latin-1")
            return octets.hex().upper()[: form.high]
        case Stamp():
            return _stamp(value, flag=form.flag)
        case Integer() | PlainText():
            text = _text(value)
            padded = isinstance(form, Integer) or form.digits
            return text.zfill(form.low) if padded else text[: form.high]
        case Enumerated():
            text = _text(value)
            return next((m for m in form.members if m.lstrip("0") == text.lstrip("0")), text)
        case Matching() if value is Special.FIXED_TEXT:
            return form.notation
    return _text(value)


def _text(value: Value) -> str:
    match value:
        case bytes():
            return value.decode("latin-1")
        case Counter(number, _):
            return format(number, "f")
        case LocalTime():
            return _stamp(value, flag=True)
        case Decimal():
            return format(value, "f")
    return str(value)


def _stamp(value: Value, *, flag: bool) -> str:
    if not isinstance(value, LocalTime):
        return _text(value)
    letter = ("S" if value.summer else "W") if flag else ""
    return f"{value.local:%y%m%d%H%M%S}{letter}"


def _fixed(form: Fixed, value: Value) -> str:
    star = f"*{form.unit}" if form.unit else ""
    if value is Special.NINES:
        whole = "9" * (3 if form.digits is None else form.digits - form.high)
        return whole + ("." + "9" * form.high if form.high else "") + star
    cut = isinstance(value, Counter)
    number = value.value if isinstance(value, Counter) else Decimal(_text(value))
    number /= _PREFIX.get(form.unit[:1], Decimal(1)) if len(form.unit) > 1 else 1
    sign = "-" if number < 0 and form.signed else ""
    return sign + _digits(form, abs(number) if form.signed else max(number, Decimal(0)), cut) + star


def _digits(form: Fixed, number: Decimal, cut: bool) -> str:
    """Return the digits of a number that is not negative, as many decimals as there is room for."""
    rounding = ROUND_DOWN if cut else ROUND_HALF_EVEN
    for decimals in range(form.high, form.low - 1, -1):
        text = format(number.quantize(Decimal(1).scaleb(-decimals), rounding), "f")
        digits = len(text) - ("." in text)
        if form.digits is None or digits <= form.digits:
            width = 0 if form.digits is None else form.digits + ("." in text)
            return text.zfill(width)
    if not cut:  # an instantaneous value beyond the scale stays at its end
        nines = "9" * (form.digits or 1)
        return nines if not form.low else f"{nines[: -form.low]}.{nines[-form.low :]}"
    return _digits(form, number % Decimal(10) ** ((form.digits or 0) - form.low), cut)
