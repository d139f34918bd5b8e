"""What all interface objects have: a logical name, attributes, methods, and rights to each.

An interface class makes its attributes and methods in its constructor: `read` for what is worked
out when it is asked for, `keep` for what is stored. `breaks` are names of rules that the object
does not keep; each is asked for where the rule is kept.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar, Protocol

from bench.protocols.dlms.cosem_types import LogicalName, SelectiveAccess
from bench.protocols.dlms.data_types import (
    Data,
    array,
    integer,
    null,
    octet_string,
    structure,
)
from bench.protocols.dlms.results import ActionResult, DataAccessResult
from bench.simulator.cosem import access
from bench.simulator.cosem.access import Asker, Grants, granted
from bench.simulator.cosem.shape import Shape, like
from bench.simulator.cosem.truth import Moment

DEFAULT_LIMIT = 256
"""The longest string, or the most elements, that a stored attribute takes."""

_MISNAMED = 3  # the class whose objects say another name than they have, where they do

Outcome = tuple[ActionResult, Data | DataAccessResult | None]
"""How a method ended, and what it returned, if anything."""

Reader = Callable[[Moment], Data]
Writer = Callable[[Moment, Data], DataAccessResult]
Selector = Callable[[Moment, SelectiveAccess], Data | DataAccessResult]
Invoked = Callable[[Moment, Data], Outcome | ActionResult]

DONE: Outcome = (ActionResult.SUCCESS, None)


@dataclass(slots=True)
class Attribute:
    """How an attribute is read and written, by whom, and which selective access it knows.

    `held` is what a meter that does not check types was given instead of a value that it can have.
    """

    read: Reader
    grants: Grants = field(default_factory=lambda: access.READ)
    write: Writer | None = None
    shape: Shape | None = None
    limit: int = DEFAULT_LIMIT
    select: Selector | None = None
    selectors: tuple[int, ...] = ()
    held: Data | None = None


@dataclass(slots=True)
class Method:
    """What a method does, by whom it may be invoked, and the parameter that it takes."""

    invoke: Invoked
    grants: Grants = field(default_factory=lambda: access.MANAGED)
    shape: Shape | None = None
    limit: int = DEFAULT_LIMIT


class Home(Protocol):
    """Where an object finds the others of its logical device."""

    def find(self, class_id: int, name: LogicalName | bytes | str) -> "CosemObject | None":
        """Return an object, whoever asks; None if there is none."""


class CosemObject:
    """One object: `attributes` and `methods` by number, and who has which rights to them.

    `home` is the logical device that has it.
    """

    class_id: ClassVar[int]
    version: int = 0

    def __init__(self, name: LogicalName | str, *, public: bool = False) -> None:
        ln = LogicalName.parse(name) if isinstance(name, str) else name
        self.name = ln
        self.logical_name = ln.octets
        self.public = public
        self.breaks: frozenset[str] = frozenset()
        self.home: Home | None = None
        self.attributes: dict[int, Attribute] = {}
        self.methods: dict[int, Method] = {}
        self._own = octet_string(self.logical_name)
        self.read(1, self._name)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"

    # -- for the interface classes

    def read(
        self,
        number: int,
        reader: Reader,
        writer: Writer | None = None,
        shape: Shape | None = None,
        *,
        grants: Grants | None = None,
        limit: int = DEFAULT_LIMIT,
        select: Selector | None = None,
        selectors: tuple[int, ...] = (),
    ) -> None:
        """Give the object an attribute that `reader` works out; without `writer` it is fixed."""
        if grants is None:
            grants = self._usual(writable=writer is not None)
        self.attributes[number] = Attribute(reader, grants, writer, shape, limit, select, selectors)

    def keep(
        self,
        number: int,
        data: Data,
        shape: Shape | None = None,
        *,
        writable: bool = False,
        grants: Grants | None = None,
        limit: int = DEFAULT_LIMIT,
        check: Callable[[Data], bool] | None = None,
    ) -> None:
        """Give the object an attribute that is stored; `check` refuses values of the right type."""
        held = [data]

        def write(_moment: Moment, value: Data) -> DataAccessResult:
            if check is not None and not check(value):
                return DataAccessResult.OTHER_REASON
            held[0] = value
            return DataAccessResult.SUCCESS

        fits = (shape or like(data)) if writable else None
        writer = write if writable else None
        self.read(number, lambda _moment: held[0], writer, fits, grants=grants, limit=limit)

    def method(
        self,
        number: int,
        invoke: Invoked,
        shape: Shape | None = None,
        *,
        grants: Grants = access.MANAGED,
        limit: int = DEFAULT_LIMIT,
    ) -> None:
        """Give the object a method; without `shape` it takes any parameter."""
        self.methods[number] = Method(invoke, grants, shape, limit)

    def value(self, number: int, moment: Moment) -> Data:
        """Return what an attribute holds, whoever asks."""
        return self.attributes[number].read(moment)

    def store(self, number: int, moment: Moment, data: Data) -> DataAccessResult:
        """Write an attribute that has a writer, whoever asks."""
        writer = self.attributes[number].write
        if writer is None:
            return DataAccessResult.READ_WRITE_DENIED
        return writer(moment, data)

    def tick(self, moment: Moment) -> None:
        """Do what has become due by `moment`; most objects have nothing to do."""

    def due(self) -> int | None:
        """Return the next instant at which `tick` has something to do, None if there is none."""
        return None

    def _name(self, _moment: Moment) -> Data:
        if "ln-mismatch" in self.breaks and self.class_id == _MISNAMED:
            return octet_string(self.logical_name[:5] + b"\x00")
        return self._own

    def _usual(self, *, writable: bool) -> Grants:
        if self.public:
            return access.PUBLIC_WRITE if writable else access.PUBLIC
        return access.WRITE if writable else access.READ

    # -- for the logical device

    def visible(self, association: str) -> bool:
        """Whether an association has any right to the object."""
        return any(granted(one.grants, association) for one in self.attributes.values()) or any(
            granted(one.grants, association) for one in self.methods.values()
        )

    def rights_data(self, association: str, version: int) -> Data:
        """Return the access_rights in an association object of that class version."""
        attributes = []
        for number, attribute in sorted(self.attributes.items()):
            selectors = array(*map(integer, attribute.selectors))
            attributes.append(
                structure(
                    integer(number),
                    access.attribute_mode(granted(attribute.grants, association), version),
                    selectors if attribute.selectors else null(),
                )
            )
        methods = [
            structure(
                integer(number),
                access.method_mode(granted(method.grants, association), version),
            )
            for number, method in sorted(self.methods.items())
        ]
        return structure(array(*attributes), array(*methods))


def perform(obj: CosemObject, number: int, moment: Moment, parameter: Data) -> Outcome:
    """Invoke a method, whoever asks; both parts of its outcome."""
    outcome = obj.methods[number].invoke(moment, parameter)
    return (outcome, None) if isinstance(outcome, ActionResult) else outcome


def refused(asker: Asker, grants: Grants, wanted: access.Access) -> bool:
    """Whether rights do not allow what is wanted, or demand more protection than there is."""
    rights = granted(grants, asker.association)
    return not rights & wanted or not access.protected(rights, asker)
