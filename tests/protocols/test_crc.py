import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.protocols.crc import (
    ARC,
    X25,
    X25_GOOD,
    XMODEM,
    CrcModel,
    crc16_arc,
    crc16_table,
    crc16_x25,
)


def test_arc_has_its_check_value():
    assert crc16_arc(b"123456789") == 0xBB3D


@pytest.mark.parametrize("model", [ARC, X25, XMODEM], ids=lambda model: model.name)
def test_reference_has_the_check_value_of_every_model(model: CrcModel):
    assert crc16_table(b"123456789", model) == model.check


@given(st.binary(max_size=300))
def test_reference_and_fast_one_agree(octets: bytes):
    assert crc16_table(octets) == crc16_arc(octets)
    assert crc16_table(octets, X25) == crc16_x25(octets)


@given(st.binary(max_size=300))
def test_octets_with_their_own_check_have_the_constant_remainder(octets: bytes):
    assert crc16_x25(octets + crc16_x25(octets).to_bytes(2, "little")) == X25_GOOD


@pytest.mark.parametrize(
    ("change", "check"),
    [({"init": 0xFFFF}, 0x4B37), ({"poly": 0x1021}, 0x2189), ({"xorout": 0xFFFF}, 0x44C2)],
    ids=["CRC-16/MODBUS", "CRC-16/KERMIT", "CRC-16/MAXIM-DOW"],
)
def test_changed_parameters_give_the_check_values_of_other_models(change: dict, check: int):
    assert crc16_table(b"123456789", ARC, **change) == check


def test_reflection_is_not_symmetric():
    assert crc16_table(b"123456789", reflect=False) == 0xFEE8  # CRC-16/UMTS
