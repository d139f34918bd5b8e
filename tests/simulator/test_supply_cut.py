"""A power cut: what stops, what survives, and when the ports are there again."""

from datetime import UTC, datetime, timedelta

import pytest

from bench.core.errors import AdapterUnavailable, UsageError
from bench.simulator.control import control
from bench.simulator.metering_system import MeteringSystem, Systems
from bench.simulator.ports import p1, s1, wan
from bench.simulator.ports.p1 import p1_port
from bench.simulator.ports.s1 import s1_port
from bench.simulator.ports.wan import wan_port
from bench.simulator.presets import household
from bench.simulator.registers import Quantity

SECOND = 1_000_000_000
START = datetime(2026, 1, 15, 9, 0, tzinfo=UTC)
CUT, BACK = 20 * SECOND + 300_000_000, 30 * SECOND + 300_000_000


@pytest.fixture
def system():
    return MeteringSystem(7, START, household("be", 7))


def cut(target, seconds=10, now=CUT):
    return control(target, "power", {"seconds": seconds}, now)


def emitted(port, until):
    found = []
    while (at := port.next_event()) is not None and at <= until:
        if octets := port.emit(at):
            found.append((at, octets))
    return found


def test_nothing_is_drawn_without_supply_and_all_that_was_counted_stays(system):
    before = system.at(CUT).energy_wh(Quantity.IMPORT)
    assert cut(system) == BACK
    off = system.at(BACK - SECOND)
    assert {one.voltage_mv for one in off.power.phases} == {0}
    assert off.energy_wh(Quantity.IMPORT) - before <= 1
    assert off.utc == START + timedelta(seconds=29)
    assert system.at(BACK + SECOND).power.phases[0].voltage_mv > 200_000
    assert system.at(BACK + 600 * SECOND).energy_wh(Quantity.IMPORT) > before


def test_a_cut_is_counted_once_and_logged_when_it_was_long(system):
    short, logged = system.short_failures, len(system.failures)
    cut(system)
    assert (system.short_failures, len(system.failures)) == (short + 1, logged)
    cut(system, seconds=200, now=60 * SECOND)
    assert (system.short_failures, len(system.failures)) == (short + 1, logged + 1)
    last = system.failures[-1]
    assert (last.duration_s, last.ended) == (200, START + timedelta(seconds=260))


@pytest.mark.parametrize("seconds", [0, -1, 1e9])
def test_a_cut_lasts_for_some_time(system, seconds):
    with pytest.raises(UsageError, match="cannot be cut"):
        cut(system, seconds=seconds)


def test_p1_stops_at_once_and_sends_whole_telegrams_again():
    port = p1_port("be17")
    port.set_request(True, 0)
    early = emitted(port, CUT)
    assert cut(port.system) == BACK
    late = emitted(port, BACK + 10 * SECOND)
    assert early[-1][0] <= CUT
    after = [at for at, _ in late if at > CUT]
    assert after[0] >= BACK + p1.BOOT_NS
    assert b"".join(octets for at, octets in late if at > CUT).startswith(b"/")


def test_s1_stops_at_once_and_sends_whole_frames_again():
    port = s1_port()
    port.set_request(True, 0)
    assert emitted(port, CUT)
    cut(port.system)
    late = emitted(port, BACK + 3 * SECOND)
    assert late[0][0] >= BACK + s1.BOOT_NS
    assert late[0][1].startswith(b"\x7e")


def test_what_begins_to_listen_meanwhile_waits():
    system = Systems().get(10, START, household("be", 10))
    for port, boot_ns in (
        (p1_port("be17", start=START, systems=_of(system)), p1.BOOT_NS),
        (s1_port(start=START, systems=_of(system)), s1.BOOT_NS),
    ):
        assert port.system is system
        cut(system)
        port.set_request(True, CUT + SECOND)
        assert emitted(port, BACK + boot_ns + 2 * SECOND)[0][0] >= BACK + boot_ns


def _of(system):
    class One(Systems):
        def get(self, *_args):
            return system

    return One()


def test_wan_connections_end_and_none_is_made_before_the_meter_runs():
    device = wan_port("wrapper", home="be")
    connection = device.accept(0)
    cut(device.system)
    assert connection.ended
    with pytest.raises(AdapterUnavailable, match="no supply"):
        device.accept(BACK + SECOND)
    assert not device.accept(BACK + wan.BOOT_NS).ended


def test_a_line_stays_but_nobody_hears():
    device = wan_port("hdlc", home="be")
    connection = device.accept(0)
    cut(device.system)
    assert not connection.ended
    assert device.crashed(BACK + SECOND)
    assert not device.crashed(BACK + wan.BOOT_NS)


@pytest.mark.parametrize("rule", ["", "counters-volatile", "expected-volatile"])
def test_counters_survive_unless_a_rule_says_otherwise(rule):
    from bench.simulator.wan.key_ring import KeyRing
    from bench.simulator.wan.options import WanOptions

    ring = KeyRing(0, lambda _name: bytes(16), WanOptions(breaks=frozenset({rule} - {""})))
    first = ring.unicast.expected, ring.unicast.next_sent
    assert ring.unicast.take(40, frozenset())
    ring.sent_counter()
    used = ring.unicast.expected, ring.unicast.next_sent
    ring.supply_cut()
    found = ring.unicast.expected, ring.unicast.next_sent
    assert found[0] == (first[0] if rule == "expected-volatile" else used[0])
    assert found[1] == (first[1] if rule == "counters-volatile" else used[1])
