"""The client's end of an HDLC link: a sans-io state machine (IEC 62056-46 §6.4).

It speaks, then waits for the final frame of the answer; what is lost is found by a time-out and
repeated. Every exchange ends: in `Received`, `Connected` or `Disconnected`.
"""

from enum import StrEnum

from bench.core.errors import UsageError
from bench.core.trace import Chunk
from bench.protocols.hdlc.control import Kind, information, receive_ready, unnumbered
from bench.protocols.hdlc.deframer import Deframer, FrameOctets, NoiseKind, Piece
from bench.protocols.hdlc.encode import encode_frame
from bench.protocols.hdlc.events import (
    Connected,
    Disconnected,
    Ending,
    Event,
    Ignored,
    LinkKey,
    Overlong,
    Received,
    Rejected,
    Unnumbered,
    Watch,
)
from bench.protocols.hdlc.frame import HdlcFrame, decode_frame
from bench.protocols.hdlc.frame_reject import decode_frame_reject
from bench.protocols.hdlc.llc import COMMAND, RESPONSE, split_llc
from bench.protocols.hdlc.options import PrimaryOptions, Recovery
from bench.protocols.hdlc.parameters import LinkParameters, decode_parameters, encode_parameters
from bench.protocols.hdlc.sequence import Sequence


class State(StrEnum):
    """Where the client's link stands."""

    DOWN = "down"
    CONNECTING = "connecting"
    UP = "up"
    DISCONNECTING = "disconnecting"


