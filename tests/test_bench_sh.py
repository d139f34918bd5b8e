"""bench.sh with a stand-in for Python, so that no test installs anything.

The stand-in answers the script's questions through the real interpreter, but `-m venv` and
`-m pip` only write down that they were called and leave behind what the script looks for.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

HOME = Path(__file__).parents[1]

STAND_IN = """#!/bin/sh
case "$*" in
    *" -m venv "*)
        echo "venv" >>"{log}"
        for last; do :; done
        mkdir -p "$last/bin"
        cp "$0" "$last/bin/python"
        printf '#!/bin/sh\\necho "meterbench in $PWD:" "$@"\\n' >"$last/bin/meterbench"
        chmod +x "$last/bin/meterbench" ;;
    "-m pip "*)
        echo "pip ${{PIP_NO_INDEX-}} ${{PIP_TARGET-}} ${{PYTHONPATH-}}$*" >>"{log}"
        {pip} ;;
    "-m pytest"*) echo "pytest in $PWD:" "$@" ;;
    *ensurepip*) {ensurepip} ;;
    *"%d.%d"*) echo {version} ;;
    *) exec "{python}" "$@" ;;
esac
"""

TOOLS = ("cat", "chmod", "cp", "dirname", "env", "grep", "mkdir", "mv", "readlink", "rm", "sh")
"""All that the script and its stand-ins may use, apart from `sleep` in these tests."""


class Clone:
    """A folder with bench.sh and what it reads, and a PATH on which it finds the stand-in."""

    def __init__(self, folder):
        self.folder = folder / "a clone"
        self.bin = folder / "bin"
        self.log = folder / "log"
        self.folder.mkdir()
        self.bin.mkdir()
        shutil.copy(HOME / "bench.sh", self.folder)
        (self.folder / "requirements.lock").write_text("click==8.1\n")
        (self.folder / "pyproject.toml").write_text("[project]\n")
        for tool in (*TOOLS, "sleep"):
            (self.bin / tool).symlink_to(shutil.which(tool))

    def python(self, name="python3", *, version="3.11", ensurepip="true", pip="true"):
        file = self.bin / name
        file.write_text(
            STAND_IN.format(
                log=self.log, version=version, ensurepip=ensurepip, pip=pip, python=sys.executable
            )
        )
        file.chmod(0o755)

    def command(self, *arguments, script=None, **environment):
        # A setting of pip keeps the script from using uv if the machine has one.
        env = {"PATH": str(self.bin), "HOME": str(self.folder), "PIP_PROXY": "", **environment}
        return [str(script or self.folder / "bench.sh"), *arguments], env

    def run(self, *arguments, cwd=None, script=None, **environment):
        command, env = self.command(*arguments, script=script, **environment)
        return subprocess.run(
            command, cwd=cwd, env=env, capture_output=True, text=True, timeout=60, check=False
        )

    def calls(self):
        text = self.log.read_text() if self.log.exists() else ""
        return [line.split()[0] for line in text.splitlines()]


@pytest.fixture
def clone(tmp_path):
    return Clone(tmp_path)


SET_UP = ["venv", "pip", "pip"]


def test_without_a_command_it_explains_itself_and_sets_nothing_up(clone):
    done = clone.run()
    assert done.returncode == 2
    assert done.stdout == ""
    assert "usage: ./bench.sh COMMAND" in done.stderr
    assert not (clone.folder / ".env").exists()
    asked = clone.run("help")
    assert asked.returncode == 0
    assert asked.stdout == done.stderr


def test_no_python_at_all(clone):
    done = clone.run("run")
    assert done.returncode == 4
    assert "no Python 3.11 or later found" in done.stderr
    assert "apt-get install python3" in done.stderr
    assert not (clone.folder / ".env").exists()


@pytest.mark.parametrize("version", ["2.7", "3.9", "3.10"])
def test_a_python_that_is_too_old_is_named(clone, version):
    clone.python(version=version)
    done = clone.run("run")
    assert done.returncode == 4
    assert f"too old: python3 ({version})" in done.stderr


def test_a_python_without_venv_leads_to_the_package_to_install(clone):
    clone.python(version="3.12", ensurepip="exit 1")
    done = clone.run("run")
    assert done.returncode == 4
    assert "apt-get install python3.12-venv" in done.stderr


def test_a_complete_python_is_preferred_to_one_without_venv(clone):
    clone.python("python3.13", version="3.13", ensurepip="exit 1")
    clone.python("python3.11", version="3.11")
    done = clone.run("list")
    assert done.returncode == 0
    assert "python3.11 (Python 3.11)" in done.stderr


def test_the_python_can_be_chosen(clone):
    clone.python("python3", version="3.11")
    clone.python("mine", version="3.14")
    done = clone.run("list", METERBENCH_PYTHON=str(clone.bin / "mine"))
    assert done.returncode == 0
    assert "mine (Python 3.14)" in done.stderr


def test_first_run_sets_up_and_says_so_on_stderr_only(clone, tmp_path):
    clone.python()
    done = clone.run("decode", "a b", "*", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout == f"meterbench in {tmp_path}: decode a b *\n"
    assert "setting up" in done.stderr
    assert clone.calls() == SET_UP
    log = clone.log.read_text()
    assert "--require-hashes -r " in log
    assert "--no-deps --no-build-isolation -e " in log


def test_a_second_run_sets_nothing_up(clone):
    clone.python()
    clone.run("list")
    done = clone.run("list")
    assert (done.returncode, done.stderr) == (0, "")
    assert clone.calls() == SET_UP


@pytest.mark.parametrize("name", ["requirements.lock", "pyproject.toml"])
def test_a_changed_list_of_packages_is_installed_anew(clone, name):
    clone.python()
    clone.run("list")
    with (clone.folder / name).open("a") as file:
        file.write("# another\n")
    (clone.folder / ".env" / "left-over").touch()
    assert clone.run("list").returncode == 0
    assert clone.calls() == SET_UP * 2
    assert not (clone.folder / ".env" / "left-over").exists()


def test_a_moved_clone_is_set_up_anew(clone, tmp_path):
    clone.python()
    clone.run("list")
    clone.folder = clone.folder.rename(tmp_path / "moved")
    assert clone.run("list").returncode == 0
    assert clone.calls() == SET_UP * 2


def test_an_environment_whose_python_is_gone_is_made_anew(clone):
    clone.python()
    clone.run("list")
    (clone.folder / ".env" / "bin" / "python").unlink()
    assert clone.run("list").returncode == 0
    assert clone.calls() == SET_UP * 2


def test_a_failed_installation_is_an_error_and_is_tried_again(clone):
    clone.python(pip="exit 1")
    done = clone.run("list")
    assert done.returncode == 4
    assert done.stdout == ""
    assert "could not be installed" in done.stderr
    clone.python()
    assert clone.run("list").returncode == 0
    assert clone.calls() == ["venv", "pip", *SET_UP]


def test_concurrent_first_runs_set_up_once(clone):
    clone.python(pip="sleep 0.3")
    command, env = clone.command("list")
    runs = [
        subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(3)
    ]
    said = [run.communicate(timeout=60) for run in runs]
    assert [run.returncode for run in runs] == [0, 0, 0]
    assert all(out.startswith(b"meterbench in ") for out, _ in said)
    assert clone.calls() == SET_UP


def test_a_killed_set_up_is_redone(clone):
    clone.python(pip="sleep 60")
    command, env = clone.command("list")
    first = subprocess.Popen(command, env=env, stderr=subprocess.DEVNULL, start_new_session=True)
    deadline = time.monotonic() + 30
    while "pip" not in clone.calls() and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    assert (clone.folder / ".env").is_dir()
    clone.python()
    assert clone.run("list").returncode == 0
    assert clone.calls() == ["venv", "pip", *SET_UP]


def test_test_runs_pytest_in_the_clone(clone, tmp_path):
    clone.python()
    done = clone.run("test", "-k", "one or two", cwd=tmp_path)
    assert done.stdout == f"pytest in {clone.folder}: -m pytest -k one or two\n"


def test_a_symbolic_link_leads_to_the_clone(clone, tmp_path):
    clone.python()
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "second").symlink_to(clone.folder / "bench.sh")
    (tmp_path / "links" / "first").symlink_to("second")
    done = clone.run("list", script=tmp_path / "links" / "first")
    assert done.returncode == 0
    assert (clone.folder / ".env").is_dir()


def test_surroundings_do_not_leak_in(clone, tmp_path):
    clone.python()
    done = clone.run(
        "list",
        cwd=tmp_path,
        script="a clone/bench.sh",
        CDPATH=f"{tmp_path}:/",
        PYTHONPATH="/elsewhere",
        PIP_TARGET="/elsewhere",
        PIP_NO_INDEX="1",
    )
    assert done.returncode == 0
    assert done.stdout == f"meterbench in {tmp_path}: list\n"
    log = clone.log.read_text()
    assert "pip 1 " in log
    assert "/elsewhere" not in log


def test_the_script_is_executable_and_its_environment_ignored():
    assert os.access(HOME / "bench.sh", os.X_OK)
    ignored = (HOME / ".gitignore").read_text().split()
    assert {"/.env/", "/.env.lock", "/runs/"} <= set(ignored)
