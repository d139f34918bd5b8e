"""Annotates the octets of a telegram for reports: what stands where, and what is wrong there."""

from bench.core.trace import Field
from bench.protocols.annotation import with_problems
from bench.protocols.p1.framing import Line, end_of, split_lines
from bench.protocols.p1.telegram import DataLine, Telegram


def annotate(telegram: Telegram) -> tuple[Field, ...]:
    """Return the fields of a telegram in the order of their octets.

    A field for each line covers all octets of the line; it is followed by fields for its
    groups. Each problem stands at the smallest field that holds its first octet.
    """
    lines = split_lines(telegram.octets.decode("latin-1"))
    end, mark = end_of(lines)
    data = {line.line: line for line in telegram.lines}
    fields: list[Field] = []
    for index, line in enumerate(lines):
        length = line.after - line.offset
        if index == 0:
            fields.append(Field("header", line.offset, length, line.text))
            fields += _header_parts(line)
        elif index == end and mark is not None:
            at = mark - line.offset
            if at:
                fields.append(Field(f"line {line.number}", line.offset, at, line.text[:at]))
            fields.append(Field("end mark", mark, 1, "!"))
            fields.append(Field("CRC", mark + 1, length - at - 1, line.text[at + 1 :]))
        elif line.number in data:
            fields += _object(line, data[line.number])
        elif not line.text:
            fields.append(Field("empty line", line.offset, length, ""))
        else:
            fields.append(Field(f"line {line.number}", line.offset, length, line.text))
    fields.sort(key=lambda field: (field.offset, -field.length))
    return with_problems(fields, telegram.problems)


def _header_parts(line: Line) -> list[Field]:
    if not line.text.startswith("/") or len(line.text) < 5:
        return []
    at = line.offset
    return [
        Field("header/FLAG id", at + 1, 3, line.text[1:4]),
        Field("header/baud digit", at + 4, 1, line.text[4]),
        Field("header/identification", at + 5, len(line.text) - 5, line.text[5:]),
    ]


def _object(line: Line, data: DataLine) -> list[Field]:
    path = data.obis or f"line {line.number}"
    meaning = data.format.meaning if data.format else line.text
    fields = [Field(path, line.offset, line.after - line.offset, meaning)]
    for number, value in enumerate(data.values(), 1):
        text = f"{value.value} {value.unit}".rstrip()
        fields.append(Field(f"{path}/{number}", value.offset, len(value.text), text))
    return fields
