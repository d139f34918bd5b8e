"""Virtual time: order, determinism, and that it takes no real time."""

import time

import pytest

from bench.core.clock import SECOND, MonotonicClock, VirtualClock, seconds


class Ticker:
    """Acts every `period`, `times` times, and writes its name and the instant to `log`."""

    def __init__(self, name, log, period, times=3, first=None):
        self.name, self.log, self.period, self.left = name, log, period, times
        self.next = period if first is None else first

    def next_event(self):
        return self.next if self.left else None

    def step(self, now):
        self.log.append((now, self.name))
        self.left -= 1
        self.next += self.period


@pytest.fixture
def _no_sleep(monkeypatch):
    def refuse(_s):
        raise AssertionError("virtual time slept")

    monkeypatch.setattr(time, "sleep", refuse)


@pytest.mark.usefixtures("_no_sleep")
def test_processes_act_in_the_order_of_time():
    clock, log = VirtualClock(), []
    clock.attach(Ticker("slow", log, 5))
    clock.attach(Ticker("fast", log, 2))
    clock.wait_until(9)
    assert log == [(2, "fast"), (4, "fast"), (5, "slow"), (6, "fast")]
    assert clock.now() == 9


@pytest.mark.usefixtures("_no_sleep")
def test_at_one_instant_the_first_attached_acts_first():
    clock, log = VirtualClock(), []
    for name in "abc":
        clock.attach(Ticker(name, log, 7, times=2))
    clock.wait_until(14)
    assert log == [(7, "a"), (7, "b"), (7, "c"), (14, "a"), (14, "b"), (14, "c")]


@pytest.mark.usefixtures("_no_sleep")
def test_a_day_takes_no_time():
    clock, log = VirtualClock(epoch_ns=5), []
    clock.attach(Ticker("x", log, seconds(3600), times=100))
    clock.wait_until(seconds(86400))
    assert len(log) == 24
    assert clock.now() == 86400 * SECOND
    assert clock.epoch_ns == 5


def test_running_stops_at_the_instant_at_which_it_is_asked_to():
    clock, log = VirtualClock(), []
    clock.attach(Ticker("x", log, 3))
    assert clock.run(100, lambda: len(log) == 2)
    assert clock.now() == 6
    assert not clock.run(7, lambda: len(log) == 3)
    assert clock.now() == 7


def test_a_stop_that_holds_already_lets_no_time_go_by():
    clock, log = VirtualClock(), []
    clock.attach(Ticker("x", log, 3))
    assert clock.run(100, lambda: True)
    assert clock.now() == 0
    assert log == []


def test_time_never_goes_back():
    clock, log = VirtualClock(), []
    clock.wait_until(50)
    clock.attach(Ticker("late", log, 10, times=1, first=10))
    clock.wait_until(20)
    assert clock.now() == 50
    clock.wait_until(60)
    assert log == [(50, "late")]


def test_a_detached_process_acts_no_more():
    clock, log = VirtualClock(), []
    ticker = Ticker("x", log, 1)
    clock.attach(ticker)
    clock.wait_until(1)
    clock.detach(ticker)
    clock.detach(ticker)
    clock.wait_until(10)
    assert log == [(1, "x")]


def test_two_clocks_with_the_same_processes_do_the_same():
    def history():
        clock, log = VirtualClock(), []
        for name, period in (("a", 3), ("b", 4), ("c", 6)):
            clock.attach(Ticker(name, log, period, times=9))
        clock.wait_until(40)
        return log

    assert history() == history()


def test_real_time_goes_on_and_waits(monkeypatch):
    slept = []
    monkeypatch.setattr(time, "sleep", slept.append)
    monkeypatch.setattr(time, "monotonic_ns", lambda: 7 * SECOND)
    clock = MonotonicClock()
    assert clock.now() == 0
    clock.wait_until(2 * SECOND)
    clock.wait_until(0)
    clock.wait_until(-SECOND)
    assert slept == [2.0]


def test_seconds_are_rounded_to_nanoseconds():
    assert seconds(1.5) == 1_500_000_000
    assert seconds(1e-9) == 1
