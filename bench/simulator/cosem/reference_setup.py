"""How the reference meter is set up: tariffs and calendar, ports, push."""

from bench.protocols.dlms.cosem_types import LogicalName
from bench.simulator.cosem.communication import (
    HdlcParameters,
    HdlcSetup,
    Ipv4Setup,
    LocalPort,
    MacAddress,
    PushSetup,
    TcpUdpSetup,
    pushed,
)
from bench.simulator.cosem.object import CosemObject
from bench.simulator.cosem.parts import TARIFF_SCRIPTS, Parts
from bench.simulator.cosem.profile import column
from bench.simulator.cosem.scripts import ScriptTable
from bench.simulator.cosem.tariffs import ActivityCalendar, RegisterActivation, SpecialDays

_IP = LogicalName(0, 0, 25, 1, 0, 255)
_MAC = LogicalName(0, 0, 25, 2, 0, 255)
_ADDRESS = bytes((192, 0, 2, 10))  # RFC 5737: an address of documentation


def setup(parts: Parts) -> list[CosemObject]:
    """Return the objects."""
    system = parts.truth.system
    tariffs = system.household.tariffs
    used = sorted({tariffs.peak, tariffs.off})
    counting = [column(3, f"1-0:{flow}.8.{tariff}") for flow in (1, 2) for tariff in used]
    serial = system.household.serial.encode()
    values = (pushed(1, "0-0:42.0.0"), pushed(8, "0-0:1.0.0"), pushed(3, "1-0:1.8.0"))
    return [
        ScriptTable(TARIFF_SCRIPTS, dict.fromkeys(used, ()), grants={}),
        RegisterActivation("0-0:14.0.0", counting, used),
        ActivityCalendar("0-0:13.0.0", tariffs, TARIFF_SCRIPTS),
        SpecialDays("0-0:11.0.0"),
        LocalPort("0-0:20.0.0", serial),
        HdlcSetup("0-0:22.0.0", HdlcParameters()),
        TcpUdpSetup("0-0:25.0.0", _IP),
        Ipv4Setup(_IP, _MAC, _ADDRESS),
        MacAddress(_MAC, b"\x02\x4d\x42" + system.seed.to_bytes(16, "big", signed=True)[-3:]),
        PushSetup("0-0:25.9.0", values, b"\x01"),
    ]
