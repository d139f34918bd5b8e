"""Signing on to a meter in mode E as a case needs it: timed, kept as evidence, right or wrong.

The line begins at 300 Bd, 7E1, and goes over to 8N1 at the agreed speed (IEC 62056-21 §6.3,
Annex E). Whoever signs on ends with `restore`, so that the next case finds the line as it was.
"""

from dataclasses import dataclass

from bench.core.clock import SECOND, seconds
from bench.core.line import LineSettings
from bench.core.measurement import Measurement
from bench.core.trace import Direction, Field, Problem
from bench.engine.connection import Connection
from bench.engine.context import CaseContext
from bench.protocols.hdlc.control import Kind, unnumbered
from bench.protocols.hdlc.deframer import Deframer, FrameOctets
from bench.protocols.hdlc.encode import encode_frame
from bench.protocols.hdlc.frame import HdlcFrame, decode_frame
from bench.protocols.iec62056_21 import (
    START_LINE,
    Messages,
    decode_identification,
    decode_option,
    encode_request,
)
from bench.protocols.iec62056_21_sign_on import (
    ClientOptions,
    Failed,
    Failure,
    Identified,
    SignedOn,
    SignOnClient,
)
from suites.wan_dlms.declared import Declared

_PATIENCE_S = 6.0  # for a reaction that may take 1.5 s: a late one is to be measured
_MOST_OCTETS = 1 << 16


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a sign-on went; frames are evidence numbers of the meter's messages, 0 for none."""

    identified: Identified | None
    signed_on: SignedOn | None
    failed: Failed | None
    identification_frame: int = 0
    confirmation_frame: int = 0

    def __str__(self) -> str:
        if self.signed_on is not None:
            return f"signed on at {self.signed_on.line}"
        if self.failed is None:
            return "no end"
        heard = f" {self.failed.octets[:40]!r}" if self.failed.octets else ""
        return f"{self.failed.why}{heard}"


class ModeE:
    """The line of a meter that is signed on to; `usual` is how it is set for other cases."""

    def __init__(self, context: CaseContext, declared: Declared, usual: LineSettings) -> None:
        self.connection: Connection = context.connection
        self.address = str(declared.values.get("mode_e_address", ""))
        self.confirms = bool(declared.values.get("mode_e_confirms", True))
        self._context = context
        self._declared = declared
        self._usual = usual
        sap = declared.association("public").client if declared.has("public") else 16
        self._client = declared.client_address(sap)
        self._server = declared.server_address()

    def begin(self) -> None:
        """Set the line to 300 Bd; a meter that was left in HDLC is waited for."""
        self.connection.set_line(START_LINE)
        if self.sign_on().identified is None:
            self.connection.wait(1.1 * self._declared.inactivity_s)
        else:
            self.leave()

    def sign_on(self) -> Outcome:
        """Sign on for HDLC at the speed that the meter proposes; the line is set accordingly."""
        options = ClientOptions(
            address=self.address,
            confirmation=self.confirms,
            reaction_max_ns=seconds(_PATIENCE_S),
        )
        connection, client = self.connection, SignOnClient(options)
        connection.set_line(START_LINE)
        client.start(connection.now())
        identified: Identified | None = None
        frames = [0, 0]
        octets = 0
        while octets < _MOST_OCTETS:
            if out := client.outgoing():
                connection.send(out)
            if (at := client.next_event()) is None:
                break
            chunk = connection.receive(at)
            if chunk is None:
                events = client.advance(connection.now())
            else:
                octets += len(chunk.octets)
                events = client.receive(chunk.octets, chunk.at_ns)
            for event in events:
                if isinstance(event, Identified):
                    identified = event
                    frames[0] = self._keep(event.identification.octets, event.at_ns)
                elif isinstance(event, SignedOn):
                    if event.option is not None:
                        frames[1] = self._keep(event.option.octets, event.at_ns)
                    connection.set_line(event.line)
                    return Outcome(identified, event, None, *frames)
                else:
                    if event.octets:
                        which = 0 if identified is None else 1
                        frames[which] = self._keep(event.octets, event.at_ns)
                    return Outcome(identified, None, event, *frames)
        now = connection.now()
        return Outcome(identified, None, Failed(now, Failure.NO_IDENTIFICATION), *frames)

    def ask(self, address: str) -> bytes:
        """Send a request to an address at 300 Bd; return the identification, b"" if none comes."""
        self.connection.set_line(START_LINE)
        return self.say(encode_request(address), b"/")

    def say(self, octets: bytes, first: bytes) -> bytes:
        """Send octets; return the first message in answer that begins with one of `first`."""
        connection, messages = self.connection, Messages(first)
        character_ns = START_LINE.character_ns
        sent_ns = connection.send(octets) + round(len(octets) * character_ns)
        until, heard = sent_ns + seconds(_PATIENCE_S), 0
        while heard < _MOST_OCTETS and (chunk := connection.receive(until)) is not None:
            heard += len(chunk.octets)
            for _, message in messages.feed(chunk.octets, chunk.at_ns, character_ns):
                self._keep(message, chunk.at_ns)
                return message
        return b""

    def quiet(self, silence_s: float, most_s: float) -> int:
        """Wait until nothing has come for `silence_s`, at most `most_s`; return the octets."""
        connection = self.connection
        end, count = connection.now() + seconds(most_s), 0
        while connection.now() < end:
            until = min(connection.now() + seconds(silence_s), end)
            chunk = connection.receive(until)
            if chunk is None:
                break
            count += len(chunk.octets)
        return count

    def connect(self) -> HdlcFrame | None:
        """Send SNRM at the present settings; return the first sound frame that comes."""
        return self._command(Kind.SNRM)

    def leave(self) -> None:
        """End the HDLC link and go back to 300 Bd."""
        self._command(Kind.DISC)
        self.connection.set_line(START_LINE)

    def restore(self) -> None:
        """End the HDLC link and set the line as it was."""
        self.leave()
        self.connection.set_line(self._usual)

    def reaction(self, reaction_ns: int) -> Measurement:
        """Return a reaction time with its uncertainty: that of two stamps."""
        return Measurement(reaction_ns / SECOND, self.connection.uncertainty_s * 2**0.5, "s")

    def _command(self, kind: Kind) -> HdlcFrame | None:
        connection, deframer = self.connection, Deframer()
        connection.send(encode_frame(self._server, self._client, unnumbered(kind)))
        until, heard = connection.now() + seconds(self._declared.response_limit_s), 0
        while heard < _MOST_OCTETS and (chunk := connection.receive(until)) is not None:
            heard += len(chunk.octets)
            for piece in deframer.feed(chunk):
                if isinstance(piece, FrameOctets) and piece.sound:
                    self._context.keep(piece.octets, piece.at_ns, Direction.RECEIVED)
                    return decode_frame(piece.body)
        return None

    def _keep(self, octets: bytes, at_ns: int) -> int:
        return self._context.keep(octets, at_ns, Direction.RECEIVED, message_fields)


def message_fields(octets: bytes) -> tuple[Field, ...]:
    """Return what a message of the sign-on says."""
    if octets[:1] == b"\x06":
        option = decode_option(octets)
        text = f"protocol {option.protocol} speed {option.baud_character} mode {option.mode}"
        return (Field("option select", 0, len(octets), text, _told(option.problems)),)
    found = decode_identification(octets)
    text = f"{found.flag_id} {found.baud_bd} Bd {found.text}"
    return (Field("identification", 0, len(octets), text, _told(found.problems)),)


def _told(problems: tuple[Problem, ...]) -> str:
    return "; ".join(problem.message for problem in problems)
