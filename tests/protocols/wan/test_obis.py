"""Words for objects, attributes and values; every row of the tables can be reached."""

import pytest

from bench.core.trace import Field
from bench.protocols.dlms.cosem_types import AttributeDescriptor, LogicalName, MethodDescriptor
from bench.protocols.wan.obis import describe, explained, meaning
from vectors.loader import data


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("0-0:1.0.0", "clock"),
        ("0-3:24.2.1", "M-Bus value 1"),
        ("0-0:96.3.10", "disconnect control"),
        ("0-0:96.7.21", "power failures in any phase, number"),
        ("0-0:96.7.5", "power failures"),
        ("1-0:1.8.0", "active power import, energy"),
        ("1-0:2.8.2", "active power export, energy, tariff 2"),
        ("1-0:1.8.0*1", "active power import, energy, billing period 1"),
        ("1-0:21.7.0", "active power import in L1, now"),
        ("1-0:52.7.0", "voltage in L2, now"),
        ("1-0:71.7.0", "current in L3, now"),
        ("1-0:99.1.0", "load profile 1"),
        ("1-0:200.200.0", ""),
        ("2-0:1.8.0", ""),
    ],
)
def test_meanings(code, words):
    assert meaning(LogicalName.parse(code)) == words


def test_every_object_of_the_table_is_found():
    for code, text in data("wan/obis.toml")["objects"].items():
        name = LogicalName.parse(code.replace("b", "0").replace("e", "3"))
        assert meaning(name) == text.format(b=0, e=3), code


def test_attributes_and_methods_are_named():
    clock = LogicalName.parse("0-0:1.0.0")
    assert describe(AttributeDescriptor(8, clock, 2)) == "clock, time"
    assert describe(AttributeDescriptor(8, clock, 1)) == "clock, logical_name"
    assert describe(MethodDescriptor(8, clock, 6)) == "clock, shift_time"
    assert describe(MethodDescriptor(8, clock, 0)) == "clock"
    assert (
        describe(AttributeDescriptor(3, LogicalName(9, 9, 9, 9, 9), 3)) == "register, scaler_unit"
    )
    assert describe(AttributeDescriptor(8000, LogicalName(9, 9, 9, 9, 9), 2)) == ""


@pytest.mark.parametrize(
    ("octets", "words"),
    [
        (b"\x00\x00\x01\x00\x00\xff", "0-0:1.0.0*255 clock"),
        (bytes.fromhex("07e30c100108000000ffc400"), "2019-12-16"),
        (b"MBX0000000000001", "'MBX0000000000001'"),
        (b"\x01\x02\x03\x04\x05\x06", None),
        (b"ab", None),
        (b"\x1b[2Jabc", None),
        (bytes(12), None),
    ],
)
def test_octet_strings_are_told_by_what_they_look_like(octets, words):
    (field,) = explained((Field("get-response/result", 4, 9, f"octet-string {octets.hex(' ')}"),))
    assert (words in field.text) if words else field.text == f"octet-string {octets.hex(' ')}"
