from datetime import UTC, datetime

import pytest

from bench.core.check import Level
from bench.core.clock import MILLISECOND, SECOND
from bench.core.errors import UsageError
from bench.protocols.p1.objects import Rule
from bench.protocols.p1.profile import load_profile, profile_names
from bench.protocols.p1.telegram import decode_telegram
from bench.simulator.ports.p1 import RESPONSE_NS, p1_port

WITH_CRC = [key for key in profile_names() if load_profile(key).has_crc]


def telegrams(port, count):
    interval = round(port.profile.interval_s * SECOND)
    return [port.telegram(RESPONSE_NS + index * interval, index) for index in range(count)]


def emitted(port, until):
    """Return (instant, octets) of every burst up to `until`."""
    found = []
    while (at := port.next_event()) is not None and at <= until:
        octets = port.emit(at)
        if octets:
            found.append((at, octets))
    return found


@pytest.mark.parametrize("key", profile_names())
@pytest.mark.parametrize("start", ["2026-01-15T10:00:00", "2026-07-01T23:58:55"])
def test_the_reference_device_of_every_profile_has_no_problem(key, start):
    port = p1_port(key, seed=4, start=start)
    for octets in telegrams(port, 20):
        assert decode_telegram(octets, port.profile).problems == ()


@pytest.mark.parametrize("key", profile_names())
def test_every_mandatory_object_is_sent(key):
    port = p1_port(key)
    found = decode_telegram(telegrams(port, 1)[0], port.profile).objects()
    rules = {Rule.ALWAYS, Rule.POLYPHASE}
    for entry in port.profile.patterns:
        if entry.rule in rules and entry.level is Level.MUST:
            assert entry.obis in found


@pytest.mark.parametrize("key", WITH_CRC)
def test_soon_a_crc_has_a_leading_zero_and_another_a_letter(key):
    digits = [octets[-6:-2] for octets in telegrams(p1_port(key), 30)]
    assert any(crc.startswith(b"0") for crc in digits)
    assert any(crc.lower() != crc for crc in digits)


def test_a_one_phase_meter_has_no_second_phase():
    from bench.simulator.faults import alterations

    port = p1_port("nl50", alterations=alterations("p1.one-phase"))
    telegram = telegrams(port, 1)[0]
    assert b"1-0:32.7.0(" in telegram
    assert b"1-0:52.7.0(" not in telegram
    assert b"1-0:72.7.0(" not in telegram


def test_dsmr_3_writes_the_gas_reading_on_the_next_line():
    lines = telegrams(p1_port("nl30"), 1)[0].split(b"\r\n")
    at = next(i for i, line in enumerate(lines) if line.startswith(b"0-1:24.3.0("))
    assert lines[at + 1].startswith(b"(")


def test_flemish_meters_send_uncorrected_gas_and_corrected_water():
    octets = telegrams(p1_port("be17"), 1)[0]
    assert b"0-1:24.1.0(003)\r\n" in octets
    assert b"0-1:24.2.3(" in octets
    assert b"0-1:24.2.1(" not in octets
    assert b"0-2:24.1.0(007)\r\n" in octets
    assert b"0-2:24.2.1(" in octets
    assert b"1-3:0.2.8" not in octets
    assert b"0-0:96.1.4(50217)" in octets


def test_the_values_are_those_of_the_metering_system():
    port = p1_port("nl50", seed=5)
    port.system.text = b"hello"
    reading = port.system.at(61 * SECOND)
    decoded = decode_telegram(port.telegram(61 * SECOND), port.profile)
    values = {obis: [v.text for v in found] for obis, found in decoded.objects().items()}
    assert values["0-0:1.0.0"] == ["260115100101W"]
    assert values["0-0:96.13.0"] == [b"hello".hex().upper()]
    assert bytes.fromhex(values["0-0:96.1.1"][0]).decode() == port.system.household.serial
    power = max(reading.power.active_mw, 0)
    assert float(values["1-0:1.7.0"][0].removesuffix("*kW")) == round(power / 1e6, 3)


def test_p1_powers_add_up():
    port = p1_port("nl50", seed=5)
    for octets in telegrams(port, 40):
        found = decode_telegram(octets, port.profile).objects()

        def kw(c, found=found):
            return found[f"1-0:{c}.7.0"][0].value

        phases = sum(kw(c) for c in (21, 41, 61)) - sum(kw(c) for c in (22, 42, 62))
        assert abs(phases - (kw(1) - kw(2))) <= 0.003


def test_telegrams_come_promptly_then_every_interval():
    port = p1_port("nl50")
    assert port.next_event() is None
    port.set_request(True, 5 * SECOND)
    bursts = emitted(port, 9 * SECOND)
    starts = [at for at, octets in bursts if octets.startswith(b"/")]
    assert len(starts) == 4
    first = 5 * SECOND + RESPONSE_NS
    character = port.profile.line.character_ns
    assert starts == [first + n * SECOND + round(character) for n in range(4)]
    assert {len(octets) for _, octets in bursts} <= set(range(1, 65))


def test_a_ten_second_edition_sends_every_ten_seconds():
    port = p1_port("nl42")
    port.set_request(True, 0)
    stream = b"".join(octets for _, octets in emitted(port, 60 * SECOND))
    assert stream.count(b"/KFM5") == 6


def test_octets_leave_at_the_speed_of_the_line():
    port = p1_port("nl30")
    port.set_request(True, 0)
    bursts = emitted(port, 9 * SECOND)
    sent = sum(len(octets) for _, octets in bursts)
    assert bursts[-1][0] == RESPONSE_NS + round(sent * 10 / 9600 * SECOND)


def test_release_ends_a_telegram_at_once():
    port = p1_port("nl50")
    port.set_request(True, 0)
    before = emitted(port, 40 * MILLISECOND)
    port.set_request(False, 41 * MILLISECOND)
    after = emitted(port, 10 * SECOND)
    sent = b"".join(octets for _, octets in before + after)
    assert all(at <= 41 * MILLISECOND for at, _ in after)
    assert len(sent) == int((41 * MILLISECOND - RESPONSE_NS) / port.profile.line.character_ns)
    assert sent.startswith(b"/")
    assert port.next_event() is None


def test_a_raised_request_starts_with_a_whole_telegram():
    port = p1_port("nl50")
    port.set_request(True, 0)
    emitted(port, 40 * MILLISECOND)
    port.set_request(False, 41 * MILLISECOND)
    port.emit(41 * MILLISECOND)
    port.set_request(True, 300 * MILLISECOND)
    stream = b"".join(octets for _, octets in emitted(port, 800 * MILLISECOND))
    assert decode_telegram(stream, port.profile).problems == ()


def test_raising_twice_changes_nothing():
    port = p1_port("nl50")
    port.set_request(True, 0)
    port.set_request(True, 3)
    assert port.next_event() == RESPONSE_NS


def test_octets_sent_to_the_port_are_ignored():
    one, other = p1_port("nl50"), p1_port("nl50")
    one.receive(b"/?!\r\n", 0)
    assert one.telegram(SECOND) == other.telegram(SECOND)


def test_a_start_with_zone_is_taken_as_it_is():
    port = p1_port("nl50", start=datetime(2026, 7, 1, 12, tzinfo=UTC))
    assert b"0-0:1.0.0(260701140000S)" in port.telegram(0)


def test_an_unknown_profile_is_refused():
    with pytest.raises(UsageError, match="nl51"):
        p1_port("nl51")
