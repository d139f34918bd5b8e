"""Both stations talk to each other through lines that lose, repeat and damage frames.

METERBENCH_FUZZ=200000 makes the run long.
"""

import os
import random
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.protocols.hdlc.address import client, server
from bench.protocols.hdlc.control import Kind
from bench.protocols.hdlc.events import Connected, Disconnected, Ending, Event, LinkKey, Received
from bench.protocols.hdlc.frame import HdlcFrame, decode_frame
from bench.protocols.hdlc.options import PrimaryOptions, Recovery, SecondaryOptions
from bench.protocols.hdlc.parameters import LinkParameters
from bench.protocols.hdlc.primary import PrimaryStation, State
from bench.protocols.hdlc.secondary import SecondaryStation

ROUNDS = min(int(os.environ.get("METERBENCH_FUZZ", "100")), 5000)
MS = 1_000_000
SERVER, CLIENT = server(1, 17), client(16)
INFO = st.integers(32, 2030)
WINDOW = st.integers(1, 7)
PARAMETERS = st.builds(LinkParameters, INFO, INFO, WINDOW, WINDOW)

Channel = Callable[[bytes], list[bytes]]


def split(octets: bytes) -> list[bytes]:
    """The frames that one side sent at once, with their flags."""
    frames = []
    while octets:
        length = ((octets[1] & 7) << 8 | octets[2]) + 2
        frames.append(octets[:length])
        octets = octets[length:]
    return frames


def perfect(frame: bytes) -> list[bytes]:
    return [frame]


def bad_line(rng: random.Random, loss: float, doubling: float, damage: float) -> Channel:
    """A line that keeps the order, and otherwise does all that a line can do to a frame."""

    def pass_on(frame: bytes) -> list[bytes]:
        if rng.random() < loss:
            return []
        if rng.random() < damage:
            octets = bytearray(frame)
            octets[rng.randrange(len(octets))] ^= 1 << rng.randrange(8)
            frame = bytes(octets)
        return [frame, frame] if rng.random() < doubling else [frame]

    return pass_on


@dataclass
class Meeting:
    """Client and server in virtual time; the server answers each request with `answer`."""

    client: PrimaryStation
    server: SecondaryStation
    channel: Channel = perfect
    answer: Callable[[bytes], bytes | None] = lambda apdu: apdu
    delay_ns: int = 5 * MS
    think_ns: int = 20 * MS
    now: int = 0
    client_events: list[Event] = field(default_factory=list)
    server_events: list[Event] = field(default_factory=list)
    frames: list[tuple[str, HdlcFrame]] = field(default_factory=list)
    _at: list[tuple[int, int, str, object]] = field(default_factory=list)
    _count: int = 0

    def later(self, at: int, what: str, thing: object) -> None:
        self._count += 1
        self._at.append((at, self._count, what, thing))

    def run(self, until: Callable[[], bool], limit_ns: int = 3_600_000 * MS) -> None:
        while not until():
            self._send()
            instants = [entry[0] for entry in self._at]
            instants += [at for s in (self.client, self.server) if (at := s.next_event())]
            assert instants, "nothing will ever happen again"
            self.now = max(self.now, min(instants))
            assert self.now < limit_ns, "no end"
            due = sorted((e for e in self._at if e[0] <= self.now), key=lambda e: e[:2])
            self._at = [entry for entry in self._at if entry[0] > self.now]
            for _, _, what, thing in due:
                self._happen(what, thing)
            self.client_events += self.client.advance(self.now)
            self._serve(self.server.advance(self.now))

    def _send(self) -> None:
        for station, to in ((self.client, "server"), (self.server, "client")):
            at = self.now + self.delay_ns
            for frame in split(station.outgoing()):
                self.frames.append((to, decode_frame(frame[1:-1])))
                for copy in self.channel(frame):
                    at += MS
                    self.later(at, to, copy)

    def _happen(self, what: str, thing) -> None:
        if what == "client":
            self.client_events += self.client.receive(thing, self.now)
        elif what == "server":
            self._serve(self.server.receive(thing, self.now))
        elif thing[0] in self.server.connected():
            self.server.send(*thing)

    def _serve(self, events: list[Event]) -> None:
        self.server_events += events
        for event in events:
            if isinstance(event, Received):
                answer = self.answer(event.apdu)
                if answer is None:
                    self.server.decline(event.link)
                else:
                    self.later(self.now + self.think_ns, "answer", (event.link, answer))

    def connect(self) -> bool:
        self.client.connect(self.now)
        self.run(lambda: self.client.state is not State.CONNECTING)
        return self.client.state is State.UP

    def exchange(self, apdu: bytes) -> bytes | None:
        """Return the answer, None if the link went down."""
        before = len(self.client_events)
        self.client.send(apdu, self.now)

        def ended() -> bool:
            return any(isinstance(e, Received | Disconnected) for e in self.client_events[before:])

        self.run(ended)
        answers = [e.apdu for e in self.client_events[before:] if isinstance(e, Received)]
        return answers[0] if answers else None

    def disconnect(self) -> None:
        self.client.disconnect(self.now)
        self.run(lambda: self.client.state is State.DOWN)


def meeting(
    mine: LinkParameters | None = None,
    theirs: LinkParameters | None = None,
    channel: Channel = perfect,
    recovery: Recovery = Recovery.REPEAT,
    retries: int = 3,
    **more,
) -> Meeting:
    primary = PrimaryStation(
        PrimaryOptions(
            CLIENT, SERVER, mine, response_ns=200 * MS, retries=retries, recovery=recovery
        )
    )
    options = SecondaryOptions(parameters=theirs) if theirs else SecondaryOptions()
    return Meeting(primary, SecondaryStation(options), channel, **more)


