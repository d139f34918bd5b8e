"""The COSEM data types that hold no other data: one codec for each tag (IEC 62056-6-2 §4.1.5)."""

import struct
from typing import Any

from bench.core.errors import UsageError
from bench.protocols.dlms.axdr import Boolean, Codec, Octets, Signed, Unsigned
from bench.protocols.dlms.data_types import DataType
from bench.protocols.dlms.date_time import Date, DateTime, Time
from bench.protocols.dlms.reader import Reader
from bench.protocols.dlms.writer import Writer


class Null(Codec[None]):
    """No octet at all."""

    __slots__ = ()

    def read(self, reader: Reader) -> None:  # noqa: ARG002
        """Return None."""
        return

    def write(self, writer: Writer, value: None) -> None:  # noqa: ARG002
        """Write nothing."""
        if value is not None:
            raise UsageError(f"null-data has no value, not {value!r}")


class BitString(Codec[str]):
    """A number of bits, then the bits, the first one most significant."""

    __slots__ = ()

    def read(self, reader: Reader) -> str:
        """Return the bits; unused bits that are set are the problem `padding`."""
        start = reader.at
        count = reader.length()
        size = (count + 7) // 8
        if size > reader.left:
            message = f"a bit-string of {count} bits, but {reader.left} octets are left"
            raise reader.lose("length", message, start)
        octets = reader.take(size)
        text = f"{int.from_bytes(octets, 'big'):0{8 * size}b}" if size else ""
        if "1" in text[count:]:
            reader.problem("padding", "unused bits of a bit-string are set", reader.at - 1)
        return text[:count]

    def write(self, writer: Writer, value: str) -> None:
        """Write the number of bits and the bits."""
        if set(value) - {"0", "1"}:
            raise UsageError(f"a bit-string is made of 0 and 1, not {value!r}")
        writer.length(len(value))
        size = (len(value) + 7) // 8
        writer.octets += int(value.ljust(8 * size, "0") or "0", 2).to_bytes(size, "big")


class Text(Codec[str]):
    """Text with its length; octets that are none of it are the problem `text`."""

    __slots__ = ("encoding",)

    def __init__(self, encoding: str) -> None:
        self.encoding = encoding

    def read(self, reader: Reader) -> str:
        """Return the text; what is no text stands as surrogates, so that it can be written back."""
        start = reader.at
        octets = reader.content()
        text = octets.decode(self.encoding, "surrogateescape")
        at = start + (reader.at - start - len(octets))
        if self.encoding == "ascii" and not text.isprintable():
            wrong = next(i for i, octet in enumerate(octets) if not 0x20 <= octet <= 0x7E)
            message = f"octet {octets[wrong]:02X} is no visible character"
            reader.problem("text", message, at + wrong)
        elif self.encoding == "utf-8":
            try:
                octets.decode("utf-8")
            except UnicodeDecodeError as error:
                message = f"not UTF-8: {error.reason}"
                reader.problem("text", message, at + error.start, error.end - error.start)
        return text

    def write(self, writer: Writer, value: str) -> None:
        """Write length and text."""
        try:
            writer.content(value.encode(self.encoding, "surrogateescape"))
        except UnicodeEncodeError as error:
            raise UsageError(f"{value!r} is not {self.encoding} text: {error.reason}") from None


class Float(Codec[float]):
    """An IEEE 754 number."""

    __slots__ = ("layout",)

    def __init__(self, layout: str) -> None:
        self.layout = struct.Struct(layout)

    def read(self, reader: Reader) -> float:
        """Return the number."""
        value: float = self.layout.unpack(reader.take(self.layout.size))[0]
        return value

    def write(self, writer: Writer, value: float) -> None:
        """Write the number; UsageError if it is too large."""
        try:
            writer.octets += self.layout.pack(value)
        except (OverflowError, struct.error) as error:
            raise UsageError(f"{value!r} has no encoding: {error}") from None


class Moment(Codec["Date | Time | DateTime"]):
    """A date, a time or both, without length; what no calendar has is the problem `date-time`."""

    __slots__ = ("kind", "size")

    def __init__(self, kind: type[Date] | type[Time] | type[DateTime], size: int) -> None:
        self.kind = kind
        self.size = size

    def read(self, reader: Reader) -> Date | Time | DateTime:
        """Return the date or time with its open fields."""
        start = reader.at
        value = self.kind.of(reader.take(self.size))
        for fault in value.faults():
            reader.problem(fault.code, fault.message, start + fault.offset)
        return value

    def write(self, writer: Writer, value: Date | Time | DateTime) -> None:
        """Write the octets."""
        if not isinstance(value, self.kind):
            raise UsageError(f"{value!r} is no {self.kind.__name__}")
        writer.octets += value.encode()


SCALARS: dict[int, Codec[Any]] = {
    DataType.NULL_DATA: Null(),
    DataType.BOOLEAN: Boolean(),
    DataType.BIT_STRING: BitString(),
    DataType.DOUBLE_LONG: Signed(4),
    DataType.DOUBLE_LONG_UNSIGNED: Unsigned(4),
    DataType.OCTET_STRING: Octets(),
    DataType.VISIBLE_STRING: Text("ascii"),
    DataType.UTF8_STRING: Text("utf-8"),
    DataType.BCD: Signed(1),
    DataType.INTEGER: Signed(1),
    DataType.LONG: Signed(2),
    DataType.UNSIGNED: Unsigned(1),
    DataType.LONG_UNSIGNED: Unsigned(2),
    DataType.LONG64: Signed(8),
    DataType.LONG64_UNSIGNED: Unsigned(8),
    DataType.ENUM: Unsigned(1),
    DataType.FLOAT32: Float(">f"),
    DataType.FLOAT64: Float(">d"),
    DataType.DATE_TIME: Moment(DateTime, 12),
    DataType.DATE: Moment(Date, 5),
    DataType.TIME: Moment(Time, 4),
    DataType.DELTA_INTEGER: Signed(1),
    DataType.DELTA_LONG: Signed(2),
    DataType.DELTA_DOUBLE_LONG: Signed(4),
    DataType.DELTA_UNSIGNED: Unsigned(1),
    DataType.DELTA_LONG_UNSIGNED: Unsigned(2),
    DataType.DELTA_DOUBLE_LONG_UNSIGNED: Unsigned(4),
    DataType.DONT_CARE: Null(),
}
"""The codec of each type but array, structure and compact-array; the tag is read before."""
