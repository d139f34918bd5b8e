"""HDLC frames as a case builds them: any octets out, every frame that comes back.

Nothing is hidden from the case: a damaged frame, octets that are none and silence are what was
heard. What is heard is bounded in time and octets, whatever a device sends. Frames that a meter
sends unasked (UI) are kept as evidence and are no answer.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from bench.core.check import Place
from bench.core.clock import seconds
from bench.core.errors import ConnectionEnded
from bench.core.trace import Direction, Field
from bench.engine.connection import Connection
from bench.engine.context import CaseContext
from bench.protocols.dlms.apdu import decode_apdu
from bench.protocols.hdlc.address import Address
from bench.protocols.hdlc.control import Kind
from bench.protocols.hdlc.deframer import Deframer, FrameOctets, NoiseKind, Piece
from bench.protocols.hdlc.encode import build_frame
from bench.protocols.hdlc.frame import FLAG, HdlcFrame, decode_frame

_PATIENCE = 8  # times the response limit: how long a device may go on talking
_MOST_OCTETS = 1 << 15  # more in one answer is a flood: a window has 7 frames of 2 kB
_MOST_PIECES = 64  # of one answer that are looked at
_MOST_HEARD = 2000
_LEAVING_NS = (
    1_100_000  # for one octet at 9600 Bd, which a driver may still hold when it has taken it
)
_FORMAT_OCTETS = 2
_LLC_OCTETS = 3


def hdlc_fields(octets: bytes) -> tuple[Field, ...]:
    """Return the annotated octets of one frame with its flags; nothing for anything else."""
    start = int(octets[:1] == bytes([FLAG]))
    end = len(octets) - (octets[start:][-1:] == bytes([FLAG]))
    if end <= start:
        return ()
    frame = decode_frame(octets[start:end])
    fields = [replace(f, offset=f.offset + start) for f in frame.fields()]
    if frame.control.kind is Kind.I and not frame.segmented:
        at = start + frame.at + _LLC_OCTETS
        inner = decode_apdu(frame.information[_LLC_OCTETS:]).fields()
        fields += [replace(f, offset=f.offset + at) for f in inner]
    return tuple(fields)


@dataclass(frozen=True, slots=True)
class Heard:
    """A frame that was heard; `number` is that of the frame as evidence."""

    frame: HdlcFrame
    piece: FrameOctets
    number: int

    @property
    def kind(self) -> Kind:
        """What the control field says."""
        return self.frame.control.kind

    @property
    def place(self) -> Place:
        """Where its control field is in the evidence, or its first octet if it is damaged."""
        frame = self.frame
        ends = len(frame.destination.octets) + len(frame.source.octets)
        return self.at(_FORMAT_OCTETS + ends if frame.valid else 0)

    def at(self, offset: int) -> Place:
        """Return where an octet of the frame, counted after the opening flag, is."""
        return Place(self.number, offset + (not self.piece.shared))

    def is_valid(self, *kinds: Kind) -> bool:
        """Whether a station takes the frame up, and it is of one of these kinds."""
        return self.frame.valid and self.kind in kinds

    def __str__(self) -> str:
        if not self.frame.valid:
            return f"a damaged frame ({self.frame.problems[0].message})"
        return str(self.frame.control)


@dataclass(frozen=True, slots=True)
class Said:
    """What was heard after octets were sent.

    `sent` is the number of what was sent as evidence, `sent_ns` the instant at which it had left.
    `noise` are the numbers of stretches that are no frame, flags between frames aside. `unasked`
    are UI frames, which are no answer.
    """

    sent: int
    sent_ns: int
    frames: tuple[Heard, ...] = ()
    noise: tuple[int, ...] = ()
    unasked: tuple[Heard, ...] = ()
    closed: bool = False

    @property
    def silent(self) -> bool:
        """Whether nothing came, not even octets that are no frame."""
        return not self.frames and not self.noise

    @property
    def last(self) -> Heard | None:
        """The last frame, which gives the turn back; None if no frame came."""
        return self.frames[-1] if self.frames else None

    def find(self, *kinds: Kind) -> Heard | None:
        """Return the first valid frame of one of these kinds."""
        return next((heard for heard in self.frames if heard.is_valid(*kinds)), None)

    @property
    def place(self) -> Place:
        """Where to look: at the first frame, else at what was sent."""
        if self.frames:
            return self.frames[0].place
        return Place(self.noise[0] if self.noise else self.sent)

    def __str__(self) -> str:
        if self.frames:
            return ", ".join(map(str, self.frames[:4])) + (", ..." if self.frames[4:] else "")
        if self.noise:
            return "octets that are no frame"
        return "the connection was closed" if self.closed else "silence"


class HdlcWire:
    """A connection with the addresses of a client and a server.

    `limit_s` is within which time the device answers, by its declaration. `heard` are the frames
    so far, of a device that floods the line the first ones.
    """

    def __init__(
        self,
        context: CaseContext,
        connection: Connection,
        *,
        client: Address,
        server: Address,
        limit_s: float,
    ) -> None:
        self.connection = connection
        self.client = client
        self.server = server
        self.limit_s = limit_s
        self.heard: list[Heard] = []
        self._context = context
        self._deframer = Deframer()

    def frame(
        self,
        control: int | bytes,
        information: bytes = b"",
        *,
        server: Address | bytes | None = None,
        client: Address | bytes | None = None,
        **wrong: Any,
    ) -> bytes:
        """Return a frame from the client, right in all that is not given (see `build_frame`)."""
        to = self.server if server is None else server
        source = self.client if client is None else client
        return build_frame(to, source, control, information, **wrong)

    def say(self, octets: bytes, *, finals: int = 1, limit_s: float | None = None) -> Said:
        """Send octets; return what comes up to the final frame, or until the limit in silence.

        `finals` is how many final frames end the answer. What had come unasked before is kept as
        evidence and is no part of the answer.
        """
        self._drain()
        sent = self._context.keep(
            octets, self.connection.now(), Direction.SENT, annotate=hdlc_fields
        )
        try:
            sent_ns = self.connection.send(octets)
        except ConnectionEnded:
            return Said(sent, self.connection.now(), closed=True)
        limit_s = self.limit_s if limit_s is None else limit_s
        return self._hear(sent, sent_ns, finals, limit_s, len(octets) * _LEAVING_NS)

    def listen(self, duration_s: float) -> Said:
        """Send nothing; return what comes in that time."""
        return self._hear(0, self.connection.now(), 1 << 30, duration_s)

    def _hear(
        self, sent: int, sent_ns: int, finals: int, limit_s: float, leaving_ns: int = 0
    ) -> Said:
        frames: list[Heard] = []
        noise: list[int] = []
        unasked: list[Heard] = []
        octets, closed = 0, False
        latest = sent_ns + seconds(_PATIENCE * limit_s)
        until = sent_ns + leaving_ns + seconds(limit_s)
        while finals > 0 and octets < _MOST_OCTETS:
            if len(frames) + len(noise) + len(unasked) >= _MOST_PIECES:
                break
            try:
                chunk = self.connection.receive(min(until, latest))
            except ConnectionEnded:
                closed = True
                break
            if chunk is None:
                break
            octets += len(chunk.octets)
            until = chunk.at_ns + seconds(limit_s)
            finals -= self._take(self._deframer.feed(chunk), frames, noise, unasked)
        if finals > 0:  # what is half a frame by now stays one
            self._take(self._deframer.flush(), frames, noise, unasked)
        return Said(sent, sent_ns, tuple(frames), tuple(noise), tuple(unasked), closed)

    def _take(
        self,
        pieces: Iterable[Piece],
        frames: list[Heard],
        noise: list[int],
        unasked: list[Heard],
    ) -> int:
        """Keep what was heard; return how many frames give the turn back."""
        finals = 0
        for piece in pieces:
            if len(frames) + len(noise) + len(unasked) >= _MOST_PIECES:
                return finals
            if not isinstance(piece, FrameOctets):
                if piece.kind is not NoiseKind.FILL:
                    noise.append(self._keep(piece))
                continue
            frame = decode_frame(piece.body)
            heard = Heard(frame, piece, self._keep(piece))
            if len(self.heard) < _MOST_HEARD:
                self.heard.append(heard)
            if heard.is_valid(Kind.UI):
                unasked.append(heard)
                continue
            frames.append(heard)
            finals += frame.valid and frame.control.final
        return finals

    def _keep(self, piece: Piece) -> int:
        return self._context.keep(
            piece.octets, piece.at_ns, annotate=hdlc_fields, until_ns=piece.until_ns
        )

    def _drain(self) -> None:
        """Take what has come since the last answer ended."""
        late: tuple[list[Heard], list[int], list[Heard]] = ([], [], [])
        octets = 0
        while octets < _MOST_OCTETS:
            try:
                chunk = self.connection.receive(self.connection.now())
            except ConnectionEnded:
                break
            if chunk is None:
                break
            octets += len(chunk.octets)
            self._take(self._deframer.feed(chunk), *late)
        self._take(self._deframer.flush(), *late)
