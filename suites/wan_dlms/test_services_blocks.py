"""Area C7: long values in the blocks of GET, SET and ACTION (IEC 62056-5-3 §7.3)."""

from collections.abc import Sequence

from bench.core.case import Case, Effects, Kind, case
from bench.core.check import Deviation, Place
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.engine.context import Inconclusive
from bench.protocols.dlms.action import (
    ActionRequestWithBlock,
    ActionRequestWithFirstBlock,
    ActionResponseNextBlock,
)
from bench.protocols.dlms.block import DataBlock, split
from bench.protocols.dlms.data import encode_data
from bench.protocols.dlms.data_types import Data
from bench.protocols.dlms.get import GetRequestNext
from bench.protocols.dlms.initiate import Conformance
from bench.protocols.dlms.results import Invocation
from bench.protocols.dlms.set import (
    SetRequestWithDataBlock,
    SetRequestWithFirstDataBlock,
    SetResponseDataBlock,
)
from suites.wan_dlms.answer import Answer, Reply
from suites.wan_dlms.association import Association
from suites.wan_dlms.block_judging import (
    block_of,
    first_block,
    judge_blocks,
    judge_refused_block,
    open_for_blocks,
)
from suites.wan_dlms.harmless import Script, Text, kept, needed_script, needed_text
from suites.wan_dlms.judging import judge, judge_done
from suites.wan_dlms.meter import LOGICAL_DEVICE_NAME, OBJECT_LIST, Meter
from suites.wan_dlms.services import attribute_of

_GET = "IEC-62056-5-3:6.6"
_SET = "IEC-62056-5-3:6.7"
_ACTION = "IEC-62056-5-3:6.8"
_PROTOCOL = "IEC-62056-5-3:7.3"
_RESULTS = "IEC-62056-5-3:8.5"
_LIST = attribute_of(*OBJECT_LIST)
_UNBLOCKED_PDU = 0xFFFF


@case(
    Case(
        id="DLMS-SVC-12",
        version=1,
        interface="wan",
        title="Next block without a transfer",
        purpose="Ensure that a request for a next block is refused while nothing is transferred.",
        stimulus="get-request-next for the block after 1, then after 0, in a fresh association; "
        "then GET of the logical device name.",
        criterion="Data-access-result 16 no-long-get-in-progress (or 19), or an exception; the "
        "name is read.",
        kind=Kind.INOPPORTUNE,
        clauses=(_PROTOCOL, _RESULTS),
        ics="WAN/BLOCK-GET",
        detects=("wan.next-crash",),
    )
)
def test_next_without_transfer(meter: Meter, verify: Checks) -> None:
    """Nothing is in progress."""
    with meter.associate(meter.simplest()) as aa:
        for number in (1, 0):
            reply = aa.request(GetRequestNext(aa.invocation(), number))
            judge_refused_block(
                verify,
                f"after-{number}",
                reply,
                expected="data-access-result 16 no-long-get-in-progress, or an exception",
            )
            if not reply.came:
                break
        answer = aa.get(*LOGICAL_DEVICE_NAME)
        judge_done(verify, "reads", answer, expected="the logical device name")


@case(
    Case(
        id="DLMS-SVC-10",
        version=1,
        interface="wan",
        title="GET in blocks",
        purpose="Ensure that blocks are counted from 1, that the last one is marked, and that "
        "together they are what is read without blocks.",
        stimulus="GET of the object list in an association with a maximum PDU size of 128, and in "
        "one with the largest there is.",
        criterion="Blocks 1, 2, 3 ... of which the last alone is marked as last; joined they are "
        "the same list.",
        kind=Kind.VALID,
        clauses=(_PROTOCOL, _GET),
        ics="WAN/BLOCK-GET",
        detects=("wan.block-number-from-0", "wan.last-block-missing", "wan.block-octet-lost"),
        bound_s=120,
    )
)
def test_get_in_blocks(meter: Meter, verify: Checks) -> None:
    """What is longer than the client takes comes piece by piece."""
    name = meter.simplest()
    with meter.associate(name, max_pdu=_UNBLOCKED_PDU) as aa:
        whole = aa.get(*OBJECT_LIST)
    if whole.data is None:
        raise Inconclusive(Reason.PRECONDITION, f"the object list cannot be read: {whole}")
    with open_for_blocks(meter, name, Conformance.BLOCK_TRANSFER_WITH_GET) as aa:
        answer = aa.get(*OBJECT_LIST)
    judge_blocks(verify, answer)
    judge(
        verify,
        "joined",
        answer.data is not None and answer.data == whole.data,
        answer,
        expected="the list that comes without blocks",
        observed=answer.fault or "another list" if answer.data != whole.data else "the same list",
    )


