"""The wheel holds what the repository holds, and asks for what it imports."""

import ast
import configparser
import subprocess
import sys
import tomllib
import zipfile
from email import message_from_bytes
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from bench import __version__

HOME = Path(__file__).parents[1]
PACKAGES = ("bench", "adapters", "suites", "reports", "vectors")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel of the working tree, built without a network; open for reading."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(command, cwd=HOME, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    [file] = folder.glob("*.whl")
    with zipfile.ZipFile(file) as archive:
        yield archive


def packaged(wheel):
    return {name for name in wheel.namelist() if ".dist-info/" not in name}


def dist_info(wheel, name):
    return wheel.read(f"meterbench-{__version__}.dist-info/{name}")


def git_files(*arguments):
    """Files of the five packages that git lists and that exist."""
    done = subprocess.run(
        ["git", "ls-files", "-z", *arguments, "--", *PACKAGES],
        cwd=HOME,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        pytest.skip("not a git checkout")
    return {name for name in done.stdout.split("\0") if name and (HOME / name).is_file()}


def test_the_wheel_holds_exactly_the_files_of_the_packages(wheel):
    # Files not yet added are counted, so that work in progress does not fail; what git ignores
    # is not, and the next test says why that is no way to lose a file.
    assert packaged(wheel) == git_files("--cached", "--others", "--exclude-standard")


def test_gitignore_hides_no_file_of_a_package():
    # hatchling leaves out what git ignores: a vector in a folder named build/ would be lost.
    hidden = git_files("--others", "--ignored", "--exclude-standard")
    assert {name for name in hidden if "__pycache__/" not in name} == set()


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_is_typed(wheel, package):
    assert f"{package}/py.typed" in packaged(wheel)
    assert f"{package}/__init__.py" in packaged(wheel)


def test_entry_points_lead_into_the_wheel(wheel):
    parser = configparser.ConfigParser(delimiters=("=",))
    parser.optionxform = str
    parser.read_string(dist_info(wheel, "entry_points.txt").decode())
    assert parser["console_scripts"]["meterbench"] == "bench.cli.main:main"
    for group in parser.sections():
        for name, target in parser[group].items():
            path = target.partition(":")[0].replace(".", "/")
            found = {f"{path}.py", f"{path}/__init__.py"} & packaged(wheel)
            assert found, f"{group}: {name} = {target}"


def test_metadata_and_licences(wheel):
    metadata = message_from_bytes(dist_info(wheel, "METADATA"))
    assert metadata["Version"] == __version__
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["License-Expression"] == "MIT"
    assert b"MIT License" in dist_info(wheel, "licenses/LICENSE")
    assert b"GPL-2.0-only" in dist_info(wheel, "licenses/NOTICE")


def third_party_imports():
    """Top-level modules from elsewhere that the packages import, with one place for each."""
    found = {}
    for package in PACKAGES:
        for file in sorted((HOME / package).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                names = []
                if isinstance(node, ast.Import):
                    names = [alias.name for alias in node.names]
                elif isinstance(node, ast.ImportFrom) and not node.level:
                    names = [node.module or ""]
                for name in names:
                    top = name.split(".")[0]
                    if top not in sys.stdlib_module_names and top not in PACKAGES:
                        found.setdefault(top, f"{file.relative_to(HOME)}:{node.lineno}")
    return found


def test_what_the_packages_import_is_declared():
    project = tomllib.loads((HOME / "pyproject.toml").read_text())["project"]
    groups = project["optional-dependencies"]
    lines = project["dependencies"] + [
        line for extra, lines in groups.items() if extra != "dev" for line in lines
    ]
    declared = {canonicalize_name(Requirement(line).name) for line in lines}
    providers = packages_distributions()
    imports = third_party_imports()
    assert "click" in imports
    for top, place in imports.items():
        names = {canonicalize_name(name) for name in providers.get(top, [top])}
        assert names & declared, f"{place} imports {top}, which pyproject.toml does not require"
