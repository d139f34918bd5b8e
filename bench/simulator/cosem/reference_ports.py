"""The operator's switch of the consumer ports P1 and S1, in objects of the maker's own range.

The companion specification that names the real one is not public: any object of class 1 with a
boolean would do. A second object shows S1 alone; it is there to be read, since the ports go on and
off together (Fluvius, user ports, 6.1), but in a meter that does not refuse to switch one alone.
"""

from bench.protocols.dlms.cosem_types import LogicalName
from bench.protocols.dlms.data_types import Data, boolean
from bench.protocols.dlms.results import DataAccessResult
from bench.simulator.cosem import shape
from bench.simulator.cosem.data import DataObject
from bench.simulator.cosem.object import CosemObject
from bench.simulator.cosem.parts import Parts
from bench.simulator.cosem.truth import Moment

USER_PORTS = LogicalName(0, 0, 128, 0, 0, 255)
S1_ALONE = LogicalName(0, 0, 128, 0, 1, 255)


def user_ports(parts: Parts) -> list[CosemObject]:
    """Return the objects."""
    refused = parts.truth.system.household.consent.one == "refused"
    return [
        DataObject(USER_PORTS, lambda m: boolean(m.system.active), _switch, shape.BOOLEAN),
        DataObject(
            S1_ALONE,
            lambda m: boolean(m.system.is_open("s1")),
            None if refused else _switch_s1,
            shape.BOOLEAN,
        ),
    ]


def _switch(moment: Moment, data: Data) -> DataAccessResult:
    moment.system.activate(bool(data.value), moment.now)
    return DataAccessResult.SUCCESS


def _switch_s1(moment: Moment, data: Data) -> DataAccessResult:
    moment.system.activate_one("s1", bool(data.value), moment.now)
    return DataAccessResult.SUCCESS
