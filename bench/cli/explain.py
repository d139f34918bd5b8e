"""`meterbench explain`: what a case is about, and what it saw in a run."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bench.core.errors import UsageError

if TYPE_CHECKING:
    from bench.core.case import Case
    from bench.core.check import Check
    from bench.core.result import Attempt

_MARGIN = 24  # octets shown before and after a deviation


@click.command("explain")
@click.argument("what", metavar="CASE[@RUN]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def explain(what: str, as_json: bool) -> None:
    """Explain a CASE: purpose, clause, stimulus, criterion, and the faults that it catches.

    With @RUN (a run's folder), show what was expected and seen there, octet by octet.
    """
    from bench.engine import catalogue

    case_id, _, run = what.partition("@")
    case = catalogue.case(case_id)
    data: dict[str, Any] = case.to_json()
    data["faults"] = _faults(case)
    attempts = _attempts(Path(run), case.id) if run else []
    data["attempts"] = [attempt.to_json() for attempt, _ in attempts]
    if as_json:
        click.echo(json.dumps(data, indent=1))
        return
    _describe(case, data["faults"])
    for attempt, frames in attempts:
        _show_attempt(attempt, frames)


def _faults(case: "Case") -> list[dict[str, str]]:
    from bench.simulator.faults import faults, interfaces

    if case.interface not in interfaces():
        return []
    return [
        {"id": fault.id, "summary": fault.summary}
        for fault in faults(case.interface)
        if any(killer.partition(":")[0] == case.id for killer in fault.killers)
    ]


def _describe(case: "Case", faults: list[dict[str, str]]) -> None:
    from bench.engine import catalogue

    click.secho(f"{case.id} version {case.version}: {case.title}", bold=True)
    click.echo(f"  purpose    {case.purpose}")
    clauses = catalogue.suite(case.interface).clauses
    for clause in case.clauses:
        title = clauses[clause].title if clause in clauses else ""
        click.echo(f"  clause     {clause}  {title}".rstrip())
    click.echo(f"  stimulus   {case.stimulus}")
    click.echo(f"  criterion  {case.criterion}")
    click.echo(f"  level      {case.level}   kind {case.kind}   effects {case.effects}")
    if case.ics:
        click.echo(f"  applies    when {case.ics}")
    if case.needs:
        click.echo(f"  needs      {', '.join(case.needs)}")
    for fault in faults:
        click.echo(f"  catches    {fault['id']}: a meter that {fault['summary']}")


def _attempts(run: Path, case_id: str) -> list[tuple["Attempt", list[Mapping[str, Any]]]]:
    from bench.engine.evidence import RunFolder

    if not (run / "plan.json").is_file():
        raise UsageError(f"{run} is not the folder of a run: it has no plan.json")
    folder = RunFolder(run)
    found = []
    for number, attempt in enumerate(folder.attempts(case_id), start=1):
        if attempt is None:
            continue
        relative = f"cases/{case_id}/a{number}/decoded.json"
        frames = folder.read_json(relative)["frames"] if (run / relative).exists() else []
        found.append((attempt, frames))
    if not found:
        rows = {row["id"]: row for row in folder.read_json("plan.json")["cases"]}
        row = rows.get(case_id)
        why = f"{row['applicability']}: {row['reason']}" if row else "not in its plan"
        raise UsageError(f"{case_id} has no result in {run} ({why})")
    return found


def _show_attempt(attempt: "Attempt", frames: list[Mapping[str, Any]]) -> None:
    from bench.cli.progress import verdict_word
    from bench.cli.terminal import visible

    judgement = attempt.judgement
    click.echo()
    reason = visible(f"{judgement.reason} {judgement.message}".strip())
    click.echo(f"attempt {attempt.number}: {verdict_word(judgement.verdict)} {reason}".rstrip())
    by_number = {frame["number"]: frame for frame in frames}
    for check in attempt.checks:
        _show_check(check, by_number)


def _show_check(check: "Check", frames: Mapping[int, Mapping[str, Any]]) -> None:
    from bench.cli.terminal import visible

    colour = {"met": "green", "missed": "red", "undecided": "yellow"}[str(check.outcome)]
    outcome = click.style(f"{check.outcome!s:<9}", fg=colour)
    click.echo(f"  {outcome} {check.id} ({check.level}, {check.clause})")
    unit = f" {check.unit}" if check.unit else ""
    u = f" ± {check.uncertainty:g}" if check.uncertainty else ""
    click.echo(f"            expected {visible(check.expected)}{unit}")
    click.echo(f"            observed {visible(check.observed)}{u}{unit}")
    for deviation in check.deviations:
        place = deviation.place
        line = f", line {place.line}" if place.line else ""
        click.echo(f"            frame {place.frame}, octet {place.offset}{line}:")
        click.echo(f"              {visible(deviation.observed)}")
        if frame := frames.get(place.frame):
            click.echo(f"              {_octets(frame, place.offset, place.length)}")
            for text in _fields(frame, place.offset, place.length):
                click.echo(f"              {visible(text)}")


def _octets(frame: Mapping[str, Any], offset: int, length: int) -> str:
    """Return the octets around a deviation, the deviating ones marked: as text where it is text."""
    octets = bytes.fromhex(frame["octets"])
    end = min(offset + max(length, 1), offset + 2 * _MARGIN, len(octets))
    parts = (
        octets[max(0, offset - _MARGIN) : offset],
        octets[offset:end],
        octets[end : end + _MARGIN],
    )
    if _is_text(octets):
        before, marked, after = (
            "".join(chr(o) if 0x20 <= o < 0x7F else f"\\x{o:02x}" for o in part) for part in parts
        )
    else:
        before, marked, after = (part.hex(" ").upper() for part in parts)
        before, after = f"{before} " if before else "", f" {after}" if after else ""
    return f"{before}{click.style(f'>>{marked}<<', fg='red', bold=True)}{after}"


def _is_text(octets: bytes) -> bool:
    """Whether people read these octets as characters: nine of ten are printable or line ends."""
    readable = sum(0x20 <= octet < 0x7F or octet in b"\r\n" for octet in octets)
    return 10 * readable >= 9 * len(octets)


def _fields(frame: Mapping[str, Any], offset: int, length: int) -> list[str]:
    """Return what the annotated octets under a deviation mean, the innermost field only."""
    end = offset + max(length, 1)
    here = [
        field
        for field in frame["fields"]
        if field["offset"] < end and offset < field["offset"] + field["length"]
    ]
    if not here or _is_text(bytes.fromhex(frame["octets"])):
        return []
    field = min(here, key=lambda one: one["length"])
    problem = f"  {field['problem']}" if field["problem"] else ""
    return [f"{field['path']}: {field['text']}{problem}"]
