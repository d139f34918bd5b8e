"""What an update breaks at one port while it adds to all: row SYS-CMP-01."""

from dataclasses import replace

from bench.simulator.cosem.additions import with_added_object
from bench.simulator.faults.fault import Alteration, Fault, Variation
from bench.simulator.faults.p1_edit import Lines, lines, value
from bench.simulator.faults.system_edit import (
    Declared,
    home,
    system_fault,
    system_variation,
)
from bench.simulator.faults.wan_edit import breaks
from bench.simulator.faults.wan_objects_edit import objects
from bench.simulator.household import Firmware

_CONTRACT = "Fluvius-P1-S1:4.5.1"
_COMPARED: Declared = {
    "p1": {"P1/BASELINE": True, "baseline": "shipped:be17"},
    "wan": {"WAN/BASELINE": True, "baseline": "shipped:reference"},
}
_FUSE, _LIMITER = "1-0:31.4.0", "0-0:17.0.0"


def _grown(version: str = "") -> Alteration:
    """Let the firmware send further objects on P1."""
    added = (("0-0:96.60.128", "(0026)"), ("1-0:32.7.124", "(00.4*%)"))
    return home(lambda house: replace(house, firmware=Firmware(version=version, added=added)))


def _without_fuse(found: Lines) -> Lines:
    return tuple(one for one in found if not one.startswith(_FUSE))


FAULTS: tuple[Fault, ...] = (
    system_fault(
        "p1-update-removes",
        "has further objects since the update, and sends one less on P1",
        _CONTRACT,
        ("SYS-CMP-01:p1-removed",),
        _grown(),
        lines(_without_fuse),
        declares=_COMPARED,
    ),
    system_fault(
        "p1-update-retypes",
        "has further objects since the update, and another unit on P1",
        _CONTRACT,
        ("SYS-CMP-01:p1-changed",),
        _grown(),
        value(_LIMITER, lambda text: text.replace("*kW", "*kVA")),
        declares=_COMPARED,
    ),
    system_fault(
        "wan-update-removes",
        "has further objects since the update, and a register less over WAN",
        _CONTRACT,
        ("SYS-CMP-01:wan-removed",),
        _grown(),
        breaks("removed-object"),
        objects(with_added_object),
        declares=_COMPARED,
    ),
    system_fault(
        "wan-update-retypes",
        "has further objects since the update, and counts in 64 bits over WAN",
        _CONTRACT,
        ("SYS-CMP-01:wan-changed",),
        _grown(),
        breaks("additions-break"),
        declares=_COMPARED,
    ),
)

VARIATIONS: tuple[Variation, ...] = (
    system_variation(
        "update-adds",
        "has further objects on P1 and over WAN since the update",
        _CONTRACT,
        _grown(),
        objects(with_added_object),
        port="wan",
        declares=_COMPARED,
    ),
    system_variation(
        "update-announced",
        "has another version on P1 since the update, and further objects",
        _CONTRACT,
        _grown("50217"),
        declares={**_COMPARED, "p1": {"P1/BASELINE": True, "baseline": "shipped:be16"}},
    ),
)
