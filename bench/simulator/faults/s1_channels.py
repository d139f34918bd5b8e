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
from bench.simulator.load import Power
from bench.simulator.ports import p1_stages
from bench.simulator.ports.s1_stages import Aperture, Sampled, Stage, once

_DATA = "e-MUCS-H-1.3:S1"
_BROCHURE = "Fluvius-P1-S1:5.2"
_PHYSICS = "OUR:physics"
_SAMPLE_AT = 4 + 19  # of the first channel, after the opening flag
_LENGTHS = (2, 3, 2, 3, 2, 3, 3)  # V1 I1 V2 I2 V3 I3 IN
_LEAK_MA = 500
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


def _leaking(power: Power) -> Power:
    """Let half an ampere of a household flow to earth; a source says itself what leaks."""
    return power if power.harmonics is not None else replace(power, leak_ma=_LEAK_MA)


def _summed(found: Channels) -> Mapping[str, Samples]:
    """Give the neutral what the phases add up to."""
    return {"IN": found["I1"] + found["I2"] + found["I3"]}


def _turning(found: Channels) -> Mapping[str, Samples]:
    """Count the neutral against the phases while L1 draws more than L3."""
    more = np.mean(np.square(found["I1"])) > np.mean(np.square(found["I3"]))
    return {"IN": -found["IN"] if more else found["IN"]}


def _one_after_another(found: Sampled) -> Sampled:
    """Show V2 and V3 as they were a third and two thirds of a sample before."""
    channels = dict(found.channels)
    for name, part in (("V2", 1 / 3), ("V3", 2 / 3)):
        before = np.concatenate([found.channels[name][:1], found.channels[name][:-1]])
        channels[name] = (1 - part) * found.channels[name] + part * before
    return replace(found, channels=channels)


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


def _ghost(found: Channels) -> Mapping[str, Samples]:
    return {"V2": found["V1"] * 0.1, "I2": found["I1"] * 0.1}


def _held_w(watts: int) -> Alteration:
    return once(Stage.HOUSEHOLD, lambda found: replace(found, held_w=watts))


def _turned(found: Channels) -> Mapping[str, Samples]:
    return {name: -one for name, one in found.items() if name in ("I1", "I2", "I3")}


def _directions_exchanged(lines: tuple[str, ...], _index: int) -> tuple[str, ...]:
    """Exchange the powers of the two directions in a P1 telegram."""
    other = {"1-0:1.7.0": "1-0:2.7.0", "1-0:2.7.0": "1-0:1.7.0"}
    found = []
    for line in lines:
        obis, bracket, rest = line.partition("(")
        found.append(other.get(obis, obis) + bracket + rest)
    return tuple(found)


_IN_DELTA = {"S1/DELTA": True, "S1/NEUTRAL": False}
_IN_ONE_PHASE = {"S1/POLYPHASE": False}

