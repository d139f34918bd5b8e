from dataclasses import replace

import pytest

from bench.core.errors import UsageError
from bench.protocols.hdlc.address import Address, client, server
from bench.protocols.hdlc.control import Kind, receive_not_ready, receive_ready
from bench.protocols.hdlc.encode import build_frame, encode_frame
from bench.protocols.hdlc.events import (
    Connected,
    Disconnected,
    Ending,
    Ignored,
    LinkKey,
    Overlong,
    Received,
    Rejected,
    Unnumbered,
)
from bench.protocols.hdlc.frame import decode_frame
from bench.protocols.hdlc.frame_reject import Reason, decode_frame_reject
from bench.protocols.hdlc.options import Answer, NotYet, SecondaryOptions
from bench.protocols.hdlc.secondary import SecondaryStation

SERVER, CLIENT = server(1, 17), client(16)
KEY = LinkKey(CLIENT, SERVER)
SNRM = encode_frame(SERVER, CLIENT, 0x93)
DISC = encode_frame(SERVER, CLIENT, 0x53)
REQUEST = b"\xe6\xe6\x00request"
SECOND = 1_000_000_000


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
def test_frmr_names_the_frame_the_state_and_the_reason(up, octets: bytes, reason: Reason):
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
def test_silence_instead_of_frmr_keeps_the_link(up, shown, option: str, octets: bytes):
    line = up(**{option: Answer.SILENCE})
    assert line.put(octets) == []
    assert shown(line.put(encode_frame(SERVER, CLIENT, receive_ready(0)))) == ["RR -1 0 1"]


def test_a_wrong_llc_header_is_reported_with_the_apdu(up):
    line = up()
    line.ask(unit=b"\xe6\xe7\x00request")
    [event] = line.events
    assert isinstance(event, Received)
    assert [problem.code for problem in event.problems] == ["llc"]


def test_ui_frames_need_no_link_and_get_no_answer(open_line):
    line = open_line()
    assert line.put(encode_frame(SERVER, CLIENT, 0x13, REQUEST)) == []
    assert line.events == [Unnumbered(line.now, CLIENT, SERVER, b"request")]
    everybody = server(0x7F, 0x7F)
    assert line.put(encode_frame(everybody, CLIENT, 0x03, REQUEST)) == []
    assert [type(event) for event in line.events] == [Unnumbered]
    line.station.send_unnumbered(SERVER, CLIENT, b"push")
    [push] = line.frames()
    assert (push.control.octet, push.information) == (0x03, b"\xe6\xe7\x00push")


def test_inactivity_ends_the_link_on_time(up, shown):
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


def test_a_pause_drops_half_a_frame_and_the_next_is_answered(open_line):
    line = open_line(inter_octet_ns=25_000_000)
    assert line.put(SNRM[:6]) == []
    assert line.put(SNRM[6:], gap_ns=26_000_000) == []
    assert line.one(SNRM).control.kind is Kind.UA
    assert line.put(SNRM[:6]) == []
    [answer] = line.put(SNRM[6:], gap_ns=25_000_000)
    assert answer.control.kind is Kind.UA


def test_a_second_client_is_refused_or_has_its_own_link(up, shown):
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


def test_a_second_client_may_take_the_place_of_the_first(up):
    other = client(17)
    line = up(replaces=True)
    assert line.one(encode_frame(SERVER, other, 0x93)).control.kind is Kind.UA
    assert [(type(event), event.link.client) for event in line.events] == [
        (Disconnected, CLIENT),
        (Connected, other),
    ]
    assert line.one(DISC).control.kind is Kind.DM


@pytest.mark.parametrize(
    ("not_yet", "given"), [(NotYet.READY, "RR -1 1 1"), (NotYet.NOT_READY, "RNR -1 1 1")]
)
def test_the_turn_may_go_back_before_the_answer_is_there(up, shown, not_yet: NotYet, given: str):
    line = up(not_yet=not_yet)
    assert shown(line.ask()) == [given]
    assert [type(event) for event in line.events] == [Received]
    poll = encode_frame(SERVER, CLIENT, receive_ready(0))
    assert shown(line.put(poll)) == ["RR -1 1 1"]
    line.station.send(KEY, b"answer")
    assert line.frames() == []
    assert shown(line.put(poll)) == ["I 0 1 1"]


def test_a_busy_server_answers_rnr_and_takes_nothing(up, shown):
    line = up()
    line.station.busy = True
    assert shown(line.ask()) == ["RNR -1 0 1"]
    assert [type(event) for event in line.events] == [Ignored]
    line.station.busy = False
    assert line.ask() == []
    assert [type(event) for event in line.events] == [Received]


def test_a_busy_client_gets_no_information(up, shown):
    line = up()
    line.ask()
    assert shown(line.put(encode_frame(SERVER, CLIENT, receive_not_ready(0)))) == ["RR -1 1 1"]
    line.station.send(KEY, b"answer")
    assert shown(line.put(encode_frame(SERVER, CLIENT, receive_not_ready(0)))) == ["RR -1 1 1"]
    assert shown(line.put(encode_frame(SERVER, CLIENT, receive_ready(0)))) == ["I 0 1 1"]


def test_a_request_without_end_is_dropped(up):
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
