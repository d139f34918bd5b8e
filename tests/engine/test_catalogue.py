"""The installed suites and their digests."""

import importlib

import pytest

from bench.core.errors import UsageError
from bench.engine import catalogue
from bench.engine.catalogue import cases, digest, functions


def test_cases_come_sorted_and_with_their_functions():
    found = functions("p1")
    assert list(found) == sorted(found)
    for case_id, (metadata, function) in found.items():
        assert metadata.id == case_id
        assert function.__name__.startswith("test_")


def test_a_case_is_found_by_its_id_in_any_case():
    assert catalogue.case("p1-a-020").id == "P1-A-020"
    with pytest.raises(UsageError, match="there is no case 'P1-Z-999'"):
        catalogue.case("P1-Z-999")


def test_an_unknown_interface_names_the_known_ones():
    with pytest.raises(UsageError, match=r"no suite for interface 'x9' \(there are: p1"):
        catalogue.suite("x9")


def test_the_catalogue_of_a_report_has_every_case_and_clause():
    data = catalogue.catalogue_json(["p1"])
    assert [row["id"] for row in data["cases"]] == [case.id for case in cases(["p1"])]
    cited = {clause for row in data["cases"] for clause in row["clauses"]}
    assert cited <= set(data["clauses"])


def test_the_digest_is_that_of_the_files(tmp_path, monkeypatch):
    """The same files give the same digest wherever they stand; any change gives another."""
    first = digest("p1")
    assert digest("p1") == first
    assert len(first) == 64

    def digest_of(root):
        digest.cache_clear()
        with monkeypatch.context() as patch:
            patch.setattr(catalogue, "folder", lambda _: root / "suites" / "p1")
            patch.setattr(catalogue, "_folder", lambda _: root / "vectors")
            return digest("p1")

    def copy(name):
        root = tmp_path / name
        import shutil

        shutil.copytree(catalogue.folder("p1"), root / "suites" / "p1")
        vectors = importlib.import_module("vectors")
        shutil.copytree(catalogue._folder(vectors) / "p1", root / "vectors" / "p1")
        return root

    try:
        same = copy("same")
        assert digest_of(same) == first
        (same / "suites/p1/notes.txt").write_text("not judged by")
        (same / "suites/p1/__pycache__").mkdir(exist_ok=True)
        (same / "suites/p1/__pycache__/x.pyc").write_bytes(b"1")
        assert digest_of(same) == first
        for place in ("suites/p1/test_crc.py", "suites/p1/clauses.toml"):
            changed = copy(f"changed {place.replace('/', ' ')}")
            with (changed / place).open("a") as file:
                file.write("\n# another\n")
            assert digest_of(changed) != first
        moved = copy("moved")
        (moved / "suites/p1/test_crc.py").rename(moved / "suites/p1/test_crc2.py")
        assert digest_of(moved) != first
    finally:
        digest.cache_clear()
