"""What can be done to the reference meter: scripts and their schedules, breaker, limits, firmware.

The script table 0-0:10.0.125 has scripts that do nothing but be counted in 0-0:96.15.0, so that a
request that is executed twice can be told from one that is not.
"""

from bench.protocols.dlms.cosem_types import LogicalName
from bench.protocols.dlms.data_types import double_long_unsigned, integer
from bench.simulator.cosem import access
from bench.simulator.cosem.disconnect import DisconnectControl
from bench.simulator.cosem.image_transfer import ImageTransfer
from bench.simulator.cosem.object import CosemObject
from bench.simulator.cosem.parts import (
    BILLING_SCRIPTS,
    DISCONNECT,
    DISCONNECT_SCRIPTS,
    IMAGE_SCRIPTS,
    IMAGE_TRANSFER,
    PUSH_SCRIPTS,
    Parts,
)
from bench.simulator.cosem.profile import column
from bench.simulator.cosem.schedule import SingleActionSchedule
from bench.simulator.cosem.scripts import ScriptAction, ScriptTable
from bench.simulator.cosem.supervision import Limiter, RegisterMonitor

_COUNTED = 3
_MONTHLY = LogicalName(0, 0, 98, 1, 0, 255)
_PUSH = LogicalName(0, 0, 25, 9, 0, 255)
_EVERY_MONTH = (b"\x00\x00\x00\x00", b"\xff\xff\xff\x01\xff")
_ZERO = integer(0)


def actions(parts: Parts) -> list[CosemObject]:
    """Return the objects."""
    truth = parts.truth
    counted: dict[int, tuple[ScriptAction, ...]] = dict.fromkeys(range(1, _COUNTED + 1), ())
    breaker = {
        1: (ScriptAction(70, DISCONNECT, 1, _ZERO),),
        2: (ScriptAction(70, DISCONNECT, 2, _ZERO),),
    }
    capture = {1: (ScriptAction(7, _MONTHLY, 2, _ZERO),)}
    activate = {1: (ScriptAction(18, IMAGE_TRANSFER, 4, _ZERO),)}
    push = {1: (ScriptAction(40, _PUSH, 1, _ZERO),)}
    return [
        ScriptTable("0-0:10.0.125", counted, grants=access.BY_ALL, ran=parts.count_script),
        ScriptTable(BILLING_SCRIPTS, capture),
        ScriptTable(DISCONNECT_SCRIPTS, breaker),
        ScriptTable(IMAGE_SCRIPTS, activate),
        ScriptTable(PUSH_SCRIPTS, push),
        SingleActionSchedule(
            "0-0:15.0.0", truth, BILLING_SCRIPTS, execution=(_EVERY_MONTH,), runs=False
        ),
        SingleActionSchedule("0-0:15.0.1", truth, DISCONNECT_SCRIPTS),
        SingleActionSchedule("0-0:15.0.2", truth, IMAGE_SCRIPTS),
        SingleActionSchedule("0-0:15.0.4", truth, PUSH_SCRIPTS),
        DisconnectControl(DISCONNECT, lambda m: m.system.breaker, parts.switch_breaker),
        Limiter("0-0:17.0.0", column(3, "1-0:1.7.0"), DISCONNECT_SCRIPTS),
        RegisterMonitor(
            "0-0:16.1.0",
            column(3, "1-0:1.7.0"),
            (double_long_unsigned(17_250),),
            DISCONNECT_SCRIPTS,
        ),
        ImageTransfer(IMAGE_TRANSFER, parts.activated, parts.limits),
    ]
