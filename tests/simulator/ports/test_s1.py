"""The S1 port: frames that decode to the truth, at the instants at which they are due."""

from datetime import UTC, datetime

import numpy as np
import pytest

from bench.core.clock import MILLISECOND, SECOND
from bench.core.errors import UsageError
from bench.core.line import LineSettings
from bench.protocols.s1.bulk import BulkCutter
from bench.protocols.s1.encode import FLAG
from bench.protocols.s1.telegram import decode_telegram
from bench.signals.quantities import power_w, rms
from bench.simulator.metering_system import Systems
from bench.simulator.ports.p1 import p1_port
from bench.simulator.ports.s1 import LATENCY_NS, s1_port

CHARACTER_NS = 5000  # ten bits at 2 Mbit/s
FRAME_NS = 45 * CHARACTER_NS


def heard(port, until, connect=True, at=0):
    """Let the port send until an instant; return all its octets."""
    if connect:
        port.set_request(True, at)
    octets = b""
    while (due := port.next_event()) is not None and due <= until:
        octets += port.emit(due)
    return octets


def blocks_of(octets, port):
    cutter = BulkCutter(port.profile)
    blocks = cutter.feed(octets) + cutter.flush()
    return blocks, cutter.statistics


def channel(blocks, name):
    return np.concatenate([one.samples(name) for one in blocks])


def starts_of(blocks):
    return np.concatenate([one.offsets for one in blocks])


def test_every_octet_belongs_to_a_good_frame():
    port = s1_port()
    blocks, statistics = blocks_of(heard(port, 3 * SECOND), port)
    assert statistics.octets == 45 * statistics.frames
    assert not statistics.discarded
    assert statistics.frames == pytest.approx(3 * 2600, abs=30)
    sequence = np.concatenate([one.sequence for one in blocks])
    assert set(np.diff(sequence).tolist()) == {1, -255}
    assert sequence.min() == 0


