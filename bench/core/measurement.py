"""Measured values with their uncertainty, and the decision rule that judges them.

Rule `guard-band-2way` (ISO/IEC Guide 98-4): inside the limits with the expanded uncertainty U
(k = 2) added is met, outside with U taken off is missed, between is undecided.
"""

from dataclasses import dataclass

from bench.core.check import Outcome

DECISION_RULE = "guard-band-2way"


@dataclass(frozen=True, slots=True)
class Measurement:
    """A value in `unit` with expanded uncertainty (k = 2) in the same unit."""

    value: float
    uncertainty: float
    unit: str

    def __str__(self) -> str:
        return f"{self.value:.6g} ± {self.uncertainty:.2g} {self.unit}"


@dataclass(frozen=True, slots=True)
class Limits:
    """A closed interval; an open side is None."""

    low: float | None = None
    high: float | None = None

    def __str__(self) -> str:
        if self.low is None:
            return f"<= {self.high:g}" if self.high is not None else "any"
        return f">= {self.low:g}" if self.high is None else f"{self.low:g} .. {self.high:g}"


def judge_measurement(measured: Measurement, limits: Limits) -> Outcome:
    """Return met, missed or undecided by the guard-band rule; U = 0 leaves nothing undecided."""
    value, u = measured.value, abs(measured.uncertainty)
    low = float("-inf") if limits.low is None else limits.low
    high = float("inf") if limits.high is None else limits.high
    if low <= value - u and value + u <= high:
        return Outcome.MET
    if value + u < low or value - u > high:
        return Outcome.MISSED
    return Outcome.UNDECIDED
