"""P1 beside S1: the telegrams that the same device sends meanwhile."""

from contextlib import suppress

from bench.core.errors import AdapterError, Overrun
from bench.core.link import LinkEnded
from bench.core.verdict import Reason
from bench.engine.context import CaseContext, Inconclusive
from bench.engine.observation import Ended
from bench.engine.session import Session
from suites.p1.readings import Reading, readings_of
from suites.p1.watch import TelegramWatch
from suites.s1.watch import endless_p1_watch

_BOUND_S = 7200.0


class P1Beside:
    """Hears P1 while S1 is captured; recorded under the name of the case.

    Adapter errors of the P1 link are raised when P1 is first needed: without it there is no
    comparison.
    """

    def __init__(self, session: Session, case_context: CaseContext) -> None:
        self._session = session
        self._context = session.aside("p1", f"beside-{case_context.case.id}", _BOUND_S)
        self._watch = endless_p1_watch(session)
        case_context.at_end(self._end)

    def begin(self) -> None:
        """Forget what came before; from now on telegrams count."""
        link = self._context.link
        with suppress(Overrun):  # of what came before
            while link.read(link.clock.now()) is not None:
                pass
        self._watch = endless_p1_watch(self._session)

    def take(self) -> None:
        """Take what has arrived."""
        connection = self._context.connection
        with suppress(LinkEnded):
            while (chunk := connection.receive(connection.now())) is not None:
                self._watch.feed(chunk)

    def readings(self) -> tuple[Reading, ...]:
        """Return what the whole telegrams since the beginning say; Inconclusive if none came."""
        self._watch.finish(Ended.COMPLETE)
        return readings_or_inconclusive(self._watch)

    def _end(self) -> None:
        with suppress(AdapterError):
            self._context.finish()
        self._context.close()


def readings_or_inconclusive(watch: TelegramWatch) -> tuple[Reading, ...]:
    """Return what the whole telegrams say; Inconclusive where there is none."""
    found = readings_of(watch)
    if not found:
        raise Inconclusive(
            Reason.PRECONDITION, "P1 sent no whole telegram meanwhile: nothing to compare with"
        )
    return found


def p1_readings(session: Session) -> tuple[Reading, ...]:
    """Return what P1 said during the shared observation of S1; Inconclusive if it did not.

    An adapter error of the P1 link is raised again.
    """
    watch = session.observed_beside("s1", "p1")
    if watch is None:
        session.link("p1")  # says why
        raise Inconclusive(Reason.PRECONDITION, "P1 was not heard while S1 was observed")
    assert isinstance(watch, TelegramWatch)
    return readings_or_inconclusive(watch)
