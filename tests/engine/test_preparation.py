"""From a declaration to targets and a plan, and the same plan again from what a run wrote."""

import json
from datetime import UTC, datetime

import pytest

from bench.core.errors import DeclarationError, UsageError
from bench.core.verdict import Applicability
from bench.engine.preparation import (
    load_declaration,
    parse_declaration,
    prepare,
    replan,
    run_name,
)
from bench.engine.run import Run

SHIPPED = load_declaration(None).text


def test_without_a_declaration_it_is_the_built_in_device():
    preparation = prepare(load_declaration(None))
    target = preparation.targets["p1"]
    assert (target.profile, str(target.link)) == ("be17", "simulated:p1")
    assert preparation.is_simulated
    assert preparation.observed_telegrams == 300


def test_a_link_elsewhere_is_never_called_the_built_in_device():
    declaration = load_declaration(None, {"p1": "tcp://h:1"})
    assert declaration.item.manufacturer == "undeclared"
    assert load_declaration(None, {"p1": "simulated:p1?seed=3"}).item.serial == "SIM0000000001"


def test_a_quick_run_watches_30_telegrams():
    assert prepare(load_declaration(None), quick=True).observed_telegrams == 30


def test_what_an_edition_says_outweighs_nothing_declared():
    old = prepare(parse_declaration(SHIPPED.replace('"emucs-1.7.1"', '"nl22"'), "x")).targets["p1"]
    assert not old.answers["P1/CRC"]
    assert str(old.line) == "9600 7E1"


@pytest.mark.parametrize(
    ("links", "words"),
    [
        ({"mep": "tcp://h:1"}, "--link mep: not declared for this device"),
        ({"p1": "nonsense"}, "has no scheme"),
        ({"p1": "tcp://h:notaport"}, "p1.link"),
    ],
)
def test_a_link_that_cannot_be_right_is_refused(links, words):
    with pytest.raises((UsageError, DeclarationError), match=words) as caught:
        prepare(load_declaration(None), links=links)
    assert caught.value.exit_code == 2


def test_a_selector_that_matches_nothing_is_refused_before_anything_is_opened():
    with pytest.raises(UsageError, match="no case matches 'P9'"):
        prepare(load_declaration(None), selectors=["P9"])


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: None, "cannot read the declaration"),
        (lambda path: path.mkdir(), "cannot read the declaration"),
        (lambda path: path.write_bytes(b"schema = 1\n# \xff"), "octet 13 is not UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path, make, words):
    path = tmp_path / "device.toml"
    make(path)
    with pytest.raises(UsageError, match=words) as caught:
        load_declaration(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("serial", "end"),
    [
        ("0001", "_M-T-0001"),
        ("../../etc", "_M-T-..-..-etc"),
        ("ü/\n", "_M-T"),
        ("x" * 200, "_M-T-" + "x" * 56),
    ],
)
def test_the_name_of_a_run_is_fit_for_a_folder(serial, end):
    text = json.dumps(serial, ensure_ascii=True)
    declaration = parse_declaration(
        "schema = 1\n"
        f'[item]\nmanufacturer = "M"\ntype = "T"\nserial = {text}\n'
        '[p1]\nprofile = "nl50"\nlink = "simulated:p1"\n',
        "x",
    )
    name = run_name(declaration, datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    assert name == f"2026-01-02T03-04-05Z{end}"


# -- the plan made again


@pytest.mark.parametrize(
    ("options", "link"),
    [
        ({}, "simulated:p1"),
        ({"quick": True, "selectors": ["P1-A-02", "!P1-A-022"]}, "simulated:p1?seed=3"),
        ({"allow_destructive": True}, "simulated:p1?profile=nl22"),
        ({}, "replay:///dev/zero/nothing"),
    ],
)
def test_the_plan_of_a_run_is_made_again_from_what_it_wrote(tmp_path, options, link):
    run = Run.begin(links={"p1": link}, out=tmp_path, **options)
    run.close()
    written = run.folder.read_json("plan.json")
    text = (run.folder.path / "device.toml").read_text()
    assert replan(written, text) == run.plan
    assert [row.to_json() for row in run.plan] == written["cases"]


def test_other_suites_make_no_statement(tmp_path):
    run = Run.begin(out=tmp_path)
    run.close()
    written = run.folder.read_json("plan.json")
    written["suites"]["p1"]["digest"] = "0" * 64
    assert replan(written, SHIPPED) is None


def test_another_declaration_makes_another_plan(tmp_path):
    run = Run.begin(out=tmp_path)
    run.close()
    written = run.folder.read_json("plan.json")
    assert replan(written, SHIPPED.replace('"emucs-1.7.1"', '"nl22"')) != run.plan


def test_an_interface_of_which_no_case_is_selected_is_left_aside():
    declaration = load_declaration(None)
    preparation = prepare(declaration, selectors=["wan"])
    assert set(preparation.targets) == {"wan"}
    assert set(preparation.aside) == {"p1", "s1", "system"}
    assert set(preparation.ports) == {"wan"}
    rows = {row.id: row for row in preparation.plan()}
    assert rows["P1-A-020"].applicability is Applicability.DESELECTED
    both = prepare(declaration, selectors=["P1-A-020", "wan"])
    assert set(both.targets) == {"p1", "wan"}
    assert set(both.aside) == {"s1", "system"}
    assert set(both.ports) == {"p1", "wan"}


def test_ports_that_a_case_looks_at_too_are_opened_though_nothing_is_concluded_of_them():
    preparation = prepare(load_declaration(None), selectors=["S1-PAY-02"])
    assert set(preparation.targets) == {"s1"}
    assert set(preparation.ports) == {"p1", "s1"}
    assert preparation.target("p1").profile == "be17"


def test_a_suite_that_spans_ports_follows_from_what_is_declared():
    alone = parse_declaration(SHIPPED.partition("[s1]")[0], "x")
    assert set(prepare(alone).targets) == {"p1"}
    everything = prepare(load_declaration(None))
    assert str(everything.targets["system"].link) == "ports:p1+s1+wan"
    assert set(prepare(load_declaration(None), selectors=["system"]).ports) == {"p1", "s1", "wan"}
