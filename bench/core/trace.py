"""What was on the wire, and what a codec says about it.

Instants are integer nanoseconds on the clock of the link that received the octets.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any


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

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values; octets in hex."""
        return {
            "number": self.number,
            "at_ns": self.at_ns,
            "until_ns": self.until_ns,
            "direction": str(self.direction),
            "offset": self.offset,
            "octets": self.octets.hex(),
            "fields": [
                {
                    "path": f.path,
                    "offset": f.offset,
                    "length": f.length,
                    "text": f.text,
                    "problem": f.problem,
                }
                for f in self.fields
            ],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Frame":
        """Return the frame that `to_json` wrote; KeyError or ValueError if it did not."""
        return cls(
            number=data["number"],
            at_ns=data["at_ns"],
            until_ns=data["until_ns"],
            octets=bytes.fromhex(data["octets"]),
            direction=Direction(data["direction"]),
            offset=data["offset"],
            fields=tuple(Field(**f) for f in data["fields"]),
        )
