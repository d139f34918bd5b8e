"""Data objects of the reference meter: who it is, what counts, what has failed."""

from collections.abc import Callable

from bench.protocols.dlms.data_types import (
    Data,
    DataType,
    double_long_unsigned,
    long_unsigned,
    octet_string,
    unsigned,
)
from bench.protocols.dlms.results import DataAccessResult
from bench.simulator.cosem import shape
from bench.simulator.cosem.data import DataObject
from bench.simulator.cosem.object import CosemObject
from bench.simulator.cosem.parts import DAILY_PROFILE_STATUS, LOAD_PROFILE_STATUS, Parts
from bench.simulator.cosem.truth import Moment
from bench.simulator.metering_system import MeteringSystem
from bench.simulator.registers import QUARTER_S

_FLAG = b"MBX"
_DAYLIGHT_SAVING = 0x08  # bit of the status of a profile's row
_MAX_TEXT = 1024


def logical_device_name(system: MeteringSystem) -> bytes:
    """Return the name of the management logical device: FLAG id and 13 digits, 16 octets."""
    digits = "".join(one for one in system.household.serial if one.isdigit())[-13:]
    return _FLAG + digits.zfill(13).encode()


def identity(parts: Parts) -> list[CosemObject]:
    """Return the data objects."""
    home = parts.truth.system.household
    name = octet_string(logical_device_name(parts.truth.system))
    serial, ean = octet_string(home.serial.encode()), octet_string(home.ean.encode())
    found: list[CosemObject] = [
        DataObject("0-0:42.0.0", name, public=True),
        DataObject("0-0:96.1.0", serial, public=True),
        DataObject("0-0:96.1.1", serial),
        DataObject("0-0:96.1.2", ean),
        DataObject("1-0:0.2.0", lambda _m: octet_string(parts.firmware)),
        DataObject("1-0:0.2.8", lambda _m: octet_string(parts.signature)),
        DataObject("0-0:0.2.1", octet_string(b"MBX-P-01")),
        DataObject("1-0:0.8.0", long_unsigned(QUARTER_S)),
        DataObject("1-0:0.8.4", long_unsigned(QUARTER_S)),
        DataObject("0-0:96.14.0", lambda m: unsigned(m.reading.tariff)),
        DataObject("0-0:97.97.0", double_long_unsigned(0)),
        DataObject("0-0:97.98.0", double_long_unsigned(0), writable=True),
        DataObject("0-0:97.98.10", double_long_unsigned(0xFFFFFFFF), writable=True),
        DataObject("0-0:96.15.0", lambda _m: double_long_unsigned(parts.scripts_run)),
        DataObject("0-0:96.11.0", parts.events.code),
        DataObject("0-0:96.11.3", parts.disconnections.code),
        DataObject(LOAD_PROFILE_STATUS, _row_status),
        DataObject(DAILY_PROFILE_STATUS, _row_status),
        DataObject("0-0:96.7.21", _failures),
        DataObject("0-0:96.7.9", lambda m: long_unsigned(len(m.system.failures))),
        DataObject("0-0:96.7.19", parts.failures.duration),
        DataObject("0-0:96.13.0", _text, _write_text, shape.OCTETS, limit=_MAX_TEXT),
        DataObject("0-0:96.13.1", lambda m: octet_string(m.system.code)),
    ]
    for phase, group in enumerate((32, 52, 72)[: home.phases]):
        found.append(DataObject(f"1-0:{group}.32.0", _of_phase("sags", phase)))
        found.append(DataObject(f"1-0:{group}.36.0", _of_phase("swells", phase)))
    return found


def _row_status(moment: Moment) -> Data:
    summer = moment.reading.summer
    status = _DAYLIGHT_SAVING if summer else 0
    return Data(DataType.UNSIGNED, status)


def _failures(moment: Moment) -> Data:
    return long_unsigned(moment.system.short_failures + len(moment.system.failures))


def _text(moment: Moment) -> Data:
    return octet_string(moment.system.text)


def _write_text(moment: Moment, data: Data) -> DataAccessResult:
    """Show a text to the consumer: P1 sends it from its next telegram on."""
    moment.system.text = data.value
    return DataAccessResult.SUCCESS


def _of_phase(name: str, phase: int) -> Callable[[Moment], Data]:
    def read(moment: Moment) -> Data:
        counts = moment.system.sags if name == "sags" else moment.system.swells
        return long_unsigned(counts[phase])

    return read
