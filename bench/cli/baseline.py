"""`meterbench baseline`: record what a device shows now, to compare a later firmware with."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bench.core.errors import UsageError

if TYPE_CHECKING:
    from bench.engine.session import Session
    from suites.p1.baseline import Baseline
    from suites.p1.watch import TelegramWatch

_ENOUGH = 30  # telegrams that show which objects come and go


@click.command("baseline")
@click.option(
    "--device",
    type=click.Path(path_type=Path),
    help="Declaration of the device; the built-in metering system without it.",
)
@click.option(
    "--link",
    "links",
    multiple=True,
    metavar="p1=URL",
    help="Replace the link, e.g. p1=tcp://127.0.0.1:2001.",
)
@click.option(
    "--telegrams",
    type=click.IntRange(1, 100_000),
    default=_ENOUGH,
    show_default=True,
    help="How many telegrams to look at.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="File to write; one that exists is not overwritten.",
)
def baseline(device: Path | None, links: tuple[str, ...], telegrams: int, out: Path) -> int:
    """Record which objects the P1 port shows, and how they are written.

    Name the file in the declaration ([p1.ixit] baseline = "FILE", with "P1/BASELINE" = true in
    [p1.ics]); a later run then compares (cases P1-A-083 to P1-A-087).
    """
    from bench.engine.preparation import load_declaration, prepare
    from bench.engine.run import parse_links
    from bench.engine.session import Session
    from suites.p1.baseline import record

    if out.exists():
        raise UsageError(f"{out} exists already; choose another name")
    given = parse_links(links)
    preparation = prepare(load_declaration(device, given), links=given)
    if "p1" not in preparation.targets:
        raise UsageError("the declaration has no [p1]; a baseline is of a P1 port")
    session = Session(preparation)
    try:
        watch = _watched(session, telegrams)
        source = str(session.link("p1").url)
    finally:
        session.close()
    if unwell := watch.unwell():
        raise UsageError(unwell.message)
    found = record(watch.telegrams, watch.profile, source)
    _write(out, found)
    _tell(out, found, telegrams)
    return 0


def _watched(session: "Session", telegrams: int) -> "TelegramWatch":
    from suites.p1.watch import new_watch

    return session.observe("p1", lambda: new_watch(session, telegrams))


def _write(out: Path, found: "Baseline") -> None:
    text = json.dumps(found.to_json(), indent=1) + "\n"
    try:
        with out.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise UsageError(f"cannot write {out}: {error.strerror}") from None


def _tell(out: Path, found: "Baseline", wanted: int) -> None:
    from suites.p1.baseline import ALWAYS

    lasting = sum(1 for one in found.objects.values() if one.presence == ALWAYS)
    few = f" of {wanted} wanted" if found.telegrams < wanted else ""
    version = f", version {found.version}" if found.version else ""
    click.echo(f"{found.telegrams} whole telegrams{few} of {_visible(found.header)}{version}")
    conditional = len(found.objects) - lasting
    click.echo(f"{len(found.objects)} objects, {conditional} of them conditional")
    click.echo(f"wrote {out}; name it in the declaration: [p1.ixit] baseline = {out.name!r}")


def _visible(text: str) -> str:
    from bench.cli.terminal import visible

    return visible(text)
