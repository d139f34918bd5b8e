"""`meterbench baseline`: record what a device shows now, to compare a later firmware with."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bench.core.errors import UsageError

if TYPE_CHECKING:
    from bench.engine.session import Session
    from suites.p1.baseline import Baseline
    from suites.p1.watch import TelegramWatch

_ENOUGH = 30  # telegrams that show which objects come and go


@click.command("baseline")
@click.argument("interface", type=click.Choice(["p1", "wan"]), default="p1")
@click.option(
    "--device",
    type=click.Path(path_type=Path),
    help="Declaration of the device; the built-in metering system without it.",
)
@click.option(
    "--link",
    "links",
    multiple=True,
    metavar="IF=URL",
    help="Replace the link, e.g. p1=tcp://127.0.0.1:2001.",
)
@click.option(
    "--telegrams",
    type=click.IntRange(1, 100_000),
    default=_ENOUGH,
    show_default=True,
    help="p1: how many telegrams to look at.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="File to write; one that exists is not overwritten.",
)
def baseline(
    interface: str, device: Path | None, links: tuple[str, ...], telegrams: int, out: Path
) -> int:
    """Record what an INTERFACE shows: p1 (without one) its objects and how they are written, wan
    its object list with types and rights.

    Name the file in the declaration: [p1.ixit] baseline = "FILE" and "P1/BASELINE" = true in
    [p1.ics], or the same with wan. A later run then compares (cases P1-A-083 to P1-A-087,
    DLMS-OBJ-08).
    """
    from bench.engine.preparation import load_declaration, prepare
    from bench.engine.run import parse_links
    from bench.engine.session import Session

    if out.exists():
        raise UsageError(f"{out} exists already; choose another name")
    given = parse_links(links)
    preparation = prepare(load_declaration(device, given), links=given)
    if interface not in preparation.targets:
        raise UsageError(f"the declaration has no [{interface}], of which a baseline is wanted")
    session = Session(preparation)
    try:
        if interface == "wan":
            from bench.cli.baseline_wan import record_wan

            content, told = record_wan(session)
        else:
            content, told = _record_p1(session, telegrams)
    finally:
        session.close()
    _write(out, content)
    for line in told:
        click.echo(_visible(line))
    click.echo(
        f"wrote {out}; name it in the declaration: [{interface}.ixit] baseline = {out.name!r}"
    )
    return 0


def _record_p1(session: "Session", telegrams: int) -> tuple[dict[str, Any], list[str]]:
    """Return the content of the file, and what to tell of it."""
    from suites.p1.baseline import record

    watch = _watched(session, telegrams)
    source = str(session.link("p1").url)
    if unwell := watch.unwell():
        raise UsageError(unwell.message)
    found = record(watch.telegrams, watch.profile, source)
    return found.to_json(), _told(found, telegrams)


def _watched(session: "Session", telegrams: int) -> "TelegramWatch":
    from suites.p1.watch import new_watch

    return session.observe("p1", lambda: new_watch(session, telegrams))


def _write(out: Path, content: dict[str, Any]) -> None:
    text = json.dumps(content, indent=1) + "\n"
    try:
        with out.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise UsageError(f"cannot write {out}: {error.strerror}") from None


def _told(found: "Baseline", wanted: int) -> list[str]:
    from suites.p1.baseline import ALWAYS

    lasting = sum(1 for one in found.objects.values() if one.presence == ALWAYS)
    few = f" of {wanted} wanted" if found.telegrams < wanted else ""
    version = f", version {found.version}" if found.version else ""
    conditional = len(found.objects) - lasting
    return [
        f"{found.telegrams} whole telegrams{few} of {found.header}{version}",
        f"{len(found.objects)} objects, {conditional} of them conditional",
    ]


def _visible(text: str) -> str:
    from bench.cli.terminal import visible

    return visible(text)
