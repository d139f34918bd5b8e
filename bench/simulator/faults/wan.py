"""All deviations of the WAN port, in the order of the catalogue."""

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from bench.simulator.faults import (
    wan_association,
    wan_hdlc,
    wan_hls,
    wan_objects,
    wan_push,
    wan_robustness,
    wan_security,
    wan_services,
    wan_timing,
    wan_variations,
    wan_wrapper,
)
from bench.simulator.faults.fault import Fault, Variation

#: areas of the link layer, and those that try both
_LINK = (wan_hdlc, wan_wrapper, wan_robustness, wan_timing, wan_push)
#: areas above it
_APPLICATION = (wan_association, wan_hls, wan_security, wan_services, wan_objects)


#: an association for every way of opening one, without those that open alike under other keys
_FEW = dict.fromkeys((*(f"WAN/HLS-{n}" for n in (2, 4, 6, 7)), "WAN/SUITE-1", "WAN/SUITE-2"), False)

One = TypeVar("One", Fault, Variation)


def _over_tcp(subjects: Iterable[One]) -> tuple[One, ...]:
    """Return deviations of the application over the wrapper, where they do not say otherwise.

    An application is the same over every link layer, and over this one a pass takes half the time.
    The reference device shows that both link layers are served alike.
    """
    return tuple(
        replace(one, declares={"link_layer": "wrapper", **one.declares}) for one in subjects
    )


def _with_few_associations(variations: Iterable[Variation]) -> tuple[Variation, ...]:
    """Return oddities of the link layer on a device that declares few associations.

    A link layer is the same under all of them, and most cases go through each.
    """
    return tuple(replace(one, declares={**_FEW, **one.declares}) for one in variations)


FAULTS: tuple[Fault, ...] = (
    *(one for area in _LINK for one in area.FAULTS),
    *_over_tcp(one for area in _APPLICATION for one in area.FAULTS),
)
VARIATIONS: tuple[Variation, ...] = (
    *wan_variations.VARIATIONS,
    *_with_few_associations(one for area in _LINK for one in area.VARIATIONS),
    *_over_tcp(one for area in _APPLICATION for one in area.VARIATIONS),
)
