"""`meterbench run` from end to end: exit codes, JSON, links, and what it says."""

import json
import socket
from pathlib import Path

import pytest

CRC = ["P1-A-02", "P1-A-03"]


def folder_in(out):
    (folder,) = Path(out).iterdir()
    return folder


# -- the built-in device


def test_without_arguments_it_runs_everything_against_the_built_in_device(bench, tmp_path):
    code, out, err = bench("run", "--out", tmp_path / "runs")
    assert (code, err) == (0, "")
    folder = folder_in(tmp_path / "runs")
    for conclusion in ("wan/generic", "p1/be17", "s1/emucs-h-1.3", "system/one-device"):
        assert f"{conclusion}   CONFORMS" in out
    assert "UNSIGNED" in out
    assert str(folder / "report" / "report.html") in out
    assert (folder / "report" / "report.html").is_file()
    assert (folder / "manifest.json").is_file()


def test_json_has_exactly_these_keys_and_nothing_else_is_printed(bench, tmp_path):
    code, out, err = bench("run", "p1", "--json", "--out", tmp_path / "runs")
    assert (code, err) == (0, "")
    data = json.loads(out)
    assert set(data) == {"run", "profiles", "cases"}
    assert data["run"] == str(folder_in(tmp_path / "runs"))
    for profile in data["profiles"]:
        assert set(profile) == {"profile", "conclusion", "counts"}
        assert profile["conclusion"] == "CONFORMS"
    assert [profile["profile"] for profile in data["profiles"]] == ["p1/be17"]
    counted = sum(sum(profile["counts"].values()) for profile in data["profiles"])
    assert counted == len([row for row in data["cases"] if row["id"].startswith("P1-")])
    for row in data["cases"]:
        assert set(row) == {"id", "applicability", "verdict", "reason"}
        if row["applicability"] == "selected":
            assert (row["verdict"], row["reason"]) == ("pass", "")
        else:
            assert row["verdict"] == "none"
            assert row["reason"]


def test_a_fail_is_exit_code_1_with_what_was_expected(bench, tmp_path):
    link = "p1=simulated:p1?fault=p1.crc-init-ffff"
    code, out, _ = bench("run", "p1", "--quick", "--link", link, "--out", tmp_path / "runs")
    assert code == 1
    assert "DOES NOT CONFORM" in out
    assert "FAIL   P1-A-020" in out
    assert "expected the CRC-16" in out
    assert f"explain  meterbench explain P1-A-020@{folder_in(tmp_path / 'runs')}" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["p1", "--quick"], "quick run: 30 telegrams"), (["P1-A-020"], "deselected")],
)
def test_what_was_left_out_is_exit_code_3(bench, tmp_path, arguments, words):
    code, out, _ = bench("run", *arguments, "--out", tmp_path / "runs")
    assert code == 3
    assert "NOT DETERMINED" in out
    assert words in out


def test_a_json_outcome_says_why_a_case_was_not_run(bench, tmp_path):
    code, out, _ = bench("run", "--json", "P1-A-020", "--out", tmp_path / "runs")
    rows = {row["id"]: row for row in json.loads(out)["cases"]}
    assert code == 3
    assert rows["P1-A-020"]["verdict"] == "pass"
    assert rows["P1-A-021"] == {
        "id": "P1-A-021",
        "applicability": "deselected",
        "verdict": "none",
        "reason": "not among the selected cases",
    }


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["P9"], "no case matches 'P9'"),
        (["p1", "!p1"], "leave no case"),
        (["--device", "gone.toml"], "cannot read the declaration gone.toml"),
        (["--link", "p1"], "write INTERFACE=URL"),
        (["--link", "p1=tcp://h:1", "--link", "p1=tcp://h:2"], "names p1 twice"),
        (["--link", "wan=tcp://h:1"], "not declared for this device"),
        (["--link", "p1=nonsense"], "has no scheme"),
        (["--link", "p1=carrier-pigeon://x"], "no adapter is called 'carrier-pigeon'"),
        (["--link", "p1=tcp://host"], "port"),
        (["--link", "p1=simulated:p1?fault=p1.nothing"], "no fault or variation is called"),
        (["--link", "p1=simulated:p1?colour=red"], "colour"),
        (["--resume", "x", "--quick"], "takes no other choice"),
        (["-j", "0"], "-j"),
        (["--allow", "everything"], "--allow"),
        (["--nonsense"], "--nonsense"),
    ],
)
def test_a_usage_error_is_exit_code_2_and_leaves_nothing(bench, tmp_path, arguments, words):
    code, out, err = bench("run", *arguments, "--out", tmp_path / "runs")
    assert code == 2
    assert words in err
    assert out == ""
    assert "Traceback" not in err
    assert not (tmp_path / "runs").exists() or not any((tmp_path / "runs").iterdir())


