"""How a broken meter falls over: what it does not survive raises, and the channel catches it."""

_BOMB = b"\x84\xff\xff\xff\xff"
_DEEP = 8


class Crash(Exception):
    """The meter is gone until it has started anew."""


def has_length_bomb(octets: bytes) -> bool:
    """Whether octets hold a length of 4294967295."""
    return _BOMB in octets


def is_nested(octets: bytes) -> bool:
    """Whether constructed BER fields of one octet of length stand deep within each other."""
    deepest = 0
    for start in range(len(octets)):
        depth, at = 0, start
        while at + 1 < len(octets) and octets[at] & 0xE0 == 0xA0 and octets[at + 1] < 0x80:
            depth, at = depth + 1, at + 2
        deepest = max(deepest, depth)
        if deepest > _DEEP:
            return True
    return False
