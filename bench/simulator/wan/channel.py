"""A client that reached the meter: APDUs in, APDUs out, until the link is lost."""

from typing import TYPE_CHECKING

from bench.protocols.dlms.acse import Rlre, Rlrq
from bench.protocols.dlms.apdu import APDU_NAMES, decode_apdu, encode_apdu
from bench.protocols.dlms.ciphered import CipheredApdu
from bench.protocols.dlms.initiate import Conformance
from bench.protocols.dlms.user_information import UserInformation
from bench.simulator.cosem.access import Asker
from bench.simulator.wan import answers, initiate
from bench.simulator.wan.aare import Ciphering, PlainInitiate
from bench.simulator.wan.association import Association, State
from bench.simulator.wan.block_transfer import BlockTransfer
from bench.simulator.wan.ciphering import PLAIN_REQUESTS, ChannelCiphering
from bench.simulator.wan.clients import Client
from bench.simulator.wan.crash import Crash
from bench.simulator.wan.key_ring import KeyRing
from bench.simulator.wan.names import CURRENT_ASSOCIATION, association_name
from bench.simulator.wan.opened import Opened, Refused
from bench.simulator.wan.options import Refusal
from bench.simulator.wan.request import Request
from bench.simulator.wan.services import Services

if TYPE_CHECKING:
    from bench.simulator.wan.application import Application

_AARQ, _RLRQ, _BLOCK = 0x60, 0x62, 0xE0
_GET, _SET, _ACTION = 0xC0, 0xC1, 0xC3
_WRITING = (_SET, _ACTION)
_LONG = 64  # octets
_ANY_PROOF = 16  # octets
_TIRED_AFTER, _FALLS_AFTER = 5, 15  # failures
_BY_BLOCKS = int(Conformance.GENERAL_BLOCK_TRANSFER)
_REPLY_TO_HLS = b"\x01"
_ASSOCIATION_CLASS = b"\x00\x0f"


