"""The `meterbench` command: a table of sub-commands, and what becomes of their errors.

Exit codes: 0 conforms, 1 a fail, 2 usage or declaration error, 3 inconclusive or incomplete,
4 bench error, 5 verification of a report failed, 130 interrupted. A broken bench must never look
like a failed device, so whatever goes wrong unforeseen ends with 4, not with Python's 1.
"""

import sys
import traceback
from collections.abc import Sequence

import click

from bench import __version__
from bench._home import check_home
from bench.cli.lazy import LazyCommand, LazyGroup
from bench.cli.terminal import visible_lines
from bench.core.errors import BenchError

COMMANDS: dict[str, LazyCommand] = {
    "run": LazyCommand("bench.cli.run:run", "Judge a device and write a report."),
    "list": LazyCommand("bench.cli.list:list_cases", "List the cases."),
    "plan": LazyCommand("bench.cli.plan:plan", "Show what would be run, and why."),
    "explain": LazyCommand("bench.cli.explain:explain", "Explain a case, or what it saw in a run."),
    "decode": LazyCommand("bench.cli.decode:decode", "Decode octets of an interface."),
    "declare": LazyCommand("bench.cli.declare:declare", "Make or check a declaration."),
    "simulate": LazyCommand("bench.cli.simulate:simulate", "Serve the simulator in real time."),
    "watch": LazyCommand("bench.cli.watch:watch", "Show what a port sends, second by second."),
    "baseline": LazyCommand(
        "bench.cli.baseline:baseline", "Record what a device shows, to compare with later."
    ),
    "calibrate": LazyCommand("bench.cli.calibrate:calibrate", "Measure a link's time stamps."),
    "selftest": LazyCommand("bench.cli.selftest:selftest", "Prove that the cases can fail."),
    "report": LazyCommand("bench.cli.report:report", "Render the report of a run again."),
    "key": LazyCommand("bench.cli.key:key_group", "Make a key to sign reports with."),
    "sign": LazyCommand("bench.cli.sign:sign", "Sign the report of a run."),
    "verify": LazyCommand("bench.cli.verify:verify", "Verify a signed report."),
}
"""Name on the command line -> where it is defined and what the list of commands says of it."""

_BENCH_ERROR = BenchError.exit_code
_USAGE_ERROR = 2
_INTERRUPTED = 130


@click.group(
    cls=LazyGroup,
    lazy_commands=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="meterbench COMMAND --help tells more about a command.",
)
@click.version_option(__version__, prog_name="meterbench", message="%(prog)s %(version)s")
def cli() -> None:
    """Test the interfaces of a smart meter, or of what is connected to one.

    The result is a report that can be signed and verified.
    """


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code; no mistake of a user ends in a traceback.

    A command returns its exit code, or None for 0. `argv` is without the program's name and is
    taken from `sys.argv` if omitted.
    """
    arguments = sys.argv[1:] if argv is None else list(argv)
    try:
        check_home()
        code = cli.main(arguments, prog_name="meterbench", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        # click gives 1 to errors such as an unreadable file; here 1 says that a device failed.
        return _USAGE_ERROR
    except click.Abort:
        return _say("interrupted", _INTERRUPTED)
    except KeyboardInterrupt:
        return _say("interrupted", _INTERRUPTED)
    except BenchError as error:
        return _say(str(error), error.exit_code)
    except SystemExit:
        # Commands return their code and never exit by themselves; click does, with 1, when the
        # reader of a pipe has gone (`meterbench list | head`).
        return _BENCH_ERROR
    except Exception:
        traceback.print_exc()
        return _say("this is a fault of the bench, not of the device", _BENCH_ERROR)
    return code if isinstance(code, int) else 0


def _say(message: str, exit_code: int) -> int:
    """Tell the user on standard error and hand the exit code on."""
    click.echo(f"meterbench: {visible_lines(message)}", err=True)
    return exit_code
