"""What `meterbench decode s1` prints: frames as JSON or field by field, or what many amount to."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from bench.core.errors import UsageError

if TYPE_CHECKING:
    from bench.protocols.s1.profile import Profile
    from bench.protocols.s1.reading import Stream
    from bench.protocols.s1.telegram import Telegram

DEFAULT_PROFILE = "emucs-h-1.3"
_AS_TREES = 3  # frames that are shown field by field; of more the figures are shown
_WRITTEN = 1 << 12  # lines of JSON that are written at once
_NOT_FOUND = (
    "no frame found: it begins with 7E 80 2B FF 03, flag and header; is it the stream of an S1 "
    "port, and was it received at {bps} bit/s?"
)


def decode_s1(
    content: bytes, file: str, profile: str | None, samples: str | None, as_json: bool
) -> int:
    """Print the frames in the content of `file`, write `samples`; return the exit code."""
    from bench.cli.decode_p1 import port_octets
    from bench.protocols.s1.reading import FRAMES, read_stream

    chosen = chosen_profile(profile)
    stream = read_stream(port_octets(content, file), chosen)
    pieces = list(stream.damaged())
    count = stream.statistics.frames + sum(piece.kind in FRAMES for piece in pieces)
    if samples is not None:
        from bench.cli.s1_export import write_samples

        write_samples(stream, samples)
    if as_json:
        _print_json(stream)
    elif 0 < count <= _AS_TREES:
        _print_trees(stream)
    elif stream.octets:
        from bench.cli.s1_summary import summary

        for line in summary(stream, pieces, file):
            click.echo(line)
    if not count:
        click.echo(_NOT_FOUND.format(bps=chosen.line_rate_bps), err=True)
        return 3
    return 0


def chosen_profile(name: str | None) -> "Profile":
    """Return the shipped profile of that name, or the one that a file of the user's holds.

    UsageError says what is wrong with the file, or which profiles there are.
    """
    from pathlib import Path

    from bench.protocols.s1.profile import load_profile, parse_profile

    if name is None or not is_file(name):
        return load_profile(name or DEFAULT_PROFILE)
    try:
        return parse_profile(Path(name).read_text(encoding="utf-8"), name)
    except UnicodeDecodeError as error:
        raise UsageError(f"{name}: octet {error.start} is not UTF-8") from None
    except OSError as error:
        raise UsageError(f"cannot read {name}: {error.strerror}") from None


def is_file(profile: str) -> bool:
    """Say whether a profile is named by its file."""
    return profile.endswith(".toml") or "/" in profile


def _print_json(stream: "Stream") -> None:
    lines: list[str] = []
    for line in _json_lines(stream):
        lines.append(line)
        if len(lines) == _WRITTEN:
            click.echo("\n".join(lines))
            lines.clear()
    if lines:
        click.echo("\n".join(lines))


def _json_lines(stream: "Stream") -> Iterator[str]:
    from bench.protocols.s1.bulk import Block
    from bench.protocols.s1.bulk_json import JsonLines, telegram_json
    from bench.protocols.s1.reading import FRAMES, flag_offset

    good = JsonLines(stream.profile)
    for found in stream.in_order():
        if isinstance(found, Block):
            yield from good.of(found)
        elif found.kind in FRAMES:
            yield telegram_json(stream.telegram(found), flag_offset(found))


def _print_trees(stream: "Stream") -> None:
    from bench.protocols.s1.bulk import Block
    from bench.protocols.s1.reading import FRAMES, flag_offset
    from bench.protocols.s1.telegram import decode_telegram

    number = 0
    for found in stream.in_order():
        if isinstance(found, Block):
            for offset, row in zip(found.offsets.tolist(), found.rows, strict=True):
                number += 1
                _print_tree(decode_telegram(row.tobytes(), stream.profile), number, offset)
        elif found.kind in FRAMES:
            number += 1
            _print_tree(stream.telegram(found), number, flag_offset(found))
        else:
            what = f"octet {found.offset}, {len(found.octets)} octets: {found.kind}"
            click.secho(f"{what}   {found.octets[:32].hex(' ').upper()}\n", dim=True)


def _print_tree(telegram: "Telegram", number: int, offset: int) -> None:
    from bench.cli.terminal import visible

    length = len(telegram.octets) + 2
    title = (
        f"frame {number}   octet {offset}, {length} octets   as {visible(telegram.profile.title)}"
    )
    click.secho(title, bold=True)
    for field in telegram.annotated():
        line = f"  {field.offset:>4}  {field.path:<16} {visible(field.text)}".rstrip()
        click.secho(line, fg="red" if field.problem else None)
    for problem in telegram.problems:
        clause = f" [{problem.clause}]" if problem.clause else ""
        click.secho(f"        octet {problem.offset}: {visible(problem.message)}{clause}", fg="red")
    click.echo()
