"""Class 70, disconnect control: a breaker or a valve (IEC 62056-6-2).

By mode, a remote reconnection makes the state connected (2, 4) or ready for reconnection (1, 3,
5, 6); in mode 0 the contact is always connected.
"""

from collections.abc import Callable

from bench.protocols.dlms.cosem_types import LogicalName
from bench.protocols.dlms.data_types import Data, boolean, enum
from bench.protocols.dlms.results import ActionResult, DataAccessResult
from bench.simulator.cosem import shape
from bench.simulator.cosem.access import GUARDED
from bench.simulator.cosem.object import CosemObject
from bench.simulator.cosem.truth import Moment
from bench.simulator.household import Contact

_DIRECT = (2, 4)
_MODES = shape.enum_of(*range(7))

Show = Callable[[Moment], Contact]
Switch = Callable[[Moment, Contact], None]


class DisconnectControl(CosemObject):
    """2 output_state, 3 control_state, 4 control_mode; 1 remote_disconnect, 2 remote_reconnect."""

    class_id = 70

    def __init__(self, name: LogicalName | str, show: Show, switch: Switch, mode: int = 4) -> None:
        super().__init__(name)
        self._show = show
        self._switch = switch
        self._mode = mode
        self.read(2, lambda moment: boolean(show(moment) is Contact.CONNECTED))
        self.read(3, lambda moment: enum(int(show(moment))))
        self.read(4, lambda _moment: enum(self._mode), self._set_mode, _MODES)
        self.method(1, self._disconnect, shape.INTEGER, grants=GUARDED)
        self.method(2, self._reconnect, shape.INTEGER, grants=GUARDED)

    def _set_mode(self, _moment: Moment, data: Data) -> DataAccessResult:
        self._mode = data.value
        return DataAccessResult.SUCCESS

    def _disconnect(self, moment: Moment, _data: Data) -> ActionResult:
        if not self._mode:
            return ActionResult.OTHER_REASON
        self._switch(moment, Contact.DISCONNECTED)
        return ActionResult.SUCCESS

    def _reconnect(self, moment: Moment, _data: Data) -> ActionResult:
        if not self._mode:
            return ActionResult.OTHER_REASON
        if self._show(moment) is Contact.DISCONNECTED:
            direct = self._mode in _DIRECT
            self._switch(moment, Contact.CONNECTED if direct else Contact.READY)
        return ActionResult.SUCCESS
