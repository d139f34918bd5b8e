"""The catalogue of faults and benign variations, per interface."""

from bench.core.errors import UsageError
from bench.simulator.faults.fault import Alteration, Change, Fault, Variation

__all__ = ["Alteration", "Change", "Fault", "Variation", "alterations"]


def alterations(id: str) -> tuple[Alteration, ...]:
    """Return how the fault or variation called `id` alters the port; UsageError if unknown."""
    raise UsageError(f"no fault or variation {id!r}")
