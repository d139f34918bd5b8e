"""`meterbench decode`: say what octets of an interface mean, and where they are wrong."""

import sys
from pathlib import Path

import click

from bench.core.errors import UsageError


@click.command("decode")
@click.argument("interface", metavar="INTERFACE")
@click.argument("file", default="-", metavar="[FILE|-]")
@click.option(
    "--profile",
    help="p1: edition to judge by; found from the telegram without it. s1: edition, or a TOML file "
    "with a layout of your own.",
)
@click.option(
    "--as",
    "form",
    type=click.Choice(["hdlc", "wrapper", "apdu"]),
    help="wan: how APDUs are carried; recognised without it.",
)
@click.option(
    "--key",
    "keys",
    metavar="REF",
    multiple=True,
    help="Key of what is encrypted: env:NAME or file:PATH; wan: may be repeated.",
)
@click.option(
    "--authentication-key",
    "authentication_keys",
    metavar="REF",
    multiple=True,
    help="Authentication key; p1: the published one without it.",
)
@click.option(
    "--dedicated-key",
    "dedicated_keys",
    metavar="REF",
    multiple=True,
    help="wan: key of an association whose beginning was not recorded.",
)
@click.option(
    "--system-title",
    "titles",
    metavar="HEX",
    multiple=True,
    help="wan: title of a sender that no recorded AARQ or AARE tells.",
)
@click.option("--brief", is_flag=True, help="wan: one line for each frame, and its problems.")
@click.option(
    "--samples",
    metavar="FILE",
    help="s1: write the samples to FILE: .csv, .npz, .parquet, .wav, .cfg (COMTRADE).",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per telegram, frame.")
def decode(
    interface: str,
    file: str,
    profile: str | None,
    form: str | None,
    keys: tuple[str, ...],
    authentication_keys: tuple[str, ...],
    dedicated_keys: tuple[str, ...],
    titles: tuple[str, ...],
    brief: bool,
    samples: str | None,
    as_json: bool,
) -> int:
    """Decode FILE (or standard input) as INTERFACE: p1, s1 or wan.

    FILE holds octets as received, a hex dump, or a capture (pcapng) of an earlier run; for wan,
    also lines of hex digits that are a frame each, and a pcapng or pcap of TCP or UDP. Of s1, up
    to three frames are shown field by field, and of more what they amount to. What is encrypted is
    opened with the keys that REF names; a key itself never stands on a command line.
    Exit code 0 also for telegrams and frames with problems: they are in the output; 3 when there
    is none at all.
    """
    if interface == "p1":
        from bench.cli.decode_p1 import decode_p1

        secrets = {"--dedicated-key": dedicated_keys, "--system-title": titles}
        _refuse(interface, {"--as": form, "--brief": brief, "--samples": samples, **secrets})
        key = _one("--key", keys)
        check = _one("--authentication-key", authentication_keys)
        return decode_p1(_octets(file), file, profile, key, check, as_json)
    if interface == "wan":
        from bench.cli.decode_wan import (
            decode_wan,
            read_wan_keys,
            show_brief,
            show_json,
            show_tree,
        )

        _refuse(interface, {"--profile": profile, "--samples": samples})
        known = read_wan_keys(keys, authentication_keys, dedicated_keys, titles)
        show = show_json if as_json else show_brief if brief else show_tree
        return decode_wan(_octets(file), file, form, known, show)
    if interface == "s1":
        from bench.cli.decode_s1 import decode_s1

        secrets = {"--dedicated-key": dedicated_keys, "--system-title": titles, "--key": keys}
        secrets["--authentication-key"] = authentication_keys
        _refuse(interface, {"--as": form, "--brief": brief, **secrets})
        return decode_s1(_octets(file), file, profile, samples, as_json)
    raise UsageError(f"cannot decode {interface!r} (there are: p1, s1, wan)")


def _octets(file: str) -> bytes:
    """Return what FILE or standard input holds."""
    try:
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}") from None


def _refuse(interface: str, options: dict[str, object]) -> None:
    """Raise UsageError for an option that this interface has no use for."""
    for name, value in options.items():
        if value:
            raise UsageError(f"{name} means nothing for {interface}; leave it out")


def _one(name: str, values: tuple[str, ...]) -> str | None:
    if len(values) > 1:
        raise UsageError(f"p1 takes one {name}, not {len(values)}")
    return values[0] if values else None
