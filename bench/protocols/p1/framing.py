"""Takes a telegram apart without a profile's objects: lines, header, end mark, CRC (§6.2).

Text is Latin-1 throughout, so that every octet is one character and offsets stay true.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from bench.protocols.crc import crc16_arc


class Finding(NamedTuple):
    """A deviation before a profile gives it its clause; `line` counts from the header, 1."""

    code: str
    offset: int
    length: int
    line: int
    message: str


class Line(NamedTuple):
    """One line: its text, where it starts, and the octets that end it ("" at the very end)."""

    number: int
    offset: int
    text: str
    end: str

    @property
    def after(self) -> int:
        """Offset of the first octet after the line."""
        return self.offset + len(self.text) + len(self.end)


class Crc(NamedTuple):
    """The CRC as `given` after the end mark and as `computed`, in four upper-case digits.

    `ok` is None where the edition has no CRC; a CRC that is missing or not hexadecimal is not ok.
    """

    given: str | None
    computed: str
    ok: bool | None


TEXT_OCTETS = b"\r\n" + bytes(range(0x20, 0x7F))

_LINE = re.compile(r"([^\r\n]*)(\r+\n|\n|\r|$)")
_NO_TEXT = re.compile(r"[^\x20-\x7e\r\n]+")
_END_IN_LINE = re.compile(r"!([0-9A-Fa-f]{0,4})\s*$", re.ASCII)
_FLAG = re.compile(r"[A-Za-z]{3}", re.ASCII)
_HEX = re.compile(r"[0-9A-Fa-f]{1,4}", re.ASCII)


def split_lines(text: str) -> tuple[Line, ...]:
    """Return the lines of a telegram; a last one without line end only if it holds octets."""
    lines = []
    offset = 0
    for number, (content, end) in enumerate(_LINE.findall(text), 1):
        if content or end:
            lines.append(Line(number, offset, content, end))
        offset += len(content) + len(end)
    return tuple(lines)


def line_end_findings(lines: tuple[Line, ...]) -> Iterator[Finding]:
    """Yield every line that does not end with CR LF."""
    for line in lines:
        if line.end != "\r\n":
            named = " ".join({"\r": "CR", "\n": "LF"}[c] for c in line.end) or "nothing"
            at = line.offset + len(line.text)
            message = f"the line ends with {named}, expected CR LF"
            yield Finding("line-end", at, max(len(line.end), 1), line.number, message)


def octet_findings(lines: tuple[Line, ...]) -> Iterator[Finding]:
    """Yield every run of octets that are no `TEXT_OCTETS`."""
    for line in lines:
        for run in _NO_TEXT.finditer(line.text):
            for code, part in _runs(run):
                octets = " ".join(f"{ord(c):02X}" for c in part.text[:8])
                shown = octets + (" ..." if len(part.text) > 8 else "")
                if code == "control" and line.number == 1:
                    code = "identification"
                message = f"octets {shown}: {_WHAT[code]}"
                offset = line.offset + part.start
                yield Finding(code, offset, len(part.text), line.number, message)


_WHAT = {
    "non-ascii": "not 7-bit ASCII, expected 20 to 7E, CR or LF",
    "control": "control character, expected 20 to 7E, CR or LF",
    "handshake": "XON/XOFF handshake, the port sends telegrams only",
    "identification": "control character, expected printable ASCII in the identification",
}


class _Part(NamedTuple):
    start: int
    text: str


def _runs(run: re.Match[str]) -> Iterator[tuple[str, _Part]]:
    """Yield stretches of one kind within a run of octets that are no text."""
    start, kind = run.start(), _kind(run[0][0])
    for position in range(run.start() + 1, run.end() + 1):
        found = _kind(run.string[position]) if position < run.end() else ""
        if found != kind:
            yield kind, _Part(start, run.string[start:position])
            start, kind = position, found


def _kind(character: str) -> str:
    if character >= "\x80":
        return "non-ascii"
    return "handshake" if character in "\x11\x13" else "control"


def header_findings(header: str, baud_digits: str) -> Iterator[Finding]:
    """Yield what is wrong with `/` XXX digit identification; offsets count from the `/`."""
    if _FLAG.match(header) is None:
        message = f"{header[:3]!a} is not a maker's FLAG id of three letters"
        yield Finding("flag-id", 1, min(3, max(len(header), 1)), 1, message)
    elif baud_digits and header[3:4] not in tuple(baud_digits):
        wanted = " or ".join(baud_digits)
        message = f"{header[3:4]!a} after the FLAG id, expected {wanted}"
        yield Finding("baud-digit", 4, 1, 1, message)
    if len(header) <= 4 and header:
        yield Finding("identification-empty", len(header), 1, 1, "the identification is empty")


def end_of(lines: tuple[Line, ...]) -> tuple[int | None, int | None]:
    """Return index of the end line and offset of its `!`; (None, None) if there is none.

    A `!` that is not at a line start ends the telegram only where no other does, and only
    the last one, with nothing but CRC digits after it.
    """
    for index, line in enumerate(lines):
        if index and line.text.startswith("!"):
            return index, line.offset
    for index in range(len(lines) - 1, 0, -1):
        if found := _END_IN_LINE.search(lines[index].text):
            return index, lines[index].offset + found.start()
    return None, None


def read_crc(
    text: str, mark: int | None, tail: str, line: int, expected: bool
) -> tuple[Crc, tuple[Finding, ...]]:
    """Return the CRC and what is wrong with it.

    `mark` is the offset of the `!` and `tail` what its line holds after it; `expected` says
    whether the edition has a CRC. Width and case are judged apart from the value.
    """
    covered = text if mark is None else text[: mark + 1]
    computed = f"{crc16_arc(covered.encode('latin-1')):04X}"
    if mark is None:
        return Crc(None, computed, False if expected else None), ()
    if expected and len(tail) == 4 and tail == computed:
        return Crc(tail, computed, True), ()
    at = mark + 1
    found = _HEX.match(tail)
    digits = found[0] if found else ""
    rest = tail[len(digits) :]
    if not expected:
        return _unexpected(computed, digits, rest, at, line)
    if not tail:
        finding = Finding("crc-missing", at, 1, line, "no CRC after the '!', expected 4 digits")
        return Crc(None, computed, False), (finding,)
    if not digits or (len(digits) < 4 and rest[:1].isalnum()):
        message = f"{tail[:12]!a} is not a CRC of 4 hexadecimal digits"
        return Crc(tail, computed, False), (Finding("crc", at, len(tail), line, message),)
    findings = []
    ok = int(digits, 16) == int(computed, 16)
    if not ok:
        message = f"CRC {digits} does not fit the telegram, computed {computed}"
        findings.append(Finding("crc", at, len(digits), line, message))
    if len(digits) < 4:
        message = f"the CRC {digits} has {len(digits)} digits, expected 4"
        findings.append(Finding("crc-width", at, len(digits), line, message))
    if digits != digits.upper():
        message = f"the CRC {digits} has lower-case digits"
        findings.append(Finding("crc-case", at, len(digits), line, message))
    if rest:
        findings.append(_after(rest, at + len(digits), line))
    return Crc(digits, computed, ok), tuple(findings)


def _unexpected(
    computed: str, digits: str, rest: str, at: int, line: int
) -> tuple[Crc, tuple[Finding, ...]]:
    findings = []
    if digits:
        message = f"{digits} after the '!', this edition has no CRC"
        findings.append(Finding("crc-unexpected", at, len(digits), line, message))
    if rest:
        findings.append(_after(rest, at + len(digits), line))
    return Crc(digits or None, computed, None), tuple(findings)


def _after(rest: str, at: int, line: int) -> Finding:
    message = f"{rest[:20]!a} between the end mark or CRC and the line end"
    return Finding("after-end", at, len(rest), line, message)
