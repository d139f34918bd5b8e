"""What tests of the WAN suite share: scripted links, sessions, and runs of the whole suite."""

import gc
import os
import zlib
from collections import deque

import pytest

from adapters.base import Capability, Link, LinkUrl
from adapters.registry import open_link
from adapters.simulated import SimulatedLink
from bench.core.clock import MILLISECOND, SECOND, VirtualClock
from bench.core.errors import ConnectionEnded
from bench.core.trace import Chunk
from bench.core.verdict import Applicability, Verdict
from bench.engine import pytest_run
from bench.engine.connection import Connection
from bench.engine.plugin import NAME, CasePlugin, item_case
from bench.engine.preparation import (
    declared_as,
    load_declaration,
    parse_declaration,
    prepare,
)
from bench.engine.session import Session
from bench.engine.traffic import Traffic
from bench.simulator.claims import claims
from bench.simulator.ports.wan import wan_port
from suites.wan_dlms.meter import Meter
from suites.wan_dlms.transport import Wire

CLOSE = b""
SAMPLE = 6  # one of so many cases is tried against each hostile device
GRACE_S = 31  # what a case has for its end beyond its bound, and a little


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


class WholeSuite:
    """Runs the cases that apply once, without the known-good exchange; keeps the attempts.

    It takes one of `every` so many, from the case `first` on.
    """

    def __init__(self, link_layer, opener, every=1, first=0):
        told = {**claims("wan", "generic"), "link_layer": link_layer}
        told |= {"WAN/PUSH": True, "push_period_s": 30.0}
        preparation = prepare(load_declaration(None), links={"wan": "simulated:wan"})
        self._preparation = declared_as(preparation, "wan", "generic", told)
        self._opener = opener
        self._every, self._first = every, first
        self.attempts = {}
        self.took_ns = {}
        self._aside_ns = 0
        self.bounds = {}

    def run(self):
        pytest_run.pytest_cases(["wan"], [self])
        return self

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config):
        session = Session(self._preparation, opener=self._opener)
        session.open_bracket = session.close_bracket = lambda *_: None
        shared = session.shared

        def timed(interface, name, make):  # the survey has a time of its own
            start = session.clock.now()
            try:
                return shared(interface, name, make)
            finally:
                self._aside_ns += session.clock.now() - start

        session.shared = timed
        plugin = CasePlugin(session, (), finished=self._finished)
        config.pluginmanager.register(plugin, NAME)

    def _finished(self, record):
        attempt = record.attempt
        self.attempts[attempt.case] = attempt
        self.took_ns[attempt.case] = attempt.finished_ns - attempt.started_ns - self._aside_ns
        self._aside_ns = 0
        gc.collect(1)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session):
        plugin = session.config.pluginmanager.getplugin(NAME)
        capabilities = {"wan": plugin.session.link("wan").capabilities}
        selected = {
            row.id
            for row in self._preparation.plan(capabilities)
            if row.applicability is Applicability.SELECTED
        }
        items = [i for i in session.items if (c := item_case(i)) and c.id in selected]
        items = items[self._first % self._every :: self._every]
        self.bounds = {item_case(item).id: item_case(item).bound_s for item in items}
        for item, following in zip(items, [*items[1:], None], strict=True):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        plugin.session.close()
        return True


def judge(suite):
    """Assert that every case came to a verdict that is not the bench's fault, and in time."""
    assert set(suite.attempts) == set(suite.bounds)
    judged = {name: attempt.judgement for name, attempt in suite.attempts.items()}
    errors = {n: j.message for n, j in judged.items() if j.verdict in (Verdict.ERROR, Verdict.NONE)}
    assert errors == {}
    late = {
        name: took_ns / SECOND
        for name, took_ns in suite.took_ns.items()
        if took_ns > (suite.bounds[name] + GRACE_S) * SECOND
    }
    assert late == {}


@pytest.fixture
def verdicts_on(request):
    """Run the suite against a device, and assert that it ends in verdicts; see `WholeSuite`.

    Each test takes other cases of the suite, which together are all of them many times; with
    METERBENCH_EVERY_CASE set in the environment, each takes all (a quarter of an hour).
    """
    sample = 1 if os.environ.get("METERBENCH_EVERY_CASE") else SAMPLE

    def run(link_layer, opener, every=1):
        first = zlib.crc32(request.node.name.encode())
        judge(WholeSuite(link_layer, opener, every * sample, first).run())

    return run
