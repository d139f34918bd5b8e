"""What tests of the WAN client share: links that answer by a script, and sessions."""

from collections import deque

import pytest

from adapters.base import Capability, Link, LinkUrl
from adapters.registry import open_link
from adapters.simulated import SimulatedLink
from bench.core.clock import MILLISECOND, VirtualClock
from bench.core.errors import ConnectionEnded
from bench.core.trace import Chunk
from bench.engine.connection import Connection
from bench.engine.preparation import load_declaration, parse_declaration, prepare
from bench.engine.session import Session
from bench.engine.traffic import Traffic
from bench.simulator.ports.wan import wan_port
from suites.wan_dlms.meter import Meter
from suites.wan_dlms.transport import Wire

CLOSE = b""


class ScriptedLink(Link):
    """A link whose device answers what `script` says: pieces, or (delay in ms, piece).

    An empty piece closes the connection.
    """

    capabilities = frozenset({Capability.WRITE, Capability.CONNECTION})
    timing_uncertainty_s = 0.001
    url = LinkUrl.parse("scripted:")
    identity = "scripted"

    def __init__(self, script) -> None:
        self.clock = VirtualClock()
        self.script = script
        self.sent = []
        self.coming = deque()
        self.connections = 1

    def read(self, until_ns):
        if not self.coming or self.coming[0][0] > until_ns:
            self.clock.wait_until(until_ns)
            return None
        at, octets = self.coming.popleft()
        self.clock.wait_until(at)
        if octets == CLOSE:
            raise ConnectionEnded("the device closed the connection")
        return Chunk(self.clock.now(), octets)

    def write(self, octets):
        self.sent.append(octets)
        at = self.clock.now()
        for piece in self.script(octets):
            delay_ms, piece = piece if isinstance(piece, tuple) else (10, piece)
            at += delay_ms * MILLISECOND
            self.coming.append((at, piece))
        return self.clock.now()

    def reconnect(self, *, abrupt=False):
        self.connections += 1
        self.coming.clear()

    def close(self):
        pass


class Scripted:
    """A wire over a scripted link, with the frames that were kept."""

    def __init__(self, script) -> None:
        self.link = ScriptedLink(script)
        self.traffic = Traffic()
        self.connection = Connection(self.link, lambda: 3600 * 1000 * MILLISECOND)
        self.wire = Wire(self.connection, self.traffic.keep)

    def octets(self, place):
        return self.traffic.frame(place.frame).octets[place.offset :][: place.length]


@pytest.fixture
def scripted():
    return Scripted


@pytest.fixture
def session_of():
    """A session with the reference meter, altered and declared as wanted."""

    def made(link="hdlc", alterations=(), ics=None, ixit=None, **options):
        text = load_declaration(None).text
        start = text.index("[wan]")
        lines = text[:start] + text[start:].replace(
            "[wan.ixit]\n",
            "[wan.ixit]\n" + "".join(f"{key} = {value}\n" for key, value in (ixit or {}).items()),
        )
        for key, value in (ics or {}).items():
            lines = lines.replace(f'"{key}" = {str(not value).lower()}', f'"{key}" = {value}')
        if link != "hdlc":
            lines = lines.replace("[wan.ixit]\n", f'[wan.ixit]\nlink_layer = "{link}"\n')
        device = wan_port(link, alterations=alterations, **options)

        def opener(target, clock):
            if target.interface != "wan":
                return open_link(target.link, line=target.line, clock=clock)
            return SimulatedLink(device.accept(0), clock, device=device)

        return Session(prepare(parse_declaration(lines, "test")), opener=opener)

    return made


@pytest.fixture
def meter_of(session_of):
    """The meter of such a session."""

    def made(*args, **options):
        session = session_of(*args, **options)
        return Meter.of(session, session.known_good("wan"))

    return made