@case(
    Case(
        id="DLMS-SVC-11",
        version=1,
        interface="wan",
        title="Wrong block numbers",
        purpose="Ensure that a request for the wrong block ends the transfer and nothing else.",
        stimulus="GET of the object list in blocks; after block 1 the block after 3 is asked for; "
        "in a second transfer, after block 2, the block after 1; after each the block that would "
        "have been right, then a new GET.",
        criterion="Data-access-result 19 data-block-number-invalid (or 14, 15, 16), or an "
        "exception; the transfer is over; the new GET is served.",
        kind=Kind.INOPPORTUNE,
        clauses=(_PROTOCOL, _RESULTS),
        ics="WAN/BLOCK-GET",
        detects=("wan.block-number-unchecked", "wan.block-abort-ignored"),
    )
)
def test_wrong_block_number(meter: Meter, verify: Checks) -> None:
    """A client that is out of step is told so."""
    with open_for_blocks(meter, meter.simplest(), Conformance.BLOCK_TRANSFER_WITH_GET) as aa:
        for check_id, received, wrong in (("skipped", 1, 3), ("repeated", 2, 1)):
            how = aa.invocation()
            first_block(aa, _LIST, how)
            for number in range(1, received):
                aa.request(GetRequestNext(how, number))
            judge_refused_block(
                verify,
                check_id,
                aa.request(GetRequestNext(how, wrong)),
                expected=f"a refusal of the block after {wrong}, as {received} was the last",
            )
            judge_refused_block(
                verify,
                f"{check_id}-aborted",
                aa.request(GetRequestNext(how, received)),
                expected="a refusal, as the transfer is over",
            )
            answer = aa.get(*LOGICAL_DEVICE_NAME)
            judge_done(verify, f"{check_id}-new-get", answer, expected="the logical device name")


@case(
    Case(
        id="DLMS-SVC-13",
        version=1,
        interface="wan",
        title="Another GET during a transfer",
        purpose="Ensure that blocks of different answers are never mixed.",
        stimulus="GET of the object list in blocks; after block 1 GET of the logical device name, "
        "then the next block; again after block 1 another GET of the object list, read to its end.",
        criterion="The name is right; the first transfer is over, or goes on with its own block 2; "
        "the second list begins with block 1 and is the same as without the first.",
        kind=Kind.INOPPORTUNE,
        clauses=(_PROTOCOL, _GET),
        ics="WAN/BLOCK-GET",
        detects=("wan.block-mix",),
    )
)
def test_interleaved(meter: Meter, verify: Checks) -> None:
    """Clients with several threads do this."""
    with open_for_blocks(meter, meter.simplest(), Conformance.BLOCK_TRANSFER_WITH_GET) as aa:
        alone = aa.get(*OBJECT_LIST)
        name = aa.get(*LOGICAL_DEVICE_NAME)
        if alone.data is None or name.data is None or alone.blocks < 2:
            raise Inconclusive(Reason.PRECONDITION, f"no list in blocks: {alone}; {name}")
        how = Invocation(3)
        first_block(aa, _LIST, how)
        between = aa.get(*LOGICAL_DEVICE_NAME, invocation=Invocation(4))
        judge(verify, "other-get", between.data == name.data, between, expected=str(name.data))
        _judge_own_second(verify, aa.request(GetRequestNext(how, 1)), alone)
        first_block(aa, _LIST, how)
        again = aa.get(*OBJECT_LIST, invocation=Invocation(5))
        judge(
            verify,
            "not-mixed",
            again.data == alone.data,
            again,
            expected="the list from its block 1 on, as it came alone",
            observed=again.fault or ("another list" if again.data != alone.data else "the list"),
        )


