import pytest

from bench.protocols.hdlc.address import client, server
from bench.protocols.hdlc.control import Kind, information, receive_ready
from bench.protocols.hdlc.encode import build_frame, encode_frame, flipped
from bench.protocols.hdlc.events import (
    Connected,
    Disconnected,
    Ending,
    Ignored,
    LinkKey,
    Received,
)
from bench.protocols.hdlc.options import Answer, ParameterAnswer
from bench.protocols.hdlc.parameters import LinkParameters, decode_parameters, encode_parameters

SERVER, CLIENT = server(1, 17), client(16)
KEY = LinkKey(CLIENT, SERVER)
SNRM = encode_frame(SERVER, CLIENT, 0x93)
DISC = encode_frame(SERVER, CLIENT, 0x53)
REQUEST = b"\xe6\xe6\x00request"


def test_set_up_without_parameters_answers_without(open_line):
    line = open_line()
    answer = line.one(SNRM)
    assert (answer.control.kind, answer.control.final) == (Kind.UA, True)
    assert (answer.destination, answer.source) == (CLIENT, SERVER)
    assert answer.information == b""
    [connected] = line.events
    assert isinstance(connected, Connected)
    assert connected.parameters == LinkParameters()
    assert line.station.connected() == (KEY,)


def test_parameters_are_always_named_where_they_are_not_the_defaults(open_line):
    line = open_line(parameters=LinkParameters(64, 64))
    assert decode_parameters(line.one(SNRM).information).parameters == LinkParameters(64, 64)
    line = open_line(parameter_answer=ParameterAnswer.ALWAYS, window_octets=1)
    assert line.one(SNRM).information.hex() == "81800c050180060180070101080101"


@pytest.mark.parametrize("width", [2, 4])
def test_negotiation_takes_the_lower_of_both(open_line, width: int):
    line = open_line(parameters=LinkParameters(500, 300, 4, 2))
    proposal = encode_parameters(LinkParameters(400, 200, 7, 3), widths=width)
    answer = line.one(encode_frame(SERVER, CLIENT, 0x93, proposal))
    found = decode_parameters(answer.information)
    assert found.problems == ()
    assert found.parameters == LinkParameters(200, 300, 3, 2)


@pytest.mark.parametrize("field", ["8180040505", "83", "818003070108", "81810105"])
def test_a_malformed_parameter_field_still_connects(open_line, field: str):
    line = open_line()
    answer = line.one(encode_frame(SERVER, CLIENT, 0x93, bytes.fromhex(field)))
    assert answer.control.kind is Kind.UA
    assert decode_parameters(answer.information).problems == ()


def test_numbers_start_at_zero_and_again_with_each_set_up(up, shown):
    line = up()
    assert shown([line.one(encode_frame(SERVER, CLIENT, receive_ready(0)))]) == ["RR -1 0 1"]
    line.ask()
    line.station.send(KEY, b"answer")
    assert shown(line.frames()) == ["I 0 1 1"]
    assert line.one(SNRM).control.kind is Kind.UA
    assert [type(e) for e in line.events] == [Disconnected, Connected]
    assert shown([line.one(encode_frame(SERVER, CLIENT, receive_ready(0)))]) == ["RR -1 0 1"]


def test_disc_ends_the_link_and_dm_says_that_there_is_none(up):
    line = up()
    assert line.one(DISC).control.kind is Kind.UA
    [event] = line.events
    assert isinstance(event, Disconnected)
    assert event.why is Ending.REQUESTED
    for octets in (
        DISC,
        encode_frame(SERVER, CLIENT, receive_ready(0)),
        encode_frame(SERVER, CLIENT, information(0, 0), REQUEST),
        build_frame(SERVER, CLIENT, 0xFF),
    ):
        answer = line.one(octets)
        assert (answer.control.kind, answer.control.final) == (Kind.DM, True)


def test_what_needs_no_answer_while_down_gets_none(open_line):
    line = open_line(on_information_when_down=Answer.SILENCE)
    assert line.put(encode_frame(SERVER, CLIENT, information(0, 0), REQUEST)) == []
    assert line.put(encode_frame(SERVER, CLIENT, receive_ready(0, final=False))) == []
    assert line.put(encode_frame(SERVER, CLIENT, 0x43)) == []


@pytest.mark.parametrize(
    "octets",
    [
        *[build_frame(SERVER, CLIENT, 0x93, fcs=flipped(bit)) for bit in range(16)],
        build_frame(SERVER, CLIENT, 0x10, REQUEST, hcs=flipped(3)),
        *[build_frame(SERVER, CLIENT, 0x93, format_type=kind) for kind in (0x9, 0xB, 0x0)],
        *[build_frame(SERVER, CLIENT, 0x93, length=length) for length in (0, 7, 9, 2047)],
        build_frame(SERVER, CLIENT, 0x93, opening=b""),
        build_frame(SERVER, CLIENT, 0x93, closing=b""),
        build_frame(SERVER, CLIENT, 0x93, opening=b"", closing=b""),
        build_frame(b"\x02\x02\x23", CLIENT, 0x93),
        build_frame(SERVER, b"\x02\x21", 0x93),
        build_frame(server(1), b"\x02\x21", 0x93),
        build_frame(server(2, 17), CLIENT, 0x93),
        build_frame(server(1, 18), CLIENT, 0x93),
        build_frame(server(2), CLIENT, 0x93),
        build_frame(server(0x7F, 0x7F), CLIENT, 0x93),
        build_frame(server(1, 0x7F), CLIENT, 0x10, REQUEST),
        build_frame(server(0x7F), CLIENT, 0x03, REQUEST),
        b"\x7e\x7e\x7e",
        b"\xff\x00",
    ],
    ids=lambda octets: octets.hex(),
)
def test_silence_and_then_a_good_frame_is_answered(open_line, octets: bytes):
    line = open_line()
    assert line.put(octets) == []
    assert not any(isinstance(event, Connected) for event in line.events)
    assert line.one(SNRM).control.kind is Kind.UA


