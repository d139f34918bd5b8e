"""Verifies a run: who signed it, whether a file was touched, and whether its verdicts hold.

Nothing in the run is believed: verdicts, roll-up and report are computed again from the recorded
checks, the plan from the declaration.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from bench.core.errors import EvidenceError, SignatureError, UsageError
from reports import dsse, recompute
from reports.archive import opened
from reports.attest import PREDICATE_TYPE, STATEMENT_TYPE, SUBJECTS, facts
from reports.folder import RunFolder
from reports.keys import TrustedKey
from reports.manifest import ATTESTATION, compare, fingerprint, inside, read_manifest
from reports.model import build_report
from reports.recompute import Replan
from reports.records import Report
from reports.verification import (
    Line,
    Signer,
    Verification,
    failed,
    guarded,
    judged,
    not_checked,
    ok,
)


def verify_run(
    path: Path, trusted: Sequence[TrustedKey], replan: Replan | None = None
) -> Verification:
    """Verify a run folder, or a ZIP file of one.

    `replan` makes the plan again from plan.json's data and device.toml's text, or returns None if
    the suites at hand are others. Raises UsageError if `path` is neither, SignatureError for a ZIP
    file that is not safe to unpack.
    """
    if path.is_dir():
        return verify_folder(path, trusted, replan)
    if not path.exists():
        raise UsageError(f"{path} does not exist; name the folder of a run or a ZIP file of it")
    with opened(path) as folder:
        return verify_folder(folder, trusted, replan)


def verify_folder(
    folder: Path, trusted: Sequence[TrustedKey], replan: Replan | None = None
) -> Verification:
    """Verify a run folder; every damage becomes a failed line that names it."""
    if not any((folder / name).exists() for name in ("plan.json", "manifest.json")):
        raise UsageError(
            f"{folder} is not a run folder: it has neither plan.json nor manifest.json"
        )
    run = RunFolder(folder)
    signers: list[Signer] = []
    lines = _signature_lines(folder, trusted, signers)
    lines.append(guarded("manifest", lambda: _manifest(folder)))
    lines.append(guarded("events", lambda: recompute.check_events(run)))
    lines.append(guarded("events and results", lambda: recompute.check_event_results(run)))
    lines.append(guarded("verdicts", lambda: recompute.check_verdicts(run)))
    lines.append(guarded("results", lambda: recompute.check_results(run)))
    lines.append(guarded("brackets", lambda: recompute.check_brackets(run)))
    lines.append(guarded("plan", lambda: recompute.check_plan(run, replan)))
    try:
        computed = build_report(folder)
    except EvidenceError as error:
        lines += [failed(name, str(error)) for name in ("report", "roll-up", "rendering")]
        if (folder / ATTESTATION).exists():
            lines.append(failed("statement content", str(error)))
    else:
        lines.append(guarded("report", lambda: recompute.check_report(run, computed)))
        lines.append(guarded("roll-up", lambda: recompute.check_roll_up(run, computed)))
        lines.append(guarded("rendering", lambda: recompute.check_rendering(run, computed)))
        lines.append(guarded("statement content", lambda: _content(folder, computed)))
        lines += _validity(signers, trusted, computed)
    return Verification(_run_id(run), (folder / ATTESTATION).exists(), tuple(signers), tuple(lines))


def _signature_lines(
    folder: Path, trusted: Sequence[TrustedKey], signers: list[Signer]
) -> list[Line]:
    """Return the lines on the attestation; the trusted signers are added to `signers`."""
    if not (folder / ATTESTATION).exists():
        return [
            not_checked(name, "UNSIGNED: the run has no attestation.json")
            for name in ("signature", "statement", "subjects")
        ]
    try:
        envelope = dsse.decode(_attestation(folder))
    except SignatureError as error:
        return [failed("signature", f"{ATTESTATION}: {error}")]
    lines = [_signature(envelope, trusted, signers)]
    try:
        statement = _statement(envelope)
    except SignatureError as error:
        return [*lines, failed("statement", f"{ATTESTATION}: {error}")]
    signer = statement["predicate"].get("signer")
    name = signer.get("name") if isinstance(signer, dict) else None
    lines.append(ok("statement", PREDICATE_TYPE, *([f"signed as {name}"] if name else [])))
    lines.append(guarded("subjects", lambda: _subjects(folder, statement)))
    return lines


def _signature(
    envelope: dsse.Envelope, trusted: Sequence[TrustedKey], signers: list[Signer]
) -> Line:
    name = "signature"
    if not trusted:
        return not_checked(name, "no trusted key was given (--trust)")
    keys, problems = dsse.trusted_signers(envelope, trusted)
    signers += [Signer(key.keyid, key.source, key.subject) for key in keys]
    if problems:
        return failed(name, *(f"{ATTESTATION}: {problem}" for problem in problems))
    if not keys:
        named = ", ".join(s.keyid[:16] + "…" for s in envelope.signatures)
        return failed(name, f"{ATTESTATION}: no trusted key signed it (signed by {named})")
    return ok(name, *(f"by {key.source} (key {key.keyid[:16]}…)" for key in keys))


def _statement(envelope: dsse.Envelope) -> dict[str, Any]:
    """Return the in-toto Statement in the envelope; SignatureError if it is of another type."""
    if envelope.payload_type != dsse.PAYLOAD_TYPE:
        raise SignatureError(f"payload type {envelope.payload_type!r} is not known")
    try:
        data = json.loads(envelope.payload.decode("utf-8"))
        kinds = (data["_type"], data["predicateType"])
        predicate, subjects = data["predicate"], data["subject"]
        named = {row["name"]: row["digest"]["sha256"] for row in subjects}
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise SignatureError(f"the statement is damaged: {error!r}") from None
    if kinds != (STATEMENT_TYPE, PREDICATE_TYPE):
        raise SignatureError(f"statement and predicate are of the types {kinds}, not ours")
    if not isinstance(predicate, dict) or len(named) != len(subjects):
        raise SignatureError("the statement is damaged")
    return dict(data)


def _subjects(folder: Path, statement: dict[str, Any]) -> Line:
    stated = {row["name"]: row["digest"]["sha256"] for row in statement["subject"]}
    problems = [f"the statement does not cover {name}" for name in SUBJECTS if name not in stated]
    for name, digest in stated.items():
        if not isinstance(name, str) or not inside(name):
            problems.append(f"the statement names {name!r}, which is not in the folder")
        elif not (folder / name).is_file():
            problems.append(f"missing: {name}")
        elif fingerprint(folder, name).sha256 != digest:
            problems.append(f"changed: {name}")
    return judged("subjects", problems, f"{len(stated)} files")


def _manifest(folder: Path) -> Line:
    listed = read_manifest(folder)
    return judged("manifest", compare(folder, listed).lines(), f"{len(listed)} files")


def _content(folder: Path, computed: Report) -> Line:
    """The predicate states what follows from the evidence, its counts and conclusions above all."""
    name = "statement content"
    if not (folder / ATTESTATION).exists():
        return not_checked(name, "UNSIGNED: the run has no attestation.json")
    stated = dict(_statement(dsse.decode(_attestation(folder)))["predicate"])
    stated.pop("signer", None)
    expected = json.loads(json.dumps(facts(computed)))
    problems = [
        f"{key} is stated as {stated.get(key)!r}, computed {expected.get(key)!r}"
        for key in sorted(stated.keys() | expected.keys())
        if stated.get(key) != expected.get(key)
    ]
    return judged(name, problems)


def _validity(
    signers: Sequence[Signer], trusted: Sequence[TrustedKey], computed: Report
) -> list[Line]:
    """Return a line for the certificates among the signers: valid when the run finished?"""
    signed = {signer.keyid for signer in signers}
    keys = [k for k in trusted if k.keyid in signed and k.not_before and k.not_after]
    if not keys:
        return []
    name = "certificate"
    try:
        moment = datetime.fromisoformat(computed.finished)
    except ValueError:
        return [failed(name, f"the run does not say when it finished ({computed.finished!r})")]
    if moment.tzinfo is None:
        return [failed(name, f"the run's times lack a time zone ({computed.finished!r})")]
    problems = [
        f"{key.subject} was valid from {key.not_before} to {key.not_after}, not at {moment}"
        for key in keys
        if key.not_before and key.not_after and not key.not_before <= moment <= key.not_after
    ]
    return [judged(name, problems, *(key.subject for key in keys))]


def _attestation(folder: Path) -> bytes:
    path = folder / ATTESTATION
    if path.is_symlink() or not path.is_file():
        raise SignatureError("it is not a regular file")
    try:
        return path.read_bytes()
    except OSError as error:
        raise SignatureError(f"it cannot be read: {error.strerror}") from None


def _run_id(run: RunFolder) -> str:
    try:
        return run.plan().run
    except EvidenceError:
        return run.path.name
