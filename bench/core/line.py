"""The character format of an asynchronous line, and what a UART counts on it."""

from dataclasses import dataclass


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
