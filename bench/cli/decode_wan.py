"""What `meterbench decode wan` prints: frames as trees of fields, down to COSEM values."""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from bench.cli.references import read_reference
from bench.cli.terminal import visible
from bench.core.errors import UsageError

if TYPE_CHECKING:
    from bench.core.trace import Field, Problem
    from bench.protocols.wan.deciphering import Keys, NamedKey
    from bench.protocols.wan.layer import Layer, Unit
    from bench.protocols.wan.recording import Stretch

_KEY_SIZES = (16, 32)  # of suites 0 and 1, of suite 2
_NAME_WIDTH = 36
_NOT_FOUND = (
    "no frame found: an HDLC frame starts with 7E A, a wrapper unit with 00 01, an APDU with its "
    "tag; --as hdlc, wrapper or apdu reads the octets as what you know them to be"
)
_TAG_COLOURS = {"good": "green", "wrong": "red"}


def read_wan_keys(
    keys: Iterable[str],
    authentication: Iterable[str],
    dedicated: Iterable[str],
    titles: Iterable[str],
) -> "Keys":
    """Return what the command line tells of secrets; UsageError for a key or title that is none."""
    from bench.protocols.wan.deciphering import Keys

    return Keys(
        tuple(_named("--key", reference) for reference in keys),
        tuple(_named("--authentication-key", reference) for reference in authentication),
        tuple(_named("--dedicated-key", reference) for reference in dedicated),
        tuple(_title(text) for text in titles),
    )


def _named(option: str, reference: str) -> "NamedKey":
    from bench.protocols.wan.deciphering import NamedKey

    return NamedKey(reference, read_reference(option, reference, _KEY_SIZES).reveal())


def _title(text: str) -> bytes:
    digits = re.sub(r"[\s:-]", "", text)
    if re.fullmatch(r"[0-9A-Fa-f]{16}", digits) is None:
        # what stands here may be a key, so it is not repeated
        raise UsageError(
            f"--system-title takes 16 hexadecimal digits, as in 4D4D4D0000BC614E; these are "
            f"{len(digits)} characters"
        )
    return bytes.fromhex(digits)


def decode_wan(
    content: bytes, file: str, form: str | None, keys: "Keys", show: Callable[["Unit"], str]
) -> int:
    """Print the frames in the content of `file` as `show` makes them; return the exit code."""
    from bench.protocols.wan.conversation import decode_recording
    from bench.protocols.wan.layer import Form

    found = closed = 0
    forced = Form(form) if form else None
    for unit in decode_recording(_stretches(content, file), keys, forced):
        found += unit.form is not None
        closed += any("not opened: no key given" in note for x in unit.layers for note in x.notes)
        click.echo(show(unit))
    if not found:
        click.echo(_NOT_FOUND, err=True)
        return 3
    if closed:
        what = (
            "1 frame holds a ciphered APDU"
            if closed == 1
            else f"{closed} frames hold ciphered APDUs"
        )
        click.echo(f"{what}; open with --key env:NAME --authentication-key env:NAME", err=True)
    return 0


def _stretches(content: bytes, file: str) -> "list[Stretch]":
    """Return what FILE holds: octets as they are, as hex text, or in a capture."""
    from adapters.hextext import looks_like_hex, parse_hex_lines
    from bench.protocols.wan.captured import is_capture, read_capture
    from bench.protocols.wan.recording import Stretch, lines

    if is_capture(content):
        return read_capture(content)
    if looks_like_hex(content):
        return lines(parse_hex_lines(content.decode("ascii"), file))
    return [Stretch(content)]


def show_json(unit: "Unit") -> str:
    """Return a frame as one line of JSON."""
    return json.dumps(unit.to_json())


def show_tree(unit: "Unit") -> str:
    """Return a frame with all its layers and fields, and an empty line."""
    lines = [click.style(_heading(unit), bold=True)]
    for layer in unit.layers:
        lines += _shown_layer(layer)
    return "\n".join([*lines, ""])


def show_brief(unit: "Unit") -> str:
    """Return the first line of a frame, and its problems."""
    return "\n".join([_heading(unit), *map(_shown_problem, unit.problems)])


def _heading(unit: "Unit") -> str:
    parts = [f"frame {unit.number}", f"octet {unit.offset}, {len(unit.octets)} octets", unit.title]
    if unit.at_ns is not None:
        parts.append(_instant(unit.at_ns))
    parts += [unit.way] if unit.way else []
    return "   ".join(visible(part) for part in parts)


def _instant(at_ns: int) -> str:
    try:
        moment = datetime.fromtimestamp(at_ns // 1_000_000_000, UTC)
    except (OverflowError, ValueError, OSError):  # a capture can hold the year 100 000
        return f"{at_ns} ns"
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{at_ns % 1_000_000_000 // 1000:06d}Z"


def _shown_layer(layer: "Layer") -> Iterator[str]:
    heading = click.style(f"  {layer.name}", fg="cyan")
    if layer.how:
        heading += f"   {visible(layer.how)}"
    if layer.tag is not None:
        heading += f"   tag {click.style(layer.tag, fg=_TAG_COLOURS.get(layer.tag))}"
    if layer.at is None:
        heading += "   (offsets count from its first octet)"
    yield heading
    for note in layer.notes:
        yield f"          {visible(note)}"
    for field in layer.fields():
        if field.path != layer.name or field.problem:
            yield _shown_field(field, layer.name)
    yield from map(_shown_problem, layer.problems)


def _shown_problem(problem: "Problem") -> str:
    clause = f" [{problem.clause}]" if problem.clause else ""
    text = f"          octet {problem.offset}: {visible(problem.message)}{clause}"
    return click.style(text, fg="red")


def _shown_field(field: "Field", layer: str) -> str:
    path = field.path.removeprefix(f"{layer}/")
    depth = path.count("/")
    name = "  " * depth + path.rpartition("/")[2]
    line = f"  {field.offset:>6}  {name:<{_NAME_WIDTH}} {visible(field.text)}".rstrip()
    return click.style(line, fg="red") if field.problem else line
