"""Where the way of samples, from the household to the wire, can be altered; and what passes there.

Samples go in batches of up to a second. The index that a change receives is the number of the
batch's first sample set since the port began to listen to its converters, where nothing else is
said; how long a batch is means nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.protocols.crc_rows import Octets
from bench.simulator.faults.fault import Alteration
from bench.simulator.household import Household

Numbers = NDArray[np.int64]


class Stage(StrEnum):
    """Where the pipeline can be altered, and what the change receives and returns."""

    HOUSEHOLD = "household"  # Household -> Household; once, with index 0
    START = "start"  # datetime | str -> the same: when time begins; once, with index 0
    LINE = "line"  # LineSettings -> LineSettings: how the port sends; once, with index 0
    LEVEL = "level"  # float -> float: differential voltage of the driver in V; index 0
    SAMPLING = "sampling"  # Sampling -> Sampling; once, with index 0
    SHAPE = "shape"  # harmonics.Shape -> Shape: harmonics and phase angles; once, with index 0
    BAND = "band"  # float -> float: Hz up to which the filter before the converters lets pass;
    #   once, with index 0
    POWER = "power"  # Power -> Power: the truth as S1 sees it; the index counts seconds
    INSTANTS = "instants"  # Numbers -> Numbers: ns at which sample sets are due, rising; their
    #   number may change, sequence numbers are given to those that are left
    APERTURE = "aperture"  # Aperture -> Aperture: when the converters look at voltage and current
    SAMPLES = "samples"  # Sampled -> Sampled: V and A by channel, before they become codes
    CODES = "codes"  # dict[str, Numbers] -> the same: by channel, before they are cut to range
    FIELDS = "fields"  # Fields -> Fields: all that stands before the samples
    TAIL = "tail"  # bytes -> bytes: octets after the samples of each telegram
    BODY = "body"  # Octets (n, 41) -> (n, m): what the check sequence covers, before it is computed
    CHECK = "check"  # Sealing -> Octets (n, 2): the check sequences, low octet first
    WIRE = "wire"  # list[bytes] -> list[bytes] of equal length: one whole frame each; b"" is a
    #   frame that is not sent, several frames in one go out back to back
    DEPARTURES = "departures"  # Departures -> Numbers: ns at which the frames start, at earliest;
    #   a frame never starts before the one in front of it has ended
    PAUSES = "pauses"  # tuple[(octet, ns), ...] -> the same: how long the line is idle within a
    #   frame after so many of its octets; once, with index 0
    UNASKED = "unasked"  # bool -> bool: whether it sends without being asked; once, with index 0
    RECEIVED = "received"  # bytes -> str: what octets from the consumer do: "nothing" | "reset" |
    #   "garble"; the index counts the occasions
    BOOT = "boot"  # int -> int: ns from when supply is back to when it can send; index 0
    ACTIVE = "active"  # bool -> bool: whether it takes itself for activated; index 0
    DEACTIVATED = "deactivated"  # str -> str: what it sends then: "nothing" | "frames" | "empty"
    RESUMED = "resumed"  # str -> str: what it begins with when activated again: "live" | "stale"


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the meter samples, and what it says of it.

    `rate` is in Hz, or in samples per period of the mains where `per_period`. `announced` is what
    the rate field holds (None: the rate, in units of 100 Hz or per period), `announces_period` the
    flag beside it.
    """

    per_period: bool
    rate: float
    announced: int | None = None
    announces_period: bool | None = None

    @property
    def field(self) -> int:
        """The number in the rate field."""
        if self.announced is not None:
            return self.announced
        return round(self.rate if self.per_period else self.rate / 100)

    @property
    def flag(self) -> bool:
        """Whether the telegram says that it samples per period."""
        return self.per_period if self.announces_period is None else self.announces_period


@dataclass(frozen=True)
class Aperture:
    """When the converters look: instants in ns, shape (n,); `index` numbers the sample sets."""

    volts_ns: Numbers
    amperes_ns: Numbers
    index: Numbers


@dataclass(frozen=True)
class Sampled:
    """Samples in V and A by channel ("V1" ... "IN"), shape (n,), with when they were taken."""

    channels: Mapping[str, NDArray[np.float64]]
    at: Aperture


@dataclass(frozen=True)
class Fields:
    """The fields of n telegrams; `meter_id` has the shape (n, 14), all others (n,).

    `info` has the bits of the profile; `frequency` is in mHz; `sequence` counts on beyond the range
    of its field. `index` numbers the sample sets.
    """

    meter_id: Octets
    info: Numbers
    rate: Numbers
    frequency: Numbers
    sequence: Numbers
    index: Numbers
    household: Household


@dataclass(frozen=True)
class Sealing:
    """What the check sequences are computed over, and the right ones."""

    bodies: Octets
    right: Octets


@dataclass(frozen=True)
class Departures:
    """When sample sets were due, and when their frames shall start; both in ns, shape (n,)."""

    sampled_ns: Numbers
    starts_ns: Numbers
    index: Numbers


def each_frame(edit: Callable[[bytes, int], bytes]) -> Alteration:
    """Alter frames one by one; `edit` gets a whole frame and its number."""

    def change(frames: list[bytes], first: int) -> list[bytes]:
        return [edit(one, first + place) for place, one in enumerate(frames)]

    return Alteration(Stage.WIRE, change)


def once(stage: Stage, edit: Callable[[Any], Any]) -> Alteration:
    """Alter what passes a stage, whatever its index."""
    return Alteration(stage, lambda found, _index: edit(found))
