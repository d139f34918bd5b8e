"""When the P1 port sends: requests, releases, activation, and what can be altered about them."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.core.clock import MILLISECOND, SECOND
from bench.core.link import Supply
from bench.protocols.p1.profile import profile_names
from bench.protocols.p1.telegram import decode_telegram
from bench.simulator.faults.fault import Alteration
from bench.simulator.metering_system import Systems
from bench.simulator.ports.p1 import REAL_TIME_BURST_NS, RESPONSE_NS, Stage, p1_port


def port_with(*alterations, profile="nl50", **options):
    changes = tuple(Alteration(stage, change) for stage, change in alterations)
    return p1_port(profile, alterations=changes, **options)


def play(port, until, *acts):
    """Return (instant, octets) of all that is sent up to `until`, while `acts` are done."""
    found = []
    for at, act in (*sorted(acts, key=lambda one: one[0]), (until, None)):
        while (due := port.next_event()) is not None and due <= at:
            if octets := port.emit(due):
                found.append((due, octets))
        if act is not None:
            act(port, at)
    return found


def raise_(port, at):
    port.set_request(True, at)


def release(port, at):
    port.set_request(False, at)


def activate(port, at):
    port.control("activate", {}, at)


def deactivate(port, at):
    port.control("deactivate", {}, at)


def stream(found, since=0):
    return b"".join(octets for at, octets in found if at >= since)


def starts(found):
    return [at for at, octets in found if octets == b"/"]


@pytest.mark.parametrize("profile", profile_names())
def test_each_edition_sends_promptly_and_whole_then_at_its_interval(profile):
    port = p1_port(profile)
    interval = round(port.profile.interval_s * SECOND)
    asked = 7 * SECOND + 123
    found = play(port, asked + 4 * interval, (asked, raise_))
    first = asked + RESPONSE_NS + round(port.profile.line.character_ns)
    assert starts(found) == [first + number * interval for number in range(4)]
    octets = stream(found)
    one = octets[: octets.index(b"/", 1)]
    assert decode_telegram(one, port.profile).problems == ()


@pytest.mark.parametrize("profile", ["nl50", "lu"])
def test_asking_again_within_an_interval_starts_a_new_time_base_and_doubles_nothing(profile):
    port = p1_port(profile)
    interval = round(port.profile.interval_s * SECOND)
    again = round(0.4 * interval)
    found = play(
        port,
        5 * interval,
        (0, raise_),
        (again - 2, release),
        (again - 1, raise_),
        (again, raise_),
    )
    shown = starts(found)
    assert shown[1] - (again - 1) < 25 * MILLISECOND
    assert {b - a for a, b in pairwise(shown[1:])} == {interval}


def test_a_request_shorter_than_the_response_gives_nothing():
    port = p1_port("nl50")
    found = play(port, 5 * SECOND, (0, raise_), (RESPONSE_NS - 1, release))
    assert found == []


@pytest.mark.parametrize("phase", range(20))
def test_at_release_the_port_stops_within_a_character(phase):
    port = p1_port("nl50")
    at = RESPONSE_NS + phase * 4_111_111 + 7
    found = play(port, 10 * SECOND, (0, raise_), (at, release))
    assert max((at for at, _ in found), default=at) <= at
    sent = int((at - RESPONSE_NS) / port.profile.line.character_ns)
    whole = p1_port("nl50").telegram(RESPONSE_NS)
    assert stream(found) == whole[:sent]


def test_a_deactivated_port_sends_nothing_and_comes_back_whole():
    port = p1_port("nl50")
    off, on = 3 * SECOND + 50 * MILLISECOND, 63 * SECOND
    found = play(port, 65 * SECOND, (0, raise_), (off, deactivate), (on, activate))
    assert not [at for at, _ in found if off < at < on]
    back = stream(found, on)
    assert starts(found)[-2] - on < 25 * MILLISECOND
    objects = decode_telegram(back[: back.index(b"/", 1)], port.profile)
    assert objects.problems == ()
    before = stream(found)
    assert set(objects.objects()) == set(
        decode_telegram(before[: before.index(b"/", 1)], port.profile).objects()
    )


def test_a_port_that_is_deactivated_does_not_answer_a_request():
    port = p1_port("nl50")
    found = play(port, 9 * SECOND, (0, deactivate), (1, raise_), (5 * SECOND, release))
    assert found == []
    assert play(port, 20 * SECOND, (10 * SECOND, activate)) == []


def test_all_ports_of_a_device_go_off_together():
    systems = Systems()
    one, other = p1_port("be17", systems=systems), p1_port("be17", systems=systems)
    for port in (one, other):
        port.set_request(True, 0)
    other.control("deactivate", {}, 1)
    assert one.next_event() is None
    assert not one.s1_active()
    other.control("activate", {}, 2)
    assert one.next_event() == 2 + RESPONSE_NS
    assert one.s1_active()


def test_a_text_is_in_every_telegram_until_it_is_cleared():
    port = p1_port("nl50")
    octets = bytes(range(32, 127)) * 11
    port.control("text", {"octets": octets[:1024]}, 0)
    line = b"0-0:96.13.0(" + octets[:1024].hex().upper().encode() + b")\r\n"
    found = play(
        port,
        6 * SECOND,
        (0, raise_),
        (3 * SECOND, lambda port, at: port.control("text", {"octets": b""}, at)),
    )
    telegrams = stream(found).split(b"/")[1:]
    assert [line in one for one in telegrams] == [True] * 3 + [False] * 3
    assert all(b"0-0:96.13.0()\r\n" in one for one in telegrams[3:])
    assert decode_telegram(b"/" + telegrams[0], port.profile).problems == ()


def test_outages_while_observed_show_in_the_next_telegram():
    port = p1_port("nl50")

    def outages(port, at):
        port.control("outages", {"count": 11, "seconds": 200}, at)

    found = play(port, 3 * SECOND, (0, raise_), (SECOND + SECOND // 2, outages))
    counts = [
        tuple(
            decode_telegram(b"/" + one, port.profile).objects()[obis][0].text
            for obis in ("0-0:96.7.21", "0-0:96.7.9", "1-0:99.97.0")
        )
        for one in stream(found).split(b"/")[1:]
    ]
    assert counts == [("00006", "00002", "2")] * 2 + [("00017", "00013", "10")]


def test_the_clock_of_the_meter_can_be_set_while_it_sends():
    port = p1_port("nl50")

    def clock(port, at):
        port.control("clock", {"utc": datetime(2026, 10, 25, 0, 59, 58, tzinfo=UTC)}, at)

    found = play(port, 6 * SECOND, (0, raise_), (3 * SECOND, clock))
    shown = [one.split(b"0-0:1.0.0(")[1][:13] for one in stream(found).split(b"/")[1:]]
    assert shown[:3] == [b"260115100000W", b"260115100001W", b"260115100002W"]
    assert shown[3:] == [b"261025025958S", b"261025025959S", b"261025020000W"]


def test_the_first_octet_is_seen_when_it_has_passed_and_bursts_can_be_as_short_as_a_reader_needs():
    for profile in ("nl50", "nl30"):
        port = p1_port(profile, burst_ns=REAL_TIME_BURST_NS)
        found = play(port, 9 * SECOND, (0, raise_))
        character = port.profile.line.character_ns
        assert found[0] == (RESPONSE_NS + round(character), b"/")
        longest = max(len(octets) for _, octets in found)
        assert longest == max(1, int(REAL_TIME_BURST_NS / character))


def test_a_register_rolls_over_at_its_top():
    changed = (
        Stage.HOUSEHOLD,
        lambda found, _: replace(found, start_wh=999_999_990, held_w=36_000),
    )
    found = play(port_with(changed), 4 * SECOND, (0, raise_))
    shown = [one.split(b"1-0:1.8.2(")[1][:14] for one in stream(found).split(b"/")[1:]]
    assert shown[0] in (b"999999.990*kWh", b"999999.991*kWh")
    assert shown[-1].startswith(b"000000.0")


def test_firmware_may_announce_another_version_and_add_objects():
    firmware = (("1-0:32.7.124", "(00.4*%)"), ("0-0:96.50.1", "(1)(2)"))

    def newer(found, _):
        return replace(found, firmware=replace(found.firmware, version="50217", added=firmware))

    octets = port_with((Stage.HOUSEHOLD, newer), profile="be16").telegram(0)
    assert b"0-0:96.1.4(50217)\r\n" in octets
    assert octets[:-6].endswith(b"1-0:32.7.124(00.4*%)\r\n0-0:96.50.1(1)(2)\r\n!")


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 4000), st.sampled_from([raise_, release, activate, deactivate])),
        max_size=12,
    )
)
def test_whatever_is_done_to_it_the_port_sends_only_when_asked_and_starts_with_a_telegram(acts):
    port = p1_port("nl50")
    on = {raise_: False, activate: True}
    opposite = {release: raise_, deactivate: activate}
    spans, since = [], None  # of the time in which it may send
    timed = sorted(((ms * MILLISECOND, act) for ms, act in acts), key=lambda one: one[0])
    for at, act in timed:
        on[opposite.get(act, act)] = act in on
        if all(on.values()) and since is None:
            since = at
        elif not all(on.values()) and since is not None:
            spans.append((since, at))
            since = None
    spans.append((5 * SECOND if since is None else since, 5 * SECOND))
    found = play(port, 5 * SECOND, *timed)
    assert [at for at, _ in found] == sorted(at for at, _ in found)
    for begin, end in spans:
        octets = b"".join(octets for at, octets in found if begin < at <= end)
        assert not octets or octets.startswith(b"/")
        for whole in octets.split(b"/")[1:-1]:
            assert decode_telegram(b"/" + whole, port.profile).problems == ()
    allowed = sum(len(o) for at, o in found if any(b < at <= e for b, e in spans))
    assert allowed == sum(len(octets) for _, octets in found)


# -- what can be altered


def test_intervals_latency_and_speed_can_be_altered():
    port = port_with(
        (Stage.INTERVAL, lambda ns, index: ns + index * 100 * MILLISECOND),
        (Stage.LATENCY, lambda ns, _: ns + 2 * SECOND),
        (Stage.CHARACTER, lambda ns, index: ns * 2 if index == 1 else ns),
    )
    found = play(port, 8 * SECOND, (0, raise_))
    character = port.profile.line.character_ns
    begun = [2 * SECOND + RESPONSE_NS]
    for index in range(4):
        begun.append(begun[-1] + SECOND + index * 100 * MILLISECOND)
    expected = [at + round(character * (2 if i == 1 else 1)) for i, at in enumerate(begun)]
    assert starts(found) == expected


def test_a_telegram_longer_than_the_interval_is_followed_at_once():
    port = port_with((Stage.CHARACTER, lambda ns, _: ns * 30))
    found = play(port, 10 * SECOND, (0, raise_))
    length = len(port.telegram(RESPONSE_NS))
    times = starts(found)
    assert abs(times[1] - times[0] - round(length * port.profile.line.character_ns * 30)) <= 1


@pytest.mark.parametrize(
    ("policy", "count"), [("stop", 0), ("finish", 1), ("one-more", 2), ("ignore", 5)]
)
def test_what_a_release_does_can_be_altered(policy, count):
    port = port_with((Stage.RELEASE, lambda _, __: policy))
    at = RESPONSE_NS + 10 * MILLISECOND
    found = play(port, 5 * SECOND, (0, raise_), (at, release))
    assert stream(found).count(b"\r\n!") == count
    again = stream(play(port, 7 * SECOND, (6 * SECOND, raise_)))
    assert again.startswith(b"/")


def test_the_first_telegram_after_each_request_can_be_altered():
    port = port_with((Stage.FIRST, lambda octets, _: octets[100:]))
    found = play(port, 6 * SECOND, (0, raise_), (2 * SECOND, release), (3 * SECOND, raise_))
    octets = stream(found)
    assert octets.count(b"/ISK5") == 3
    assert not stream(found, 3 * SECOND).startswith(b"/")


def test_a_port_can_hang_after_so_many_toggles():
    port = port_with((Stage.TOGGLES, lambda n, _: "hang" if n == 3 else "ok"))
    toggles = [(0, raise_), (SECOND, release), (2 * SECOND, raise_), (4 * SECOND, release)]
    found = play(port, 9 * SECOND, *toggles, (5 * SECOND, raise_))
    assert len(starts(found)) == 1


def test_toggles_can_count_as_failures():
    port = port_with((Stage.TOGGLES, lambda n, _: "count-failure" if n % 2 else "ok"))
    before = port.system.at(0).short_failures
    play(port, SECOND, *((n, raise_ if n % 2 == 0 else release) for n in range(6)))
    assert port.system.at(0).short_failures == before + 3


def test_what_is_left_while_deactivated_can_be_altered():
    port = port_with((Stage.DEACTIVATED, lambda _, __: ("1-0:1.7.0(00.100*kW)",)))
    found = play(port, 4 * SECOND, (0, raise_), (SECOND + 1, deactivate))
    last = stream(found).split(b"/")[-1]
    assert last.endswith(b"\r\n\r\n1-0:1.7.0(00.100*kW)\r\n!" + last[-6:])
    assert decode_telegram(b"/" + last, port.profile).problems == ()
    assert len(starts(found)) == 4


def test_s1_can_go_on_alone():
    port = port_with((Stage.S1, lambda _, __: True))
    port.control("deactivate", {}, 0)
    assert port.s1_active()


def test_the_supply_holds_to_its_rating_and_folds_back_beyond():
    port = p1_port("nl50")
    for load_ma in (0, 100, 250):
        found = port.supply(load_ma)
        assert 4.9 <= found.voltage_v <= 5.5
        assert found.current_ma == load_ma
    assert port.supply(350).voltage_v < 1
    assert port.supply(350).current_ma <= 50
    assert port.supply(None).voltage_v == 0
    assert port.supply(None).current_ma <= 50
    assert port.supply(250).voltage_v >= 4.9


def test_the_supply_can_be_altered():
    weak = port_with((Stage.SUPPLY, lambda _, __: lambda load_ma: Supply(4.6, load_ma or 0.0)))
    assert weak.supply(250) == Supply(4.6, 250)


def test_the_truth_can_be_altered_before_it_is_written():
    port = port_with((Stage.READING, lambda r, index: replace(r, text=b"" if index else b"hi")))
    found = play(port, 3 * SECOND, (0, raise_))
    assert [b"0-0:96.13.0(6869)" in one for one in stream(found).split(b"/")[1:]] == [
        True,
        False,
        False,
    ]
