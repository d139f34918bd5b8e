"""Units by their number, and which values of them no meter shows (IEC 62056-6-2, scaler_unit)."""

from typing import Any

from vectors.loader import data

SCALERS = range(-12, 13)
"""Powers of ten between the smallest and the greatest that instruments need."""


def unit_name(number: int) -> str:
    """Return how a unit is written, "" for a number that is none."""
    return str(_row(number).get("unit", ""))


def plausible(value: float, scaler: int, unit: int) -> bool:
    """Whether a value may be measured by a meter of whatever size."""
    most = _row(unit).get("most")
    if most is None:
        return True
    return bool(abs(value) * 10.0 ** max(min(scaler, 127), -128) <= most)


def _row(number: int) -> dict[str, Any]:
    found: dict[str, Any] = data("wan/units.toml").get(str(number), {})
    return found
