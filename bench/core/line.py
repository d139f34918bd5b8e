"""The character format of an asynchronous line, and what a UART counts on it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class LineSettings:
    """Speed and character format of an asynchronous line."""

    baud_bd: int = 115200
    data_bits: int = 8
    parity: str = "N"
    stop_bits: int = 1

    def __str__(self) -> str:
        return f"{self.baud_bd} {self.data_bits}{self.parity}{self.stop_bits}"

    @property
    def character_ns(self) -> float:
        """Nanoseconds that one character takes, start and stop bits included."""
        bits = 1 + self.data_bits + (self.parity != "N") + self.stop_bits
        return bits * 1e9 / self.baud_bd


@dataclass(frozen=True, slots=True)
class LineErrors:
    """Errors that a UART counted since the link was opened."""

    framing: int = 0
    parity: int = 0
    overrun: int = 0


@dataclass(frozen=True, eq=False)
class LineTimes:
    """What a capture of the edges on a line tells of consecutive characters; instants in ns.

    `starts_ns` are the beginnings of their start bits, shape (n,); `bit_ns` is the width of a bit.
    `sampled_ns` are the instants at which the samples were due that the frame of each character
    carries, shape (n,); None where nobody knows them.
    """

    starts_ns: "NDArray[np.int64]"
    bit_ns: float
    sampled_ns: "NDArray[np.int64] | None" = None
