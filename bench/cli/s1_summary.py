"""What `meterbench decode s1` says of a recording of many frames."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.cli.s1_figures import Figures, Sequence, gathered
from bench.cli.terminal import visible
from bench.protocols.crc import X25_GOOD, crc16_x25
from bench.protocols.s1.bulk import Block
from bench.protocols.s1.damaged import Piece
from bench.protocols.s1.profile import Profile
from bench.protocols.s1.reading import FRAMES, Stream, flag_offset
from bench.protocols.s1.stream import Discard
from bench.protocols.s1.telegram import Telegram, decode_telegram
from bench.signals.harmonics import spectrum

_FIRST = 3  # places that are named
_LONGEST_S = 10.0  # of samples whose distortion is told
_WORDS = {
    Discard.NOISE: "outside of frames",
    Discard.FILL: "flags between frames",
    Discard.RUNT: "of runts",
    Discard.ABORT: "of frames that were broken off",
    Discard.FCS: "of frames with a wrong FCS",
    Discard.FRAME: "of frames of another kind",
}


@dataclass(slots=True)
class _Kind:
    """Problems of one nature: how many, the first one's words, the first places."""

    code: str
    message: str
    clause: str
    count: int = 0
    offsets: list[int] = field(default_factory=list)


class _Problems:
    """Counts problems; frames that are wrong in the same way are decoded once."""

    def __init__(self) -> None:
        self.kinds: dict[str, _Kind] = {}
        self._known: dict[Any, tuple[str, ...]] = {}

    def add(self, telegram: Telegram, key: Any, count: int, offsets: Iterable[int]) -> None:
        """Count what is wrong with `count` frames like this one."""
        codes = []
        for problem in telegram.problems:
            kind = _Kind(problem.code, problem.message, problem.clause)
            self.kinds.setdefault(problem.code, kind)
            codes.append(problem.code)
        self._known[key] = tuple(codes)
        self.again(key, count, offsets)

    def again(self, key: Any, count: int, offsets: Iterable[int]) -> bool:
        """Count frames like one that was decoded; False if there was none."""
        if key not in self._known:
            return False
        places = list(offsets)
        for code in self._known[key]:
            kind = self.kinds[code]
            kind.count += count
            kind.offsets += places[: _FIRST - len(kind.offsets)]
        return True


def summary(stream: Stream, pieces: list[Piece], file: str) -> Iterator[str]:
    """Yield lines: what the frames say together, and every kind of problem with its first places.

    `pieces` are those of the stream that are no good frames.
    """
    damaged = [piece for piece in pieces if piece.kind in FRAMES]
    blocks = list(gathered(stream.blocks))
    profile, statistics = stream.profile, stream.statistics
    name = "standard input" if file == "-" else file
    yield f"{visible(name)}   {len(stream.octets)} octets   as {visible(profile.title)}"
    wrong = f", {len(damaged)} damaged" if damaged else ""
    shared = f" ({statistics.shared} share a flag with the one before)" * bool(statistics.shared)
    yield _row("frames", f"{statistics.frames} good{wrong}{shared}")
    lost: Counter[Discard] = Counter()
    for piece in pieces:
        lost[piece.kind] += len(piece.octets)
    for kind, octets in lost.most_common():
        yield _row("discarded", f"{octets} octets {_WORDS[kind]}")
    figures, sequence = _figures(blocks, profile)
    if figures.frames:
        yield from _told(figures)
        yield from _counted(sequence, figures)
        yield from _amounts(figures, _undisturbed(blocks, profile))
    yield from _problem_lines(_problems(stream, blocks, damaged))


def _row(name: str, text: str) -> str:
    return f"  {name:<12} {text}"


def _figures(blocks: Iterable[Block], profile: Profile) -> tuple[Figures, Sequence]:
    figures, sequence = Figures(profile), sequence_of(profile)
    for block in blocks:
        figures.add(block)
        if block.complete:
            sequence.add(block.sequence, block.offsets)
    return figures, sequence


def sequence_of(profile: Profile) -> Sequence:
    """Return what watches the sequence numbers of a profile."""
    return Sequence(profile.sequence_highest - profile.sequence_lowest + 1)


def _told(figures: Figures) -> Iterator[str]:
    profile = figures.profile
    ids = figures.meter_ids
    if ids:
        more = f"   and {len(ids) - 1} others" if len(ids) > 1 else ""
        yield _row("meter id", visible(ids[0]) + more)
    infos = figures.told(profile.version_field)
    flags = [name.partition(".")[2] for name, is_set in figures.flags.items() if is_set]
    low, high = profile.version_bits
    version = infos[0] >> low & (1 << (high - low + 1)) - 1
    others = f"   also {', '.join(f'{one:02X}' for one in infos[1:9])}" if len(infos) > 1 else ""
    yield _row("info", f"{infos[0]:02X} {', '.join(flags)}, version {version}{others}")
    rates, hz = figures.told(profile.rate_field), figures.rate_hz
    meaning = "no rule of the profile fits" if hz is None else f"{hz:.2f} Hz announced"
    others = f"   also {', '.join(map(str, rates[1:9]))}" if len(rates) > 1 else ""
    yield _row("rate", f"{rates[0]}: {meaning} (octets alone have no time){others}")
    frequency = figures.frequency_hz
    if frequency is not None:
        lowest, mean, highest = frequency
        yield _row("frequency", f"{mean:.3f} Hz, from {lowest:.3f} to {highest:.3f}")


