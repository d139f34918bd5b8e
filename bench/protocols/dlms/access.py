"""The ACCESS service: several gets, sets and actions in one request (IEC 62056-5-3)."""

from dataclasses import dataclass

from bench.protocols.dlms.axdr import Choice, ListOf, Octets, Optional, Paired, Record
from bench.protocols.dlms.cosem_types import (
    ACCESS,
    ATTRIBUTE,
    METHOD,
    AttributeDescriptor,
    MethodDescriptor,
    SelectiveAccess,
)
from bench.protocols.dlms.data import DATA
from bench.protocols.dlms.data_types import Data
from bench.protocols.dlms.results import (
    ACTION_RESULT,
    DATA_ACCESS_RESULT,
    LONG_INVOCATION,
    LongInvocation,
)
from bench.protocols.dlms.service import Service


@dataclass(frozen=True, slots=True)
class AccessGet:
    """Asks for an attribute; its place in the list of data holds null-data."""

    attribute: AttributeDescriptor


@dataclass(frozen=True, slots=True)
class AccessSet:
    """Writes an attribute."""

    attribute: AttributeDescriptor


@dataclass(frozen=True, slots=True)
class AccessAction:
    """Invokes a method."""

    method: MethodDescriptor


@dataclass(frozen=True, slots=True)
class AccessGetSelected:
    """Asks for the selected part of an attribute."""

    attribute: AttributeDescriptor
    access: SelectiveAccess


@dataclass(frozen=True, slots=True)
class AccessSetSelected:
    """Writes the selected part of an attribute."""

    attribute: AttributeDescriptor
    access: SelectiveAccess


AccessSpecification = AccessGet | AccessSet | AccessAction | AccessGetSelected | AccessSetSelected


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """Requests and their data; both lists are to be equally long.

    `date_time` is twelve octets, or none.
    """

    invocation: LongInvocation
    date_time: bytes
    specifications: tuple[AccessSpecification, ...]
    data: tuple[Data, ...]


@dataclass(frozen=True, slots=True)
class AccessGetResult:
    """How a get ended."""

    result: int


@dataclass(frozen=True, slots=True)
class AccessSetResult:
    """How a set ended."""

    result: int


@dataclass(frozen=True, slots=True)
class AccessActionResult:
    """How an action ended."""

    result: int


AccessResult = AccessGetResult | AccessSetResult | AccessActionResult


@dataclass(frozen=True, slots=True)
class AccessResponse:
    """Data and results in the order of the request, which may be repeated in it."""

    invocation: LongInvocation
    date_time: bytes
    specifications: tuple[AccessSpecification, ...] | None
    data: tuple[Data, ...]
    results: tuple[AccessResult, ...]


DATE_TIME_OR_NONE = Octets(0, 12)
"""The date-time of a notification or access: twelve octets, or none."""

_SPECIFICATION: Choice[AccessSpecification] = Choice(
    {
        1: (AccessGet, Record(AccessGet, attribute=ATTRIBUTE)),
        2: (AccessSet, Record(AccessSet, attribute=ATTRIBUTE)),
        3: (AccessAction, Record(AccessAction, method=METHOD)),
        4: (AccessGetSelected, Record(AccessGetSelected, attribute=ATTRIBUTE, access=ACCESS)),
        5: (AccessSetSelected, Record(AccessSetSelected, attribute=ATTRIBUTE, access=ACCESS)),
    }
)
_RESULT: Choice[AccessResult] = Choice(
    {
        1: (AccessGetResult, Record(AccessGetResult, result=DATA_ACCESS_RESULT)),
        2: (AccessSetResult, Record(AccessSetResult, result=DATA_ACCESS_RESULT)),
        3: (AccessActionResult, Record(AccessActionResult, result=ACTION_RESULT)),
    }
)
ACCESS_REQUEST = Service(
    0xD9,
    "access-request",
    AccessRequest,
    Paired(
        AccessRequest,
        "specifications",
        "data",
        invocation=LONG_INVOCATION,
        date_time=DATE_TIME_OR_NONE,
        specifications=ListOf(_SPECIFICATION),
        data=ListOf(DATA),
    ),
)
ACCESS_RESPONSE = Service(
    0xDA,
    "access-response",
    AccessResponse,
    Paired(
        AccessResponse,
        "data",
        "results",
        invocation=LONG_INVOCATION,
        date_time=DATE_TIME_OR_NONE,
        specifications=Optional(ListOf(_SPECIFICATION)),
        data=ListOf(DATA),
        results=ListOf(_RESULT),
    ),
)
