"""`meterbench declare`: make a declaration to fill in, and check one."""

import json
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bench.core.errors import DeclarationError, UsageError

if TYPE_CHECKING:
    from bench.core.ics import Proforma
    from bench.engine.suite import Suite

_BARE_TYPES = ("text", "file")


@click.group("declare")
def declare() -> None:
    """Make and check declarations (device.toml)."""


@declare.command("new")
@click.argument("interface", metavar="INTERFACE")
@click.option("--profile", help="Edition of the interface; else that of the built-in device.")
@click.option("--link", default="serial:///dev/ttyUSB0", show_default=True, help="Link to it.")
@click.option("--set", "settings", multiple=True, help="NAME=VALUE that is already known.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write it to a file.")
def declare_new(
    interface: str, profile: str | None, link: str, settings: tuple[str, ...], out: Path | None
) -> None:
    """Write a declaration for a device with INTERFACE (p1, wan), with every question of its suite.

    --set answers some of them, e.g. --set link_layer=wrapper --set WAN/LLS=true.
    """
    from adapters.base import LinkUrl
    from bench.engine import catalogue

    suite = catalogue.suite(interface)
    names = suite.profiles()
    if profile is None:
        profile = _usual_profile(interface, names)
    if profile not in names:
        choice = ", ".join(sorted(set(names.values())))
        raise UsageError(f"unknown edition {profile!r} of {interface}; choose one of {choice}")
    LinkUrl.parse(link)
    text = proforma(suite, names[profile], link, _settings(interface, suite.proforma, settings))
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


def _usual_profile(interface: str, names: Mapping[str, str]) -> str:
    """Return the edition of the built-in device, or the first one where it has no such port."""
    from bench.engine.preparation import load_declaration

    built_in = load_declaration(None).interfaces.get(interface)
    return built_in.profile if built_in else next(iter(names))


def _settings(interface: str, asked: "Proforma", settings: Iterable[str]) -> dict[str, Any]:
    """Return what `--set` says, by id; raises UsageError or DeclarationError for what cannot be."""
    found: dict[str, Any] = {}
    for text in settings:
        name, equals, value = text.partition("=")
        if not equals:
            raise UsageError(f"--set {text}: write NAME=VALUE")
        item = asked.ixit.get(name)
        found[name] = value if item and item.type in _BARE_TYPES else _toml_value(value)
    ics = {name: value for name, value in found.items() if "/" in name}
    ixit = {name: value for name, value in found.items() if "/" not in name}
    if mistakes := list(asked.mistakes(interface, ics, ixit)):
        raise DeclarationError("--set", mistakes)
    return found


def _toml_value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def proforma(
    suite: "Suite", profile: str, link: str, known: Mapping[str, Any] | None = None
) -> str:
    """Return a declaration for one interface with every question of its suite.

    What is `known` (ICS answers and IXIT values by id) is answered; other values are comments.
    """
    known = known or {}
    lines = [
        "# Declaration of a device under test. Fill in what is between the quotes, and take the #",
        "# away from values that the device has; behind it stands what is used unless declared.",
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
        lines += [f'"{item.id}" = {_toml(known.get(item.id, item.default))}']
    lines += ["", f"[{suite.interface}.ixit]"]
    for value in suite.proforma.ixit.values():
        unit = f" in {value.unit}" if value.unit else ""
        lines += [f"# {value.question} ({value.type}{unit})"]
        if value.id in known:
            lines += [f"{value.id} = {_toml(known[value.id])}"]
        else:
            lines += [f"# {value.id} = {'...' if value.default is None else _toml(value.default)}"]
    if suite.proforma.keys:
        lines += ["", "# Where keys are, never a key itself", f"[{suite.interface}.keys]"]
    for key in suite.proforma.keys.values():
        lines += [f"# {key.question}", f'# {key.id.removeprefix("keys.")} = "env:NAME"']
    return "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)  # strings, numbers and booleans are the same
