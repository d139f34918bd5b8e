"""`meterbench decode wan`: every kind of input, every kind of output, and what is refused."""

import json
import subprocess
import sys

import pytest

from bench._home import home
from bench.core.trace import Direction
from bench.protocols import pcapng

KEY, CHECK = bytes(range(16)), bytes(range(0xD0, 0xE0))
TITLE = "4D 4D 4D 00 00 BC 61 4E"
# the worked example of IEC 62056-5-3: GET of the clock, in clear and under both keys
GET = "C0010000080000010000FF0200"
GLO_GET = "C81E3001234567411312FF935A47566827C467BC7D825C3BE4A77C3FCC056B6B"
DISC = "7EA0080221215309177E"
SNRM = "7EA0080221219305D17E"
WRAPPED = f"000100100001000D{GET}"


@pytest.fixture
def file(tmp_path):
    def write(content):
        path = tmp_path / "recording"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.fixture
def keys(tmp_path):
    (tmp_path / "ek").write_text(KEY.hex())
    (tmp_path / "ak").write_bytes(CHECK)
    return ("--key", f"file:{tmp_path / 'ek'}", "--authentication-key", f"file:{tmp_path / 'ak'}")


def rows(out):
    return [json.loads(line) for line in out.splitlines()]


def test_a_frame_is_shown_as_a_tree(bench, file):
    code, out, err = bench("decode", "wan", file(bytes.fromhex(WRAPPED)))
    assert (code, err) == (0, "")
    shown = [line.split(maxsplit=2) for line in out.splitlines()]
    assert out.startswith("frame 1   octet 0, 21 octets   wrapper, 16 to 1: get-request\n")
    assert ["2", "source", "wPort"] in [
        line[:2] + line[2].split()[:1] for line in shown if line[2:]
    ]
    assert ["11", "attribute", "class 8 0-0:1.0.0*255 attribute 2 (clock, time)"] in shown
    assert ["13", "instance", "0-0:1.0.0*255 (clock)"] in shown


def test_what_is_wrong_is_shown_with_its_offset(bench, file):
    code, out, _ = bench("decode", "wan", file(DISC.replace("0917", "0918")))
    assert code == 0
    assert "given 09 18, computed 09 17" in out
    assert "octet 7: FCS 09 18 does not fit, computed 09 17 [IEC-62056-46:6.4.1.8]" in out


@pytest.mark.parametrize(
    ("content", "forms"),
    [
        (f"{DISC}\n{SNRM}\n", ["hdlc", "hdlc"]),
        (f"# a remark\n{DISC}\n{WRAPPED}\n{GET}\n", ["hdlc", "wrapper", "apdu"]),
        (DISC[:8] + "\n" + DISC[8:] + SNRM, ["hdlc", "hdlc"]),
        (bytes.fromhex(DISC + SNRM), ["hdlc", "hdlc"]),
        (bytes.fromhex(WRAPPED * 3), ["wrapper"] * 3),
        (bytes.fromhex(GET * 2), ["apdu"] * 2),
        (bytes.fromhex(DISC + "0D0A" + SNRM), ["hdlc", None, "hdlc"]),
        (bytes.fromhex(DISC[2:-2]), ["hdlc"]),
    ],
)
def test_hex_and_octets_are_recognised(bench, file, content, forms):
    code, out, _ = bench("decode", "wan", file(content), "--json")
    assert code == 0
    assert [row["form"] for row in rows(out)] == forms


def test_json_holds_layers_fields_value_and_problems(bench, file):
    content = f"{WRAPPED}\n{WRAPPED[:-2]}\n"
    good, bad = rows(bench("decode", "wan", file(content), "--json")[1])
    assert [layer["layer"] for layer in good["layers"]] == ["wrapper", "get-request"]
    path = "get-request/attribute/class-id"
    assert {"path": path, "offset": 11, "length": 2, "text": "8"} in good["layers"][1]["fields"]
    assert good["value"]["attribute"]["instance"] == "0-0:1.0.0*255"
    assert (good["frame"], good["offset"], good["length"], good["problems"]) == (1, 0, 21, [])
    assert bad["offset"] == 21
    assert [(p["layer"], p["offset"]) for p in bad["problems"]] == [
        ("wrapper", 6),
        ("get-request", 20),
    ]


def test_ciphered_apdus_open_with_references(bench, file, keys):
    arguments = ("decode", "wan", file(GLO_GET), "--system-title", TITLE)
    code, out, err = bench(*arguments, *keys)
    assert (code, err) == (0, "")
    assert "tag good" in out
    assert "0-0:1.0.0*255 (clock)" in out
    (row,) = rows(bench(*arguments, *keys, "--json")[1])
    assert row["layers"][1]["tag"] == "good"
    assert row["layers"][1]["offset"] is None
    assert KEY.hex() not in out.lower().replace(" ", "")
    code, out, err = bench(*arguments)
    assert code == 0
    assert "not opened: no key given" in out
    assert "1 frame holds a ciphered APDU; open with --key env:NAME" in err


