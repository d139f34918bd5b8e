"""`meterbench calibrate`: measure how far the time stamps of a link are off."""

import json
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from bench.engine.calibration import Calibration

_ECHO_REPEATS = 1000
_INTERVAL_REPEATS = 100


@click.command("calibrate")
@click.argument("link", metavar="LINK")
@click.option(
    "--interval",
    type=click.FloatRange(min=0.05, max=600),
    metavar="SECONDS",
    help="The far end sends in bursts at this steady interval; otherwise it echoes.",
)
@click.option(
    "--repeats",
    type=click.IntRange(10, 1_000_000),
    help="Stamps to measure: 1000 echoes or 100 intervals unless said otherwise.",
)
@click.option("--baud", type=click.IntRange(50, 20_000_000), default=115200, show_default=True)
@click.option("--no-keep", is_flag=True, help="Print only; runs go on with what they had.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def calibrate(
    link: str,
    interval: float | None,
    repeats: int | None,
    baud: int,
    no_keep: bool,
    as_json: bool,
) -> int:
    """Measure the timing uncertainty of LINK and keep it for later runs at this station.

    LINK is a link as in a declaration whose transmitter is wired to its receiver (a loop-back
    plug, serial:loop://), or `pty` or `tcp` for a far end that this command serves itself. With
    --interval it leads to a sender with a known interval, for example `meterbench simulate p1`.
    Put the load on the machine that it has when it tests: a busy one stamps later.
    """
    from bench.core.line import LineSettings
    from bench.engine.calibration import keep
    from bench.engine.calibration_run import calibrate_echo, calibrate_interval, echo_link

    line = LineSettings(baud_bd=baud)
    if interval is not None:
        found = calibrate_interval(link, interval, repeats or _INTERVAL_REPEATS, line)
    else:
        with echo_link(link, line) as (opened, send, character_ns):
            found = calibrate_echo(opened, send, repeats or _ECHO_REPEATS, character_ns)
    path = None if no_keep else keep(found)
    if as_json:
        click.echo(json.dumps({**found.to_json(), "file": path and str(path)}, indent=1))
    else:
        _show(found)
        click.echo("not kept" if path is None else f"kept         {path}")
    return 0


def _show(found: "Calibration") -> None:
    def row(name: str, value_s: float, note: str = "") -> None:
        click.echo(f"{name:<12} {value_s * 1000:9.3f} ms{note and '  ' + note}")

    click.echo(f"link         {found.link}, kept for {found.key}")
    click.echo(f"method       {found.method}, {found.repeats} stamps")
    row("median", found.median_s)
    row("95 %", found.p95_s)
    row("99.9 %", found.p999_s)
    row("largest", found.max_s)
    row("k = 2", found.k2_s, "twice the root mean square")
    row("uncertainty", found.uncertainty_s, f"expanded: {found.rule}, the larger of both")
