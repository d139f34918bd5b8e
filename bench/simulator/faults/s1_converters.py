"""Faults of the converters: offsets, flat tops, signs, bits, repetitions; rows S1-MEAS-09 to 19."""

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bench.simulator.faults.fault import Fault
from bench.simulator.faults.s1_edit import Channels, codes, samples, shifted
from bench.simulator.faults.s1_signals import measuring_fault
from bench.simulator.ports.s1_stages import Aperture, Sampled, Stage, once
from bench.simulator.waveforms import noise_columns

_DATA = "e-MUCS-H-1.3:S1"
#: samples that are no sine any more are wrong in whatever is computed from them
_ALL = ("S1-MEAS-*",)

Codes = NDArray[np.int64]


def _clipped(found: Channels) -> Mapping[str, NDArray[np.float64]]:
    return {name: np.clip(one, -300, 300) for name, one in found.items() if name[0] == "V"}


def _wrapped(name: str, numbers: Codes) -> Codes:
    """Count voltages in steps of 5 mV, which run over beyond 163 V."""
    return (numbers * 5 + 32768) % 65536 - 32768 if name[0] == "V" else numbers


def _saturated(name: str, numbers: Codes) -> Codes:
    return np.clip(numbers * 5, -32768, 32767) if name[0] == "V" else numbers


def _unsigned(name: str, numbers: Codes) -> Codes:
    """Cut the sign off: what is negative is near the upper end of 23 bits."""
    return np.where(numbers < 0, numbers + (1 << 23), numbers) if name[0] == "I" else numbers


def _sign_magnitude(name: str, numbers: Codes) -> Codes:
    lowest = -(1 << 15) if name[0] == "V" else -(1 << 23)
    return np.where(numbers < 0, lowest - numbers, numbers)


def _even(name: str, numbers: Codes) -> Codes:
    return numbers & ~1 if name[0] == "V" else numbers


def _stuck_high(name: str, numbers: Codes) -> Codes:
    return numbers | 8 if name[0] == "V" else numbers


def _offset(found: Channels) -> Mapping[str, NDArray[np.float64]]:
    return {name: one + 0.1 for name, one in found.items() if name[0] == "I"}


def _held(found: Aperture) -> Aperture:
    """Look only for every other sample set, and show it twice."""
    step = int(np.diff(found.volts_ns[:2])[0]) if len(found.volts_ns) > 1 else 384_615
    held = np.where(found.index % 2, found.volts_ns - step, found.volts_ns)
    return replace(found, volts_ns=held, amperes_ns=held)


def _clipped_current(found: Channels) -> Mapping[str, NDArray[np.float64]]:
    return {name: np.clip(one, -60, 60) for name, one in found.items() if name[0] == "I"}


def _rectified(found: Channels) -> Mapping[str, NDArray[np.float64]]:
    return {name: np.abs(one) for name, one in found.items() if name[0] == "V"}


def _noisy(found: Sampled) -> Sampled:
    drawn = noise_columns(found.at.amperes_ns, 97)
    channels = dict(found.channels)
    for column, name in enumerate(("I1", "I2", "I3")):
        if name in channels:
            channels[name] = channels[name] + drawn[:, column] * 0.2
    return replace(found, channels=channels)


FAULTS: tuple[Fault, ...] = (
    measuring_fault(
        "volts-offset",
        "adds 2 V to voltages",
        ("09:live-l1", "09:sourced-l1"),
        shifted("V", 2.0),
    ),
    measuring_fault(
        "amperes-offset",
        "adds 100 mA to currents",
        ("10:live-l1", "10:no-load-l1", "10:loaded-l1"),
        samples(_offset),
        # 0.1 A more without a load, and beside small loads
        also=("S1-MEAS-03:*", "S1-MEAS-19:*"),
    ),
    measuring_fault(
        "clips-300-v",
        "cuts voltages at 300 V",
        ("11:flat-tops", "11:peak-v1"),
        samples(_clipped),
        # a voltage that is cut is lower, and has harmonics
        also=("S1-MEAS-02:*", "S1-MEAS-04:*", "S1-MEAS-15:*", "S1-MEAS-16:*", "S1-MEAS-17:*"),
    ),
    measuring_fault(
        "clips-60-a",
        "cuts currents at 60 A",
        ("11:peak-i1",),
        samples(_clipped_current),
    ),
    measuring_fault(
        "wraps",
        "lets voltages run over",
        ("11:runs-over", "12:voltage-steps"),
        codes(_wrapped),
        clause=_DATA,
        also=_ALL,
    ),
    measuring_fault(
        "saturates",
        "counts voltages in steps of 5 mV, as far as their range goes",
        ("11:ends", "11:flat-tops"),
        codes(_saturated),
        clause=_DATA,
        also=_ALL,
    ),
    measuring_fault(
        "unsigned-24",
        "cuts signs off",
        ("12:current-steps",),
        codes(_unsigned),
        clause=_DATA,
        also=_ALL,
    ),
    measuring_fault(
        "sign-magnitude",
        "sends sign and magnitude",
        ("12:voltage-steps", "12:current-steps"),
        codes(_sign_magnitude),
        clause=_DATA,
        also=_ALL,
    ),
    measuring_fault(
        "rectified",
        "sends voltages without a sign",
        ("12:negative-v1",),
        samples(_rectified),
        clause=_DATA,
        also=_ALL,
    ),
    measuring_fault(
        "lowest-bit-0",
        "sends voltages in steps of 50 mV",
        ("13:bit-0-v1",),
        codes(_even),
    ),
    measuring_fault(
        "stuck-bit-3",
        "sends voltages whose fourth bit is always 1",
        ("13:bit-3-v1",),
        codes(_stuck_high),
    ),
    measuring_fault(
        "holds-2",
        "shows every other sample set twice",
        ("14:repeated-v1", "14:image-v1"),
        once(Stage.APERTURE, _held),
        # the image is a harmonic, too, where samples are taken in step with the mains
        also=("S1-MEAS-15:*", "S1-MEAS-16:*"),
    ),
    measuring_fault(
        "no-anti-alias",
        "has no filter before its converters",
        ("17:image-v1",),
        once(Stage.BAND, lambda _found: math.inf),
    ),
    measuring_fault(
        "noise-no-load",
        "adds 0.1 A of noise",
        ("19:noise-l1",),
        once(Stage.SAMPLES, _noisy),
        # small currents are greater by it
        also=("S1-MEAS-03:light-*", "S1-MEAS-03:live-*"),
    ),
)
