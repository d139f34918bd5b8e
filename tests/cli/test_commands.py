"""The other commands: what they print, and how they end."""

import json
import os
import signal
import socket
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from bench._home import home
from bench.engine import catalogue

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(home())}


def failed_run(bench, tmp_path):
    link = "p1=simulated:p1?fault=p1.crc-init-ffff"
    bench("run", "p1", "--quick", "--link", link, "--out", tmp_path / "runs")
    (folder,) = (tmp_path / "runs").iterdir()
    return folder


# -- list, plan


def test_list_names_every_case(bench):
    code, out, _ = bench("list")
    cases = catalogue.cases()
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()[:-1]] == [case.id for case in cases]
    assert out.endswith(f"{len(cases)} cases\n")
    assert [row["id"] for row in json.loads(bench("list", "--json")[1])] == [c.id for c in cases]


def test_list_takes_selectors(bench):
    out = bench("list", "P1-A-02", "!level:should")[1]
    assert [line.split()[0] for line in out.splitlines()[:-1]] == [
        "P1-A-020",
        "P1-A-021",
        "P1-A-023",
        "P1-A-024",
    ]
    assert bench("list", "nothing")[0] == 2


def test_list_shows_clauses_and_faults(bench):
    by_clause = json.loads(bench("list", "--clauses", "--json")[1])
    assert "P1-A-020" in by_clause["DSMR-5.0.2:6.2"]
    assert "DSMR-5.0.2:6.2" in bench("list", "--clauses")[1]
    faults = json.loads(bench("list", "--faults", "--json")[1])
    (row,) = [row for row in faults if row["id"] == "p1.crc-init-ffff"]
    assert row["killers"] == ["P1-A-020:crc"]
    assert f"{len(faults)} faults" in bench("list", "--faults")[1]


def test_plan_says_why_a_case_would_not_run(bench):
    code, out, _ = bench("plan", "P1-A-02")
    lines = {line.split()[0]: line for line in out.splitlines()}
    assert code == 0
    assert "selected" in lines["P1-A-020"]
    assert "declared otherwise: needs not P1/CRC" in lines["P1-A-023"]
    assert "not among the selected cases" in lines["P1-A-030"]
    data = json.loads(bench("plan", "--quick", "--json")[1])
    assert data["observed_telegrams"] == 30
    assert data["review"] == {"p1": [], "s1": [], "system": [], "wan": []}
    assert len(data["cases"]) == len(catalogue.cases())


def test_plan_opens_no_link(bench):
    code, out, _ = bench("plan", "--link", "p1=tcp://192.0.2.1:9")
    assert code == 0
    assert "selected" in out


# -- explain


def test_explain_tells_what_a_case_is_about(bench):
    code, out, _ = bench("explain", "p1-a-020")
    assert code == 0
    for words in ("P1-A-020", "purpose", "DSMR-5.0.2:6.2", "stimulus", "p1.crc-init-ffff"):
        assert words in out
    data = json.loads(bench("explain", "P1-A-020", "--json")[1])
    assert data["id"] == "P1-A-020"
    assert data["attempts"] == []


def test_explain_shows_what_a_run_saw_with_its_octets(bench, tmp_path):
    folder = failed_run(bench, tmp_path)
    code, out, _ = bench("explain", f"P1-A-020@{folder}")
    assert code == 0
    assert "attempt 1: FAIL" in out
    assert "expected the CRC-16 of the telegram" in out
    assert "frame " in out
    assert ">>" in out
    data = json.loads(bench("explain", f"P1-A-020@{folder}", "--json")[1])
    assert data["attempts"][0]["verdict"] == "fail"


@pytest.mark.parametrize("what", ["P1-Z-1", "", "@x", "P1-A-020@", "P1-A-020@nowhere"])
def test_explain_of_nothing_says_what_is_missing(bench, what):
    code, _, err = bench("explain", what)
    assert code in (0, 2)
    assert (code == 0) is (what == "P1-A-020@")
    assert "Traceback" not in err


def test_explain_of_a_case_without_result_says_why(bench, tmp_path):
    folder = failed_run(bench, tmp_path)
    code, _, err = bench("explain", f"P1-A-023@{folder}")
    assert code == 2
    assert "P1-A-023 has no result" in err
    assert "not-applicable: declared otherwise" in err


# -- decode


@pytest.fixture
def file(tmp_path):
    def write(octets):
        path = tmp_path / "octets"
        path.write_bytes(octets)
        return path

    return write


