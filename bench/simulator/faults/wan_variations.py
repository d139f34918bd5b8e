"""Legal oddities of the WAN port that belong to no area alone."""

from bench.simulator.faults.fault import Variation

VARIATIONS: tuple[Variation, ...] = ()
