"""A run of the built-in metering system, signed, verified, and then cheated on."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from bench.cli.main import main
from bench.engine.preparation import replan
from reports.manifest import write_manifest
from reports.model import write_reports
from reports.verify import verify_run


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A signed quick run and the public key of its signer."""
    folder = tmp_path_factory.mktemp("runs")
    key = folder / "lab.pem"
    assert main(["key", "new", str(key), "--no-passphrase"]) == 0
    command = [
        "run",
        "p1",
        "wan",
        "--quick",
        "--out",
        str(folder / "out"),
        "--key",
        str(key),
        "--json",
    ]
    assert main(command) in (0, 1, 3)
    (run,) = (folder / "out").iterdir()
    return run, Path(f"{key}.pub")


def test_the_engines_run_verifies_and_its_plan_is_made_again(
    made: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    run, public = made
    assert main(["verify", str(run), "--trust", str(public), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {line["name"]: line["status"] for line in found["lines"]}["plan"] == "OK"
    assert {line["status"] for line in found["lines"]} == {"OK"}


def test_a_case_dropped_by_somebody_thorough_is_missed(
    made: tuple[Path, Path], tmp_path: Path, build: Any
) -> None:
    run, _ = made
    folder = tmp_path / run.name
    shutil.copytree(run, folder)
    (folder / "attestation.json").unlink()
    victim = json.loads((folder / "plan.json").read_text())["cases"][0]["id"]
    shutil.rmtree(folder / "cases" / victim)

    def without(data: Any) -> None:
        data.update(cases=[row for row in data["cases"] if row["id"] != victim])

    build.rewrite(folder / "plan.json", without)
    build.rewrite(folder / "catalogue.json", without)
    events = [json.loads(line) for line in (folder / "events.jsonl").read_bytes().splitlines()]
    kept = [
        {k: v for k, v in event.items() if k not in ("seq", "prev")}
        for event in events
        if event.get("case") != victim
    ]
    build.write_events(folder / "events.jsonl", kept)
    write_reports(folder)
    write_manifest(folder)
    failed = {line.name: line.details for line in verify_run(folder, (), replan).failed}
    assert list(failed) == ["plan"]
    assert f"the plan lacks {victim}, which should be selected" in failed["plan"]
