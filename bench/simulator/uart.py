"""What a UART makes of characters that were sent with other settings than its own.

Bits are laid on the line as the sender does and sampled in their middle as the receiver does, so
that a wrong speed gives the same kind of garbage and framing errors as on real hardware.
"""

from dataclasses import dataclass

from bench.core.line import LineSettings

_MANY = 512  # characters that are worth doing together


@dataclass(frozen=True, slots=True)
class Heard:
    """Octets that the receiver delivers, and the errors that it counted meanwhile."""

    octets: bytes
    framing: int = 0
    parity: int = 0


def hear(octets: bytes, sent: LineSettings, heard: LineSettings) -> Heard:
    """Return what a receiver set to `heard` delivers for `octets` sent back to back as `sent`.

    A receiver checks one stop bit only, as UARTs do: a second one sent or missing goes unnoticed.
    Octets with errors are delivered and counted. The line is idle before and after.
    """
    same_frame = (sent.data_bits, sent.parity) == (heard.data_bits, heard.parity)
    if sent.baud_bd == heard.baud_bd and same_frame:
        mask = (1 << sent.data_bits) - 1
        return Heard(octets if mask == 0xFF else bytes(octet & mask for octet in octets))
    if len(octets) >= _MANY:
        from bench.simulator import uart_rows  # needs NumPy, which a few characters do not

        return Heard(*uart_rows.sample(uart_rows.levels_of(octets, sent), sent.baud_bd, heard))
    return _sample(_levels(octets, sent), sent.baud_bd, heard)


def parity_bit(value: int, parity: str) -> int:
    """Return the parity bit for `value`: E, O, M (mark, 1) or S (space, 0)."""
    ones = value.bit_count() & 1
    return {"E": ones, "O": ones ^ 1, "M": 1, "S": 0}[parity]


def _levels(octets: bytes, line: LineSettings) -> list[int]:
    """Return the line level per sent bit: start 0, data from the lowest bit, parity, stop 1."""
    levels: list[int] = []
    for octet in octets:
        value = octet & ((1 << line.data_bits) - 1)
        levels.append(0)
        levels.extend(value >> bit & 1 for bit in range(line.data_bits))
        if line.parity != "N":
            levels.append(parity_bit(value, line.parity))
        levels.extend([1] * line.stop_bits)
    return levels


def _sample(levels: list[int], sent_bd: int, heard: LineSettings) -> Heard:
    # time is counted in units of 1 / (2 x both speeds), so that all instants are integers
    sent_bit, own_bit = 2 * heard.baud_bd, 2 * sent_bd
    end = len(levels) * sent_bit

    def level(at: int) -> int:
        return levels[at // sent_bit] if at < end else 1

    received = bytearray()
    framing = parity = 0
    at = 0
    while at < end:
        if level(at):  # idle or stop: go to the next sent bit, an edge cannot be elsewhere
            at = (at // sent_bit + 1) * sent_bit
            continue
        middle = at + own_bit // 2
        if level(middle):  # a glitch shorter than half a bit is no start bit
            at = middle
            continue
        value = 0
        for bit in range(heard.data_bits):
            value |= level(middle + (bit + 1) * own_bit) << bit
        bits = heard.data_bits
        if heard.parity != "N":
            bits += 1
            if level(middle + bits * own_bit) != parity_bit(value, heard.parity):
                parity += 1
        stop = middle + (bits + 1) * own_bit
        if not level(stop):
            framing += 1
            while stop < end and not level(stop):  # wait for the line to return to idle
                stop = (stop // sent_bit + 1) * sent_bit
        received.append(value)
        at = stop
    return Heard(bytes(received), framing, parity)
