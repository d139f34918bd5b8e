"""Devices, links and sessions for the tests of the engine."""

from collections import deque

import pytest

from adapters.base import Capability, Link, LinkUrl
from bench.core.case import Case, Kind
from bench.core.check import Check, Level, Outcome
from bench.core.clock import VirtualClock
from bench.core.line import LineErrors
from bench.core.result import Attempt
from bench.core.trace import Chunk
from bench.engine.evidence import CaseRecord, RunFolder
from bench.engine.preparation import load_declaration, prepare


class ScriptedLink(Link):
    """Delivers a script on a virtual clock: (instant, octets), or (instant, error to raise)."""

    timing_uncertainty_s = 0.0
    identity = "scripted"

    def __init__(self, script, clock, capabilities=()):
        self.url = LinkUrl.parse("scripted:p1")
        self.clock = clock
        self.capabilities = frozenset({Capability.TIMESTAMPS, *capabilities})
        self.script = deque(script)
        self.closed = False
        self.reads = 0

    def read(self, until_ns):
        self.reads += 1
        if self.script and self.script[0][0] <= until_ns:
            at_ns, what = self.script.popleft()
            self.clock.wait_until(at_ns)
            if isinstance(what, BaseException):
                raise what
            if callable(what):
                what()
                return None
            return Chunk(self.clock.now(), what)
        self.clock.wait_until(until_ns)
        return None

    def write(self, octets):
        raise AssertionError("a P1 case sends nothing")

    def line_errors(self):
        return LineErrors()

    def close(self):
        self.closed = True


@pytest.fixture
def clock():
    return VirtualClock()


@pytest.fixture
def scripted(clock):
    """Make a link opener that plays a script; the links that it made are in `made`."""

    def make(script, **options):
        def opener(target, _clock):
            opener.made.append(ScriptedLink(script, clock, **options))
            return opener.made[-1]

        opener.made = []
        return opener

    return make


@pytest.fixture
def quick_preparation():
    """The built-in device, watched for 30 telegrams."""
    return prepare(load_declaration(None), quick=True)


@pytest.fixture
def folder(tmp_path):
    return RunFolder.create(tmp_path / "runs", "run")


@pytest.fixture
def case():
    def make(id="P1-A-020", **changes):
        row = {
            "version": 1,
            "interface": "p1",
            "title": "t",
            "purpose": "p",
            "stimulus": "s",
            "criterion": "c",
            "kind": Kind.VALID,
            "clauses": ("STD:6.2",),
        }
        return Case(id=id, **{**row, **changes})

    return make


@pytest.fixture
def record():
    """Make the record of one attempt with one check."""

    def make(case_id="P1-A-020", number=1, outcome=Outcome.MET, check_id="crc", frames=()):
        check = Check(check_id, "STD:1", Level.MUST, outcome, "1", "2")
        return CaseRecord(Attempt(case_id, 1, number, (check,)), frames)

    return make
