"""What S1 cases ask for: the shared observation, P1 beside it, or a listener of their own."""

import pytest

from bench.core.link import Capability
from bench.core.verdict import Reason
from bench.engine.context import CaseContext, Inconclusive
from bench.engine.observation import Ended
from bench.engine.session import Session
from suites.p1.readings import Reading
from suites.s1.beside import P1Beside, p1_readings
from suites.s1.capture import Capture
from suites.s1.framed import Framed
from suites.s1.listening import Listener
from suites.s1.long_observation import observe_long
from suites.s1.long_run import LongRun
from suites.s1.watch import StreamWatch, observe


@pytest.fixture
def watch(bench_session: Session, context: CaseContext) -> StreamWatch:
    """The shared observation, whatever it saw."""
    found = observe(bench_session)
    context.frames_from(found.frame)
    if bench_session.can("s1", Capability.UART_ERRORS):
        overrun = bench_session.line_errors("s1").overrun
        if overrun:  # nobody knows where
            raise Inconclusive(Reason.OVERRUN, f"the UART lost characters {overrun} times")
    if found.ended is Ended.OVERRUN:
        context.inconclusive(
            Reason.OVERRUN,
            f"the host lost octets after {found.capture.seconds:.1f} s; what came before is judged",
        )
    if found.ended is Ended.SILENCE and found.counted():
        context.inconclusive(
            Reason.SHORT, f"the port fell silent after {found.capture.seconds:.1f} s"
        )
    return found


@pytest.fixture
def octets(watch: StreamWatch) -> Capture:
    """What was observed, good frames or not; Inconclusive where no octet came."""
    if unwell := watch.unwell():
        raise Inconclusive(unwell.reason, unwell.message)
    return watch.capture


@pytest.fixture
def stream(octets: Capture) -> Capture:
    """What was observed, with at least one good frame; Inconclusive where there is none."""
    if not len(octets.sequence):
        raise Inconclusive(
            Reason.LINE,
            f"{len(octets.octets)} octets arrived but no good frame; does the line run at "
            f"{octets.profile.line_rate_bps} bit/s as {octets.profile.title} has it, are its two "
            "wires exchanged?",
        )
    return octets


@pytest.fixture
def framed(octets: Capture) -> Framed:
    """What was observed as frames, good or not; Inconclusive where nothing looks like one."""
    found = octets.derived(Framed)
    if not len(octets) and not found.others:
        raise Inconclusive(
            Reason.LINE,
            f"{len(octets.octets)} octets arrived but nothing like a frame; does the line run at "
            f"{octets.profile.line_rate_bps} bit/s as {octets.profile.title} has it?",
        )
    return found


@pytest.fixture
def readings(stream: Capture, bench_session: Session) -> tuple[Reading, ...]:
    """What P1 said during the shared observation; its arrival times are those of the same clock."""
    del stream  # observed before
    return p1_readings(bench_session)


@pytest.fixture
def listener(bench_session: Session, context: CaseContext) -> Listener:
    """What listens to the port for a case that does something meanwhile."""
    return Listener(bench_session, context)


@pytest.fixture
def beside(bench_session: Session, context: CaseContext) -> P1Beside:
    """P1 of the same device, heard while the case captures."""
    return P1Beside(bench_session, context)


@pytest.fixture
def long_run(bench_session: Session, context: CaseContext) -> LongRun:
    """The stream over `long_run_s` seconds, shared; Inconclusive where no good frame came."""
    found = observe_long(bench_session, context)
    context.frames_from(found.frame)
    if not found.frames:
        raise Inconclusive(Reason.LINE, f"{found.octets} octets arrived but no good frame")
    if found.ended is Ended.OVERRUN:
        context.inconclusive(
            Reason.OVERRUN,
            f"the host lost octets after {found.seconds:.1f} s; what came before is judged",
        )
    if bench_session.preparation.quick:
        wanted = float(context.ixit["long_run_s"])
        context.inconclusive(
            Reason.SHORT, f"a quick run watches {found.seconds:.0f} s instead of {wanted:g} s"
        )
    if found.ended is Ended.SILENCE:
        context.inconclusive(Reason.SHORT, f"the port fell silent after {found.seconds:.1f} s")
    return found
