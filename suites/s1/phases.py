"""What the samples of a steady stretch amount to: effective values, phasors, angles, powers.

A stretch has no gap in its sequence and no sample set that the meter calls invalid. Its values are
taken over whole periods of the mains, and those of the fundamental in windows of ten periods, so
that slow changes of the frequency do not matter. They need no rate: the length of a period in
samples comes from the samples.
"""

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bench.core.clock import SECOND
from bench.core.verdict import Reason
from bench.engine.context import Inconclusive
from bench.signals.fundamental import frequency_hz
from bench.signals.quantities import Samples
from suites.s1.capture import Capture, Numbers

Complexes = NDArray[np.complex128]

PERIODS = 10
"""Of the mains in a window."""
_SHORTEST = 12  # periods of a stretch that is worth looking at
_NOMINAL_HZ = 50.0
_SIGNALS = ("V1", "V3", "V2", "I1", "I2", "I3")  # that the length of a period is taken from


class Stretch:
    """Rows `first` to `end` (excluded) of the complete frames of a capture.

    Channels are named as in the profile, "V1" to "IN"; phases are 1, 2, 3.
    """

    def __init__(self, capture: Capture, first: int, end: int) -> None:
        self.capture = capture
        self.first = first
        self.end = max(first, end)
        self._samples: dict[str, Samples] = {}
        self._phasors: dict[str, Complexes] = {}

    def __len__(self) -> int:
        """How many sample sets there are."""
        return self.end - self.first

    def part(self, first: int, end: int) -> "Stretch":
        """Return rows `first` to `end` of the capture, as far as they are within the stretch."""
        return Stretch(self.capture, max(first, self.first), min(end, self.end))

    def between(self, from_ns: int, to_ns: int) -> "Stretch":
        """Return the rows that arrived from one instant on until before another."""
        low, high = np.searchsorted(self.arrived_ns, [from_ns, to_ns])
        return Stretch(self.capture, self.first + int(low), self.first + int(high))

    @cached_property
    def arrived_ns(self) -> Numbers:
        """When each row arrived: with the end of its chunk, shape (n,)."""
        offsets = self.capture.offsets[self.capture.complete][self.first : self.end]
        return self.capture.arrived_ns(offsets)

    # -- what the frames say

    @cached_property
    def flags(self) -> dict[str, bool]:
        """The bits of the information octet ("info.polyphase") that most rows have."""
        info = self.capture.info[self.first : self.end]
        usual = int(np.bincount(info & 0xFF).argmax()) if len(info) else 0
        return self.capture.profile.flags({"info": usual})

    @property
    def phases(self) -> tuple[int, ...]:
        """The phases that the frames say are measured."""
        return (1, 2, 3) if self.flags["info.polyphase"] else (1,)

    def measured(self, channel: str) -> bool:
        """Return whether the frames say that a channel is measured."""
        one = next(c for c in self.capture.profile.channels if c.id == channel)
        return one.measured(self.flags)

    def step(self, channel: str) -> float:
        """Return what one step of a channel's codes is worth, in V or A."""
        return float(next(c for c in self.capture.profile.channels if c.id == channel).scale)

    def samples(self, channel: str) -> Samples:
        """Return the samples of a channel in V or A, shape (n,)."""
        if channel not in self._samples:
            self._samples[channel] = self.capture.column(channel)[self.first : self.end]
        return self._samples[channel]

    # -- rate and frequency

    @cached_property
    def announced_hz(self) -> float | None:
        """The sampling rate that the rows announce, on average; None if no rule fits."""
        if not len(self):
            return None
        part = slice(self.first, self.end)
        profile = self.capture.profile
        number = int(np.median(self.capture.number(profile.rate_field)[part]))
        scale = float(profile.fields["mains_frequency"].scale)
        field = float(np.mean(self.capture.number("mains_frequency")[part])) * scale
        return profile.rate_hz(number, self.flags, {"mains_frequency": field})

    @cached_property
    def counted_hz(self) -> float | None:
        """How many rows came a second, by the clock of the link; None for fewer than two chunks.

        Twice the link's timing uncertainty over `counted_s` is how wrong it may be, relatively.
        """
        found = self._counted
        return None if found is None else found[0] / found[1]

    @property
    def counted_s(self) -> float:
        """Over which time rows were counted."""
        return 0.0 if self._counted is None else self._counted[1]

    @cached_property
    def ticks(self) -> tuple[Numbers, Numbers]:
        """Rows of the stretch, from 0, and when they began on the line; one for each chunk.

        A chunk arrives with its last octet, whose place within its frame is known.
        """
        offsets = self.capture.offsets[self.capture.complete][self.first : self.end]
        ends, arrivals = self.capture.chunk_ends
        rows = np.searchsorted(offsets, ends, side="left") - 1
        within = (rows >= 0) & (rows < len(offsets) - 1)
        rows = rows[within]
        heard = np.minimum(ends[within] - offsets[rows], self.capture.profile.frame_octets)
        character_ns = 10 * SECOND / self.capture.profile.line_rate_bps
        begun: Numbers = arrivals[within] - np.round(heard * character_ns).astype(np.int64)
        return rows, begun

    @cached_property
    def _counted(self) -> tuple[int, float] | None:
        rows, begun = self.ticks
        if len(rows) < 2 or begun[-1] <= begun[0]:
            return None
        return int(rows[-1] - rows[0]), float(begun[-1] - begun[0]) / SECOND

    @cached_property
    def turn(self) -> float | None:
        """How many periods of the mains there are from one sample to the next, on average.

        None where no channel has anything like a mains frequency.
        """
        rate = self.counted_hz or self.announced_hz
        if rate is None or not rate > 0:
            return None
        for channel in _SIGNALS:
            samples = self.samples(channel)
            if len(samples) and np.ptp(samples) > 20 * self.step(channel):
                found = frequency_hz(samples, rate, _NOMINAL_HZ)
                if found is not None:
                    return _average(samples, found / rate)
        return None

    @property
    def is_per_period(self) -> bool:
        """Whether the frames say that samples are taken in step with the mains."""
        return self.flags["info.per_period"]

    @cached_property
    def rate_hz(self) -> float | None:
        """The sampling rate in Hz that does not hang on the frequency field.

        Announced where it is fixed; counted where it follows the mains.
        """
        return self.counted_hz if self.is_per_period else self.announced_hz

    @property
    def frequency_hz(self) -> float | None:
        """The frequency of the mains on average, from the samples and `rate_hz`."""
        return None if self.turn is None or self.rate_hz is None else self.turn * self.rate_hz

    # -- windows of whole periods

    @property
    def period(self) -> float:
        """How many samples a period has; that of 50 Hz where there is no mains frequency."""
        if self.turn:
            return 1 / self.turn
        rate = self.counted_hz or self.announced_hz
        return max(rate / _NOMINAL_HZ, 1.0) if rate else 52.0

    def starts(self, periods: int = PERIODS) -> Numbers:
        """Return where windows of so many periods begin, and the last one ends, shape (m + 1,).

        They count from the start of the stretch, to the nearest sample.
        """
        span = periods * self.period
        found: Numbers = np.round(np.arange(int(len(self) / span) + 1) * span).astype(np.int64)
        return found[found <= len(self)]

    def rms_windows(self, channel: str, periods: int = PERIODS) -> Samples:
        """Return the effective value of each window of so many periods, shape (m,)."""
        return np.sqrt(self._means(np.square(self.samples(channel)), periods))

    def power_windows_w(self, phase: int, periods: int = PERIODS) -> Samples:
        """Return the active power of a phase in each window of so many periods, shape (m,)."""
        return self._means(self.samples(f"V{phase}") * self.samples(f"I{phase}"), periods)

    def _means(self, values: Samples, periods: int) -> Samples:
        """Return the mean of each window, the samples at its ends by their part in it."""
        count = int(len(values) / (periods * self.period))
        edges = np.arange(count + 1) * (periods * self.period)
        sums = np.concatenate([[0.0], np.cumsum(values)])
        means: Samples = np.diff(np.interp(edges, np.arange(len(sums)), sums))
        return means / (periods * self.period)

    # -- over the whole stretch

    def rms(self, channel: str) -> float:
        """Return the effective value over all whole periods."""
        return float(np.sqrt(self._mean(np.square(self.samples(channel)))))

    def mean(self, channel: str) -> float:
        """Return the mean over all whole periods, which is zero without a direct part."""
        return self._mean(self.samples(channel))

    def power_w(self, phase: int) -> float:
        """Return the active power of a phase over all whole periods; positive is drawn."""
        return self._mean(self.samples(f"V{phase}") * self.samples(f"I{phase}"))

    def total_w(self) -> float:
        """Return the sum of the phases' powers: the meter's, in a delta grid too."""
        return sum(self.power_w(phase) for phase in self.phases)

    def _mean(self, values: Samples) -> float:
        count = int(len(values) / self.period)
        if not count:
            return float(np.mean(values)) if len(values) else 0.0
        whole, part = divmod(count * self.period, 1)
        total = np.sum(values[: int(whole)])
        if part and int(whole) < len(values):
            total += values[int(whole)] * part
        return float(total / (count * self.period))

    # -- the fundamental

    def phasors(self, channel: str) -> Complexes:
        """Return the fundamental of each window of ten periods as complex effective values.

        Their angles are those at the window's start: only those of the same window compare.
        """
        if channel not in self._phasors:
            starts = self.starts()[:-1]
            length = round(PERIODS * self.period)
            starts = starts[starts + length <= len(self)]
            window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)
            turned = np.exp(-2j * np.pi / self.period * np.arange(length)) * window
            rows = self.samples(channel)[starts[:, None] + np.arange(length)]
            self._phasors[channel] = rows @ turned * (np.sqrt(2) / window.sum())
        return self._phasors[channel]

    def fundamental(self, channel: str) -> float:
        """Return the effective value of a channel's fundamental."""
        found = self.phasors(channel)
        return float(np.sqrt(np.mean(np.square(np.abs(found))))) if len(found) else 0.0

    def angle_deg(self, of: str, against: str = "V1") -> float:
        """Return by how many degrees one channel is ahead of another, -180 to 180.

        NaN where one of them has no fundamental.
        """
        crossed = np.sum(self.phasors(of) * np.conj(self.phasors(against)))
        return float(np.degrees(np.angle(crossed))) if crossed else float("nan")

    def phasor(self, channel: str, against: str = "V1") -> complex:
        """Return the fundamental as a complex effective value, its angle that to `against`."""
        angle = self.angle_deg(channel, against)
        return complex(self.fundamental(channel) * np.exp(1j * np.radians(np.nan_to_num(angle))))


