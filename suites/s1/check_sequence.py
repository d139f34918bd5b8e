"""Tells in which wrong way a device computes its check sequences, where it is no accident."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from bench.protocols.crc import X25, CrcModel, crc16_table
from bench.protocols.s1.encode import FLAG

_MODELS = (
    (X25, ""),
    (CrcModel("CRC-16/MCRF4XX", 0x1021, 0xFFFF, True, 0x0000, 0x6F91), "not inverted at its end"),
    (CrcModel("", 0x1021, 0x0000, True, 0xFFFF, 0x0000), "begun with 0000 instead of FFFF"),
    (
        CrcModel("CRC-16/KERMIT", 0x1021, 0x0000, True, 0x0000, 0x2189),
        "begun with 0000 and not inverted",
    ),
    (
        CrcModel("CRC-16/GENIBUS", 0x1021, 0xFFFF, False, 0xFFFF, 0xD64E),
        "most significant bit first",
    ),
    (CrcModel("CRC-16/CCITT-FALSE", 0x1021, 0xFFFF, False, 0x0000, 0x29B1), "not that of HDLC"),
    (CrcModel("CRC-16/XMODEM", 0x1021, 0x0000, False, 0x0000, 0x31C3), "not that of HDLC"),
    (CrcModel("CRC-16/MODBUS", 0x8005, 0xFFFF, True, 0x0000, 0x4B37), "not that of HDLC"),
    (CrcModel("CRC-16/ARC", 0x8005, 0x0000, True, 0x0000, 0xBB3D), "not that of HDLC"),
)
#: what is put before the octets between the flags, how many are left out, and in words
_SPANS = (
    (b"", 0, ""),
    (bytes((FLAG,)), 0, "taken over the opening flag too"),
    (b"", 2, "taken from the address on, without the format field"),
    (b"", 3, "taken from the control field on"),
    (b"", 4, "taken over the information alone"),
)
_TRIED = 48  # frames that a way is looked for in


@dataclass(frozen=True, slots=True)
class Way:
    """How a check sequence is made: computed by `model`, sent in an order, taken over a span.

    `value`, `order` and `span` say in words what is wrong with each; "" where nothing is.
    """

    model: CrcModel
    high_first: bool
    before: bytes
    left_out: int
    value: str = ""
    span: str = ""

    @property
    def order(self) -> str:
        """What is wrong with the order of the two octets."""
        return "sent high octet first" if self.high_first else ""

    def made(self, body: bytes) -> bool:
        """Return whether the check sequence of what is between two flags was made this way."""
        octets = self.before + body[self.left_out : -2]
        given = int.from_bytes(body[-2:], "big" if self.high_first else "little")
        return crc16_table(octets, self.model) == given

    def __str__(self) -> str:
        model = "CRC-16/X-25" if not self.value else (self.model.name or "CRC-16/X-25")
        return ", ".join(filter(None, (model, self.value, self.order, self.span)))


def _ways() -> tuple[Way, ...]:
    """Return all ways, those with the fewest mistakes first."""
    found = [
        Way(model, high_first, before, left_out, value, span)
        for (model, value), high_first, (before, left_out, span) in product(
            _MODELS, (False, True), _SPANS
        )
    ]
    return tuple(sorted(found, key=lambda way: sum(map(bool, (way.value, way.order, way.span)))))


WAYS = _ways()


def way_of(bodies: Sequence[bytes]) -> Way | None:
    """Return the wrong way in which most of these check sequences were made; None if there is none.

    `bodies` are what is between two flags, with check sequences that are not right.
    """
    step = max(1, len(bodies) // _TRIED)
    tried = [body for body in bodies[::step] if len(body) > 8][: 2 * _TRIED]
    if not tried:
        return None
    enough = len(tried) // 2 + 1
    for way in WAYS[1:]:
        if sum(way.made(body) for body in tried) >= enough:
            return way
    return None
