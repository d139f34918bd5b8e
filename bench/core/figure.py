"""What a suite can draw of its measurements: lines, phasors, bars and histograms.

A figure is evidence: it holds the numbers that were drawn, not a picture, and its caption says what
is drawn, of which stretch of the device's time, and how it was made fewer. A value that is no
number (NaN, infinite) is kept as None and drawn as a gap.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import atan2, degrees, remainder, tau
from typing import Any

from bench.core.errors import UsageError
from bench.core.figure_json import Reader
from bench.core.figure_parts import (
    LARGEST,
    Axis,
    BarSeries,
    Envelope,
    LimitLine,
    Mark,
    Phasor,
    Series,
    Value,
    at_most,
    cut,
    numbers_of,
    put,
    same_length,
    values_of,
)

__all__ = [
    "Axis",
    "BarSeries",
    "Bars",
    "Envelope",
    "Figure",
    "Histogram",
    "LimitLine",
    "Lines",
    "Mark",
    "Phasor",
    "Phasors",
    "Series",
    "figure_from_json",
]

SCHEMA = 1
MAX_POINTS = 20_000
MAX_SERIES = 12
MAX_BARS = 1_000
MAX_LIMITS = 12
MAX_CAPTION = 2_000


def _head(kind: str, title: str, caption: str) -> dict[str, Any]:
    return {"schema": SCHEMA, "kind": kind, "title": title, "caption": caption}


@dataclass(frozen=True, slots=True)
class Lines:
    """Quantities over another, mostly over time, with the limits of the quantity."""

    title: str
    caption: str
    x: Axis
    y: Axis
    series: Sequence[Series | Envelope]
    limits: Sequence[LimitLine] = ()

    def __post_init__(self) -> None:
        put(self, title=cut(self.title), caption=cut(self.caption, MAX_CAPTION))
        put(self, series=tuple(self.series), limits=tuple(self.limits))
        at_most(len(self.series), MAX_SERIES, "series")
        at_most(len(self.limits), MAX_LIMITS, "limits")
        at_most(sum(len(s.x) for s in self.series), MAX_POINTS, "points; keep an Envelope")

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values; `figure_from_json` reads them."""
        return {
            **_head("lines", self.title, self.caption),
            "x": self.x.to_json(),
            "y": self.y.to_json(),
            "series": [series.to_json() for series in self.series],
            "limits": [limit.to_json() for limit in self.limits],
        }

    @classmethod
    def read(cls, row: Reader) -> "Lines":
        """Return the figure of a JSON object; ValueError if it is none."""
        series = [
            Envelope.read(entry) if entry.has("samples") else Series.read(entry)
            for entry in row.rows("series")
        ]
        limits = [LimitLine.read(entry) for entry in row.rows("limits")]
        x, y = Axis.read(row.row("x")), Axis.read(row.row("y"))
        return cls(row.text("title"), row.text("caption"), x, y, series, limits)


def _argument(value: complex) -> float:
    return atan2(value.imag, value.real)  # cmath.phase raises where the quotient underflows


