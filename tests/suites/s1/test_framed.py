"""Frames are told by what their maker meant, and wrong check sequences by how they were made."""

from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest

from bench.core.check import Level
from bench.core.clock import SECOND
from bench.core.line import LineTimes
from bench.core.trace import Chunk
from bench.protocols.crc import X25_GOOD, crc16_table, crc16_x25
from bench.protocols.s1.encode import encode_frame, encode_telegram, unstuffed
from bench.protocols.s1.profile import load_profile
from bench.simulator.faults import s1_frames
from bench.simulator.ports.s1 import s1_port
from suites.s1 import test_framing
from suites.s1.capture import Capture
from suites.s1.check_sequence import WAYS, way_of
from suites.s1.delimiters import Delimiters, shared_flags
from suites.s1.framed import Framed, without_loss
from suites.s1.interior import Interior, Mechanism, content, numbered
from suites.s1.joining import examined

PROFILE = load_profile("emucs-h-1.3")
FOUND = {one.id.partition(".")[2]: one for one in (*s1_frames.FAULTS, *s1_frames.VARIATIONS)}


@cache
def captured(name="", until=SECOND):
    one = FOUND.get(name)
    profile = one.profile if one else PROFILE.id
    port = s1_port(profile, alterations=one.alterations if one else ())
    port.set_request(True, 0)
    chunks = []
    while (due := port.next_event()) <= until:
        if octets := port.emit(due):
            chunks.append(Chunk(due, octets))
    count = port.edges.octets
    return Capture(port.profile, chunks), port.line_times(0, count)


def framed(name):
    return Framed(captured(name)[0])


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("fcs-no-xor", "CRC-16/MCRF4XX, not inverted at its end"),
        ("fcs-init-0", "CRC-16/X-25, begun with 0000 instead of FFFF"),
        ("fcs-high-first", "CRC-16/X-25, sent high octet first"),
        ("fcs-with-flag", "CRC-16/X-25, taken over the opening flag too"),
        ("fcs-from-address", "CRC-16/X-25, taken from the address on, without the format field"),
    ],
)
def test_wrong_check_sequences_are_explained(name, words):
    found = framed(name)
    assert str(found.way) == words
    assert not found.doubtful
    assert len(found) == pytest.approx(len(captured()[0]), abs=3)


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_every_way_is_found_again(way):
    bodies = []
    for number in range(20):
        info = encode_telegram(PROFILE, {"sequence": number}, {"V1": number * 7.3})
        body = encode_frame(PROFILE, info)[1:-1]
        check = crc16_table(way.before + body[way.left_out : -2], way.model)
        bodies.append(body[:-2] + check.to_bytes(2, "big" if way.high_first else "little"))
    if way is WAYS[0]:
        assert all(crc16_x25(body) == X25_GOOD for body in bodies)
    else:
        assert way_of(bodies) == way


def test_damaged_frames_have_no_way():
    found = framed("bit-flips")
    assert found.way is None
    assert found.doubtful == len(found.others) > 5
    assert len(found) == len(captured("bit-flips")[0])


@pytest.mark.parametrize(
    ("name", "column", "value"),
    [
        ("type-3", "format_type", 0b1010),
        ("length-42", "stated", 42),
        ("length-flags", "stated", 45),
        ("segmented", "segmented", 1),
        ("address-fe", "address", 0xFE),
        ("i-frames", "control", 0x10),
    ],
)
def test_headers_are_read_where_the_check_sequence_vouches_for_them(name, column, value):
    found = framed(name)
    assert set(getattr(found, column).tolist()) == {value}
    assert set(found.actual.tolist()) == {43}
    deviation = next(found.deviations(np.ones(len(found), np.bool_), 2, 1, "x", str))
    assert (deviation.place.offset, deviation.place.length) == (3, 1)


def test_a_check_sequence_gets_its_flags_back():
    for number in range(4000):
        info = encode_telegram(PROFILE, {"sequence": number % 256}, {"V1": number / 40})
        body = encode_frame(PROFILE, info)[1:-1]
        check = body[-2:]
        if 0x7E in check:
            lacking = body[:-2] + check.replace(b"\x7e", b"")
            assert without_loss(lacking) == body
        elif number < 100:
            assert without_loss(body[:-1]) == body[:-1]


