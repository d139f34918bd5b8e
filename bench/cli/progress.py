"""What a person sees while cases run: a line per finished case, on a terminal a bar below."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import click

from bench.cli.terminal import visible
from bench.core.verdict import Verdict
from bench.engine.evidence import CaseRecord

COLOURS = {
    Verdict.PASS: "green",
    Verdict.INCONCLUSIVE: "yellow",
    Verdict.FAIL: "red",
    Verdict.ERROR: "magenta",
    Verdict.NONE: "white",
}
WORDS = {
    Verdict.PASS: "PASS",
    Verdict.INCONCLUSIVE: "INCONC",
    Verdict.FAIL: "FAIL",
    Verdict.ERROR: "ERROR",
    Verdict.NONE: "NONE",
}


class Progress(Protocol):
    """Takes each finished case."""

    def __call__(self, record: CaseRecord) -> None:
        """Show `record`."""
        ...


def verdict_word(verdict: Verdict) -> str:
    """Return a verdict as a padded, coloured word; plain where colours are not wanted."""
    return click.style(f"{WORDS[verdict]:<6}", fg=COLOURS[verdict], bold=verdict > Verdict.PASS)


def case_line(record: CaseRecord, title: str) -> str:
    """Return the line of one finished case, with what was expected where it did not pass."""
    judgement = record.attempt.judgement
    line = f"  {verdict_word(judgement.verdict)} {record.attempt.case:<10} {title}"
    if judgement.verdict is Verdict.PASS:
        return line
    reason = f"{judgement.reason}: " if judgement.reason else ""
    return f"{line}\n         {visible(reason + judgement.message)}"


@contextmanager
def live_progress(total: int, titles: dict[str, str]) -> Iterator[Progress]:
    """Yield what shows finished cases: with a progress bar on a terminal, plain lines elsewhere."""
    if not sys.stdout.isatty():
        yield lambda record: click.echo(case_line(record, titles[record.attempt.case]))
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as RichProgress
    from rich.text import Text

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with RichProgress(*columns, console=Console(), transient=True) as bar:
        task = bar.add_task("cases", total=total)

        def show(record: CaseRecord) -> None:
            line = case_line(record, titles[record.attempt.case])
            bar.console.print(Text.from_ansi(line))
            bar.advance(task)

        yield show
