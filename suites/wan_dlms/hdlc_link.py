"""A data link as a case leads it: set up, asked, ended, and its numbers open to be sent wrong."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from bench.core.check import Place
from bench.core.clock import seconds
from bench.core.errors import AdapterError
from bench.core.link import Capability
from bench.core.verdict import Reason
from bench.engine.connection import Connection
from bench.engine.context import CaseContext, Inconclusive
from bench.protocols.dlms.cosem_types import AttributeDescriptor, LogicalName
from bench.protocols.hdlc.address import Address
from bench.protocols.hdlc.control import Kind, information, receive_ready, unnumbered
from bench.protocols.hdlc.llc import COMMAND, RESPONSE
from bench.protocols.hdlc.parameters import (
    LinkParameters,
    ParameterField,
    decode_parameters,
    encode_parameters,
)
from suites.wan_dlms.hdlc_wire import HdlcWire, Heard, Said
from suites.wan_dlms.wrapper_wire import accepts, get_request, plain_aarq, reads

_POLL_S = 0.1  # between polls of a server that has nothing yet
_MOST_FRAMES = 600
_MOST_OCTETS = 1 << 17
_MOST_STALLED = 2  # polls that bring I frames, and none that is due
_TRIES = 2  # of a frame that a line may lose
_MODULUS = 8
_PATIENCE = 3  # times the response limit, when only a sign of life is asked for
_REVIVAL_S = 40.0  # in which a device that fell over may be there again
_REVIVAL_POLL_S = 5.0

SNRM, DISC = unnumbered(Kind.SNRM), unnumbered(Kind.DISC)

CLOCK_TIME = AttributeDescriptor(8, LogicalName(0, 0, 1, 0, 0), 2)
OBJECT_LIST = AttributeDescriptor(15, LogicalName(0, 0, 40, 0, 0), 2)  # of the open association


@dataclass(frozen=True, slots=True)
class Unit:
    """What came in I frames after a request; `octets` is None unless it came to its end.

    `octets` are those of the information fields joined, LLC header included; `frames` are all
    frames that came, `said` the last thing that was asked and heard, `asked_ns` the instant at
    which the request had left.
    """

    octets: bytes | None
    frames: tuple[Heard, ...]
    said: Said
    asked_ns: int = 0

    @property
    def segments(self) -> tuple[Heard, ...]:
        """The I frames."""
        return tuple(heard for heard in self.frames if heard.kind is Kind.I)

    @property
    def apdu(self) -> bytes:
        """What follows the LLC header; empty if there is no unit, or another LLC header."""
        octets = self.octets or b""
        return octets[len(RESPONSE) :] if octets.startswith(RESPONSE) else b""

    @property
    def place(self) -> Place:
        """Where the first frame of the answer is in the evidence, else the request."""
        return self.frames[0].place if self.frames else self.said.place

    def __str__(self) -> str:
        if self.octets is None:
            return str(self.said)
        if not self.apdu:
            return f"a unit that begins with {self.octets[:4].hex(' ').upper()}"
        return f"an APDU that begins with {self.apdu[:4].hex(' ').upper()}"


class HdlcLink(HdlcWire):
    """One client's link to one logical device; `vs` and `vr` are the client's state variables.

    `parameters` are the client's own after negotiation; `was_up` says that the device has taken
    a link up in this case. Without `reads_name` the client has no association by which the
    logical device name could be read as a sign of life.
    """

    def __init__(
        self,
        context: CaseContext,
        connection: Connection,
        *,
        client: Address,
        server: Address,
        limit_s: float,
        reads_name: bool = True,
    ) -> None:
        super().__init__(context, connection, client=client, server=server, limit_s=limit_s)
        self._reads_name = reads_name
        self.parameters = LinkParameters()
        self.vs = 0
        self.vr = 0
        self.was_up = False

    def sibling(self, client: Address) -> "HdlcLink":
        """Return the link of another client to the same server over the same connection."""
        return HdlcLink(
            self._context, self.connection, client=client, server=self.server, limit_s=self.limit_s
        )

    # -- commands

    def snrm(self, information: LinkParameters | bytes = b"") -> Said:
        """Ask for a link with these parameters, or with this information field."""
        octets = information
        if isinstance(octets, LinkParameters):
            octets = encode_parameters(octets)
        return self.say(self.frame(SNRM, octets))

    def disconnect(self) -> Said:
        """Send DISC."""
        return self.say(self.frame(DISC))

    def trial(self, **wrong: Any) -> Said:
        """Send SNRM with something wrong in it; whatever takes it up is disconnected again."""
        said = self.say(self.frame(SNRM, **wrong))
        if not said.silent:
            self.say(self.frame(DISC, **wrong))
        return said

    def poll(self) -> Said:
        """Send RR with the right number."""
        return self.say(self.frame(receive_ready(self.vr)))

    def information(
        self, octets: bytes, *, ns: int | None = None, nr: int | None = None, **wrong: Any
    ) -> bytes:
        """Return an I frame with P and the numbers that are due, unless others are given."""
        control = information(self.vs if ns is None else ns, self.vr if nr is None else nr)
        return self.frame(control, octets, **wrong)

    # -- a link and what it carries

    def connect(self, proposal: LinkParameters | None = None) -> ParameterField:
        """Set the link up; return what the device accepts.

        Raises Inconclusive if it does not: it is what the case needs before it can ask anything.
        """
        said = self.snrm(proposal or b"")
        for _ in range(_TRIES - 1):
            if said.find(Kind.UA) or not said.silent:
                break
            said = self.snrm(proposal or b"")
        ua = said.find(Kind.UA)
        if ua is None:
            raise Inconclusive(Reason.PRECONDITION, f"the link was not set up: SNRM got {said}")
        return self.connected(ua, proposal)

    def connected(self, ua: Heard, proposal: LinkParameters | None = None) -> ParameterField:
        """Count from an UA on, and keep what it says; return that."""
        self.was_up = True
        self.vs = self.vr = 0
        field = decode_parameters(ua.frame.information)
        self.parameters = (proposal or LinkParameters()).within(field.parameters)
        return field

    def associate(self, proposal: LinkParameters | None = None, max_pdu: int = 0xFFFF) -> None:
        """Set the link up and open the public association; Inconclusive if that fails."""
        self.connect(proposal)
        unit = self.ask(plain_aarq(max_pdu))
        if not accepts(unit.apdu):
            raise Inconclusive(
                Reason.PRECONDITION, f"the public association was not opened: {unit}"
            )

    def ask(self, apdu: bytes, llc: bytes = COMMAND) -> Unit:
        """Send an APDU in as many frames as it needs, and return the answer, polled to its end."""
        unit, size = llc + apdu, self.parameters.info_transmit
        parts = [unit[at : at + size] for at in range(0, len(unit), size)]
        for part in parts[:-1]:
            said = self.say(self.information(part, segmented=True))
            self.vs = (self.vs + 1) % _MODULUS
            if said.find(Kind.RR) is None:
                return Unit(None, said.frames, said)
        said = self.say(self.information(parts[-1]))
        self.vs = (self.vs + 1) % _MODULUS
        return self.collect(said)

    def collect(self, said: Said) -> Unit:
        """Take the I frames of an answer in and poll until it is whole, or nothing more comes."""
        frames: list[Heard] = []
        octets = bytearray()
        asked_ns = said.sent_ns
        patience = self.connection.now() + seconds(self.limit_s)
        stalled = 0
        while True:
            frames += said.frames
            before = len(octets)
            if self.take(said.frames, octets):
                return Unit(bytes(octets), tuple(frames), said, asked_ns)
            stalled += said.find(Kind.I) is not None and len(octets) == before
            endless = len(frames) > _MOST_FRAMES or len(octets) > _MOST_OCTETS
            if endless or stalled > _MOST_STALLED or not said.find(Kind.I, Kind.RR, Kind.RNR):
                return Unit(None, tuple(frames), said, asked_ns)
            if not said.find(Kind.I):  # nothing yet
                if self.connection.now() > patience:
                    return Unit(None, tuple(frames), said, asked_ns)
                self.connection.wait(min(_POLL_S, self.limit_s / 4))
            said = self.poll()

    def take(self, frames: Iterable[Heard], octets: bytearray) -> bool:
        """Append what the I frames that are due carry; return whether the last one was there."""
        for heard in frames:
            if heard.is_valid(Kind.I) and heard.frame.control.ns == self.vr:
                self.vr = (self.vr + 1) % _MODULUS
                octets += heard.frame.information
                if not heard.frame.segmented:
                    return True
        return False

    # -- whether the device lives

    def begin(self) -> None:
        """Make sure that there is no link, and that the device is there.

        Raises Inconclusive if neither DISC nor SNRM gets any answer: what is silence then?
        """
        for command in (DISC, DISC, SNRM):
            said = self.say(self.frame(command))
            if said.frames:
                if command == SNRM:
                    self.disconnect()
                return
        raise Inconclusive(Reason.SILENT, f"DISC and SNRM to {self.server} got {said}")

    def serves(self) -> bool:
        """Return whether a client that comes now gets a link, and can read the device's name."""
        try:
            if not self._reads_name:
                self.connect()
                return True
            self.associate()
        except Inconclusive:
            return False
        return reads(self.ask(get_request()).apdu)

    def finish(self) -> None:
        """End the link; where the device has had one in this case, check that it still serves.

        A device that does not is given time, and a new connection, to be there again for the next
        case. One that is slow is alive, too, and so is one that is out of step with the client.
        """
        self.limit_s *= _PATIENCE
        self.disconnect()
        if not self.was_up:
            return
        serves = self.serves() or (self._in_step_again() and self.serves())
        self._context.checks.that(
            "alive",
            serves,
            expected="the logical device name can be read after the case",
            observed="it was read" if serves else "it was not",
        )
        if not serves:
            self._revive()
        self.disconnect()

    def _in_step_again(self) -> bool:
        """Return whether something was in the way of a sign of life, which is put aside now.

        That is a connection that the device has closed, or an answer more than there were
        questions: each one was then taken for the answer to the next question.
        """
        if self.connection.ended and self.connection.has(Capability.CONNECTION):
            with suppress(AdapterError):
                self.connection.reconnect()
            return not self.connection.ended
        return bool(self.listen(self.limit_s).frames)

    def _revive(self) -> None:
        """Wait until the device takes a link up again, on a new connection if there are any."""
        until = self.connection.now() + seconds(_REVIVAL_S)
        while self.snrm().find(Kind.UA) is None and self.connection.now() < until:
            if self.connection.has(Capability.CONNECTION):
                with suppress(AdapterError):  # the next case says so itself
                    self.connection.reconnect()
            self.connection.wait(_REVIVAL_POLL_S)