@pytest.mark.parametrize(
    ("name", "mechanisms"),
    [
        ("", set()),
        ("stuffed", {Mechanism.OCTET}),
        ("half-stuffed", {Mechanism.OCTET, Mechanism.HALF}),
        ("octet-mode", set()),
        ("octet-unstuffed", {Mechanism.LENGTH}),
        ("octet-half-stuffed", {Mechanism.HALF, Mechanism.LENGTH}),
    ],
)
def test_the_mechanism_of_frames_with_flags_inside(name, mechanisms):
    found = Interior(captured(name)[0])
    assert {one.mechanism for one in found.otherwise} <= mechanisms
    assert bool(found.otherwise) is bool(mechanisms)
    assert found.good + len(found.otherwise) > 20


def test_lost_numbers_and_contents_are_told():
    whole, dropping = captured()[0], captured("drops-flags", 4 * SECOND)[0]
    assert numbered(whole).p == 1.0
    assert numbered(whole).with_flag[1] == 0
    assert numbered(dropping).with_flag[0] == 0
    assert numbered(dropping).p < 1e-12
    assert content(Framed(dropping)).with_flag == 0
    assert content(Framed(dropping)).p < 1e-6
    assert content(Framed(captured("", 4 * SECOND)[0])).p > 1e-3


def test_octets_that_repeat_themselves_count_once():
    capture = captured("", SECOND // 2)[0]
    twice = Capture(capture.profile, [Chunk(1, capture.octets), Chunk(2, capture.octets)])
    assert content(Framed(twice)).frames == pytest.approx(content(Framed(capture)).frames, abs=2)


def test_a_gap_in_which_a_damaged_frame_came_is_no_loss():
    assert numbered(captured("stuffed")[0]).with_flag[1] == 0
    assert numbered(captured("stuffed")[0]).without[1] == 0


@pytest.mark.parametrize(
    ("name", "closing", "opening"),
    [("shared-flags", 0, 0), ("no-closing-flag", 1, 0), ("no-opening-flag", 0, 1)],
)
def test_a_pause_tells_which_flag_is_missing(name, closing, opening):
    capture, times = captured(name)
    assert len(shared_flags(capture)) >= 5
    found = Delimiters(capture, times)
    assert found.examined == len(shared_flags(capture))
    assert len(found.without_closing) == closing * found.examined
    assert len(found.without_opening) == opening * found.examined


def test_instants_that_are_forgotten_leave_flags_out():
    capture, times = captured("no-closing-flag")
    half = len(times.starts_ns) // 2
    found = Delimiters(capture, LineTimes(times.starts_ns[half:], times.bit_ns, times.starts_ns))
    assert 0 < found.examined < len(shared_flags(capture))
    assert len(found.without_closing) == found.examined


def test_without_edges_shared_flags_are_an_observation():
    made = []
    listener = SimpleNamespace(has=lambda _capability: False)
    verify = SimpleNamespace(
        none_of=lambda name, found, **_: made.append((name, len(list(found)))),
        that=lambda name, met, level, **_: made.append((name, met, level)),
    )
    test_framing._judge_flags(captured("no-closing-flag")[0], listener, verify)
    assert made == [("opening", 0), ("closing", 0), ("own", False, Level.SHOULD)]


def test_joining_anywhere_finds_the_next_frame():
    octets = captured("", SECOND // 10)[0].octets
    for begin in range(200):
        found = examined(octets[begin : begin + 400], PROFILE, 1)
        assert found.first_end is not None
        assert found.first_end <= found.limit == 90
        assert found.false_at is None


def test_fill_does_not_make_joining_longer():
    octets = captured("flag-fill", SECOND // 10)[0].octets
    ends = {examined(octets[at : at + 400], PROFILE, 1).first_end for at in range(5000)}
    assert max(ends) <= 90


def test_a_frame_inside_a_frame_is_no_frame():
    octets = captured("frame-in-frame", SECOND // 10)[0].octets
    found = [examined(octets[at : at + 400], PROFILE, 1) for at in range(90)]
    assert any(one.false_at is not None for one in found)
    assert found[0].false_at is None  # who hears the frame around it is not misled


def test_octets_without_a_frame_have_no_end():
    found = examined(bytes(300), PROFILE, 7)
    assert (found.number, found.first_end, found.false_at) == (7, None, None)


def test_escapes_count_as_octets_of_the_line():
    capture = captured("octet-mode", SECOND // 10)[0]
    found = examined(capture.octets[:600], capture.profile, 1)
    assert found.first_end <= found.limit
    assert unstuffed(b"\x7d\x5e") == b"\x7e"