def test_mistakes_of_a_declaration_come_all_at_once(bench, tmp_path):
    device = tmp_path / "device.toml"
    device.write_text('schema = 1\n[item]\ntype = "x"\n[p1]\nprofile = "nl99"\nlink = "x"\n')
    code, _, err = bench("run", "--device", device, "--out", tmp_path / "runs")
    assert code == 2
    assert f"{device}: 3 mistakes" in err
    for where in ("line 2: item.manufacturer", "line 2: item.serial", "line 5: p1.profile"):
        assert where in err
    assert not (tmp_path / "runs").exists()


def test_a_folder_that_cannot_be_written_is_exit_code_4(bench, tmp_path):
    (tmp_path / "file").write_text("")
    code, _, err = bench("run", "--quick", "--out", tmp_path / "file" / "runs")
    assert code == 4
    assert "cannot write" in err


def test_spread_over_processes_the_outcome_is_the_same(bench, tmp_path):
    link = "p1=simulated:p1?fault=p1.crc-init-ffff"

    def outcome(*more):
        code, out, _ = bench(
            "run", *CRC, "--quick", "--json", "--link", link, *more, "--out", tmp_path / "runs"
        )
        data = json.loads(out)
        return code, data["profiles"], data["cases"]

    assert outcome("-j", "2") == outcome()


# -- real links


@pytest.mark.parametrize(
    ("fault", "code", "verdict"), [(None, 3, "pass"), ("p1.crc-init-ffff", 1, "fail")]
)
def test_octets_over_tcp_are_judged_as_any(
    bench, served, telegrams, tmp_path, fault, code, verdict
):
    with served(telegrams(40, fault)) as link:
        found, out, _ = bench(
            "run", "--quick", "--json", "--link", link, *CRC, "--out", tmp_path / "runs"
        )
    assert found == code
    rows = {row["id"]: row for row in json.loads(out)["cases"]}
    assert rows["P1-A-020"]["verdict"] == verdict
    assert rows["P1-A-030"]["verdict"] == "pass"
    text = (folder_in(tmp_path / "runs") / "device.toml").read_text()
    assert "simulated household" not in text


