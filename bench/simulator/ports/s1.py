"""The S1 consumer port: a telegram for every sample set, from when it is activated (e-MUCS-H 1.3).

    household -> waveforms -> sample sets -> telegrams -> frames -> the line

A fault or a variation alters one or more stages of that way (`s1_stages.Stage`).
"""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from typing import Any

import numpy as np

from bench.core.clock import MILLISECOND, SECOND
from bench.core.line import LineSettings, LineTimes
from bench.protocols.s1.bulk_encode import body_rows, check_rows, frame_rows
from bench.protocols.s1.profile import Profile, load_profile
from bench.simulator.control import control
from bench.simulator.faults.fault import Alteration
from bench.simulator.load import Power
from bench.simulator.mains import Mains
from bench.simulator.metering_system import MeteringSystem, Systems
from bench.simulator.ports.pipeline import Pipeline
from bench.simulator.ports.s1_frames import Frames, Framing
from bench.simulator.ports.s1_sampling import due, half_rate_hz, number_of, sampling_of
from bench.simulator.ports.s1_stages import Departures, Numbers, Sampling, Stage
from bench.simulator.ports.s1_timing import Edges, Timeline, departed
from bench.simulator.presets import household
from bench.simulator.waveforms import HouseholdSource, Source

DEFAULT_SEED = 10
DEFAULT_START = "2026-01-15T10:00:00"
DEFAULT_PROFILE = "emucs-h-1.3"
DEFAULT_HOUSEHOLD = "be"
DEFAULT_MODE = "per-period"
BLOCK_NS = 25 * MILLISECOND
REAL_TIME_BLOCK_NS = 5 * MILLISECOND
BOOT_NS = 2 * SECOND  # from when supply is back
LATENCY_NS = 2 * MILLISECOND  # from a sample set to its frame; at most 10 ms
_LEAD_NS = 20 * MILLISECOND  # how far before one connects frames may have been under way
_MOST_BEHIND_NS = 10 * SECOND  # what is older is lost, as on a line that nobody hears
_DRIVER_V = 2.6  # into 100 ohm (TIA/EIA-422-B asks for 2.0)
_STALE_FRAMES = 500


@dataclass(frozen=True)
class _Block:
    """Frames that become visible together, at `at`: the end of the last one.

    All arrays have an entry for each sample set; the first frame has lost `cut` octets.
    """

    at: int
    octets: bytes
    starts: Numbers
    sampled: Numbers
    lengths: Numbers
    cut: int = 0


