"""The services of one association: which request is served by what, and which is refused."""

import re
from collections.abc import Callable
from typing import Any

from bench.protocols.dlms.access import AccessRequest
from bench.protocols.dlms.action import (
    ActionRequestNextBlock,
    ActionRequestNormal,
    ActionRequestWithBlock,
    ActionRequestWithFirstBlock,
    ActionRequestWithList,
    ActionRequestWithListAndFirstBlock,
)
from bench.protocols.dlms.apdu import decode_apdu
from bench.protocols.dlms.decoded import Malformed
from bench.protocols.dlms.get import GetRequestNext, GetRequestNormal, GetRequestWithList
from bench.protocols.dlms.initiate import Conformance
from bench.protocols.dlms.set import (
    SetRequestNormal,
    SetRequestWithDataBlock,
    SetRequestWithFirstDataBlock,
    SetRequestWithList,
    SetRequestWithListAndFirstDataBlock,
)
from bench.simulator.wan import answers
from bench.simulator.wan.access_service import AccessService
from bench.simulator.wan.action_service import ActionService
from bench.simulator.wan.crash import Crash, has_length_bomb
from bench.simulator.wan.device import Device
from bench.simulator.wan.get_service import GetService
from bench.simulator.wan.options import Refusal, WanOptions
from bench.simulator.wan.request import Request
from bench.simulator.wan.set_service import SetService

REQUESTS = {
    0xC0: Conformance.GET,
    0xC1: Conformance.SET,
    0xC3: Conformance.ACTION,
    0xD9: Conformance.ACCESS,
}
"""The requests with a plain tag, and the conformance bit that each takes."""

_ACCESS = 0xD9
_UNDEFINED = re.compile(rb"\xc7\x01.\x04", re.DOTALL)  # an ACTION of an object that is not there
_MISSING = 16  # octets that a broken meter makes up
_ODD_FROM = 20  # octets of a GET with others behind it that a broken meter treats otherwise
_BITS = {tag: int(bit) for tag, bit in REQUESTS.items()}


class Services:
    """Serves deciphered requests; one for each association."""

    def __init__(self, device: Device, options: WanOptions) -> None:
        self._options = options
        self._breaks = options.breaks
        get, put = GetService(device, options), SetService(device, options)
        action, access = ActionService(device, options), AccessService(device, options)
        self._resets = (get.reset, put.reset, action.reset)
        self._served: dict[type, Callable[[Any, Request], bytes]] = {
            GetRequestNormal: get.normal,
            GetRequestNext: get.next,
            GetRequestWithList: get.with_list,
            SetRequestNormal: put.normal,
            SetRequestWithFirstDataBlock: put.first_block,
            SetRequestWithDataBlock: put.block,
            SetRequestWithList: put.with_list,
            SetRequestWithListAndFirstDataBlock: put.first_block,
            ActionRequestNormal: action.normal,
            ActionRequestNextBlock: action.next,
            ActionRequestWithList: action.with_list,
            ActionRequestWithFirstBlock: action.first_block,
            ActionRequestWithListAndFirstBlock: action.first_block,
            ActionRequestWithBlock: action.block,
            AccessRequest: access.answer,
        }

    def reset(self) -> None:
        """Forget every long transfer: the association ended."""
        for reset in self._resets:
            reset()

    def answer(self, request: Request) -> bytes | None:
        """Return the answer APDU before it is protected, None for silence."""
        octets = request.octets
        options = self._options
        bit = _BITS.get(octets[0])
        if bit is None:
            return answers.refused(options.unknown_tag, answers.UNKNOWN_SERVICE)
        unasked = octets[0] == _ACCESS and "access-unnegotiated" in self._breaks
        unheeded = unasked or "conformance-unheeded" in self._breaks
        if not request.association.has(bit) and not unheeded:
            return answers.refused(options.not_negotiated, answers.NOT_NEGOTIATED)
        decoded = decode_apdu(octets)
        asked = decoded.value
        if isinstance(asked, Malformed):
            self._survive(octets, decoded.codes())
            asked = self._completed(octets)
        if isinstance(asked, Malformed):
            return answers.refused(options.malformed, answers.MALFORMED)
        if options.trailing_octets is not Refusal.RESULT and "trailing" in decoded.codes():
            return answers.refused(options.trailing_octets, answers.MALFORMED)
        trailing = "trailing" in decoded.codes() and len(octets) > _ODD_FROM
        if trailing and "trailing-crash" in self._breaks:
            raise Crash
        if trailing and "trailing-inconsistent" in self._breaks:
            return answers.MALFORMED
        answer = self._served[type(asked)](asked, request)
        if "iip-not-echoed" in self._breaks and answer[0] not in (0xD8, 0xDA):
            answer = answer[:2] + bytes((answer[2] | 0x80,)) + answer[3:]
        if "action-undefined-silent" in self._breaks and _UNDEFINED.match(answer):
            return None
        is_answered = asked.invocation.confirmed or "unconfirmed-answered" in self._breaks
        return answer if is_answered else None

    def _completed(self, octets: bytes) -> Any:
        """Return what a broken meter takes a truncated request for; Malformed if it is kept."""
        broken = {0xC1: "trunc-written", 0xC3: "trunc-executed"}.get(octets[0])
        for missing in range(1, _MISSING if broken in self._breaks else 1):
            asked = decode_apdu(octets + b"\x01" * missing).value
            if not isinstance(asked, Malformed):
                return asked
        return decode_apdu(octets).value

    def _survive(self, octets: bytes, codes: tuple[str, ...]) -> None:
        """Raise Crash for a malformed request that a broken meter falls over."""
        breaks = self._breaks
        bombed = "depth" in codes or has_length_bomb(octets)
        if ("len-bomb" in breaks and bombed) or ("trunc-crash" in breaks and "truncated" in codes):
            raise Crash
