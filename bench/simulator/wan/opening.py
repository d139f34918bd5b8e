"""Judges an AARQ, field by field in the order of the standard, and answers with an AARE.

Each judge returns why the association is rejected, or None (IEC 62056-5-3 cl. 7.3, ACSE).
"""

import hmac
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from bench.protocols.dlms.acse import (
    AUTHENTICATION_REQUIREMENT,
    Aare,
    Aarq,
    ApplicationContext,
    AssociationResult,
    Mechanism,
    ServiceProviderDiagnostic,
    ServiceUserDiagnostic,
)
from bench.protocols.dlms.acse_fields import AuthenticationValue, Diagnostic, DiagnosticSource
from bench.protocols.dlms.apdu import decode_apdu, encode_apdu
from bench.protocols.dlms.initiate import (
    ConfirmedServiceError,
    InitiateRequest,
    InitiateResponse,
)
from bench.protocols.dlms.user_information import UserInformation
from bench.simulator.wan import answers, initiate
from bench.simulator.wan.association import Association, State
from bench.simulator.wan.clients import Client
from bench.simulator.wan.options import Refusal, WanOptions

_USER = DiagnosticSource.SERVICE_USER
_TITLE_OCTETS = 8
_MECHANISMS = {mechanism.oid: mechanism for mechanism in Mechanism}
_TITLED = (Mechanism.HLS_GMAC, Mechanism.HLS_SHA256, Mechanism.HLS_ECDSA)
_CHALLENGES = {Mechanism.HLS_ECDSA: (32, 64)}


@dataclass(frozen=True, slots=True)
class Rejected:
    """Why an association is not opened."""

    diagnostic: Diagnostic
    error: ConfirmedServiceError | None = None
    result: int = AssociationResult.REJECTED_PERMANENT


def _user(code: ServiceUserDiagnostic, error: ConfirmedServiceError | None = None) -> Rejected:
    return Rejected(Diagnostic(_USER, code), error)


NO_REASON = _user(ServiceUserDiagnostic.NO_REASON_GIVEN)
BUSY = Rejected(
    Diagnostic(_USER, ServiceUserDiagnostic.NO_REASON_GIVEN),
    result=AssociationResult.REJECTED_TRANSIENT,
)


class Ciphering(Protocol):
    """What protects the user information of an association."""

    key_octets: int

    def initiate_request(self, aarq: Aarq) -> InitiateRequest | ConfirmedServiceError | None:
        """Return the request that the AARQ carries, the error if it cannot be deciphered."""
        ...

    def initiate_answer(self, answer: UserInformation) -> UserInformation:
        """Return the answer, protected as the request was."""
        ...


