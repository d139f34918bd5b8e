"""The catalogue of faults and benign variations, per interface; loaded when it is asked for."""

import importlib
from difflib import get_close_matches

from bench.core.errors import UsageError
from bench.simulator.faults.fault import Alteration, Change, Fault, Variation

__all__ = [
    "Alteration",
    "Change",
    "Fault",
    "Variation",
    "alterations",
    "deviation",
    "fault",
    "faults",
    "interfaces",
    "variations",
]

_MODULES = {
    "p1": "bench.simulator.faults.p1",
    "s1": "bench.simulator.faults.s1",
    "wan": "bench.simulator.faults.wan",
    "system": "bench.simulator.faults.system",
}


def interfaces() -> tuple[str, ...]:
    """Return the keys of the interfaces that have faults."""
    return tuple(_MODULES)


def faults(interface: str) -> tuple[Fault, ...]:
    """Return every fault of an interface; UsageError for one that has none."""
    return _tables(interface)[0]


def variations(interface: str) -> tuple[Variation, ...]:
    """Return every benign variation of an interface; UsageError for one that has none."""
    return _tables(interface)[1]


def fault(id: str) -> Fault:
    """Return the fault called `id`, such as "p1.crc-init-ffff"; UsageError if there is none."""
    found = deviation(id)
    if isinstance(found, Variation):
        raise UsageError(f"{id!r} is no fault but a benign variation")
    return found


def deviation(id: str) -> Fault | Variation:
    """Return the fault or variation called `id`; UsageError with the nearest names if none."""
    interface = id.partition(".")[0]
    known: dict[str, Fault | Variation] = {}
    if interface in _MODULES:
        known |= {one.id: one for one in faults(interface)}
        known |= {one.id: one for one in variations(interface)}
    if id in known:
        return known[id]
    near = get_close_matches(id, known, n=3, cutoff=0.5)
    hint = f"; near: {', '.join(near)}" if near else "; write for example p1.crc-init-ffff"
    raise UsageError(f"no fault or variation is called {id!r}{hint}")


def alterations(id: str) -> tuple[Alteration, ...]:
    """Return how the fault or variation called `id` alters its port; UsageError if unknown."""
    return deviation(id).alterations


def _tables(interface: str) -> tuple[tuple[Fault, ...], tuple[Variation, ...]]:
    if interface not in _MODULES:
        known = ", ".join(_MODULES)
        raise UsageError(f"no faults are known for interface {interface!r} (known: {known})")
    module = importlib.import_module(_MODULES[interface])
    found: tuple[tuple[Fault, ...], tuple[Variation, ...]] = (module.FAULTS, module.VARIATIONS)
    return found
