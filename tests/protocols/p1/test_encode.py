import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.protocols.crc import ARC, crc16_table
from bench.protocols.p1.encode import crc_digits, encode_body, encode_telegram, encode_text, seal

_LINES = st.lists(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E)), max_size=8)


def test_a_telegram_is_header_empty_line_lines_end_mark_and_crc():
    octets = encode_telegram("/ISk5\\2MT382-1000", ["1-3:0.2.8(50)", "0-0:96.13.0()"])
    body = b"/ISk5\\2MT382-1000\r\n\r\n1-3:0.2.8(50)\r\n0-0:96.13.0()\r\n!"
    assert octets == body + b"%04X" % crc16_table(body, ARC) + b"\r\n"


def test_an_edition_without_crc_ends_with_the_end_mark():
    assert encode_telegram("/XMX5X", ["a"], crc=False) == b"/XMX5X\r\n\r\na\r\n!\r\n"


def test_the_crc_is_padded_to_four_digits():
    bodies = (b"/" + number.to_bytes(3) + b"!" for number in range(1 << 16))
    body = next(body for body in bodies if crc16_table(body, ARC) < 0x100)
    assert crc_digits(body) == b"%04X" % crc16_table(body, ARC)
    assert crc_digits(body).startswith(b"00")


def test_every_step_can_be_wrong():
    body = encode_body("/A", ["b"], line_end=b"\n", blank_lines=2, end_mark=b"?")
    assert body == b"/A\n\n\nb\n?"
    assert seal(body, b"1f28", line_end=b"") == b"/A\n\n\nb\n?1f28"


def test_characters_above_7f_become_one_octet():
    assert encode_text("m\xb3\xff") == b"m\xb3\xff"


def test_a_character_that_no_octet_stands_for_is_refused():
    with pytest.raises(UnicodeEncodeError):
        encode_text("\u20ac")


@given(_LINES)
def test_no_line_is_lost(lines):
    body = encode_body("/ABC5", lines)
    assert body.decode("latin-1").split("\r\n") == ["/ABC5", "", *lines, "!"]
