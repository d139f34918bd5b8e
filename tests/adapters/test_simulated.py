from datetime import UTC, datetime

import pytest

from adapters.base import Capability, LinkUrl
from adapters.registry import open_link
from adapters.simulated import SimulatedLink
from bench.core.clock import MILLISECOND, SECOND, MonotonicClock, VirtualClock
from bench.core.errors import AdapterLost, UsageError
from bench.core.line import LineErrors, LineSettings
from bench.protocols.p1.profile import load_profile
from bench.protocols.p1.telegram import decode_telegram
from bench.simulator.ports.p1 import RESPONSE_NS

N81 = LineSettings(115200)
E71 = LineSettings(9600, 7, "E")


def read_all(link, until):
    found = []
    while (chunk := link.read(until)) is not None:
        found.append(chunk)
    return found


def octets_of(link, until):
    return b"".join(chunk.octets for chunk in read_all(link, until))


def opened(url="simulated:p1?profile=nl50&seed=7", line=N81, clock=None):
    return open_link(url, line=line, clock=clock or VirtualClock())


def test_telegrams_arrive_in_virtual_time_with_exact_stamps():
    link = opened()
    chunks = read_all(link, 3 * SECOND)
    stream = b"".join(chunk.octets for chunk in chunks)
    assert stream.count(b"/ISK5") == 3
    assert chunks[0].at_ns == RESPONSE_NS + round(N81.character_ns)
    assert link.clock.now() == 3 * SECOND
    assert link.timing_uncertainty_s == 0
    assert link.line_errors() == LineErrors()
    assert link.line_format() == N81


def test_two_runs_are_equal():
    assert read_all(opened(), 5 * SECOND) == read_all(opened(), 5 * SECOND)


