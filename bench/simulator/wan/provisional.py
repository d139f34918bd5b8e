"""A device with nothing but a logical device name, for as long as there are no objects."""

from typing import Any

from bench.protocols.dlms.data_types import Data, octet_string
from bench.protocols.dlms.results import ActionResult, DataAccessResult
from bench.simulator.cosem.access import Asker


class OneName:
    """Answers GET of the logical device name."""

    def get(
        self, asker: Asker, class_id: int, logical_name: Any, attribute: int, selection: Any
    ) -> Data | DataAccessResult:
        """Return the name."""
        if bytes(logical_name) != bytes((0, 0, 42, 0, 0, 255)):
            return DataAccessResult.OBJECT_UNDEFINED
        if class_id != 1:
            return DataAccessResult.OBJECT_CLASS_INCONSISTENT
        if attribute == 1:
            return octet_string(bytes(logical_name))
        return octet_string(b"MBX0000000001") if attribute == 2 else DataAccessResult.OTHER_REASON

    def set(
        self,
        asker: Asker,
        class_id: int,
        logical_name: Any,
        attribute: int,
        selection: Any,
        data: Data,
    ) -> DataAccessResult:
        """Refuse."""
        return DataAccessResult.READ_WRITE_DENIED

    def action(
        self, asker: Asker, class_id: int, logical_name: Any, method: int, parameter: Data | None
    ) -> tuple[ActionResult, Data | DataAccessResult | None]:
        """Refuse."""
        return ActionResult.READ_WRITE_DENIED, None
