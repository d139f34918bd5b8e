"""The rhythm of a P1 port: when telegrams start, how long they take, what lies between them.

Instants are those of the first and the last octet as the splitter gives them. A stretch of the
stream in which the bench itself, or the cable, lost octets is not counted: nobody knows how many
telegrams it held.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, sqrt

from bench.core.check import Level
from bench.core.clock import SECOND
from bench.core.measurement import Limits, Measurement
from bench.protocols.p1.profile import Profile
from bench.protocols.p1.splitter import TelegramOctets
from suites.p1.watch import TelegramWatch

#: octets between two telegrams that may have been a telegram whose start is damaged
_LOST_TELEGRAM_OCTETS = 64


@dataclass(frozen=True, slots=True)
class Interval:
    """From the start of one telegram to the start of the next, which has frame `number`."""

    number: int
    length_s: float
    pause_s: float


def intervals(watch: TelegramWatch) -> tuple[Interval, ...]:
    """Return the intervals between neighbouring telegrams whose neighbourhood is not in doubt."""
    found = []
    for before, after in pairwise(watch.telegrams):
        between = watch.before(after)
        torn = after.number - before.number > (2 if between else 1)
        if torn or (between and len(between.octets) >= _LOST_TELEGRAM_OCTETS):
            continue
        start, end = before.frame.at_ns, before.frame.until_ns
        following = after.frame.at_ns
        found.append(
            Interval(after.number, (following - start) / SECOND, (following - end) / SECOND)
        )
    return tuple(found)


def transfer_s(frame: TelegramOctets, profile: Profile) -> float:
    """Return how long a telegram was on the line, its first start bit included."""
    return (frame.until_ns - frame.at_ns + profile.line.character_ns) / SECOND


def quantile(ordered: Sequence[float], share: float) -> float:
    """Return the smallest of the ascending values that at least `share` of them do not exceed."""
    rank = ceil(share * len(ordered) - 1e-9)
    return ordered[max(rank, 1) - 1]


def between_stamps(value_s: float, stamp_u_s: float) -> Measurement:
    """Return a time between two stamps: their errors are independent, so U grows by sqrt(2)."""
    return Measurement(value_s, stamp_u_s * sqrt(2), "s")


def mean_of_intervals(found: Sequence[Interval], stamp_u_s: float) -> Measurement:
    """Return the mean interval, as uncertain as if no two intervals shared a stamp."""
    total_s = sum(interval.length_s for interval in found)
    return Measurement(total_s / len(found), stamp_u_s * sqrt(2 / len(found)), "s")


def timing_level(profile: Profile) -> Level:
    """Return how binding the edition's times are: `should` where only real meters tell them."""
    settled = profile.key.startswith(("nl", "be")) or profile.key == "lu"
    return Level.MUST if settled else Level.SHOULD


@dataclass(frozen=True, slots=True)
class Declared(Limits):
    """Limits that no clause states: `source` says where they come from."""

    source: str = ""

    def __str__(self) -> str:
        return f"{Limits.__str__(self)} ({self.source})"
