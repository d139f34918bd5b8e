"""Faults of what the samples amount to: catalogue rows S1-MEAS."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bench.core.clock import SECOND
from bench.simulator.faults.fault import Alteration, Fault, Variation
from bench.simulator.faults.s1_channels import one_sample_late
from bench.simulator.faults.s1_edit import (
    Channels,
    codes,
    s1_fault,
    s1_variation,
    samples,
    scaled,
    shifted,
)
from bench.simulator.harmonics import Shape
from bench.simulator.load import Power
from bench.simulator.ports.s1_stages import Aperture, Numbers, Sampled, Stage, once
from bench.simulator.waveforms import noise_columns

_DATA = "e-MUCS-H-1.3:S1"
_SUPPLY = "EN-50160:4.2"
_OUR = "OUR:measurement"
_ALIAS_HZ = 150.0
_ONE_DB_LESS = 10 ** (-1 / 20)

Codes = NDArray[np.int64]


def _gaps(instants: Numbers, first: int) -> Numbers:
    """Leave one sample set in fifty out, and count as if nothing was missing."""
    left: Numbers = instants[(first + np.arange(len(instants))) % 50 != 7]
    return left


def _clipped(found: Channels) -> Mapping[str, NDArray[np.float64]]:
    return {name: np.clip(one, -300, 300) for name, one in found.items() if name[0] == "V"}


def _wrapped(name: str, numbers: Codes) -> Codes:
    """Count voltages in steps of 5 mV, which run over beyond 163 V."""
    return (numbers * 5 + 32768) % 65536 - 32768 if name[0] == "V" else numbers


def _unsigned(name: str, numbers: Codes) -> Codes:
    """Cut the sign off: what is negative is near the upper end of 23 bits."""
    return np.where(numbers < 0, numbers + (1 << 23), numbers) if name[0] == "I" else numbers


def _sign_magnitude(name: str, numbers: Codes) -> Codes:
    lowest = -(1 << 15) if name[0] == "V" else -(1 << 23)
    return np.where(numbers < 0, lowest - numbers, numbers)


def _even(name: str, numbers: Codes) -> Codes:
    return numbers & ~1 if name[0] == "V" else numbers


def _held(found: Aperture) -> Aperture:
    """Look only for every other sample set, and show it twice."""
    step = int(np.diff(found.volts_ns[:2])[0]) if len(found.volts_ns) > 1 else 384_615
    held = np.where(found.index % 2, found.volts_ns - step, found.volts_ns)
    return replace(found, volts_ns=held, amperes_ns=held)


def _filtered(shape: Shape) -> Shape:
    share, degrees = shape.voltage[5]
    return replace(shape, voltage={**shape.voltage, 5: (share * _ONE_DB_LESS, degrees)})


def _third_harmonic(shape: Shape) -> Shape:
    return replace(shape, voltage={**shape.voltage, 3: (0.06, 170.0)})


def _tested(shape: Shape) -> Shape:
    """5 % of order 5 and 2 % of order 7."""
    return replace(shape, voltage={5: (0.05, 0.0), 7: (0.02, 0.0)})


def _aliased(found: Sampled) -> Sampled:
    """Add what 10 V far above half the sampling rate look like without a filter."""
    seconds = found.at.volts_ns / SECOND
    image = 10 * np.sqrt(2) * np.cos(2 * np.pi * _ALIAS_HZ * seconds)
    return replace(found, channels={**found.channels, "V1": found.channels["V1"] + image})


def _unbalanced(power: Power) -> Power:
    first, *rest = power.phases
    lower = replace(first, voltage_mv=first.voltage_mv * 88 // 100)
    return replace(power, phases=(lower, *rest))


def _noisy(found: Sampled) -> Sampled:
    drawn = noise_columns(found.at.amperes_ns, 97)
    channels = dict(found.channels)
    for column, name in enumerate(("I1", "I2", "I3")):
        if name in channels:
            channels[name] = channels[name] + drawn[:, column] * 0.2
    return replace(found, channels=channels)


def _at_hertz(hertz: int) -> Alteration:
    return once(Stage.POWER, lambda found: replace(found, frequency_mhz=hertz * 1000))


def _held_w(watts: int) -> Alteration:
    return once(Stage.HOUSEHOLD, lambda found: replace(found, held_w=watts))


def _fault(
    name: str, summary: str, case: str, *alterations: Alteration, clause: str = _OUR
) -> Fault:
    return s1_fault(name, summary, clause, (f"{case}:*",), *alterations)


FAULTS: tuple[Fault, ...] = (
    _fault(
        "volts-20-mv",
        "counts voltages as if a step was 20 mV",
        "S1-MEAS-01",
        scaled("V", 0.8),
        clause=_SUPPLY,
    ),
    _fault("volts-1-percent", "shows 1 % more voltage", "S1-MEAS-02", scaled("V", 1.01)),
    _fault("amperes-2-percent", "shows 2 % more current", "S1-MEAS-03", scaled("I", 1.02)),
    _fault(
        "power-factor",
        "samples currents one sample before voltages: power is wrong where there is reactive power",
        "S1-MEAS-04",
        once(Stage.APERTURE, one_sample_late),
    ),
    _fault(
        "energy-gaps",
        "loses 2 % of the sample sets, and does not show it",
        "S1-MEAS-05",
        Alteration(Stage.INSTANTS, _gaps),
    ),
    _fault(
        "half-milliampere",
        "counts currents in steps of half a milliampere",
        "S1-MEAS-07",
        scaled("I", 2.0),
        clause=_DATA,
    ),
    _fault("mains-60-hz", "has mains of 60 Hz", "S1-MEAS-08", _at_hertz(60), clause=_SUPPLY),
    _fault("volts-offset", "adds 2 V to voltages", "S1-MEAS-09", shifted("V", 2.0)),
    _fault("amperes-offset", "adds 100 mA to currents", "S1-MEAS-10", shifted("I", 0.1)),
    _fault("clips-300-v", "cuts voltages at 300 V", "S1-MEAS-11", samples(_clipped)),
    _fault("wraps", "lets voltages run over", "S1-MEAS-11", codes(_wrapped), clause=_DATA),
    _fault("unsigned-24", "cuts signs off", "S1-MEAS-12", codes(_unsigned), clause=_DATA),
    _fault(
        "sign-magnitude",
        "sends sign and magnitude",
        "S1-MEAS-12",
        codes(_sign_magnitude),
        clause=_DATA,
    ),
    _fault("lowest-bit-0", "sends voltages in steps of 50 mV", "S1-MEAS-13", codes(_even)),
    _fault(
        "holds-2",
        "shows every other sample set twice",
        "S1-MEAS-14",
        once(Stage.APERTURE, _held),
    ),
    _fault(
        "low-pass",
        "shows the fifth harmonic 1 dB too low",
        "S1-MEAS-15",
        once(Stage.SHAPE, lambda shape: _filtered(_tested(shape))),
        clause="IEC-61000-4-7:5.5",
    ),
    _fault(
        "third-harmonic",
        "shows 6 % of a third harmonic",
        "S1-MEAS-16",
        once(Stage.SHAPE, _third_harmonic),
        clause=_SUPPLY,
    ),
    _fault("no-anti-alias", "has no filter", "S1-MEAS-17", once(Stage.SAMPLES, _aliased)),
    _fault(
        "unbalanced",
        "shows 12 % less voltage of L1",
        "S1-MEAS-18",
        once(Stage.POWER, _unbalanced),
        clause=_SUPPLY,
    ),
    _fault("noise-no-load", "adds 0.1 A of noise", "S1-MEAS-19", once(Stage.SAMPLES, _noisy)),
)
VARIATIONS: tuple[Variation, ...] = (
    s1_variation(
        "test-signal",
        "has 5 % of order 5 and 2 % of order 7 in its voltage",
        "IEC-61000-4-7:5.5",
        once(Stage.SHAPE, _tested),
    ),
    s1_variation("export", "feeds 3 kW in", _DATA, _held_w(-3000)),
    s1_variation("no-load", "draws next to nothing", _DATA, _held_w(0)),
    s1_variation(
        "delta-grid",
        "hangs at three phases without neutral",
        _DATA,
        once(Stage.HOUSEHOLD, lambda found: replace(found, delta=True, phases=3)),
        declares={"S1/DELTA": True, "S1/NEUTRAL": False},
    ),
    s1_variation(
        "single-phase",
        "hangs at one phase",
        _DATA,
        once(Stage.HOUSEHOLD, lambda found: replace(found, phases=1)),
        declares={"S1/POLYPHASE": False},
    ),
)
