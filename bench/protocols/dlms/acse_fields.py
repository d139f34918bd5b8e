"""The fields of ACSE APDUs: each a tag, a length and a content, most of them optional."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, NamedTuple

from bench.core.errors import UsageError
from bench.protocols.dlms.axdr import Codec, hexadecimal
from bench.protocols.dlms.ber import (
    INTEGER,
    OID,
    BerBits,
    BerEnumerated,
    Tagged,
    enclosed,
    encode_tlv,
    inside,
    within,
)
from bench.protocols.dlms.ciphered import Rest
from bench.protocols.dlms.reader import Lost, Reader
from bench.protocols.dlms.service import ApduCodec
from bench.protocols.dlms.writer import Raw, Writer


class Tlv(NamedTuple):
    """A field as it was sent: its tag and its content."""

    tag: int
    content: bytes


@dataclass(frozen=True, slots=True)
class AuthenticationValue:
    """Password or challenge; `choice` is the tag of the alternative (80: charstring)."""

    octets: bytes
    choice: int = 0x80


class DiagnosticSource(IntEnum):
    """Who says why: the tag of the alternative."""

    SERVICE_USER = 0xA1
    SERVICE_PROVIDER = 0xA2


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """The result-source-diagnostic."""

    source: DiagnosticSource
    code: int


class AuthenticationValueCodec(Codec[AuthenticationValue]):
    """A CHOICE: charstring 80, bitstring 81, external A2, other A3."""

    __slots__ = ()

    def read(self, reader: Reader) -> AuthenticationValue:
        """Return the octets of the alternative; another tag is the problem `choice`."""
        start = reader.at
        choice = reader.u8()
        octets = inside(reader, REST)
        if choice not in (0x80, 0x81, 0xA2, 0xA3):
            message = f"{choice:02X} is no alternative of an authentication value"
            reader.problem("choice", message, start)
        return AuthenticationValue(octets, choice)

    def write(self, writer: Writer, value: AuthenticationValue) -> None:
        """Write the alternative."""
        writer.octets += encode_tlv(value.choice, value.octets, writer.length_octets)

    def show(self, value: AuthenticationValue) -> str:
        """Return the number of octets: they may be a password."""
        return f"{len(value.octets)} octets"


class DiagnosticCodec(Codec[Diagnostic]):
    """A CHOICE: service user A1, service provider A2, each with an INTEGER."""

    __slots__ = ()

    def read(self, reader: Reader) -> Diagnostic:
        """Return source and code; an unknown code is the problem `enum`."""
        start = reader.at
        source = reader.u8()
        if source not in (0xA1, 0xA2):
            message = f"{source:02X} is no source of a diagnostic, expected A1 or A2"
            raise reader.lose("choice", message, start)
        code = inside(reader, INTEGER)
        if not 0 <= code <= (14 if source == DiagnosticSource.SERVICE_USER else 2):
            reader.problem("enum", f"{code} is no diagnostic", reader.at - 1)
        return Diagnostic(DiagnosticSource(source), code)

    def write(self, writer: Writer, value: Diagnostic) -> None:
        """Write source and code."""
        inner = Writer(writer.length_octets)
        inner.put(INTEGER, value.code)
        writer.octets += encode_tlv(value.source, bytes(inner.octets), writer.length_octets)

    def show(self, value: Diagnostic) -> str:
        """Return source and code."""
        return f"{value.source.name.lower().replace('_', '-')} {value.code}"


REST = Rest()
BITS = BerBits()
OBJECT = OID
NAME = Tagged(0x06, OID)
OCTET_STRING = Tagged(0x04, REST)
AP_TITLE = OCTET_STRING
SMALL = INTEGER
TEXT = REST
AUTHENTICATION_VALUE = AuthenticationValueCodec()
DIAGNOSTIC = DiagnosticCodec()


def named(names: dict[int, str], *, implicit: bool = False) -> Codec[int]:
    """Return the codec of a number with these names, with a tag of its own unless implicit."""
    return BerEnumerated(names) if implicit else Tagged(0x02, BerEnumerated(names))


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an APDU: its tag, the attribute it is in the record, what it holds.

    `also` is another tag that stands for it.
    """

    tag: int
    name: str
    codec: Codec[Any]
    mandatory: bool = False
    also: int | None = None

    @property
    def title(self) -> str:
        """The name as the standard writes it."""
        return self.name.replace("_", "-")


