"""The simulated port of Luxembourg when its encryption is on."""

import pytest

from bench.core.clock import SECOND
from bench.core.errors import UsageError
from bench.protocols.p1.ciphering import COUNTER_END, decode_frame, open_frame
from bench.simulator.ports.p1 import P1Port, p1_port
from bench.simulator.ports.p1_encryption import encryption_key, system_title


def sent(port: P1Port, intervals: int) -> list[bytes]:
    """Return what the port sends in each of the next intervals of ten seconds."""
    start = 0 if port.next_event() is None else port.next_event()
    port.set_request(True, 0)
    found = []
    for number in range(intervals):
        until = start + (10 * number + 9) * SECOND
        found.append(port.emit(until))
    return found


def test_each_frame_opens_to_the_telegram_of_a_plain_port():
    frames = sent(p1_port("lu", seed=7, encrypted=True), 3)
    plain = sent(p1_port("lu", seed=7), 3)
    for octets, text in zip(frames, plain, strict=True):
        frame = decode_frame(octets)
        assert frame.problems == ()
        assert frame.title == system_title(7)
        opened = open_frame(frame, encryption_key(7))
        assert opened is not None
        assert (opened.authentic, opened.plaintext) == (True, text)
    counters = [decode_frame(octets).counter for octets in frames]
    assert counters == [0xFB, 0xFC, 0xFD]


def test_every_device_has_a_key_and_a_title_of_its_own():
    assert encryption_key(7) != encryption_key(8)
    assert system_title(7) != system_title(8)
    assert (len(encryption_key(7)), len(system_title(7))) == (16, 8)


def test_port_falls_silent_when_its_counters_are_used_up():
    port = p1_port("lu", encrypted=True)
    port.control("counter", {"value": COUNTER_END - 1}, 0)
    first, second, *rest = sent(port, 5)
    assert decode_frame(first).counter == COUNTER_END - 1
    assert decode_frame(second).counter == COUNTER_END
    assert rest == [b"", b"", b""]


@pytest.mark.parametrize("values", [{}, {"value": -1}, {"value": COUNTER_END + 1}])
def test_counter_that_no_frame_can_have_is_refused(values):
    with pytest.raises(UsageError, match="from 0 to 4294967295"):
        p1_port("lu", encrypted=True).control("counter", values, 0)


def test_plain_port_has_no_counter():
    with pytest.raises(UsageError, match="no action 'counter'"):
        p1_port("lu").control("counter", {"value": 1}, 0)


def test_other_editions_have_no_encryption():
    with pytest.raises(UsageError, match="edition nl50 has no encryption; choose profile=lu"):
        p1_port("nl50", encrypted=True)
