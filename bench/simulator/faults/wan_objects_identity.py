"""Deviations of the object list, of identity and of security setups: DLMS-OBJ-01 to 10 and 25."""

from bench.protocols.dlms.data_types import (
    Data,
    array,
    enum,
    integer,
    octet_string,
    structure,
    unsigned,
    visible_string,
)
from bench.simulator.cosem.access import Access, Role
from bench.simulator.cosem.additions import (
    UNKNOWN_CLASS,
    with_added_object,
    with_many_objects,
    with_newer_versions,
    with_unknown_attributes,
    with_unknown_class,
)
from bench.simulator.cosem.object import CosemObject
from bench.simulator.cosem.truth import Moment
from bench.simulator.faults.fault import Fault, Variation
from bench.simulator.faults.wan_edit import breaks, wan_fault, wan_variation
from bench.simulator.faults.wan_objects_edit import (
    Objects,
    each,
    element,
    objects,
    shows,
    without,
)

_DEVICE_NAME = "IEC-62056-6-2:4.1.8.2"
_SAPS = "IEC-62056-6-2:4.4.4"
_ASSOCIATION = "IEC-62056-6-2:4.4.3"
_SECURITY = "IEC-62056-6-2:4.4.7"
_CLASSES = "IEC-62056-6-2:4.1"
_TYPES = "IEC-62056-6-2:4.1.5"
_RESERVED = "IEC-62056-6-2:4.1.8"
_GROWTH = "IEC-62056-6-2:5.3.4"
_NAME, _SAP, _CURRENT, _SETUP = "0-0:42.0.0", "0-0:41.0.0", "0-0:40.0.0", "0-0:43.0.0"


def _twice(data: Data) -> Data:
    return array(*data.value, *data.value)


def _oid_octets(data: Data) -> Data:
    """Write an object identifier as an octet-string in BER instead of a structure of its arcs."""
    arc, number = data.to_python()[-2:]
    return octet_string(bytes((0x60, 0x85, 0x74, 0x05, 0x08, arc, number)))


def _hidden(one: CosemObject) -> None:
    for attribute in one.attributes.values():
        attribute.grants = {Role.PUBLIC: Access.READ, Role.READER: Access.READ}


def _another_name_for_public(one: CosemObject) -> None:
    attribute = one.attributes[2]
    read = attribute.read

    def told(moment: Moment) -> Data:
        name = read(moment)
        public = moment.asker is not None and moment.asker.association == "public"
        return octet_string(name.value[:-1] + b"X") if public else name

    attribute.read = told


def _reversed(found: Objects) -> Objects:
    return found[::-1]


def _misnamed(found: Objects) -> Objects:
    for one in with_unknown_class(found):
        if one.class_id == UNKNOWN_CLASS:
            one.keep(1, octet_string(bytes(6)))
            return [*found, one]
    return found


