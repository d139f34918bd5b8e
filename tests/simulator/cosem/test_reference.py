"""The reference meter: its objects, their types, and one truth with the P1 port."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from bench.protocols.dlms.data import decode_data, encode_data
from bench.protocols.dlms.data_types import Data, DataType
from bench.protocols.dlms.date_time import DateTime
from bench.protocols.p1.profile import load_profile
from bench.simulator.cosem.access import ROLES, Asker
from bench.simulator.cosem.device import LogicalDevice
from bench.simulator.cosem.reference import reference_device
from bench.simulator.metering_system import MeteringSystem
from bench.simulator.ports.p1_content import Content
from bench.simulator.presets import household

START = datetime(2026, 1, 15, 9, 7, 13, tzinfo=UTC)
LATER = 130_250_000_000


def made(preset: str = "nl", start: datetime = START, seed: int = 1) -> LogicalDevice:
    return reference_device(MeteringSystem(seed, start, household(preset, seed)))


def read(device: LogicalDevice, class_id: int, name: str, attribute: int = 2, now: int = LATER):
    found = device.find(class_id, name)
    assert found is not None, name
    asker = Asker("suite0", now, authenticated=True, encrypted=True)
    data = device.get(asker, class_id, found.logical_name, attribute)
    assert isinstance(data, Data)
    return data.to_python()


@pytest.mark.parametrize("preset", ["nl", "be", "lu", "se", "nl-one-phase", "nl-four-submeters"])
def test_every_object_can_be_read_and_encoded(preset):
    device = made(preset)
    reader = Asker("lls", LATER)
    assert len(device.objects) >= 75
    for one in device:
        for number in one.attributes:
            data = device.get(reader, one.class_id, one.logical_name, number)
            if not isinstance(data, Data):
                assert (one.class_id, number) in {(19, 7), (19, 8), (19, 9)}
                continue
            decoded = decode_data(encode_data(data))
            assert not decoded.problems
            assert decoded.value == data or data.type == DataType.ARRAY
    assert device.find(1, "0-0:42.0.0") is not None


def test_the_name_has_a_flag_id_and_sixteen_octets():
    name = read(made(), 1, "0-0:42.0.0")
    assert name[:3] == b"MBX"
    assert len(name) == 16


def test_names_are_unique_and_lists_are_what_can_be_read():
    device = made()
    keys = [(one.class_id, one.logical_name) for one in device]
    assert len(set(keys)) == len(keys)
    for association in ROLES:
        asker = Asker(association, LATER, authenticated=True, encrypted=True)
        rows = decode_data(encode_data(device.object_list(asker))).value.to_python()
        for class_id, _version, name, (attributes, methods) in rows:
            for number, mode, _selectors in attributes:
                got = device.get(asker, class_id, name, number)
                assert isinstance(got, Data) == bool(mode & 1), (association, class_id, name)
            assert all(mode in (0, 1, 5) for _number, mode in methods)


P1_REGISTERS = {
    "1-0:1.8.1": 3,
    "1-0:1.8.2": 3,
    "1-0:2.8.1": 3,
    "1-0:2.8.2": 3,
    "1-0:1.7.0": 3,
    "1-0:2.7.0": 3,
    "1-0:21.7.0": 3,
    "1-0:41.7.0": 3,
    "1-0:61.7.0": 3,
    "1-0:22.7.0": 3,
    "1-0:32.7.0": 3,
    "1-0:52.7.0": 3,
    "1-0:72.7.0": 3,
    "1-0:31.7.0": 3,
    "1-0:1.4.0": 5,
    "0-0:96.14.0": 1,
    "0-0:96.7.21": 1,
    "0-0:96.7.9": 1,
    "1-0:32.32.0": 1,
    "1-0:52.36.0": 1,
}


def shown_by_p1(device: LogicalDevice, profile: str, now: int = LATER) -> dict[str, str]:
    lines = Content(load_profile(profile), device.system).lines(device.system.at(now))
    found: dict[str, str] = {}
    for line in lines:
        obis, _, rest = line.partition("(")
        found[obis] = rest.removesuffix(")")
    return found


@pytest.mark.parametrize(("preset", "profile"), [("nl", "nl50"), ("be", "be21"), ("lu", "lu")])
@pytest.mark.parametrize("now", [0, LATER, 1_000_000_000_000])
def test_p1_and_wan_show_the_same_registers(preset, profile, now):
    device = made(preset)
    p1 = shown_by_p1(device, profile, now)
    compared = 0
    for obis, class_id in P1_REGISTERS.items():
        if obis not in p1 or device.find(class_id, obis) is None:
            continue
        text, _, unit = p1[obis].partition("*")
        value = Decimal(read(device, class_id, obis, now=now))
        if class_id != 1:
            scaler = read(device, class_id, obis, 4 if class_id == 5 else 3, now)[0]
            value = value.scaleb(scaler)
        if unit.startswith("k"):
            value /= 1000
        decimals = len(text.partition(".")[2])
        assert abs(value - Decimal(text)) <= Decimal("0.5").scaleb(-decimals), obis
        if unit.startswith("k") or not unit:
            assert value == Decimal(text), obis
        compared += 1
    assert compared >= 10


def test_p1_and_wan_show_the_same_clock_gas_and_peaks():
    device = made("be")
    p1 = shown_by_p1(device, "be21")

    def stamp(octets: bytes) -> str:
        parsed = DateTime.of(octets)
        digits = "".join(one for one in str(parsed)[2:19] if one.isdigit())
        return digits + ("S" if (parsed.status or 0) & 0x80 else "W")

    assert stamp(read(device, 8, "0-0:1.0.0")) == p1["0-0:1.0.0"]
    at, volume = p1["0-1:24.2.3"].split(")(")
    assert Decimal(read(device, 4, "0-1:24.2.1")) / 1000 == Decimal(volume.partition("*")[0])
    assert stamp(read(device, 4, "0-1:24.2.1", 5)) == at
    at, peak = p1["1-0:1.6.0"].split(")(")
    assert Decimal(read(device, 4, "1-0:1.6.0")) / 1000 == Decimal(peak.partition("*")[0])
    assert stamp(read(device, 4, "1-0:1.6.0", 5)) == at
    history = p1["0-0:98.1.0"].split(")(")[3:]
    rows = read(device, 7, "0-0:98.1.0")
    told = [(stamp(row[0]), stamp(row[-1]), Decimal(row[-2]) / 1000) for row in rows]
    shown = [
        (end, at, Decimal(peak.partition("*")[0]))
        for end, at, peak in zip(history[::3], history[1::3], history[2::3], strict=True)
    ]
    assert told == shown


def test_p1_and_wan_show_the_same_failures():
    device = made("nl")
    parts = shown_by_p1(device, "nl50")["1-0:99.97.0"].split(")(")[2:]
    shown = [int(text.partition("*")[0]) for text in parts[1::2]]
    assert [row[1] for row in read(device, 7, "1-0:99.97.0")] == shown[::-1]


def test_a_text_and_a_switched_breaker_show_on_p1():
    device = made("nl")
    asker = Asker("suite0", LATER, authenticated=True, encrypted=True)
    text = Data(DataType.OCTET_STRING, b"Hello")
    name = device.find(1, "0-0:96.13.0")
    assert name is not None
    assert not device.set(asker, 1, name.logical_name, 2, None, text)
    breaker = device.find(70, "0-0:96.3.10")
    assert breaker is not None
    zero = Data(DataType.INTEGER, 0)
    assert not device.action(asker, 70, breaker.logical_name, 1, zero)[0]
    reading = device.system.at(LATER)
    assert reading.text == b"Hello"
    assert reading.breaker == 0
    assert read(device, 70, "0-0:96.3.10", 2) is False
    assert read(device, 1, "0-0:96.11.3") == 61
    assert not device.action(asker, 70, breaker.logical_name, 2, zero)[0]
    assert read(device, 70, "0-0:96.3.10", 3) == 1
    assert len(read(device, 7, "0-0:99.98.3")) == 2


def test_a_valve_is_switched_for_all_ports():
    device = made("nl")
    asker = Asker("suite0", LATER, authenticated=True, encrypted=True)
    valve = device.find(70, "0-1:24.4.0")
    assert valve is not None
    assert not device.action(asker, 70, valve.logical_name, 1, Data(DataType.INTEGER, 0))[0]
    assert device.system.at(LATER).submeters[0].valve == 0
    assert read(device, 70, "0-1:24.4.0", 3) == 0
    assert device.system.at(LATER + 10**12).submeters[0].valve == 0


def test_a_script_that_runs_is_counted():
    device = made()
    asker = Asker("broadcast", LATER, authenticated=True, encrypted=True)
    table = device.find(9, "0-0:10.0.125")
    assert table is not None
    one = Data(DataType.LONG_UNSIGNED, 1)
    assert not device.action(asker, 9, table.logical_name, 1, one)[0]
    assert not device.action(asker, 9, table.logical_name, 1, one)[0]
    unknown = Data(DataType.LONG_UNSIGNED, 99)
    assert device.action(asker, 9, table.logical_name, 1, unknown)[0] == 4
    assert read(device, 1, "0-0:96.15.0") == 2


def test_scripts_invoke_methods_of_other_objects():
    device = made()
    asker = Asker("suite0", LATER, authenticated=True, encrypted=True)
    table = device.find(9, "0-0:10.0.106")
    assert table is not None
    off = Data(DataType.LONG_UNSIGNED, 1)
    assert not device.action(asker, 9, table.logical_name, 1, off)[0]
    assert read(device, 70, "0-0:96.3.10", 3) == 0


def test_two_devices_of_one_seed_say_the_same():
    late = START + timedelta(days=200)
    first, second = made("be", late, 7), made("be", late, 7)
    for one in first:
        for number in one.attributes:
            assert one.value(number, first.moment(LATER)) == second.find(
                one.class_id, one.logical_name
            ).value(number, second.moment(LATER))
