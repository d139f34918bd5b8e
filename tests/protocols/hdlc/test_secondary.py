from dataclasses import replace

import pytest

from bench.core.errors import UsageError
from bench.protocols.hdlc.address import Address, client, server
from bench.protocols.hdlc.control import Kind, information, receive_not_ready, receive_ready
from bench.protocols.hdlc.encode import build_frame, encode_frame, flipped
from bench.protocols.hdlc.events import (
    Connected,
    Disconnected,
    Ending,
    Event,
    Ignored,
    LinkKey,
    Overlong,
    Received,
    Rejected,
    Unnumbered,
)
from bench.protocols.hdlc.frame import HdlcFrame, decode_frame
from bench.protocols.hdlc.frame_reject import Reason, decode_frame_reject
from bench.protocols.hdlc.options import Answer, ParameterAnswer, SecondaryOptions
from bench.protocols.hdlc.parameters import LinkParameters, decode_parameters, encode_parameters
from bench.protocols.hdlc.secondary import SecondaryStation

SERVER, CLIENT = server(1, 17), client(16)
KEY = LinkKey(CLIENT, SERVER)
SNRM = encode_frame(SERVER, CLIENT, 0x93)
DISC = encode_frame(SERVER, CLIENT, 0x53)
REQUEST = b"\xe6\xe6\x00request"
SECOND = 1_000_000_000


class Line:
    """A station with somebody who writes frames to it and reads what it sends."""

    def __init__(self, **options) -> None:
        self.station = SecondaryStation(SecondaryOptions(**options))
        self.now = 0
        self.events: list[Event] = []

    def put(self, octets: bytes, gap_ns: int = SECOND) -> list[HdlcFrame]:
        self.now += gap_ns
        self.events = self.station.receive(octets, self.now)
        return self.frames()

    def frames(self) -> list[HdlcFrame]:
        octets = self.station.outgoing()
        found = []
        while octets:
            length = (octets[1] & 7) << 8 | octets[2]
            found.append(decode_frame(octets[1 : 1 + length]))
            assert found[-1].problems == ()
            octets = octets[length + 2 :]
        return found

    def one(self, octets: bytes) -> HdlcFrame:
        [frame] = self.put(octets)
        return frame

    def ask(self, ns: int = 0, nr: int = 0, unit: bytes = REQUEST, **how) -> list[HdlcFrame]:
        return self.put(encode_frame(SERVER, CLIENT, information(ns, nr), unit, **how))


def up(**options) -> Line:
    line = Line(**options)
    assert line.one(SNRM).control.kind is Kind.UA
    return line


def shown(frames: list[HdlcFrame]) -> list[str]:
    return [
        f"{f.control.kind} {f.control.ns} {f.control.nr} {int(f.control.final)}" for f in frames
    ]


def test_set_up_without_parameters_answers_without():
    line = Line()
    answer = line.one(SNRM)
    assert (answer.control.kind, answer.control.final) == (Kind.UA, True)
    assert (answer.destination, answer.source) == (CLIENT, SERVER)
    assert answer.information == b""
    [connected] = line.events
    assert isinstance(connected, Connected)
    assert connected.parameters == LinkParameters()
    assert line.station.connected() == (KEY,)


def test_parameters_are_always_named_where_they_are_not_the_defaults():
    line = Line(parameters=LinkParameters(64, 64))
    assert decode_parameters(line.one(SNRM).information).parameters == LinkParameters(64, 64)
    line = Line(parameter_answer=ParameterAnswer.ALWAYS, window_octets=1)
    assert line.one(SNRM).information.hex() == "81800c050180060180070101080101"


@pytest.mark.parametrize("width", [2, 4])
def test_negotiation_takes_the_lower_of_both(width: int):
    line = Line(parameters=LinkParameters(500, 300, 4, 2))
    proposal = encode_parameters(LinkParameters(400, 200, 7, 3), widths=width)
    answer = line.one(encode_frame(SERVER, CLIENT, 0x93, proposal))
    found = decode_parameters(answer.information)
    assert found.problems == ()
    assert found.parameters == LinkParameters(200, 300, 3, 2)


