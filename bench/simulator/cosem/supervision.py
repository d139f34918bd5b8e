"""Classes 21 and 71: a monitor of a register, and the limiter of the connection."""

from decimal import Decimal

from bench.protocols.dlms.cosem_types import CaptureObject, LogicalName
from bench.protocols.dlms.data_types import (
    Data,
    array,
    boolean,
    double_long_unsigned,
    integer,
    long_unsigned,
    octet_string,
    structure,
)
from bench.protocols.dlms.results import DataAccessResult
from bench.simulator.cosem import shape, times
from bench.simulator.cosem.object import CosemObject
from bench.simulator.cosem.truth import Moment

_ACTIONS = shape.structure_of(shape.SCRIPT, shape.SCRIPT)
_MONITORED = shape.structure_of(shape.LONG_UNSIGNED, shape.NAME, shape.INTEGER)
_EMERGENCY = shape.structure_of(shape.LONG_UNSIGNED, shape.DATE_TIME, shape.DOUBLE_LONG_UNSIGNED)
_NO_LIMIT_W = 999_000  # what P1 shows of a limiter that is not in use


def _script(table: LogicalName, selector: int) -> Data:
    return structure(octet_string(table.octets), long_unsigned(selector))


def _value_definition(monitored: CaptureObject) -> Data:
    return structure(
        long_unsigned(monitored.class_id),
        octet_string(monitored.instance.octets),
        integer(monitored.attribute),
    )


class RegisterMonitor(CosemObject):
    """2 thresholds, 3 monitored_value, 4 actions: {action_up, action_down} for each threshold."""

    class_id = 21

    def __init__(
        self,
        name: LogicalName | str,
        monitored: CaptureObject,
        thresholds: tuple[Data, ...],
        table: LogicalName,
    ) -> None:
        super().__init__(name)
        kind = shape.like(thresholds[0])
        actions = structure(_script(table, 1), _script(table, 0))
        self.keep(2, array(*thresholds), shape.array_of(kind), writable=True, limit=8)
        self.keep(3, _value_definition(monitored), _MONITORED, writable=True)
        self.keep(4, array(*[actions] * len(thresholds)), shape.array_of(_ACTIONS), writable=True)


class Limiter(CosemObject):
    """2 monitored_value, 3 threshold_active, 4 threshold_normal ... 11 actions.

    The normal threshold is the limit of the household, which P1 shows, in W.
    """

    class_id = 71

    def __init__(
        self, name: LogicalName | str, monitored: CaptureObject, table: LogicalName
    ) -> None:
        super().__init__(name)
        self.keep(2, _value_definition(monitored))
        self.read(3, self._threshold)
        self.read(4, self._threshold, self._set_threshold, shape.DOUBLE_LONG_UNSIGNED)
        watts = double_long_unsigned(_NO_LIMIT_W)
        self.keep(5, watts, writable=True)
        self.keep(6, double_long_unsigned(30), writable=True)
        self.keep(7, double_long_unsigned(30), writable=True)
        emergency = structure(long_unsigned(0), octet_string(times.OPEN), double_long_unsigned(0))
        self.keep(8, emergency, _EMERGENCY, writable=True)
        self.keep(9, array(), shape.array_of(shape.LONG_UNSIGNED), writable=True)
        self.keep(10, boolean(False))
        actions = structure(_script(table, 1), _script(table, 2))
        self.keep(11, actions, _ACTIONS, writable=True)

    def _threshold(self, moment: Moment) -> Data:
        limit = moment.system.limiter_kw
        return double_long_unsigned(_NO_LIMIT_W if limit is None else int(limit * 1000))

    def _set_threshold(self, moment: Moment, data: Data) -> DataAccessResult:
        unused = data.value == _NO_LIMIT_W
        moment.system.limiter_kw = None if unused else Decimal(data.value) / 1000
        return DataAccessResult.SUCCESS
