"""From blocks of a long GET to checks: their numbers, the mark of the last, and how they end."""

from bench.core.check import Deviation, Place
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.engine.context import Inconclusive
from bench.protocols.dlms.block import ResultBlock
from bench.protocols.dlms.cosem_types import AttributeDescriptor
from bench.protocols.dlms.get import GetRequestNormal, GetResponseNormal, GetResponseWithDataBlock
from bench.protocols.dlms.initiate import Conformance
from bench.protocols.dlms.results import Invocation
from suites.wan_dlms.answer import Answer, Reply
from suites.wan_dlms.association import Association
from suites.wan_dlms.judging import judge
from suites.wan_dlms.meter import Meter

SMALL_PDU = 128  # octets: the object list does not fit, an answer of one block does


def open_for_blocks(meter: Meter, name: str, *bits: Conformance) -> Association:
    """Return an open association in which the object list takes several blocks.

    Inconclusive (PRECONDITION) where the meter did not agree to such blocks.
    """
    aa = meter.associate(name, max_pdu=SMALL_PDU)
    if not aa.agreed(*bits):
        aa.close()
        text = ", ".join(bit.name or str(bit) for bit in bits)
        raise Inconclusive(Reason.PRECONDITION, f"the meter did not agree to {text}")
    return aa


def block_of(reply: Reply) -> ResultBlock | None:
    """Return the block of a GET that came, None if something else did."""
    record = reply.record
    return record.block if isinstance(record, GetResponseWithDataBlock) else None


def first_block(aa: Association, attribute: AttributeDescriptor, how: Invocation) -> ResultBlock:
    """Begin a transfer; Inconclusive (PRECONDITION) where no first of several blocks comes."""
    reply = aa.request(GetRequestNormal(how, attribute))
    block = block_of(reply)
    if block is None or not isinstance(block.result, bytes) or block.last:
        raise Inconclusive(Reason.PRECONDITION, f"no first block came, but {reply}")
    return block


def judge_blocks(verify: Checks, answer: Answer) -> None:
    """Record that an answer came in blocks 1, 2, 3 ..., the last of them marked."""
    found = [
        (reply, block)
        for reply in answer.replies
        if (block := block_of(reply)) is not None and isinstance(block.result, bytes)
    ]
    if not found:
        raise Inconclusive(Reason.PRECONDITION, f"the answer came without blocks: {answer}")
    wrong = [
        _deviation(reply, f"block {number}", f"block {block.number}")
        for number, (reply, block) in enumerate(found, 1)
        if block.number != number
    ]
    verify.none_of(
        "numbers", wrong, examined=len(found), expected="blocks 1, 2, 3 ...", things="blocks"
    )
    ended = found[-1][1].last
    early = [r for r, block in found[:-1] if block.last]
    reply = early[0] if early else found[-1][0]
    verify.that(
        "last",
        (ended or bool(wrong)) and not early,
        expected="the last block, and no other, marked as last",
        observed=str(answer) if answer.fault else "marked" if ended else "not marked",
        place=reply.place(),
    )


def is_refused_block(reply: Reply) -> bool:
    """Whether a next block was refused: by an exception, or by a result without octets."""
    record = reply.record
    if isinstance(record, GetResponseNormal):
        return isinstance(record.result, int) and record.result != 0
    block = block_of(reply)
    refused = block is not None and isinstance(block.result, int) and block.result != 0
    return refused or reply.exception is not None


def judge_refused_block(verify: Checks, check_id: str, reply: Reply, *, expected: str) -> bool:
    """Record that a next block was refused."""
    block = block_of(reply)
    observed = ""
    if block is not None:
        content = block.result
        what = f"{len(content)} octets" if isinstance(content, bytes) else f"result {content}"
        observed = f"block {block.number} with {what}"
    met = is_refused_block(reply)
    return judge(verify, check_id, met, reply, expected=expected, observed=observed)


def _deviation(reply: Reply, expected: str, observed: str) -> Deviation:
    return Deviation(reply.place() or Place(reply.frame), expected, observed)
