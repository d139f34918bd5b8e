"""Watching an S1 port for long, once for all cases that need it, with P1 beside it.

The octets are not recorded, which would be a gigabyte in two hours: the counts are kept, and what
surrounds the first defects.
"""

from contextlib import suppress

from bench.core.clock import SECOND
from bench.core.errors import AdapterError, Overrun
from bench.core.link import Capability, LinkEnded
from bench.core.verdict import Reason
from bench.engine.context import CaseContext, Inconclusive
from bench.engine.observation import Ended
from bench.engine.observing import Stopped
from bench.engine.session import Session
from suites.s1.beside import P1Beside
from suites.s1.long_run import LongRun
from suites.s1.watch import profile_of

_SLICE_NS = SECOND // 2  # how long a wait lasts before the operator's wish to stop is looked at
_PATIENCE_NS = 10 * SECOND  # silence that ends the run
_QUICK_S = 60.0


def observe_long(session: Session, context: CaseContext) -> LongRun:
    """Return the long run of the S1 port, made by the first case that asks; P1 is heard meanwhile.

    It takes `long_run_s` seconds (IXIT), a minute in a quick run, and the case does not pay for it.
    Raises Inconclusive where no octet came.
    """
    return session.shared("s1", "long-run", lambda: _watched(session, context))


def _watched(session: Session, context: CaseContext) -> LongRun:
    wanted_s = float(context.ixit["long_run_s"])
    run = LongRun(
        profile_of(session), min(wanted_s, _QUICK_S if session.preparation.quick else 1e9)
    )
    link, clock = session.link("s1"), session.clock
    link.rest()  # what came before is not asked for
    link.listen()
    beside = _p1_beside(session, context)
    started, lost = clock.now(), _lost(session)
    try:
        ended = _fill(session, run, beside)
        if _lost(session) > lost:
            ended = Ended.OVERRUN
    except LinkEnded:
        ended = Ended.RECORDING
    except Overrun:
        ended = Ended.OVERRUN
    run.finish(ended)
    context.give_back(clock.now() - started)
    if not run.octets:
        raise Inconclusive(Reason.SILENT, "no octet arrived")
    if beside is not None:
        with suppress(Inconclusive, AdapterError):
            run.readings = beside.readings()
    return run


def _lost(session: Session) -> int:
    """Return how often the UART has lost characters since the link was opened."""
    if not session.can("s1", Capability.UART_ERRORS):
        return 0
    return session.link("s1").line_errors().overrun


def _p1_beside(session: Session, context: CaseContext) -> P1Beside | None:
    """Return what hears P1 meanwhile; None where it is not declared or cannot be opened."""
    if "p1" not in session.preparation.ports:
        return None
    try:
        session.link("p1").listen()
        found = P1Beside(session, context)
        found.begin()
    except (AdapterError, LinkEnded):
        return None
    return found


def _fill(session: Session, run: LongRun, beside: P1Beside | None) -> Ended:
    link, clock = session.link("s1"), session.clock
    last_ns = clock.now()
    while not run.complete():
        if session.stopping:
            raise Stopped
        if clock.now() - last_ns >= _PATIENCE_NS:
            return Ended.SILENCE
        chunk = link.read(clock.now() + _SLICE_NS)
        if chunk is not None:
            run.feed(chunk)
            last_ns = chunk.at_ns
        if beside is not None:
            beside.take()
    return Ended.COMPLETE
