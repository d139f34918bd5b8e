"""Hypothesis strategies for every record of the application layer."""

import dataclasses
from typing import Any

from hypothesis import strategies as st

from bench.protocols.dlms.access import (
    AccessAction,
    AccessActionResult,
    AccessGet,
    AccessGetResult,
    AccessGetSelected,
    AccessRequest,
    AccessResponse,
    AccessSet,
    AccessSetResult,
    AccessSetSelected,
)
from bench.protocols.dlms.acse import (
    Aare,
    Aarq,
    ApplicationContext,
    AuthenticationValue,
    Diagnostic,
    DiagnosticSource,
    Mechanism,
    Rlre,
    Rlrq,
    Tlv,
)
from bench.protocols.dlms.action import (
    ActionOutcome,
    ActionRequestNextBlock,
    ActionRequestNormal,
    ActionRequestWithBlock,
    ActionRequestWithFirstBlock,
    ActionRequestWithList,
    ActionRequestWithListAndFirstBlock,
    ActionResponseNextBlock,
    ActionResponseNormal,
    ActionResponseWithBlock,
    ActionResponseWithList,
)
from bench.protocols.dlms.block import DataBlock, ResultBlock
from bench.protocols.dlms.ciphered import (
    CIPHERED_NAMES,
    AgreedKey,
    CipheredApdu,
    GeneralCiphering,
    GeneralDedCiphering,
    GeneralGloCiphering,
    GeneralSigning,
    IdentifiedKey,
    Protected,
    SecurityControl,
    WrappedKey,
)
from bench.protocols.dlms.compact_array import CompactArray, TypeDescription
from bench.protocols.dlms.cosem_types import (
    AttributeDescriptor,
    LogicalName,
    MethodDescriptor,
    SelectedAttribute,
    SelectiveAccess,
)
from bench.protocols.dlms.data_types import Data, DataType, Elements, array
from bench.protocols.dlms.date_time import Date, DateTime, Time
from bench.protocols.dlms.exception_response import ExceptionResponse, ServiceFault, StateError
from bench.protocols.dlms.general_block_transfer import BlockControl, GeneralBlockTransfer
from bench.protocols.dlms.get import (
    GetRequestNext,
    GetRequestNormal,
    GetRequestWithList,
    GetResponseNormal,
    GetResponseWithDataBlock,
    GetResponseWithList,
)
from bench.protocols.dlms.initiate import (
    ConfirmedService,
    ConfirmedServiceError,
    Conformance,
    ErrorClass,
    InitiateRequest,
    InitiateResponse,
)
from bench.protocols.dlms.notification import DataNotification, EventNotification
from bench.protocols.dlms.results import (
    ActionResult,
    DataAccessResult,
    Invocation,
    LongInvocation,
)
from bench.protocols.dlms.set import (
    SetRequestNormal,
    SetRequestWithDataBlock,
    SetRequestWithFirstDataBlock,
    SetRequestWithList,
    SetRequestWithListAndFirstDataBlock,
    SetResponseDataBlock,
    SetResponseLastDataBlock,
    SetResponseLastDataBlockWithList,
    SetResponseNormal,
    SetResponseWithList,
)


