"""The sequence numbers of a stream: pairs of frames that followed one another on the line."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bench.core.check import Deviation
from bench.protocols.s1.stream import Discard
from suites.s1.capture import Capture, Numbers
from suites.s1.rows import deviating

_NEAR = 3  # numbers from the end of the cycle: a smaller one behind them is meant as a wrap
EXPECTED = "one more than the number before"

Marks = NDArray[np.bool_]


@dataclass(frozen=True)
class Steps:
    """Pairs of complete frames with nothing between them but flags, in their order.

    Damaged octets between two frames may have been frames: such pairs say nothing of the counter.
    All columns have the shape (n,); `rows` are those of the first frame of each pair.
    """

    capture: Capture
    rows: Numbers

    @classmethod
    def of(cls, capture: Capture) -> "Steps":
        """Return the pairs of a capture."""
        places = capture.offsets[capture.complete]
        pairs = np.ones(max(len(places) - 1, 0), np.bool_)
        other = [piece.offset for piece in capture.pieces if piece.kind is not Discard.FILL]
        other += capture.offsets[~capture.complete].tolist()
        between = np.searchsorted(places, np.array(other, np.int64)) - 1
        pairs[between[(between >= 0) & (between < len(pairs))]] = False
        return cls(capture, np.flatnonzero(pairs).astype(np.int64))

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def before(self) -> Numbers:
        """The numbers of the first frames."""
        found: Numbers = self.capture.sequence[self.rows]
        return found

    @property
    def after(self) -> Numbers:
        """The numbers of the second frames."""
        found: Numbers = self.capture.sequence[self.rows + 1]
        return found

    @property
    def step(self) -> Numbers:
        """How far the counter went, within its cycle."""
        profile = self.capture.profile
        cycle = profile.sequence_highest - profile.sequence_lowest + 1
        found: Numbers = (self.after - self.before) % cycle
        return found

    @property
    def wrapping(self) -> Marks:
        """Which pairs begin the cycle anew, at the right place or near it."""
        profile = self.capture.profile
        late = self.before >= profile.sequence_highest - _NEAR
        early = self.after <= profile.sequence_lowest + _NEAR
        found: Marks = late & early
        return found

    @property
    def backwards(self) -> Marks:
        """Which second frames have the number before that of the first."""
        profile = self.capture.profile
        cycle = profile.sequence_highest - profile.sequence_lowest + 1
        found: Marks = self.step == cycle - 1
        return found

    @cached_property
    def repeated(self) -> Marks:
        """Which second frames are the first ones again, octet for octet."""
        found: Marks = self.step == 0
        offsets = self.capture.offsets[self.capture.complete]
        ends = self.capture.ends[self.capture.complete]
        for pair in np.flatnonzero(found).tolist():
            row = int(self.rows[pair])
            first, second = (
                self.capture.octets[int(offsets[one]) : int(ends[one])] for one in (row, row + 1)
            )
            found[pair] = first == second
        return found

    @property
    def valid(self) -> Marks:
        """Of which pairs both frames call their samples valid."""
        ok = self.capture.flag("samples_ok")
        found: Marks = ok[self.rows] & ok[self.rows + 1]
        return found

    def deviations(self, marks: Marks, expected: str = EXPECTED) -> Iterator[Deviation]:
        """Yield the second frames of some pairs with both numbers."""
        marked = np.zeros(len(self.capture.sequence), np.bool_)
        marked[self.rows[marks] + 1] = True
        numbers = self.capture.sequence

        def observed(row: int) -> str:
            return f"{numbers[row]} follows {numbers[row - 1]}"

        field = self.capture.profile.sequence_field
        return deviating(self.capture, marked, expected, observed, field)

    def broken(self) -> Marks:
        """Return where the counter did anything but advance by one."""
        found: Marks = self.step != 1
        return found
