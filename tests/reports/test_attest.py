import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from bench.core.errors import EvidenceError, SignatureError
from reports.attest import PREDICATE_TYPE, SUBJECTS, sign_run
from reports.html import render_html
from reports.model import build_report
from reports.verify import verify_run


def statement_of(folder: Path) -> dict[str, Any]:
    envelope = json.loads((folder / "attestation.json").read_text())
    assert envelope["payloadType"] == "application/vnd.in-toto+json"
    return dict(json.loads(base64.b64decode(envelope["payload"])))


def test_the_statement_covers_the_files_and_states_the_result(signed: Path, lab: Any) -> None:
    statement = statement_of(signed)
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert statement["predicateType"] == PREDICATE_TYPE
    assert {row["name"]: row["digest"]["sha256"] for row in statement["subject"]} == {
        name: hashlib.sha256((signed / name).read_bytes()).hexdigest() for name in SUBJECTS
    }
    predicate = statement["predicate"]
    assert predicate["signer"] == {"keyid": lab.trusted[0].keyid, "name": "A. Signatory"}
    assert predicate["item"]["serial"] == "E0047-001"
    assert predicate["decision_rule"] == "guard-band-2way"
    assert predicate["bench"] == {"version": "0.1.0"}
    assert predicate["self_test"]["killed"] == 92
    assert predicate["mode"] == {"quick": False, "simulated": False, "observed_telegrams": 300}
    assert predicate["static_review"] == {"p1": []}
    (profile,) = predicate["profiles"]
    assert profile["conclusion"] == "CONFORMS"
    assert profile["counts"]["pass"] == 2


def test_signing_takes_the_banner_away(sealed: Path, lab: Any) -> None:
    html = sealed / "report/report.html"
    assert b"UNSIGNED" in html.read_bytes()
    sign_run(sealed, lab.key)
    assert b"UNSIGNED" not in html.read_bytes()


def test_a_second_key_adds_its_signature(signed: Path, lab: Any, stranger: Any) -> None:
    before = statement_of(signed)
    attestation = sign_run(signed, stranger.key)
    assert attestation.signatures == 2
    assert statement_of(signed) == before
    verification = verify_run(signed, (*lab.trusted, *stranger.trusted))
    assert verification.verified
    assert len(verification.signers) == 2


def test_a_key_signs_once(signed: Path, lab: Any) -> None:
    before = (signed / "attestation.json").read_bytes()
    with pytest.raises(SignatureError, match="signed by this key already"):
        sign_run(signed, lab.key)
    assert (signed / "attestation.json").read_bytes() == before


@pytest.mark.parametrize("missing", ["report/report.json", "report/report.html", "manifest.json"])
def test_a_run_without_a_report_is_refused(sealed: Path, lab: Any, missing: str) -> None:
    (sealed / missing).unlink()
    with pytest.raises(SignatureError, match=f"has no {missing}"):
        sign_run(sealed, lab.key)
    assert not (sealed / "attestation.json").exists()


def test_a_changed_run_is_refused(sealed: Path, lab: Any) -> None:
    (sealed / "observations/p1/1/frames.pcapng").write_text("other octets")
    with pytest.raises(SignatureError, match=r"changed: observations/p1/1/frames\.pcapng"):
        sign_run(sealed, lab.key)
    assert not (sealed / "attestation.json").exists()


def test_a_run_that_lacks_a_selected_case_is_refused(mixed: Any, build: Any, lab: Any) -> None:
    with pytest.raises(SignatureError, match="P1-C-004 was selected and has no result"):
        sign_run(build.seal(mixed.write()), lab.key)


def test_a_countersigner_refuses_a_changed_run(signed: Path, stranger: Any) -> None:
    (signed / "device.toml").write_text("schema = 1\n")
    with pytest.raises(SignatureError, match=r"changed: device\.toml"):
        sign_run(signed, stranger.key)


def test_a_folder_without_a_run_is_refused(tmp_path: Path, lab: Any) -> None:
    with pytest.raises(EvidenceError, match="is not a run folder"):
        sign_run(tmp_path, lab.key)


@pytest.mark.parametrize("stage", ["before the manifest", "before the attestation"])
def test_an_interrupted_signing_can_be_finished(sealed: Path, lab: Any, stage: str) -> None:
    if stage == "before the manifest":
        html = render_html(build_report(sealed), signed=True)
        (sealed / "report/report.html").write_bytes(html)
    else:
        sign_run(sealed, lab.key)
        (sealed / "attestation.json").unlink()
    assert not verify_run(sealed, lab.trusted).verified
    sign_run(sealed, lab.key)
    assert verify_run(sealed, lab.trusted).verified
