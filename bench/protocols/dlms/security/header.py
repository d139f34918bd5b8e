"""The header that general-ciphering and general-signing share."""

from dataclasses import dataclass

from bench.protocols.dlms.ciphered import GeneralCiphering, GeneralSigning
from bench.protocols.dlms.writer import encode_length


@dataclass(frozen=True, slots=True)
class GeneralHeader:
    """Who sends what to whom: titles have 8 octets, or none where the association knows them."""

    transaction_id: bytes
    originator: bytes
    recipient: bytes
    date_time: bytes = b""
    other_information: bytes = b""

    @classmethod
    def of(cls, record: GeneralCiphering | GeneralSigning) -> "GeneralHeader":
        """Return the header of an APDU."""
        return cls(
            record.transaction_id,
            record.originator,
            record.recipient,
            record.date_time,
            record.other_information,
        )

    @property
    def fields(self) -> tuple[bytes, bytes, bytes, bytes, bytes]:
        """The five fields in their order."""
        return (
            self.transaction_id,
            self.originator,
            self.recipient,
            self.date_time,
            self.other_information,
        )

    @property
    def octets(self) -> bytes:
        """The five fields, each with its length: as they are sent."""
        return b"".join(encode_length(len(value)) + value for value in self.fields)
