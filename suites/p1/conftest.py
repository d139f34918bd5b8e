"""What P1 cases ask for: the shared observation, and its telegrams."""

import pytest

from bench.core.verdict import Reason
from bench.engine.context import CaseContext, Inconclusive
from bench.engine.observation import Ended
from bench.engine.session import Session
from suites.p1.ciphered import CipheredStream
from suites.p1.listening import Listener
from suites.p1.readings import Reading, readings_of
from suites.p1.watch import Seen, TelegramWatch, observe


@pytest.fixture
def watch(bench_session: Session, context: CaseContext) -> TelegramWatch:
    """The shared observation, whatever it saw."""
    found = observe(bench_session)
    context.frames_from(found.frame)
    if found.breaks:
        context.inconclusive(
            Reason.LINE,
            f"the line was interrupted {len(found.breaks)} times in mid telegram; check the cable",
        )
    if found.ended is Ended.SILENCE and found.counted():
        context.inconclusive(
            Reason.SHORT,
            f"the port fell silent after {found.counted()} of {found.wanted} telegrams",
        )
    return found


@pytest.fixture
def telegrams(watch: TelegramWatch) -> tuple[Seen, ...]:
    """The observed telegrams; at least one, or the case is inconclusive."""
    if unwell := watch.unwell():
        raise Inconclusive(unwell.reason, unwell.message)
    if not watch.telegrams:
        raise Inconclusive(Reason.LINE, "every telegram was interrupted; check the cable")
    return watch.telegrams


@pytest.fixture
def readings(watch: TelegramWatch, telegrams: tuple[Seen, ...]) -> tuple[Reading, ...]:
    """What the whole telegrams say; at least one, or the case is inconclusive."""
    found = readings_of(watch)
    if not found:
        raise Inconclusive(
            Reason.LINE, f"none of {len(telegrams)} telegrams is whole: every CRC is wrong"
        )
    return found


@pytest.fixture
def listener(bench_session: Session, context: CaseContext) -> Listener:
    """What listens to the port for a case that raises and releases the data request."""
    found = Listener(context, bench_session)
    context.frames_from(found.frame)
    return found


@pytest.fixture
def ciphered(watch: TelegramWatch, context: CaseContext) -> CipheredStream:
    """The frames that the shared observation of an encrypted port saw, opened or not."""
    unwell = watch.unwell()
    if watch.ciphered is None or (unwell and not watch.ciphered.counted):
        reason = unwell.reason if unwell else Reason.PRECONDITION
        raise Inconclusive(reason, unwell.message if unwell else "the port was watched as plain")
    context.frames_from(watch.ciphered.frame)
    return watch.ciphered
