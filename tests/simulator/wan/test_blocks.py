"""General block transfer both ways: windows, streaming, lost blocks, ends."""

from typing import Any

import pytest

from bench.protocols.dlms.apdu import decode_apdu, encode_apdu
from bench.protocols.dlms.data import decode_data, encode_data
from bench.protocols.dlms.general_block_transfer import BlockControl, GeneralBlockTransfer
from bench.protocols.dlms.get import GetResponseNormal
from bench.protocols.dlms.initiate import Conformance, InitiateRequest

ALL = Conformance(0xFFFFFF)
NO_GET_BLOCKS = ALL & ~Conformance.BLOCK_TRANSFER_WITH_GET
LIST = bytes.fromhex("C001C1000F0000280000FF0200")
NAME = bytes.fromhex("C001C1000100002A0000FF0200")


def opened(meter: Any, name: str = "lls", conformance: Conformance = ALL, limit: int = 200) -> Any:
    return meter.client(name).open_association(InitiateRequest(conformance, limit))


def block(
    octets: bytes = b"",
    number: int = 1,
    acknowledged: int = 0,
    *,
    last: bool = True,
    streaming: bool = False,
    window: int = 1,
) -> bytes:
    control = BlockControl(last, streaming, window)
    return encode_apdu(GeneralBlockTransfer(control, number, acknowledged, octets))


def exchange(client: Any, octets: bytes) -> list[GeneralBlockTransfer]:
    first = client.raw(octets)
    if first is None:
        return []
    return [decode_apdu(one).value for one in (first, *client.channel.following())]


def collected(client: Any, blocks: list[GeneralBlockTransfer], window: int) -> bytes:
    joined, taken = b"", 0
    while blocks:
        for one in blocks:
            assert one.number == taken + 1
            joined, taken = joined + one.octets, one.number
        assert len(blocks) <= window
        assert [one.control.streaming for one in blocks] == [True] * (len(blocks) - 1) + [False]
        last = blocks[-1].control.last
        blocks = exchange(client, block(number=2, acknowledged=taken, window=window))
        assert bool(blocks) is not last
    return joined


@pytest.mark.parametrize("window", [1, 2, 3, 8])
@pytest.mark.parametrize("name", ["lls", "suite0"])
def test_a_long_answer_comes_in_windows(meter: Any, name: str, window: int) -> None:
    whole = meter.client("hls3").open_association().get(15, "0-0:40.0.0", 2)
    client = opened(meter, name)
    request = LIST if client.suite is None else client.protect(LIST)
    answer = client.open(collected(client, exchange(client, block(request, window=window)), window))
    result = decode_apdu(answer).value
    assert isinstance(result, GetResponseNormal)
    if name == "lls":
        assert decode_data(encode_data(result.result)).value is not None
        assert len(result.result.value) == len(decode_data(encode_data(whole)).value.value)


def test_a_short_answer_is_one_block(meter: Any) -> None:
    (one,) = exchange(opened(meter), block(NAME, window=3))
    assert (one.control.last, one.number, one.acknowledged) == (True, 1, 1)
    assert one.octets.startswith(b"\xc4\x01\xc1\x00")


def test_lost_blocks_come_again(meter: Any) -> None:
    client = opened(meter)
    first = exchange(client, block(LIST, window=3))
    assert [one.number for one in first] == [1, 2, 3]
    again = exchange(client, block(number=2, acknowledged=1, window=3))
    assert [one.number for one in again] == [2, 3, 4]
    assert [one.octets for one in again[:2]] == [one.octets for one in first[1:]]


def test_a_request_in_blocks_is_acknowledged_and_repaired(meter: Any) -> None:
    client = opened(meter)
    assert exchange(client, block(NAME[:4], 1, last=False, streaming=True)) == []
    (lost,) = exchange(client, block(NAME[8:], 3, last=True))
    assert (lost.acknowledged, lost.octets, lost.control.last) == (1, b"", False)
    (more,) = exchange(client, block(NAME[4:8], 2, last=False))
    assert more.acknowledged == 2
    (done,) = exchange(client, block(NAME[8:], 3, last=True))
    assert done.acknowledged == 3
    assert done.octets.startswith(b"\xc4\x01")


def test_long_answers_go_in_blocks_where_their_service_has_none(meter: Any) -> None:
    client = opened(meter, conformance=NO_GET_BLOCKS)
    answer = client.raw(LIST)
    blocks = [decode_apdu(one).value for one in (answer, *client.channel.following())]
    assert collected(client, blocks, 1).startswith(b"\xc4\x01")


def test_blocks_need_to_be_agreed_on(meter: Any) -> None:
    client = opened(meter, conformance=Conformance.GET)
    assert client.raw(block(NAME)) == bytes.fromhex("D80102")
    assert meter.client("public").raw(block(NAME)) == bytes.fromhex("D80101")


def test_a_new_request_ends_the_transfer(meter: Any) -> None:
    client = opened(meter)
    exchange(client, block(LIST, window=2))
    assert client.raw(NAME).startswith(b"\xc4\x01")
    (one,) = exchange(client, block(NAME))
    assert one.control.last
    assert exchange(client, block(number=2, acknowledged=1)) == []


def test_blocks_within_blocks_are_refused(meter: Any) -> None:
    (one,) = exchange(opened(meter), block(block(NAME)))
    assert one.octets == bytes.fromhex("D80103")


def test_a_meter_that_does_not_stream_waits_for_each_block(make_meter: Any) -> None:
    client = opened(make_meter(gbt_streaming=False))
    blocks = exchange(client, block(LIST, window=5))
    assert len(blocks) == 1
    broken = opened(make_meter("gbt-window"))
    assert len(exchange(broken, block(LIST, window=2))) > 2


def test_a_new_request_whose_first_block_is_lost_is_repaired(meter: Any) -> None:
    client = opened(meter)
    exchange(client, block(NAME))
    (lost,) = exchange(client, block(NAME[4:], 2, last=True))
    assert (lost.acknowledged, lost.octets) == (0, b"")
    exchange(client, block(NAME[:4], 1, last=False))
    (done,) = exchange(client, block(NAME[4:], 2, last=True))
    assert done.octets.startswith(b"\xc4\x01")
    (again,) = exchange(client, block(NAME[4:], 2, last=True))
    assert again == done
