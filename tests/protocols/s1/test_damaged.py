"""Damaged streams: every octet is in a piece, and a damaged frame is one piece."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.core.clock import SECOND
from bench.protocols.crc import crc16_x25
from bench.protocols.s1.bulk import BulkCutter
from bench.protocols.s1.damaged import gaps, iter_pieces, pieces
from bench.protocols.s1.encode import encode_frame, encode_telegram, stuffed
from bench.protocols.s1.profile import Transparency, load_profile
from bench.protocols.s1.stream import Discard
from bench.simulator.faults import s1
from bench.simulator.ports.s1 import s1_port

PROFILE = load_profile("emucs-h-1.3")
ESCAPED = replace(PROFILE, transparency=Transparency.OCTET)
FAULTS = {one.id.partition(".")[2]: one for one in (*s1.FAULTS, *s1.VARIATIONS)}


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


def sent(name, until=SECOND // 2):
    port = s1_port(alterations=FAULTS[name].alterations)
    port.set_request(True, 0)
    octets = b""
    while (due := port.next_event()) is not None and due <= until:
        octets += port.emit(due)
    return octets


def cut(octets, profile=PROFILE):
    cutter = BulkCutter(profile)
    return cutter.feed(octets) + cutter.flush()


def between(octets, profile=PROFILE):
    """Return the pieces between the good frames of a stream."""
    found = gaps(cut(octets, profile), len(octets))
    return [p for begin, end in found for p in pieces(octets[begin:end], begin, profile)]


def edited(frame, place, value, *, sealed=True):
    """Return a frame with another octet after its flag, under a right check sequence."""
    inner = bytearray(frame[1:-1])
    inner[place] = value
    if sealed:
        inner[-2:] = crc16_x25(bytes(inner[:-2])).to_bytes(2, "little")
    return frame[:1] + bytes(inner) + frame[-1:]


def check(found, region, offset=0):
    assert b"".join(p.octets for p in found) == region
    for piece in found:
        assert piece.octets
        assert piece.offset == offset
        offset += len(piece.octets)
        if piece.kind in (Discard.NOISE, Discard.FILL):
            assert piece.body == b""
            assert not piece.opening
            assert not piece.closing
        else:
            flags = (b"\x7e" * piece.opening, b"\x7e" * piece.closing)
            assert piece.octets == flags[0] + piece.body + flags[1]


ONE_PIECE = [
    name
    for name, one in FAULTS.items()
    if any(killer.startswith("S1-FRM") for killer in getattr(one, "killers", ()))
    and one.profile == PROFILE.id
    and name not in ("broken-off", "runts", "noise", "shares-too-much", "frame-in-frame")
]


@pytest.mark.parametrize("name", ONE_PIECE)
def test_a_stream_of_damaged_frames_is_a_piece_for_each_frame(name):
    octets = sent(name)
    found = pieces(octets, 0, PROFILE)
    check(found, octets)
    sets = len(sent("shared-flags")) // 45
    missing = name.startswith("drops-flags")
    assert len(found) == pytest.approx(sets, abs=sets * 0.08 if missing else 3)
    assert {p.kind for p in found} <= {Discard.FRAME, Discard.FCS}
    assert Counter(len(p.body) for p in found).most_common(1)[0][0] == 43


@pytest.mark.parametrize(
    ("name", "kinds", "length"),
    [("type-3", {"frame"}, 43), ("length-42", {"frame"}, 43), ("length-flags", {"frame"}, 43),
     ("fcs-no-xor", {"fcs"}, 43), ("stuffed", {"frame"}, 44), ("half-stuffed", {"frame"}, 44),
     ("bit-flips", {"fcs", "frame"}, 43), ("fcs-without-7e", {"frame"}, 42),
     ("broken-off", {"frame"}, 19), ("runts", {"runt"}, 3), ("noise", {"noise"}, 0),
     ("flag-fill", {"fill"}, 0)],
)  # fmt: skip
def test_what_good_frames_leave_between_them(name, kinds, length):
    octets = sent(name)
    found = between(octets)
    assert found
    assert {str(p.kind) for p in found} == kinds
    assert Counter(len(p.body) for p in found).most_common(1)[0][0] == length


@pytest.mark.parametrize("name", ["shared-flags", "no-closing-flag", "address-fe", "segmented"])
def test_a_stream_whose_frames_are_all_good_has_no_gap(name):
    assert between(sent(name)) == []


def test_headers_that_differ_from_the_profile_in_all_octets_are_learned():
    def other(frame):
        for place, value in enumerate((0xA0, 0x2D, 0x03, 0x10)):
            frame = edited(frame, place, value)
        return frame

    made = [other(frame) for frame in frames(200, volts=0x7E7E / 40)]
    found = between(b"".join(made))
    assert [p.octets for p in found] == made


@pytest.mark.parametrize("place", range(2, 44))
def test_a_frame_that_lost_or_gained_an_octet_is_one_piece(place):
    one, two, three = frames(3, volts=0x7E7E / 40)
    for damaged in (two[:place] + two[place + 1 :], two[:place] + b"\x5a" + two[place:]):
        found = between(one + damaged + three)
        assert [p.octets for p in found] in ([damaged], [damaged[:-1]])


def test_damaged_frames_may_share_flags():
    made = [edited(frame, 20, 0xFF, sealed=False) for frame in frames(100)]
    octets = b"".join(frame[:-1] for frame in made) + b"\x7e"
    found = between(octets)
    assert [p.body for p in found] == [frame[1:-1] for frame in made]
    assert [p.closing for p in found] == [False] * 99 + [True]
    assert all(p.opening for p in found)


@pytest.mark.parametrize("place", range(43))
def test_any_octet_of_a_frame_may_become_a_flag(place):
    one, two, three = frames(3)
    damaged = edited(two, place, 0x7E, sealed=False)
    assert [p.octets for p in between(one + damaged + three)] == [damaged]


def test_a_damaged_frame_may_share_the_flags_of_good_ones():
    first, second, third = frames(3)
    damaged = edited(second, 20, 0xFF, sealed=False)
    for octets in (first[:-1] + damaged[:-1] + third, first + damaged + third):
        [piece] = between(octets)
        assert (piece.kind, piece.body) == (Discard.FCS, damaged[1:-1])
    [piece] = between(first[:-1] + damaged[:-1] + third)
    assert (piece.opening, piece.closing) == (False, False)


def test_fill_between_damaged_frames_is_told_apart():
    one, two = (edited(frame, 20, 0xFF, sealed=False) for frame in frames(2))
    found = between(one + b"\x7e\x7e\x7e" + two)
    assert [(str(p.kind), len(p.octets)) for p in found] == [("fcs", 45), ("fill", 3), ("fcs", 45)]


def test_a_check_sequence_may_end_in_a_flag():
    for number in range(65536):
        frame = edited(frames(1)[0], 10, number & 0xFF)
        frame = edited(edited(frame, 11, number >> 8), 0, 0xA0)
        if frame[-2] == 0x7E:
            break
    assert [p.body for p in pieces(frame * 3, 0, PROFILE)] == [frame[1:-1]] * 3


def test_the_rest_of_a_frame_that_was_under_way_is_noise():
    one, two = frames(2, volts=0x7E7E / 40)
    found = pieces((one + edited(two, 0, 0xA0))[17:], 17, PROFILE)
    assert [(str(p.kind), len(p.octets)) for p in found] == [("noise", 28), ("frame", 45)]


def test_a_frame_whose_opening_flag_is_damaged_is_found():
    one, two, three = frames(3)
    found = between(one + b"\x7a" + two[1:] + three)
    assert [(str(p.kind), len(p.octets)) for p in found] == [("noise", 1), ("frame", 44)]
    assert found[1].body == two[1:-1]
    assert not found[1].opening


def test_a_frame_that_never_ends_is_cut_where_one_would_end():
    octets = frames(1)[0][:-1] + bytes(1000)
    found = pieces(octets, 0, PROFILE)
    assert [(str(p.kind), len(p.octets)) for p in found] == [("frame", 44), ("noise", 1000)]
    assert pieces(octets[:60], 0, PROFILE)[0].octets == octets[:60]


def test_an_abort_is_told_from_a_frame_that_ends_in_an_escape():
    one, two = frames(2)
    [piece] = between(one + one[:20] + b"\x7d\x7e" + two)
    assert piece.kind is Discard.ABORT
    ending = edited(one, 1, 0x2A)
    ending = ending[:-2] + b"\x7d\x7e"
    assert [str(p.kind) for p in pieces(ending * 2, 0, PROFILE)] == ["frame", "frame"]


def test_with_escapes_every_flag_counts():
    made = frames(3, ESCAPED, volts=0x7E7E / 40)
    wrong = made[1][:12] + b"\x55" + made[1][13:]
    octets = made[0] + b"\x7e\x01\x02\x7e" + wrong + b"\x7e\x80\x2b\xff\x03\x7d\x7e" + made[2]
    assert [str(p.kind) for p in between(octets, ESCAPED)] == ["runt", "fcs", "abort"]
    assert between(octets, ESCAPED)[1].octets == wrong


def test_streams_without_frames():
    assert gaps([], 0) == []
    assert gaps([], 5) == [(0, 5)]
    assert pieces(b"", 9, PROFILE) == []
    assert [str(p.kind) for p in pieces(b"\x7e\x7e\x7e", 9, PROFILE)] == ["fill"]
    assert [str(p.kind) for p in pieces(b"abc\x7e", 9, PROFILE)] == ["noise"]
    assert [str(p.kind) for p in pieces(b"abc" * 30, 9, PROFILE)] == ["noise"]


def test_gaps_are_what_no_frame_covers():
    one, two, three = frames(3)
    octets = b"\x00" + one + b"\x01\x02" + two[:-1] + three + b"\x03"
    assert gaps(cut(octets), len(octets)) == [(0, 1), (46, 48), (137, 138)]
    escaped = frames(2, ESCAPED, volts=0x7E7E / 40)
    octets = escaped[0] + b"\x55" + escaped[1]
    place = len(escaped[0])
    assert gaps(cut(octets, ESCAPED), len(octets)) == [(place, place + 1)]


_parts = st.lists(
    st.one_of(
        st.binary(max_size=60),
        st.sampled_from([b"\x7e", b"\x7e\x7e", b"\x7d", b"\x7d\x7e", b"\x7e\x80\x2b\xff\x03"]),
        st.sampled_from(frames(4, volts=0x7E7E / 40)),
        st.sampled_from([stuffed(frame) for frame in frames(4, volts=0x7E7E / 40)]),
        st.builds(edited, st.sampled_from(frames(4)), st.integers(0, 42), st.integers(0, 255)),
        st.sampled_from([frame[:-1] for frame in frames(3)]),
    ),
    max_size=12,
)


@given(parts=_parts, offset=st.integers(0, 1 << 40), escaped=st.booleans())
@settings(max_examples=300, deadline=None)
def test_all_octets_come_out_whatever_they_are(parts, offset, escaped):
    region = b"".join(parts)
    profile = ESCAPED if escaped else PROFILE
    check(pieces(region, offset, profile), region, offset)
    assert list(iter_pieces(region, offset, profile)) == pieces(region, offset, profile)


@given(parts=_parts, escaped=st.booleans())
@settings(max_examples=200, deadline=None)
def test_gaps_and_frames_together_are_the_stream(parts, escaped):
    octets = b"".join(parts)
    profile = ESCAPED if escaped else PROFILE
    blocks = cut(octets, profile)
    found = gaps(blocks, len(octets))
    assert all(begin < end for begin, end in found)
    assert all(first[1] < second[0] for first, second in pairwise(found))
    lost = sum(end - begin for begin, end in found)
    frames_octets = sum((row[1] + 2) * row[0] for row in (b.rows.shape for b in blocks))
    if not escaped:
        cutter = BulkCutter(profile)
        cutter.feed(octets)
        cutter.flush()
        assert lost == sum(cutter.statistics.discarded.values())
        assert frames_octets - cutter.statistics.shared + lost == len(octets)


@given(
    places=st.lists(st.tuples(st.integers(0, 19), st.integers(0, 42), st.integers(0, 255))),
    data=st.binary(min_size=2, max_size=2),
)
@settings(max_examples=200, deadline=None)
def test_single_wrong_octets_leave_a_frame_in_one_piece(places, data):
    volts = int.from_bytes(data, "big", signed=True) / 40
    made = frames(20, volts=volts)
    for number, place, value in places:
        made[number] = edited(made[number], place, value, sealed=False)
    touched = Counter(number for number, _, _ in places)
    found = between(b"".join(made))
    whole = {p.octets for p in found}
    for number, count in touched.items():
        good = made[number] == frames(20, volts=volts)[number]
        if count == 1 and not good:
            assert made[number] in whole
