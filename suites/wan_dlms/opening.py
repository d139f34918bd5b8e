"""How an association is opened: the AARQ that fits the declaration, what the AARE says, the proofs.

Every step can be taken alone and with anything replaced, for the cases that judge it.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from bench.protocols.dlms.acse import (
    AUTHENTICATION_REQUIREMENT,
    Aare,
    Aarq,
    AssociationResult,
    Mechanism,
    ServiceUserDiagnostic,
)
from bench.protocols.dlms.acse_fields import AuthenticationValue, DiagnosticSource
from bench.protocols.dlms.apdu import decode_apdu, encode_apdu
from bench.protocols.dlms.ciphered import CipheredApdu, GeneralDedCiphering, GeneralGloCiphering
from bench.protocols.dlms.data_types import Data, octet_string
from bench.protocols.dlms.initiate import ConfirmedServiceError, InitiateRequest, InitiateResponse
from bench.protocols.dlms.security.hls import challenge_octets
from bench.protocols.dlms.user_information import UserInformation
from suites.wan_dlms.answer import Answer, Reply, Unprotected
from suites.wan_dlms.ciphering import GLO, PLAIN, Protection, Wrapping
from suites.wan_dlms.transport import LinkState
from suites.wan_dlms.words import in_words

if TYPE_CHECKING:
    from suites.wan_dlms.association import Association

CURRENT_ASSOCIATION = "0.0.40.0.0.255"
HLS_REPLY = 1  # method reply_to_HLS_authentication of class 15
_GLO_INITIATE = 0x21
_USUAL_CHALLENGE = 16


@dataclass(frozen=True, slots=True)
class Opened:
    """How opening went, step by step; a step that was not reached is None.

    `user_information` is what the AARE carries, deciphered where it was ciphered (`protection` says
    how). `hls` is the answer to reply_to_HLS_authentication, `proof_right` whether the meter's own
    proof f(CtoS) is what the bench computes (None: it sent none). `failed` names the step that
    failed and what the meter answered, "" when the association stands.
    """

    link: LinkState
    reply: Reply | None = None
    aare: Aare | None = None
    user_information: Any = None
    protection: Unprotected | None = None
    hls: Answer | None = None
    proof_right: bool | None = None
    failed: str = ""

    @property
    def established(self) -> bool:
        """Whether the association stands."""
        return not self.failed

    @property
    def accepted(self) -> bool:
        """Whether the AARE accepts the association, be it pending until the proofs are made."""
        return self.aare is not None and self.aare.result == AssociationResult.ACCEPTED

    @property
    def initiate(self) -> InitiateResponse | None:
        """What the meter agreed to; None if it sent nothing that can be read."""
        found = self.user_information
        return found if isinstance(found, InitiateResponse) else None

    @property
    def error(self) -> ConfirmedServiceError | None:
        """The error that came in the AARE, or instead of one."""
        if isinstance(self.user_information, ConfirmedServiceError):
            return self.user_information
        record = self.reply.record if self.reply is not None else None
        return record if isinstance(record, ConfirmedServiceError) else None

    @property
    def result(self) -> int | None:
        """The result of the AARE."""
        return None if self.aare is None else self.aare.result

    @property
    def user_diagnostic(self) -> int | None:
        """The code of the AARE's diagnostic, if it is one of the ACSE user."""
        return self._diagnostic(DiagnosticSource.SERVICE_USER)

    @property
    def provider_diagnostic(self) -> int | None:
        """The code of the AARE's diagnostic, if it is one of the ACSE provider."""
        return self._diagnostic(DiagnosticSource.SERVICE_PROVIDER)

    def _diagnostic(self, source: DiagnosticSource) -> int | None:
        found = self.aare.diagnostic if self.aare is not None else None
        return found.code if found is not None and found.source == source else None

    def __str__(self) -> str:
        if self.reply is None:
            return self.failed or str(self.link)
        said = self.said
        return said if not self.failed or self.failed.endswith(said) else self.failed

    @property
    def said(self) -> str:
        """What the meter answered to the AARQ, in words; a ciphered error is told, too."""
        if self.reply is None:
            return str(self.link)
        if self.aare is not None:
            return in_words(replace(self.aare, user_information=self.user_information), b"")
        return str(self.reply)


def initiate_request(aa: "Association", **changes: Any) -> InitiateRequest:
    """Return the InitiateRequest that fits the declaration, with fields replaced."""
    dedicated = aa.security.keys.dedicated if aa.security is not None else b""
    usual = InitiateRequest(aa.conformance, aa.max_pdu, dedicated_key=dedicated or None)
    return replace(usual, **changes)


