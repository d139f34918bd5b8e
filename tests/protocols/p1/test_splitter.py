from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bench.core.trace import Chunk, Direction
from bench.protocols.p1.splitter import (
    TELEGRAM_LIMIT,
    Noise,
    Piece,
    TelegramOctets,
    TelegramSplitter,
)

ONE = b"/MBX5\\A\r\n\r\n1-0:1.7.0(00.123*kW)\r\n!1234\r\n"
TWO = b"/MBX5\\B\r\n\r\n1-0:1.7.0(00.456*kW)\r\n!5678\r\n"


def split(*chunks: bytes) -> list[Piece]:
    splitter = TelegramSplitter()
    pieces = [p for chunk in chunks for p in splitter.feed(Chunk(0, chunk))]
    return pieces + splitter.flush()


def shapes(pieces: list[Piece]) -> list[tuple[str, bytes]]:
    named = []
    for piece in pieces:
        kind = "noise" if isinstance(piece, Noise) else "complete" if piece.complete else "cut"
        named.append((kind, piece.octets))
    return named


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (ONE + TWO, [("complete", ONE), ("complete", TWO)]),
        (ONE[9:] + TWO, [("noise", ONE[9:]), ("complete", TWO)]),
        (b" " + ONE, [("noise", b" "), ("complete", ONE)]),
        (b"p" + ONE, [("noise", b"p"), ("complete", ONE)]),
        (ONE + b"\r\n" + TWO, [("complete", ONE), ("noise", b"\r\n"), ("complete", TWO)]),
        (ONE[:20] + b"\r\n" + TWO, [("cut", ONE[:20] + b"\r\n"), ("complete", TWO)]),
        (ONE[:20], [("cut", ONE[:20])]),
        (ONE[:-2], [("complete", ONE[:-2])]),
        (b"\x00\xff", [("noise", b"\x00\xff")]),
        (b"", []),
        # A slash or an end mark within a line is none; nor is a slash before no letter.
        (ONE.replace(b"00.123", b"t-/-t!"), [("complete", ONE.replace(b"00.123", b"t-/-t!"))]),
        (ONE.replace(b"(00", b"\r\n/1(00"), [("complete", ONE.replace(b"(00", b"\r\n/1(00"))]),
    ],
)
def test_cuts_where_telegrams_start_and_end(stream: bytes, expected: list[tuple[str, bytes]]):
    assert shapes(split(stream)) == expected


@pytest.mark.parametrize("line_end", [b"\n", b"\r", b"\r\r\n"])
def test_meters_with_other_line_ends_split_too(line_end: bytes):
    one, two = ONE.replace(b"\r\n", line_end), TWO.replace(b"\r\n", line_end)
    assert shapes(split(one + two)) == [("complete", one), ("complete", two)]


def test_line_of_the_end_mark_is_bounded():
    start = ONE[: ONE.index(b"!")]
    pieces = split(start + b"!" + b"x" * 200)
    assert shapes(pieces) == [("complete", start + b"!" + b"x" * 63), ("noise", b"x" * 137)]


def test_endless_telegram_is_cut():
    stream = b"/MBX5" + b"x" * TELEGRAM_LIMIT * 2
    pieces = split(stream)
    assert [len(p.octets) for p in pieces] == [TELEGRAM_LIMIT, TELEGRAM_LIMIT, 5]
    assert [kind for kind, _ in shapes(pieces)] == ["cut", "noise", "noise"]


def test_telegram_comes_with_its_last_octet_and_not_later():
    splitter = TelegramSplitter()
    assert splitter.feed(Chunk(0, ONE[:-1])) == []
    (piece,) = splitter.feed(Chunk(0, ONE[-1:]))
    assert piece.octets == ONE


def test_sent_chunks_are_no_part_of_the_stream():
    assert TelegramSplitter().feed(Chunk(0, ONE, Direction.SENT)) == []


def test_stamps_count_back_from_the_last_octet_of_a_chunk():
    splitter = TelegramSplitter(octet_ns=100)
    assert splitter.feed(Chunk(10_000, ONE[:10])) == []
    first, second = splitter.feed(Chunk(50_000, ONE[10:] + TWO))
    assert (first.at_ns, first.until_ns) == (9_100, 50_000 - 100 * len(TWO))
    assert (second.at_ns, second.until_ns) == (50_000 - 100 * (len(TWO) - 1), 50_000)
    assert (first.number, first.offset) == (1, 0)
    assert (second.number, second.offset) == (2, len(ONE))


def test_stamps_never_go_before_the_chunk_before():
    splitter = TelegramSplitter(octet_ns=1_000_000)
    (first,) = splitter.feed(Chunk(5_000, ONE))
    (second,) = splitter.feed(Chunk(6_000, TWO))
    assert first.until_ns == 5_000
    assert second.at_ns == 5_000


ALPHABET = st.sampled_from(
    [b"/", b"!", b"\r", b"\n", b"A", b"5", b"(", b"\xff", ONE, TWO, ONE[:15]]
)
STREAMS = st.lists(ALPHABET | st.binary(max_size=6), max_size=40).map(b"".join)


@given(STREAMS, st.data())
@example(b"/A\r\n!1\r\r\n/B\r\n!\r\r/C", None)
def test_pieces_are_the_same_however_the_stream_is_chunked(stream: bytes, data):
    whole = split(stream)
    single = split(*(stream[i : i + 1] for i in range(len(stream))))
    assert shapes(single) == shapes(whole)
    if data is not None and stream:
        cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=8))
        bounds = [0, *sorted(cuts), len(stream)]
        chunked = split(*(stream[a:b] for a, b in pairwise(bounds)))
        assert shapes(chunked) == shapes(whole)
        assert [p.offset for p in chunked] == [p.offset for p in whole]


@given(STREAMS)
def test_no_octet_is_lost_or_doubled(stream: bytes):
    pieces = split(stream)
    assert b"".join(piece.octets for piece in pieces) == stream
    assert [p.number for p in pieces] == list(range(1, len(pieces) + 1))
    assert all(piece.octets for piece in pieces)
    assert all(isinstance(p, TelegramOctets) == p.octets.startswith(b"/") for p in pieces)
