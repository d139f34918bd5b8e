"""The full way through a telegram: every line is looked at, every deviation gets one problem."""

import re
from collections.abc import Iterable, Sequence

from bench.core.trace import Problem
from bench.protocols.p1.framing import (
    TEXT_OCTETS,
    Finding,
    Line,
    end_of,
    header_findings,
    line_end_findings,
    octet_findings,
    read_crc,
    split_lines,
)
from bench.protocols.p1.objects import ObjectFormat, Shape
from bench.protocols.p1.profile import Profile
from bench.protocols.p1.telegram import DataLine, FromLines, Telegram

_PART = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[0-9]{1,2})"
_CODE = rf"{_PART}-{_PART}:{_PART}\.{_PART}\.{_PART}"
_DATA = re.compile(rf"({_CODE})((?:\([^()!]*\))+)", re.ASCII)
_OBIS = re.compile(rf"{_CODE}(?=[(*])", re.ASCII)
_OBIS_F = re.compile(rf"\*{_PART}(?=\()", re.ASCII)
_GROUPS = re.compile(r"(?:\([^()]*\))+")
_DEVICE_TYPE = ":24.1.0"
_VERSION_OBJECTS = frozenset({"1-3:0.2.8", "0-0:96.1.4"})


def decode(octets: bytes, profile: Profile | None) -> Telegram:
    """Return the decoded telegram; see `decode_telegram`."""
    return _Decoder(octets, profile).telegram()


