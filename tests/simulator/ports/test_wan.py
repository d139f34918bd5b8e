"""What the WAN port of the reference meter does beside answering: ends, delays, pushes, stages."""

from dataclasses import dataclass

import pytest

from bench.core.clock import MILLISECOND, SECOND
from bench.core.errors import AdapterUnavailable, UsageError
from bench.core.line import LineSettings
from bench.protocols.dlms.wrapper import decode_wpdu, encode_wpdu
from bench.protocols.hdlc.address import client, server
from bench.protocols.hdlc.control import Kind, information, receive_ready
from bench.protocols.hdlc.encode import encode_frame
from bench.protocols.hdlc.frame import decode_frame
from bench.protocols.hdlc.llc import COMMAND, RESPONSE
from bench.simulator.faults.fault import Alteration
from bench.simulator.faults.wan_edit import later, link, options, secondary
from bench.simulator.metering_system import Systems
from bench.simulator.ports.pipeline import Pipeline
from bench.simulator.ports.wan import LATENCY_NS, WanDevice, wan_port
from bench.simulator.ports.wan_stages import Stage
from bench.simulator.presets import household
from bench.simulator.wan.options import WanOptions

S, C = server(1, 17), client(16)
SNRM, DISC = encode_frame(S, C, 0x93), encode_frame(S, C, 0x53)


@dataclass(frozen=True)
class Push:
    client_sap: int
    server_sap: int
    apdu: bytes


class Channel:
    def __init__(self, application, name):
        self.application, self.name = application, name

    def receive(self, apdu, now):
        self.application.heard.append((self.name, apdu))
        return None if apdu == b"silence" else b"answer to " + apdu

    def following(self):
        return [b"and more"] if self.application.heard[-1][1] == b"two" else []

    def close(self, now):
        self.application.closed.append((self.name, now))


class Application:
    """Answers everybody at logical device 1, and keeps what it heard."""

    def __init__(self):
        self.on_crash = None
        self.heard, self.closed, self.pushes = [], [], []

    def channel(self, client_sap, server_sap):
        return Channel(self, (client_sap, server_sap)) if server_sap == 1 else None

    def next_event(self):
        return self.pushes[0][0] if self.pushes else None

    def advance(self, now):
        due = [push for at, push in self.pushes if at <= now]
        self.pushes = [(at, push) for at, push in self.pushes if at > now]
        return due


def device(kind, *alterations, line=None):
    application = Application()
    system = Systems().get(1, "2026-01-15T10:00:00", household("nl", 1))
    pipeline = Pipeline(alterations)
    return WanDevice(system, application, WanOptions(), pipeline, kind, line=line), application


def let(port, now, until):
    """Return what the port sends up to an instant, with the instants."""
    sent = []
    while (at := port.next_event()) is not None and at <= until:
        now = max(now, at)
        if octets := port.emit(now):
            sent.append((now, octets))
    return sent


def ask(port, octets, now):
    port.receive(octets, now)
    return let(port, now, now + SECOND)


def i_frame(apdu, ns=0, nr=0):
    return encode_frame(S, C, information(ns, nr), COMMAND + apdu)


def test_an_association_ends_with_its_link():
    found, application = device("hdlc")
    port = found.accept(0)
    ask(port, SNRM, 0)
    [(at, octets)] = ask(port, i_frame(b"one"), SECOND)
    assert at == SECOND + LATENCY_NS
    assert decode_frame(octets[1:-1]).information == RESPONSE + b"answer to one"
    ask(port, DISC, 2 * SECOND)
    assert application.closed == [((16, 1), 2 * SECOND)]
    ask(port, SNRM, 3 * SECOND)
    ask(port, i_frame(b"one"), 4 * SECOND)
    ask(port, SNRM, 5 * SECOND)  # a link that begins anew is another one
    ask(port, i_frame(b"one"), 6 * SECOND)
    let(port, 7 * SECOND, 200 * SECOND)  # nobody says anything for two minutes
    assert [at for _, at in application.closed[1:]] == [5 * SECOND, 126 * SECOND]


def test_what_has_no_answer_gives_the_turn_back():
    port = device("hdlc")[0].accept(0)
    ask(port, SNRM, 0)
    [(_, octets)] = ask(port, i_frame(b"silence"), SECOND)
    assert decode_frame(octets[1:-1]).control.kind is Kind.RR


