"""Places of frames that deviate, from columns: a million rows make no million objects."""

from collections.abc import Callable, Iterator
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from bench.core.check import Deviation, Place
from bench.engine.checks import SHOWN_DEVIATIONS
from suites.s1.capture import Capture

_INFORMATION = 5  # where it begins in a frame: after flag, format, address, control


def deviating(
    capture: Capture,
    marked: NDArray[np.bool_],
    expected: str,
    observed: Callable[[int], str],
    field: str = "",
) -> Iterator[Deviation]:
    """Yield a deviation for each complete frame that is marked; the first ones have their places.

    `marked` has an entry for each complete frame, `observed` tells of one by its row. `field` is
    the field or channel that deviates, "" the whole frame.
    """
    rows = np.flatnonzero(marked)
    good = np.flatnonzero(capture.complete)
    offset, length = span(capture, field)
    last = None
    for row in rows[:SHOWN_DEVIATIONS].tolist():
        place = Place(capture.number_of(int(good[row])), offset, length)
        last = Deviation(place, expected, observed(row))
        yield last
    if last is not None:
        yield from repeat(last, len(rows) - SHOWN_DEVIATIONS)


def span(capture: Capture, field: str) -> tuple[int, int]:
    """Return where a field or channel stands in a frame, and how many octets it has."""
    profile = capture.profile
    if field in profile.fields:
        one = profile.fields[field]
        return _INFORMATION + one.at, one.length
    for channel in profile.channels:
        if channel.id == field:
            return _INFORMATION + profile.samples_at + channel.at, channel.length
    return 0, profile.frame_octets
