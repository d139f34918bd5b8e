"""The association APDUs AARQ, AARE, RLRQ and RLRE with every field (ISO/IEC 8650-1 in BER).

A field that is absent, or that is there and cannot be read, is None; the problems tell which.
All fields are optional in the records, so that an APDU can lack what it must have.
"""

from dataclasses import dataclass
from enum import IntEnum

from bench.protocols.dlms.acse_fields import (
    AP_TITLE,
    AUTHENTICATION_VALUE,
    BITS,
    DIAGNOSTIC,
    NAME,
    OBJECT,
    OCTET_STRING,
    SMALL,
    TEXT,
    AcseCodec,
    AuthenticationValue,
    Diagnostic,
    DiagnosticSource,
    Field,
    Tlv,
    named,
)
from bench.protocols.dlms.user_information import USER_INFORMATION, UserInformation

AUTHENTICATION_REQUIREMENT = "1"
"""The bit string of the ACSE requirements that asks for authentication: 07 80."""

_DLMS_UA = "2.16.756.5.8"


class ApplicationContext(IntEnum):
    """Which application context: logical or short names, with ciphering or without."""

    LN = 1
    SN = 2
    LN_CIPHERED = 3
    SN_CIPHERED = 4

    @property
    def oid(self) -> str:
        """The application-context-name."""
        return f"{_DLMS_UA}.1.{int(self)}"


class Mechanism(IntEnum):
    """Which authentication mechanism."""

    LOWEST = 0
    LLS = 1
    HLS = 2
    HLS_MD5 = 3
    HLS_SHA1 = 4
    HLS_GMAC = 5
    HLS_SHA256 = 6
    HLS_ECDSA = 7

    @property
    def oid(self) -> str:
        """The mechanism-name."""
        return f"{_DLMS_UA}.2.{int(self)}"


class AssociationResult(IntEnum):
    """The result of an AARE."""

    ACCEPTED = 0
    REJECTED_PERMANENT = 1
    REJECTED_TRANSIENT = 2


class ServiceUserDiagnostic(IntEnum):
    """What the user of ACSE says about the result."""

    NULL = 0
    NO_REASON_GIVEN = 1
    APPLICATION_CONTEXT_NAME_NOT_SUPPORTED = 2
    CALLING_AP_TITLE_NOT_RECOGNIZED = 3
    CALLING_AP_INVOCATION_ID_NOT_RECOGNIZED = 4
    CALLING_AE_QUALIFIER_NOT_RECOGNIZED = 5
    CALLING_AE_INVOCATION_ID_NOT_RECOGNIZED = 6
    CALLED_AP_TITLE_NOT_RECOGNIZED = 7
    CALLED_AP_INVOCATION_ID_NOT_RECOGNIZED = 8
    CALLED_AE_QUALIFIER_NOT_RECOGNIZED = 9
    CALLED_AE_INVOCATION_ID_NOT_RECOGNIZED = 10
    AUTHENTICATION_MECHANISM_NAME_NOT_RECOGNISED = 11
    AUTHENTICATION_MECHANISM_NAME_REQUIRED = 12
    AUTHENTICATION_FAILURE = 13
    AUTHENTICATION_REQUIRED = 14


class ServiceProviderDiagnostic(IntEnum):
    """What the provider of ACSE says about the result."""

    NULL = 0
    NO_REASON_GIVEN = 1
    NO_COMMON_ACSE_VERSION = 2


@dataclass(frozen=True, slots=True)
class Aarq:
    """The client asks for an association; `others` are fields that ACSE does not define."""

    application_context_name: str | None = ApplicationContext.LN.oid
    user_information: UserInformation | None = None
    protocol_version: str | None = None
    called_ap_title: bytes | None = None
    called_ae_qualifier: bytes | None = None
    called_ap_invocation_id: int | None = None
    called_ae_invocation_id: int | None = None
    calling_ap_title: bytes | None = None
    calling_ae_qualifier: bytes | None = None
    calling_ap_invocation_id: int | None = None
    calling_ae_invocation_id: int | None = None
    sender_acse_requirements: str | None = None
    mechanism_name: str | None = None
    calling_authentication_value: AuthenticationValue | None = None
    implementation_information: bytes | None = None
    others: tuple[Tlv, ...] = ()


