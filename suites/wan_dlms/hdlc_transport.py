"""APDUs over an HDLC link: `PrimaryStation` driven over the wire, one blocking call at a time.

A lost answer is a finding and is not repeated, unless `retries` says so. Silence of the
application keeps the link: the next request goes on where it stands.
"""

from collections.abc import Callable
from dataclasses import replace

from bench.core.clock import seconds
from bench.core.errors import AdapterError, ConnectionEnded
from bench.core.trace import Direction, Problem
from bench.protocols.hdlc.address import Address
from bench.protocols.hdlc.control import Kind
from bench.protocols.hdlc.deframer import FrameOctets
from bench.protocols.hdlc.events import (
    Connected,
    Disconnected,
    Event,
    Ignored,
    Overlong,
    Received,
    Rejected,
    Unnumbered,
)
from bench.protocols.hdlc.events import Ending as LinkEnding
from bench.protocols.hdlc.frame import HdlcFrame, decode_frame
from bench.protocols.hdlc.llc import COMMAND
from bench.protocols.hdlc.options import PrimaryOptions
from bench.protocols.hdlc.parameters import LinkParameters
from bench.protocols.hdlc.primary import PrimaryStation, State
from suites.wan_dlms.answer import Ending, Part, Reply
from suites.wan_dlms.hdlc_wire import hdlc_fields
from suites.wan_dlms.transport import OCTET_BOUND, LinkState, Wire

_FOREVER_NS = seconds(86_400)  # the station's own time-outs come after those of the transport
_PATIENCE = 10  # times the limit: how long octets may drip in without making a frame
_ENDINGS = {
    LinkEnding.PEER: (Ending.DOWN, "the meter answered DM: the link is not connected"),
    LinkEnding.REFUSED: (Ending.DOWN, "SNRM was answered by DM"),
    LinkEnding.REJECTED: (Ending.REJECTED, "the meter answered FRMR"),
    LinkEnding.OVERLONG: (Ending.ENDLESS, "more segments than any APDU has"),
    LinkEnding.NO_ANSWER: (Ending.SILENCE, "no answer after all repetitions"),
}