class _Content(Codec[Any]):
    """A field from its tag on; None if its content cannot be read, lost if its length cannot be."""

    __slots__ = ("codec",)

    def __init__(self, codec: Codec[Any]) -> None:
        self.codec = codec

    def read(self, reader: Reader) -> Any:
        name = reader.name
        reader.at += 1
        end = enclosed(reader)
        reader.name = name
        try:
            return within(reader, end, self.codec)
        except Lost:
            return None

    def write(self, writer: Writer, value: Any) -> None:  # noqa: ARG002
        raise UsageError("the APDU writes the tags of its fields")

    def show(self, value: Any) -> str:
        return "(cannot be read)" if value is None else self.codec.show(value)


class AcseCodec(ApduCodec):
    """An ACSE APDU: fields in the order of their tags, each at most once.

    Problems: `order`, `duplicate` (the first one counts), `tag` for a field that is not defined
    (kept in `others`), `missing` for a mandatory one. A field that cannot be read does not keep
    the others from being read.
    """

    __slots__ = ("content", "contents", "fields", "make", "ranks")

    def __init__(self, tag: int, name: str, make: Callable[..., Any], *fields: Field) -> None:
        self.tag = tag
        self.name = name
        self.make = make
        self.types = (make,)  # type: ignore[assignment]
        self.fields = fields
        self.contents = [(field.title, _Content(field.codec)) for field in fields]
        self.content = _Fields(self)
        self.ranks = {field.tag: rank for rank, field in enumerate(fields)}
        self.ranks |= {f.also: rank for rank, f in enumerate(fields) if f.also is not None}

    def read(self, reader: Reader) -> Any:
        """Return the record; lost if the length of the APDU or of a field cannot be."""
        start = reader.at
        reader.u8()
        reader.note("tag", start, f"{self.tag:02X} {self.name.upper()}")
        reader.name = f"length of {self.name.upper()}"
        try:
            end = enclosed(reader)
        except Lost:
            if reader.trace is not None:
                self._show_what_is_there(reader)
            raise
        return within(reader, end, self.content)

    def _show_what_is_there(self, reader: Reader) -> None:
        """Go through the fields of an APDU that was cut; that it was cut is a problem already."""
        known = len(reader.problems)
        with suppress(Lost):
            within(reader, reader.end, self.content)
        del reader.problems[known:]

    def write(self, writer: Writer, value: Any) -> None:
        """Write the fields that are not None, in their order, then `others`."""
        inner = Writer(writer.length_octets)
        for field in self.fields:
            component = getattr(value, field.name)
            if isinstance(component, Raw):
                inner.octets += component.octets
            elif component is not None:
                content = Writer(writer.length_octets)
                field.codec.write(content, component)
                inner.octets += encode_tlv(field.tag, bytes(content.octets), writer.length_octets)
        for tag, octets in value.others:
            inner.octets += encode_tlv(tag, octets, writer.length_octets)
        writer.octets += encode_tlv(self.tag, bytes(inner.octets), writer.length_octets)


class _Fields(Codec[Any]):
    """The content of an ACSE APDU."""

    __slots__ = ("apdu",)

    def __init__(self, apdu: AcseCodec) -> None:
        self.apdu = apdu

    def read(self, reader: Reader) -> Any:
        apdu, found = self.apdu, dict[str, Any]()
        seen: set[int] = set()
        others: list[Tlv] = []
        start, last = reader.at, -1
        while reader.at < reader.end:
            at = reader.at
            rank = apdu.ranks.get(reader.octets[at])
            if rank is None:
                tag = reader.octets[at]
                reader.problem("tag", f"an {apdu.name.upper()} has no field {tag:02X}")
                others.append(Tlv(tag, reader.field(f"field {tag:02X}", _Content(REST))))
                continue
            field = apdu.fields[rank]
            if rank in seen:
                reader.problem("duplicate", f"{field.title} is there more than once")
            elif rank < last:
                title = apdu.fields[last].title
                reader.problem("order", f"{field.title} comes after {title}, before which it goes")
            value = reader.field(*apdu.contents[rank])
            if rank not in seen:
                found[field.name] = value
            seen.add(rank)
            last = max(last, rank)
        for rank, field in enumerate(apdu.fields):
            found.setdefault(field.name, None)
            if field.mandatory and rank not in seen:
                reader.problem("missing", f"{field.title} is not there", start)
        return apdu.make(**found, others=tuple(others))

    def write(self, writer: Writer, value: Any) -> None:  # noqa: ARG002
        raise UsageError("the APDU writes its fields")

    def show(self, value: Any) -> str:
        return hexadecimal(value)
