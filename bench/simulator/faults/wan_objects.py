"""Deviations of the objects of the meter: area C8 of the catalogue."""

from bench.simulator.faults import (
    wan_objects_actions,
    wan_objects_baseline,
    wan_objects_clock,
    wan_objects_daylight,
    wan_objects_identity,
    wan_objects_profiles,
    wan_objects_registers,
)
from bench.simulator.faults.fault import Fault, Variation

_PARTS = (
    wan_objects_identity,
    wan_objects_baseline,
    wan_objects_clock,
    wan_objects_daylight,
    wan_objects_registers,
    wan_objects_profiles,
    wan_objects_actions,
)

FAULTS: tuple[Fault, ...] = tuple(one for part in _PARTS for one in part.FAULTS)
VARIATIONS: tuple[Variation, ...] = tuple(one for part in _PARTS for one in part.VARIATIONS)
