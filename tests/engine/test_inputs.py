"""Files that a declaration names, and the time from which an observation counts."""

import pytest

from bench.core.clock import MonotonicClock
from bench.core.errors import UsageError
from bench.engine import catalogue
from bench.engine.evidence import RunFolder
from bench.engine.inputs import read_inputs, with_inputs
from bench.engine.preparation import load_declaration, parse_declaration, prepare
from bench.engine.session import Session
from suites.p1.watch import new_watch

TEXT = """schema = 1
[item]
manufacturer = "M"
type = "T"
serial = "1"
[p1]
profile = "nl50"
link = "simulated:p1"
[p1.ixit]
baseline = "{}"
"""


@pytest.fixture
def proformas():
    return {name: suite.proforma for name, suite in catalogue.suites().items()}


def named(value, proformas, folder):
    """Return the declaration in `folder` that names this file."""
    return with_inputs(parse_declaration(TEXT.format(value), "x"), proformas, folder)


def test_a_file_is_relative_to_the_declaration(tmp_path, proformas):
    found = named("../b.json", proformas, tmp_path / "meter").interfaces["p1"].ixit["baseline"]
    assert found == str(tmp_path / "meter" / ".." / "b.json")


def test_an_absolute_name_stays(tmp_path, proformas):
    path = tmp_path / "b.json"
    found = named(path, proformas, tmp_path / "meter").interfaces["p1"].ixit["baseline"]
    assert found == str(path)


def test_the_text_of_the_declaration_stays_as_written(tmp_path, proformas):
    assert named("b.json", proformas, tmp_path).text == TEXT.format("b.json")


def test_the_copy_of_a_run_takes_the_place_of_the_file(tmp_path, proformas):
    (tmp_path / "inputs").mkdir()
    kept = tmp_path / "inputs" / "p1-baseline.json"
    kept.write_text("{}")
    (tmp_path / "b.json").write_text("other")
    declaration = named("b.json", proformas, tmp_path)
    assert declaration.interfaces["p1"].ixit["baseline"] == str(kept)
    assert read_inputs(declaration, proformas) == {"inputs/p1-baseline.json": "{}"}


@pytest.mark.parametrize("octets", [None, b"\xff\xfe"])
def test_a_file_that_cannot_be_read_is_named(tmp_path, proformas, octets):
    path = tmp_path / "b.json"
    if octets is not None:
        path.write_bytes(octets)
    with pytest.raises(UsageError, match=r"b\.json"):
        read_inputs(named("b.json", proformas, tmp_path), proformas)


def test_a_resumed_run_counts_from_the_clock_of_its_observation(tmp_path):
    folder = RunFolder.create(tmp_path, "run")
    preparation = prepare(load_declaration(None), quick=True)
    first = Session(preparation, folder)
    first.observe("p1", lambda: new_watch(first, 3))
    begun = first.observed_from_ns("p1")
    assert begun == first.link("p1").epoch_ns
    first.close()
    second = Session(preparation, folder)
    second.observe("p1", lambda: new_watch(second, 3))
    second.clock.epoch_ns = MonotonicClock().epoch_ns  # that of another day
    assert second.observed_from_ns("p1") == begun
    second.close()
