"""The A-XDR building blocks of xDLMS APDUs (IEC 61334-6): a codec reads and writes one type.

Records are put together from codecs, so that decoder, encoder and annotation cannot disagree.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from enum import IntEnum
from typing import Any, Generic, TypeVar

from bench.core.errors import UsageError
from bench.protocols.dlms.reader import Reader
from bench.protocols.dlms.writer import Writer

T = TypeVar("T")


class Codec(ABC, Generic[T]):
    """Reads and writes values of one type; `show` says a value in a few words."""

    __slots__ = ()

    @abstractmethod
    def read(self, reader: Reader) -> T:
        """Return the value at the position."""

    @abstractmethod
    def write(self, writer: Writer, value: T) -> None:
        """Write `value`; UsageError if it has no encoding."""

    def show(self, value: T) -> str:
        """Return `value` for people."""
        return str(value)


class Unsigned(Codec[int]):
    """An unsigned number of `size` octets."""

    __slots__ = ("size",)

    def __init__(self, size: int) -> None:
        self.size = size

    def read(self, reader: Reader) -> int:
        """Return the number."""
        return reader.unsigned(self.size)

    def write(self, writer: Writer, value: int) -> None:
        """Write the number."""
        writer.integer(value, self.size)


class Signed(Codec[int]):
    """A signed number of `size` octets, two's complement."""

    __slots__ = ("size",)

    def __init__(self, size: int) -> None:
        self.size = size

    def read(self, reader: Reader) -> int:
        """Return the number."""
        return int.from_bytes(reader.take(self.size), "big", signed=True)

    def write(self, writer: Writer, value: int) -> None:
        """Write the number."""
        writer.integer(value, self.size, signed=True)


class Boolean(Codec[bool]):
    """00 is false and everything else true; written as 00 and 01."""

    __slots__ = ()

    def read(self, reader: Reader) -> bool:
        """Return whether the octet is not zero."""
        return reader.u8() != 0

    def write(self, writer: Writer, value: bool) -> None:
        """Write 00 or 01."""
        writer.octets.append(1 if value else 0)


class Enumerated(Codec[int]):
    """An octet that names a member of `members`; another one is the problem `enum`.

    A number without a name stays a plain int.
    """

    __slots__ = ("members", "title")

    def __init__(self, members: type[IntEnum]) -> None:
        self.members: dict[int, IntEnum] = {int(member): member for member in members}
        self.title = members.__name__

    def read(self, reader: Reader) -> int:
        """Return the member, or the number that has no name."""
        start = reader.at
        code = reader.u8()
        member = self.members.get(code)
        if member is None:
            reader.problem("enum", f"{code} is no {self.title}", start)
            return code
        return member

    def write(self, writer: Writer, value: int) -> None:
        """Write the number, whether it has a name or not."""
        writer.integer(value, 1)

    def show(self, value: int) -> str:
        """Return the name with the number."""
        return f"{_name(value)} ({int(value)})" if isinstance(value, IntEnum) else str(value)


def _name(member: IntEnum) -> str:
    return member.name.lower().replace("_", "-")


class Octets(Codec[bytes]):
    """An OCTET STRING with its length; `sizes` are the lengths it may have (none: any)."""

    __slots__ = ("sizes",)

    def __init__(self, *sizes: int) -> None:
        self.sizes = sizes

    def read(self, reader: Reader) -> bytes:
        """Return the octets; a length that it must not have is the problem `size`."""
        start = reader.at
        name = reader.name
        octets = reader.content()
        if self.sizes and len(octets) not in self.sizes:
            expected = " or ".join(map(str, self.sizes))
            message = f"{name} has {len(octets)} octets, expected {expected}"
            reader.problem("size", message, start, reader.at - start)
        return octets

    def write(self, writer: Writer, value: bytes) -> None:
        """Write length and octets."""
        writer.content(value)

    def show(self, value: bytes) -> str:
        """Return the octets in hexadecimal, shortened."""
        return hexadecimal(value)


def hexadecimal(octets: bytes, limit: int = 32) -> str:
    """Return octets for people: hexadecimal, and their number where some are left out."""
    if len(octets) <= limit:
        return octets.hex(" ")
    return f"{octets[:limit].hex(' ')} ... ({len(octets)} octets)"


class FixedOctets(Codec[bytes]):
    """An OCTET STRING of `size` octets, without length."""

    __slots__ = ("size",)

    def __init__(self, size: int) -> None:
        self.size = size

    def read(self, reader: Reader) -> bytes:
        """Return the octets."""
        return reader.take(self.size)

    def write(self, writer: Writer, value: bytes) -> None:
        """Write the octets."""
        if len(value) != self.size:
            raise UsageError(f"{len(value)} octets where {self.size} are due")
        writer.octets += value

    def show(self, value: bytes) -> str:
        """Return the octets in hexadecimal."""
        return hexadecimal(value)


