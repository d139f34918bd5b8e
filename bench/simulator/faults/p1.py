"""All deviations of the P1 port, in the order of the catalogue."""

from bench.simulator.faults import (
    p1_arrival,
    p1_clock,
    p1_content,
    p1_counters,
    p1_crc,
    p1_encryption,
    p1_framing,
    p1_line,
    p1_mbus,
    p1_messages,
    p1_plausibility,
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
    *p1_content.FAULTS,
    *p1_mbus.FAULTS,
    *p1_messages.FAULTS,
    *p1_timing.FAULTS,
    *p1_request.FAULTS,
    *p1_supply.FAULTS,
    *p1_encryption.FAULTS,
    *p1_clock.FAULTS,
    *p1_counters.FAULTS,
    *p1_plausibility.FAULTS,
)
VARIATIONS: tuple[Variation, ...] = (
    *p1_variations.VARIATIONS,
    *p1_arrival.VARIATIONS,
    *p1_messages.VARIATIONS,
    *p1_mbus.VARIATIONS,
    *p1_content.VARIATIONS,
    *p1_timing.VARIATIONS,
    *p1_request.VARIATIONS,
    *p1_supply.VARIATIONS,
    *p1_encryption.VARIATIONS,
    *p1_clock.VARIATIONS,
    *p1_counters.VARIATIONS,
    *p1_plausibility.VARIATIONS,
)
