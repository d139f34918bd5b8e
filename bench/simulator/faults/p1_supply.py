"""Deviations of the 5 V supply: catalogue row P1-A-070."""

from collections.abc import Callable

from bench.core.link import Supply
from bench.simulator.faults.fault import Alteration, Fault, Variation
from bench.simulator.faults.p1_edit import p1_fault, p1_variation
from bench.simulator.ports.p1 import Stage

_SUPPLY = "DSMR-5.0.2:5.3"
_SHORT_CIRCUIT = "DSMR-5.0.2:5.5.2"
_Pin = Callable[[float | None], Supply]


def _pin(edit: Callable[[float | None, Supply], Supply]) -> Alteration:
    """Change what the pin gives under a load, None being a short circuit."""

    def change(pin: _Pin, _index: int) -> _Pin:
        return lambda load_ma: edit(load_ma, pin(load_ma))

    return Alteration(Stage.SUPPLY, change)


def _sagging(load_ma: float | None, given: Supply) -> Supply:
    return Supply(4.6, load_ma) if load_ma == 250 else given


def _too_high(load_ma: float | None, given: Supply) -> Supply:
    return Supply(5.8, 0.0) if load_ma == 0 else given


def _unlimited(load_ma: float | None, given: Supply) -> Supply:
    return Supply(5.0, load_ma) if load_ma is not None and load_ma > 300 else given


def _strong_short_circuit(load_ma: float | None, given: Supply) -> Supply:
    return Supply(0.3, 220.0) if load_ma is None else given


def _within(load_ma: float | None, given: Supply) -> Supply:
    """A supply at the lower end of what is allowed, and at the upper end of its limits."""
    if load_ma is None:
        return Supply(0.1, 49.0)
    return given if load_ma > 260 else Supply(4.92, load_ma)


FAULTS: tuple[Fault, ...] = (
    p1_fault(
        "supply-low",
        "gives 4.6 V at 250 mA",
        _SUPPLY,
        ("P1-A-070:voltage-250-mA",),
        _pin(_sagging),
    ),
    p1_fault(
        "supply-high",
        "gives 5.8 V without load",
        _SUPPLY,
        ("P1-A-070:voltage-0-mA",),
        _pin(_too_high),
    ),
    p1_fault(
        "supply-without-limit",
        "gives 350 mA",
        _SUPPLY,
        ("P1-A-070:overload",),
        _pin(_unlimited),
    ),
    p1_fault(
        "supply-short-circuit",
        "gives 220 mA into a short circuit",
        _SHORT_CIRCUIT,
        ("P1-A-070:short-circuit",),
        _pin(_strong_short_circuit),
    ),
)


VARIATIONS: tuple[Variation, ...] = (
    p1_variation(
        "supply-at-its-limits",
        "gives 4.92 V up to 250 mA and 49 mA into a short circuit",
        _SUPPLY,
        _pin(_within),
    ),
)