def _average(samples: Samples, turn: float) -> float:
    """Return the periods per sample from the first to the last whole window of four periods.

    A line through all phases, of which `turn` is the slope, has another where the frequency
    changes.
    """
    length = round(4 / turn)
    count = len(samples) // length
    if count < 2:
        return turn
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)
    turned = np.exp(-2j * np.pi * turn * np.arange(count * length))
    parts = (samples[: count * length] * turned).reshape(count, length) @ window
    phases = np.unwrap(np.angle(parts))
    return turn + float(phases[-1] - phases[0]) / (2 * np.pi * (count - 1) * length)


def stretches(capture: Capture) -> tuple[Stretch, ...]:
    """Return the stretches of a capture that are long enough, in their order; made once."""
    return capture.derived(_stretches)


def longest(capture: Capture) -> Stretch:
    """Return the longest stretch; Inconclusive where there is none."""
    found = max(stretches(capture), key=len, default=None)
    if found is None:
        invalid = len(capture.info) - int(np.count_nonzero(capture.flag("samples_ok")))
        raise Inconclusive(
            Reason.SHORT,
            f"nowhere are {_SHORTEST} periods of the mains without a gap and with valid samples "
            f"({len(capture.info)} frames, {invalid} of them called invalid by the meter, "
            f"{max(len(capture.runs) - 1, 0)} gaps)",
        )
    return found


def _stretches(capture: Capture) -> tuple[Stretch, ...]:
    found = []
    valid = capture.flag("samples_ok")
    for run in capture.runs:
        breaks = np.flatnonzero(~valid[run.first : run.end]) + run.first
        bounds = np.concatenate([[run.first - 1], breaks, [run.end]])
        for first, end in zip(bounds[:-1] + 1, bounds[1:], strict=True):
            if end - first < _SHORTEST:
                continue  # fewer samples than periods: not worth a look
            one = Stretch(capture, int(first), int(end))
            if len(one) >= _SHORTEST * one.period:
                found.append(one)
    return tuple(found)
