"""Where the way of a P1 telegram, from the household to the wire, can be altered."""

from dataclasses import dataclass
from enum import StrEnum


class Stage(StrEnum):
    """Where the pipeline can be altered, and what the change receives and returns.

    The index that a change receives is that of the telegram, counted from 0, where nothing else
    is said.
    """

    HOUSEHOLD = "household"  # Household -> Household; once, with index 0
    START = "start"  # datetime | str -> the same: when time begins; once, with index 0
    LINE = "line"  # LineSettings -> LineSettings | None; once, with index 0
    READING = "reading"  # Reading -> Reading: the truth, before its lines are written
    HEADER = "header"  # str -> str: the first line with its '/', without its end
    LINES = "lines"  # tuple[str, ...] -> Sequence[str]: the data lines without their ends
    BODY = "body"  # bytes -> bytes: '/' up to and including '!', before the CRC is computed
    DIGITS = "digits"  # Sealing -> bytes: the CRC digits
    WIRE = "wire"  # bytes -> bytes: the sealed telegram and what follows it
    ENCRYPTED = "encrypted"  # bool -> bool: whether frames are sent; once, with index 0
    COUNTER = "counter"  # int -> int: the frame counter of this telegram
    ENVELOPE = "envelope"  # Envelope -> Envelope | bytes: what the frame is made of, or is
    FIRST = "first"  # bytes -> bytes: the wire octets of the first telegram after a request
    BURSTS = "bursts"  # bytes -> Sequence[int]: the wire octets -> how many arrive together
    CHARACTER = "character"  # float -> float: ns per character on the wire
    INTERVAL = "interval"  # int -> int: ns from this telegram's start to the next one's
    LATENCY = "latency"  # int -> int: ns from the request to the first start bit
    RELEASE = "release"  # str -> str: "stop" | "finish" | "one-more" | "ignore"
    TOGGLES = "toggles"  # int -> str: what the n-th edge (from 1) of the request does besides:
    #   "ok" | "hang" | "count-failure"; an edge is a change of the line, the index is n as well
    BOOT = "boot"  # int -> int: ns from when supply is back to when it can send; index 0
    DEACTIVATED = "deactivated"  # None -> Sequence[str] | None: lines sent while deactivated
    REACTIVATED = "reactivated"  # tuple[str, ...] -> Sequence[str]: the lines once activated again
    S1 = "s1"  # bool -> bool: whether S1 sends while deactivated; index 0
    SUPPLY = "supply"  # Callable[[float | None], Supply] -> the same; index 0


@dataclass(frozen=True, slots=True)
class Sealing:
    """What the digits are computed from: this body, the previous telegram's, the right digits."""

    body: bytes
    previous: bytes
    digits: bytes
