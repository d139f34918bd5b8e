"""A value that comes in blocks: put together in the right order, and no longer than allowed."""

from typing import Generic, TypeVar

from bench.protocols.dlms.block import DataBlock
from bench.protocols.dlms.results import Invocation

T = TypeVar("T")


class Incoming(Generic[T]):
    """Blocks of one SET or ACTION request; `target` is what the joined octets are for."""

    __slots__ = ("_longest", "expected", "invocation", "octets", "target")

    def __init__(self, target: T, invocation: Invocation, longest: int) -> None:
        self.target = target
        self.invocation = invocation
        self.octets = bytearray()
        self.expected = 1
        self._longest = longest

    def fits(self, block: DataBlock) -> bool:
        """Whether a block does not make the value longer than the meter takes."""
        return len(self.octets) + len(block.octets) <= self._longest

    def take(self, block: DataBlock) -> None:
        """Append a block."""
        self.octets += block.octets
        self.expected = block.number + 1
