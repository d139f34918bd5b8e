import pytest

from bench.core.errors import UsageError
from bench.protocols.hdlc.address import client, server
from bench.protocols.hdlc.control import (
    Kind,
    information,
    receive_not_ready,
    receive_ready,
    unnumbered,
)
from bench.protocols.hdlc.encode import encode_frame
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
from bench.protocols.hdlc.frame import decode_frame
from bench.protocols.hdlc.frame_reject import Reason, encode_frame_reject
from bench.protocols.hdlc.options import PrimaryOptions
from bench.protocols.hdlc.parameters import LinkParameters, encode_parameters
from bench.protocols.hdlc.primary import PrimaryStation, State

SERVER, CLIENT = server(1, 17), client(16)
KEY = LinkKey(CLIENT, SERVER)
MS = 1_000_000
ANSWER = b"\xe6\xe7\x00answer"


def answer(control: int, unit: bytes = b"", segmented: bool = False) -> bytes:
    return encode_frame(CLIENT, SERVER, control, unit, segmented)


UA = answer(unnumbered(Kind.UA))


class Client:
    """A client station whose server is the test."""

    def __init__(self, parameters: LinkParameters | None = None, **options) -> None:
        self.station = PrimaryStation(PrimaryOptions(CLIENT, SERVER, parameters, **options))
        self.now = 0

    def hear(self, octets: bytes, gap_ns: int = MS) -> list[Event]:
        self.now += gap_ns
        return self.station.receive(octets, self.now)

    def wait(self) -> list[Event]:
        at = self.station.next_event()
        assert at is not None
        self.now = at
        return self.station.advance(at)

    def said(self) -> list[str]:
        octets, found = self.station.outgoing(), []
        while octets:
            length = (octets[1] & 7) << 8 | octets[2]
            found.append(str(decode_frame(octets[1 : 1 + length]).control))
            octets = octets[length + 2 :]
        return found

    def up(self) -> "Client":
        self.station.connect(self.now)
        self.hear(UA)
        self.said()
        return self

    def ask(self, **how) -> list[str]:
        self.station.send(b"request", self.now, **how)
        return self.said()


def test_set_up_proposes_and_takes_what_comes_back():
    own = LinkParameters(512, 256, 3, 2)
    one = Client(own)
    one.station.connect(0)
    sent = one.station.outgoing()
    assert sent == encode_frame(SERVER, CLIENT, 0x93, encode_parameters(own))
    accepted = encode_parameters(LinkParameters(200, 300, 2, 1))
    [event] = one.hear(answer(unnumbered(Kind.UA), accepted))
    assert isinstance(event, Connected)
    assert event.parameters == LinkParameters(300, 200, 1, 2)
    assert event.field.parameters.exceeding(own) == ()
    assert one.station.state is State.UP


def test_set_up_without_parameters_means_the_defaults():
    one = Client()
    one.station.connect(0)
    assert one.station.outgoing() == encode_frame(SERVER, CLIENT, 0x93)
    [event] = one.hear(UA)
    assert isinstance(event, Connected)
    assert event.parameters == LinkParameters()


def test_a_request_and_its_answer():
    one = Client().up()
    assert one.ask() == ["I N(S)=0 N(R)=0 P/F"]
    assert one.hear(answer(information(0, 1), ANSWER)) == [Received(one.now, KEY, b"answer")]
    assert one.station.next_event() is None
    assert one.ask() == ["I N(S)=1 N(R)=1 P/F"]


def test_dm_refuses_the_set_up_or_ends_the_link():
    one = Client()
    one.station.connect(0)
    dm = answer(unnumbered(Kind.DM))
    assert one.hear(dm) == [Disconnected(one.now, KEY, Ending.REFUSED)]
    one.up()
    assert one.hear(dm) == [Disconnected(one.now, KEY, Ending.PEER)]
    one.station.disconnect(one.now)
    assert one.hear(dm) == [Disconnected(one.now, KEY, Ending.REQUESTED)]


def test_frmr_ends_the_link_and_says_why():
    one = Client().up()
    one.ask()
    field = encode_frame_reject(0x10, 0, 0, Reason.TOO_LONG)
    rejected, down = one.hear(answer(unnumbered(Kind.FRMR), field))
    assert isinstance(rejected, Rejected)
    assert rejected.reject.reason is Reason.TOO_LONG
    assert down == Disconnected(one.now, KEY, Ending.REJECTED)


