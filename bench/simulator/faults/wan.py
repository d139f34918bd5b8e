"""All deviations of the WAN port, in the order of the catalogue."""

from bench.simulator.faults import (
    wan_association,
    wan_hdlc,
    wan_objects,
    wan_robustness,
    wan_security,
    wan_services,
    wan_variations,
    wan_wrapper,
)
from bench.simulator.faults.fault import Fault, Variation

_AREAS = (
    wan_hdlc,
    wan_wrapper,
    wan_association,
    wan_security,
    wan_services,
    wan_objects,
    wan_robustness,
)

FAULTS: tuple[Fault, ...] = tuple(one for area in _AREAS for one in area.FAULTS)
VARIATIONS: tuple[Variation, ...] = (
    *wan_variations.VARIATIONS,
    *(one for area in _AREAS for one in area.VARIATIONS),
)