class PrimaryStation:
    """Takes octets, gives events and octets to send; the caller brings the time.

    `watch` is shown every frame that came, whatever is then made of it.
    """

    def __init__(self, options: PrimaryOptions, watch: Watch | None = None) -> None:
        self.options = options
        self.link = LinkKey(options.client, options.server)
        self.state = State.DOWN
        self.sequence = Sequence(LinkParameters(), options.longest_apdu)
        self.parameters = LinkParameters()
        self._deframer = Deframer(octet_ns=options.octet_ns, inter_octet_ns=options.inter_octet_ns)
        self._watch = watch
        self._out = bytearray()
        self._answer_at: int | None = None  # when a final frame is overdue
        self._poll_at: int | None = None
        self._heard = False  # octets came since the time of waiting began
        self._burst = 0  # I frames since the last poll
        self._left = 0  # repetitions
        self._polls_left = 0
        self._expected = 0  # answers that are to come
        # What has been sent or asked for again already: a second answer to it is a stale one.
        self._sent_again: int | None = None
        self._asked_again: int | None = None

    def connect(self, now: int) -> None:
        """Send SNRM; `Connected` or `Disconnected` follows. The numbers start anew."""
        self._reset(State.CONNECTING)
        self._start(now)

    def disconnect(self, now: int) -> None:
        """Send DISC, also while down; `Disconnected` follows."""
        self._reset(State.DISCONNECTING)
        self._start(now)

    def send(self, apdu: bytes, now: int, *, answer: bool = True, llc: bytes = COMMAND) -> None:
        """Send an APDU in I frames, after what is under way; `answer` False if none will come.

        Raises UsageError while the link is not up.
        """
        self._require_up()
        self._expected += answer
        self.sequence.queue(llc + apdu)
        if self._answer_at is None and self._poll_at is None:
            self._speak(now)

    @property
    def pending(self) -> int:
        """How many octets have come that wait for the rest of a frame."""
        return self._deframer.pending

    def expect(self, now: int) -> None:
        """Expect one more answer to what was sent before, and poll for it.

        Raises UsageError while the link is not up.
        """
        self._require_up()
        self._expected += 1
        if self._answer_at is None and self._poll_at is None:
            self._poll_at = now

    def forget(self) -> None:
        """Expect no answer any more and wait for nothing; the link stays as it is.

        What was sent and not acknowledged is asked about before the next APDU goes out.
        """
        self._expected = 0
        self._answer_at = self._poll_at = None

    def send_unnumbered(self, apdu: bytes, *, llc: bytes = COMMAND, poll: bool = False) -> None:
        """Send an APDU in an UI frame, which needs no link and gets no answer."""
        self._transmit(unnumbered(Kind.UI, poll), llc + apdu)

    def receive(self, octets: bytes, now: int) -> list[Event]:
        """Take octets of which the last arrived at `now`; return what they caused."""
        events: list[Event] = []
        self._heard = True
        for piece in self._deframer.feed(Chunk(now, octets)):
            self._piece(piece, now, events)
        return [*events, *self.advance(now)]  # an answer comes before the time-out of its instant

    def next_event(self) -> int | None:
        """Return when `advance` has something to do, None while nothing can happen by itself."""
        instants = [at for at in (self._answer_at, self._poll_at) if at is not None]
        if (deadline := self._deframer.deadline) is not None:
            instants.append(deadline + 1)
        return min(instants, default=None)

    def advance(self, now: int) -> list[Event]:
        """Let time-outs up to `now` happen."""
        events: list[Event] = []
        for piece in self._deframer.expire(now):
            self._piece(piece, now, events)
        if self._poll_at is not None and self._poll_at <= now:
            self._poll_at = None
            self._polls_left -= 1
            if self._polls_left < 0:
                self._down(Ending.NO_ANSWER, now, events)
            else:
                self._poll(now)
        elif self._answer_at is not None and self._answer_at <= now:
            self._overdue(now, events)
        return events

    def outgoing(self) -> bytes:
        """Return the octets to send that were not returned before."""
        octets = bytes(self._out)
        self._out.clear()
        return octets

    # -- sending

    def _require_up(self) -> None:
        if self.state is not State.UP:
            raise UsageError(f"the HDLC link is {self.state}; connect() and wait for Connected")

    def _reset(self, state: State) -> None:
        self.state = state
        self.sequence = Sequence(self.parameters, self.options.longest_apdu)
        self._expected = 0
        self._poll_at = None
        self._sent_again = self._asked_again = None

    def _start(self, now: int) -> None:
        """Begin an exchange with its full number of repetitions."""
        self._left = self.options.retries
        self._polls_left = self.options.polls
        self._command(now)

    def _command(self, now: int) -> None:
        proposed = self.options.parameters
        if self.state is State.DISCONNECTING:
            self._transmit(unnumbered(Kind.DISC))
        else:
            unit = b"" if proposed is None else encode_parameters(proposed)
            self._transmit(unnumbered(Kind.SNRM), unit)
        self._wait(now)

    def _speak(self, now: int) -> None:
        """Send the next window, its last frame with P; or ask for what is to come."""
        segments = self.sequence.burst()
        for segment in segments:
            control = information(segment.ns, self.sequence.vr, segment is segments[-1])
            self._transmit(control, segment.octets, segment.more)
        if segments:
            self._burst = 0
            self._left, self._polls_left = self.options.retries, self.options.polls
            self._wait(now)
        elif self.sequence.receiving:
            self._left, self._polls_left = self.options.retries, self.options.polls
            self._poll(now)
        elif self._expected:
            self._poll_at = now + self.options.poll_ns

    def _poll(self, now: int) -> None:
        self._transmit(receive_ready(self.sequence.vr))
        self._burst = 0
        self._wait(now)

    def _wait(self, now: int) -> None:
        self._heard = False
        self._answer_at = now + self.options.response_ns

    def _overdue(self, now: int, events: list[Event]) -> None:
        self._left -= 1
        if self._left < 0:
            self._down(Ending.NO_ANSWER, now, events)
            return
        if self._deframer.pending and self._heard:  # a long frame is on its way
            self._wait(now)
            return
        for piece in self._deframer.flush():  # half a frame cannot hold up the next
            self._piece(piece, now, events)
        if self._answer_at is None or self._answer_at > now:
            return
        self._sent_again = self._asked_again = None
        if self.state is not State.UP:
            self._command(now)
        elif self.sequence.outstanding and self.options.recovery is Recovery.REPEAT:
            self._repeat(now)
        else:
            self._poll(now)

    def _repeat(self, now: int) -> None:
        left, polls = self._left, self._polls_left
        self.sequence.go_back()
        self._speak(now)
        self._left, self._polls_left = left, polls

    def _transmit(self, control: int, unit: bytes = b"", segmented: bool = False) -> None:
        self._out += encode_frame(self.link.server, self.link.client, control, unit, segmented)

    # -- receiving

    def _piece(self, piece: Piece, now: int, events: list[Event]) -> None:
        if not isinstance(piece, FrameOctets):
            if piece.kind is not NoiseKind.FILL:
                events.append(Ignored(piece.until_ns, piece, piece.kind.value))
            return
        frame = decode_frame(piece.body)
        if self._watch is not None:
            self._watch(piece, frame)
        why = self._not_for_us(frame) or self._response(frame, now, events)
        if why:
            events.append(Ignored(piece.until_ns, piece, why, frame))

    def _not_for_us(self, frame: HdlcFrame) -> str:
        if not frame.valid:
            return "; ".join(problem.message for problem in frame.problems)
        if frame.control.kind is Kind.UI:
            return ""
        if (frame.destination, frame.source) != (self.link.client, self.link.server):
            return f"from {frame.source} to {frame.destination}"
        return ""

    def _response(self, frame: HdlcFrame, now: int, events: list[Event]) -> str:
        """Take a response up; return why it was ignored, "" if it was not."""
        kind, state = frame.control.kind, self.state
        if kind is Kind.UI:
            unit = split_llc(frame.information, RESPONSE)
            ends = (frame.source, frame.destination)
            events.append(Unnumbered(now, *ends, unit.apdu, unit.problems))
        elif kind is Kind.UA and state is State.CONNECTING:
            self._up(frame, now, events)
        elif kind is Kind.UA and state is State.DISCONNECTING:
            self._down(Ending.REQUESTED, now, events)
        elif kind is Kind.DM and state is not State.DOWN:
            ending = {State.CONNECTING: Ending.REFUSED, State.UP: Ending.PEER}
            self._down(ending.get(state, Ending.REQUESTED), now, events)
        elif kind is Kind.FRMR and state in {State.UP, State.CONNECTING}:
            reject = decode_frame_reject(frame.information)
            events.append(Rejected(now, self.link, reject))
            self._down(Ending.REJECTED, now, events)
        elif kind in {Kind.I, Kind.RR, Kind.RNR} and state is State.UP:
            return self._numbered(frame, now, events)
        else:
            return f"{frame.control} while {state}"
        return ""

    def _up(self, frame: HdlcFrame, now: int, events: list[Event]) -> None:
        field = decode_parameters(frame.information)
        proposed = self.options.parameters or LinkParameters()
        self.parameters = proposed.within(field.parameters)
        self._reset(State.UP)
        self._answer_at = None
        events.append(Connected(now, self.link, self.parameters, field))

    def _down(self, why: Ending, now: int, events: list[Event]) -> None:
        self._reset(State.DOWN)
        self._answer_at = None
        events.append(Disconnected(now, self.link, why))

    def _numbered(self, frame: HdlcFrame, now: int, events: list[Event]) -> str:
        control, sequence = frame.control, self.sequence
        before = sequence.va
        if not sequence.acknowledge(control.nr):
            return f"{control}: N(R) is not one of {before} to {sequence.vs}"
        if sequence.va != before:
            self._sent_again = None
        if control.kind is not Kind.I:
            return self._supervisory(frame, now)
        if len(frame.information) > self.parameters.info_receive:
            return f"{control}: more octets than {self.parameters.info_receive} were agreed"
        if not sequence.expects(control.ns):
            if control.final and sequence.ahead(control.ns) and self._asked_again != sequence.vr:
                self._asked_again = sequence.vr
                self._poll(now)
            return f"{control}, expected N(S)={sequence.vr}"
        self._asked_again = None
        unit = sequence.take(frame.information, frame.segmented)
        if not frame.segmented:
            self._expected = max(self._expected - 1, 0)
            self._unit(unit, now, events)
        elif sequence.dropped:
            events.append(Overlong(now, self.link, sequence.dropped))
            self._down(Ending.OVERLONG, now, events)
            return ""
        if control.final:
            self._go_on(now)
        elif self._answer_at is not None and self._burst < self.parameters.window_receive:
            self._burst += 1  # the rest of the window may take as long again
            self._wait(now)
        return ""

    def _unit(self, unit: bytes | None, now: int, events: list[Event]) -> None:
        if unit is None:
            events.append(Overlong(now, self.link, self.sequence.dropped))
            return
        service = split_llc(unit, RESPONSE)
        count = self.sequence.segments
        events.append(Received(now, self.link, service.apdu, count, service.problems))

    def _supervisory(self, frame: HdlcFrame, now: int) -> str:
        """Take RR or RNR up: it says what arrived, and that there is nothing to send yet."""
        if not frame.control.final or self._answer_at is None:
            return "" if not frame.control.final else f"{frame.control}: nothing was asked"
        if frame.control.kind is Kind.RNR:
            self._answer_at = None
            self._poll_at = now + self.options.poll_ns
            return ""
        if self.sequence.outstanding and self._sent_again == self.sequence.va:
            return f"{frame.control}: the same has been sent again already"
        self._go_on(now)
        return ""

    def _go_on(self, now: int) -> None:
        """The server has given the turn back: send what is missing, then what comes next."""
        self._answer_at = None
        if self.sequence.outstanding:
            self._sent_again = self.sequence.va
            self._repeat(now)
        else:
            self._speak(now)
