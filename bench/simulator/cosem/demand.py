"""Class 5, demand register: the average power of the running quarter hour and of the last one."""

from bench.protocols.dlms.cosem_types import LogicalName
from bench.protocols.dlms.data_types import (
    Data,
    double_long_unsigned,
    enum,
    integer,
    long_unsigned,
    structure,
    unsigned,
)
from bench.simulator.cosem import times
from bench.simulator.cosem.object import CosemObject
from bench.simulator.cosem.truth import Moment
from bench.simulator.registers import QUARTER_S

_WATT = 27


class DemandRegister(CosemObject):
    """2 current_average_value, 3 last_average_value ... 8 period, 9 number_of_periods.

    The quarters follow the clock: neither reset nor next_period is given to anybody.
    """

    class_id = 5

    def __init__(self, name: LogicalName | str) -> None:
        super().__init__(name)
        self.read(2, lambda m: double_long_unsigned(round(m.reading.demand_mw / 1000)))
        self.read(3, lambda m: double_long_unsigned(round(m.reading.last_demand_mw / 1000)))
        self.keep(4, structure(integer(0), enum(_WATT)))
        self.keep(5, unsigned(0))
        self.read(6, _quarter_start)
        self.read(7, _quarter_start)
        self.keep(8, double_long_unsigned(QUARTER_S))
        self.keep(9, long_unsigned(1))


def _quarter_start(moment: Moment) -> Data:
    return times.stamp(moment.system, int(moment.reading.utc.timestamp()) // QUARTER_S * QUARTER_S)
