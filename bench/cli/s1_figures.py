"""What samples and frames of S1 amount to, kept up block by block: for `decode` and `watch`."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.protocols.s1.bulk import Block
from bench.protocols.s1.profile import Kind, Profile
from bench.protocols.s1.telegram import field_value

_FREQUENCY = "mains_frequency"
_FIRST = 3  # places that are named where something is wrong
_SPAN_ROWS = 1 << 14  # frames whose samples are turned into numbers at once


@dataclass(slots=True)
class Sequence:
    """Steps between sequence numbers that are not one; `first` are stream offsets of some."""

    span: int
    gaps: int = 0
    missing: int = 0
    repeated: int = 0
    first: list[int] = field(default_factory=list)
    last: int | None = None

    def add(self, numbers: NDArray[np.int64], offsets: NDArray[np.int64]) -> NDArray[np.int64]:
        """Take further frames; return how far each is from the one before it, shape (n,)."""
        before = numbers[0] - 1 if self.last is None else self.last
        steps = np.diff(numbers, prepend=before) % self.span
        wrong = np.flatnonzero(steps != 1)
        if len(wrong):
            wide = steps[wrong][steps[wrong] > 1]
            self.gaps += len(wide)
            self.missing += int(np.sum(wide - 1))
            self.repeated += len(wrong) - len(wide)
            self.first += offsets[wrong[: _FIRST - len(self.first)]].tolist()
        self.last = int(numbers[-1])
        return steps


@dataclass(frozen=True, slots=True)
class Power:
    """Active and apparent power of one phase, in W and VA."""

    phase: str
    watts: float
    voltamperes: float


class Figures:
    """Sums over the frames of some time: effective values, powers, frequency, identifications."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self.frames = 0
        self.not_valid = 0
        names = dict.fromkeys(("meter_id", profile.version_field, profile.rate_field))
        #: how often each value of some fields was there, by the octets that were sent
        self.values: dict[str, Counter[bytes]] = {
            name: Counter() for name in names if name in profile.fields
        }
        self._frequency: tuple[int, int, int] | None = None  # lowest, highest, sum, as sent
        ids = [channel.id for channel in profile.channels]
        self._sums = dict.fromkeys(ids, 0.0)
        self._squares = dict.fromkeys(ids, 0.0)
        self._peaks = dict.fromkeys(ids, 0.0)
        self._products = {
            one.removeprefix("V"): 0.0
            for one in ids
            if one.startswith("V") and f"I{one.removeprefix('V')}" in ids
        }

    def add(self, block: Block) -> None:
        """Take good frames; those too short to hold what the profile knows are left out."""
        if not block.complete:
            return
        self.frames += len(block)
        fields = self.profile.fields
        for name, counter in self.values.items():
            counter.update(_distinct(block.field(name)))
        if _FREQUENCY in fields:
            found = block.number(_FREQUENCY)
            low, high, total = int(found.min()), int(found.max()), int(found.sum())
            if (before := self._frequency) is not None:
                low, high, total = min(low, before[0]), max(high, before[1]), total + before[2]
            self._frequency = low, high, total
        if "info" in fields and "samples_ok" in fields["info"].bits:
            ok = block.number("info") >> fields["info"].bits["samples_ok"] & 1
            self.not_valid += int(np.count_nonzero(ok == 0))
        samples = {one: block.samples(one) for one in self._sums}
        for name, values in samples.items():
            self._sums[name] += float(values.sum())
            self._squares[name] += float(values @ values)
            self._peaks[name] = max(self._peaks[name], float(np.abs(values).max()))
        for phase in self._products:
            self._products[phase] += float(samples[f"V{phase}"] @ samples[f"I{phase}"])

    # -- what came out

    @property
    def frequency_hz(self) -> tuple[float, float, float] | None:
        """Lowest, mean and highest mains frequency that was told; None if none was."""
        if self._frequency is None:
            return None
        scale = float(self.profile.fields[_FREQUENCY].scale)
        low, high, total = self._frequency
        return low * scale, total / self.frames * scale, high * scale

    def told(self, name: str) -> list[Any]:
        """Return the values of a field of which few are expected, the most frequent first."""
        one = self.profile.fields[name]
        found = [octets for octets, _ in self.values[name].most_common()]
        return [field_value(one, octets) for octets in found]

    @property
    def meter_ids(self) -> list[str]:
        """Meter identifications, the most frequent first."""
        return self.told("meter_id") if "meter_id" in self.values else []

    @property
    def flags(self) -> dict[str, bool]:
        """The flags ("info.polyphase") that most frames have."""
        name = self.profile.version_field
        bit_fields = [one.name for one in self.profile.fields.values() if one.kind is Kind.BITS]
        if not self.frames or bit_fields != [name]:
            return {}
        return self.profile.flags({name: self.told(name)[0]})

    @property
    def rate_hz(self) -> float | None:
        """The sampling rate that most frames announce, at the mean frequency."""
        frequency = self.frequency_hz
        rates = self.told(self.profile.rate_field) if self.flags else []
        values = {} if frequency is None else {_FREQUENCY: frequency[1]}
        try:
            return self.profile.rate_hz(rates[0], self.flags, values) if rates else None
        except KeyError:  # the rule counts by another field
            return None

    def rms(self, channel: str) -> float:
        """Return the effective value of a channel in V or A."""
        return float(np.sqrt(self._squares[channel] / max(self.frames, 1)))

    def mean(self, channel: str) -> float:
        """Return the mean of a channel, in V or A."""
        return self._sums[channel] / max(self.frames, 1)

    def peak(self, channel: str) -> float:
        """Return the greatest magnitude of a channel, in V or A."""
        return self._peaks[channel]

    def powers(self) -> list[Power]:
        """Return the power of each phase that has a voltage and a current."""
        return [
            Power(phase, total / max(self.frames, 1), self.rms(f"V{phase}") * self.rms(f"I{phase}"))
            for phase, total in self._products.items()
        ]

    def to_json(self) -> dict[str, Any]:
        """Return effective values and powers as plain JSON values."""
        frequency = self.frequency_hz
        powers = self.powers() if self.frames else []
        return {
            "rms": {name: round(self.rms(name), 4) for name in self._sums} if self.frames else {},
            "power_w": {f"L{one.phase}": round(one.watts, 2) for one in powers},
            "total_w": round(sum(one.watts for one in powers), 2) if powers else None,
            "frequency_hz": None if frequency is None else round(frequency[1], 4),
        }


