"""Faults of which quantity is on which channel: S1-CH-01 to 04, 09 to 11."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bench.protocols.crc_rows import Octets
from bench.simulator.faults.fault import Alteration, Fault, Variation
from bench.simulator.faults.s1_edit import (
    AT_ONE_PHASE,
    DECLARED_DELTA,
    DECLARED_ONE_PHASE,
    IN_DELTA,
    Channels,
    Samples,
    body,
    exchanged,
    s1_fault,
    s1_variation,
    samples,
)
from bench.simulator.load import Power
from bench.simulator.ports.s1_stages import Stage, once

_DATA = "e-MUCS-H-1.3:S1"
_BROCHURE = "Fluvius-P1-S1:5.2"
_PHYSICS = "OUR:physics"
_SAMPLE_AT = 4 + 19  # of the first channel, after the opening flag
_LENGTHS = (2, 3, 2, 3, 2, 3, 3)  # V1 I1 V2 I2 V3 I3 IN
_LEAK_MA = 500


def _zero(name: str) -> Alteration:
    return samples(lambda found: {name: np.zeros_like(found[name])})


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


def _ghost(found: Channels) -> Mapping[str, Samples]:
    return {"V2": found["V1"] * 0.1, "I2": found["I1"] * 0.1}


#: what is not on its channel has another value, power and spectrum, and does not agree with P1
_MEASURED = ("S1-MEAS-*",)


def channel_fault(
    name: str,
    summary: str,
    clause: str,
    killers: tuple[str, ...],
    *alterations: Alteration,
    also: tuple[str, ...] = (),
    declares: Mapping[str, object] | None = None,
) -> Fault:
    """Return a fault of what is on which channel; cases that measure may see it too."""
    also = (*also, *_MEASURED)
    return s1_fault(name, summary, clause, killers, *alterations, also=also, declares=declares)


def _missing(name: str) -> Fault:
    """Return a fault that leaves one channel of three phases out."""
    return channel_fault(
        f"{name.lower()}-missing",
        f"shows nothing as {name}",
        _DATA,
        (f"S1-CH-02:{name}", f"S1-CH-03:{name}"),
        _zero(name),
        # what is not there has no angle and no power, and is missing beside the others
        also=("S1-CH-*", "S1-PAY-06:voltages"),
    )


FAULTS: tuple[Fault, ...] = (
    channel_fault(
        "v1-zero",
        "shows no voltage of L1",
        _DATA,
        ("S1-CH-01:V1",),
        AT_ONE_PHASE,
        _zero("V1"),
        declares=DECLARED_ONE_PHASE,
        # what is not there has no angle, no power, and no agreement with P1
        also=("S1-CH-07:*", "S1-CH-08:*", "S1-CH-12:*"),
    ),
    channel_fault(
        "phase-2-ghost",
        "has a ghost of L2",
        _DATA,
        ("S1-CH-01:others",),
        AT_ONE_PHASE,
        samples(_ghost),
        declares=DECLARED_ONE_PHASE,
        also=("S1-PAY-12:zero",),  # which asks for exactly zero
    ),
    channel_fault(
        "i1-zero",
        "shows no current of L1",
        _DATA,
        ("S1-CH-01:I1", "S1-CH-07:L1"),
        AT_ONE_PHASE,
        _zero("I1"),
        declares=DECLARED_ONE_PHASE,
        # what is not there has no angle and no power, and is missing beside the neutral
        also=("S1-CH-08:*", "S1-CH-10:*", "S1-CH-12:*"),
    ),
    *(_missing(name) for name in ("V1", "I1", "V2", "I2", "V3", "I3")),
    channel_fault(
        "swaps-v2-v3",
        "exchanges V2 and V3",
        _DATA,
        ("S1-CH-03:V2", "S1-CH-03:V3"),
        exchanged("V2", "V3"),
        # the field turns the other way, and currents stay where they are
        also=("S1-CH-06:*", "S1-CH-07:*", "S1-CH-08:*", "S1-CH-12:*"),
    ),
    channel_fault(
        "swaps-i1-i2",
        "exchanges I1 and I2",
        _DATA,
        ("S1-CH-03:I1", "S1-CH-03:I2"),
        exchanged("I1", "I2"),
        # each is at an angle to the voltage beside it, which is another phase's
        also=("S1-CH-07:*", "S1-CH-08:*", "S1-CH-11:I2", "S1-CH-12:*"),
    ),
    channel_fault(
        "interleaved",
        "sends voltages before currents",
        _DATA,
        ("S1-CH-03:I1", "S1-CH-03:V2", "S1-CH-03:I2", "S1-CH-03:V3"),
        body(_interleaved),
        # nothing but V1, I3 and the neutral is what it seems
        also=("S1-CH-*", "S1-PAY-06:*", "S1-TIM-*"),
    ),
    channel_fault(
        "delta-noise",
        "sends one step of noise as V2 in a delta grid",
        _BROCHURE,
        ("S1-CH-04:zero",),
        IN_DELTA,
        once(Stage.CODES, _noisy_zero),
        declares=DECLARED_DELTA,
    ),
    channel_fault(
        "delta-second",
        "sends a voltage as V2 in a delta grid",
        _BROCHURE,
        ("S1-CH-04:zero",),
        IN_DELTA,
        samples(_third_side),
        declares=DECLARED_DELTA,
        also=("S1-PAY-06:voltages",),  # which takes three voltages for four wires
    ),
    channel_fault(
        "neutral-zero",
        "shows no current of the neutral",
        _PHYSICS,
        ("S1-CH-09:first", "S1-CH-09:second"),
        _zero("IN"),
        also=("S1-CH-10:*",),  # with balanced loads half an ampere is all that is left
    ),
    channel_fault(
        "neutral-plain-sum",
        "adds effective values up",
        _PHYSICS,
        ("S1-CH-09:first", "S1-CH-09:second"),
        samples(_plain_sum),
        # with three equal loads that is three times as much
        also=("S1-CH-09:sign", "S1-CH-10:*"),
    ),
    channel_fault(
        "neutral-turns",
        "counts the neutral one way or the other, as the load is",
        _PHYSICS,
        ("S1-CH-09:sign",),
        samples(_turning),
    ),
    channel_fault(
        "neutral-computed",
        "computes the neutral's current, so that half an ampere to earth does not show",
        _PHYSICS,
        ("S1-CH-10:residual",),
        samples(_summed),
    ),
    channel_fault(
        "crosstalk",
        "shows 2 % of L1 in other channels",
        _PHYSICS,
        ("S1-CH-11:V2", "S1-CH-11:I2", "S1-CH-11:I3"),
        samples(_crosstalk),
        # so much more current flows in the phases than comes back
        also=("S1-CH-07:L1", "S1-CH-09:*", "S1-CH-10:*"),
    ),
    channel_fault(
        "crosstalk-v3",
        "shows 2 % of V1 in V3",
        _PHYSICS,
        ("S1-CH-11:V3",),
        samples(lambda found: {"V3": found["V3"] + 0.02 * found["V1"]}),
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
