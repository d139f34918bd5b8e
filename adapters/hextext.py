"""Reads octets that a person wrote or dumped as hex; a wrong place is named by line and column.

Three layouts: plain digits with blanks wherever they please (`xxd -p`, copied from a log), the
lines of `xxd`, and the lines of `hexdump -C`. Lines that start with `#` are remarks.
"""

import re
from collections.abc import Iterator

from bench.core.errors import UsageError

_XXD = re.compile(r"(?P<offset>[0-9A-Fa-f]{4,}):(?P<digits>(?: [0-9A-Fa-f]+)+)(?:  .*)?")
_HEXDUMP = re.compile(
    r"(?P<offset>[0-9A-Fa-f]{7,})(?P<digits>(?: {1,2}[0-9A-Fa-f]{2})*)(?:\s+\|.*\|?)?\s*"
)
_PLAIN = re.compile(r"\s*[0-9A-Fa-f]{2}(?:\s*[0-9A-Fa-f])*\s*")
_WORD = re.compile(r"\S+")
_NO_DIGIT = re.compile(r"[^0-9A-Fa-f]")


def looks_like_hex(octets: bytes) -> bool:
    """Say whether `octets` are text whose first line holds hex digits in one of the layouts."""
    try:
        text = octets.decode("ascii")
    except UnicodeDecodeError:
        return False
    first = next(_lines(text), None)
    return first is not None and _layout(first[1]) is not None


def parse_hex(text: str, source: str = "hex text") -> bytes:
    """Return the octets that `text` spells out.

    Raises UsageError that names `source`, line and column of the first wrong digit.
    """
    first = next(_lines(text), None)
    layout = None if first is None else _layout(first[1])
    if layout is None or layout is _PLAIN:
        return b"".join(_plain(number, line, source) for number, line in _lines(text))
    return _dump(text, layout, source)


def parse_hex_lines(text: str, source: str = "hex text") -> tuple[bytes, ...]:
    """Return the octets of each line of plain digits, those of a dump with offsets as one.

    Raises UsageError as `parse_hex` does.
    """
    first = next(_lines(text), None)
    if first is not None and _layout(first[1]) in (_XXD, _HEXDUMP):
        return (parse_hex(text, source),)
    return tuple(_plain(number, line, source) for number, line in _lines(text))


def _layout(line: str) -> re.Pattern[str] | None:
    """Return the layout that `line` shows, None when it is no hex at all."""
    if _XXD.fullmatch(line):
        return _XXD
    dump = _HEXDUMP.fullmatch(line)
    if dump is not None and (dump["digits"].startswith("  ") or "|" in line):
        return _HEXDUMP
    return _PLAIN if _PLAIN.fullmatch(line) else None


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines that hold something, with their numbers from 1."""
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip() and not line.startswith("#"):
            yield number, line


def _plain(number: int, line: str, source: str) -> bytes:
    parts = []
    for word in _WORD.finditer(line):
        wrong = _NO_DIGIT.search(word[0])
        if wrong is not None:
            column = word.start() + wrong.start() + 1
            raise UsageError(
                f"{source}, line {number}, column {column}: {wrong[0]!r} is no hex digit"
            )
        if len(word[0]) % 2:
            raise UsageError(
                f"{source}, line {number}, column {word.end()}: odd hex digit: {word[0][-8:]!r} "
                "ends in half an octet; write two digits for each"
            )
        parts.append(bytes.fromhex(word[0]))
    return b"".join(parts)


def _dump(text: str, layout: re.Pattern[str], source: str) -> bytes:
    """Return the octets of a dump with offsets; `*` stands for repetitions of the line before."""
    octets = bytearray()
    base: int | None = None
    row = b""
    repeated = False
    for number, line in _lines(text):
        if line.strip() == "*":
            repeated = True
            continue
        found = layout.fullmatch(line)
        if found is None:
            raise UsageError(
                f"{source}, line {number}, column 1: not a line of the dump: "
                "an offset and pairs of hex digits are expected"
            )
        offset = int(found["offset"], 16)
        base = offset if base is None else base
        while repeated and row and base + len(octets) < offset:
            octets += row
        repeated = False
        if base + len(octets) != offset:
            raise UsageError(
                f"{source}, line {number}, column 1: the offset is {offset:#x} where "
                f"{base + len(octets):#x} is expected: a line is missing or was changed"
            )
        # blanks in front keep the columns of the line
        row = _plain(number, " " * found.start("digits") + found["digits"], source)
        octets += row
    return bytes(octets)
