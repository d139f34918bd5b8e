"""What a running case holds: its checks, the device's claims, and a bounded way to the wire."""

from collections.abc import Callable, Mapping
from typing import Any

from adapters.base import Link
from bench.core.case import Case
from bench.core.check import Incident
from bench.core.clock import seconds
from bench.core.line import LineErrors
from bench.core.result import Attempt
from bench.core.trace import Chunk, Direction, Frame
from bench.core.verdict import Reason, Verdict
from bench.engine.checks import Checks
from bench.engine.connection import Connection
from bench.engine.evidence import CaseRecord
from bench.engine.inconclusive import Inconclusive
from bench.engine.traffic import Annotate, Traffic

__all__ = ["CaseContext", "Inconclusive"]

SHOWN_FRAMES = 8
_GRACE_NS = seconds(30)


class CaseContext:
    """One attempt at one case.

    Frames that checks point at are looked up by number: in the traffic of the case itself, or in
    the observation that the case judged. `traffic` records what an active case exchanges.
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
        traffic: Traffic | None = None,
    ) -> None:
        self.case = case
        self.number = number
        self.ixit = ixit
        self.answers = answers
        self.checks = Checks(case)
        self._link = link
        self._now = now
        self._line_errors = line_errors
        self._traffic = traffic or Traffic()
        self._connection: Connection | None = None
        self._endings: list[Callable[[], None]] = []
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
        chunk = self.link.read(min(until_ns, self.bound_ns()))
        if chunk is not None:
            self._traffic.heard(chunk)
        return chunk

    def bound_ns(self) -> int:
        """Return the instant at which the case's time is up; Inconclusive when it has passed."""
        if self._now() >= self._deadline_ns:
            raise Inconclusive(
                Reason.BUDGET, f"the case took longer than its bound of {self.case.bound_s:g} s"
            )
        return self._deadline_ns

    def give_back(self, ns: int) -> None:
        """Move the end of the case's time by what was spent on something that it does not pay."""
        self._deadline_ns += ns

    @property
    def connection(self) -> Connection:
        """The link as an active case uses it: bounded by the case's time, and recorded."""
        if self._connection is None:
            self._connection = Connection(self.link, self.bound_ns, self._traffic.record)
        return self._connection

    def keep(
        self,
        octets: bytes,
        at_ns: int,
        direction: Direction = Direction.RECEIVED,
        annotate: Annotate | None = None,
        until_ns: int | None = None,
    ) -> int:
        """Keep a frame of the case's own traffic; return its number, for checks to point at."""
        return self._traffic.keep(octets, at_ns, direction, annotate, until_ns)

    def frame(self, number: int) -> Frame:
        """Return a frame of the case's own traffic by its number."""
        return self._traffic.frame(number)

    def conceal(self, secret: bytes) -> None:
        """Let evidence show stars wherever these octets pass; call it before they do."""
        self._traffic.conceal(secret)

    def at_end(self, ending: Callable[[], None]) -> None:
        """Do this when the case is over, whatever came of it; what is named last is done first.

        An ending may still make checks. It has as much time as the case had from its start, but
        at least that of a few exchanges.
        """
        self._endings.append(ending)

    def finish(self, grace_ns: int = _GRACE_NS) -> None:
        """Do what was left for the end of the case; only the engine calls this."""
        self._deadline_ns = max(self._deadline_ns, self._now() + grace_ns)
        while self._endings:
            self._endings.pop()()

    def close(self) -> None:
        """End the recording and the further connections; only the engine calls this."""
        if self._connection is not None:
            self._connection.close_others()
        self._traffic.close()

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
        lookup = self._lookup or (self._traffic.frame if self._traffic.counted else None)
        if lookup is None or not numbers:
            return CaseRecord(attempt, epoch_ns=epoch_ns)
        shown = list(numbers)[:SHOWN_FRAMES]
        frames = tuple(lookup(number) for number in shown)
        return CaseRecord(attempt, frames, len(numbers) - len(shown), epoch_ns)
