import json
from pathlib import Path

import pytest

from bench.core.errors import EvidenceError
from reports.manifest import compare, inside, make_manifest, read_manifest, write_manifest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "cases").mkdir()
    (tmp_path / "plan.json").write_text("{}")
    (tmp_path / "cases" / "b.json").write_text("b")
    (tmp_path / "cases" / "a.json").write_text("a")
    return tmp_path


def test_lists_every_file_sorted_by_path(folder: Path) -> None:
    write_manifest(folder)
    (folder / "attestation.json").write_text("{}")
    data = json.loads((folder / "manifest.json").read_text())
    assert data["schema"] == 1
    assert [row["path"] for row in data["files"]] == ["cases/a.json", "cases/b.json", "plan.json"]
    assert data["files"][0] == {
        "path": "cases/a.json",
        "size": 1,
        "sha256": "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb",
    }
    assert compare(folder, read_manifest(folder)).same


def test_names_missing_extra_and_changed(folder: Path) -> None:
    write_manifest(folder)
    (folder / "plan.json").unlink()
    (folder / "new.txt").write_text("x")
    (folder / "cases" / "a.json").write_text("A")
    assert compare(folder, read_manifest(folder)).lines() == [
        "missing: plan.json",
        "extra: new.txt",
        "changed: cases/a.json",
    ]


@pytest.mark.parametrize("target", ["plan.json", "/etc/passwd", "..", "nowhere"])
def test_refuses_a_symbolic_link(folder: Path, target: str) -> None:
    (folder / "cases" / "link").symlink_to(target)
    with pytest.raises(EvidenceError, match="cases/link is a symbolic link"):
        make_manifest(folder)


def test_refuses_a_linked_folder(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    (folder / "extra").symlink_to(tmp_path_factory.mktemp("outside"), target_is_directory=True)
    with pytest.raises(EvidenceError, match="extra is a symbolic link"):
        make_manifest(folder)


@pytest.mark.parametrize(
    "path", ["../up", "/etc/passwd", "a/../../b", "a//b", "./a", "", "a\\b", "C:/x", "a/", "a\0b"]
)
def test_refuses_a_path_that_leads_out(folder: Path, path: str) -> None:
    row = {"path": path, "size": 1, "sha256": "0" * 64}
    (folder / "manifest.json").write_text(json.dumps({"schema": 1, "files": [row]}))
    assert not inside(path)
    with pytest.raises(EvidenceError, match="leads out of the folder"):
        read_manifest(folder)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "damaged"),
        ("[]", "damaged"),
        ('{"schema": 1}', "lacks 'files'"),
        ('{"schema": 9, "files": []}', "schema 9"),
        ('{"schema": 1, "files": [{"path": 1, "size": 1, "sha256": ""}]}', "a row is not"),
        ('{"schema": 1, "files": [{"path": "a", "size": true, "sha256": ""}]}', "a row is not"),
        ("[" * 100_000, "damaged"),
    ],
)
def test_a_damaged_manifest_is_named(folder: Path, content: str, said: str) -> None:
    (folder / "manifest.json").write_text(content)
    with pytest.raises(EvidenceError, match=said):
        read_manifest(folder)


def test_a_path_listed_twice_is_damage(folder: Path) -> None:
    row = {"path": "plan.json", "size": 2, "sha256": "0" * 64}
    (folder / "manifest.json").write_text(json.dumps({"schema": 1, "files": [row, row]}))
    with pytest.raises(EvidenceError, match="twice"):
        read_manifest(folder)


def test_a_missing_manifest_is_named(folder: Path) -> None:
    with pytest.raises(EvidenceError, match=r"manifest\.json cannot be read"):
        read_manifest(folder)
