"""The ACCESS service of the meter: gets, sets and actions in one request (IEC 62056-5-3)."""

from bench.protocols.dlms.access import (
    AccessAction,
    AccessActionResult,
    AccessGet,
    AccessGetResult,
    AccessGetSelected,
    AccessRequest,
    AccessResponse,
    AccessResult,
    AccessSetResult,
    AccessSpecification,
)
from bench.protocols.dlms.apdu import encode_apdu
from bench.protocols.dlms.data_types import Data, null
from bench.protocols.dlms.initiate import Conformance
from bench.protocols.dlms.results import ActionResult, DataAccessResult
from bench.simulator.wan import answers
from bench.simulator.wan.device import Device
from bench.simulator.wan.options import WanOptions
from bench.simulator.wan.request import Request

_NEEDS = (
    (AccessGet, int(Conformance.GET)),
    (AccessGetSelected, int(Conformance.GET)),
    (AccessAction, int(Conformance.ACTION)),
)

Done = tuple[Data, AccessResult]


class AccessService:
    """Serves ACCESS: each item in its turn, with its data and result in the place of the item."""

    def __init__(self, device: Device, options: WanOptions) -> None:
        self._device = device
        self._options = options
        self._breaks = options.breaks

    def answer(self, asked: AccessRequest, request: Request) -> bytes:
        """Return the answer, an ExceptionResponse if it is too long for the client."""
        specifications = asked.specifications
        if len(specifications) != len(asked.data):
            return answers.MALFORMED
        done: list[Done] = []
        broken = False
        for specification, data in zip(specifications, asked.data, strict=True):
            if broken:
                if self._options.access_stops_short:
                    break
                item = null(), _result(specification, DataAccessResult.OTHER_REASON)
            else:
                item = self._do(specification, data, request)
                broken = bool(item[1].result) and self._stops(asked)
            done.append(item)
        if "access-order" in self._breaks:
            done.reverse()
        options = self._options
        answer = encode_apdu(
            AccessResponse(
                asked.invocation,
                asked.date_time if options.access_date_time else b"",
                specifications if options.access_repeats_specifications else None,
                tuple([item[0] for item in done]),
                tuple([item[1] for item in done]),
            )
        )
        return answer if len(answer) <= request.room() else answers.TOO_LONG

    def _stops(self, asked: AccessRequest) -> bool:
        """Whether an item that fails is the last one that is done."""
        if "access-breaks-always" in self._breaks:
            return True
        ignored = {"access-order", "access-no-break"} & self._breaks
        return asked.invocation.break_on_error and not ignored

    def _do(self, item: AccessSpecification, data: Data, request: Request) -> Done:
        device, asker = self._device, request.asker
        if not request.association.has(_needed(item)):
            return null(), _result(item, DataAccessResult.READ_WRITE_DENIED)
        if isinstance(item, AccessAction):
            method = item.method
            result, returned = device.action(
                asker, method.class_id, bytes(method.instance), method.method, data
            )
            found = returned if isinstance(returned, Data) else null()
            return found, AccessActionResult(result)
        attribute = item.attribute
        access = getattr(item, "access", None)
        name = bytes(attribute.instance)
        selects = request.association.has(int(Conformance.SELECTIVE_ACCESS))
        if access is not None and not selects:
            return null(), _result(item, DataAccessResult.SCOPE_OF_ACCESS_VIOLATED)
        if isinstance(item, AccessGet | AccessGetSelected):
            read = device.get(asker, attribute.class_id, name, attribute.attribute, access)
            if isinstance(read, Data):
                return read, AccessGetResult(DataAccessResult.SUCCESS)
            return null(), AccessGetResult(read)
        written = device.set(asker, attribute.class_id, name, attribute.attribute, access, data)
        return null(), AccessSetResult(written)


def _needed(item: AccessSpecification) -> int:
    for kind, bit in _NEEDS:
        if isinstance(item, kind):
            return bit
    return int(Conformance.SET)


def _result(item: AccessSpecification, code: DataAccessResult) -> AccessResult:
    if isinstance(item, AccessAction):
        return AccessActionResult(ActionResult(code) if code in _SHARED else ActionResult(250))
    if isinstance(item, AccessGet | AccessGetSelected):
        return AccessGetResult(code)
    return AccessSetResult(code)


_SHARED = frozenset(int(code) for code in ActionResult)
