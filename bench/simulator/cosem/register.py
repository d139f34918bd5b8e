"""Classes 3 and 4: a value with its scaler and unit (IEC 62056-6-2)."""

from collections.abc import Callable

from bench.protocols.dlms.cosem_types import LogicalName
from bench.protocols.dlms.data_types import Data, enum, integer, structure, unsigned
from bench.protocols.dlms.results import ActionResult
from bench.simulator.cosem.object import CosemObject, Reader
from bench.simulator.cosem.shape import INTEGER
from bench.simulator.cosem.truth import Moment


class Register(CosemObject):
    """A measured or counted value: 2 value, 3 scaler_unit; 1 reset.

    `scaler` is the power of ten by which the value is multiplied, `unit` the number of the unit.
    Energy that is paid for cannot be reset: the method is denied unless `reset` does it.
    """

    class_id = 3

    def __init__(
        self,
        name: LogicalName | str,
        value: Reader,
        scaler: int,
        unit: int,
        *,
        reset: Callable[[Moment], None] | None = None,
    ) -> None:
        super().__init__(name)
        self.scaler = scaler
        self.unit = unit
        self.read(2, value)
        self.read(3, self._scaler_unit)
        if reset is not None:
            self._offer_reset(1, reset)

    def _scaler_unit(self, _moment: Moment) -> Data:
        unit = 0 if "unit-0" in self.breaks else self.unit
        if "scaler-missing" in self.breaks:
            return structure(enum(unit))
        return structure(integer(self.scaler), enum(unit))

    def _offer_reset(self, number: int, reset: Callable[[Moment], None]) -> None:
        def invoke(moment: Moment, _parameter: Data) -> ActionResult:
            reset(moment)
            return ActionResult.SUCCESS

        self.method(number, invoke, INTEGER)


class ExtendedRegister(Register):
    """A register that knows when its value was taken: 4 status, 5 capture_time."""

    class_id = 4

    def __init__(
        self,
        name: LogicalName | str,
        value: Reader,
        scaler: int,
        unit: int,
        captured: Reader,
        *,
        reset: Callable[[Moment], None] | None = None,
    ) -> None:
        super().__init__(name, value, scaler, unit, reset=reset)
        self.read(4, lambda _moment: unsigned(0))
        self.read(5, captured)