def gathered(blocks: Iterable[Block]) -> Iterator[Block]:
    """Yield the same frames in blocks of a size that is worth it: small ones put together."""
    waiting: list[Block] = []
    count = 0
    for block in blocks:
        if waiting and (
            block.rows.shape[1] != waiting[0].rows.shape[1] or count + len(block) > _SPAN_ROWS
        ):
            yield _joined(waiting)
            waiting, count = [], 0
        for at in range(0, len(block), _SPAN_ROWS):
            part = slice(at, at + _SPAN_ROWS)
            piece = Block(block.profile, block.offsets[part], block.rows[part])
            if len(piece) == _SPAN_ROWS:
                yield piece
            else:
                waiting.append(piece)
                count += len(piece)
    if waiting:
        yield _joined(waiting)


def _joined(blocks: list[Block]) -> Block:
    if len(blocks) == 1:
        return blocks[0]
    return Block(
        blocks[0].profile,
        np.concatenate([one.offsets for one in blocks]),
        np.concatenate([one.rows for one in blocks]),
    )


def _distinct(rows: NDArray[np.uint8]) -> dict[bytes, int]:
    """Return how often each row is there; nearly always there is one."""
    rows = np.ascontiguousarray(rows)
    if (rows == rows[0]).all():
        return {rows[0].tobytes(): len(rows)}
    kinds, counts = np.unique(rows, axis=0, return_counts=True)
    return {kind.tobytes(): int(count) for kind, count in zip(kinds, counts, strict=True)}