def _counted(sequence: Sequence, figures: Figures) -> Iterator[str]:
    text = f"{sequence.gaps} gaps, {sequence.missing} sample sets missing"
    if sequence.repeated:
        text += f", {sequence.repeated} repeated"
    if sequence.first:
        text += f"; first at octet {', '.join(map(str, sequence.first))}"
    yield _row("sequence", text if sequence.first else "no gap")
    if figures.rate_hz:
        yield _row("duration", f"{figures.frames / figures.rate_hz:.3f} s at the announced rate")
    if figures.not_valid:
        yield _row("not valid", f"{figures.not_valid} sample sets are marked so")


def _amounts(figures: Figures, samples: dict[str, NDArray[np.float64]]) -> Iterator[str]:
    """Yield the table of channels, and that of powers."""
    rate, frequency = figures.rate_hz, figures.frequency_hz
    yield f"  {'channel':<10}{'RMS':>12}{'mean':>12}{'peak':>12}{'THD':>9}"
    for channel in figures.profile.channels:
        name, unit = channel.id, channel.unit
        digits = 2 if unit == "V" else 3
        values = (figures.rms(name), figures.mean(name), figures.peak(name))
        row = "".join(f"{value:>10.{digits}f} {unit}" for value in values)
        thd = None
        if rate and frequency and frequency[1] and figures.rms(name) > 0:
            found = spectrum(samples[name], rate, frequency[1])
            thd = None if found is None else found.thd(min(found.highest, 40))
        yield f"  {name:<10}{row}{'-' if thd is None or np.isnan(thd) else f'{thd:.2%}':>9}"
    powers = figures.powers()
    if powers:
        yield f"  {'phase':<10}{'P':>12}{'S':>12}{'P/S':>12}"
    for one in powers:
        factor = f"{one.watts / one.voltamperes:.3f}" if one.voltamperes else "-"
        yield f"  L{one.phase:<9}{one.watts:>10.1f} W{one.voltamperes:>9.1f} VA{factor:>12}"
    if len(powers) > 1:
        total = sum(one.watts for one in powers)
        yield f"  {'sum':<10}{total:>10.1f} W"


def _undisturbed(blocks: Iterable[Block], profile: Profile) -> dict[str, NDArray[np.float64]]:
    """Return the first samples, 10 s at most, of the longest stretch without a missing set."""
    kept = int(_LONGEST_S * profile.highest_hz)
    best: list[Block] = []
    here: list[Block] = []
    sequence = sequence_of(profile)
    for block in blocks:
        if not block.complete:
            continue
        steps = sequence.add(block.sequence, block.offsets)
        if steps[0] != 1:
            best, here = max(best, here, key=_length), []
        breaks = [0, *np.flatnonzero(steps[1:] != 1) + 1, len(block)]
        for begin, end in pairwise(breaks):
            if begin:
                best, here = max(best, here, key=_length), []
            here.append(Block(profile, block.offsets[begin:end], block.rows[begin:end]))
        if _length(here) >= kept:
            break
    best = max(best, here, key=_length)
    return {
        channel.id: np.concatenate([one.samples(channel.id) for one in best])[:kept]
        for channel in profile.channels
    }


def _length(blocks: list[Block]) -> int:
    return sum(len(block) for block in blocks)


def _problems(stream: Stream, blocks: list[Block], damaged: list[Piece]) -> _Problems:
    """Count the problems of good frames by their headers, of damaged ones by kind and length."""
    problems = _Problems()
    for block in blocks:
        heads = block.rows[:, :4].astype(np.int64) @ np.array([1 << 24, 1 << 16, 1 << 8, 1])
        kinds, firsts, counts = np.unique(heads, return_index=True, return_counts=True)
        for kind, first, count in zip(
            kinds.tolist(), firsts.tolist(), counts.tolist(), strict=True
        ):
            key = (kind, block.rows.shape[1])
            places = block.offsets[heads == kind][:_FIRST] if len(kinds) > 1 else block.offsets
            offsets = places[:_FIRST].tolist()
            if not problems.again(key, count, offsets):
                telegram = decode_telegram(block.rows[first].tobytes(), stream.profile)
                problems.add(telegram, key, count, offsets)
    for piece in damaged:
        like: Any = (
            *(piece.kind, piece.body[:4], len(piece.body), piece.opening, piece.closing),
            *(crc16_x25(piece.body) == X25_GOOD, 0x7D in piece.body),
        )
        if 0x7D in piece.body or not problems.again(like, 1, [flag_offset(piece)]):
            problems.add(stream.telegram(piece), like, 1, [flag_offset(piece)])
    return problems


def _problem_lines(problems: _Problems) -> Iterator[str]:
    rows = sorted(problems.kinds.values(), key=lambda kind: -kind.count)
    if rows:
        yield "  problems"
    for kind in rows:
        clause = f" [{kind.clause}]" if kind.clause else ""
        places = ", ".join(map(str, kind.offsets)) + " ..." * (kind.count > len(kind.offsets))
        where = f"{'first ' * (kind.count > 1)}at octet {places}"
        yield f"  {kind.count:>9} x {kind.code}: {visible(kind.message)}{clause}; {where}"
