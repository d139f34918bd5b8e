"""Deviations of what a hostile client provokes, and of timing: area C9 of the catalogue."""

from bench.simulator.faults.fault import Fault, Variation

FAULTS: tuple[Fault, ...] = ()

VARIATIONS: tuple[Variation, ...] = ()
