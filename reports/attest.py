"""Signing a run: report, manifest, then an in-toto Statement in a DSSE envelope.

Nothing is signed that does not verify: a run whose files, events or verdicts do not agree is
refused.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.core.errors import EvidenceError, SignatureError
from reports import dsse
from reports.folder import RunFolder
from reports.html import render_html
from reports.keys import PrivateKey, keyid_of
from reports.manifest import (
    ATTESTATION,
    MANIFEST,
    compare,
    fingerprint,
    read_manifest,
    write_manifest,
)
from reports.model import build_report, write_reports
from reports.records import Report

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "urn:meterbench:conformance-report:v1"
SUBJECTS = (MANIFEST, "report/report.json", "report/report.html", "device.toml", "plan.json")


@dataclass(frozen=True, slots=True)
class Attestation:
    """A signed run: the envelope's file, who signed it, and how many signatures it now bears."""

    path: Path
    keyid: str
    signatures: int


def sign_run(folder: Path, key: PrivateKey, *, name: str = "") -> Attestation:
    """Sign a run and return where the attestation was written.

    A first signature writes the report again without its UNSIGNED banner, then the manifest, then
    the attestation. A further key adds its signature to the same statement and changes nothing
    else. `name` is the person or role who signs. Raises SignatureError for a run without a report
    or whose evidence does not agree with itself, and for a key that has signed already.
    """
    RunFolder.open(folder)
    keyid = keyid_of(key.public_key())
    path = folder / ATTESTATION
    if path.exists():
        return _countersign(folder, key, keyid)
    for needed in ("report/report.json", "report/report.html", MANIFEST):
        if not (folder / needed).is_file():
            raise SignatureError(f"{folder} has no {needed}: finish the run first (run --resume)")
    _finish_interrupted_signing(folder)
    _refuse_disagreement(folder)
    files = write_reports(folder, signed=True)
    write_manifest(folder)
    payload = encode_statement(statement(folder, files.report, {"keyid": keyid, "name": name}))
    _write(path, dsse.sign_payload(payload, key).encode())
    return Attestation(path, keyid, 1)


def statement(folder: Path, report: Report, signer: Mapping[str, str]) -> dict[str, Any]:
    """Return the in-toto Statement v1 over the files as they are now."""
    subjects = [
        {"name": name, "digest": {"sha256": fingerprint(folder, name).sha256}} for name in SUBJECTS
    ]
    return {
        "_type": STATEMENT_TYPE,
        "subject": subjects,
        "predicateType": PREDICATE_TYPE,
        "predicate": {**facts(report), "signer": {k: v for k, v in signer.items() if v}},
    }


def facts(report: Report) -> dict[str, Any]:
    """Return what the predicate states of a run, all of it computable from its folder."""
    return {
        "run": report.run,
        "bench": report.environment["bench"],
        "suites": {suite.interface: suite.digest for suite in report.suites},
        "self_test": report.self_test,
        "item": dict(report.item),
        "profiles": [
            {
                "profile": entry.result.profile,
                "conclusion": str(entry.result.conclusion),
                "counts": dict(entry.result.counts),
            }
            for entry in report.interfaces
        ],
        "static_review": {entry.interface: list(entry.review) for entry in report.interfaces},
        "decision_rule": report.decision_rule,
        "mode": {
            "quick": report.mode.quick,
            "simulated": report.mode.simulated,
            "observed_telegrams": report.mode.observed_telegrams,
        },
        "times": {"started": report.started, "finished": report.finished},
    }


def encode_statement(data: Mapping[str, Any]) -> bytes:
    """Return a statement as the octets that are signed."""
    return json.dumps(data, sort_keys=True, separators=(",", ":")).encode()


def _countersign(folder: Path, key: PrivateKey, keyid: str) -> Attestation:
    path = folder / ATTESTATION
    try:
        envelope = dsse.decode(path.read_bytes())
    except OSError as error:
        raise EvidenceError(f"cannot read {path}: {error.strerror}") from error
    if any(s.keyid == keyid for s in envelope.signatures):
        raise SignatureError(f"{folder} is signed by this key already")
    _refuse_disagreement(folder)
    signed = dsse.add_signature(envelope, key)
    _write(path, signed.encode())
    return Attestation(path, keyid, len(signed.signatures))


def _finish_interrupted_signing(folder: Path) -> None:
    """Put the unsigned page back where an earlier signing stopped before its attestation."""
    html = "report/report.html"
    report = build_report(folder)
    if RunFolder(folder).octets(html) != render_html(report, signed=True):
        return
    _write(folder / html, render_html(report, signed=False))
    if compare(folder, read_manifest(folder)).lines() == [f"changed: {html}"]:
        write_manifest(folder)


def _refuse_disagreement(folder: Path) -> None:
    """Raise SignatureError if anything but the signature itself fails to verify."""
    from reports.verify import verify_folder

    failures = verify_folder(folder, ()).failed
    problems = [f"{line.name}: {detail}" for line in failures for detail in line.details]
    if problems:
        listed = "\n".join(f"  - {problem}" for problem in problems[:20])
        raise SignatureError(f"{folder} is not signed, it does not agree with itself:\n{listed}")


def _write(path: Path, content: bytes) -> None:
    part = path.with_name(path.name + ".part")
    try:
        part.write_bytes(content)
        part.replace(path)
    except OSError as error:
        raise EvidenceError(f"cannot write {path}: {error.strerror}") from error
