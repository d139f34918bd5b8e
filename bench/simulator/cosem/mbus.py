"""Class 72, M-Bus client: what the meter knows of a sub-meter on its bus (version 1)."""

from bench.protocols.dlms.cosem_types import LogicalName
from bench.protocols.dlms.data_types import (
    Data,
    array,
    double_long_unsigned,
    enum,
    long_unsigned,
    octet_string,
    unsigned,
)
from bench.protocols.dlms.results import ActionResult
from bench.simulator.cosem import shape
from bench.simulator.cosem.object import CosemObject
from bench.simulator.cosem.truth import Moment
from bench.simulator.household import Medium, SubMeter

_DEVICE_TYPES = {Medium.ELECTRICITY: 2, Medium.GAS: 3, Medium.HEAT: 4, Medium.WATER: 7}
_MANUFACTURER = "MBX"
_KEY_IN_USE = 4


def manufacturer_id(letters: str) -> int:
    """Return the number of a manufacturer of three letters (EN 13757-3)."""
    first, second, third = (ord(letter) - 64 for letter in letters)
    return (first * 32 + second) * 32 + third


def identification(serial: str) -> int:
    """Return the last eight digits of a serial number as packed BCD."""
    digits = "".join(one for one in serial if one.isdigit())[-8:]
    return int(digits or "0", 16)


class MBusClient(CosemObject):
    """One M-Bus channel: identity of the sub-meter, status, key. Installing is not served."""

    class_id = 72
    version = 1

    def __init__(self, name: LogicalName | str, port: LogicalName, sub: SubMeter) -> None:
        super().__init__(name)
        self.keep(2, octet_string(port.octets))
        self.keep(3, array())
        self.keep(4, double_long_unsigned(sub.capture_s))
        self.keep(5, unsigned(sub.channel))
        self.keep(6, double_long_unsigned(identification(sub.serial)))
        self.keep(7, long_unsigned(manufacturer_id(_MANUFACTURER)))
        self.keep(8, unsigned(0x50))
        self.keep(9, unsigned(_DEVICE_TYPES[sub.medium]))
        self.read(10, self._access_number)
        self.keep(11, unsigned(0))
        self.keep(12, unsigned(0))
        self.keep(13, long_unsigned(0))
        self.keep(14, enum(_KEY_IN_USE))
        self.method(3, _nothing_to_do, shape.INTEGER)
        self.method(4, _nothing_to_do, shape.INTEGER)

    def _access_number(self, moment: Moment) -> Data:
        """Return how often the sub-meter was read, modulo 256."""
        period_s = self.attributes[4].read(moment).value
        return unsigned(moment.unix_s // period_s % 256)


def _nothing_to_do(_moment: Moment, _data: Data) -> ActionResult:
    return ActionResult.SUCCESS
