"""The data blocks that carry what is longer than one APDU: numbered from 1, the last one marked."""

from collections.abc import Iterator
from dataclasses import dataclass

from bench.core.errors import UsageError
from bench.protocols.dlms.axdr import BOOLEAN, OCTETS, U32, Choice, Record
from bench.protocols.dlms.results import DATA_ACCESS_RESULT


@dataclass(frozen=True, slots=True)
class DataBlock:
    """A block of a SET or ACTION transfer (DataBlock-SA)."""

    last: bool
    number: int
    octets: bytes


@dataclass(frozen=True, slots=True)
class ResultBlock:
    """A block of a GET transfer (DataBlock-G): octets, or why the transfer ends."""

    last: bool
    number: int
    result: bytes | int


DATA_BLOCK = Record(DataBlock, last=BOOLEAN, number=U32, octets=OCTETS)
RESULT_BLOCK = Record(
    ResultBlock,
    last=BOOLEAN,
    number=U32,
    result=Choice({0: (bytes, OCTETS), 1: (int, DATA_ACCESS_RESULT)}),
)


def split(octets: bytes, size: int) -> Iterator[DataBlock]:
    """Return blocks of at most `size` octets with the numbers 1, 2, ... and the last marked.

    No octets give one empty last block. UsageError if `size` is not positive.
    """
    if size < 1:
        raise UsageError(f"blocks of {size} octets carry nothing")
    starts = range(0, max(len(octets), 1), size)
    for number, start in enumerate(starts, 1):
        yield DataBlock(start + size >= len(octets), number, octets[start : start + size])