def test_a_link_that_is_refused_is_exit_code_4_and_no_fail(bench, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    code, out, _ = bench(
        "run", "p1", "--json", "--link", f"p1=tcp://127.0.0.1:{port}", "--out", tmp_path / "runs"
    )
    data = json.loads(out)
    assert code == 4
    ran = [row for row in data["cases"] if row["applicability"] == "selected"]
    assert ran
    assert {(row["verdict"], row["reason"]) for row in ran} == {("error", "ADAPTER")}
    assert data["profiles"][0]["conclusion"] == "NOT DETERMINED"


def test_a_link_that_is_lost_is_exit_code_4_and_no_fail(bench, telegrams, tmp_path):
    import threading

    listener = socket.create_server(("127.0.0.1", 0))

    def once():
        client, _ = listener.accept()
        with client:
            client.sendall(b"".join(telegrams(5, "p1.crc-init-ffff")))

    thread = threading.Thread(target=once)
    thread.start()
    link = f"p1=tcp://127.0.0.1:{listener.getsockname()[1]}"
    code, out, _ = bench(
        "run", "p1", "--quick", "--json", "--link", link, "--out", tmp_path / "runs"
    )
    thread.join()
    listener.close()
    assert code == 4
    verdicts = {row["verdict"] for row in json.loads(out)["cases"]}
    assert verdicts == {"error", "none"}


GARBAGE = {
    "noise": bytes(range(256)) * 40,
    "inverted": bytes(0xFF ^ octet for octet in b"/ISK5\\2M550T-1012\r\n\r\n" * 200),
    "zeros": bytes(5000),
    "slashes": b"/" * 3000,
    "marks": b"!\r\n" * 3000,
    "text": b"hello, this is a modem\r\nOK\r\n" * 100,
    "one": b"\xff",
}


@pytest.mark.parametrize("name", GARBAGE)
def test_garbage_on_the_line_is_never_a_fail(bench, recording, tmp_path, name):
    link = recording(GARBAGE[name])
    code, out, _ = bench("run", "p1", "--json", "--link", link, "--out", tmp_path / "runs")
    rows = json.loads(out)["cases"]
    assert "fail" not in {row["verdict"] for row in rows}
    assert code == 3
    assert {"LINE"} <= {row["reason"] for row in rows}


def test_a_recording_of_a_good_device_is_judged_as_far_as_it_goes(
    bench, recording, telegrams, tmp_path
):
    link = recording(b"".join(telegrams(310)))
    code, out, _ = bench("run", "--json", "--link", link, *CRC, "--out", tmp_path / "runs")
    rows = {row["id"]: row for row in json.loads(out)["cases"]}
    assert code == 3
    assert rows["P1-A-024"]["verdict"] == "pass"
    short = recording(b"".join(telegrams(12)))
    _, out, _ = bench("run", "--json", "--link", short, *CRC, "--out", tmp_path / "short")
    rows = {row["id"]: row for row in json.loads(out)["cases"]}
    assert (rows["P1-A-024"]["verdict"], rows["P1-A-024"]["reason"]) == ("inconclusive", "SHORT")


# -- a key


def test_a_run_is_signed_and_verified(bench, tmp_path):
    key = tmp_path / "lab.key"
    assert bench("key", "new", key, "--no-passphrase")[0] == 0
    code, out, _ = bench("run", "p1", "--key", key, "--out", tmp_path / "runs")
    assert code == 0
    folder = folder_in(tmp_path / "runs")
    assert f"meterbench verify {folder} --trust {key}.pub" in out
    code, out, _ = bench("verify", folder, "--trust", f"{key}.pub")
    assert (code, "VERIFIED: signed by" in out) == (0, True)
    with (folder / "device.toml").open("a") as file:
        file.write("# touched\n")
    assert bench("verify", folder, "--trust", f"{key}.pub")[0] == 5


def test_an_unsigned_run_can_be_signed_later(bench, tmp_path):
    key = tmp_path / "lab.key"
    bench("key", "new", key, "--no-passphrase")
    bench("run", "p1", "--quick", "--out", tmp_path / "runs")
    folder = folder_in(tmp_path / "runs")
    assert bench("verify", folder)[0] == 5
    assert bench("sign", folder, "--key", key)[0] == 0
    assert bench("verify", folder, "--trust", f"{key}.pub")[0] == 0


@pytest.mark.parametrize("key", ["gone.key", "."])
def test_a_key_that_cannot_be_read_costs_no_run(bench, tmp_path, key):
    code, _, err = bench("run", "--key", tmp_path / key, "--out", tmp_path / "runs")
    assert code in (2, 5)
    assert "Traceback" not in err
    assert not (tmp_path / "runs").exists()
