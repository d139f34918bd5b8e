"""Faults of the angles between channels, and of their signs: S1-CH-05 to 08 and 12."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from bench.simulator.faults.fault import Alteration, Fault, Variation
from bench.simulator.faults.s1_channels import channel_fault
from bench.simulator.faults.s1_edit import (
    DECLARED_DELTA,
    IN_DELTA,
    Channels,
    Samples,
    exchanged,
    samples,
)
from bench.simulator.ports import p1_stages
from bench.simulator.ports.s1_stages import Aperture, Sampled, Stage, once

_DATA = "e-MUCS-H-1.3:S1"
_BROCHURE = "Fluvius-P1-S1:5.2"
_PHYSICS = "OUR:physics"


def _angles(*degrees: float) -> Alteration:
    return once(Stage.SHAPE, lambda found: replace(found, angles_deg=degrees))


def one_sample_late(found: Aperture) -> Aperture:
    """Take the currents one sample before the voltages."""
    step = int(np.diff(found.amperes_ns[:2])[0]) if len(found.amperes_ns) > 1 else 384_615
    return replace(found, amperes_ns=found.amperes_ns - step)


def _one_after_another(found: Sampled) -> Sampled:
    """Show V2 and V3 as they were a third and two thirds of a sample before."""
    channels = dict(found.channels)
    for name, part in (("V2", 1 / 3), ("V3", 2 / 3)):
        before = np.concatenate([found.channels[name][:1], found.channels[name][:-1]])
        channels[name] = (1 - part) * found.channels[name] + part * before
    return replace(found, channels=channels)


def _unsigned_power(found: Channels) -> Mapping[str, Samples]:
    """Turn a current round whose power is negative."""
    changed = {}
    for phase in "123":
        volts, amperes = found.get(f"V{phase}"), found.get(f"I{phase}")
        if volts is not None and amperes is not None and np.mean(volts * amperes) < 0:
            changed[f"I{phase}"] = -amperes
    return changed


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


FAULTS: tuple[Fault, ...] = (
    channel_fault(
        "delta-120",
        "has 120 degrees between V1 and V3 in a delta grid",
        _PHYSICS,
        ("S1-CH-05:grid", "S1-CH-05:angle"),
        IN_DELTA,
        _angles(0.0, 0.0, 120.0),
        declares=DECLARED_DELTA,
    ),
    channel_fault(
        "delta-v3-low",
        "shows V3 as that of L3 against a neutral, in a delta grid",
        _PHYSICS,
        ("S1-CH-05:V3",),
        IN_DELTA,
        samples(lambda found: {"V3": found["V3"] / np.sqrt(3)}),
        declares=DECLARED_DELTA,
        also=("S1-CH-02:V3", "S1-CH-03:V3"),  # a source has another voltage than that
    ),
    channel_fault(
        "delta-v1-low",
        "shows V1 as that of L1 against a neutral, in a delta grid",
        _PHYSICS,
        ("S1-CH-05:V1",),
        IN_DELTA,
        samples(lambda found: {"V1": found["V1"] / np.sqrt(3)}),
        declares=DECLARED_DELTA,
        also=("S1-CH-02:V1", "S1-CH-03:V1"),  # a source has another voltage than that
    ),
    channel_fault(
        "reversed",
        "turns the other way",
        _PHYSICS,
        ("S1-CH-06:V2", "S1-CH-06:V3"),
        _angles(0.0, 120.0, -120.0),
    ),
    channel_fault(
        "phase-90",
        "has V2 90 degrees behind V1",
        _PHYSICS,
        ("S1-CH-06:V2", "S1-CH-06:grid"),
        _angles(0.0, -90.0, 120.0),
    ),
    channel_fault(
        "one-after-another",
        "samples V1, V2 and V3 one after the other",
        _DATA,
        ("S1-CH-06:V2", "S1-CH-06:V3"),
        once(Stage.SAMPLES, _one_after_another),
        also=("S1-CH-07:*", "S1-CH-08:*"),  # each lags behind its current
    ),
    channel_fault(
        "clamps-swapped",
        "exchanges I2 and I3",
        _PHYSICS,
        ("S1-CH-07:L2", "S1-CH-07:L3"),
        exchanged("I2", "I3"),
        # each is at an angle to the voltage beside it, which is another phase's
        also=("S1-CH-03:*", "S1-CH-08:*", "S1-CH-12:*"),
    ),
    channel_fault(
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
    channel_fault(
        "current-late",
        "samples currents one sample before voltages",
        _DATA,
        ("S1-CH-08:L1", "S1-CH-08:L2", "S1-CH-08:L3"),
        once(Stage.APERTURE, one_sample_late),
        also=("S1-CH-07:*-angle",),  # which allows two degrees
    ),
    channel_fault(
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
        also=("S1-MEAS-*",),  # which compares the powers too
    ),
)
VARIATIONS: tuple[Variation, ...] = ()
