"""Writes octets; any component can be replaced with raw octets, so any wrong APDU can be built."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from bench.core.errors import UsageError

if TYPE_CHECKING:
    from bench.protocols.dlms.axdr import Codec

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Raw:
    """Octets that stand in the encoding in place of a whole component, whatever it should be."""

    octets: bytes


def raw(octets: bytes) -> Any:
    """Return octets that may be given wherever a component of a record is expected."""
    return Raw(octets)


def encode_length(length: int, octets: int = 0) -> bytes:
    """Return a length in its shortest form, or with at least `octets` octets after the first.

    `encode_length(5, 4)` is `84 00 00 00 05`: legal BER, longer than needed.
    """
    if length < 0:
        raise UsageError(f"length {length} is negative")
    if octets == 0 and length < 0x80:
        return bytes((length,))
    size = max(octets, (length.bit_length() + 7) // 8, 1)
    if size > 126:
        raise UsageError(f"a length field has at most 126 octets, not {size}")
    return bytes((0x80 | size,)) + length.to_bytes(size, "big")


class Writer:
    """Collects octets; `length_octets` forces lengths into a longer form (0: the shortest)."""

    __slots__ = ("length_octets", "octets")

    def __init__(self, length_octets: int = 0) -> None:
        self.octets = bytearray()
        self.length_octets = length_octets

    def put(self, codec: "Codec[T]", value: T) -> None:
        """Write a component, or the raw octets that replace it."""
        if isinstance(value, Raw):
            self.octets += value.octets
        else:
            codec.write(self, value)

    def integer(self, value: int, size: int, *, signed: bool = False) -> None:
        """Write a number of `size` octets; UsageError if it does not fit."""
        try:
            self.octets += value.to_bytes(size, "big", signed=signed)
        except (OverflowError, AttributeError, TypeError):
            kind = "signed" if signed else "unsigned"
            raise UsageError(
                f"{value!r} is no {kind} number of {size} octets; raw(octets) writes anything"
            ) from None

    def length(self, length: int) -> None:
        """Write a length."""
        self.octets += encode_length(length, self.length_octets)

    def content(self, octets: bytes) -> None:
        """Write octets preceded by their length."""
        self.length(len(octets))
        self.octets += octets
