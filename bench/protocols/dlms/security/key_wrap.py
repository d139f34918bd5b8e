"""AES key wrap: how keys travel under the master key (RFC 3394, IEC 62056-5-3 §5.3.3.8)."""

from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from bench.core.errors import UsageError

_MASTER_OCTETS = (16, 32)
ADDED_OCTETS = 8
"""A wrapped key is so many octets longer than the key."""


def wrap_key(master: bytes, key: bytes) -> bytes:
    """Return `key` wrapped; UsageError for a master key or a key of impossible length."""
    if len(master) not in _MASTER_OCTETS:
        raise UsageError(f"a master key has 16 or 32 octets, not {len(master)}")
    if len(key) < 16 or len(key) % 8:
        raise UsageError(f"a key of {len(key)} octets cannot be wrapped: 16, 24, 32, ... can")
    return aes_key_wrap(master, key)


def unwrap_key(master: bytes, wrapped: bytes) -> bytes | None:
    """Return the key; None if it was wrapped with another master key or is damaged. Never raises.

    The length of the key is not judged: `SecuritySuite.key_octets` tells what the suite needs.
    """
    if len(master) not in _MASTER_OCTETS:
        return None
    try:
        return aes_key_unwrap(master, wrapped)
    except InvalidUnwrap:
        return None
