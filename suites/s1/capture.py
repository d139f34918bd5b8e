"""A stretch of an S1 stream, decoded: its frames in columns, and what belongs to none of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from bench.core.clock import SECOND
from bench.core.trace import Chunk, Frame
from bench.protocols.crc_rows import Octets
from bench.protocols.s1.bulk import BulkCutter, merged
from bench.protocols.s1.damaged import Piece, gaps, pieces, wire_octets
from bench.protocols.s1.profile import Profile
from bench.protocols.s1.stream import Discard, Statistics
from bench.protocols.s1.telegram import decode_telegram

Numbers = NDArray[np.int64]
Samples = NDArray[np.float64]
Derived = TypeVar("Derived")

_HEADER = 4  # format, address, control
_FORMAT, _ADDRESS, _CONTROL = slice(0, 2), 2, 3
_MOST_PIECES = 200_000  # that are looked at one by one


@dataclass(frozen=True)
class Run:
    """Good frames `first` to `end` (excluded) whose sequence numbers follow one another."""

    first: int
    end: int

    def __len__(self) -> int:
        return self.end - self.first


class Capture:
    """What arrived during a stretch of time, and what it says.

    Good frames are rows 0 to n - 1 of every column (shape (n,)), whatever their header holds beside
    type, length and check sequence. The first piece of a stretch and its last one are not judged:
    the bench joined amid a frame, and left amid one. A frame's number counts frames and damaged
    pieces together, in their order, from 1.
    """

    def __init__(self, profile: Profile, chunks: Sequence[Chunk]) -> None:
        self.profile = profile
        self.octets = b"".join(chunk.octets for chunk in chunks)
        self._ends = np.cumsum([len(chunk.octets) for chunk in chunks], dtype=np.int64)
        self._arrivals = np.array([chunk.at_ns for chunk in chunks], np.int64)
        cutter = BulkCutter(profile)
        self.blocks = tuple(merged((*cutter.feed(self.octets), *cutter.flush())))
        self.statistics: Statistics = cutter.statistics
        self._derived: dict[Callable[[Capture], Any], Any] = {}
        self._columns: dict[str, Samples] = {}

    def __len__(self) -> int:
        """How many good frames there are."""
        return len(self.offsets)

    # -- time

    @property
    def started_ns(self) -> int:
        """When the first chunk arrived."""
        return int(self._arrivals[0]) if len(self._arrivals) else 0

    @property
    def ended_ns(self) -> int:
        """When the last chunk arrived."""
        return int(self._arrivals[-1]) if len(self._arrivals) else 0

    @property
    def seconds(self) -> float:
        """From the arrival of the first chunk to that of the last one."""
        return (self.ended_ns - self.started_ns) / SECOND

    def arrived_ns(self, offsets: Numbers) -> Numbers:
        """Return when the octets at these stream offsets arrived: with the end of their chunk."""
        found: Numbers = self._arrivals[np.searchsorted(self._ends, offsets, side="right")]
        return found

    @property
    def chunk_ends(self) -> tuple[Numbers, Numbers]:
        """The stream offsets behind each chunk, and when it arrived."""
        return self._ends, self._arrivals

    @cached_property
    def chunk_counts(self) -> tuple[Numbers, Numbers]:
        """When each chunk arrived, and how many good frames had ended by then."""
        counts = np.searchsorted(self.ends, self._ends, side="right").astype(np.int64)
        return self._arrivals, counts

    # -- the good frames, in columns

    @cached_property
    def offsets(self) -> Numbers:
        """Where in the stream the opening flags stand."""
        return _joined([block.offsets for block in self.blocks])

    @cached_property
    def lengths(self) -> Numbers:
        """How many octets there are between the flags, escapes removed."""
        found = [np.full(len(block), block.rows.shape[1], np.int64) for block in self.blocks]
        return _joined(found)

    @cached_property
    def ends(self) -> Numbers:
        """The stream offsets behind the closing flags."""
        return _joined([block.offsets + wire_octets(block) for block in self.blocks])

    @cached_property
    def complete(self) -> NDArray[np.bool_]:
        """Which frames hold all that the profile knows."""
        found: NDArray[np.bool_] = self.lengths >= self.profile.information_octets + _HEADER + 2
        return found

    @cached_property
    def format_type(self) -> Numbers:
        """The upper four bits of the format field."""
        return _joined([block.rows[:, 0].astype(np.int64) >> 4 for block in self.blocks])

    @cached_property
    def segmented(self) -> NDArray[np.bool_]:
        """Whether the segmentation bit is set."""
        return _joined([block.rows[:, 0] & 8 for block in self.blocks]) > 0

    @cached_property
    def stated_length(self) -> Numbers:
        """What the length field says."""
        rows = [
            (block.rows[:, 0].astype(np.int64) & 7) << 8 | block.rows[:, 1] for block in self.blocks
        ]
        return _joined(rows)

    @cached_property
    def address(self) -> Numbers:
        """The address octet."""
        return _joined([block.rows[:, _ADDRESS].astype(np.int64) for block in self.blocks])

    @cached_property
    def control(self) -> Numbers:
        """The control octet."""
        return _joined([block.rows[:, _CONTROL].astype(np.int64) for block in self.blocks])

    def field(self, name: str) -> Octets:
        """Return the octets of a field of the complete frames, shape (n, length)."""
        found = [block.field(name) for block in self.blocks if block.complete]
        return np.concatenate(found) if found else np.empty((0, 0), np.uint8)

    def number(self, name: str) -> Numbers:
        """Return a field of the complete frames as the number that it is, without its scale."""
        return _joined([block.number(name) for block in self.blocks if block.complete])

    @cached_property
    def sequence(self) -> Numbers:
        """The sequence numbers of the complete frames."""
        return self.number(self.profile.sequence_field)

    @cached_property
    def info(self) -> Numbers:
        """The information octets of the complete frames."""
        return self.number("info")

    def flag(self, name: str) -> NDArray[np.bool_]:
        """Return a bit of the information octet, such as polyphase or samples_ok."""
        bit = self.profile.fields["info"].bits[name]
        found: NDArray[np.bool_] = (self.info >> bit & 1).astype(np.bool_)
        return found

    @cached_property
    def version(self) -> Numbers:
        """The version of the data format."""
        low, high = self.profile.version_bits
        return self.number(self.profile.version_field) >> low & (1 << (high - low + 1)) - 1

    def codes(self, channel: str) -> Numbers:
        """Return the samples of a channel of the complete frames as they were sent."""
        return _joined([block.codes(channel) for block in self.blocks if block.complete])

    def samples(self, channel: str) -> Samples:
        """Return the samples of a channel of the complete frames in V or A."""
        one = next(c for c in self.profile.channels if c.id == channel)
        return self.codes(channel).astype(np.float64) * float(one.scale)

    def column(self, channel: str) -> Samples:
        """Return `samples(channel)`, made once; not to be written into."""
        if channel not in self._columns:
            self._columns[channel] = self.samples(channel)
            self._columns[channel].flags.writeable = False
        return self._columns[channel]

    def derived(self, make: Callable[["Capture"], Derived]) -> Derived:
        """Return what a function makes of this capture, made once for all who ask."""
        if make not in self._derived:
            self._derived[make] = make(self)
        found: Derived = self._derived[make]
        return found

    @cached_property
    def runs(self) -> tuple[Run, ...]:
        """The stretches of complete frames without a gap in their sequence, in their order."""
        low, high = self.profile.sequence_lowest, self.profile.sequence_highest
        if not len(self.sequence):
            return ()
        step = (np.diff(self.sequence) - 1) % (high - low + 1)
        bounds = [0, *(np.flatnonzero(step) + 1).tolist(), len(self.sequence)]
        return tuple(Run(first, end) for first, end in pairwise(bounds))

    @cached_property
    def longest_run(self) -> Run:
        """The longest of them; an empty one where there is none."""
        return max(self.runs, key=len, default=Run(0, 0))

    # -- rate

    @cached_property
    def rate_hz(self) -> float | None:
        """How many good frames came a second, by the clock; None for fewer than two arrivals."""
        instants, counts = self.chunk_counts
        if len(instants) < 2 or instants[-1] == instants[0]:
            return None
        return float(counts[-1] - counts[0]) * SECOND / float(instants[-1] - instants[0])

    @cached_property
    def announced_hz(self) -> float | None:
        """The sampling rate that the last complete frame announces."""
        if not len(self.info):
            return None
        last = self.blocks[-1] if self.blocks[-1].complete else None
        found = last or next(block for block in reversed(self.blocks) if block.complete)
        return decode_telegram(found.rows[-1].tobytes(), self.profile).rate_hz

    # -- what belongs to no good frame

    @cached_property
    def pieces(self) -> tuple[Piece, ...]:
        """What no good frame covers, cut into what it may be; joining and leaving left out."""
        found: list[Piece] = []
        total = len(self.octets)
        for first, end in gaps(self.blocks, total):
            found += pieces(self.octets[first:end], first, self.profile)
            if len(found) > _MOST_PIECES:
                break
        if found and found[0].offset == 0:
            del found[0]
        if found and found[-1].offset + len(found[-1].octets) == total:
            del found[-1]
        return tuple(found)

    @cached_property
    def damaged(self) -> tuple[Piece, ...]:
        """The pieces that are frames by their looks: another header, a wrong check sequence."""
        other = (Discard.NOISE, Discard.FILL, Discard.RUNT, Discard.ABORT)
        return tuple(piece for piece in self.pieces if piece.kind not in other)

    # -- for evidence

    @cached_property
    def _order(self) -> Numbers:
        places = np.array([piece.offset for piece in self.pieces], np.int64)
        return np.sort(np.concatenate([self.offsets, places]))

    def number_at(self, offset: int) -> int:
        """Return the number of the frame or piece that begins at a stream offset."""
        return int(np.searchsorted(self._order, offset, side="right"))

    def number_of(self, row: int) -> int:
        """Return the number of a good frame; rows of complete frames are the same if all are."""
        return self.number_at(int(self.offsets[row]))

    def frame(self, number: int) -> Frame:
        """Return a frame or piece by its number, with its fields."""
        place = min(max(number - 1, 0), max(len(self._order) - 1, 0))
        offset = int(self._order[place]) if len(self._order) else 0
        following = self._order[place + 1 : place + 2]
        end = int(following[0]) if len(following) else len(self.octets)
        octets = self.octets[offset:end]
        at = int(self.arrived_ns(np.array([offset]))[0]) if self.octets else 0
        fields = decode_telegram(_between_flags(octets), self.profile).annotated()
        return Frame(number, at, at, octets, offset=offset, fields=fields)


def _between_flags(octets: bytes) -> bytes:
    inner = octets[1:] if octets[:1] == b"\x7e" else octets
    return inner[:-1] if inner[-1:] == b"\x7e" else inner


def _joined(parts: Sequence[Numbers]) -> Numbers:
    return np.concatenate(parts) if parts else np.empty(0, np.int64)
