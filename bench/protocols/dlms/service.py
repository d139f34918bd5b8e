"""An APDU from its tag on: which record follows, and which octets stand before a record."""

from collections.abc import Mapping
from typing import Any

from bench.core.errors import UsageError
from bench.protocols.dlms.axdr import Codec
from bench.protocols.dlms.reader import Reader
from bench.protocols.dlms.writer import Writer


class ApduCodec(Codec[Any]):
    """Reads and writes one APDU, tag included; `name` is the standard's, `types` what it gives."""

    __slots__ = ("name", "tag", "types")

    tag: int
    name: str
    types: tuple[type, ...]

    def show(self, value: Any) -> str:  # noqa: ARG002
        """Return the name of the APDU."""
        return self.name


class Service(ApduCodec):
    """A tag octet and one record."""

    __slots__ = ("body",)

    def __init__(self, tag: int, name: str, types: type | tuple[type, ...], body: Codec[Any]):
        self.tag = tag
        self.name = name
        self.types = types if isinstance(types, tuple) else (types,)
        self.body = body

    def read(self, reader: Reader) -> Any:
        """Return the record."""
        start = reader.at
        reader.u8()
        reader.note("tag", start, f"{self.tag:02X} {self.name}")
        return self.body.read(reader)

    def write(self, writer: Writer, value: Any) -> None:
        """Write tag and record."""
        writer.octets.append(self.tag)
        writer.put(self.body, value)


class Services(ApduCodec):
    """A tag octet, an octet that names the kind of request or response, and its record."""

    __slots__ = ("kinds", "octets")

    def __init__(self, tag: int, name: str, kinds: Mapping[int, Any]) -> None:
        self.tag = tag
        self.name = name
        self.kinds = kinds
        self.octets = {record.make: octet for octet, record in kinds.items()}
        self.types = tuple(self.octets)

    def read(self, reader: Reader) -> Any:
        """Return the record of the kind; an octet that names none is the problem `choice`."""
        start = reader.at
        reader.u8()
        reader.note("tag", start, f"{self.tag:02X} {self.name}")
        start = reader.at
        reader.name = f"kind of {self.name}"
        kind = reader.u8()
        record = self.kinds.get(kind)
        if record is None:
            message = f"{self.name} has the kind {kind:02X}, expected 01 to {max(self.kinds):02X}"
            raise reader.lose("choice", message, start)
        reader.note("kind", start, f"{kind} {record.make.__name__}")
        return record.read(reader)

    def write(self, writer: Writer, value: Any) -> None:
        """Write tag, kind and record."""
        kind = self.octets.get(type(value))
        if kind is None:
            raise UsageError(f"{type(value).__name__} is no {self.name}")
        writer.octets += bytes((self.tag, kind))
        writer.put(self.kinds[kind], value)
