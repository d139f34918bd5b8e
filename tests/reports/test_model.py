import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from bench.core.errors import EvidenceError
from bench.core.rollup import Conclusion
from bench.core.verdict import Applicability
from reports.model import build_report, write_reports


def by_id(folder: Path) -> dict[str, Any]:
    return {case.id: case for case in build_report(folder).cases}


def test_a_clean_run_conforms(passing: Any) -> None:
    report = build_report(passing.write())
    (profile,) = report.interfaces
    assert profile.result.profile == "p1/nl50"
    assert profile.result.conclusion is Conclusion.CONFORMS
    assert profile.result.counts["pass"] == 2
    assert not report.mode.simulated


def test_each_case_has_its_status_and_reason(mixed: Any) -> None:
    cases = by_id(mixed.write())
    assert {key: (case.status, case.reason) for key, case in cases.items()} == {
        "P1-A-001": ("pass", ""),
        "P1-A-020": ("pass", ""),
        "P1-A-021": ("fail", ""),
        "P1-A-030": ("pass", ""),
        "P1-B-001": ("inconclusive", "SILENT"),
        "P1-B-002": ("error", "ADAPTER"),
        "P1-T-001": ("inconclusive", "GUARD"),
        "P1-C-001": ("not-applicable", "declared otherwise: needs P1/WATER"),
        "P1-C-002": ("deselected", "not among the selected cases"),
        "P1-C-003": ("blocked", "the declaration lacks [p1.ixit] id = ..."),
        "P1-C-004": ("not-run", "no result was recorded"),
    }


def test_counts_agree_with_the_cases(mixed: Any) -> None:
    report = build_report(mixed.write())
    (profile,) = report.interfaces
    assert profile.result.conclusion is Conclusion.DOES_NOT_CONFORM
    assert profile.result.counts == {
        "pass": 3,
        "inconclusive": 2,
        "fail": 1,
        "error": 1,
        "not-applicable": 1,
        "deselected": 1,
        "blocked": 1,
        "not-run": 1,
    }


def test_a_missed_recommendation_is_an_observation(mixed: Any) -> None:
    case = by_id(mixed.write())["P1-A-030"]
    assert [check.id for check in case.observations] == ["period"]
    assert case.status == "pass"


def test_deviations_point_into_their_frame(mixed: Any) -> None:
    (attempt,) = by_id(mixed.write())["P1-A-021"].attempts
    (annotated,) = attempt.frames
    assert annotated.frame.number == 7
    assert [d.place.offset for d in annotated.deviations] == [53]
    assert attempt.started == "2026-11-21T10:02:11.000Z"


def test_instants_of_a_virtual_clock_are_no_dates(mixed: Any, build: Any) -> None:
    folder = mixed.write()
    build.rewrite(folder / "environment.json", lambda data: data["links"]["p1"].update(epoch_ns=0))
    (attempt,) = by_id(folder)["P1-A-021"].attempts
    assert attempt.started == ""


def test_what_is_not_known_of_a_link_is_not_made_up(passing: Any, build: Any) -> None:
    folder = passing.write()
    build.rewrite(
        folder / "plan.json",
        lambda data: data["interfaces"]["p1"].update(capabilities=None, uncertainty_s=None),
    )
    (interface,) = build_report(folder).interfaces
    assert interface.capabilities is None
    assert interface.uncertainty_s is None
    assert b"not known: it was not opened" in write_reports(folder).html.read_bytes()


def test_attempts_that_disagree_are_unstable(passing: Any, build: Any) -> None:
    case = build.case("P1-A-099")
    passing.add(case, build.missed())
    passing.add(case, build.check(), number=2)
    report = by_id(passing.write())["P1-A-099"]
    assert (report.status, report.reason, len(report.attempts)) == ("inconclusive", "UNSTABLE", 2)


def test_an_attempt_without_a_result_is_told_of(passing: Any) -> None:
    folder = passing.write()
    (folder / "cases/P1-A-001/a2").mkdir()
    assert by_id(folder)["P1-A-001"].interrupted == (2,)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"closing": {"ok": False, "message": "no answer"}, "suspects": ["P1-A-020"]},
            "did not survive, the last known-good exchange failed: no answer (suspects: P1-A-020)",
        ),
        ({"opening": {"ok": False, "message": "silent"}}, "the first known-good exchange failed"),
        ({"closing": {"ok": None, "message": ""}}, "exchange was not made"),
    ],
)
def test_a_failed_bracket_stands_against_its_profile(
    passing: Any, changes: dict[str, Any], said: str
) -> None:
    passing.brackets[0].update(changes)
    (profile,) = build_report(passing.write()).interfaces
    assert profile.result.conclusion is Conclusion.NOT_DETERMINED
    assert any(said in line for line in profile.result.because)


