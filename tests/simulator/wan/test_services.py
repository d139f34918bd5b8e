"""GET, SET, ACTION and ACCESS: whole, with lists, in the blocks of their services."""

from typing import Any

import pytest

from bench.protocols.dlms import access as acc
from bench.protocols.dlms.action import (
    OUTCOME,
    ActionRequestNextBlock,
    ActionRequestNormal,
    ActionRequestWithBlock,
    ActionRequestWithFirstBlock,
    ActionRequestWithList,
    ActionResponseNextBlock,
    ActionResponseWithBlock,
)
from bench.protocols.dlms.apdu import decode_apdu, encode_apdu
from bench.protocols.dlms.block import DataBlock
from bench.protocols.dlms.cosem_types import (
    AttributeDescriptor,
    LogicalName,
    MethodDescriptor,
    SelectedAttribute,
    SelectiveAccess,
)
from bench.protocols.dlms.data import decode_data, encode_data
from bench.protocols.dlms.data_types import Data, array, integer, long_unsigned, octet_string
from bench.protocols.dlms.get import (
    GetRequestNext,
    GetRequestNormal,
    GetRequestWithList,
    GetResponseWithDataBlock,
)
from bench.protocols.dlms.initiate import Conformance, InitiateRequest
from bench.protocols.dlms.part import decode_part
from bench.protocols.dlms.results import DataAccessResult, Invocation, LongInvocation
from bench.protocols.dlms.set import (
    SetRequestNormal,
    SetRequestWithDataBlock,
    SetRequestWithFirstDataBlock,
    SetRequestWithList,
    SetRequestWithListAndFirstDataBlock,
)

ALL = Conformance(0xFFFFFF)
BLOCKS = ALL & ~Conformance.GENERAL_BLOCK_TRANSFER
ONE = Invocation(5, confirmed=True, high_priority=False)
LDN = AttributeDescriptor(1, LogicalName(0, 0, 42, 0, 0), 2)
LIST = AttributeDescriptor(15, LogicalName(0, 0, 40, 0, 0), 2)
IDLE = AttributeDescriptor(23, LogicalName(0, 0, 22, 0, 0), 8)
NOBODY = AttributeDescriptor(1, LogicalName(9, 9, 9, 9, 9), 2)
SECONDS = long_unsigned(60)


def opened(meter: Any, name: str = "suite0", conformance: Conformance = BLOCKS, limit: int = 128):
    return meter.client(name).open_association(InitiateRequest(conformance, limit))


def read_in_blocks(client: Any, request: Any) -> tuple[bytes, list[int]]:
    answer, joined, numbers = client.ask(request), b"", []
    while True:
        assert isinstance(answer, GetResponseWithDataBlock)
        joined += answer.block.result
        numbers.append(answer.block.number)
        if answer.block.last:
            return joined, numbers
        answer = client.ask(GetRequestNext(ONE, answer.block.number))


@pytest.mark.parametrize("name", ["lls", "suite0", "suite2"])
@pytest.mark.parametrize("limit", [64, 128, 300])
def test_blocks_joined_are_what_is_read_at_once(make_meter: Any, name: str, limit: int) -> None:
    whole = make_meter().client(name).open_association().get(15, "0-0:40.0.0", 2)
    client = opened(make_meter(), name, limit=limit)
    longest, receive = 0, client.channel.receive

    def watched(octets: bytes, now: int) -> bytes | None:
        nonlocal longest
        answer = receive(octets, now)
        longest = max(longest, len(answer or b""))
        return answer

    client.channel.receive = watched  # type: ignore[method-assign]
    joined, numbers = read_in_blocks(client, GetRequestNormal(ONE, LIST))
    assert decode_data(joined).value == decode_data(encode_data(whole)).value
    assert numbers == list(range(1, len(numbers) + 1))
    assert limit - 1 <= longest <= limit


@pytest.mark.parametrize("number", [0, 2, 3, 0xFFFFFFFF])
def test_a_wrong_block_number_ends_the_transfer(meter: Any, number: int) -> None:
    client = opened(meter)
    assert client.ask(GetRequestNormal(ONE, LIST)).block.number == 1
    answer = client.ask(GetRequestNext(ONE, number))
    assert answer.block.result == DataAccessResult.DATA_BLOCK_NUMBER_INVALID
    assert client.ask(GetRequestNext(ONE, 1)).block.result == 16
    assert isinstance(client.ask(GetRequestNormal(ONE, LDN)).result, Data)


def test_another_get_ends_the_transfer(meter: Any) -> None:
    client = opened(meter)
    client.ask(GetRequestNormal(ONE, LIST))
    assert isinstance(client.ask(GetRequestNormal(ONE, LDN)).result, Data)
    assert client.ask(GetRequestNext(ONE, 1)).block.result == 16


