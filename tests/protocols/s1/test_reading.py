"""Whole streams: good and damaged frames in their order, and the fast JSON like the slow one."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.protocols.crc import crc16_x25
from bench.protocols.s1.bulk import Block
from bench.protocols.s1.bulk_json import JsonLines, unremarkable
from bench.protocols.s1.damaged import pieces
from bench.protocols.s1.encode import encode_frame, encode_telegram, stuffed
from bench.protocols.s1.profile import Transparency, load_profile
from bench.protocols.s1.reading import FRAMES, damaged_telegram, flag_offset, read_stream
from bench.protocols.s1.stream import Discard
from bench.protocols.s1.telegram import decode_telegram

PROFILE = load_profile("emucs-h-1.3")


def frame(number=0, volts=325.0, profile=PROFILE, tail=b""):
    fields = {"meter_id": "1SAG1105555625", "info": 0x0A, "sequence": number % 256}
    return encode_frame(profile, encode_telegram(profile, fields, {"V1": volts}) + tail)


def sealed(frame, place, value):
    inner = bytearray(frame[1:-1])
    inner[place] = value
    inner[-2:] = crc16_x25(bytes(inner[:-2])).to_bytes(2, "little")
    return frame[:1] + bytes(inner) + frame[-1:]


def rows_of(block):
    return [json.loads(row) for row in JsonLines(block.profile).of(block)]


def expected(block):
    return [
        {**decode_telegram(row.tobytes(), block.profile).to_json(), "offset": int(offset)}
        for offset, row in zip(block.offsets, block.rows, strict=True)
    ]


def test_good_and_damaged_frames_come_in_order():
    octets = frame(0) + sealed(frame(1), 0, 0xA0) + b"\x55" + frame(2)[:-1] + frame(3)
    stream = read_stream(octets, PROFILE)
    found = list(stream.in_order())
    assert [one.offset if hasattr(one, "kind") else int(one.offsets[0]) for one in found] == [
        0, 45, 90, 91, 135,
    ]  # fmt: skip
    assert [str(p.kind) for p in stream.damaged()] == ["frame", "noise"]
    telegram = stream.telegram(found[1])
    assert [p.code for p in telegram.problems] == ["format-type"]
    assert telegram.sequence == 1
    assert telegram.fcs.ok


def test_missing_flags_are_problems_unless_they_are_shared():
    wrong = sealed(frame(1), 1, 0x2A)
    [piece] = pieces(wrong[1:-1], 10, PROFILE)
    assert flag_offset(piece) == 9
    assert [p.code for p in damaged_telegram(piece, PROFILE).problems] == ["length"]
    codes = [p.code for p in damaged_telegram(piece, PROFILE, opened=False, closed=False).problems]
    assert codes == ["opening-flag", "length", "closing-flag"]
    stream = read_stream(wrong[:-1] + wrong[:-1], PROFILE)
    first, second = stream.damaged()
    assert [p.code for p in stream.telegram(first).problems] == ["length"]
    assert [p.code for p in stream.telegram(second).problems] == ["length", "closing-flag"]
    start = read_stream(wrong[1:], PROFILE)
    [piece] = start.damaged()
    assert [p.code for p in start.telegram(piece).problems] == ["opening-flag", "length"]


def test_escapes_where_there_should_be_none_are_taken_out_and_told():
    [piece] = pieces(stuffed(frame(volts=0x7E7E / 40)), 0, PROFILE)
    telegram = damaged_telegram(piece, PROFILE)
    assert telegram.fcs.ok
    assert telegram.samples["V1"] == 0x7E7E / 40
    assert [p.code for p in telegram.problems] == ["escaped"]
    assert telegram.problems[0].offset == 24
    escaped = replace(PROFILE, transparency=Transparency.OCTET)
    broken = stuffed(frame(volts=0x7E7E / 40))[:30] + b"\x7d\x7e"
    [piece] = pieces(broken, 0, escaped)
    assert piece.kind is Discard.ABORT
    codes = {p.code for p in damaged_telegram(piece, escaped).problems}
    assert {"abort", "length", "fcs"} <= codes


@given(data=st.data())
@settings(max_examples=80, deadline=None)
def test_the_fast_json_is_that_of_single_telegrams(data):
    size = data.draw(st.sampled_from([37, 37, 40, 30]))
    count = data.draw(st.integers(1, 6))
    made = []
    for _ in range(count):
        information = data.draw(st.binary(min_size=size, max_size=size))
        head = data.draw(st.sampled_from([b"\xff\x03"] * 3 + [b"\xfe\x03", b"\xff\x13"]))
        start = data.draw(st.sampled_from([0x80, 0x80, 0x88]))
        body = bytes((start, size + 6)) + head + information
        made.append(body + crc16_x25(body).to_bytes(2, "little"))
    rows = np.frombuffer(b"".join(made), np.uint8).reshape(count, size + 6)
    block = Block(PROFILE, np.arange(count, dtype=np.int64) * 50 + 7, rows)
    found = [json.loads(row) for row in JsonLines(block.profile).of(block)]
    assert found == expected(block)
    assert [list(row) for row in found] == [list(row) for row in expected(block)]
    problems = [not row["problems"] for row in found]
    assert size == 30 or unremarkable(block).tolist() == problems


def test_another_way_of_counting_is_told_alike():
    fields = dict(PROFILE.fields)
    fields["sequence"] = replace(fields["sequence"], scale=PROFILE.channels[0].scale)
    other = replace(PROFILE, fields=fields)
    block = read_stream(frame(40) + frame(80), other).blocks[0]
    assert [row["sequence"] for row in rows_of(block)] == [1.0, 2.0]
    odd = replace(PROFILE, control=0x10)
    block = read_stream(frame(1), odd).blocks[0]
    assert [row["problems"][0]["code"] for row in rows_of(block)] == ["control-field"]


@given(st.binary(max_size=300))
@settings(deadline=None)
def test_whatever_a_stream_holds_can_be_told(octets):
    stream = read_stream(octets, PROFILE)
    for one in stream.in_order():
        if isinstance(one, Block):
            rows_of(one)
        elif one.kind in FRAMES:
            stream.telegram(one).annotated()


@pytest.mark.parametrize("octets", [b"", b"\x7e", b"\x80"])
def test_short_streams_hold_nothing(octets):
    stream = read_stream(octets, PROFILE)
    assert not [one for one in stream.in_order() if isinstance(one, Block) or one.kind in FRAMES]
