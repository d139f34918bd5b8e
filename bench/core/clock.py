"""All waiting goes through a clock: monotonic for hardware, virtual for the simulator."""

import time
from collections.abc import Callable
from typing import Protocol

SECOND = 1_000_000_000
MILLISECOND = 1_000_000


def seconds(value: float) -> int:
    """Return `value` seconds as nanoseconds."""
    return round(value * SECOND)


class Clock(Protocol):
    """Time since the clock's start, in nanoseconds; `epoch_ns` is that start in Unix time."""

    epoch_ns: int

    def now(self) -> int:
        """Return the present instant; never goes back."""
        ...

    def wait_until(self, instant: int) -> None:
        """Return when `instant` is reached."""
        ...


class MonotonicClock:
    """Real time for hardware; `time.monotonic_ns` under it, so wall-clock steps do not matter."""

    def __init__(self) -> None:
        self._start = time.monotonic_ns()
        self.epoch_ns = time.time_ns()

    def now(self) -> int:
        """Return nanoseconds since the clock was made."""
        return time.monotonic_ns() - self._start

    def wait_until(self, instant: int) -> None:
        """Sleep until `instant`."""
        remaining = instant - self.now()
        if remaining > 0:
            time.sleep(remaining / SECOND)


class Process(Protocol):
    """Something that lives in virtual time: it says when it acts next, and acts then."""

    def next_event(self) -> int | None:
        """Return the instant of the next act, or None while there is none."""
        ...

    def step(self, now: int) -> None:
        """Act at `now`, which is never before the instant that `next_event` gave."""
        ...


class VirtualClock:
    """A discrete-event loop: waiting lets the attached processes act, and takes no real time.

    Deterministic: processes that are due at the same instant act in the order of attachment.
    """

    def __init__(self, epoch_ns: int = 0) -> None:
        self.epoch_ns = epoch_ns
        self._now = 0
        self._processes: list[Process] = []

    def attach(self, process: Process) -> None:
        """Let `process` take part from now on."""
        self._processes.append(process)

    def detach(self, process: Process) -> None:
        """Take `process` out; unknown processes are ignored."""
        if process in self._processes:
            self._processes.remove(process)

    def now(self) -> int:
        """Return the present virtual instant."""
        return self._now

    def wait_until(self, instant: int) -> None:
        """Let everything happen that is due up to `instant`."""
        self.run(instant, lambda: False)

    def run(self, until: int, stop: Callable[[], bool]) -> bool:
        """Advance to `until`, or to the first instant at which `stop()` is true; return stop."""
        while not stop():
            due: int | None = None
            first: Process | None = None
            for process in self._processes:
                at = process.next_event()
                if at is not None and at <= until and (due is None or at < due):
                    due, first = at, process
            if due is None or first is None:
                self._now = max(self._now, until)
                return stop()
            self._now = max(self._now, due)
            first.step(self._now)
        return True
