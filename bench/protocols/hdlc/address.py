"""HDLC addresses of clients and servers (IEC 62056-46 §6.4.2).

Seven bits of address stand in bits 7..1 of each octet; bit 0 is 1 in the last one alone. A client
has one octet. A server has one octet (the logical device), two (logical device, physical device)
or four (the same, 14 bits each).
"""

from dataclasses import dataclass
from functools import lru_cache

from bench.core.errors import UsageError

NO_STATION = 0x00
MANAGEMENT = 0x01  # logical device, and client
CALLING = 0x7E  # physical device; 0x3FFE in four octets
ALL_STATION = 0x7F  # either part; 0x3FFF in four octets
PUBLIC_CLIENT = 0x10

_ALL = {1: 0x7F, 2: 0x7F, 4: 0x3FFF}
LEGAL_SIZES = frozenset(_ALL)


@dataclass(frozen=True, slots=True)
class Address:
    """An address field as its octets, so that also illegal ones can be told and sent."""

    octets: bytes

    @property
    def legal(self) -> bool:
        """Whether the field has 1, 2 or 4 octets, the last one alone marked as the last."""
        octets = self.octets
        return (
            len(octets) in LEGAL_SIZES
            and bool(octets[-1] & 1)
            and not any(octet & 1 for octet in octets[:-1])
        )

    @property
    def upper(self) -> int:
        """The logical device of a server, the SAP of a client; all bits if the size is illegal."""
        count = len(self.octets)
        return _bits(self.octets[: count // 2] if count in {2, 4} else self.octets)

    @property
    def lower(self) -> int | None:
        """The physical device; None for one octet and for illegal sizes."""
        count = len(self.octets)
        return _bits(self.octets[count // 2 :]) if count in {2, 4} else None

    @property
    def broadcast(self) -> bool:
        """Whether either part means all stations."""
        everybody = _ALL.get(len(self.octets))
        return everybody is not None and everybody in (self.upper, self.lower)

    def __str__(self) -> str:
        if not self.octets:
            return "none"
        lower = self.lower
        return f"{self.upper}" if lower is None else f"{self.upper}/{lower}"


def client(sap: int = PUBLIC_CLIENT) -> Address:
    """Return the address of a client; UsageError unless 0 <= sap <= 127."""
    return Address(_field(sap, 1, "client SAP"))


def server(upper: int, lower: int | None = None, size: int | None = None) -> Address:
    """Return the address of a server in `size` octets: 1, 2 or 4.

    Without a size it is the smallest that holds both parts. UsageError for what no field holds.
    """
    if size is None:
        size = 1 if lower is None else 2 if max(upper, lower) <= 0x7F else 4
    if size not in LEGAL_SIZES:
        raise UsageError(f"an HDLC server address has 1, 2 or 4 octets, not {size}")
    if size == 1:
        if lower is not None:
            raise UsageError("an HDLC server address of 1 octet has no lower part; write size 2")
        return Address(_field(upper, 1, "upper address"))
    if lower is None:
        raise UsageError(f"an HDLC server address of {size} octets needs a lower part")
    parts = (_field(upper, size // 2, "upper address"), _field(lower, size // 2, "lower address"))
    first = parts[0][:-1] + bytes([parts[0][-1] & 0xFE])
    return Address(first + parts[1])


@lru_cache(maxsize=1024)
def address_of(octets: bytes) -> Address:
    """Return the address with these octets; the same object for the same octets, mostly."""
    return Address(octets)


def address_end(octets: bytes | bytearray, start: int, limit: int) -> int:
    """Return where the address field at `start` ends, 0 if no octet before `limit` is its last."""
    for at in range(start, min(len(octets), limit)):
        if octets[at] & 1:
            return at + 1
    return 0


def _field(value: int, octets: int, name: str) -> bytes:
    highest = (1 << 7 * octets) - 1
    if not 0 <= value <= highest:
        raise UsageError(f"{name} {value} does not fit {octets} octet(s), at most {highest}")
    parts = [value >> 7 * n << 1 & 0xFE for n in reversed(range(octets))]
    parts[-1] |= 1
    return bytes(parts)


def _bits(octets: bytes) -> int:
    value = 0
    for octet in octets:
        value = value << 7 | octet >> 1
    return value
