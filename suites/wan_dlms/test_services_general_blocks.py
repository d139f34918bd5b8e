"""Area C7: general block transfer, with its windows and repairs (IEC 62056-5-3 §6.13)."""

from bench.core.case import Case, Kind, case
from bench.core.check import Deviation, Place
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.engine.context import Inconclusive
from bench.protocols.dlms.data_types import Data
from bench.protocols.dlms.general_block_transfer import GeneralBlockTransfer
from bench.protocols.dlms.get import GetRequestNormal, GetResponseNormal
from bench.protocols.dlms.initiate import Conformance
from suites.wan_dlms.answer import Reply
from suites.wan_dlms.association import Association
from suites.wan_dlms.block_judging import SMALL_PDU
from suites.wan_dlms.declared import PROPOSED
from suites.wan_dlms.general_blocks import GeneralBlocks
from suites.wan_dlms.judging import judge
from suites.wan_dlms.meter import OBJECT_LIST, Meter
from suites.wan_dlms.services import attribute_of

_GBT = "IEC-62056-5-3:6.13"
_REQUEST_BLOCK, _SHORT_BLOCK = 8, 4  # octets: a GET of 13 octets makes two blocks, or four
_REQUEST_BLOCKS = 2


@case(
    Case(
        id="DLMS-SVC-16",
        version=1,
        interface="wan",
        title="General block transfer",
        purpose="Ensure that long answers come whole, in windows that the client can take, and "
        "that lost blocks are sent again.",
        stimulus="GET of the object list by general block transfer, maximum PDU size 128, the "
        "request in blocks, too: with windows of 1, 2 and 3; with block 2 of the answer lost; with "
        "block 2 of the request lost.",
        criterion="Blocks 1, 2, 3 ... of which never more than the window come at once; they "
        "acknowledge the blocks of the request; joined they are the list, whatever was lost.",
        kind=Kind.VALID,
        clauses=(_GBT,),
        ics="WAN/GBT",
        detects=("wan.gbt-window", "wan.gbt-loss-unrepaired", "wan.gbt-ack-wrong"),
        bound_s=180,
    )
)
def test_general_blocks(meter: Meter, verify: Checks) -> None:
    """Works below every service, and knows none of them."""
    name = meter.simplest()
    with meter.associate(name, max_pdu=0xFFFF) as aa:
        whole = aa.get(*OBJECT_LIST)
    if whole.data is None:
        raise Inconclusive(Reason.PRECONDITION, f"the object list cannot be read: {whole}")
    conformance = PROPOSED & ~Conformance.BLOCK_TRANSFER_WITH_GET
    conformance |= Conformance.GENERAL_BLOCK_TRANSFER
    with meter.associate(name, conformance=conformance, max_pdu=SMALL_PDU) as aa:
        if not aa.agreed(Conformance.GENERAL_BLOCK_TRANSFER):
            raise Inconclusive(
                Reason.PRECONDITION, "the meter did not agree to general block transfer (bit 2)"
            )
        for window in (1, 2, 3):
            exchange = GeneralBlocks(size=_REQUEST_BLOCK, window=window)
            _judge_whole(verify, f"joined-{window}", _read(aa, exchange), whole.data)
            _judge_window(verify, f"window-{window}", exchange)
            _judge_numbers(verify, f"numbers-{window}", exchange)
        lost = GeneralBlocks(size=_REQUEST_BLOCK, window=3, lose_received=frozenset({2}))
        _judge_whole(verify, "lost-answer", _read(aa, lost), whole.data)
        lost = GeneralBlocks(size=_SHORT_BLOCK, lose_sent=frozenset({2}))
        _judge_whole(verify, "lost-request", _read(aa, lost), whole.data)


def _read(aa: Association, exchange: GeneralBlocks) -> Reply:
    request = GetRequestNormal(aa.invocation(), attribute_of(*OBJECT_LIST))
    return aa.request(request, blocks=exchange)


def _judge_whole(verify: Checks, check_id: str, reply: Reply, data: Data) -> None:
    record = reply.record
    met = isinstance(record, GetResponseNormal) and record.result == data
    observed = "the list" if met else reply.note or str(reply)
    judge(verify, check_id, met, reply, expected="the object list", observed=observed)


def _carrying(exchange: GeneralBlocks) -> list[tuple[Reply, GeneralBlockTransfer]]:
    """Return the blocks of the answer, with what each came in."""
    return [
        (reply, record)
        for reply in exchange.replies
        if isinstance(record := reply.record, GeneralBlockTransfer) and record.octets
    ]


def _judge_window(verify: Checks, check_id: str, exchange: GeneralBlocks) -> None:
    """Record that the meter paused after as many blocks as the client takes."""
    wrong, burst = [], 0
    blocks = _carrying(exchange)
    for reply, record in blocks:
        burst += 1
        if burst == exchange.window + 1:
            observed = f"block {record.number} is the {burst}th without a pause"
            wrong.append(_deviation(reply, f"a pause after {exchange.window}", observed))
        if not record.control.streaming:
            burst = 0
    verify.none_of(
        check_id,
        wrong,
        examined=len(blocks),
        expected=f"at most {exchange.window} blocks at once",
        things="blocks",
    )


def _judge_numbers(verify: Checks, check_id: str, exchange: GeneralBlocks) -> None:
    """Record that blocks are counted from 1, and say that those of the request have come."""
    blocks = _carrying(exchange)
    wrong = [
        _deviation(reply, f"block {number}", f"block {record.number}")
        for number, (reply, record) in enumerate(blocks, 1)
        if record.number != number
    ]
    wrong += [
        _deviation(reply, f"block {_REQUEST_BLOCKS} acknowledged", f"{record.acknowledged}")
        for reply, record in blocks[:1]
        if record.acknowledged != _REQUEST_BLOCKS
    ]
    for reply in exchange.replies:
        record = reply.record
        if isinstance(record, GeneralBlockTransfer) and not (record.octets or record.acknowledged):
            wrong.append(_deviation(reply, "a block acknowledged", "no block acknowledged"))
    verify.none_of(
        check_id,
        wrong,
        examined=len(exchange.replies),
        expected="blocks 1, 2, 3 ..., and acknowledgements of what was sent",
        things="blocks",
    )


def _deviation(reply: Reply, expected: str, observed: str) -> Deviation:
    return Deviation(reply.place() or Place(reply.frame), expected, observed)
