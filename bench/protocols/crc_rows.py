"""The CRC-16/X-25 register of many octet strings of one length at once, two octets at a time."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from bench.protocols.crc import X25, crc16_table

Octets = NDArray[np.uint8]


def crc16_x25_rows(rows: Octets, init: int = 0xFFFF) -> NDArray[np.uint16]:
    """Return the register after each row of `rows`, shape (n, length), before its final XOR."""
    words, single = _tables()
    columns = np.ascontiguousarray(rows.T).astype(np.uint16)
    register = np.full(len(rows), init, np.uint16)
    even = len(columns) // 2 * 2
    for at in range(0, even, 2):
        register = words[register ^ (columns[at] | columns[at + 1] << 8)]
    if even < len(columns):
        register = (register >> 8) ^ single[(register ^ columns[even]) & 0xFF]
    return register


@cache
def _tables() -> tuple[NDArray[np.uint16], NDArray[np.uint16]]:
    """Return the register's change for two octets and for one, from the reference CRC."""
    single = np.array(
        [crc16_table(bytes((octet,)), X25, init=0, xorout=0) for octet in range(256)], np.uint16
    )
    index = np.arange(1 << 16, dtype=np.uint16)
    first = single[index & 0xFF]
    second: NDArray[np.uint16] = (first >> 8) ^ single[((first & 0xFF) ^ (index >> 8)) & 0xFF]
    return second, single