def aarq(
    aa: "Association", initiate: Any = None, protection: Protection | None = None, **changes: Any
) -> Aarq:
    """Return the AARQ that fits the declaration, with fields replaced.

    `initiate` replaces the InitiateRequest within (a record, or octets as they are), `protection`
    how it is protected. A ciphered one takes the next invocation counter.
    """
    means, security = aa.means, aa.security
    found = Aarq(
        application_context_name=means.context.oid,
        user_information=_initiate(aa, initiate, protection),
    )
    if security is not None and (means.ciphered or means.mechanism >= Mechanism.HLS_GMAC):
        found = replace(found, calling_ap_title=security.title)
    if means.mechanism is not Mechanism.LOWEST:
        value = aa.challenge if means.mechanism >= Mechanism.HLS else aa.password()
        found = replace(
            found,
            sender_acse_requirements=AUTHENTICATION_REQUIREMENT,
            mechanism_name=means.mechanism.oid,
            calling_authentication_value=AuthenticationValue(value),
        )
    return replace(found, **changes)


def _initiate(aa: "Association", initiate: Any, how: Protection | None) -> UserInformation:
    request = initiate_request(aa) if initiate is None else initiate
    how = how or (GLO if aa.means.ciphered else PLAIN)
    security = aa.security
    if security is None or how.wrapping is Wrapping.PLAIN:
        found: UserInformation = (
            decode_apdu(request).value if isinstance(request, bytes) else request
        )
        return found
    octets = request if isinstance(request, bytes) else encode_apdu(request)
    protected = security.protected(octets, how)
    if how.wrapping in (Wrapping.GENERAL_GLO, Wrapping.GENERAL_DED):
        return GeneralGloCiphering(how.title or security.title, protected)
    return CipheredApdu(_GLO_INITIATE, protected)


def propose(aa: "Association", request: Aarq | bytes | None) -> Opened:
    """Send an AARQ over the link that is up; return what came. Nothing is proven yet."""
    link = aa.link
    octets = request if isinstance(request, bytes) else encode_apdu(request or aarq(aa))
    reply = aa.raw(octets)
    record = reply.record
    if not isinstance(record, Aare):
        return Opened(link, reply, failed=_failed(aa, f"AARQ was answered by {reply}"))
    if aa.security is not None and record.responding_ap_title:
        aa.security.server_title = record.responding_ap_title
    value = record.responding_authentication_value
    aa.peer_challenge = value.octets if value is not None else b""
    information, protection = _information(aa, record, reply)
    opened = Opened(link, reply, record, information, protection)
    if record.result != AssociationResult.ACCEPTED:
        return replace(opened, failed=_failed(aa, f"AARQ was answered by {opened.said}"))
    if aa.means.mechanism >= Mechanism.HLS:
        return replace(opened, failed=_failed(aa, _pending(opened)))
    return opened


def _information(aa: "Association", record: Aare, reply: Reply) -> tuple[Any, Unprotected | None]:
    found = record.user_information
    if not isinstance(found, CipheredApdu | GeneralGloCiphering | GeneralDedCiphering):
        return found, None
    if aa.security is None:
        return found, None
    plain, how = aa.security.open_record(found, reply.frame)
    return (found if plain is None else decode_apdu(plain).value), how


def _pending(opened: Opened) -> str:
    if opened.user_diagnostic != ServiceUserDiagnostic.AUTHENTICATION_REQUIRED:
        return f"AARE asks for no authentication: {opened.said}"
    return "the proofs are not made yet"


def authenticate(aa: "Association", opened: Opened, proof: bytes | None) -> Opened:
    """Send f(StoC), by default the right one; return the opening with what came of it."""
    if proof is None:
        size = len(aa.peer_challenge)
        if size not in challenge_octets(aa.means.mechanism):
            text = f"AARE has a challenge of {size} octets"
            return replace(opened, failed=_failed(aa, text))
        proof = aa.proof()
    answer = aa.action(15, CURRENT_ASSOCIATION, HLS_REPLY, octet_string(proof))
    if not answer.ok:
        text = f"f(StoC) was answered by {answer}"
        return replace(opened, hls=answer, failed=_failed(aa, text))
    right = aa.proof_is_right(answer)
    failed = ""
    if not right:
        what = "no f(CtoS)" if right is None else "a wrong f(CtoS)"
        failed = _failed(aa, f"the meter sent {what}: {_shown(answer.data)}")
    return replace(opened, hls=answer, proof_right=right, failed=failed)


def _shown(data: Data | None) -> str:
    return "nothing" if data is None else str(data)


def _failed(aa: "Association", what: str) -> str:
    return f"association {aa.means.name} (client {aa.means.client}): {what}"


def challenge_size(mechanism: Mechanism) -> int:
    """Return how many octets a client's challenge usually has."""
    return max(_USUAL_CHALLENGE, challenge_octets(mechanism).start)
