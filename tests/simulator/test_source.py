"""A controlled source feeds the simulated meter: every port shows what it gives."""

from datetime import UTC, datetime

import numpy as np
import pytest

from bench.core.clock import SECOND
from bench.core.errors import UsageError
from bench.protocols.s1.bulk import BulkCutter
from bench.signals.fundamental import angle_deg, frequency_hz, phasor
from bench.signals.harmonics import spectrum
from bench.signals.quantities import power_w, rms
from bench.simulator.household import Household
from bench.simulator.load import sourced
from bench.simulator.metering_system import MeteringSystem, Systems
from bench.simulator.ports.p1 import p1_port
from bench.simulator.ports.s1 import s1_port

BALANCED = ((230.0, 5.0, 0.0),) * 3
PER_PERIOD = 52


class Fed:
    """The second after a source was connected, as an S1 port shows it."""

    def __init__(self, phases, home="be", hertz=50.0, harmonics=(), leak_a=0.0):
        self.hertz = hertz
        self.port = s1_port(home=home)
        values = {"phases": phases, "hertz": hertz, "harmonics": harmonics, "leak_a": leak_a}
        since = self.port.control("source", values, SECOND // 2)
        assert since == SECOND
        self.port.set_request(True, since)
        octets = b""
        while (due := self.port.next_event()) <= since + SECOND + SECOND // 10:
            octets += self.port.emit(due)
        cutter = BulkCutter(self.port.profile)
        self.blocks = cutter.feed(octets) + cutter.flush()

    def channel(self, name):
        # the first frames were under way when it was connected; then 46 whole periods
        found = np.concatenate([one.samples(name) for one in self.blocks])
        return found[2 * PER_PERIOD : 48 * PER_PERIOD]

    def rms(self, name):
        return rms(self.channel(name))

    def angle(self, name, against="V1"):
        rate = PER_PERIOD * self.hertz
        one, other = (phasor(self.channel(each), rate, self.hertz) for each in (name, against))
        return angle_deg(one, other)

    def power(self, phase):
        return power_w(self.channel(f"V{phase}"), self.channel(f"I{phase}"))


def test_three_phases_have_their_own_values():
    fed = Fed([(220, 5, 0), (230, 7, 60), (240, 11, -30)])
    for phase, volts, amperes, lag in ((1, 220, 5, 0), (2, 230, 7, 60), (3, 240, 11, -30)):
        assert fed.rms(f"V{phase}") == pytest.approx(volts, abs=0.02)
        assert fed.rms(f"I{phase}") == pytest.approx(amperes, abs=0.002)
        angle = fed.angle(f"I{phase}", f"V{phase}")
        assert angle == pytest.approx(-lag, abs=0.02)
        real = volts * amperes * np.cos(np.radians(lag))
        assert fed.power(phase) == pytest.approx(real, abs=0.5)
    assert fed.angle("V2") == pytest.approx(-120, abs=0.02)
    assert fed.angle("V3") == pytest.approx(120, abs=0.02)


def test_the_neutral_carries_the_sum_of_the_phases():
    assert Fed(BALANCED).rms("IN") < 0.005
    fed = Fed([(230, 10, 0), (230, 5, 0), (230, 0, 0)], harmonics=[(3, 0.1, 0)])
    total = sum(fed.channel(name) for name in ("I1", "I2", "I3"))
    assert rms(fed.channel("IN") - total) < 0.006
    assert fed.rms("IN") > 8


def test_what_leaks_is_missing_in_the_neutral():
    for home, phases in (("be", BALANCED), ("be-one-phase", BALANCED[:1])):
        fed = Fed(phases, home=home, leak_a=0.5)
        total = sum(fed.channel(f"I{phase + 1}") for phase in range(len(phases)))
        assert rms(fed.channel("IN") - total) == pytest.approx(0.5, abs=0.005)
        assert fed.rms("I1") == pytest.approx(5, abs=0.002)


def test_one_phase_can_be_driven_alone():
    fed = Fed([(230, 10, 0), (0, 0, 0), (0, 0, 0)])
    assert fed.rms("V1") == pytest.approx(230, abs=0.02)
    assert not fed.channel("V2").any()
    assert fed.rms("I2") < 0.003
    assert fed.rms("IN") == pytest.approx(10, abs=0.01)


def test_a_meter_of_one_phase():
    fed = Fed([(230, 5, 180)], home="be-one-phase")
    assert fed.power(1) == pytest.approx(-1150, abs=0.5)
    assert not fed.channel("V2").any()
    assert not fed.channel("I3").any()
    assert fed.rms("IN") == pytest.approx(5, abs=0.003)


def test_a_delta_grid_returns_what_it_must_in_l2():
    fed = Fed([(230, 5, 0), (0, 0, 0), (230, 5, 0)], home="be-delta")
    assert not fed.channel("V2").any()
    assert fed.angle("V3") == pytest.approx(60, abs=0.02)
    assert fed.rms("I2") == pytest.approx(5 * np.sqrt(3), abs=0.005)
    sums = fed.channel("I1") + fed.channel("I2") + fed.channel("I3")
    assert rms(sums) < 0.006
    assert not fed.channel("IN").any()
    power = fed.port.system.power(SECOND)
    assert power.phases[1].current_ma == pytest.approx(8660, abs=2)


def test_frequency_and_harmonics_are_those_of_the_source():
    fed = Fed(BALANCED, hertz=49.5, harmonics=[(5, 0.05, 0), (7, 0.02, 90)])
    numbers = np.concatenate([one.number("mains_frequency") for one in fed.blocks])
    assert numbers[-1] == 49_500
    rate = PER_PERIOD * 49.5
    assert frequency_hz(fed.channel("V1"), rate) == pytest.approx(49.5, abs=0.001)
    assert fed.rms("V1") == pytest.approx(230, abs=0.02)
    for name in ("V1", "I1"):  # what takes power has the shape of the voltage
        found = spectrum(fed.channel(name), rate, 49.5)
        assert found.share(5) == pytest.approx(0.05, abs=0.001)
        assert found.share(7) == pytest.approx(0.02, abs=0.001)
    lagging = Fed([(230, 5, 90)] * 3, harmonics=[(5, 0.05, 0)])
    idle = spectrum(lagging.channel("I1"), 2600, 50)
    assert idle.share(5) < 0.001
    assert lagging.power(1) == pytest.approx(0, abs=0.5)


def test_p1_shows_the_same_source():
    systems = Systems()
    s1, p1 = (
        s1_port(systems=systems),
        p1_port(
            "emucs-1.7.1", seed=s1_port().system.seed, start="2026-01-15T10:00:00", systems=systems
        ),
    )
    assert s1.system is p1.system
    values = {"phases": BALANCED, "hertz": 50.0, "harmonics": (), "leak_a": 0.0}
    s1.control("source", values, 0)
    reading = p1.system.at(3 * SECOND)
    assert reading.power.active_mw == 3 * 1_150_000
    s1.control("source", {**values, "phases": None}, 3 * SECOND)
    assert p1.system.at(5 * SECOND).power == s1_port().system.at(5 * SECOND).power


def test_what_cannot_be_is_refused_in_words():
    for phases, options, words in (
        ([(-1, 5, 0)] * 3, {}, "0 .. 1000 V"),
        ([(230, -5, 0)] * 3, {}, "lag by 180 degrees"),
        (BALANCED, {"hertz": 0.0}, "10 .. 100 Hz"),
        (BALANCED, {"harmonics": [(1, 0.1, 0)]}, "order from 2"),
        (BALANCED, {"leak_a": 6.0}, "cannot leak"),
        ([], {}, "cannot leak"),
    ):
        with pytest.raises(UsageError, match=words):
            sourced(phases, options.pop("hertz", 50.0), **options)
    for home, phases, leak, words in (
        ("be", BALANCED[:1], 0, "has 1 phases, the meter 3"),
        ("be-delta", BALANCED, 0, "L2 of a delta grid"),
        ("be-delta", [(230, 5, 0), (0, 0, 0), (230, 5, 0)], 0.1, "no neutral"),
    ):
        with pytest.raises(UsageError, match=words):
            Fed(phases, home=home, leak_a=leak)


def test_a_source_that_is_given_back_leaves_what_was_held_before():
    system = MeteringSystem(3, datetime(2026, 1, 15, tzinfo=UTC), Household(held_w=3000))
    since = system.connect_source(sourced([(230.0, 5.0, 180.0)] * 3, 50.0), 0)
    assert system.power(since).active_mw < 0
    assert system.power(system.connect_source(None, since)).active_mw == 3_000_000
