"""What was on the wire, and what a codec says about it.

Instants are integer nanoseconds on the clock of the link that received the octets.
"""

from dataclasses import dataclass, replace
from enum import StrEnum


class Direction(StrEnum):
    """Seen from the bench."""

    RECEIVED = "received"
    SENT = "sent"


@dataclass(frozen=True, slots=True)
class Chunk:
    """Octets as one read returned them; `at_ns` is the arrival of the last one."""

    at_ns: int
    octets: bytes
    direction: Direction = Direction.RECEIVED


@dataclass(frozen=True, slots=True)
class Problem:
    """One deviation that a codec found.

    `offset` counts octets from the start of what was decoded; `line` counts from 1 where the
    protocol has lines; `clause` is "standard:clause" where one is deviated from. `code` groups
    problems of one nature, so that a case can pick those that it judges.
    """

    offset: int
    message: str
    code: str = ""
    clause: str = ""
    line: int | None = None
    length: int = 1

    def shifted(self, octets: int) -> "Problem":
        """Return the same problem in a frame of reference that starts `octets` earlier."""
        return replace(self, offset=self.offset + octets)


@dataclass(frozen=True, slots=True)
class Field:
    """One annotated stretch of a frame: where it is, what it is, what it says."""

    path: str
    offset: int
    length: int
    text: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Frame:
    """One protocol unit put together from chunks, kept with its octets.

    `number` counts from 1 within its observation; `offset` is the position of its first octet
    in the received stream; `at_ns`/`until_ns` are the arrivals of its first and last octet.
    """

    number: int
    at_ns: int
    until_ns: int
    octets: bytes
    direction: Direction = Direction.RECEIVED
    offset: int = 0
    fields: tuple[Field, ...] = ()