def test_seed_start_and_fault_come_from_the_url():
    start = "&start=2026-07-01T12:00:00"
    plain = octets_of(opened("simulated:p1?profile=nl50&seed=7" + start), SECOND // 2)
    assert b"0-0:1.0.0(260701120000S)" in plain
    assert plain != octets_of(opened("simulated:p1?seed=8" + start), SECOND // 2)
    faulty = octets_of(opened("simulated:p1?seed=7&fault=p1.crc-missing" + start), SECOND // 2)
    assert faulty == plain[:-6] + b"\r\n"


def test_the_request_line_stops_and_starts_the_telegrams():
    link = opened()
    read_all(link, 30 * MILLISECOND)
    released = link.request(False)
    rest = read_all(link, 10 * SECOND)
    assert all(chunk.at_ns <= released for chunk in rest)
    raised = link.request(True)
    first = link.read(20 * SECOND)
    assert first is not None
    assert first.octets.startswith(b"/")
    assert first.at_ns - raised < 100 * MILLISECOND


def test_writing_has_no_effect():
    one, other = opened(), opened()
    assert one.write(b"/?!\r\n") == 0
    assert octets_of(one, SECOND) == octets_of(other, SECOND)


def test_a_closed_link_takes_no_part_in_time():
    clock = VirtualClock()
    with opened(clock=clock) as link:
        assert link.read(SECOND) is not None
    link.close()
    clock.wait_until(5 * SECOND)
    with pytest.raises(AdapterLost, match="closed"):
        link.read(6 * SECOND)


def test_another_speed_is_garbage_with_counted_errors():
    link = opened(line=LineSettings(9600))
    stream = octets_of(link, SECOND)
    assert b"/ISK5" not in stream
    assert link.line_errors().framing > 0
    assert link.line_format() == N81


def test_seven_bits_heard_as_eight_keep_the_parity_bit():
    link = opened("simulated:p1?profile=nl30", line=LineSettings(9600))
    stream = octets_of(link, 5 * SECOND)
    low = bytes(octet & 0x7F for octet in stream)
    assert decode_telegram(low, load_profile("nl30")).problems == ()
    assert any(octet >= 0x80 for octet in stream)
    assert all(octet >> 7 == (octet & 0x7F).bit_count() % 2 for octet in stream)
    assert link.line_errors() == LineErrors()


def test_eight_bits_heard_as_seven_are_parity_errors():
    link = opened(line=LineSettings(115200, 7, "E"))
    stream = octets_of(link, SECOND // 2)
    assert decode_telegram(stream, load_profile("nl50")).problems == ()
    odd = sum(octet.bit_count() % 2 for octet in stream)
    assert link.line_errors() == LineErrors(parity=odd)


def test_two_stop_bits_are_seen_in_the_line_format_alone():
    link = opened("simulated:p1?fault=p1.uart-two-stop-bits")
    stream = octets_of(link, SECOND // 2)
    assert decode_telegram(stream, load_profile("nl50")).problems == ()
    assert link.line_errors() == LineErrors()
    assert link.line_format() == LineSettings(115200, stop_bits=2)


def test_wrong_parity_bits_are_counted_and_the_octets_delivered():
    link = opened("simulated:p1?profile=nl30&fault=p1.legacy-parity-mark", line=E71)
    stream = octets_of(link, 5 * SECOND)
    assert decode_telegram(stream, load_profile("nl30")).problems == ()
    assert link.line_errors().parity > 0


def test_behind_a_converter_the_line_format_is_not_seen():
    link = opened("simulated:p1?profile=nl30&fault=p1.legacy-bit-7", line=E71)
    assert Capability.LINE_FORMAT not in link.capabilities
    assert any(octet >= 0x80 for octet in octets_of(link, 5 * SECOND))
    assert link.line_errors() == LineErrors()
    with pytest.raises(UsageError, match="does not measure"):
        link.line_format()


def test_links_on_one_clock_show_one_metering_system():
    clock = VirtualClock()
    one, other = opened(clock=clock), opened(clock=clock)
    assert one.port.system is other.port.system
    assert one.port.system is not opened().port.system
    assert one.identity != other.identity


def test_time_goes_on_between_two_links():
    clock = VirtualClock()
    with opened(clock=clock) as link:
        read_all(link, 60 * SECOND)
    again = octets_of(opened(clock=clock), 60 * SECOND + SECOND // 2)
    assert b"0-0:1.0.0(260115100100W)" in again


def test_a_port_can_be_linked_without_a_url():
    clock = VirtualClock()
    port = opened().port
    port.set_request(False, 0)
    link = SimulatedLink(port, clock)
    assert link.read(SECOND) is not None
    assert link.describe()["driver"] == "bench.simulator"


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("simulated:p2", "known: p1"),
        ("simulated:p1?profil=nl50", "unknown option 'profil'"),
        ("simulated:p1?seed=many", "whole number"),
        ("simulated:p1?profile=xx99", "xx99"),
        ("simulated:p1?fault=p1.nothing", "p1.nothing"),
        ("simulated:p1?start=now", "2026-01-15T10:00:00"),
    ],
)
def test_a_bad_url_is_refused_with_what_to_write(url, message):
    with pytest.raises(UsageError, match=message):
        opened(url)


def test_real_time_is_refused():
    url = LinkUrl.parse("simulated:p1")
    with pytest.raises(UsageError, match="virtual clock"):
        SimulatedLink.open(url, N81, MonotonicClock())


def test_a_link_acts_on_the_device_and_sees_it_by_other_ways():
    link = opened()
    beside = {Capability.DEVICE_CONTROL, Capability.SUPPLY, Capability.S1_ACTIVITY}
    assert beside <= link.capabilities
    link.control("text", octets=b"hello")
    link.control("clock", utc=datetime(2026, 7, 1, 10, tzinfo=UTC))
    octets = octets_of(link, SECOND // 2)
    assert b"0-0:96.13.0(68656C6C6F)" in octets
    assert b"0-0:1.0.0(260701120000S)" in octets
    assert link.s1_active()
    link.control("deactivate")
    assert not link.s1_active()
    assert octets_of(link, 60 * SECOND) == b""
    link.control("activate")
    assert link.read(61 * SECOND).octets == b"/"
    assert link.supply(100).voltage_v > 4.9
    with pytest.raises(UsageError, match="known: activate"):
        link.control("reboot")


def test_the_time_of_the_bench_is_that_of_the_meter():
    clock = VirtualClock()
    link = opened("simulated:p1?start=2026-07-01T12:00:00", clock=clock)
    clock.epoch_ns = link.epoch_ns
    octets = octets_of(link, 5 * SECOND + SECOND // 2)
    now = datetime.fromtimestamp((clock.epoch_ns + clock.now()) // SECOND, UTC)
    assert now == datetime(2026, 7, 1, 10, 0, 5, tzinfo=UTC)
    assert octets.split(b"0-0:1.0.0(")[-1].startswith(b"260701120005S")


def test_a_household_is_chosen_by_name():
    octets = octets_of(opened("simulated:p1?profile=be17&household=be-delta"), SECOND // 2)
    assert b"1-0:52.7.0(000.0*V)" in octets
    with pytest.raises(UsageError, match="known: at, be"):
        opened("simulated:p1?household=mars")


def test_a_port_without_a_device_behind_it_offers_nothing_beside():
    class Bare:
        line = None

        def next_event(self):
            return None

        def emit(self, now):
            return b""

        def receive(self, octets, now):
            pass

        def set_request(self, active, now):
            pass

    link = SimulatedLink(Bare(), VirtualClock())
    assert Capability.DEVICE_CONTROL not in link.capabilities
    assert link.epoch_ns is None
    for ask in (lambda: link.control("text", octets=b""), link.s1_active, lambda: link.supply(1)):
        with pytest.raises(UsageError, match="link simulated:"):
            ask()
