"""What an association shows of the objects: attribute 2 of the class Association LN.

Selectors (IEC 62056-6-2, class 15): 1 all objects, 2 those of some classes, both without access
rights, so that an element has three components; 3 the objects that are named, 4 the one that is
named, both with them. Some meters give the rights with selector 2, too.
"""

from collections.abc import Iterable
from typing import Protocol

from bench.protocols.dlms.cosem_types import LogicalName, SelectiveAccess
from bench.protocols.dlms.data import encode_data, raw_data
from bench.protocols.dlms.data_types import (
    Data,
    DataType,
    array,
    long_unsigned,
    octet_string,
    structure,
    unsigned,
)
from bench.protocols.dlms.results import DataAccessResult
from bench.simulator.cosem.object import CosemObject
from bench.simulator.cosem.shape import LONG_UNSIGNED, NAME, array_of, structure_of

SELECTORS = (1, 2, 3, 4)
_OBJECT_ID = structure_of(LONG_UNSIGNED, NAME)
_CLASSES = array_of(LONG_UNSIGNED)
_OBJECT_IDS = array_of(_OBJECT_ID)


class _Objects(Protocol):
    @property
    def objects(self) -> tuple[CosemObject, ...]: ...


class ObjectList:
    """The object lists of one logical device; each is encoded once.

    `class_list_has_rights`: the elements that selector 2 brings have access rights.
    """

    def __init__(self, breaks: frozenset[str], *, class_list_has_rights: bool = False) -> None:
        self._breaks = breaks
        self._first_with_rights = 2 if class_list_has_rights else 3
        self._whole: dict[tuple[str, int], Data] = {}

    def forget(self) -> None:
        """Make the lists anew when they are asked for."""
        self._whole.clear()

    def of(
        self,
        device: _Objects,
        association: str,
        version: int,
        selection: SelectiveAccess | None,
    ) -> Data | DataAccessResult:
        """Return the list that an association sees, or the selected part of it.

        The elements of a whole list are its octets already.
        """
        if selection is None:
            key = (association, version)
            if key not in self._whole:
                elements = self._elements(device.objects, association, version, rights=True)
                self._whole[key] = raw_data(encode_data(array(*elements)))
            return self._whole[key]
        chosen = self._select(device.objects, selection)
        if isinstance(chosen, DataAccessResult):
            return chosen
        rights = selection.selector >= self._first_with_rights
        elements = self._elements(chosen, association, version, rights=rights)
        if selection.selector != 4:
            return array(*elements)
        return elements[0] if elements else DataAccessResult.OBJECT_UNDEFINED

    def _elements(
        self, objects: Iterable[CosemObject], association: str, version: int, *, rights: bool
    ) -> list[Data]:
        seen = [one for one in objects if one.visible(association)]
        elements = [_element(one, association, version, rights=rights) for one in seen]
        if "list-duplicate" in self._breaks:
            elements += elements[-1:]
        if "ln-5-octets" in self._breaks:
            elements[-1:] = [_shortened(one) for one in elements[-1:]]
        if "list-without-rights" in self._breaks:
            elements[-1:] = [structure(*list(one.value)[:3]) for one in elements[-1:]]
        if "phantom-object" in self._breaks:
            elements.append(_element(_phantom(), association, version, rights=rights))
        return elements

    def _select(
        self, objects: tuple[CosemObject, ...], selection: SelectiveAccess
    ) -> Iterable[CosemObject] | DataAccessResult:
        wanted = selection.parameters
        match selection.selector:
            case 1:
                return objects
            case 2 if _CLASSES(wanted):
                classes = set(wanted.to_python())
                if "filter-wrong" in self._breaks:
                    return objects
                return [one for one in objects if one.class_id in classes]
            case 3 if _OBJECT_IDS(wanted):
                if "filter-names-wrong" in self._breaks:
                    return [one for one in objects if one.logical_name in _names_of(wanted)]
                return _named(objects, wanted.to_python())
            case 4 if _OBJECT_ID(wanted):
                if "filter-one-wrong" in self._breaks:
                    return objects[:1]
                return _named(objects, (wanted.to_python(),))
            case 2 | 3 | 4:
                return DataAccessResult.TYPE_UNMATCHED
        return DataAccessResult.SCOPE_OF_ACCESS_VIOLATED


def _named(
    objects: tuple[CosemObject, ...], names: Iterable[tuple[int, bytes]]
) -> list[CosemObject]:
    wanted = set(names)
    return [one for one in objects if (one.class_id, one.logical_name) in wanted]


def _names_of(wanted: Data) -> set[bytes]:
    """Return the first name alone, which is all that a meter sees that takes no list."""
    return {name for _, name in wanted.to_python()[:1]}


def _element(one: CosemObject, association: str, version: int, *, rights: bool) -> Data:
    head = (
        long_unsigned(one.class_id),
        unsigned(one.version),
        octet_string(one.logical_name),
    )
    return structure(*head, one.rights_data(association, version)) if rights else structure(*head)


def _shortened(element: Data) -> Data:
    items = list(element.value)
    items[2] = Data(DataType.OCTET_STRING, items[2].value[:5])
    return structure(*items)


def _phantom() -> CosemObject:
    """Return an object that the list names and no device has."""
    phantom = CosemObject(LogicalName(0, 0, 96, 1, 9, 255))
    phantom.class_id = 1  # type: ignore[misc]
    phantom.read(2, lambda _moment: octet_string(b""))
    return phantom
