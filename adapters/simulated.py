"""The simulated metering system as a link, in virtual time; the only adapter that knows it.

`simulated:p1?profile=nl50&seed=7&fault=p1.crc-unpadded&start=2026-01-15T10:00:00`
`simulated:wan?link=wrapper&latency_ms=5` `simulated:wan?start=mode-e&baud=4800`
`simulated:s1?profile=emucs-h-1.3&mode=per-period&rate=52&neutral=yes&household=be-delta`
"""

from collections import deque
from typing import Any
from weakref import WeakKeyDictionary

from adapters.base import Capability, Link, LinkUrl
from adapters.options import choice, number
from adapters.sign_on import sign_on, sign_on_options
from bench.core.clock import MILLISECOND, Clock, VirtualClock
from bench.core.errors import AdapterLost, ConnectionEnded, UsageError
from bench.core.line import LineErrors, LineSettings, LineTimes
from bench.core.link import Supply
from bench.core.trace import Chunk
from bench.simulator.faults import Alteration, deviation
from bench.simulator.metering_system import Systems
from bench.simulator.ports.p1 import DEFAULT_SEED, DEFAULT_START, p1_port
from bench.simulator.ports.port import (
    Connection,
    Controlled,
    Device,
    Listener,
    Port,
    Streaming,
    Wire,
)
from bench.simulator.ports.wan import (
    DEFAULT_HOUSEHOLD,
    HDLC_LINE,
    LATENCY_NS,
    LINKS,
    WanDevice,
    wan_port,
)
from bench.simulator.uart import hear

_CAPABILITIES = frozenset({Capability.WRITE, Capability.TIMESTAMPS})
_LINE = frozenset({Capability.REQUEST_LINE, Capability.UART_ERRORS})
_OF_HOUSEHOLD = ("household", "start")  # stages that every port has
_BESIDE = frozenset({Capability.SUPPLY, Capability.S1_ACTIVITY})

