"""A client that reached the meter: APDUs in, APDUs out, until the link is lost."""

from typing import TYPE_CHECKING

from bench.protocols.dlms.acse import Rlre, Rlrq
from bench.protocols.dlms.apdu import decode_apdu, encode_apdu
from bench.simulator.cosem.access import Asker
from bench.simulator.wan import answers, services
from bench.simulator.wan.association import Association, State
from bench.simulator.wan.clients import Client
from bench.simulator.wan.request import Request

if TYPE_CHECKING:
    from bench.simulator.wan.application import Application


class Channel:
    """One client on one connection, with its association.

    `receive` returns the answer; `following` the APDUs that go out right after it, in their order
    (general block transfer sends several blocks at once).
    """

    def __init__(self, application: "Application", client: Client, server_sap: int) -> None:
        self.client = client
        self.server_sap = server_sap
        self._application = application
        self._options = application.options
        self._breaks = application.options.breaks
        self.association = Association(client)
        self._services = services.Services(application.device, application.options)
        self._following: list[bytes] = []

    def receive(self, apdu: bytes, now: int) -> bytes | None:
        """Return the answer to an APDU, None for silence; never raises for whatever octets."""
        self._following.clear()
        if not apdu:
            return None
        options = self._options
        if len(apdu) > options.max_pdu:
            return answers.refused(options.too_long, answers.TOO_LONG)
        tag = apdu[0]
        if tag == 0x60:
            return self._open(apdu, now)
        if tag == 0x62:
            return self._release(apdu, now)
        return self._serve(apdu, now)

    def following(self) -> list[bytes]:
        """Return the APDUs that follow the last answer, none of them twice."""
        following, self._following = self._following, []
        return following

    def close(self, now: int) -> None:
        """End the association: the link is lost (DISC, TCP closed, time out)."""
        self._end(now)

    # -- the association

    def _open(self, apdu: bytes, now: int) -> bytes | None:
        return self._application.opening.answer(apdu, self.association, _Plain())

    def _release(self, apdu: bytes, now: int) -> bytes | None:
        options = self._options
        if self.association.state is State.IDLE:
            return answers.refused(options.release_without_association, answers.NO_ASSOCIATION)
        asked = decode_apdu(apdu).value
        if not isinstance(asked, Rlrq):
            return answers.refused(options.malformed, answers.MALFORMED)
        if "release-ignored" not in self._breaks:
            self._end(now)
        return encode_apdu(Rlre(0 if options.release_reason else None))

    def _end(self, now: int) -> None:  # noqa: ARG002
        self.association.forget()
        self._services.reset()

    # -- services

    def _serve(self, apdu: bytes, now: int) -> bytes | None:
        association = self.association
        options = self._options
        if association.state is State.IDLE and "get-without-aa" not in self._breaks:
            return answers.refused(options.without_association, answers.NO_ASSOCIATION)
        asker = Asker(self.client.name, now, session=self)
        return self._services.answer(
            Request(apdu, asker, association, association.limit, association.limit)
        )


class _Plain:
    key_octets = 0

    def initiate_request(self, aarq):  # type: ignore[no-untyped-def]
        return aarq.user_information

    def initiate_answer(self, answer):  # type: ignore[no-untyped-def]
        return answer
