"""The simulated metering system as a link, in virtual time; the only adapter that knows it.

`simulated:p1?profile=nl50&seed=7&fault=p1.crc-unpadded&start=2026-01-15T10:00:00`
"""

from collections import deque
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from adapters.base import Capability, Link, LinkUrl
from adapters.options import choice
from bench.core.clock import Clock, VirtualClock
from bench.core.errors import AdapterLost, UsageError
from bench.core.line import LineErrors, LineSettings
from bench.core.link import Supply
from bench.core.trace import Chunk
from bench.simulator.faults import alterations
from bench.simulator.metering_system import Systems
from bench.simulator.ports.p1 import DEFAULT_SEED, DEFAULT_START, p1_port
from bench.simulator.ports.port import Device, Port
from bench.simulator.uart import hear

_CAPABILITIES = frozenset(
    {
        Capability.WRITE,
        Capability.TIMESTAMPS,
        Capability.REQUEST_LINE,
        Capability.UART_ERRORS,
    }
)
#: what a port offers beyond the wire when there is a whole device behind it
_BESIDE = frozenset({Capability.DEVICE_CONTROL, Capability.SUPPLY, Capability.S1_ACTIVITY})

_SYSTEMS: WeakKeyDictionary[VirtualClock, Systems] = WeakKeyDictionary()


class SimulatedLink(Link):
    """A link to a port of the simulator; reading it lets virtual time go by.

    `line` is how the bench listens: where the port sends with other settings, octets arrive as a
    UART would hear them, with their framing and parity errors counted. None hears every octet as it
    was sent. The data request is raised when the link opens. Time stamps are exact.
    """

    timing_uncertainty_s = 0.0

    def __init__(
        self,
        port: Port,
        clock: VirtualClock,
        line: LineSettings | None = None,
        url: LinkUrl | None = None,
    ) -> None:
        self.url = url or LinkUrl.parse("simulated:")
        self.clock: VirtualClock = clock
        self.port = port
        self.identity = f"simulated:{id(port):x}"
        self._line = line
        self._errors = LineErrors()
        self._arrived: deque[Chunk] = deque()
        self._open = True
        # behind a converter errors are counted, of which it has none, but its line is not seen
        seen = frozenset() if port.line is None else {Capability.LINE_FORMAT}
        beside = _BESIDE if isinstance(port, Device) else frozenset()
        self.capabilities = _CAPABILITIES | seen | beside
        self.epoch_ns = port.epoch_ns if isinstance(port, Device) else None
        clock.attach(self)
        port.set_request(True, clock.now())

    @classmethod
    def open(cls, url: LinkUrl, line: LineSettings, clock: Clock) -> "SimulatedLink":
        """Open `simulated:INTERFACE?options` on a virtual clock.

        Links on one clock with the same seed, start and household show one metering system. Raises
        UsageError for a clock that is not virtual, an unknown interface or a bad option.
        """
        if not isinstance(clock, VirtualClock):
            raise UsageError(
                f"link {url.text!r} needs the virtual clock: it cannot follow real time; "
                "serve the simulator with `meterbench simulate` and use the link that it names"
            )
        if url.target not in _PORTS:
            known = ", ".join(sorted(_PORTS))
            raise UsageError(
                f"link {url.text!r}: no simulated interface {url.target!r} "
                f"(known: {known}); write for example simulated:p1?profile=nl50"
            )
        systems = _SYSTEMS.setdefault(clock, Systems())
        return cls(_PORTS[url.target](url, systems), clock, line, url)

    def read(self, until_ns: int) -> Chunk | None:
        """Return the next octets, or None when virtual time reaches `until_ns` without any."""
        self._check_open()
        if not self._arrived:
            self.clock.run(until_ns, self._has_arrived)
        return self._arrived.popleft() if self._arrived else None

    def write(self, octets: bytes) -> int:
        """Hand `octets` to the port; return the present instant."""
        self._check_open()
        self.port.receive(octets, self.clock.now())
        return self.clock.now()

    def close(self) -> None:
        """Release the data request and leave the clock; again does nothing."""
        if self._open:
            self._open = False
            self.port.set_request(False, self.clock.now())
            self.clock.detach(self)

    def request(self, active: bool) -> int:
        """Raise or release the data request; return the instant."""
        self._check_open()
        self.port.set_request(active, self.clock.now())
        return self.clock.now()

    def line_errors(self) -> LineErrors:
        """Return what the simulated UART counted since the link was opened."""
        return self._errors

    def line_format(self) -> LineSettings:
        """Return the character format that the port sends with.

        Raises UsageError where there is no asynchronous line.
        """
        if self.port.line is None:
            return super().line_format()
        return self.port.line

    def control(self, action: str, **values: Any) -> None:
        """Do something to the device, see `bench.simulator.control`; UsageError if it cannot."""
        self._check_open()
        if not isinstance(self.port, Device):
            super().control(action, **values)
        else:
            self.port.control(action, values, self.clock.now())

    def supply(self, load_ma: float | None) -> Supply:
        """Return what the port's supply gives under a load, None being a short circuit."""
        self._check_open()
        return (
            self.port.supply(load_ma) if isinstance(self.port, Device) else super().supply(load_ma)
        )

    def s1_active(self) -> bool:
        """Return whether the S1 port of the device sends."""
        self._check_open()
        return self.port.s1_active() if isinstance(self.port, Device) else super().s1_active()

    def describe(self) -> dict[str, str]:
        """Return the link as it was written; the simulator has nothing else that identifies it."""
        return {"link": str(self.url), "driver": "bench.simulator"}

    def next_event(self) -> int | None:
        """Return when the port acts next."""
        return self.port.next_event()

    def step(self, now: int) -> None:
        """Take what the port emits at `now`."""
        octets = self.port.emit(now)
        if not octets:
            return
        sent = self.port.line
        if sent is not None and self._line is not None:
            heard = hear(octets, sent, self._line)
            self._errors = LineErrors(
                self._errors.framing + heard.framing,
                self._errors.parity + heard.parity,
                self._errors.overrun,
            )
            octets = heard.octets
        if octets:
            self._arrived.append(Chunk(now, octets))

    def _has_arrived(self) -> bool:
        return bool(self._arrived)

    def _check_open(self) -> None:
        if not self._open:
            raise AdapterLost(f"link {self.url} is closed")


def _open_p1(url: LinkUrl, systems: Systems) -> Port:
    url.check_options({"profile", "seed", "fault", "start", "encrypted", "household"})
    options = url.options
    seed = options.get("seed", str(DEFAULT_SEED))
    if not seed.isdecimal():
        raise UsageError(f"link {url.text!r}: seed must be a whole number, not {seed!r}")
    deviation = options.get("fault")
    return p1_port(
        options.get("profile", "nl50"),
        seed=int(seed),
        start=options.get("start", DEFAULT_START),
        alterations=alterations(deviation) if deviation else (),
        systems=systems,
        home=options.get("household", ""),
        encrypted=choice(url, "encrypted", "no", ("no", "yes")) == "yes",
    )


_PORTS: dict[str, Callable[[LinkUrl, Systems], Port]] = {"p1": _open_p1}
