"""What a figure is drawn of: paths and texts with a class of the style sheet, and its legend.

Paths are made of numbers alone; every text passes through the template's escaping.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

STYLES = 6
"""Styles of series in the style sheet, `s1` to `s6`; further series begin again."""

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Shape:
    """A path in the coordinates of its picture."""

    style: str
    path: str


@dataclass(frozen=True, slots=True)
class Text:
    """A text; `anchor` is start, middle or end."""

    x: float
    y: float
    text: str
    anchor: str = "start"
    style: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the legend: how it is drawn, what it is, what there is to say of it."""

    style: str
    name: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawn figure; `words` says the same to who cannot see it."""

    width: int
    height: int
    shapes: tuple[Shape, ...]
    texts: tuple[Text, ...]
    legend: tuple[Entry, ...]
    words: str
    style: str = "plot"


def style_of(index: int) -> str:
    """Return the style of a series by its place in the figure, from 0."""
    return f"s{index % STYLES + 1}"


def line(points: Iterable[Point]) -> str:
    """Return a path from point to point."""
    return "M" + "L".join(f"{_n(x)} {_n(y)}" for x, y in points)


def closed(points: Sequence[Point]) -> str:
    """Return a path around an area."""
    return line(points) + "Z"


def rectangle(left: float, top: float, right: float, bottom: float) -> str:
    """Return a path around a rectangle."""
    return f"M{_n(left)} {_n(top)}H{_n(right)}V{_n(bottom)}H{_n(left)}Z"


def dots(points: Iterable[Point]) -> str:
    """Return a path of no length at each point; the style sheet makes dots of them."""
    return "".join(f"M{_n(x)} {_n(y)}h0" for x, y in points)


def circle(x: float, y: float, radius: float) -> str:
    """Return a path around a circle."""
    r, d = _n(radius), _n(2 * radius)
    return f"M{_n(x - radius)} {_n(y)}a{r} {r} 0 1 0 {d} 0a{r} {r} 0 1 0 -{d} 0Z"


def swatch(style: str) -> str:
    """Return the path of a style's sample in the legend, 28 wide and 12 high."""
    kind = style.split(" ")[0]
    if kind == "dots":
        return dots([(5, 6), (14, 6), (23, 6)])
    return rectangle(6, 1, 22, 11) if kind in ("area", "bar") else line([(1, 6), (27, 6)])


def short(text: str, length: int) -> str:
    """Return a text that fits beside a drawing; the legend has all of it."""
    return text if len(text) <= length else text[: length - 1] + "…"


def _n(value: float) -> str:
    text = f"{value:.1f}"
    return text.removesuffix(".0") if text != "-0.0" else "0"
