"""What every port of the simulated metering system offers: sans-io, driven by instants.

The same object serves virtual time and a real pty or socket. Instants are nanoseconds on the clock
that drives the port, which are those of the metering system behind it.
"""

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

from bench.core.line import LineSettings, LineTimes
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
class Controlled(Port, Protocol):
    """A port whose device can be acted on by other means than the port itself."""

    #: Unix time of the metering system's start, in nanoseconds
    epoch_ns: int

    def control(self, action: str, values: Mapping[str, Any], now: int) -> int | None:
        """Do something to the device; UsageError for what it cannot do.

        Returns the instant from which it holds, where that is known.
        """
        ...


@runtime_checkable
class Streaming(Controlled, Protocol):
    """A port that sends without being asked and never stops; its line is seen to the edge."""

    #: voltage between the wires of its line, in V
    differential_v: float
    #: whether a recording takes the place of the household
    replays: bool

    def line_times(self, first: int, end: int) -> LineTimes:
        """Return when the characters number `first` to `end` (excluded) began on the line."""
        ...


@runtime_checkable
class Device(Controlled, Protocol):
    """A port whose device can also be seen by other means than the port itself."""

    def supply(self, load_ma: float | None) -> Supply:
        """Return what the port's supply gives under a load, None being a short circuit."""
        ...

    def s1_active(self) -> bool:
        """Return whether the S1 port beside this one sends."""
        ...


@runtime_checkable
class Wire(Port, Protocol):
    """A port at an asynchronous line that both sides send on, at speeds that may change."""

    def hear(self, octets: bytes, sent: LineSettings | None, now: int) -> int:
        """Take octets that the bench sends from `now` on with the settings `sent` (None: ours).

        Returns the instant at which the last one has arrived.
        """
        ...


@runtime_checkable
class Connection(Port, Protocol):
    """A port that lives as long as a connection does; either side may end it."""

    #: whether the device has ended the connection: what it sent before is still emitted
    ended: bool

    def end(self, now: int) -> None:
        """Let go: the bench has ended the connection, or it was lost."""
        ...


@runtime_checkable
class Listener(Protocol):
    """A device that takes connections, each of which is a port."""

    def accept(self, now: int) -> Connection:
        """Return a new connection; AdapterUnavailable where there is no room for one."""
        ...
