"""Judges an InitiateRequest and agrees on conformance and PDU size (IEC 62056-5-3 cl. 7.3.1)."""

from bench.protocols.dlms.initiate import (
    DLMS_VERSION,
    ConfirmedService,
    ConfirmedServiceError,
    ErrorClass,
    InitiateFault,
    InitiateRequest,
    InitiateResponse,
)
from bench.simulator.wan.association import NO_LIMIT, Association
from bench.simulator.wan.options import Refusal, WanOptions

SHORTEST_PDU = 12
"""Octets: a client that takes less cannot be answered."""
_LIMITS = (0, SHORTEST_PDU, NO_LIMIT)


def initiate_error(fault: InitiateFault) -> ConfirmedServiceError:
    """Return the error that a rejecting AARE carries."""
    return ConfirmedServiceError(ConfirmedService.INITIATE_ERROR, ErrorClass.INITIATE, fault)


UNDECIPHERED = ConfirmedServiceError(
    ConfirmedService.INITIATE_ERROR, ErrorClass.APPLICATION_REFERENCE, 6
)
"""The error of an AARQ whose InitiateRequest cannot be deciphered."""


def judge(
    request: InitiateRequest, ciphered: bool, key_octets: int, options: WanOptions
) -> ConfirmedServiceError | None:
    """Return what is wrong with a request, in the order version, conformance, PDU size, key."""
    fault = _fault(request, ciphered, key_octets, options)
    if fault is not None and "initiate-error-other" in options.breaks:
        fault = InitiateFault.OTHER
    return None if fault is None else initiate_error(fault)


def _fault(
    request: InitiateRequest, ciphered: bool, key_octets: int, options: WanOptions
) -> InitiateFault | None:
    breaks = options.breaks
    too_high = request.version > DLMS_VERSION and not options.version_above_6
    if (request.version < DLMS_VERSION or too_high) and "version-unchecked" not in breaks:
        return InitiateFault.DLMS_VERSION_TOO_LOW
    if not request.conformance & options.conformance and "conf-empty-accepted" not in breaks:
        return InitiateFault.INCOMPATIBLE_CONFORMANCE
    if 0 < request.max_pdu_size < SHORTEST_PDU and "pdu-size-unchecked" not in breaks:
        return InitiateFault.PDU_SIZE_TOO_SHORT
    if request.max_pdu_size in _LIMITS and "pdu-size-limits-refused" in breaks:
        return InitiateFault.PDU_SIZE_TOO_SHORT
    key = request.dedicated_key
    if key is None:
        return None
    refuses = options.dedicated_in_plain_context is not Refusal.SILENCE
    if len(key) != key_octets if ciphered else refuses:
        return InitiateFault.REFUSED_BY_VDE_HANDLER
    return None


def agree(
    request: InitiateRequest, ciphered: bool, association: Association, options: WanOptions
) -> None:
    """Set what client and meter agreed on; a dedicated key counts in a ciphered context only."""
    breaks = options.breaks
    association.proposed = request.conformance
    association.version = DLMS_VERSION
    if "version-echoed" in breaks:
        association.version = max(request.version, DLMS_VERSION)
    association.conformance = request.conformance & options.conformance
    if "conformance-echo" in breaks:
        association.conformance = options.conformance
    association.limit = request.max_pdu_size or NO_LIMIT
    if "exceeds-max-pdu" in breaks:
        association.limit = NO_LIMIT
    if ciphered or "ded-unciphered" in breaks:
        association.dedicated_key = request.dedicated_key or b""


def response(association: Association, options: WanOptions) -> InitiateResponse:
    """Return the answer to the request that was agreed on."""
    return InitiateResponse(
        association.conformance,
        options.max_pdu,
        quality_of_service=0 if options.show_quality_of_service else None,
        version=association.version,
    )
