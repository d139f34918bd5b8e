"""A logical device: finds the object that is asked for and keeps the rules all objects share.

Results where something is refused: no such object in this association, object-undefined; the
object exists under another class, object-class-inconsistent; no right, or less protection than the
right demands, read-write-denied; data of another type, type-unmatched.
"""

from collections.abc import Iterable, Iterator

from bench.protocols.dlms.cosem_types import LogicalName, SelectiveAccess
from bench.protocols.dlms.data_types import Data, DataType, Elements, null, octet_string
from bench.protocols.dlms.results import ActionResult, DataAccessResult
from bench.simulator.cosem.access import Access, Asker, Grants, Role
from bench.simulator.cosem.additions import added_object
from bench.simulator.cosem.object import CosemObject, Outcome, perform, refused
from bench.simulator.cosem.object_list import ObjectList
from bench.simulator.cosem.truth import Moment, Truth
from bench.simulator.metering_system import MeteringSystem

_Key = tuple[int, bytes]
_DENIED = DataAccessResult.READ_WRITE_DENIED
_WITHHELD = (8, 4)  # class and attribute that the list promises to everybody
_CLEARED = octet_string(b"?")
_STRICT_READ, _STRICT_WRITE = (23, 9), 1
_MISSING = (("ldn-missing", 1, "0-0:42.0.0"), ("removed-object", 3, "1-0:2.8.0"))


