from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.core.errors import UsageError
from bench.core.trace import Chunk, Direction
from bench.protocols.dlms.wrapper import (
    Lost,
    Piece,
    WpduOctets,
    WrapperStream,
    build_wpdu,
    decode_wpdu,
    encode_wpdu,
)

PORTS = st.integers(0, 0xFFFF)
APDUS = st.binary(max_size=300)
UNITS = st.builds(encode_wpdu, PORTS, PORTS, APDUS)


def run(octets: bytes) -> list[Piece]:
    stream = WrapperStream()
    return [*stream.feed(Chunk(0, octets)), *stream.flush()]


@given(PORTS, PORTS, APDUS)
def test_round_trip(source: int, destination: int, apdu: bytes):
    octets = encode_wpdu(source, destination, apdu)
    unit = decode_wpdu(octets)
    assert unit == (octets, 1, source, destination, len(apdu), apdu, ())
    assert build_wpdu(source, destination, apdu) == octets
    assert unit.valid
    assert sum(field.length for field in unit.fields()) == len(octets)


def test_the_header_is_as_the_standard_prints_it():
    assert encode_wpdu(0x10, 1, b"\xc0\x01").hex() == "0001001000010002c001"


@given(UNITS | st.binary(max_size=20))
def test_arbitrary_datagrams(octets: bytes):
    unit = decode_wpdu(octets)
    assert unit.octets == octets
    assert unit.to_json()
    assert sum(field.length for field in unit.fields()) == len(octets)
    assert unit.valid == (not any(field.problem for field in unit.fields())) or not octets


@pytest.mark.parametrize(
    ("octets", "code", "offset"),
    [
        (build_wpdu(1, 16, b"abc", version=2), "wrapper-version", 0),
        (build_wpdu(1, 16, b"abc", version=0), "wrapper-version", 0),
        (build_wpdu(1, 16, b"abc", length=0x40), "wrapper-length", 6),
        (build_wpdu(1, 16, b"abc", length=lambda right: right - 1), "wrapper-length", 6),
        (build_wpdu(1, 16, b"abc", length=0xFFFF), "wrapper-length", 6),
        (b"\x00\x01\x00", "wrapper-header", 0),
        (b"", "wrapper-header", 0),
    ],
)
def test_a_wrong_unit_is_named(octets: bytes, code: str, offset: int):
    unit = decode_wpdu(octets)
    assert [(p.code, p.offset) for p in unit.problems] == [(code, offset)]
    assert not unit.valid


def test_a_unit_has_at_most_65535_octets():
    assert decode_wpdu(encode_wpdu(1, 16, bytes(0xFFFF))).valid
    with pytest.raises(UsageError):
        encode_wpdu(1, 16, bytes(0x10000))


@settings(deadline=None)
@given(st.lists(UNITS, max_size=6), st.binary(max_size=12), st.data())
def test_segments_may_be_split_and_merged(units: list[bytes], tail: bytes, data):
    octets = b"".join(units) + tail
    stream, pieces, at = WrapperStream(), [], 0
    while at < len(octets):
        step = data.draw(st.integers(1, 60))
        pieces += stream.feed(Chunk(at, octets[at : at + step]))
        at += step
    pieces += stream.flush()
    assert b"".join(p.octets for p in pieces) == octets
    assert [p.octets for p in pieces[: len(units)]] == units
    whole = [p for p in run(octets) if not isinstance(p, Lost)]
    found = [p for p in pieces if not isinstance(p, Lost)]
    assert [replace(p, at_ns=0, until_ns=0) for p in found] == whole
    offset = 0
    for number, piece in enumerate(pieces, 1):
        assert (piece.number, piece.offset) == (number, offset)
        assert piece.at_ns <= piece.until_ns
        offset += len(piece.octets)


def test_single_octets_and_several_units_in_one_segment():
    units = [encode_wpdu(1, 16, b"a"), encode_wpdu(1, 16, b""), encode_wpdu(1, 16, b"ccc")]
    stream = WrapperStream()
    octets = b"".join(units)
    pieces = [p for i in range(len(octets)) for p in stream.feed(Chunk(i, octets[i : i + 1]))]
    assert [p.octets for p in pieces] == [p.octets for p in run(octets)] == units
    assert [(p.at_ns, p.until_ns) for p in pieces] == [(0, 8), (9, 16), (17, 27)]


def test_a_wrong_version_loses_the_rest_of_the_connection():
    good, bad = encode_wpdu(1, 16, b"abc"), build_wpdu(1, 16, b"abc", version=2)
    stream = WrapperStream()
    first, rest = stream.feed(Chunk(0, good + bad + good))
    assert first.octets == good
    assert rest == Lost(2, 0, 0, bad + good, offset=len(good))
    assert stream.lost
    [more] = stream.feed(Chunk(5, good))
    assert isinstance(more, Lost)
    assert stream.pending == 0
    assert stream.flush() == []


def test_a_length_beyond_the_data_waits_and_ends_incomplete():
    stream = WrapperStream()
    octets = build_wpdu(1, 16, b"0123456789", length=0x40)
    assert stream.feed(Chunk(0, octets)) == []
    assert stream.pending == len(octets)
    [piece] = stream.flush()
    assert isinstance(piece, WpduOctets)
    assert not piece.complete
    assert [p.code for p in decode_wpdu(piece.octets).problems] == ["wrapper-length"]


def test_what_was_sent_is_not_looked_at():
    assert WrapperStream().feed(Chunk(0, encode_wpdu(1, 16, b"a"), Direction.SENT)) == []


def test_many_small_units_in_one_segment_take_no_time():
    octets = encode_wpdu(1, 16, b"") * 50_000
    assert len(run(octets)) == 50_000
