import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.hextext import looks_like_hex, parse_hex, parse_hex_lines
from bench.core.errors import UsageError


@pytest.mark.parametrize(
    ("text", "octets"),
    [
        ("7ea007", b"\x7e\xa0\x07"),
        ("7E A0\t07\n\n  03\r\n", b"\x7e\xa0\x07\x03"),
        ("# a remark\n7e a0\n# another\n07", b"\x7e\xa0\x07"),
        ("00000000: 2f49 534b 35                             /ISK5\n", b"/ISK5"),
        ("00000000  2f 49 53 4b 35  |/ISK5|\n00000005\n", b"/ISK5"),
        ("00000100: 4142 4344  ABCD\n00000104: 4546  EF\n", b"ABCDEF"),
        (
            "00000000  61 61  |aa|\n*\n00000006  62  |b|\n00000007\n",
            b"aaaaaab",
        ),
    ],
)
def test_layouts(text, octets):
    assert looks_like_hex(text.encode())
    assert parse_hex(text) == octets


@given(st.binary(min_size=1, max_size=100))
def test_plain_hex_is_read_with_any_blanks(octets):
    assert looks_like_hex(octets.hex(" ").encode())
    assert parse_hex(octets.hex(" ")) == octets
    assert parse_hex(octets.hex("\n").upper()) == octets


@pytest.mark.parametrize("command", [["xxd"], ["xxd", "-p"], ["hexdump", "-C"]])
@pytest.mark.parametrize(
    "octets", [bytes(range(256)), b"A" * 100 + b"B", b"|..|  " * 9, b"x", bytes(64)]
)
def test_what_the_tools_write_is_read(command, octets, tmp_path):
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    file = tmp_path / "octets"
    file.write_bytes(octets)
    text = subprocess.run([*command, str(file)], capture_output=True, text=True, check=True).stdout
    assert looks_like_hex(text.encode())
    assert parse_hex(text) == octets


@pytest.mark.parametrize(
    "octets", [b"", b"/ISK5\\2M550T-1012\r\n", b"\x7e\xa0\x07\xff", b"G", b"# only a remark", b"\n"]
)
def test_what_is_no_hex(octets):
    assert not looks_like_hex(octets)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("7E A0\n07 3", "log, line 2, column 4: odd hex digit: '3' ends in half an octet"),
        ("7EA0x7", "log, line 1, column 5: 'x' is no hex digit"),
        ("00000000: 4142  AB\n00000003: 43  C\n", "log, line 2, column 1: the offset is 0x3 where"),
        ("00000000: 4142  AB\nzz\n", "log, line 2, column 1: not a line of the dump"),
        ("00000000: 414  AB\n", "log, line 1, column 13: odd hex digit"),
    ],
)
def test_wrong_places_are_named(text, message):
    with pytest.raises(UsageError) as caught:
        parse_hex(text, "log")
    assert message in str(caught.value)


def test_lines_of_plain_digits_are_kept_apart():
    assert parse_hex_lines("# two\n7e a0\n\n01\n") == (b"\x7e\xa0", b"\x01")
    assert parse_hex_lines("00000000: 7ea0 01  ~..\n00000003: 02\n") == (b"\x7e\xa0\x01\x02",)
    assert parse_hex_lines("") == ()
    with pytest.raises(UsageError, match="line 2, column 2"):
        parse_hex_lines("7e\n7x\n", "file")