def _judge_own_second(verify: Checks, reply: Reply, alone: Answer) -> None:
    block, own = block_of(reply), block_of(alone.replies[1])
    if block is not None and isinstance(block.result, bytes):
        judge(
            verify,
            "first-transfer",
            block == own,
            reply,
            expected="block 2 of the list, or a refusal",
            observed=f"block {block.number} with other octets" if block != own else "block 2",
        )
        return
    judge_refused_block(verify, "first-transfer", reply, expected="block 2, or a refusal")


@case(
    Case(
        id="DLMS-SVC-14",
        version=1,
        interface="wan",
        title="SET in blocks",
        purpose="Ensure that a value in blocks is written as a whole, or not at all.",
        stimulus="SET of the declared writable string in 2, 3 and 5 blocks, each read back; then "
        "in blocks of which the last never comes; then with block 4 after block 2.",
        criterion="Each block is acknowledged with its number and the value is what was sent; "
        "without the last block, and after the wrong number, the value is unchanged, and the wrong "
        "number is refused.",
        kind=Kind.VALID,
        clauses=(_SET, _PROTOCOL),
        ics="WAN/BLOCK-SET",
        ixit=("writable_object",),
        effects=Effects.REVERSIBLE,
        detects=("wan.partial-set", "wan.set-block-ack-wrong", "wan.block-number-unchecked"),
        bound_s=120,
    )
)
def test_set_in_blocks(meter: Meter, verify: Checks) -> None:
    """Half a value is no value."""
    text = needed_text(meter)
    with meter.associate("main") as aa:
        if not aa.agreed(Conformance.BLOCK_TRANSFER_WITH_SET):
            raise Inconclusive(Reason.PRECONDITION, "the meter agreed to no SET in blocks (bit 12)")
        with kept(meter, text, aa) as held:
            held_now = held
            for count in (2, 3, 5):
                held_now = _written(verify, aa, text, held_now, count) or held_now
            value = text.other(held_now)
            blocks = list(split(encode_data(value), -(-len(encode_data(value)) // 5)))
            _send_set(aa, text, blocks[:-1])
            _judge_holds(verify, "last-lost", aa, text, held_now)
            wrong = [*blocks[:2], DataBlock(True, 4, b"".join(b.octets for b in blocks[2:]))]
            replies = _send_set(aa, text, wrong)
            result = getattr(replies[-1].record, "result", None)
            judge(
                verify,
                "wrong-number",
                replies[-1].exception is not None or bool(result),
                replies[-1],
                expected="a refusal of block 4 after block 2",
            )
            _judge_holds(verify, "wrong-number-unwritten", aa, text, held_now)


def _written(verify: Checks, aa: Association, text: Text, held: Data, count: int) -> Data | None:
    """Judge a write in so many blocks; return what was written, None if that failed."""
    value = text.other(held)
    size = -(-len(encode_data(value)) // count)
    answer = aa.set(*text.target, value, block_size=size)
    wrong = [
        Deviation(reply.place() or Place(reply.frame), f"block {number}", str(reply.record))
        for number, reply in enumerate(answer.replies[: count - 1], 1)
        if not isinstance(reply.record, SetResponseDataBlock) or reply.record.block_number != number
    ]
    verify.none_of(
        f"acknowledged-{count}",
        wrong,
        examined=count - 1,
        expected="each block acknowledged with its number",
        things="acknowledgements",
        clause=_PROTOCOL,
    )
    if not judge_done(verify, f"written-{count}", answer):
        return None
    return value if _judge_holds(verify, f"holds-{count}", aa, text, value) else None


def _judge_holds(verify: Checks, check_id: str, aa: Association, text: Text, value: Data) -> bool:
    answer = text.get(aa)
    return judge(verify, check_id, answer.data == value, answer, expected=str(value))


def _send_set(aa: Association, text: Text, blocks: Sequence[DataBlock]) -> list[Reply]:
    how = aa.invocation()
    first = SetRequestWithFirstDataBlock(how, text.descriptor, None, blocks[0])
    rest = [SetRequestWithDataBlock(how, block) for block in blocks[1:]]
    return [aa.request(one) for one in (first, *rest)]


@case(
    Case(
        id="DLMS-SVC-15",
        version=1,
        interface="wan",
        title="ACTION in blocks",
        purpose="Ensure that a method whose parameters come in blocks is invoked once, when all "
        "of them have come.",
        stimulus="Method execute of the declared script table with its parameter in blocks of one "
        "octet; then with the last block missing; then with block 3 after block 1.",
        criterion="Each block is acknowledged with its number, the last gets the result; the "
        "script is executed once (by its counter, where one is declared), and not without the last "
        "block or with a wrong one.",
        kind=Kind.VALID,
        clauses=(_ACTION, _PROTOCOL),
        ics="WAN/BLOCK-ACTION",
        ixit=("action_object",),
        effects=Effects.REVERSIBLE,
        detects=("wan.pblock-executed-twice", "wan.pblock-early", "wan.block-number-unchecked"),
    )
)
def test_action_in_blocks(meter: Meter, verify: Checks) -> None:
    """A firmware image comes this way."""
    script = needed_script(meter)
    with meter.associate("main") as aa:
        if not aa.agreed(Conformance.BLOCK_TRANSFER_WITH_ACTION):
            raise Inconclusive(Reason.PRECONDITION, "the meter agreed to no ACTION in blocks")
        before = script.count(aa)
        answer = aa.action(*script.target, script.parameter, block_size=1)
        judge_done(verify, "executed", answer)
        _judge_count(verify, "counted", aa, script, before, 1)
        before = script.count(aa)
        blocks = list(split(encode_data(script.parameter), 1))
        replies = _send_action(aa, script, blocks[:-1])
        wrong = [
            Deviation(reply.place() or Place(reply.frame), f"block {number}", str(reply))
            for number, reply in enumerate(replies, 1)
            if not isinstance(reply.record, ActionResponseNextBlock)
            or reply.record.block_number != number
        ]
        verify.none_of(
            "acknowledged",
            wrong,
            examined=len(replies),
            expected="each block acknowledged with its number",
            things="acknowledgements",
        )
        _judge_count(verify, "last-lost", aa, script, before, 0)
        rest = b"".join(block.octets for block in blocks[1:])
        reply = _send_action(aa, script, [blocks[0], DataBlock(True, 3, rest)])[-1]
        outcome = getattr(reply.record, "outcome", None)
        judge(
            verify,
            "wrong-number",
            reply.exception is not None or bool(outcome is not None and outcome.result),
            reply,
            expected="a refusal of block 3 after block 1",
        )
        _judge_count(verify, "wrong-number-unexecuted", aa, script, before, 0)


def _judge_count(
    verify: Checks, check_id: str, aa: Association, script: Script, before: int | None, times: int
) -> None:
    if before is None:
        verify.note(check_id, "not looked at: no action_counter is declared")
        return
    after = script.count(aa)
    verify.that(
        check_id,
        after == before + times,
        expected=f"{times} more executions than {before}",
        observed=f"{after}",
    )


def _send_action(aa: Association, script: Script, blocks: Sequence[DataBlock]) -> list[Reply]:
    how = aa.invocation()
    first = ActionRequestWithFirstBlock(how, script.method, blocks[0])
    rest = [ActionRequestWithBlock(how, block) for block in blocks[1:]]
    return [aa.request(one) for one in (first, *rest)]
