"""Follows an answer to its end: through blocks, and to a name for whatever else comes.

Bounded in blocks, octets and time, whatever a meter sends: an answer that goes on beyond is a
fault of the answer, not of the bench.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from bench.core.trace import Problem
from bench.protocols.dlms.action import (
    OUTCOME,
    OUTCOMES,
    ActionOutcome,
    ActionRequestNextBlock,
    ActionRequestWithBlock,
    ActionResponseNextBlock,
    ActionResponseNormal,
    ActionResponseWithBlock,
    ActionResponseWithList,
)
from bench.protocols.dlms.block import DataBlock
from bench.protocols.dlms.data import decode_data
from bench.protocols.dlms.data_types import Data
from bench.protocols.dlms.get import (
    GET_DATA_RESULTS,
    GetRequestNext,
    GetResponseNormal,
    GetResponseWithDataBlock,
    GetResponseWithList,
)
from bench.protocols.dlms.part import decode_part
from bench.protocols.dlms.results import GetDataResult, Invocation
from bench.protocols.dlms.set import (
    SetRequestWithDataBlock,
    SetResponseDataBlock,
    SetResponseLastDataBlock,
    SetResponseLastDataBlockWithList,
    SetResponseNormal,
    SetResponseWithList,
)
from suites.wan_dlms.answer import Answer, ItemResult, Reply
from suites.wan_dlms.words import data_access_result

if TYPE_CHECKING:
    from suites.wan_dlms.association import Association

MOST_BLOCKS = 4096
MOST_OCTETS = 1 << 20  # what blocks of one answer may make when joined


def unexpected(replies: tuple[Reply, ...], **rest: Any) -> Answer:
    """Return the answer of a call that ended in something else than a response of its service."""
    last = replies[-1]
    fault = str(last)
    if last.came and last.exception is None and last.decoded is not None:
        fault = f"answered by {fault}"
    return Answer(replies, fault=fault, **rest)


def result_of(found: GetDataResult) -> ItemResult:
    """Return data as success, anything else as its data-access-result."""
    return ItemResult(0, found) if isinstance(found, Data) else ItemResult(int(found))


# -- GET


def follow_get(
    aa: "Association", reply: Reply, invocation: Invocation, expected: int | None = None
) -> Answer:
    """Return what was read; `expected` is how many attributes a list asked for, None without."""
    match reply.record:
        case GetResponseNormal(result=found) if expected is None:
            one = result_of(found)
            return Answer((reply,), one.result, one.data)
        case GetResponseWithList(results=results) if expected is not None:
            return _listed((reply,), tuple(map(result_of, results)), expected)
        case GetResponseWithDataBlock():
            return _get_blocks(aa, reply, invocation, expected)
    return unexpected((reply,))


def _get_blocks(
    aa: "Association", reply: Reply, invocation: Invocation, expected: int | None
) -> Answer:
    replies = [reply]
    joined = bytearray()
    number = 1
    while True:
        record = replies[-1].record
        if not isinstance(record, GetResponseWithDataBlock):
            return unexpected(tuple(replies))
        block = record.block
        if isinstance(block.result, int):
            text = f"block {block.number} holds {data_access_result(block.result)}"
            return Answer(tuple(replies), block.result, fault=text)
        if block.number != number:
            return Answer(tuple(replies), fault=f"block {block.number} came, expected {number}")
        joined += block.result
        if block.last:
            break
        if fault := _endless(aa, number, len(joined)):
            return Answer(tuple(replies), fault=fault)
        replies.append(aa.request(GetRequestNext(invocation, number)))
        number += 1
    return _joined_get(tuple(replies), bytes(joined), expected)


def _joined_get(replies: tuple[Reply, ...], octets: bytes, expected: int | None) -> Answer:
    if expected is None:
        whole = decode_data(octets)
        if whole.value is None:
            text = f"the joined blocks are no data: {_first(whole.problems)}"
            return Answer(replies, fault=text, problems_of_whole=whole.problems)
        return Answer(replies, 0, whole.value, problems_of_whole=whole.problems)
    rows = decode_part(octets, GET_DATA_RESULTS, "results")
    if rows.value is None:
        text = f"the joined blocks are no list of results: {_first(rows.problems)}"
        return Answer(replies, fault=text, problems_of_whole=rows.problems)
    return _listed(replies, tuple(map(result_of, rows.value)), expected, rows.problems)


def _listed(
    replies: tuple[Reply, ...],
    results: tuple[ItemResult, ...],
    expected: int,
    problems: tuple[Problem, ...] = (),
) -> Answer:
    fault = "" if len(results) == expected else f"{len(results)} results for {expected} requests"
    return Answer(replies, results=results, fault=fault, problems_of_whole=problems)


# -- SET


def follow_set(
    aa: "Association",
    blocks: Sequence[DataBlock],
    reply: Reply,
    invocation: Invocation,
    block: DataBlock | None = None,
    expected: int | None = None,
) -> Answer:
    """Send the further `blocks` as each is acknowledged; return how the write ended.

    `block` is the one that `reply` answers, None where the request went whole.
    """
    replies = [reply]
    left = list(blocks)
    while True:
        done = tuple(replies)
        match replies[-1].record:
            case SetResponseNormal(result=code) if expected is None:
                return Answer(done, int(code))
            case SetResponseLastDataBlock(result=code, block_number=number):
                return Answer(done, int(code), fault=_wrong(number, block))
            case SetResponseWithList(results=codes):
                return _listed(done, _items(codes), expected or 0)
            case SetResponseLastDataBlockWithList(results=codes):
                return _listed(done, _items(codes), expected or 0)
            case SetResponseDataBlock(block_number=number) if block is not None:
                if fault := _wrong(number, block):
                    return Answer(done, fault=fault)
                if not left:
                    return Answer(done, fault="the last block was acknowledged, but no result came")
                block = left.pop(0)
                replies.append(aa.request(SetRequestWithDataBlock(invocation, block)))
                continue
        return unexpected(done)


def _items(codes: Sequence[int]) -> tuple[ItemResult, ...]:
    return tuple(ItemResult(int(code)) for code in codes)


# -- ACTION


def follow_action(
    aa: "Association",
    blocks: Sequence[DataBlock],
    reply: Reply,
    invocation: Invocation,
    block: DataBlock | None = None,
    expected: int | None = None,
) -> Answer:
    """Send the further `blocks`, then take the blocks of the answer; return how it ended."""
    replies = [reply]
    left = list(blocks)
    while True:
        done = tuple(replies)
        match replies[-1].record:
            case ActionResponseNormal(outcome=found) if expected is None:
                return _outcome(done, found)
            case ActionResponseWithList(outcomes=outcomes):
                return _listed(done, tuple(map(_item, outcomes)), expected or 0)
            case ActionResponseWithBlock():
                return _action_blocks(aa, replies, invocation, expected)
            case ActionResponseNextBlock(block_number=number) if block is not None:
                if fault := _wrong(number, block):
                    return Answer(done, fault=fault, action=True)
                if not left:
                    text = "the last block was acknowledged, but no result came"
                    return Answer(done, fault=text, action=True)
                block = left.pop(0)
                replies.append(aa.request(ActionRequestWithBlock(invocation, block)))
                continue
        return unexpected(done, action=True)


def _action_blocks(
    aa: "Association", replies: list[Reply], invocation: Invocation, expected: int | None
) -> Answer:
    joined = bytearray()
    number = 1
    while True:
        record = replies[-1].record
        if not isinstance(record, ActionResponseWithBlock):
            return unexpected(tuple(replies), action=True)
        block = record.block
        if block.number != number:
            text = f"block {block.number} came, expected {number}"
            return Answer(tuple(replies), fault=text, action=True)
        joined += block.octets
        if block.last:
            break
        if fault := _endless(aa, number, len(joined)):
            return Answer(tuple(replies), fault=fault, action=True)
        replies.append(aa.request(ActionRequestNextBlock(invocation, number)))
        number += 1
    done = tuple(replies)
    if expected is None:
        whole = decode_part(bytes(joined), OUTCOME, "outcome")
        if whole.value is not None:
            return _outcome(done, whole.value, whole.problems)
        text = f"the joined blocks are no outcome: {_first(whole.problems)}"
        return Answer(done, fault=text, action=True, problems_of_whole=whole.problems)
    rows = decode_part(bytes(joined), OUTCOMES, "outcomes")
    if rows.value is not None:
        return _listed(done, tuple(map(_item, rows.value)), expected, rows.problems)
    text = f"the joined blocks are no list of outcomes: {_first(rows.problems)}"
    return Answer(done, fault=text, action=True, problems_of_whole=rows.problems)


def _outcome(
    replies: tuple[Reply, ...], found: ActionOutcome, problems: tuple[Problem, ...] = ()
) -> Answer:
    one = _item(found)
    return Answer(replies, one.result, one.data, action=True, problems_of_whole=problems)


def _item(found: ActionOutcome) -> ItemResult:
    data = found.returned if isinstance(found.returned, Data) else None
    return ItemResult(int(found.result), data, action=True)


# -- bounds


def _endless(aa: "Association", blocks: int, octets: int) -> str:
    if blocks >= MOST_BLOCKS or octets > MOST_OCTETS or aa.hurry():
        return f"blocks without end: {blocks} with {octets} octets, and no last one"
    return ""


def _wrong(number: int, block: DataBlock | None) -> str:
    expected = block.number if block is not None else number
    return "" if number == expected else f"block {number} was acknowledged, sent was {expected}"


def _first(problems: Sequence[Problem]) -> str:
    return problems[0].message if problems else "nothing to read"
