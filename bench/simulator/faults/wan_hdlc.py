"""Deviations of the HDLC line: areas C1 and C2 of the catalogue."""

from bench.simulator.faults import (
    wan_hdlc_framing,
    wan_hdlc_negotiation,
    wan_hdlc_procedures,
    wan_hdlc_variations,
)
from bench.simulator.faults.fault import Fault, Variation

FAULTS: tuple[Fault, ...] = (
    *wan_hdlc_procedures.FAULTS,
    *wan_hdlc_framing.FAULTS,
    *wan_hdlc_negotiation.FAULTS,
)
VARIATIONS: tuple[Variation, ...] = wan_hdlc_variations.VARIATIONS