def windows_kept(meeting: Meeting) -> bool:
    """Whether nobody sent more I frames in a row, or longer ones, than was agreed."""
    agreed = meeting.client.parameters
    run = {"server": 0, "client": 0}
    for to, frame in meeting.frames:
        if frame.control.kind is Kind.I:
            run[to] += 1
            window = agreed.window_transmit if to == "server" else agreed.window_receive
            limit = agreed.info_transmit if to == "server" else agreed.info_receive
            if run[to] > window or len(frame.information) > limit:
                return False
        if frame.control.final:
            run[to] = 0
    return True


@settings(deadline=None)
@given(PARAMETERS | st.none(), PARAMETERS, st.binary(max_size=3000), st.binary(max_size=3000))
def test_a_perfect_line_brings_everything_over(mine, theirs, request: bytes, answer: bytes):
    both = meeting(mine, theirs, answer=lambda apdu: answer)
    assert both.connect()
    assert both.exchange(request) == answer
    assert [e.apdu for e in both.server_events if isinstance(e, Received)] == [request]
    assert windows_kept(both)
    assert not [f for _, f in both.frames if f.problems]
    both.disconnect()
    assert both.server.connected() == ()


@settings(max_examples=ROUNDS, deadline=None)
@given(
    st.integers(0, 2**32),
    st.floats(0, 0.4),
    st.floats(0, 0.4),
    st.floats(0, 0.3),
    PARAMETERS,
    PARAMETERS,
    st.sampled_from(Recovery),
    st.lists(st.integers(0, 700), min_size=1, max_size=5),
)
def test_a_bad_line_delays_but_never_falsifies(
    seed, loss, doubling, damage, mine, theirs, recovery, sizes
):
    rng = random.Random(seed)
    both = meeting(
        mine,
        theirs,
        bad_line(rng, loss, doubling, damage),
        recovery,
        retries=8,
        answer=lambda apdu: b"answer to " + apdu * 2,
    )
    done = 0
    requests = [bytes([n]) * size for n, size in enumerate(sizes)]
    if both.connect():
        for apdu in requests:
            answer = both.exchange(apdu)
            if answer is None:
                break
            assert answer == b"answer to " + apdu * 2
            done += 1
        both.disconnect()
    # Nothing is carried out twice, nothing out of order, nothing that was not sent.
    executed = [e.apdu for e in both.server_events if isinstance(e, Received)]
    assert executed == requests[: len(executed)]
    assert len(executed) >= done
    assert windows_kept(both)
    if not loss and not damage:
        assert done == len(requests)


@pytest.mark.parametrize("recovery", Recovery)
@pytest.mark.parametrize("lost", range(12))
def test_any_one_frame_may_be_lost(recovery: Recovery, lost: int):
    count = iter(range(1000))
    parameters = LinkParameters(64, 64, 3, 3)
    both = meeting(
        parameters,
        parameters,
        lambda frame: [] if next(count) == lost else [frame],
        recovery,
        answer=lambda apdu: apdu[::-1],
    )
    assert both.connect()
    for request in (bytes(range(200)), b"x" * 400):
        assert both.exchange(request) == request[::-1]
    executed = [e.apdu for e in both.server_events if isinstance(e, Received)]
    assert executed == [bytes(range(200)), b"x" * 400]


@pytest.mark.parametrize("recovery", Recovery)
def test_repeated_frames_do_not_multiply(recovery: Recovery):
    parameters = LinkParameters(64, 64, 3, 3)
    both = meeting(parameters, parameters, lambda frame: [frame, frame], recovery)
    assert both.connect()
    for number in range(10):
        assert both.exchange(bytes([number]) * 500) == bytes([number]) * 500
    clean = meeting(parameters, parameters)
    clean.connect()
    for number in range(10):
        clean.exchange(bytes([number]) * 500)
    assert len(both.frames) < 4 * len(clean.frames)


def test_a_dead_line_ends_in_no_answer():
    both = meeting(channel=lambda frame: [])
    assert not both.connect()
    assert both.client_events == [
        Disconnected(4 * 200 * MS, LinkKey(CLIENT, SERVER), Ending.NO_ANSWER)
    ]
    assert len(both.frames) == 4


def test_the_server_may_take_its_time():
    both = meeting(think_ns=5_000 * MS, retries=3, recovery=Recovery.POLL)
    assert both.connect()
    assert both.exchange(b"slow") == b"slow"
    executed = [e for e in both.server_events if isinstance(e, Received)]
    assert len(executed) == 1


def test_a_request_without_answer_gives_the_turn_back():
    both = meeting(answer=lambda apdu: None)
    assert both.connect()
    both.client.send(b"no answer, please", both.now, answer=False)
    both.run(lambda: both.client.next_event() is None)
    assert [f.control.kind for to, f in both.frames if to == "client"] == [Kind.UA, Kind.RR]


def test_a_server_that_never_has_the_answer_is_not_polled_for_ever():
    both = meeting(answer=lambda apdu: None)
    assert both.connect()
    assert both.exchange(b"?") is None
    [down] = [e for e in both.client_events if isinstance(e, Disconnected)]
    assert down.why is Ending.NO_ANSWER


def test_the_server_falls_asleep_and_the_client_is_told():
    both = meeting()
    assert both.connect()
    both.now += 121_000 * MS
    assert both.exchange(b"awake?") is None
    assert [e.why for e in both.client_events if isinstance(e, Disconnected)] == [Ending.PEER]
    assert both.connect()
    assert [type(e) for e in both.client_events][-1] is Connected
    assert both.exchange(b"awake?") == b"awake?"
