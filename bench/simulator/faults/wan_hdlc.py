"""Deviations of the HDLC line: areas C1 and C2 of the catalogue."""

from bench.simulator.faults.fault import Fault, Variation

FAULTS: tuple[Fault, ...] = ()

VARIATIONS: tuple[Variation, ...] = ()