@pytest.mark.parametrize("field", ["8180040505", "83", "818003070108", "81810105"])
def test_a_malformed_parameter_field_still_connects(field: str):
    line = Line()
    answer = line.one(encode_frame(SERVER, CLIENT, 0x93, bytes.fromhex(field)))
    assert answer.control.kind is Kind.UA
    assert decode_parameters(answer.information).problems == ()


def test_numbers_start_at_zero_and_again_with_each_set_up():
    line = up()
    assert shown([line.one(encode_frame(SERVER, CLIENT, receive_ready(0)))]) == ["RR -1 0 1"]
    line.ask()
    line.station.send(KEY, b"answer")
    assert shown(line.frames()) == ["I 0 1 1"]
    assert line.one(SNRM).control.kind is Kind.UA
    assert [type(e) for e in line.events] == [Disconnected, Connected]
    assert shown([line.one(encode_frame(SERVER, CLIENT, receive_ready(0)))]) == ["RR -1 0 1"]


def test_disc_ends_the_link_and_dm_says_that_there_is_none():
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


def test_what_needs_no_answer_while_down_gets_none():
    line = Line(on_information_when_down=Answer.SILENCE)
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
def test_silence_and_then_a_good_frame_is_answered(octets: bytes):
    line = Line()
    assert line.put(octets) == []
    assert not any(isinstance(event, Connected) for event in line.events)
    assert line.one(SNRM).control.kind is Kind.UA


def test_an_answer_has_the_length_of_address_of_its_question():
    line = Line()
    for called in (server(1), server(1, 17), server(1, 17, 4)):
        answer = line.one(encode_frame(called, CLIENT, 0x93))
        assert answer.source == called
    assert line.one(DISC).source == SERVER
    assert line.station.connected() == ()


def test_two_frames_with_one_flag_between():
    line = Line()
    rr = encode_frame(SERVER, CLIENT, receive_ready(0))
    assert [f.control.kind for f in line.put(SNRM + rr[1:])] == [Kind.UA, Kind.RR]


def test_a_request_is_given_up_and_its_answer_sent_when_it_is_there():
    line = up()
    assert line.ask() == []
    assert line.events == [Received(line.now, KEY, b"request")]
    line.station.send(KEY, b"answer")
    [frame] = line.frames()
    assert shown([frame]) == ["I 0 1 1"]
    assert frame.information == b"\xe6\xe7\x00answer"


def test_a_repeated_request_is_answered_again_and_not_given_up_twice():
    line = up()
    line.ask()
    assert line.ask() == []
    assert [type(event) for event in line.events] == [Ignored]
    line.station.send(KEY, b"answer")
    first = line.frames()
    again = line.ask()
    assert not any(isinstance(event, Received) for event in line.events)
    assert again == first


def test_a_poll_while_the_answer_is_made_gets_rr_and_the_next_one_the_answer():
    line = up()
    line.ask()
    poll = encode_frame(SERVER, CLIENT, receive_ready(0))
    assert shown(line.put(poll)) == ["RR -1 1 1"]
    line.station.send(KEY, b"answer")
    assert line.frames() == []
    assert shown(line.put(poll)) == ["I 0 1 1"]


def test_declining_gives_the_turn_back():
    line = up()
    line.ask()
    line.station.decline(KEY)
    assert shown(line.frames()) == ["RR -1 1 1"]
    line.station.decline(KEY)
    assert line.frames() == []


def test_a_segmented_request_is_acknowledged_segment_by_segment():
    line = up()
    assert shown(line.ask(0, 0, b"\xe6\xe6\x00a", segmented=True)) == ["RR -1 1 1"]
    assert shown(line.ask(1, 0, b"b", segmented=True)) == ["RR -1 2 1"]
    assert line.ask(2, 0, b"c") == []
    assert line.events == [Received(line.now, KEY, b"abc", segments=3)]