def test_a_wrong_key_is_told(bench, file, keys, tmp_path):
    (tmp_path / "other").write_text("00" * 32)  # a key of suite 2
    other = f"file:{tmp_path / 'other'}"
    arguments = ("decode", "wan", file(GLO_GET), "--system-title", TITLE)
    assert "no key of 16 octets given" in bench(*arguments, "--key", other)[1]
    assert "tag good" in bench(*arguments, "--key", other, *keys)[1]
    (tmp_path / "other").write_text("00" * 16)
    out = bench(*arguments, "--key", other, *keys[2:])[1]
    assert "none of the keys fits" in out
    assert "tag wrong" in out


@pytest.mark.parametrize("option", ["--key", "--authentication-key", "--dedicated-key"])
def test_a_key_on_the_command_line_is_refused_and_not_repeated(bench, file, option):
    code, out, err = bench("decode", "wan", file(GLO_GET), option, KEY.hex())
    assert (code, out) == (2, "")
    assert f"{option} takes no key itself" in err
    assert KEY.hex() not in err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("wan", "--profile", "nl50"), "--profile means nothing for wan"),
        (("wan", "--system-title", "4D4D"), "--system-title takes 16 hexadecimal digits"),
        (("wan", "--as", "tcp"), "'tcp' is not one of 'hdlc', 'wrapper', 'apdu'"),
        (("wan", "--key", "env:NO_SUCH_KEY"), "--key: env:NO_SUCH_KEY"),
        (("p1", "--as", "hdlc"), "--as means nothing for p1"),
        (("p1", "--key", "env:A", "--key", "env:B"), "p1 takes one --key, not 2"),
    ],
)
def test_options_that_do_not_fit_are_refused(bench, file, arguments, words):
    interface, *options = arguments
    code, out, err = bench("decode", interface, file(DISC), *options)
    assert (code, out) == (2, "")
    assert words in err


@pytest.mark.parametrize("content", [b"", b"\n", b"nothing", b"\xff" * 70_000, b"\x0a\x0d\x0d\x0a"])
def test_of_garbage_no_frame_is_found(bench, file, content):
    code, out, err = bench("decode", "wan", file(content))
    assert (code, out) == (3, "")
    assert "no frame found" in err


def test_a_form_may_be_forced(bench, file):
    code, out, _ = bench("decode", "wan", file(DISC), "--as", "wrapper", "--json")
    assert code == 3
    assert [row["form"] for row in rows(out)] == [None]


def test_a_capture_of_the_bench_keeps_directions_and_instants(bench, file):
    blocks = [pcapng.section_header(), pcapng.interface_description("wan", "")]
    blocks.append(pcapng.packet(0, 10**18, bytes.fromhex(SNRM), Direction.SENT))
    blocks.append(pcapng.packet(0, 10**18 + 1000, bytes.fromhex(DISC), Direction.RECEIVED))
    code, out, _ = bench("decode", "wan", file(b"".join(blocks)))
    assert code == 0
    heads = [line for line in out.splitlines() if line.startswith("frame")]
    assert heads[0].endswith("HDLC SNRM P/F, 16 to 1/16   2001-09-09T01:46:40.000000Z   sent")
    assert heads[1].endswith("2001-09-09T01:46:40.000001Z   received")


def test_standard_input_is_read():
    done = subprocess.run(
        [sys.executable, "-m", "bench", "decode", "wan", "--json"],
        input=DISC.encode(),
        capture_output=True,
        env={"PYTHONPATH": str(home())},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert rows(done.stdout.decode())[0]["form"] == "hdlc"


def test_text_of_a_device_is_no_command_to_the_terminal(bench, file):
    hostile = bytes.fromhex("C401C1000A08") + b"\x1b[2Jpwn\x07"
    code, out, _ = bench("decode", "wan", file(hostile))
    assert code == 0
    assert "\x1b" not in out
    assert "\\x1b[2Jpwn\\x07" in out


def test_brief_is_a_line_for_each_frame_and_its_problems(bench, file):
    content = f"{DISC}\n{DISC.replace('0917', '0918')}\n"
    code, out, _ = bench("decode", "wan", file(content), "--brief")
    assert code == 0
    assert out.splitlines() == [
        "frame 1   octet 0, 10 octets   HDLC DISC P/F, 16 to 1/16",
        "frame 2   octet 10, 10 octets   HDLC DISC P/F, 16 to 1/16",
        "          octet 7: FCS 09 18 does not fit, computed 09 17 [IEC-62056-46:6.4.1.8]",
    ]
