"""Deviations of access rights and xDLMS services: area C7 of the catalogue."""

from bench.simulator.cosem.object import CosemObject
from bench.simulator.faults import wan_blocks, wan_hostile_requests, wan_services_variations
from bench.simulator.faults.fault import Alteration, Fault, Variation
from bench.simulator.faults.wan_edit import breaks, wan_fault
from bench.simulator.ports.wan_stages import Stage

_SERVICES = "IEC-62056-5-3:6.1"
_NEGOTIATED = "IEC-62056-5-3:6.3"
_GET = "IEC-62056-5-3:6.6"
_SET = "IEC-62056-5-3:6.7"
_UNCONFIRMED = "IEC-62056-5-3:6.9"
_ACCESS = "IEC-62056-5-3:6.11"
_RESULTS = "IEC-62056-5-3:8.5"
_RIGHTS = "IEC-62056-6-2:4.4.3"
_GET_RESPONSE = b"\xc4\x01"
_PROFILE = 7
_SIZES = (1, 2, 3, 5, 10)


def _one_invoke_id(apdu: bytes, _: int) -> bytes:
    if apdu[:2] != _GET_RESPONSE:
        return apdu
    return apdu[:2] + bytes((apdu[2] & 0xF0 | 1,)) + apdu[3:]


def _octet_more(apdu: bytes, _: int) -> bytes:
    return apdu + b"\x00" if apdu[:2] == _GET_RESPONSE else apdu


def _without_methods(objects: list[CosemObject], _: int) -> list[CosemObject]:
    """Grant nobody the methods of profiles: the list then denies what the meter does."""
    for one in objects:
        if one.class_id == _PROFILE:
            for method in one.methods.values():
                method.grants = {}
    return objects


