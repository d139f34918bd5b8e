"""Deviations of the TCP and UDP wrapper: area C3 of the catalogue."""

from bench.simulator.faults.fault import Fault, Variation

FAULTS: tuple[Fault, ...] = ()

VARIATIONS: tuple[Variation, ...] = ()