def whole(size: int, *, signed: bool = False) -> st.SearchStrategy[int]:
    """Numbers of `size` octets."""
    high = 1 << (8 * size)
    return st.integers(-high // 2, high // 2 - 1) if signed else st.integers(0, high - 1)


def each_of(make: Any, **parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Records of these parts; every attribute has to be named."""
    if dataclasses.is_dataclass(make):
        assert {field.name for field in dataclasses.fields(make)} == set(parts), make
    return st.builds(make, **parts)


def some(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """The value, or None."""
    return st.none() | strategy


def paired(
    make: Any, first: st.SearchStrategy[Any], second: st.SearchStrategy[Any], **parts: Any
) -> st.SearchStrategy[Any]:
    """Records of two lists that belong together, `first` and `second` in the names of parts."""
    names = [name for name, part in parts.items() if part is ...]
    fixed = {name: part for name, part in parts.items() if part is not ...}
    pairs = st.lists(st.tuples(first, second), max_size=4)
    return st.builds(
        lambda pairs, **others: make(
            **others,
            **{name: tuple([pair[at] for pair in pairs]) for at, name in enumerate(names)},
        ),
        pairs,
        **fixed,
    )


def several(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    """A few values."""
    return st.lists(strategy, max_size=4).map(tuple)


U8, U16, U32 = whole(1), whole(2), whole(4)
OCTETS = st.binary(max_size=20) | st.binary(min_size=120, max_size=300)
BITS = st.text("01", max_size=40)

# Dates that have no fault: a year that is open goes with any day that some month has.
DATES = st.builds(
    lambda day, year, month, dow, of_month: Date(
        day.year if year else None,
        day.month if month else None,
        day.day if of_month else None,
        day.isoweekday() if dow else None,
    ),
    st.dates(),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
TIMES = st.builds(
    Time,
    some(st.integers(0, 23)),
    some(st.integers(0, 59)),
    some(st.integers(0, 59)),
    some(st.integers(0, 99)),
)
DATE_TIMES = st.builds(
    DateTime, DATES, TIMES, some(st.integers(-840, 840)), some(st.integers(0, 254))
)

VALUES: dict[int, st.SearchStrategy[Any]] = {
    DataType.NULL_DATA: st.none(),
    DataType.BOOLEAN: st.booleans(),
    DataType.BIT_STRING: BITS,
    DataType.DOUBLE_LONG: whole(4, signed=True),
    DataType.DOUBLE_LONG_UNSIGNED: U32,
    DataType.OCTET_STRING: OCTETS,
    DataType.VISIBLE_STRING: st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E)),
    DataType.UTF8_STRING: st.text(),
    DataType.BCD: whole(1, signed=True),
    DataType.INTEGER: whole(1, signed=True),
    DataType.LONG: whole(2, signed=True),
    DataType.UNSIGNED: U8,
    DataType.LONG_UNSIGNED: U16,
    DataType.LONG64: whole(8, signed=True),
    DataType.LONG64_UNSIGNED: whole(8),
    DataType.ENUM: U8,
    DataType.FLOAT32: st.floats(width=32, allow_nan=False),
    DataType.FLOAT64: st.floats(allow_nan=False),
    DataType.DATE_TIME: DATE_TIMES,
    DataType.DATE: DATES,
    DataType.TIME: TIMES,
    DataType.DELTA_INTEGER: whole(1, signed=True),
    DataType.DELTA_LONG: whole(2, signed=True),
    DataType.DELTA_DOUBLE_LONG: whole(4, signed=True),
    DataType.DELTA_UNSIGNED: U8,
    DataType.DELTA_LONG_UNSIGNED: U16,
    DataType.DELTA_DOUBLE_LONG_UNSIGNED: U32,
    DataType.DONT_CARE: st.none(),
}
SCALAR_DATA = st.one_of(
    *(value.map(lambda v, tag=tag: Data(tag, v)) for tag, value in VALUES.items())
)


def elements(children: st.SearchStrategy[Data]) -> st.SearchStrategy[Data]:
    """Arrays and structures of the children."""
    inside = st.lists(children, max_size=5).map(Elements.of)
    return st.builds(Data, st.sampled_from([DataType.ARRAY, DataType.STRUCTURE]), inside)


@st.composite
def rows(draw: st.DrawFn) -> Data:
    """Arrays of rows that have one layout, with a row of another one now and then."""
    fixed = [tag for tag in VALUES if tag != DataType.UTF8_STRING]
    columns = draw(st.lists(st.sampled_from(fixed), min_size=1, max_size=4))
    lines = draw(st.lists(st.tuples(*(VALUES[tag] for tag in columns)), min_size=4, max_size=8))
    made = [Data(DataType.STRUCTURE, Elements(bytes(columns), line)) for line in lines]
    if draw(st.booleans()):
        made[draw(st.integers(0, len(made) - 1))] = draw(SCALAR_DATA)
    return array(*made)


@st.composite
def compact_arrays(draw: st.DrawFn) -> Data:
    """Compact arrays of numbers, structures and arrays of them."""
    numbers = [DataType.UNSIGNED, DataType.LONG, DataType.OCTET_STRING, DataType.DOUBLE_LONG]
    leaf = st.sampled_from(numbers).map(TypeDescription)
    description = draw(
        st.recursive(
            leaf,
            lambda inner: (
                st.lists(inner, min_size=1, max_size=3).map(
                    lambda members: TypeDescription(DataType.STRUCTURE, tuple(members))
                )
                | st.tuples(inner, st.integers(1, 3)).map(
                    lambda pair: TypeDescription(DataType.ARRAY, (pair[0],), pair[1])
                )
            ),
            max_leaves=4,
        )
    )
    found = draw(st.lists(described(description), max_size=4))
    return Data(DataType.COMPACT_ARRAY, CompactArray.of(description, Elements.of(found)))


def described(description: TypeDescription) -> st.SearchStrategy[Data]:
    """Data of a described type."""
    if description.type in VALUES:
        return VALUES[description.type].map(lambda value: Data(description.type, value))
    count = description.count if description.type == DataType.ARRAY else 1
    parts = st.tuples(*map(described, description.members * count))
    return parts.map(lambda inner: Data(description.type, Elements.of(inner)))


DATA = st.recursive(SCALAR_DATA | compact_arrays(), elements, max_leaves=12) | rows()

NAMES = st.builds(LogicalName, U8, U8, U8, U8, U8, U8)
ATTRIBUTES = st.builds(AttributeDescriptor, U16, NAMES, whole(1, signed=True))
METHODS = st.builds(MethodDescriptor, U16, NAMES, whole(1, signed=True))
ACCESS = st.builds(SelectiveAccess, U8, DATA)
SELECTED = st.builds(SelectedAttribute, ATTRIBUTES, some(ACCESS))
INVOCATIONS = st.builds(Invocation, st.integers(0, 15), st.booleans(), st.booleans())
FLAGS = st.booleans()
LONG_INVOCATIONS = st.builds(
    LongInvocation, st.integers(0, (1 << 24) - 1), FLAGS, FLAGS, FLAGS, FLAGS
)
RESULTS = st.sampled_from(list(DataAccessResult))
ACTION_RESULTS = st.sampled_from(list(ActionResult))
GET_RESULTS = DATA | RESULTS
BLOCKS = st.builds(DataBlock, FLAGS, U32, OCTETS)
OUTCOMES = st.builds(ActionOutcome, ACTION_RESULTS, some(GET_RESULTS))
STAMPS = st.just(b"") | st.binary(min_size=12, max_size=12)
PROTECTED = st.builds(
    Protected,
    st.builds(SecurityControl, st.integers(0, 15), FLAGS, FLAGS, FLAGS, FLAGS),
    U32,
    st.binary(min_size=12, max_size=200),
)
TITLES = st.binary(min_size=8, max_size=8)
CONFORMANCES = st.integers(0, 0xFFFFFF).map(Conformance)
INITIATE_REQUESTS = each_of(
    InitiateRequest,
    conformance=CONFORMANCES,
    max_pdu_size=U16,
    dedicated_key=some(OCTETS),
    response_allowed=some(FLAGS),
    quality_of_service=some(whole(1, signed=True)),
    version=U8,
)
INITIATE_RESPONSES = each_of(
    InitiateResponse,
    conformance=CONFORMANCES,
    max_pdu_size=U16,
    vaa_name=U16,
    quality_of_service=some(whole(1, signed=True)),
    version=U8,
)
SERVICE_ERRORS = st.builds(
    ConfirmedServiceError,
    st.sampled_from(list(ConfirmedService)),
    st.sampled_from(list(ErrorClass)),
    U8,
)
CIPHERED = st.builds(CipheredApdu, st.sampled_from(sorted(CIPHERED_NAMES)), PROTECTED)
GENERAL_GLO = st.builds(GeneralGloCiphering, TITLES, PROTECTED)
CARRIED = (
    INITIATE_REQUESTS
    | INITIATE_RESPONSES
    | SERVICE_ERRORS
    | st.builds(CipheredApdu, st.sampled_from([0x21, 0x28, 0x2E, 0x41, 0x48, 0x4E]), PROTECTED)
    | GENERAL_GLO
)
OIDS = st.sampled_from([*(c.oid for c in ApplicationContext), *(m.oid for m in Mechanism)]) | (
    st.lists(st.integers(0, 1 << 40), min_size=1, max_size=3).map(
        lambda arcs: ".".join(map(str, [2, *arcs]))
    )
)
PASSWORDS = st.builds(AuthenticationValue, OCTETS, st.sampled_from([0x80, 0x81, 0xA2, 0xA3]))
DIAGNOSTICS = st.builds(
    Diagnostic, st.just(DiagnosticSource.SERVICE_USER), st.integers(0, 14)
) | st.builds(Diagnostic, st.just(DiagnosticSource.SERVICE_PROVIDER), st.integers(0, 2))
SMALL = whole(4, signed=True)
COMMON = {
    "application_context_name": OIDS,
    "user_information": some(CARRIED),
    "protocol_version": some(BITS),
    "mechanism_name": some(OIDS),
    "implementation_information": some(OCTETS),
    "others": st.just(()),
}
KEY_INFOS = (
    st.builds(IdentifiedKey, U8)
    | st.builds(WrappedKey, U8, OCTETS)
    | st.builds(AgreedKey, OCTETS, OCTETS)
)
HEADERS = dict.fromkeys(
    ("transaction_id", "originator", "recipient", "date_time", "other_information"), OCTETS
)
SPECIFICATION = (
    st.builds(AccessGet, ATTRIBUTES)
    | st.builds(AccessSet, ATTRIBUTES)
    | st.builds(AccessAction, METHODS)
    | st.builds(AccessGetSelected, ATTRIBUTES, ACCESS)
    | st.builds(AccessSetSelected, ATTRIBUTES, ACCESS)
)

APDUS: dict[type, st.SearchStrategy[Any]] = {
    InitiateRequest: INITIATE_REQUESTS,
    InitiateResponse: INITIATE_RESPONSES,
    ConfirmedServiceError: SERVICE_ERRORS,
    Aarq: each_of(
        Aarq,
        **COMMON,
        called_ap_title=some(OCTETS),
        called_ae_qualifier=some(OCTETS),
        called_ap_invocation_id=some(SMALL),
        called_ae_invocation_id=some(SMALL),
        calling_ap_title=some(OCTETS),
        calling_ae_qualifier=some(OCTETS),
        calling_ap_invocation_id=some(SMALL),
        calling_ae_invocation_id=some(SMALL),
        sender_acse_requirements=some(BITS),
        calling_authentication_value=some(PASSWORDS),
    ),
    Aare: each_of(
        Aare,
        **COMMON,
        result=st.integers(0, 2),
        diagnostic=DIAGNOSTICS,
        responding_ap_title=some(OCTETS),
        responding_ae_qualifier=some(OCTETS),
        responding_ap_invocation_id=some(SMALL),
        responding_ae_invocation_id=some(SMALL),
        responder_acse_requirements=some(BITS),
        responding_authentication_value=some(PASSWORDS),
    ),
    Rlrq: st.builds(Rlrq, some(st.sampled_from([0, 1, 30])), some(CARRIED)),
    Rlre: st.builds(Rlre, some(st.sampled_from([0, 1, 30])), some(CARRIED)),
    GetRequestNormal: st.builds(GetRequestNormal, INVOCATIONS, ATTRIBUTES, some(ACCESS)),
    GetRequestNext: st.builds(GetRequestNext, INVOCATIONS, U32),
    GetRequestWithList: st.builds(GetRequestWithList, INVOCATIONS, several(SELECTED)),
    GetResponseNormal: st.builds(GetResponseNormal, INVOCATIONS, GET_RESULTS),
    GetResponseWithDataBlock: st.builds(
        GetResponseWithDataBlock,
        INVOCATIONS,
        st.builds(ResultBlock, FLAGS, U32, OCTETS | RESULTS),
    ),
    GetResponseWithList: st.builds(GetResponseWithList, INVOCATIONS, several(GET_RESULTS)),
    SetRequestNormal: st.builds(SetRequestNormal, INVOCATIONS, ATTRIBUTES, some(ACCESS), DATA),
    SetRequestWithFirstDataBlock: st.builds(
        SetRequestWithFirstDataBlock, INVOCATIONS, ATTRIBUTES, some(ACCESS), BLOCKS
    ),
    SetRequestWithDataBlock: st.builds(SetRequestWithDataBlock, INVOCATIONS, BLOCKS),
    SetRequestWithList: paired(
        SetRequestWithList, SELECTED, DATA, invocation=INVOCATIONS, attributes=..., values=...
    ),
    SetRequestWithListAndFirstDataBlock: st.builds(
        SetRequestWithListAndFirstDataBlock, INVOCATIONS, several(SELECTED), BLOCKS
    ),
    SetResponseNormal: st.builds(SetResponseNormal, INVOCATIONS, RESULTS),
    SetResponseDataBlock: st.builds(SetResponseDataBlock, INVOCATIONS, U32),
    SetResponseLastDataBlock: st.builds(SetResponseLastDataBlock, INVOCATIONS, RESULTS, U32),
    SetResponseLastDataBlockWithList: st.builds(
        SetResponseLastDataBlockWithList, INVOCATIONS, several(RESULTS), U32
    ),
    SetResponseWithList: st.builds(SetResponseWithList, INVOCATIONS, several(RESULTS)),
    ActionRequestNormal: st.builds(ActionRequestNormal, INVOCATIONS, METHODS, some(DATA)),
    ActionRequestNextBlock: st.builds(ActionRequestNextBlock, INVOCATIONS, U32),
    ActionRequestWithList: paired(
        ActionRequestWithList, METHODS, DATA, invocation=INVOCATIONS, methods=..., parameters=...
    ),
    ActionRequestWithFirstBlock: st.builds(
        ActionRequestWithFirstBlock, INVOCATIONS, METHODS, BLOCKS
    ),
    ActionRequestWithListAndFirstBlock: st.builds(
        ActionRequestWithListAndFirstBlock, INVOCATIONS, several(METHODS), BLOCKS
    ),
    ActionRequestWithBlock: st.builds(ActionRequestWithBlock, INVOCATIONS, BLOCKS),
    ActionResponseNormal: st.builds(ActionResponseNormal, INVOCATIONS, OUTCOMES),
    ActionResponseWithBlock: st.builds(ActionResponseWithBlock, INVOCATIONS, BLOCKS),
    ActionResponseWithList: st.builds(ActionResponseWithList, INVOCATIONS, several(OUTCOMES)),
    ActionResponseNextBlock: st.builds(ActionResponseNextBlock, INVOCATIONS, U32),
    AccessRequest: paired(
        AccessRequest,
        SPECIFICATION,
        DATA,
        invocation=LONG_INVOCATIONS,
        date_time=STAMPS,
        specifications=...,
        data=...,
    ),
    AccessResponse: paired(
        AccessResponse,
        DATA,
        st.builds(AccessGetResult, RESULTS)
        | st.builds(AccessSetResult, RESULTS)
        | st.builds(AccessActionResult, ACTION_RESULTS),
        invocation=LONG_INVOCATIONS,
        date_time=STAMPS,
        specifications=some(several(SPECIFICATION)),
        data=...,
        results=...,
    ),
    DataNotification: st.builds(DataNotification, LONG_INVOCATIONS, STAMPS, DATA),
    EventNotification: st.builds(
        EventNotification, some(st.binary(min_size=12, max_size=12)), ATTRIBUTES, DATA
    ),
    ExceptionResponse: st.builds(
        ExceptionResponse,
        st.sampled_from(list(StateError)),
        st.sampled_from(list(ServiceFault)[:5]),
    )
    | st.builds(
        ExceptionResponse,
        st.sampled_from(list(StateError)),
        st.just(ServiceFault.INVOCATION_COUNTER_ERROR),
        U32,
    ),
    GeneralBlockTransfer: st.builds(
        GeneralBlockTransfer,
        st.builds(BlockControl, FLAGS, FLAGS, st.integers(0, 63)),
        U16,
        U16,
        OCTETS,
    ),
    CipheredApdu: CIPHERED,
    GeneralGloCiphering: GENERAL_GLO,
    GeneralDedCiphering: st.builds(GeneralDedCiphering, TITLES, PROTECTED),
    GeneralCiphering: each_of(
        GeneralCiphering, **HEADERS, key_info=some(KEY_INFOS), protected=PROTECTED
    ),
    GeneralSigning: each_of(GeneralSigning, **HEADERS, content=OCTETS, signature=OCTETS),
}
UNKNOWN_FIELDS = several(st.builds(Tlv, st.sampled_from([0x9E, 0xBC]), OCTETS))
