"""What the rhythm checks say of intervals that no simulated device has."""

import pytest

from bench.core.case import case_of
from bench.core.check import Level, Outcome, judge
from bench.core.clock import SECOND
from bench.core.line import LineErrors
from bench.core.link import Capability
from bench.core.trace import Chunk
from bench.core.verdict import Reason, Verdict
from bench.engine.context import CaseContext
from bench.engine.observation import Ended
from bench.protocols.p1.profile import load_profile
from bench.simulator.ports.p1 import p1_port
from suites.p1 import test_timing as timing
from suites.p1.rhythm import judge_interval
from suites.p1.watch import TelegramWatch

CASE = case_of(timing.test_interval_one_second)
TELEGRAMS = {key: p1_port(key).telegram(0) for key in ("nl50", "nl42", "se")}


class Line:
    """A link that only says how certain it is and what its UART counted."""

    capabilities = frozenset({Capability.TIMESTAMPS, Capability.UART_ERRORS})

    def __init__(self, u_s, overrun):
        self.timing_uncertainty_s = u_s
        self._overrun = overrun

    def line_errors(self):
        return LineErrors(overrun=self._overrun)


@pytest.fixture
def judged():
    """Judge intervals (s); return the checks by id and the judgement."""

    def run(lengths_s, *, key="nl50", u_s=0.0, overrun=0, ixit=None):
        watch = TelegramWatch(load_profile(key), len(lengths_s) + 1)
        at_s = 10.0
        for length_s in [0.0, *lengths_s]:
            at_s += length_s
            watch.feed(Chunk(round(at_s * SECOND), TELEGRAMS[key]))
        watch.finish(Ended.COMPLETE)
        values = {"interval_mean_tolerance": 0.01} | (ixit or {})
        context = CaseContext(CASE, 1, lambda: Line(u_s, overrun), values, {}, lambda: 0)
        judge_interval(watch, context, context.checks)
        made = context.checks.made
        return {check.id: check for check in made}, judge(made)

    return run


def missed(checks):
    return {check.id for check in checks.values() if check.outcome is Outcome.MISSED}


def test_one_slow_telegram_is_an_observation_and_no_fail(judged):
    checks, judgement = judged([1.0] * 150 + [1.25, 0.75] + [1.0] * 150)
    assert missed(checks) == {"each"}
    assert checks["each"].level is Level.SHOULD
    assert "policy" in checks["each"].expected
    assert judgement.verdict is Verdict.PASS


def test_one_missing_telegram_fails(judged):
    checks, judgement = judged([1.0] * 150 + [2.0] + [1.0] * 150)
    assert "none-missing" in missed(checks)
    assert judgement.verdict is Verdict.FAIL


def test_a_rate_of_1_4_s_fails_though_no_single_interval_misses_a_telegram(judged):
    checks, judgement = judged([1.4] * 300)
    assert "none-missing" not in missed(checks)
    assert "rate" in missed(checks)
    assert judgement.verdict is Verdict.FAIL


def test_what_the_bench_lost_is_not_the_devices_fault(judged):
    checks, judgement = judged([1.0] * 150 + [2.0] + [1.0] * 150, overrun=17)
    assert not missed(checks)
    assert checks["bench-kept-up"].outcome is Outcome.UNDECIDED
    assert judgement.verdict is Verdict.INCONCLUSIVE


def test_overruns_that_cost_no_telegram_change_nothing(judged):
    checks, judgement = judged([1.0] * 300, overrun=1)
    assert "bench-kept-up" not in checks
    assert judgement.verdict is Verdict.PASS


def test_what_is_as_uncertain_as_its_limit_is_undecided(judged):
    checks, judgement = judged([1.0] * 300 + [1.499], u_s=0.005)
    assert checks["none-missing"].reason is Reason.GUARD
    assert judgement.verdict is Verdict.INCONCLUSIVE


def test_thirty_seconds_are_too_short_for_a_pass_and_long_enough_for_a_fail(judged):
    assert judged([1.0] * 29)[1].reason == "SHORT"
    assert judged([1.0] * 29)[1].verdict is Verdict.INCONCLUSIVE
    assert judged([2.0] * 29)[1].verdict is Verdict.FAIL


def test_one_telegram_decides_nothing(judged):
    checks, judgement = judged([])
    assert checks["rate"].reason is Reason.EMPTY
    assert judgement.verdict is Verdict.INCONCLUSIVE


def test_a_declared_tolerance_replaces_the_policy(judged):
    checks, _ = judged([1.0] * 150 + [1.25, 0.75] * 2, ixit={"interval_tolerance_s": 0.3})
    assert "each" not in missed(checks)


def test_of_ten_seconds_half_a_second_off_is_nothing(judged):
    checks, judgement = judged([9.5, 10.5] * 15, key="nl42")
    assert not missed(checks)
    assert judgement.verdict is Verdict.PASS


def test_at_least_every_ten_seconds_may_be_more_often(judged):
    checks, _ = judged([2.5] * 120, key="se")
    assert missed(checks) == {"each", "mean"}
    assert "none-surplus" not in checks
