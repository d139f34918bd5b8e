"""Writes the AARE: what was agreed on, or why the association is rejected (ACSE, IEC 62056-5-3)."""

from dataclasses import dataclass, replace
from typing import Protocol

from bench.protocols.dlms.acse import (
    AUTHENTICATION_REQUIREMENT,
    Aare,
    Aarq,
    ApplicationContext,
    AssociationResult,
    Mechanism,
    ServiceUserDiagnostic,
)
from bench.protocols.dlms.acse_fields import AuthenticationValue, Diagnostic, DiagnosticSource
from bench.protocols.dlms.apdu import encode_apdu
from bench.protocols.dlms.initiate import ConfirmedServiceError, InitiateRequest, InitiateResponse
from bench.protocols.dlms.user_information import UserInformation
from bench.simulator.wan import initiate
from bench.simulator.wan.association import Association, State
from bench.simulator.wan.clients import Client
from bench.simulator.wan.options import WanOptions

_USER = DiagnosticSource.SERVICE_USER
TITLED = (Mechanism.HLS_GMAC, Mechanism.HLS_SHA256, Mechanism.HLS_ECDSA)
"""The mechanisms that need the system titles of both sides."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """Why an association is not opened."""

    diagnostic: Diagnostic
    error: ConfirmedServiceError | None = None
    result: int = AssociationResult.REJECTED_PERMANENT


def user(code: ServiceUserDiagnostic, error: ConfirmedServiceError | None = None) -> Rejected:
    """Return a rejection for a reason that the user of ACSE gives."""
    return Rejected(Diagnostic(_USER, code), error)


NO_REASON = user(ServiceUserDiagnostic.NO_REASON_GIVEN)
BUSY = Rejected(
    Diagnostic(_USER, ServiceUserDiagnostic.NO_REASON_GIVEN),
    result=AssociationResult.REJECTED_TRANSIENT,
)


class Ciphering(Protocol):
    """What protects the user information of an association."""

    @property
    def key_octets(self) -> int:
        """Octets of a dedicated key."""
        ...

    def initiate_request(self, aarq: Aarq) -> InitiateRequest | ConfirmedServiceError | None:
        """Return the request that the AARQ carries, the error if it cannot be deciphered."""
        ...

    def initiate_answer(self, answer: UserInformation) -> UserInformation:
        """Return the answer, protected as the request was."""
        ...


class PlainInitiate:
    """The user information of a context without ciphering: nothing is protected."""

    @property
    def key_octets(self) -> int:
        """No key fits."""
        return 0

    def initiate_request(self, aarq: Aarq) -> InitiateRequest | ConfirmedServiceError | None:
        """Return the request, None if it is none or ciphered."""
        information = aarq.user_information
        return information if isinstance(information, InitiateRequest) else None

    def initiate_answer(self, answer: UserInformation) -> UserInformation:
        """Return the answer."""
        return answer


class AareWriter:
    """Writes the AAREs of one device, whose system title is `title`."""

    def __init__(self, options: WanOptions, title: bytes) -> None:
        self._options = options
        self._breaks = options.breaks
        self._title = title

    def accepted(self, aarq: Aarq, association: Association, ciphering: Ciphering) -> bytes:
        """Return the AARE of an association that is open, or pending."""
        options, client = self._options, association.client
        information: UserInformation = initiate.response(association, options)
        information = ciphering.initiate_answer(information)
        pending = association.state is State.PENDING
        named = pending or (options.show_mechanism and aarq.mechanism_name is not None)
        code = ServiceUserDiagnostic.AUTHENTICATION_REQUIRED if pending else 0
        challenge = association.meter_challenge
        return self._write(
            Aare(
                application_context_name=self._context_shown(aarq),
                result=AssociationResult.ACCEPTED,
                diagnostic=Diagnostic(_USER, code),
                user_information=information,
                responding_ap_title=self._title_shown(client),
                responder_acse_requirements=AUTHENTICATION_REQUIREMENT if named else None,
                mechanism_name=client.mechanism.oid if named else None,
                responding_authentication_value=AuthenticationValue(challenge) if pending else None,
            )
        )

    def rejected(self, client: Client, why: Rejected) -> bytes:
        """Return the AARE of an association that is not opened."""
        options = self._options
        information: UserInformation | None = why.error
        if information is None and options.rejection_has_initiate:
            information = InitiateResponse(options.conformance, options.max_pdu)
        return self._write(
            Aare(
                application_context_name=client.context.oid,
                result=why.result,
                diagnostic=why.diagnostic,
                user_information=information,
                responding_ap_title=self._title_shown(client),
            )
        )

    def _context_shown(self, aarq: Aarq) -> str | None:
        if "aare-wrong-context" in self._breaks:
            return ApplicationContext.SN.oid
        return aarq.application_context_name

    def _title_shown(self, client: Client) -> bytes | None:
        shown = client.ciphered or client.mechanism in TITLED or self._options.show_title
        return self._title if shown else None

    def _write(self, aare: Aare) -> bytes:
        options = self._options
        if options.show_protocol_version:
            aare = replace(aare, protocol_version="1")
        if options.implementation_information:
            aare = replace(aare, implementation_information=options.implementation_information)
        return encode_apdu(aare, length_octets=options.long_lengths)
