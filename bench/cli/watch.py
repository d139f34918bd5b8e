"""`meterbench watch`: show what a port sends, second by second."""

from pathlib import Path

import click

from bench.core.errors import UsageError


@click.command("watch")
@click.argument("interface", metavar="INTERFACE")
@click.option("--link", metavar="URL", help="Where the port is, e.g. tcp://127.0.0.1:2001.")
@click.option(
    "--device",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Declaration that names the link, in place of --link.",
)
@click.option("--profile", help="Edition, or a TOML file with a layout of your own.")
@click.option("--seconds", type=click.FloatRange(min=0.1), help="Stop after that long.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per second.")
def watch(
    interface: str,
    link: str | None,
    device: Path | None,
    profile: str | None,
    seconds: float | None,
    as_json: bool,
) -> int:
    """Show what INTERFACE (s1) sends: voltages, currents, powers, frequency, and what is wrong.

    On a terminal the view changes in place, elsewhere there is a line per second. Ctrl-C ends it
    with a summary. Exit code 3 when no good frame came, or when the link was lost.
    """
    if interface != "s1":
        raise UsageError(f"cannot watch {interface!r} (there is: s1)")
    if (link is None) == (device is None):
        raise click.UsageError("say where the port is: either --link URL or --device FILE")
    from bench.cli.watch_s1 import from_device, from_link, watch_s1

    where = from_device(device, profile) if device is not None else from_link(link or "", profile)
    return watch_s1(where, seconds, as_json)
