"""The ACTION service: normal, with list, in blocks both ways (IEC 62056-5-3)."""

from dataclasses import dataclass

from bench.protocols.dlms.axdr import U32, ListOf, Optional, Paired, Record
from bench.protocols.dlms.block import DATA_BLOCK, DataBlock
from bench.protocols.dlms.cosem_types import METHOD, MethodDescriptor
from bench.protocols.dlms.data import DATA
from bench.protocols.dlms.data_types import Data
from bench.protocols.dlms.results import (
    ACTION_RESULT,
    GET_DATA_RESULT,
    INVOCATION,
    GetDataResult,
    Invocation,
)
from bench.protocols.dlms.service import Services


@dataclass(frozen=True, slots=True)
class ActionRequestNormal:
    """Invokes one method; None for a method without parameters."""

    invocation: Invocation
    method: MethodDescriptor
    parameters: Data | None = None


@dataclass(frozen=True, slots=True)
class ActionRequestNextBlock:
    """Asks for the next block of the answer; `block_number` is that of the one just received."""

    invocation: Invocation
    block_number: int


@dataclass(frozen=True, slots=True)
class ActionRequestWithList:
    """Invokes several methods; both lists are to be equally long."""

    invocation: Invocation
    methods: tuple[MethodDescriptor, ...]
    parameters: tuple[Data, ...]


@dataclass(frozen=True, slots=True)
class ActionRequestWithFirstBlock:
    """Begins to invoke one method; the joined blocks are its parameters."""

    invocation: Invocation
    method: MethodDescriptor
    block: DataBlock


@dataclass(frozen=True, slots=True)
class ActionRequestWithListAndFirstBlock:
    """Begins to invoke several methods; the joined blocks are the list of their parameters."""

    invocation: Invocation
    methods: tuple[MethodDescriptor, ...]
    block: DataBlock


@dataclass(frozen=True, slots=True)
class ActionRequestWithBlock:
    """Goes on with long parameters."""

    invocation: Invocation
    block: DataBlock


@dataclass(frozen=True, slots=True)
class ActionOutcome:
    """How one invocation ended and what it returned, if anything."""

    result: int
    returned: GetDataResult | None = None


@dataclass(frozen=True, slots=True)
class ActionResponseNormal:
    """How the invocation ended."""

    invocation: Invocation
    outcome: ActionOutcome


@dataclass(frozen=True, slots=True)
class ActionResponseWithBlock:
    """One block of a long answer; joined they are an outcome, or outcomes."""

    invocation: Invocation
    block: DataBlock


@dataclass(frozen=True, slots=True)
class ActionResponseWithList:
    """How each invocation ended, in the order of the request."""

    invocation: Invocation
    outcomes: tuple[ActionOutcome, ...]


@dataclass(frozen=True, slots=True)
class ActionResponseNextBlock:
    """Acknowledges a block of the parameters."""

    invocation: Invocation
    block_number: int


_METHODS = ListOf(METHOD)
PARAMETERS = ListOf(DATA)
"""The parameters of a request with list, which the blocks of a long one make when joined."""

OUTCOME = Record(ActionOutcome, result=ACTION_RESULT, returned=Optional(GET_DATA_RESULT))
"""The outcome of one invocation, which the blocks of a long answer make when joined."""

OUTCOMES = ListOf(OUTCOME)
"""The outcomes of an answer with list, which the blocks of a long one make when joined."""

ACTION_REQUESTS = Services(
    0xC3,
    "action-request",
    {
        1: Record(
            ActionRequestNormal, invocation=INVOCATION, method=METHOD, parameters=Optional(DATA)
        ),
        2: Record(ActionRequestNextBlock, invocation=INVOCATION, block_number=U32),
        3: Paired(
            ActionRequestWithList,
            "methods",
            "parameters",
            invocation=INVOCATION,
            methods=_METHODS,
            parameters=PARAMETERS,
        ),
        4: Record(
            ActionRequestWithFirstBlock, invocation=INVOCATION, method=METHOD, block=DATA_BLOCK
        ),
        5: Record(
            ActionRequestWithListAndFirstBlock,
            invocation=INVOCATION,
            methods=_METHODS,
            block=DATA_BLOCK,
        ),
        6: Record(ActionRequestWithBlock, invocation=INVOCATION, block=DATA_BLOCK),
    },
)
ACTION_RESPONSES = Services(
    0xC7,
    "action-response",
    {
        1: Record(ActionResponseNormal, invocation=INVOCATION, outcome=OUTCOME),
        2: Record(ActionResponseWithBlock, invocation=INVOCATION, block=DATA_BLOCK),
        3: Record(ActionResponseWithList, invocation=INVOCATION, outcomes=OUTCOMES),
        4: Record(ActionResponseNextBlock, invocation=INVOCATION, block_number=U32),
    },
)
