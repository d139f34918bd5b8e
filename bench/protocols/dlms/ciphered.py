"""Ciphered and signed APDUs as they are on the wire: headers decoded, content left as it is.

glo-/ded-...       tag  length  SC IC content
general-glo/-ded   DB|DC  system-title  length  SC IC content
general-ciphering  DD  transaction-id originator recipient date-time other  key-info?  ...
general-signing    DF  transaction-id originator recipient date-time other  content signature
"""

from dataclasses import dataclass

from bench.core.errors import UsageError
from bench.protocols.dlms.axdr import (
    OCTETS,
    U8,
    U32,
    Choice,
    Codec,
    Octets,
    Optional,
    Record,
    hexadecimal,
)
from bench.protocols.dlms.reader import Reader
from bench.protocols.dlms.service import ApduCodec, Service
from bench.protocols.dlms.writer import Writer

TAG_OCTETS = 12
"""Octets of an authentication tag: 96 bits of it are sent."""

_PLAIN = {
    0x01: "initiate-request",
    0x05: "read-request",
    0x06: "write-request",
    0x08: "initiate-response",
    0x0C: "read-response",
    0x0D: "write-response",
    0x0E: "confirmed-service-error",
    0x16: "unconfirmed-write-request",
    0x18: "information-report-request",
}
_SERVICES = {
    0: "get-request",
    1: "set-request",
    2: "event-notification-request",
    3: "action-request",
    4: "get-response",
    5: "set-response",
    7: "action-response",
}
CIPHERED_NAMES: dict[int, str] = {
    **{tag + 0x20: f"glo-{name}" for tag, name in _PLAIN.items()},
    **{tag + 0x40: f"ded-{name}" for tag, name in _PLAIN.items()},
    **{0xC8 + number: f"glo-{name}" for number, name in _SERVICES.items()},
    **{0xD0 + number: f"ded-{name}" for number, name in _SERVICES.items()},
}
"""The service-specific ciphered APDUs: those of the global and of the dedicated key."""


@dataclass(frozen=True, slots=True)
class SecurityControl:
    """The security control octet; `broadcast` is the key set, without meaning for ded-."""

    suite: int
    authenticated: bool
    encrypted: bool
    broadcast: bool = False
    compressed: bool = False

    @classmethod
    def of(cls, octet: int) -> "SecurityControl":
        """Return what the octet says."""
        flags = [bool(octet & bit) for bit in (0x10, 0x20, 0x40, 0x80)]
        return cls(octet & 0x0F, *flags)

    @property
    def octet(self) -> int:
        """The octet; UsageError if the suite has more than four bits."""
        if not 0 <= self.suite <= 15:
            raise UsageError(f"security suite {self.suite} is not 0 to 15")
        flags = self.authenticated << 4 | self.encrypted << 5
        return flags | self.broadcast << 6 | self.compressed << 7 | self.suite

    def __str__(self) -> str:
        flags = {
            "authenticated": self.authenticated,
            "encrypted": self.encrypted,
            "broadcast key": self.broadcast,
            "compressed": self.compressed,
        }
        names = [name for name, is_set in flags.items() if is_set] or ["unprotected"]
        return f"{self.octet:02X} suite {self.suite} {' '.join(names)}"


@dataclass(frozen=True, slots=True)
class Protected:
    """Security header and what follows it: text, ciphered or not, and tag if authenticated."""

    control: SecurityControl
    invocation_counter: int
    octets: bytes

    @property
    def text(self) -> bytes:
        """The octets without the authentication tag."""
        return self.octets[: -len(self.tag) or None]

    @property
    def tag(self) -> bytes:
        """The authentication tag; empty where none is announced or it has no place."""
        whole = self.control.authenticated and len(self.octets) >= TAG_OCTETS
        return self.octets[-TAG_OCTETS:] if whole else b""


@dataclass(frozen=True, slots=True)
class CipheredApdu:
    """A service-specific ciphered APDU; `apdu_tag` says of which service and which key."""

    apdu_tag: int
    protected: Protected


@dataclass(frozen=True, slots=True)
class GeneralGloCiphering:
    """Any APDU under the global key, with the system title of its sender."""

    system_title: bytes
    protected: Protected


@dataclass(frozen=True, slots=True)
class GeneralDedCiphering:
    """Any APDU under the dedicated key, with the system title of its sender."""

    system_title: bytes
    protected: Protected


@dataclass(frozen=True, slots=True)
class IdentifiedKey:
    """The key is one that both have: 0 global unicast, 1 global broadcast."""

    key_id: int


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """The key comes wrapped with a key encrypting key: 0 the master key."""

    kek_id: int
    octets: bytes


@dataclass(frozen=True, slots=True)
class AgreedKey:
    """The key is agreed on: `parameters` name the scheme, `octets` are its data."""

    parameters: bytes
    octets: bytes


KeyInfo = IdentifiedKey | WrappedKey | AgreedKey


@dataclass(frozen=True, slots=True)
class GeneralCiphering:
    """Any APDU with everything that is needed to decipher it."""

    transaction_id: bytes
    originator: bytes
    recipient: bytes
    date_time: bytes
    other_information: bytes
    key_info: KeyInfo | None
    protected: Protected


