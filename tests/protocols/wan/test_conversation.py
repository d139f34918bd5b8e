"""Frames taken apart down to values: fields and offsets, segments, blocks, meanings."""

import pytest

from bench.protocols.dlms.acse import Aarq
from bench.protocols.dlms.acse_fields import AuthenticationValue
from bench.protocols.dlms.action import (
    ActionOutcome,
    ActionRequestNormal,
    ActionRequestWithBlock,
    ActionRequestWithFirstBlock,
    ActionResponseNormal,
    ActionResponseWithBlock,
)
from bench.protocols.dlms.apdu import encode_apdu
from bench.protocols.dlms.block import ResultBlock, split
from bench.protocols.dlms.cosem_types import (
    AttributeDescriptor,
    LogicalName,
    MethodDescriptor,
    SelectedAttribute,
)
from bench.protocols.dlms.data import encode_data
from bench.protocols.dlms.data_types import double_long_unsigned, octet_string, structure
from bench.protocols.dlms.general_block_transfer import BlockControl, GeneralBlockTransfer
from bench.protocols.dlms.get import (
    GET_DATA_RESULTS,
    GetRequestNormal,
    GetRequestWithList,
    GetResponseNormal,
    GetResponseWithDataBlock,
)
from bench.protocols.dlms.part import encode_part
from bench.protocols.dlms.results import Invocation
from bench.protocols.dlms.set import (
    SetRequestWithDataBlock,
    SetRequestWithFirstDataBlock,
)
from bench.protocols.hdlc.address import client, server
from bench.protocols.hdlc.control import Kind, unnumbered
from bench.protocols.hdlc.encode import encode_frame
from bench.protocols.hdlc.frame_reject import Reason, encode_frame_reject
from bench.protocols.hdlc.parameters import LinkParameters, encode_parameters
from bench.protocols.wan.layer import Form

CLOCK = AttributeDescriptor(8, LogicalName(0, 0, 1, 0, 0), 2)
ENERGY = AttributeDescriptor(3, LogicalName(1, 0, 1, 8, 0), 2)
TIME = bytes.fromhex("07e30c100108000000ffc400")
LONG = structure(*[octet_string(TIME) for _ in range(20)])


def layer(unit, name):
    return next(one for one in unit.layers if one.name == name)


def texts(one):
    return {field.path.rpartition("/")[2]: field.text for field in one.fields()}


def test_a_frame_is_told_octet_by_octet(decode, wire):
    (unit,) = decode(wire.ask(encode_apdu(GetRequestNormal(Invocation(), CLOCK))))
    frame, llc, apdu = unit.layers
    assert [(f.offset, f.length, f.path) for f in frame.fields()] == [
        (0, 1, "flag"),
        (1, 2, "format"),
        (3, 2, "destination"),
        (5, 1, "source"),
        (6, 1, "control"),
        (7, 2, "HCS"),
        (9, 16, "information"),
        (25, 2, "FCS"),
        (27, 1, "flag"),
    ]
    assert [(f.offset, f.path, f.text) for f in llc.fields()] == [
        (9, "destination LSAP", "E6"),
        (10, "source LSAP", "E6"),
        (11, "quality", "00"),
    ]
    found = next(f for f in apdu.fields() if f.path == "get-request/attribute/instance")
    assert (found.offset, found.length, found.text) == (17, 6, "0-0:1.0.0*255 (clock)")
    assert texts(apdu)["access"] == "absent"
    assert unit.problems == ()
    assert unit.title == "HDLC I N(S)=0 N(R)=0 P/F, 16 to 1/17: get-request"


def test_check_sequences_are_given_and_computed(decode, wire):
    good = wire.ask(b"\xc0")
    hcs, fcs = good[7:9].hex(" ").upper(), good[-3:-1].hex(" ").upper()
    bad = good[:7] + b"\x12\x34" + good[9:]
    (unit,) = decode(bad)
    found = texts(unit.layers[0])
    assert found["HCS"] == f"given 12 34, computed {hcs}"
    assert found["FCS"].startswith(f"given {fcs}, computed ")
    assert [(p.offset, p.code) for p in unit.problems if p.code in ("hcs", "fcs")] == [
        (7, "hcs"),
        (len(good) - 3, "fcs"),
    ]


