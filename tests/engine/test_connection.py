"""A case's way to the wire: bounded in time, recorded before it is decoded, secrets as stars."""

import pytest

from bench.core.check import Place
from bench.core.clock import SECOND, VirtualClock
from bench.core.errors import ConnectionEnded, EvidenceError
from bench.core.trace import Chunk, Direction, Field
from bench.core.verdict import Reason
from bench.engine.connection import Connection
from bench.engine.context import CaseContext, Inconclusive
from bench.engine.traffic import Traffic
from bench.protocols import pcapng


class Scripted:
    """A link that answers each write as it was told to."""

    url = "scripted:"
    timing_uncertainty_s = 0.0
    capabilities = frozenset({"connection"})

    def __init__(self, clock, answers=()):
        self.clock = clock
        self.answers = list(answers)
        self.ready = []
        self.written = []
        self.made = []
        self.closed = False

    def write(self, octets):
        self.written.append(octets)
        if self.answers:
            self.ready.append(self.answers.pop(0))
        return self.clock.now()

    def read(self, until_ns):
        if self.ready:
            answer = self.ready.pop(0)
            if answer is None:
                raise ConnectionEnded("the other side closed the connection")
            return Chunk(self.clock.now(), answer)
        self.clock.wait_until(until_ns)
        return None

    def reconnect(self, *, abrupt=False):
        self.made.append(("again", abrupt))

    def connect(self):
        self.made.append(Scripted(self.clock))
        return self.made[-1]

    def close(self):
        self.closed = True


@pytest.fixture
def clock():
    return VirtualClock()


@pytest.fixture
def made(case, clock, tmp_path):
    """Make a context over a link that gives these answers; recorded in `traffic.pcapng`."""

    contexts = []

    def make(*answers, bound_s=10.0):
        link = Scripted(clock, answers)
        traffic = Traffic(tmp_path / "a1" / "traffic.pcapng", 7 * SECOND, "p1")
        context = CaseContext(
            case(bound_s=bound_s), 1, lambda: link, {}, {}, clock.now, traffic=traffic
        )
        contexts.append(context)
        return context, link

    yield make
    for context in contexts:
        context.close()


def recorded(tmp_path):
    return pcapng.read((tmp_path / "a1" / "traffic.pcapng").read_bytes()).packets


def test_both_directions_are_recorded_with_their_instants(made, clock, tmp_path):
    context, _ = made(b"answer")
    clock.wait_until(2 * SECOND)
    context.connection.send(b"question")
    context.connection.receive(3 * SECOND)
    context.close()
    assert [(p.octets, p.direction, p.at_unix_ns) for p in recorded(tmp_path)] == [
        (b"question", Direction.SENT, 9 * SECOND),
        (b"answer", Direction.RECEIVED, 9 * SECOND),
    ]


def test_nothing_exchanged_leaves_no_recording(made, tmp_path):
    context, _ = made()
    context.close()
    assert not (tmp_path / "a1").exists()


def test_a_concealed_secret_is_stars_in_the_recording_and_in_frames(made, tmp_path):
    context, link = made(b"<hunter2>")
    context.conceal(b"hunter2")
    context.connection.send(b"[hunter2]")
    context.connection.receive(SECOND)
    number = context.keep(
        b"[hunter2]", 0, Direction.SENT, lambda octets: (Field("all", 0, 9, octets.decode()),)
    )
    context.checks.that("a", False, expected="1", observed="2", place=Place(number))
    record = context.record(0)
    context.close()
    assert link.written == [b"[hunter2]"]
    assert [p.octets for p in recorded(tmp_path)] == [b"[*******]", b"<*******>"]
    assert record.frames[0].octets == b"[*******]"
    assert record.frames[0].fields[0].text == "[*******]"


def test_the_bound_of_the_case_ends_sending_and_receiving(made, clock):
    context, _ = made(bound_s=2.0)
    with pytest.raises(Inconclusive) as caught:
        context.connection.receive(60 * SECOND)
    assert caught.value.reason is Reason.BUDGET
    assert clock.now() == 2 * SECOND
    with pytest.raises(Inconclusive):
        context.connection.send(b"late")


def test_a_connection_that_the_device_ended_says_so_until_it_is_made_anew(made):
    context, link = made(None)
    connection = context.connection
    connection.send(b"x")
    with pytest.raises(ConnectionEnded):
        connection.receive(SECOND)
    assert connection.ended
    connection.reconnect(abrupt=True)
    assert not connection.ended
    assert link.made == [("again", True)]


def test_waiting_gathers_what_comes_and_lasts_though_the_connection_ends(made, clock):
    context, link = made(b"a")
    context.connection.send(b"x")
    link.ready += [b"b", None]
    chunks = context.connection.wait(3)
    assert [chunk.octets for chunk in chunks] == [b"a", b"b"]
    assert clock.now() == 3 * SECOND


def test_further_connections_close_with_the_case(made, tmp_path):
    context, link = made()
    other = context.connection.another()
    other.send(b"2")
    context.close()
    assert other.number == 2
    assert link.made[0].closed
    assert not link.closed
    assert [p.comment for p in recorded(tmp_path)] == ["connection 2"]


def test_endings_run_last_first_with_time_left_for_them(made, clock):
    context, _ = made(bound_s=1.0)
    order = []
    context.at_end(lambda: order.append("first named"))
    context.at_end(lambda: order.append(context.connection.send(b"put back")))
    clock.wait_until(5 * SECOND)
    context.finish()
    assert order == [5 * SECOND, "first named"]


def test_memory_is_bounded_though_the_device_never_ends(case, monkeypatch):
    monkeypatch.setattr("bench.engine.traffic._MOST_FRAMES", 10)
    traffic = Traffic()
    numbers = [traffic.keep(b"x", n) for n in range(100)]
    assert numbers[-1] == 100
    assert traffic.frame(10).octets == b"x"
    assert traffic.frame(11).octets == b""


def test_a_recording_that_cannot_be_written_is_evidence_lost(case, clock, tmp_path):
    (tmp_path / "a1").write_text("a file in the way")
    connection = Connection(Scripted(clock), lambda: SECOND, Traffic(tmp_path / "a1" / "t").record)
    with pytest.raises(EvidenceError, match="cannot write"):
        connection.send(b"x")
