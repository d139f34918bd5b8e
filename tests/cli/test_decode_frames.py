"""`meterbench decode` of encrypted frames, and a run of an encrypted port that hides its keys."""

import base64
import json

import pytest

from bench.protocols.p1.ciphering import PUBLISHED_AUTHENTICATION_KEY, Envelope, encode_frame
from bench.simulator.ports.p1_encryption import encryption_key

KEY = bytes(range(16, 32))


@pytest.fixture
def key_file(tmp_path):
    path = tmp_path / "key"
    path.write_text(KEY.hex())
    return f"file:{path}"


@pytest.fixture
def frames(telegrams, tmp_path):
    """Write frames of two telegrams, altered as asked; return the path."""

    def write(**change):
        lu = telegrams(2, profile="lu")
        envelopes = [Envelope(text, b"MBXtitle", n, KEY, **change) for n, text in enumerate(lu)]
        path = tmp_path / "frames.bin"
        path.write_bytes(b"".join(encode_frame(envelope) for envelope in envelopes))
        return path

    return write


def test_frames_open_with_the_key_that_is_named(bench, frames, key_file):
    code, out, err = bench("decode", "p1", frames(), "--key", key_file)
    assert (code, err) == (0, "")
    assert out.count("tag good") == 2
    assert out.count("CRC good") == 2
    assert "frame 2   system title 4D 42 58 74 69 74 6C 65   frame counter 1" in out
    rows = bench("decode", "p1", frames(), "--key", key_file, "--json")[1].splitlines()
    assert [json.loads(row)["frame"]["frame_counter"] for row in rows] == [0, 1]
    assert json.loads(rows[0])["frame"]["tag"] == "good"
    assert json.loads(rows[0])["crc"]["ok"] is True


def test_real_frame_opens(bench, real_data, tmp_path, monkeypatch):
    monkeypatch.setenv("LUX_KEY", "0123456789abcdef0123456789abcdef")
    (tmp_path / "ak").write_text("ffeeddccbbaa99887766554433221100")
    path = real_data / "p1" / "lux-enc-with-aad.hex.txt"
    ak = f"file:{tmp_path / 'ak'}"
    code, out, _ = bench("decode", "p1", path, "--key", "env:LUX_KEY", "--authentication-key", ak)
    assert code == 0
    assert "tag good" in out
    assert "1-0:1.8.0" in out
    out = bench("decode", "p1", path, "--key", "env:LUX_KEY")[1]
    assert "tag WRONG   the text can be read: the key is right" in out


def test_frames_are_described_without_a_key(bench, frames):
    code, out, err = bench("decode", "p1", frames())
    assert code == 3
    assert out.count("tag not checked") == 2
    assert "2 encrypted frames; open it with --key env:NAME" in err
    code, out, _ = bench("decode", "p1", frames(), "--json")
    assert code == 3
    assert "objects" not in json.loads(out.splitlines()[0])


def test_a_wrong_key_shows_no_noise(bench, frames, tmp_path):
    (tmp_path / "other").write_text("00" * 16)
    code, out, err = bench("decode", "p1", frames(), "--key", f"file:{tmp_path / 'other'}")
    assert code == 3
    assert out.count("tag WRONG   and no telegram comes out") == 2
    assert "is it the key of this meter?" in err


def test_problems_of_a_frame_are_shown(bench, frames, key_file):
    code, out, _ = bench("decode", "p1", frames(security=0x20), "--key", key_file)
    assert code == 0
    assert "tag absent" in out
    assert "octet 13: the security octet is 20" in out


@pytest.mark.parametrize("option", ["--key", "--authentication-key"])
@pytest.mark.parametrize("written", [KEY.hex(), KEY.hex().upper(), f"hex:{KEY.hex()}"])
def test_a_key_on_the_command_line_is_refused_and_not_repeated(
    bench, frames, key_file, option, written
):
    first = ["--key", key_file] if option != "--key" else []
    code, out, err = bench("decode", "p1", frames(), *first, option, written)
    assert (code, out) == (2, "")
    assert f"{option} takes no key itself" in err
    assert "file:PATH" in err
    assert KEY.hex() not in err.lower()


def test_references_that_lead_nowhere_are_named(bench, frames, key_file):
    code, _, err = bench("decode", "p1", frames(), "--key", "file:/no/such")
    assert code == 2
    assert "--key: file:/no/such: cannot be read" in err
    code, _, err = bench("decode", "p1", frames(), "--authentication-key", key_file)
    assert code == 2
    assert "add --key" in err


DECLARATION = """\
schema = 1
[item]
manufacturer = "m"
type = "t"
serial = "s"
[limits]
allow_destructive = true
[p1]
profile = "lu"
link = "simulated:p1?encrypted=yes{more}"
ics = {{"P1/ENCRYPTED" = true, "P1/POLYPHASE" = true, "P1/MBUS" = true}}
keys = {{encryption = "env:LUX_KEY", authentication = "file:{path}"}}
"""


def spellings(key: bytes):
    digits = key.hex().encode()
    yield key
    for text in (digits, digits.upper(), key.hex(" ").encode(), key.hex(":").encode()):
        yield text
        yield text.upper()
    for octets in (key, digits, digits.upper()):
        yield base64.b64encode(octets).rstrip(b"=")
        yield base64.urlsafe_b64encode(octets).rstrip(b"=")
    yield repr(key).encode()


@pytest.mark.parametrize("more", ["", "&fault=p1.enc-tag-flipped", "&fault=p1.crc-init-ffff"])
def test_no_spelling_of_either_key_is_anywhere_in_an_encrypted_run(
    bench, tmp_path, monkeypatch, more
):
    key = encryption_key(10)
    monkeypatch.setenv("LUX_KEY", key.hex())
    (tmp_path / "ak").write_bytes(PUBLISHED_AUTHENTICATION_KEY)
    device = tmp_path / "device.toml"
    device.write_text(DECLARATION.format(more=more, path=tmp_path / "ak"))
    out_folder = tmp_path / "runs"
    command = ["run", "--quick", "--allow", "destructive", "--device", device, "--out", out_folder]
    code, out, err = bench(*command)
    assert code in (1, 3)  # a quick run is too short to conform
    assert ("PASS   P1-A-111" in out) is ("enc" not in more)
    assert "PASS   P1-A-115" in out
    files = [path for path in out_folder.rglob("*") if path.is_file()]
    everything = [path.read_bytes() for path in files] + [out.encode(), err.encode()]
    assert any(b"env:LUX_KEY" in one for one in everything)
    for value in (key, PUBLISHED_AUTHENTICATION_KEY):
        for spelling in spellings(value):
            assert not any(spelling in one for one in everything), spelling