FAULTS: tuple[Fault, ...] = (
    wan_fault(
        "ldn-missing",
        "hides the logical device name from its management client",
        _DEVICE_NAME,
        ("DLMS-OBJ-01:present",),
        each(1, _hidden, _NAME),
        also=(
            "DLMS-OBJ-05:mandatory",  # that every device has it is said there, too
            "DLMS-*",  # many cases read it to see that the association works
        ),
    ),
    wan_fault(
        "ldn-17-octets",
        "has a logical device name of 17 octets",
        _DEVICE_NAME,
        ("DLMS-OBJ-01:length",),
        shows(1, _NAME, 2, lambda data: octet_string(data.value + b"0")),
    ),
    wan_fault(
        "ldn-without-manufacturer",
        "has a logical device name that begins with digits",
        _DEVICE_NAME,
        ("DLMS-OBJ-01:manufacturer",),
        shows(1, _NAME, 2, lambda data: octet_string(b"000" + data.value[3:])),
    ),
    wan_fault(
        "ldn-by-client",
        "tells the public client another logical device name than the others",
        _DEVICE_NAME,
        ("DLMS-OBJ-01:same-for-all",),
        each(1, _another_name_for_public, _NAME),
    ),
    wan_fault(
        "sap-mismatch",
        "names another SAP than its own in the SAP assignment",
        _SAPS,
        ("DLMS-OBJ-02:own-sap",),
    ),
    wan_fault(
        "sap-missing",
        "has no SAP assignment",
        _SAPS,
        ("DLMS-OBJ-02:present",),
        without(17, _SAP),
        also=("DLMS-OBJ-05:mandatory",),  # that every device has it is said there, too
    ),
    wan_fault(
        "sap-twice",
        "names its SAP twice in the SAP assignment",
        _SAPS,
        ("DLMS-OBJ-02:unique",),
        shows(17, _SAP, 2, _twice),
    ),
    wan_fault(
        "sap-form",
        "writes SAPs as unsigned of one octet",
        _SAPS,
        ("DLMS-OBJ-02:form",),
        shows(17, _SAP, 2, lambda data: array(structure(unsigned(1), data.value[0].value[1]))),
        also=("DLMS-OBJ-07:types",),  # it is a wrong type
    ),
    wan_fault(
        "assoc-mechanism-lie",
        "shows another mechanism in the association object than is used",
        _ASSOCIATION,
        ("DLMS-OBJ-03:mechanism", "DLMS-OBJ-03:reading-mechanism"),
    ),
    wan_fault(
        "assoc-context-lie",
        "shows the context without ciphering in every association object",
        _ASSOCIATION,
        ("DLMS-OBJ-03:context",),
        shows(15, _CURRENT, 4, element(7, lambda _: unsigned(1))),
    ),
    wan_fault(
        "assoc-partners-lie",
        "shows another client than it is talking to",
        _ASSOCIATION,
        ("DLMS-OBJ-03:partners",),
        shows(15, _CURRENT, 3, element(1, lambda data: integer(data.value + 1))),
    ),
    wan_fault(
        "assoc-partners-text",
        "shows its partners as text",
        _ASSOCIATION,
        ("DLMS-OBJ-03:partners-form",),
        shows(15, _CURRENT, 3, lambda data: visible_string(str(data.to_python()))),
        also=("DLMS-OBJ-07:types",),  # it is a wrong type
    ),
    wan_fault(
        "assoc-status-number",
        "shows the status of its association as a number, not as an enum",
        _ASSOCIATION,
        ("DLMS-OBJ-03:status-form",),
        shows(15, _CURRENT, 8, lambda data: unsigned(data.value)),
        also=("DLMS-OBJ-07:types",),  # it is a wrong type
    ),
    wan_fault(
        "assoc-status-lie",
        "shows that no association stands while it is used",
        _ASSOCIATION,
        ("DLMS-OBJ-03:status",),
        shows(15, _CURRENT, 8, lambda _: enum(0)),
    ),
    wan_fault(
        "list-duplicate",
        "lists an object twice",
        _ASSOCIATION,
        ("DLMS-OBJ-04:unique",),
        also=("DLMS-OBJ-10:*",),  # the parts are compared with the whole
    ),
    wan_fault(
        "ln-5-octets",
        "lists a logical name of five octets",
        _ASSOCIATION,
        ("DLMS-OBJ-04:elements",),
        also=("DLMS-OBJ-10:*",),  # the parts are compared with the whole
    ),
    wan_fault(
        "list-without-rights",
        "lists an object without its access rights",
        _ASSOCIATION,
        ("DLMS-OBJ-04:elements",),
        also=("DLMS-OBJ-10:*",),  # the parts are compared with the whole
    ),
    wan_fault(
        "phantom-object",
        "lists an object that it does not have",
        _ASSOCIATION,
        ("DLMS-OBJ-05:there",),
        also=(
            "DLMS-OBJ-10:*",  # the parts are compared with the whole
            "DLMS-SVC-06:read-granted",  # what is not there is not read
        ),
    ),
    wan_fault(
        "listed-not-readable",
        "refuses the status of the clock, which its list lets everybody read",
        _ASSOCIATION,
        ("DLMS-OBJ-05:readable",),
        breaks("listed-not-readable"),
        also=("DLMS-SVC-06:read-granted",),  # rights are judged there, too
    ),
    wan_fault(
        "required-not-listed",
        "declares a register that it does not have",
        _RESERVED,
        ("DLMS-OBJ-05:mandatory",),
        breaks("removed-object"),
        declares={"required_objects": "8/0-0:1.0.0 3/1-0:2.8.0"},
    ),
    wan_fault(
        "ln-mismatch",
        "lets its registers say another logical name than they have",
        _CLASSES,
        ("DLMS-OBJ-06:own-name",),
    ),
    wan_fault(
        "wrong-type",
        "shows the time zone of its clock as double-long",
        _TYPES,
        ("DLMS-OBJ-07:types",),
    ),
    wan_fault(
        "wrong-type-within",
        "writes the index of captured attributes as unsigned of one octet",
        _TYPES,
        ("DLMS-OBJ-07:types",),
        shows(7, "1-0:99.2.0", 6, element(4, lambda data: unsigned(data.value))),
    ),
    wan_fault(
        "unknown-class-misnamed",
        "has an object of a class of its own that does not know its name",
        _GROWTH,
        ("DLMS-OBJ-09:own-name",),
        objects(_misnamed),
        also=("DLMS-OBJ-06:own-name",),  # that of all objects
    ),
    wan_fault(
        "filter-wrong",
        "gives the whole object list when some classes are asked for",
        _ASSOCIATION,
        ("DLMS-OBJ-10:by-class",),
    ),
    wan_fault(
        "filter-names-wrong",
        "gives the first object alone when several are asked for",
        _ASSOCIATION,
        ("DLMS-OBJ-10:by-name",),
    ),
    wan_fault(
        "filter-one-wrong",
        "gives another object than the one that is asked for",
        _ASSOCIATION,
        ("DLMS-OBJ-10:one",),
    ),
    wan_fault(
        "title-differs",
        "shows another system title in the security setup than in the AARE",
        _SECURITY,
        ("DLMS-OBJ-25:server-title",),
    ),
    wan_fault(
        "setup-missing",
        "does not list the security setup that is in use",
        _SECURITY,
        ("DLMS-OBJ-25:present",),
        without(64, _SETUP),
        also=("DLMS-OBJ-05:mandatory", "DLMS-SEC-*"),  # keys and policy are changed there
    ),
    wan_fault(
        "setup-suite-lie",
        "shows suite 2 in the security setup of suite 0",
        _SECURITY,
        ("DLMS-OBJ-25:suite",),
        shows(64, _SETUP, 3, lambda _: enum(2)),
    ),
    wan_fault(
        "setup-client-title-lie",
        "shows a system title of another client",
        _SECURITY,
        ("DLMS-OBJ-25:client-title",),
        shows(64, _SETUP, 4, lambda data: octet_string(data.value[::-1])),
    ),
    wan_fault(
        "setup-policy-lie",
        "shows a policy that asks for signatures, and signs nothing",
        _SECURITY,
        ("DLMS-OBJ-25:policy",),
        shows(64, _SETUP, 2, lambda _: enum(0x90)),
    ),
)

VARIATIONS: tuple[Variation, ...] = (
    wan_variation(
        "list-reversed",
        "lists its objects in another order",
        _ASSOCIATION,
        objects(_reversed),
    ),
    wan_variation(
        "object-added",
        "has an object that earlier firmware does not have",
        _GROWTH,
        objects(with_added_object),
    ),
    wan_variation(
        "unknown-class",
        "has an object of class 9999",
        _GROWTH,
        objects(with_unknown_class),
    ),
    wan_variation(
        "unknown-attributes",
        "has attributes that their class does not have",
        _GROWTH,
        objects(with_unknown_attributes),
    ),
    wan_variation(
        "newer-versions",
        "has a class version that nobody knows",
        _GROWTH,
        objects(with_newer_versions),
    ),
    wan_variation(
        "many-objects",
        "has an object list of more than 17 kB",
        _ASSOCIATION,
        objects(with_many_objects),
    ),
    wan_variation(
        "oid-in-octets",
        "writes context and mechanism of the association as octet-strings",
        _ASSOCIATION,
        shows(15, "", 4, _oid_octets),
        shows(15, "", 6, _oid_octets),
    ),
)
