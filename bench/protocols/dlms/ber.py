"""The BER building blocks of ACSE APDUs (ITU-T X.690): tags, object identifiers, bit strings."""

from typing import TypeVar

from bench.core.errors import UsageError
from bench.protocols.dlms.axdr import Codec, hexadecimal
from bench.protocols.dlms.reader import Reader
from bench.protocols.dlms.writer import Writer, encode_length

T = TypeVar("T")


def encode_tlv(tag: int, content: bytes, length_octets: int = 0) -> bytes:
    """Return tag, length and content; `length_octets` forces a longer form of the length."""
    return bytes((tag,)) + encode_length(len(content), length_octets) + content


def enclosed(reader: Reader) -> int:
    """Read a length and return where what it encloses ends; lost if that is beyond the end."""
    start = reader.at
    length = reader.length()
    if length > reader.left:
        raise reader.lose("length", f"length {length}, but {reader.left} octets are left", start)
    return reader.at + length


def within(reader: Reader, end: int, codec: Codec[T]) -> T:
    """Read what ends at `end`; octets left in it are the problem `trailing`.

    The position is `end` afterwards even if the reading is lost.
    """
    outer, reader.end = reader.end, end
    try:
        value = codec.read(reader)
        reader.finish()
        return value
    finally:
        reader.at, reader.end = end, outer


def inside(reader: Reader, codec: Codec[T]) -> T:
    """Read a length and what it encloses, all of it."""
    return within(reader, enclosed(reader), codec)


class Tagged(Codec[T]):
    """A tag, a length and a content; another tag is the problem `tag`."""

    __slots__ = ("content", "tag")

    def __init__(self, tag: int, content: Codec[T]) -> None:
        self.tag = tag
        self.content = content

    def read(self, reader: Reader) -> T:
        """Return what the content holds."""
        start, name = reader.at, reader.name
        tag = reader.u8()
        if tag != self.tag:
            raise reader.lose("tag", f"{name} has the tag {tag:02X}, not {self.tag:02X}", start)
        return inside(reader, self.content)

    def write(self, writer: Writer, value: T) -> None:
        """Write tag, length and content."""
        inner = Writer(writer.length_octets)
        inner.put(self.content, value)
        writer.octets.append(self.tag)
        writer.content(bytes(inner.octets))

    def show(self, value: T) -> str:
        """Return the content for people."""
        return self.content.show(value)


class BerInteger(Codec[int]):
    """The content of an INTEGER; octets that add nothing are the problem `integer-form`."""

    __slots__ = ()

    def read(self, reader: Reader) -> int:
        """Return the number; none of more than eight octets."""
        start = reader.at
        if not 1 <= reader.left <= 8:
            message = f"an integer of {reader.left} octets, expected 1 to 8"
            raise reader.lose("size", message, start)
        octets = reader.take(reader.left)
        value = int.from_bytes(octets, "big", signed=True)
        if len(octets) > (_width(value)):
            message = f"{value} is written with {len(octets)} octets, more than needed"
            reader.problem("integer-form", message, start, len(octets))
        return value

    def write(self, writer: Writer, value: int) -> None:
        """Write as few octets as the number needs."""
        writer.integer(value, _width(value), signed=True)


def _width(value: int) -> int:
    return (value + (value < 0)).bit_length() // 8 + 1


class BerEnumerated(Codec[int]):
    """The content of an INTEGER that names a state; a number without name is the problem `enum`."""

    __slots__ = ("names",)

    def __init__(self, names: dict[int, str]) -> None:
        self.names = names

    def read(self, reader: Reader) -> int:
        """Return the number."""
        start = reader.at
        value = BerInteger().read(reader)
        if value not in self.names:
            known = ", ".join(map(str, self.names))
            reader.problem("enum", f"{value} is none of {known}", start, reader.at - start)
        return value

    def write(self, writer: Writer, value: int) -> None:
        """Write the number, whether it has a name or not."""
        BerInteger().write(writer, value)

    def show(self, value: int) -> str:
        """Return the number with its name."""
        return f"{self.names[value]} ({value})" if value in self.names else str(value)


class BerBits(Codec[str]):
    """The content of a BIT STRING, as text of 0 and 1, the first bit first."""

    __slots__ = ()

    def read(self, reader: Reader) -> str:
        """Return the bits; unused bits that are set are the problem `padding`."""
        start = reader.at
        unused = reader.u8()
        octets = reader.take(reader.left)
        if unused > 7 or (unused and not octets):
            message = f"{unused} unused bits in {len(octets)} octets"
            raise reader.lose("size", message, start)
        text = "".join(f"{octet:08b}" for octet in octets)
        if unused and "1" in text[-unused:]:
            reader.problem("padding", "unused bits of a bit string are set", reader.at - 1)
        return text[: len(text) - unused]

    def write(self, writer: Writer, value: str) -> None:
        """Write the number of unused bits and the bits."""
        if set(value) - {"0", "1"}:
            raise UsageError(f"a bit string is made of 0 and 1, not {value!r}")
        size = (len(value) + 7) // 8
        writer.octets.append(8 * size - len(value))
        writer.octets += int(value.ljust(8 * size, "0") or "0", 2).to_bytes(size, "big")


class ObjectIdentifier(Codec[str]):
    """The content of an OBJECT IDENTIFIER, in dotted notation."""

    __slots__ = ()

    def read(self, reader: Reader) -> str:
        """Return the arcs; one that does not end, or starts with 80, is the problem `oid`."""
        start = reader.at
        octets = reader.take(reader.left)
        if not octets or octets[-1] & 0x80 or len(octets) > 32:
            message = f"{hexadecimal(octets)} is no object identifier"
            raise reader.lose("oid", message, start)
        arcs = [0]
        for index, octet in enumerate(octets):
            if octet == 0x80 and arcs[-1] == 0 and (not index or octets[index - 1] < 0x80):
                reader.problem("oid", "an arc that starts with 80", start + index)
            arcs[-1] = arcs[-1] << 7 | octet & 0x7F
            if octet < 0x80:
                arcs.append(0)
        first = min(arcs[0] // 40, 2)
        return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:-1])))

    def write(self, writer: Writer, value: str) -> None:
        """Write the arcs; UsageError if the notation names no object."""
        parts = value.split(".")
        if len(parts) < 2 or not all(part.isascii() and part.isdigit() for part in parts):
            raise UsageError(f"{value!r} is no object identifier; write it as 2.16.756.5.8.1.1")
        first, second, *rest = map(int, parts)
        if first > 2 or (first < 2 and second > 39):
            raise UsageError(f"{value!r} is no object identifier: its first arcs cannot be")
        for arc in (40 * first + second, *rest):
            groups = [arc & 0x7F]
            while arc := arc >> 7:
                groups.append(arc & 0x7F | 0x80)
            writer.octets += bytes(reversed(groups))


INTEGER = Tagged(0x02, BerInteger())
OID = ObjectIdentifier()