class Opening:
    """Answers AARQs of one device.

    `secret` gives the device's secret of a name, `challenge` fresh octets of a length.
    """

    def __init__(
        self,
        options: WanOptions,
        meter_title: bytes,
        secret: Callable[[str], bytes],
        challenge: Callable[[int], bytes],
    ) -> None:
        self._options = options
        self._breaks = options.breaks
        self._title = meter_title
        self._secret = secret
        self._challenge = challenge

    def answer(self, octets: bytes, association: Association, ciphering: Ciphering) -> bytes | None:
        """Return the AARE, None for silence; an accepted association is open or pending after it.

        A rejected AARQ leaves a running association as it is.
        """
        options, breaks = self._options, self._breaks
        value = decode_apdu(octets).value
        if not isinstance(value, Aarq):
            if options.malformed_aarq is Refusal.RESULT:
                return self._reject(Aarq(association.client.context.oid), NO_REASON, association)
            return answers.refused(options.malformed_aarq, answers.MALFORMED)
        if association.state is not State.IDLE and options.second_aarq == "reject":
            return self._reject(value, NO_REASON, association)
        if association.state is State.OPEN and "double-aarq" in breaks:
            association.forget()
            return self._accept(value, association, None)
        rejected = self._judge(value, association.client)
        if rejected is not None:
            return self._reject(value, rejected, association)
        request = ciphering.initiate_request(value)
        if isinstance(request, ConfirmedServiceError):
            return self._reject(
                value, _user(ServiceUserDiagnostic.NO_REASON_GIVEN, request), association
            )
        if not isinstance(request, InitiateRequest):
            return self._reject(value, NO_REASON, association)
        client = association.client
        error = initiate.judge(request, client.ciphered, ciphering.key_octets, options)
        if error is not None:
            rejected = _user(ServiceUserDiagnostic.NO_REASON_GIVEN, error)
            return self._reject(value, rejected, association)
        association.forget()
        initiate.agree(request, client.ciphered, association, options)
        self._start(value, association)
        aare = self._accept(value, association, ciphering)
        return (
            None if request.response_allowed is False and association.state is State.OPEN else aare
        )

    # -- what is asked for

    def _judge(self, aarq: Aarq, client: Client) -> Rejected | None:
        for judge in (self._version, self._context, self._titles, self._mechanism, self._value):
            rejected = judge(aarq, client)
            if rejected is not None:
                return rejected
        return None

    def _version(self, aarq: Aarq, client: Client) -> Rejected | None:
        version = aarq.protocol_version
        if version is None or version[:1] == "1" or "protover-unchecked" in self._breaks:
            return None
        source = DiagnosticSource.SERVICE_PROVIDER
        return Rejected(Diagnostic(source, ServiceProviderDiagnostic.NO_COMMON_ACSE_VERSION))

    def _context(self, aarq: Aarq, client: Client) -> Rejected | None:
        name = aarq.application_context_name
        if name == client.context.oid or "context-unchecked" in self._breaks:
            return None
        if name == ApplicationContext.SN.oid and "sn-accepted" in self._breaks:
            return None
        return _user(ServiceUserDiagnostic.APPLICATION_CONTEXT_NAME_NOT_SUPPORTED)

    def _titles(self, aarq: Aarq, client: Client) -> Rejected | None:
        title = aarq.calling_ap_title
        if title is None and not client.ciphered and client.mechanism not in _TITLED:
            return None
        if title is not None and "title-length-unchecked" in self._breaks:
            return None
        if title is None or len(title) != _TITLE_OCTETS:
            return _user(ServiceUserDiagnostic.CALLING_AP_TITLE_NOT_RECOGNIZED)
        return None

    def _mechanism(self, aarq: Aarq, client: Client) -> Rejected | None:
        name = aarq.mechanism_name
        if name is None:
            if client.mechanism is Mechanism.LOWEST or "auth-skippable" in self._breaks:
                return None
            return _user(ServiceUserDiagnostic(self._options.missing_authentication))
        if _MECHANISMS.get(name) is client.mechanism or "mech-unchecked" in self._breaks:
            return None
        return _user(ServiceUserDiagnostic.AUTHENTICATION_MECHANISM_NAME_NOT_RECOGNISED)

    def _value(self, aarq: Aarq, client: Client) -> Rejected | None:
        if aarq.mechanism_name is None or client.mechanism is Mechanism.LOWEST:
            return None
        value = aarq.calling_authentication_value
        sent = b"" if value is None else value.octets
        if client.mechanism is Mechanism.LLS:
            right = self._is_password(sent)
        else:
            shortest, longest = _CHALLENGES.get(client.mechanism, (8, 64))
            right = shortest <= len(sent) <= longest
        return None if right else _user(ServiceUserDiagnostic.AUTHENTICATION_FAILURE)

    def _is_password(self, sent: bytes) -> bool:
        password = self._secret("lls_password")
        if "lls-any-password" in self._breaks:
            return True
        if "lls-always-fail" in self._breaks:
            return False
        if "lls-prefix-compare" in self._breaks:
            return bool(sent) and password.startswith(sent[: len(password)])
        return hmac.compare_digest(sent, password)

    # -- what is answered

    def _start(self, aarq: Aarq, association: Association) -> None:
        association.client_title = aarq.calling_ap_title or b""
        mechanism = association.client.mechanism
        if mechanism in (Mechanism.LOWEST, Mechanism.LLS) or aarq.mechanism_name is None:
            association.state = State.OPEN
            return
        value = aarq.calling_authentication_value
        association.client_challenge = b"" if value is None else value.octets
        association.meter_challenge = self._fresh()
        association.state = State.PENDING

    def _fresh(self) -> bytes:
        if "hls-constant-stoc" in self._breaks:
            return b"0123456789ABCDEF0123456789ABCDEF"[: self._options.challenge_octets]
        return self._challenge(self._options.challenge_octets)

    def _accept(self, aarq: Aarq, association: Association, ciphering: Ciphering | None) -> bytes:
        options, client = self._options, association.client
        information: UserInformation = initiate.response(association, options)
        if ciphering is not None:
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

    def _reject(self, aarq: Aarq, why: Rejected, association: Association) -> bytes:
        options = self._options
        information: UserInformation | None = why.error
        if information is None and options.rejection_has_initiate:
            information = InitiateResponse(options.conformance, options.max_pdu)
        return self._write(
            Aare(
                application_context_name=association.client.context.oid,
                result=why.result,
                diagnostic=why.diagnostic,
                user_information=information,
                responding_ap_title=self._title_shown(association.client),
            )
        )

    def _context_shown(self, aarq: Aarq) -> str | None:
        if "aare-wrong-context" in self._breaks:
            return ApplicationContext.SN.oid
        return aarq.application_context_name

    def _title_shown(self, client: Client) -> bytes | None:
        shown = client.ciphered or client.mechanism in _TITLED or self._options.show_title
        return self._title if shown else None

    def _write(self, aare: Aare) -> bytes:
        options = self._options
        if options.show_protocol_version:
            aare = replace(aare, protocol_version="1")
        if options.implementation_information:
            aare = replace(aare, implementation_information=options.implementation_information)
        return encode_apdu(aare, length_octets=options.long_lengths)
