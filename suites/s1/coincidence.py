"""Whether events of one stream come when something else is going on."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bench.core.clock import MILLISECOND
from suites.s1.capture import Numbers

_BIN_NS = 50 * MILLISECOND
_FEWEST = 3  # events, or bins with them, that may be a pattern
_STRONGEST = 0.1
_DEVIATIONS = 3.0  # of what chance makes


@dataclass(frozen=True)
class Coincidence:
    """The correlation of `events` with stretches of time, over so many `bins` of 50 ms.

    `r` is None where there are fewer than three events, or where they, or the stretches, are all
    over the time: then there is no pattern.
    """

    events: int
    bins: int
    r: float | None

    @property
    def limit(self) -> float:
        """What independent events keep below: 0.1, or thrice what chance makes of few bins."""
        return max(_STRONGEST, _DEVIATIONS / math.sqrt(max(self.bins, 1)))

    @property
    def independent(self) -> bool:
        """Whether the events come at any time."""
        return self.r is None or abs(self.r) < self.limit

    def __str__(self) -> str:
        if not self.events:
            return "none"
        return f"{self.events}, " + ("no pattern" if self.r is None else f"r = {self.r:.3f}")


def coincidence(
    events_ns: Numbers, spans: Sequence[tuple[int, int]], begin_ns: int, end_ns: int
) -> Coincidence:
    """Return how events correlate with spans (from, to) of time, between two instants."""
    bins = max(int((end_ns - begin_ns) // _BIN_NS), 1)
    places = (events_ns - begin_ns) // _BIN_NS
    places = places[(places >= 0) & (places < bins)]
    hit = np.zeros(bins)
    hit[places] = 1.0
    busy = np.zeros(bins)
    for first, last in spans:
        low, high = (first - begin_ns) // _BIN_NS, (last - begin_ns) // _BIN_NS
        if high >= 0:
            busy[max(low, 0) : high + 1] = 1.0
    if hit.sum() < _FEWEST or not 0 < busy.mean() < 1 or hit.mean() == 1:
        return Coincidence(len(places), bins, None)
    return Coincidence(len(places), bins, float(np.corrcoef(hit, busy)[0, 1]))
