"""The short answers of a meter that does not serve a request, made once."""

from bench.protocols.dlms.apdu import encode_apdu
from bench.protocols.dlms.exception_response import ExceptionResponse, ServiceFault, StateError
from bench.simulator.wan.options import Refusal

_NOT_ALLOWED, _UNKNOWN = StateError.SERVICE_NOT_ALLOWED, StateError.SERVICE_UNKNOWN


def _exception(state: StateError, service: ServiceFault) -> bytes:
    return encode_apdu(ExceptionResponse(state, service))


NO_ASSOCIATION = _exception(_NOT_ALLOWED, ServiceFault.OPERATION_NOT_POSSIBLE)
NOT_NEGOTIATED = _exception(_NOT_ALLOWED, ServiceFault.SERVICE_NOT_SUPPORTED)
MALFORMED = _exception(_NOT_ALLOWED, ServiceFault.OTHER_REASON)
TOO_LONG = _exception(_NOT_ALLOWED, ServiceFault.PDU_TOO_LONG)
DECIPHERING = _exception(_NOT_ALLOWED, ServiceFault.DECIPHERING_ERROR)
UNKNOWN_SERVICE = _exception(_UNKNOWN, ServiceFault.SERVICE_NOT_SUPPORTED)


def counter_error(expected: int) -> bytes:
    """Return the ExceptionResponse that names the expected invocation counter."""
    fault = ServiceFault.INVOCATION_COUNTER_ERROR
    return encode_apdu(ExceptionResponse(_NOT_ALLOWED, fault, expected & 0xFFFFFFFF))


def refused(how: Refusal, exception: bytes) -> bytes | None:
    """Return `exception`, or None where the meter is to be silent."""
    return None if how is Refusal.SILENCE else exception
