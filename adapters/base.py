"""What every adapter keeps: a link that reads octets with time stamps, writes, and ends.

Instants are nanoseconds on the link's clock. Errors are `AdapterUnavailable` when a link cannot
be opened and `AdapterLost` when it ends unasked; each message says what happened and what to do.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from bench.core.clock import Clock
from bench.core.errors import UsageError
from bench.core.line import LineErrors, LineSettings, LineTimes
from bench.core.link import Capability, LinkEnded, Supply
from bench.core.trace import Chunk

__all__ = ["Capability", "Link", "LinkEnded", "LinkUrl"]


@dataclass(frozen=True, slots=True)
class LinkUrl:
    """A link as a person writes it: `tcp://127.0.0.1:2001`, `serial:///dev/ttyUSB0?request=rts`.

    `target` is all between the scheme and the question mark, without leading `//`.
    """

    text: str
    scheme: str
    target: str
    host: str | None
    port: int | None
    options: dict[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> "LinkUrl":
        """Return the parts of `text`; UsageError when it has no scheme or a bad port."""
        if ":" not in text:
            raise UsageError(
                f"link {text!r} has no scheme; write for example "
                "tcp://127.0.0.1:2001 or serial:///dev/ttyUSB0"
            )
        scheme, rest = text.split(":", 1)
        target, _, query = rest.partition("?")
        try:
            parts = urlsplit(f"x:{target}")
            host, port = parts.hostname, parts.port
        except ValueError as error:
            raise UsageError(f"link {text!r}: {error}") from None
        target = target.removeprefix("//")
        options = dict(parse_qsl(query, keep_blank_values=True))
        return cls(text, scheme.lower(), target, host, port, options)

    def check_options(self, known: Iterable[str]) -> None:
        """Raise UsageError for an option that the adapter does not know."""
        known = sorted(known)
        for name in self.options:
            if name not in known:
                choice = ", ".join(known) or "none"
                raise UsageError(f"link {self.text!r}: unknown option {name!r} (known: {choice})")

    def __str__(self) -> str:
        return self.text


class Link(ABC):
    """An open connection to one port of the device."""

    url: LinkUrl
    clock: Clock
    capabilities: frozenset[str]
    #: expanded uncertainty (k = 2) of a time stamp, in seconds
    timing_uncertainty_s: float
    #: Unix time at which the far end's own time axis begins (a recording, the simulator)
    epoch_ns: int | None = None
    #: what must not be opened twice at once: the lock of the station is taken on it
    identity: str

    @abstractmethod
    def read(self, until_ns: int) -> Chunk | None:
        """Return the next octets, or None when `until_ns` passes without any.

        Raises LinkEnded at the end of a recording, AdapterLost when the link is gone, and Overrun
        where the host has lost octets: what came after can be read.
        """

    @abstractmethod
    def write(self, octets: bytes) -> int:
        """Send all of `octets`; return the instant at which the last one was handed over."""

    @abstractmethod
    def close(self) -> None:
        """Release the port; calling it again does nothing."""

    def request(self, active: bool) -> int:
        """Raise or release the P1 data request; return the instant. Needs REQUEST_LINE.

        A link that has the line opens with the request raised, and releases it when it closes.
        """
        raise UsageError(f"link {self.url} has no request line to set to {active}")

    def line_errors(self) -> LineErrors:
        """Return the UART's error counts since opening. Needs UART_ERRORS."""
        raise UsageError(f"link {self.url} does not count UART errors")

    def line_format(self) -> LineSettings:
        """Return the character format measured on the wire. Needs LINE_FORMAT."""
        raise UsageError(f"link {self.url} does not measure the character format")

    def control(self, action: str, **values: Any) -> int | None:
        """Bring the device into a state by other means than this port. Needs DEVICE_CONTROL.

        Actions are words of the interface (P1: text, activate, deactivate, outage, clock ...);
        `source` connects the meter to a controlled source and load and needs SOURCE. Returns the
        instant from which it holds, None where that is not known. UsageError for an action that the
        adapter cannot do.
        """
        raise UsageError(
            f"link {self.url} cannot control the device ({action}, {len(values)} values)"
        )

    def supply(self, load_ma: float | None) -> Supply:
        """Load the supply with `load_ma` (None: a short circuit) and measure it. Needs SUPPLY."""
        raise UsageError(f"link {self.url} does not measure the supply at {load_ma} mA")

    def s1_active(self) -> bool:
        """Return whether the S1 port sends at this moment. Needs S1_ACTIVITY."""
        raise UsageError(f"link {self.url} does not see the S1 port")

    def connect(self) -> "Link":
        """Return another connection to the same place, of the same kind. Needs CONNECTION."""
        raise UsageError(f"link {self.url} cannot be opened a second time")

    def reconnect(self, *, abrupt: bool = False) -> None:
        """End the connection, if it has not ended, and make it anew. Needs CONNECTION.

        `abrupt` ends it as a crash does (TCP reset). What was not read yet is lost.
        """
        raise UsageError(f"link {self.url} is no connection to make anew ({abrupt=})")

    def set_line(self, line: LineSettings) -> int:
        """Send and listen with other settings from now on; return the instant. Needs LINE_SPEED.

        What was written before has left by then.
        """
        raise UsageError(f"link {self.url} has no line to set to {line}")

    def listen(self) -> None:  # noqa: B027 -- most links have nothing to do
        """Deliver from now on what arrives; a link listens from when it is opened."""

    def rest(self) -> None:  # noqa: B027
        """Let go by what arrives, and forget what has: nobody reads for a while."""

    def line_times(self, characters: int) -> LineTimes:
        """Return when the last `characters` that `read` returned began on the line. Needs EDGES."""
        raise UsageError(f"link {self.url} captures no edges ({characters} asked for)")

    def differential_v(self) -> float:
        """Return the voltage between the wires of a driven line, in V. Needs LEVELS."""
        raise UsageError(f"link {self.url} does not measure the level of its line")

    def describe(self) -> dict[str, str]:
        """Return what identifies the path for the environment record (driver, serial number)."""
        return {"link": str(self.url)}

    def __enter__(self) -> "Link":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
