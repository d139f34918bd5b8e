"""The P1 consumer port: telegrams at the profile's interval while data is requested.

A telegram passes a pipeline of stages, from the household to the wire. A fault or a variation
alters one or more of them; the stages after it work on what it made, so that for instance the CRC
is right for lines that are wrong.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from bench.core.clock import MILLISECOND, SECOND
from bench.core.errors import UsageError
from bench.core.line import LineSettings
from bench.protocols.p1.encode import crc_digits, encode_body, seal
from bench.protocols.p1.profile import Profile, load_profile
from bench.simulator.faults.fault import Alteration
from bench.simulator.metering_system import MeteringSystem, Systems
from bench.simulator.ports.p1_content import Content
from bench.simulator.ports.p1_editions import header_line
from bench.simulator.ports.p1_encryption import Encryption
from bench.simulator.presets import household

BURST_OCTETS = 32
RESPONSE_NS = 20 * MILLISECOND  # from request to the first start bit
DEFAULT_SEED = 10  # within 30 telegrams each edition sends a CRC with a leading zero, and letters
DEFAULT_START = "2026-01-15T10:00:00"


class Stage(StrEnum):
    """Where the pipeline can be altered, and what the change receives and returns."""

    HOUSEHOLD = "household"  # Household -> Household; once, with index 0
    LINE = "line"  # LineSettings -> LineSettings | None; once, with index 0
    HEADER = "header"  # str -> str: the first line with its '/', without its end
    LINES = "lines"  # tuple[str, ...] -> Sequence[str]: the data lines without their ends
    BODY = "body"  # bytes -> bytes: '/' up to and including '!', before the CRC is computed
    DIGITS = "digits"  # Sealing -> bytes: the CRC digits
    WIRE = "wire"  # bytes -> bytes: the sealed telegram and what follows it
    ENCRYPTED = "encrypted"  # bool -> bool: whether frames are sent; once, with index 0
    COUNTER = "counter"  # int -> int: the frame counter of this telegram
    ENVELOPE = "envelope"  # Envelope -> Envelope | bytes: what the frame is made of, or is
    BURSTS = "bursts"  # bytes -> Sequence[int]: the wire octets -> how many arrive together


@dataclass(frozen=True, slots=True)
class Sealing:
    """What the digits are computed from: this body, the previous telegram's, the right digits."""

    body: bytes
    previous: bytes
    digits: bytes


@dataclass(frozen=True, slots=True)
class _Burst:
    """Octets that become visible together, at `at`; the first starts on the wire at `start`."""

    start: int
    at: int
    octets: bytes


class P1Port:
    """One-way port: sends telegrams while requested, the first promptly, then every interval.

    Octets leave at the speed of the line, in bursts whose instant is the end of their last stop
    bit. Releasing the request ends a telegram at once (DSMR 5.0.2 §5.7.1).
    """

    def __init__(
        self,
        system: MeteringSystem,
        profile: Profile,
        alterations: Iterable[Alteration] = (),
        *,
        encrypted: bool = False,
    ) -> None:
        self.system = system
        self.profile = profile
        self._alterations = tuple(alterations)
        self.line: LineSettings | None = self._altered(Stage.LINE, profile.line, 0)
        self._character_ns = (self.line or profile.line).character_ns
        self._interval_ns = round(profile.interval_s * SECOND)
        self._content = Content(profile, system)
        self.encryption: Encryption | None = None
        if self._altered(Stage.ENCRYPTED, encrypted, 0):
            self.encryption = Encryption(system.seed, self._altered, Stage.COUNTER, Stage.ENVELOPE)
        self._start: int | None = None
        self._queue: deque[_Burst] = deque()
        self._index = 0
        self._previous = b""

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
        if active:
            if self._start is None:
                self._start = now + RESPONSE_NS
            return
        self._start = None
        pending, self._queue = self._queue, deque()
        for burst in pending:
            complete = min(int((now - burst.start) / self._character_ns), len(burst.octets))
            if complete > 0:
                self._queue.append(_Burst(burst.start, now, burst.octets[:complete]))

    def telegram(self, instant: int, index: int = 0) -> bytes:
        """Return the octets of the telegram number `index` (from 0) as it starts at `instant`."""
        reading = self.system.at(instant)
        header = self._altered(Stage.HEADER, header_line(self.profile), index)
        lines = self._altered(Stage.LINES, self._content.lines(reading), index)
        body = encode_body(header, lines)
        body = self._altered(Stage.BODY, body, index)
        digits = crc_digits(body) if self.profile.has_crc else b""
        digits = self._altered(Stage.DIGITS, Sealing(body, self._previous or body, digits), index)
        if isinstance(digits, Sealing):  # no alteration: the right ones
            digits = digits.digits
        self._previous = body
        return bytes(self._altered(Stage.WIRE, seal(body, digits), index))

    def _send(self, start: int) -> None:
        octets = self.telegram(start, self._index)
        if self.encryption is not None:
            octets = self.encryption.frame(octets, self._index)
        sizes = self._altered(Stage.BURSTS, octets, self._index)
        self._index += 1
        if isinstance(sizes, bytes):  # no alteration
            sizes = [BURST_OCTETS] * -(-len(octets) // BURST_OCTETS)
        self._queue.extend(self._bursts(octets, sizes, start))
        end = start + round(len(octets) * self._character_ns)
        self._start = max(start + self._interval_ns, end)

    def _bursts(self, octets: bytes, sizes: Sequence[int], start: int) -> Iterable[_Burst]:
        at = 0
        for size in sizes:
            part = octets[at : at + size]
            begin = start + round(at * self._character_ns)
            at += len(part)
            yield _Burst(begin, start + round(at * self._character_ns), part)

    def _altered(self, stage: str, value: Any, index: int) -> Any:
        for alteration in self._alterations:
            if alteration.stage == stage:
                value = alteration.change(value, index)
        return value


def p1_port(
    profile: str,
    *,
    seed: int = DEFAULT_SEED,
    start: datetime | str = DEFAULT_START,
    alterations: Iterable[Alteration] = (),
    systems: Systems | None = None,
    encrypted: bool = False,
) -> P1Port:
    """Return the reference device of a profile, altered as a fault or variation says.

    `start` without zone is local time of the household. A system that `systems` already holds for
    the same household, seed and start is shared. UsageError for an unknown profile, a bad start,
    or encryption of an edition that has none.
    """
    chosen = load_profile(profile)
    if encrypted and chosen.key != "lu":
        raise UsageError(f"edition {chosen.key} has no encryption; choose profile=lu")
    alterations = tuple(alterations)
    home = household(household_name(chosen), seed)
    for alteration in alterations:
        if alteration.stage == Stage.HOUSEHOLD:
            home = alteration.change(home, 0)
    systems = systems or Systems()
    return P1Port(systems.get(seed, start, home), chosen, alterations, encrypted=encrypted)


def household_name(profile: Profile) -> str:
    """Return the preset of the household in which a meter of this edition hangs."""
    if profile.key.startswith("nl"):
        return "nl" if profile.key == "nl50" else "nl-hourly"
    if profile.key.startswith("be"):
        return "be-gas" if profile.key in {"be13", "be14", "be15"} else "be"
    return profile.key
