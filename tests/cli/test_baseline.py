"""meterbench baseline: what it writes, what it refuses, and that a run compares with it."""

import json

import pytest

from bench.engine.inputs import read_inputs
from bench.engine.preparation import load_declaration
from suites.p1 import SUITE

DECLARED = """schema = 1
[item]
manufacturer = "M"
type = "T"
serial = "1"
[p1]
profile = "nl50"
link = "simulated:p1"
[p1.ics]
"P1/POLYPHASE" = true
"P1/MBUS" = true
"P1/BASELINE" = true
[p1.ixit]
baseline = "firmware-1.json"
"""
PROFORMAS = {"p1": SUITE.proforma}


@pytest.fixture
def device(tmp_path):
    """A declaration in a folder of its own, which names a file beside it."""
    folder = tmp_path / "meter"
    folder.mkdir()
    path = folder / "device.toml"
    path.write_text(DECLARED)
    return path


def before(device):
    """The same device before there was a baseline."""
    path = device.with_name("before.toml")
    path.write_text(
        "\n".join(line for line in DECLARED.splitlines() if "aseline" not in line.lower())
    )
    return path


def record(bench, device, *options):
    out = device.with_name("firmware-1.json")
    return (*bench("baseline", "--device", before(device), *options, "--out", out), out)


def test_a_baseline_is_written_and_told(bench, device):
    code, out, _, path = record(bench, device, "--telegrams", "3")
    assert code == 0
    data = json.loads(path.read_text())
    assert data["telegrams"] == 3
    assert data["source"] == "simulated:p1"
    assert {row["obis"] for row in data["objects"]} >= {"1-0:1.8.1", "0-1:24.2.1"}
    assert "3 whole telegrams of ISK5" in out
    assert "firmware-1.json" in out


def test_a_file_is_not_overwritten(bench, device):
    _, _, _, path = record(bench, device, "--telegrams", "1")
    before = path.read_bytes()
    code, _, said, _ = record(bench, device, "--telegrams", "1")
    assert code == 2
    assert "exists already" in said
    assert path.read_bytes() == before


def test_silence_leaves_no_file(bench, recording, tmp_path):
    out = tmp_path / "b.json"
    code, _, said = bench("baseline", "--link", recording(b"no telegram"), "--out", out)
    assert code == 2
    assert "no telegram" in said
    assert not out.exists()


def test_a_short_recording_says_how_much_it_had(bench, recording, telegrams, tmp_path):
    link = recording(b"".join(telegrams(2)))
    code, out, _ = bench("baseline", "--link", link, "--out", tmp_path / "b.json")
    assert code == 0
    assert "2 whole telegrams of 30 wanted" in out


def test_a_run_compares_with_the_file_beside_the_declaration(bench, device, tmp_path):
    record(bench, device)
    runs = tmp_path / "runs"
    code, out, _ = bench(
        "run", "P1-A-083", "P1-A-086", "--quick", "--device", device, "--out", runs, "--json"
    )
    cases = {row["id"]: row for row in json.loads(out)["cases"]}
    assert cases["P1-A-083"]["verdict"] == cases["P1-A-086"]["verdict"] == "pass"
    assert code == 3  # most of the cases were left out
    (folder,) = runs.iterdir()
    kept = folder / "inputs" / "p1-baseline.json"
    assert kept.read_text() == device.with_name("firmware-1.json").read_text()
    # in the run's folder the copy takes the place of the file
    again = load_declaration(folder / "device.toml")
    assert again.interfaces["p1"].ixit["baseline"] == str(kept)


def test_a_device_that_lost_an_object_since_fails(bench, device, tmp_path):
    record(bench, device)
    path = device.with_name("firmware-1.json")
    data = json.loads(path.read_text())
    data["objects"].append({"obis": "1-0:31.4.0", "presence": "always", "formats": []})
    data["objects"].append({"obis": "0-0:96.14.0", "presence": "always", "formats": ["(F2(0))"]})
    path.write_text(json.dumps(data))
    _, out, _ = bench(
        "run", "P1-A-083", "P1-A-086", "--quick", "--device", device, "--out", tmp_path, "--json"
    )
    verdicts = {row["id"]: row["verdict"] for row in json.loads(out)["cases"]}
    assert verdicts["P1-A-086"] == "fail"
    assert verdicts["P1-A-083"] == "pass"  # no clause keeps a Dutch meter from leaving it out


def test_a_file_that_is_missing_is_told_before_the_run(bench, device, tmp_path):
    runs = tmp_path / "runs"
    code, _, said = bench("run", "--quick", "--device", device, "--out", runs)
    assert code == 2
    assert "[p1.ixit] baseline" in said
    assert "firmware-1.json" in said
    assert not runs.exists()


def test_a_file_that_is_no_baseline_leaves_its_cases_undecided(bench, device, tmp_path):
    device.with_name("firmware-1.json").write_text("{}")
    _, out, _ = bench("run", "P1-A-083", "--quick", "--device", device, "--out", tmp_path, "--json")
    case = next(row for row in json.loads(out)["cases"] if row["id"] == "P1-A-083")
    assert (case["verdict"], case["reason"]) == ("inconclusive", "IXIT")


def test_shipped_baselines_are_no_files(device):
    device.write_text(DECLARED.replace("firmware-1.json", "shipped:nl50"))
    declaration = load_declaration(device)
    assert declaration.interfaces["p1"].ixit["baseline"] == "shipped:nl50"
    assert read_inputs(declaration, PROFORMAS) == {}


def test_a_baseline_of_a_wan_meter_is_its_object_list(bench, tmp_path):
    path = tmp_path / "wan-1.json"
    code, out, _ = bench("baseline", "wan", "--out", path)
    assert code == 0
    data = json.loads(path.read_text())
    assert data["association"] == "suite0"
    clock = next(row for row in data["objects"] if row["name"] == "0-0:1.0.0*255")
    assert clock["attributes"][1] == {
        "number": 2,
        "access": "rw",
        "type": "octet-string",
        "selectors": [],
    }
    assert "objects with" in out
    assert "[wan.ixit] baseline" in out


def test_a_baseline_of_an_interface_that_is_not_declared_is_refused(bench, device):
    code, _, said = bench(
        "baseline", "wan", "--device", device, "--out", device.with_name("b.json")
    )
    assert code == 2
    assert "no [wan]" in said


def test_a_wan_meter_that_opens_no_association_has_no_baseline(bench, tmp_path):
    link = "wan=simulated:wan?fault=wan.hls5-wrong-fctos"
    code, _, said = bench("baseline", "wan", "--link", link, "--out", tmp_path / "b.json")
    assert code == 2
    assert "no baseline" in said
    assert not (tmp_path / "b.json").exists()
