import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.core.errors import UsageError
from bench.protocols.hdlc.address import Address, address_end, client, server


def test_known_addresses(known_fields):
    rows = [row for row in known_fields.values() if "address" in row]
    assert len(rows) >= 8
    for row in rows:
        octets = bytes.fromhex(row["address"])
        address = Address(octets)
        assert address.legal
        assert (address.upper, address.lower) == (
            row["decoded"]["upper"],
            row["decoded"].get("lower"),
        )
        assert server(address.upper, address.lower, len(octets)) == address


@pytest.mark.parametrize(
    ("address", "octets"),
    [
        (client(), "21"),
        (client(1), "03"),
        (server(1), "03"),
        (server(1, 17), "0223"),
        (server(1, 17, 4), "00020023"),
        (server(1, 200), "00020291"),
        (server(0x1234, 0x3FFF), "4868feff"),
        (server(0x7F, 0x7F), "feff"),
    ],
)
def test_encodings(address: Address, octets: str):
    assert address.octets.hex() == octets


@given(st.integers(0, 0x3FFF), st.integers(0, 0x3FFF))
def test_four_octets_hold_two_parts_of_14_bits(upper: int, lower: int):
    address = server(upper, lower, 4)
    assert address.legal
    assert (address.upper, address.lower) == (upper, lower)


@given(st.binary(max_size=6))
def test_legal_addresses_are_those_that_the_encoder_makes(octets: bytes):
    address = Address(octets)
    if address.legal:
        assert server(address.upper, address.lower, len(octets)) == address
    else:
        assert str(address)


@pytest.mark.parametrize("octets", ["", "00", "0202", "0303", "020303", "0002000023", "03000023"])
def test_illegal_fields(octets: str):
    assert not Address(bytes.fromhex(octets)).legal


@pytest.mark.parametrize("octets", ["ff", "feff", "02ff", "fe03", "fefefeff", "0002feff"])
def test_broadcasts(octets: str):
    assert Address(bytes.fromhex(octets)).broadcast


@pytest.mark.parametrize("octets", ["03", "0223", "00fe00ff", "fdfdfdff", ""])
def test_what_is_no_broadcast(octets: str):
    assert not Address(bytes.fromhex(octets)).broadcast


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: client(128),
        lambda: server(-1),
        lambda: server(1, 2, 1),
        lambda: server(1, None, 2),
        lambda: server(1, 2, 3),
        lambda: server(0x80, 1, 2),
        lambda: server(0x4000, 1),
    ],
)
def test_what_no_field_holds_is_refused(wrong):
    with pytest.raises(UsageError):
        wrong()


def test_the_end_is_the_first_octet_marked_last():
    assert address_end(b"\x02\x02\x23", 0, 4) == 3
    assert address_end(b"\x02\x02\x23", 0, 2) == 0
    assert address_end(b"\x02", 0, 4) == 0
