"""APDUs in wrapper units over a TCP connection, which several clients of one case may share."""

from dataclasses import dataclass, field

from bench.core.clock import seconds
from bench.core.errors import AdapterError, ConnectionEnded
from bench.core.link import Capability
from bench.core.trace import Chunk, Direction, Problem
from bench.protocols.dlms.apdu import decode_apdu
from bench.protocols.dlms.wrapper import (
    HEADER_OCTETS,
    MAX_APDU,
    Piece,
    Wpdu,
    WpduOctets,
    WrapperStream,
    decode_wpdu,
    encode_wpdu,
)
from suites.wan_dlms.answer import Ending, Part, Reply
from suites.wan_dlms.transport import OCTET_BOUND, LinkState, Wire
from suites.wan_dlms.wrapper_wire import wpdu_fields

_PATIENCE = 10  # times the limit: how long octets may drip in without making a unit
_NOTIFICATIONS = frozenset({0x0F, 0xC2})  # tags of APDUs that are no answer


@dataclass(slots=True)
class UnitLine:
    """One connection as units; all transports over it share it, because half a unit may be in it.

    `saps` are the clients that use it, so that one does not take the other's answer.
    """

    wire: Wire
    datagrams: bool = False  # each chunk is one unit (UDP)
    saps: set[int] = field(default_factory=set)
    stream: WrapperStream = field(default_factory=WrapperStream)
    waiting: list[tuple[Piece, int]] = field(default_factory=list)
    partial_ns: int | None = None  # when the last octet came that made no unit

    def renew(self) -> None:
        """Begin again: the connection is a new one."""
        self.stream, self.partial_ns = WrapperStream(), None
        self.waiting.clear()

    def receive(self, until_ns: int) -> int | None:
        """Take the next octets in; return how many, None if none came until the instant.

        Raises ConnectionEnded when the device has closed the connection.
        """
        chunk = self.wire.connection.receive(until_ns)
        if chunk is None:
            return None
        self.take(chunk)
        return len(chunk.octets)

    def take(self, chunk: Chunk) -> None:
        """Cut octets that came into units."""
        if self.datagrams:
            self.stream = WrapperStream()
            pieces = [*self.stream.feed(chunk), *self.stream.flush()]
        else:
            pieces = self.stream.feed(chunk)
        self.partial_ns = chunk.at_ns if self.stream.pending else None
        self._keep(pieces)

    def end(self) -> None:
        """Take what is left of a unit at the end of the connection."""
        self._keep(self.stream.flush())

    def _keep(self, pieces: list[Piece]) -> None:
        for piece in pieces:
            number = self.wire.keep(piece.octets, piece.at_ns, Direction.RECEIVED, wpdu_fields)
            self.waiting.append((piece, number))


