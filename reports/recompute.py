"""The part of verification that believes no stated verdict: all of it is computed again."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.core.errors import BenchError, DeclarationError, EvidenceError
from bench.core.plan import PlannedCase
from bench.core.verdict import Applicability
from reports.folder import RunFolder
from reports.html import render_html
from reports.junit import render_junit
from reports.manifest import ATTESTATION
from reports.model import render_json, renderer_digest
from reports.parse import Bracket
from reports.records import Report
from reports.verification import Line, failed, judged, not_checked, ok

Replan = Callable[[dict[str, Any], str], Sequence[PlannedCase] | None]

_FIRST = "0" * 64
_LAST_EVENTS = frozenset({"run-finished", "run-aborted"})


def check_events(run: RunFolder) -> Line:
    """The chain of events is unbroken from the start of the run to its end."""
    name = "events"
    content = run.octets("events.jsonl")
    lines = content.split(b"\n")
    if lines.pop():
        return failed(name, f"events.jsonl: line {len(lines) + 1} is cut off")
    previous = _FIRST
    last = ""
    for number, line in enumerate(lines, start=1):
        where = f"events.jsonl: the chain breaks at line {number}"
        try:
            row = json.loads(line)
            sequence, link, last = row["seq"], row["prev"], str(row["event"])
        except (ValueError, KeyError, TypeError, RecursionError):
            return failed(name, f"{where}: it is no event")
        if sequence != number - 1:
            return failed(name, f"{where}: seq is {sequence!r}, expected {number - 1}")
        if link != previous:
            before = f"line {number - 1}" if number > 1 else "the start"
            return failed(name, f"{where}: it does not follow from {before}")
        previous = hashlib.sha256(line).hexdigest()
    if last not in _LAST_EVENTS:
        return failed(name, f"events.jsonl ends with {last or 'nothing'!r}: the end is missing")
    return ok(name, f"{len(lines)} events in one chain")


def check_event_results(run: RunFolder) -> Line:
    """Every case that the events call finished has its result, and the other way round."""
    problems = []
    told: dict[tuple[str, int], str] = {}
    for row in run.events():
        case_id, number = row.get("case"), row.get("attempt")
        if row.get("event") == "case-finished" and isinstance(case_id, str):
            told[case_id, int(number or 0)] = str(row.get("verdict", ""))
    for case_id in run.case_ids():
        for number in run.attempt_numbers(case_id):
            if not run.has_result(case_id, number):
                continue
            said = told.pop((case_id, number), None)
            if said is None:
                problems.append(f"{case_id} attempt {number} has a result that no event tells of")
                continue
            try:
                attempt = run.attempt(case_id, number)
            except EvidenceError as error:
                problems.append(str(error))
                continue
            verdict = "" if attempt is None else str(attempt.judgement.verdict)
            if said != verdict:
                problems.append(
                    f"{case_id} attempt {number}: the event says {said}, its checks say {verdict}"
                )
    problems += [f"{case_id} attempt {n} finished, but its result is gone" for case_id, n in told]
    return judged("events and results", problems)


def check_verdicts(run: RunFolder) -> Line:
    """Each result.json states the verdict that follows from its checks."""
    problems = []
    count = 0
    for case_id in run.case_ids():
        for number in run.attempt_numbers(case_id):
            try:
                attempt = run.attempt(case_id, number)
                if attempt is None:
                    continue
                stated, reason = run.stated_verdict(case_id, number)
            except EvidenceError as error:
                problems.append(str(error))
                continue
            count += 1
            judgement = attempt.judgement
            if (stated, reason) != (str(judgement.verdict), judgement.reason):
                problems.append(
                    f"cases/{case_id}/a{number}/result.json states {stated} {reason}".rstrip()
                    + f", its checks say {judgement.verdict} {judgement.reason}".rstrip()
                )
    return judged("verdicts", problems, f"{count} attempts judged again")


def check_report(run: RunFolder, computed: Report) -> Line:
    """report.json states of each case what its recorded checks say."""
    stated = _read_report(run)
    problems = []
    rows = {row["id"]: row for row in stated["cases"]}
    for case in computed.cases:
        row = rows.pop(case.id, None)
        if row is None:
            problems.append(f"report.json lacks {case.id}")
            continue
        for key, value in (
            ("status", case.status),
            ("verdict", str(case.judgement.verdict)),
            ("reason", case.reason),
        ):
            if row[key] != value:
                problems.append(
                    f"report.json: {key} of {case.id} is {row[key]!r}, computed {value!r}"
                )
        if len(row["attempts"]) != len(case.attempts):
            problems.append(f"report.json: attempts of {case.id} are not those in the folder")
    problems += [f"report.json holds {case_id}, which is not in the plan" for case_id in rows]
    return judged("report", problems, f"{len(computed.cases)} cases")


def check_roll_up(run: RunFolder, computed: Report) -> Line:
    """report.json concludes of each profile what follows from plan, verdicts and brackets."""
    stated = {row["profile"]: row for row in _read_report(run)["profiles"]}
    problems = []
    for entry in computed.interfaces:
        result = entry.result.to_json()
        row = stated.pop(entry.result.profile, None)
        if row is None:
            problems.append(f"report.json lacks profile {entry.result.profile}")
            continue
        problems += [
            f"report.json: {key} of {entry.result.profile} is {row[key]!r}, computed {value!r}"
            for key, value in result.items()
            if row[key] != value
        ]
    problems += [f"report.json holds profile {name}, which is not in the plan" for name in stated]
    said = [f"{e.result.profile}: {e.result.conclusion}" for e in computed.interfaces]
    return judged("roll-up", problems, *said)


def check_results(run: RunFolder) -> Line:
    """Every selected case has a result, and every result is of a selected case.

    Cases that an aborted run did not reach are told of, not held against it.
    """
    plan = run.plan()
    events = run.events()
    aborted = any(row.get("event") == "run-aborted" for row in events)
    begun = {row.get("case") for row in events}
    present = {
        case_id
        for case_id in run.case_ids()
        if any(run.has_result(case_id, n) for n in run.attempt_numbers(case_id))
    }
    selected = {row.id for row in plan.cases if row.applicability is Applicability.SELECTED}
    missing = sorted(selected - present)
    unreached = [case_id for case_id in missing if aborted and case_id not in begun]
    problems = [
        f"{case_id} was selected and has no result"
        for case_id in missing
        if case_id not in unreached
    ]
    known = {row.id for row in plan.cases}
    for case_id in run.case_ids():
        if case_id not in known:
            problems.append(f"cases/{case_id} belongs to no case of the plan")
        elif case_id not in selected:
            problems.append(f"{case_id} has a result, but the plan did not select it")
    details = [f"{case_id} was not reached: the run was aborted" for case_id in unreached]
    return judged("results", problems, f"{len(present)} of {len(selected)}", *details)


def check_plan(run: RunFolder, replan: Replan | None) -> Line:
    """The plan follows from the declaration and the suites; no case was quietly dropped."""
    name = "plan"
    if replan is None:
        return not_checked(name, "no suite is at hand to plan again with")
    plan = run.plan()
    try:
        again = replan(dict(plan.data), run.declaration_text())
    except DeclarationError as error:
        return failed(name, f"device.toml does not give this plan: {error}")
    except BenchError as error:
        return failed(name, f"no plan can be made from plan.json and device.toml: {error}")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        return failed(name, f"plan.json is damaged: {error!r}")
    if again is None:
        return not_checked(name, "the suites installed here are not those of the run (digest)")
    stated = {row.id: row for row in plan.cases}
    problems = []
    for row in again:
        found = stated.pop(row.id, None)
        if found is None:
            problems.append(f"the plan lacks {row.id}, which should be {row.applicability}")
        elif found != row:
            problems.append(
                f"{row.id} is {found.applicability} ({found.reason or 'no reason'}), "
                f"should be {row.applicability} ({row.reason or 'no reason'})"
            )
    problems += [f"the plan holds {case_id}, which the suites do not" for case_id in stated]
    if len(plan.cases) != len({row.id for row in plan.cases}):
        problems.append("the plan lists a case twice")
    return judged(name, problems, f"{len(plan.cases)} cases planned again")


def check_brackets(run: RunFolder) -> Line:
    """Every known-good exchange that the events tell of is recorded, for a planned interface."""
    brackets = run.brackets()
    interfaces = run.plan().data["interfaces"]
    known = {row.id for row in run.plan().cases}
    problems = []
    for bracket in brackets:
        where = f"brackets/{bracket.interface}-{bracket.group}.json"
        if not (run.path / where).is_file():
            problems.append(f"a bracket of {bracket.interface} {bracket.group} is not in {where}")
        if bracket.interface not in interfaces:
            problems.append(f"{where}: interface {bracket.interface} is not in the plan")
        problems += [
            f"{where}: suspect {suspect} is not in the plan"
            for suspect in bracket.suspects
            if suspect not in known
        ]
    problems += _bracket_events(run, brackets)
    bad = [f"{b.interface} {b.group}: did not survive" for b in brackets if b.closing is False]
    return judged("brackets", problems, f"{len(brackets)} recorded", *bad)


def _bracket_events(run: RunFolder, brackets: Sequence[Bracket]) -> list[str]:
    """Return where the last event of a group and its recorded bracket disagree."""
    told: dict[tuple[str, str], Mapping[str, Any]] = {}
    for row in run.events():
        interface, group = row.get("interface"), row.get("group")
        if row.get("event") == "bracket" and isinstance(interface, str) and isinstance(group, str):
            told[interface, group] = row
    problems = []
    for bracket in brackets:
        row = told.pop((bracket.interface, bracket.group), {})
        for end, recorded in (("opening", bracket.opening), ("closing", bracket.closing)):
            said = row.get(end)
            if isinstance(said, dict) and said.get("ok", recorded) != recorded:
                problems.append(
                    f"brackets/{bracket.interface}-{bracket.group}.json: the {end} exchange is "
                    f"{recorded}, the event says {said['ok']}"
                )
    problems += [f"the exchanges of {i} {g} are not recorded in brackets/" for i, g in told]
    return problems


def check_rendering(run: RunFolder, computed: Report) -> Line:
    """The report's files are, octet for octet, what the evidence gives."""
    name = "rendering"
    if _read_report(run).get("renderer") != renderer_digest():
        return not_checked(name, "another version of the bench wrote this report")
    signed = (run.path / ATTESTATION).exists()
    expected = {
        "report/report.json": render_json(computed),
        "report/report.html": render_html(computed, signed=signed),
        "report/junit.xml": render_junit(computed),
    }
    problems = [
        f"{path} is not what the evidence gives"
        for path, content in expected.items()
        if run.octets(path) != content
    ]
    return judged(name, problems, "made again, octet for octet")


def _read_report(run: RunFolder) -> Mapping[str, Any]:
    """Return report.json if it has the shape that is compared here."""
    data = run.json("report/report.json")
    path = Path("report") / "report.json"
    try:
        for row in data["cases"]:
            row["id"] + row["status"] + row["verdict"] + row["reason"], len(row["attempts"])
        for row in data["profiles"]:
            row["profile"] + row["conclusion"], dict(row["counts"]), list(row["because"])
    except (KeyError, TypeError, ValueError) as error:
        raise EvidenceError(f"{path} is damaged: {error!r}") from None
    return dict(data)