def test_link_parameters_and_rejects_are_read(decode):
    field = encode_parameters(LinkParameters(512, 1024, 1, 7))
    frame = encode_frame(client(16), server(1, 17), unnumbered(Kind.UA), field)
    (unit,) = decode(frame)
    parameters = layer(unit, "link parameters")
    assert parameters.value["max_info_transmit"] == 512
    assert parameters.fields()[0].offset == parameters.at == 9
    assert texts(parameters)["window receive"] == "7"
    reject = encode_frame_reject(0x94, 1, 2, Reason.CONTROL)
    (unit,) = decode(encode_frame(client(16), server(1, 17), unnumbered(Kind.FRMR), reject))
    assert texts(layer(unit, "frame reject"))["reason"] == "reason W"


def test_an_answer_names_the_question(decode, wire):
    frames = wire.ask(encode_apdu(GetRequestNormal(Invocation(3), CLOCK)))
    frames += wire.answer(encode_apdu(GetResponseNormal(Invocation(3), octet_string(TIME))))
    _, unit = decode(frames)
    (note,) = layer(unit, "get-response").notes
    assert note == "answers class 8 0-0:1.0.0*255 attribute 2 (clock, time)"
    assert "2019-12-16" in texts(layer(unit, "get-response"))["result"]


def test_segments_are_joined(decode, wire):
    apdu = encode_apdu(GetResponseNormal(Invocation(), LONG))
    parts = [apdu[:100], apdu[100:200], apdu[200:]]
    frames = [
        wire.answer(part, ns, llc=b"" if ns else b"\xe6\xe7\x00", segmented=ns < 2)
        for ns, part in enumerate(parts)
    ]
    frames.insert(1, frames[0])  # sent again
    units = decode(b"".join(frames))
    assert [unit.layers[1].notes for unit in units] == [
        ("segment 1, more follow",),
        ("repeats the segment before",),
        ("segment 2, more follow",),
        ("segment 3, the last",),
    ]
    whole = layer(units[-1], "get-response")
    assert (whole.at, whole.octets) == (None, apdu)
    assert whole.how == "joined from 3 segments, frames 1, 3, 4"
    assert whole.value.result == LONG
    lost = decode(frames[0] + frames[3])
    assert lost[1].layers[1].notes == ("segments before this one are missing: not joined",)
    assert len(lost[1].layers) == 2


@pytest.mark.parametrize("listed", [False, True])
@pytest.mark.parametrize("asked", [False, True])
def test_blocks_of_a_get_are_joined(decode, wire, listed, asked):
    invocation = Invocation(5)
    if listed:
        request = GetRequestWithList(
            invocation, (SelectedAttribute(CLOCK), SelectedAttribute(ENERGY))
        )
        octets = encode_part((octet_string(TIME), double_long_unsigned(7)), GET_DATA_RESULTS)
    else:
        request = GetRequestNormal(invocation, CLOCK)
        octets = encode_data(LONG)
    units = [wire.wrapped(request)] if asked else []
    for block in split(octets, 9):
        result = ResultBlock(block.last, block.number, block.octets)
        units.append(wire.wrapped(GetResponseWithDataBlock(invocation, result), 1, 16))
    *_, last = decode(b"".join(units))
    joined = layer(last, "get-response data")
    assert joined.octets == octets
    assert joined.value == ((octet_string(TIME), double_long_unsigned(7)) if listed else LONG)
    assert joined.problems == ()
    assert last.to_json()["value"] is not None


def test_blocks_of_set_and_action_are_joined(decode, wire):
    invocation, octets = Invocation(2), encode_data(LONG)
    first, *others = split(octets, 100)
    frames = [SetRequestWithFirstDataBlock(invocation, CLOCK, None, first)]
    frames += [SetRequestWithDataBlock(invocation, block) for block in others]
    *_, last = decode(b"".join(wire.wrapped(frame) for frame in frames))
    assert layer(last, "set-request data").value == LONG
    method = MethodDescriptor(18, LogicalName(0, 0, 44, 0, 0), 2)
    frames = [ActionRequestWithFirstBlock(invocation, method, first)]
    frames += [ActionRequestWithBlock(invocation, block) for block in others]
    *_, last = decode(b"".join(wire.wrapped(frame) for frame in frames))
    assert layer(last, "action-request data").value == LONG
    outcome = b"\x00\x01\x00" + octets
    frames = [ActionResponseWithBlock(invocation, block) for block in split(outcome, 50)]
    *_, last = decode(b"".join(wire.wrapped(frame, 1, 16) for frame in frames))
    assert layer(last, "action-response data").value == ActionOutcome(0, LONG)


