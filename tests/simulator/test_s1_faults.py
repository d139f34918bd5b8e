"""Each S1 fault does what it says to the stream, and each variation leaves it readable."""

from dataclasses import replace

import numpy as np
import pytest

from bench.core.clock import MILLISECOND, SECOND
from bench.protocols.s1.bulk import BulkCutter
from bench.signals.fundamental import angle_deg, frequency_hz, phasor
from bench.signals.harmonics import spectrum
from bench.signals.quantities import clipping, offset, power_w, rms
from bench.simulator.faults import s1
from bench.simulator.ports.s1 import s1_port

FAULTS = {one.id.partition(".")[2]: one for one in s1.FAULTS}
VARIATIONS = {one.id.partition(".")[2]: one for one in s1.VARIATIONS}
RATE = 52 * 50.0


class Heard:
    """What a port sent until an instant, taken apart."""

    def __init__(self, name="", until=SECOND, **options):
        found = FAULTS | VARIATIONS
        self.port = s1_port(alterations=found[name].alterations if name else (), **options)
        self.port.set_request(True, 0)
        self.octets = b""
        self.go_on(until)

    def go_on(self, until):
        while (due := self.port.next_event()) is not None and due <= until:
            self.octets += self.port.emit(due)

    @property
    def cut(self):
        cutter = BulkCutter(self.port.profile)
        blocks = cutter.feed(self.octets) + cutter.flush()
        return blocks, cutter.statistics

    @property
    def starts(self):
        return self.port.edges.octet_ns(np.concatenate([one.offsets for one in self.cut[0]]))

    @property
    def sampled(self):
        return self.port.edges.sampled_ns(np.concatenate([one.offsets for one in self.cut[0]]))

    def channel(self, name):
        return np.concatenate([one.samples(name) for one in self.cut[0]])

    def codes(self, name):
        return np.concatenate([one.codes(name) for one in self.cut[0]])

    def number(self, name):
        return np.concatenate([one.number(name) for one in self.cut[0]])

    def angle(self, name, against="V1"):
        one, other = (phasor(self.channel(each), RATE, 50) for each in (name, against))
        return angle_deg(one, other)


def test_names_and_killers():
    assert len(FAULTS) == len(s1.FAULTS)
    assert not FAULTS.keys() & VARIATIONS.keys()
    for one in FAULTS.values():
        assert one.killers
        assert all(killer.startswith("S1-") for killer in one.killers)


def test_a_port_that_is_not_there_sends_nothing():
    assert not Heard("absent").octets


@pytest.mark.parametrize("name", sorted(VARIATIONS.keys() - {"absent"}))
def test_variations_can_be_read_without_loss(name):
    heard = Heard(name, profile=VARIATIONS[name].profile)
    _, statistics = heard.cut
    assert statistics.frames > 2500
    assert set(statistics.discarded) <= ({"abort"} if name == "aborts" else {"fill"})


DROPPED = {  # what the stream loses, in octets per frame or so
    "line-8e1": 0, "type-3": 45, "length-42": 45, "length-flags": 45, "fcs-no-xor": 45,
    "fcs-init-0": 45, "fcs-high-first": 45, "fcs-with-flag": 45, "fcs-from-address": 45,
}  # fmt: skip


