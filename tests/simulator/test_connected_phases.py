"""A meter of three phases of which fewer are connected: every port shows the others dead."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from bench.core.clock import SECOND
from bench.core.errors import UsageError
from bench.simulator.load import PhasePower
from bench.simulator.mains import Mains
from bench.simulator.metering_system import MeteringSystem
from bench.simulator.presets import household
from bench.simulator.waveforms import HouseholdSource

START = datetime(2026, 1, 15, 9, 0, tzinfo=UTC)
DEAD = PhasePower(0, 0, 0, 0)


@pytest.mark.parametrize("connected", [1, 2])
def test_what_is_not_connected_has_neither_voltage_nor_current(connected):
    home = replace(household("be", 7), connected=connected)
    system = MeteringSystem(7, START, home)
    for hold in (None, 2000):
        system.hold_load(hold, 0)
        power = system.power(3 * SECOND)
        assert len(power.phases) == 3
        assert all(one.voltage_mv > 200_000 for one in power.phases[:connected])
        assert power.phases[connected:] == (DEAD,) * (3 - connected)
    assert power.active_mw == 2_000_000
    source = HouseholdSource(Mains(system), home, 7)
    instants = np.arange(2600) * 384_615 + 3 * SECOND
    waves = source.waves(instants, instants)
    assert not waves.volts[:, connected:].any()
    assert np.abs(waves.amperes[:, connected:]).max() < 0.004
    assert waves.volts[:, 0].any()


def test_the_connected_phases_are_as_if_all_were():
    whole = MeteringSystem(7, START, household("be", 7)).power(SECOND)
    some = MeteringSystem(7, START, replace(household("be", 7), connected=2)).power(SECOND)
    assert some.phases[:2] == whole.phases[:2]


@pytest.mark.parametrize(("home", "connected"), [("be", 0), ("be", 4), ("be-delta", 2)])
def test_what_cannot_be_connected_is_refused(home, connected):
    with pytest.raises(UsageError, match="can be connected"):
        replace(household(home, 7), connected=connected)
