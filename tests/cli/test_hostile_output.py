"""What a device or a declaration sends never reaches the terminal as a command to it."""

import os
import pty
import re
import subprocess
import sys

import pytest

from bench._home import home
from bench.protocols.p1.encode import crc_digits, encode_body, seal

#: sets a title, rings, goes back, clears; C1 control; right-to-left override as a text
HOSTILE = b"\x1b]0;pwned\x07\x1b[2J\x08\x9b31m\xe2\x80\xae"
#: what our own colours, cursor and progress bar need
OWN = re.compile(rb"\x1b\[[0-9;]*m|\x1b\[\?25[lh]|\x1b\[[0-9]*[AK]|\r")


def on_a_terminal(*arguments):
    """Run a command line on a pseudo terminal; return its code and all octets of output."""
    leader, follower = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "bench", *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(home()), "TERM": "xterm", "COLUMNS": "200"},
        stdin=subprocess.DEVNULL,
        stdout=follower,
        stderr=follower,
    ) as process:
        os.close(follower)
        seen = b""
        while True:
            try:
                seen += os.read(leader, 65536)
            except OSError:  # the other side is closed
                break
    os.close(leader)
    return process.returncode, seen


def raw(seen):
    """Return the control characters that are not our own."""
    text = OWN.sub(b"", seen).decode("utf-8", "surrogateescape")
    return {c for c in text if not c.isprintable() and c != "\n"}


@pytest.fixture
def hostile(tmp_path):
    """A recording with hostile octets in identification, text, an OBIS code and between."""
    telegrams = []
    for number in range(12):
        body = encode_body("/SIM5x", [f"0-0:96.13.0({number:04x}Q)", "1-0:1.7.0(BAD*kW)"])
        body = body.replace(b"SIM5x", b"SIM5" + HOSTILE).replace(b"Q", HOSTILE)
        body = body.replace(b"BAD", b"0" + HOSTILE)
        telegrams.append(seal(body, crc_digits(body)) + HOSTILE)
    path = tmp_path / "hostile.bin"
    path.write_bytes(b"".join(telegrams))
    return path


def test_a_run_and_its_explanation_show_them_as_text(hostile, tmp_path):
    code, seen = on_a_terminal(
        "run", "p1", "--link", f"p1=replay:{hostile}", "--out", tmp_path / "runs"
    )
    assert code == 1
    assert raw(seen) == set()
    (folder,) = (tmp_path / "runs").iterdir()
    for case in ("P1-A-005", "P1-A-009", "P1-A-010", "P1-A-031", "P1-A-038"):
        code, seen = on_a_terminal("explain", f"{case}@{folder}")
        assert code == 0
        assert raw(seen) == set()


def test_decoding_shows_them_as_text(hostile):
    code, seen = on_a_terminal("decode", "p1", hostile)
    assert code == 0
    assert raw(seen) == set()
    assert b"\\x1b" in seen


def test_decoding_a_wan_port_shows_them_as_text(tmp_path):
    path = tmp_path / "hostile.bin"
    texts = (b"\x0a", b"\x0c")  # visible-string, utf8-string
    for text in texts:
        apdu = b"\xc4\x01\xc1\x00" + text + bytes([len(HOSTILE)]) + HOSTILE
        path.write_bytes(b"\x00\x01\x00\x01\x00\x10" + len(apdu).to_bytes(2, "big") + apdu)
        for more in ((), ("--brief",), ("--json",), ("--as", "hdlc")):
            code, seen = on_a_terminal("decode", "wan", path, *more)
            assert code == (3 if "hdlc" in more else 0)
            assert raw(seen) == set()


def test_a_declaration_shows_them_as_text(tmp_path):
    device = tmp_path / "device.toml"
    device.write_text(
        'schema = 1\n[item]\nmanufacturer = "a\\u001b]0;pwned\\u0007"\n'
        'type = "\\u009b31m"\nserial = "\\b"\n'
        '[p1]\nprofile = "nl50"\nlink = "simulated:p1"\n'
    )
    code, seen = on_a_terminal("run", "--quick", "--device", device, "--out", tmp_path / "runs")
    assert code == 3
    assert raw(seen) == set()


def test_mistakes_of_a_declaration_show_them_as_text(tmp_path):
    device = tmp_path / "device.toml"
    device.write_text(
        'schema = 1\n[item]\n"a\\u001b]0;pwned\\u0007" = "\\u001b[2J"\n'
        '[p1]\nprofile = "\\u001b[2J"\nlink = "x"\n[p1.ics]\n"\\u009b31m" = true\n'
    )
    for command in (["run", "--device", device], ["declare", "check", device]):
        code, seen = on_a_terminal(*command)
        assert code == 2
        assert raw(seen) == set()


def test_the_self_test_shows_them_as_text():
    code, seen = on_a_terminal("selftest", "p1.identification")
    assert code == 0
    assert raw(seen) == set()
