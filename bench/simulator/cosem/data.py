"""Class 1, data: one value of any type (IEC 62056-6-2)."""

from collections.abc import Callable

from bench.protocols.dlms.cosem_types import LogicalName
from bench.protocols.dlms.data_types import Data
from bench.simulator.cosem.object import DEFAULT_LIMIT, CosemObject, Reader, Writer
from bench.simulator.cosem.shape import Shape


class DataObject(CosemObject):
    """A value: 2 value."""

    class_id = 1

    def __init__(
        self,
        name: LogicalName | str,
        value: Data | Reader,
        writer: Writer | None = None,
        shape: Shape | None = None,
        *,
        public: bool = False,
        writable: bool = False,
        limit: int = DEFAULT_LIMIT,
        check: Callable[[Data], bool] | None = None,
    ) -> None:
        super().__init__(name, public=public)
        if isinstance(value, Data):
            self.keep(2, value, shape, writable=writable, limit=limit, check=check)
        else:
            self.read(2, value, writer, shape, limit=limit)
