"""The ExceptionResponse: why a request got no response of its service (IEC 62056-5-3)."""

from dataclasses import dataclass
from enum import IntEnum

from bench.protocols.dlms.axdr import U32, Codec, Enumerated
from bench.protocols.dlms.reader import Reader
from bench.protocols.dlms.service import Service
from bench.protocols.dlms.writer import Writer


class StateError(IntEnum):
    """What the server makes of the service in its state."""

    SERVICE_NOT_ALLOWED = 1
    SERVICE_UNKNOWN = 2


class ServiceFault(IntEnum):
    """What is wrong with the request."""

    OPERATION_NOT_POSSIBLE = 1
    SERVICE_NOT_SUPPORTED = 2
    OTHER_REASON = 3
    PDU_TOO_LONG = 4
    DECIPHERING_ERROR = 5
    INVOCATION_COUNTER_ERROR = 6


@dataclass(frozen=True, slots=True)
class ExceptionResponse:
    """State and service error; `invocation_counter` is the expected one, and goes with error 6."""

    state_error: int
    service_error: int
    invocation_counter: int | None = None


_STATE = Enumerated(StateError)
_SERVICE = Enumerated(ServiceFault)


class _Body(Codec[ExceptionResponse]):
    __slots__ = ()

    def read(self, reader: Reader) -> ExceptionResponse:
        state = reader.field("state-error", _STATE)
        service = reader.field("service-error", _SERVICE)
        if service != ServiceFault.INVOCATION_COUNTER_ERROR:
            return ExceptionResponse(state, service)
        return ExceptionResponse(state, service, reader.field("invocation-counter", U32))

    def write(self, writer: Writer, value: ExceptionResponse) -> None:
        writer.put(_STATE, value.state_error)
        writer.put(_SERVICE, value.service_error)
        if value.invocation_counter is not None:
            writer.put(U32, value.invocation_counter)


EXCEPTION_RESPONSE = Service(0xD8, "exception-response", ExceptionResponse, _Body())
