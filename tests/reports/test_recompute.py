"""What is stated of a run is computed again: verdicts, roll-up, plan, events, brackets."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from bench.core.check import Incident
from bench.core.errors import DeclarationError, Mistake, UsageError
from bench.core.plan import PlannedCase
from bench.core.verdict import Applicability, Reason, Verdict
from reports.attest import sign_run
from reports.manifest import write_manifest
from reports.verification import Status, Verification
from reports.verify import verify_run


def details(verification: Verification) -> str:
    """All that failed, as one text."""
    return "\n".join(f"{x.name}: {d}" for x in verification.failed for d in x.details)


def status(verification: Verification, name: str) -> Status:
    (line,) = (line for line in verification.lines if line.name == name)
    return line.status


def edit_verdict(folder: Path, build: Any) -> None:
    """Turn the fail of P1-A-021 into a pass wherever it is stated, but not in its checks."""

    def result(data: dict[str, Any]) -> None:
        data.update(verdict="pass", message="")

    def report(data: dict[str, Any]) -> None:
        for row in data["cases"]:
            if row["id"] == "P1-A-021":
                row.update(status="pass", verdict="pass")
        data["profiles"][0].update(conclusion="CONFORMS", because=[])
        data["profiles"][0]["counts"].update({"pass": 3, "fail": 0})

    build.rewrite(folder / "cases/P1-A-021/a1/result.json", result)
    build.rewrite(folder / "report/report.json", report)


def test_a_dropped_case_is_named(failing: Path, lab: Any) -> None:
    sign_run(failing, lab.key)
    shutil.rmtree(failing / "cases/P1-A-021")
    said = details(verify_run(failing, lab.trusted))
    assert "missing: cases/P1-A-021/a1/result.json" in said
    assert "P1-A-021 was selected and has no result" in said
    assert "P1-A-021 attempt 1 finished, but its result is gone" in said
    write_manifest(failing)
    said = details(verify_run(failing, lab.trusted))
    assert "P1-A-021 was selected and has no result" in said
    assert "changed: manifest.json" in said


def drop_from_everything(folder: Path, build: Any, case_id: str) -> None:
    """Remove every trace of a case, with a fresh chain of events."""
    shutil.rmtree(folder / "cases" / case_id)
    for name in ("plan.json", "catalogue.json"):
        build.rewrite(
            folder / name,
            lambda data: data.update(cases=[c for c in data["cases"] if c["id"] != case_id]),
        )
    events = [json.loads(line) for line in (folder / "events.jsonl").read_bytes().splitlines()]
    kept = [e for e in events if e.get("case") != case_id]
    for event in kept:
        del event["seq"], event["prev"]
    build.write_events(folder / "events.jsonl", kept)


def test_a_case_dropped_from_everything_is_missed_by_planning_again(
    failing: Path, build: Any, lab: Any
) -> None:
    plan = json.loads((failing / "plan.json").read_text())
    rows = [PlannedCase.from_json(row) for row in plan["cases"]]
    drop_from_everything(failing, build, "P1-A-021")
    build.seal(failing)
    lab.resign(failing)

    def replan(data: dict[str, Any], device_toml: str) -> list[PlannedCase]:
        assert data["run"] == plan["run"]
        assert device_toml == build.device_toml
        return rows

    verification = verify_run(failing, lab.trusted, replan)
    assert "the plan lacks P1-A-021, which should be selected" in details(verification)
    assert status(verification, "results") is Status.OK


def test_the_plan_is_compared_row_by_row(signed: Path, lab: Any) -> None:
    plan = json.loads((signed / "plan.json").read_text())
    rows = [PlannedCase.from_json(row) for row in plan["cases"]]
    good = verify_run(signed, lab.trusted, lambda *_: rows)
    assert status(good, "plan") is Status.OK
    na = PlannedCase(*list(rows[0].to_json().values())[:3], rows[0].level, Applicability.BLOCKED)
    other = verify_run(signed, lab.trusted, lambda *_: [na, *rows[1:]])
    assert "P1-A-001 is selected (no reason), should be blocked" in details(other)
    fewer = verify_run(signed, lab.trusted, lambda *_: rows[1:])
    assert "the plan holds P1-A-001, which the suites do not" in details(fewer)


def test_planning_again_may_be_impossible(signed: Path, lab: Any) -> None:
    def broken(data: dict[str, Any], text: str) -> None:
        raise DeclarationError("device.toml", [Mistake("p1.profile", "'x'", "unknown edition")])

    def impossible(data: dict[str, Any], text: str) -> None:
        raise UsageError("--link s1: not declared")

    def damaged(data: dict[str, Any], text: str) -> Any:
        return data["no such entry"]

    none = verify_run(signed, lab.trusted, lambda *_: None)
    assert status(none, "plan") is Status.NOT_CHECKED
    assert none.verified
    assert "s1: not declared" in details(verify_run(signed, lab.trusted, impossible))
    assert "plan.json is damaged" in details(verify_run(signed, lab.trusted, damaged))
    assert "unknown edition" in details(verify_run(signed, lab.trusted, broken))


def test_an_edited_verdict_signed_by_a_stranger(
    failing: Path, build: Any, lab: Any, stranger: Any
) -> None:
    edit_verdict(failing, build)
    stranger.resign(failing)
    said = details(verify_run(failing, lab.trusted))
    assert "no trusted key signed it" in said
    assert "cases/P1-A-021/a1/result.json states pass, its checks say fail" in said


def test_an_edited_verdict_signed_by_the_trusted_key(failing: Path, build: Any, lab: Any) -> None:
    edit_verdict(failing, build)

    def claim(data: dict[str, Any]) -> None:
        data["predicate"]["profiles"][0]["conclusion"] = "CONFORMS"

    lab.resign(failing, claim)
    verification = verify_run(failing, lab.trusted)
    assert status(verification, "signature") is Status.OK
    assert status(verification, "manifest") is Status.OK
    assert {line.name for line in verification.failed} == {
        "verdicts",
        "report",
        "roll-up",
        "rendering",
        "statement content",
    }
    said = details(verification)
    assert "cases/P1-A-021/a1/result.json states pass, its checks say fail" in said
    assert "report.json: verdict of P1-A-021 is 'pass', computed 'fail'" in said
    assert "'CONFORMS', computed 'DOES NOT CONFORM'" in said
    assert "profiles is stated as" in said


def test_an_edited_check_is_told_by_the_events(failing: Path, build: Any, lab: Any) -> None:
    def soften(data: dict[str, Any]) -> None:
        data["checks"][0].update(outcome="met")
        data.update(verdict="pass", message="")

    build.rewrite(failing / "cases/P1-A-021/a1/result.json", soften)
    build.seal(failing)
    lab.resign(failing)
    said = details(verify_run(failing, lab.trusted))
    assert "P1-A-021 attempt 1: the event says fail, its checks say pass" in said


def test_an_edited_page_signed_by_the_trusted_key(failing: Path, lab: Any) -> None:
    html = failing / "report/report.html"
    html.write_text(html.read_text("utf-8").replace("Does not conform", "Conforms"), "utf-8")
    lab.resign(failing)
    verification = verify_run(failing, lab.trusted)
    assert "report/report.html is not what the evidence gives" in details(verification)


def test_a_report_of_another_version_is_not_compared_octet_for_octet(
    signed: Path, build: Any, lab: Any
) -> None:
    build.rewrite(signed / "report/report.json", lambda data: data.update(renderer="0" * 64))
    lab.resign(signed)
    verification = verify_run(signed, lab.trusted)
    assert status(verification, "rendering") is Status.NOT_CHECKED
    assert verification.verified, details(verification)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text[:-5], "events.jsonl: line 8 is cut off"),
        (lambda text: text[: text.rstrip().rindex(b"\n") + 1], "the end is missing"),
        (lambda text: b"", "the end is missing"),
        (lambda text: text.replace(b'"seq":3', b'"seq":4'), "line 4: seq is 4, expected 3"),
        (lambda text: text.replace(b"case-started", b"case-storted", 1), "breaks at line 3"),
        (lambda text: text.replace(b'{"seq":2', b'["seq":2'), "line 3: it is no event"),
    ],
)
def test_a_broken_chain_of_events_is_located(
    signed: Path, lab: Any, change: Any, said: str
) -> None:
    path = signed / "events.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    assert len(lines) == 6
    path.write_bytes(b"".join(lines[:2] + lines[2:]))
    path.write_bytes(change(path.read_bytes()))
    text = details(verify_run(signed, lab.trusted))
    assert "changed: events.jsonl" in text
    assert said.replace("line 8", "line 6") in text


def test_a_chain_made_anew_is_told_by_results_and_manifest(
    failing: Path, build: Any, lab: Any
) -> None:
    sign_run(failing, lab.key)
    path = failing / "events.jsonl"
    events = [json.loads(line) for line in path.read_bytes().splitlines()]
    kept = [e for e in events if e.get("case") != "P1-A-021"]
    for event in kept:
        del event["seq"], event["prev"]
    build.write_events(path, kept)
    verification = verify_run(failing, lab.trusted)
    assert status(verification, "events") is Status.OK
    said = details(verification)
    assert "changed: events.jsonl" in said
    assert "P1-A-021 attempt 1 has a result that no event tells of" in said


def test_a_result_that_was_not_selected_is_named(signed: Path, build: Any, lab: Any) -> None:
    def deselect(data: dict[str, Any]) -> None:
        data["cases"][0].update(applicability="deselected", reason="not wanted")

    build.rewrite(signed / "plan.json", deselect)
    shutil.copytree(signed / "cases/P1-A-001", signed / "cases/P1-Z-999")
    said = details(verify_run(signed, lab.trusted))
    assert "P1-A-001 has a result, but the plan did not select it" in said
    assert "cases/P1-Z-999 belongs to no case of the plan" in said


def test_cases_that_an_aborted_run_did_not_reach_are_told_of(
    mixed: Any, build: Any, lab: Any
) -> None:
    folder = mixed.write()
    path = folder / "events.jsonl"
    events = [json.loads(line) for line in path.read_bytes().splitlines()]
    for event in events:
        del event["seq"], event["prev"]
    build.write_events(path, [*events[:-1], {"event": "run-aborted"}])
    build.seal(folder)
    sign_run(folder, lab.key)
    verification = verify_run(folder, lab.trusted)
    assert verification.verified, details(verification)
    (line,) = (line for line in verification.lines if line.name == "results")
    assert "P1-C-004 was not reached: the run was aborted" in line.details


def test_a_bracket_that_was_dropped_or_softened_is_named(
    passing: Any, build: Any, lab: Any
) -> None:
    passing.brackets[0] = {
        **build.bracket,
        "closing": {"ok": False, "message": "no answer"},
        "suspects": ["P1-A-020"],
    }
    folder = passing.write()
    path = folder / "events.jsonl"
    events = [json.loads(line) for line in path.read_bytes().splitlines()]
    for event in events:
        del event["seq"], event["prev"]
    bracket = {"event": "bracket", **passing.brackets[0]}
    build.write_events(path, [*events[:-1], bracket, events[-1]])
    build.seal(folder)
    sign_run(folder, lab.key)
    assert verify_run(folder, lab.trusted).verified
    file = folder / "brackets/p1-framing.json"
    build.rewrite(file, lambda data: data["closing"].update(ok=True))
    build.seal(folder)
    lab.resign(folder)
    said = details(verify_run(folder, lab.trusted))
    assert "p1-framing.json: the closing exchange is True, the event says False" in said
    file.unlink()
    build.seal(folder)
    lab.resign(folder)
    assert "exchanges of p1 framing are not recorded" in details(verify_run(folder, lab.trusted))


def test_a_run_whose_bench_failed_verifies_too(passing: Any, build: Any, lab: Any) -> None:
    lost = Incident(Verdict.ERROR, Reason.ADAPTER, "gone")
    passing.add(build.case("P1-B-002"), incidents=(lost,))
    folder = build.seal(passing.write())
    sign_run(folder, lab.key)
    assert verify_run(folder, lab.trusted).verified