def test_decode_shows_values_and_the_crc(bench, file, telegrams):
    code, out, _ = bench("decode", "p1", file(b"".join(telegrams(2))))
    assert code == 0
    assert "telegram 1" in out
    assert "telegram 2" in out
    assert "CRC good" in out
    assert "1-0:1.8.1" in out
    rows = [
        json.loads(line) for line in bench("decode", "p1", file(b"x"), "--json")[1].splitlines()
    ]
    assert rows == []


def test_decode_shows_what_is_wrong_and_where(bench, file, telegrams):
    code, out, _ = bench("decode", "p1", file(telegrams(1, "p1.crc-init-ffff")[0]))
    assert code == 0
    assert "CRC WRONG" in out
    assert "must   octet" in out


def test_decode_takes_hex_captures_and_an_edition(bench, file, telegrams, tmp_path):
    octets = telegrams(1)[0]
    plain = bench("decode", "p1", file(octets), "--json")[1]
    assert bench("decode", "p1", file(octets.hex().encode()), "--json")[1] == plain
    folder = failed_run(bench, tmp_path)
    (capture,) = folder.glob("observations/p1/1/frames.pcapng")
    assert bench("decode", "p1", capture)[1].count("CRC WRONG") == 30
    assert "DSMR 4.2" in bench("decode", "p1", file(octets), "--profile", "nl42")[1]


def test_decode_reads_standard_input(telegrams):
    done = subprocess.run(
        [sys.executable, "-m", "bench", "decode", "p1", "--json"],
        input=telegrams(1)[0],
        env=ENVIRONMENT,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 1
    json.loads(done.stdout)


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\n",
        b"no telegram at all",
        bytes(range(256)).replace(b"/", b""),
        b"\xff" * 70_000,
        b"\x0a\x0d\x0d\x0a",  # how a capture begins
        b"\x0a\x0d\x0d\x0a" + b"\xff" * 100,
    ],
)
def test_decode_of_garbage_finds_no_telegram(bench, file, octets):
    code, out, err = bench("decode", "p1", file(octets))
    assert (code, out) == (3, "")
    assert "no telegram found" in err


@pytest.mark.parametrize("octets", [b"/", b"/" * 300, b"/!\r\n", b"/ISK5\r\n\r\n!\r\n", b"/\xff!"])
def test_decode_of_what_might_be_a_telegram_shows_its_problems(bench, file, octets):
    code, _, err = bench("decode", "p1", file(octets))
    assert code in (0, 3)
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["p1", "gone.bin"], "cannot read gone.bin"),
        (["p1", "."], "cannot read ."),
        (["s9", "x"], "cannot decode 's9'"),
    ],
)
def test_decode_of_nothing_is_a_usage_error(bench, arguments, words):
    code, out, err = bench("decode", *arguments)
    assert (code, out) == (2, "")
    assert words in err


def test_decode_by_an_unknown_edition_names_the_known(bench, file, telegrams):
    code, _, err = bench("decode", "p1", file(telegrams(1)[0]), "--profile", "nl99")
    assert code == 2
    assert "nl50" in err


# -- declare


def test_a_new_declaration_is_complete_but_for_its_question_marks(bench, tmp_path):
    path = tmp_path / "device.toml"
    assert bench("declare", "new", "p1", "--link", "tcp://h:1", "--out", path)[0] == 0
    text = path.read_text()
    assert '"P1/POLYPHASE" = false' in text
    assert 'link = "tcp://h:1"' in text
    assert bench("declare", "new", "p1", "--link", "tcp://h:1")[1] == text
    assert bench("declare", "check", path)[0] == 0
    code, _, err = bench("declare", "new", "p1", "--out", path)
    assert (code, "exists already" in err) == (2, True)


