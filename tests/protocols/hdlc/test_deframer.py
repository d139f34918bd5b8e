from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.core.trace import Chunk, Direction
from bench.protocols.hdlc.address import client, server
from bench.protocols.hdlc.deframer import (
    NOISE_LIMIT,
    Deframer,
    FrameOctets,
    Noise,
    NoiseKind,
    Piece,
)
from bench.protocols.hdlc.encode import build_frame, encode_frame, flipped
from bench.protocols.hdlc.frame import TYPE_1, FrameLayout, decode_frame

SERVER, CLIENT = server(1, 17), client(16)
SNRM = encode_frame(SERVER, CLIENT, 0x93)
INNER_FLAGS = encode_frame(SERVER, CLIENT, 0x10, b"\x7e\x7e\xa0\x07\x7eabc\x7e")
NESTED = encode_frame(SERVER, CLIENT, 0x32, b"dump " + SNRM + SNRM + b"\x7e\xa0")
GOOD = (SNRM, INNER_FLAGS, NESTED)

INFORMATION = st.lists(st.sampled_from([b"\x7e", b"\xa0", SNRM, b"\x00"]) | st.binary(max_size=9))
FRAMES = st.builds(
    encode_frame,
    st.sampled_from([SERVER, server(1), server(1, 17, 4)]),
    st.just(CLIENT),
    st.sampled_from([0x10, 0x32, 0x13, 0x93]),
    INFORMATION.map(b"".join),
)


def run(octets: bytes, layout: FrameLayout | None = None) -> list[Piece]:
    deframer = Deframer(layout) if layout else Deframer()
    return [*deframer.feed(Chunk(0, octets)), *deframer.flush()]


def sound(pieces: list[Piece]) -> list[bytes]:
    return [p.body for p in pieces if isinstance(p, FrameOctets) and p.sound]


def shape(pieces: list[Piece]) -> list[str]:
    return [
        ("frame" if p.sound else "damaged") if isinstance(p, FrameOctets) else p.kind.value
        for p in pieces
    ]


def without_time(pieces: list[Piece]) -> list[Piece]:
    return [replace(piece, at_ns=0, until_ns=0) for piece in pieces]


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (SNRM, ["frame"]),
        (SNRM + SNRM, ["frame", "frame"]),
        (SNRM + SNRM[1:], ["frame", "frame"]),  # one flag between
        (SNRM + b"\x7e\x7e" + SNRM, ["frame", "fill", "frame"]),
        (b"\xff\x00\x7e\x7e\x7e" + SNRM, ["stray", "fill", "frame"]),
        (b"\x7e" * 9, ["fill"]),
        (INNER_FLAGS, ["frame"]),
        (NESTED, ["frame"]),
        (NESTED[:-1] + SNRM, ["frame", "frame"]),
        (SNRM[1:] + SNRM, ["stray", "frame"]),  # the closing flag opens nothing: fill
        (SNRM[:-1], ["broken-off"]),
        (SNRM[1:-1], ["stray"]),
        (build_frame(SERVER, CLIENT, 0x93, fcs=flipped(3)) + SNRM, ["damaged", "frame"]),
        (build_frame(SERVER, CLIENT, 0x93, length=2047) + SNRM, ["damaged", "frame"]),
        (build_frame(SERVER, CLIENT, 0x93, length=0) + SNRM, ["damaged", "frame"]),
        (build_frame(SERVER, CLIENT, 0x93, length=9) + SNRM, ["damaged", "frame"]),
        (build_frame(SERVER, CLIENT, 0x93, format_type=9) + SNRM, ["damaged", "frame"]),
        (build_frame(b"\x02\x02\x23", CLIENT, 0x93) + SNRM, ["frame", "frame"]),
        (build_frame(SERVER, b"\x02\x21", 0x93) + SNRM, ["frame", "frame"]),
        (build_frame(SERVER, CLIENT, 0x10, b"a\x7eb", hcs=flipped(1)) + SNRM, ["frame", "frame"]),
        (build_frame(SERVER, CLIENT, 0x10, b"a\x7eb", fcs=flipped(1)) + SNRM, ["damaged", "frame"]),
    ],
)
def test_streams(octets: bytes, expected: list[str]):
    pieces = run(octets)
    found = shape(pieces)
    if octets.startswith(SNRM[1:]) and octets != SNRM[1:-1]:
        found.remove("fill")
    assert found == expected
    assert b"".join(p.octets for p in pieces) == octets


