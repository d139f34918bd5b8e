"""The packages with ordinary names have to come from the folder next to `bench`."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import bench
from bench import _home
from bench._home import SIBLINGS, check_home, home
from bench.core.errors import UsageError


def start(folder, *arguments, path=None):
    """`python -m bench` in that folder, as a user would start it there."""
    return subprocess.run(
        [sys.executable, "-m", "bench", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path or str(home())},
        capture_output=True,
        text=True,
        check=False,
    )


def test_home_holds_all_packages():
    assert (home() / "bench" / "__init__.py").samefile(bench.__file__)
    assert all((home() / name).is_dir() for name in SIBLINGS)
    check_home()


def test_a_folder_that_shadows_is_named_with_what_it_shadows(tmp_path):
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "__init__.py").write_text("raise RuntimeError('must not be imported')")
    (tmp_path / "adapters.py").write_text("raise RuntimeError('must not be imported')")
    done = start(tmp_path, "--version")
    assert done.returncode == 2
    assert done.stdout == ""
    assert f"reports: {tmp_path / 'reports'} shadows {home() / 'reports'}" in done.stderr
    assert f"adapters: {tmp_path / 'adapters.py'} shadows {home() / 'adapters'}" in done.stderr
    assert "suites:" not in done.stderr
    assert "Traceback" not in done.stderr


def test_a_plain_folder_of_that_name_is_harmless(tmp_path):
    (tmp_path / "reports").mkdir()
    done = start(tmp_path, "--version")
    assert (done.returncode, done.stderr) == (0, "")


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setattr(_home, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"suites: not found, expected at .*suites"):
        check_home()


def test_a_link_to_the_packages_is_not_a_shadow(tmp_path):
    link = tmp_path / "link"
    link.symlink_to(home(), target_is_directory=True)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert start(elsewhere, "--version", path=str(Path(link))).returncode == 0