_OWN: tuple[Fault, ...] = (
    wan_fault(
        "iip-not-echoed",
        "answers with high priority whatever the request had",
        _SERVICES,
        ("DLMS-SVC-01:invocation",),
    ),
    wan_fault(
        "invoke-id-constant",
        "answers every GET with invoke id 1",
        _SERVICES,
        ("DLMS-SVC-01:invocation",),
        Alteration(Stage.RESPONSE, _one_invoke_id),
        also=("DLMS-WR-03:merged",),  # tells two answers apart by their invoke ids
    ),
    wan_fault(
        "get-octet-too-many",
        "ends answers to GET with an octet too many",
        _GET,
        ("DLMS-SVC-01:well-formed",),
        Alteration(Stage.RESPONSE, _octet_more),
    ),
    wan_fault(
        "unconfirmed-answered",
        "answers unconfirmed requests",
        _UNCONFIRMED,
        ("DLMS-SVC-02:set", "DLMS-SVC-02:action", "DLMS-SVC-02:get"),
    ),
    wan_fault(
        "dar-always-250",
        "says other-reason for all that it refuses",
        _RESULTS,
        ("DLMS-SVC-03:get", "DLMS-SVC-03:set", "DLMS-SVC-03:action", "DLMS-SVC-03:code"),
        also=(
            "DLMS-SVC-*",
            "DLMS-OBJ-*",
            "DLMS-AA-20:set-denied",
        ),  # each names the result that it expects
    ),
    wan_fault(
        "short-answer",
        "leaves out the result of a GET that it refuses",
        _RESULTS,
        ("DLMS-SVC-03:get", "DLMS-SVC-03:well-formed"),
        also=("DLMS-*",),  # wherever a GET is refused
    ),
    wan_fault(
        "class-unchecked",
        "finds objects under any class",
        _RESULTS,
        ("DLMS-SVC-04:name", "DLMS-SVC-04:clock", "DLMS-SVC-04:association"),
    ),
    wan_fault(
        "attr-crash",
        "falls over attributes that no class has",
        _GET,
        ("DLMS-SVC-05:answered", "DLMS-SVC-05:alive"),
    ),
    wan_fault(
        "attr-served",
        "answers null-data for attributes that no class has",
        _GET,
        ("DLMS-SVC-05:refused",),
    ),
    wan_fault(
        "attribute-0-short",
        "leaves out all but the first attribute of attribute 0",
        _GET,
        ("DLMS-SVC-05:attribute-0",),
    ),
    wan_fault(
        "rights-lie",
        "grants what its object list denies",
        _RIGHTS,
        (
            "DLMS-SVC-06:read-denied",
            "DLMS-SVC-06:write-denied",
            "DLMS-SVC-06:use-denied",
        ),
        breaks("rights-lie"),
        Alteration(Stage.OBJECTS, _without_methods),
        also=("DLMS-*",),  # every case that is to be denied something
    ),
    wan_fault(
        "rights-stricter",
        "denies reading an attribute that its object list grants",
        _RIGHTS,
        ("DLMS-SVC-06:read-granted",),
        also=("DLMS-OBJ-*",),  # what cannot be read cannot be right
    ),
    wan_fault(
        "rights-write-refused",
        "denies writing data that its object list grants",
        _RIGHTS,
        ("DLMS-SVC-06:write-granted",),
        also=("DLMS-SVC-*", "DLMS-OBJ-*"),  # whoever writes
    ),
    wan_fault(
        "settype-unchecked",
        "writes values of any type",
        _SET,
        ("DLMS-SVC-07:refused", "DLMS-SVC-07:unchanged"),
        also=("DLMS-SVC-*", "DLMS-OBJ-*"),  # hostile values are of other types, too
    ),
    wan_fault(
        "settype-clears",
        "refuses values of another type, and clears what was there",
        _SET,
        ("DLMS-SVC-07:unchanged",),
        also=("DLMS-SVC-*",),  # hostile values are of other types, too
    ),
    wan_fault(
        "overflow",
        "writes values of any length",
        _SET,
        ("DLMS-SVC-08:refused", "DLMS-SVC-08:unchanged"),
    ),
    wan_fault(
        "overflow-cut",
        "refuses values that are too long, and writes what fits",
        _SET,
        ("DLMS-SVC-08:unchanged",),
    ),
    wan_fault(
        "list-order",
        "answers a list in reverse order",
        _GET,
        tuple(f"DLMS-SVC-09:order-{size}" for size in _SIZES if size > 1),
    ),
    wan_fault(
        "list-errors-dropped",
        "leaves out of a list what it refuses",
        _GET,
        tuple(f"DLMS-SVC-09:order-{size}" for size in _SIZES if size > 1),
    ),
    wan_fault(
        "list-unnegotiated",
        "serves lists in associations that did not agree on them",
        _NEGOTIATED,
        ("DLMS-SVC-09:not-agreed",),
    ),
    wan_fault(
        "access-order",
        "answers ACCESS in reverse order, and does not stop at an error",
        _ACCESS,
        ("DLMS-SVC-22:order", "DLMS-SVC-22:break-unexecuted"),
        also=("DLMS-SVC-22:*",),
    ),
    wan_fault(
        "access-no-break",
        "does not stop ACCESS at an error",
        _ACCESS,
        ("DLMS-SVC-22:break", "DLMS-SVC-22:break-unexecuted"),
    ),
    wan_fault(
        "access-breaks-always",
        "stops ACCESS at an error though it was not told to",
        _ACCESS,
        ("DLMS-SVC-22:order", "DLMS-SVC-22:executed"),
    ),
    wan_fault(
        "access-unnegotiated",
        "serves ACCESS in associations that did not agree on it",
        _NEGOTIATED,
        ("DLMS-SVC-22:not-agreed",),
    ),
)

FAULTS: tuple[Fault, ...] = (*_OWN, *wan_blocks.FAULTS, *wan_hostile_requests.FAULTS)

VARIATIONS: tuple[Variation, ...] = wan_services_variations.VARIATIONS
