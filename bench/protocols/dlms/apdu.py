"""Decode and encode any APDU by its tag: the door to this package.

`decode_apdu` judges every octet and never raises; what cannot be read to its end is `Malformed`,
an APDU of short name referencing is `Opaque`. `encode_apdu` writes any record of this package, in
which any component can be `raw(octets)`, so that every wrong APDU can be built.
"""

from collections.abc import Callable
from typing import Any

from bench.core.errors import UsageError
from bench.core.trace import Field
from bench.protocols.dlms.access import ACCESS_REQUEST, ACCESS_RESPONSE
from bench.protocols.dlms.acse import AARE, AARQ, RLRE, RLRQ
from bench.protocols.dlms.action import ACTION_REQUESTS, ACTION_RESPONSES
from bench.protocols.dlms.ciphered import (
    CIPHERED,
    CIPHERED_NAMES,
    GENERAL_CIPHERING,
    GENERAL_DED_CIPHERING,
    GENERAL_GLO_CIPHERING,
    GENERAL_SIGNING,
)
from bench.protocols.dlms.decoded import Decoded, Malformed, Opaque
from bench.protocols.dlms.exception_response import EXCEPTION_RESPONSE
from bench.protocols.dlms.general_block_transfer import GENERAL_BLOCK_TRANSFER
from bench.protocols.dlms.get import (
    GET_REQUESTS,
    GET_RESPONSES,
    GetRequestNormal,
    plain_request,
    plain_request_octets,
    plain_response,
)
from bench.protocols.dlms.initiate import (
    CONFIRMED_SERVICE_ERROR,
    INITIATE_REQUEST,
    INITIATE_RESPONSE,
)
from bench.protocols.dlms.notification import DATA_NOTIFICATION, EVENT_NOTIFICATION
from bench.protocols.dlms.reader import Lost, Reader
from bench.protocols.dlms.service import ApduCodec
from bench.protocols.dlms.set import SET_REQUESTS, SET_RESPONSES
from bench.protocols.dlms.writer import Writer

_APDUS: tuple[ApduCodec, ...] = (
    INITIATE_REQUEST,
    INITIATE_RESPONSE,
    CONFIRMED_SERVICE_ERROR,
    DATA_NOTIFICATION,
    AARQ,
    AARE,
    RLRQ,
    RLRE,
    GET_REQUESTS,
    SET_REQUESTS,
    EVENT_NOTIFICATION,
    ACTION_REQUESTS,
    GET_RESPONSES,
    SET_RESPONSES,
    ACTION_RESPONSES,
    EXCEPTION_RESPONSE,
    ACCESS_REQUEST,
    ACCESS_RESPONSE,
    GENERAL_GLO_CIPHERING,
    GENERAL_DED_CIPHERING,
    GENERAL_CIPHERING,
    GENERAL_SIGNING,
    GENERAL_BLOCK_TRANSFER,
)
_CODECS: dict[int, ApduCodec] = {
    **dict.fromkeys(CIPHERED_NAMES, CIPHERED),
    **{codec.tag: codec for codec in _APDUS},
}
_BY_TYPE: dict[type, ApduCodec] = {t: codec for codec in _CODECS.values() for t in codec.types}

_PLAIN: dict[bytes, Callable[[bytes], Any]] = {b"\xc0": plain_request, b"\xc4": plain_response}
"""The fast ways, which take an APDU that has no problem and is plain, and leave all others."""

SHORT_NAME_APDUS = {
    0x05: "read-request",
    0x06: "write-request",
    0x0C: "read-response",
    0x0D: "write-response",
    0x16: "unconfirmed-write-request",
    0x18: "information-report-request",
}
"""The services of short name referencing, which are recognised and not decoded."""

APDU_NAMES: dict[int, str] = {
    **{tag: codec.name for tag, codec in _CODECS.items()},
    **CIPHERED_NAMES,
    **SHORT_NAME_APDUS,
}
"""The name of each APDU by its tag."""


def decode_apdu(octets: bytes) -> Decoded[Any]:
    """Decode one APDU from its tag to its last octet; octets after it are `trailing`.

    The value is a record of this package, `Malformed` where the octets cannot be read to the end
    of the APDU, and `Opaque` for short name services. An unknown tag is the problem `tag`.
    """
    plain = _PLAIN.get(octets[:1])
    if plain is not None and (value := plain(octets)) is not None:
        return Decoded(octets, value, (), _annotate)
    return judge_apdu(octets)


def judge_apdu(octets: bytes) -> Decoded[Any]:
    """Do what `decode_apdu` does without its fast path."""
    reader = Reader(octets)
    value = _read(reader)
    problems = sorted(reader.problems, key=lambda problem: problem.offset)
    return Decoded(octets, value, tuple(problems), _annotate)


def _read(reader: Reader) -> Any:
    octets = reader.octets
    if not octets:
        reader.problem("truncated", "no octets, expected an APDU")
        return Malformed("", octets)
    tag = octets[0]
    codec = _CODECS.get(tag)
    if codec is None:
        if tag not in SHORT_NAME_APDUS:
            reader.problem("tag", f"{tag:02X} is the tag of no APDU")
            return Malformed("", octets)
        reader.at = reader.end
        reader.note(SHORT_NAME_APDUS[tag], 0, "not decoded")
        return Opaque(SHORT_NAME_APDUS[tag], octets)
    try:
        value = reader.field(APDU_NAMES[tag], codec)
    except Lost:
        return Malformed(APDU_NAMES[tag], octets)
    reader.finish()
    return value


def _annotate(octets: bytes) -> tuple[Field, ...]:
    reader = Reader(octets, traced=True)
    _read(reader)
    return reader.fields()


def encode_apdu(value: Any, *, length_octets: int = 0) -> bytes:
    """Return the octets of an APDU; UsageError if `value` is none or does not fit its fields.

    `length_octets` writes every length, BER and A-XDR, with that many octets after the first
    (0: the shortest form).
    """
    if type(value) is GetRequestNormal and (plain := plain_request_octets(value)) is not None:
        return plain
    if isinstance(value, Malformed | Opaque):
        return value.octets
    codec = _BY_TYPE.get(type(value))
    if codec is None:
        raise UsageError(f"{type(value).__name__} is no APDU")
    writer = Writer(length_octets)
    codec.write(writer, value)
    return bytes(writer.octets)
