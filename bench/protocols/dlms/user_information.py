"""The xDLMS APDU that an association APDU carries in its user information."""

from bench.core.errors import UsageError
from bench.protocols.dlms.axdr import Codec
from bench.protocols.dlms.ber import Tagged
from bench.protocols.dlms.ciphered import (
    CIPHERED,
    CIPHERED_NAMES,
    GENERAL_CIPHERING,
    GENERAL_DED_CIPHERING,
    GENERAL_GLO_CIPHERING,
    GENERAL_SIGNING,
    CipheredApdu,
    GeneralCiphering,
    GeneralDedCiphering,
    GeneralGloCiphering,
    GeneralSigning,
)
from bench.protocols.dlms.decoded import Malformed, Opaque
from bench.protocols.dlms.initiate import (
    CONFIRMED_SERVICE_ERROR,
    INITIATE_REQUEST,
    INITIATE_RESPONSE,
    ConfirmedServiceError,
    InitiateRequest,
    InitiateResponse,
)
from bench.protocols.dlms.reader import Lost, Reader
from bench.protocols.dlms.service import ApduCodec
from bench.protocols.dlms.writer import Writer

UserInformation = (
    InitiateRequest
    | InitiateResponse
    | ConfirmedServiceError
    | CipheredApdu
    | GeneralGloCiphering
    | GeneralDedCiphering
    | GeneralCiphering
    | GeneralSigning
    | Malformed
    | Opaque
)

_PLAIN: tuple[ApduCodec, ...] = (
    INITIATE_REQUEST,
    INITIATE_RESPONSE,
    CONFIRMED_SERVICE_ERROR,
    GENERAL_GLO_CIPHERING,
    GENERAL_DED_CIPHERING,
    GENERAL_CIPHERING,
    GENERAL_SIGNING,
)
_CODECS: dict[int, ApduCodec] = {
    **dict.fromkeys((tag for tag in CIPHERED_NAMES if tag < 0x60), CIPHERED),
    **{codec.tag: codec for codec in _PLAIN},
}
_BY_TYPE: dict[type, ApduCodec] = {t: codec for codec in _CODECS.values() for t in codec.types}


class _Carried(Codec[UserInformation]):
    """An APDU that fills the octet string; an unknown tag is the problem `tag`."""

    __slots__ = ()

    def read(self, reader: Reader) -> UserInformation:
        start = reader.at
        tag = reader.u8()
        codec = _CODECS.get(tag)
        octets = reader.octets[start : reader.end]
        reader.at = start
        if codec is None:
            reader.problem("tag", f"user information does not start with {tag:02X}")
            reader.at = reader.end
            return Opaque(f"APDU {tag:02X}", octets)
        try:
            found: UserInformation = reader.field(codec.name, codec)
            return found
        except Lost:
            reader.at = reader.end
            return Malformed(codec.name, octets)

    def write(self, writer: Writer, value: UserInformation) -> None:
        if isinstance(value, Malformed | Opaque):
            writer.octets += value.octets
            return
        codec = _BY_TYPE.get(type(value))
        if codec is None:
            raise UsageError(f"{type(value).__name__} is no user information")
        codec.write(writer, value)

    def show(self, value: UserInformation) -> str:
        return type(value).__name__


USER_INFORMATION = Tagged(0x04, _Carried())
