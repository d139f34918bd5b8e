"""What protects the APDUs of one channel: requests are deciphered and judged, answers protected.

A request must be authentic, then protected as the policy demands, then fresh: what anybody could
have made uses up no counter. Its answer gets the protection that it had, and what the policy adds
(IEC 62056-5-3 cl. 5.3.7, class 64).
"""

from dataclasses import replace

from bench.protocols.dlms.acse import Aarq
from bench.protocols.dlms.apdu import decode_apdu, encode_apdu
from bench.protocols.dlms.ciphered import (
    CipheredApdu,
    GeneralCiphering,
    GeneralGloCiphering,
    GeneralSigning,
    Protected,
    SecurityControl,
)
from bench.protocols.dlms.decoded import Opaque
from bench.protocols.dlms.initiate import (
    INITIATE_REQUEST,
    ConfirmedServiceError,
    InitiateRequest,
)
from bench.protocols.dlms.part import decode_part
from bench.protocols.dlms.security.apdus import (
    Ciphering,
    ded_tag,
    encode_protected,
    glo_tag,
    how_of,
    plain_tag,
)
from bench.protocols.dlms.security.gcm import TITLE_OCTETS, protect
from bench.protocols.dlms.user_information import UserInformation
from bench.simulator.wan import answers
from bench.simulator.wan.association import Association
from bench.simulator.wan.general import GeneralAgent
from bench.simulator.wan.initiate import UNDECIPHERED
from bench.simulator.wan.key_ring import Counters, KeyRing
from bench.simulator.wan.keys import CLIENT_TITLE
from bench.simulator.wan.opened import Opened, Refused
from bench.simulator.wan.options import CounterAnswer, WanOptions
from bench.simulator.wan.tags import opened_text

_EXCEPTION = 0xD8
_AUTHENTICATED, _ENCRYPTED = 0x04, 0x08  # bits of the policy for requests
_SIGNED = 0x10
_ANSWER_AUTHENTICATED, _ANSWER_ENCRYPTED = 0x20, 0x40
_ANSWER_SIGNED = 0x80
_GENERAL_CIPHERING, _GENERAL_SIGNING = 0xDD, 0xDF
PLAIN_REQUESTS = frozenset((0xC0, 0xC1, 0xC3, 0xD9))
"""The tags of requests that are not ciphered."""
_WRONG_BY = 1000
_CONTROLS = tuple(SecurityControl.of(octet) for octet in range(256))
_TITLED = (Ciphering.GENERAL_GLO, Ciphering.GENERAL_DED)


