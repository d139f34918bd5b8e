"""Raw HDLC frames over a connection: what counts as an answer, and that every wait ends."""

from types import SimpleNamespace

import pytest

from bench.core.clock import MILLISECOND, SECOND
from bench.core.errors import ConnectionEnded
from bench.core.trace import Chunk, Direction
from bench.protocols.hdlc.address import client, server
from bench.protocols.hdlc.control import Kind, information, receive_ready, unnumbered
from bench.protocols.hdlc.encode import build_frame, encode_frame, flipped
from suites.wan_dlms.hdlc_wire import HdlcWire, hdlc_fields

CLIENT, SERVER = client(16), server(1, 0x11)
UA = unnumbered(Kind.UA)
LIMIT_S = 1.0


def answer(control, octets=b"", **wrong):
    return build_frame(CLIENT, SERVER, control, octets, **wrong)


class Line:
    """A connection in virtual time; `replies` are octets and how long after sending they come."""

    def __init__(self, *replies, ends=False):
        self.replies = list(replies)
        self.ends = ends
        self.time = 0
        self.due = []
        self.sent = []

    def now(self):
        return self.time

    def send(self, octets):
        self.sent.append(octets)
        self.due += [(self.time + round(s * SECOND), reply) for s, reply in self.replies]
        return self.time

    def receive(self, until_ns):
        if self.due and self.due[0][0] <= until_ns:
            self.time, octets = self.due.pop(0)
            return Chunk(self.time, octets)
        if self.ends:
            raise ConnectionEnded("closed by the device")
        self.time = max(self.time, until_ns)
        return None


@pytest.fixture
def kept():
    return []


@pytest.fixture
def wire_to(kept):
    def keep(octets, at_ns, direction=Direction.RECEIVED, annotate=None, until_ns=None):
        kept.append((octets, direction, annotate(octets)))
        return len(kept)

    def make(line, limit_s=LIMIT_S):
        context = SimpleNamespace(keep=keep)
        return HdlcWire(context, line, client=CLIENT, server=SERVER, limit_s=limit_s)

    return make


def test_a_final_frame_ends_the_answer(wire_to):
    line = Line((0.1, answer(UA)), (0.2, answer(UA)))
    said = wire_to(line).say(b"\x7e")
    assert [heard.kind for heard in said.frames] == [Kind.UA]
    assert line.now() == 100 * MILLISECOND
    assert str(said) == "UA P/F"


def test_silence_lasts_as_long_as_the_limit(wire_to):
    line = Line()
    said = wire_to(line, 2.5).say(bytes(100))
    assert said.silent
    assert str(said) == "silence"
    assert 2.6 * SECOND < line.now() < 2.62 * SECOND  # a hundred octets at 9600 Bd, and the limit


def test_frames_without_f_are_waited_after(wire_to):
    frames = [answer(information(n, 0, final=n == 2), b"x") for n in range(3)]
    line = Line(*((0.9 * (n + 1), frame) for n, frame in enumerate(frames)))
    said = wire_to(line).say(b"\x7e")
    assert [heard.frame.control.ns for heard in said.frames] == [0, 1, 2]
    assert said.last is said.frames[2]


def test_two_final_frames_can_be_asked_for(wire_to):
    line = Line((0.1, answer(UA) + answer(receive_ready(0))))
    assert len(wire_to(line).say(b"\x7e", finals=2).frames) == 2


def test_octets_that_are_no_frame_are_no_silence(wire_to):
    said = wire_to(Line((0.1, b"\x00\x55"))).say(b"\x7e")
    assert not said.silent
    assert said.frames == ()
    assert str(said) == "octets that are no frame"
    assert said.place.frame == 2


def test_idle_flags_are_silence(wire_to):
    assert wire_to(Line((0.1, b"\x7e\x7e\x7e"))).say(b"\x7e").silent


def test_half_a_frame_is_told_when_the_waiting_is_over(wire_to):
    said = wire_to(Line((0.1, answer(UA)[:-1]))).say(b"\x7e")
    assert not said.silent


