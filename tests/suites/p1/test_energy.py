"""Energy against power, counters and steps: what no simulated device shows."""

from dataclasses import replace
from decimal import Decimal

import pytest

from bench.core.case import case_of
from bench.core.check import Outcome, judge
from bench.core.clock import SECOND
from bench.core.trace import Chunk
from bench.core.verdict import Reason, Verdict
from bench.engine.context import CaseContext, Inconclusive
from bench.engine.observation import Ended
from bench.protocols.p1.profile import load_profile
from bench.simulator.ports.p1 import p1_port
from suites.p1 import test_clock as clock
from suites.p1 import test_counters as counters
from suites.p1.energy import flow
from suites.p1.readings import readings_of, steps
from suites.p1.watch import TelegramWatch

NL50 = load_profile("nl50")


class Line:
    """A link that only says how certain it is, and that it knows when octets arrive."""

    capabilities = frozenset({"timestamps"})
    timing_uncertainty_s = 0.0


def telegram(number, *objects):
    """Return a telegram of second `number` with these objects."""
    lines = [f"0-0:1.0.0(26011510{number // 60:02}{number % 60:02}W)", *objects]
    return p1_port("nl50").telegram(number * SECOND, number, lines)


def watched(*telegrams):
    watch = TelegramWatch(NL50, 300)
    for number, octets in enumerate(telegrams):
        watch.feed(Chunk(number * SECOND, octets))
    watch.finish(Ended.COMPLETE)
    return watch


def stream(values):
    """Return an observation of (import register in Wh, power in W) a second apart."""
    found = [
        telegram(
            number,
            f"1-0:1.8.1({Decimal(wh) / 1000:010.3f}*kWh)",
            "1-0:1.8.2(000123.456*kWh)",
            f"1-0:1.7.0({Decimal(watt) / 1000:06.3f}*kW)",
        )
        for number, (wh, watt) in enumerate(values)
    ]
    return readings_of(watched(*found))


def context_of(function):
    context = CaseContext(case_of(function), 1, Line, {}, {}, lambda: 0)
    context.ixit = {"energy_tolerance_wh": 2.0, "energy_tolerance_percent": 5.0}
    return context


def test_the_integral_follows_the_meters_own_clock():
    found = flow(stream([(1000, 3600)] * 11), 1)
    assert found is not None
    assert found.integral_wh == pytest.approx(10)
    assert found.counted_wh == 0
    assert found.registers == ("1-0:1.8.1", "1-0:1.8.2")
    # a rounded watt over ten seconds, and two registers that are cut at both ends
    assert found.u_wh == pytest.approx(2 + 0.5 * 10 / 3600)


def test_power_between_two_telegrams_is_uncertain():
    found = flow(stream([(1000, 0), (1000, 7200)]), 1)
    assert found is not None
    assert found.integral_wh == pytest.approx(1)
    assert found.u_wh > 2 + 0.99  # all of it


def test_a_register_that_begins_again_has_counted_on():
    found = flow(stream([(999_999_995, 3600), (5, 3600)]), 1)
    assert found is not None
    assert found.counted_wh == pytest.approx(10)


def test_a_clock_that_goes_back_measures_nothing():
    readings = stream([(1000, 3600), (1001, 3600)])
    assert flow(readings[::-1], 1) is None
    assert flow(readings, 2) is None  # no export here


def test_without_a_required_register_nobody_knows_what_was_counted():
    octets = [
        telegram(number, "1-0:1.8.1(000001.000*kWh)", "1-0:1.7.0(03.600*kW)") for number in (0, 1)
    ]
    assert flow(readings_of(watched(*octets)), 1) is None


def monotonic(values):
    readings = stream(values)
    context = context_of(counters.test_monotonic)
    watch = TelegramWatch(NL50, 300)
    counters.test_monotonic(readings, watch, context, context.checks)
    return context


