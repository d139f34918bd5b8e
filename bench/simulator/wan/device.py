"""What the services need of the logical device behind them."""

from typing import Protocol

from bench.protocols.dlms.cosem_types import SelectiveAccess
from bench.protocols.dlms.data_types import Data
from bench.protocols.dlms.results import ActionResult, DataAccessResult
from bench.simulator.cosem.access import Asker


class Device(Protocol):
    """A logical device: attributes and methods by class, logical name (six octets) and number."""

    def get(
        self,
        asker: Asker,
        class_id: int,
        logical_name: bytes,
        attribute: int,
        selection: SelectiveAccess | None,
    ) -> Data | DataAccessResult:
        """Return an attribute, or why not."""
        ...

    def set(
        self,
        asker: Asker,
        class_id: int,
        logical_name: bytes,
        attribute: int,
        selection: SelectiveAccess | None,
        data: Data,
    ) -> DataAccessResult:
        """Write an attribute and return how it went."""
        ...

    def action(
        self,
        asker: Asker,
        class_id: int,
        logical_name: bytes,
        method: int,
        parameter: Data | None,
    ) -> tuple[ActionResult, Data | DataAccessResult | None]:
        """Invoke a method and return how it went, and what it returned."""
        ...