@pytest.mark.parametrize("window", [1, 2, 7])
def test_a_segmented_answer_keeps_length_and_window(window: int):
    line = Line()
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


def test_a_lost_segment_is_sent_again_from_its_number_on():
    line = Line()
    line.put(encode_frame(SERVER, CLIENT, 0x93, encode_parameters(LinkParameters(64, 64, 1, 3))))
    line.ask()
    line.station.send(KEY, bytes(300))
    assert shown(line.frames()) == ["I 0 1 0", "I 1 1 0", "I 2 1 1"]
    frames = line.put(encode_frame(SERVER, CLIENT, receive_ready(1)))
    assert shown(frames) == ["I 1 1 0", "I 2 1 0", "I 3 1 1"]


def test_a_wrong_ns_is_not_taken_up_and_answered_with_the_expected_one():
    line = up()
    assert shown(line.ask(ns=1)) == ["RR -1 0 1"]
    assert [type(event) for event in line.events] == [Ignored]


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (build_frame(SERVER, CLIENT, 0xFF), Reason.CONTROL),
        (build_frame(SERVER, CLIENT, 0x19), Reason.CONTROL),
        (build_frame(SERVER, CLIENT, 0x73), Reason.CONTROL),
        (build_frame(SERVER, CLIENT, 0x11, b"x"), Reason.CONTROL | Reason.NOT_PERMITTED),
        (encode_frame(SERVER, CLIENT, 0x10, bytes(129)), Reason.TOO_LONG),
        (encode_frame(SERVER, CLIENT, receive_ready(5)), Reason.NUMBER),
        (encode_frame(SERVER, CLIENT, 0x94, b"abc"), Reason.NUMBER),
    ],
)
def test_frmr_names_the_frame_the_state_and_the_reason(octets: bytes, reason: Reason):
    line = up()
    line.ask()
    line.station.send(KEY, b"answer")
    line.frames()
    answer = line.one(octets)
    assert answer.control.kind is Kind.FRMR
    reject = decode_frame_reject(answer.information)
    assert reject == (decode_frame(octets[1:-1]).control.octet, 1, 1, False, reason, ())
    assert isinstance(line.events[0], Rejected)
    assert line.events[0].own
    # only SNRM brings the link back
    assert line.ask(1, 1)[0].information == answer.information
    assert line.one(SNRM).control.kind is Kind.UA
    assert line.ask() == []
    assert isinstance(line.events[0], Received)


@pytest.mark.parametrize(
    ("option", "octets"),
    [
        ("on_undefined", build_frame(SERVER, CLIENT, 0xFF)),
        ("on_too_long", encode_frame(SERVER, CLIENT, 0x10, bytes(129))),
        ("on_bad_number", encode_frame(SERVER, CLIENT, receive_ready(5))),
    ],
)
def test_silence_instead_of_frmr_keeps_the_link(option: str, octets: bytes):
    line = up(**{option: Answer.SILENCE})
    assert line.put(octets) == []
    assert shown(line.put(encode_frame(SERVER, CLIENT, receive_ready(0)))) == ["RR -1 0 1"]


def test_a_wrong_llc_header_is_reported_with_the_apdu():
    line = up()
    line.ask(unit=b"\xe6\xe7\x00request")
    [event] = line.events
    assert isinstance(event, Received)
    assert [problem.code for problem in event.problems] == ["llc"]


def test_ui_frames_need_no_link_and_get_no_answer():
    line = Line()
    assert line.put(encode_frame(SERVER, CLIENT, 0x13, REQUEST)) == []
    assert line.events == [Unnumbered(line.now, CLIENT, SERVER, b"request")]
    everybody = server(0x7F, 0x7F)
    assert line.put(encode_frame(everybody, CLIENT, 0x03, REQUEST)) == []
    assert [type(event) for event in line.events] == [Unnumbered]
    line.station.send_unnumbered(SERVER, CLIENT, b"push")
    [push] = line.frames()
    assert (push.control.octet, push.information) == (0x03, b"\xe6\xe7\x00push")


