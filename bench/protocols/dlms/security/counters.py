"""Invocation counters: what a receiver accepts, and what a sender uses (IEC 62056-5-3 §5.3.5.3).

Every key has its own counter in each direction. A received counter must be higher than all before;
after the highest number nothing is accepted, and nothing sent, until the key is changed.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from bench.core.errors import UsageError
from bench.protocols.dlms.ciphered import SecurityControl

HIGHEST = 0xFFFFFFFF


class CounterKey(StrEnum):
    """The keys that have counters."""

    UNICAST = "unicast"
    BROADCAST = "broadcast"
    DEDICATED = "dedicated"

    @classmethod
    def of(cls, control: SecurityControl, *, dedicated: bool) -> "CounterKey":
        """Return the key of an APDU; the key set bit has no meaning with a dedicated key."""
        if dedicated:
            return cls.DEDICATED
        return cls.BROADCAST if control.broadcast else cls.UNICAST


class Freshness(StrEnum):
    """How a received counter stands to those before."""

    FRESH = "fresh"
    REPEATED = "repeated"
    LOWER = "lower"


@dataclass(slots=True)
class ReceivedCounters:
    """The counters that one sender has used; `expected` is the lowest that is still accepted."""

    _next: dict[CounterKey, int] = field(default_factory=dict)

    def expected(self, key: CounterKey) -> int:
        """Return the lowest counter that is accepted: 0 at first, 2**32 if there is none left."""
        return self._next.get(key, 0)

    def exhausted(self, key: CounterKey) -> bool:
        """Return whether no counter is left under this key."""
        return self.expected(key) > HIGHEST

    def judge(self, key: CounterKey, counter: int) -> Freshness:
        """Return how the counter stands to those before, without remembering it.

        REPEATED is the highest of those before, LOWER all below it.
        """
        expected = self.expected(key)
        if counter >= expected:
            return Freshness.FRESH
        return Freshness.REPEATED if counter == expected - 1 else Freshness.LOWER

    def accept(self, key: CounterKey, counter: int) -> Freshness:
        """Judge the counter and remember it if it is fresh.

        Called when the tag has been verified, never before: else anybody could use counters up.
        UsageError if it is no number of 32 bits.
        """
        _check(counter)
        freshness = self.judge(key, counter)
        if freshness is Freshness.FRESH:
            self._next[key] = counter + 1
        return freshness

    def restart(self, key: CounterKey, expected: int = 0) -> None:
        """Accept from `expected` on: the key is new."""
        _check(expected)
        self._next[key] = expected


@dataclass(slots=True)
class SendingCounters:
    """The counters of one sender; no number is used twice under one key."""

    _next: dict[CounterKey, int] = field(default_factory=dict)

    def upcoming(self, key: CounterKey) -> int | None:
        """Return the counter that `take` would return."""
        upcoming = self._next.get(key, 0)
        return upcoming if upcoming <= HIGHEST else None

    def take(self, key: CounterKey) -> int | None:
        """Return the next counter and use it up; None if there is none left under this key."""
        upcoming = self.upcoming(key)
        if upcoming is not None:
            self._next[key] = upcoming + 1
        return upcoming

    def restart(self, key: CounterKey, upcoming: int = 0) -> None:
        """Go on with `upcoming`: the key is new, or the receiver told what it expects."""
        _check(upcoming)
        self._next[key] = upcoming


def _check(counter: int) -> None:
    if not 0 <= counter <= HIGHEST:
        raise UsageError(f"invocation counter {counter} is no number of 32 bits")
