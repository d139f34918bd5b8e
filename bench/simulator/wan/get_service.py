"""The GET service of the meter: normal, with list, and in blocks (IEC 62056-5-3 cl. 7.3.2)."""

from bench.protocols.dlms.apdu import encode_apdu
from bench.protocols.dlms.block import ResultBlock
from bench.protocols.dlms.cosem_types import AttributeDescriptor, SelectiveAccess
from bench.protocols.dlms.data import encode_data
from bench.protocols.dlms.data_types import Data, null
from bench.protocols.dlms.get import (
    GET_DATA_RESULTS,
    GetRequestNext,
    GetRequestNormal,
    GetRequestWithList,
    GetResponseNormal,
    GetResponseWithDataBlock,
)
from bench.protocols.dlms.initiate import Conformance
from bench.protocols.dlms.part import encode_part
from bench.protocols.dlms.results import DataAccessResult, GetDataResult, Invocation
from bench.simulator.wan import answers
from bench.simulator.wan.crash import Crash
from bench.simulator.wan.device import Device
from bench.simulator.wan.options import WanOptions
from bench.simulator.wan.outgoing import Outgoing
from bench.simulator.wan.request import Request

_BLOCKS = int(Conformance.BLOCK_TRANSFER_WITH_GET)
_SELECTION = int(Conformance.SELECTIVE_ACCESS)
_ALL = int(Conformance.ATTRIBUTE_0_WITH_GET)
_LIST = int(Conformance.MULTIPLE_REFERENCES)
_SECOND = 2
_MANY = 64  # attributes: more than any class has
_BLOCK_OVERHEAD = 10  # C4 02 iip last number(4) 00 and one octet of length at least


class GetService:
    """Serves GET in one association; holds the answer of which blocks are outstanding."""

    def __init__(self, device: Device, options: WanOptions) -> None:
        self._device = device
        self._options = options
        self._breaks = options.breaks
        self._long: Outgoing | None = None

    def reset(self) -> None:
        """Forget what is outstanding."""
        self._long = None

    def normal(self, asked: GetRequestNormal, request: Request) -> bytes:
        """Return the answer to a request for one attribute, its first block if it is long."""
        self._abort()
        result = self._read(asked.attribute, asked.access, request)
        invocation = asked.invocation
        if not isinstance(result, Data):
            return encode_apdu(GetResponseNormal(invocation, result))
        encoded = encode_data(result, length_octets=self._options.long_data_lengths)
        if len(encoded) + 4 <= request.room(_BLOCKS):
            return b"\xc4\x01" + bytes((invocation.octet, 0)) + encoded
        return self._begin(encoded, invocation, request)

    def with_list(self, asked: GetRequestWithList, request: Request) -> bytes:
        """Return the answers in the order of the request."""
        self._abort()
        if not request.association.has(_LIST) and "list-unnegotiated" not in self._breaks:
            return answers.NOT_NEGOTIATED
        read = [self._read(one.attribute, one.access, request) for one in asked.attributes]
        if "list-order" in self._breaks:
            read.reverse()
        if "list-errors-dropped" in self._breaks:
            read = [one for one in read if isinstance(one, Data)]
        encoded = encode_part(tuple(read), GET_DATA_RESULTS)
        if len(encoded) + 3 <= request.room(_BLOCKS):
            return b"\xc4\x03" + bytes((asked.invocation.octet,)) + encoded
        return self._begin(encoded, asked.invocation, request)

    def next(self, asked: GetRequestNext, request: Request) -> bytes:
        """Return the block after the one that the request acknowledges."""
        long = self._long
        if long is None or long.invocation.invoke_id != asked.invocation.invoke_id:
            self._long = None
            if "next-crash" in self._breaks and not asked.block_number:
                raise Crash
            why = DataAccessResult.NO_LONG_GET_IN_PROGRESS
            return self._aborted(asked, why)
        if asked.block_number != long.number and "block-number-unchecked" not in self._breaks:
            if "block-abort-ignored" not in self._breaks:
                self._long = None
            return self._aborted(asked, DataAccessResult.DATA_BLOCK_NUMBER_INVALID)
        return self._block(long, request)

    # -- one attribute

    def _read(
        self,
        attribute: AttributeDescriptor,
        access: SelectiveAccess | None,
        request: Request,
    ) -> GetDataResult:
        association = request.association
        if "attr-crash" in self._breaks and not 0 <= attribute.attribute < _MANY:
            raise Crash
        if "attr-served" in self._breaks and not 0 <= attribute.attribute < _MANY:
            return null()
        if access is not None and not association.has(_SELECTION):
            return DataAccessResult.SCOPE_OF_ACCESS_VIOLATED
        if attribute.attribute == 0 and not association.has(_ALL):
            return DataAccessResult.SCOPE_OF_ACCESS_VIOLATED
        return self._device.get(
            request.asker,
            attribute.class_id,
            bytes(attribute.instance),
            attribute.attribute,
            access,
        )

    # -- blocks

    def _abort(self) -> None:
        if "block-mix" not in self._breaks:
            self._long = None

    def _begin(self, encoded: bytes, invocation: Invocation, request: Request) -> bytes:
        if not request.association.has(_BLOCKS) or request.limit <= _BLOCK_OVERHEAD:
            return encode_apdu(GetResponseNormal(invocation, DataAccessResult.OTHER_REASON))
        if "block-mix" in self._breaks and self._long is not None:
            self._long.octets = encoded
            return self._block(self._long, request)
        self._long = Outgoing(invocation, encoded)
        if "block-number-from-0" in self._breaks:
            self._long.number = -1
        return self._block(self._long, request)

    def _block(self, long: Outgoing, request: Request) -> bytes:
        size = block_size(request.limit - _BLOCK_OVERHEAD, self._options)
        part, last = long.take(size)
        if last:
            self._long = None
            last = "last-block-missing" not in self._breaks
        if "block-octet-lost" in self._breaks and long.number == _SECOND:
            part = part[1:]
        block = ResultBlock(last, long.number, part)
        answer = GetResponseWithDataBlock(long.invocation, block)
        return encode_apdu(answer, length_octets=self._options.long_data_lengths)

    def _aborted(self, asked: GetRequestNext, why: DataAccessResult) -> bytes:
        block = ResultBlock(True, asked.block_number, why)
        return encode_apdu(GetResponseWithDataBlock(asked.invocation, block))


def block_size(room: int, options: WanOptions) -> int:
    """Return how many octets a block has when its content may have `room` octets with its length.

    `room` counts all but the first octet of the length.
    """
    if options.long_data_lengths:
        room -= max(options.long_data_lengths, 2)
    elif room > 0x7F:
        room -= 1 if room <= 0x100 else 2
    size = max(room, 1)
    return min(size, options.block_octets) if options.block_octets else size
