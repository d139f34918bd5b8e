"""Axes with round ticks: where a value is drawn, and which numbers stand beside it."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil, floor, log10

_TINY = 1e-30  # what is smaller is drawn as zero
_ALIKE = 1e-9  # of the magnitude: what differs by less is drawn as one value
_NEAR = 0.02  # of the span: a tick this far outside is drawn
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True, slots=True)
class Scale:
    """Maps `low`..`high` to `start`..`end` of the picture.

    `ticks` are places in the picture with their labels, in units of 10 to the power of `exponent`.
    """

    low: float
    high: float
    start: float
    end: float
    ticks: tuple[tuple[float, str], ...] = ()
    exponent: int = 0

    def place(self, value: float) -> float:
        """Return where in the picture a value is drawn."""
        part = (value - self.low) / (self.high - self.low)
        return self.start + part * (self.end - self.start)


def scale(
    values: Iterable[float],
    start: float,
    end: float,
    *,
    most: int = 6,
    rounded: bool = False,
    whole: bool = False,
) -> Scale:
    """Return a scale that holds all `values`; one without ticks where there are none.

    There are about `most` ticks at 1, 2 or 5 times a power of ten. `rounded` lets the scale begin
    and end at one, which it otherwise does where one is near; `whole` keeps it to whole numbers.
    """
    kept = [0.0 if abs(value) < _TINY else value for value in values]
    if not kept:
        return Scale(0.0, 1.0, start, end)
    low, high = _apart(min(kept), max(kept))
    factor, power = _step(high - low, most)
    if whole and power < 0:
        factor, power = 1, 0
    step = factor * 10.0**power
    below, above = floor(low / step + _ALIKE) * step, ceil(high / step - _ALIKE) * step
    reach = _NEAR * (high - low)
    low = below if rounded or low - below <= reach else low
    high = above if rounded or above - high <= reach else high
    exponent = _exponent(max(abs(low), abs(high)))
    found = Scale(low, high, start, end)
    ticks = tuple(
        (found.place(index * step), _label(index * factor, power, exponent))
        for index in range(ceil(low / step - _ALIKE), floor(high / step + _ALIKE) + 1)
    )
    return Scale(low, high, start, end, ticks, exponent)


def title(label: str, unit: str, exponent: int) -> str:
    """Return what stands at an axis: `Voltage (V)`, `Energy (10³ Wh)`."""
    factor = f"10{superscript(exponent)}" if exponent else ""
    inside = " ".join(part for part in (factor, unit) if part)
    return f"{label} ({inside})" if inside else label


def superscript(number: int) -> str:
    """Return a whole number in raised digits."""
    return str(number).translate(_SUPERSCRIPTS)


def number(value: float) -> str:
    """Return a number with five significant digits, as a person writes it."""
    if abs(value) < _TINY:
        return "0"
    power = floor(log10(abs(value)))
    if -4 <= power < 9:
        text = f"{value:,.{max(0, 4 - power)}f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
    else:
        text = f"{value / 10.0**power:.4f}".rstrip("0").rstrip(".") + f"×10{superscript(power)}"
    return text.replace("-", "−")


def _apart(low: float, high: float) -> tuple[float, float]:
    """Return two limits that differ enough to draw something between them."""
    magnitude = max(abs(low), abs(high))
    if high - low > _ALIKE * magnitude:
        return low, high
    padding = 0.05 * magnitude or 1.0
    return low - padding, high + padding


def _step(span: float, most: int) -> tuple[int, int]:
    """Return 1, 2 or 5 and a power of ten: the smallest step that needs at most `most`."""
    least = span / most
    power = floor(log10(least))
    for factor in (1, 2, 5):
        if factor * 10.0**power >= least * (1 - _ALIKE):
            return factor, power
    return 1, power + 1


def _exponent(magnitude: float) -> int:
    """Return the power of ten that is taken out of the labels: 0, or a multiple of 3."""
    return 0 if 1e-3 <= magnitude < 1e5 else 3 * floor(log10(magnitude) / 3)


def _label(multiple: int, power: int, exponent: int) -> str:
    value = multiple * 10.0 ** (power - exponent)
    return f"{value:.{max(0, exponent - power)}f}".replace("-", "−")