def test_a_damaged_frame_is_heard_and_ends_nothing(wire_to):
    line = Line((0.1, answer(UA, fcs=flipped(3))))
    said = wire_to(line).say(b"\x7e")
    assert said.find(Kind.UA) is None
    assert len(said.frames) == 1
    assert "FCS" in str(said)
    assert line.now() == 1.1 * SECOND


def test_what_is_sent_unasked_is_no_answer(wire_to, kept):
    push = answer(unnumbered(Kind.UI, False), b"\xe6\xe7\x00\x0f")
    wire = wire_to(Line((0.1, push)))
    assert wire.say(b"\x7e").silent
    assert [heard.kind for heard in wire.heard] == [Kind.UI]
    assert kept[-1][0] == push


def test_what_came_late_is_not_taken_for_the_next_answer(wire_to):
    line = Line((1.5, answer(UA)))
    wire = wire_to(line)
    assert wire.say(b"\x7e").silent
    line.replies = [(0.1, answer(receive_ready(0)))]
    line.time = 2 * SECOND
    assert [heard.kind for heard in wire.say(b"\x7e").frames] == [Kind.RR]
    assert [heard.kind for heard in wire.heard] == [Kind.UA, Kind.RR]


def test_a_device_that_never_ends_is_heard_for_a_while(wire_to):
    frame = answer(receive_ready(0, final=False))
    line = Line(*((0.5 * n, frame) for n in range(1, 1000)))
    said = wire_to(line).say(b"\x7e")
    assert 10 < len(said.frames) < 20
    assert line.now() <= 8 * SECOND


def test_a_flood_ends_by_its_octets(wire_to):
    line = Line(*((0.001, bytes(4096)) for _ in range(1000)))
    wire_to(line).say(b"\x7e")
    assert len(line.due) > 900


def test_the_end_of_the_connection_is_told(wire_to):
    said = wire_to(Line(ends=True)).say(b"\x7e")
    assert said.closed
    assert said.silent
    assert str(said) == "the connection was closed"


def test_every_frame_is_kept_with_its_octets(wire_to, kept):
    wire = wire_to(Line((0.1, answer(UA))))
    sent = wire.frame(unnumbered(Kind.SNRM))
    said = wire.say(sent)
    assert [(octets, direction) for octets, direction, _ in kept] == [
        (sent, Direction.SENT),
        (answer(UA), Direction.RECEIVED),
    ]
    assert said.sent == 1
    assert said.frames[0].number == said.place.frame == 2


def test_a_frame_is_right_but_for_what_is_given(wire_to):
    wire = wire_to(Line())
    assert wire.frame(receive_ready(3)) == encode_frame(SERVER, CLIENT, receive_ready(3))
    assert wire.frame(0x93, length=5)[1:3] == b"\xa0\x05"
    assert wire.frame(0x93, server=server(2), client=client(1))[3:5] == b"\x05\x03"


def test_a_place_counts_the_opening_flag(wire_to):
    both = answer(UA) + answer(receive_ready(0))[1:]
    first, second = wire_to(Line((0.1, both))).say(b"\x7e", finals=2).frames
    assert (first.at(5).offset, second.at(5).offset) == (6, 5)


@pytest.mark.parametrize("octets", [b"", b"\x7e", b"\x7e\x7e", b"\x00", answer(UA)[:4]])
def test_octets_that_are_no_frame_have_few_fields(octets):
    fields = hdlc_fields(octets)
    assert sum(field.length for field in fields) <= len(octets)


def test_the_fields_of_a_frame_go_down_to_its_apdu():
    apdu = bytes.fromhex("C401C100090401020304")
    octets = answer(information(0, 1), b"\xe6\xe7\x00" + apdu)
    fields = hdlc_fields(octets)
    assert fields[0].offset == 1
    inner = [field for field in fields if field.offset >= octets.index(apdu)]
    assert any("get-response" in field.path for field in inner)


def test_a_frame_is_pointed_at_where_it_says_what_it_is(wire_to):
    right, wrong = answer(UA), answer(UA, fcs=flipped(0))
    assert wire_to(Line((0.1, right))).say(b"\x7e").place.offset == right.index(UA)
    assert wire_to(Line((0.1, wrong))).say(b"\x7e").place.offset == 1