def test_what_is_known_already_stands_in_a_new_declaration(bench, tmp_path):
    path = tmp_path / "device.toml"
    known = ["link_layer=wrapper", "WAN/LLS=true", "response_limit_s=2.5"]
    options = [word for one in known for word in ("--set", one)]
    assert bench("declare", "new", "wan", *options, "--out", path)[0] == 0
    section = tomllib.loads(path.read_text())["wan"]
    assert section["profile"] == "generic"
    assert section["ics"]["WAN/LLS"] is True
    assert section["ixit"] == {"link_layer": "wrapper", "response_limit_s": 2.5}
    assert section["keys"] == {}
    assert '# lls_password = "env:NAME"' in path.read_text()
    assert bench("declare", "check", path)[0] == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["wan", "--set", "link_layer"], "write NAME=VALUE"),
        (["wan", "--set", "link_layer=x"], "must be 'hdlc' or 'wrapper'"),
        (["wan", "--set", "WAN/LLS=yes"], "must be true or false"),
        (["wan", "--set", "link_leyer=hdlc"], "link_layer, perhaps"),
        (["x9"], "no suite for interface 'x9'"),
        (["p1", "--profile", "nl99"], "unknown edition 'nl99'"),
        (["p1", "--link", "nonsense"], "has no scheme"),
    ],
)
def test_a_new_declaration_of_what_is_not_known(bench, arguments, words):
    code, out, err = bench("declare", "new", *arguments)
    assert (code, out) == (2, "")
    assert words in err


def test_check_gives_mistakes_as_json(bench, tmp_path):
    path = tmp_path / "device.toml"
    path.write_text("schema = 1\n")
    code, out, err = bench("declare", "check", path, "--json")
    data = json.loads(out)
    assert (code, err, data["ok"]) == (2, "", False)
    assert all(set(row) == {"path", "value", "message", "remedy"} for row in data["mistakes"])
    assert bench("declare", "check", path)[0] == 2
    assert bench("declare", "check", tmp_path / "gone.toml")[0] == 2


# -- simulate


@pytest.fixture
def simulate():
    """Start `meterbench simulate` in another process; return it and what it says first."""
    started = []

    def start(*arguments):
        command = [sys.executable, "-m", "bench", "simulate", "p1", "--json", *arguments]
        process = subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True)
        started.append(process)
        return process, json.loads(process.stdout.readline())

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


def test_simulate_serves_telegrams_over_tcp_until_interrupted(simulate):
    process, said = simulate("--tcp", "0")
    host, _, port = said["at"].rpartition(":")
    assert said["link"] == f"tcp://{said['at']}"
    with socket.create_connection((host, int(port)), timeout=10) as client:
        seen = b""
        while b"\r\n!" not in seen:
            seen += client.recv(4096)
    assert b"/" in seen
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=20) == 0


def test_simulate_ends_by_itself_and_serves_a_pty(simulate):
    process, said = simulate("--pty", "--seconds", "0.2")
    assert said["link"] == f"serial://{said['at']}"
    assert process.wait(timeout=20) == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["p1"], "choose one of --pty, --tcp PORT and --udp PORT"),
        (["p1", "--pty", "--tcp", "0"], "choose one of --pty, --tcp PORT and --udp PORT"),
        (["s9", "--pty"], "no simulated interface 's9'"),
        (["p1", "--pty", "--fault", "p1.crc-init-fff"], "near: p1.crc-init-ffff"),
        (["p1", "--pty", "--profile", "nl99"], "nl50"),
        (["p1", "--pty", "--start", "yesterday"], "yesterday"),
        (["p1", "--tcp", "70000"], "70000"),
    ],
)
def test_simulate_of_what_is_not_known(bench, arguments, words):
    code, _, err = bench("simulate", *arguments)
    assert code == 2
    assert words in err


def test_simulate_on_a_taken_port_is_no_fail(bench):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "bench", "simulate", "p1", "--tcp", str(port)],
            env=ENVIRONMENT,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 4
    assert f"cannot listen on 127.0.0.1:{port}" in done.stderr


# -- selftest, report


def test_selftest_of_one_fault(bench):
    code, out, _ = bench("selftest", "p1.crc-init-ffff")
    assert code == 0
    assert "1 of 1 faults killed by the check that claims them" in out
    assert out.endswith("clean\n")
    data = json.loads(bench("selftest", "p1.crc-init-ffff", "--json")[1])
    assert [row["outcome"] for row in data["faults"]] == ["killed"]
    assert bench("selftest", "p1.nothing")[0] == 2


def test_selftest_of_a_part_is_not_recorded_as_the_whole(bench, tmp_path):
    bench("selftest", "p1.crc-init-ffff")
    assert not list(Path(tmp_path / "state").rglob("*.json"))


def test_a_report_is_rendered_again(bench, tmp_path):
    folder = failed_run(bench, tmp_path)
    html = (folder / "report/report.html").read_bytes()
    (folder / "report/report.html").unlink()
    assert bench("report", folder)[0] == 0
    assert (folder / "report/report.html").read_bytes() == html
    assert bench("report", tmp_path)[0] == 2
