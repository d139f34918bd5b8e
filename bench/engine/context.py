"""What a running case holds: its checks, the device's claims, and a bounded way to the wire."""

from collections.abc import Callable, Mapping
from typing import Any

from adapters.base import Link
from bench.core.case import Case
from bench.core.check import Incident
from bench.core.clock import seconds
from bench.core.line import LineErrors
from bench.core.result import Attempt
from bench.core.trace import Chunk, Frame
from bench.core.verdict import Reason, Verdict
from bench.engine.checks import Checks
from bench.engine.evidence import CaseRecord

SHOWN_FRAMES = 8


class Inconclusive(Exception):
    """Raised in a case whose precondition cannot be reached; becomes an incident."""

    def __init__(self, reason: Reason, message: str) -> None:
        self.reason = reason
        super().__init__(message)


class CaseContext:
    """One attempt at one case.

    Frames that checks point at are looked up by number: in the traffic of the case itself, or in
    the observation that the case judged.
    """

    def __init__(
        self,
        case: Case,
        number: int,
        link: Callable[[], Link],
        ixit: Mapping[str, Any],
        answers: Mapping[str, bool],
        now: Callable[[], int],
        line_errors: Callable[[], LineErrors] | None = None,
    ) -> None:
        self.case = case
        self.number = number
        self.ixit = ixit
        self.answers = answers
        self.checks = Checks(case)
        self._link = link
        self._now = now
        self._line_errors = line_errors
        self._incidents: list[Incident] = []
        self._lookup: Callable[[int], Frame] | None = None
        self._started_ns = now()
        self._deadline_ns = self._started_ns + seconds(case.bound_s)

    @property
    def link(self) -> Link:
        """The open link of the case's interface."""
        return self._link()

    def line_errors(self) -> LineErrors:
        """Return what the UART counted during the shared observation; needs UART_ERRORS."""
        return self._line_errors() if self._line_errors else self.link.line_errors()

    def receive(self, until_ns: int) -> Chunk | None:
        """Return the next octets, or None at `until_ns`; the case's time bound ends it earlier."""
        if self._now() >= self._deadline_ns:
            raise Inconclusive(
                Reason.BUDGET, f"the case took longer than its bound of {self.case.bound_s:g} s"
            )
        return self.link.read(min(until_ns, self._deadline_ns))

    def frames_from(self, lookup: Callable[[int], Frame]) -> None:
        """Say where the frames are that the checks of this case point at."""
        self._lookup = lookup

    def inconclusive(self, reason: Reason, message: str) -> None:
        """Record what keeps the case from deciding; its checks still count."""
        self._incidents.append(Incident(Verdict.INCONCLUSIVE, reason, message))

    def error(self, reason: Reason, message: str) -> None:
        """Record a failure of the bench or its adapter; only the engine calls this."""
        self._incidents.append(Incident(Verdict.ERROR, reason, message))

    def record(self, epoch_ns: int) -> CaseRecord:
        """Return the finished attempt with the frames that its deviations point at."""
        attempt = Attempt(
            case=self.case.id,
            version=self.case.version,
            number=self.number,
            checks=self.checks.made,
            incidents=tuple(self._incidents),
            started_ns=self._started_ns,
            finished_ns=self._now(),
        )
        numbers = dict.fromkeys(d.place.frame for check in attempt.checks for d in check.deviations)
        if self._lookup is None or not numbers:
            return CaseRecord(attempt, epoch_ns=epoch_ns)
        shown = list(numbers)[:SHOWN_FRAMES]
        frames = tuple(self._lookup(number) for number in shown)
        return CaseRecord(attempt, frames, len(numbers) - len(shown), epoch_ns)
