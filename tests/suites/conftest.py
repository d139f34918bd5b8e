"""What tests of whole suites share: all their cases, run once against links of one's own."""

import gc

import pytest

from bench.core.clock import SECOND
from bench.core.verdict import Applicability, Verdict
from bench.engine import pytest_run
from bench.engine.plugin import NAME, CasePlugin, item_case
from bench.engine.preparation import declared_as, load_declaration, prepare
from bench.engine.session import Session
from bench.simulator.claims import claims

GRACE_S = 31  # what a case has for its end beyond its bound, and a little
_PROFILES = {"p1": "emucs-1.7.1", "s1": "emucs-h-1.3", "wan": "generic"}


class WholeRun:
    """Runs the cases of an interface that apply, whose ids begin with one of `only`.

    It takes one of `every` so many, from `first` on, and those that `always` names. `declared` are
    claims by interface, beyond those of the reference device. Warnings are errors.
    """

    def __init__(
        self, interface, opener, declared=None, *, only=("",), every=1, first=0, always=()
    ):
        self._interface, self._opener = interface, opener
        self._only, self._every, self._first = tuple(only), every, first
        self._always = always
        preparation = prepare(load_declaration(None), allow_destructive=True)
        for name, told in (declared or {}).items():
            profile = _PROFILES[name]
            preparation = declared_as(preparation, name, profile, {**claims(name, profile), **told})
        self._preparation = preparation
        self.attempts = {}
        self.took_s = {}
        self.bounds = {}
        self._aside_ns = 0

    def run(self):
        pytest_run.pytest_cases([self._interface], [self])
        return self

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config):
        config.addinivalue_line("filterwarnings", "error")
        session = Session(self._preparation, opener=self._opener)
        session.open_bracket = session.close_bracket = lambda *_: None
        session.shared = self._aside(session, session.shared)
        session.observe = self._aside(session, session.observe)
        plugin = CasePlugin(session, (), finished=self._finished)
        config.pluginmanager.register(plugin, NAME)

    def _aside(self, session, shared):
        """What cases share has a time of its own."""

        def timed(*arguments):
            start, before = session.clock.now(), self._aside_ns
            try:
                return shared(*arguments)
            finally:
                self._aside_ns = before + session.clock.now() - start

        return timed

    def _finished(self, record):
        attempt = record.attempt
        self.attempts[attempt.case] = attempt
        took_ns = attempt.finished_ns - attempt.started_ns - self._aside_ns
        self.took_s[attempt.case] = took_ns / SECOND
        self._aside_ns = 0
        gc.collect(1)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session):
        plugin = session.config.pluginmanager.getplugin(NAME)
        capabilities = {self._interface: plugin.session.capabilities(self._interface)}
        selected = {
            row.id
            for row in self._preparation.plan(capabilities)
            if row.applicability is Applicability.SELECTED
        }
        items = [i for i in session.items if (c := item_case(i)) and c.id in selected]
        items = [item for item in items if item_case(item).id.startswith(self._only)]
        chosen = items[self._first % self._every :: self._every]
        items = [i for i in items if i in chosen or item_case(i).id in self._always]
        self.bounds = {item_case(item).id: item_case(item).bound_s for item in items}
        for item, following in zip(items, [*items[1:], None], strict=True):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        plugin.session.close()
        return True

    def judged(self, *but):
        """Return the judgement of each case; all came to one in time, none by the bench's fault.

        `but` are cases that may end in an error all the same.
        """
        assert set(self.attempts) == set(self.bounds)
        judged = {name: attempt.judgement for name, attempt in self.attempts.items()}
        bad = (Verdict.ERROR, Verdict.NONE)
        errors = {n: j.message for n, j in judged.items() if j.verdict in bad and n not in but}
        assert errors == {}
        late = {n: t for n, t in self.took_s.items() if t > self.bounds[n] + GRACE_S}
        assert late == {}
        return judged


@pytest.fixture
def whole_run():
    return WholeRun
