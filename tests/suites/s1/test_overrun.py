"""A host that loses octets of S1: what came before is judged, and nobody is blamed for the gap."""

from contextlib import suppress
from dataclasses import replace

import pytest

from adapters.simulated import SimulatedLink
from adapters.simulated_s1 import s1_of
from bench.core.clock import MILLISECOND, SECOND
from bench.core.errors import Overrun
from bench.core.verdict import Reason, Verdict
from bench.simulator.metering_system import Systems
from bench.simulator.ports.p1 import p1_port
from bench.simulator.ports.wan import wan_port

LOST_NS = 200 * MILLISECOND
DECLARED = {"s1": {"observation_s": 15.0, "long_run_s": 60.0, "silence_s": 60.0}}


class Losing(SimulatedLink):
    """A link whose host loses octets once, so long after somebody began to listen, and says so."""

    after_ns = 6 * SECOND
    _at_ns = None

    def read(self, until_ns):
        if self._at_ns is None:
            self._at_ns = self.clock.now() + self.after_ns
        if self._at_ns and self.clock.now() >= self._at_ns:
            self._lose()
        return super().read(until_ns)

    def _lose(self):
        self._at_ns = 0
        until = self.clock.now() + LOST_NS
        while super().read(until) is not None:
            pass
        raise Overrun(f"link {self.url}: the host lost octets")


class LosingAgain(Losing):
    """It loses some each time that somebody begins to listen."""

    after_ns = 1 * SECOND

    def listen(self):
        super().listen()
        self._at_ns = None


class Counting(LosingAgain):
    """What its UART loses is counted, and nothing is said."""

    _lost = 0

    def _lose(self):
        with suppress(Overrun):
            super()._lose()
        self._lost += 1

    def line_errors(self):
        return replace(super().line_errors(), overrun=self._lost)


def opener_of(link, interface="s1"):
    systems = Systems()
    wan = wan_port(systems=systems, home="be")

    def opener(target, clock):
        made = link if target.interface == interface else SimulatedLink
        if target.interface == "wan":
            return SimulatedLink(wan.accept(clock.now()), clock, wan.line, target.link, wan)
        if target.interface == "p1":
            port = p1_port("emucs-1.7.1", systems=systems)
            return made(port, clock, target.line, target.link)
        port, line = s1_of(target.link, systems, 10, ())
        return made(port, clock, line, target.link)

    return opener


#: areas that judge the shared observation alone
SHARED = ("S1-FRM", "S1-PAY", "S1-SEQ-0")
#: cases that hear the port themselves while something is done to the device
OWN = ("S1-PHY-05", "S1-SEQ-06", "S1-CH-1", "S1-MEAS-19", "S1-MEAS-20")


def verdicts(judged):
    return {(one.verdict, one.reason) for one in judged.values()}


def test_a_loss_during_the_shared_observation_leaves_open_what_it_concerns(whole_run):
    judged = whole_run("s1", opener_of(Losing), DECLARED, only=SHARED).run().judged()
    assert verdicts(judged) == {(Verdict.PASS, ""), (Verdict.INCONCLUSIVE, Reason.OVERRUN)}
    assert judged["S1-SEQ-01"].reason == judged["S1-FRM-01"].reason == Reason.OVERRUN
    assert "the host lost octets after 6.0 s" in judged["S1-SEQ-01"].message


@pytest.mark.parametrize("link", [LosingAgain, Counting])
def test_a_loss_during_a_case_leaves_it_open(whole_run, link):
    judged = whole_run("s1", opener_of(link), DECLARED, only=OWN).run().judged()
    assert verdicts(judged) == {(Verdict.INCONCLUSIVE, Reason.OVERRUN)}


def test_a_loss_of_p1_beside_is_no_fault_of_either(whole_run):
    only = ("S1-MEAS-0", "S1-MEAS-19", "S1-MEAS-20")
    judged = whole_run("s1", opener_of(LosingAgain, "p1"), DECLARED, only=only).run().judged()
    assert {one.verdict for one in judged.values()} == {Verdict.PASS, Verdict.INCONCLUSIVE}
    assert {one.reason for one in judged.values()} == {"", Reason.OVERRUN, Reason.SHORT}
