"""Hypothesis strategies for every record of the application layer."""

from typing import Any

from dlms_data_strategies import (
    BITS,
    DATA,
    OCTETS,
    U8,
    U16,
    U32,
    each_of,
    paired,
    several,
    some,
    whole,
)
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
from bench.protocols.dlms.cosem_types import (
    AttributeDescriptor,
    LogicalName,
    MethodDescriptor,
    SelectedAttribute,
    SelectiveAccess,
)
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
