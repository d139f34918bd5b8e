"""The server's end of an HDLC line: a sans-io state machine (IEC 62056-46 §6.4, NDM and NRM).

It answers when it is polled. A station may have several links at once, one for each pair of client
and logical device. What a server may do in more than one way is an option.
"""

from bench.core.errors import UsageError
from bench.core.trace import Chunk
from bench.protocols.hdlc.address import Address
from bench.protocols.hdlc.control import Kind, unnumbered
from bench.protocols.hdlc.deframer import Deframer, FrameOctets, NoiseKind, Piece
from bench.protocols.hdlc.encode import encode_frame
from bench.protocols.hdlc.events import (
    Connected,
    Disconnected,
    Ending,
    Event,
    Ignored,
    LinkKey,
    Unnumbered,
    Watch,
)
from bench.protocols.hdlc.frame import INVALID, HdlcFrame, decode_frame
from bench.protocols.hdlc.llc import COMMAND, RESPONSE, split_llc
from bench.protocols.hdlc.options import Answer, ParameterAnswer, SecondaryOptions
from bench.protocols.hdlc.parameters import (
    LinkParameters,
    ParameterField,
    decode_parameters,
    encode_parameters,
)
from bench.protocols.hdlc.secondary_link import SecondaryLink


class SecondaryStation:
    """Takes octets, gives events and octets to send; the caller brings the time.

    `watch` is shown every frame that came, whatever is then made of it. After `Received` the answer
    is given with `send`. While `busy`, polls are answered with RNR. What the station does is parted
    into methods and `link_type`, so that a faulty server can be made which differs in one of them.
    """

    link_type: type[SecondaryLink] = SecondaryLink

    def __init__(self, options: SecondaryOptions | None = None, watch: Watch | None = None) -> None:
        self.options = options or SecondaryOptions()
        self.busy = False
        self._links: dict[tuple[Address, int], SecondaryLink] = {}
        self._deframer = Deframer(
            octet_ns=self.options.octet_ns, inter_octet_ns=self.options.inter_octet_ns
        )
        self._watch = watch
        self._out = bytearray()

    def receive(self, octets: bytes, now: int) -> list[Event]:
        """Take octets of which the last arrived at `now`; return what they caused."""
        events = self.advance(now)
        for piece in self._deframer.feed(Chunk(now, octets)):
            self.piece(piece, now, events)
        return events

    def next_event(self) -> int | None:
        """Return when `advance` has something to do, None while nothing can happen by itself."""
        instants = [at for link in self._links.values() if (at := link.inactive_at()) is not None]
        if (deadline := self._deframer.deadline) is not None:
            instants.append(deadline + 1)
        return min(instants, default=None)

    def advance(self, now: int) -> list[Event]:
        """Let time-outs up to `now` happen."""
        events: list[Event] = []
        for piece in self._deframer.expire(now):
            self.piece(piece, now, events)
        for name, link in list(self._links.items()):
            at = link.inactive_at()
            if at is not None and at <= now:
                del self._links[name]
                events.append(Disconnected(at, link.key, Ending.INACTIVE))
        return events

    def outgoing(self) -> bytes:
        """Return the octets to send that were not returned before."""
        octets = bytes(self._out)
        self._out.clear()
        return octets

    def send(self, key: LinkKey, apdu: bytes, *, llc: bytes = RESPONSE) -> None:
        """Answer on a link: at once if the client waits for it, else when it polls.

        Raises UsageError if there is no such link.
        """
        self._link(key).send(llc + apdu)

    def decline(self, key: LinkKey) -> None:
        """Give the turn back to a client that waits: there will be no answer to its request.

        Raises UsageError if there is no such link.
        """
        self._link(key).decline()

    def connected(self) -> tuple[LinkKey, ...]:
        """Return the links that are up."""
        return tuple(link.key for link in self._links.values())

    def send_unnumbered(
        self, source: Address, destination: Address, apdu: bytes, *, llc: bytes = RESPONSE
    ) -> None:
        """Send an APDU that nobody asked for in an UI frame (push)."""
        self.transmit(destination, source, unnumbered(Kind.UI, False), llc + apdu)

    def transmit(
        self,
        destination: Address,
        source: Address,
        control: int,
        information: bytes = b"",
        segmented: bool = False,
    ) -> None:
        """Put one frame into the octets to send; every frame of the station takes this way."""
        self.emit(encode_frame(destination, source, control, information, segmented))

    def emit(self, octets: bytes) -> None:
        """Put octets into those to send, whether they are a frame or not."""
        self._out += octets

    def _link(self, key: LinkKey) -> SecondaryLink:
        link = self._links.get(_name(key))
        if link is None:
            raise UsageError(f"no HDLC link between {key}; answer only while it is connected")
        return link

    def piece(self, piece: Piece, now: int, events: list[Event]) -> None:
        """Take up a frame, or the octets between frames."""
        if not isinstance(piece, FrameOctets):
            if piece.kind is not NoiseKind.FILL:
                events.append(Ignored(piece.until_ns, piece, piece.kind.value))
            return
        frame = decode_frame(piece.body)
        if self._watch is not None:
            self._watch(piece, frame)
        why = self.not_for_us(frame)
        if why:
            events.append(Ignored(piece.until_ns, piece, why, frame))
        elif frame.control.kind is Kind.UI:
            unit = split_llc(frame.information, COMMAND)
            ends = (frame.source, frame.destination)
            events.append(Unnumbered(now, *ends, unit.apdu, unit.problems))
        elif why := self.command(frame, now, events):
            events.append(Ignored(piece.until_ns, piece, why, frame))

    def not_for_us(self, frame: HdlcFrame) -> str:
        """Return why a frame is passed over in silence, "" if it is not."""
        to, options = frame.destination, self.options
        noticed = [p for p in frame.problems if p.code not in options.overlooks]
        if any(problem.code in INVALID for problem in noticed):
            return "; ".join(problem.message for problem in noticed)
        if len(frame.source.octets) != 1 and "address" not in options.overlooks:
            return "the client's address has more than one octet"
        if to.broadcast:
            return "" if frame.control.kind is Kind.UI else "only UI frames go to all stations"
        if len(to.octets) not in options.sizes or to.upper not in options.uppers:
            return f"for server {to}"
        if options.lower is not None and to.lower not in (None, options.lower):
            return f"for server {to}"
        return ""

    def command(self, frame: HdlcFrame, now: int, events: list[Event]) -> str:
        """Take up a command to this station; return why it was ignored, "" if it was not."""
        key = LinkKey(frame.source, frame.destination)
        link = self._links.get(_name(key))
        if frame.control.kind is Kind.SNRM:
            return self.connect(key, frame, now, events)
        if link is None:
            return self.while_down(key, frame)
        link.touched_ns = now
        link.key = key  # answers go to the address as it was called last
        if frame.control.kind is Kind.DISC:
            del self._links[_name(key)]
            events.append(Disconnected(now, key, Ending.REQUESTED))
            if frame.control.final:
                self.reply(key, Kind.UA)
            return ""
        return link.command(frame, now, events)

    def while_down(self, key: LinkKey, frame: HdlcFrame) -> str:
        """Answer a client that has no link and does not ask for one; return why it is ignored."""
        control, silent = frame.control, Answer.SILENCE
        quiet = (control.kind is Kind.I and self.options.on_information_when_down is silent) or (
            not control.defined and self.options.on_undefined is silent
        )
        if control.final and not quiet:
            self.reply(key, Kind.DM)
        return f"{control} while disconnected"

    def connect(self, key: LinkKey, frame: HdlcFrame, now: int, events: list[Event]) -> str:
        """Take up SNRM: a link begins, or begins anew; return why not, "" if it did."""
        name = _name(key)
        others = [link.key for other, link in self._links.items() if other != name]
        if len(others) >= self.options.links and self.options.replaces:
            oldest = min(others, key=lambda other: self._links[_name(other)].touched_ns)
            events.append(Disconnected(now, self._links.pop(_name(oldest)).key, Ending.REPLACED))
        elif len(others) >= self.options.links:
            if frame.control.final:
                self.reply(key, Kind.DM)
            return f"no room for a link beside that of {others[0]}"
        proposal = decode_parameters(frame.information)
        agreed = self.agree(proposal)
        if (former := self._links.pop(name, None)) is not None:
            events.append(Disconnected(now, former.key, Ending.REPLACED))
        self._links[name] = self.link_type(self, key, agreed, now)
        events.append(Connected(now, key, agreed, proposal))
        if frame.control.final:
            self.reply(key, Kind.UA, self.acceptance(agreed, frame))
        return ""

    def agree(self, proposal: ParameterField) -> LinkParameters:
        """Return what this station may send and take after a client's proposal."""
        return self.options.parameters.within(proposal.parameters)

    def acceptance(self, agreed: LinkParameters, frame: HdlcFrame) -> bytes:
        """Return the information field of the UA that answers an SNRM."""
        always = self.options.parameter_answer is ParameterAnswer.ALWAYS
        if not always and not frame.information and agreed == LinkParameters():
            return b""
        octets = self.options.window_octets
        return encode_parameters(agreed, widths={7: octets, 8: octets})

    def reply(self, key: LinkKey, kind: Kind, information: bytes = b"") -> None:
        """Send UA or DM with F."""
        self.transmit(key.client, key.server, unnumbered(kind), information)


def _name(key: LinkKey) -> tuple[Address, int]:
    """Return what makes a link: the client and the logical device, however it is addressed."""
    return key.client, key.server.upper
