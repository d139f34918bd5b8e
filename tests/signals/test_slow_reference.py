"""One second of samples, computed again sample by sample in plain Python from the definitions."""

import cmath
import math

import numpy as np
import pytest

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
    unbalance,
)

RATE = 2600
CYCLES = 4


def mains(hz, seed, harmonics=((3, 0.02), (5, 0.04), (7, 0.015), (11, 0.004)), volts=230.0):
    """A second of a distorted and noisy voltage in steps of 25 mV."""
    t = np.arange(RATE) / RATE
    wave = np.cos(2 * np.pi * hz * t + 0.7)
    for order, share in harmonics:
        wave = wave + share * np.cos(2 * np.pi * order * hz * t + order)
    noise = np.random.default_rng(seed).normal(0, 0.3, RATE)
    return np.round((wave * volts * math.sqrt(2) + noise + 0.2) * 40) / 40


@pytest.fixture(scope="module", params=[50.0, 50.107])
def second(request):
    volts = mains(request.param, 1)
    amperes = np.round((np.roll(volts, 9) / 23 + np.roll(volts, 3) ** 3 / 4e6) * 1000) / 1000
    return request.param, volts, amperes


def mean(values):
    values = list(values)
    return math.fsum(values) / len(values)


def slow_phasor(samples, hz):
    """The fundamental under a Hann window over a whole number of periods."""
    periods = int(len(samples) * hz / RATE)
    length = round(periods * RATE / hz)
    hann = [0.5 - 0.5 * math.cos(2 * math.pi * n / length) for n in range(length)]
    turned = [
        float(v) * w * cmath.exp(-2j * math.pi * hz * n / RATE)
        for n, (v, w) in enumerate(zip(samples, hann, strict=False))
    ]
    total = complex(math.fsum(z.real for z in turned), math.fsum(z.imag for z in turned))
    return total * math.sqrt(2) / math.fsum(hann)


def slow_frequency(samples, start):
    """The frequency at which the phase of windows of four periods stands still, by least squares.

    Windows weigh as much as the root of the square of their fundamental.
    """
    found = start
    for _ in range(12):
        length = round(CYCLES * RATE / found)
        parts = []
        for first in range(0, len(samples) - length + 1, length):
            parts.append(
                sum(
                    float(samples[first + n])
                    * (0.5 - 0.5 * math.cos(2 * math.pi * n / length))
                    * cmath.exp(-2j * math.pi * found * (first + n) / RATE)
                    for n in range(length)
                )
            )
        phases = [cmath.phase(parts[0])]
        for part in parts[1:]:
            turned = cmath.phase(part) - phases[-1]
            phases.append(phases[-1] + math.remainder(turned, 2 * math.pi))
        times = [n * length / RATE for n in range(len(parts))]
        weights = [abs(part) for part in parts]
        whole = math.fsum(weights)
        t_mean = math.fsum(w * t for w, t in zip(weights, times, strict=True)) / whole
        p_mean = math.fsum(w * p for w, p in zip(weights, phases, strict=True)) / whole
        above = math.fsum(
            w * (t - t_mean) * (p - p_mean) for w, t, p in zip(weights, times, phases, strict=True)
        )
        below = math.fsum(w * (t - t_mean) ** 2 for w, t in zip(weights, times, strict=True))
        found += above / below / (2 * math.pi)
    return found


def slow_lines(window):
    """Effective values of all lines of a window of ten periods, up to order 25."""
    found = []
    for line in range(256):
        turned = [
            float(v) * cmath.exp(-2j * math.pi * line * n / len(window))
            for n, v in enumerate(window)
        ]
        total = complex(math.fsum(z.real for z in turned), math.fsum(z.imag for z in turned))
        found.append(abs(total) * (math.sqrt(2) if line else 1) / len(window))
    return found


def slow_group(lines, order):
    around = [lines[10 * order + k] ** 2 for k in range(-5, 6)]
    return math.sqrt(math.fsum(around[1:-1]) + (around[0] + around[-1]) / 2)


