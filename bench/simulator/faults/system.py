"""Every fault and variation of the device as one, each of which lies in one of its ports."""

from bench.simulator.faults.fault import Fault, Variation

FAULTS: tuple[Fault, ...] = ()
VARIATIONS: tuple[Variation, ...] = ()
