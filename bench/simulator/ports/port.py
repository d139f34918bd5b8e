"""What every port of the simulated metering system offers: sans-io, driven by instants.

The same object serves virtual time and a real pty or socket. Instants are nanoseconds on the clock
that drives the port, which are those of the metering system behind it.
"""

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

from bench.core.line import LineSettings
from bench.core.link import Supply


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


@runtime_checkable
class Device(Port, Protocol):
    """A port whose device can be acted on, and seen, by other means than the port itself."""

    #: Unix time of the metering system's start, in nanoseconds
    epoch_ns: int

    def control(self, action: str, values: Mapping[str, Any], now: int) -> None:
        """Do something to the device; UsageError for what it cannot do."""
        ...

    def supply(self, load_ma: float | None) -> Supply:
        """Return what the port's supply gives under a load, None being a short circuit."""
        ...

    def s1_active(self) -> bool:
        """Return whether the S1 port beside this one sends."""
        ...