def test_effective_values_power_energy_and_offset(second):
    _, volts, amperes = second
    slow_power = mean(float(v) * float(i) for v, i in zip(volts, amperes, strict=True))
    assert rms(volts) == pytest.approx(math.sqrt(mean(float(v) ** 2 for v in volts)), rel=1e-9)
    assert rms(amperes) == pytest.approx(math.sqrt(mean(float(i) ** 2 for i in amperes)), rel=1e-9)
    assert power_w(volts, amperes) == pytest.approx(slow_power, rel=1e-9)
    assert energy_wh(volts, amperes, RATE) == pytest.approx(slow_power / 3600, rel=1e-9)
    assert offset(volts) == pytest.approx(mean(map(float, volts)), rel=1e-9)


def test_frequency_and_phasor(second):
    hz, volts, amperes = second
    found = frequency_hz(volts, RATE)
    assert found == pytest.approx(slow_frequency(volts, 50.05), rel=1e-9)
    assert found == pytest.approx(hz, abs=2e-3)
    slow_v, slow_i = slow_phasor(volts, found), slow_phasor(amperes, found)
    assert phasor(volts, RATE, found) == pytest.approx(slow_v, rel=1e-9)
    assert angle_deg(phasor(amperes, RATE, found), slow_v) == pytest.approx(
        math.degrees(cmath.phase(slow_i / slow_v)), rel=1e-9
    )


def test_distortion_by_groups_on_a_coherent_window():
    volts = mains(50.0, 2)[: 520 + 64]
    found = spectrum(volts, RATE, 50.0)
    lines = slow_lines(volts[32:552])
    groups = [slow_group(lines, order) for order in range(1, 26)]
    assert found.groups[1:26] == pytest.approx(groups, rel=1e-9)
    slow = math.sqrt(math.fsum(g * g for g in groups[1:])) / groups[0]
    assert found.thd(25) == pytest.approx(slow, rel=1e-9)
    subgroups = [math.sqrt(math.fsum(lines[10 * n + k] ** 2 for k in (-1, 0, 1))) for n in (1, 5)]
    assert found.share(5) == pytest.approx(subgroups[1] / subgroups[0], rel=1e-9)


def test_distortion_where_the_window_lies_between_samples():
    """Interpolated at the places of a window of exactly ten periods: as an exact resampling."""
    hz, harmonics = 50.107, ((3, 0.02), (5, 0.04), (7, 0.015))
    t = np.arange(RATE) / RATE
    volts = 325 * np.cos(2 * np.pi * hz * t)
    for order, share in harmonics:
        volts = volts + 325 * share * np.cos(2 * np.pi * order * hz * t)
    wanted = math.sqrt(math.fsum(share**2 for _, share in harmonics))
    assert spectrum(volts, RATE, hz).thd(25) == pytest.approx(wanted, rel=1e-5)


def test_unbalance():
    a = cmath.exp(2j * math.pi / 3)
    one, two, three = 231 + 3j, 228 * a**2, 233 * a * cmath.exp(0.02j)
    positive, negative = one + a * two + a * a * three, one + a * a * two + a * three
    assert unbalance((one, two, three)) == pytest.approx(abs(negative) / abs(positive), rel=1e-9)
    # by the sides of the triangle (IEC 61000-4-30 §5.7): the same without the phasors
    sides = [abs(x - y) for x, y in ((one, two), (two, three), (three, one))]
    beta = math.fsum(s**4 for s in sides) / math.fsum(s**2 for s in sides) ** 2
    root = math.sqrt(3 - 6 * beta)
    by_sides = math.sqrt((1 - root) / (1 + root))
    assert unbalance((one, two, three)) == pytest.approx(by_sides, rel=1e-9)