def test_a_telegram_says_what_the_meter_is():
    port = s1_port()
    blocks, _ = blocks_of(heard(port, SECOND // 10), port)
    telegram = decode_telegram(blocks[0].rows[0].tobytes(), port.profile)
    assert telegram.problems == ()
    assert telegram.meter_id == port.system.household.serial
    assert len(telegram.meter_id) == 14
    assert [name for name, is_set in telegram.flags.items() if is_set] == [
        f"info.{one}" for one in ("polyphase", "per_period", "four_wire", "samples_ok", "neutral")
    ]
    assert telegram.version == 0
    assert telegram.fields["rate"] == 52
    assert telegram.fields["mains_frequency"] == pytest.approx(
        port.system.power(0).frequency_mhz / 1000
    )


@pytest.mark.parametrize(
    ("home", "neutral", "info", "dead"),
    [
        ("be", True, 0x1F, ""),
        ("be", False, 0x0F, "IN"),
        ("be-delta", True, 0x0B, "V2 IN"),
        ("be-one-phase", True, 0x1A, "V2 I2 V3 I3"),
        ("be-one-phase", False, 0x0A, "V2 I2 V3 I3 IN"),
    ],
)
def test_the_wiring_decides_which_channels_live(home, neutral, info, dead):
    port = s1_port(home=home, neutral=neutral)
    blocks, _ = blocks_of(heard(port, SECOND // 2), port)
    assert {int(one) for block in blocks for one in block.number("info")} == {info}
    for name in ("V1", "I1", "V2", "I2", "V3", "I3", "IN"):
        assert channel(blocks, name).any() != (name in dead.split())


@pytest.mark.parametrize("home", ["be", "be-delta", "be-one-phase"])
def test_the_samples_agree_with_p1(home):
    systems = Systems()
    s1 = s1_port(home=home, systems=systems)
    p1 = p1_port("be17", home=home, systems=systems, start="2026-01-15T10:00:00")
    assert p1.system is s1.system
    blocks, _ = blocks_of(heard(s1, 4 * SECOND), s1)
    sampled = s1.edges.sampled_ns(starts_of(blocks))
    telegram = p1.telegram(3 * SECOND).decode("ascii")
    values = dict(line.split("(", 1) for line in telegram.splitlines() if "(" in line)
    assert bytes.fromhex(values["0-0:96.1.1"].rstrip(")")).decode() == s1.system.household.serial
    second = (sampled >= 3 * SECOND) & (sampled < 4 * SECOND)
    total = 0.0
    for phase, (volts, amperes) in enumerate((("32", "31"), ("52", "51"), ("72", "71")), start=1):
        if f"1-0:{volts}.7.0" not in values:
            assert home == "be-one-phase"
            continue
        v, i = (channel(blocks, f"{kind}{phase}")[second][: 49 * 52] for kind in "VI")
        assert rms(v) == pytest.approx(float(values[f"1-0:{volts}.7.0"][:5]), abs=0.06)
        shown = float(values[f"1-0:{amperes}.7.0"].partition("*")[0])
        assert rms(i) == pytest.approx(shown, abs=0.03)
        total += power_w(v, i)
    drawn = float(values["1-0:1.7.0"][:6]) - float(values["1-0:2.7.0"][:6])
    assert total == pytest.approx(1000 * drawn, abs=1.0)


def test_frames_leave_at_the_speed_of_the_line_within_ten_milliseconds():
    port = s1_port()
    octets = heard(port, SECOND)
    blocks, _ = blocks_of(octets, port)
    offsets = starts_of(blocks)
    starts, sampled = port.edges.octet_ns(offsets), port.edges.sampled_ns(offsets)
    assert set((starts - sampled).tolist()) == {LATENCY_NS}
    assert np.diff(starts).min() > FRAME_NS
    frequency = port.system.power(0).frequency_mhz / 1000
    assert np.diff(starts[:2000]).mean() == pytest.approx(1e9 / (52 * frequency), rel=1e-5)
    inside = port.edges.octet_ns(np.arange(45))
    assert np.diff(inside).tolist() == [CHARACTER_NS] * 44
    assert octets[0] == FLAG


def test_the_instants_of_octets_that_were_not_sent_are_not_known():
    port = s1_port()
    octets = heard(port, SECOND // 10)
    offsets = np.array([0, len(octets) - 1, len(octets), len(octets) + 9])
    assert (port.edges.octet_ns(offsets) >= 0).tolist() == [True, True, False, False]


def test_blocks_become_visible_when_their_last_octet_is_on_the_wire():
    port = s1_port(block_ns=5 * MILLISECOND)
    port.set_request(True, 0)
    offset = 0
    for _ in range(500):
        due = port.next_event()
        octets = port.emit(due)
        if octets:
            last = np.array([offset + len(octets) - 1])
            assert int(port.edges.octet_ns(last)[0]) + CHARACTER_NS == due
            assert len(octets) <= 14 * 45
            offset += len(octets)


@pytest.mark.parametrize(("mode", "rate", "hertz"), [("fixed", 26, 2600), ("fixed", 40, 4000)])
def test_a_fixed_rate_does_not_follow_the_mains(mode, rate, hertz):
    port = s1_port(mode=mode, rate=rate)
    blocks, _ = blocks_of(heard(port, 2 * SECOND), port)
    sampled = port.edges.sampled_ns(starts_of(blocks))
    assert sampled.tolist() == [-(-one * SECOND // hertz) for one in range(len(sampled))]
    telegram = decode_telegram(blocks[0].rows[0].tobytes(), port.profile)
    assert telegram.rate_hz == hertz
    assert not telegram.flags["info.per_period"]


def test_samples_per_period_follow_the_mains():
    port = s1_port(rate=60)
    blocks, _ = blocks_of(heard(port, 10 * SECOND), port)
    sampled = port.edges.sampled_ns(starts_of(blocks))
    turns = sum(port.system.power(one * SECOND).frequency_mhz for one in range(9)) / 1000
    assert np.count_nonzero(sampled < 9 * SECOND) == pytest.approx(turns * 60, abs=1)
    assert np.diff(np.diff(sampled)).max() < 200  # ns, where a second begins


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mode": "sometimes"}, "known: per-period, fixed"),
        ({"rate": 20}, "2000 to 4200"),
        ({"mode": "fixed", "rate": 43}, "2000 to 4200"),
        ({"profile": "fluvius-brochure", "mode": "fixed", "rate": 40}, "2000 to 3333"),
        ({"profile": "nothing"}, "emucs-h-1.3"),
        ({"home": "nl"}, "14 characters"),
        ({"home": "mars"}, "be-delta"),
        ({"start": "soon"}, "2026-01-15T10:00:00"),
    ],
)
def test_what_cannot_be_is_refused(options, message):
    with pytest.raises(UsageError, match=message):
        s1_port(**options)


def test_the_brochure_has_a_slower_line():
    port = s1_port("fluvius-brochure")
    assert port.line == LineSettings(1_500_000)
    octets = heard(port, SECOND // 5)
    assert np.diff(port.edges.octet_ns(np.arange(45))).max() == 6667
    assert not blocks_of(octets, port)[1].discarded


def test_who_connects_later_hears_the_stream_from_amid_a_frame():
    early, late = s1_port(), s1_port()
    whole = heard(early, 6 * SECOND)
    cuts = set()
    for step in range(12):
        at = 5 * SECOND + step * 31_000
        late.set_request(False, at)
        octets = heard(late, at + 50 * MILLISECOND, at=at)
        assert octets[:2000] in whole
        assert late.emit(at) == b""
        cuts.add(octets.index(b"\x7e\x80\x2b\xff\x03"))
        first = late.edges.octet_ns(np.array([late.edges.octets - len(octets)]))
        assert int(first[0]) >= at
    assert len(cuts) > 4


def test_it_is_silent_while_nobody_has_connected():
    port = s1_port()
    assert port.next_event() is None
    assert port.emit(SECOND) == b""


def test_what_nobody_drove_for_long_is_lost():
    port = s1_port()
    heard(port, SECOND)
    octets = port.emit(3600 * SECOND)
    assert len(octets) < 2 * 120_000
    blocks, statistics = blocks_of(octets, port)
    assert not statistics.discarded
    steps = np.diff(np.concatenate([one.sequence for one in blocks])) % 256
    assert np.count_nonzero(steps != 1) <= 1
    assert int(port.edges.sampled_ns(np.array([port.edges.octets - 1]))[0]) > 3599 * SECOND


def test_octets_from_the_consumer_mean_nothing():
    port, other = s1_port(), s1_port()
    port.set_request(True, 0)
    before = heard(port, SECOND // 2, connect=False)
    port.receive(b"\x7e\xa0\x07\x03\x21\x93", SECOND // 2)
    assert before + heard(port, SECOND, connect=False) == heard(other, SECOND)


def test_deactivation_ends_the_stream_with_the_frame_on_the_wire():
    port = s1_port()
    octets = heard(port, SECOND // 2)
    at = SECOND // 2 + 700_000
    port.control("deactivate", {}, at)
    octets += heard(port, 20 * SECOND, connect=False)
    assert port.next_event() is None
    _, statistics = blocks_of(octets, port)
    assert not statistics.discarded
    last = int(port.edges.octet_ns(np.array([len(octets) - 1]))[0])
    assert at - 400_000 < last < at + FRAME_NS


def test_activation_begins_with_samples_of_that_instant():
    port, steady = s1_port(), s1_port()
    heard(port, SECOND)
    port.control("deactivate", {}, SECOND)
    heard(port, 600 * SECOND, connect=False)
    before = port.edges.octets
    at = 600 * SECOND + 123_456_789
    port.control("activate", {}, at)
    octets = heard(port, at + SECOND // 10, connect=False)
    sampled = port.edges.sampled_ns(np.array([before]))
    assert at <= int(sampled[0]) < at + 400_000
    # the phase is that of a port that never stopped
    reference = heard(steady, at + SECOND // 10, at=at - SECOND)
    blocks, _ = blocks_of(octets, port)
    others, _ = blocks_of(reference, steady)
    v = channel(blocks, "V1")
    assert np.array_equal(v, channel(others, "V1")[-len(v) :])


def test_p1_and_s1_go_on_and_off_together():
    systems = Systems()
    s1 = s1_port(systems=systems)
    p1 = p1_port("be17", home="be", systems=systems)
    s1.set_request(True, 0)
    p1.set_request(True, 0)
    s1.control("deactivate", {}, 0)
    assert (s1.next_event(), p1.next_event()) == (None, None)
    p1.control("activate", {}, SECOND)
    assert s1.next_event() is not None
    assert p1.next_event() is not None


def test_a_held_load_shows_from_the_next_second_on():
    port = s1_port(home="be-one-phase")
    octets = heard(port, SECOND // 2)
    port.control("load", {"watts": 4600.0}, SECOND // 2)
    octets += heard(port, 3 * SECOND, connect=False)
    blocks, _ = blocks_of(octets, port)
    sampled = port.edges.sampled_ns(starts_of(blocks))
    v, i = channel(blocks, "V1"), channel(blocks, "I1")
    before, after = sampled < SECOND, (sampled >= SECOND) & (sampled < 2 * SECOND)
    assert abs(power_w(v[before], i[before])) < 3000
    assert power_w(v[after], i[after]) == pytest.approx(4600, abs=10)


def test_setting_the_clock_leaves_no_gap():
    port = s1_port()
    octets = heard(port, 2 * SECOND + 300 * MILLISECOND)
    at = 2 * SECOND + 300 * MILLISECOND
    port.control("clock", {"utc": datetime(2026, 7, 1, 12, 0, 0, 700_000, UTC)}, at)
    octets += heard(port, 5 * SECOND, connect=False)
    blocks, statistics = blocks_of(octets, port)
    assert not statistics.discarded
    sequence = np.concatenate([one.sequence for one in blocks])
    assert set(np.diff(sequence).tolist()) == {1, -255}
    sampled = port.edges.sampled_ns(starts_of(blocks))
    assert np.diff(sampled).max() < 386_000
    assert np.abs(np.diff(channel(blocks, "V1"))).max() < 60


def test_equal_seeds_send_equal_octets():
    assert heard(s1_port(seed=3), SECOND) == heard(s1_port(seed=3), SECOND)
    assert heard(s1_port(seed=3), SECOND) != heard(s1_port(seed=4), SECOND)


def test_how_long_blocks_are_changes_no_octet():
    shorter = heard(s1_port(block_ns=MILLISECOND), SECOND)
    assert shorter[:90_000] == heard(s1_port(), SECOND)[:90_000]