@dataclass(frozen=True, slots=True)
class Aare:
    """The server's answer; `others` are fields that ACSE does not define."""

    application_context_name: str | None = ApplicationContext.LN.oid
    result: int | None = AssociationResult.ACCEPTED
    diagnostic: Diagnostic | None = Diagnostic(DiagnosticSource.SERVICE_USER, 0)  # noqa: RUF009
    user_information: UserInformation | None = None
    protocol_version: str | None = None
    responding_ap_title: bytes | None = None
    responding_ae_qualifier: bytes | None = None
    responding_ap_invocation_id: int | None = None
    responding_ae_invocation_id: int | None = None
    responder_acse_requirements: str | None = None
    mechanism_name: str | None = None
    responding_authentication_value: AuthenticationValue | None = None
    implementation_information: bytes | None = None
    others: tuple[Tlv, ...] = ()


@dataclass(frozen=True, slots=True)
class Rlrq:
    """The client releases the association; the reason may be left out."""

    reason: int | None = 0
    user_information: UserInformation | None = None
    others: tuple[Tlv, ...] = ()


@dataclass(frozen=True, slots=True)
class Rlre:
    """The server's answer; the reason may be left out."""

    reason: int | None = 0
    user_information: UserInformation | None = None
    others: tuple[Tlv, ...] = ()


_RESULTS = {int(member): member.name.lower().replace("_", "-") for member in AssociationResult}
_CONTEXT = Field(0xA1, "application_context_name", NAME, mandatory=True)
_USER_INFORMATION = Field(0xBE, "user_information", USER_INFORMATION)
_IMPLEMENTATION = Field(0xBD, "implementation_information", TEXT, also=0x9D)

AARQ = AcseCodec(
    0x60,
    "aarq",
    Aarq,
    Field(0x80, "protocol_version", BITS),
    _CONTEXT,
    Field(0xA2, "called_ap_title", AP_TITLE),
    Field(0xA3, "called_ae_qualifier", OCTET_STRING),
    Field(0xA4, "called_ap_invocation_id", SMALL),
    Field(0xA5, "called_ae_invocation_id", SMALL),
    Field(0xA6, "calling_ap_title", AP_TITLE),
    Field(0xA7, "calling_ae_qualifier", OCTET_STRING),
    Field(0xA8, "calling_ap_invocation_id", SMALL),
    Field(0xA9, "calling_ae_invocation_id", SMALL),
    Field(0x8A, "sender_acse_requirements", BITS),
    Field(0x8B, "mechanism_name", OBJECT),
    Field(0xAC, "calling_authentication_value", AUTHENTICATION_VALUE),
    _IMPLEMENTATION,
    _USER_INFORMATION,
)
AARE = AcseCodec(
    0x61,
    "aare",
    Aare,
    Field(0x80, "protocol_version", BITS),
    _CONTEXT,
    Field(0xA2, "result", named(_RESULTS), mandatory=True),
    Field(0xA3, "diagnostic", DIAGNOSTIC, mandatory=True),
    Field(0xA4, "responding_ap_title", AP_TITLE),
    Field(0xA5, "responding_ae_qualifier", OCTET_STRING),
    Field(0xA6, "responding_ap_invocation_id", SMALL),
    Field(0xA7, "responding_ae_invocation_id", SMALL),
    Field(0x88, "responder_acse_requirements", BITS),
    Field(0x89, "mechanism_name", OBJECT),
    Field(0xAA, "responding_authentication_value", AUTHENTICATION_VALUE),
    _IMPLEMENTATION,
    _USER_INFORMATION,
)
RLRQ = AcseCodec(
    0x62,
    "rlrq",
    Rlrq,
    Field(0x80, "reason", named({0: "normal", 1: "urgent", 30: "user-defined"}, implicit=True)),
    _USER_INFORMATION,
)
RLRE = AcseCodec(
    0x63,
    "rlre",
    Rlre,
    Field(
        0x80, "reason", named({0: "normal", 1: "not-finished", 30: "user-defined"}, implicit=True)
    ),
    _USER_INFORMATION,
)