@dataclass(frozen=True, slots=True)
class Phasors:
    """Phasors of one instant, drawn in a circle per unit; angles count from the first one."""

    title: str
    caption: str
    phasors: Sequence[Phasor]

    def __post_init__(self) -> None:
        put(self, title=cut(self.title), caption=cut(self.caption, MAX_CAPTION))
        put(self, phasors=tuple(self.phasors))
        at_most(len(self.phasors), MAX_SERIES, "phasors")

    def angle_deg(self, of: Phasor) -> float | None:
        """Return by how many degrees a phasor is ahead of the first, above -180 up to 180.

        None where one of the two is zero or has no value.
        """
        first = self.phasors[0].value if self.phasors else None
        if not first or not of.value:
            return None
        angle = degrees(remainder(_argument(of.value) - _argument(first), tau))
        return 180.0 if angle <= -180 else angle

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values; `figure_from_json` reads them."""
        phasors = [phasor.to_json() for phasor in self.phasors]
        return {**_head("phasors", self.title, self.caption), "phasors": phasors}

    @classmethod
    def read(cls, row: Reader) -> "Phasors":
        """Return the figure of a JSON object; ValueError if it is none."""
        phasors = [Phasor.read(entry) for entry in row.rows("phasors")]
        return cls(row.text("title"), row.text("caption"), phasors)


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars at whole numbers, such as the harmonics by their order; side by side for each series.

    `limits` has one mark for each place (None where there is no limit), or is empty.
    """

    title: str
    caption: str
    x: Axis
    y: Axis
    at: Sequence[int]
    series: Sequence[BarSeries]
    limits: Sequence[Value] = ()
    limit_label: str = "limit"

    def __post_init__(self) -> None:
        put(self, title=cut(self.title), caption=cut(self.caption, MAX_CAPTION))
        put(self, at=tuple(int(place) for place in self.at), series=tuple(self.series))
        put(self, limits=values_of(self.limits), limit_label=cut(self.limit_label))
        at_most(len(self.series), MAX_SERIES, "series")
        at_most(len(self.at) * max(len(self.series), 1), MAX_BARS, "bars")
        if any(second <= first for first, second in pairwise(self.at)):
            raise UsageError("the places of the bars are not in ascending order")
        for series in self.series:
            same_length(series.name, places=self.at, bars=series.values)
        if self.limits:
            same_length(self.limit_label, places=self.at, limits=self.limits)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values; `figure_from_json` reads them."""
        return {
            **_head("bars", self.title, self.caption),
            "x": self.x.to_json(),
            "y": self.y.to_json(),
            "at": list(self.at),
            "series": [series.to_json() for series in self.series],
            "limits": list(self.limits),
            "limit_label": self.limit_label,
        }

    @classmethod
    def read(cls, row: Reader) -> "Bars":
        """Return the figure of a JSON object; ValueError if it is none."""
        return cls(
            row.text("title"),
            row.text("caption"),
            Axis.read(row.row("x")),
            Axis.read(row.row("y")),
            row.counts("at"),
            [BarSeries.read(entry) for entry in row.rows("series")],
            row.values("limits"),
            row.text("limit_label"),
        )


@dataclass(frozen=True, slots=True)
class Histogram:
    """How many values fell between neighbouring edges: one edge more than counts, ascending."""

    title: str
    caption: str
    x: Axis
    edges: Sequence[float]
    counts: Sequence[int]
    limits: Sequence[LimitLine] = ()
    counted: str = "count"

    def __post_init__(self) -> None:
        put(self, title=cut(self.title), caption=cut(self.caption, MAX_CAPTION))
        put(self, edges=numbers_of(self.edges, "an edge"), limits=tuple(self.limits))
        put(self, counts=tuple(int(n) for n in self.counts), counted=cut(self.counted))
        at_most(len(self.counts), MAX_BARS, "bins")
        at_most(len(self.limits), MAX_LIMITS, "limits")
        if len(self.edges) != len(self.counts) + 1 and (self.edges or self.counts):
            raise UsageError(f"{len(self.edges)} edges do not bound {len(self.counts)} bins")
        if any(second <= first for first, second in pairwise(self.edges)):
            raise UsageError("the edges of the bins are not in ascending order")
        if any(not 0 <= count <= LARGEST for count in self.counts):
            raise UsageError("a bin has a negative or an impossible count")

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values; `figure_from_json` reads them."""
        return {
            **_head("histogram", self.title, self.caption),
            "x": self.x.to_json(),
            "edges": list(self.edges),
            "counts": list(self.counts),
            "limits": [limit.to_json() for limit in self.limits],
            "counted": self.counted,
        }

    @classmethod
    def read(cls, row: Reader) -> "Histogram":
        """Return the figure of a JSON object; ValueError if it is none."""
        limits = [LimitLine.read(entry) for entry in row.rows("limits")]
        x, edges, counts = Axis.read(row.row("x")), row.numbers("edges"), row.counts("counts")
        title, caption = row.text("title"), row.text("caption")
        return cls(title, caption, x, edges, counts, limits, row.text("counted"))


Figure = Lines | Phasors | Bars | Histogram

_KINDS: dict[str, type[Lines] | type[Phasors] | type[Bars] | type[Histogram]] = {
    "lines": Lines,
    "phasors": Phasors,
    "bars": Bars,
    "histogram": Histogram,
}


def figure_from_json(data: object) -> Figure:
    """Return the figure that `to_json` wrote; ValueError says where it did not."""
    row = Reader(data)
    if (schema := row.count("schema")) != SCHEMA:
        raise ValueError(f"schema {schema} is not known to this version")
    kind = row.text("kind")
    if kind not in _KINDS:
        raise ValueError(f"kind {kind!r} is not one of {', '.join(_KINDS)}")
    try:
        figure = _KINDS[kind].read(row)
    except UsageError as error:
        raise ValueError(str(error)) from None
    row.finish()
    return figure
