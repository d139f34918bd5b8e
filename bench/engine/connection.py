"""A link as an active case uses it: bounded in time, recorded before it is decoded."""

from collections.abc import Callable
from contextlib import suppress

from adapters.base import Link
from bench.core.clock import seconds
from bench.core.errors import AdapterError, ConnectionEnded
from bench.core.line import LineSettings
from bench.core.link import Capability
from bench.core.trace import Chunk, Direction

Record = Callable[["Connection", Chunk], None]
Bound = Callable[[], int]


def _unrecorded(connection: "Connection", chunk: Chunk) -> None:
    del connection, chunk


class Connection:
    """Sends and receives octets over one link; `number` counts from 1 within a case.

    `bound` gives the instant after which nothing is waited for any more, and raises when it has
    passed. `record` is shown every chunk before it is sent or handed on. Other connections that
    are made from this one close with it.
    """

    def __init__(
        self, link: Link, bound: Bound, record: Record = _unrecorded, *, number: int = 1
    ) -> None:
        self.link = link
        self.number = number
        self.ended = False
        self._bound = bound
        self._record = record
        self._others: list[Connection] = []

    @property
    def uncertainty_s(self) -> float:
        """Expanded uncertainty (k = 2) of one time stamp, in seconds."""
        return self.link.timing_uncertainty_s

    def has(self, capability: Capability) -> bool:
        """Return whether the link can do this."""
        return capability in self.link.capabilities

    def now(self) -> int:
        """Return the present instant on the link's clock."""
        return self.link.clock.now()

    def send(self, octets: bytes) -> int:
        """Send `octets`; return the instant at which the last one was handed over.

        Raises ConnectionEnded when the device has closed the connection.
        """
        self._bound()
        self._record(self, Chunk(self.now(), octets, Direction.SENT))
        try:
            return self.link.write(octets)
        except ConnectionEnded:
            self.ended = True
            raise

    def receive(self, until_ns: int) -> Chunk | None:
        """Return the next octets, or None at `until_ns`.

        Raises ConnectionEnded when the device has closed the connection, Inconclusive when the
        case has used up its time.
        """
        try:
            chunk = self.link.read(min(until_ns, self._bound()))
        except ConnectionEnded:
            self.ended = True
            raise
        if chunk is None and until_ns > self.now():
            self._bound()  # it was the bound that ended the waiting
        if chunk is not None:
            self._record(self, chunk)
        return chunk

    def wait(self, duration_s: float) -> list[Chunk]:
        """Let `duration_s` go by; return what came meanwhile, up to the end of the connection."""
        until = self.now() + seconds(duration_s)
        chunks: list[Chunk] = []
        while not self.ended and self.now() < until:
            try:
                chunk = self.receive(until)
            except ConnectionEnded:
                break
            if chunk is not None:
                chunks.append(chunk)
        self._sleep(until)
        return chunks

    def _sleep(self, until: int) -> None:
        if self.now() < until:
            self.link.clock.wait_until(min(until, self._bound()))
            self._bound()

    def reconnect(self, *, abrupt: bool = False) -> None:
        """End the connection and make it anew; needs CONNECTION.

        Raises AdapterUnavailable when the device does not take the new connection.
        """
        self.link.reconnect(abrupt=abrupt)
        self.ended = False

    def another(self) -> "Connection":
        """Return a further connection to the same place; needs CONNECTION.

        Raises AdapterUnavailable when the device does not take it.
        """
        number = self.number + len(self._others) + 1
        made = Connection(self.link.connect(), self._bound, self._record, number=number)
        self._others.append(made)
        return made

    def set_line(self, line: LineSettings) -> int:
        """Change speed and character format; return the instant. Needs LINE_SPEED."""
        return self.link.set_line(line)

    def close(self) -> None:
        """Close this connection; a further one only, the first one belongs to the run."""
        self.close_others()
        with suppress(AdapterError):
            self.link.close()

    def close_others(self) -> None:
        """Close the connections that were made from this one."""
        for other in self._others:
            other.close()
        self._others.clear()