_SYSTEMS: WeakKeyDictionary[VirtualClock, Systems] = WeakKeyDictionary()
#: devices that outlive their connections, by the link that names them
_DEVICES: WeakKeyDictionary[VirtualClock, dict[str, WanDevice]] = WeakKeyDictionary()


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
        device: Listener | None = None,
    ) -> None:
        self.url = url or LinkUrl.parse("simulated:")
        self.clock: VirtualClock = clock
        self.port = port
        self.device = device
        self.identity = f"simulated:{id(device or port):x}"
        self._line = line
        self._errors = LineErrors()
        self._arrived: deque[tuple[Chunk, int]] = deque()
        self._emitted = self._delivered = 0  # characters that the port has sent, and that were read
        self._rests = False
        self._open = True
        self._wire = port if isinstance(port, Wire) else None
        self._connection = port if isinstance(port, Connection) else None
        self.capabilities = _capabilities(port, device)
        self.epoch_ns = port.epoch_ns if isinstance(port, Controlled) else None
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
        if url.target == "wan":
            return cls._open_wan(url, clock)
        if url.target == "s1":
            return cls._open_s1(url, clock)
        if url.target != "p1":
            raise UsageError(
                f"link {url.text!r}: no simulated interface {url.target!r} "
                "(known: p1, s1, wan); write for example simulated:p1?profile=nl50"
            )
        return cls(_p1(url, _SYSTEMS.setdefault(clock, Systems())), clock, line, url)

    @classmethod
    def _open_s1(cls, url: LinkUrl, clock: VirtualClock) -> "SimulatedLink":
        from adapters.simulated_s1 import s1_of

        seed, altered = _seed(url, DEFAULT_SEED), _altered(url)
        port, line = s1_of(url, _SYSTEMS.setdefault(clock, Systems()), seed, altered)
        link = cls(port, clock, line, url)
        link.capabilities -= {Capability.REQUEST_LINE}
        return link

    @classmethod
    def _open_wan(cls, url: LinkUrl, clock: VirtualClock) -> "SimulatedLink":
        how = sign_on_options(url) if _in_mode_e(url) else None
        device = _wan_device(url, clock)
        if how is not None and device.line is None:
            raise UsageError(f"link {url.text!r}: only link=hdlc starts in mode E")
        link = cls(device.accept(clock.now()), clock, HDLC_LINE, url, device)
        if how is not None:
            try:
                sign_on(link, how)
            except BaseException:
                link.close()
                raise
        return link

    def read(self, until_ns: int) -> Chunk | None:
        """Return the next octets, or None when virtual time reaches `until_ns` without any."""
        self._check_open()
        if not self._arrived:
            self.clock.run(until_ns, self._has_arrived)
        if self._arrived:
            chunk, self._delivered = self._arrived.popleft()
            return chunk
        self._check_connected()
        return None

    def write(self, octets: bytes) -> int:
        """Hand `octets` to the port; return the instant at which the last one is there."""
        self._check_open()
        self._check_connected()
        if self._wire is None:
            self.port.receive(octets, self.clock.now())
        else:
            self.clock.wait_until(self._wire.hear(octets, self._line, self.clock.now()))
        return self.clock.now()

    def close(self) -> None:
        """Let go of the port and leave the clock; again does nothing."""
        if self._open:
            self._open = False
            self._let_go()

    def connect(self) -> "SimulatedLink":
        """Return a further connection to the device."""
        self._check_open()
        if self.device is None or Capability.CONNECTION not in self.capabilities:
            super().connect()
            raise AssertionError  # the line before has raised
        port = self.device.accept(self.clock.now())
        return SimulatedLink(port, self.clock, self._line, self.url, self.device)

    def reconnect(self, *, abrupt: bool = False) -> None:
        """End the connection and make it anew; the device does not see how it ended."""
        self._check_open()
        if self.device is None or Capability.CONNECTION not in self.capabilities:
            super().reconnect(abrupt=abrupt)
            raise AssertionError  # the line before has raised
        self._let_go()
        self.port = self.device.accept(self.clock.now())
        self._connection = self.port if isinstance(self.port, Connection) else None
        self._wire = self.port if isinstance(self.port, Wire) else None
        self._arrived.clear()
        self.clock.attach(self)

    def set_line(self, line: LineSettings) -> int:
        """Send and listen with other settings from now on; return the instant."""
        self._check_open()
        if Capability.LINE_SPEED not in self.capabilities:
            return super().set_line(line)
        self._line = line
        return self.clock.now()

    def request(self, active: bool) -> int:
        """Raise or release the data request; return the instant."""
        self._check_open()
        if Capability.REQUEST_LINE not in self.capabilities:
            return super().request(active)
        self.port.set_request(active, self.clock.now())
        return self.clock.now()

    def line_errors(self) -> LineErrors:
        """Return what the simulated UART counted since the link was opened."""
        return (
            self._errors if Capability.UART_ERRORS in self.capabilities else super().line_errors()
        )

    def line_format(self) -> LineSettings:
        """Return the character format that the port sends with.

        Raises UsageError where there is no asynchronous line.
        """
        if self.port.line is None:
            return super().line_format()
        return self.port.line

    def control(self, action: str, **values: Any) -> int | None:
        """Do something to the device, see `bench.simulator.control`; UsageError if it cannot."""
        self._check_open()
        if not isinstance(self.port, Controlled):
            return super().control(action, **values)
        return self.port.control(action, values, self.clock.now())

    def listen(self) -> None:
        """Hear a one-way stream again, from now on."""
        if self._rests:
            self._rests = False
            self.port.set_request(True, self.clock.now())

    def rest(self) -> None:
        """Let go of a one-way stream; a port that is asked to send, or answers, is not one."""
        if not self._rests and isinstance(self.port, Streaming):
            self._rests = True
            self.port.set_request(False, self.clock.now())
            self._arrived.clear()

    def line_times(self, characters: int) -> LineTimes:
        """Return when the characters began on the wire, exactly; UsageError if nobody knows."""
        if not isinstance(self.port, Streaming):
            return super().line_times(characters)
        return self.port.line_times(max(self._delivered - characters, 0), self._delivered)

    def differential_v(self) -> float:
        """Return the voltage of the port's driver; UsageError where there is none."""
        if not isinstance(self.port, Streaming):
            return super().differential_v()
        return self.port.differential_v

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
        sent = self.port.line  # it may change after what is emitted
        octets = self.port.emit(now)
        if not octets:
            return
        self._emitted += len(octets)
        if sent is not None and self._line is not None:
            heard = hear(octets, sent, self._line)
            self._errors = LineErrors(
                self._errors.framing + heard.framing,
                self._errors.parity + heard.parity,
                self._errors.overrun,
            )
            octets = heard.octets
        if octets:
            self._arrived.append((Chunk(now, octets), self._emitted))

    def _has_arrived(self) -> bool:
        return bool(self._arrived) or self._ended()

    def _ended(self) -> bool:
        """Return whether the device has ended the connection, and all that it sent is there."""
        connection = self._connection
        return connection is not None and connection.ended and connection.next_event() is None

    def _let_go(self) -> None:
        now = self.clock.now()
        if self._connection is None:
            self.port.set_request(False, now)
        elif not self._connection.ended:
            self._connection.end(now)
        self.clock.detach(self)

    def _check_connected(self) -> None:
        if self._ended():
            raise ConnectionEnded(f"link {self.url}: the device closed the connection")

    def _check_open(self) -> None:
        if not self._open:
            raise AdapterLost(f"link {self.url} is closed")


