"""Each way of touching a run is named by the verifier."""

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import serialization as ser
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bench.core.check import Incident
from bench.core.errors import DeclarationError, Mistake, UsageError
from bench.core.plan import PlannedCase
from bench.core.verdict import Applicability, Reason, Verdict
from reports.attest import sign_run
from reports.dsse import sign_payload
from reports.folder import list_files
from reports.keys import load_trusted
from reports.manifest import write_manifest
from reports.verification import Status, Verification
from reports.verify import verify_run


def details(verification: Verification) -> str:
    """All that failed, as one text."""
    return "\n".join(f"{x.name}: {d}" for x in verification.failed for d in x.details)


def status(verification: Verification, name: str) -> Status:
    (line,) = (line for line in verification.lines if line.name == name)
    return line.status


def resign(folder: Path, lab: Any, change: Any = None) -> None:
    """Seal and sign as the holder of a key could, without the checks of `sign_run`."""
    from reports.attest import encode_statement, statement
    from reports.model import build_report

    write_manifest(folder)
    data = statement(folder, build_report(folder), {"keyid": lab.trusted[0].keyid})
    if change:
        change(data)
    envelope = sign_payload(encode_statement(data), lab.key)
    (folder / "attestation.json").write_bytes(envelope.encode())


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


@pytest.fixture
def failing(passing: Any, build: Any) -> Path:
    """A sealed run with one fail."""
    passing.add(build.case("P1-A-021"), build.missed(), frames=[build.frame_row()])
    return Path(build.seal(passing.write()))


def test_a_signed_run_verifies(signed: Path, lab: Any) -> None:
    verification = verify_run(signed, lab.trusted)
    assert verification.verified, details(verification)
    assert verification.exit_code == 0
    assert status(verification, "plan") is Status.NOT_CHECKED
    (statement,) = (line for line in verification.lines if line.name == "statement")
    assert "signed as A. Signatory" in statement.details
    others = {line.status for line in verification.lines if line.name != "plan"}
    assert others == {Status.OK}


def test_an_unsigned_run_holds_together_but_is_not_verified(sealed: Path, lab: Any) -> None:
    verification = verify_run(sealed, lab.trusted)
    assert not verification.failed
    assert not verification.signed
    assert verification.exit_code == 5
    assert status(verification, "signature") is Status.NOT_CHECKED


def test_without_a_trusted_key_nothing_is_verified(signed: Path) -> None:
    verification = verify_run(signed, ())
    assert not verification.failed
    assert verification.exit_code == 5


