"""The waveforms are those of the truth that all other ports show."""

from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest

from bench.core.clock import SECOND
from bench.signals.fundamental import angle_deg, phasor
from bench.signals.harmonics import spectrum
from bench.signals.quantities import power_w, rms
from bench.simulator.harmonics import Shape
from bench.simulator.mains import Mains
from bench.simulator.metering_system import MeteringSystem
from bench.simulator.presets import household
from bench.simulator.waveforms import NOISE_A, NOISE_V, HouseholdSource, noise_columns

NOON = "2026-07-01T12:00:00+02:00"
HOMES = ("be", "be-delta", "be-one-phase")


def source_of(home, seed=10, edit=lambda found: found, **shape):
    system = MeteringSystem(seed, datetime.fromisoformat(NOON), edit(household(home, seed)))
    shaped = (lambda found: replace(found, **shape)) if shape else None
    return system, HouseholdSource(Mains(system), system.household, seed, shaped)


def whole_periods(source, second, per_period=80):
    """Forty-nine whole periods of one second."""
    frequency_mhz = source.stretch(second * SECOND).frequency_mhz
    step = 1e12 / frequency_mhz / per_period
    return second * SECOND + np.round(np.arange(49 * per_period) * step).astype(np.int64)


@pytest.mark.parametrize("home", HOMES)
@pytest.mark.parametrize("second", [0, 7, 299, 300, 1234])
def test_each_second_has_the_values_that_the_system_says(home, second):
    system, source = source_of(home)
    instants = whole_periods(source, second)
    waves = source.waves(instants, instants)
    for phase, one in enumerate(system.at(second * SECOND).power.phases):
        volts, amperes = waves.volts[:, phase], waves.amperes[:, phase]
        assert rms(volts) == pytest.approx(one.voltage_mv / 1000, abs=0.005)
        assert power_w(volts, amperes) == pytest.approx(one.active_mw / 1000, abs=0.05)
        # the current of a delta grid's L2 is the sum of two that are not quite sines
        near = 0.002 if one.voltage_mv else 0.003 + 0.002 * one.current_ma / 1000
        assert rms(amperes) == pytest.approx(one.current_ma / 1000, abs=near)


def test_what_is_fed_in_has_a_negative_power():
    system, source = source_of("be", edit=lambda found: replace(found, held_w=-3000))
    instants = whole_periods(source, 3)
    waves = source.waves(instants, instants)
    total = sum(power_w(waves.volts[:, one], waves.amperes[:, one]) for one in range(3))
    assert total == pytest.approx(-3000, abs=0.2)
    assert system.at(3 * SECOND).power.active_mw == -3_000_000


def test_inductive_loads_lag_and_what_is_fed_in_is_opposite():
    _, source = source_of("be", edit=lambda found: replace(found, held_w=2300))
    instants = whole_periods(source, 1)
    waves = source.waves(instants, instants)
    rate = 80 * source.stretch(SECOND).frequency_mhz / 1000
    volts, amperes = (phasor(one[:, 0], rate, rate / 80) for one in (waves.volts, waves.amperes))
    assert -7 < angle_deg(amperes, volts) < -4  # reactive power is a tenth of active power


@pytest.mark.parametrize(("home", "angles"), [("be", (-120, 120)), ("be-delta", (None, 60))])
def test_the_angles_are_those_of_the_grid(home, angles):
    _, source = source_of(home)
    instants = whole_periods(source, 2)
    volts = source.waves(instants, instants).volts
    first = phasor(volts[:, 0], 4000, 50)
    for phase, expected in enumerate(angles, start=1):
        if expected is None:
            assert not volts[:, phase].any()
        else:
            assert angle_deg(phasor(volts[:, phase], 4000, 50), first) == pytest.approx(
                expected, abs=0.1
            )


@pytest.mark.parametrize("home", HOMES)
def test_the_neutral_carries_the_sum_of_the_phases(home):
    _, source = source_of(home)
    instants = whole_periods(source, 5)
    waves = source.waves(instants, instants)
    if home == "be-delta":
        assert not waves.neutral.any()
        assert rms(waves.amperes.sum(axis=1)) < 2 * NOISE_A
    else:
        assert rms(waves.neutral - waves.amperes.sum(axis=1)) < 2 * NOISE_A
        assert rms(waves.neutral) > 0.1


def test_what_is_not_connected_shows_nothing():
    _, source = source_of("be-one-phase")
    instants = whole_periods(source, 5)
    waves = source.waves(instants, instants)
    assert not waves.volts[:, 1:].any()
    assert not waves.amperes[:, 1:].any()


def test_the_declared_harmonics_are_in_the_voltage():
    _, source = source_of("be", voltage={5: (0.05, 0.0), 7: (0.02, 90.0)})
    instants = whole_periods(source, 4)
    found = spectrum(source.waves(instants, instants).volts[:, 0], 4000, 50)
    assert found.thd(25) == pytest.approx(0.0539, abs=0.0005)
    assert found.share(5) == pytest.approx(0.05, abs=0.0005)


def test_distortion_leaves_the_effective_current_as_it_is():
    assert Shape().orders[0] == 1
    for distorted in (0.0, 0.5, 1.0):
        system, source = source_of("be", distorted=distorted)
        instants = whole_periods(source, 6)
        amperes = source.waves(instants, instants).amperes[:, 1]
        expected = system.at(6 * SECOND).power.phases[1].current_ma / 1000
        assert rms(amperes) == pytest.approx(expected, abs=0.0015)


def test_the_phase_goes_on_from_second_to_second():
    _, source = source_of("be")
    instants = np.arange(0, 3 * SECOND, 100_000)
    volts = source.waves(instants, instants).volts[:, 0]
    steepest = np.abs(np.diff(volts)).max()
    # the steepest slope of the wave within 0.1 ms, harmonics included
    assert steepest < 235 * np.sqrt(2) * 2 * np.pi * 51 * 1e-4 * 1.3 + 2 * NOISE_V


def test_samples_depend_on_seed_and_instant_alone():
    _, source = source_of("be")
    instants = np.arange(10 * SECOND - 50_000_000, 10 * SECOND + 50_000_000, 384_615)
    whole = source.waves(instants, instants)
    _, again = source_of("be")
    again.waves(instants[200:] + SECOND, instants[200:] + SECOND)
    for part in (slice(0, 100), slice(100, None)):
        piece = again.waves(instants[part], instants[part])
        assert np.array_equal(piece.volts, whole.volts[part])
        assert np.array_equal(piece.amperes, whole.amperes[part])
    other = source_of("be", seed=11)[1].waves(instants, instants)
    assert not np.array_equal(other.volts, whole.volts)


def test_voltage_and_current_can_be_taken_at_different_instants():
    _, source = source_of("be")
    instants = whole_periods(source, 4)
    together = source.waves(instants, instants)
    apart = source.waves(instants, instants - 250_000)
    assert np.array_equal(apart.volts, together.volts)
    assert not np.allclose(apart.amperes[:, 0], together.amperes[:, 0], atol=0.1)


def test_no_samples_are_no_waves():
    _, source = source_of("be")
    none = np.empty(0, np.int64)
    waves = source.waves(none, none)
    assert waves.volts.shape == (0, 3)
    assert waves.neutral.shape == (0,)


def test_noise_is_even_and_without_mean():
    columns = noise_columns(np.arange(200_000) * 384_615, 10)
    assert columns.min() == -1
    assert columns.max() == 1
    assert np.abs(columns.mean(axis=0)).max() < 0.01
    correlation = np.corrcoef(columns.T) - np.eye(8)
    assert np.abs(correlation).max() < 0.02
