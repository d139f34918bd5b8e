"""Decodes and encodes what is no whole APDU: the octets that joined blocks make, a single field."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from bench.core.trace import Field
from bench.protocols.dlms.axdr import Codec
from bench.protocols.dlms.decoded import Decoded
from bench.protocols.dlms.reader import Lost, Reader
from bench.protocols.dlms.writer import Writer

T = TypeVar("T")


def decode_part(
    octets: bytes,
    codec: Codec[T],
    name: str = "part",
    annotate: Callable[[bytes], tuple[Field, ...]] | None = None,
) -> Decoded[T | None]:
    """Decode octets that `codec` describes, such as the joined blocks of a GET with list.

    The value is None where they cannot be read to the end; octets after it are `trailing`. The
    fields are those of a tree called `name`, unless `annotate` makes them.
    """
    reader = Reader(octets)
    value = _read(reader, codec, name)
    problems = sorted(reader.problems, key=lambda problem: problem.offset)
    how = annotate or partial(part_fields, codec=codec, name=name)
    return Decoded(octets, value, tuple(problems), how)


def part_fields(octets: bytes, codec: Codec[T], name: str) -> tuple[Field, ...]:
    """Return the tree of fields of octets that `codec` describes."""
    reader = Reader(octets, traced=True)
    _read(reader, codec, name)
    return reader.fields()


def _read(reader: Reader, codec: Codec[T], name: str) -> T | None:
    try:
        value = reader.field(name, codec)
    except Lost:
        return None
    reader.finish()
    return value


def encode_part(value: T, codec: Codec[T], *, length_octets: int = 0) -> bytes:
    """Return the octets of `value` as `codec` describes them; UsageError if it does not fit."""
    writer = Writer(length_octets)
    writer.put(codec, value)
    return bytes(writer.octets)