@pytest.mark.parametrize("bit", [0, 3, 6])
def test_a_flipped_bit_is_named_in_whichever_file(signed: Path, lab: Any, bit: int) -> None:
    files = list_files(signed)
    assert len(files) > 12
    for name in files:
        path = signed / name
        good = path.read_bytes()
        for position in (0, len(good) // 2, len(good) - 1):
            changed = bytearray(good)
            changed[position] ^= 1 << bit
            path.write_bytes(changed)
            verification = verify_run(signed, lab.trusted)
            assert verification.exit_code == 5, (name, position)
            assert name in details(verification), (name, position)
        path.write_bytes(good)
    assert verify_run(signed, lab.trusted).verified


def test_a_missing_file_is_named(signed: Path, lab: Any) -> None:
    for name in list_files(signed):
        if name == "attestation.json":
            continue
        content = (signed / name).read_bytes()
        (signed / name).unlink()
        verification = verify_run(signed, lab.trusted)
        assert verification.exit_code == 5
        assert name in details(verification)
        (signed / name).write_bytes(content)


def test_a_run_without_its_attestation_is_unsigned(signed: Path, lab: Any) -> None:
    (signed / "attestation.json").unlink()
    verification = verify_run(signed, lab.trusted)
    assert not verification.signed
    assert "report/report.html is not what the evidence gives" in details(verification)


def test_an_extra_file_is_named(signed: Path, lab: Any) -> None:
    (signed / "cases/P1-A-001/a1/notes.txt").write_text("hello")
    assert "extra: cases/P1-A-001/a1/notes.txt" in details(verify_run(signed, lab.trusted))


def test_two_swapped_files_are_both_named(failing: Path, lab: Any) -> None:
    sign_run(failing, lab.key)
    one, two = (failing / f"cases/P1-A-0{n}/a1/result.json" for n in ("01", "21"))
    first, second = one.read_bytes(), two.read_bytes()
    one.write_bytes(second)
    two.write_bytes(first)
    said = details(verify_run(failing, lab.trusted))
    assert "changed: cases/P1-A-001/a1/result.json" in said
    assert "changed: cases/P1-A-021/a1/result.json" in said
    assert "is of P1-A-021 attempt 1, not of its folder" in said


def test_a_symbolic_link_is_named(signed: Path, lab: Any, tmp_path: Path) -> None:
    target = tmp_path / "plan.json"
    shutil.move(signed / "plan.json", target)
    (signed / "plan.json").symlink_to(target)
    assert "plan.json is a symbolic link" in details(verify_run(signed, lab.trusted))


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
    resign(failing, lab)

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


def test_another_key_is_not_trusted(signed: Path, stranger: Any) -> None:
    verification = verify_run(signed, stranger.trusted)
    assert "signature: attestation.json: no trusted key signed it" in details(verification)
    assert not verification.signers


def test_a_resealed_manifest_does_not_fit_the_old_signature(signed: Path, lab: Any) -> None:
    (signed / "observations/p1/1/frames.pcapng").write_text("other octets")
    write_manifest(signed)
    verification = verify_run(signed, lab.trusted)
    assert "subjects: changed: manifest.json" in details(verification)
    assert status(verification, "manifest") is Status.OK


def test_an_edited_verdict_signed_by_a_stranger(
    failing: Path, build: Any, lab: Any, stranger: Any
) -> None:
    edit_verdict(failing, build)
    resign(failing, stranger)
    said = details(verify_run(failing, lab.trusted))
    assert "no trusted key signed it" in said
    assert "cases/P1-A-021/a1/result.json states pass, its checks say fail" in said


def test_an_edited_verdict_signed_by_the_trusted_key(failing: Path, build: Any, lab: Any) -> None:
    edit_verdict(failing, build)

    def claim(data: dict[str, Any]) -> None:
        data["predicate"]["profiles"][0]["conclusion"] = "CONFORMS"

    resign(failing, lab, claim)
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
    resign(failing, lab)
    said = details(verify_run(failing, lab.trusted))
    assert "P1-A-021 attempt 1: the event says fail, its checks say pass" in said


def test_an_edited_page_signed_by_the_trusted_key(failing: Path, lab: Any) -> None:
    html = failing / "report/report.html"
    html.write_text(html.read_text("utf-8").replace("Does not conform", "Conforms"), "utf-8")
    resign(failing, lab)
    verification = verify_run(failing, lab.trusted)
    assert "report/report.html is not what the evidence gives" in details(verification)


def test_a_report_of_another_version_is_not_compared_octet_for_octet(
    signed: Path, build: Any, lab: Any
) -> None:
    build.rewrite(signed / "report/report.json", lambda data: data.update(renderer="0" * 64))
    resign(signed, lab)
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
    resign(folder, lab)
    said = details(verify_run(folder, lab.trusted))
    assert "p1-framing.json: the closing exchange is True, the event says False" in said
    file.unlink()
    build.seal(folder)
    resign(folder, lab)
    assert "exchanges of p1 framing are not recorded" in details(verify_run(folder, lab.trusted))


def test_a_statement_of_another_type_is_named(signed: Path, lab: Any) -> None:
    for key in ("_type", "predicateType"):
        resign(signed, lab, lambda data, key=key: data.update({key: "urn:other"}))
        said = details(verify_run(signed, lab.trusted))
        assert "statement: attestation.json: statement and predicate are of the types" in said
    resign(signed, lab, lambda data: data.update(subject=data["subject"][1:]))
    assert "does not cover manifest.json" in details(verify_run(signed, lab.trusted))
    outside = {"name": "../key", "digest": {"sha256": "0" * 64}}
    resign(signed, lab, lambda data: data["subject"].append(outside))
    assert "names '../key', which is not in the folder" in details(verify_run(signed, lab.trusted))


def test_an_attestation_of_another_run_is_named(
    signed: Path, build: Any, lab: Any, tmp_path: Path
) -> None:
    other = build.writer(tmp_path / "2026-11-20T09-00-00Z_am5")
    other.add(build.case("P1-A-001"), build.missed())
    folder = build.seal(other.write())
    shutil.copy(signed / "attestation.json", folder / "attestation.json")
    said = details(verify_run(folder, lab.trusted))
    assert "subjects: changed: manifest.json" in said
    assert "run is stated as '2026-11-21T10-02-11Z_am5', computed '2026-11-20T" in said


@pytest.mark.parametrize(("days", "valid"), [(30, True), (-30, False)])
def test_a_certificate_must_be_valid_when_the_run_finished(
    sealed: Path, tmp_path: Path, days: int, valid: bool
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test Laboratory")])
    end = datetime(2026, 11, 21, tzinfo=UTC) + timedelta(days=days)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(end)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "lab.crt"
    path.write_bytes(certificate.public_bytes(ser.Encoding.PEM))
    sign_run(sealed, key)
    verification = verify_run(sealed, load_trusted(path))
    assert verification.verified is valid, details(verification)
    assert status(verification, "certificate") is (Status.OK if valid else Status.FAILED)


def test_a_run_whose_bench_failed_verifies_too(passing: Any, build: Any, lab: Any) -> None:
    lost = Incident(Verdict.ERROR, Reason.ADAPTER, "gone")
    passing.add(build.case("P1-B-002"), incidents=(lost,))
    folder = build.seal(passing.write())
    sign_run(folder, lab.key)
    assert verify_run(folder, lab.trusted).verified
