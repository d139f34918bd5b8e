"""System cases where one port is out of order: no verdict blames another one for it.

Every other trouble is tried; with METERBENCH_EVERY_CASE set in the environment, each.
"""

import os
from random import Random

import pytest

from adapters.simulated import SimulatedLink
from adapters.simulated_s1 import s1_of
from bench.core.check import Outcome
from bench.core.errors import AdapterLost, AdapterUnavailable
from bench.core.trace import Chunk
from bench.core.verdict import Reason, Verdict
from bench.simulator.metering_system import Systems
from bench.simulator.ports.p1 import p1_port
from bench.simulator.ports.wan import wan_port

DECLARED = {"s1": {"observation_s": 10.0, "long_run_s": 60.0}}


class Garbling(SimulatedLink):
    """A link to a port of which only random octets arrive."""

    def read(self, until_ns):
        chunk = super().read(until_ns)
        if chunk is None:
            return None
        return Chunk(chunk.at_ns, Random(chunk.at_ns).randbytes(len(chunk.octets)))


class Silent(SimulatedLink):
    """A link on which nothing arrives."""

    def read(self, until_ns):
        while super().read(until_ns) is not None:
            pass
        return


class Breaking(SimulatedLink):
    """A link that is gone after a while."""

    left = 200

    def read(self, until_ns):
        self.left -= 1
        if self.left < 0:
            raise AdapterLost(f"link {self.url}: the adapter was pulled out")
        return super().read(until_ns)


def refused(target):
    raise AdapterUnavailable(f"link {target.link}: connection refused")


def opener_of(out_of_order, link):
    systems = Systems()
    wan = wan_port(systems=systems, home="be")

    def opener(target, clock):
        made = SimulatedLink
        if target.interface == out_of_order:
            if link is None:
                refused(target)
            made = link
        if target.interface == "wan":
            return made(wan.accept(clock.now()), clock, wan.line, target.link, wan)
        if target.interface == "p1":
            return made(p1_port("emucs-1.7.1", systems=systems), clock, target.line, target.link)
        port, line = s1_of(target.link, systems, 10, ())
        return made(port, clock, line, target.link)

    return opener


#: what only the port itself can be blamed for, by the check that may miss
OWN = {("s1", Garbling): {"SYS-LOAD-01:s1-whole"}}


def _missed(run):
    return {
        f"{attempt.case}:{check.id}"
        for attempt in run.attempts.values()
        for check in attempt.checks
        if check.outcome is Outcome.MISSED
    }


#: None is a port that refuses to be opened
TROUBLES = [
    (port, link) for link in (Garbling, Silent, Breaking, None) for port in ("p1", "s1", "wan")
]


@pytest.mark.parametrize(
    ("port", "link"),
    TROUBLES if os.environ.get("METERBENCH_EVERY_CASE") else TROUBLES[::2],
)
def test_a_port_that_is_out_of_order_is_nobody_elses_failure(whole_run, port, link):
    only = ("SYS-ACT", "SYS-BRK", "SYS-ID", "SYS-LOAD", "SYS-PWR", "SYS-REG-03", "SYS-SEC-01")
    run = whole_run("system", opener_of(port, link), DECLARED, only=only).run()
    assert _missed(run) <= OWN.get((port, link), set())
    if link in (Breaking, None):
        judged = run.judged(*run.attempts)
        errors = [one for one in judged.values() if one.verdict is Verdict.ERROR]
        assert errors
        assert {one.reason for one in errors} == {Reason.ADAPTER}
        assert all(f"simulated:{port}" in one.message for one in errors)
    else:
        judged = run.judged()
        assert judged["SYS-REG-03"].verdict is Verdict.INCONCLUSIVE
