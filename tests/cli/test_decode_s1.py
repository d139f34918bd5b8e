"""`meterbench decode s1`: frames field by field, as JSON, as figures, and samples as files."""

import importlib.util
import json
import sys

import numpy as np
import pytest

from bench.core.clock import SECOND
from bench.core.trace import Direction
from bench.protocols import pcapng
from bench.protocols.crc import crc16_x25
from bench.protocols.s1.bulk import BulkCutter
from bench.protocols.s1.telegram import decode_telegram
from bench.simulator.faults import s1
from bench.simulator.ports.s1 import s1_port
from bench.simulator.recording_formats import READERS
from bench.simulator.recordings import load_recording

FAULTS = {one.id.partition(".")[2]: one for one in (*s1.FAULTS, *s1.VARIATIONS)}
CHANNELS = ["V1", "I1", "V2", "I2", "V3", "I3", "IN"]
KEYS = ["meter_id", "info", "rate", "rate_hz", "frequency_hz", "sequence", "samples", "fcs"]
KEYS += ["tail", "problems", "offset"]


def sent(name="", until=SECOND // 10, **options):
    port = s1_port(alterations=FAULTS[name].alterations if name else (), **options)
    port.set_request(True, 0)
    octets = b""
    while (due := port.next_event()) is not None and due <= until:
        octets += port.emit(due)
    return octets


@pytest.fixture
def file(tmp_path):
    def write(octets, name="s1.bin"):
        (tmp_path / name).write_bytes(octets)
        return str(tmp_path / name)

    return write


@pytest.fixture
def rows(bench, file):
    """Decode octets to JSON; return the objects."""

    def decode(octets, *options):
        code, out, err = bench("decode", "s1", file(octets), "--json", *options)
        assert (code, err) == (0, "")
        return [json.loads(line) for line in out.splitlines()]

    return decode


def test_json_has_an_object_for_each_frame(rows):
    octets = sent()
    found = rows(octets)
    assert len(found) == len(octets) // 45
    for number, row in enumerate(found):
        assert list(row) == KEYS
        body = octets[45 * number + 1 : 45 * number + 44]
        telegram = decode_telegram(body, s1_port().profile)
        assert row == {**telegram.to_json(), "offset": 45 * number}
        assert list(row["samples"]) == CHANNELS
        assert row["fcs"]["ok"]


@pytest.mark.parametrize(
    ("name", "codes", "ok"),
    [("type-3", {"format-type"}, True), ("length-42", {"length"}, True),
     ("length-flags", {"length"}, True), ("fcs-no-xor", {"fcs"}, False)],
)  # fmt: skip
def test_json_shows_frames_that_are_all_damaged(rows, name, codes, ok):
    found = rows(sent(name))
    assert len(found) == len(sent()) // 45
    assert [row["offset"] for row in found] == list(range(0, 45 * len(found), 45))
    for row in found:
        assert codes <= {problem["code"] for problem in row["problems"]}
        assert row["fcs"]["ok"] is ok
        assert 48 < row["frequency_hz"] < 52


def test_json_shows_damaged_frames_between_good_ones(rows):
    found = rows(sent("bit-flips", 2 * SECOND))
    wrong = [row for row in found if not row["fcs"]["ok"]]
    assert 10 < len(wrong) < 60
    assert len(found) == len(sent("", 2 * SECOND)) // 45
    assert all(row["problems"] for row in wrong)
    offsets = [row["offset"] for row in found]
    assert offsets == sorted(offsets)


def test_escaped_frames_are_read_and_accused(rows):
    found = rows(sent("stuffed", SECOND))
    accused = [row for row in found if row["problems"]]
    assert {problem["code"] for row in accused for problem in row["problems"]} == {"escaped"}
    assert all(row["fcs"]["ok"] for row in accused)
    steps = np.diff([row["sequence"] for row in found]) % 256
    assert set(steps.tolist()) == {1}


def test_few_frames_are_shown_field_by_field(bench, file):
    octets = sent()[:45]
    code, out, _ = bench("decode", "s1", file(octets))
    assert code == 0
    for word in ("frame 1", "meter_id", "1SAG", "mains_frequency", "V1", "FCS", "right"):
        assert word in out
    wrong = octets[:23] + bytes((octets[23] ^ 1,)) + octets[24:]
    code, out, _ = bench("decode", "s1", file(octets + b"\x55" + wrong))
    assert code == 0
    assert "frame 2" in out
    assert "1 octets: noise" in out
    assert "does not fit" in out


def test_many_frames_are_summed_up(bench, file):
    code, out, _ = bench("decode", "s1", file(sent("bit-flips", 3 * SECOND)))
    assert code == 0
    lines = {line.split()[0]: line for line in out.splitlines() if line.strip()}
    assert "good, " in lines["frames"]
    assert "damaged" in lines["frames"]
    assert "1SAG3540211567" in lines["meter"]
    assert "Hz announced" in lines["rate"]
    assert "gaps" in lines["sequence"]
    assert 225 < float(lines["V1"].split()[1]) < 240
    assert lines["V1"].rstrip().endswith("%")
    assert "W" in lines["sum"]
    assert "x fcs: FCS" in out
    assert "first at octet" in out


def test_what_deviates_is_counted_in_the_summary(bench, file):
    _, out, _ = bench("decode", "s1", file(sent("address-fe")))
    assert "x station: address FE03, expected FF" in out
    _, out, _ = bench("decode", "s1", file(sent("type-3")))
    assert f"{len(sent()) // 45} damaged" in out
    assert "x format-type: format type 1010, expected 1000" in out
    _, out, _ = bench("decode", "s1", file(sent("never-valid")))
    assert "sample sets are marked so" in out
    _, out, _ = bench("decode", "s1", file(sent("duplicates", SECOND)))
    assert "3 repeated" in out
    _, out, _ = bench("decode", "s1", file(sent("shared-flags")))
    assert "share a flag" in out


def test_a_meter_of_one_phase_has_one_power(bench, file):
    _, out, _ = bench("decode", "s1", file(sent(home="be-one-phase")))
    assert "polyphase" not in out
    assert "THD" in out


def test_no_frame_is_no_success(bench, file):
    for octets in (b"", bytes(1000), b"/FLU5\\2538\r\n" * 30, b"\x7e" * 50):
        for options in ((), ("--json",)):
            code, out, err = bench("decode", "s1", file(octets), *options)
            assert code == 3
            assert "no frame found" in err
            assert "2000000 bit/s" in err
            assert not options or out == ""


def test_hex_text_standard_input_and_captures_are_read(bench, file, monkeypatch):
    octets = sent()[:90]
    code, out, _ = bench("decode", "s1", file(octets.hex(" ").encode(), "s1.hex"))
    assert (code, out.count("frame ")) == (0, 2)
    monkeypatch.setattr(sys, "stdin", type("In", (), {"buffer": open(file(octets), "rb")})())  # noqa: SIM115
    assert bench("decode", "s1", "-")[1].count("frame ") == 2
    sys.stdin.buffer.close()
    capture = pcapng.section_header() + pcapng.interface_description("s1", "")
    for at in range(0, 90, 30):
        capture += pcapng.packet(0, at, octets[at : at + 30], Direction.RECEIVED)
    assert bench("decode", "s1", file(capture, "s1.pcapng"))[1].count("frame ") == 2


def test_a_profile_of_ones_own_is_a_file(bench, file):
    own = b'base = "emucs-h-1.3"\nid = "own"\ntitle = "of my own"\n[link]\naddress = 0xFE\n'
    octets = bytearray(sent()[:45])
    octets[3] = 0xFE
    octets[42:44] = crc16_x25(bytes(octets[1:42])).to_bytes(2, "little")
    code, out, _ = bench("decode", "s1", file(octets), "--profile", file(own, "own.toml"))
    assert code == 0
    assert "as of my own" in out
    assert "octet 3:" in out  # FE is no whole address, whoever expects it


@pytest.mark.parametrize(
    ("profile", "message"),
    [
        ("x", "there are: emucs-h-1.3"),
        ("none.toml", "cannot read none.toml"),
        ("wrong.toml", "wrong.toml: "),
        ("binary.toml", "is not UTF-8"),
    ],
)
def test_a_wrong_profile_says_why(bench, file, tmp_path, monkeypatch, profile, message):
    monkeypatch.chdir(tmp_path)
    file(b"id = 1\n[", "wrong.toml")
    file(b"\xff\xfe", "binary.toml")
    code, _, err = bench("decode", "s1", file(sent()[:45]), "--profile", profile)
    assert code == 2
    assert message in err


@pytest.mark.parametrize(
    "options",
    [("--as", "hdlc"), ("--brief",), ("--key", "env:K"), ("--system-title", "4D4D4D0000BC614E")],
)
def test_options_of_other_interfaces_are_refused(bench, file, options):
    code, _, err = bench("decode", "s1", file(sent()[:45]), *options)
    assert code == 2
    assert "means nothing for s1" in err
    code, _, err = bench("decode", "p1", file(b"x"), "--samples", "a.csv")
    assert code == 2
    assert "means nothing for p1" in err


# -- samples as files


def values(octets):
    cutter = BulkCutter(s1_port().profile)
    blocks = cutter.feed(octets) + cutter.flush()
    return {one: np.concatenate([b.samples(one) for b in blocks]) for one in CHANNELS}


def exported(bench, file, tmp_path, octets, name):
    code, _, err = bench("decode", "s1", file(octets), "--samples", tmp_path / name)
    assert code == 0
    assert "wrote" in err
    return err


FORMS = ["mains.csv", "mains.npz", "mains.wav", "mains.wav@400,50", "mains.cfg"]
if importlib.util.find_spec("pyarrow"):
    FORMS.append("mains.parquet")


@pytest.mark.parametrize("name", FORMS)
def test_the_simulator_reads_the_samples_back(bench, file, tmp_path, name):
    octets = sent(until=SECOND)
    err = exported(bench, file, tmp_path, octets, name)
    told = [line.split()[3] for line in err.splitlines() if "read it as" in line]
    found = load_recording(told[0].removesuffix(":") if told else str(tmp_path / name))
    exact = values(octets)
    rate = 52 * 50.004
    assert found.rate_hz == pytest.approx(rate, rel=1e-6 if ".wav" not in name else 1e-4)
    assert list(found.channels) == CHANNELS
    for channel, one in found.channels.items():
        step = 400 / 2**23 if "@400" in name else 1e-6
        assert np.abs(one - exact[channel][: len(one)]).max() < step
        assert len(one) > 2500


def test_missing_sample_sets_are_not_hidden(bench, file, tmp_path):
    octets = sent("bit-flips", 2 * SECOND)
    err = exported(bench, file, tmp_path, octets, "a.csv")
    lines = (tmp_path / "a.csv").read_text().splitlines()
    rate, names, *table = lines
    assert names.split(",")[:4] == ["t_s", "sample_index", "sequence", "samples_ok"]
    columns = np.array([row.split(",") for row in table], float)
    steps = np.diff(columns[:, 1])
    assert set(steps) == {1, 2}
    missing = int((steps - 1).sum())
    assert f"missing: {missing} sample sets" in err
    assert ((columns[:, 1] - columns[:, 2]) % 256 == columns[0, 1] - columns[0, 2]).all()
    assert float(rate.partition("=")[2]) == pytest.approx((columns[-1, 1]) / columns[-1, 0])
    # the reader takes the rate from where it is told, not from times with gaps
    assert READERS[".csv"](tmp_path / "a.csv")[0] == pytest.approx(2600, rel=1e-3)
    assert "joins" in exported(bench, file, tmp_path, octets, "a.wav")
    assert "time stamps" in exported(bench, file, tmp_path, octets, "a.cfg")


def test_what_a_form_cannot_hold_is_told(bench, file, tmp_path):
    one_phase = sent(home="be-one-phase")
    err = exported(bench, file, tmp_path, one_phase, "one.wav")
    assert "IN is left out" in err
    err = exported(bench, file, tmp_path, sent(), "cut.wav@100,50")
    assert "samples of V1 are beyond 100 and are cut" in err
    assert "whole samples a second" in err
    err = exported(bench, file, tmp_path, sent("unsigned-24"), "wide.cfg")
    assert "I1 has steps of" in err


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a.txt", "the name ends in one of .csv"),
        ("there.csv", "exists already"),
        ("there.cfg", "there.dat exists already"),
        ("none/a.csv", "cannot write"),
        ("a.wav@0,50", "write "),
        ("a.wav@1.2.3", "write "),
    ],
)
def test_a_file_that_cannot_be_written_says_why(bench, file, tmp_path, name, message):
    file(b"", "there.csv")
    file(b"", "there.dat")
    code, _, err = bench("decode", "s1", file(sent()), "--samples", tmp_path / name)
    assert code == 2
    assert message in err


def test_without_a_good_frame_there_are_no_samples(bench, file, tmp_path):
    code, _, err = bench("decode", "s1", file(sent("type-3")), "--samples", tmp_path / "a.csv")
    assert code == 2
    assert "no samples to write" in err


def test_parquet_needs_a_library_that_may_be_absent(bench, file, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    code, _, err = bench("decode", "s1", file(sent()), "--samples", tmp_path / "a.parquet")
    assert code == 2
    assert "pip install pyarrow" in err
    assert not (tmp_path / "a.parquet").exists()


def test_a_meter_does_not_command_the_terminal(bench, file):
    octets = bytearray(sent()[:45])
    octets[5:19] = b"\x1b[2J\x1b]0;x\x07\r\n\x9b"[:14].ljust(14)
    octets[42:44] = crc16_x25(bytes(octets[1:42])).to_bytes(2, "little")
    for count, options in ((1, ()), (9, ()), (9, ("--json",))):
        code, out, _ = bench("decode", "s1", file(bytes(octets) * count), *options)
        assert code == 0
        assert "\\x1b[2J" in out.replace("\\\\", "\\")
        assert not {"\x1b", "\x07", "\r", "\x9b"} & set(out)