def _capabilities(port: Port, device: Listener | None) -> frozenset[str]:
    found = set(_CAPABILITIES)
    if isinstance(port, Wire) and port.line is not None:
        found |= {Capability.UART_ERRORS, Capability.LINE_FORMAT, Capability.LINE_SPEED}
    elif device is not None:
        found.add(Capability.CONNECTION)
    else:
        # behind a converter errors are counted, of which it has none, but its line is not seen
        found |= _LINE if port.line is None else _LINE | {Capability.LINE_FORMAT}
    if isinstance(port, Controlled):
        found.add(Capability.DEVICE_CONTROL)
    if isinstance(port, Device):
        found |= _BESIDE
    if isinstance(port, Streaming):
        found |= {Capability.EDGES, Capability.SAMPLING_INSTANTS, Capability.LEVELS}
        if not port.replays:
            found.add(Capability.SOURCE)
    return frozenset(found)


def _seed(url: LinkUrl, default: int) -> int:
    seed = url.options.get("seed", str(default))
    if not seed.isdecimal():
        raise UsageError(f"link {url.text!r}: seed must be a whole number, not {seed!r}")
    return int(seed)


def _altered(url: LinkUrl) -> tuple[Alteration, ...]:
    """Return how the port deviates; it shows another port's deviation in the household alone."""
    name = url.options.get("fault")
    if not name:
        return ()
    found = deviation(name)
    if (found.port or found.interface) == url.target:
        return found.alterations
    return tuple(one for one in found.alterations if one.stage in _OF_HOUSEHOLD)


def _p1(url: LinkUrl, systems: Systems) -> Port:
    url.check_options({"profile", "seed", "fault", "start", "encrypted", "household"})
    options = url.options
    return p1_port(
        options.get("profile", "nl50"),
        seed=_seed(url, DEFAULT_SEED),
        start=options.get("start", DEFAULT_START),
        alterations=_altered(url),
        systems=systems,
        home=options.get("household", ""),
        encrypted=choice(url, "encrypted", "no", ("no", "yes")) == "yes",
    )


def _in_mode_e(url: LinkUrl) -> bool:
    return url.options.get("start") == "mode-e"


def _wan_device(url: LinkUrl, clock: VirtualClock) -> WanDevice:
    """Return the meter that the link names: the same one for the same link on the same clock."""
    about_device = ("profile", "link", "seed", "fault", "start", "household", "latency_ms")
    url.check_options((*about_device, *(("address", "baud") if _in_mode_e(url) else ())))
    devices = _DEVICES.setdefault(clock, {})
    if url.text not in devices:
        options = url.options
        latency_ms = number(url, "latency_ms", LATENCY_NS / MILLISECOND, 0, 600_000)
        devices[url.text] = wan_port(
            choice(url, "link", "hdlc", LINKS),
            seed=_seed(url, DEFAULT_SEED),
            start=DEFAULT_START if _in_mode_e(url) else options.get("start", DEFAULT_START),
            alterations=_altered(url),
            systems=_SYSTEMS.setdefault(clock, Systems()),
            home=options.get("household", DEFAULT_HOUSEHOLD),
            mode_e=_in_mode_e(url),
            latency_ns=round(latency_ms * MILLISECOND),
        )
    return devices[url.text]
