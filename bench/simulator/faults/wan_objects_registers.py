"""Deviations of registers, and of the times at which values were captured: DLMS-OBJ-15 and 16."""

from datetime import UTC, datetime

from bench.protocols.dlms.data_types import (
    Data,
    double_long_unsigned,
    integer,
    structure,
    visible_string,
)
from bench.simulator.faults.fault import Fault, Variation
from bench.simulator.faults.wan_edit import wan_fault, wan_variation
from bench.simulator.faults.wan_objects_edit import element, octets_at, shows

_DATE_TIME = "IEC-62056-6-2:4.1.6"
_REGISTER = "IEC-62056-6-2:4.3.2"
_EXTENDED = "IEC-62056-6-2:4.3.3"
_DEMAND = "IEC-62056-6-2:4.3.4"
_ENERGY, _VOLTAGE, _PEAK, _AVERAGE = "1-0:1.8.0", "1-0:32.7.0", "1-0:1.6.0", "1-0:1.4.0"


def _ahead(data: Data) -> Data:
    year = datetime.now(UTC).year + 50
    return octets_at(data, slice(0, 5), year.to_bytes(2, "big") + b"\x01\x01\xff")


FAULTS: tuple[Fault, ...] = (
    wan_fault(
        "scaler-missing",
        "writes scaler_unit with the unit alone",
        _REGISTER,
        ("DLMS-OBJ-15:form",),
        also=("DLMS-OBJ-07:types",),  # it is a wrong type
    ),
    wan_fault(
        "unit-0",
        "writes unit 0 for all registers",
        _REGISTER,
        ("DLMS-OBJ-15:unit",),
    ),
    wan_fault(
        "scaler-odd",
        "scales a power factor by ten to the minus thirteen",
        _REGISTER,
        ("DLMS-OBJ-15:scaler",),
        shows(3, "1-0:13.7.0", 3, element(1, lambda _: integer(-13))),
    ),
    wan_fault(
        "scaler-absurd",
        "shows a voltage in millions of volts",
        _REGISTER,
        ("DLMS-OBJ-15:plausible",),
        shows(3, _VOLTAGE, 3, element(1, lambda _: integer(6))),
    ),
    wan_fault(
        "register-text",
        "writes an energy as text",
        _REGISTER,
        ("DLMS-OBJ-15:number",),
        shows(3, _ENERGY, 2, lambda data: visible_string(str(data.value))),
    ),
    wan_fault(
        "capture-time-garbage",
        "captures its peak on the last day of a thirteenth month",
        _EXTENDED,
        ("DLMS-OBJ-16:date-time",),
        shows(4, _PEAK, 5, lambda data: octets_at(data, slice(2, 4), b"\x0d\x1f")),
    ),
    wan_fault(
        "capture-time-ahead",
        "captures its peak in the future",
        _EXTENDED,
        ("DLMS-OBJ-16:past",),
        shows(4, _PEAK, 5, _ahead),
    ),
    wan_fault(
        "demand-period-0",
        "averages over 0 s",
        _DEMAND,
        ("DLMS-OBJ-16:period",),
        shows(5, _AVERAGE, 8, lambda _: double_long_unsigned(0)),
    ),
)

VARIATIONS: tuple[Variation, ...] = (
    wan_variation(
        "clock-status-open",
        "leaves the clock status of captured values open",
        _DATE_TIME,
        shows(4, "", 5, lambda data: octets_at(data, slice(11, 12), b"\xff")),
        shows(5, "", 6, lambda data: octets_at(data, slice(11, 12), b"\xff")),
    ),
    wan_variation(
        "other-units",
        "counts pulses of no unit, and writes a peak with scaler 12 and value 0",
        _REGISTER,
        shows(3, "1-0:13.7.0", 3, lambda data: structure(data.value[0], Data(22, 254))),
    ),
)
