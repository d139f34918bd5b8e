"""Draws phasors: a circle for each unit, angles counter-clockwise from the first phasor."""

from collections.abc import Sequence
from math import cos, floor, hypot, log10, radians, sin

from bench.core.figure import Phasor, Phasors
from reports import picture
from reports.picture import Entry, Picture, Point, Shape, Text, style_of
from reports.scale import number

_CELL, _ROW = 340, 310  # width and height of a circle with what is around it
_RADIUS = 112.0
_ACROSS = 2  # circles side by side
_TINY = 1e-30


def draw_phasors(figure: Phasors) -> Picture:
    """Return the picture of phasors; without a first one to count from, only the legend tells."""
    units = list(dict.fromkeys(phasor.unit for phasor in figure.phasors)) or [""]
    shapes: list[Shape] = []
    texts: list[Text] = []
    for index, unit in enumerate(units):
        centre = _CELL * (index % _ACROSS + 0.5), _ROW * (index // _ACROSS + 0.5) + 8
        # the place in the whole figure gives the style, so that it is that of the legend
        of_unit = [(n, p) for n, p in enumerate(figure.phasors) if p.unit == unit]
        _dial(figure, of_unit, unit, centre, shapes, texts)
    legend = tuple(
        Entry(f"line arrow {style_of(index)}", phasor.name, _told(figure, phasor))
        for index, phasor in enumerate(figure.phasors)
    )
    words = "Phasors. " + ". ".join(f"{entry.name}: {entry.note}" for entry in legend)
    rows = (len(units) + _ACROSS - 1) // _ACROSS
    across = min(len(units), _ACROSS)
    size = (_CELL * across, _ROW * rows)
    return Picture(*size, tuple(shapes), tuple(texts), legend, words.rstrip(), "dial")


def _dial(
    figure: Phasors,
    phasors: Sequence[tuple[int, Phasor]],
    unit: str,
    centre: Point,
    shapes: list[Shape],
    texts: list[Text],
) -> None:
    """Add one circle with its phasors."""
    drawn = []
    for index, phasor in phasors:
        angle = figure.angle_deg(phasor)
        if phasor.value is not None and angle is not None and abs(phasor.value) >= _TINY:
            drawn.append((index, phasor.name, abs(phasor.value), angle))
    x, y = centre
    full = _round_up(max((size for _, _, size, _ in drawn), default=1.0))
    rings = picture.circle(x, y, _RADIUS) + picture.circle(x, y, _RADIUS / 2)
    spokes = "".join(
        picture.line([_at(centre, 0.0, 0), _at(centre, _RADIUS, angle)])
        for angle in range(0, 360, 30)
    )
    shapes += [Shape("grid", spokes), Shape("axis", rings)]
    for angle, label in ((0, "0°"), (90, "90°"), (180, "180°"), (270, "−90°")):
        label_x, label_y = _at(centre, _RADIUS + (26 if angle % 180 else 36), angle)
        texts.append(Text(label_x, label_y + 4, label, "middle", "tick"))
    scale_text = picture.short(f"{number(full)} {unit}".rstrip(), 24)
    corner = (x - _CELL / 2 + 8, y - _ROW / 2 + 10)
    texts.append(Text(*corner, f"outer circle: {scale_text}", "start", "axis-title"))
    if not drawn:
        texts.append(Text(x, y - 24, "no value to draw", "middle", "none"))
    taken: list[Point] = []
    for index, name, size, angle in drawn:
        reach = _RADIUS * size / full
        shaft = picture.line([centre, _at(centre, reach, angle)])
        shapes.append(Shape(f"line arrow {style_of(index)}", shaft))
        shapes.append(Shape(f"bar {style_of(index)}", _head(centre, reach, angle)))
        tip = _at(centre, reach + 13, angle)
        while any(hypot(tip[0] - a, tip[1] - b) < 14 for a, b in taken):
            tip = (tip[0], tip[1] + 14)
        taken.append(tip)
        texts.append(Text(tip[0], tip[1] + 4, picture.short(name, 10), "middle", "name"))


def _at(centre: Point, distance: float, angle_deg: float) -> Point:
    angle = radians(angle_deg)
    return centre[0] + distance * cos(angle), centre[1] - distance * sin(angle)


def _head(centre: Point, reach: float, angle_deg: float) -> str:
    """Return the head of an arrow, smaller on a short one."""
    size = min(10.0, reach / 2)
    tip = _at(centre, reach, angle_deg)
    back = _at(centre, reach - size, angle_deg)
    angle = radians(angle_deg)
    dx, dy = 0.4 * size * sin(angle), 0.4 * size * cos(angle)
    return picture.closed([tip, (back[0] + dx, back[1] + dy), (back[0] - dx, back[1] - dy)])


def _round_up(value: float) -> float:
    """Return the next of 1, 1.5, 2, 2.5, 3, 4, 5, 6, 8 and 10 times a power of ten."""
    power = 10.0 ** floor(log10(value))
    for factor in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8):
        if value <= factor * power * (1 + 1e-9):
            return factor * power
    return 10 * power


def _told(figure: Phasors, phasor: Phasor) -> str:
    if phasor.value is None:
        return "no value"
    size = f"{number(abs(phasor.value))} {phasor.unit}".rstrip()
    angle = figure.angle_deg(phasor)
    if angle is None:
        return f"{size}, without an angle"
    # what rounds to minus zero is zero
    return f"{size} at {round(angle, 1) + 0.0:.1f}°".replace("-", "−")