def test_a_finding_of_the_static_review_stands_against_its_profile(passing: Any) -> None:
    passing.review.append("P1/GAS must be yes")
    (profile,) = build_report(passing.write()).interfaces
    assert profile.result.conclusion is Conclusion.NOT_DETERMINED
    assert profile.result.because == ("static review: P1/GAS must be yes",)


def test_the_clause_matrix_shows_the_worst(mixed: Any) -> None:
    (row,) = build_report(mixed.write()).clauses
    assert row.status == "fail"
    assert dict(row.cases)["P1-A-021"] == "fail"
    assert len(row.cases) == 11


def test_a_fail_counts_for_the_clause_of_its_check(passing: Any, build: Any) -> None:
    other = "DSMR-5.0.2:6.12"
    case = build.case("P1-A-050", clauses=(build.clause, other))
    passing.add(case, build.missed(), build.check(clause=other, id="line-end"))
    rows = {row.id: row for row in build_report(passing.write()).clauses}
    assert rows[build.clause].status == "fail"
    assert rows[other].status == "pass"


def test_a_clause_without_applicable_case_is_not_called_pass(writer: Any, build: Any) -> None:
    writer.plan(build.case("P1-C-001"), Applicability.NOT_APPLICABLE, "declared otherwise")
    (row,) = build_report(writer.write()).clauses
    assert row.status == "not-applicable"


def test_mode_is_said_plainly(passing: Any) -> None:
    passing.simulated = passing.quick = True
    notes = build_report(passing.write()).mode.notes
    assert notes[0].startswith("SIMULATED")
    assert notes[1].startswith("QUICK")
    assert "30 telegrams instead of 300" in notes[1]


def test_what_the_customer_supplied_is_marked(passing: Any) -> None:
    rows = {row.key: row for row in build_report(passing.write()).identification}
    assert rows["serial"].supplied
    assert rows["customer"].value == "Grid Operator"
    assert rows["received"].value == "not stated"
    assert not rows["run"].supplied
    assert rows["started"].value.startswith("2026-11-21T10:00:00")


def test_the_same_folder_gives_the_same_octets(mixed: Any, tmp_path: Path) -> None:
    first = mixed.write()
    second = tmp_path / "elsewhere"
    shutil.copytree(first, second)
    write_reports(first)
    write_reports(second)
    write_reports(second)
    for name in ("report.json", "report.html", "junit.xml"):
        assert (first / "report" / name).read_bytes() == (second / "report" / name).read_bytes()


def test_the_json_is_ascii_and_complete(mixed: Any) -> None:
    files = write_reports(mixed.write())
    data = json.loads(files.json.read_bytes().decode("ascii"))
    assert data["profiles"][0]["conclusion"] == "DOES NOT CONFORM"
    assert data["cases"][2]["attempts"][0]["frames"][0]["octets"].startswith("2f41434d")
    assert {row["id"] for row in data["not_run"]} == {f"P1-C-00{n}" for n in range(1, 5)}
    assert "relate only to the item tested" in data["statement"]
    paths = [row["path"] for row in data["evidence"]]
    assert "cases/P1-A-021/a1/frames.pcapng" in paths
    assert not any(path.startswith("report/") for path in paths)


@pytest.mark.parametrize(
    ("path", "content", "said"),
    [
        ("plan.json", "{", "plan.json is damaged"),
        ("plan.json", '{"schema": 2}', "schema 2 is not known"),
        ("plan.json", '{"schema": 1}', "plan.json is damaged: it lacks 'cases'"),
        ("environment.json", "[]", "environment.json is damaged"),
        ("device.toml", "x =", "device.toml is damaged"),
        (
            "cases/P1-A-001/a1/result.json",
            '{"case": 1}',
            "cases/P1-A-001/a1/result.json is damaged",
        ),
        ("catalogue.json", '{"cases": [{"id": "x"}]}', "catalogue.json is damaged"),
        ("brackets/p1-framing.json", "null", "brackets/p1-framing.json is damaged"),
    ],
)
def test_damage_is_named_with_its_file(passing: Any, path: str, content: str, said: str) -> None:
    folder = passing.write()
    (folder / path).write_text(content)
    with pytest.raises(EvidenceError, match=said.replace("(", r"\(")):
        build_report(folder)


def test_a_result_in_the_wrong_folder_is_damage(passing: Any) -> None:
    folder = passing.write()
    shutil.copy(folder / "cases/P1-A-001/a1/result.json", folder / "cases/P1-A-020/a1/result.json")
    with pytest.raises(EvidenceError, match="is of P1-A-001 attempt 1"):
        build_report(folder)


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match=r"it has no plan\.json"):
        build_report(tmp_path)
