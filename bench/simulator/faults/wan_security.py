"""Deviations of HLS, ciphering, keys and replay: areas C5 and C6 of the catalogue."""

from bench.simulator.faults.fault import Fault, Variation

FAULTS: tuple[Fault, ...] = ()

VARIATIONS: tuple[Variation, ...] = ()
