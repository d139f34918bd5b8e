"""General block transfer: any APDU in numbered blocks with windows and repairs (IEC 62056-5-3)."""

from dataclasses import dataclass

from bench.core.errors import UsageError
from bench.protocols.dlms.axdr import OCTETS, U16, Codec, Record
from bench.protocols.dlms.reader import Reader
from bench.protocols.dlms.service import Service
from bench.protocols.dlms.writer import Writer


@dataclass(frozen=True, slots=True)
class BlockControl:
    """The block-control octet; `window` (0 to 63) is how many blocks the sender can take."""

    last: bool
    streaming: bool
    window: int

    @property
    def octet(self) -> int:
        """The octet; UsageError if the window has more than six bits."""
        if not 0 <= self.window <= 63:
            raise UsageError(f"window {self.window} is not 0 to 63")
        return self.last << 7 | self.streaming << 6 | self.window

    def __str__(self) -> str:
        last = "last block" if self.last else "more blocks follow"
        return f"{last}, {'streaming' if self.streaming else 'confirmed'}, window {self.window}"


class BlockControlCodec(Codec[BlockControl]):
    """One octet."""

    __slots__ = ()

    def read(self, reader: Reader) -> BlockControl:
        """Return what the octet says."""
        octet = reader.u8()
        return BlockControl(bool(octet & 0x80), bool(octet & 0x40), octet & 0x3F)

    def write(self, writer: Writer, value: BlockControl) -> None:
        """Write the octet."""
        writer.octets.append(value.octet)


@dataclass(frozen=True, slots=True)
class GeneralBlockTransfer:
    """One block; `acknowledged` is the number of the last block that came in order."""

    control: BlockControl
    number: int
    acknowledged: int
    octets: bytes = b""


GENERAL_BLOCK_TRANSFER = Service(
    0xE0,
    "general-block-transfer",
    GeneralBlockTransfer,
    Record(
        GeneralBlockTransfer,
        control=BlockControlCodec(),
        number=U16,
        acknowledged=U16,
        octets=OCTETS,
    ),
)