class Channel:
    """One client on one connection, with its association.

    `receive` returns the answer; `following` the APDUs that go out right after it, in their order
    (general block transfer sends several blocks at once).
    """

    def __init__(self, application: "Application", client: Client, server_sap: int) -> None:
        self.client = client
        self.server_sap = server_sap
        self.association = Association(client)
        self._application = application
        self._options = application.options
        self._breaks = application.options.breaks
        self._ring = application.ring(client)
        self._ciphering = None if self._ring is None else self._under(self._ring)
        self._services = Services(application.device, application.options)
        self._transfer = BlockTransfer(application.options)
        self._following: list[bytes] = []
        self._opened = Opened(b"")
        self._failed = False
        own = association_name(client.instance).octets
        self._associations = (CURRENT_ASSOCIATION.octets, own)

    def _under(self, ring: KeyRing) -> ChannelCiphering:
        application = self._application
        agent = application.agent(ring)
        return ChannelCiphering(
            ring, self.association, application.title, application.options, agent
        )

    def receive(self, apdu: bytes, now: int) -> bytes | None:
        """Return the answer to an APDU, None for silence; never raises for whatever octets."""
        self._following.clear()
        if not apdu or self._application.is_down(now):
            return None
        try:
            return self._received(apdu, now)
        except Crash:
            self._application.crash(now)
            return None

    def _received(self, apdu: bytes, now: int) -> bytes | None:
        if self.client.pre_established:
            answer = self._broadcast(apdu, now)
            return answer if "broadcast-answered" in self._breaks else None
        if apdu[0] not in APDU_NAMES and (
            "tag-crash" in self._breaks or ("fuzz-apdu-crash" in self._breaks and len(apdu) > _LONG)
        ):
            raise Crash
        if apdu[0] not in APDU_NAMES and "tag-as-get" in self._breaks:
            apdu = bytes((_GET,)) + apdu[1:]
        if len(apdu) > self._options.max_pdu:
            if "oversize-crash" in self._breaks:
                raise Crash
            if "oversize-other" in self._breaks:
                return answers.MALFORMED
            return answers.refused(self._options.too_long, answers.TOO_LONG)
        if apdu[0] == _BLOCK:
            return self._in_blocks(apdu, now)
        self._transfer.reset()
        return self._whole(apdu, now, in_blocks=False)

    def following(self) -> list[bytes]:
        """Return the APDUs that follow the last answer, none of them twice."""
        following, self._following = self._following, []
        return following

    def close(self, now: int) -> None:
        """End the association: the link is lost (DISC, TCP closed, time out)."""
        pending = self.association.state is State.PENDING
        if not pending or "hls-state-persist" not in self._breaks:
            self._end(now)

    # -- what the objects ask of the connection in which they are asked

    def prove(self, response: bytes) -> bytes | None:
        """Judge the client's response to the challenge; return the meter's own, None if wrong."""
        association = self.association
        own = None
        if association.state is State.PENDING:
            authentication = self._application.authentication
            own = authentication.prove(association, response, self._ring, self._opened)
        if own is None and "hls-sixth-taken" in self._breaks:
            failures = self._application.failures(self.client)
            own = bytes(_ANY_PROOF) if failures >= _TIRED_AFTER else None
        if own is None:
            self._failed = True
        else:
            association.state = State.OPEN
            self._application.note_success(self.client)
            if self._ring is not None:
                self._ring.connected()
        return own

    # -- whole APDUs

    def _whole(self, apdu: bytes, now: int, *, in_blocks: bool) -> bytes | None:
        if apdu[0] == _AARQ:
            return self._open(apdu, now)
        if apdu[0] == _RLRQ:
            return self._release(apdu, now)
        answer = self._serve(apdu, now, in_blocks=in_blocks)
        if answer is None or in_blocks or len(answer) <= self.association.limit:
            return answer
        if "exceeds-max-pdu-ciphered" in self._breaks:
            return answer
        if not self.association.has(_BY_BLOCKS):
            return answers.TOO_LONG
        self._transfer.begin()
        self._transfer.send(answer, self.association.limit)
        return self._blocks()

    def _open(self, apdu: bytes, now: int) -> bytes | None:
        application = self._application
        if self.association.state is State.PENDING and "hls-state-persist" in self._breaks:
            return None
        ciphering: Ciphering = self._ciphering or PlainInitiate()
        free = application.may_open(self, now)
        was = self.association.state
        answer = application.opening.answer(apdu, self.association, ciphering, free=free)
        if self.association.state is not was or was is not State.IDLE:
            self._forget_transfers()
        application.hold(self)
        if self._ring is not None and self.association.client_title:
            self._ring.client_title = self.association.client_title
        return answer

    def _release(self, apdu: bytes, now: int) -> bytes | None:
        options = self._options
        if self.association.state is State.IDLE:
            return answers.refused(options.release_without_association, answers.NO_ASSOCIATION)
        asked = decode_apdu(apdu).value
        if not isinstance(asked, Rlrq):
            return answers.refused(options.malformed, answers.MALFORMED)
        information: UserInformation | None = None
        protects = self._ciphering is not None and "release-plain" not in self._breaks
        if "release-ciphered-refused" in self._breaks and isinstance(
            asked.user_information, CipheredApdu
        ):
            self._end(now)
            return answers.NO_ASSOCIATION
        if "rlrq-needs-info" in self._breaks and asked.user_information is None:
            return answers.MALFORMED
        if "rlrq-needs-reason" in self._breaks and asked.reason is None:
            return answers.MALFORMED
        if self._ciphering is not None and (protects or asked.user_information is not None):
            try:
                opened = self._ciphering.user_information(
                    asked.user_information, self.association.client_title
                )
            except Refused as refused:
                if refused.answer == answers.NO_ASSOCIATION:
                    return answers.refused(options.unprotected_release, answers.NO_ASSOCIATION)
                return refused.answer
            response = initiate.response(self.association, options)
            information = self._ciphering.initiate_answer(response, opened)
        elif options.release_information:
            information = initiate.response(self.association, options)
        if "release-ignored" not in self._breaks:
            self._end(now)
        reason = 0 if options.release_reason else None
        return encode_apdu(Rlre(reason, information), length_octets=options.long_lengths)

    def _end(self, now: int) -> None:
        self.association.forget()
        self._forget_transfers()
        self._application.ended(self, now)

    def _forget_transfers(self) -> None:
        if "block-state-persist" not in self._breaks:
            self._services.reset()
        self._transfer.reset()

    # -- services

    def _serve(self, apdu: bytes, now: int, *, in_blocks: bool) -> bytes | None:
        association, options = self.association, self._options
        if association.state is State.IDLE:
            if "get-without-aa" not in self._breaks or apdu[0] != _GET:
                return answers.refused(options.without_association, answers.NO_ASSOCIATION)
            association.conformance = options.conformance
        ciphering = self._ciphering
        try:
            opened = self._judged(apdu)
        except Refused as refused:
            return refused.answer
        self._opened = opened
        if association.state is State.PENDING and not self._is_reply(opened.apdu):
            return self._not_proved(opened)
        control = opened.control
        asker = self._asker(opened, now)
        if ciphering is None and opened.how is not None:
            ciphering = self._under(self._application.ring_of(0))
        limit = association.limit
        if ciphering is not None and "exceeds-max-pdu-ciphered" not in self._breaks:
            limit = ciphering.limit(opened)
        request = Request(opened.apdu, asker, association, limit, in_blocks)
        answer = self._services.answer(request)
        if self._failed:
            self._failed = False
            if "hls-retry-allowed" not in self._breaks:
                association.state = State.IDLE
            self._application.note_failure(self.client, now)
            failures = self._application.failures(self.client)
            if "hls-many-crash" in self._breaks and failures >= _FALLS_AFTER:
                raise Crash
            if options.hls_failure is not Refusal.RESULT:
                return answers.refused(options.hls_failure, answers.NO_ASSOCIATION)
        if answer is None or (control.broadcast and "gbek-as-guek" not in self._breaks):
            return None
        if "short-answer" in self._breaks and answer[:2] == b"\xc4\x01" and answer[3:4] == b"\x01":
            answer = answer[:-1]
        return answer if ciphering is None else ciphering.seal(answer, opened)

    def _asker(self, opened: Opened, now: int) -> Asker:
        control, signed = opened.control, opened.signed is not None
        name = self.client.name
        if "public-write" in self._breaks and name == "public" and opened.apdu[0] in _WRITING:
            return Asker("suite0", now, authenticated=True, encrypted=True, session=self)
        return Asker(name, now, control.authenticated, control.encrypted, self, signed)

    def _judged(self, apdu: bytes) -> Opened:
        """Return the request in an APDU; raises Refused if it may not be served."""
        ciphering = self._ciphering
        if ciphering is None:
            if apdu[0] in PLAIN_REQUESTS:
                return Opened(apdu)
            if self.association.dedicated_key:  # a rule was broken when it was taken
                ciphering = self._under(self._application.ring_of(0))
                return ciphering.open(apdu, self.association.client_title)
            raise Refused(answers.refused(self._options.unknown_tag, answers.UNKNOWN_SERVICE))
        if apdu[0] in PLAIN_REQUESTS:
            return ciphering.plain(apdu)
        return ciphering.open(apdu, self.association.client_title)

    def _is_reply(self, apdu: bytes) -> bool:
        """Whether a request is the one that a pending association allows."""
        return "hls-pass3-skippable" in self._breaks or (
            apdu[0] == _ACTION
            and apdu[1:2] == b"\x01"
            and apdu[3:5] == _ASSOCIATION_CLASS
            and apdu[5:11] in self._associations
            and apdu[11:12] == _REPLY_TO_HLS
        )

    def _not_proved(self, opened: Opened) -> bytes | None:
        options = self._options
        denied = {0xC0: b"\xc4\x01%c\x01\x03", 0xC1: b"\xc5\x01%c\x03", 0xC3: b"\xc7\x01%c\x03\x00"}
        answer = denied.get(opened.apdu[0])
        if options.pending_association is Refusal.RESULT and answer and len(opened.apdu) > 2:
            answer = answer % opened.apdu[2]
            return self._ciphering.seal(answer, opened) if self._ciphering else answer
        return answers.refused(options.pending_association, answers.NO_ASSOCIATION)

    def _broadcast(self, apdu: bytes, now: int) -> bytes | None:
        """Do what was sent to all meters; return the answer, which is never to be sent."""
        association = self.association
        association.state = State.OPEN
        association.conformance = self._options.conformance
        association.client_title = self._application.client_title
        if apdu[0] in (_AARQ, _RLRQ, _BLOCK) or len(apdu) > self._options.max_pdu:
            return None
        try:
            opened = self._judged(apdu)
        except Refused:
            return None
        if not opened.control.broadcast:
            return None
        asker = self._asker(opened, now)
        return self._services.answer(Request(opened.apdu, asker, association, association.limit))

    # -- general block transfer

    def _in_blocks(self, apdu: bytes, now: int) -> bytes | None:
        association, options, transfer = self.association, self._options, self._transfer
        if association.state is State.IDLE:
            return answers.refused(options.without_association, answers.NO_ASSOCIATION)
        if not association.has(_BY_BLOCKS):
            return answers.refused(options.not_negotiated, answers.NOT_NEGOTIATED)
        taken = transfer.take(apdu)
        if not taken:
            transfer.reset()
            answer = answers.MALFORMED if taken is False else answers.TOO_LONG
            return answers.refused(options.malformed, answer)
        whole = transfer.whole
        if whole is not None:
            nested = whole[:1] in (b"", b"\xe0")
            answered = answers.MALFORMED if nested else self._whole(whole, now, in_blocks=True)
            if answered is None or not association.has(_BY_BLOCKS):
                transfer.reset()  # nothing to say, or the association ended
                return answered
            transfer.send(answered, association.limit)
        return self._blocks()

    def _blocks(self) -> bytes | None:
        blocks = self._transfer.answers()
        if not blocks:
            return None
        self._following = blocks[1:]
        return blocks[0]