def test_an_answer_has_the_length_of_address_of_its_question(open_line):
    line = open_line()
    for called in (server(1), server(1, 17), server(1, 17, 4)):
        answer = line.one(encode_frame(called, CLIENT, 0x93))
        assert answer.source == called
    assert line.one(DISC).source == SERVER
    assert line.station.connected() == ()


def test_two_frames_with_one_flag_between(open_line):
    line = open_line()
    rr = encode_frame(SERVER, CLIENT, receive_ready(0))
    assert [f.control.kind for f in line.put(SNRM + rr[1:])] == [Kind.UA, Kind.RR]


def test_a_request_is_given_up_and_its_answer_sent_when_it_is_there(up, shown):
    line = up()
    assert line.ask() == []
    assert line.events == [Received(line.now, KEY, b"request")]
    line.station.send(KEY, b"answer")
    [frame] = line.frames()
    assert shown([frame]) == ["I 0 1 1"]
    assert frame.information == b"\xe6\xe7\x00answer"


def test_a_repeated_request_is_answered_again_and_not_given_up_twice(up):
    line = up()
    line.ask()
    assert line.ask() == []
    assert [type(event) for event in line.events] == [Ignored]
    line.station.send(KEY, b"answer")
    first = line.frames()
    again = line.ask()
    assert not any(isinstance(event, Received) for event in line.events)
    assert again == first


def test_a_poll_while_the_answer_is_made_gets_rr_and_the_next_one_the_answer(up, shown):
    line = up()
    line.ask()
    poll = encode_frame(SERVER, CLIENT, receive_ready(0))
    assert shown(line.put(poll)) == ["RR -1 1 1"]
    line.station.send(KEY, b"answer")
    assert line.frames() == []
    assert shown(line.put(poll)) == ["I 0 1 1"]


def test_declining_gives_the_turn_back(up, shown):
    line = up()
    line.ask()
    line.station.decline(KEY)
    assert shown(line.frames()) == ["RR -1 1 1"]
    line.station.decline(KEY)
    assert line.frames() == []


def test_a_segmented_request_is_acknowledged_segment_by_segment(up, shown):
    line = up()
    assert shown(line.ask(0, 0, b"\xe6\xe6\x00a", segmented=True)) == ["RR -1 1 1"]
    assert shown(line.ask(1, 0, b"b", segmented=True)) == ["RR -1 2 1"]
    assert line.ask(2, 0, b"c") == []
    assert line.events == [Received(line.now, KEY, b"abc", segments=3)]


@pytest.mark.parametrize("window", [1, 2, 7])
def test_a_segmented_answer_keeps_length_and_window(open_line, window: int):
    line = open_line()
    proposal = encode_parameters(LinkParameters(64, 64, 7, window))
    line.put(encode_frame(SERVER, CLIENT, 0x93, proposal))
    line.ask()
    apdu = bytes(range(256)) * 3
    line.station.send(KEY, apdu)
    frames = line.frames()
    unit, expected = b"", 0
    while True:
        assert len(frames) <= window
        assert [f.control.final for f in frames] == [False] * (len(frames) - 1) + [True]
        for frame in frames:
            assert frame.control.ns == expected % 8
            assert len(frame.information) <= 64
            unit += frame.information
            expected += 1
        if not frames[-1].segmented:
            break
        frames = line.put(encode_frame(SERVER, CLIENT, receive_ready(expected % 8)))
    assert unit == b"\xe6\xe7\x00" + apdu


def test_a_lost_segment_is_sent_again_from_its_number_on(open_line, shown):
    line = open_line()
    line.put(encode_frame(SERVER, CLIENT, 0x93, encode_parameters(LinkParameters(64, 64, 1, 3))))
    line.ask()
    line.station.send(KEY, bytes(300))
    assert shown(line.frames()) == ["I 0 1 0", "I 1 1 0", "I 2 1 1"]
    frames = line.put(encode_frame(SERVER, CLIENT, receive_ready(1)))
    assert shown(frames) == ["I 1 1 0", "I 2 1 0", "I 3 1 1"]


def test_a_wrong_ns_is_not_taken_up_and_answered_with_the_expected_one(up, shown):
    line = up()
    assert shown(line.ask(ns=1)) == ["RR -1 0 1"]
    assert [type(event) for event in line.events] == [Ignored]
