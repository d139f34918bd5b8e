"""The GET service: normal, next block, with list, and the answers to each (IEC 62056-5-3)."""

import struct
from dataclasses import dataclass

from bench.protocols.dlms import data_fast
from bench.protocols.dlms.axdr import U32, ListOf, Optional, Record
from bench.protocols.dlms.block import RESULT_BLOCK, ResultBlock
from bench.protocols.dlms.cosem_types import (
    ACCESS,
    ATTRIBUTE,
    SELECTED_ATTRIBUTE,
    AttributeDescriptor,
    LogicalName,
    SelectedAttribute,
    SelectiveAccess,
)
from bench.protocols.dlms.results import (
    GET_DATA_RESULT,
    INVOCATION,
    INVOCATIONS,
    GetDataResult,
    Invocation,
)
from bench.protocols.dlms.service import Services


@dataclass(frozen=True, slots=True)
class GetRequestNormal:
    """Asks for one attribute, or the selected part of it."""

    invocation: Invocation
    attribute: AttributeDescriptor
    access: SelectiveAccess | None = None


@dataclass(frozen=True, slots=True)
class GetRequestNext:
    """Asks for the next block; `block_number` is that of the block just received."""

    invocation: Invocation
    block_number: int


@dataclass(frozen=True, slots=True)
class GetRequestWithList:
    """Asks for several attributes."""

    invocation: Invocation
    attributes: tuple[SelectedAttribute, ...]


@dataclass(frozen=True, slots=True)
class GetResponseNormal:
    """The attribute, or the data-access-result that says why not."""

    invocation: Invocation
    result: GetDataResult


@dataclass(frozen=True, slots=True)
class GetResponseWithDataBlock:
    """One block of a long answer."""

    invocation: Invocation
    block: ResultBlock


@dataclass(frozen=True, slots=True)
class GetResponseWithList:
    """The results in the order in which the attributes were asked for."""

    invocation: Invocation
    results: tuple[GetDataResult, ...]


GET_DATA_RESULTS = ListOf(GET_DATA_RESULT)
"""The body of an answer with list, which the blocks of a long one make when joined."""

GET_REQUESTS = Services(
    0xC0,
    "get-request",
    {
        1: Record(
            GetRequestNormal, invocation=INVOCATION, attribute=ATTRIBUTE, access=Optional(ACCESS)
        ),
        2: Record(GetRequestNext, invocation=INVOCATION, block_number=U32),
        3: Record(GetRequestWithList, invocation=INVOCATION, attributes=ListOf(SELECTED_ATTRIBUTE)),
    },
)
GET_RESPONSES = Services(
    0xC4,
    "get-response",
    {
        1: Record(GetResponseNormal, invocation=INVOCATION, result=GET_DATA_RESULT),
        2: Record(GetResponseWithDataBlock, invocation=INVOCATION, block=RESULT_BLOCK),
        3: Record(GetResponseWithList, invocation=INVOCATION, results=GET_DATA_RESULTS),
    },
)


_DESCRIBED = struct.Struct(">H6sb")
_REQUEST = struct.Struct(">BBBH6sbB")


def plain_request(octets: bytes) -> GetRequestNormal | None:
    """Return a request for a whole attribute, without any problem; None for all else."""
    if len(octets) != 13 or octets[1] != 1 or octets[2] & 0x30 or octets[12]:
        return None
    class_id, instance, attribute = _DESCRIBED.unpack_from(octets, 3)
    descriptor = AttributeDescriptor(class_id, LogicalName(*instance), attribute)
    return GetRequestNormal(INVOCATIONS[octets[2]], descriptor)


def plain_request_octets(request: GetRequestNormal) -> bytes | None:
    """Return the octets of a request for a whole attribute; None where anything is unusual."""
    what, how = request.attribute, request.invocation
    if request.access is not None or type(what) is not AttributeDescriptor:
        return None
    if type(what.instance) is not LogicalName or type(how) is not Invocation:
        return None
    try:
        instance = bytes(what.instance)
        return _REQUEST.pack(0xC0, 1, how.octet, what.class_id, instance, what.attribute, 0)
    except (struct.error, TypeError, ValueError):
        return None


def plain_response(octets: bytes) -> GetResponseNormal | None:
    """Return an answer with data and without any problem; None for all else."""
    try:
        if octets[1] != 1 or octets[3] != 0 or octets[2] & 0x30:
            return None
        data, end = data_fast.read(octets, 4)
    except data_fast.IRREGULAR:
        return None
    return GetResponseNormal(INVOCATIONS[octets[2]], data) if end == len(octets) else None
