from typing import Any
from xml.etree import ElementTree as ET

from bench.core.check import Outcome
from reports.junit import render_junit
from reports.model import build_report


def cases_of(root: ET.Element) -> dict[str, ET.Element]:
    return {element.attrib["name"].split()[0]: element for element in root.iter("testcase")}


def test_a_suite_for_each_interface_with_counts(mixed: Any) -> None:
    root = ET.fromstring(render_junit(build_report(mixed.write())))
    (suite,) = root.findall("testsuite")
    counts = {key: suite.attrib[key] for key in ("name", "tests", "failures", "errors", "skipped")}
    assert counts == {"name": "p1", "tests": "11", "failures": "1", "errors": "3", "skipped": "4"}
    assert root.attrib["tests"] == "11"
    properties = {p.attrib["name"]: p.attrib["value"] for p in suite.findall("properties/property")}
    assert properties["conclusion"] == "DOES NOT CONFORM"


def test_each_verdict_has_its_element(mixed: Any) -> None:
    cases = cases_of(ET.fromstring(render_junit(build_report(mixed.write()))))
    failed = cases["P1-A-021"]
    assert failed.attrib["classname"] == "p1.A"
    assert failed.attrib["name"] == "P1-A-021 The CRC is right"
    failure = failed.find("failure")
    assert failure is not None
    assert "expected 0x6796, observed 0x7A11" in failure.attrib["message"]
    assert "frame 7 octet 53" in (failure.text or "")
    silent = cases["P1-B-001"].find("error")
    assert silent is not None
    assert silent.attrib["type"] == "INCONCLUSIVE:SILENT"
    lost = cases["P1-B-002"].find("error")
    assert lost is not None
    assert lost.attrib["type"] == "ERROR:ADAPTER"
    skipped = cases["P1-C-003"].find("skipped")
    assert skipped is not None
    assert skipped.attrib["message"] == "blocked: the declaration lacks [p1.ixit] id = ..."
    assert [e.tag for e in cases["P1-A-001"]] == ["properties"]


def test_properties_tell_clauses_verdict_reason_and_attempts(mixed: Any, build: Any) -> None:
    cases = cases_of(ET.fromstring(render_junit(build_report(mixed.write()))))
    rows = cases["P1-T-001"].findall("properties/property")
    assert {row.attrib["name"]: row.attrib["value"] for row in rows} == {
        "clauses": build.clause,
        "verdict": "inconclusive",
        "reason": "GUARD",
        "attempts": "1",
    }


def test_what_xml_forbids_is_made_visible(passing: Any, build: Any) -> None:
    text = "]]>\x00\x0b\ud800\uffff<b>&\u202e"
    passing.add(build.case("P1-X-001", text), build.check(Outcome.MISSED, observed=text))
    root = ET.fromstring(render_junit(build_report(passing.write())))
    failure = cases_of(root)["P1-X-001"].find("failure")
    assert failure is not None
    assert "]]>␀␋⟨U+D800⟩⟨U+FFFF⟩<b>&⟨U+202E⟩" in failure.attrib["message"]