def test_apdus_may_follow_an_answer():
    port = device("hdlc")[0].accept(0)
    ask(port, SNRM, 0)
    assert len(ask(port, i_frame(b"two"), SECOND)) == 1  # the window is one
    [(_, octets)] = ask(port, encode_frame(S, C, receive_ready(1)), 2 * SECOND)
    assert decode_frame(octets[1:-1]).information == RESPONSE + b"and more"
    stream = device("wrapper")[0].accept(0)
    sent = b"".join(octets for _, octets in ask(stream, encode_wpdu(16, 1, b"two"), 0))
    assert sent == encode_wpdu(1, 16, b"answer to two") + encode_wpdu(1, 16, b"and more")
    datagrams = ask(device("udp")[0].accept(0), encode_wpdu(16, 1, b"two"), 0)
    assert [decode_wpdu(octets).apdu for _, octets in datagrams] == [b"answer to two", b"and more"]


def test_an_answer_of_a_link_that_is_gone_is_not_sent():
    port = device("hdlc", later(SECOND))[0].accept(0)
    ask(port, SNRM, 0)
    port.receive(i_frame(b"one"), SECOND)
    port.receive(SNRM, SECOND + 1)
    sent = let(port, SECOND, 10 * SECOND)
    assert [decode_frame(octets[1:-1]).control.kind for _, octets in sent] == [Kind.UA]


def test_unnumbered_information_is_heard_and_not_answered():
    found, application = device("hdlc")
    port = found.accept(0)
    for to in (S, server(0x7F, 0x7F)):
        assert ask(port, encode_frame(to, client(102), 0x13, COMMAND + b"all"), 0) == []
    assert application.heard == [((102, 1), b"all")] * 2
    for kind in ("wrapper", "udp"):
        found, application = device(kind)
        assert ask(found.accept(0), encode_wpdu(102, 0x7F, b"all"), 0) == []
        assert application.heard == [((102, 1), b"all")]


def test_a_push_goes_where_its_client_was_heard():
    for kind in ("wrapper", "udp"):
        found, application = device(kind)
        first, other = found.accept(0), found.accept(0)
        ask(first, encode_wpdu(1, 1, b"one"), 0)
        ask(other, encode_wpdu(16, 1, b"one"), 0)
        application.pushes.append((5 * SECOND, Push(1, 1, b"news")))
        assert let(other, SECOND, 6 * SECOND) == []
        assert let(first, SECOND, 6 * SECOND) == [(5 * SECOND, encode_wpdu(1, 1, b"news"))]


def test_a_push_on_a_line_needs_no_link():
    found, application = device("hdlc", Alteration(Stage.PUSH, lambda apdu, _: apdu + b"!"))
    port = found.accept(0)
    application.pushes.append((5 * SECOND, Push(1, 1, b"news")))
    [(_, octets)] = let(port, 0, 6 * SECOND)
    frame = decode_frame(octets[1:-1])
    assert (frame.control.kind, frame.destination) == (Kind.UI, client(1))
    assert frame.information == RESPONSE + b"news!"


def test_what_passes_a_stage_is_counted():
    seen = []

    def note(stage):
        return Alteration(stage, lambda value, index: seen.append((stage, index)) or value)

    stages = (Stage.REQUEST, Stage.RESPONSE, Stage.FRAME_IN, Stage.FRAME_OUT, Stage.LATENCY)
    port = device("wrapper", *map(note, stages))[0].accept(0)
    for n in range(2):
        ask(port, encode_wpdu(16, 1, b"one"), n * SECOND)
    assert sorted(seen) == sorted((stage, n) for stage in stages for n in range(2))


def test_octets_leave_a_line_at_its_speed():
    line = LineSettings(9600)
    port = device("hdlc", line=line)[0].accept(0)
    taken = port.hear(SNRM, line, 0)
    assert taken == round(len(SNRM) * line.character_ns)
    sent = let(port, 0, SECOND)
    start = taken + 20 * MILLISECOND
    ends = [start + round(n * line.character_ns) for n in (1, len(SNRM))]
    assert [at for at, _ in sent] == ends
    assert len(sent[0][1]) == 1


def test_one_line_is_one_connection():
    found, _ = device("hdlc", line=LineSettings(9600))
    port = found.accept(0)
    with pytest.raises(AdapterUnavailable, match="open already"):
        found.accept(0)
    port.end(SECOND)
    assert found.accept(2 * SECOND) is port


def test_the_reference_meter_is_altered_by_its_stages():
    altered = (link("wrapper"), secondary(lower=5), options(server_sap=3))
    found = wan_port(alterations=altered)
    assert (found.link, found.line) == ("wrapper", None)
    assert (found.secondary.lower, found.secondary.uppers) == (5, {3})
    with pytest.raises(UsageError, match="known: hdlc, wrapper, udp"):
        wan_port("carrier-pigeon")
