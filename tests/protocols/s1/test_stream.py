"""S1 streams: no good frame lost, every octet accounted for, and both ways alike."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.protocols.s1.bulk import BulkCutter
from bench.protocols.s1.encode import encode_frame, encode_telegram
from bench.protocols.s1.profile import Transparency, load_profile
from bench.protocols.s1.stream import Discard, FrameCutter

PROFILE = load_profile("emucs-h-1.3")
ESCAPED = replace(PROFILE, transparency=Transparency.OCTET)


def frames(count, profile=PROFILE, volts=None):
    return [
        encode_frame(
            profile,
            encode_telegram(
                profile,
                {"meter_id": "1SAG1105555625", "info": 0x0A, "sequence": n % 256},
                {"V1": 325.0 - n if volts is None else volts},
            ),
        )
        for n in range(count)
    ]


def cut(octets, profile=PROFILE, size=None):
    cutter = FrameCutter(profile)
    step = size or len(octets) or 1
    found = [c for at in range(0, len(octets), step) for c in cutter.feed(octets[at : at + step])]
    return [*found, *cutter.flush()], cutter.statistics


def cut_in_bulk(octets, size=None):
    cutter = BulkCutter(PROFILE)
    step = size or len(octets) or 1
    blocks = [b for at in range(0, len(octets), step) for b in cutter.feed(octets[at : at + step])]
    blocks += cutter.flush()
    rows = [(int(o), bytes(r)) for b in blocks for o, r in zip(b.offsets, b.rows, strict=True)]
    return rows, cutter.statistics


def test_whole_frames_leave_nothing_over():
    octets = b"".join(frames(50))
    found, statistics = cut(octets)
    assert [c.body for c in found] == [f[1:-1] for f in frames(50)]
    assert statistics.lost == 0


def test_flags_inside_a_frame_are_data():
    # 7E7E as a voltage: 32382 steps of 25 mV
    octets = b"".join(frames(3, volts=0x7E7E / 40))
    assert octets.count(b"\x7e") > 6
    assert len(cut(octets)[0]) == 3


def test_a_damaged_frame_costs_itself_alone():
    whole = frames(5)
    damaged = bytearray(whole[2])
    damaged[20] ^= 4
    found, statistics = cut(b"".join([*whole[:2], bytes(damaged), *whole[3:]]))
    assert [c.body for c in found] == [whole[n][1:-1] for n in (0, 1, 3, 4)]
    assert statistics.discarded[Discard.FCS] == 45
    assert statistics.events[Discard.FCS] == 1


def test_a_lost_octet_costs_its_frame_alone():
    whole = frames(4)
    found, _ = cut(whole[0] + whole[1][:20] + whole[1][21:] + whole[2] + whole[3])
    assert [c.body for c in found] == [whole[n][1:-1] for n in (0, 2, 3)]


def test_a_shared_flag_and_flags_between_frames_are_told():
    whole = frames(3)
    found, statistics = cut(whole[0] + whole[1][1:] + b"\x7e\x7e" + whole[2])
    assert [c.shared for c in found] == [False, True, False]
    assert statistics.shared == 1
    assert statistics.discarded == {Discard.FILL: 2}


def test_a_stream_joined_in_the_middle_loses_the_torn_frame_alone():
    octets = b"".join(frames(4))
    for start in range(1, 45):
        found, _ = cut(octets[start:])
        assert len(found) == 3


def test_escaped_frames_runts_and_aborts():
    whole = frames(3, ESCAPED, volts=0x7E7D / 40)
    assert len(whole[0]) > 45
    octets = whole[0] + b"\x7e\x01\x02\x7e" + whole[1][:20] + b"\x7d\x7e" + whole[2]
    found, statistics = cut(octets, ESCAPED)
    assert len(found) == 2
    assert statistics.events == {Discard.RUNT: 1, Discard.ABORT: 1, Discard.FILL: 2}


@pytest.mark.parametrize("transparency", list(Transparency))
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_every_octet_is_counted_however_the_stream_is_chunked(transparency, data):
    profile = replace(PROFILE, transparency=transparency)
    octets = data.draw(mutated(b"".join(frames(8, profile))))
    found, statistics = cut(octets, profile)
    again, same = cut(octets, profile, data.draw(st.integers(1, 90)))
    assert again == found
    assert same == statistics
    assert statistics.octets == len(octets)
    if transparency is Transparency.LENGTH:
        taken = sum(len(c.body) + 2 - c.shared for c in found)
        assert taken + sum(statistics.discarded.values()) == len(octets)


@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_the_fast_way_finds_what_the_clear_way_finds(data):
    octets = data.draw(mutated(b"".join(frames(20))))
    found, statistics = cut(octets)
    rows, fast = cut_in_bulk(octets, data.draw(st.integers(1, 700)))
    assert rows == [(c.offset, c.body) for c in found]
    assert fast == statistics


@st.composite
def mutated(draw, octets):
    """Some octets flipped, lost, doubled, or put in between."""
    damaged = bytearray(octets)
    for _ in range(draw(st.integers(0, 8))):
        at = draw(st.integers(0, max(len(damaged) - 1, 0)))
        match draw(st.integers(0, 3)):
            case 0 if damaged:
                damaged[at] ^= 1 << draw(st.integers(0, 7))
            case 1:
                del damaged[at : at + draw(st.integers(1, 60))]
            case 2:
                piece = draw(
                    st.lists(st.sampled_from([0x7E, 0x80, 0x2B, 0x7D, 0, 255]), max_size=60)
                )
                damaged[at:at] = bytes(piece)
            case _:
                damaged[at:at] = damaged[at : at + 45]
    return bytes(damaged)


def test_the_columns_of_a_block_are_what_each_telegram_says():
    from bench.protocols.s1.telegram import decode_telegram

    octets = b"".join(frames(300))
    cutter = BulkCutter(PROFILE)
    (block,) = cutter.feed(octets)
    telegrams = [decode_telegram(f[1:-1], PROFILE) for f in frames(300)]
    assert block.complete
    assert list(block.sequence) == [t.sequence for t in telegrams]
    for channel in ("V1", "I1", "IN"):
        assert block.samples(channel) == pytest.approx([t.samples[channel] for t in telegrams])


def test_the_real_second_of_mains_has_its_voltage(real_data):
    octets = (real_data / "s1" / "s1_real_mains_single_phase_2600Hz_1s.bin").read_bytes()
    cutter = BulkCutter(PROFILE)
    blocks = [*cutter.feed(octets), *cutter.flush()]
    assert sum(map(len, blocks)) == 2600
    squares = sum(float((b.samples("V1") ** 2).sum()) for b in blocks)
    assert (squares / 2600) ** 0.5 == pytest.approx(228.7, abs=0.05)
