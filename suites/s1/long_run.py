"""The stream over a long time: what became of it, second by second, in bounded memory.

One long run serves all cases that need one. Octets are taken apart as they come and forgotten;
what stays are counts at every second, sums of energy, and the octets around the first defects.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.core.check import Place
from bench.core.clock import SECOND, seconds
from bench.core.trace import Chunk, Frame
from bench.engine.observation import Ended
from bench.protocols.s1.bulk import Block, BulkCutter, merged
from bench.protocols.s1.damaged import Piece, gaps, iter_pieces
from bench.protocols.s1.profile import Profile, Transparency
from bench.protocols.s1.stream import Discard, Statistics
from suites.p1.readings import Reading

Numbers = NDArray[np.int64]
Floats = NDArray[np.float64]

PHASES = (("V1", "I1"), ("V2", "I2"), ("V3", "I3"))
_TICK_NS = SECOND
_MOST_DEFECTS = 8  # that are kept with their surroundings
_MOST_GAPS = 1000  # in the sequence, that are kept one by one
_MOST_PIECES = 2000  # that are looked at one by one; from then on octets tell how many there are
_AROUND = 3  # frames before and behind a defect
_MOST_OPEN = 1 << 20  # octets without a good frame before they are taken for what they are
_BEHIND = 1 << 62
_FRAMES = frozenset({Discard.FCS, Discard.FRAME, Discard.RUNT, Discard.ABORT})


@dataclass(frozen=True, slots=True)
class SequenceGap:
    """Between two good frames that follow each other numbers are missing, modulo their cycle.

    `frame` counts good frames before it, `offset` is where in the stream the second one begins;
    `missing` is -1 where the number is that of the frame before (a duplicate), modulo the cycle.
    """

    frame: int
    offset: int
    before: int
    after: int
    missing: int


@dataclass(frozen=True, slots=True)
class Defect:
    """What is no good frame, at `offset` of the stream; `number` finds it and its surroundings.

    Those begin at `begin`.
    """

    number: int
    begin: int
    offset: int
    octets: bytes
    kind: Discard
    at_ns: int

    @property
    def place(self) -> Place:
        """Where it is, for checks to point at."""
        return Place(self.number, self.offset - self.begin, len(self.octets))


@dataclass(frozen=True)
class Ticks:
    """What had been counted at instants about a second apart, each the arrival of a chunk.

    All are counted from the first octet on. `at_ns`, `frames` (good ones), `missing` (sequence
    numbers, modulo their cycle) and `valid` (frames whose samples are valid) have the shape (n,).
    `products` are sums of v * i in V * A over the valid frames, and `joules` the same with each
    product lasting as long as its frame's announced rate says, shape (n, 3), one column per phase.
    """

    at_ns: Numbers
    frames: Numbers
    missing: Numbers
    valid: Numbers
    products: Floats
    joules: Floats

    def at(self, at_ns: int) -> tuple[float, Floats]:
        """Return frames and joules (3,) at an instant within the run, between ticks by time."""
        frames = float(np.interp(at_ns, self.at_ns, self.frames))
        found = [np.interp(at_ns, self.at_ns, self.joules[:, phase]) for phase in range(3)]
        return frames, np.array(found, np.float64)


class LongRun:
    """Takes chunks; after `finish` it says what they amounted to.

    Good frames are counted by `frames`, what looks like a frame and is none by `invalid`, octets
    outside of any frame by `outside` (legal fill left out). The piece that the bench joined in, and
    that it left in, are not judged. `readings` are P1's telegrams meanwhile, empty without P1.
    """

    def __init__(self, profile: Profile, wanted_s: float) -> None:
        self.profile = profile
        self.wanted_s = wanted_s
        self.ended: Ended | None = None
        self.frames = self.valid = self.invalid = self.outside = 0
        self.missing = self.gap_count = 0
        self.gaps: list[SequenceGap] = []
        self.defects: list[Defect] = []
        self.readings: tuple[Reading, ...] = ()
        self.started_ns = self.ended_ns = 0
        # a frame that is given up can be told from a damaged one where octets are escaped
        escapes = profile.transparency is Transparency.OCTET
        self._legal = {Discard.FILL, Discard.ABORT} if escapes else {Discard.FILL}
        self._cutter = BulkCutter(profile)
        self._pending: list[bytes] = []
        self._fed = False
        self._next_tick_ns = 0
        self._rows: list[tuple[int, int, int, int]] = []
        self._sums: list[tuple[float, ...]] = []
        self._products = np.zeros(3)
        self._joules = np.zeros(3)
        self._sequence = -1  # of the last frame
        self._raw = bytearray()  # from the stream offset `_base` on
        self._base = self._covered = 0
        self._cut = self._numbers = 0
        self._shown: dict[int, Frame] = {}
        self._unfinished: list[Defect] = []

    # -- what is found

    @property
    def statistics(self) -> Statistics:
        """What became of the octets."""
        return self._cutter.statistics

    @property
    def octets(self) -> int:
        """How many arrived."""
        return self.statistics.octets

    @property
    def seconds(self) -> float:
        """From the arrival of the first chunk to that of the last one."""
        return (self.ended_ns - self.started_ns) / SECOND

    @property
    def ticks(self) -> Ticks:
        """The counts of every second; the first is that of the first chunk."""
        rows = np.array(self._rows, np.int64).reshape(-1, 4)
        sums = np.array(self._sums, np.float64).reshape(-1, 6)
        at_ns, frames, missing, valid = rows.T
        return Ticks(at_ns, frames, missing, valid, sums[:, :3], sums[:, 3:])

    def frame(self, number: int) -> Frame:
        """Return a defect by its number, with three frames before and behind it."""
        return self._shown.get(number, Frame(number, 0, 0, b""))

    def complete(self) -> bool:
        """Return whether the wanted time has passed since the first octet."""
        return self._fed and self.ended_ns - self.started_ns >= seconds(self.wanted_s)

    # -- what arrives

    def feed(self, chunk: Chunk) -> None:
        """Take the next chunk."""
        if not self._fed:
            self._fed = True
            self.started_ns = self._next_tick_ns = chunk.at_ns
        self._pending.append(chunk.octets)
        self.ended_ns = chunk.at_ns
        if chunk.at_ns >= self._next_tick_ns:
            self._next_tick_ns = max(self._next_tick_ns + _TICK_NS, chunk.at_ns)
            self._take(chunk.at_ns)

    def finish(self, ended: Ended) -> None:
        """Take the end."""
        self.ended = ended
        if self._pending:
            self._take(self.ended_ns)
        self._show(final=True)
        self._raw.clear()

    def _take(self, at_ns: int) -> None:
        octets = b"".join(self._pending)
        self._pending.clear()
        self._raw += octets
        blocks = self._cutter.feed(octets)
        if blocks:
            self._note_regions(blocks, at_ns)
            for block in merged(blocks):
                self._count(block)
        open_octets = self._base + len(self._raw) - self._covered
        if open_octets > _MOST_OPEN:
            end = self._covered + open_octets - 2 * self.profile.layout.longest
            self._note_region(self._covered, end, at_ns)
            self._covered = end
        self._show()
        kept = _AROUND * (self.profile.frame_octets + 1)
        earliest = min([one.begin for one in self._unfinished], default=self._covered)
        surplus = min(earliest, self._covered - kept) - self._base
        if surplus > 0:
            del self._raw[:surplus]
            self._base += surplus
        self._rows.append((at_ns, self.frames, self.missing, self.valid))
        self._sums.append((*self._products.tolist(), *self._joules.tolist()))

    # -- good frames

    def _count(self, block: Block) -> None:
        before, self.frames = self.frames, self.frames + len(block)
        if not block.complete:
            return
        self._count_sequence(block, before)
        info = self.profile.fields["info"].bits
        numbers = block.number("info")
        valid = (numbers >> info["samples_ok"] & 1).astype(np.bool_)
        self.valid += int(valid.sum())
        rates = self._rates_hz(block, numbers)
        known = {one.id for one in self.profile.channels}
        for phase, (volt, ampere) in enumerate(PHASES):
            if volt not in known or ampere not in known:
                continue
            product = np.where(valid, block.samples(volt) * block.samples(ampere), 0.0)
            self._products[phase] += float(product.sum())
            self._joules[phase] += float((product[rates > 0] / rates[rates > 0]).sum())

    def _count_sequence(self, block: Block, before: int) -> None:
        low, high = self.profile.sequence_lowest, self.profile.sequence_highest
        found = block.sequence
        previous = np.concatenate([[self._sequence], found[:-1]])
        missing = (found - previous - 1) % (high - low + 1)
        if self._sequence < 0:
            missing[0] = 0
        self._sequence = int(found[-1])
        for row in np.flatnonzero(missing).tolist():
            lost = int(missing[row])
            self.gap_count += 1
            self.missing += 0 if lost == high - low else lost
            if len(self.gaps) < _MOST_GAPS:
                at, last, now = int(block.offsets[row]), int(previous[row]), int(found[row])
                lost = -1 if lost == high - low else lost
                self.gaps.append(SequenceGap(before + row, at, last, now, lost))

    def _rates_hz(self, block: Block, info: Numbers) -> Floats:
        """Return the rate that each frame announces; 0 where no rule fits."""
        profile = self.profile
        named = {rule.per_period_of for rule in profile.rate_rules} - {""}
        fields = {name: block.number(name) for name in sorted(named)}
        columns = np.stack([info, block.number(profile.rate_field), *fields.values()])
        if (columns == columns[:, :1]).all():  # as a rule
            return np.full(len(block), self._rate_hz(columns[:, 0], tuple(fields)))
        kinds, inverse = np.unique(columns, axis=1, return_inverse=True)
        rates = np.array([self._rate_hz(kind, tuple(fields)) for kind in kinds.T])
        found: Floats = rates[inverse.reshape(-1)]
        return found

    def _rate_hz(self, kind: Numbers, names: Sequence[str]) -> float:
        info, number, *values = kind.tolist()
        known = {
            name: value * float(self.profile.fields[name].scale)
            for name, value in zip(names, values, strict=True)
        }
        return self.profile.rate_hz(number, self.profile.flags({"info": info}), known) or 0.0

    # -- what is none

    def _note_regions(self, blocks: Sequence[Block], at_ns: int) -> None:
        *between, (end, _) = gaps(blocks, _BEHIND)
        for first, behind in between:
            begin = max(first, self._covered)
            if begin < behind:
                self._note_region(begin, behind, at_ns)
        self._covered = end

    def _note_region(self, first: int, end: int, at_ns: int) -> None:
        region = bytes(self._raw[first - self._base : end - self._base])
        if self._cut >= _MOST_PIECES:
            if region.strip(b"\x7e"):
                self.invalid += max(1, round(len(region) / self.profile.frame_octets))
            return
        for piece in iter_pieces(region, first, self.profile):
            if piece.kind not in self._legal and piece.offset:
                self._cut += 1
                self._note_piece(piece, at_ns)

    def _note_piece(self, piece: Piece, at_ns: int) -> None:
        if piece.kind in _FRAMES:
            self.invalid += 1
        else:
            self.outside += len(piece.octets)
        self._numbers += 1
        if len(self.defects) < _MOST_DEFECTS:
            number = self._numbers
            begin = max(piece.offset - _AROUND * self.profile.frame_octets, self._base)
            defect = Defect(number, begin, piece.offset, piece.octets, piece.kind, at_ns)
            self.defects.append(defect)
            self._unfinished.append(defect)

    def _show(self, *, final: bool = False) -> None:
        """Keep the surroundings of defects, once what is behind them has come."""
        around = _AROUND * self.profile.frame_octets
        total = self._base + len(self._raw)
        waiting = []
        for one in self._unfinished:
            end = one.offset + len(one.octets) + around
            if end > total and not final:
                waiting.append(one)
                continue
            octets = bytes(self._raw[one.begin - self._base : end - self._base])
            shown = Frame(one.number, one.at_ns, one.at_ns, octets, offset=one.begin)
            self._shown[one.number] = shown
        self._unfinished = waiting
