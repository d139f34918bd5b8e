"""What `meterbench decode` does with encrypted P1 frames: describes them, opens them with a key."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from bench.cli.references import read_reference
from bench.core.errors import UsageError

if TYPE_CHECKING:
    from bench.engine.secrets import Secret
    from bench.protocols.p1.ciphering import CipheredFrame


@dataclass(frozen=True, slots=True)
class DecodeKeys:
    """The keys that a command line names; no encryption key, no plain text."""

    encryption: "Secret | None" = None
    authentication: "Secret | None" = None


@dataclass(frozen=True, slots=True)
class OpenedFrame:
    """A frame, the text in it (none while it is closed), and what its tag says."""

    frame: "CipheredFrame"
    text: bytes
    tag: str

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        frame = self.frame
        return {
            "system_title": frame.title.hex().upper(),
            "security": None if frame.security is None else f"{frame.security:02X}",
            "frame_counter": frame.counter,
            "tag": self.tag,
            "problems": [
                {"offset": p.offset, "message": p.message, "clause": p.clause}
                for p in frame.problems
            ],
        }


def read_keys(key: str | None, authentication_key: str | None) -> DecodeKeys:
    """Return the keys that references on the command line name.

    Raises UsageError for a key itself: the command line ends up in the shell's history.
    """
    if authentication_key is not None and key is None:
        raise UsageError("--authentication-key opens nothing by itself; add --key env:NAME")
    return DecodeKeys(_read("--key", key), _read("--authentication-key", authentication_key))


def _read(option: str, reference: str | None) -> "Secret | None":
    return None if reference is None else read_reference(option, reference)


def opened_frames(octets: bytes, keys: DecodeKeys) -> Iterator[OpenedFrame | bytes]:
    """Yield each frame opened, and the octets of each telegram in clear, in their order."""
    from bench.core.trace import Chunk
    from bench.protocols.p1.ciphering import decode_frame
    from bench.protocols.p1.frame_splitter import FrameOctets, FrameSplitter, TelegramOctets

    splitter = FrameSplitter()
    for piece in [*splitter.feed(Chunk(0, octets)), *splitter.flush()]:
        if isinstance(piece, FrameOctets):
            yield _opened(decode_frame(piece.octets), keys)
        elif isinstance(piece, TelegramOctets):
            yield piece.octets


def _opened(frame: "CipheredFrame", keys: DecodeKeys) -> OpenedFrame:
    from bench.protocols.p1.ciphering import PUBLISHED_AUTHENTICATION_KEY, open_frame

    if keys.encryption is None:
        return OpenedFrame(frame, b"" if frame.encrypted else frame.body, "not checked")
    authentication = PUBLISHED_AUTHENTICATION_KEY
    if keys.authentication is not None:
        authentication = keys.authentication.reveal()
    opened = open_frame(frame, keys.encryption.reveal(), authentication)
    if opened is None:
        return OpenedFrame(frame, b"", "not checked")
    tag = {True: "good", False: "wrong", None: "absent"}[opened.authentic]
    # under a wrong key the plain text is noise: only what could be a telegram is shown
    return OpenedFrame(frame, opened.plaintext if b"/" in opened.plaintext[:1] else b"", tag)


def show_frame(opened: OpenedFrame, number: int) -> None:
    """Print a frame: header, tag, what is wrong with it."""
    frame = opened.frame
    title = frame.title.hex(" ").upper() or "none"
    counter = "none" if frame.counter is None else f"{frame.counter}"
    click.echo(f"frame {number}   system title {title}   frame counter {counter}")
    words = {"good": ("good", "green"), "wrong": ("WRONG", "red")}
    word, colour = words.get(opened.tag, (opened.tag, None))
    note = ""
    if opened.tag == "wrong":
        note = (
            "   the text can be read: the key is right, the authentication key is another"
            if opened.text
            else "   and no telegram comes out: is it the key of this meter?"
        )
    click.echo(f"  tag {click.style(word, fg=colour)}{note}")
    for problem in frame.problems:
        text = f"  must   octet {problem.offset}: {problem.message} [{problem.clause}]"
        click.secho(text, fg="red")
