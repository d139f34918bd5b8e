"""`meterbench declare`: make a declaration to fill in, and check one."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bench.core.errors import DeclarationError, UsageError

if TYPE_CHECKING:
    from bench.engine.suite import Suite


@click.group("declare")
def declare() -> None:
    """Make and check declarations (device.toml)."""


@declare.command("new")
@click.argument("interface", metavar="INTERFACE")
@click.option("--profile", default="nl50", show_default=True, help="Edition of the interface.")
@click.option("--link", default="serial:///dev/ttyUSB0", show_default=True, help="Link to it.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write it to a file.")
def declare_new(interface: str, profile: str, link: str, out: Path | None) -> None:
    """Write a declaration for a device with INTERFACE (p1), with every question of its suite."""
    from adapters.base import LinkUrl
    from bench.engine import catalogue

    suite = catalogue.suite(interface)
    names = suite.profiles()
    if profile not in names:
        choice = ", ".join(sorted(set(names.values())))
        raise UsageError(f"unknown edition {profile!r} of {interface}; choose one of {choice}")
    LinkUrl.parse(link)
    text = proforma(suite, names[profile], link)
    if out is None:
        click.echo(text, nl=False)
        return
    try:
        with out.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(f"{out} exists already; choose another name") from None
    except OSError as error:
        raise UsageError(f"cannot write {out}: {error.strerror}") from None
    click.echo(f"wrote {out}; fill it in, then: meterbench declare check {out}", err=True)


@declare.command("check")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def declare_check(file: Path, as_json: bool) -> int:
    """Check a declaration: all mistakes at once, then the static review."""
    from bench.engine.preparation import load_declaration, prepare

    try:
        preparation = prepare(load_declaration(file))
    except DeclarationError as error:
        if not as_json:
            raise
        rows = [
            {"path": m.path, "value": m.value, "message": m.message, "remedy": m.remedy}
            for m in error.mistakes
        ]
        click.echo(json.dumps({"ok": False, "mistakes": rows, "review": {}}, indent=1))
        return error.exit_code
    review = {name: list(target.review) for name, target in preparation.targets.items()}
    clean = not any(review.values())
    if as_json:
        click.echo(json.dumps({"ok": clean, "mistakes": [], "review": review}, indent=1))
    else:
        for name, findings in review.items():
            for finding in findings:
                click.secho(f"{name}: {finding}", fg="yellow")
        click.echo(f"{file}: {'no mistakes' if clean else 'the static review has findings'}")
    return 0 if clean else 2


def proforma(suite: "Suite", profile: str, link: str) -> str:
    """Return a declaration for one interface with every question of its suite as a comment."""
    lines = [
        "# Declaration of a device under test. Fill in what is between the quotes.",
        "schema = 1",
        "",
        "[item]",
        'manufacturer = "?"      # as on the nameplate',
        'type = "?"',
        'serial = "?"',
        'hardware = ""',
        'firmware = ""',
        'condition = ""          # e.g. sealed, as received',
        'received = ""           # date of receipt',
        "",
        "[customer]",
        'name = ""',
        'contact = ""',
        "",
        f"[{suite.interface}]  # {suite.titles(profile)}",
        f'profile = "{profile}"',
        f'link = "{link}"',
        "",
        f"[{suite.interface}.ics]",
    ]
    for item in suite.proforma.ics.values():
        lines += [f"# {item.question} ({item.clause}, status {item.status})"]
        lines += [f'"{item.id}" = {str(item.default).lower()}']
    lines += ["", f"[{suite.interface}.ixit]"]
    for value in suite.proforma.ixit.values():
        unit = f" in {value.unit}" if value.unit else ""
        lines += [f"# {value.question} ({value.type}{unit})", f"# {value.id} = ..."]
    return "\n".join(lines) + "\n"
