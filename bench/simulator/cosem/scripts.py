"""Class 9, script table: scripts that write attributes and invoke methods."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bench.protocols.dlms.cosem_types import LogicalName
from bench.protocols.dlms.data_types import (
    Data,
    array,
    enum,
    integer,
    long_unsigned,
    octet_string,
    structure,
)
from bench.protocols.dlms.results import ActionResult, DataAccessResult
from bench.simulator.cosem import access, shape
from bench.simulator.cosem.access import Grants
from bench.simulator.cosem.object import CosemObject, perform
from bench.simulator.cosem.truth import Moment

_WRITE, _EXECUTE = 1, 2


@dataclass(frozen=True, slots=True)
class ScriptAction:
    """One step of a script: writes an attribute, or invokes a method when `execute`."""

    class_id: int
    instance: LogicalName
    index: int
    parameter: Data
    execute: bool = True

    def data(self) -> Data:
        """Return the action_specification."""
        return structure(
            enum(_EXECUTE if self.execute else _WRITE),
            long_unsigned(self.class_id),
            octet_string(self.instance.octets),
            integer(self.index),
            self.parameter,
        )


class ScriptTable(CosemObject):
    """2 scripts; 1 execute, which ends at the first action that does not succeed.

    `ran` is called each time that a script has run to its end.
    """

    class_id = 9

    def __init__(
        self,
        name: LogicalName | str,
        scripts: Mapping[int, tuple[ScriptAction, ...]],
        *,
        grants: Grants = access.MANAGED,
        ran: Callable[[Moment], None] | None = None,
    ) -> None:
        super().__init__(name)
        self._scripts = scripts
        self._ran = ran
        table = [
            structure(long_unsigned(number), array(*[step.data() for step in steps]))
            for number, steps in scripts.items()
        ]
        self.keep(2, array(*table))
        self.method(1, self._execute, shape.LONG_UNSIGNED, grants=grants)

    def _execute(self, moment: Moment, data: Data) -> ActionResult:
        return self.run(moment, data.value)

    def run(self, moment: Moment, number: int) -> ActionResult:
        """Run a script and return how it ended."""
        if number not in self._scripts:
            return ActionResult.OBJECT_UNDEFINED
        for step in self._scripts[number]:
            result = self._step(moment, step)
            if result:
                return result
        if self._ran is not None:
            self._ran(moment)
        return ActionResult.SUCCESS

    def _step(self, moment: Moment, step: ScriptAction) -> ActionResult:
        target = self.home.find(step.class_id, step.instance) if self.home else None
        if target is None:
            return ActionResult.OBJECT_UNDEFINED
        if step.execute:
            if step.index not in target.methods:
                return ActionResult.OBJECT_UNDEFINED
            return perform(target, step.index, moment, step.parameter)[0]
        if step.index not in target.attributes:
            return ActionResult.OBJECT_UNDEFINED
        result = target.store(step.index, moment, step.parameter)
        return ActionResult.SUCCESS if not result else _as_action(result)


def _as_action(result: DataAccessResult) -> ActionResult:
    known = {int(one) for one in ActionResult}
    return ActionResult(result) if int(result) in known else ActionResult.OTHER_REASON


def run_script(obj: CosemObject, moment: Moment, script: Data) -> ActionResult:
    """Run what a script reference {script_logical_name, script_selector} names."""
    name, selector = script.to_python()
    table = obj.home.find(9, name) if obj.home else None
    if not isinstance(table, ScriptTable):
        return ActionResult.OBJECT_UNDEFINED
    return table.run(moment, selector)
