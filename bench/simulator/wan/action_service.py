"""The ACTION service of the meter: normal, with list, blocks both ways (IEC 62056-5-3 cl. 7.3.4).

Joined, the blocks of a long answer are an outcome, or the list of outcomes.
"""

from bench.protocols.dlms.action import (
    OUTCOME,
    OUTCOMES,
    PARAMETERS,
    ActionOutcome,
    ActionRequestNextBlock,
    ActionRequestNormal,
    ActionRequestWithBlock,
    ActionRequestWithFirstBlock,
    ActionRequestWithList,
    ActionRequestWithListAndFirstBlock,
    ActionResponseNextBlock,
    ActionResponseNormal,
    ActionResponseWithBlock,
)
from bench.protocols.dlms.apdu import encode_apdu
from bench.protocols.dlms.block import DataBlock
from bench.protocols.dlms.cosem_types import MethodDescriptor
from bench.protocols.dlms.data import decode_data
from bench.protocols.dlms.data_types import Data, long_unsigned
from bench.protocols.dlms.initiate import Conformance
from bench.protocols.dlms.part import decode_part, encode_part
from bench.protocols.dlms.results import ActionResult, Invocation
from bench.simulator.wan import answers
from bench.simulator.wan.device import Device
from bench.simulator.wan.get_service import block_size
from bench.simulator.wan.incoming import Incoming
from bench.simulator.wan.options import WanOptions
from bench.simulator.wan.outgoing import Outgoing
from bench.simulator.wan.request import Request

_BLOCKS = int(Conformance.BLOCK_TRANSFER_WITH_ACTION)
_LIST = int(Conformance.MULTIPLE_REFERENCES)
_BLOCK_OVERHEAD = 9  # C7 02 iip last number(4) and one octet of length at least

Target = MethodDescriptor | tuple[MethodDescriptor, ...]