class WrapperTransport:
    """One client's units over a connection; see `Transport`."""

    def __init__(self, line: UnitLine, client: int, server: int, limit_s: float) -> None:
        self.line = line
        self.client = client
        self.server = server
        self.limit_s = limit_s
        self.unasked: list[Reply] = []
        self._up = False
        self._sent = 0
        self._sent_ns = 0
        line.saps.add(client)

    @property
    def up(self) -> bool:
        """Whether it was opened and the connection has not ended since."""
        return self._up and not self.line.wire.connection.ended

    @property
    def largest_apdu(self) -> int | None:
        """What the length field can tell."""
        return MAX_APDU

    def open(self) -> LinkState:
        """Make a new connection if the last one has ended or is out of step; nothing is sent."""
        connection = self.line.wire.connection
        for chunk in self.line.wire.drain():
            self.line.take(chunk)
        stream = self.line.stream
        broken = (stream.lost or stream.pending) and connection.has(Capability.CONNECTION)
        if connection.ended or broken:
            try:
                connection.reconnect()
            except AdapterError as error:
                return LinkState(False, Ending.CLOSED, note=str(error))
            self.line.renew()
        self._up = True
        return LinkState(True, Ending.ANSWER)

    def close(self) -> LinkState:
        """Use the connection no more; it stays for others."""
        self._up = False
        self.line.saps.discard(self.client)
        return LinkState(False, Ending.ANSWER, note="the connection is not used any more")

    def exchange(self, apdu: bytes, timeout_s: float | None = None) -> Reply:
        """Send an APDU in a unit; return the APDU of the next unit for this client."""
        ending, note = self._send(apdu)
        if ending is Ending.NOTHING_ASKED:
            return self._await(timeout_s)
        return self._reply(ending, note)

    def further(self, timeout_s: float | None = None) -> Reply:
        """Return the APDU of the next unit for this client."""
        self._sent_ns = self.line.wire.connection.now()
        if not self.up:
            return self._reply(Ending.CLOSED, note="the connection had ended")
        return self._await(timeout_s)

    def _await(self, timeout_s: float | None) -> Reply:
        limit_ns = seconds(self.limit_s if timeout_s is None else timeout_s)
        octets = 0
        while True:
            if (found := self._next()) is not None:
                return found
            try:
                count = self.line.receive(self._deadline(limit_ns))
            except ConnectionEnded:
                self.line.end()
                return self._next() or self._reply(Ending.CLOSED)
            if count is None:
                ending = Ending.GARBAGE if self.line.stream.pending else Ending.SILENCE
                return self._reply(ending, note="half a unit" if self.line.stream.pending else "")
            octets += count
            if octets > OCTET_BOUND:
                return self._reply(Ending.ENDLESS)

    def send(self, apdu: bytes) -> Reply:
        """Send an APDU in a unit without waiting for an answer."""
        return self._reply(*self._send(apdu))

    def _send(self, apdu: bytes) -> tuple[Ending, str]:
        connection = self.line.wire.connection
        self._sent, self._sent_ns = 0, connection.now()
        if not self.up:
            return Ending.CLOSED, "the connection had ended"
        self._set_aside()
        octets = encode_wpdu(self.client, self.server, apdu)
        try:
            self._sent, self._sent_ns = self.line.wire.send(octets, wpdu_fields)
        except ConnectionEnded:
            return Ending.CLOSED, ""
        return Ending.NOTHING_ASKED, ""

    def listen(self, duration_s: float) -> list[Reply]:
        """Return every APDU that comes within the time, and what came unasked before."""
        connection = self.line.wire.connection
        until = connection.now() + seconds(duration_s)
        octets = 0
        found: list[Reply] = []
        while connection.now() < until and octets <= OCTET_BOUND and not connection.ended:
            try:
                count = self.line.receive(until)
            except ConnectionEnded:
                self.line.end()
                count = None
            octets += count or 0
            while (reply := self._next(notifications=True)) is not None:
                found.append(reply)
            if count is None:
                break
        found[:0] = self.unasked
        self.unasked.clear()
        return found

    def _deadline(self, limit_ns: int) -> int:
        """Return until when octets must come; a unit that is coming in has its time."""
        until = self._sent_ns + limit_ns
        if self.line.partial_ns is not None:
            latest = self._sent_ns + _PATIENCE * limit_ns
            until = max(until, min(self.line.partial_ns + limit_ns, latest))
        return until

    def _set_aside(self) -> None:
        """What came before a request is no answer to it."""
        while (reply := self._next(notifications=True)) is not None:
            self.unasked.append(reply)

    def _next(self, *, notifications: bool = False) -> Reply | None:
        """Return the next unit that is not another client's; notifications only if asked for."""
        line = self.line
        if not line.waiting:
            return None
        others = line.saps - {self.client}
        for index, (piece, number) in enumerate(line.waiting):
            wpdu = decode_wpdu(piece.octets)
            if wpdu.valid and wpdu.destination in others:
                continue
            del line.waiting[index]
            reply = self._answer(piece, wpdu, number)
            if reply.octets[:1] and reply.octets[0] in _NOTIFICATIONS and not notifications:
                self.unasked.append(reply)
                return self._next()
            return reply
        return None

    def _answer(self, piece: Piece, wpdu: Wpdu, number: int) -> Reply:
        problems = (*wpdu.problems, *self._port_problems(wpdu))
        whole = isinstance(piece, WpduOctets) and piece.complete
        apdu = wpdu.apdu if whole else b""
        note = problems[0].message if problems else "half a unit"
        return Reply(
            Ending.ANSWER if whole else Ending.GARBAGE,
            apdu,
            apdu,
            decode_apdu(apdu) if whole else None,
            parts=(Part(number, HEADER_OCTETS, 0, len(wpdu.apdu)),),
            link_problems=problems,
            sent=self._sent,
            sent_ns=self._sent_ns,
            first_ns=piece.at_ns,
            until_ns=piece.until_ns,
            uncertainty_s=self.line.wire.connection.uncertainty_s,
            note="" if whole else note,
        )

    def _port_problems(self, wpdu: Wpdu) -> tuple[Problem, ...]:
        if (wpdu.source, wpdu.destination) == (self.server, self.client):
            return ()
        text = (
            f"wPorts {wpdu.source} to {wpdu.destination}, expected {self.server} to {self.client}"
        )
        return (Problem(2, text, "wrapper-ports", "IEC-62056-47:4", None, 4),)

    def _reply(self, ending: Ending, note: str = "") -> Reply:
        now = self.line.wire.connection.now()
        return Reply(
            ending,
            sent=self._sent,
            sent_ns=self._sent_ns,
            first_ns=now,
            until_ns=now,
            uncertainty_s=self.line.wire.connection.uncertainty_s,
            note=note,
        )
