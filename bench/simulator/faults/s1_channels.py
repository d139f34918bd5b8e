"""Faults of which quantity is on which channel, and of its angles: catalogue rows S1-CH."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bench.protocols.crc_rows import Octets
from bench.simulator.faults.fault import Alteration, Fault, Variation
from bench.simulator.faults.s1_edit import (
    Channels,
    Samples,
    body,
    s1_fault,
    s1_variation,
    samples,
)
from bench.simulator.ports.s1_stages import Aperture, Sampled, Stage, once

_DATA = "e-MUCS-H-1.3:S1"
_BROCHURE = "Fluvius-P1-S1:5.2"
_PHYSICS = "OUR:physics"
_SAMPLE_AT = 4 + 19  # of the first channel, after the opening flag
_LENGTHS = (2, 3, 2, 3, 2, 3, 3)  # V1 I1 V2 I2 V3 I3 IN
_LEAK_A = 0.5
_DELTA = once(Stage.HOUSEHOLD, lambda found: replace(found, delta=True, phases=3))
_SINGLE = once(Stage.HOUSEHOLD, lambda found: replace(found, phases=1))


def _exchanged(first: str, second: str) -> Alteration:
    return samples(lambda found: {first: found[second], second: found[first]})


def _zero(name: str) -> Alteration:
    return samples(lambda found: {name: np.zeros_like(found[name])})


def _angles(*degrees: float) -> Alteration:
    return once(Stage.SHAPE, lambda found: replace(found, angles_deg=degrees))


def _interleaved(rows: Octets) -> Octets:
    """Order the octets V1 V2 V3 I1 I2 I3 IN."""
    ends = np.cumsum(_LENGTHS) + _SAMPLE_AT
    spans = [range(end - length, end) for end, length in zip(ends, _LENGTHS, strict=True)]
    order = [place for one in (0, 2, 4, 1, 3, 5, 6) for place in spans[one]]
    rows[:, _SAMPLE_AT : _SAMPLE_AT + 18] = rows[:, order]
    return rows


def _noisy_zero(found: dict[str, NDArray[np.int64]]) -> dict[str, NDArray[np.int64]]:
    """Send -1, 0 and 1 step in turn."""
    return {**found, "V2": np.arange(len(found["V1"])) % 3 - 1}


def _third_side(found: Channels) -> Mapping[str, Samples]:
    """Show the voltage between L1 and L3 where there is no second one."""
    return {"V2": found["V1"] - found["V3"]}


def one_sample_late(found: Aperture) -> Aperture:
    """Take the currents one sample before the voltages."""
    step = int(np.diff(found.amperes_ns[:2])[0]) if len(found.amperes_ns) > 1 else 384_615
    return replace(found, amperes_ns=found.amperes_ns - step)


def _leaking(in_neutral: bool) -> Alteration:
    """Let half an ampere flow from L1 to earth, besides what comes back in the neutral."""

    def change(found: Sampled) -> Sampled:
        leak = found.channels["V1"] * (_LEAK_A / 230)
        changed = {"I1": found.channels["I1"] + leak}
        if in_neutral:
            changed["IN"] = found.channels["IN"] + leak
        return replace(found, channels={**found.channels, **changed})

    return once(Stage.SAMPLES, change)


def _plain_sum(found: Channels) -> Mapping[str, Samples]:
    """Give the neutral the sum of the effective values."""
    total = sum(np.sqrt(np.mean(np.square(found[name]))) for name in ("I1", "I2", "I3"))
    shape = found["V1"] / np.sqrt(np.mean(np.square(found["V1"])))
    return {"IN": shape * total}


def _crosstalk(found: Channels) -> Mapping[str, Samples]:
    return {
        "I2": found["I2"] + 0.02 * found["I1"],
        "V2": found["V2"] + 0.02 * found["V1"],
        "I3": found["I3"] + 0.02 * found["I1"],
    }


def _unsigned_power(found: Channels) -> Mapping[str, Samples]:
    """Turn a current round whose power is negative."""
    changed = {}
    for phase in "123":
        volts, amperes = found.get(f"V{phase}"), found.get(f"I{phase}")
        if volts is not None and amperes is not None and np.mean(volts * amperes) < 0:
            changed[f"I{phase}"] = -amperes
    return changed


def _fault(
    name: str, summary: str, case: str, *alterations: Alteration, clause: str = _DATA
) -> Fault:
    return s1_fault(name, summary, clause, (f"{case}:*",), *alterations)


def _ghost(found: Channels) -> Mapping[str, Samples]:
    return {"V2": found["V1"] * 0.1, "I2": found["I1"] * 0.1}


FAULTS: tuple[Fault, ...] = (
    _fault("v1-zero", "shows no voltage of L1", "S1-CH-01", _zero("V1")),
    _fault("phase-2-ghost", "has a ghost of L2", "S1-CH-01", _SINGLE, samples(_ghost)),
    _fault("i3-missing", "shows no current of L3", "S1-CH-02", _zero("I3")),
    _fault("swaps-v2-v3", "exchanges V2 and V3", "S1-CH-03", _exchanged("V2", "V3")),
    _fault("swaps-i1-i2", "exchanges I1 and I2", "S1-CH-03", _exchanged("I1", "I2")),
    _fault("interleaved", "sends voltages before currents", "S1-CH-03", body(_interleaved)),
    _fault(
        "delta-noise",
        "sends one step of noise as V2 in a delta grid",
        "S1-CH-04",
        _DELTA,
        once(Stage.CODES, _noisy_zero),
        clause=_BROCHURE,
    ),
    _fault(
        "delta-second",
        "sends a voltage as V2 in a delta grid",
        "S1-CH-04",
        _DELTA,
        samples(_third_side),
        clause=_BROCHURE,
    ),
    _fault(
        "delta-120",
        "has 120 degrees between V1 and V3 in a delta grid",
        "S1-CH-05",
        _DELTA,
        _angles(0.0, 0.0, 120.0),
        clause=_PHYSICS,
    ),
    _fault("reversed", "turns the other way", "S1-CH-06", _angles(0.0, 120.0, -120.0)),
    _fault("phase-90", "has V2 90 degrees behind V1", "S1-CH-06", _angles(0.0, -90.0, 120.0)),
    _fault("clamps-swapped", "exchanges I2 and I3", "S1-CH-07", _exchanged("I2", "I3")),
    _fault(
        "current-late",
        "samples currents one sample before voltages",
        "S1-CH-08",
        once(Stage.APERTURE, one_sample_late),
    ),
    _fault("neutral-zero", "shows no current of the neutral", "S1-CH-09", _zero("IN")),
    _fault("neutral-plain-sum", "adds effective values up", "S1-CH-09", samples(_plain_sum)),
    _fault(
        "neutral-computed",
        "computes the neutral's current, so that half an ampere to earth does not show",
        "S1-CH-10",
        _leaking(in_neutral=True),
    ),
    _fault("crosstalk", "shows 2 % of L1 in other channels", "S1-CH-11", samples(_crosstalk)),
    _fault("unsigned", "shows what is fed in as drawn", "S1-CH-12", samples(_unsigned_power)),
)
VARIATIONS: tuple[Variation, ...] = (
    s1_variation(
        "earth-leakage",
        "half an ampere flows to earth, and is missing in the neutral",
        _PHYSICS,
        _leaking(in_neutral=False),
    ),
)
