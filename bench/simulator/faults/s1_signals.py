"""Faults of what the samples amount to: rows S1-MEAS beside those of the converters."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bench.core.clock import SECOND
from bench.simulator.faults.fault import Alteration, Fault, Variation
from bench.simulator.faults.s1_angles import one_sample_late
from bench.simulator.faults.s1_edit import (
    Channels,
    fields,
    s1_fault,
    s1_variation,
    samples,
    scaled,
)
from bench.simulator.harmonics import Shape
from bench.simulator.ports.s1_stages import Aperture, Numbers, Sampling, Stage, once

_DATA = "e-MUCS-H-1.3:S1"
_SUPPLY = "EN-50160:4.2"
_OUR = "OUR:measurement"
_ONE_DB_LESS = 10 ** (-1 / 20)


def _gaps(instants: Numbers, first: int) -> Numbers:
    """Leave one sample set in fifty out, and count as if nothing was missing."""
    left: Numbers = instants[(first + np.arange(len(instants))) % 50 != 7]
    return left


def _filtered(shape: Shape) -> Shape:
    if 5 not in shape.voltage:
        return shape
    share, degrees = shape.voltage[5]
    return replace(shape, voltage={**shape.voltage, 5: (share * _ONE_DB_LESS, degrees)})


def _third_harmonic(shape: Shape) -> Shape:
    return replace(shape, voltage={**shape.voltage, 3: (0.06, 90.0)})


def _of_household(shape: Shape) -> bool:
    """Whether it is not what a source makes."""
    return 11 in shape.voltage


def _distorted(shape: Shape) -> Shape:
    """The mains of a factory."""
    if not _of_household(shape):
        return shape
    return replace(shape, voltage={**shape.voltage, 5: (0.09, 190.0)})


def _tested(shape: Shape) -> Shape:
    """5 % of order 5 and 2 % of order 7."""
    return (
        replace(shape, voltage={5: (0.05, 0.0), 7: (0.02, 0.0)}) if _of_household(shape) else shape
    )


def _unbalanced(found: Channels) -> Mapping[str, NDArray[np.float64]]:
    return {"V1": found["V1"] * 0.88}


def _at_hertz(hertz: int) -> Alteration:
    return once(Stage.POWER, lambda found: replace(found, frequency_mhz=hertz * 1000))


def _held_w(watts: int) -> Alteration:
    return once(Stage.HOUSEHOLD, lambda found: replace(found, held_w=watts))


def _small_lost(found: Channels) -> Mapping[str, NDArray[np.float64]]:
    """Show nothing of a current within 0.6 A of zero."""
    return {
        name: np.where(np.abs(one) < 0.6, 0.0, one) for name, one in found.items() if name[0] == "I"
    }


def _later(found: Aperture, ns: int) -> Aperture:
    return replace(found, volts_ns=found.volts_ns - ns, amperes_ns=found.amperes_ns - ns)


#: what every wrong scale or sign of voltages spoils besides: what is computed from them
_VOLTS_TOO = ("S1-MEAS-01:*", "S1-MEAS-02:*", "S1-MEAS-04:*", "S1-MEAS-11:peak-v*")


def measuring_fault(
    name: str,
    summary: str,
    killers: tuple[str, ...],
    *alterations: Alteration,
    clause: str = _OUR,
    also: tuple[str, ...] = (),
) -> Fault:
    """Return a fault whose killers are checks of measuring cases, such as "01:range-l1"."""
    named = tuple(f"S1-MEAS-{one}" for one in killers)
    # killers name the first phase; the others have the same fault
    own = tuple(dict.fromkeys(f"{one.rpartition('-')[0]}-*" for one in named if one[-1].isdigit()))
    return s1_fault(name, summary, clause, named, *alterations, also=(*own, *also))


FAULTS: tuple[Fault, ...] = (
    measuring_fault(
        "volts-20-mv",
        "counts voltages as if a step was 20 mV",
        ("01:range-l1", "01:usual-l1"),
        scaled("V", 0.8),
        clause=_SUPPLY,
        also=_VOLTS_TOO,
    ),
    measuring_fault(
        "volts-30-mv",
        "counts voltages as if a step was 30 mV",
        ("01:range-l1", "01:usual-l1"),
        scaled("V", 1.2),
        clause=_SUPPLY,
        also=_VOLTS_TOO,
    ),
    measuring_fault(
        "volts-1-percent",
        "shows 1 % more voltage",
        ("02:voltage-v1",),
        scaled("V", 1.01),
    ),
    measuring_fault(
        "amperes-2-percent",
        "shows 2 % more current",
        ("03:loaded-i1",),
        scaled("I", 1.02),
        also=("S1-MEAS-04:*",),  # power has the same error
    ),
    measuring_fault(
        "amperes-small",
        "shows nothing of currents below 0.6 A",
        ("03:light-i1",),
        samples(_small_lost),
        # the household draws little, and its power is wrong by what is lost
        also=("S1-MEAS-03:*", "S1-MEAS-04:*"),
    ),
    measuring_fault(
        "power-factor",
        "samples currents one sample before voltages: power is wrong where there is reactive power",
        ("04:inductive-p", "04:inductive-p1"),
        once(Stage.APERTURE, one_sample_late),
        # the household's power factor is not one either
        also=("S1-MEAS-04:live-*",),
    ),
    measuring_fault(
        "energy-gaps",
        "loses 2 % of the sample sets, and does not show it",
        ("05:sourced",),
        Alteration(Stage.INSTANTS, _gaps),
        # there are fewer samples per period than announced, and they are not taken evenly
        also=("S1-MEAS-06:*", "S1-MEAS-14:image-*", "S1-MEAS-15:*", "S1-MEAS-16:*", "S1-MEAS-17:*"),
    ),
    measuring_fault(
        "frequency-100-mhz-high",
        "says 100 mHz too much",
        ("06:field",),
        fields(lambda found: {"frequency": found.frequency + 100}),
        clause=_DATA,
        also=("S1-PAY-11:*",),  # the same field against the same samples
    ),
    measuring_fault(
        "one-sample-more",
        "samples 53 times a period and says 52",
        ("06:rate",),
        once(Stage.SAMPLING, lambda _found: Sampling(True, 53.0, announced=52)),
        clause=_DATA,
    ),
    measuring_fault(
        "half-milliampere",
        "counts currents in steps of half a milliampere",
        ("07:scale-i1", "07:ratio-i1"),
        scaled("I", 2.0),
        clause=_DATA,
        # currents and powers are twice what P1 shows
        also=("S1-MEAS-03:*", "S1-MEAS-04:*", "S1-MEAS-11:peak-i*"),
    ),
    measuring_fault(
        "mains-60-hz",
        "has mains of 60 Hz",
        ("08:range", "08:usual"),
        _at_hertz(60),
        clause=_SUPPLY,
    ),
    measuring_fault(
        "low-pass",
        "shows the fifth harmonic 1 dB too low",
        ("15:sourced-l1",),
        once(Stage.SHAPE, _filtered),
        clause="IEC-61000-4-7:5.5",
    ),
    measuring_fault(
        "distorted-mains",
        "has mains with 9 % of a fifth harmonic",
        ("15:live-l1",),
        once(Stage.SHAPE, _distorted),
        clause=_SUPPLY,
    ),
    measuring_fault(
        "third-harmonic",
        "shows 6 % of a third harmonic",
        ("16:sourced-l1",),
        once(Stage.SHAPE, _third_harmonic),
        clause=_SUPPLY,
        also=("S1-MEAS-15:sourced-*", "S1-MEAS-17:*"),  # which is distortion, at 150 Hz
    ),
    measuring_fault(
        "unbalanced",
        "shows 12 % less voltage of L1",
        ("18:live", "18:sourced"),
        samples(_unbalanced),
        clause=_SUPPLY,
        # which is then no usual voltage, and not that of P1; nor is its power
        also=("S1-MEAS-01:usual-*", "S1-MEAS-02:*", "S1-MEAS-04:*", "S1-MEAS-11:peak-v*"),
    ),
    measuring_fault(
        "delayed-100ms",
        "shows what was a tenth of a second ago",
        ("20:step",),
        once(Stage.APERTURE, lambda found: _later(found, SECOND // 10)),
        clause=_DATA,
    ),
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