class Optional(Codec["T | None"], Generic[T]):
    """A component that 01 announces and 00 leaves out (also one that has a default).

    None is a component left out. An announcement that is neither is the problem `presence`, and
    the component is taken to follow.
    """

    __slots__ = ("codec",)

    def __init__(self, codec: Codec[T]) -> None:
        self.codec = codec

    def read(self, reader: Reader) -> T | None:
        """Return the component, or None."""
        start, name = reader.at, reader.name
        flag = reader.u8()
        if flag > 1:
            reader.problem("presence", f"{name} is announced with {flag:02X}, not 00 or 01", start)
        if flag == 0:
            return None
        reader.name = name
        return self.codec.read(reader)

    def write(self, writer: Writer, value: T | None) -> None:
        """Write 00, or 01 and the component."""
        if value is None:
            writer.octets.append(0)
        else:
            writer.octets.append(1)
            writer.put(self.codec, value)

    def show(self, value: T | None) -> str:
        """Return the component, or that it is absent."""
        return "absent" if value is None else self.codec.show(value)


class ListOf(Codec["tuple[T, ...]"], Generic[T]):
    """A SEQUENCE OF: the number of elements, then the elements."""

    __slots__ = ("codec",)

    def __init__(self, codec: Codec[T]) -> None:
        self.codec = codec

    def read(self, reader: Reader) -> tuple[T, ...]:
        """Return the elements; a number that the octets cannot hold is the problem `length`."""
        count = reader.count()
        return tuple([reader.field(str(i), self.codec) for i in range(1, count + 1)])

    def write(self, writer: Writer, value: tuple[T, ...]) -> None:
        """Write number and elements."""
        writer.length(len(value))
        for element in value:
            writer.put(self.codec, element)

    def show(self, value: tuple[T, ...]) -> str:
        """Return the number of elements."""
        return f"{len(value)} elements" if len(value) != 1 else "1 element"


class Record(Codec[T]):
    """A SEQUENCE: the components one after the other; each has the name of the attribute."""

    __slots__ = ("components", "make")

    def __init__(self, make: Callable[..., T], **components: Codec[Any]) -> None:
        self.make = make
        self.components = tuple(
            (name, name.replace("_", "-"), codec) for name, codec in components.items()
        )

    def read(self, reader: Reader) -> T:
        """Return the record."""
        found = {name: reader.field(shown, codec) for name, shown, codec in self.components}
        return self.make(**found)

    def write(self, writer: Writer, value: T) -> None:
        """Write the components."""
        for name, _, codec in self.components:
            writer.put(codec, getattr(value, name))

    def show(self, value: T) -> str:  # noqa: ARG002
        """Return nothing: the components say it."""
        return ""


class Paired(Record[T]):
    """A record two of whose lists belong together; different lengths are `list-length`."""

    __slots__ = ("first", "second")

    def __init__(
        self, make: Callable[..., T], first: str, second: str, **components: Codec[Any]
    ) -> None:
        super().__init__(make, **components)
        self.first = first
        self.second = second

    def read(self, reader: Reader) -> T:
        """Return the record, whose lists have the lengths that were sent."""
        found, starts = dict[str, Any](), dict[str, int]()
        for name, shown, codec in self.components:
            starts[name] = reader.at
            found[name] = reader.field(shown, codec)
        first, second = len(found[self.first]), len(found[self.second])
        if first != second:
            message = f"{second} {self.second} for {first} {self.first}"
            reader.problem("list-length", message, starts[self.second])
        return self.make(**found)


class Choice(Codec[T]):
    """A CHOICE: an octet that names the alternative, then the alternative.

    Which alternative a value belongs to follows from its type; an octet that names none is the
    problem `choice`.
    """

    __slots__ = ("alternatives", "types")

    def __init__(
        self, alternatives: Mapping[int, tuple[type | tuple[type, ...], Codec[Any]]]
    ) -> None:
        self.alternatives = {octet: codec for octet, (_, codec) in alternatives.items()}
        self.types: Sequence[tuple[int, type | tuple[type, ...]]] = [
            (octet, types) for octet, (types, _) in alternatives.items()
        ]

    def read(self, reader: Reader) -> T:
        """Return the value of the alternative."""
        start, name = reader.at, reader.name
        octet = reader.u8()
        codec = self.alternatives.get(octet)
        if codec is None:
            known = ", ".join(f"{octet:02X}" for octet in self.alternatives)
            message = f"{name} has the choice {octet:02X}, expected one of {known}"
            raise reader.lose("choice", message, start)
        reader.name = name
        value: T = codec.read(reader)
        return value

    def write(self, writer: Writer, value: T) -> None:
        """Write the octet and the alternative."""
        for octet, types in self.types:
            if isinstance(value, types):
                writer.octets.append(octet)
                writer.put(self.alternatives[octet], value)
                return
        raise UsageError(f"{type(value).__name__} is none of the alternatives of this choice")

    def show(self, value: T) -> str:
        """Return what the alternative says."""
        for octet, types in self.types:
            if isinstance(value, types):
                return self.alternatives[octet].show(value)
        return str(value)


U8 = Unsigned(1)
U16 = Unsigned(2)
U32 = Unsigned(4)
I8 = Signed(1)
BOOLEAN = Boolean()
OCTETS = Octets()