def test_what_does_not_fit_is_refused_without_blocks(meter: Any) -> None:
    client = opened(meter, conformance=Conformance.GET | Conformance.ACTION)
    assert client.ask(GetRequestNormal(ONE, LIST)).result == DataAccessResult.OTHER_REASON


def test_results_of_a_list_are_in_its_order(meter: Any) -> None:
    client = opened(meter)
    wanted = (SelectedAttribute(LDN), SelectedAttribute(NOBODY), SelectedAttribute(IDLE))
    name, nobody, idle = client.ask(GetRequestWithList(ONE, wanted)).results
    assert name.value.startswith(b"MBX")
    assert nobody == DataAccessResult.OBJECT_UNDEFINED
    assert idle.type == 0x12


def test_a_long_list_comes_in_blocks(meter: Any) -> None:
    client = opened(meter)
    wanted = (SelectedAttribute(LDN),) * 20
    joined, _ = read_in_blocks(client, GetRequestWithList(ONE, wanted))
    assert joined[0] == 20


def test_lists_need_to_be_agreed_on(meter: Any) -> None:
    client = opened(meter, conformance=Conformance.GET | Conformance.SET | Conformance.ACTION)
    refused = bytes.fromhex("D80102")
    wanted = (SelectedAttribute(LDN),)
    method = MethodDescriptor(3, LogicalName(1, 0, 1, 8, 0), 1)
    for request in (
        GetRequestWithList(ONE, wanted),
        SetRequestWithList(ONE, wanted, (octet_string(b""),)),
        ActionRequestWithList(ONE, (method,), (integer(0),)),
        SetRequestWithFirstDataBlock(ONE, LDN, None, DataBlock(False, 1, b"")),
        ActionRequestWithFirstBlock(ONE, method, DataBlock(False, 1, b"")),
    ):
        assert client.send(encode_apdu(request)) == refused


def test_selective_access_needs_to_be_agreed_on(meter: Any) -> None:
    chosen = SelectiveAccess(2, array(long_unsigned(1)))
    request = GetRequestNormal(ONE, LIST, chosen)
    client = opened(meter, limit=0xFFFF)
    assert {one.value[0].value for one in client.ask(request).result.value} == {1}
    other = opened(meter, "lls", Conformance.GET)
    assert other.ask(request).result == DataAccessResult.SCOPE_OF_ACCESS_VIOLATED
    everything = GetRequestNormal(ONE, AttributeDescriptor(1, LDN.instance, 0))
    assert len(client.ask(everything).result.value) == 2
    assert other.ask(everything).result == DataAccessResult.SCOPE_OF_ACCESS_VIOLATED


@pytest.mark.parametrize("octet", [0x41, 0x4F, 0xC2, 0xE1])
def test_the_invocation_is_echoed(meter: Any, octet: int) -> None:
    client = meter.client("lls").open_association()
    answer = client.raw(bytes((0xC0, 1, octet)) + bytes.fromhex("000100002A0000FF0200"))
    assert answer[2] == octet


def test_what_needs_no_confirmation_gets_none(meter: Any) -> None:
    client = meter.client("suite0").open_association()
    written = SetRequestNormal(Invocation(1, confirmed=False), IDLE, None, SECONDS)
    assert client.ask(written) is None
    assert client.get(23, "0-0:22.0.0", 8) == SECONDS


def test_a_value_is_written_when_its_last_block_has_come(meter: Any) -> None:
    client = opened(meter, limit=0xFFFF)
    before = client.get(23, "0-0:22.0.0", 8)
    octets = encode_data(long_unsigned(240))
    first = SetRequestWithFirstDataBlock(ONE, IDLE, None, DataBlock(False, 1, octets[:1]))
    assert client.ask(first).block_number == 1
    client.ask(SetRequestWithDataBlock(ONE, DataBlock(False, 2, octets[1:2])))
    assert client.ask(SetRequestWithDataBlock(ONE, DataBlock(True, 4, octets[2:]))).result == 19
    assert client.get(23, "0-0:22.0.0", 8) == before
    client.ask(first)
    client.ask(SetRequestWithDataBlock(ONE, DataBlock(False, 2, octets[1:2])))
    done = client.ask(SetRequestWithDataBlock(ONE, DataBlock(True, 3, octets[2:])))
    assert (done.result, done.block_number) == (0, 3)
    assert client.get(23, "0-0:22.0.0", 8) == long_unsigned(240)
    assert client.ask(SetRequestWithDataBlock(ONE, DataBlock(True, 4, b""))).result == 18


