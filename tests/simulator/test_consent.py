"""The operator's switch: what it opens and closes, and the objects of the WAN port that work it."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bench.protocols.dlms.data_types import boolean, octet_string
from bench.protocols.dlms.results import DataAccessResult
from bench.simulator.control import control
from bench.simulator.cosem.access import Asker
from bench.simulator.cosem.reference import reference_device
from bench.simulator.cosem.reference_ports import S1_ALONE, USER_PORTS
from bench.simulator.household import ConsentSwitch
from bench.simulator.metering_system import MeteringSystem
from bench.simulator.presets import household

START = datetime(2026, 1, 15, 9, tzinfo=UTC)
OK = DataAccessResult.SUCCESS


def system_with(**consent):
    home = household("be", 10)
    return MeteringSystem(10, START, replace(home, consent=ConsentSwitch(**consent)))


def states(system):
    return system.is_open("p1"), system.is_open("s1")


class Operator:
    def __init__(self, system, role="suite0"):
        self.device = reference_device(system)
        self.asker = Asker(role, 0, authenticated=True, encrypted=True)

    def set(self, name, data):
        return self.device.set(self.asker, 1, name, 2, None, data)

    def shown(self, name):
        return self.device.get(self.asker, 1, name, 2).value


@pytest.mark.parametrize(
    ("consent", "closed", "opened"),
    [
        ({}, (False, False), (True, True)),
        ({"opens": ("s1",)}, (False, False), (False, True)),
        ({"opens": ("p1",)}, (False, False), (True, False)),
        ({"closes": ("s1",)}, (True, False), (True, True)),
    ],
)
def test_the_ports_that_follow_open_and_close(consent, closed, opened):
    system = system_with(**consent)
    assert states(system) == (True, True)
    system.activate(False, 1)
    assert states(system) == closed
    system.activate(True, 2)
    assert states(system) == opened


@pytest.mark.parametrize("delivered", [False, True])
def test_the_state_of_delivery_is_both_or_none(delivered):
    system = system_with(delivered_open=delivered)
    control(system, "factory", {}, 1)
    assert states(system) == (delivered, delivered)
    assert system.active is delivered


@pytest.mark.parametrize(
    ("one", "answer", "after"),
    [
        ("refused", DataAccessResult.READ_WRITE_DENIED, (True, True)),
        ("ignored", OK, (True, True)),
        ("alone", OK, (True, False)),
        ("both", OK, (False, False)),
    ],
)
def test_what_comes_of_switching_s1_by_itself(one, answer, after):
    system = system_with(one=one)
    operator = Operator(system)
    assert operator.set(S1_ALONE, boolean(False)) == answer
    assert states(system) == after
    assert operator.shown(S1_ALONE) is after[1]


def test_the_operators_object_switches_and_shows_both_ports():
    system = system_with()
    heard = []
    system.watch_activation(heard.append)
    operator = Operator(system)
    assert operator.shown(USER_PORTS) is True
    assert operator.set(USER_PORTS, boolean(False)) == OK
    assert states(system) == (False, False)
    assert operator.shown(USER_PORTS) is False
    assert operator.set(USER_PORTS, octet_string(b"\x01")) == DataAccessResult.TYPE_UNMATCHED
    assert Operator(system, "lls").set(USER_PORTS, boolean(True)) != OK
    assert states(system) == (False, False)
    assert operator.set(USER_PORTS, boolean(True)) == OK
    assert states(system) == (True, True)
    assert len(heard) == 2
