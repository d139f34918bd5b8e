"""Invocation counters of both directions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.core.errors import UsageError
from bench.protocols.dlms.ciphered import SecurityControl
from bench.protocols.dlms.security.counters import (
    HIGHEST,
    CounterKey,
    Freshness,
    ReceivedCounters,
    SendingCounters,
)

UNICAST, BROADCAST, DEDICATED = CounterKey


def test_the_first_counter_may_be_any():
    for first in (0, 1, HIGHEST):
        assert ReceivedCounters().accept(UNICAST, first) is Freshness.FRESH


def test_a_counter_is_higher_than_all_before():
    received = ReceivedCounters()
    assert received.accept(UNICAST, 10) is Freshness.FRESH
    assert received.expected(UNICAST) == 11
    assert received.accept(UNICAST, 10) is Freshness.REPEATED
    assert received.accept(UNICAST, 9) is Freshness.LOWER
    assert received.accept(UNICAST, 0) is Freshness.LOWER
    assert received.expected(UNICAST) == 11
    assert received.accept(UNICAST, 1000) is Freshness.FRESH
    assert received.expected(UNICAST) == 1001


def test_judging_remembers_nothing():
    received = ReceivedCounters()
    assert received.judge(UNICAST, 5) is Freshness.FRESH
    assert received.judge(UNICAST, 5) is Freshness.FRESH
    assert received.expected(UNICAST) == 0


def test_every_key_has_its_own_counter():
    received = ReceivedCounters()
    received.accept(UNICAST, 100)
    assert received.accept(BROADCAST, 1) is Freshness.FRESH
    assert received.accept(DEDICATED, 0) is Freshness.FRESH
    received.restart(UNICAST)
    assert [received.expected(key) for key in CounterKey] == [0, 2, 1]


def test_nothing_follows_the_highest_counter_but_a_new_key():
    received = ReceivedCounters()
    assert received.accept(UNICAST, HIGHEST - 1) is Freshness.FRESH
    assert not received.exhausted(UNICAST)
    assert received.accept(UNICAST, HIGHEST) is Freshness.FRESH
    assert received.exhausted(UNICAST)
    assert received.accept(UNICAST, HIGHEST) is Freshness.REPEATED
    assert received.accept(UNICAST, 0) is Freshness.LOWER
    received.restart(UNICAST)
    assert received.accept(UNICAST, 0) is Freshness.FRESH


def test_which_key_an_apdu_belongs_to():
    unicast, broadcast = SecurityControl.of(0x30), SecurityControl.of(0x70)
    assert CounterKey.of(unicast, dedicated=False) is UNICAST
    assert CounterKey.of(broadcast, dedicated=False) is BROADCAST
    assert CounterKey.of(unicast, dedicated=True) is DEDICATED
    assert CounterKey.of(broadcast, dedicated=True) is DEDICATED


def test_sending_uses_every_number_once_and_the_highest_last():
    sending = SendingCounters()
    assert [sending.take(UNICAST) for _ in range(3)] == [0, 1, 2]
    assert sending.upcoming(UNICAST) == 3
    assert sending.take(DEDICATED) == 0
    sending.restart(UNICAST, HIGHEST)
    assert sending.take(UNICAST) == HIGHEST
    assert sending.take(UNICAST) is None
    assert sending.upcoming(UNICAST) is None
    sending.restart(UNICAST)
    assert sending.take(UNICAST) == 0


@pytest.mark.parametrize("counter", [-1, HIGHEST + 1])
def test_numbers_of_more_than_32_bits_are_misuse(counter):
    for call in (
        lambda: ReceivedCounters().accept(UNICAST, counter),
        lambda: ReceivedCounters().restart(UNICAST, counter),
        lambda: SendingCounters().restart(UNICAST, counter),
    ):
        with pytest.raises(UsageError, match="32 bits"):
            call()


@given(st.lists(st.integers(0, HIGHEST) | st.integers(0, 9)))
def test_accepted_are_those_that_are_higher_than_all_before(counters):
    received, highest = ReceivedCounters(), -1
    for counter in counters:
        assert (received.accept(UNICAST, counter) is Freshness.FRESH) == (counter > highest)
        highest = max(highest, counter)