def test_a_list_is_written_in_blocks(meter: Any) -> None:
    client = opened(meter, limit=0xFFFF)
    targets = (SelectedAttribute(IDLE), SelectedAttribute(LDN))
    octets = b"\x02" + encode_data(SECONDS) + encode_data(octet_string(b"no"))
    block = DataBlock(False, 1, octets[:4])
    client.ask(SetRequestWithListAndFirstDataBlock(ONE, targets, block))
    done = client.ask(SetRequestWithDataBlock(ONE, DataBlock(True, 2, octets[4:])))
    assert done.results == (0, 3)


def test_parameters_and_what_is_returned_go_in_blocks(meter: Any) -> None:
    client = meter.client("hls6")
    client.associate(InitiateRequest(BLOCKS, 30))
    octets = encode_data(octet_string(client.response()))
    method = MethodDescriptor(15, LogicalName(0, 0, 40, 0, 0), 1)
    # a pending association takes its one request whole
    answer = client.raw(
        encode_apdu(ActionRequestWithFirstBlock(ONE, method, DataBlock(False, 1, octets[:9])))
    )
    assert answer == bytes.fromhex("D80101")
    answer = client.ask(ActionRequestNormal(ONE, method, decode_data(octets).value))
    assert isinstance(answer, ActionResponseWithBlock)
    joined = answer.block.octets
    while not answer.block.last:
        answer = client.ask(ActionRequestNextBlock(ONE, answer.block.number))
        joined += answer.block.octets
    outcome = decode_part(joined, OUTCOME).value
    assert outcome is not None
    assert outcome.result == 0
    assert client.ask(ActionRequestNextBlock(ONE, 2)).outcome.result == 16


def test_a_method_is_invoked_when_its_last_block_has_come(meter: Any) -> None:
    client = opened(meter, limit=0xFFFF)
    method = MethodDescriptor(8, LogicalName(0, 0, 1, 0, 0), 99)
    first = ActionRequestWithFirstBlock(ONE, method, DataBlock(False, 1, b"\x10"))
    assert client.ask(first) == ActionResponseNextBlock(ONE, 1)
    last = ActionRequestWithBlock(ONE, DataBlock(True, 2, b"\x00\x01"))
    assert client.ask(last).outcome.result == 3
    client.ask(first)
    assert client.ask(ActionRequestWithBlock(ONE, DataBlock(True, 3, b""))).outcome.result == 15
    assert client.ask(last).outcome.result == 16


def test_access_does_all_and_stops_at_an_error_if_told_to(make_meter: Any) -> None:
    client = opened(make_meter(), conformance=ALL, limit=0xFFFF)
    items = (acc.AccessGet(LDN), acc.AccessGet(NOBODY), acc.AccessSet(IDLE))
    data = (Data(0, None), Data(0, None), SECONDS)
    channel = client.channel

    def ask(client: Any, broken: bool) -> Any:
        from bench.protocols.dlms.security.apdus import Ciphering

        client.how = Ciphering.GENERAL_GLO
        invocation = LongInvocation(7, break_on_error=broken)
        return client.ask(acc.AccessRequest(invocation, b"", items, data))

    answer = ask(client, False)
    assert [one.result for one in answer.results] == [0, 4, 0]
    assert answer.data[0].value.startswith(b"MBX")
    assert [one.result for one in ask(client, True).results] == [0, 4, 250]
    short = make_meter(access_stops_short=True, access_repeats_specifications=True)
    answer = ask(opened(short, conformance=ALL, limit=0xFFFF), True)
    assert [one.result for one in answer.results] == [0, 4]
    assert answer.specifications == items
    assert channel is client.channel


@pytest.mark.parametrize(
    ("octets", "answer"),
    [
        ("04", "D80202"),
        ("FF00", "D80202"),
        ("C60102", "D80202"),
        ("05010203", "D80202"),
        ("C0", "D80103"),
        ("C001C1", "D80103"),
        ("C004C1", "D80103"),
        ("C101C1000100002A0000FF02", "D80103"),
    ],
)
def test_what_cannot_be_served_gets_an_exception(meter: Any, octets: str, answer: str) -> None:
    client = meter.client("lls")
    client.associate(InitiateRequest(ALL, 0xFFFF))
    assert client.raw(bytes.fromhex(octets)) == bytes.fromhex(answer)
    assert isinstance(client.get(1, "0-0:42.0.0", 2), Data)


def test_an_apdu_that_is_too_long_is_refused(meter: Any) -> None:
    client = meter.client("lls").open_association()
    assert client.raw(bytes.fromhex("C101C1") + bytes(2000)) == bytes.fromhex("D80104")
    assert decode_apdu(bytes.fromhex("D80104")).value.service_error == 4
