"""Active cases: what they hear, when a port stopped sending, and what a meter showed before."""

from types import SimpleNamespace

import pytest

from bench.core.case import case_of
from bench.core.check import Outcome
from bench.core.clock import MILLISECOND, SECOND
from bench.core.trace import Chunk
from bench.engine.checks import Checks
from bench.engine.context import CaseContext
from bench.engine.observing import Stopped
from bench.engine.preparation import load_declaration, prepare
from bench.engine.session import Session
from bench.protocols.p1.profile import load_profile
from bench.protocols.p1.splitter import TelegramSplitter
from bench.simulator.ports.p1 import p1_port
from suites.p1 import test_request as request_cases
from suites.p1.listening import Listener
from suites.p1.restart import Shown, judge_undisturbed

CASE = case_of(request_cases.test_restart)
PROFILE = load_profile("nl50")


def frame_of(octets, at_ns=0):
    splitter = TelegramSplitter(PROFILE.line.character_ns)
    return next(iter(splitter.feed(Chunk(at_ns + SECOND, octets))))


@pytest.fixture
def session():
    found = Session(prepare(load_declaration(None)))
    yield found
    found.close()


@pytest.fixture
def listener(session):
    link = session.link("p1")
    context = CaseContext(CASE, 1, lambda: link, {}, {}, session.clock.now)
    return Listener(context, session)


def test_a_telegram_that_began_before_is_not_the_one_asked_for(listener):
    first = listener.telegram(0, 5 * SECOND)
    again = listener.telegram(first.at_ns, listener.now + 5 * SECOND)
    assert again.at_ns - first.at_ns == pytest.approx(SECOND, abs=MILLISECOND)


def test_a_silent_port_gives_none_at_the_deadline(listener):
    listener.request(False)
    until = listener.now + 3 * SECOND
    assert listener.telegram(listener.now, until) is None
    assert listener.now == until


def test_a_broken_off_telegram_does_not_swallow_the_next_one(listener):
    listener.listen(40 * MILLISECOND)
    off = listener.request(False)
    listener.listen(off + SECOND)
    on = listener.request(True)
    whole = listener.telegram(on, on + 5 * SECOND)
    torn = [piece for piece in listener.pieces if piece.number < whole.number]
    assert [piece.complete for piece in torn] == [False]
    assert listener.frame(torn[0].number).octets == torn[0].octets
    assert listener.frame(whole.number).fields
    assert len(listener.telegrams()) == 2


def test_the_operator_can_stop_a_long_wait(listener, session):
    session.stopping = True
    with pytest.raises(Stopped):
        listener.listen(60 * SECOND)


def heard(*events):
    return [Chunk(round(at_ms * MILLISECOND), b"x" * count) for at_ms, count in events]


@pytest.mark.parametrize(
    ("chunks", "late_ms"),
    [
        ([], 0),
        ([(90, 10)], 0),  # all before the release at 100 ms
        ([(50, 1), (130, 80)], 30),  # sent to the end: 81 octets need 80 ms
        ([(50, 1), (190, 40)], 0),  # a late stamp: 41 octets were over at 90 ms
        ([(50, 1), (190, 60)], 10),  # a late stamp of what went on for 10 ms
    ],
)
def test_a_late_stamp_is_not_taken_for_a_late_octet(chunks, late_ms):
    # of the telegram before, an octet took 1 ms
    before = SimpleNamespace(at_ns=0, until_ns=999 * MILLISECOND, octets=b"x" * 1000)
    found = request_cases._sent_after(100 * MILLISECOND, heard(*chunks), before)
    assert found == late_ms * MILLISECOND


def test_a_telegram_shows_its_counters_and_registers():
    shown = Shown.of(frame_of(p1_port("nl50").telegram(0)), PROFILE)
    assert set(shown.counters) == {"0-0:96.7.21", "0-0:96.7.9"}
    assert set(shown.registers) == {"1-0:1.8.1", "1-0:1.8.2", "1-0:2.8.1", "1-0:2.8.2"}


def test_a_damaged_telegram_shows_nothing():
    octets = p1_port("nl50").telegram(0).replace(b"1-0:1.8.1(0", b"1-0:1.8.1(1")
    assert Shown.of(frame_of(octets), PROFILE) == Shown()


@pytest.mark.parametrize(
    ("before", "after", "outcomes"),
    [
        (Shown({"c": 1}, {"r": 5}), Shown({"c": 1}, {"r": 6}), [Outcome.MET, Outcome.MET]),
        (Shown({"c": 1}, {"r": 5}), Shown({"c": 2}, {"r": 4}), [Outcome.MISSED, Outcome.MISSED]),
        (Shown({}, {"r": 5}), Shown({}, {"r": 5}), [Outcome.MET, Outcome.MET]),
        (Shown(), Shown({"c": 1}, {"r": 5}), [Outcome.MET, Outcome.UNDECIDED]),
    ],
)
def test_counters_stay_and_registers_do_not_go_back(before, after, outcomes):
    verify = Checks(CASE)
    judge_undisturbed(verify, before, after)
    assert [check.outcome for check in verify.made] == outcomes
