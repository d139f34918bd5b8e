"""`meterbench selftest`: prove that the cases can fail, and that they do not cry wolf."""

import json
import sys
from typing import TYPE_CHECKING

import click

from bench.cli.terminal import visible

if TYPE_CHECKING:
    from bench.engine.selftest_result import BenignResult, FaultResult, SelfTest


@click.command("selftest")
@click.argument("selectors", nargs=-1, metavar="[SELECTOR]...")
@click.option(
    "-j",
    "processes",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Processes to spread the faults over.",
)
@click.option(
    "--thorough",
    "reach",
    flag_value="all",
    help="Try each fault against every case, not its areas alone.",
)
@click.option(
    "--claimed",
    "reach",
    flag_value="claimed",
    help="Try faults against the cases alone that claim them, oddities against short ones.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def selftest(selectors: tuple[str, ...], processes: int, reach: str | None, as_json: bool) -> int:
    """Run every fault and every legal oddity of the simulator against the cases.

    A fault is tried against the cases of the areas that it names, a legal oddity against all.
    A SELECTOR is an interface (p1) or the beginning of a fault's id (p1.crc). Exit code 0 only
    when every fault is killed by the check that claims it, no legal oddity raises an alarm and
    every case has a killer; otherwise 1.
    """
    from bench.engine.score import record_score
    from bench.engine.selftest import Reach, run_selftest

    show = None if as_json else _Show()
    result = run_selftest(selectors, show, processes=processes, reach=Reach(reach or "areas"))
    if not selectors and reach != "claimed":  # the score stands for the whole statement
        record_score(result.score())
    if as_json:
        click.echo(json.dumps(result.to_json(), indent=1))
    else:
        _summary(result)
    return 0 if result.clean else 1


class _Show:
    """Prints what is not as it should be, and a sign of life on a terminal."""

    def __init__(self) -> None:
        self._count = 0

    def __call__(self, result: "FaultResult | BenignResult") -> None:
        self._count += 1
        subject = result.fault.id if hasattr(result, "fault") else result.variation.id
        if str(result.outcome) not in ("killed", "pass"):
            self._clear()
            click.secho(f"{result.outcome!s:<12} {subject}", fg="red", nl=False)
            click.echo(f"  {visible(result.why)}")
        elif sys.stdout.isatty():
            self._clear()
            click.echo(f"\r{self._count:4} {subject}", nl=False)

    def _clear(self) -> None:
        if sys.stdout.isatty():
            click.echo("\r\x1b[K", nl=False)


def _summary(result: "SelfTest") -> None:
    if sys.stdout.isatty():
        click.echo("\r\x1b[K", nl=False)
    score = result.score()
    click.echo(
        f"{score['killed']} of {score['faults']} faults killed by the check that claims them"
    )
    click.echo(f"{score['false_alarms']} false alarms in {score['benign']} legal oddities")
    without = result.cases_without_killer
    click.echo(f"{len(without)} of {score['cases']} cases without a killer {' '.join(without)}")
    for entry in result.accepted:
        click.echo(f"accepted {entry.date}: {entry.subject}: {entry.reason}")
    click.secho("clean" if result.clean else "NOT CLEAN", fg="green" if result.clean else "red")
