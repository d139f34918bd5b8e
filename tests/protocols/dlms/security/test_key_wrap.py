"""Key wrap: RFC 3394, and what is refused."""

import pytest

from bench.core.errors import UsageError
from bench.protocols.dlms.security.key_wrap import ADDED_OCTETS, unwrap_key, wrap_key

# RFC 3394, sections 4.1 and 4.6.
MASTER_128 = bytes.fromhex("000102030405060708090A0B0C0D0E0F")
KEY_128 = bytes.fromhex("00112233445566778899AABBCCDDEEFF")
WRAPPED_128 = bytes.fromhex("1FA68B0A8112B447AEF34BD8FB5A7B829D3E862371D2CFE5")
MASTER_256 = bytes(range(32))
KEY_256 = KEY_128 + MASTER_128
WRAPPED_256 = bytes.fromhex(
    "28C9F404C4B810F4CBCCB35CFB87F8263F5786E2D80ED326CBC7F0E71A99F43BFB988B9B7A02DD21"
)


@pytest.mark.parametrize(
    ("master", "key", "wrapped"),
    [(MASTER_128, KEY_128, WRAPPED_128), (MASTER_256, KEY_256, WRAPPED_256)],
)
def test_rfc_3394(master, key, wrapped):
    assert wrap_key(master, key) == wrapped
    assert unwrap_key(master, wrapped) == key
    assert len(wrapped) == len(key) + ADDED_OCTETS


def test_every_bit_counts():
    for bit in range(8 * len(WRAPPED_128)):
        damaged = bytearray(WRAPPED_128)
        damaged[bit // 8] ^= 1 << bit % 8
        assert unwrap_key(MASTER_128, bytes(damaged)) is None


def test_another_master_key_and_other_lengths_unwrap_nothing():
    assert unwrap_key(MASTER_128[::-1], WRAPPED_128) is None
    for length in range(80):
        assert unwrap_key(MASTER_128, bytes(length)) is None
        assert unwrap_key(bytes(length), WRAPPED_128) is None or length == 16
    for length in range(len(WRAPPED_128)):
        assert unwrap_key(MASTER_128, WRAPPED_128[:length]) is None
    assert unwrap_key(MASTER_128, WRAPPED_128 + bytes(8)) is None


@pytest.mark.parametrize("length", [0, 8, 15, 17, 25])
def test_keys_that_cannot_be_wrapped(length):
    with pytest.raises(UsageError, match=f"a key of {length} octets"):
        wrap_key(MASTER_128, bytes(length))


@pytest.mark.parametrize("length", [0, 8, 15, 17, 24, 33])
def test_master_keys_that_cannot_be(length):
    with pytest.raises(UsageError, match="master key"):
        wrap_key(bytes(length), KEY_128)