class ActionService:
    """Serves ACTION in one association; nothing is invoked before the last block has come."""

    def __init__(self, device: Device, options: WanOptions) -> None:
        self._device = device
        self._options = options
        self._breaks = options.breaks
        self._incoming: Incoming[Target] | None = None
        self._outgoing: Outgoing | None = None

    def reset(self) -> None:
        """Forget what came, or was answered, in part."""
        self._incoming = None
        self._outgoing = None

    def normal(self, asked: ActionRequestNormal, request: Request) -> bytes:
        """Invoke one method."""
        self.reset()
        outcome = self._invoke(asked.method, asked.parameters, request)
        return self._one(asked.invocation, outcome, request)

    def with_list(self, asked: ActionRequestWithList, request: Request) -> bytes:
        """Invoke several methods in their order."""
        self.reset()
        if not request.association.has(_LIST):
            return answers.NOT_NEGOTIATED
        if len(asked.methods) != len(asked.parameters):
            return answers.MALFORMED
        outcomes = self._invoke_all(asked.methods, asked.parameters, request)
        return self._several(asked.invocation, outcomes, request)

    def first_block(
        self,
        asked: ActionRequestWithFirstBlock | ActionRequestWithListAndFirstBlock,
        request: Request,
    ) -> bytes:
        """Begin with long parameters."""
        self.reset()
        if not request.association.has(_BLOCKS):
            return answers.NOT_NEGOTIATED
        target: Target
        if isinstance(asked, ActionRequestWithFirstBlock):
            target = asked.method
        elif request.association.has(_LIST):
            target = asked.methods
        else:
            return answers.NOT_NEGOTIATED
        self._incoming = Incoming(target, asked.invocation, self._options.long_octets)
        return self._take(self._incoming, asked.invocation, asked.block, request)

    def block(self, asked: ActionRequestWithBlock, request: Request) -> bytes:
        """Go on with long parameters."""
        incoming = self._incoming
        if incoming is None or incoming.invocation.invoke_id != asked.invocation.invoke_id:
            self.reset()
            return _failed(asked.invocation, ActionResult.NO_LONG_ACTION_IN_PROGRESS)
        return self._take(incoming, asked.invocation, asked.block, request)

    def next(self, asked: ActionRequestNextBlock, request: Request) -> bytes:
        """Return the block of a long answer after the one that the request acknowledges."""
        outgoing = self._outgoing
        if outgoing is None or outgoing.invocation.invoke_id != asked.invocation.invoke_id:
            self.reset()
            return _failed(asked.invocation, ActionResult.NO_LONG_ACTION_IN_PROGRESS)
        if asked.block_number != outgoing.number and "block-number-unchecked" not in self._breaks:
            self.reset()
            return _failed(asked.invocation, ActionResult.LONG_ACTION_ABORTED)
        return self._send(outgoing, request)

    # -- blocks

    def _take(
        self, incoming: Incoming[Target], invocation: Invocation, block: DataBlock, request: Request
    ) -> bytes:
        wrong = block.number != incoming.expected and "block-number-unchecked" not in self._breaks
        if wrong or not incoming.fits(block):
            self.reset()
            return _failed(invocation, ActionResult.LONG_ACTION_ABORTED)
        incoming.take(block)
        octets, target = bytes(incoming.octets), incoming.target
        if not block.last:
            if "pblock-early" in self._breaks and isinstance(target, MethodDescriptor):
                self._invoke(target, long_unsigned(1), request)
            return encode_apdu(ActionResponseNextBlock(invocation, block.number))
        self._incoming = None
        if isinstance(target, MethodDescriptor):
            data = decode_data(octets).value
            if data is None:
                return _failed(invocation, ActionResult.TYPE_UNMATCHED)
            if "pblock-executed-twice" in self._breaks:
                self._invoke(target, data, request)
            return self._one(invocation, self._invoke(target, data, request), request)
        values = decode_part(octets, PARAMETERS, "parameters").value
        if values is None or len(values) != len(target):
            outcomes = (ActionOutcome(ActionResult.TYPE_UNMATCHED),) * len(target)
        else:
            outcomes = self._invoke_all(target, values, request)
        return self._several(invocation, outcomes, request)

    def _one(self, invocation: Invocation, outcome: ActionOutcome, request: Request) -> bytes:
        encoded = encode_part(outcome, OUTCOME)
        return self._begin(b"\xc7\x01", encoded, invocation, request)

    def _several(
        self, invocation: Invocation, outcomes: tuple[ActionOutcome, ...], request: Request
    ) -> bytes:
        return self._begin(b"\xc7\x03", encode_part(outcomes, OUTCOMES), invocation, request)

    def _begin(
        self, head: bytes, encoded: bytes, invocation: Invocation, request: Request
    ) -> bytes:
        if len(encoded) + 3 <= request.room(_BLOCKS):
            return head + bytes((invocation.octet,)) + encoded
        if not request.association.has(_BLOCKS) or request.limit <= _BLOCK_OVERHEAD:
            return _failed(invocation, ActionResult.OTHER_REASON)
        self._outgoing = Outgoing(invocation, encoded)
        return self._send(self._outgoing, request)

    def _send(self, outgoing: Outgoing, request: Request) -> bytes:
        size = block_size(request.limit - _BLOCK_OVERHEAD, self._options)
        part, last = outgoing.take(size)
        if last:
            self._outgoing = None
        block = DataBlock(last, outgoing.number, part)
        return encode_apdu(ActionResponseWithBlock(outgoing.invocation, block))

    # -- methods

    def _invoke_all(
        self, methods: tuple[MethodDescriptor, ...], values: tuple[Data, ...], request: Request
    ) -> tuple[ActionOutcome, ...]:
        pairs = zip(methods, values, strict=True)
        return tuple([self._invoke(method, value, request) for method, value in pairs])

    def _invoke(
        self, method: MethodDescriptor, parameter: Data | None, request: Request
    ) -> ActionOutcome:
        return ActionOutcome(
            *self._device.action(
                request.asker,
                method.class_id,
                bytes(method.instance),
                method.method,
                parameter,
            )
        )


def _failed(invocation: Invocation, why: ActionResult) -> bytes:
    return encode_apdu(ActionResponseNormal(invocation, ActionOutcome(why)))
