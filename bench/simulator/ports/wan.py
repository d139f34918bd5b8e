"""The WAN port of the meter: one device, and a port for each connection to it.

    line or socket -> frames or WPDUs -> channel -> application process -> objects -> household

A fault or a variation alters one or more stages of that way (`wan_stages.Stage`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from bench.core.clock import MILLISECOND, SECOND
from bench.core.errors import AdapterUnavailable, UsageError
from bench.core.line import LineSettings
from bench.protocols.hdlc.options import SecondaryOptions
from bench.protocols.iec62056_21_sign_on import MeterOptions
from bench.simulator.control import control
from bench.simulator.faults.fault import Alteration
from bench.simulator.metering_system import MeteringSystem, Systems
from bench.simulator.ports.pipeline import Pipeline
from bench.simulator.ports.wan_application import ApplicationProcess, Channel
from bench.simulator.ports.wan_connection import BURST_OCTETS, REBOOT_NS, WanConnection
from bench.simulator.ports.wan_faulty_station import FaultyStation
from bench.simulator.ports.wan_hdlc import FrameStation, HdlcConnection
from bench.simulator.ports.wan_sign_on import SignOnConnection
from bench.simulator.ports.wan_stages import Stage
from bench.simulator.ports.wan_udp import UdpConnection
from bench.simulator.ports.wan_wrapper import TcpOptions, WrapperConnection
from bench.simulator.presets import household
from bench.simulator.wan.application import Application
from bench.simulator.wan.options import WanOptions

LINKS = ("hdlc", "wrapper", "udp")
DEFAULT_SEED = 10
DEFAULT_START = "2026-01-15T10:00:00"
DEFAULT_HOUSEHOLD = "nl"
LATENCY_NS = 20 * MILLISECOND
TURNAROUND_NS = 20 * MILLISECOND
REACTION_NS = 250 * MILLISECOND  # of the sign-on: well above the 200 ms that it may not go below
HDLC_LINE = LineSettings(9600)
REAL_TIME_BURST_NS = 5 * MILLISECOND
HDLC_LINKS = 4  # clients that may have a link at once
BOOT_NS = 5 * SECOND  # from when supply is back
_QUICK = 3  # requests of an association that a meter answers before it gets slow
_SLOW_NS = 1500 * MILLISECOND
_LEAK_NS, _LEAK_HANDLES = 20 * SECOND, 40


class WanDevice:
    """The meter as it is reached from outside; `accept` gives a port for each connection."""

    def __init__(
        self,
        system: MeteringSystem,
        application: ApplicationProcess,
        options: WanOptions,
        pipeline: Pipeline,
        link: str,
        *,
        line: LineSettings | None = HDLC_LINE,
        mode_e: bool = False,
        latency_ns: int = LATENCY_NS,
        burst_ns: int | None = None,
    ) -> None:
        self.system = system
        self.application = application
        application.on_crash = self.crash
        self.options = options
        self.breaks = options.breaks
        self.link = link
        self.line = line if link == "hdlc" else None
        self.epoch_ns = system.epoch_ns
        self.tcp: TcpOptions = pipeline.altered(Stage.TCP, TcpOptions())
        self.left_open: dict[tuple[int, int], Channel | None] = {}
        self.connections: list[WanConnection] = []
        self.secondary: SecondaryOptions = pipeline.altered(
            Stage.SECONDARY,
            SecondaryOptions(uppers=frozenset({options.server_sap}), links=HDLC_LINKS),
        )
        self.sign_on: MeterOptions = pipeline.altered(
            Stage.SIGN_ON, MeterOptions(address=f"{system.seed:08d}", reaction_ns=REACTION_NS)
        )
        self.strict = mode_e
        self._pipeline = pipeline
        self._latency_ns = latency_ns
        self._burst_ns = burst_ns
        self.asked = 0  # requests since the last AARQ
        self.objected = False  # whether the last answer was an exception-response
        self._counts: dict[str, int] = {}
        self._crashed_until = 0
        self._off_until = 0
        system.watch_supply(self._supply_cut)
        self._handles: list[int] = []
        self._at_line: SignOnConnection | None = None  # it outlives those who open the line

    def accept(self, now: int) -> WanConnection:
        """Return the port of a new connection; AdapterUnavailable for a second one on one line."""
        if self.line is not None and self.connections:
            raise AdapterUnavailable("the simulated line is open already: one line, one connection")
        if self.line is None and now < self._off_until:
            raise AdapterUnavailable("the simulated meter has no supply, or is not running yet")
        if self.tcp.connections and len(self.connections) >= self.tcp.connections:
            raise AdapterUnavailable("the simulated meter takes no further connection")
        if "tcp-second-kills-first" in self.breaks:
            for one in self.connections:
                one.hang_up(now)
        connection: WanConnection
        match self.link:
            case "hdlc":
                connection = self._hdlc(now)
            case "wrapper":
                connection = WrapperConnection(self)
            case _:
                connection = UdpConnection(self)
        self.connections.append(connection)
        if self.line is None and self.leaks(now):
            connection.hang_up(now)
        return connection

    def _hdlc(self, now: int) -> WanConnection:
        if self.line is None:
            return HdlcConnection(self, None)
        if self._at_line is None:
            self._at_line = SignOnConnection(self, self.line, self.sign_on, self.strict)
        self._at_line.listen_again(now)
        return self._at_line

    def forget(self, connection: WanConnection) -> None:
        """Take an ended connection out."""
        if connection in self.connections:
            self.connections.remove(connection)

    def control(self, action: str, values: Mapping[str, Any], now: int) -> int | None:
        """Do something to the device, see `bench.simulator.control`; UsageError if it cannot."""
        return control(self.system, action, values, now)

    # -- what its connections ask for

    def channel(self, client: int, server: int) -> Channel | None:
        """Return a channel to the application process, None where nobody is."""
        if (client, server) in self.left_open:
            return self.left_open.pop((client, server))
        return self.application.channel(client, server)

    def broadcast(self, connection: WanConnection, client: int, apdu: bytes, now: int) -> None:
        """Let every logical device hear an APDU, which gets no answer."""
        for server in sorted(self.secondary.uppers):
            connection.answers(client, server, apdu, now)

    def next_push(self) -> int | None:
        """Return when something is to be sent that nobody asked for."""
        return self.application.next_event()

    def push(self, now: int) -> None:
        """Send what is due unasked, each on the newest connection that leads to its client."""
        for push in self.application.advance(now):
            if self.crashed(now):
                continue
            push = replace(push, apdu=self.altered(Stage.PUSH, push.apdu))  # type: ignore[type-var]
            any(one.push(push, now) for one in reversed(self.connections))

    def altered(self, stage: Stage, value: Any) -> Any:
        """Return what passes a stage, altered; each stage counts what passes it."""
        if not self._pipeline.alters(stage):
            return value
        index = self._counts.get(stage, 0)
        self._counts[stage] = index + 1
        return self._pipeline.altered(stage, value, index)

    def latency_ns(self) -> int:
        """Return how long the next answer takes."""
        slow = "slow-response" in self.breaks and self.asked > _QUICK
        slow = slow or ("exceptions-late" in self.breaks and self.objected)
        slower = _SLOW_NS if slow else 0
        return int(self.altered(Stage.LATENCY, self._latency_ns + slower))

    def turnaround_ns(self) -> int:
        """Return how long the next frame takes that answers on the link layer alone."""
        return int(self.altered(Stage.TURNAROUND, min(TURNAROUND_NS, self._latency_ns)))

    def burst_octets(self, character_ns: float) -> int:
        """Return how many octets become visible together."""
        if self._burst_ns is None:
            return BURST_OCTETS
        return max(1, int(self._burst_ns / character_ns))

    def station(self, octet_ns: float) -> FrameStation:
        """Return a station for a new line."""
        options = replace(self.secondary, octet_ns=octet_ns)
        if self.breaks:
            return FaultyStation(options, self.breaks, self)
        return FrameStation(options)

    def leaks(self, now: int) -> bool:
        """Count a connection or link that is made; return whether a leaking device is full.

        Handles that were lost come back after a while, as those of sockets do.
        """
        if "leak" not in self.breaks:
            return False
        self._handles = [at for at in self._handles if at + _LEAK_NS > now]
        self._handles.append(now)
        return len(self._handles) > _LEAK_HANDLES

    def deaf(self, connection: WanConnection, now: int) -> bool:
        """Return whether what comes on a connection is not heeded at all."""
        stuck = "stuck-single-client" in self.breaks and any(
            one.busy for one in self.connections if one is not connection
        )
        return stuck or self.crashed(now)

    def crash(self, now: int) -> None:
        """Lose all that was going on, and answer nothing for a while."""
        self._crashed_until = now + REBOOT_NS
        for connection in list(self.connections):
            connection.reset(now)

    def _supply_cut(self, now: int, until: int) -> None:
        """Lose all that was going on, and heed nothing until the supply is back and it runs."""
        self.crash(now)
        self.application.supply_cut()
        self._crashed_until = self._off_until = until + int(self.altered(Stage.BOOT, BOOT_NS))

    def crashed(self, now: int) -> bool:
        """Return whether the device has crashed and is not there again."""
        return now < self._crashed_until


def wan_port(
    link: str = "hdlc",
    *,
    seed: int = DEFAULT_SEED,
    start: datetime | str = DEFAULT_START,
    alterations: Iterable[Alteration] = (),
    systems: Systems | None = None,
    home: str = DEFAULT_HOUSEHOLD,
    line: LineSettings | None = HDLC_LINE,
    mode_e: bool = False,
    latency_ns: int = LATENCY_NS,
    burst_ns: int | None = None,
) -> WanDevice:
    """Return the reference meter, altered as a fault or variation says.

    `line` None carries HDLC over the octets of a connection instead of an asynchronous line, where
    `mode_e` says that HDLC is heard only after a sign-on. `burst_ns` is how long octets may be held
    back to become visible together (None: 64 octets). UsageError for an unknown link layer or
    household, or a bad start.
    """
    if link not in LINKS:
        raise UsageError(f"no WAN link layer is called {link!r} (known: {', '.join(LINKS)})")
    pipeline = Pipeline(alterations)
    found = pipeline.altered(Stage.HOUSEHOLD, household(home, seed))
    start = pipeline.altered(Stage.START, start)
    system = (systems or Systems()).get(seed, start, found)
    options = pipeline.altered(Stage.OPTIONS, WanOptions())
    return WanDevice(
        system,
        Application(system, options, pipeline),
        options,
        pipeline,
        pipeline.altered(Stage.LINK, link),
        line=pipeline.altered(Stage.LINE, line),
        mode_e=mode_e,
        latency_ns=latency_ns,
        burst_ns=burst_ns,
    )
