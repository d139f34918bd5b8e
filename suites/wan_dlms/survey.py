"""The object model of the meter, read once per run and shared by the cases that judge it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bench.protocols.dlms.cosem_types import LogicalName
from bench.protocols.dlms.data_types import Data
from suites.wan_dlms.answer import Answer


@dataclass(frozen=True, slots=True)
class AttributeRight:
    """The rights of one attribute as the object list tells them; `mode` is as sent."""

    attribute: int
    mode: int
    selectors: tuple[int, ...] = ()
    version: int = 1  # of the association class, which says what `mode` means

    @property
    def readable(self) -> bool:
        """Whether it may be read at all."""
        raise NotImplementedError

    @property
    def writable(self) -> bool:
        """Whether it may be written at all."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class ListedObject:
    """One element of the object list; `problem` says what is wrong with it, "" if nothing."""

    class_id: int
    version: int
    name: LogicalName
    attributes: tuple[AttributeRight, ...] = ()
    methods: Mapping[int, int] = field(default_factory=dict)
    index: int = 0
    problem: str = ""

    def right(self, attribute: int) -> AttributeRight | None:
        """Return the rights of an attribute, None where it is not listed."""
        return next((one for one in self.attributes if one.attribute == attribute), None)


@dataclass(frozen=True, slots=True)
class Survey:
    """The object list of one association, and what every readable attribute held.

    `listing` is the answer to the object list, `frame_of` tells which frame brought an attribute.
    """

    association: str
    association_version: int
    listing: Answer
    objects: tuple[ListedObject, ...]
    answers: Mapping[tuple[int, LogicalName, int], Answer]

    def find(self, class_id: int, name: LogicalName | str | None = None) -> list[ListedObject]:
        """Return the objects of a class, and of a logical name if one is given."""
        raise NotImplementedError

    def data(self, class_id: int, name: LogicalName | str, attribute: int) -> Data | None:
        """Return what an attribute held, None if it could not be read."""
        raise NotImplementedError
