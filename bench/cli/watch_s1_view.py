"""How the seconds of an S1 port are shown: a table in place, a line each, or JSON."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

import click

from bench.cli.terminal import visible
from bench.cli.watch_s1_second import Second, amounts

if TYPE_CHECKING:
    from rich.console import Group
    from rich.live import Live


class View(Protocol):
    """Shows each second; `paced` if for a person who looks on, so that time must not fly."""

    paced: bool

    def show(self, second: Second) -> None:
        """Show one second."""
        ...


class JsonView:
    """One JSON object per second."""

    paced = False

    def show(self, second: Second) -> None:
        """Print the object, at once also into a pipe."""
        click.echo(json.dumps(second.to_json()))
        sys.stdout.flush()


class LineView:
    """One line per second."""

    paced = False

    def show(self, second: Second) -> None:
        """Print the line, at once also into a pipe."""
        figures = second.figures
        parts = [f"{second.at_s:>7.1f} s", _rate(second)]
        if figures.frames:
            parts += [*amounts(figures), visible(second.meter_id)]
        parts += _wrong(second)
        if second.note:
            parts.append(visible(second.note))
        click.echo("   ".join(parts))
        sys.stdout.flush()


class LiveView:
    """A table that changes in place."""

    paced = True

    def __init__(self, live: "Live", title: str) -> None:
        self._live = live
        self._title = title

    def show(self, second: Second) -> None:
        """Put this second in the place of the one before."""
        self._live.update(_table(second, self._title), refresh=True)


@contextmanager
def view_for(title: str, as_json: bool) -> Iterator[View]:
    """Yield the view that suits where the output goes."""
    if as_json:
        yield JsonView()
    elif not sys.stdout.isatty():
        yield LineView()
    else:
        from rich.console import Console
        from rich.live import Live
        from rich.text import Text

        waiting = Text(f"{visible(title)}   waiting for the first second; Ctrl-C ends")
        with Live(waiting, console=Console(), auto_refresh=False, transient=True) as live:
            yield LiveView(live, title)


def _rate(second: Second) -> str:
    rate = second.frames_per_s
    return f"{second.frames:>7} frames" if rate is None else f"{rate:>7.1f} frames/s"


def _wrong(second: Second) -> list[str]:
    """Return what is wrong with a second, in words; nothing where nothing is."""
    words = second.counts.words()
    if second.figures.not_valid:
        words.append(f"{second.figures.not_valid} not valid")
    if second.line is not None:
        counts = {
            "framing errors": second.line.framing,
            "parity errors": second.line.parity,
            "octets overrun": second.line.overrun,
        }
        words += [f"{count} {name}" for name, count in counts.items() if count]
    return words


def _table(second: Second, title: str) -> "Group":
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    figures, frequency = second.figures, second.figures.frequency_hz
    announced = figures.rate_hz
    head = f"{visible(title)}   {second.at_s:.0f} s   meter {visible(second.meter_id) or '-'}"
    rate = _rate(second).lstrip()
    if announced is not None:
        rate += f" ({announced:.1f} announced)"
    if frequency is not None:
        rate += f"   mains {frequency[1]:.3f} Hz"
    table = Table(box=None, pad_edge=False)
    for name in ("", "U", "I", "P", "S"):
        table.add_column(name, justify="right" if name else "left", min_width=10)
    powers = {one.phase: one for one in figures.powers()} if figures.frames else {}
    channels = [channel.id for channel in figures.profile.channels]
    for phase in dict.fromkeys(channel[1:] for channel in channels):
        volts, amperes = f"V{phase}", f"I{phase}"
        power = powers.get(phase)
        table.add_row(
            phase if phase == "N" else f"L{phase}",
            f"{figures.rms(volts):.2f} V" if volts in channels else "",
            f"{figures.rms(amperes):.3f} A" if amperes in channels else "",
            f"{power.watts:.1f} W" if power else "",
            f"{power.voltamperes:.1f} VA" if power else "",
        )
    total = sum(one.watts for one in powers.values())
    table.add_row("sum", "", "", f"{total:.1f} W" if powers else "", "")
    wrong = "   ".join(_wrong(second)) or "nothing wrong in this second"
    colour = "red" if _wrong(second) else "green"
    in_all = ", ".join(second.in_all.words()) or "nothing wrong"
    return Group(
        Text(head, style="bold"),
        Text(rate),
        table,
        Text(wrong, style=colour),
        Text(f"since the start: {in_all}", style="dim"),
        Text(visible(second.note), style="yellow"),
        Text("Ctrl-C ends", style="dim"),
    )
