"""What came back: one APDU or none (`Reply`), and what a whole service call came to (`Answer`).

Whatever the device does is a value here, never an exception: silence, a closed connection, a
refused link, octets that are no APDU, blocks without end.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from bench.core.check import Place
from bench.core.clock import SECOND
from bench.core.measurement import Measurement
from bench.core.trace import Problem
from bench.protocols.dlms.apdu import decode_apdu
from bench.protocols.dlms.ciphered import SecurityControl
from bench.protocols.dlms.data_types import Data
from bench.protocols.dlms.decoded import Decoded
from bench.protocols.dlms.exception_response import ExceptionResponse
from suites.wan_dlms.words import action_result, data_access_result, in_words


class Ending(StrEnum):
    """How the wait for an answer ended."""

    ANSWER = "answer"
    NOTHING_ASKED = "nothing asked"  # sent without waiting for an answer
    SILENCE = "silence"  # nothing came within the limit
    GARBAGE = "garbage"  # something came, and no unit of the link layer was in it
    CLOSED = "closed"  # the device closed the connection, or did not take it
    DOWN = "down"  # HDLC: DM; the link is not, or no longer, connected
    REJECTED = "rejected"  # HDLC: FRMR
    ENDLESS = "endless"  # more octets than any answer has, or octets that drip without end


@dataclass(frozen=True, slots=True)
class Part:
    """`length` octets of an APDU from its octet `start` on stand in a frame at octet `at`."""

    frame: int
    at: int
    start: int
    length: int


@dataclass(frozen=True, slots=True)
class Unprotected:
    """What deciphering a protected APDU found; `authentic` is None where no tag was sent.

    `problem` says why there is no plain text, "" if there is one.
    """

    apdu_tag: int
    control: SecurityControl | None
    counter: int | None
    title: bytes | None
    authentic: bool | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came after one APDU was sent: `octets` as they were on the link, if an APDU came.

    `plain` are the octets after deciphering (`octets` themselves where nothing was protected), and
    `decoded` what they say. `link_problems` are those of the frames or headers that carried it.
    `sent` is the number of the last frame sent, 0 if none was. Instants are on the link's clock;
    `first_ns` and `until_ns` are the arrivals of the first and the last octet.
    """

    ending: Ending
    octets: bytes = b""
    plain: bytes = b""
    decoded: Decoded[Any] | None = None
    protection: Unprotected | None = None
    parts: tuple[Part, ...] = ()
    link_problems: tuple[Problem, ...] = ()
    sent: int = 0
    sent_ns: int = 0
    first_ns: int = 0
    until_ns: int = 0
    uncertainty_s: float = 0.0
    note: str = ""

    @classmethod
    def of(cls, octets: bytes, **rest: Any) -> "Reply":
        """Return the reply that these octets of an APDU are."""
        return cls(Ending.ANSWER, octets, octets, decode_apdu(octets), **rest)

    def deciphered(self, plain: bytes | None, how: Unprotected) -> "Reply":
        """Return the same reply with its plain text; without one it has no record."""
        if plain is None:
            return replace(self, plain=b"", decoded=None, protection=how)
        return replace(self, plain=plain, decoded=decode_apdu(plain), protection=how)

    @property
    def came(self) -> bool:
        """Whether an APDU came, whatever it is."""
        return self.ending is Ending.ANSWER

    @property
    def silent(self) -> bool:
        """Whether nothing at all came."""
        return self.ending is Ending.SILENCE

    @property
    def closed(self) -> bool:
        """Whether the device ended the connection or the data link."""
        return self.ending in (Ending.CLOSED, Ending.DOWN)

    @property
    def record(self) -> Any:
        """The decoded APDU: a record of bench.protocols.dlms, None if no APDU could be read."""
        return self.decoded.value if self.decoded is not None else None

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The problems of the APDU and of what carried it."""
        return (*self.link_problems, *(self.decoded.problems if self.decoded else ()))

    @property
    def exception(self) -> ExceptionResponse | None:
        """The ExceptionResponse, if that is what came."""
        return self.record if isinstance(self.record, ExceptionResponse) else None

    @property
    def frame(self) -> int:
        """The number of the frame to point at: the first one of the answer, else the request's."""
        return self.parts[0].frame if self.parts else self.sent

    def place(self, offset: int = 0, length: int = 1) -> Place | None:
        """Return where octet `offset` of the APDU stands in the evidence; None if nowhere."""
        for part in self.parts:
            if part.start <= offset < part.start + max(part.length, 1):
                return Place(part.frame, part.at + offset - part.start, length)
        return Place(self.frame) if self.frame else None

    @property
    def response_s(self) -> float:
        """Seconds from the last octet sent to the first of the answer."""
        return (self.first_ns - self.sent_ns) / SECOND

    @property
    def elapsed_s(self) -> float:
        """Seconds from the last octet sent to the last of the answer, or the end of waiting."""
        return (self.until_ns - self.sent_ns) / SECOND

    def response_time(self) -> Measurement:
        """Return the response time with its uncertainty: two time stamps."""
        return Measurement(self.response_s, self.uncertainty_s * 2**0.5, "s")

    def __str__(self) -> str:
        if self.ending is Ending.SILENCE:
            return f"no answer within {self.elapsed_s:.3g} s"
        if not self.came:
            words = {
                Ending.NOTHING_ASKED: "nothing was waited for",
                Ending.GARBAGE: "octets that are no frame",
                Ending.CLOSED: "the connection was closed",
                Ending.DOWN: "the link is down (DM)",
                Ending.REJECTED: "the frame was rejected (FRMR)",
                Ending.ENDLESS: "octets without end",
            }
            return f"{words[self.ending]}{f': {self.note}' if self.note else ''}"
        if self.protection is not None and self.protection.problem:
            return f"a protected APDU that does not open: {self.protection.problem}"
        shown = in_words(self.record, self.plain)
        codes = f"; {self.problems[0].message}" if self.problems else ""
        return f"{shown}{codes}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service call came to; `replies` are all that came for it, in order, never empty.

    `result` is the data-access-result or action-result (0: success), None if none came. `data` is
    what was read or returned. With a list, `results` holds each one's own result and data.
    `fault` says why the call could not be followed to its end ("" if it was): no answer, an
    exception, an answer to another service, a wrong block number, blocks without end.
    """

    replies: tuple[Reply, ...]
    result: int | None = None
    data: Data | None = None
    results: tuple["ItemResult", ...] = ()
    fault: str = ""
    action: bool = False  # whether `result` is an action-result
    problems_of_whole: tuple[Problem, ...] = ()  # of what joined blocks make

    @property
    def last(self) -> Reply:
        """What came last."""
        return self.replies[-1]

    @property
    def ok(self) -> bool:
        """Whether the service was done: followed to its end with success (each one of a list)."""
        if self.fault:
            return False
        if self.results:
            return all(item.result == 0 for item in self.results)
        return self.result == 0

    @property
    def value(self) -> Any:
        """The bare Python value of the data, None without data."""
        return None if self.data is None else self.data.to_python()

    @property
    def silent(self) -> bool:
        """Whether nothing came."""
        return self.last.silent

    @property
    def closed(self) -> bool:
        """Whether the device ended the connection or the data link instead of answering."""
        return self.last.closed

    @property
    def exception(self) -> ExceptionResponse | None:
        """The ExceptionResponse that ended the call, if one did."""
        return self.last.exception

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Every problem of every APDU of the call."""
        return (*(p for reply in self.replies for p in reply.problems), *self.problems_of_whole)

    @property
    def frame(self) -> int:
        """The number of the frame to point at."""
        return self.last.frame

    def place(self, offset: int = 0, length: int = 1) -> Place | None:
        """Return where octet `offset` of the last APDU stands in the evidence."""
        return self.last.place(offset, length)

    @property
    def blocks(self) -> int:
        """How many APDUs came."""
        return sum(reply.came for reply in self.replies)

    def __str__(self) -> str:
        if self.fault:
            return self.fault
        if self.results:
            return "; ".join(map(str, self.results))
        if self.result:
            return action_result(self.result) if self.action else data_access_result(self.result)
        return "success" if self.data is None else str(self.data)


@dataclass(frozen=True, slots=True)
class ItemResult:
    """One result of a call with several: 0 is success, `data` is what was read or returned."""

    result: int
    data: Data | None = None
    action: bool = False

    def __str__(self) -> str:
        if self.result:
            return action_result(self.result) if self.action else data_access_result(self.result)
        return "success" if self.data is None else str(self.data)


def slowest(replies: Sequence[Reply]) -> Reply | None:
    """Return the answer that took longest to begin, None if none came."""
    return max((r for r in replies if r.came), key=lambda r: r.response_s, default=None)
