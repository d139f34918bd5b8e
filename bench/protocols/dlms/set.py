"""The SET service: normal, in blocks, with list, and the answers to each (IEC 62056-5-3)."""

from dataclasses import dataclass

from bench.protocols.dlms.axdr import U32, ListOf, Optional, Paired, Record
from bench.protocols.dlms.block import DATA_BLOCK, DataBlock
from bench.protocols.dlms.cosem_types import (
    ACCESS,
    ATTRIBUTE,
    SELECTED_ATTRIBUTE,
    AttributeDescriptor,
    SelectedAttribute,
    SelectiveAccess,
)
from bench.protocols.dlms.data import DATA
from bench.protocols.dlms.data_types import Data
from bench.protocols.dlms.results import DATA_ACCESS_RESULT, INVOCATION, Invocation
from bench.protocols.dlms.service import Services


@dataclass(frozen=True, slots=True)
class SetRequestNormal:
    """Writes one attribute, or the selected part of it."""

    invocation: Invocation
    attribute: AttributeDescriptor
    access: SelectiveAccess | None
    value: Data


@dataclass(frozen=True, slots=True)
class SetRequestWithFirstDataBlock:
    """Begins to write one attribute; the joined blocks are its data."""

    invocation: Invocation
    attribute: AttributeDescriptor
    access: SelectiveAccess | None
    block: DataBlock


@dataclass(frozen=True, slots=True)
class SetRequestWithDataBlock:
    """Goes on with a long write."""

    invocation: Invocation
    block: DataBlock


@dataclass(frozen=True, slots=True)
class SetRequestWithList:
    """Writes several attributes; both lists are to be equally long."""

    invocation: Invocation
    attributes: tuple[SelectedAttribute, ...]
    values: tuple[Data, ...]


@dataclass(frozen=True, slots=True)
class SetRequestWithListAndFirstDataBlock:
    """Begins to write several attributes; the joined blocks are the list of their data."""

    invocation: Invocation
    attributes: tuple[SelectedAttribute, ...]
    block: DataBlock


@dataclass(frozen=True, slots=True)
class SetResponseNormal:
    """How the write ended."""

    invocation: Invocation
    result: int


@dataclass(frozen=True, slots=True)
class SetResponseDataBlock:
    """Acknowledges a block."""

    invocation: Invocation
    block_number: int


@dataclass(frozen=True, slots=True)
class SetResponseLastDataBlock:
    """How a long write ended, with the number of its last block."""

    invocation: Invocation
    result: int
    block_number: int


@dataclass(frozen=True, slots=True)
class SetResponseLastDataBlockWithList:
    """How a long write of several attributes ended."""

    invocation: Invocation
    results: tuple[int, ...]
    block_number: int


@dataclass(frozen=True, slots=True)
class SetResponseWithList:
    """How each write ended, in the order of the request."""

    invocation: Invocation
    results: tuple[int, ...]


VALUES = ListOf(DATA)
"""The values of a request with list, which the blocks of a long one make when joined."""

_SELECTED = ListOf(SELECTED_ATTRIBUTE)
_RESULTS = ListOf(DATA_ACCESS_RESULT)

SET_REQUESTS = Services(
    0xC1,
    "set-request",
    {
        1: Record(
            SetRequestNormal,
            invocation=INVOCATION,
            attribute=ATTRIBUTE,
            access=Optional(ACCESS),
            value=DATA,
        ),
        2: Record(
            SetRequestWithFirstDataBlock,
            invocation=INVOCATION,
            attribute=ATTRIBUTE,
            access=Optional(ACCESS),
            block=DATA_BLOCK,
        ),
        3: Record(SetRequestWithDataBlock, invocation=INVOCATION, block=DATA_BLOCK),
        4: Paired(
            SetRequestWithList,
            "attributes",
            "values",
            invocation=INVOCATION,
            attributes=_SELECTED,
            values=VALUES,
        ),
        5: Record(
            SetRequestWithListAndFirstDataBlock,
            invocation=INVOCATION,
            attributes=_SELECTED,
            block=DATA_BLOCK,
        ),
    },
)
SET_RESPONSES = Services(
    0xC5,
    "set-response",
    {
        1: Record(SetResponseNormal, invocation=INVOCATION, result=DATA_ACCESS_RESULT),
        2: Record(SetResponseDataBlock, invocation=INVOCATION, block_number=U32),
        3: Record(
            SetResponseLastDataBlock,
            invocation=INVOCATION,
            result=DATA_ACCESS_RESULT,
            block_number=U32,
        ),
        4: Record(
            SetResponseLastDataBlockWithList,
            invocation=INVOCATION,
            results=_RESULTS,
            block_number=U32,
        ),
        5: Record(SetResponseWithList, invocation=INVOCATION, results=_RESULTS),
    },
)
