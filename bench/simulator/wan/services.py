"""The services of one association: which request is served by what, and which is refused."""

from bench.protocols.dlms.apdu import decode_apdu
from bench.protocols.dlms.decoded import Malformed
from bench.protocols.dlms.get import GetRequestNext, GetRequestNormal, GetRequestWithList
from bench.protocols.dlms.initiate import Conformance
from bench.simulator.wan import answers
from bench.simulator.wan.device import Device
from bench.simulator.wan.get_service import GetService
from bench.simulator.wan.options import Refusal, WanOptions
from bench.simulator.wan.request import Request

REQUESTS = {0xC0: Conformance.GET, 0xC1: Conformance.SET, 0xC3: Conformance.ACTION}
"""The requests with a plain tag, and the conformance bit that each takes."""

_BITS = {tag: int(bit) for tag, bit in REQUESTS.items()}


class Services:
    """Serves deciphered requests; one for each association."""

    def __init__(self, device: Device, options: WanOptions) -> None:
        self._options = options
        self._breaks = options.breaks
        self._get = GetService(device, options)

    def reset(self) -> None:
        """Forget every long transfer: the association ended."""
        self._get.reset()

    def answer(self, request: Request) -> bytes | None:
        """Return the answer APDU before it is protected, None for silence."""
        octets = request.octets
        options = self._options
        bit = _BITS.get(octets[0])
        if bit is None:
            return answers.refused(options.unknown_tag, answers.UNKNOWN_SERVICE)
        if not request.association.has(bit):
            return answers.refused(options.not_negotiated, answers.NOT_NEGOTIATED)
        decoded = decode_apdu(octets)
        asked = decoded.value
        if isinstance(asked, Malformed):
            return answers.refused(options.malformed, answers.MALFORMED)
        if decoded.problems and options.trailing_octets is not Refusal.RESULT:
            if any(problem.code == "trailing" for problem in decoded.problems):
                return answers.refused(options.trailing_octets, answers.MALFORMED)
        answer = self._serve(asked, request)
        invocation = asked.invocation
        return answer if invocation.confirmed or "unconfirmed-answered" in self._breaks else None

    def _serve(self, asked: object, request: Request) -> bytes:
        if isinstance(asked, GetRequestNormal):
            return self._get.normal(asked, request)
        if isinstance(asked, GetRequestNext):
            return self._get.next(asked, request)
        if isinstance(asked, GetRequestWithList):
            return self._get.with_list(asked, request)
        return answers.UNKNOWN_SERVICE
