"""One attempt: its bounded way to the wire, and the frames that it keeps."""

import pytest

from bench.core.clock import SECOND, VirtualClock
from bench.core.trace import Frame
from bench.core.verdict import Reason, Verdict
from bench.engine.context import SHOWN_FRAMES, CaseContext, Inconclusive


class Endless:
    """A link that delivers nothing, ever."""

    def __init__(self, clock):
        self.clock = clock
        self.until = []

    def read(self, until_ns):
        self.until.append(until_ns)
        self.clock.wait_until(until_ns)


@pytest.fixture
def made(case):
    clock = VirtualClock()
    clock.wait_until(5 * SECOND)
    link = Endless(clock)
    context = CaseContext(case(bound_s=2.0), 3, lambda: link, {}, {}, clock.now)
    return context, link, clock


def test_the_time_bound_ends_a_wait_and_then_the_case(made):
    context, link, clock = made
    assert context.receive(6 * SECOND) is None
    assert context.receive(60 * SECOND) is None
    assert link.until == [6 * SECOND, 7 * SECOND]
    with pytest.raises(Inconclusive, match="longer than its bound of 2 s") as caught:
        context.receive(8 * SECOND)
    assert caught.value.reason is Reason.BUDGET
    assert clock.now() == 7 * SECOND


def test_the_record_of_a_case_without_checks_is_empty(made):
    context, _, _ = made
    attempt = context.record(9).attempt
    assert (attempt.number, attempt.started_ns, attempt.finished_ns) == (
        3,
        5 * SECOND,
        5 * SECOND,
    )
    assert attempt.judgement.reason == "EMPTY"


def test_an_incident_does_not_throw_checks_away(made):
    context, _, _ = made
    context.checks.that("a", False, expected="1", observed="2")
    context.inconclusive(Reason.SHORT, "half of it")
    assert context.record(0).attempt.judgement.verdict is Verdict.FAIL
    context.error(Reason.ADAPTER, "gone")
    assert context.record(0).attempt.judgement.verdict is Verdict.ERROR


def test_the_frames_of_deviations_are_kept_once_each_and_not_too_many(made):
    from bench.core.check import Deviation, Place

    context, _, _ = made
    places = [Place(n // 2) for n in range(10)]
    for number in range(4):
        context.checks.none_of(
            f"c{number}",
            [Deviation(Place(p.frame + 5 * number), "x", "y") for p in places],
            examined=1,
            expected="x",
        )
    context.frames_from(lambda number: Frame(number, 0, 0, b"x"))
    record = context.record(7)
    shown = [0, 1, 2, 5, 6, 7, 10, 11, 12, 15, 16, 17]
    assert [frame.number for frame in record.frames] == shown[:SHOWN_FRAMES]
    assert record.omitted == len(shown) - SHOWN_FRAMES
    assert record.epoch_ns == 7
