"""An answer that goes out in blocks: what was encoded once, cut as the client asks for it."""

from bench.protocols.dlms.results import Invocation


class Outgoing:
    """The encoded answer; `number` is that of the block that was taken last, 0 before the first."""

    __slots__ = ("_at", "invocation", "number", "octets")

    def __init__(self, invocation: Invocation, octets: bytes) -> None:
        self.invocation = invocation
        self.octets = octets
        self.number = 0
        self._at = 0

    def take(self, size: int) -> tuple[bytes, bool]:
        """Return the next block of at most `size` octets, and whether it is the last one."""
        part = self.octets[self._at : self._at + size]
        self._at += len(part)
        self.number += 1
        return part, self._at >= len(self.octets)
