"""What samples amount to: known test signals, and a second computation that shares nothing."""

import cmath
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.signals.fundamental import angle_deg, frequency_hz, phasor
from bench.signals.harmonics import spectrum
from bench.signals.quantities import (
    bit_shares,
    clipping,
    energy_wh,
    offset,
    power_w,
    repeated,
    rms,
    rms_of_windows,
    sequence_components,
    unbalance,
)

RATE = 2600.0


def sine(seconds=1.0, hz=50.0, volts=230.0, phase=0.0, harmonics=(), rate=RATE):
    """A mains voltage; harmonics are (order, share)."""
    t = np.arange(round(seconds * rate)) / rate
    peak = volts * math.sqrt(2)
    signal = peak * np.cos(2 * np.pi * hz * t + phase)
    for order, share in harmonics:
        signal += peak * share * np.cos(2 * np.pi * order * hz * t)
    return signal


# -- a second computation, sample by sample


def slow_rms(samples):
    return math.sqrt(math.fsum(float(v) * float(v) for v in samples) / len(samples))


def slow_line(samples, cycles):
    """Effective value of the part that has `cycles` periods in all samples."""
    turns = [
        float(v) * cmath.exp(-2j * math.pi * cycles * n / len(samples))
        for n, v in enumerate(samples)
    ]
    total = complex(math.fsum(z.real for z in turns), math.fsum(z.imag for z in turns))
    return abs(total) * math.sqrt(2) / len(samples)


@pytest.fixture(scope="module")
def noisy():
    noise = np.random.default_rng(1).normal(0, 3, round(RATE))
    return sine(harmonics=((3, 0.03), (5, 0.05), (7, 0.02))) + noise + 0.7


def test_effective_value_power_energy_and_offset_equal_the_slow_way(noisy):
    current = np.roll(noisy, 7) / 40
    assert rms(noisy) == pytest.approx(slow_rms(noisy), rel=1e-9)
    slow_power = math.fsum(float(v) * float(i) for v, i in zip(noisy, current, strict=True))
    assert power_w(noisy, current) == pytest.approx(slow_power / len(noisy), rel=1e-9)
    assert energy_wh(noisy, current, RATE) == pytest.approx(slow_power / RATE / 3600, rel=1e-9)
    assert offset(noisy) == pytest.approx(math.fsum(map(float, noisy)) / len(noisy), rel=1e-9)
    windows = rms_of_windows(noisy, 520)
    assert windows == pytest.approx([slow_rms(noisy[n * 520 :][:520]) for n in range(5)], rel=1e-9)


def test_harmonic_groups_equal_the_slow_way_on_a_coherent_window(noisy):
    samples = noisy[: 520 + 64]
    found = spectrum(samples, RATE, 50.0)
    window = samples[32 : 32 + 520]
    for order in (1, 2, 3, 5, 7, 20):
        lines = [slow_line(window, 10 * order + k) for k in range(-5, 6)]
        group = math.sqrt(sum(c * c for c in lines[1:-1]) + (lines[0] ** 2 + lines[-1] ** 2) / 2)
        subgroup = math.sqrt(sum(c * c for c in lines[4:7]))
        assert found.groups[order] == pytest.approx(group, rel=1e-9)
        assert found.subgroups[order] == pytest.approx(subgroup, rel=1e-9)


# -- known signals


@pytest.mark.parametrize("hz", [47.0, 49.5, 50.0, 50.107, 52.3])
@pytest.mark.parametrize("rate", [2000.0, 2600.0, 4000.0])
def test_frequency_and_phasor_of_a_distorted_sine(hz, rate):
    samples = sine(10, hz, phase=0.3, harmonics=((5, 0.05), (7, 0.02)), rate=rate)
    found = frequency_hz(samples, rate)
    assert found == pytest.approx(hz, abs=1e-5)
    fundamental = phasor(samples, rate, found)
    assert abs(fundamental) == pytest.approx(230, abs=1e-4)
    assert cmath.phase(fundamental) == pytest.approx(0.3, abs=1e-4)


@pytest.mark.parametrize("hz", [49.5, 50.0, 50.107])
def test_thd_of_five_and_two_percent_is_that_of_the_definition(hz):
    """The root of 5 % and 2 % squared: 5.385 %."""
    samples = sine(10, hz, harmonics=((5, 0.05), (7, 0.02)))
    found = spectrum(samples, RATE, hz)
    assert found.thd() == pytest.approx(math.hypot(0.05, 0.02), abs=1e-5)
    assert found.share(5) == pytest.approx(0.05, abs=1e-5)
    assert found.share(3) == pytest.approx(0, abs=1e-5)
    assert found.highest >= 24


def test_an_interharmonic_counts_in_the_group_and_not_in_the_subgroup():
    samples = sine(2) + sine(2, 165, 23.0)  # 3.3 times the fundamental
    found = spectrum(samples, RATE, 50.0)
    assert found.groups[3] == pytest.approx(23.0, rel=1e-6)
    assert found.subgroups[3] == pytest.approx(0, abs=1e-6)


def test_angles_between_phases():
    one, two = sine(), sine(phase=-2 * math.pi / 3)
    ahead = angle_deg(phasor(two, RATE, 50.0), phasor(one, RATE, 50.0))
    assert ahead == pytest.approx(-120, abs=1e-6)


def test_symmetrical_components_of_known_systems():
    a = cmath.exp(2j * math.pi / 3)
    even = (230 + 0j, 230 * a**2, 230 * a)
    assert unbalance(even) == pytest.approx(0, abs=1e-12)
    assert abs(sequence_components(even)[1]) == pytest.approx(230)
    assert unbalance((230 + 0j, 230 * a, 230 * a**2)) > 1e9
    # one phase missing: negative and zero sequence are half of the positive one
    assert unbalance((0j, 230 * a**2, 230 * a)) == pytest.approx(0.5)


def test_what_is_no_mains_has_no_frequency():
    assert frequency_hz(np.zeros(2600), RATE) is None
    assert frequency_hz(sine(0.01), RATE) is None
    assert spectrum(sine(0.1), RATE, 50.0) is None


def test_flat_tops_and_missing_bits_are_seen():
    codes = np.round(sine(10, 50.01) * 40).astype(np.int64)
    assert clipping(codes).runs == 0
    cut = np.clip(codes, -9000, 9000)
    assert clipping(cut).longest > 3
    assert all(0.4 < share < 0.6 for share in bit_shares(codes))
    assert bit_shares(codes & ~1)[0] == 0
    assert repeated(codes, 400) == 0
    held = codes.copy()
    held[1::2] = held[::2]
    assert repeated(held, 400) > 0.3


@given(
    hz=st.floats(46, 54),
    phase=st.floats(-3, 3),
    noise=st.floats(0, 2),
    rate=st.sampled_from([2000.0, 2600.0, 4000.0]),
)
@settings(max_examples=40, deadline=None)
def test_the_frequency_is_found_through_noise(hz, phase, noise, rate):
    samples = sine(10, hz, phase=phase, rate=rate)
    samples = samples + np.random.default_rng(5).normal(0, noise, len(samples))
    assert frequency_hz(samples, rate) == pytest.approx(hz, abs=1e-3)
