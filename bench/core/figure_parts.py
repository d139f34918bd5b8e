"""What figures are made of: axes, limits, series; every value a number that can be drawn, or None.

A value that is no number (NaN, infinite, beyond 1e30 either way) is kept as None, so that whatever
a device delivers can be drawn; texts are cut at 300 characters. What only a wrong program can give
raises UsageError.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from math import isfinite
from typing import Any

from bench.core.errors import UsageError
from bench.core.figure_json import Reader

MAX_TEXT = 300
LARGEST = 1e30

Value = float | None
"""A number that can be drawn, or None where there is none."""


class Mark(StrEnum):
    """How the points of a series are drawn: joined, or each for itself."""

    LINE = "line"
    POINTS = "points"


def value_of(raw: float | None) -> Value:
    """Return a number as it can be drawn; None for one that cannot."""
    if raw is None:
        return None
    number = float(raw)
    return number if isfinite(number) and abs(number) <= LARGEST else None


def values_of(raw: Iterable[float | None]) -> tuple[Value, ...]:
    """Return numbers as they can be drawn."""
    return tuple(value_of(number) for number in raw)


def number_of(raw: float, what: str) -> float:
    """Return a number that must be one that can be drawn; UsageError names `what` is not."""
    number = value_of(raw)
    if number is None:
        raise UsageError(f"{what} is {raw!r}; it must be a number within ±{LARGEST:g}")
    return number


def numbers_of(raw: Iterable[float], what: str) -> tuple[float, ...]:
    """Return numbers that must all be such that can be drawn."""
    return tuple(number_of(number, what) for number in raw)


def cut(text: str, length: int = MAX_TEXT) -> str:
    """Return a text of at most `length` characters."""
    return text if len(text) <= length else text[: length - 1] + "…"


def put(record: object, **values: object) -> None:
    """Set fields of a frozen record while it is being made."""
    for name, value in values.items():
        object.__setattr__(record, name, value)


def at_most(count: int, most: int, what: str) -> None:
    """Raise UsageError if there are more than fit into a figure."""
    if count > most:
        raise UsageError(f"a figure has at most {most} {what}, not {count}")


def same_length(name: str, **columns: Sequence[object]) -> None:
    """Raise UsageError if the columns of a series differ in length."""
    if len({len(column) for column in columns.values()}) > 1:
        lengths = ", ".join(f"{len(column)} {what}" for what, column in columns.items())
        raise UsageError(f"series {name!r} has columns of unequal length: {lengths}")


@dataclass(frozen=True, slots=True)
class Axis:
    """What an axis shows, and in which unit ("" for a plain number)."""

    label: str
    unit: str = ""

    def __post_init__(self) -> None:
        put(self, label=cut(self.label), unit=cut(self.unit))

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {"label": self.label, "unit": self.unit}

    @classmethod
    def read(cls, row: Reader) -> "Axis":
        """Return the axis of a JSON object; ValueError if it is none."""
        return cls(row.text("label"), row.text("unit"))


@dataclass(frozen=True, slots=True)
class LimitLine:
    """A limit in the unit of its axis; `uncertainty` is U of what is compared, drawn as a band."""

    label: str
    value: float
    uncertainty: float | None = None

    def __post_init__(self) -> None:
        u = None if self.uncertainty is None else abs(number_of(self.uncertainty, "U of a limit"))
        put(self, label=cut(self.label), value=number_of(self.value, "a limit"), uncertainty=u)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {"label": self.label, "value": self.value, "uncertainty": self.uncertainty}

    @classmethod
    def read(cls, row: Reader) -> "LimitLine":
        """Return the limit of a JSON object; ValueError if it is none."""
        return cls(row.text("label"), row.number("value"), row.value("uncertainty"))


@dataclass(frozen=True, slots=True)
class Series:
    """Points as they are, each drawn: `x` and `y` of equal length; None in `y` leaves a gap."""

    name: str
    x: Sequence[float]
    y: Sequence[Value]
    mark: Mark = Mark.LINE

    def __post_init__(self) -> None:
        x = numbers_of(self.x, f"an x of series {self.name!r}")
        put(self, name=cut(self.name), x=x, y=values_of(self.y))
        same_length(self.name, x=self.x, y=self.y)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {"name": self.name, "mark": str(self.mark), "x": list(self.x), "y": list(self.y)}

    @classmethod
    def read(cls, row: Reader) -> "Series":
        """Return the series of a JSON object; ValueError if it is none."""
        return cls(row.text("name"), row.numbers("x"), row.values("y"), Mark(row.text("mark")))


def _both(
    low: tuple[Value, ...], high: tuple[Value, ...]
) -> tuple[tuple[Value, ...], tuple[Value, ...]]:
    """Leave a gap where one of two columns has one."""
    if len(low) != len(high):
        return low, high
    pairs = [(None, None) if None in pair else pair for pair in zip(low, high, strict=True)]
    return tuple(a for a, _ in pairs), tuple(b for _, b in pairs)


@dataclass(frozen=True, slots=True)
class Envelope:
    """Many samples drawn as fewer buckets, of each the lowest and the highest value.

    Nothing that stands out is lost, and the report says that `samples` were drawn so. `x` is where
    a bucket is drawn, ascending; `low` and `high` are None where a bucket holds no number.
    """

    name: str
    x: Sequence[float]
    low: Sequence[Value]
    high: Sequence[Value]
    samples: int

    def __post_init__(self) -> None:
        x = numbers_of(self.x, f"an x of series {self.name!r}")
        low, high = _both(values_of(self.low), values_of(self.high))
        put(self, name=cut(self.name), x=x, low=low, high=high, samples=int(self.samples))
        same_length(self.name, x=x, low=low, high=high)
        if any(second <= first for first, second in pairwise(x)):
            raise UsageError(f"the buckets of {self.name!r} are not in ascending order")
        if any(a is not None and b is not None and a > b for a, b in zip(low, high, strict=True)):
            raise UsageError(f"a bucket of {self.name!r} has its lowest value above its highest")
        if self.samples < len(x):
            raise UsageError(f"{self.name!r} has {len(x)} buckets of {self.samples} samples")

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        columns = {"x": list(self.x), "low": list(self.low), "high": list(self.high)}
        return {"name": self.name, "samples": self.samples, **columns}

    @classmethod
    def read(cls, row: Reader) -> "Envelope":
        """Return the envelope of a JSON object; ValueError if it is none."""
        low, high = row.values("low"), row.values("high")
        return cls(row.text("name"), row.numbers("x"), low, high, row.count("samples"))


@dataclass(frozen=True, slots=True)
class Phasor:
    """A complex effective value in `unit` (V or A); None where there is none."""

    name: str
    value: complex | None
    unit: str

    def __post_init__(self) -> None:
        value = None
        if self.value is not None:
            parts = values_of((self.value.real, self.value.imag))
            value = None if None in parts else complex(self.value)
        put(self, name=cut(self.name), value=value, unit=cut(self.unit))

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        parts = (None, None) if self.value is None else (self.value.real, self.value.imag)
        return {"name": self.name, "unit": self.unit, "re": parts[0], "im": parts[1]}

    @classmethod
    def read(cls, row: Reader) -> "Phasor":
        """Return the phasor of a JSON object; ValueError if it is none."""
        real, imaginary = row.value("re"), row.value("im")
        value = None if real is None or imaginary is None else complex(real, imaginary)
        return cls(row.text("name"), value, row.text("unit"))


@dataclass(frozen=True, slots=True)
class BarSeries:
    """A bar for each place of the figure; None where there is none."""

    name: str
    values: Sequence[Value]

    def __post_init__(self) -> None:
        put(self, name=cut(self.name), values=values_of(self.values))

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {"name": self.name, "values": list(self.values)}

    @classmethod
    def read(cls, row: Reader) -> "BarSeries":
        """Return the series of a JSON object; ValueError if it is none."""
        return cls(row.text("name"), row.values("values"))
