"""Decode and encode COSEM data (A-XDR, IEC 62056-5-3): any octets give a value or problems.

Well-formed data are read by `data_fast`; what it does not take is judged here, octet by octet,
with the same result where both succeed. Problems that end the reading (`truncated`, `length`,
`tag`, `depth`) leave no value; after the others (`length-form`, `padding`, `text`, `date-time`,
`day-of-week`) the value is what was sent. A compact array whose contents are not as it describes
them is such a value, too.
"""

from typing import Any

from bench.core.errors import UsageError
from bench.core.trace import Field
from bench.protocols.dlms import data_fast
from bench.protocols.dlms.axdr import Codec
from bench.protocols.dlms.compact_array import CompactArrayCodec
from bench.protocols.dlms.data_types import TYPES, Data, DataType, Elements
from bench.protocols.dlms.decoded import Decoded
from bench.protocols.dlms.part import decode_part, part_fields
from bench.protocols.dlms.reader import Reader
from bench.protocols.dlms.scalars import SCALARS
from bench.protocols.dlms.writer import Raw, Writer

_LEAVES: dict[int, Codec[Any]] = {**SCALARS, DataType.COMPACT_ARRAY: CompactArrayCodec()}


class DataCodec(Codec[Data]):
    """A tag octet, then the value."""

    __slots__ = ()

    def read(self, reader: Reader) -> Data:
        """Return the data; unknown tags and lengths beyond the end are lost."""
        if reader.trace is None and reader.end == len(reader.octets):
            try:
                data, reader.at = data_fast.read(reader.octets, reader.at)
                return data
            except data_fast.IRREGULAR:
                pass
        return self.judge(reader)

    def judge(self, reader: Reader) -> Data:
        """Read without the fast path."""
        start = reader.at
        reader.name = reader.name or "data"
        tag = reader.u8()
        if tag in (DataType.ARRAY, DataType.STRUCTURE):
            reader.deeper()
            count = reader.count()
            types = bytearray()
            values = []
            for number in range(1, count + 1):
                element = reader.field(str(number), ELEMENT)
                types.append(element.type)
                values.append(element.value)
            reader.depth -= 1
            return Data(TYPES[tag], Elements(bytes(types), tuple(values)))
        codec = _LEAVES.get(tag)
        if codec is None:
            raise reader.lose("tag", f"{tag:02X} is the tag of no data type", start)
        reader.name = TYPES[tag].title  # type: ignore[attr-defined]
        return Data(TYPES[tag], codec.read(reader))

    def write(self, writer: Writer, value: Data) -> None:
        """Write tag and value; raw octets as value stand after any tag."""
        writer.integer(value.type, 1)
        content = value.value
        if isinstance(content, Raw):
            writer.octets += content.octets
        elif value.type in (DataType.ARRAY, DataType.STRUCTURE):
            writer.length(len(content))
            for element in content:
                self.write(writer, element)
        elif (codec := _LEAVES.get(value.type)) is None:
            raise UsageError(
                f"{value.type:02X} is no data type; raw_data(octets) writes any octets"
            )
        else:
            codec.write(writer, content)


_OCTETS = int(DataType.OCTET_STRING)
_SHORT = 0x80  # octets of a string whose length takes more than one octet


class _Element(DataCodec):
    """Data inside data: what a fast path refused as a whole is not tried again in parts."""

    __slots__ = ()

    def read(self, reader: Reader) -> Data:
        """Return the data, without the fast path."""
        return self.judge(reader)


DATA = DataCodec()
ELEMENT = _Element()


def decode_data(octets: bytes) -> Decoded[Data | None]:
    """Decode one COSEM data and judge every octet; the value is None where it cannot be read.

    Octets after it are the problem `trailing`.
    """
    try:
        data, at = data_fast.read(octets, 0)
        if at == len(octets):
            return Decoded(octets, data, (), _annotate)
    except data_fast.IRREGULAR:
        pass
    return judge_data(octets)


def judge_data(octets: bytes) -> Decoded[Data | None]:
    """Do what `decode_data` does without its fast path."""
    return decode_part(octets, ELEMENT, "data", _annotate)


def _annotate(octets: bytes) -> tuple[Field, ...]:
    return part_fields(octets, ELEMENT, "data")


def encode_data(data: Data, *, length_octets: int = 0) -> bytes:
    """Return the octets of `data`; UsageError where a value does not fit its type.

    `length_octets` writes every length with that many octets after the first (0: shortest).
    """
    tag, value = data
    # most of what is read and written is a short string, which needs no writer
    if tag == _OCTETS and type(value) is bytes and len(value) < _SHORT and not length_octets:
        return bytes((_OCTETS, len(value))) + value
    writer = Writer(length_octets)
    DATA.write(writer, data)
    return bytes(writer.octets)


def raw_data(octets: bytes) -> Data:
    """Return what encodes as `octets`, inside arrays and structures, too.

    UsageError if `octets` is empty.
    """
    if not octets:
        raise UsageError("raw data needs an octet at least, its tag")
    return Data(octets[0], Raw(octets[1:]))