def test_a_missing_block_is_named(decode, wire):
    blocks = [ResultBlock(b.last, b.number, b.octets) for b in split(encode_data(LONG), 100)]
    frames = [wire.wrapped(GetResponseWithDataBlock(Invocation(), b), 1, 16) for b in blocks]
    units = decode(frames[0] + frames[2])
    assert layer(units[1], "get-response").notes == ("block 3; without block 2 it is not joined",)
    end = GetResponseWithDataBlock(Invocation(), ResultBlock(True, 2, 14))
    *_, last = decode(frames[0] + wire.wrapped(end, 1, 16))
    assert [one.name for one in last.layers] == ["wrapper", "get-response"]


def test_general_block_transfer_is_joined_in_any_order(decode, wire):
    apdu = encode_apdu(GetResponseNormal(Invocation(), LONG))
    blocks = [
        GeneralBlockTransfer(BlockControl(b.last, True, 3), b.number, 0, b.octets)
        for b in split(apdu, 100)
    ]
    order = [blocks[0], blocks[2], blocks[1]]
    frames = [wire.wrapped(GeneralBlockTransfer(BlockControl(False, False, 3), 0, 0))]
    frames += [wire.wrapped(block, 1, 16) for block in order]
    units = decode(b"".join(frames))
    assert layer(units[0], "general-block-transfer").notes == ("acknowledges block 0",)
    whole = layer(units[3], "get-response")
    assert whole.octets == apdu
    assert whole.how == "joined from 3 blocks, frames 2, 4, 3"


def test_password_and_challenge_are_not_shown(decode, wire):
    aarq = Aarq(
        mechanism_name="2.16.756.5.8.2.1",
        sender_acse_requirements="1",
        calling_authentication_value=AuthenticationValue(b"Secret89"),
    )
    (unit,) = decode(wire.wrapped(aarq))
    shown = str(unit.to_json())
    assert "8 octets" in shown
    assert b"Secret89".hex() not in shown.replace(" ", "")
    assert "Secret89" not in shown


def test_what_is_wrong_with_an_apdu_stands_at_its_offset_in_the_frame(decode, wire):
    (unit,) = decode(wire.wrapped(b"\xc0\x09\xc1"))
    (problem,) = unit.problems
    assert (problem.offset, problem.code) == (9, "choice")
    assert unit.to_json()["problems"][0]["layer"] == "get-request"


def test_forms_may_be_forced(decode):
    frame = bytes.fromhex("7ea0080221215309177e")
    assert [unit.form for unit in decode(frame)] == [Form.HDLC]
    assert [unit.form for unit in decode(frame, form=Form.APDU)] == [None]
    assert [unit.form for unit in decode(frame, form=Form.WRAPPER)] == [None]


def test_action_without_answer_is_no_error(decode, wire):
    method = MethodDescriptor(70, LogicalName(0, 0, 96, 3, 10), 1)
    frames = wire.wrapped(ActionRequestNormal(Invocation(1), method))
    frames += wire.wrapped(ActionResponseNormal(Invocation(1), ActionOutcome(0)), 1, 16)
    _, unit = decode(frames)
    assert "disconnect control, remote_disconnect" in layer(unit, "action-response").notes[0]


def test_a_damaged_frame_is_shown_and_teaches_nothing(decode, wire):
    asked = wire.ask(encode_apdu(GetRequestNormal(Invocation(3), CLOCK)))
    damaged = asked[:-3] + bytes([asked[-3] ^ 1]) + asked[-2:]
    reply = wire.answer(encode_apdu(GetResponseNormal(Invocation(3), octet_string(TIME))))
    units = decode(damaged + reply)
    assert layer(units[0], "get-request").value.attribute == CLOCK
    assert layer(units[1], "get-response").notes == ()
    noise = b"~" + bytes(range(0x30, 0x60)) + b"~"
    assert [unit.form for unit in decode(asked + noise + asked)] == [Form.HDLC, None, Form.HDLC]


def test_the_sign_on_before_hdlc_is_shown_as_text(decode, wire):
    sign_on = b"/?!\r\n/ABC5\\2METER\r\n\x06252\r\n"
    first, second = decode(sign_on + wire.ask(b"\xc0"))
    assert first.form is None
    assert "'/?!\\r\\n/ABC5" in first.layers[0].fields()[0].text
    assert second.form is Form.HDLC
