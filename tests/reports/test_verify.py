"""Each way of touching a run is named by the verifier."""

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

from reports.attest import sign_run
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


def test_a_statement_of_another_type_is_named(signed: Path, lab: Any) -> None:
    for key in ("_type", "predicateType"):
        lab.resign(signed, lambda data, key=key: data.update({key: "urn:other"}))
        said = details(verify_run(signed, lab.trusted))
        assert "statement: attestation.json: statement and predicate are of the types" in said
    lab.resign(signed, lambda data: data.update(subject=data["subject"][1:]))
    assert "does not cover manifest.json" in details(verify_run(signed, lab.trusted))
    outside = {"name": "../key", "digest": {"sha256": "0" * 64}}
    lab.resign(signed, lambda data: data["subject"].append(outside))
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
