"""The SET service of the meter: normal, with list, and in blocks (IEC 62056-5-3 cl. 7.3.3)."""

from bench.protocols.dlms.apdu import encode_apdu
from bench.protocols.dlms.block import DataBlock
from bench.protocols.dlms.cosem_types import SelectedAttribute
from bench.protocols.dlms.data import decode_data
from bench.protocols.dlms.data_types import Data
from bench.protocols.dlms.initiate import Conformance
from bench.protocols.dlms.part import decode_part
from bench.protocols.dlms.results import DataAccessResult, Invocation
from bench.protocols.dlms.set import (
    VALUES,
    SetRequestNormal,
    SetRequestWithDataBlock,
    SetRequestWithFirstDataBlock,
    SetRequestWithList,
    SetRequestWithListAndFirstDataBlock,
    SetResponseDataBlock,
    SetResponseLastDataBlock,
    SetResponseLastDataBlockWithList,
    SetResponseNormal,
    SetResponseWithList,
)
from bench.simulator.wan import answers
from bench.simulator.wan.device import Device
from bench.simulator.wan.incoming import Incoming
from bench.simulator.wan.options import WanOptions
from bench.simulator.wan.request import Request

_BLOCKS = int(Conformance.BLOCK_TRANSFER_WITH_SET)
_SELECTION = int(Conformance.SELECTIVE_ACCESS)
_ALL = int(Conformance.ATTRIBUTE_0_WITH_SET)
_LIST = int(Conformance.MULTIPLE_REFERENCES)

Target = SelectedAttribute | tuple[SelectedAttribute, ...]


class SetService:
    """Serves SET in one association; nothing is written before the last block has come."""

    def __init__(self, device: Device, options: WanOptions) -> None:
        self._device = device
        self._options = options
        self._breaks = options.breaks
        self._long: Incoming[Target] | None = None

    def reset(self) -> None:
        """Forget what came in part."""
        self._long = None

    def normal(self, asked: SetRequestNormal, request: Request) -> bytes:
        """Write one attribute."""
        self._long = None
        target = SelectedAttribute(asked.attribute, asked.access)
        return encode_apdu(
            SetResponseNormal(asked.invocation, self._write(target, asked.value, request))
        )

    def with_list(self, asked: SetRequestWithList, request: Request) -> bytes:
        """Write several attributes in their order."""
        self._long = None
        if not request.association.has(_LIST):
            return answers.NOT_NEGOTIATED
        if len(asked.attributes) != len(asked.values):
            return answers.MALFORMED
        results = self._write_all(asked.attributes, asked.values, request)
        answer = encode_apdu(SetResponseWithList(asked.invocation, results))
        return answer if len(answer) <= request.room() else answers.TOO_LONG

    def first_block(
        self,
        asked: SetRequestWithFirstDataBlock | SetRequestWithListAndFirstDataBlock,
        request: Request,
    ) -> bytes:
        """Begin a long write."""
        self._long = None
        if not request.association.has(_BLOCKS):
            return answers.NOT_NEGOTIATED
        target: Target
        if isinstance(asked, SetRequestWithFirstDataBlock):
            target = SelectedAttribute(asked.attribute, asked.access)
        elif request.association.has(_LIST):
            target = asked.attributes
        else:
            return answers.NOT_NEGOTIATED
        self._long = Incoming(target, asked.invocation, self._options.long_octets)
        return self._take(self._long, asked.invocation, asked.block, request)

    def block(self, asked: SetRequestWithDataBlock, request: Request) -> bytes:
        """Go on with a long write."""
        long = self._long
        if long is None or long.invocation.invoke_id != asked.invocation.invoke_id:
            self._long = None
            why = DataAccessResult.NO_LONG_SET_IN_PROGRESS
            return self._aborted(asked.invocation, why, asked.block)
        return self._take(long, asked.invocation, asked.block, request)

    # -- blocks

    def _take(
        self, long: Incoming[Target], invocation: Invocation, block: DataBlock, request: Request
    ) -> bytes:
        if block.number != long.expected and "block-number-unchecked" not in self._breaks:
            self._long = None
            why = DataAccessResult.DATA_BLOCK_NUMBER_INVALID
            return self._aborted(invocation, why, block)
        if not long.fits(block):
            self._long = None
            return self._aborted(invocation, DataAccessResult.LONG_SET_ABORTED, block)
        long.take(block)
        if "partial-set" in self._breaks and not block.last:
            self._finish(long, request)
        if not block.last:
            wrong = int("set-block-ack-wrong" in self._breaks)
            return encode_apdu(SetResponseDataBlock(invocation, block.number + wrong))
        self._long = None
        results = self._finish(long, request)
        if isinstance(long.target, SelectedAttribute):
            return encode_apdu(SetResponseLastDataBlock(invocation, results[0], block.number))
        answer = encode_apdu(SetResponseLastDataBlockWithList(invocation, results, block.number))
        return answer if len(answer) <= request.room() else answers.TOO_LONG

    def _aborted(self, invocation: Invocation, why: DataAccessResult, block: DataBlock) -> bytes:
        return encode_apdu(SetResponseLastDataBlock(invocation, why, block.number))

    def _finish(self, long: Incoming[Target], request: Request) -> tuple[int, ...]:
        octets = bytes(long.octets)
        if isinstance(long.target, SelectedAttribute):
            data = decode_data(octets).value
            if data is None and "partial-set" in self._breaks and octets[:1] == b"\x09":
                data = Data(9, octets[2:])
            if data is None:
                return (DataAccessResult.TYPE_UNMATCHED,)
            return (self._write(long.target, data, request),)
        values = decode_part(octets, VALUES, "values").value
        if values is None or len(values) != len(long.target):
            return (DataAccessResult.TYPE_UNMATCHED,) * len(long.target)
        return self._write_all(long.target, values, request)

    # -- attributes

    def _write_all(
        self,
        attributes: tuple[SelectedAttribute, ...],
        values: tuple[Data, ...],
        request: Request,
    ) -> tuple[int, ...]:
        pairs = zip(attributes, values, strict=True)
        return tuple([self._write(target, value, request) for target, value in pairs])

    def _write(self, target: SelectedAttribute, value: Data, request: Request) -> DataAccessResult:
        association, attribute = request.association, target.attribute
        if target.access is not None and not association.has(_SELECTION):
            return DataAccessResult.SCOPE_OF_ACCESS_VIOLATED
        if attribute.attribute == 0 and not association.has(_ALL):
            return DataAccessResult.SCOPE_OF_ACCESS_VIOLATED
        return self._device.set(
            request.asker,
            attribute.class_id,
            bytes(attribute.instance),
            attribute.attribute,
            target.access,
            value,
        )
