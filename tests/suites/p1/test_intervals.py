"""The rhythm of telegrams, from chunks with chosen stamps."""

import math

import pytest

from bench.core.check import Level, Outcome
from bench.core.clock import MILLISECOND, SECOND
from bench.core.measurement import judge_measurement
from bench.core.trace import Chunk
from bench.engine.observation import Ended
from bench.protocols.p1.profile import load_profile, profile_names
from bench.simulator.ports.p1 import p1_port
from suites.p1.intervals import (
    Declared,
    between_stamps,
    intervals,
    mean_of_intervals,
    quantile,
    timing_level,
    transfer_s,
)
from suites.p1.watch import TelegramWatch

PROFILE = load_profile("nl50")


def watch_of(*events):
    """Return a finished watch of (instant in ms, octets)."""
    watch = TelegramWatch(PROFILE, 1000)
    for at_ms, octets in events:
        watch.feed(Chunk(round(at_ms * MILLISECOND), octets))
    watch.finish(Ended.COMPLETE)
    return watch


@pytest.fixture(scope="module")
def telegram():
    return p1_port("nl50").telegram(0)


def test_an_interval_lies_between_the_starts_whatever_the_lengths(telegram):
    longer = telegram.replace(b"0-0:96.13.0()", b"0-0:96.13.0(" + b"41" * 500 + b")")
    duration_ms = len(telegram) * PROFILE.line.character_ns / MILLISECOND
    longer_ms = len(longer) * PROFILE.line.character_ns / MILLISECOND
    found = intervals(watch_of((1000 + duration_ms, telegram), (2000 + longer_ms, longer)))
    assert [one.length_s for one in found] == [pytest.approx(1.0, abs=1e-6)]
    assert found[0].pause_s == pytest.approx(1.0 - duration_ms / 1000, abs=1e-3)


def test_a_stretch_that_may_hide_a_telegram_is_no_interval(telegram):
    garbled = telegram.replace(b"/", b"?")
    watch = watch_of((1000, telegram), (2000, garbled), (3000, telegram), (4000, telegram))
    assert [round(one.length_s, 3) for one in intervals(watch)] == [1.0]


def test_a_few_octets_between_telegrams_do_not_hide_one(telegram):
    watch = watch_of((1000, telegram), (1500, b"\r\n"), (2000, telegram))
    assert [round(one.length_s, 3) for one in intervals(watch)] == [1.0]


def test_a_broken_off_telegram_leaves_no_interval_across_it(telegram):
    watch = watch_of((1000, telegram), (2000, telegram[:300]), (9000, telegram), (10000, telegram))
    assert [round(one.length_s, 3) for one in intervals(watch)] == [1.0]


def test_one_telegram_has_no_interval(telegram):
    assert intervals(watch_of((1000, telegram))) == ()


def test_the_transfer_counts_the_first_character_too(telegram):
    (seen,) = watch_of((1000, telegram)).telegrams
    expected = len(telegram) * PROFILE.line.character_ns / SECOND
    assert transfer_s(seen.frame, PROFILE) == pytest.approx(expected, rel=1e-6)


def test_two_stamps_are_less_certain_than_one():
    assert between_stamps(1.0, 0.005).uncertainty == pytest.approx(0.005 * math.sqrt(2))


def test_a_mean_is_more_certain_than_an_interval(telegram):
    found = intervals(watch_of(*((1000 * n, telegram) for n in range(1, 51))))
    mean = mean_of_intervals(found, 0.005)
    assert mean.value == pytest.approx(1.0)
    assert mean.uncertainty < between_stamps(1.0, 0.005).uncertainty / 6


@pytest.mark.parametrize(
    ("share", "value"), [(0.5, 150), (0.95, 285), (0.99, 297), (1.0, 300), (0.0001, 1)]
)
def test_a_quantile_is_one_of_the_values(share, value):
    assert quantile(range(1, 301), share) == value


def test_limits_of_no_clause_say_where_they_come_from():
    limits = Declared(0.8, 1.2, "policy: interval_tolerance_s")
    assert str(limits) == "0.8 .. 1.2 (policy: interval_tolerance_s)"
    assert judge_measurement(between_stamps(1.25, 0.005), limits) is Outcome.MISSED
    assert judge_measurement(between_stamps(1.2, 0.005), limits) is Outcome.UNDECIDED


def test_times_bind_where_the_text_of_an_edition_is_known():
    binding = {key for key in profile_names() if timing_level(load_profile(key)) is Level.MUST}
    assert {"nl22", "nl42", "nl50", "be13", "be21", "lu"} <= binding
    assert not {"se", "hu", "at", "ch", "lt", "de"} & binding
