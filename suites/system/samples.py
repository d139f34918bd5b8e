"""Values of one quantity as ports show them over time, and whether they agree.

Ports are not read at the same instant. A value agrees with another port's when it lies between the
lowest and the highest that the other showed around that time, as far as rounding and an allowance
reach.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.core.check import Deviation, Place
from bench.core.clock import seconds

_ALIKE = 2  # values of a sparse reference that must be alike


@dataclass(frozen=True, slots=True)
class Sample:
    """What a port showed, in the base unit of the quantity.

    It was true at some instant from `from_ns` to `until_ns`. `resolution` is the worth of its last
    digit; `what` tells the port and the object.
    """

    what: str
    value: float
    resolution: float
    from_ns: int
    until_ns: int
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Allowed:
    """How far two ports may differ beside rounding: an amount, and a share of the value."""

    fixed: float = 0.0
    share: float = 0.0

    def of(self, value: float) -> float:
        """Return it for a value."""
        return self.fixed + self.share * abs(value)


@dataclass(frozen=True, slots=True)
class Agreement:
    """What a comparison came to: how many values were compared, and those that do not agree."""

    examined: int
    deviations: tuple[Deviation, ...]

    def and_also(self, other: "Agreement") -> "Agreement":
        """Return both together."""
        return Agreement(self.examined + other.examined, (*self.deviations, *other.deviations))


NOTHING = Agreement(0, ())


def agreement(
    reference: Sequence[Sample],
    others: Iterable[Sample],
    allowed: Allowed,
    unit: str,
    lag_s: float,
    *,
    sparse: bool = False,
    modulus: float = 0.0,
) -> Agreement:
    """Return whether `others` agree with what the reference showed within `lag_s` of them.

    Those around which the reference showed nothing are not compared, nor means over a time of
    which it saw a part only. A `sparse` reference may have changed unseen: it counts where two of
    its values around that time are alike. Counters of the reference begin again at `modulus`, if
    that is not 0, those of others maybe later.
    """
    lag_ns = seconds(lag_s)
    examined, found = 0, []
    begin = min((one.from_ns for one in reference), default=0)
    end = max((one.until_ns for one in reference), default=0)
    for one in others:
        if one.until_ns - one.from_ns > 0 and (one.from_ns < begin or one.until_ns > end):
            continue
        near = [
            other
            for other in reference
            if other.until_ns >= one.from_ns - lag_ns and other.from_ns <= one.until_ns + lag_ns
        ]
        if not near:
            continue
        low, high = min(n.value for n in near), max(n.value for n in near)
        rounding = max(one.resolution, *(n.resolution for n in near))
        margin = allowed.of(max(abs(low), abs(high))) + rounding
        if sparse and (len(near) < _ALIKE or high - low > margin):
            continue
        examined += 1
        rolled = round((one.value - high) / modulus) * modulus if modulus else 0.0
        if low - margin <= one.value - rolled <= high + margin:
            continue
        between = f"{low:.10g}" if low == high else f"{low:.10g} .. {high:.10g}"
        expected = f"{near[0].what} {between} {unit}, to {margin:.3g} {unit}"
        place = one.place or near[0].place or Place(0)
        found.append(Deviation(place, expected, f"{one.what} {one.value:.10g} {unit}"))
    return Agreement(examined, tuple(found))
