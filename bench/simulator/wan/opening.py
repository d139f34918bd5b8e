"""Judges an AARQ, field by field in the order of the standard, and answers with an AARE.

Each judge returns why the association is rejected, or None (IEC 62056-5-3 cl. 7.3, ACSE).
"""

import hmac
from collections.abc import Callable

from bench.protocols.dlms.acse import (
    Aarq,
    ApplicationContext,
    Mechanism,
    ServiceProviderDiagnostic,
    ServiceUserDiagnostic,
)
from bench.protocols.dlms.acse_fields import Diagnostic, DiagnosticSource
from bench.protocols.dlms.apdu import decode_apdu
from bench.protocols.dlms.initiate import InitiateRequest
from bench.simulator.wan import answers, initiate
from bench.simulator.wan.aare import (
    BUSY,
    NO_REASON,
    TITLED,
    AareWriter,
    Ciphering,
    PlainInitiate,
    Rejected,
    user,
)
from bench.simulator.wan.association import Association, State
from bench.simulator.wan.challenges import Challenges
from bench.simulator.wan.clients import UNKNOWN, Client
from bench.simulator.wan.crash import Crash, has_length_bomb, is_nested
from bench.simulator.wan.options import Refusal, WanOptions

_TITLE_OCTETS = 8
_FATAL = frozenset({"fields-crash", "ber-len-crash", "ber-nested-crash"})
_RARE_FIELDS = (
    "called_ap_title",
    "called_ae_qualifier",
    "called_ap_invocation_id",
    "called_ae_invocation_id",
    "calling_ae_qualifier",
    "calling_ap_invocation_id",
    "calling_ae_invocation_id",
)
_MECHANISMS = {mechanism.oid: mechanism for mechanism in Mechanism}
_CHALLENGES = {Mechanism.HLS_ECDSA: (32, 64)}


