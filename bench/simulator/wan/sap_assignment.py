"""Class 17, SAP assignment: which logical devices the meter has, and where (IEC 62056-6-2)."""

from collections.abc import Callable

from bench.protocols.dlms.data_types import Data, array, long_unsigned, octet_string, structure
from bench.simulator.cosem.object import CosemObject
from bench.simulator.cosem.truth import Moment
from bench.simulator.wan.names import SAP_ASSIGNMENT


class SapAssignment(CosemObject):
    """2 SAP_assignment_list: the SAP and the name of each logical device."""

    class_id = 17

    def __init__(self, devices: Callable[[Moment], list[tuple[int, bytes]]]) -> None:
        super().__init__(SAP_ASSIGNMENT, public=True)

        def listed(moment: Moment) -> Data:
            return array(
                *[
                    structure(long_unsigned(sap), octet_string(name))
                    for sap, name in devices(moment)
                ]
            )

        self.read(2, listed)
