"""What every port of the simulated metering system offers: sans-io, driven by instants.

The same object serves virtual time and a real pty or socket. Instants are nanoseconds on the clock
that drives the port, which are those of the metering system behind it.
"""

from typing import Protocol

from bench.core.line import LineSettings


class Port(Protocol):
    """An interface of the simulated device, seen from the wire.

    `line` is the character format that the port sends with, None when octets reach the bench as
    they are (a converter between, or no asynchronous line at all).
    """

    line: LineSettings | None

    def next_event(self) -> int | None:
        """Return the instant at which `emit` has something to do, or None while it has nothing."""
        ...

    def emit(self, now: int) -> bytes:
        """Return the octets whose last bit is on the wire by `now` and were not returned before."""
        ...

    def receive(self, octets: bytes, now: int) -> None:
        """Take octets that the bench sent."""
        ...

    def set_request(self, active: bool, now: int) -> None:
        """Raise or release the request line; a port without one ignores it."""
        ...
