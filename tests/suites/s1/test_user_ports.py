"""The switch of the user ports: by which way it works, what it says if none does, and the end."""

from dataclasses import replace

import pytest

from adapters.simulated import SimulatedLink
from bench.core.case import Case, Kind
from bench.core.clock import SECOND, seconds
from bench.core.errors import UsageError
from bench.core.link import Capability
from bench.core.verdict import Reason, Verdict
from bench.engine.context import Inconclusive
from bench.engine.preparation import load_declaration, parse_declaration, prepare
from bench.engine.session import Session
from bench.simulator.household import ConsentSwitch
from suites.s1.outlets import Outlets
from suites.s1.user_ports import Switch

CASE = Case(
    id="S1-ACT-99",
    version=1,
    interface="s1",
    title="A case",
    purpose="p",
    stimulus="s",
    criterion="c",
    kind=Kind.VALID,
    clauses=("Fluvius-P1-S1:6.1",),
    beside=("p1",),
    bound_s=900,
)
PORTS = """
schema = 1
[item]
manufacturer = "m"
type = "t"
serial = "s"
[p1]
profile = "emucs-1.7.1"
link = "simulated:p1"
[s1]
profile = "emucs-h-1.3"
link = "simulated:s1"
[s1.ics]
"S1/PRESENT" = true
"S1/ACTIVATION" = true
"""


class Bench:
    """A case that has begun, of a device declared so."""

    def __init__(self, text=""):
        declared = parse_declaration(text, "device.toml") if text else load_declaration(None)
        self.session = Session(prepare(declared))
        self.context = self.session.begin(CASE)

    @property
    def system(self):
        return self.session.link("s1").port.system

    def switch(self):
        return Switch(self.session, self.context)

    def outlets(self, *names):
        return Outlets(self.session, self.context, names or ("p1", "s1"))

    def end(self):
        record = self.session.end(self.context, None)
        self.session.close()
        return record.attempt.incidents


def without(monkeypatch, capability):
    opened = SimulatedLink.__init__

    def less(self, *arguments, **named):
        opened(self, *arguments, **named)
        self.capabilities -= {capability}

    monkeypatch.setattr(SimulatedLink, "__init__", less)


def test_the_object_is_written_where_wan_is_declared(monkeypatch):
    without(monkeypatch, Capability.DEVICE_CONTROL)
    bench = Bench()
    switch = bench.switch()
    command = switch.close()
    assert command.asked_ns < command.done_ns
    assert not bench.system.active
    assert switch.shown() is False
    switch.open()
    assert bench.system.active
    assert not bench.end()


def test_an_adapter_switches_where_wan_is_not_declared():
    bench = Bench(PORTS)
    switch = bench.switch()
    assert switch.shown() is None
    switch.close()
    assert not bench.system.active
    assert not bench.end()
    assert bench.system.active


def test_where_nothing_can_it_is_told_what_to_declare(monkeypatch):
    without(monkeypatch, Capability.DEVICE_CONTROL)
    bench = Bench(PORTS)
    with pytest.raises(Inconclusive, match=r"\[s1.ixit\] activation_object") as found:
        bench.switch().close()
    assert found.value.reason is Reason.PRECONDITION


@pytest.mark.parametrize(
    ("value", "reason", "message"),
    [
        ("no name", Reason.IXIT, r"\[s1.ixit\] activation_object: "),
        ("0.0.128.0.9.255", Reason.PRECONDITION, "0-0:128.0.9.*could not be set to False"),
        ("0.0.128.0.1.255", Reason.PRECONDITION, "read-write-denied"),
    ],
)
def test_an_object_that_does_not_do_is_named(value, reason, message):
    bench = Bench()
    values = bench.session.preparation.target("s1").values
    values["activation_object"] = value
    with pytest.raises(Inconclusive, match=message) as found:
        bench.switch().close()
    assert found.value.reason is reason
    assert bench.system.active


@pytest.mark.parametrize("opened", [True, False])
def test_the_ports_are_put_back_as_they_were(opened):
    bench = Bench()
    bench.system.activate(opened, 0)
    switch = bench.switch()
    switch.close()
    switch.open()
    assert not bench.end()
    assert bench.system.active is opened


def test_the_adapter_puts_back_what_wan_does_not():
    bench = Bench()
    bench.switch().close()
    bench.session.preparation.target("s1").values["activation_object"] = "0.0.128.0.9.255"
    assert not bench.end()
    assert bench.system.active


def test_ports_that_cannot_be_put_back_are_told(monkeypatch):
    without(monkeypatch, Capability.DEVICE_CONTROL)
    bench = Bench()
    bench.switch().close()
    bench.session.preparation.target("s1").values["activation_object"] = "0.0.128.0.9.255"
    (incident,) = bench.end()
    assert incident.verdict is Verdict.INCONCLUSIVE
    assert incident.reason is Reason.SURVIVAL
    assert "could not be opened again" in incident.message


def test_delivery_is_reached_by_an_adapter_alone(monkeypatch):
    bench = Bench()
    assert bench.switch().deliver() is not None
    assert not bench.system.active
    assert not bench.end()

    def unknown(self, action, **_values):
        raise UsageError(action)

    bench = Bench()
    with monkeypatch.context() as patch:
        patch.setattr(SimulatedLink, "control", unknown)
        assert bench.switch().deliver() is None
    assert not bench.switch().was_worked


def test_both_ports_are_heard_and_fall_silent():
    bench = Bench()
    outlets = bench.outlets()
    outlets.require_open()
    assert all(one.first_whole_ns() for one in outlets.ports.values())
    outlets.close()
    assert outlets.silence(600) == 600
    assert not any(one.spoke for one in outlets.ports.values())
    assert outlets.octets_of(outlets.ports["s1"], "no octet") == []
    assert not bench.end()
    assert bench.system.active


def test_a_port_that_speaks_ends_the_silence():
    bench = Bench()
    outlets = bench.outlets()
    outlets.begin()
    assert outlets.silence(600) < 20
    (found,) = outlets.octets_of(outlets.ports["s1"], "no octet")
    assert "octets within" in found.observed
    assert bench.context.frame(found.place.frame).octets


def test_a_port_that_stays_open_is_named():
    bench = Bench()
    bench.system.household = replace(bench.system.household, consent=ConsentSwitch(closes=("p1",)))
    outlets = bench.outlets()
    before = outlets.now
    with pytest.raises(Inconclusive, match="S1 still sends 60 s after"):
        outlets.require_closed()
    assert outlets.now - before > seconds(60)


def test_closed_ports_are_opened_where_both_are_needed():
    bench = Bench()
    bench.system.activate(False, 0)
    outlets = bench.outlets()
    outlets.require_open()
    assert outlets.all_spoke()
    assert not bench.end()
    assert not bench.system.active


def test_a_port_that_does_not_open_is_named():
    bench = Bench()
    bench.system.household = replace(bench.system.household, consent=ConsentSwitch(opens=("s1",)))
    bench.system.activate(False, 0)
    with pytest.raises(Inconclusive, match="P1 sends nothing although opened"):
        bench.outlets().require_open()
    assert bench.session.clock.now() > 60 * SECOND
