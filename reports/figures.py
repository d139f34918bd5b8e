"""Draws the figures of a run as pictures that need no script and no request, the same each time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

from bench.core.figure import Bars, Envelope, Figure, Histogram, LimitLine, Lines, Mark, Series
from reports import picture
from reports.phasor_dial import draw_phasors
from reports.picture import Entry, Picture, Shape, Text, style_of
from reports.scale import Scale, number, scale, title

WIDTH, HEIGHT = 720, 320
_TOP, _RIGHT, _BOTTOM = 30, WIDTH - 14, HEIGHT - 46
_LETTER = 6.8  # width of a digit
_LABEL = 60  # letters of an axis title
_SEEN = 1.5  # height of the smallest bar of a histogram: an outlier must not vanish
_ROW = 14.0  # height of a line of text

Value = float | None
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class _Plot:
    """The frame of a drawing with its axes."""

    x: Scale
    y: Scale
    grid: tuple[Shape, ...]
    axis: Shape
    texts: tuple[Text, ...]


def draw(figure: Figure) -> Picture:
    """Return the picture of a figure."""
    if isinstance(figure, Lines):
        return _draw_lines(figure)
    if isinstance(figure, Bars):
        return _draw_bars(figure)
    if isinstance(figure, Histogram):
        return _draw_histogram(figure)
    return draw_phasors(figure)


def _draw_lines(figure: Lines) -> Picture:
    xs = [x for series in figure.series for x in series.x]
    ys = [y for series in figure.series for y in _all(series) if y is not None]
    plot = _plot(
        lambda start, end: scale(xs, start, end, most=8),
        scale([*ys, *_edges(figure.limits)], _BOTTOM, _TOP, rounded=True),
        (figure.x.label, figure.x.unit),
        (figure.y.label, figure.y.unit),
        empty=not ys,
    )
    shapes, legend = [], []
    for index, series in enumerate(figure.series):
        style = style_of(index)
        if isinstance(series, Envelope):
            shapes += _envelope(series, plot, style)
        else:
            shapes += _points(series, plot, style)
        legend.append(Entry(_sample(series, style), series.name, _told(series, figure.y.unit)))
    bands, lines, names = _levels(figure.limits, plot)
    legend += [_limit_entry(limit, figure.y.unit) for limit in figure.limits]
    return _picture(plot, bands, (*shapes, *lines), names, legend, (figure.x.label, figure.y.label))


def _all(series: Series | Envelope) -> Sequence[Value]:
    return (*series.low, *series.high) if isinstance(series, Envelope) else series.y


def _edges(limits: Sequence[LimitLine]) -> list[float]:
    """Return what of the limits has to be on the drawing: each with its band."""
    reach = [(limit.value, limit.uncertainty or 0.0) for limit in limits]
    return [value + side * u for value, u in reach for side in (-1, 1)]


def _points(series: Series, plot: _Plot, style: str) -> list[Shape]:
    places = [
        None if y is None else (plot.x.place(x), plot.y.place(y))
        for x, y in zip(series.x, series.y, strict=True)
    ]
    parts = _stretches(places)
    if series.mark is Mark.POINTS:
        parts = [[point] for part in parts for point in part]
    alone = [part[0] for part in parts if len(part) == 1]
    joined = "".join(picture.line(part) for part in parts if len(part) > 1)
    shapes = [Shape(f"line {style}", joined)] if joined else []
    return [*shapes, Shape(f"dots {style}", picture.dots(alone))] if alone else shapes


def _envelope(series: Envelope, plot: _Plot, style: str) -> list[Shape]:
    buckets = [
        None if low is None or high is None else (plot.x.place(x), (low, high))
        for x, low, high in zip(series.x, series.low, series.high, strict=True)
    ]
    paths, alone = [], []
    for part in _stretches(buckets):
        above = [(x, plot.y.place(high)) for x, (_, high) in part]
        below = [(x, plot.y.place(low)) for x, (low, _) in part]
        if len(part) > 1:
            paths.append(picture.closed([*above, *reversed(below)]))
        elif above == below:
            alone += above
        else:
            paths.append(picture.line([*above, *below]))
    shapes = [Shape(f"area {style}", "".join(paths))] if paths else []
    return [*shapes, Shape(f"dots {style}", picture.dots(alone))] if alone else shapes


def _stretches(items: Sequence[Item | None]) -> list[list[Item]]:
    """Return the runs of items between gaps."""
    found: list[list[Item]] = [[]]
    for item in items:
        if item is not None:
            found[-1].append(item)
        elif found[-1]:
            found.append([])
    return found if found[-1] else found[:-1]


def _sample(series: Series | Envelope, style: str) -> str:
    if isinstance(series, Envelope):
        return f"area {style}"
    return f"dots {style}" if series.mark is Mark.POINTS else f"line {style}"


def _told(series: Series | Envelope, unit: str) -> str:
    """Return how many values a series shows, made how, from where to where."""
    values = [value for value in _all(series) if value is not None]
    if isinstance(series, Envelope):
        gaps, what = sum(low is None for low in series.low), "bucket"
        words = f"{_count(series.samples, 'sample')} drawn as {_count(len(series.x), 'bucket')}"
        words += ", lowest to highest of each"
    else:
        gaps, what = sum(y is None for y in series.y), "value"
        words = _count(len(series.y), "value")
    if gaps:
        words += f"; {_count(gaps, what)} without a number"
    if not values:
        return words
    return f"{words}; {_range(min(values), max(values), unit)}"


def _count(n: int, what: str) -> str:
    return f"{n:,} {what}" if n == 1 else f"{n:,} {what}s"


def _range(low: float, high: float, unit: str) -> str:
    least, most = number(low), number(high)
    return f"{least} {unit}".rstrip() if least == most else f"{least} to {most} {unit}".rstrip()


def _draw_bars(figure: Bars) -> Picture:
    values = [v for series in figure.series for v in series.values if v is not None]
    limits = [limit for limit in figure.limits if limit is not None]
    drawn = [*values, *limits]
    y = scale(_from_zero(drawn), _BOTTOM, _TOP, rounded=True)
    count = len(figure.at)

    def across(start: float, end: float) -> Scale:
        slot = (end - start) / max(count, 1)
        every = _every(max((len(str(at)) for at in figure.at), default=1), slot)
        marks = [
            (start + (index + 0.5) * slot, str(at).replace("-", "−"))
            for index, at in enumerate(figure.at)
            if index % every == 0
        ]
        return Scale(-0.5, max(count, 1) - 0.5, start, end, tuple(marks))

    x_title, y_title = (figure.x.label, figure.x.unit), (figure.y.label, figure.y.unit)
    plot = _plot(across, y, x_title, y_title, empty=not drawn)
    slot = (plot.x.end - plot.x.start) / max(count, 1)
    width = 0.8 * slot / max(len(figure.series), 1)
    ground = plot.y.place(0.0) if drawn else _BOTTOM
    shapes, legend = [], []
    for place, series in enumerate(figure.series):
        bars = []
        for index, value in enumerate(series.values):
            if value is not None:
                left = plot.x.start + (index + 0.1) * slot + place * width
                edge = plot.y.place(value)
                right = left + max(0.9 * width, 0.5)
                bars.append(picture.rectangle(left, min(edge, ground), right, max(edge, ground)))
        style = f"bar {style_of(place)}"
        shapes += [Shape(style, "".join(bars))] if bars else []
        legend.append(Entry(style, series.name, _bars_told(figure.at, series.values, figure)))
    marks = "".join(
        picture.line(
            [
                (plot.x.start + (index + 0.03) * slot, plot.y.place(limit)),
                (plot.x.start + (index + 0.97) * slot, plot.y.place(limit)),
            ]
        )
        for index, limit in enumerate(figure.limits)
        if limit is not None
    )
    if marks:
        shapes.append(Shape("limit mark", marks))
        told = _range(min(limits), max(limits), figure.y.unit)
        legend.append(Entry("limit mark", figure.limit_label, told))
    return _picture(plot, (), shapes, (), legend, (figure.x.label, figure.y.label))


def _from_zero(values: Sequence[float]) -> list[float]:
    """Return values with the ground that bars stand on; where all are zero it is at the bottom."""
    if not values:
        return []
    return [*values, 0.0] if any(values) else [0.0, 1.0]


def _every(letters: int, slot: float) -> int:
    """Return at which of the bars there is room for a label."""
    every = 1
    while every * slot < (letters + 1) * _LETTER:
        every += 1
    return every


def _bars_told(at: Sequence[int], values: Sequence[Value], figure: Bars) -> str:
    there = [(value, place) for place, value in zip(at, values, strict=True) if value is not None]
    words = _count(len(at), "bar")
    if len(there) != len(at):
        words += f"; {len(at) - len(there)} without a number"
    if not there:
        return words
    highest, place = max(there, key=lambda pair: abs(pair[0]))
    largest = f"{number(highest)} {figure.y.unit}".rstrip()
    return f"{words}; largest {largest} at {place}"


def _draw_histogram(figure: Histogram) -> Picture:
    y = scale(_from_zero(figure.counts), _BOTTOM, _TOP, rounded=True, whole=True)
    xs = [*figure.edges, *_edges(figure.limits)]
    plot = _plot(
        lambda start, end: scale(xs, start, end, most=8, rounded=bool(figure.limits)),
        y,
        (figure.x.label, figure.x.unit),
        (figure.counted, ""),
        empty=not figure.counts,
    )
    bins = "".join(
        _bin(plot, a, b, count)
        for (a, b), count in zip(pairwise(figure.edges), figure.counts, strict=True)
        if count
    )
    shapes = [Shape("bar s1", bins)] if bins else []
    total = _count(sum(figure.counts), "value")
    told = f"{total} in {_count(len(figure.counts), 'bin')}"
    if figure.counts:
        told += f"; {_range(figure.edges[0], figure.edges[-1], figure.x.unit)}"
    legend = [Entry("bar s1", figure.counted, told)]
    bands, lines, names = _verticals(figure.limits, plot)
    legend += [_limit_entry(limit, figure.x.unit) for limit in figure.limits]
    return _picture(plot, bands, (*shapes, *lines), names, legend, (figure.x.label, figure.counted))


def _bin(plot: _Plot, start: float, end: float, count: int) -> str:
    """Return the bar of a bin that is not empty: seen however small, apart from the next one."""
    left, right = plot.x.place(start), plot.x.place(end)
    right = right - 0.6 if right - left > 3 else max(right, left + 1)
    return picture.rectangle(left, min(plot.y.place(count), _BOTTOM - _SEEN), right, _BOTTOM)


def _plot(
    across: Callable[[float, float], Scale],
    y: Scale,
    x_title: tuple[str, str],
    y_title: tuple[str, str],
    *,
    empty: bool,
) -> _Plot:
    """Return the frame, grid and titles; the left margin fits the longest label."""
    left = 14 + _LETTER * max((len(label) for _, label in y.ticks), default=1)
    x = across(left, _RIGHT)
    grid = "".join(picture.line([(left, at), (_RIGHT, at)]) for at, _ in y.ticks)
    small = "".join(picture.line([(at, _BOTTOM), (at, _BOTTOM + 4)]) for at, _ in x.ticks)
    axes = picture.line([(left, _BOTTOM), (_RIGHT, _BOTTOM)])
    below = (Shape("grid", grid),) if grid else ()
    texts = [Text(left - 7, at + 4, label, "end", "tick") for at, label in y.ticks]
    texts += [Text(at, _BOTTOM + 18, label, "middle", "tick") for at, label in x.ticks]
    named = title(picture.short(x_title[0], _LABEL), picture.short(x_title[1], 20), x.exponent)
    texts.append(Text((left + _RIGHT) / 2, HEIGHT - 8, named, "middle", "axis-title"))
    named = title(picture.short(y_title[0], _LABEL), picture.short(y_title[1], 20), y.exponent)
    texts.append(Text(4, 14, named, "start", "axis-title"))
    if empty:
        middle = (left + _RIGHT) / 2
        texts.append(Text(middle, (_TOP + _BOTTOM) / 2, "no value to draw", "middle", "none"))
    return _Plot(x, y, below, Shape("axis", axes + small), tuple(texts))


def _levels(
    limits: Sequence[LimitLine], plot: _Plot
) -> tuple[list[Shape], list[Shape], list[Text]]:
    """Return bands, lines and names of limits of the vertical axis; names keep their distance."""
    bands, lines, names = [], [], []
    left, right = plot.x.start, plot.x.end
    free = float(_TOP)  # above this line there are names already
    for limit in sorted(limits, key=lambda one: plot.y.place(one.value)):
        at, u = plot.y.place(limit.value), limit.uncertainty
        if u:
            edges = plot.y.place(limit.value + u), plot.y.place(limit.value - u)
            bands.append(Shape("band", picture.rectangle(left, edges[0], right, edges[1])))
        lines.append(Shape("limit", picture.line([(left, at), (right, at)])))
        y = max(at - 5, free + 11)
        free = y + 3
        names.append(Text(right - 4, y, picture.short(limit.label, 40), "end", "name"))
    return bands, lines, names


def _verticals(
    limits: Sequence[LimitLine], plot: _Plot
) -> tuple[list[Shape], list[Shape], list[Text]]:
    """Return bands, lines and names of limits of the horizontal axis, the names in rows."""
    bands, lines, names = [], [], []
    middle = (plot.x.start + plot.x.end) / 2
    rows = {"start": 0, "end": 0}
    for limit in sorted(limits, key=lambda one: one.value):
        at, u = plot.x.place(limit.value), limit.uncertainty
        if u:
            edges = plot.x.place(limit.value - u), plot.x.place(limit.value + u)
            bands.append(Shape("band", picture.rectangle(edges[0], _TOP, edges[1], _BOTTOM)))
        lines.append(Shape("limit", picture.line([(at, _TOP), (at, _BOTTOM)])))
        side, anchor = (-5, "end") if at > middle else (5, "start")
        y = _TOP + 12 + _ROW * rows[anchor]
        rows[anchor] += 1
        names.append(Text(at + side, y, picture.short(limit.label, 40), anchor, "name"))
    return bands, lines, names


def _limit_entry(limit: LimitLine, unit: str) -> Entry:
    note = f"{number(limit.value)} {unit}".rstrip()
    if limit.uncertainty is not None:
        note += f", U = {number(limit.uncertainty)} {unit}".rstrip()
    return Entry("limit", limit.label, note)


def _picture(
    plot: _Plot,
    bands: Sequence[Shape],
    shapes: Sequence[Shape],
    names: Sequence[Text],
    legend: Sequence[Entry],
    axes: tuple[str, str],
) -> Picture:
    told = ". ".join(f"{entry.name}: {entry.note}" for entry in legend)
    words = f"{axes[1]} over {axes[0]}. {told}".rstrip()
    drawn = (*plot.grid, *bands, *shapes, plot.axis)
    return Picture(WIDTH, HEIGHT, drawn, (*plot.texts, *names), tuple(legend), words)