def outcome(context):
    made = context.checks.made
    return judge(made, context._incidents).verdict


def test_a_register_may_begin_again_once_and_only_near_its_end():
    end = [(999_999_999, 0), (0, 0)]
    steady = [(1, 0)] * 299
    assert outcome(monotonic(end + steady)) is Verdict.PASS
    assert outcome(monotonic(end + steady + end)) is Verdict.FAIL
    assert outcome(monotonic([(900_000_000, 0), (0, 0), *steady])) is Verdict.FAIL
    assert outcome(monotonic([(999_999_999, 0), (5_000_000, 0), *steady])) is Verdict.FAIL


def test_a_short_observation_without_deviation_is_no_pass():
    context = monotonic([(1, 0)] * 20)
    assert outcome(context) is Verdict.INCONCLUSIVE
    assert context._incidents[0].reason is Reason.SHORT
    assert outcome(monotonic([(2, 0), (1, 0)])) is Verdict.FAIL


def test_energy_needs_its_time():
    context = context_of(counters.test_energy)
    with pytest.raises(Inconclusive) as raised:
        counters.test_energy(
            stream([(1000, 3600)] * 20), TelegramWatch(NL50, 300), context, context.checks
        )
    assert raised.value.reason is Reason.SHORT


def test_a_register_that_stands_still_while_energy_flows():
    context = context_of(counters.test_energy)
    readings = stream([(1000, 3600)] * 300)
    counters.test_energy(readings, TelegramWatch(NL50, 300), context, context.checks)
    missed = {c.id for c in context.checks.made if c.outcome is Outcome.MISSED}
    assert missed == {"counts", "agrees-import"}


def step_of(clock_s, line_s):
    (found,) = steps(stream([(1, 0), (2, 0)]), timed=True)
    return replace(found, clock_s=clock_s, line_s=line_s)


@pytest.mark.parametrize(
    ("clock_s", "line_s", "u_s", "deviates"),
    [
        (1, 1.0, 0, False),
        (0, 1.0, 0, True),  # a second has passed and the clock says none
        (0, 0.85, 0, False),  # two telegrams within one second of the clock
        (0, 1.004, 0.007, False),  # which they may be, as far as the stamps tell
        (-3600, 1.0, 0, True),
        (0, None, 0, True),  # nobody knows when it came
    ],
)
def test_a_clock_that_does_not_advance(clock_s, line_s, u_s, deviates):
    found = clock._does_not_advance(step_of(clock_s, line_s), u_s)
    assert (found is not None) is deviates


@pytest.mark.parametrize(
    ("clock_s", "line_s", "deviates"),
    [(2, 1.0, False), (3, 1.0, True), (0, 1.0, False), (30, 29.5, False), (1, None, False)],
)
def test_a_step_is_as_long_as_the_line_says(clock_s, line_s, deviates):
    assert (clock._wrong_step(step_of(clock_s, line_s), 1.0, 0) is not None) is deviates


def test_a_damaged_telegram_is_no_reading():
    good = telegram(0, "1-0:1.7.0(00.100*kW)")
    first, second = readings_of(watched(good, good.replace(b"00.100", b"00.900"), good))
    assert first.quantity("1-0:1.7.0") == second.quantity("1-0:1.7.0") == 100
    assert second.number == first.number + 2


def test_a_value_in_other_digits_or_twice_is_no_quantity():
    lines = ("1-0:1.7.0(0.1*kW)", "1-0:32.7.0(230.1*V)", "1-0:2.7.0(00.000*kW)")
    (reading,) = readings_of(watched(telegram(0, *lines, lines[2])))
    assert reading.quantity("1-0:1.7.0") is None
    assert reading.quantity("1-0:2.7.0") is None
    assert reading.quantity("1-0:32.7.0") == Decimal("230.1")
    assert reading.resolution("1-0:32.7.0") == Decimal("0.1")
    assert reading.place("1-0:9.9.9").line is None
