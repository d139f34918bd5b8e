"""When a meter has been without supply, and who is told of it."""

from collections.abc import Callable

from bench.core.errors import UsageError
from bench.simulator.load import PhasePower, Power

LONG_FAILURE_S = 180
_LONGEST_CUT_S = 86_400
_SECOND = 1_000_000_000
_FREQUENCY_MHZ = 50_000  # without supply: it only keeps waveforms defined


class SupplyCuts:
    """The stretches of time without supply, by instants."""

    def __init__(self, phases: int) -> None:
        self._dead = Power((PhasePower(0, 0, 0, 0),) * phases, _FREQUENCY_MHZ)
        self._cuts: list[tuple[int, int]] = []
        self._listeners: list[Callable[[int, int], None]] = []

    def watch(self, listener: Callable[[int, int], None]) -> None:
        """Call `listener` at every cut, with its instant and that of its end."""
        self._listeners.append(listener)

    def add(self, seconds: float, now: int) -> int:
        """Begin a cut; return its end. Raises UsageError for a time that is none."""
        if not 0 < seconds <= _LONGEST_CUT_S:
            raise UsageError(f"the supply cannot be cut for {seconds} s: 0 .. {_LONGEST_CUT_S}")
        until = now + round(seconds * _SECOND)
        self._cuts.append((now, until))
        return until

    def tell(self) -> None:
        """Tell who watches of the last cut."""
        for listener in self._listeners:
            listener(*self._cuts[-1])

    def power(self, instant_ns: int) -> Power | None:
        """Return what is on the phases without supply; None where there is supply."""
        for since, until in self._cuts:
            if since <= instant_ns < until:
                return self._dead
        return None
