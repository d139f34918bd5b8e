"""xDLMS Initiate: what client and server agree on in an association (IEC 62056-5-3).

01  dedicated-key?  response-allowed?  quality-of-service?  version  conformance  max-pdu
08  quality-of-service?  version  conformance  max-pdu  vaa-name
0E  service  error-class  error       (ConfirmedServiceError)
"""

from dataclasses import dataclass
from enum import IntEnum, IntFlag

from bench.protocols.dlms.axdr import (
    BOOLEAN,
    I8,
    U8,
    U16,
    Codec,
    Enumerated,
    Octets,
    Optional,
    Record,
)
from bench.protocols.dlms.reader import Reader
from bench.protocols.dlms.service import Service
from bench.protocols.dlms.writer import Writer

DLMS_VERSION = 6
VAA_NAME_LN = 0x0007
VAA_NAME_SN = 0xFA00


class Conformance(IntFlag):
    """The conformance block: bit 0 of the standard is the most significant of 24."""

    RESERVED_0 = 0x800000
    GENERAL_PROTECTION = 0x400000
    GENERAL_BLOCK_TRANSFER = 0x200000
    READ = 0x100000
    WRITE = 0x080000
    UNCONFIRMED_WRITE = 0x040000
    DELTA_VALUE_ENCODING = 0x020000
    RESERVED_7 = 0x010000
    ATTRIBUTE_0_WITH_SET = 0x008000
    PRIORITY_MANAGEMENT = 0x004000
    ATTRIBUTE_0_WITH_GET = 0x002000
    BLOCK_TRANSFER_WITH_GET = 0x001000
    BLOCK_TRANSFER_WITH_SET = 0x000800
    BLOCK_TRANSFER_WITH_ACTION = 0x000400
    MULTIPLE_REFERENCES = 0x000200
    INFORMATION_REPORT = 0x000100
    DATA_NOTIFICATION = 0x000080
    ACCESS = 0x000040
    PARAMETERIZED_ACCESS = 0x000020
    GET = 0x000010
    SET = 0x000008
    SELECTIVE_ACCESS = 0x000004
    EVENT_NOTIFICATION = 0x000002
    ACTION = 0x000001


class ConformanceCodec(Codec[Conformance]):
    """[APPLICATION 31] BIT STRING of 24 bits: 5F 1F 04 00 and three octets.

    Older meters write 5F alone as the tag, which is read with the problem `conformance-tag`;
    another tag is the problem `tag`, other lengths and unused bits are `size`.
    """

    __slots__ = ()

    def read(self, reader: Reader) -> Conformance:
        """Return the bits."""
        start = reader.at
        if (tag := reader.u8()) != 0x5F:
            raise reader.lose("tag", f"the conformance block has the tag {tag:02X}, not 5F", start)
        if reader.u8() != 0x1F:
            reader.at -= 1
            reader.problem("conformance-tag", "the tag is 5F without 1F, an old form of it", start)
        start = reader.at
        octets = reader.content()
        if len(octets) != 4 or octets[0]:
            message = f"a bit string of {octets.hex(' ')}, expected 00 and three octets"
            reader.problem("size", message, start, reader.at - start)
        return Conformance(int.from_bytes(octets[1:4].ljust(3, b"\x00"), "big"))

    def write(self, writer: Writer, value: Conformance) -> None:
        """Write tag, length, no unused bits, and the bits."""
        writer.octets += b"\x5f\x1f"
        writer.length(4)
        writer.integer(value, 4)

    def show(self, value: Conformance) -> str:
        """Return the number and the names of the bits that are set."""
        names = [flag.name or "" for flag in Conformance if flag & value]
        return f"{value:06X} {' '.join(names).lower().replace('_', '-')}".rstrip()


@dataclass(frozen=True, slots=True)
class InitiateRequest:
    """What the client proposes; `response_allowed` None is the default, true.

    `max_pdu_size` is the longest APDU that the client takes, in octets; 0 does not limit it.
    """

    conformance: Conformance
    max_pdu_size: int
    dedicated_key: bytes | None = None
    response_allowed: bool | None = None
    quality_of_service: int | None = None
    version: int = DLMS_VERSION


@dataclass(frozen=True, slots=True)
class InitiateResponse:
    """What the server agrees to; `max_pdu_size` is the longest APDU that the server takes."""

    conformance: Conformance
    max_pdu_size: int
    vaa_name: int = VAA_NAME_LN
    quality_of_service: int | None = None
    version: int = DLMS_VERSION


class ConfirmedService(IntEnum):
    """Which service an error answers."""

    INITIATE_ERROR = 1
    GET_STATUS = 2
    GET_NAME_LIST = 3
    GET_VARIABLE_ATTRIBUTE = 4
    READ = 5
    WRITE = 6
    GET_DATA_SET_ATTRIBUTE = 7
    GET_TI_ATTRIBUTE = 8
    CHANGE_SCOPE = 9
    START = 10
    STOP = 11
    RESUME = 12
    MAKE_USABLE = 13
    INITIATE_LOAD = 14
    LOAD_SEGMENT = 15
    TERMINATE_LOAD = 16
    INITIATE_UP_LOAD = 17
    UP_LOAD_SEGMENT = 18
    TERMINATE_UP_LOAD = 19


class ErrorClass(IntEnum):
    """The ServiceError CHOICE as the ASN.1 of the standard numbers it."""

    APPLICATION_REFERENCE = 0
    HARDWARE_RESOURCE = 1
    VDE_STATE_ERROR = 2
    SERVICE = 3
    DEFINITION = 4
    ACCESS = 5
    INITIATE = 6
    LOAD_DATA_SET = 7
    UNUSED = 8
    TASK = 9
    OTHER_ERROR = 10


class InitiateFault(IntEnum):
    """The errors of class `INITIATE`."""

    OTHER = 0
    DLMS_VERSION_TOO_LOW = 1
    INCOMPATIBLE_CONFORMANCE = 2
    PDU_SIZE_TOO_SHORT = 3
    REFUSED_BY_VDE_HANDLER = 4


@dataclass(frozen=True, slots=True)
class ConfirmedServiceError:
    """Service, class of the error and the error; some servers number classes from 8 otherwise."""

    service: int
    error_class: int
    error: int


class _Key(Octets):
    """A key, which is not shown."""

    __slots__ = ()

    def show(self, value: bytes) -> str:
        return f"{len(value)} octets"


CONFORMANCE = ConformanceCodec()

INITIATE_REQUEST = Service(
    0x01,
    "initiate-request",
    InitiateRequest,
    Record(
        InitiateRequest,
        dedicated_key=Optional(_Key()),
        response_allowed=Optional(BOOLEAN),
        quality_of_service=Optional(I8),
        version=U8,
        conformance=CONFORMANCE,
        max_pdu_size=U16,
    ),
)
INITIATE_RESPONSE = Service(
    0x08,
    "initiate-response",
    InitiateResponse,
    Record(
        InitiateResponse,
        quality_of_service=Optional(I8),
        version=U8,
        conformance=CONFORMANCE,
        max_pdu_size=U16,
        vaa_name=U16,
    ),
)
CONFIRMED_SERVICE_ERROR = Service(
    0x0E,
    "confirmed-service-error",
    ConfirmedServiceError,
    Record(
        ConfirmedServiceError,
        service=Enumerated(ConfirmedService),
        error_class=Enumerated(ErrorClass),
        error=U8,
    ),
)
