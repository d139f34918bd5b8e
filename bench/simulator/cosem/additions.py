"""What a later firmware, or another maker, adds to the objects of the reference meter.

Each function takes the objects in their order and returns those of the other meter. All are legal:
a client must live with objects, attributes, class versions and classes that it does not know.
"""

from bench.protocols.dlms.cosem_types import LogicalName
from bench.protocols.dlms.data_types import (
    double_long_unsigned,
    long_unsigned,
    octet_string,
    structure,
    visible_string,
)
from bench.protocols.dlms.results import ActionResult
from bench.simulator.cosem.data import DataObject
from bench.simulator.cosem.object import CosemObject

UNKNOWN_CLASS = 9999
_MAKER = 128  # value group C of manufacturer specific codes
_VENDOR_ATTRIBUTE = -1  # negative numbers are the manufacturer's own


def added_object() -> CosemObject:
    """Return an object of a known class that earlier firmware does not have."""
    return DataObject("0-0:96.1.7", octet_string(b"MBX-ADDED"))


def with_added_object(objects: list[CosemObject]) -> list[CosemObject]:
    """Add an object of a known class in the middle of the list."""
    middle = len(objects) // 2
    return [*objects[:middle], added_object(), *objects[middle:]]


def with_unknown_class(objects: list[CosemObject]) -> list[CosemObject]:
    """Add an object of class 9999, with an attribute and a method."""
    return [*objects, UnknownClass("0-0:128.0.0")]


def with_unknown_attributes(objects: list[CosemObject]) -> list[CosemObject]:
    """Give the registers of imported energy attributes that their class does not have."""
    for one in objects:
        if one.class_id == 3 and one.logical_name[:4] == b"\x01\x00\x01\x08":
            one.read(4, lambda _moment: visible_string("added"))
            one.read(_VENDOR_ATTRIBUTE, lambda _moment: long_unsigned(7))
    return objects


def with_newer_versions(objects: list[CosemObject]) -> list[CosemObject]:
    """Give the data objects a class version that nobody knows yet."""
    for one in objects:
        if one.class_id == 1:
            one.version = 9
    return objects


def with_many_objects(objects: list[CosemObject], count: int = 400) -> list[CosemObject]:
    """Add `count` data objects of the maker's own; 400 make an object list of 17 kB and more."""
    added: list[CosemObject] = []
    for number in range(count):
        high, low = divmod(number, 250)
        name = LogicalName(0, 0, 96, _MAKER + high, low, 255)
        added.append(DataObject(name, double_long_unsigned(number)))
    return [*objects, *added]


class UnknownClass(CosemObject):
    """An object of a class that no standard has."""

    class_id = UNKNOWN_CLASS
    version = 3

    def __init__(self, name: LogicalName | str) -> None:
        super().__init__(name)
        self.keep(2, structure(long_unsigned(1), octet_string(b"?")))
        self.method(1, lambda _moment, _data: ActionResult.SUCCESS)
