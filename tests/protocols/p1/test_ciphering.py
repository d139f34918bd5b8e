"""Frames of the encrypted P1 port: known answer, layout problems, damage."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.core.errors import UsageError
from bench.protocols.p1.ciphering import (
    AUTHENTICATED,
    COUNTER_END,
    ENCRYPTED,
    PLAIN,
    Envelope,
    decode_frame,
    encode_frame,
    encode_length,
    open_frame,
)

KEY = bytes(range(16))
TITLE = b"MBXtitle"
TELEGRAM = b"/Lux5\\T\r\n\r\n1-3:0.2.8(42)\r\n!0000\r\n"
GOOD = Envelope(TELEGRAM, TITLE, 0x01020304, KEY)
LONG = replace(GOOD, plaintext=TELEGRAM * 20)


def codes(octets: bytes) -> list[str]:
    return [problem.code for problem in decode_frame(octets).problems]


def test_real_frame_opens_and_is_built_again(real_data: Path):
    octets = bytes.fromhex((real_data / "p1" / "lux-enc-with-aad.hex.txt").read_text())
    key = bytes.fromhex("0123456789abcdef0123456789abcdef")
    authentication_key = bytes.fromhex("ffeeddccbbaa99887766554433221100")
    frame = decode_frame(octets)
    assert frame.problems == ()
    assert frame.title == bytes.fromhex("7379737469746c65")
    assert (frame.counter, frame.security, frame.declared) == (0x11223344, 0x30, 1502)
    opened = open_frame(frame, key, authentication_key)
    assert opened is not None
    assert opened.authentic is True
    assert opened.plaintext.startswith(b"/Lux5")
    assert opened.plaintext.endswith(b"!8B52")
    assert frame.counter is not None
    again = Envelope(opened.plaintext, frame.title, frame.counter, key, authentication_key)
    assert encode_frame(again) == octets


def test_right_key_with_another_authentication_key_gives_the_text_and_no_authenticity():
    opened = open_frame(decode_frame(encode_frame(GOOD)), KEY, bytes(16))
    assert opened is not None
    assert (opened.plaintext, opened.authentic) == (TELEGRAM, False)


def test_wrong_key_gives_neither():
    opened = open_frame(decode_frame(encode_frame(GOOD)), bytes(16))
    assert opened is not None
    assert opened.authentic is False
    assert opened.plaintext != TELEGRAM


@pytest.mark.parametrize(
    ("security", "authentic", "tag"),
    [(0x30, True, 12), (ENCRYPTED, None, 0), (AUTHENTICATED, True, 12), (PLAIN, None, 0)],
)
def test_every_security_octet_is_built_and_opened(security, authentic, tag):
    frame = decode_frame(encode_frame(replace(GOOD, security=security)))
    opened = open_frame(frame, KEY)
    assert opened is not None
    assert (opened.plaintext, opened.authentic) == (TELEGRAM, authentic)
    assert len(frame.tag) == tag
    assert [p.code for p in frame.problems] == (["security"] if security in (16, 32) else [])
    assert (frame.body == TELEGRAM) is not frame.encrypted


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"start": 0xDA}, ["start"]),
        ({"sent_title": b""}, ["title"]),
        ({"sent_title": b"short"}, ["title"]),
        ({"length": GOOD.true_length + 1}, ["length"]),
        ({"length": GOOD.true_length - 1}, ["length"]),
        ({"length": GOOD.true_length - 12}, ["length"]),
        ({"length": 3}, ["length", "short"]),
        ({"security": 0x70}, ["security"]),
        ({"after": b"\r\n"}, ["length"]),
    ],
)
def test_each_wrong_frame_has_its_problem(change, expected):
    assert codes(encode_frame(replace(GOOD, **change))) == expected


def test_problems_name_their_octet():
    frame = decode_frame(encode_frame(replace(LONG, length=LONG.true_length + 1, security=0x70)))
    assert [(p.code, p.offset) for p in frame.problems] == [("length", 10), ("security", 13)]
    assert all(p.clause == "Luxmetering-1.1.3:3.2.5" for p in frame.problems)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("7F", []),
        ("8180", []),
        ("820080", []),
        ("8201F2", []),
        ("817F", ["length-form"]),
        ("82007F", ["length-form"]),
        ("83000180", ["length-form"]),
        ("80", ["length-form"]),
    ],
)
def test_length_has_its_shortest_form(written, expected):
    digits = bytes.fromhex(written)
    count = int.from_bytes(digits[1:] or digits, "big") if digits != b"\x80" else 40
    octets = b"\xdb\x08" + TITLE + digits + b"\x30" + bytes(count - 1)
    assert codes(octets) == expected


@pytest.mark.parametrize("end", [2, 6, 10, 11, 13, 17, 25])
def test_frame_that_breaks_off_is_short_of_something(end):
    octets = encode_frame(LONG)[:end]
    assert set(codes(octets)) <= {"short", "length"}
    assert codes(octets).count("short") == (1 if end < 30 else 0)


@pytest.mark.parametrize(("length", "written"), [(127, "7F"), (128, "820080"), (1502, "8205DE")])
def test_length_is_written_as_the_specification_has_it(length, written):
    assert encode_length(length) == bytes.fromhex(written)


@pytest.mark.parametrize("length", [-1, 0x10000])
def test_length_that_has_no_form_is_refused(length):
    with pytest.raises(UsageError, match=str(length)):
        encode_length(length)


def test_fields_cover_the_frame_and_carry_its_problems():
    octets = encode_frame(replace(LONG, length=LONG.true_length - 1, security=0x70))
    fields = decode_frame(octets).fields()
    covered = b"".join(octets[f.offset : f.offset + f.length] for f in fields)
    assert covered == octets
    noted = {field.path: field.problem for field in fields if field.problem}
    assert set(noted) == {"length", "security"}
    assert fields[-1].path == "beyond the length"


def test_keys_are_checked_and_never_shown():
    with pytest.raises(UsageError, match="16 octets, this one has 3"):
        open_frame(decode_frame(encode_frame(GOOD)), b"\x01\x02\x03")
    with pytest.raises(UsageError, match="16 octets"):
        encode_frame(replace(GOOD, key=b""))
    assert repr(KEY) not in repr(GOOD)


def test_counter_beyond_its_octets_is_refused():
    assert decode_frame(encode_frame(replace(GOOD, counter=COUNTER_END))).counter == COUNTER_END
    with pytest.raises(UsageError, match="frame counter"):
        encode_frame(replace(GOOD, counter=COUNTER_END + 1))


@given(st.binary(max_size=80) | st.binary(max_size=40).map(lambda tail: b"\xdb\x08" + tail))
def test_arbitrary_octets_never_raise(octets: bytes):
    frame = decode_frame(octets)
    opened = open_frame(frame, KEY)
    assert opened is None or opened.authentic is not True
    fields = frame.fields()
    assert b"".join(octets[f.offset : f.offset + f.length] for f in fields) == octets
    assert frame.problems or len(octets) > 24


@given(st.sampled_from([GOOD, LONG]), st.data())
def test_a_single_wrong_bit_is_never_taken_for_authentic(envelope: Envelope, data: st.DataObject):
    octets = bytearray(encode_frame(envelope))
    bit = data.draw(st.integers(0, len(octets) * 8 - 1))
    octets[bit // 8] ^= 1 << bit % 8
    frame = decode_frame(bytes(octets))
    opened = open_frame(frame, KEY)
    assert frame.problems or opened is None or opened.authentic is False