@pytest.mark.parametrize(
    "octets",
    [
        encode_frame(client(17), SERVER, unnumbered(Kind.UA)),
        encode_frame(CLIENT, server(2, 17), unnumbered(Kind.UA)),
        encode_frame(CLIENT, server(1), unnumbered(Kind.UA)),  # another length than was called
        answer(information(0, 0), ANSWER),
        answer(0xFF),
        UA[:-3] + b"\x00\x00\x7e",
        b"\x00\x11\x22\x7e",
    ],
    ids=lambda octets: octets.hex(),
)
def test_what_does_not_answer_is_ignored(octets: bytes):
    one = Client()
    one.station.connect(0)
    assert [type(event) for event in one.hear(octets)] == [Ignored]
    assert one.station.state is State.CONNECTING
    [event] = one.hear(UA[1:])  # the flag before it is shared
    assert isinstance(event, Connected)


def test_a_segmented_answer_is_asked_for_segment_by_segment():
    one = Client().up()
    one.ask()
    assert one.hear(answer(information(0, 1), b"\xe6\xe7\x00a", segmented=True)) == []
    assert one.said() == ["RR N(R)=1 P/F"]
    assert one.hear(answer(information(1, 1), b"b", segmented=True)) == []
    assert one.said() == ["RR N(R)=2 P/F"]
    assert one.hear(answer(information(2, 1), b"c")) == [Received(one.now, KEY, b"abc", 3)]
    assert one.said() == []


def test_a_missing_frame_of_a_window_is_asked_for_once():
    one = Client(LinkParameters(128, 128, 1, 3))
    one.station.connect(0)
    one.hear(answer(unnumbered(Kind.UA), encode_parameters(LinkParameters(128, 128, 3, 1))))
    one.said()
    one.ask()
    one.hear(answer(information(0, 1, False), b"\xe6\xe7\x00a", segmented=True))
    [event] = one.hear(answer(information(2, 1), b"c"))
    assert isinstance(event, Ignored)
    assert one.said() == ["RR N(R)=1 P/F"]
    one.hear(answer(information(2, 1), b"c"))
    assert one.said() == []
    one.hear(answer(information(1, 1, False), b"b", segmented=True))
    [event] = one.hear(answer(information(2, 1), b"c"))
    assert isinstance(event, Received)
    assert event.apdu == b"abc"


def test_silence_is_answered_with_repetitions_and_then_with_giving_up():
    one = Client(response_ns=100 * MS, retries=2).up()
    one.ask()
    for _ in range(2):
        assert one.wait() == []
        assert one.said() == ["I N(S)=0 N(R)=0 P/F"]
    assert one.wait() == [Disconnected(one.now, KEY, Ending.NO_ANSWER)]
    with pytest.raises(UsageError, match="connect"):
        one.ask()


def test_half_an_answer_does_not_hold_up_the_next():
    one = Client(response_ns=100 * MS, retries=5).up()
    one.ask()
    whole = answer(information(0, 1), ANSWER)
    one.hear(whole[:10])
    assert one.wait() == []  # more may come
    assert one.said() == []
    [event] = one.wait()
    assert isinstance(event, Ignored)
    assert one.said() == ["I N(S)=0 N(R)=0 P/F"]
    [event] = one.hear(whole)
    assert isinstance(event, Received)


def test_a_slow_answer_is_waited_for_while_it_comes():
    one = Client(response_ns=100 * MS, retries=5).up()
    one.ask()
    whole = answer(information(0, 1), ANSWER)
    for part in (whole[:5], whole[5:9]):
        one.hear(part, 60 * MS)
        assert one.said() == []
    [event] = one.hear(whole[9:], 60 * MS)
    assert isinstance(event, Received)


def test_nothing_yet_is_polled_again_and_a_busy_server_too():
    one = Client(poll_ns=50 * MS).up()
    one.ask()
    for control in (receive_ready(1), receive_not_ready(1)):
        assert one.hear(answer(control)) == []
        assert one.said() == []
        one.wait()
        assert one.said() == ["RR N(R)=0 P/F"]
    [event] = one.hear(answer(information(0, 1), ANSWER))
    assert isinstance(event, Received)


