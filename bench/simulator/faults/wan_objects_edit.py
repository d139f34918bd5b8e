"""Short ways to make objects of the simulated meter other than they are."""

from collections.abc import Callable, Sequence

from bench.protocols.dlms.cosem_types import LogicalName, SelectiveAccess
from bench.protocols.dlms.data_types import Data, octet_string
from bench.protocols.dlms.results import ActionResult, DataAccessResult
from bench.simulator.cosem.object import Attribute, CosemObject, Method, Selector
from bench.simulator.cosem.truth import Moment
from bench.simulator.faults.fault import Alteration
from bench.simulator.ports.wan_stages import Stage

Objects = list[CosemObject]


def objects(change: Callable[[Objects], Objects]) -> Alteration:
    """Make other objects of those that the meter has."""
    return Alteration(Stage.OBJECTS, lambda found, _: change(found))


def each(class_id: int, change: Callable[[CosemObject], None], code: str = "") -> Alteration:
    """Change every object of a class, or the one that is called `code`."""
    name = LogicalName.parse(code).octets if code else b""

    def altered(found: Objects) -> Objects:
        for one in found:
            if one.class_id == class_id and name in (b"", one.logical_name):
                change(one)
        return found

    return objects(altered)


def shows(class_id: int, code: str, number: int, change: Callable[[Data], Data]) -> Alteration:
    """Let an attribute show something else than it holds; no code: of all objects of a class."""

    def alter(one: CosemObject) -> None:
        attribute = one.attributes[number]
        read = attribute.read
        attribute.read = lambda moment: change(read(moment))

    return each(class_id, alter, code)


def selects(
    class_id: int,
    code: str,
    number: int,
    select: Callable[[Selector, Moment, SelectiveAccess], Data | DataAccessResult],
) -> Alteration:
    """Let selective access bring something else; `select` gets what it was before."""

    def alter(one: CosemObject) -> None:
        attribute = one.attributes[number]
        before = attribute.select
        assert before is not None
        attribute.select = lambda moment, selection: select(before, moment, selection)

    return each(class_id, alter, code)


def takes(
    class_id: int,
    code: str,
    number: int,
    write: Callable[[Attribute, Moment, Data], DataAccessResult],
) -> Alteration:
    """Let an attribute be written in another way; `write` gets what it was before."""

    def alter(one: CosemObject) -> None:
        attribute = one.attributes[number]
        before = Attribute(attribute.read, attribute.grants, attribute.write)
        attribute.write = lambda moment, data: write(before, moment, data)

    return each(class_id, alter, code)


def does(
    class_id: int,
    code: str,
    number: int,
    invoke: Callable[[Method, Moment, Data], ActionResult],
    *,
    unshaped: bool = False,
) -> Alteration:
    """Let a method do something else; `invoke` gets what it was before."""

    def alter(one: CosemObject) -> None:
        method = one.methods[number]
        before = Method(method.invoke, method.grants, method.shape)
        method.invoke = lambda moment, data: invoke(before, moment, data)
        if unshaped:
            method.shape = None

    return each(class_id, alter, code)


def without(class_id: int, code: str) -> Alteration:
    """Leave an object out."""
    name = LogicalName.parse(code).octets

    def altered(found: Objects) -> Objects:
        return [one for one in found if (one.class_id, one.logical_name) != (class_id, name)]

    return objects(altered)


def invoked(method: Method, moment: Moment, data: Data) -> ActionResult:
    """Return how a method of before ends."""
    outcome = method.invoke(moment, data)
    return outcome if isinstance(outcome, ActionResult) else outcome[0]


def element(number: int, change: Callable[[Data], Data]) -> Callable[[Data], Data]:
    """Return a change of one element (from 1) of an array or structure."""

    def altered(data: Data) -> Data:
        items: Sequence[Data] = list(data.value)
        changed = [change(one) if at == number else one for at, one in enumerate(items, 1)]
        return Data(data.type, type(data.value).of(changed))

    return altered


def octets_at(data: Data, place: slice, octets: bytes) -> Data:
    """Return an octet string with other octets at a place."""
    found = bytearray(data.value)
    found[place] = octets
    return octet_string(bytes(found))


def ignored(_before: Attribute, _moment: Moment, _data: Data) -> DataAccessResult:
    """Say that an attribute was written, and leave it; for `takes`."""
    return DataAccessResult.SUCCESS


def never(_before: Attribute, _moment: Moment, _data: Data) -> DataAccessResult:
    """Let nobody write an attribute; for `takes`."""
    return DataAccessResult.READ_WRITE_DENIED