class Opening:
    """Answers AARQs of one device; `secret` gives the device's secret of a name."""

    def __init__(
        self,
        options: WanOptions,
        meter_title: bytes,
        secret: Callable[[str], bytes],
        challenges: Challenges,
    ) -> None:
        self._options = options
        self._breaks = options.breaks
        self._secret = secret
        self._challenges = challenges
        self._aare = AareWriter(options, meter_title)

    def answer(
        self, octets: bytes, association: Association, ciphering: Ciphering, *, free: bool = True
    ) -> bytes | None:
        """Return the AARE, None for silence; an accepted association is open or pending after it.

        A rejected AARQ leaves a running association as it is. One that is not `free` is rejected
        for the moment.
        """
        options, client = self._options, association.client
        aarq = decode_apdu(octets).value
        self._survive(octets, aarq)
        if not isinstance(aarq, Aarq):
            if options.malformed_aarq is Refusal.RESULT:
                return self._aare.rejected(client, NO_REASON)
            return answers.refused(options.malformed_aarq, answers.MALFORMED)
        if association.state is State.OPEN and "double-aarq-silent" in self._breaks:
            return None
        if association.state is State.OPEN and "double-aarq" in self._breaks:
            association.forget()
            return self._aare.accepted(aarq, association, PlainInitiate())
        request = self._request(aarq, association, ciphering, free=free)
        if isinstance(request, Rejected):
            return self._aare.rejected(client, request)
        association.forget()
        initiate.agree(request, client.ciphered, association, options)
        self._start(aarq, association)
        aare = self._aare.accepted(aarq, association, ciphering)
        is_answered = request.response_allowed is not False or association.state is State.PENDING
        return aare if is_answered else None

    def _survive(self, octets: bytes, aarq: object) -> None:
        """Raise Crash for an AARQ that a broken meter falls over."""
        breaks = self._breaks
        if breaks.isdisjoint(_FATAL):
            return
        rare = _has_rare_fields(aarq)
        if (
            ("fields-crash" in breaks and rare)
            or ("ber-len-crash" in breaks and has_length_bomb(octets))
            or ("ber-nested-crash" in breaks and is_nested(octets))
        ):
            raise Crash

    def _request(
        self, aarq: Aarq, association: Association, ciphering: Ciphering, *, free: bool
    ) -> InitiateRequest | Rejected:
        """Return the InitiateRequest of an AARQ that is to be accepted."""
        client, options = association.client, self._options
        second = association.state is not State.IDLE and options.second_aarq == "reject"
        if second or client.name == UNKNOWN:
            return NO_REASON
        for judge in (self._version, self._context, self._titles, self._mechanism, self._value):
            rejected = judge(aarq, client)
            if rejected is not None:
                return rejected
        if not free:
            return BUSY
        request = ciphering.initiate_request(aarq)
        if request is None:
            return NO_REASON
        if isinstance(request, InitiateRequest):
            error = initiate.judge(request, client.ciphered, ciphering.key_octets, options)
            if error is None:
                return request
        else:
            error = request
        return user(ServiceUserDiagnostic.NO_REASON_GIVEN, error)

    # -- what is asked for

    def _judge(self, aarq: Aarq, client: Client) -> Rejected | None:
        for judge in (self._version, self._context, self._titles, self._mechanism, self._value):
            rejected = judge(aarq, client)
            if rejected is not None:
                return rejected
        return None

    def _version(self, aarq: Aarq, _client: Client) -> Rejected | None:
        version = aarq.protocol_version
        if version is None or "protover-unchecked" in self._breaks:
            return None
        if version[:1] == "1" and "protover-refused" not in self._breaks:
            return None
        source = DiagnosticSource.SERVICE_PROVIDER
        return Rejected(Diagnostic(source, ServiceProviderDiagnostic.NO_COMMON_ACSE_VERSION))

    def _context(self, aarq: Aarq, client: Client) -> Rejected | None:
        name = aarq.application_context_name
        if name == client.context.oid or "context-unchecked" in self._breaks:
            return None
        if "context-arcs-unchecked" in self._breaks and _same_arc(name, client.context.oid):
            return None
        if name == ApplicationContext.SN.oid and "sn-accepted" in self._breaks:
            return None
        return user(ServiceUserDiagnostic.APPLICATION_CONTEXT_NAME_NOT_SUPPORTED)

    def _titles(self, aarq: Aarq, client: Client) -> Rejected | None:
        title = aarq.calling_ap_title
        if "fields-refused" in self._breaks and _has_rare_fields(aarq):
            return user(ServiceUserDiagnostic.CALLED_AP_TITLE_NOT_RECOGNIZED)
        if title is None and not client.ciphered and client.mechanism not in TITLED:
            return None
        if title is not None and "title-length-unchecked" in self._breaks:
            return None
        if title is None or len(title) != _TITLE_OCTETS:
            return user(ServiceUserDiagnostic.CALLING_AP_TITLE_NOT_RECOGNIZED)
        return None

    def _mechanism(self, aarq: Aarq, client: Client) -> Rejected | None:
        name = aarq.mechanism_name
        if name is None:
            if client.mechanism is Mechanism.LOWEST or "auth-skippable" in self._breaks:
                return None
            return user(ServiceUserDiagnostic(self._options.missing_authentication))
        if "mech-arcs-unchecked" in self._breaks and _same_arc(name, client.mechanism.oid):
            return None
        if _MECHANISMS.get(name) is client.mechanism or "mech-unchecked" in self._breaks:
            return None
        return user(ServiceUserDiagnostic.AUTHENTICATION_MECHANISM_NAME_NOT_RECOGNISED)

    def _value(self, aarq: Aarq, client: Client) -> Rejected | None:
        if aarq.mechanism_name is None or client.mechanism is Mechanism.LOWEST:
            return None
        value = aarq.calling_authentication_value
        sent = b"" if value is None else value.octets
        if client.mechanism is Mechanism.LLS:
            right = self._is_password(sent)
        else:
            shortest, longest = _CHALLENGES.get(client.mechanism, (8, 64))
            right = shortest <= len(sent) <= longest and not self._challenges.is_own(sent)
        return None if right else user(ServiceUserDiagnostic.AUTHENTICATION_FAILURE)

    def _is_password(self, sent: bytes) -> bool:
        password = self._secret("lls_password")
        if "lls-any-password" in self._breaks:
            return True
        if "lls-always-fail" in self._breaks:
            return False
        if "lls-prefix-compare" in self._breaks:
            return bool(sent) and password.startswith(sent[: len(password)])
        return hmac.compare_digest(sent, password)

    # -- what is agreed on

    def _start(self, aarq: Aarq, association: Association) -> None:
        association.client_title = aarq.calling_ap_title or b""
        mechanism = association.client.mechanism
        simple = mechanism in (Mechanism.LOWEST, Mechanism.LLS) or aarq.mechanism_name is None
        if simple or "hls-any" in self._breaks:
            association.state = State.OPEN
            return
        value = aarq.calling_authentication_value
        association.client_challenge = b"" if value is None else value.octets
        association.meter_challenge = self._challenges.fresh(association.client_challenge)
        association.state = State.PENDING


def _has_rare_fields(aarq: object) -> bool:
    return any(getattr(aarq, name, None) is not None for name in _RARE_FIELDS)


def _same_arc(name: str | None, right: str) -> bool:
    """Whether a careless meter takes a name for the right one: it looks at the last arc alone."""
    return name is not None and name.rpartition(".")[2] == right.rpartition(".")[2]
