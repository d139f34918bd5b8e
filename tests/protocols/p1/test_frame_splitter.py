"""How the stream of an encrypted port is cut: frames, telegrams in clear, neither."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bench.core.trace import Chunk
from bench.protocols.p1.ciphering import Envelope, encode_frame
from bench.protocols.p1.frame_splitter import (
    FrameOctets,
    FrameSplitter,
    Noise,
    TelegramOctets,
)
from bench.protocols.p1.splitter import TELEGRAM_LIMIT, TelegramSplitter

CLEAR = b"/Lux5\\T\r\n\r\n1-3:0.2.8(42)\r\n!0000\r\n"
KEY = bytes(16)
ENVELOPE = Envelope(CLEAR, b"MBXtitle", 1, KEY)
ONE = encode_frame(ENVELOPE)
TWO = encode_frame(replace(ENVELOPE, plaintext=CLEAR * 8, counter=2))
#: what is hidden in its body would begin a telegram or a frame anywhere else
HIDDEN = b"/Lux5x\r\n!1234\r\n\xdb\x08\xdb\x08" + b"a" * 20
TRAP = b"\xdb\x08MBXtitle" + bytes([5 + len(HIDDEN)]) + b"\x30\0\0\0\1" + HIDDEN


def split(*chunks: bytes):
    splitter = FrameSplitter()
    pieces = [p for chunk in chunks for p in splitter.feed(Chunk(0, chunk))]
    return pieces + splitter.flush()


def shapes(pieces) -> list[tuple[str, bytes]]:
    named = []
    for piece in pieces:
        kind = type(piece).__name__.removesuffix("Octets").lower()
        complete = isinstance(piece, Noise) or piece.complete
        named.append((kind if complete else f"cut {kind}", piece.octets))
    return named


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (ONE + TWO, [("frame", ONE), ("frame", TWO)]),
        (TRAP + ONE, [("frame", TRAP), ("frame", ONE)]),
        (b"\x00\xdb" + ONE, [("noise", b"\x00\xdb"), ("frame", ONE)]),
        (ONE[9:] + TWO, [("noise", ONE[9:]), ("frame", TWO)]),
        (ONE + CLEAR + TWO, [("frame", ONE), ("telegram", CLEAR), ("frame", TWO)]),
        (CLEAR + CLEAR, [("telegram", CLEAR), ("telegram", CLEAR)]),
        (ONE[:40] + TWO, [("cut frame", ONE[:40]), ("frame", TWO)]),
        (TWO[:90] + CLEAR, [("cut frame", TWO[:90]), ("telegram", CLEAR)]),
        (CLEAR[:20] + ONE, [("cut telegram", CLEAR[:20]), ("frame", ONE)]),
        (ONE[:-1], [("cut frame", ONE[:-1])]),
        (ONE + b"\r\n" + TWO, [("frame", ONE), ("noise", b"\r\n"), ("frame", TWO)]),
        (b"/", [("noise", b"/")]),
        (b"\xdb\x08", [("noise", b"\xdb\x08")]),
        (b"", []),
    ],
)
def test_cuts_where_frames_and_telegrams_begin_and_end(stream, expected):
    assert shapes(split(stream)) == expected


@pytest.mark.parametrize(
    "stream", [CLEAR[:20] + CLEAR, CLEAR[:-2] + CLEAR, CLEAR + b"\r\n" + CLEAR]
)
def test_telegrams_in_clear_are_cut_as_on_a_plain_port(stream):
    plain = TelegramSplitter()
    assert shapes(split(stream)) == shapes([*plain.feed(Chunk(0, stream)), *plain.flush()])


@pytest.mark.parametrize("excess", [1, 2, 9, 10, 60])
def test_frame_whose_length_is_too_great_ends_where_the_next_begins(excess):
    wrong = encode_frame(replace(ENVELOPE, length=ENVELOPE.true_length + excess))
    found = shapes(split(wrong + wrong + ONE))
    assert found == [("cut frame", wrong), ("cut frame", wrong), ("frame", ONE)]


@pytest.mark.parametrize("lack", [1, 12])
def test_octets_beyond_the_length_are_kept_apart(lack):
    wrong = encode_frame(replace(ENVELOPE, length=ENVELOPE.true_length - lack))
    found = shapes(split(wrong + ONE))
    assert found == [("frame", wrong[:-lack]), ("noise", wrong[-lack:]), ("frame", ONE)]


@pytest.mark.parametrize(
    "wrong",
    [
        b"\xda" + TWO[1:],
        TWO[:1] + b"\x00" + TWO[10:],
        TWO[:1] + b"\x03SAG" + TWO[10:],
        TWO[:10] + b"\x83\x00" + TWO[11:],
    ],
)
def test_frame_whose_header_is_wrong_is_a_frame_all_the_same(wrong):
    expected = [("frame", wrong), ("frame", wrong), ("frame", TWO), ("frame", wrong)]
    assert shapes(split(wrong + wrong + TWO + wrong)) == expected
    cut = shapes(split(b"\x00" + wrong + ONE))
    assert cut == [("noise", b"\x00"), ("frame", wrong), ("frame", ONE)]


@pytest.mark.parametrize("wrong", [b"\xda" + ONE[1:], ONE[:1] + b"\x00" + ONE[10:]])
def test_frame_that_is_none_is_noise_and_hides_no_other(wrong):
    assert shapes(split(ONE + wrong + TWO)) == [("frame", ONE), ("noise", wrong), ("frame", TWO)]


def test_frame_comes_with_its_last_octet():
    splitter = FrameSplitter()
    assert splitter.feed(Chunk(0, ONE[:-1])) == []
    (piece,) = splitter.feed(Chunk(7, ONE[-1:]))
    assert isinstance(piece, FrameOctets)
    assert (piece.octets, piece.until_ns, piece.number) == (ONE, 7, 1)


def test_frame_that_ends_like_a_header_waits_for_what_follows():
    ending = ONE[:-1] + b"\xdb"
    assert shapes(split(ending + ONE)) == [("frame", ending), ("frame", ONE)]
    assert shapes(split(ending)) == [("frame", ending)]


def test_endless_noise_and_telegrams_are_cut():
    assert [len(p.octets) for p in split(b"x" * (TELEGRAM_LIMIT + 5))] == [TELEGRAM_LIMIT, 5]
    pieces = split(b"/Lux5" + b"x" * TELEGRAM_LIMIT)
    assert [len(p.octets) for p in pieces] == [TELEGRAM_LIMIT, 5]


PARTS = st.sampled_from(
    [
        b"/",
        b"!",
        b"\r\n",
        b"\xdb",
        b"\xdb\x08",
        ONE,
        TWO,
        TRAP,
        CLEAR,
        ONE[:13],
        ONE[:30],
        ONE[:-1],
        b"\xda" + TWO[1:],
        TWO[:1] + b"\x00" + TWO[10:],
        TWO[:1] + b"\x03SAG" + TWO[10:80],
        CLEAR[:15],
        b"/Lux5",
        b"MBXtitle",
        ONE[:2],
    ]
)
STREAMS = st.lists(PARTS | st.binary(max_size=6), max_size=30).map(b"".join)


@given(STREAMS, st.data())
@example(CLEAR[:20] + b"\r\n\xdb\x08!" + ONE, None)
@example(ONE[:-3] + CLEAR + ONE, None)
def test_pieces_are_the_same_however_the_stream_is_chunked(stream: bytes, data):
    whole = split(stream)
    single = split(*(stream[i : i + 1] for i in range(len(stream))))
    assert shapes(single) == shapes(whole)
    if data is not None and stream:
        cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=8))
        chunked = split(*(stream[a:b] for a, b in pairwise([0, *sorted(cuts), len(stream)])))
        assert shapes(chunked) == shapes(whole)


@given(STREAMS | st.binary(max_size=300))
def test_no_octet_is_lost_or_doubled(stream: bytes):
    pieces = split(stream)
    assert b"".join(piece.octets for piece in pieces) == stream
    assert [p.number for p in pieces] == list(range(1, len(pieces) + 1))
    assert all(piece.octets for piece in pieces)
    for piece in pieces:
        assert isinstance(piece, Noise) or piece.octets[0] in b"/\xd8\xd9\xda\xdb\xdc\xdd\xde\xdf"
        assert not isinstance(piece, TelegramOctets) or piece.octets.startswith(b"/")


@given(st.lists(st.sampled_from([ONE, TWO, TRAP]), max_size=6), st.binary(max_size=20))
def test_every_whole_frame_of_a_clean_stream_is_found(frames: list[bytes], before: bytes):
    before = before.replace(b"\xdb", b"").replace(b"/", b"")
    found = [p.octets for p in split(before, *frames) if isinstance(p, FrameOctets)]
    assert found == frames