@pytest.mark.parametrize("name", DROPPED)
def test_frames_that_are_wrong_throughout_are_all_lost(name):
    heard = Heard(name, SECOND // 10)
    _, statistics = heard.cut
    assert len(heard.octets) == 45 * (len(heard.octets) // 45)
    good = 0 if DROPPED[name] else len(heard.octets) // 45
    # a wrong check sequence is right by chance once in a while: where its octets are equal
    assert statistics.frames == pytest.approx(good, abs=3)


@pytest.mark.parametrize(
    ("name", "place", "value"),
    [("segmented", 0, 0x88), ("address-03", 2, 3), ("address-fe", 2, 0xFE), ("poll-bit", 3, 0x13),
     ("i-frames", 3, 0x10)],
)  # fmt: skip
def test_headers_are_wrong_under_a_right_check_sequence(name, place, value):
    blocks, statistics = Heard(name, SECOND // 10).cut
    assert not statistics.discarded
    assert {int(one) for block in blocks for one in block.rows[:, place]} == {value}


@pytest.mark.parametrize(
    ("name", "seconds", "lost"),
    [("bit-flips", 2, 23), ("abort-bare", 1, 26), ("runts", 1, 26),
     ("noise", 2, 2), ("stuffed", 1, 130), ("half-stuffed", 1, 70), ("fcs-without-7e", 1, 20)],
)  # fmt: skip
def test_now_and_then_a_frame_is_damaged(name, seconds, lost):
    _, statistics = Heard(name, seconds * SECOND).cut
    damaged = sum(statistics.discarded.values())
    assert damaged > 0
    assert seconds * 2600 - statistics.frames < 2 * lost + 20
    assert damaged < 2 * lost * 60


def test_a_missing_closing_flag_makes_the_next_opening_one_close():
    _, statistics = Heard("no-closing-flag").cut
    assert (statistics.shared, sum(statistics.discarded.values())) == (6, 0)


def test_a_pause_within_frames_shows_in_their_instants():
    heard = Heard("gap-in-frame", SECOND // 10)
    steps = np.diff(heard.port.edges.octet_ns(np.arange(45)))
    assert steps.tolist() == [5000] * 19 + [55_000] + [5000] * 24


@pytest.mark.parametrize(
    ("name", "character_ns"),
    [("rate-2-percent", 10e9 / 2.04e6), ("rate-1m5", 10e9 / 1.5e6), ("line-8e1", 5500),
     ("line-7n1", 4500)],
)  # fmt: skip
def test_the_line_is_another(name, character_ns):
    heard = Heard(name, SECOND // 20)
    begin, end = heard.port.edges.octet_ns(np.array([0, 40]))
    assert (end - begin) / 40 == pytest.approx(character_ns, abs=1)


def test_what_is_too_long_for_the_line_queues_up():
    heard = Heard("long-frames", SECOND)
    assert heard.starts[-1] - heard.sampled[-1] > 100 * MILLISECOND


def test_consumers_can_disturb_and_are_waited_for():
    heard = Heard("reset-by-consumer", SECOND // 2)
    heard.port.receive(b"\0", SECOND // 2)
    heard.go_on(SECOND)
    assert np.count_nonzero(np.diff(heard.number("sequence")) % 256 != 1) == 1
    waiting = Heard("waits-to-be-asked", SECOND)
    assert waiting.octets == b""
    waiting.port.receive(b"\0", SECOND)
    waiting.go_on(2 * SECOND)
    assert waiting.cut[1].frames > 2500
    assert Heard("weak-driver", 0).port.differential_v == 1.2
    assert Heard("", 0).port.differential_v >= 2.0


def test_frames_with_a_flag_inside_are_left_out():
    heard = Heard("drops-flags", SECOND)
    assert b"\x7e" not in b"".join(row.tobytes() for block in heard.cut[0] for row in block.rows)
    assert 2300 < heard.cut[1].frames < 2580


@pytest.mark.parametrize(
    ("name", "seconds", "steps"),
    [("sequence-skips", 1, {1, 2}), ("sequence-stuck", 1, {0}), ("sequence-mixed", 1, {1, 2}),
     ("sequence-254", 1, {1, 2}), ("duplicates", 2, {0, 1}), ("swaps", 1, {1, 2, 255}),
     ("loses-256", 9, {1}), ("sequence-pauses", 1, {0, 1}), ("energy-gaps", 1, {1})],
)  # fmt: skip
def test_the_sequence_is_wrong(name, seconds, steps):
    heard = Heard(name, seconds * SECOND)
    assert set((np.diff(heard.number("sequence")) % 256).tolist()) == steps


def test_frames_are_lost_that_no_sequence_shows():
    assert Heard("", 9 * SECOND).cut[1].frames - Heard("loses-256", 9 * SECOND).cut[1].frames == 256
    gaps = Heard("energy-gaps", 2 * SECOND)
    assert gaps.cut[1].frames == pytest.approx(0.98 * 5200, abs=20)


@pytest.mark.parametrize(
    ("name", "field", "values"),
    [("type-bit", "info", {0x1E}), ("wire-bit", "info", {0x1B}), ("never-valid", "info", {0x17}),
     ("neutral-bit", "info", {0x0F}), ("version-7", "info", {0xFF}), ("rate-19", "rate", {19}),
     ("rate-81", "rate", {81}), ("info-flickers", "info", {0x1F, 0x1B}),
     ("frequency-stuck", "mains_frequency", {50_000})],
)  # fmt: skip
def test_fields_are_wrong(name, field, values):
    assert set(Heard(name).number(field).tolist()) == values


def test_the_frequency_is_told_wrongly():
    right = Heard("").number("mains_frequency")
    low_first = Heard("frequency-little-endian").number("mains_frequency")
    assert np.array_equal(low_first, (right & 0xFF) << 8 | right >> 8)
    assert np.array_equal(Heard("frequency-10-mhz").number("mains_frequency"), right // 10)
    stuck = Heard("frequency-stuck", 2 * SECOND)
    assert frequency_hz(stuck.channel("V1"), 52 * 49.8) == pytest.approx(49.8, abs=0.002)


@pytest.mark.parametrize(
    ("name", "seconds", "expected"),
    [("id-swapped", 1, 1), ("id-of-gas", 1, 1), ("id-nul", 1, 1), ("id-changes", 3, 2)],
)
def test_the_identification_is_wrong(name, seconds, expected):
    heard = Heard(name, seconds * SECOND)
    ids = {row.tobytes() for block in heard.cut[0] for row in block.field("meter_id")}
    right = heard.port.system.household.serial.encode()
    assert len(ids) == expected
    assert (right in ids) == (expected == 2)


def test_tails_and_dummies():
    assert Heard("tail-in-version-0").cut[0][0].rows.shape[1] == 47
    dummy = Heard("dummy-05")
    assert dummy.number("info")[0] & 1 == 0
    assert set(dummy.codes("V2").tolist()) == {0x0505}
    assert set(dummy.codes("I3").tolist()) == {0x050505}
    assert rms(dummy.channel("V1")) > 200


@pytest.mark.parametrize(
    ("name", "rate", "announced"),
    [("rate-1900", 1900, 19), ("rate-4100", 4100, 41), ("drifts", 2605.2, 26),
     ("rate-2500", 2500, 25), ("not-in-step", 2600, 52)],
)  # fmt: skip
def test_the_rate_is_wrong(name, rate, announced):
    heard = Heard(name)
    assert 1e9 / np.diff(heard.sampled).mean() == pytest.approx(rate, rel=1e-5)
    assert set(heard.number("rate").tolist()) == {announced}


def test_the_instants_are_wrong():
    assert np.count_nonzero(np.diff(Heard("step", 9 * SECOND).sampled) < 200_000) == 4
    usual = Heard("")
    jitter = Heard("frame-jitter").starts - usual.starts
    assert 80_000 < np.ptp(jitter) <= 100_000
    for name, most in (("stalls-with-p1", 7), ("stalls-with-wan", 7)):
        heard = Heard(name)
        assert heard.cut[1].frames == pytest.approx(usual.cut[1].frames, abs=15)
        assert (heard.starts - heard.sampled).max() / 1e6 == pytest.approx(most, abs=1)
    late = Heard("latency-40ms")
    assert set((late.starts - late.sampled).tolist()) == {40 * MILLISECOND}


def test_the_aperture_is_wrong():
    usual, uneven = Heard("").channel("V1"), Heard("aperture-jitter").channel("V1")
    assert 0.004 < rms(usual - uneven) / rms(usual) < 0.009
    held = Heard("holds-2").codes("V1")
    assert np.mean(np.abs(np.diff(held)) < 10) > 0.45
    late = Heard("delayed-1s", 3 * SECOND)
    right = Heard("", 3 * SECOND)
    seconds = [rms(one.channel("V1")[2600 + 20 : 5200 - 20]) for one in (late, right)]
    assert seconds[0] != pytest.approx(seconds[1], abs=0.001)
    assert seconds[0] == pytest.approx(rms(right.channel("V1")[20:2580]), abs=0.05)


def test_channels_are_exchanged_or_missing():
    right = Heard("")
    swapped = Heard("swaps-v2-v3")
    assert np.array_equal(swapped.channel("V2"), right.channel("V3"))
    assert np.array_equal(Heard("swaps-i1-i2").channel("I1"), right.channel("I2"))
    assert np.array_equal(Heard("clamps-swapped").channel("I3"), right.channel("I2"))
    assert not Heard("v1-zero").channel("V1").any()
    assert not Heard("i3-missing").channel("I3").any()
    assert not Heard("neutral-zero").channel("IN").any()
    ghost = Heard("phase-2-ghost")
    assert ghost.number("info")[0] & 1 == 0
    assert ghost.channel("V2").any()
    between = Heard("interleaved").cut[0][0].rows[:, 23:41]
    usual = right.cut[0][0].rows[: len(between), 23:41]
    assert np.array_equal(between[:, 2:4], usual[: len(between), 5:7])


def test_angles_are_wrong():
    assert Heard("").angle("V2") == pytest.approx(-120, abs=0.5)
    assert Heard("reversed").angle("V2") == pytest.approx(120, abs=0.5)
    assert Heard("phase-90").angle("V2") == pytest.approx(-90, abs=0.5)
    assert Heard("delta-120").angle("V3") == pytest.approx(120, abs=0.5)
    assert Heard("delta-grid").angle("V3") == pytest.approx(60, abs=0.5)
    shift = Heard("current-late").angle("I1") - Heard("").angle("I1")
    assert (shift + 180) % 360 - 180 == pytest.approx(-360 / 52, abs=0.1)


def test_the_second_voltage_of_a_delta_grid_is_not_zero():
    assert set(Heard("delta-noise").codes("V2").tolist()) == {-1, 0, 1}
    assert rms(Heard("delta-second").channel("V2")) == pytest.approx(231, abs=5)


def test_the_neutral_is_wrong():
    def residual(name):
        heard = Heard(name)
        phases = sum(heard.channel(one) for one in ("I1", "I2", "I3"))
        return rms(heard.channel("IN") - phases)

    assert residual("") < 0.005
    assert residual("earth-leakage") == pytest.approx(0.5, rel=0.02)
    assert residual("neutral-computed") < 0.005
    assert residual("neutral-plain-sum") > 0.5


def test_crosstalk_and_signs():
    right, crossed = Heard(""), Heard("crosstalk")
    assert rms(crossed.channel("V2") - right.channel("V2")) == pytest.approx(0.02 * 231, abs=0.1)
    held = replace(FAULTS["unsigned"], alterations=(
        *VARIATIONS["export"].alterations, *FAULTS["unsigned"].alterations))  # fmt: skip
    port = s1_port(alterations=held.alterations)
    port.set_request(True, 0)
    cutter, blocks = BulkCutter(port.profile), []
    while port.next_event() < SECOND:
        blocks += cutter.feed(port.emit(port.next_event()))
    v, i = (np.concatenate([one.samples(name) for one in blocks]) for name in ("V1", "I1"))
    assert power_w(v, i) == pytest.approx(1000, abs=20)
    exported = Heard("export")
    assert power_w(exported.channel("V1"), exported.channel("I1")) == pytest.approx(-1000, abs=20)


def test_gains_and_offsets_are_wrong():
    right = Heard("")
    for name, channel, factor in (("volts-20-mv", "V1", 0.8), ("volts-1-percent", "V2", 1.01),
                                  ("amperes-2-percent", "I1", 1.02),
                                  ("half-milliampere", "I3", 2.0)):  # fmt: skip
        ratio = rms(Heard(name).channel(channel)) / rms(right.channel(channel))
        assert ratio == pytest.approx(factor, rel=1e-3)
    added = Heard("volts-offset").channel("V3") - right.channel("V3")
    assert offset(added) == pytest.approx(2, abs=0.01)
    assert offset(Heard("amperes-offset").channel("I1") - right.channel("I1")) == pytest.approx(
        0.1, abs=0.001
    )
    noisy = Heard("noise-no-load").channel("I2") - right.channel("I2")
    assert rms(noisy) == pytest.approx(0.2 / np.sqrt(3), rel=0.05)


def test_codes_are_wrong():
    assert clipping(Heard("clips-300-v").codes("V1")).longest > 3
    for name, channel in (("wraps", "V1"), ("unsigned-24", "I1"), ("sign-magnitude", "V1")):
        jumps = np.abs(np.diff(Heard(name).codes(channel)))
        assert jumps.max() > np.abs(np.diff(Heard("").codes(channel))).max() * 5
    assert not (Heard("lowest-bit-0").codes("V1") & 1).any()
    assert (Heard("stuck-bit-3").codes("V1") & 8).all()
    assert (Heard("rectified").codes("V1") >= 0).all()
    assert not np.any(np.isin(np.abs(Heard("amperes-small").codes("I1")), np.arange(1, 590)))


def test_spectra_are_wrong():
    def share(name, order):
        return spectrum(Heard(name).channel("V1"), RATE, 50).share(order)

    assert share("test-signal", 5) == pytest.approx(0.05, abs=5e-4)
    assert share("low-pass", 5) == pytest.approx(0.016 * 10**-0.05, abs=5e-4)
    assert share("distorted-mains", 5) == pytest.approx(0.09, abs=1e-3)
    assert share("third-harmonic", 3) == pytest.approx(0.06, abs=1e-3)
    sixty = Heard("mains-60-hz").channel("V1")
    assert frequency_hz(sixty, 52 * 60, 60) == pytest.approx(60, abs=0.01)
    low = Heard("unbalanced")
    assert rms(low.channel("V1")) / rms(low.channel("V2")) == pytest.approx(0.88, abs=0.02)


@pytest.mark.parametrize(("name", "volts"), [("no-anti-alias", 10), ("", 0)])
def test_what_is_too_fast_is_filtered_out_before_it_is_sampled(name, volts):
    heard = Heard(name)
    source = {"hertz": 50.0, "harmonics": [(49, 10 / 230, 0.0)], "leak_a": 0.0}
    heard.port.control("source", {"phases": [(230.0, 1.0, 0.0)] * 3, **source}, SECOND)
    heard.octets = b""
    heard.go_on(4 * SECOND)
    samples = heard.channel("V1")[2600:]
    third = spectrum(samples, RATE, 50).subgroups[3]
    assert third == pytest.approx(volts, abs=0.05)


def test_a_source_holds_at_once_where_currents_are_taken_earlier():
    heard = Heard("power-factor")
    source = {"hertz": 50.0, "harmonics": [], "leak_a": 0.0}
    now = heard.port.control("source", {"phases": [(230.0, 9.0, 0.0)] * 3, **source}, SECOND)
    heard.octets = b""
    heard.go_on(now + SECOND)
    assert rms(heard.channel("I1")[-2000:]) == pytest.approx(9, rel=1e-3)


@pytest.mark.parametrize(
    ("name", "first", "frames"),
    [("stays-on", 0, 43), ("always-on", 0, 43), ("empty-frames", 0, 6), ("stays-off", 1, 43)],
)
def test_activation_is_not_followed(name, first, frames):
    heard = Heard(name, SECOND)
    before = len(heard.octets)
    assert (before == 0) == bool(first)
    heard.port.control("deactivate", {}, SECOND)
    heard.go_on(2 * SECOND)
    after = heard.octets[before:]
    if name == "stays-off":
        assert after == b""
    else:
        assert len(after) > 2000 * (frames + 2)
        assert after[-1] == 0x7E


def test_stale_frames_come_first():
    for name, stale in (("stale", True), ("", False)):
        heard = Heard(name, SECOND)
        heard.port.control("deactivate", {}, SECOND)
        heard.go_on(60 * SECOND)
        before = len(heard.octets)
        heard.port.control("activate", {}, 60 * SECOND)
        heard.go_on(61 * SECOND)
        first = heard.octets[before : before + 45]
        assert (first in heard.octets[:before]) == stale
