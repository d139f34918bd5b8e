"""`meterbench verify`: is this run signed by somebody trusted, untouched, and rightly judged?"""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from reports.recompute import Replan
    from reports.verification import Verification

_STYLES = {"OK": "green", "FAILED": "bold red", "NOT CHECKED": "yellow"}
_SHOWN = 20


@click.command("verify")
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--trust",
    "trusted_paths",
    type=click.Path(path_type=Path),
    multiple=True,
    help="A public key, a certificate, or a folder of such; may be repeated.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def verify(run: Path, trusted_paths: tuple[Path, ...], as_json: bool) -> int:
    """Verify RUN, the folder of a run or a ZIP file of it.

    Checks the signature, every file and the chain of events, and computes verdicts, conclusions
    and the plan again. Exit code 0 only if a trusted key signed and nothing failed, otherwise 5.
    """
    from reports.keys import load_trusted
    from reports.verify import verify_run

    trusted = [key for path in trusted_paths for key in load_trusted(path)]
    verification = verify_run(run, trusted, _replan())
    if as_json:
        click.echo(json.dumps(verification.to_json(), indent=1))
    elif sys.stdout.isatty():
        _show(verification)
    else:
        _print(verification)
    return verification.exit_code


def _replan() -> "Replan":
    """Return what makes a plan again from the installed suites."""
    from bench.engine.preparation import replan

    return replan


def summary(verification: "Verification") -> str:
    """Return the outcome in one line."""
    if verification.verified:
        by = ", ".join(s.subject or s.source for s in verification.signers)
        return f"VERIFIED: signed by {by}"
    if verification.failed:
        names = ", ".join(line.name for line in verification.failed)
        return f"NOT VERIFIED: {names}"
    if not verification.signed:
        return "NOT VERIFIED: the run is UNSIGNED; what it says holds together, nobody vouches"
    return "NOT VERIFIED: no trusted key was given; name one with --trust"


def _print(verification: "Verification") -> None:
    click.echo(f"run {verification.run}")
    for line in verification.lines:
        click.echo(f"{line.status!s:<12} {line.name}")
        for detail in line.details:
            click.echo(f"             {detail}")
    click.echo(summary(verification))


def _show(verification: "Verification") -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for line in verification.lines:
        details = list(line.details[:_SHOWN])
        if len(line.details) > _SHOWN:
            details.append(f"and {len(line.details) - _SHOWN} more (--json shows all)")
        table.add_row(
            Text(str(line.status), _STYLES[str(line.status)]),
            Text(line.name),
            Text("\n".join(details), "" if line.status == "FAILED" else "dim"),
        )
    console.print(Text(f"run {verification.run}", "bold"))
    console.print(table)
    style = "bold green" if verification.verified else "bold red"
    console.print(Text(summary(verification), style))