class HdlcTransport:
    """One data link of a client; see `Transport`. `parameters` None sends SNRM without any.

    `station` is the link's state machine, for cases that look at its numbers; `events` are all
    that it has reported.
    """

    def __init__(
        self,
        wire: Wire,
        client: Address,
        server: Address,
        limit_s: float,
        *,
        parameters: LinkParameters | None = None,
        retries: int = 0,
    ) -> None:
        self.wire = wire
        self.client = client.upper
        self.server = server.upper
        self.limit_s = limit_s
        self.unasked: list[Reply] = []
        self.events: list[Event] = []
        self._retries = retries
        options = PrimaryOptions(
            client,
            server,
            parameters,
            response_ns=_FOREVER_NS if not retries else seconds(limit_s),
            retries=retries,
            polls=1 << 30,
            octet_ns=wire.octet_ns,
        )
        self.station = PrimaryStation(options, self._saw)
        self._segments: list[tuple[FrameOctets, Part]] = []  # I frames not yet part of an APDU
        self._unnumbered: list[Part] = []  # UI frames not yet reported
        self._heard = 0  # number of the last frame that came
        self._sent = 0
        self._sent_ns = 0
        self._first_ns: int | None = None  # of the first octet of an answer
        self._last_ns = 0  # of the last octet that came
        self._count = 0
        self._ignored = ""

    @property
    def up(self) -> bool:
        """Whether the link is connected as far as the client knows."""
        return self.station.state is State.UP

    @property
    def largest_apdu(self) -> int | None:
        """None: segments carry any APDU."""
        return None

    # -- the link

    def open(self) -> LinkState:
        """Send SNRM; return what came of it. What had come late before is no answer to it."""
        self._drain()
        if self.wire.connection.ended:
            try:
                self.wire.connection.reconnect()
            except AdapterError as error:
                return LinkState(False, Ending.CLOSED, note=str(error))
        self._begin()
        self.station.connect(self.wire.connection.now())
        return self._link_state("SNRM")

    def close(self) -> LinkState:
        """Send DISC; return what came of it. UA and DM both leave the link down."""
        self._drain()
        if self.wire.connection.ended:
            return LinkState(False, Ending.CLOSED, note="the connection had ended")
        self._begin()
        self.station.disconnect(self.wire.connection.now())
        return self._link_state("DISC")

    def _drain(self) -> None:
        for chunk in self.wire.drain():
            self._take(self.station.receive(chunk.octets, chunk.at_ns))
        self.station.outgoing()  # nothing is said to what came late

    def _link_state(self, command: str) -> LinkState:
        ending, event = self._run(lambda event: isinstance(event, Connected | Disconnected))
        frame = self._last_frame()
        match event:
            case Connected():
                return LinkState(True, Ending.ANSWER, frame, "", event.field, event.parameters)
            case Disconnected(why=LinkEnding.REQUESTED):
                return LinkState(False, Ending.ANSWER, frame, "the link is disconnected")
            case Disconnected(why=why):
                ending, note = _ENDINGS.get(why, (Ending.DOWN, f"{command}: {why}"))
                return LinkState(False, ending, frame, note)
        self.station.forget()
        words = {
            Ending.SILENCE: f"{command} was not answered within {self.limit_s:g} s",
            Ending.GARBAGE: f"{command} was answered by no frame that is right: {self._ignored}",
            Ending.CLOSED: f"the connection was closed after {command}",
        }
        return LinkState(False, ending, frame, words.get(ending, f"{command}: {ending}"))

    # -- APDUs

    def exchange(self, apdu: bytes, timeout_s: float | None = None) -> Reply:
        """Send an APDU in I frames; return the one that comes back."""
        return self._ask(apdu, timeout_s, COMMAND)

    def exchange_with(self, apdu: bytes, llc: bytes, timeout_s: float | None = None) -> Reply:
        """Do the same with another LLC header."""
        return self._ask(apdu, timeout_s, llc)

    def further(self, timeout_s: float | None = None) -> Reply:
        """Return one more APDU for what was asked before; the meter is polled for it."""
        self._begin()
        if not self.up:
            return self._reply(Ending.DOWN, note="the link is not connected")
        self.station.expect(self.wire.connection.now())
        return self._await(timeout_s)

    def _ask(self, apdu: bytes, timeout_s: float | None, llc: bytes) -> Reply:
        self._begin()
        if not self.up:
            return self._reply(Ending.DOWN, note="the link is not connected")
        self.station.send(apdu, self.wire.connection.now(), llc=llc)
        return self._await(timeout_s)

    def _await(self, timeout_s: float | None) -> Reply:
        ending, event = self._run(
            lambda event: isinstance(event, Received | Disconnected | Overlong), timeout_s
        )
        match event:
            case Received():
                return self._received(event)
            case Disconnected(why=why):
                ending, note = _ENDINGS.get(why, (Ending.DOWN, str(why)))
                return self._reply(ending, note=self._reject_note() or note)
            case Overlong():
                return self._reply(Ending.ENDLESS, note=f"{event.octets} octets in segments")
        self.station.forget()
        return self._reply(ending, note=self._ignored)

    def send(self, apdu: bytes) -> Reply:
        """Send an APDU in I frames without waiting for an answer."""
        self._begin()
        if not self.up:
            return self._reply(Ending.DOWN, note="the link is not connected")
        self.station.send(apdu, self.wire.connection.now(), answer=False)
        ending = Ending.NOTHING_ASKED if self._flush() else Ending.CLOSED
        return self._reply(ending)

    def send_unnumbered(self, apdu: bytes, server: Address | None = None) -> Reply:
        """Send an APDU in an UI frame, by default to the server of the link."""
        self._begin()
        link = self.station.link
        if server is not None:
            self.station.link = link._replace(server=server)
        self.station.send_unnumbered(apdu)
        self.station.link = link
        ending = Ending.NOTHING_ASKED if self._flush() else Ending.CLOSED
        return self._reply(ending)

    def listen(self, duration_s: float) -> list[Reply]:
        """Return every APDU that comes within the time, and what came unasked before."""
        self._begin()
        connection = self.wire.connection
        until = connection.now() + seconds(duration_s)
        found: list[Reply] = []
        try:
            while connection.now() < until:
                chunk = connection.receive(until)
                if chunk is None:
                    break
                self._count += len(chunk.octets)
                for event in self._take(self.station.receive(chunk.octets, chunk.at_ns)):
                    if isinstance(event, Received):
                        found.append(self._received(event))
                self._flush()  # what has to wait for the window
                if self._count > OCTET_BOUND:
                    break
        except ConnectionEnded:
            pass
        found[:0] = self.unasked
        self.unasked.clear()
        return found

    # -- driving

    def _begin(self) -> None:
        self._count, self._ignored, self._first_ns = 0, "", None
        self._sent, self._sent_ns = 0, self.wire.connection.now()

    def _run(
        self, wanted: Callable[[Event], bool], timeout_s: float | None = None
    ) -> tuple[Ending, Event | None]:
        """Drive the station until an event that is wanted, or until nothing goes on any more."""
        connection, station = self.wire.connection, self.station
        limit_ns = seconds(self.limit_s if timeout_s is None else timeout_s)
        events: list[Event] = []
        progress, since = self._progress(), connection.now()
        while True:
            if not self._flush():
                return Ending.CLOSED, None
            if self._progress() != progress:
                progress, since = self._progress(), connection.now()
            now = connection.now()
            until = self._deadline(max(since, self._sent_ns), limit_ns)
            at = station.next_event()
            if now >= until and (at is None or at > now):
                return (Ending.GARBAGE if self._ignored else Ending.SILENCE), None
            try:
                chunk = connection.receive(until if at is None else min(at, until))
            except ConnectionEnded:
                return Ending.CLOSED, None
            if chunk is None:
                events = station.advance(connection.now())
            else:
                self._count += len(chunk.octets)
                self._last_ns = chunk.at_ns
                events = station.receive(chunk.octets, chunk.at_ns)
            for event in self._take(events):
                if wanted(event):
                    self._flush()
                    return Ending.ANSWER, event
            if self._count > OCTET_BOUND:
                return Ending.ENDLESS, None

    def _progress(self) -> tuple[object, ...]:
        """Return what changes whenever the exchange gets on; RR alone is no progress."""
        sequence = self.station.sequence
        return self.station.state, sequence.va, sequence.vs, sequence.vr

    def _deadline(self, since: int, limit_ns: int) -> int:
        """Return until when something must happen; a frame that is coming in has its time."""
        airtime = round(self.wire.octet_ns * (self.station.parameters.info_receive + 20))
        until = since + limit_ns * (self._retries + 1) + airtime
        if self.station.pending and self._last_ns > since:
            until = max(until, min(self._last_ns + limit_ns, since + _PATIENCE * limit_ns))
        return until

    def _flush(self) -> bool:
        """Send what the station has to say; return whether the connection took it."""
        octets = self.station.outgoing()
        if not octets:
            return True
        connection = self.wire.connection
        asks = False
        for frame in _frames(octets):
            self._sent = self.wire.keep(frame, connection.now(), Direction.SENT, hdlc_fields)
            asks = asks or decode_frame(frame[1:-1]).control.kind is not Kind.RR
        try:
            sent_ns = connection.send(octets)
        except ConnectionEnded:
            return False
        if asks:  # a poll is no new question
            self._sent_ns, self._first_ns = sent_ns, None
        return True

    # -- what came

    def _saw(self, piece: FrameOctets, frame: HdlcFrame) -> None:
        number = self.wire.keep(piece.octets, piece.at_ns, Direction.RECEIVED, hdlc_fields)
        self._heard = number
        if not frame.valid or not frame.information:
            return
        part = Part(number, frame.at + (not piece.shared), 0, len(frame.information))
        if frame.control.kind is Kind.I:
            if self._first_ns is None:
                self._first_ns = piece.at_ns
            self._segments.append((piece, part))
        elif frame.control.kind is Kind.UI:
            self._unnumbered.append(part)

    def _take(self, events: list[Event]) -> list[Event]:
        """Note what events tell beside their own matter; return them."""
        for event in events:
            self.events.append(event)
            if isinstance(event, Ignored):
                self._ignored = self._ignored or event.why
                self._segments = [one for one in self._segments if one[0] is not event.piece]
                if not isinstance(event.piece, FrameOctets):
                    piece = event.piece
                    self.wire.keep(piece.octets, piece.at_ns, Direction.RECEIVED, hdlc_fields)
            elif isinstance(event, Unnumbered):
                parts = _apdu_parts([self._unnumbered.pop(0)]) if self._unnumbered else ()
                self.unasked.append(self._reply(Ending.ANSWER, event.apdu, parts, event.problems))
            elif isinstance(event, Connected | Disconnected):
                self._segments.clear()
        return events

    def _received(self, event: Received) -> Reply:
        parts = _apdu_parts([part for _, part in self._segments[: event.segments]])
        del self._segments[: event.segments]
        return self._reply(Ending.ANSWER, event.apdu, parts, event.problems)

    def _reply(
        self,
        ending: Ending,
        octets: bytes = b"",
        parts: tuple[Part, ...] = (),
        link_problems: tuple[Problem, ...] = (),
        note: str = "",
    ) -> Reply:
        connection = self.wire.connection
        now = connection.now()
        reply = Reply.of(octets) if ending is Ending.ANSWER else Reply(ending, note=note)
        return replace(
            reply,
            parts=parts,
            link_problems=link_problems,
            sent=self._sent,
            sent_ns=self._sent_ns,
            first_ns=now if self._first_ns is None else self._first_ns,
            until_ns=now,
            uncertainty_s=connection.uncertainty_s,
        )

    def _last_frame(self) -> int:
        return max(self._sent, self._heard)

    def _reject_note(self) -> str:
        rejected = next((e for e in reversed(self.events[-4:]) if isinstance(e, Rejected)), None)
        return "" if rejected is None else f"FRMR: {rejected.reject}"


def _apdu_parts(segments: list[Part]) -> tuple[Part, ...]:
    """Return where the APDU stands in information fields: the first one has the LLC header."""
    parts = []
    start = 0
    for index, part in enumerate(segments):
        cut = min(len(COMMAND), part.length) if index == 0 else 0
        parts.append(Part(part.frame, part.at + cut, start, part.length - cut))
        start += part.length - cut
    return tuple(parts)


def _frames(octets: bytes) -> list[bytes]:
    """Cut frames that were built right into one octet string each."""
    found = []
    at = 0
    while at < len(octets):
        length = int.from_bytes(octets[at + 1 : at + 3], "big") & 0x7FF
        found.append(octets[at : at + length + 2])
        at += length + 2
    return found
