"""What a later firmware changes against a baseline: DLMS-OBJ-08."""

from collections.abc import Mapping

from bench.protocols.dlms.data_types import array, visible_string
from bench.simulator.cosem.access import Access, Role
from bench.simulator.cosem.additions import (
    with_added_object,
    with_many_objects,
    with_newer_versions,
    with_unknown_attributes,
    with_unknown_class,
)
from bench.simulator.cosem.object import CosemObject
from bench.simulator.faults.fault import Fault, Variation
from bench.simulator.faults.wan_edit import breaks, wan_fault, wan_variation
from bench.simulator.faults.wan_objects_edit import Objects, each, objects, shows

_GROWTH = "IEC-62056-6-2:5.3.4"
_COMPARED: Mapping[str, object] = {"WAN/BASELINE": True, "baseline": "shipped:reference"}
_PEAK, _CALENDAR, _DAYS = "1-0:1.6.0", "0-0:13.0.0", "1-0:99.2.0"


def _not_writable(one: CosemObject) -> None:
    one.attributes[9].grants = {Role.MANAGEMENT: Access.READ, Role.READER: Access.READ}


def _unselectable(one: CosemObject) -> None:
    one.attributes[2].selectors = (1,)


def _without_status(one: CosemObject) -> None:
    del one.attributes[4]


def _without_method(one: CosemObject) -> None:
    del one.methods[1]


def _older(one: CosemObject) -> None:
    one.version = 0


def _reversed(found: Objects) -> Objects:
    return found[::-1]


FAULTS: tuple[Fault, ...] = (
    wan_fault(
        "additions-break",
        "has a new object, and counts energy in values of 64 bits since then",
        _GROWTH,
        ("DLMS-OBJ-08:types",),
        declares=_COMPARED,
        also=("DLMS-OBJ-17:types",),  # rows of before hold what was captured then
    ),
    wan_fault(
        "removed-object",
        "has lost a register that its earlier firmware had",
        _GROWTH,
        ("DLMS-OBJ-08:objects",),
        declares=_COMPARED,
    ),
    wan_fault(
        "attribute-removed",
        "has lost the status of a peak",
        _GROWTH,
        ("DLMS-OBJ-08:attributes",),
        each(4, _without_status, _PEAK),
        declares=_COMPARED,
    ),
    wan_fault(
        "version-lowered",
        "has an older version of a class than before",
        _GROWTH,
        ("DLMS-OBJ-08:attributes",),
        each(7, _older, _DAYS),
        declares=_COMPARED,
    ),
    wan_fault(
        "rights-reduced",
        "lets nobody write a passive calendar any more",
        _GROWTH,
        ("DLMS-OBJ-08:rights",),
        each(20, _not_writable, _CALENDAR),
        declares=_COMPARED,
    ),
    wan_fault(
        "method-removed",
        "can no more be told to activate its passive calendar",
        _GROWTH,
        ("DLMS-OBJ-08:rights",),
        each(20, _without_method, _CALENDAR),
        declares=_COMPARED,
    ),
    wan_fault(
        "selector-removed",
        "no more offers rows of an event log by number",
        _GROWTH,
        ("DLMS-OBJ-08:rights",),
        each(7, _unselectable, "0-0:99.98.0"),
        declares=_COMPARED,
    ),
    wan_fault(
        "type-within-changed",
        "captures values of another type in a structure than before",
        _GROWTH,
        ("DLMS-OBJ-08:types",),
        shows(1, "0-0:0.2.1", 2, lambda data: array(visible_string("MBX"), data)),
        declares=_COMPARED,
    ),
)

VARIATIONS: tuple[Variation, ...] = (
    wan_variation(
        "grown-object",
        "has an object more than in its baseline, and lists all in another order",
        _GROWTH,
        objects(lambda found: _reversed(with_added_object(found))),
        declares=_COMPARED,
    ),
    wan_variation(
        "grown-class",
        "has an object of class 9999, which its baseline does not have",
        _GROWTH,
        objects(with_unknown_class),
        declares=_COMPARED,
    ),
    wan_variation(
        "grown-attributes",
        "has attributes that its baseline does not have",
        _GROWTH,
        objects(with_unknown_attributes),
        declares=_COMPARED,
    ),
    wan_variation(
        "grown-versions",
        "has a newer class version than in its baseline",
        _GROWTH,
        objects(with_newer_versions),
        declares=_COMPARED,
    ),
    wan_variation(
        "grown-by-400",
        "has four hundred objects more than in its baseline",
        _GROWTH,
        objects(with_many_objects),
        declares=_COMPARED,
    ),
    wan_variation(
        "same-as-baseline",
        "has the very objects of its baseline",
        _GROWTH,
        breaks(),
        declares=_COMPARED,
    ),
)
