"""How APDUs reach the meter, whichever link layer is declared: one interface for three of them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from bench.core.check import Place
from bench.core.errors import ConnectionEnded
from bench.core.trace import Chunk, Direction, Field
from bench.engine.connection import Connection
from bench.protocols.hdlc.parameters import LinkParameters, ParameterField
from suites.wan_dlms.answer import Ending, Reply

#: octets that one exchange may bring before it counts as endless
OCTET_BOUND = 1 << 18

Annotate = Callable[[bytes], tuple[Field, ...]]
#: keeps a frame as evidence: octets, instant, direction, who explains it; gives its number
Keep = Callable[[bytes, int, Direction, Annotate], int]


@dataclass(frozen=True, slots=True)
class Wire:
    """A connection and the keeper of the frames that pass over it.

    `octet_ns` is the time that one octet takes on the line, 0 where that is not known.
    """

    connection: Connection
    keep: Keep
    octet_ns: float = 0.0

    def send(self, octets: bytes, annotate: Annotate) -> tuple[int, int]:
        """Send one frame as it is; return its number and the instant at which it had left.

        Raises ConnectionEnded when the device has closed the connection.
        """
        number = self.keep(octets, self.connection.now(), Direction.SENT, annotate)
        return number, self.connection.send(octets)

    def drain(self) -> Iterator[Chunk]:
        """Yield what has come since the last look: late answers, and octets nobody asked for.

        Ends early at the end of the connection, which then is `ended`, and at a flood.
        """
        octets = 0
        while octets < OCTET_BOUND and not self.connection.ended:
            try:
                chunk = self.connection.receive(self.connection.now())
            except ConnectionEnded:
                return
            if chunk is None:
                return
            octets += len(chunk.octets)
            yield chunk


@dataclass(frozen=True, slots=True)
class LinkState:
    """How opening or closing a link ended; `up` says whether APDUs can be sent now.

    HDLC alone has `field`, the information of the UA, and `parameters`, what was agreed. `frame`
    is the number of the answer, or of what was sent where none came.
    """

    up: bool
    ending: Ending
    frame: int = 0
    note: str = ""
    field: ParameterField | None = None
    parameters: LinkParameters | None = None

    @property
    def place(self) -> Place | None:
        """The frame to point at."""
        return Place(self.frame) if self.frame else None

    def __str__(self) -> str:
        if self.note:
            return self.note
        return "the link is up" if self.up else f"the link is not up: {self.ending}"


class Transport(Protocol):
    """Carries APDUs between one client and one server; nothing that the meter does raises.

    `unasked` holds what came without having been asked for: notifications, late answers.
    """

    client: int
    server: int
    unasked: list[Reply]

    @property
    def up(self) -> bool:
        """Whether the link is connected as far as the client knows."""
        ...

    @property
    def largest_apdu(self) -> int | None:
        """The longest APDU that the link carries; None where it sets no limit."""
        ...

    def open(self) -> LinkState:
        """Connect: SNRM and UA, or a new TCP connection if the last one has ended."""
        ...

    def exchange(self, apdu: bytes, timeout_s: float | None = None) -> Reply:
        """Send an APDU and return what came; `timeout_s` is by default the declared limit."""
        ...

    def further(self, timeout_s: float | None = None) -> Reply:
        """Return one more APDU for what was asked before, without sending another one."""
        ...

    def send(self, apdu: bytes) -> Reply:
        """Send an APDU to which no answer is due, without waiting."""
        ...

    def listen(self, duration_s: float) -> list[Reply]:
        """Return every APDU that comes within the time, and what came unasked before."""
        ...

    def close(self) -> LinkState:
        """Disconnect: DISC and its answer; over TCP and UDP the connection stays for others."""
        ...
