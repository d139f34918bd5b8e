"""Result codes of the services and the invoke octets that match answers to requests."""

from dataclasses import dataclass
from enum import IntEnum

from bench.core.errors import UsageError
from bench.protocols.dlms.axdr import Choice, Codec, Enumerated
from bench.protocols.dlms.data import DATA
from bench.protocols.dlms.data_types import Data
from bench.protocols.dlms.reader import Reader
from bench.protocols.dlms.writer import Writer


class DataAccessResult(IntEnum):
    """Why an attribute was not read or written (Data-Access-Result)."""

    SUCCESS = 0
    HARDWARE_FAULT = 1
    TEMPORARY_FAILURE = 2
    READ_WRITE_DENIED = 3
    OBJECT_UNDEFINED = 4
    OBJECT_CLASS_INCONSISTENT = 9
    OBJECT_UNAVAILABLE = 11
    TYPE_UNMATCHED = 12
    SCOPE_OF_ACCESS_VIOLATED = 13
    DATA_BLOCK_UNAVAILABLE = 14
    LONG_GET_ABORTED = 15
    NO_LONG_GET_IN_PROGRESS = 16
    LONG_SET_ABORTED = 17
    NO_LONG_SET_IN_PROGRESS = 18
    DATA_BLOCK_NUMBER_INVALID = 19
    OTHER_REASON = 250


class ActionResult(IntEnum):
    """How the invocation of a method ended (Action-Result)."""

    SUCCESS = 0
    HARDWARE_FAULT = 1
    TEMPORARY_FAILURE = 2
    READ_WRITE_DENIED = 3
    OBJECT_UNDEFINED = 4
    OBJECT_CLASS_INCONSISTENT = 9
    OBJECT_UNAVAILABLE = 11
    TYPE_UNMATCHED = 12
    SCOPE_OF_ACCESS_VIOLATED = 13
    DATA_BLOCK_UNAVAILABLE = 14
    LONG_ACTION_ABORTED = 15
    NO_LONG_ACTION_IN_PROGRESS = 16
    OTHER_REASON = 250


@dataclass(frozen=True, slots=True)
class Invocation:
    """The Invoke-Id-And-Priority octet; `reserved` are bits 4 and 5, which are to be 0."""

    invoke_id: int = 1
    confirmed: bool = True
    high_priority: bool = True
    reserved: int = 0

    @property
    def octet(self) -> int:
        """The octet; UsageError if the invoke id has more than four bits."""
        if not 0 <= self.invoke_id <= 15 or not 0 <= self.reserved <= 3:
            raise UsageError(f"invoke id {self.invoke_id} is not 0 to 15")
        flags = self.high_priority << 7 | self.confirmed << 6
        return flags | self.reserved << 4 | self.invoke_id

    def __str__(self) -> str:
        service = "confirmed" if self.confirmed else "unconfirmed"
        return f"{self.invoke_id} {service} {'high' if self.high_priority else 'normal'} priority"


INVOCATIONS = tuple(
    Invocation(octet & 0x0F, bool(octet & 0x40), bool(octet & 0x80), octet >> 4 & 3)
    for octet in range(256)
)
"""The invocation of each octet."""


class InvocationCodec(Codec[Invocation]):
    """One octet; reserved bits that are set are the problem `reserved`."""

    __slots__ = ()

    def read(self, reader: Reader) -> Invocation:
        """Return the invocation."""
        invocation = INVOCATIONS[reader.u8()]
        if invocation.reserved:
            reader.problem("reserved", "reserved bits 4 and 5 are set", reader.at - 1)
        return invocation

    def write(self, writer: Writer, value: Invocation) -> None:
        """Write the octet."""
        writer.octets.append(value.octet)


@dataclass(frozen=True, slots=True)
class LongInvocation:
    """The Long-Invoke-Id-And-Priority of four octets; `reserved` are bits 24 to 27."""

    invoke_id: int = 1
    self_descriptive: bool = False
    break_on_error: bool = False
    confirmed: bool = True
    high_priority: bool = True
    reserved: int = 0

    @property
    def number(self) -> int:
        """The four octets as a number; UsageError if the invoke id has more than 24 bits."""
        if not 0 <= self.invoke_id < 1 << 24 or not 0 <= self.reserved <= 15:
            raise UsageError(f"long invoke id {self.invoke_id} is not 0 to 16777215")
        flags = self.high_priority << 31 | self.confirmed << 30 | self.break_on_error << 29
        flags |= self.self_descriptive << 28
        return flags | self.reserved << 24 | self.invoke_id

    @classmethod
    def of(cls, number: int) -> "LongInvocation":
        """Return what the four octets mean."""
        described, broken, confirmed, high = (bool(number >> bit & 1) for bit in range(28, 32))
        return cls(number & 0xFFFFFF, described, broken, confirmed, high, number >> 24 & 15)

    def __str__(self) -> str:
        flags = {
            "self-descriptive": self.self_descriptive,
            "break-on-error": self.break_on_error,
            "confirmed": self.confirmed,
            "high priority": self.high_priority,
        }
        return " ".join([str(self.invoke_id), *[name for name, is_set in flags.items() if is_set]])


class LongInvocationCodec(Codec[LongInvocation]):
    """Four octets; reserved bits that are set are the problem `reserved`."""

    __slots__ = ()

    def read(self, reader: Reader) -> LongInvocation:
        """Return the invocation."""
        invocation = LongInvocation.of(reader.unsigned(4))
        if invocation.reserved:
            reader.problem("reserved", "reserved bits 24 to 27 are set", reader.at - 4)
        return invocation

    def write(self, writer: Writer, value: LongInvocation) -> None:
        """Write the four octets."""
        writer.integer(value.number, 4)


INVOCATION = InvocationCodec()
LONG_INVOCATION = LongInvocationCodec()
DATA_ACCESS_RESULT = Enumerated(DataAccessResult)
ACTION_RESULT = Enumerated(ActionResult)

GetDataResult = Data | int
"""What was read, or the data-access-result that says why nothing was."""

GET_DATA_RESULT: Choice[GetDataResult] = Choice({0: (Data, DATA), 1: (int, DATA_ACCESS_RESULT)})
