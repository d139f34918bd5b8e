"""Deviations of the object model: area C8 of the catalogue."""

from bench.simulator.faults.fault import Fault, Variation

FAULTS: tuple[Fault, ...] = ()

VARIATIONS: tuple[Variation, ...] = ()