def test_a_shared_flag_belongs_to_the_former_frame():
    first, second = run(SNRM + SNRM[1:])
    assert isinstance(first, FrameOctets)
    assert isinstance(second, FrameOctets)
    assert (first.shared, second.shared) == (False, True)
    assert first.body == second.body == SNRM[1:-1]
    assert (second.offset, second.number) == (len(SNRM), 2)


@settings(deadline=None)
@given(st.lists(FRAMES | st.binary(max_size=12), max_size=6), st.data())
def test_chunking_never_matters(parts: list[bytes], data):
    stream = b"".join(parts)
    whole = run(stream)
    deframer = Deframer()
    pieces: list[Piece] = []
    at = 0
    while at < len(stream):
        step = data.draw(st.integers(1, 20))
        pieces += deframer.feed(Chunk(at, stream[at : at + step]))
        at += step
    pieces += deframer.flush()
    assert without_time(pieces) == without_time(whole)


@settings(deadline=None)
@given(st.lists(FRAMES, min_size=1, max_size=5), st.data())
def test_good_frames_come_out_whatever_stands_between(frames: list[bytes], data):
    stream = b""
    for frame in frames:
        shared = stream.endswith(b"\x7e") and data.draw(st.booleans())
        known = st.sampled_from([b"", b"\x7e", b"\xff\x00", b"\x7e\xa0", b"\x00\x7e"])
        between = data.draw(known | st.binary(max_size=8))
        stream += frame[1:] if shared and not between else between + frame
    found = sound(run(stream))
    for frame in frames:
        assert frame[1:-1] in found


@settings(deadline=None)
@given(FRAMES, FRAMES, st.data())
def test_the_frame_after_a_damaged_one_is_not_lost(damaged: bytes, good: bytes, data):
    at = data.draw(st.integers(1, len(damaged) - 2))
    how = data.draw(st.sampled_from(["flip", "drop", "insert"]))
    octets = bytearray(damaged)
    if how == "flip":
        octets[at] ^= 1 << data.draw(st.integers(0, 7))
    elif how == "drop":
        del octets[at]
    else:
        octets.insert(at, data.draw(st.integers(0, 255)))
    pieces = run(bytes(octets) + good)
    assert good[1:-1] in sound(pieces)
    assert b"".join(p.octets for p in pieces) == bytes(octets) + good


@settings(deadline=None)
@given(st.lists(st.sampled_from([*GOOD, b"\x7e", b"\xa0\x07", b"\x7e\xa7\xff"]) | st.binary()))
def test_every_octet_is_accounted_for_once(parts: list[bytes]):
    stream = b"".join(parts)
    pieces = run(stream)
    assert b"".join(p.octets for p in pieces) == stream
    offset = 0
    for number, piece in enumerate(pieces, 1):
        assert (piece.number, piece.offset) == (number, offset)
        assert piece.octets
        offset += len(piece.octets)
        if isinstance(piece, FrameOctets):
            decode_frame(piece.body)


def test_a_damaged_length_holds_nothing_up():
    deframer = Deframer()
    deframer.feed(Chunk(0, SNRM[:1] + b"\xa7\xff" + SNRM[3:]))
    assert sound(deframer.feed(Chunk(1, SNRM))) == [SNRM[1:-1]]


def test_two_flags_within_a_doubtful_frame_are_both_looked_at():
    deframer = Deframer()
    assert deframer.feed(Chunk(0, b"\x7e\xa7\xff\x03\x21\x10 junk \x7e\x7e")) == []
    assert sound(deframer.feed(Chunk(1, SNRM[1:]))) == [SNRM[1:-1]]