class LogicalDevice:
    """The objects of one logical device of a metering system, in the order of its object list.

    `association_versions` are the class versions of the association objects, by the association's
    name, which the format of the access rights follows; those that are not named have version
    `association_version`. `class_list_has_rights`: selecting the object list by class brings access
    rights, too, which is not what the standard says.
    """

    def __init__(
        self,
        system: MeteringSystem,
        objects: Iterable[CosemObject] = (),
        breaks: frozenset[str] = frozenset(),
        association_version: int = 3,
        truth: Truth | None = None,
        *,
        class_list_has_rights: bool = False,
    ) -> None:
        self.system = system
        self.truth = truth or Truth(system)
        self.breaks = breaks
        self.association_version = association_version
        self.association_versions: dict[str, int] = {}
        self._objects: dict[_Key, CosemObject] = {}
        self._names: set[bytes] = set()
        self._list = ObjectList(breaks, class_list_has_rights=class_list_has_rights)
        for one in objects:
            self.add(one)
        self._leave_out()
        if "additions-break" in breaks:
            self.add(added_object())

    # -- the objects

    @property
    def objects(self) -> tuple[CosemObject, ...]:
        """All objects, in order."""
        return tuple(self._objects.values())

    def add(self, one: CosemObject) -> None:
        """Add an object, in place of one of the same class and logical name."""
        one.breaks, one.home = self.breaks, self
        self._objects[one.class_id, one.logical_name] = one
        self._names.add(one.logical_name)
        self.changed()

    def remove(self, class_id: int, name: LogicalName | bytes) -> None:
        """Remove an object, if there is one."""
        self._objects.pop((class_id, bytes(name)), None)
        self._names = {one.logical_name for one in self._objects.values()}
        self.changed()

    def find(self, class_id: int, name: LogicalName | bytes | str) -> CosemObject | None:
        """Return an object, whoever asks; None if there is none."""
        octets = LogicalName.parse(name).octets if isinstance(name, str) else bytes(name)
        return self._objects.get((class_id, octets))

    def changed(self) -> None:
        """Forget what was remembered of objects and rights, because they are others now."""
        self._list.forget()

    def __iter__(self) -> Iterator[CosemObject]:
        return iter(self._objects.values())

    def moment(self, now: int) -> Moment:
        """Return the instant `now` as the meter itself sees it."""
        return Moment(self.truth, now)

    def _leave_out(self) -> None:
        """Remove what a meter that breaks a rule does not have."""
        for rule, class_id, name in _MISSING:
            if rule in self.breaks:
                self.remove(class_id, LogicalName.parse(name))

    # -- what is asked of them

    def get(
        self,
        asker: Asker,
        class_id: int,
        logical_name: LogicalName | bytes,
        attribute: int,
        selection: SelectiveAccess | None = None,
    ) -> Data | DataAccessResult:
        """Return an attribute, or why it is not given; attribute 0: a structure of all of them."""
        found = self._object(asker, class_id, bytes(logical_name))
        if isinstance(found, DataAccessResult):
            return found
        moment = Moment(self.truth, asker.now, asker)
        if attribute == 0:
            return self._all(found, moment, asker)
        return self._get(found, moment, asker, attribute, selection)

    def set(
        self,
        asker: Asker,
        class_id: int,
        logical_name: LogicalName | bytes,
        attribute: int,
        selection: SelectiveAccess | None,
        data: Data,
    ) -> DataAccessResult:
        """Write an attribute and return how that ended; what is refused leaves the old value."""
        found = self._object(asker, class_id, bytes(logical_name))
        if isinstance(found, DataAccessResult):
            return found
        one = found.attributes.get(attribute)
        if one is None or self._denied(asker, one.grants, Access.WRITE):
            return self._result(_DENIED)
        if "rights-write-refused" in self.breaks and class_id == _STRICT_WRITE:
            return self._result(_DENIED)
        if one.write is None:
            lies = "rights-lie" in self.breaks
            return self._result(_DENIED if not lies else DataAccessResult.SUCCESS)
        if selection is not None:
            return self._result(DataAccessResult.SCOPE_OF_ACCESS_VIOLATED)
        one.held = None
        if one.shape is not None and not one.shape(data):
            if "settype-clears" in self.breaks and one.shape(_CLEARED):
                one.write(Moment(self.truth, asker.now, asker), _CLEARED)
            if "settype-unchecked" not in self.breaks:
                return self._result(DataAccessResult.TYPE_UNMATCHED)
            one.held = data
            return DataAccessResult.SUCCESS
        if _size(data) > one.limit and "overflow" not in self.breaks:
            if "overflow-cut" in self.breaks:
                cut = Data(data.type, data.value[: one.limit])
                one.write(Moment(self.truth, asker.now, asker), cut)
            return self._result(DataAccessResult.OTHER_REASON)
        return self._result(one.write(Moment(self.truth, asker.now, asker), data))

    def action(
        self,
        asker: Asker,
        class_id: int,
        logical_name: LogicalName | bytes,
        method: int,
        parameter: Data | None = None,
    ) -> Outcome:
        """Invoke a method and return its result, and the data that it returns, if any."""
        found = self._object(asker, class_id, bytes(logical_name))
        if isinstance(found, DataAccessResult):
            return ActionResult(found), None
        one = found.methods.get(method)
        if one is None or self._denied(asker, one.grants, Access.USE):
            return ActionResult.READ_WRITE_DENIED, None
        data = null() if parameter is None else parameter
        if one.shape is not None and not one.shape(data):
            return ActionResult.TYPE_UNMATCHED, None
        if _size(data) > one.limit:
            return ActionResult.OTHER_REASON, None
        return perform(found, method, Moment(self.truth, asker.now, asker), data)

    def object_list(
        self, asker: Asker, selection: SelectiveAccess | None = None
    ) -> Data | DataAccessResult:
        """Return the objects that the association sees, with its rights (class 15, attribute 2)."""
        name = asker.association
        version = self.association_versions.get(name, self.association_version)
        return self._list.of(self, name, version, selection)

    # -- time

    def next_event(self, now: int) -> int | None:
        """Return the next instant at which an object does something by itself, or None."""
        due = [at for one in self if (at := one.due()) is not None]
        return max(now, min(due)) if due else None

    def advance(self, now: int) -> None:
        """Let the objects do what has become due by `now`."""
        moment = Moment(self.truth, now)
        for one in self:
            at = one.due()
            if at is not None and at <= now:
                one.tick(moment)

    # -- rules

    def _object(self, asker: Asker, class_id: int, name: bytes) -> CosemObject | DataAccessResult:
        found = self._objects.get((class_id, name))
        if found is None and name in self._names:
            if "class-unchecked" not in self.breaks:
                return self._result(DataAccessResult.OBJECT_CLASS_INCONSISTENT)
            found = next(one for one in self if one.logical_name == name)
        if found is None or not found.visible(asker.association):
            return self._result(DataAccessResult.OBJECT_UNDEFINED)
        return found

    def _get(
        self,
        found: CosemObject,
        moment: Moment,
        asker: Asker,
        number: int,
        selection: SelectiveAccess | None,
    ) -> Data | DataAccessResult:
        one = found.attributes.get(number)
        if one is None or self._denied(asker, one.grants, Access.READ):
            return self._result(_DENIED)
        if "listed-not-readable" in self.breaks and (found.class_id, number) == _WITHHELD:
            return self._result(_DENIED)
        if "rights-stricter" in self.breaks and (found.class_id, number) == _STRICT_READ:
            return self._result(_DENIED)
        if selection is None:
            return one.read(moment) if one.held is None else one.held
        if one.select is None or selection.selector not in one.selectors:
            return self._result(DataAccessResult.SCOPE_OF_ACCESS_VIOLATED)
        return one.select(moment, selection)

    def _denied(self, asker: Asker, grants: Grants, wanted: Access) -> bool:
        if "public-write" in self.breaks and asker.association == Role.PUBLIC:
            return False
        return refused(asker, grants, wanted) and "rights-lie" not in self.breaks

    def _all(self, found: CosemObject, moment: Moment, asker: Asker) -> Data | DataAccessResult:
        values = []
        for number in sorted(found.attributes):
            value = self._get(found, moment, asker, number, None)
            values.append(value if isinstance(value, Data) else null())
        if "attribute-0-short" in self.breaks:
            del values[1:]
        return Data(DataType.STRUCTURE, Elements.of(values))

    def _result(self, result: DataAccessResult) -> DataAccessResult:
        if result and "dar-always-250" in self.breaks:
            return DataAccessResult.OTHER_REASON
        return result


def _size(data: Data) -> int:
    """Return the elements, octets or bits of data; 0 for a number."""
    return len(data.value) if hasattr(data.value, "__len__") else 0
