"""What the reference meter tells of its sub-meters: identity, last reading, valve, hourly profile.

Those that are linked when the simulation starts have their objects; one that takes a channel later
shows in the readings of the channel.
"""

from bench.protocols.dlms.data_types import Data, double_long_unsigned, octet_string
from bench.simulator.cosem import times
from bench.simulator.cosem.data import DataObject
from bench.simulator.cosem.disconnect import DisconnectControl, Show, Switch
from bench.simulator.cosem.mbus import MBusClient
from bench.simulator.cosem.object import CosemObject, Reader
from bench.simulator.cosem.parts import LOAD_PROFILE_STATUS, MBUS_PORT, Parts
from bench.simulator.cosem.profile import ProfileGeneric, column
from bench.simulator.cosem.register import ExtendedRegister
from bench.simulator.cosem.slots import Slots
from bench.simulator.cosem.truth import Moment
from bench.simulator.household import Contact, Medium, SubMeter
from bench.simulator.registers import Capture

_CUBIC_METRE, _JOULE, _WATT_HOUR = 13, 25, 30
_SCALES = {
    Medium.ELECTRICITY: (0, _WATT_HOUR),  # mWh / 1000
    Medium.HEAT: (6, _JOULE),  # kJ / 1000
}
_LITRES = (-3, _CUBIC_METRE)  # ml / 1000


def submeters(parts: Parts) -> list[CosemObject]:
    """Return the objects of all sub-meters."""
    found: list[CosemObject] = []
    for sub in parts.truth.system.household.submeters:
        found += _of(parts, sub)
    return found


def _of(parts: Parts, sub: SubMeter) -> list[CosemObject]:
    channel = sub.channel
    scaler, unit = _SCALES.get(sub.medium, _LITRES)
    value = f"0-{channel}:24.2.1"
    columns = (
        column(8, "0-0:1.0.0"),
        column(1, str(LOAD_PROFILE_STATUS)),
        column(4, value),
        column(4, value, 5),
    )
    found: list[CosemObject] = [
        MBusClient(f"0-{channel}:24.1.0", MBUS_PORT, sub),
        ExtendedRegister(value, _volume(channel), scaler, unit, _captured(channel)),
        DataObject(f"0-{channel}:96.1.0", _serial(channel)),
        ProfileGeneric(
            f"0-{channel}:24.3.0",
            parts.truth,
            columns,
            capacity=72,
            slots=Slots.HOURS,
            past=parts.past,
            remembered=24,
            status=LOAD_PROFILE_STATUS,
        ),
    ]
    if sub.valve is not None:
        found.append(DisconnectControl(f"0-{channel}:24.4.0", _valve(channel), _switch(channel)))
    return found


def _capture(moment: Moment, channel: int) -> Capture | None:
    sub = moment.reading.submeter(channel)
    if sub is None or not sub.answers:
        return None
    return moment.reading.capture(channel, sub.capture_s)


def _volume(channel: int) -> Reader:
    def read(moment: Moment) -> Data:
        capture = _capture(moment, channel)
        return double_long_unsigned(0 if capture is None else capture.ml // 1000 % (1 << 32))

    return read


def _captured(channel: int) -> Reader:
    def read(moment: Moment) -> Data:
        capture = _capture(moment, channel)
        if capture is None:
            return octet_string(times.OPEN)
        return times.stamp(moment.system, capture.at_s)

    return read


def _serial(channel: int) -> Reader:
    def read(moment: Moment) -> Data:
        sub = moment.reading.submeter(channel)
        return octet_string(b"" if sub is None else sub.serial.encode())

    return read


def _valve(channel: int) -> Show:
    def show(moment: Moment) -> Contact:
        sub = moment.truth.system.at(moment.now).submeter(channel)
        return Contact.DISCONNECTED if sub is None or sub.valve is None else sub.valve

    return show


def _switch(channel: int) -> Switch:
    def switch(moment: Moment, contact: Contact) -> None:
        moment.system.switch_valve(channel, contact)

    return switch