def test_a_damaged_frame_waits_for_what_may_begin_within_it():
    # the address of the second frame holds a flag, which stands where the first should end
    second = encode_frame(server(0x3F, 17), CLIENT, 0x93)
    assert second[3] == 0x7E
    head = build_frame(SERVER, CLIENT, 0x10, bytes(20))[:9]
    lost = head + bytes(20 + 2 - 3)  # three octets fewer than its length says
    deframer = Deframer()
    assert deframer.feed(Chunk(0, lost + second[:4])) == []
    pieces = deframer.feed(Chunk(1, second[4:]))
    assert sound(pieces) == [second[1:-1]]


def test_a_wrong_length_with_a_right_check_ends_with_a_pause():
    # the octets before the flag are then a right header check, and what follows may be information
    deframer = Deframer(inter_octet_ns=25)
    assert deframer.feed(Chunk(0, build_frame(SERVER, CLIENT, 0x93, length=2047))) == []
    assert shape(deframer.expire(26)) == ["damaged"]
    assert shape(deframer.feed(Chunk(100, SNRM))) == ["frame"]


def test_a_pause_breaks_a_frame_off():
    deframer = Deframer(inter_octet_ns=25)
    assert deframer.deadline is None
    deframer.feed(Chunk(0, SNRM[:5]))
    assert deframer.deadline == 25
    assert deframer.expire(25) == []
    [broken, frame] = deframer.feed(Chunk(26, SNRM))
    assert isinstance(broken, Noise)
    assert broken.kind is NoiseKind.BROKEN_OFF
    assert isinstance(frame, FrameOctets)
    assert frame.offset == 5


def test_no_pause_is_measured_within_a_chunk():
    deframer = Deframer(inter_octet_ns=25, octet_ns=10)
    deframer.feed(Chunk(0, SNRM[:5]))
    rest = SNRM[5:]
    # the first octet of this chunk came 20 after the last of the former
    assert len(deframer.feed(Chunk(20 + 10 * (len(rest) - 1), rest))) == 1
    assert deframer.pending == 0


def test_after_a_pause_the_last_flag_opens_nothing():
    deframer = Deframer(inter_octet_ns=25)
    assert shape(deframer.feed(Chunk(0, SNRM))) == ["frame"]
    assert deframer.feed(Chunk(100, SNRM[1:-1])) == []
    assert shape(deframer.expire(200)) == ["stray"]
    assert shape(deframer.feed(Chunk(300, SNRM))) == ["frame"]


def test_arrival_is_that_of_the_first_and_last_octet():
    deframer = Deframer(octet_ns=10)
    deframer.feed(Chunk(1000, SNRM[:4]))
    [piece] = deframer.feed(Chunk(2000, SNRM[4:]))
    assert (piece.at_ns, piece.until_ns) == (970, 2000)


def test_what_was_sent_is_not_looked_at():
    assert Deframer().feed(Chunk(0, SNRM, Direction.SENT)) == []


def test_frames_of_type_1_with_flags_inside():
    layout = replace(TYPE_1, shortest=43, longest=43)
    frame = build_frame(b"\xff", b"", 3, b"\x7e" * 20 + bytes(17), layout=layout)
    assert shape(run(frame * 3, layout)) == ["frame"] * 3
    assert shape(run(frame[7:] + frame + SNRM + frame, layout)).count("frame") == 2


@pytest.mark.parametrize("filler", [b"\x00", b"\x7e", b"\x7e\xa7\xff\x03", b"\x7e\xa0"])
def test_endless_garbage_is_given_out_in_time_and_memory_that_do_not_grow(filler: bytes):
    deframer = Deframer()
    stream = filler * (200_000 // len(filler))
    given_out = 0
    for at in range(0, len(stream), 100):
        pieces = deframer.feed(Chunk(at, stream[at : at + 100]))
        given_out += sum(len(piece.octets) for piece in pieces)
        assert deframer.pending <= NOISE_LIMIT + 100
    assert given_out + deframer.pending == len(stream)


@settings(deadline=None, max_examples=50)
@given(st.binary(max_size=400).map(lambda b: b.replace(b"\x01", b"\x7e").replace(b"\x02", b"\xa0")))
def test_arbitrary_octets_in_single_octets(stream: bytes):
    deframer = Deframer()
    pieces = [p for i in range(len(stream)) for p in deframer.feed(Chunk(i, stream[i : i + 1]))]
    pieces += deframer.flush()
    assert without_time(pieces) == without_time(run(stream))
