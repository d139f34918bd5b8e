"""What `meterbench decode p1` prints: telegrams, in clear or out of encrypted frames."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from bench.cli.frames import DecodeKeys, OpenedFrame
    from bench.protocols.p1.telegram import Telegram


def decode_p1(
    content: bytes,
    file: str,
    profile: str | None,
    key: str | None,
    authentication_key: str | None,
    as_json: bool,
) -> int:
    """Print the telegrams in the content of `file` and return the exit code."""
    from bench.cli.frames import OpenedFrame, read_keys, show_frame

    keys = read_keys(key, authentication_key)
    frames = count = 0
    for found in _found(port_octets(content, file), profile, keys):
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


def port_octets(content: bytes, file: str) -> bytes:
    """Return the octets of the port: as received, as hex text, or in a capture."""
    from adapters.hextext import looks_like_hex, parse_hex
    from bench.core.trace import Direction
    from bench.protocols import pcapng

    if content.startswith(pcapng.MAGIC):
        packets = pcapng.read(content).packets
        return b"".join(p.octets for p in packets if p.direction is not Direction.SENT)
    if looks_like_hex(content):
        return parse_hex(content.decode("ascii"), file)
    return content


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
