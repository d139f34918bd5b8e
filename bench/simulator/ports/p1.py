"""The P1 consumer port: telegrams at the profile's interval while data is requested.

A telegram passes a pipeline of stages, from the household to the wire. A fault or a variation
alters one or more of them; the stages after it work on what it made, so that for instance the CRC
is right for lines that are wrong.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bench.core.clock import MILLISECOND, SECOND
from bench.core.errors import UsageError
from bench.core.line import LineSettings
from bench.core.link import Supply
from bench.protocols.p1.encode import crc_digits, encode_body, seal
from bench.protocols.p1.profile import Profile, load_profile
from bench.simulator.control import control
from bench.simulator.faults.fault import Alteration
from bench.simulator.metering_system import MeteringSystem, Systems
from bench.simulator.ports.p1_content import Content
from bench.simulator.ports.p1_editions import header_line
from bench.simulator.ports.p1_encryption import Encryption
from bench.simulator.ports.p1_stages import Sealing, Stage
from bench.simulator.ports.p1_supply import supply
from bench.simulator.ports.pipeline import Pipeline
from bench.simulator.presets import household

__all__ = [
    "DEFAULT_SEED",
    "DEFAULT_START",
    "REAL_TIME_BURST_NS",
    "RESPONSE_NS",
    "P1Port",
    "Sealing",
    "Stage",
    "household_name",
    "p1_port",
]

BURST_OCTETS = 64
REAL_TIME_BURST_NS = MILLISECOND
RESPONSE_NS = 20 * MILLISECOND  # from request to the first start bit
BOOT_NS = 3 * SECOND  # from when supply is back
DEFAULT_SEED = 10  # within 30 telegrams each edition sends a CRC with a leading zero, and letters
DEFAULT_START = "2026-01-15T10:00:00"


@dataclass(frozen=True, slots=True)
class _Burst:
    """Octets that become visible together, at `at`; the first starts on the wire at `start`."""

    start: int
    at: int
    octets: bytes
    character_ns: float


class P1Port:
    """One-way port: sends telegrams while requested, the first promptly, then every interval.

    Octets leave at the speed of the line, in bursts whose instant is the end of their last stop
    bit; the first octet of a telegram is a burst of its own. Releasing the request ends a telegram
    at once (DSMR 5.0.2 §5.7.1), and so does deactivation. Each request starts a time base of its
    own.
    """

    def __init__(
        self,
        system: MeteringSystem,
        profile: Profile,
        alterations: Iterable[Alteration] = (),
        *,
        encrypted: bool = False,
        burst_ns: int | None = None,
    ) -> None:
        self.system = system
        self.profile = profile
        self.epoch_ns = system.epoch_ns
        self._pipeline = Pipeline(alterations)
        self.line: LineSettings | None = self._pipeline.altered(Stage.LINE, profile.line)
        self._character_ns = (self.line or profile.line).character_ns
        self._burst_octets = BURST_OCTETS
        if burst_ns is not None:
            self._burst_octets = max(1, int(burst_ns / self._character_ns))
        self._interval_ns = round(profile.interval_s * SECOND)
        self._content = Content(profile, system)
        self.encryption: Encryption | None = None
        if self._pipeline.altered(Stage.ENCRYPTED, encrypted):
            altered = self._pipeline.altered
            self.encryption = Encryption(system.seed, altered, Stage.COUNTER, Stage.ENVELOPE)
        self._queue: deque[_Burst] = deque()
        self._index = 0
        self._previous = b""
        self._requested = False
        self._edges = 0
        self._hung = False
        self._start: int | None = None  # of the next telegram
        self._first = False  # whether that is the first one after a request
        self._last = False  # whether none follows it
        self._reactivated = False
        self._busy_until = 0  # end of the telegram on the wire
        self._off_until = 0  # without supply, or not running yet
        system.watch_activation(self._activation_changed)
        system.watch_supply(self._supply_cut)

    def next_event(self) -> int | None:
        """Return when a burst is complete or a telegram starts next; None when released."""
        return self._queue[0].at if self._queue else self._start

    def emit(self, now: int) -> bytes:
        """Return the octets that are complete by `now`; starts the telegrams that are due."""
        emitted = bytearray()
        while True:
            while self._queue and self._queue[0].at <= now:
                emitted += self._queue.popleft().octets
            if self._queue or self._start is None or self._start > now:
                return bytes(emitted)
            self._send(self._start)

    def receive(self, octets: bytes, now: int) -> None:
        """Ignore `octets`: there is no way into a P1 port (§6.3)."""

    def set_request(self, active: bool, now: int) -> None:
        """Raise or release the data request; what is not yet on the wire at release never comes."""
        if active == self._requested:
            return
        self._requested = active
        self._edges += 1
        effect = self._pipeline.altered(Stage.TOGGLES, self._edges, self._edges)
        if effect == "hang":
            self._hung = True
            self._stop(now)
        elif effect == "count-failure":
            self.system.short_failures += 1
        if self._hung:
            return
        if active:
            self._raised(now)
        else:
            self._released(now)

    def control(self, action: str, values: Mapping[str, Any], now: int) -> int | None:
        """Do something to the device, see `bench.simulator.control`; UsageError if it cannot."""
        if self.encryption is not None and action == "counter":
            self.encryption.set_counter(**values)
            return now
        return control(self.system, action, values, now)

    def supply(self, load_ma: float | None) -> Supply:
        """Return what the port's 5 V supply gives under a load, None being a short circuit."""
        measured: Callable[[float | None], Supply] = self._pipeline.altered(Stage.SUPPLY, supply)
        return measured(load_ma)

    def s1_active(self) -> bool:
        """Return whether the S1 port sends: both ports go on and off together."""
        return self.system.is_open("s1") or bool(self._pipeline.altered(Stage.S1, False))

    def telegram(self, instant: int, index: int = 0, lines: Sequence[str] | None = None) -> bytes:
        """Return the octets of the telegram number `index` (from 0) as it starts at `instant`.

        `lines` take the place of the data lines that it would have.
        """
        altered = self._pipeline.altered
        header = altered(Stage.HEADER, header_line(self.profile), index)
        if lines is None:
            reading = altered(Stage.READING, self.system.at(instant), index)
            lines = altered(Stage.LINES, self._content.lines(reading), index)
            if self._reactivated:
                lines = altered(Stage.REACTIVATED, lines, index)
        body = altered(Stage.BODY, encode_body(header, lines or ()), index)
        digits = crc_digits(body) if self.profile.has_crc else b""
        if self._pipeline.alters(Stage.DIGITS):
            digits = altered(Stage.DIGITS, Sealing(body, self._previous or body, digits), index)
        self._previous = body
        return bytes(altered(Stage.WIRE, seal(body, digits), index))

    def _raised(self, now: int) -> None:
        """Plan the first telegram of a request; a port that never stopped goes on as it was."""
        if self._start is None or self._last:
            self._last = False
            if self.system.is_open("p1") or self._pipeline.alters(Stage.DEACTIVATED):
                latency = self._pipeline.altered(Stage.LATENCY, RESPONSE_NS, self._index)
                busy = self._busy_until if self._queue else 0
                self._start = max(now + latency, busy, self._off_until)
                self._first = True

    def _released(self, now: int) -> None:
        policy = self._pipeline.altered(Stage.RELEASE, "stop", self._index)
        if policy == "one-more":
            self._last = True
        elif policy == "finish":
            self._start = None
        elif policy != "ignore":
            self._stop(now)

    def _stop(self, now: int) -> None:
        """End what is on the wire after the last whole character."""
        self._start = None
        pending, self._queue = self._queue, deque()
        for burst in pending:
            complete = int((now - burst.start) / burst.character_ns)
            if complete > 0:
                octets = burst.octets[:complete]
                self._queue.append(_Burst(burst.start, now, octets, burst.character_ns))

    def _activation_changed(self, now: int) -> None:
        self._reactivated = self.system.is_open("p1")
        if self._hung or self._pipeline.alters(Stage.DEACTIVATED):
            return
        if not self.system.is_open("p1"):
            self._stop(now)
        elif self._requested:
            self._raised(now)

    def _supply_cut(self, now: int, until: int) -> None:
        """Fall silent at once; send again some time after the supply is back."""
        boot_ns = self._pipeline.altered(Stage.BOOT, BOOT_NS)
        self._off_until = until + boot_ns
        self._stop(now)
        if self._requested and not self._hung:
            self._raised(now)

    def _send(self, start: int) -> None:
        index, self._index = self._index, self._index + 1
        first, self._first = self._first, False
        altered = self._pipeline.altered
        lines = None if self.system.is_open("p1") else altered(Stage.DEACTIVATED, None, index)
        end = start
        if self.system.is_open("p1") or lines is not None:
            octets = self.telegram(start, index, lines)
            if self.encryption is not None:
                octets = self.encryption.frame(octets, index)
            if first:
                octets = altered(Stage.FIRST, octets, index)
            character_ns = altered(Stage.CHARACTER, self._character_ns, index)
            sizes = self._sizes(octets, index)
            self._queue.extend(_bursts(octets, sizes, start, character_ns))
            end = start + round(len(octets) * character_ns)
        self._busy_until = end
        interval = altered(Stage.INTERVAL, self._interval_ns, index)
        self._start = None if self._last else max(start + interval, end)
        self._last = False

    def _sizes(self, octets: bytes, index: int) -> Iterable[int]:
        if self._pipeline.alters(Stage.BURSTS):
            sizes: Iterable[int] = self._pipeline.altered(Stage.BURSTS, octets, index)
            return sizes
        most = self._burst_octets
        return [1, *[most] * -(-(len(octets) - 1) // most)]


def _bursts(
    octets: bytes, sizes: Iterable[int], start: int, character_ns: float
) -> Iterable[_Burst]:
    at = 0
    for size in sizes:
        part = octets[at : at + size]
        begin = start + round(at * character_ns)
        at += len(part)
        yield _Burst(begin, start + round(at * character_ns), part, character_ns)


def p1_port(
    profile: str,
    *,
    seed: int = DEFAULT_SEED,
    start: datetime | str = DEFAULT_START,
    alterations: Iterable[Alteration] = (),
    systems: Systems | None = None,
    encrypted: bool = False,
    burst_ns: int | None = None,
    home: str = "",
) -> P1Port:
    """Return the reference device of a profile, altered as a fault or variation says.

    `start` without zone is local time of the household. A system that `systems` already holds for
    the same household, seed and start is shared. `burst_ns` is how long octets may be held back to
    become visible together (None: 64 octets); `REAL_TIME_BURST_NS` suits readers who look at the
    time. `home` names the household (`bench.simulator.presets`), which else is the edition's own.
    UsageError for an unknown profile or household, a bad start, or encryption of an edition that
    has none.
    """
    chosen = load_profile(profile)
    if encrypted and chosen.key != "lu":
        raise UsageError(f"edition {chosen.key} has no encryption; choose profile=lu")
    alterations = tuple(alterations)
    found = household(home or household_name(chosen), seed)
    for alteration in alterations:
        if alteration.stage == Stage.HOUSEHOLD:
            found = alteration.change(found, 0)
        elif alteration.stage == Stage.START:
            start = alteration.change(start, 0)
    systems = systems or Systems()
    return P1Port(
        systems.get(seed, start, found), chosen, alterations, encrypted=encrypted, burst_ns=burst_ns
    )


def household_name(profile: Profile) -> str:
    """Return the preset of the household in which a meter of this edition hangs."""
    if profile.key.startswith("nl"):
        return "nl" if profile.key == "nl50" else "nl-hourly"
    if profile.key.startswith("be"):
        return "be-gas" if profile.key in {"be13", "be14", "be15"} else "be"
    return profile.key
