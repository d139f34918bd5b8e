"""All deviations of the P1 port, in the order of the catalogue."""

from bench.simulator.faults import (
    p1_arrival,
    p1_crc,
    p1_framing,
    p1_line,
    p1_request,
    p1_supply,
    p1_syntax,
    p1_timing,
    p1_variations,
)
from bench.simulator.faults.fault import Fault, Variation

FAULTS: tuple[Fault, ...] = (
    *p1_line.FAULTS,
    *p1_framing.FAULTS,
    *p1_crc.FAULTS,
    *p1_syntax.FAULTS,
    *p1_timing.FAULTS,
    *p1_request.FAULTS,
    *p1_supply.FAULTS,
)
VARIATIONS: tuple[Variation, ...] = (
    *p1_variations.VARIATIONS,
    *p1_arrival.VARIATIONS,
    *p1_timing.VARIATIONS,
    *p1_request.VARIATIONS,
    *p1_supply.VARIATIONS,
)