@dataclass(frozen=True, slots=True)
class GeneralSigning:
    """Any APDU with a digital signature."""

    transaction_id: bytes
    originator: bytes
    recipient: bytes
    date_time: bytes
    other_information: bytes
    content: bytes
    signature: bytes


class SecurityControlCodec(Codec[SecurityControl]):
    """One octet."""

    __slots__ = ()

    def read(self, reader: Reader) -> SecurityControl:
        """Return what the octet says."""
        return SecurityControl.of(reader.u8())

    def write(self, writer: Writer, value: SecurityControl) -> None:
        """Write the octet."""
        writer.octets.append(value.octet)


class Rest(Codec[bytes]):
    """All octets up to the end of what holds them."""

    __slots__ = ()

    def read(self, reader: Reader) -> bytes:
        """Return the octets."""
        return reader.take(reader.left)

    def write(self, writer: Writer, value: bytes) -> None:
        """Write the octets."""
        writer.octets += value

    def show(self, value: bytes) -> str:
        """Return the octets in hexadecimal, shortened."""
        return hexadecimal(value)


class ProtectedCodec(Codec[Protected]):
    """Length, security control, invocation counter, content.

    A content that is shorter than the tag which its header announces is the problem `size`.
    """

    __slots__ = ()

    body = Record(Protected, control=SecurityControlCodec(), invocation_counter=U32, octets=Rest())

    def read(self, reader: Reader) -> Protected:
        """Return header and content."""
        start = reader.at
        length = reader.length()
        if length > reader.left:
            message = f"length {length}, but {reader.left} octets are left"
            raise reader.lose("length", message, start)
        outer, reader.end = reader.end, reader.at + length
        try:
            protected = self.body.read(reader)
        finally:
            reader.end = outer
        if protected.control.authenticated and len(protected.octets) < TAG_OCTETS:
            found = len(protected.octets)
            message = f"{found} octets after the header, the authentication tag has {TAG_OCTETS}"
            reader.problem("size", message, reader.at - found, found)
        return protected

    def write(self, writer: Writer, value: Protected) -> None:
        """Write length, header and content."""
        inner = Writer(writer.length_octets)
        self.body.write(inner, value)
        writer.content(bytes(inner.octets))

    def show(self, value: Protected) -> str:
        """Return the number of octets that are protected."""
        return f"{len(value.text)} octets of text, {len(value.tag)} of tag"


PROTECTED = ProtectedCodec()
SYSTEM_TITLE = Octets(8)
_HEADER: dict[str, Codec[bytes]] = {
    "transaction_id": OCTETS,
    "originator": OCTETS,
    "recipient": OCTETS,
    "date_time": OCTETS,
    "other_information": OCTETS,
}
KEY_INFO: Choice[KeyInfo] = Choice(
    {
        0: (IdentifiedKey, Record(IdentifiedKey, key_id=U8)),
        1: (WrappedKey, Record(WrappedKey, kek_id=U8, octets=OCTETS)),
        2: (AgreedKey, Record(AgreedKey, parameters=OCTETS, octets=OCTETS)),
    }
)


class _Ciphered(ApduCodec):
    """All service-specific ciphered APDUs: they differ in their tags alone."""

    __slots__ = ()

    def __init__(self) -> None:
        self.tag = 0
        self.name = "ciphered APDU"
        self.types = (CipheredApdu,)

    def read(self, reader: Reader) -> CipheredApdu:
        start = reader.at
        tag = reader.u8()
        reader.note("tag", start, f"{tag:02X} {CIPHERED_NAMES.get(tag, '')}")
        return CipheredApdu(tag, reader.field("protected", PROTECTED))

    def write(self, writer: Writer, value: CipheredApdu) -> None:
        writer.integer(value.apdu_tag, 1)
        writer.put(PROTECTED, value.protected)

    def show(self, value: CipheredApdu) -> str:
        return CIPHERED_NAMES.get(value.apdu_tag, f"{value.apdu_tag:02X}")


CIPHERED = _Ciphered()
GENERAL_GLO_CIPHERING = Service(
    0xDB,
    "general-glo-ciphering",
    GeneralGloCiphering,
    Record(GeneralGloCiphering, system_title=SYSTEM_TITLE, protected=PROTECTED),
)
GENERAL_DED_CIPHERING = Service(
    0xDC,
    "general-ded-ciphering",
    GeneralDedCiphering,
    Record(GeneralDedCiphering, system_title=SYSTEM_TITLE, protected=PROTECTED),
)
GENERAL_CIPHERING = Service(
    0xDD,
    "general-ciphering",
    GeneralCiphering,
    Record(GeneralCiphering, **_HEADER, key_info=Optional(KEY_INFO), protected=PROTECTED),
)
GENERAL_SIGNING = Service(
    0xDF,
    "general-signing",
    GeneralSigning,
    Record(GeneralSigning, **_HEADER, content=OCTETS, signature=OCTETS),
)