def test_what_did_not_arrive_is_sent_again_at_once_but_only_once():
    one = Client(response_ns=100 * MS).up()
    one.ask()
    assert one.hear(answer(receive_ready(0))) == []
    assert one.said() == ["I N(S)=0 N(R)=0 P/F"]
    [event] = one.hear(answer(receive_ready(0)))  # as from a line that doubles frames
    assert isinstance(event, Ignored)
    assert one.said() == []
    one.wait()
    assert one.said() == ["I N(S)=0 N(R)=0 P/F"]


def test_an_answer_without_llc_or_too_long_or_with_impossible_numbers():
    one = Client().up()
    one.ask()
    for octets in (
        answer(information(0, 5), ANSWER),
        answer(information(0, 1), bytes(129)),
        answer(information(3, 1), ANSWER),
        answer(receive_ready(4)),
    ):
        assert [type(event) for event in one.hear(octets)] == [Ignored]
    [event] = one.hear(answer(information(0, 1), b"\xc4\x01"))
    assert isinstance(event, Received)
    assert [problem.code for problem in event.problems] == ["llc"] * 3


def test_segments_without_end_end_the_link():
    one = Client(longest_apdu=1000).up()
    one.ask()
    for ns in range(1000):
        events = one.hear(answer(information(ns % 8, 1), bytes(100), segmented=True))
        if events:
            break
    assert [type(event) for event in events] == [Overlong, Disconnected]
    one = Client(longest_apdu=1000).up()
    one.ask()
    for ns in range(2000):
        events = one.hear(answer(information(ns % 8, 1), segmented=True))
        if events:
            break
    assert [type(event) for event in events] == [Overlong, Disconnected]


def test_frames_without_end_do_not_keep_the_answer_waiting():
    one = Client(response_ns=100 * MS, retries=1).up()
    one.ask()
    events: list[Event] = []
    for ns in range(1000):
        events += one.hear(answer(information(ns % 8, 1, False), b"x", True), 50 * MS)
        if one.station.state is State.DOWN:
            break
    assert isinstance(events[-1], Disconnected)
    assert one.now < 10_000 * MS


def test_ui_frames_pass_in_any_state():
    one = Client()
    [event] = one.hear(encode_frame(CLIENT, SERVER, 0x03, b"\xe6\xe7\x00push"))
    assert event == Unnumbered(one.now, SERVER, CLIENT, b"push")
    one.station.send_unnumbered(b"hello")
    assert one.said() == ["UI"]
    assert one.station.next_event() is None


def test_every_frame_is_shown_with_its_stamps():
    seen: list[tuple[int, str, bool]] = []
    station = PrimaryStation(
        PrimaryOptions(CLIENT, SERVER),
        lambda piece, frame: seen.append((piece.until_ns, str(frame.control), frame.valid)),
    )
    station.connect(0)
    damaged = UA[:-3] + b"\x00\x00\x7e"
    station.receive(b"\xff" + damaged + UA, MS)
    assert seen == [(MS, "UA P/F", False), (MS, "UA P/F", True)]


def test_what_is_forgotten_is_not_waited_for_and_the_link_stays():
    client = Client().up()
    client.ask()
    client.station.forget()
    assert client.station.next_event() is None
    assert client.station.state is State.UP
    client.station.send(b"next", client.now)
    assert client.said() == []  # the window is full: first it is asked what arrived
    client.wait()
    assert client.said() == ["RR N(R)=0 P/F"]


def test_an_answer_that_is_expected_is_polled_for():
    client = Client().up()
    client.ask()
    client.hear(answer(information(0, 1), ANSWER))
    client.said()
    client.station.expect(client.now)
    client.wait()
    assert client.said() == ["RR N(R)=1 P/F"]
    (event,) = client.hear(answer(information(1, 1), ANSWER))
    assert isinstance(event, Received)


def test_octets_of_half_a_frame_are_pending():
    client = Client().up()
    client.ask()
    client.hear(UA[:5])
    assert client.station.pending == 5


def test_nothing_is_expected_over_a_link_that_is_down():
    with pytest.raises(UsageError, match="down"):
        Client().station.expect(0)
