import stat
import zipfile
from pathlib import Path
from typing import Any

import pytest

from bench.core.errors import SignatureError, UsageError
from reports import archive
from reports.verify import verify_run


def zip_of(folder: Path, target: Path, top: str = "") -> Path:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as file:
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            file.write(path, f"{top}{path.relative_to(folder)}")
    return target


@pytest.mark.parametrize("top", ["", "2026-11-21T10-02-11Z_am5/", "renamed/"])
def test_a_zip_file_verifies_like_its_folder(
    signed: Path, tmp_path: Path, lab: Any, top: str
) -> None:
    verification = verify_run(zip_of(signed, tmp_path / "run.zip", top), lab.trusted)
    assert verification.verified, verification.failed
    assert verification.run == "2026-11-21T10-02-11Z_am5"


def test_a_second_folder_at_the_top_is_refused(signed: Path, tmp_path: Path, lab: Any) -> None:
    path = zip_of(signed, tmp_path / "run.zip", "run/")
    with zipfile.ZipFile(path, "a") as file:
        file.writestr("other/plan.json", "{}")
    with pytest.raises(SignatureError, match="its top is not one folder"):
        verify_run(path, lab.trusted)


def test_a_file_beside_the_run_is_extra(signed: Path, tmp_path: Path, lab: Any) -> None:
    path = zip_of(signed, tmp_path / "run.zip")
    with zipfile.ZipFile(path, "a") as file:
        file.writestr("stray/notes.txt", "hello")
    (line,) = (x for x in verify_run(path, lab.trusted).lines if x.name == "manifest")
    assert line.details == ("extra: stray/notes.txt",)


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "run/../../evil", "C:/evil", "a//b"])
def test_a_name_that_leads_out_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "evil.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("run/plan.json", "{}")
        file.writestr(name, "evil")
    with pytest.raises(SignatureError, match="leads out"):
        verify_run(path, ())
    assert sorted(p.name for p in tmp_path.iterdir()) == ["evil.zip"]


def test_a_link_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "link.zip"
    entry = zipfile.ZipInfo("run/link")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("run/plan.json", "{}")
        file.writestr(entry, "/etc/passwd")
    with pytest.raises(SignatureError, match="is a link"):
        verify_run(path, ())


def test_a_name_that_comes_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "twice.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("run/plan.json", "{}")
        file.writestr("run/PLAN.json", "{}")
    with pytest.raises(SignatureError, match="twice"):
        verify_run(path, ())


def test_a_bomb_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("run/plan.json", "{}")
        file.writestr("run/zeros", bytes(5_000_000))
    monkeypatch.setattr(archive, "MAX_OCTETS", 1_000_000)
    with pytest.raises(SignatureError, match="unpacks to more than 1000000"):
        verify_run(path, ())
    monkeypatch.setattr(archive, "MAX_FILES", 1)
    with pytest.raises(SignatureError, match="more than 1 entries"):
        verify_run(path, ())


def test_what_is_no_zip_file_is_a_usage_error(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text("<html>")
    with pytest.raises(UsageError, match="neither a run folder nor a ZIP file"):
        verify_run(path, ())
    with pytest.raises(UsageError, match="does not exist"):
        verify_run(tmp_path / "absent", ())
    (tmp_path / "folder").mkdir()
    with pytest.raises(UsageError, match="is not a run folder"):
        verify_run(tmp_path / "folder", ())


def test_a_damaged_zip_file_is_named(signed: Path, tmp_path: Path) -> None:
    path = zip_of(signed, tmp_path / "run.zip")
    content = bytearray(path.read_bytes())
    for position in range(40, 4000, 97):
        content[position] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(SignatureError):
        verify_run(path, ())
