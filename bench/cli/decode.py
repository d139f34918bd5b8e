"""`meterbench decode`: say what octets of an interface mean, and where they are wrong."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bench.core.errors import UsageError

if TYPE_CHECKING:
    from bench.cli.frames import DecodeKeys, OpenedFrame
    from bench.protocols.p1.telegram import Telegram


@click.command("decode")
@click.argument("interface", metavar="INTERFACE")
@click.argument("file", default="-", metavar="[FILE|-]")
@click.option("--profile", help="Edition to judge by; found from the telegram without it.")
@click.option("--key", metavar="REF", help="Key of encrypted frames: env:NAME or file:PATH.")
@click.option(
    "--authentication-key",
    metavar="REF",
    help="Authentication key of encrypted frames; the published one without it.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per telegram.")
def decode(
    interface: str,
    file: str,
    profile: str | None,
    key: str | None,
    authentication_key: str | None,
    as_json: bool,
) -> int:
    """Decode FILE (or standard input) as INTERFACE: p1.

    FILE holds octets as received, a hex dump, or a pcapng of an earlier run. Encrypted frames are
    opened with the key that REF names; the key itself never stands on a command line. Exit code 0
    also for telegrams with problems: they are in the output; 3 when there is no telegram at all.
    """
    from bench.cli.frames import OpenedFrame, read_keys, show_frame

    if interface != "p1":
        raise UsageError(f"cannot decode {interface!r} (there is: p1)")
    keys = read_keys(key, authentication_key)
    frames = count = 0
    for found in _found(_octets(file), profile, keys):
        frame, telegram = found if isinstance(found, tuple) else (None, found)
        frames += isinstance(frame, OpenedFrame)
        count += telegram is not None
        if as_json:
            row = {"frame": frame.to_json()} if frame else {}
            click.echo(json.dumps(row | (telegram.to_json() if telegram else {})))
            continue
        if frame:
            show_frame(frame, frames)
        if telegram:
            _show(telegram, count)
    if not count:
        remedy = "open it with --key env:NAME" if key is None else "is it the key of this meter?"
        message = "no telegram found: it starts with '/' and ends with '!'"
        if frames:
            message = (
                f"no telegram to read in {frames} encrypted frame{'s' * (frames > 1)}; {remedy}"
            )
        click.echo(message, err=True)
        return 3
    return 0


def _octets(file: str) -> bytes:
    """Return the octets that FILE holds: as received, as hex text, or in a capture."""
    from adapters.hextext import looks_like_hex, parse_hex
    from bench.core.trace import Direction
    from bench.protocols import pcapng

    try:
        octets = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}") from None
    if octets.startswith(pcapng.MAGIC):
        packets = pcapng.read(octets).packets
        return b"".join(p.octets for p in packets if p.direction is not Direction.SENT)
    if looks_like_hex(octets):
        return parse_hex(octets.decode("ascii"), file)
    return octets


def _found(
    octets: bytes, profile_name: str | None, keys: "DecodeKeys"
) -> Iterator["Telegram | tuple[OpenedFrame, Telegram | None]"]:
    """Yield the telegrams, those of encrypted frames together with their frame."""
    from bench.cli.frames import OpenedFrame, opened_frames
    from bench.protocols.p1.frame_splitter import holds_frame

    if not holds_frame(octets):
        yield from _telegrams(octets, profile_name)
        return
    for found in opened_frames(octets, keys):
        if isinstance(found, OpenedFrame):
            yield found, next(_telegrams(found.text, profile_name or "lu"), None)
        else:
            yield from _telegrams(found, profile_name or "lu")


def _telegrams(octets: bytes, profile_name: str | None) -> Iterator["Telegram"]:
    from bench.core.trace import Chunk
    from bench.protocols.p1.detect import detect_profile
    from bench.protocols.p1.profile import load_profile
    from bench.protocols.p1.splitter import TelegramOctets, TelegramSplitter
    from bench.protocols.p1.telegram import decode_telegram

    chosen = load_profile(profile_name) if profile_name else None
    splitter = TelegramSplitter()
    for piece in [*splitter.feed(Chunk(0, octets)), *splitter.flush()]:
        if not isinstance(piece, TelegramOctets):
            continue
        profile = chosen or load_profile(detect_profile(decode_telegram(piece.octets)))
        yield decode_telegram(piece.octets, profile)


def _show(telegram: "Telegram", number: int) -> None:
    from bench.cli.terminal import visible

    assert telegram.profile is not None
    words = {True: ("good", "green"), False: ("WRONG", "red"), None: ("none in this edition", None)}
    word, colour = words[telegram.crc.ok]
    click.echo(f"telegram {number}   {visible(telegram.header)}   as {telegram.profile.title}")
    crc = telegram.crc
    given = f"given {visible(crc.given)}, computed {crc.computed}" if crc.given else ""
    click.echo(f"  CRC {click.style(word, fg=colour)} {given}".rstrip())
    for line in telegram.lines:
        meaning = line.format.meaning if line.format else ""
        values = "  ".join(f"{v.value} {v.unit}".strip() for v in line.values())
        shown = visible(values) if line.well_formed else "(cannot be read)"
        click.echo(f"  {line.line:>3} {line.obis or '?':<14} {shown:<32} {meaning}".rstrip())
    for problem in telegram.problems:
        level = telegram.profile.level(problem.code)
        where = f"octet {problem.offset}, line {problem.line}"
        clause = f" [{problem.clause}]" if problem.clause else ""
        text = f"  {level!s:<6} {where}: {visible(problem.message)}{clause}"
        click.secho(text, fg="red" if level == "must" else "yellow")
    click.echo()
