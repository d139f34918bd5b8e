"""Results, diagnostics and APDUs in the words of the standard, for people who read a verdict."""

from enum import IntEnum
from typing import Any

from bench.protocols.dlms.acse import (
    Aare,
    AssociationResult,
    Rlre,
    ServiceProviderDiagnostic,
    ServiceUserDiagnostic,
)
from bench.protocols.dlms.acse_fields import DiagnosticSource
from bench.protocols.dlms.action import ActionResponseNormal
from bench.protocols.dlms.apdu import APDU_NAMES
from bench.protocols.dlms.decoded import Malformed
from bench.protocols.dlms.exception_response import ExceptionResponse, ServiceFault, StateError
from bench.protocols.dlms.get import GetResponseNormal
from bench.protocols.dlms.initiate import ConfirmedServiceError, ErrorClass, InitiateFault
from bench.protocols.dlms.results import ActionResult, DataAccessResult
from bench.protocols.dlms.set import SetResponseNormal

_SHOWN = 24  # octets of an APDU that nobody can name


def named(kind: type[IntEnum], code: int) -> str:
    """Return a code with its name: `3 read-write-denied`; the bare code where it has none."""
    if code not in kind._value2member_map_:
        return f"{code} (undefined)"
    return f"{code} {kind(code).name.lower().replace('_', '-')}"


def data_access_result(code: int) -> str:
    """Return a data-access-result in words."""
    return f"data-access-result {named(DataAccessResult, code)}"


def action_result(code: int) -> str:
    """Return an action-result in words."""
    return f"action-result {named(ActionResult, code)}"


def exception_in_words(record: ExceptionResponse) -> str:
    """Return state and service error in words."""
    state, service = (
        named(StateError, record.state_error),
        named(ServiceFault, record.service_error),
    )
    counter = record.invocation_counter
    told = "" if counter is None else f", expects invocation counter {counter}"
    return f"exception-response {state}, {service}{told}"


def aare_in_words(record: Aare) -> str:
    """Return result and diagnostic, and the error that the user information holds."""
    result = "no result" if record.result is None else named(AssociationResult, record.result)
    text = f"AARE result {result}"
    if record.diagnostic is not None:
        user = record.diagnostic.source == DiagnosticSource.SERVICE_USER
        kind = ServiceUserDiagnostic if user else ServiceProviderDiagnostic
        text += (
            f", {'user' if user else 'provider'} diagnostic {named(kind, record.diagnostic.code)}"
        )
    if isinstance(record.user_information, ConfirmedServiceError):
        text += f", {service_error_in_words(record.user_information)}"
    return text


def service_error_in_words(record: ConfirmedServiceError) -> str:
    """Return class and error in words."""
    if record.error_class == ErrorClass.INITIATE:
        return f"initiate error {named(InitiateFault, record.error)}"
    return f"service error {named(ErrorClass, record.error_class)} {record.error}"


def in_words(record: Any, octets: bytes) -> str:
    """Return what an APDU says in a line; `octets` are shown where it says nothing readable."""
    match record:
        case ExceptionResponse():
            return exception_in_words(record)
        case Aare():
            return aare_in_words(record)
        case Rlre():
            return f"RLRE reason {record.reason}"
        case ConfirmedServiceError():
            return service_error_in_words(record)
        case GetResponseNormal(result=int(code)) | SetResponseNormal(result=int(code)):
            return data_access_result(code)
        case GetResponseNormal(result=data):
            return str(data)
        case ActionResponseNormal(outcome=outcome):
            return action_result(outcome.result)
        case Malformed():
            return f"a malformed {record.name or 'APDU'}: {shortened(octets)}"
        case None:
            return f"octets that are no APDU: {shortened(octets)}"
    name = APDU_NAMES.get(octets[0], "") if octets else ""
    return f"{name or type(record).__name__}: {shortened(octets)}"


def shortened(octets: bytes) -> str:
    """Return octets in hexadecimal, shortened."""
    text = octets[:_SHOWN].hex(" ").upper()
    return f"{text} ... ({len(octets)} octets)" if len(octets) > _SHOWN else text