class S1Port:
    """One-way port: sends as long as the device is activated and somebody has connected.

    Frames leave at the speed of the line, `block_ns` of them becoming visible together; `edges`
    knows the instant of each octet. Who connects later hears the stream from amid a frame.
    Deactivation ends it after the frame that is on the wire.
    """

    def __init__(
        self,
        system: MeteringSystem,
        profile: Profile,
        sampling: Sampling,
        alterations: Iterable[Alteration] = (),
        *,
        neutral: bool = True,
        source: Source | None = None,
        block_ns: int = BLOCK_NS,
    ) -> None:
        self.system = system
        self.profile = profile
        self.epoch_ns = system.epoch_ns
        self._pipeline = Pipeline(alterations)
        altered = self._pipeline.altered
        own_line: LineSettings = altered(Stage.LINE, LineSettings(profile.line_rate_bps))
        self.line: LineSettings | None = own_line
        self.differential_v: float = altered(Stage.LEVEL, _DRIVER_V)
        self._sampling: Sampling = altered(Stage.SAMPLING, sampling)
        self.replays = source is not None
        self._source = source or self._household_source()
        self._framing = Framing(
            profile,
            system.household,
            self._source,
            self._sampling,
            self._pipeline,
            neutral=neutral,
        )
        self._timeline = Timeline(own_line.character_ns, altered(Stage.PAUSES, ()))
        self.edges = Edges(self._timeline)
        self._block_ns = block_ns
        self._queue: deque[_Block] = deque()
        self._connected = False
        self._asked = bool(altered(Stage.UNASKED, True))
        self._sends = ""  # what it sends now: "", "frames" or "empty"
        self._since = system.since_ns  # when it began to send
        self._cursor = 0  # the samples before that have been taken
        self._heard_from = 0  # octets that begin earlier are lost
        self._number: int | None = None  # of the next sample set
        self._free = 0  # when the line is free
        self._off_until = 0  # without supply, or not running yet
        self._received = 0
        self._recent: Frames | None = None
        system.watch_clock(self._clock_is_set)
        system.watch_activation(self._activation_changed)
        system.watch_supply(self._supply_cut)

    def next_event(self) -> int | None:
        """Return when the next block is complete, or the next samples are to be taken."""
        if self._queue:
            return self._queue[0].at
        return self._cursor if self._sends and self._connected else None

    def emit(self, now: int) -> bytes:
        """Return the octets of the blocks that are complete by `now`."""
        emitted = []
        while True:
            while self._queue and self._queue[0].at <= now:
                block = self._queue.popleft()
                self._note(block)
                emitted.append(block.octets)
            idle = not self._sends or not self._connected or self._cursor > now
            if self._queue or idle:
                return b"".join(emitted)
            if now - self._cursor > _MOST_BEHIND_NS:  # whoever drives it has been asleep
                self._cursor, self._number = now - SECOND, None
            self._take_samples()

    def _note(self, block: _Block) -> None:
        count = len(block.octets)
        self.edges.add(count, block.starts, block.sampled, block.lengths, block.cut)

    def receive(self, octets: bytes, now: int) -> None:
        """Ignore `octets`: there is no way into an S1 port."""
        effect = self._pipeline.altered(Stage.RECEIVED, "nothing", self._received)
        self._received += 1
        if effect == "reset":
            self._retract(now)
            self._number = 0
        elif effect == "garble" and self._queue:
            block = self._queue[0]
            place = len(block.octets) // 2
            inverted = bytes((block.octets[place] ^ 0xFF,))
            octets_now = block.octets[:place] + inverted + block.octets[place + 1 :]
            self._queue[0] = replace(block, octets=octets_now)
        if octets and not self._asked:
            self._asked = True
            self._activation_changed(now)

    def set_request(self, active: bool, now: int) -> None:
        """Connect to the port or let go of it: it has no request line, and sends all the time."""
        if active == self._connected:
            return
        self._connected = active
        if active:
            self._sends = self._wanted()
            self._cursor = max(now - _LEAD_NS, self._since)
            self._heard_from, self._number, self._free = now, None, 0
        else:
            self._queue.clear()

    def control(self, action: str, values: Mapping[str, Any], now: int) -> int | None:
        """Do something to the device, see `bench.simulator.control`; UsageError if it cannot."""
        return control(self.system, action, values, now)

    def line_times(self, first: int, end: int) -> LineTimes:
        """Return when octets that were emitted began on the line; the first ones may be forgotten.

        Of those that are not known any more nothing is returned.
        """
        assert self.line is not None
        offsets = np.arange(first, end, dtype=np.int64)
        starts = self.edges.octet_ns(offsets)
        known = starts >= 0
        sampled = self.edges.sampled_ns(offsets)
        return LineTimes(starts[known], 1e9 / self.line.baud_bd, sampled[known])

    # -- what it does by itself

    def _household_source(self) -> Source:
        altered, alters = self._pipeline.altered, self._pipeline.alters

        def seen(power: Power, second: int) -> Power:
            altered_power: Power = altered(Stage.POWER, power, second)
            return altered_power

        mains = Mains(self.system, seen if alters(Stage.POWER) else None)
        return HouseholdSource(
            mains,
            self.system.household,
            self.system.seed,
            lambda shape: altered(Stage.SHAPE, shape),
            altered(Stage.BAND, half_rate_hz(self._sampling)),
        )

    def _wanted(self) -> str:
        """Return what is to be sent in the state that the device is in."""
        if not self._asked:
            return ""
        if self._pipeline.altered(Stage.ACTIVE, self.system.is_open("s1")):
            return "frames"
        policy = self._pipeline.altered(Stage.DEACTIVATED, "nothing")
        return "" if policy == "nothing" else str(policy)

    def _activation_changed(self, now: int) -> None:
        before, self._sends = self._sends, self._wanted()
        if before == self._sends:
            return
        if before:
            self._finish(now)
        if self._sends:
            self._since = self._cursor = max(now, self._off_until)
            stale = self._pipeline.altered(Stage.RESUMED, "live") == "stale"
            if stale and self._connected and self._recent is not None:
                self._replay(self._recent, now)

    def _supply_cut(self, _now: int, until: int) -> None:
        """Fall silent at once; sample again some time after the supply is back."""
        self._off_until = until + self._pipeline.altered(Stage.BOOT, BOOT_NS)
        self._queue.clear()
        self._since = self._cursor = self._off_until
        self._number, self._free = None, 0

    def _clock_is_set(self, now: int, _shown_s: int, _target_s: int) -> None:
        """Take the samples from now on anew: the truth is that of another time."""
        if self._cursor > now:
            self._retract(now)

    def _take_samples(self) -> None:
        """Take the samples of one second, as far as it is the same truth, and send them."""
        stretch = self._source.stretch(self._cursor)
        end = min(stretch.end, self._cursor + SECOND)
        instants = due(self._sampling, stretch, self._cursor, end)
        if self._number is None:
            self._number = number_of(self._sampling, stretch, self._cursor)
        first = self._number
        instants = self._pipeline.altered(Stage.INSTANTS, instants, first)
        self._cursor = end
        self._number = first + len(instants)
        if not len(instants):
            return
        if self._sends == "empty":
            frames = self._empty(len(instants))
        else:
            frames = self._framing.frames(instants, stretch, first)
            self._recent = frames
        starts = instants + LATENCY_NS
        if self._pipeline.alters(Stage.DEPARTURES):
            index = np.arange(first, first + len(instants))
            starts = self._pipeline.altered(
                Stage.DEPARTURES, Departures(instants, starts, index), first
            )
        self._enqueue(frames, instants, starts)

    def _empty(self, count: int) -> Frames:
        bodies = body_rows(self.profile, np.empty((count, 0), np.uint8))
        rows = frame_rows(bodies, check_rows(bodies))
        return Frames(rows.tobytes(), np.full(count, rows.shape[1], np.int64))

    def _replay(self, stale: Frames, now: int) -> None:
        """Send what was left from before it was deactivated."""
        lengths = stale.lengths[:_STALE_FRAMES]
        octets = stale.octets[: int(lengths.sum())]
        instants = np.full(len(lengths), now, np.int64)
        self._enqueue(Frames(octets, lengths), instants, instants)

    def _enqueue(self, frames: Frames, sampled: Numbers, wanted: Numbers) -> None:
        """Put frames on the line, as soon as it is free, and cut them into blocks."""
        durations = self._timeline.durations(frames.lengths)
        starts = departed(wanted, durations, self._free)
        ends = starts + durations
        self._free = int(ends[-1])
        edges = np.flatnonzero(np.diff(ends // self._block_ns)) + 1
        bounds = [0, *edges.tolist(), len(ends)]
        places = [0, *np.cumsum(frames.lengths).tolist()]
        for low, high in pairwise(bounds):
            octets = frames.octets[places[low] : places[high]]
            part = slice(low, high)
            at = int(ends[high - 1])
            block = _Block(at, octets, starts[part], sampled[part], frames.lengths[part])
            if self._heard_from > starts[low]:
                block = self._overheard(block)
            if block.octets:
                self._queue.append(block)

    def _overheard(self, block: _Block) -> _Block:
        """Return a block without the octets that began before anybody listened."""
        ends = block.starts + self._timeline.durations(block.lengths)
        lost = int(np.searchsorted(ends, self._heard_from, side="right"))
        places = np.concatenate([[0], np.cumsum(block.lengths)])
        if lost == len(ends):
            return replace(block, octets=b"")
        octets = block.octets[int(places[lost]) :]
        within = self._timeline.starts(np.arange(int(block.lengths[lost])))
        cut = int(np.count_nonzero(block.starts[lost] + within < self._heard_from))
        part = slice(lost, None)
        return _Block(
            block.at,
            octets[cut:],
            block.starts[part],
            block.sampled[part],
            block.lengths[part],
            cut,
        )

    def _finish(self, now: int) -> None:
        """Send no frame any more that has not begun."""
        self._keep(lambda block: int(np.searchsorted(block.starts, now)))

    def _retract(self, now: int) -> None:
        """Forget the sample sets from `now` on: they are taken anew."""
        lost = self._keep(lambda block: int(np.searchsorted(block.sampled, now)))
        if self._number is not None:
            self._number -= lost
        self._cursor = max(min(self._cursor, now), self._off_until)

    def _keep(self, count: Any) -> int:
        """Keep the first `count(block)` frames of each block; return how many are lost."""
        waiting, self._queue = self._queue, deque()
        lost = 0
        for block in waiting:
            kept = count(block)
            lost += len(block.starts) - kept
            if kept == len(block.starts):
                self._queue.append(block)
            elif kept:
                lengths = block.lengths[:kept]
                starts = block.starts[:kept]
                at = int(starts[-1] + self._timeline.durations(lengths)[-1])
                octets = block.octets[: int(lengths.sum()) - block.cut]
                self._queue.append(
                    _Block(at, octets, starts, block.sampled[:kept], lengths, block.cut)
                )
        self._free = self._queue[-1].at if self._queue else 0
        return lost


def s1_port(
    profile: str = DEFAULT_PROFILE,
    *,
    seed: int = DEFAULT_SEED,
    start: datetime | str = DEFAULT_START,
    alterations: Iterable[Alteration] = (),
    systems: Systems | None = None,
    home: str = DEFAULT_HOUSEHOLD,
    mode: str = DEFAULT_MODE,
    rate: int | None = None,
    neutral: bool = True,
    source: Source | None = None,
    block_ns: int = BLOCK_NS,
) -> S1Port:
    """Return the reference device of a profile, altered as a fault or variation says.

    `mode` is "per-period" or "fixed", `rate` the number that the telegrams then say (52 per period,
    26 times 100 Hz). The household says how many phases and wires there are; `neutral` whether the
    current of its neutral is measured, which a delta grid does not have. `source` takes the place
    of the household's waveforms. A system that `systems` already holds for the same household, seed
    and start is shared. UsageError for an unknown profile or household, a bad start, or a sampling
    that cannot be.
    """
    chosen = load_profile(profile)
    alterations = tuple(alterations)
    found = household(home, seed)
    for alteration in alterations:
        if alteration.stage == Stage.HOUSEHOLD:
            found = alteration.change(found, 0)
        elif alteration.stage == Stage.START:
            start = alteration.change(start, 0)
    system = (systems or Systems()).get(seed, start, found)
    sampling = sampling_of(chosen, mode, rate)
    return S1Port(
        system,
        chosen,
        sampling,
        alterations,
        neutral=neutral,
        source=source,
        block_ns=block_ns,
    )