class _Decoder:
    """One pass over one telegram; collects findings as it goes."""

    def __init__(self, octets: bytes, profile: Profile | None) -> None:
        self.octets = octets
        self.profile = profile
        self.findings: list[tuple[Finding, ObjectFormat | None]] = []
        self.data: list[DataLine] = []
        self.types: dict[str, int] = {}  # M-Bus device type by channel, "0-1" to "0-4"

    def add(self, findings: Iterable[Finding], found: ObjectFormat | None = None) -> None:
        self.findings += ((finding, found) for finding in findings)

    def telegram(self) -> Telegram:
        text = self.octets.decode("latin-1")
        start = self._start(text)
        lines = split_lines(text)
        if self.octets.translate(None, TEXT_OCTETS):
            self.add(octet_findings(lines))
        spoilt = {finding.line for finding, _ in self.findings if finding.code != "start"}
        self.add(line_end_findings(lines))
        header = self._header(lines, start)
        end, mark = end_of(lines)
        body = lines[1:end] if end is not None else lines[1:]
        self._body(body, spoilt)
        tail, number = "", len(lines)
        if end is None or mark is None:
            at = len(text)
            self.add([Finding("end-mark", at, 1, number, "no '!' at the start of a line")])
        else:
            line = lines[end]
            tail, number = line.text[mark - line.offset + 1 :], line.number
            if mark != line.offset:
                message = "the end mark '!' is not at the start of a line"
                self.add([Finding("end-mark", mark, 1, number, message)])
                before = line.text[: mark - line.offset]
                if before.strip():
                    self._body((Line(number, line.offset, before, ""),), spoilt)
            if line.after < len(text):
                message = "octets after the line of the end mark"
                extra = len(text) - line.after
                self.add([Finding("after-end", line.after, extra, number + 1, message)])
        covered = None if mark is None else mark - start
        crc, findings = read_crc(text[start:], covered, tail, number, self._crc(tail))
        if number not in spoilt:
            self.add(f._replace(offset=f.offset + start) for f in findings)
        content = FromLines(tuple(self.data))
        problems = sorted((self._problem(f, found) for f, found in self.findings), key=_position)
        return Telegram(self.octets, header, crc, tuple(problems), self.profile, content)

    def _start(self, text: str) -> int:
        """Return the offset of the `/`, 0 if there is none."""
        if text.startswith("/"):
            return 0
        first_line = text.split("\n", 1)[0]
        start = max(first_line.find("/"), 0)
        message = f"{text[: start or 8]!a} before the '/' that starts a telegram"
        self.add([Finding("start", 0, max(start, 1), 1, message)])
        return start

    def _header(self, lines: Sequence[Line], start: int) -> str:
        if not lines or lines[0].text[start : start + 1] != "/":
            return ""
        header = lines[0].text[start + 1 :]
        digits = self.profile.baud_digits if self.profile else ""
        found = header_findings(header, digits)
        self.add(f._replace(offset=f.offset + start) for f in found)
        return header

    def _crc(self, tail: str) -> bool:
        """Whether a CRC is expected: the profile says it, or digits or a version object do."""
        if self.profile is not None:
            return self.profile.has_crc
        return tail != "" or any(line.obis in _VERSION_OBJECTS for line in self.data)

    def _body(self, lines: Sequence[Line], spoilt: set[int]) -> None:
        seen = {line.obis for line in self.data}
        for line in lines:
            if line.number == 2:
                if line.text.strip():
                    if self.profile is None or self.profile.blank_line:
                        message = "no empty line after the header"
                        self.add([Finding("blank-line", line.offset, 1, 2, message)])
                else:
                    if line.text:
                        message = "the line after the header holds blanks, expected an empty line"
                        self.add([Finding("blank-line", line.offset, len(line.text), 2, message)])
                    continue
            elif not line.text.strip() and not (line.text and line.number in spoilt):
                message = "an empty line, expected exactly one, after the header"
                length = max(len(line.text) + len(line.end), 1)
                self.add([Finding("blank-line", line.offset, length, line.number, message)])
                continue
            data = self._data_line(line, line.number in spoilt)
            if data is None:
                continue
            if data.well_formed and data.obis is not None:
                if data.obis in seen:
                    message = f"{data.obis} is in the telegram more than once"
                    finding = Finding("duplicate", data.offset, data.length, data.line, message)
                    self.add([finding], data.format)
                seen.add(data.obis)
            self.data.append(data)

    def _data_line(self, line: Line, spoilt: bool) -> DataLine | None:
        """Return the line as data, or None if it continues the object before."""
        text, offset, number = line.text, line.offset, line.number
        if not spoilt and (whole := _DATA.fullmatch(text)):
            return self._judged(whole[1], whole[2], offset + whole.end(1), line)
        if text.startswith("(") and self._continues() and _GROUPS.fullmatch(text):
            self._join(line)
            return None
        found = _OBIS.match(text)
        obis, after = (found[0], found.end()) if found else (None, 0)
        if found and (suffix := _OBIS_F.match(text, after)) and self._allows_f():
            after = suffix.end()
        rest = text[after:]
        if "!" in text:
            at = text.index("!")
            message = "a '!' inside a data line, it ends a telegram"
            self.add([Finding("end-mark", offset + at, 1, number, message)])
        elif spoilt:
            pass
        elif found is None or _GROUPS.fullmatch(rest) is None:
            message = _grammar(text, found is not None, rest)
            self.add([Finding("grammar", offset, max(len(text), 1), number, message)])
        else:
            return self._judged(found[0], rest, offset + after, line)
        groups: tuple[str, ...] = ()
        return DataLine(obis, groups, (), offset, len(text), number, well_formed=False)

    def _continues(self) -> bool:
        allowed = self.profile is None or self.profile.continuation
        return allowed and bool(self.data) and self.data[-1].well_formed

    def _allows_f(self) -> bool:
        return self.profile is None or self.profile.value_group_f

    def _join(self, line: Line) -> None:
        """Put a DSMR 3.0 value line to the object before it, and judge both together."""
        before = self.data.pop()
        groups, offsets = _split(line.text, line.offset)
        joined = before._replace(
            groups=before.groups + groups,
            offsets=before.offsets + offsets,
            length=line.offset + len(line.text) - before.offset,
        )
        if before.format is not None:
            self.findings = [
                (f, found)
                for f, found in self.findings
                if f.line != before.line or f.code == "duplicate"
            ]
            shape = self._shape(joined, before.format)
            joined = joined._replace(shape=shape)
        self.data.append(joined)

    def _judged(self, obis: str, rest: str, at: int, line: Line) -> DataLine:
        """Return a well-formed line whose groups start at `at`, judged by the profile."""
        groups, offsets = _split(rest, at)
        number, offset, length = line.number, line.offset, len(line.text)
        known = None if self.profile is None else self.profile.find(obis)
        if known is None:
            if self.profile is not None:
                message = f"{obis} is no object of {self.profile.title}"
                self.add([Finding("unknown-object", offset, length, number, message)])
            return DataLine(obis, groups, offsets, offset, length, number)
        if known.by_type:
            channel = obis.partition(":")[0]
            known = known.by_type.get(self.types.get(channel, -1), known)
        shape = known.match(rest, groups)
        data = DataLine(obis, groups, offsets, offset, length, number, True, known, shape)
        if shape is None:
            self._diagnose(data, known)
        elif obis.endswith(_DEVICE_TYPE):
            self.types[obis.partition(":")[0]] = int(groups[0])
        return data

    def _shape(self, data: DataLine, known: ObjectFormat) -> Shape | None:
        shape = known.match("".join(f"({group})" for group in data.groups), data.groups)
        if shape is None:
            self._diagnose(data, known)
        return shape

    def _diagnose(self, data: DataLine, known: ObjectFormat) -> None:
        """Say why the groups of an object have none of its shapes."""
        for group, fault in known.diagnose(data.groups):
            if group < 0:
                at, length = data.offset, data.length
            else:
                at, length = data.offsets[group], max(len(data.groups[group]), 1)
            message = f"{data.obis} ({known.meaning}): {fault.message}"
            self.add([Finding(fault.code, at, length, data.line, message)], known)

    def _problem(self, finding: Finding, found: ObjectFormat | None) -> Problem:
        code, offset, length, line, message = finding
        clause = "" if self.profile is None else self.profile.clause(code, found)
        return Problem(offset, message, code, clause, line, length)


def _position(problem: Problem) -> tuple[int, str]:
    return problem.offset, problem.code


def _split(text: str, offset: int) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Return the groups of "(a)(b)" and the offsets of their texts."""
    groups = tuple(text[1:-1].split(")("))
    if len(groups) == 1:
        return groups, (offset + 1,)
    offsets = []
    at = offset + 1
    for group in groups:
        offsets.append(at)
        at += len(group) + 2
    return groups, tuple(offsets)


def _grammar(text: str, has_obis: bool, rest: str) -> str:
    shown = ascii(text if len(text) <= 60 else text[:57] + "...")
    if not has_obis:
        return f"{shown} does not start with an OBIS code A-B:C.D.E and '('"
    if rest.startswith("*"):
        return f"{shown} has a value group F after the OBIS code, expected '('"
    if rest.count("(") != rest.count(")"):
        return f"{shown} has a bracket without its counterpart"
    return f"{shown} is not an OBIS code followed by groups in brackets and nothing else"
