"""The command line: what it imports, how it lists commands and what becomes of errors."""

import os
import subprocess
import sys

import click
import pytest

from bench import __version__
from bench._home import home
from bench.cli import main as main_module
from bench.cli.lazy import LazyCommand, LazyGroup
from bench.cli.main import COMMANDS, main
from bench.core.errors import EvidenceError, SignatureError

HEAVY = ("scapy", "numpy", "jinja2", "pytest", "rich", "pydantic", "serial", "cryptography")


@pytest.fixture
def command_line(monkeypatch):
    """Give `main` a table of commands that are defined in this file."""

    def install(**commands):
        table = {name: LazyCommand(f"command_{name}:command", f"Does {name}.") for name in commands}
        for name, command in commands.items():
            module = type(sys)(f"command_{name}")
            module.command = command
            monkeypatch.setitem(sys.modules, module.__name__, module)
        group = LazyGroup(name="meterbench", lazy_commands=table)
        monkeypatch.setattr(main_module, "cli", group)

    return install


def failing(error):
    @click.command()
    def command():
        raise error

    return command


def returning(value):
    @click.command()
    def command():
        return value

    return command


def modules_after(*arguments):
    """Names of all modules that a new process has imported after that command line."""
    script = (
        "import sys\nfrom bench.cli.main import main\n"
        f"code = main({list(arguments)!r})\n"
        "print(code, *sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": str(home())},
        capture_output=True,
        text=True,
        check=True,
    )
    code, *modules = done.stderr.splitlines()[-1].split()
    return int(code), set(modules), done.stdout


@pytest.mark.parametrize("argument", ["--version", "--help"])
def test_version_and_help_import_nothing_heavy(argument):
    code, modules, said = modules_after(argument)
    assert code == 0
    assert "meterbench" in said
    assert "bench.cli.main" in modules
    assert not modules.intersection(HEAVY)
    ours = {name for name in modules if name.split(".")[0] in ("suites", "adapters", "reports")}
    assert not ours


def test_version_is_that_of_the_package(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"meterbench {__version__}\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_listed_command_can_be_loaded(name):
    command = COMMANDS[name].load()
    assert command.name == name
    assert COMMANDS[name].summary


def test_help_lists_commands_without_importing_them(capsys, monkeypatch):
    group = LazyGroup("meterbench", lazy_commands={"run": LazyCommand("no.such:thing", "Runs.")})
    monkeypatch.setattr(main_module, "cli", group)
    assert main(["--help"]) == 0
    said = capsys.readouterr().out
    assert "run" in said
    assert "Runs." in said


def test_an_unknown_command_lists_the_closest_names(command_line, capsys):
    command_line(verify=returning(0), selftest=returning(0))
    assert main(["verfy"]) == 2
    said = capsys.readouterr().err
    assert "no command 'verfy'" in said
    assert "Did you mean 'verify'?" in said
    assert "selftest" not in said


def test_a_word_like_no_command_gets_no_guess(command_line, capsys):
    command_line(verify=returning(0))
    assert main(["qqqq"]) == 2
    said = capsys.readouterr().err
    assert "no command 'qqqq'" in said
    assert "Did you mean" not in said


@pytest.mark.parametrize(("value", "code"), [(None, 0), (0, 0), (1, 1), (3, 3), ("text", 0)])
def test_a_command_returns_its_exit_code(command_line, value, code):
    command_line(run=returning(value))
    assert main(["run"]) == code


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (EvidenceError("the run folder is full"), 4, "meterbench: the run folder is full\n"),
        (SignatureError("not signed"), 5, "meterbench: not signed\n"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (click.UsageError("no such device"), 2, "no such device"),
        (click.FileError("a.toml", "no permission"), 2, "no permission"),
    ],
)
def test_an_error_becomes_a_message_and_a_code(command_line, capsys, error, code, words):
    command_line(run=failing(error))
    assert main(["run"]) == code
    said = capsys.readouterr()
    assert words in said.err
    assert "Traceback" not in said.err
    assert said.out == ""


def test_a_bug_is_a_bench_error_and_never_a_failed_device(command_line, capsys):
    command_line(run=failing(ZeroDivisionError("x")))
    assert main(["run"]) == 4
    said = capsys.readouterr().err
    assert "ZeroDivisionError" in said
    assert "a fault of the bench" in said


def test_a_closed_pipe_does_not_look_like_a_failed_device(command_line):
    command_line(run=failing(BrokenPipeError(32, "Broken pipe")))
    out, err = sys.stdout, sys.stderr
    try:
        assert main(["run"]) == 4
    finally:
        sys.stdout, sys.stderr = out, err  # click puts quiet stand-ins in their place


def test_an_attribute_that_is_no_command_is_refused():
    with pytest.raises(TypeError, match="not a click command"):
        LazyCommand("bench.cli.main:COMMANDS", "Nothing.").load()