FAULTS: tuple[Fault, ...] = (
    s1_fault(
        "v1-zero",
        "shows no voltage of L1",
        _DATA,
        ("S1-CH-01:V1",),
        _SINGLE,
        _zero("V1"),
        declares=_IN_ONE_PHASE,
        # what is not there has no angle, no power, and no agreement with P1
        also=("S1-CH-07:*", "S1-CH-08:*", "S1-CH-12:*", "S1-MEAS-*"),
    ),
    s1_fault(
        "phase-2-ghost",
        "has a ghost of L2",
        _DATA,
        ("S1-CH-01:others",),
        _SINGLE,
        samples(_ghost),
        declares=_IN_ONE_PHASE,
        also=("S1-PAY-12:zero",),  # which asks for exactly zero
    ),
    s1_fault(
        "i3-missing",
        "shows no current of L3",
        _DATA,
        ("S1-CH-02:I3",),
        _zero("I3"),
        # no load of L3 shows
        also=("S1-CH-03:I3", "S1-CH-07:L3", "S1-CH-09:*", "S1-CH-10:*"),
    ),
    s1_fault(
        "swaps-v2-v3",
        "exchanges V2 and V3",
        _DATA,
        ("S1-CH-03:V2", "S1-CH-03:V3"),
        _exchanged("V2", "V3"),
        # the field turns the other way, and currents stay where they are
        also=("S1-CH-06:*", "S1-CH-07:*", "S1-CH-08:*", "S1-CH-12:*"),
    ),
    s1_fault(
        "swaps-i1-i2",
        "exchanges I1 and I2",
        _DATA,
        ("S1-CH-03:I1", "S1-CH-03:I2"),
        _exchanged("I1", "I2"),
        # each is at an angle to the voltage beside it, which is another phase's
        also=("S1-CH-07:*", "S1-CH-08:*", "S1-CH-11:I2", "S1-CH-12:*"),
    ),
    s1_fault(
        "interleaved",
        "sends voltages before currents",
        _DATA,
        ("S1-CH-03:I1", "S1-CH-03:V2", "S1-CH-03:I2", "S1-CH-03:V3"),
        body(_interleaved),
        # nothing but V1, I3 and the neutral is what it seems
        also=("S1-CH-*", "S1-PAY-06:*"),
    ),
    s1_fault(
        "delta-noise",
        "sends one step of noise as V2 in a delta grid",
        _BROCHURE,
        ("S1-CH-04:zero",),
        _DELTA,
        once(Stage.CODES, _noisy_zero),
        declares=_IN_DELTA,
    ),
    s1_fault(
        "delta-second",
        "sends a voltage as V2 in a delta grid",
        _BROCHURE,
        ("S1-CH-04:zero",),
        _DELTA,
        samples(_third_side),
        declares=_IN_DELTA,
        also=("S1-PAY-06:voltages",),  # which takes three voltages for four wires
    ),
    s1_fault(
        "delta-120",
        "has 120 degrees between V1 and V3 in a delta grid",
        _PHYSICS,
        ("S1-CH-05:grid", "S1-CH-05:angle"),
        _DELTA,
        _angles(0.0, 0.0, 120.0),
        declares=_IN_DELTA,
    ),
    s1_fault(
        "delta-v3-low",
        "shows V3 as that of L3 against a neutral, in a delta grid",
        _PHYSICS,
        ("S1-CH-05:V3",),
        _DELTA,
        samples(lambda found: {"V3": found["V3"] / np.sqrt(3)}),
        declares=_IN_DELTA,
        also=("S1-CH-02:V3", "S1-CH-03:V3"),  # a source has another voltage than that
    ),
    s1_fault(
        "delta-v1-low",
        "shows V1 as that of L1 against a neutral, in a delta grid",
        _PHYSICS,
        ("S1-CH-05:V1",),
        _DELTA,
        samples(lambda found: {"V1": found["V1"] / np.sqrt(3)}),
        declares=_IN_DELTA,
        also=("S1-CH-02:V1", "S1-CH-03:V1"),  # a source has another voltage than that
    ),
    s1_fault(
        "reversed",
        "turns the other way",
        _PHYSICS,
        ("S1-CH-06:V2", "S1-CH-06:V3"),
        _angles(0.0, 120.0, -120.0),
    ),
    s1_fault(
        "phase-90",
        "has V2 90 degrees behind V1",
        _PHYSICS,
        ("S1-CH-06:V2", "S1-CH-06:grid"),
        _angles(0.0, -90.0, 120.0),
    ),
    s1_fault(
        "one-after-another",
        "samples V1, V2 and V3 one after the other",
        _DATA,
        ("S1-CH-06:V2", "S1-CH-06:V3"),
        once(Stage.SAMPLES, _one_after_another),
        also=("S1-CH-07:*", "S1-CH-08:*"),  # each lags behind its current
    ),
    s1_fault(
        "clamps-swapped",
        "exchanges I2 and I3",
        _PHYSICS,
        ("S1-CH-07:L2", "S1-CH-07:L3"),
        _exchanged("I2", "I3"),
        # each is at an angle to the voltage beside it, which is another phase's
        also=("S1-CH-03:*", "S1-CH-08:*", "S1-CH-12:*"),
    ),
    s1_fault(
        "clamps-reversed",
        "has its current transformers the wrong way round",
        _PHYSICS,
        (
            "S1-CH-07:L1-angle",
            "S1-CH-07:L2-angle",
            "S1-CH-07:L3-angle",
            "S1-CH-12:grid",
            "S1-CH-12:export",
        ),
        _held_w(3000),
        samples(_turned),
        # half a turn is also more than one degree
        also=("S1-CH-08:*",),
    ),
    s1_fault(
        "current-late",
        "samples currents one sample before voltages",
        _DATA,
        ("S1-CH-08:L1", "S1-CH-08:L2", "S1-CH-08:L3"),
        once(Stage.APERTURE, one_sample_late),
        also=("S1-CH-07:*-angle",),  # which allows two degrees
    ),
    s1_fault(
        "neutral-zero",
        "shows no current of the neutral",
        _PHYSICS,
        ("S1-CH-09:first", "S1-CH-09:second"),
        _zero("IN"),
        also=("S1-CH-10:*",),  # with balanced loads half an ampere is all that is left
    ),
    s1_fault(
        "neutral-plain-sum",
        "adds effective values up",
        _PHYSICS,
        ("S1-CH-09:first", "S1-CH-09:second"),
        samples(_plain_sum),
        # with three equal loads that is three times as much
        also=("S1-CH-09:sign", "S1-CH-10:*"),
    ),
    s1_fault(
        "neutral-turns",
        "counts the neutral one way or the other, as the load is",
        _PHYSICS,
        ("S1-CH-09:sign",),
        samples(_turning),
    ),
    s1_fault(
        "neutral-computed",
        "computes the neutral's current, so that half an ampere to earth does not show",
        _PHYSICS,
        ("S1-CH-10:residual",),
        samples(_summed),
    ),
    s1_fault(
        "crosstalk",
        "shows 2 % of L1 in other channels",
        _PHYSICS,
        ("S1-CH-11:V2", "S1-CH-11:I2", "S1-CH-11:I3"),
        samples(_crosstalk),
        # so much more current flows in the phases than comes back
        also=("S1-CH-07:L1", "S1-CH-09:*", "S1-CH-10:*"),
    ),
    s1_fault(
        "crosstalk-v3",
        "shows 2 % of V1 in V3",
        _PHYSICS,
        ("S1-CH-11:V3",),
        samples(lambda found: {"V3": found["V3"] + 0.02 * found["V1"]}),
    ),
    s1_fault(
        "unsigned",
        "shows what is fed in as drawn",
        _BROCHURE,
        ("S1-CH-12:grid", "S1-CH-12:export"),
        _held_w(-3000),
        samples(_unsigned_power),
    ),
    Fault(
        "s1.p1-other-direction",
        "s1",
        "shows on P1 what is drawn as fed in, and the other way round",
        "Fluvius-P1-S1:4.2",
        "emucs-h-1.3",
        ("S1-CH-12:p1",),
        alterations=(Alteration(p1_stages.Stage.LINES, _directions_exchanged),),
        port="p1",
    ),
)
VARIATIONS: tuple[Variation, ...] = (
    s1_variation(
        "earth-leakage",
        "half an ampere flows to earth, and is missing in the neutral",
        _PHYSICS,
        once(Stage.POWER, _leaking),
    ),
    s1_variation(
        "neutral-against",
        "counts the current of the neutral against those of the phases",
        _PHYSICS,
        samples(lambda found: {"IN": -found["IN"]}),
    ),
)
