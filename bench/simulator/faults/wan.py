"""All deviations of the WAN port, in the order of the catalogue."""

from collections.abc import Iterable
from dataclasses import replace

from bench.simulator.faults import (
    wan_association,
    wan_hdlc,
    wan_hls,
    wan_objects,
    wan_robustness,
    wan_security,
    wan_services,
    wan_variations,
    wan_wrapper,
)
from bench.simulator.faults.fault import Fault, Variation

#: areas of the link layer, and those that try both
_LINK = (wan_hdlc, wan_wrapper, wan_robustness)
#: areas above it
_APPLICATION = (wan_association, wan_hls, wan_security, wan_services, wan_objects)


def _over_tcp(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    """Return faults of the application over the wrapper, where they do not say otherwise.

    An application is the same over every link layer. Over this one a pass takes a third of the
    time, and that both are served alike is what the legal oddities and the reference show.
    """
    return tuple(replace(one, declares={"link_layer": "wrapper", **one.declares}) for one in faults)


FAULTS: tuple[Fault, ...] = (
    *(one for area in _LINK for one in area.FAULTS),
    *_over_tcp(one for area in _APPLICATION for one in area.FAULTS),
)
VARIATIONS: tuple[Variation, ...] = (
    *wan_variations.VARIATIONS,
    *(one for area in (*_LINK, *_APPLICATION) for one in area.VARIATIONS),
)