def test_inactivity_ends_the_link_on_time():
    line = up(inactivity_ns=120 * SECOND)
    start = line.now
    assert line.station.next_event() == start + 120 * SECOND
    assert line.station.advance(start + 120 * SECOND - 1) == []
    rr = encode_frame(SERVER, CLIENT, receive_ready(0))
    assert shown(line.put(rr, 108 * SECOND)) == ["RR -1 0 1"]  # and the time starts anew
    assert line.one(DISC).control.kind is Kind.UA
    line = up(inactivity_ns=120 * SECOND)
    [answer] = line.put(DISC, 132 * SECOND)
    assert answer.control.kind is Kind.DM
    assert line.events[0] == Disconnected(start + 120 * SECOND, KEY, Ending.INACTIVE)
    assert up(inactivity_ns=None).station.next_event() is None


def test_a_pause_drops_half_a_frame_and_the_next_is_answered():
    line = Line(inter_octet_ns=25_000_000)
    assert line.put(SNRM[:6]) == []
    assert line.put(SNRM[6:], gap_ns=26_000_000) == []
    assert line.one(SNRM).control.kind is Kind.UA
    assert line.put(SNRM[:6]) == []
    [answer] = line.put(SNRM[6:], gap_ns=25_000_000)
    assert answer.control.kind is Kind.UA


def test_a_second_client_is_refused_or_has_its_own_link():
    other = client(17)
    line = up()
    assert line.one(encode_frame(SERVER, other, 0x93)).control.kind is Kind.DM
    line = up(links=2)
    answer = line.one(encode_frame(SERVER, other, 0x93))
    assert (answer.control.kind, answer.destination) == (Kind.UA, other)
    line.ask()
    line.station.send(KEY, b"mine")
    [mine] = line.frames()
    assert mine.destination == CLIENT
    poll = encode_frame(SERVER, other, receive_ready(0))
    assert shown(line.put(poll)) == ["RR -1 0 1"]


def test_a_busy_server_answers_rnr_and_takes_nothing():
    line = up()
    line.station.busy = True
    assert shown(line.ask()) == ["RNR -1 0 1"]
    assert [type(event) for event in line.events] == [Ignored]
    line.station.busy = False
    assert line.ask() == []
    assert [type(event) for event in line.events] == [Received]


def test_a_busy_client_gets_no_information():
    line = up()
    line.ask()
    assert shown(line.put(encode_frame(SERVER, CLIENT, receive_not_ready(0)))) == ["RR -1 1 1"]
    line.station.send(KEY, b"answer")
    assert shown(line.put(encode_frame(SERVER, CLIENT, receive_not_ready(0)))) == ["RR -1 1 1"]
    assert shown(line.put(encode_frame(SERVER, CLIENT, receive_ready(0)))) == ["I 0 1 1"]


def test_a_request_without_end_is_dropped():
    line = up(longest_apdu=300)
    for ns in range(5):
        line.ask(ns, 0, bytes(100), segmented=True)
    line.ask(5, 0, bytes(100))
    assert line.events == [Overlong(line.now, KEY, 600)]
    line.ask(6, 0)
    assert [type(event) for event in line.events] == [Received]


def test_answering_nobody_is_a_mistake_of_the_caller():
    station = SecondaryStation(replace(SecondaryOptions(), lower=None))
    with pytest.raises(UsageError):
        station.send(KEY, b"answer")
    station.receive(encode_frame(server(1, 99), CLIENT, 0x93), 0)
    station.send(LinkKey(CLIENT, Address(b"\x02\xc7")), b"answer")