class ChannelCiphering:
    """The security of one channel with a ciphered context; `ring` holds the keys of its suite."""

    def __init__(
        self,
        ring: KeyRing,
        association: Association,
        title: bytes,
        options: WanOptions,
        agent: GeneralAgent,
    ) -> None:
        self._ring = ring
        self._agent = agent
        self._association = association
        self._title = title
        self._options = options
        self._breaks = options.breaks
        self._initiate: Opened | None = None
        self._kept = b""  # dedicated key of an association that has ended
        self._is_signed = False  # while what was signed is judged

    @property
    def key_octets(self) -> int:
        """Octets of a key of the suite."""
        return self._ring.suite.key_octets

    # -- requests

    def plain(self, apdu: bytes) -> Opened:
        """Return a request that is not ciphered; raises Refused if the policy does not allow it."""
        needed = self._ring.policy & (_AUTHENTICATED | _ENCRYPTED)
        if not self._is_signed:
            needed |= self._ring.policy & _SIGNED
        if needed and "plain-in-ciphered" not in self._breaks:
            raise Refused(answers.refused(self._options.unprotected, answers.NO_ASSOCIATION))
        return Opened(apdu, policy=self._ring.policy)

    def open(self, apdu: bytes, title: bytes) -> Opened:
        """Return the request in a ciphered APDU of a client; raises Refused if it is not served."""
        how = how_of(apdu[0])
        if how is None:
            if apdu[0] == _GENERAL_SIGNING:
                return self._verified(apdu, title)
            if apdu[0] == _GENERAL_CIPHERING:
                return self._generally(apdu, title)
            raise Refused(answers.refused(self._options.unknown_tag, answers.UNKNOWN_SERVICE))
        at = 1
        if how in _TITLED:
            if apdu[1:2] != b"\x08":
                raise self._undeciphered()
            sent, at = apdu[2 : 2 + TITLE_OCTETS], 2 + TITLE_OCTETS
            if sent != title:
                if "title-unchecked" not in self._breaks:
                    raise self._undeciphered()
                title = sent
        protected = self._header(apdu, at)
        return self._judged(protected, how, title, plain_tag(apdu[0]))

    def _header(self, apdu: bytes, at: int) -> Protected:
        """Return security header and content of the octets after tag and title."""
        first = apdu[at] if at < len(apdu) else 0x80
        at += 1
        if first > 0x80:
            end = at + (first & 0x7F)
            length, at = int.from_bytes(apdu[at:end], "big"), end
        else:
            length = first
        if length != len(apdu) - at or length < 5:
            raise self._undeciphered()
        counter = int.from_bytes(apdu[at + 1 : at + 5], "big")
        return Protected(_CONTROLS[apdu[at]], counter, apdu[at + 5 :])

    def _judged(
        self, protected: Protected, how: Ciphering, title: bytes, expected_tag: int | None
    ) -> Opened:
        control, ring, breaks = protected.control, self._ring, self._breaks
        if control.suite != ring.suite.number and not (
            "suite-mixed" in breaks or "aad-missing-sc" in breaks
        ):
            raise self._undeciphered()
        if control.compressed and "aad-missing-sc" not in breaks:
            raise self._undeciphered()
        key, counters = self._key(how, control)
        text = opened_text(protected, title, key, ring, expected_tag, breaks)
        if text is None and "guek-as-gbek" in breaks:
            key = ring.keys.broadcast
            text = opened_text(protected, title, key, ring, expected_tag, breaks)
        if text is None or not text or (expected_tag is not None and text[0] != expected_tag):
            if "forged-counted" in breaks:
                counters.take(protected.invocation_counter, breaks)
            raise self._undeciphered()
        self._check_policy(control)
        expected = counters.expected
        if not counters.take(protected.invocation_counter, breaks):
            raise Refused(self._replayed(expected))
        counter = protected.invocation_counter
        return Opened(text, how, control, counter, expected, ring.policy)

    def _generally(self, apdu: bytes, title: bytes) -> Opened:
        record = decode_apdu(apdu).value
        if not isinstance(record, GeneralCiphering):
            raise self._undeciphered()
        control = record.protected.control
        if control.suite != self._ring.suite.number or control.compressed:
            raise self._undeciphered()
        if "general-ciphering-refused" in self._breaks:
            raise self._undeciphered()
        general = self._agent.open(record, title)
        if general is None or not general.apdu:
            raise self._undeciphered()
        self._check_policy(control)
        counters = self._agent.counters(general)
        expected = counters.expected
        if not counters.take(general.invocation_counter, self._breaks):
            raise Refused(self._replayed(expected))
        counter, policy = general.invocation_counter, self._ring.policy
        return Opened(general.apdu, None, control, counter, expected, policy, general)

    def _verified(self, apdu: bytes, title: bytes) -> Opened:
        record = decode_apdu(apdu).value
        content = None
        if isinstance(record, GeneralSigning):
            content = self._agent.verified(record, title)
        if content is None or not content or content[0] == _GENERAL_SIGNING:
            raise self._undeciphered()
        self._is_signed = True
        try:
            plain = content[0] in PLAIN_REQUESTS
            opened = self.plain(content) if plain else self.open(content, title)
        finally:
            self._is_signed = False
        opened.signed = record
        return opened

    def _key(self, how: Ciphering, control: SecurityControl) -> tuple[bytes, Counters]:
        ring, association = self._ring, self._association
        if how.dedicated:
            if "ded-key-ignored" in self._breaks:
                return ring.keys.encryption, ring.unicast
            return self._dedicated_key(), association.dedicated_counters
        if control.broadcast and "gbek-as-guek" not in self._breaks:
            return ring.keys.broadcast, ring.broadcast
        return ring.keys.encryption, ring.unicast

    def _dedicated_key(self) -> bytes:
        key = self._association.dedicated_key
        if "ded-key-kept" in self._breaks:
            key = self._kept = key or self._kept
        return key

    def _check_policy(self, control: SecurityControl) -> None:
        policy, breaks = self._ring.policy, self._breaks
        if policy & _SIGNED and not self._is_signed:
            raise Refused(answers.refused(self._options.unprotected, answers.NO_ASSOCIATION))
        lacks_authentication = bool(policy & _AUTHENTICATED) and not control.authenticated
        lacks_encryption = bool(policy & _ENCRYPTED) and not control.encrypted
        if lacks_authentication and "sec-policy-any" in breaks:
            return
        if lacks_encryption and "policy-unenforced" in breaks:
            return
        if lacks_authentication or lacks_encryption:
            raise Refused(answers.refused(self._options.unprotected, answers.NO_ASSOCIATION))

    def _undeciphered(self) -> Refused:
        return Refused(answers.refused(self._options.deciphering_error, answers.DECIPHERING))

    def _replayed(self, expected: int) -> bytes | None:
        if "ic-error-wrong-counter" in self._breaks:
            expected += _WRONG_BY
        match self._options.counter_error:
            case CounterAnswer.COUNTER:
                return answers.counter_error(min(expected, 0xFFFFFFFF))
            case CounterAnswer.DECIPHERING:
                return answers.DECIPHERING
            case _:
                return None

    # -- answers

    def limit(self, opened: Opened) -> int:
        """Return how long an answer to a request may be before it is protected, in octets."""
        limit = self._association.limit
        if self._signs(opened):
            limit -= self._agent.signature_overhead(opened.signed)
        control = self._answer_control(opened)
        if control is None:
            return limit
        if opened.general is not None:
            return limit - self._agent.overhead(opened.general)
        fixed = 6 + (12 if control.authenticated else 0)
        if opened.how in _TITLED or opened.apdu[0] == 0xD9:
            fixed += 1 + TITLE_OCTETS
        for size in (1, 2, 3):
            room = limit - fixed - size
            if room + fixed - 1 < (0x80, 0x100, 0x10000)[size - 1]:
                return room
        return limit - fixed - 3

    def seal(self, answer: bytes, opened: Opened) -> bytes:
        """Return an answer, protected as its request was and as the policy demands."""
        if answer[0] == _EXCEPTION or "sec-plain-answer" in self._breaks:
            return answer
        control = self._answer_control(opened)
        if "general-answer-plain" in self._breaks and opened.how in _TITLED:
            return answer
        if control is not None:
            answer = self._ciphered(answer, opened, control)
        if self._signs(opened):
            title = self._association.client_title
            answer = self._agent.signed(answer, opened.signed, title)
        return answer

    def _signs(self, opened: Opened) -> bool:
        """Whether an answer is signed: its request was, or the policy demands it."""
        demanded = opened.policy & _ANSWER_SIGNED and self._ring.suite.curve is not None
        return opened.signed is not None or bool(demanded)

    def _ciphered(self, answer: bytes, opened: Opened, control: SecurityControl) -> bytes:
        if opened.general is None:
            return self._protected(answer, opened.how or Ciphering.GLO, control)
        counter = self._ring.sent_counter()
        if counter is None:
            return answers.DECIPHERING
        title = self._association.client_title
        return self._agent.seal(answer, opened.general, control, counter, title)

    def notification(self, apdu: bytes) -> bytes:
        """Return an APDU that nobody asked for, protected as the policy demands."""
        control = self._answer_control(Opened(b"\x0f", policy=self._ring.policy))
        if control is None or "push-plain" in self._breaks:
            return apdu
        if "push-authenticated-only" in self._breaks:
            control = replace(control, encrypted=False)
        return self._protected(apdu, Ciphering.GENERAL_GLO, control)

    def _answer_control(self, opened: Opened) -> SecurityControl | None:
        policy, control = opened.policy, opened.control
        authenticated = control.authenticated or bool(policy & _ANSWER_AUTHENTICATED)
        encrypted = control.encrypted or bool(policy & _ANSWER_ENCRYPTED)
        if "sec-answer-weaker" in self._breaks:
            authenticated = bool(policy & _ANSWER_AUTHENTICATED)
            encrypted = bool(policy & _ANSWER_ENCRYPTED)
        ciphered = opened.how is not None or opened.general is not None
        if not authenticated and not encrypted and not ciphered:
            return None
        number = 0 if "suite-echo" in self._breaks else self._ring.suite.number
        return _CONTROLS[number | authenticated << 4 | encrypted << 5]

    def _protected(self, apdu: bytes, how: Ciphering, control: SecurityControl) -> bytes:
        ring = self._ring
        dedicated = how.dedicated and "ded-key-ignored" not in self._breaks
        key = self._dedicated_key() if dedicated else ring.keys.encryption
        counter = ring.sent_counter()
        if counter is None:
            return answers.DECIPHERING
        authentication_key = ring.keys.authentication
        protected = protect(control, self._title, counter, key, authentication_key, apdu)
        tag = ded_tag(apdu[0]) if how is Ciphering.DED else glo_tag(apdu[0])
        if how in _TITLED or tag is None:
            head = b"\xdc\x08" if how.dedicated else b"\xdb\x08"
            return head + self._title + encode_protected(protected)
        return bytes((tag,)) + encode_protected(protected)

    # -- the user information of an AARQ

    def initiate_request(self, aarq: Aarq) -> InitiateRequest | ConfirmedServiceError | None:
        """Return the request that the AARQ carries, the error if it cannot be deciphered."""
        self._ring.connected()
        try:
            opened = self.user_information(aarq.user_information, self._title_of(aarq))
        except Refused:
            return UNDECIPHERED
        self._initiate = opened
        if isinstance(aarq.user_information, InitiateRequest):
            return aarq.user_information
        found: InitiateRequest | None = None
        if opened.apdu[0] == INITIATE_REQUEST.tag:
            found = decode_part(opened.apdu, INITIATE_REQUEST).value
        return found

    def _title_of(self, aarq: Aarq) -> bytes:
        title = aarq.calling_ap_title or b""
        careless = "title-length-unchecked" in self._breaks and len(title) != TITLE_OCTETS
        return CLIENT_TITLE if careless else title

    def user_information(self, information: UserInformation | None, title: bytes) -> Opened:
        """Return what user information holds; raises Refused as `open` and `plain` do.

        A policy of signatures does not reach it: association APDUs are not signed.
        """
        self._is_signed = True
        try:
            if isinstance(information, CipheredApdu | GeneralGloCiphering | GeneralCiphering):
                return self.open(encode_apdu(information), title)
            return self.plain(b"\x01")
        finally:
            self._is_signed = False

    def initiate_answer(self, answer: UserInformation, to: Opened | None = None) -> UserInformation:
        """Return the answer, protected as the request was that it answers (None: the AARQ's)."""
        opened = to or self._initiate
        if opened is None:
            return answer
        octets = encode_apdu(answer)
        sealed = self.seal(octets, replace(opened, policy=opened.policy & ~_ANSWER_SIGNED))
        return answer if sealed == octets else Opaque("ciphered", sealed)