def test_what_is_counted():
    codes = np.round(mains(50.0, 3) * 40).astype(np.int64)
    codes[100:104] = codes.max() + 1
    for bit, share in enumerate(bit_shares(codes)):
        ones = sum(int(code) >> bit & 1 for code in codes)
        assert share == pytest.approx(ones / len(codes), rel=1e-9)
    longest = runs = length = 0
    for code in [*codes.tolist(), None]:
        if code == codes.max():
            length += 1
        else:
            longest, runs, length = max(longest, length), runs + (length >= 3), 0
    assert clipping(codes).longest == longest == 4
    assert clipping(codes).runs == runs == 1
    codes[1::2] = codes[::2]
    steep = [n for n in range(2, len(codes) - 1) if abs(int(codes[n + 1] - codes[n - 2])) >= 400]
    same = [n for n in steep if codes[n] == codes[n - 1]]
    assert repeated(codes, 400) == pytest.approx(len(same) / len(steep), rel=1e-9)


# -- waves whose distortion is known in closed form

FINE = 51_200  # samples a second: 1024 in a period, 10 periods are 10 240


def wave(shape):
    t = (np.arange(FINE) + 0.5) / FINE * 50 % 1
    return shape(t)


def test_a_square_wave():
    """All odd orders at 1/h: the root of pi^2/8 - 1, 48.34 %, with infinitely many."""
    found = spectrum(wave(lambda t: np.where(t < 0.5, 1.0, -1.0)), FINE, 50.0)
    orders = math.sqrt(math.fsum(1 / h**2 for h in range(3, 41, 2)))
    assert found.thd(40) == pytest.approx(orders, rel=1e-3)
    assert found.thd() == pytest.approx(math.sqrt(math.pi**2 / 8 - 1), abs=2e-3)
    assert found.share(3) == pytest.approx(1 / 3, rel=1e-4)
    assert found.share(2) == pytest.approx(0, abs=1e-9)


def test_a_triangle_wave():
    """All odd orders at 1/h^2: the root of pi^4/96 - 1, 12.12 %."""
    found = spectrum(wave(lambda t: np.abs(4 * t - 2) - 1), FINE, 50.0)
    assert found.thd(40) == pytest.approx(math.sqrt(math.pi**4 / 96 - 1), abs=2e-5)
    assert found.share(5) == pytest.approx(1 / 25, rel=1e-4)


def test_a_half_wave_has_a_direct_part_of_one_over_pi():
    half = wave(lambda t: np.maximum(np.sin(2 * np.pi * t), 0))
    assert offset(half) == pytest.approx(1 / math.pi, rel=1e-5)
    assert rms(half) == pytest.approx(0.5, rel=1e-9)
    # order h, even: 2 / pi / (h^2 - 1) against 1/2
    assert spectrum(half, FINE, 50.0).share(2) == pytest.approx(4 / 3 / math.pi, rel=1e-4)


@pytest.mark.parametrize(
    ("modulated_hz", "subgroup", "group"),
    [(5.0, math.sqrt(1 + 2 * 0.1**2), math.sqrt(1 + 2 * 0.1**2)),
     (15.0, 1.0, math.sqrt(1 + 2 * 0.1**2)),
     (25.0, 1.0, math.sqrt(1 + 2 * 0.1**2 / 2))],
)  # fmt: skip
def test_a_harmonic_that_comes_and_goes(modulated_hz, subgroup, group):
    """Sidebands of half the depth: the groups of IEC 61000-4-7 §5.5 take them in."""
    t = np.arange(2 * RATE) / RATE
    depth = 1 + 0.2 * np.cos(2 * np.pi * modulated_hz * t)
    volts = math.sqrt(2) * (
        230 * np.cos(2 * np.pi * 50 * t) + 10 * depth * np.cos(2 * np.pi * 250 * t)
    )
    found = spectrum(volts, RATE, 50.0)
    assert found.subgroups[5] == pytest.approx(10 * subgroup, rel=1e-6)
    assert found.groups[5] == pytest.approx(10 * group, rel=1e-6)
