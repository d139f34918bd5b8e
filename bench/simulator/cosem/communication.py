"""Classes 19, 23, 40, 41, 42 and 43: how the meter is reached, and what it sends by itself.

They say how the meter is set up. What a client writes is kept and shown; the links of the simulated
meter stay as they are, because a bench that changed them could not reach it any more.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bench.protocols.dlms.cosem_types import CaptureObject, LogicalName
from bench.protocols.dlms.data_types import (
    Data,
    array,
    boolean,
    double_long_unsigned,
    enum,
    long_unsigned,
    octet_string,
    structure,
    unsigned,
)
from bench.protocols.dlms.results import ActionResult
from bench.simulator.cosem import shape
from bench.simulator.cosem.access import Access, Grants, Role
from bench.simulator.cosem.object import CosemObject
from bench.simulator.cosem.truth import Moment

_SECRET: Grants = {Role.MANAGEMENT: Access.WRITE}
_SPEEDS = shape.enum_of(*range(10))


class LocalPort(CosemObject):
    """Class 19 version 1, IEC local port setup: mode E at 300 Bd, then 9600 Bd."""

    class_id = 19
    version = 1

    def __init__(self, name: LogicalName | str, address: bytes) -> None:
        super().__init__(name)
        self.keep(2, enum(0))
        self.keep(3, enum(0), _SPEEDS, writable=True)
        self.keep(4, enum(5), _SPEEDS, writable=True)
        self.keep(5, enum(1), shape.enum_of(0, 1), writable=True)
        self.keep(6, octet_string(address))
        for number in (7, 8, 9):
            self.keep(number, octet_string(b""), writable=True, limit=16, grants=_SECRET)


@dataclass(frozen=True, slots=True)
class HdlcParameters:
    """What class 23 says; lengths in octets, `gap_ms` between octets, `inactivity_s` 0: never."""

    speed: int = 5
    window: int = 1
    max_info: int = 128
    gap_ms: int = 25
    inactivity_s: int = 120
    device_address: int = 0x11


class HdlcSetup(CosemObject):
    """Class 23 version 1, IEC HDLC setup."""

    class_id = 23
    version = 1

    def __init__(self, name: LogicalName | str, parameters: HdlcParameters) -> None:
        super().__init__(name)
        window, length = unsigned(parameters.window), long_unsigned(parameters.max_info)
        self.keep(2, enum(parameters.speed), _SPEEDS, writable=True)
        self.keep(3, window, writable=True, check=_within(1, 7))
        self.keep(4, window, writable=True, check=_within(1, 7))
        self.keep(5, length, writable=True, check=_within(32, 2030))
        self.keep(6, length, writable=True, check=_within(32, 2030))
        self.keep(7, long_unsigned(parameters.gap_ms), writable=True, check=_within(20, 6000))
        self.keep(8, long_unsigned(parameters.inactivity_s), writable=True)
        self.keep(9, long_unsigned(parameters.device_address))


def _within(low: int, high: int) -> shape.Shape:
    return lambda data: low <= data.value <= high


_OBJECT = shape.structure_of(shape.LONG_UNSIGNED, shape.NAME, shape.INTEGER, shape.LONG_UNSIGNED)
_METHOD = shape.structure_of(shape.enum_of(*range(9)), shape.OCTETS, shape.ENUM)
_WINDOWS = shape.array_of(shape.structure_of(shape.DATE_TIME, shape.DATE_TIME))
_HDLC = 5


class PushSetup(CosemObject):
    """Class 40 version 0: 2 push_object_list, 3 where to and how ... 7 repetition_delay.

    Method 1 counts what was asked to be sent in `asked`; who sends it is the application process.
    """

    class_id = 40

    def __init__(
        self, name: LogicalName | str, objects: Sequence[CaptureObject], destination: bytes
    ) -> None:
        super().__init__(name)
        self.asked = 0
        pushed = array(*[one.data() for one in objects])
        method = structure(enum(_HDLC), octet_string(destination), enum(0))
        self.keep(2, pushed, shape.array_of(_OBJECT), writable=True, limit=32)
        self.keep(3, method, _METHOD, writable=True)
        self.keep(4, array(), _WINDOWS, writable=True, limit=8)
        self.keep(5, long_unsigned(0), writable=True)
        self.keep(6, unsigned(0), writable=True)
        self.keep(7, long_unsigned(0), writable=True)
        self.method(1, self._push, shape.INTEGER)

    def values(self, moment: Moment) -> Data:
        """Return what is pushed: the structure of the attributes on the list."""
        items = []
        for one in self.value(2, moment).value:
            pushed = CaptureObject.of(one)
            found = None
            if pushed is not None and self.home is not None:
                found = self.home.find(pushed.class_id, pushed.instance)
            if found is None or pushed is None or pushed.attribute not in found.attributes:
                continue
            value = found.value(pushed.attribute, moment)
            items.append(value.value[pushed.data_index - 1] if pushed.data_index else value)
        return structure(*items)

    def _push(self, _moment: Moment, _data: Data) -> ActionResult:
        self.asked += 1
        return ActionResult.SUCCESS


class TcpUdpSetup(CosemObject):
    """Class 41: 2 port, 3 IP_reference, 4 MSS, 5 connections at once, 6 inactivity_time_out."""

    class_id = 41

    def __init__(self, name: LogicalName | str, ip: LogicalName, port: int = 4059) -> None:
        super().__init__(name)
        self.keep(2, long_unsigned(port))
        self.keep(3, octet_string(ip.octets))
        self.keep(4, long_unsigned(576))
        self.keep(5, unsigned(1))
        self.keep(6, long_unsigned(180), writable=True)


class Ipv4Setup(CosemObject):
    """Class 42: 2 DL_reference, 3 IP_address ... 10 secondary_DNS_address."""

    class_id = 42

    def __init__(self, name: LogicalName | str, link: LogicalName, address: bytes) -> None:
        super().__init__(name)
        self.keep(2, octet_string(link.octets))
        own = int.from_bytes(address, "big")
        network = own & 0xFFFFFF00
        self.keep(3, double_long_unsigned(own), writable=True)
        self.keep(4, array(), shape.array_of(shape.DOUBLE_LONG_UNSIGNED), writable=True)
        self.keep(5, array())
        self.keep(6, double_long_unsigned(0xFFFFFF00), writable=True)
        self.keep(7, double_long_unsigned(network + 1), writable=True)
        self.keep(8, boolean(False), writable=True)
        self.keep(9, double_long_unsigned(network + 1), writable=True)
        self.keep(10, double_long_unsigned(0), writable=True)


class MacAddress(CosemObject):
    """Class 43: 2 MAC_address."""

    class_id = 43

    def __init__(self, name: LogicalName | str, address: bytes) -> None:
        super().__init__(name)
        self.keep(2, octet_string(address))


def pushed(class_id: int, name: str, attribute: int = 2) -> CaptureObject:
    """Return an entry of a push_object_list."""
    return CaptureObject(class_id, LogicalName.parse(name), attribute)
