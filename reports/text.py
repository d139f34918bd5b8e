"""Words and characters of a report: nothing from a device stays invisible or acts on the reader."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

_INSTANT = re.compile(r"\b(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?(?:Z|\+00:00)")
_C0 = 0x2400
_DELETE = "\u2421"


def visible(text: str) -> str:
    """Return `text` with every character shown that has no picture of its own.

    Control characters become their control pictures (`␍`, `␊`); others that do not print, such as
    direction marks, zero-width characters, lone surrogates and odd spaces, become `⟨U+202E⟩`. What
    comes out can neither reorder the text around it nor break XML 1.0.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else _picture(c) for c in text)


def _picture(character: str) -> str:
    code = ord(character)
    if code < 0x20:
        return chr(_C0 + code)
    if code == 0x7F:
        return _DELETE
    return f"⟨U+{code:04X}⟩"


def visible_lines(text: str) -> list[str]:
    """Return the lines of a text that people wrote, each made visible."""
    return [visible(line.replace("\t", "    ")) for line in text.splitlines()]


def printable(octet: int) -> str:
    """Return the character of an octet in an ASCII column, `·` where it has none."""
    return chr(octet) if 0x20 <= octet < 0x7F else "·"


def at(epoch_ns: int, instant_ns: int) -> str:
    """Return an instant of a link's clock as UTC, ISO 8601 with milliseconds; "" if impossible."""
    microseconds = (epoch_ns + instant_ns) // 1000
    try:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
    except OverflowError:
        return ""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def seconds(nanoseconds: int) -> str:
    """Return a duration in seconds with the digits that a reader can use."""
    return f"{nanoseconds / 1e9:.3f} s"


def readable_times(text: str) -> str:
    """Return `text` with its ISO 8601 instants in UTC as people read them, to the second."""
    return _INSTANT.sub(r"\1 \2 UTC", text)


def as_text(value: Any) -> str:
    """Return a scalar of a declaration as it reads in a table; "" for nothing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


REASONS = {
    "EMPTY": "the case ran no check",
    "PRE": "the state that the case needs could not be reached",
    "SILENT": "no answer came, and no clause sets a time limit for it",
    "SHORT": "the device was observed for less time than the case needs",
    "GUARD": "the limit lies inside the measurement uncertainty",
    "UNSTABLE": "repeated attempts gave different verdicts",
    "IXIT": "the declaration lacks a value that the case needs",
    "BUDGET": "the time allowed for the case ended first",
    "SURVIVAL": "the device no longer answered a known-good exchange afterwards",
    "OVERRUN": "the host lost octets: it did not read fast enough",
    "LINE": "octets arrived, but nothing that this interface could be",
    "ADAPTER": "the adapter between bench and device failed",
    "BENCH": "a defect of the bench",
    "INTERRUPTED": "the bench was stopped while the case ran",
}
"""Reason codes (bench.core.verdict.Reason) in a reader's words."""

RULES = {
    "guard-band-2way": (
        "Guard band on both sides: a measured value passes only if value plus uncertainty lies "
        "inside the limit, fails only if value minus uncertainty lies outside, and is otherwise "
        "inconclusive (ISO/IEC Guide 98-4). U is the expanded uncertainty."
    ),
}
"""Decision rules in words (ISO/IEC 17025 §7.8.6)."""
