"""What a UART makes of many characters at once: the same result as `uart`, faster.

A receiver begins a character wherever the line falls after it was idle, and what it makes of it
depends on the levels that follow alone. So all falling edges are looked at together, and only which
of them begin a character is found one after the other.
"""

import numpy as np
from numpy.typing import NDArray

from bench.core.line import LineSettings

Levels = NDArray[np.uint8]
Places = NDArray[np.int64]


def levels_of(octets: bytes, line: LineSettings) -> Levels:
    """Return the line level per sent bit: start 0, data from the lowest bit, parity, stop 1."""
    values = np.frombuffer(octets, np.uint8)
    data = np.unpackbits(values[:, None], axis=1, bitorder="little")[:, : line.data_bits]
    columns = [np.zeros((len(values), 1), np.uint8), data]
    if line.parity != "N":
        columns.append(_parity(data, line.parity)[:, None])
    columns.append(np.ones((len(values), line.stop_bits), np.uint8))
    return np.hstack(columns).reshape(-1)


def sample(levels: Levels, sent_bd: int, heard: LineSettings) -> tuple[bytes, int, int]:
    """Return octets, framing errors and parity errors; the line is idle before and after."""
    # time is counted in units of 1 / (2 x both speeds), so that all instants are integers
    sent_bit, own_bit = 2 * heard.baud_bd, 2 * sent_bd
    count = len(levels)
    bits = heard.data_bits + (heard.parity != "N")
    padded = np.concatenate([levels, np.ones(1, np.uint8)])
    falls = np.flatnonzero((levels == 0) & (np.concatenate([[1], levels[:-1]]) == 1))

    def after(half_bits: int) -> Places:
        """Return which sent bit stands so many half bits of the receiver after each edge."""
        places: Places = falls + half_bits * (own_bit // 2) // sent_bit
        return np.minimum(places, count)

    middle, stop = after(1), after(2 * bits + 3)
    is_start = padded[middle] == 0
    data = np.stack([padded[after(2 * bit + 3)] for bit in range(heard.data_bits)], axis=1)
    values = np.packbits(data, axis=1, bitorder="little")[:, 0]
    good_stop = padded[stop] == 1
    wrong = np.zeros(len(falls), np.bool_)
    if heard.parity != "N":
        wrong = padded[after(2 * bits + 1)] != _parity(data, heard.parity)
    # a character ends in its stop bit; a low one is waited out, a glitch is no character
    next_fall = np.searchsorted(falls, np.where(is_start, stop, middle), side="right").tolist()
    begun, at, starts = [], 0, is_start.tolist()
    while at < len(starts):
        if starts[at]:
            begun.append(at)
        at = next_fall[at]
    framing, parity = (int(np.count_nonzero(marks[begun])) for marks in (~good_stop, wrong))
    return values[begun].tobytes(), framing, parity


def _parity(data: Levels, parity: str) -> Levels:
    """Return the parity bit of each row of data bits: E, O, M (mark, 1) or S (space, 0)."""
    if parity in "MS":
        return np.full(len(data), parity == "M", np.uint8)
    odd: Levels = (data.sum(axis=1) & 1).astype(np.uint8)
    return odd if parity == "E" else 1 - odd
