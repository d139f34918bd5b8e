"""Faults of when it samples and when frames leave: catalogue rows S1-TIM, and S1-MEAS-20."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from bench.core.clock import MILLISECOND, SECOND
from bench.simulator.faults.fault import Alteration, Fault, Variation
from bench.simulator.faults.s1_edit import s1_fault, s1_variation
from bench.simulator.ports.s1_stages import (
    Aperture,
    Departures,
    Numbers,
    Sampling,
    Stage,
    each_frame,
    once,
)
from bench.simulator.waveforms import noise_columns

_RATE = "e-MUCS-H-1.3:S1"
_RANGE = "Fluvius-P1-S1:5.2"
_P1_FROM, _P1_TO = 60 * MILLISECOND, 65 * MILLISECOND  # of each second, while P1 sends
_STALL_EVERY = 370 * MILLISECOND


_FIXED = {"S1/PER-PERIOD": False, "S1/FIRST-GENERATION": False}


#: of what else compares the announced rate with frames or samples
_SAYS_OTHERWISE = ("S1-SEQ-04*:count", "S1-PAY-11*", "S1-MEAS-06*:rate", "S1-MEAS-08*:usual")


_GAPS = ("S1-SEQ-01*:by-one", "S1-MEAS*:step")  # whatever else looks for them


def _fixed(real_hz: float, announced: int) -> Alteration:
    return once(Stage.SAMPLING, lambda _found: Sampling(False, real_hz, announced=announced))


def _inserted(instants: Numbers, first: int) -> Numbers:
    """Take three sample sets more every forty seconds, between two others."""
    place = (20_000 - first) % 104_000
    if not 0 < place < len(instants):
        return instants
    left, right = int(instants[place - 1]), int(instants[place])
    more = np.array([left + (right - left) * part // 4 for part in (1, 2, 3)], np.int64)
    return np.insert(instants, place, more)


def _uneven(found: Aperture) -> Aperture:
    """Let the converters look up to 35 us early or late: 20 us effective."""
    off = np.rint(noise_columns(found.volts_ns, 99)[:, 7] * 34_600).astype(np.int64)
    return replace(found, volts_ns=found.volts_ns + off, amperes_ns=found.amperes_ns + off)


def _late(found: Aperture, ns: int) -> Aperture:
    return replace(found, volts_ns=found.volts_ns - ns, amperes_ns=found.amperes_ns - ns)


def _jitter(found: Departures) -> Numbers:
    off = noise_columns(found.sampled_ns, 98)[:, 7] * 50_000
    starts: Numbers = found.starts_ns + np.rint(off).astype(np.int64)
    return starts


def _stalled(found: Departures, of_ns: int, begin: int, end: int) -> Numbers:
    """Hold back what should start within `begin`..`end` of every `of_ns` until that is over."""
    within = found.starts_ns % of_ns
    held = (within >= begin) & (within < end)
    starts: Numbers = np.where(held, found.starts_ns - within + end, found.starts_ns)
    return starts


def _departing(edit: Callable[[Departures], Numbers]) -> Alteration:
    return once(Stage.DEPARTURES, edit)


FAULTS: tuple[Fault, ...] = (
    s1_fault(
        "rate-1900",
        "samples at 1900 Hz",
        _RANGE,
        ("S1-TIM-01:range",),
        _fixed(1900.0, 19),
        declares=_FIXED,
        also=("S1-PAY-10*",),  # the field says so
    ),
    s1_fault(
        "rate-4100",
        "samples at 4100 Hz",
        _RANGE,
        ("S1-TIM-01:usual",),
        _fixed(4100.0, 41),
        declares=_FIXED,
        also=("S1-PAY-10*",),  # the field says so
    ),
    s1_fault(
        "rate-4300",
        "samples at 4300 Hz",
        _RATE,
        ("S1-TIM-01:range", "S1-TIM-01:usual"),
        _fixed(4300.0, 43),
        declares=_FIXED,
        also=("S1-PAY-10*", "S1-PHY-03*:margin"),  # the line has to carry it, too
    ),
    s1_fault(
        "drifts",
        "samples 2000 ppm faster than it says",
        _RATE,
        ("S1-TIM-02:accuracy",),
        _fixed(2605.2, 26),
        declares=_FIXED,
        also=_SAYS_OTHERWISE,
    ),
    s1_fault(
        "announces-2600",
        "says 2600 Hz and samples at 2500",
        _RATE,
        ("S1-TIM-02:rate", "S1-TIM-02:accuracy"),
        _fixed(2500.0, 26),
        declares=_FIXED,
        also=_SAYS_OTHERWISE,
    ),
    s1_fault(
        "not-in-step",
        "samples at 2600 Hz though it says 52 per period, at 49.5 Hz",
        _RATE,
        tuple(
            f"S1-TIM-03:{check}" for check in ("rate", "periods", "sourced-rate", "sourced-periods")
        ),
        once(
            Stage.SAMPLING,
            lambda _found: Sampling(False, 2600.0, announced=52, announces_period=True),
        ),
        once(Stage.POWER, lambda found: replace(found, frequency_mhz=49_500)),
        also=_SAYS_OTHERWISE,
    ),
    s1_fault(
        "rate-2500",
        "samples at 2500 Hz as a first-generation meter",
        "Fluvius-P1-S1:5.4.2",
        ("S1-TIM-04:announced", "S1-TIM-04:measured"),
        _fixed(2500.0, 25),
        declares={"S1/PER-PERIOD": False},
    ),
    s1_fault(
        "step",
        "takes three sample sets too many every forty seconds",
        _RATE,
        ("S1-TIM-05:step",),
        _fixed(2600.0, 26),
        Alteration(Stage.INSTANTS, _inserted),
        declares=_FIXED,
        # where the samples too many are among those of the sine, or of a capture with edges
        also=("S1-TIM-07:residual", "S1-TIM-06:jitter", "S1-TIM-09:jitter"),
    ),
    s1_fault(
        "drifts-slowly",
        "samples 150 ppm faster than it says",
        _RATE,
        ("S1-TIM-05:drift",),
        _fixed(2600.39, 26),
        declares=_FIXED,
    ),
    s1_fault(
        "frame-jitter",
        "starts frames up to 50 us early or late",
        _RATE,
        ("S1-TIM-06:jitter",),
        _departing(_jitter),
        also=("S1-TIM-09:jitter",),  # whatever WAN does
    ),
    s1_fault(
        "aperture-jitter",
        "samples 20 us early or late",
        _RATE,
        ("S1-TIM-07:residual",),
        once(Stage.APERTURE, _uneven),
    ),
    s1_fault(
        "stalls-with-p1",
        "sends nothing for 5 ms while P1 does",
        _RATE,
        ("S1-TIM-08:delays",),
        _departing(lambda found: _stalled(found, SECOND, _P1_FROM, _P1_TO)),
        also=("S1-TIM-06:jitter", "S1-TIM-09:jitter"),  # P1 sends then, too
    ),
    s1_fault(
        "loses-with-p1",
        "loses a frame while P1 sends",
        _RATE,
        ("S1-TIM-08:gaps",),
        each_frame(lambda frame, index: b"" if index % 2600 == 156 else frame),
        also=("S1-TIM-09:sequence", *_GAPS),  # P1 sends then, too
    ),
    s1_fault(
        "stalls-with-wan",
        "sends nothing for 5 ms some times a second",
        _RATE,
        ("S1-TIM-09:jitter",),
        _departing(lambda found: _stalled(found, _STALL_EVERY, 0, 5 * MILLISECOND)),
        also=("S1-TIM-06:jitter",),  # it does so without WAN, too
    ),
    s1_fault(
        "loses-with-wan",
        "loses one frame in two thousand",
        _RATE,
        ("S1-TIM-09:sequence",),
        each_frame(lambda frame, index: b"" if index % 2003 == 0 else frame),
        also=_GAPS,
    ),
    s1_fault(
        "latency-40ms",
        "holds sample sets back for 40 ms",
        _RATE,
        ("S1-TIM-10:latency",),
        _departing(lambda found: found.sampled_ns + 40 * MILLISECOND),
        also=("S1-MEAS*:step",),  # which S1 shows later than P1
    ),
    s1_fault(
        "delayed-1s",
        "shows what was a second ago",
        _RATE,
        ("S1-MEAS-20:step",),
        once(Stage.APERTURE, lambda found: _late(found, SECOND)),
    ),
)
VARIATIONS: tuple[Variation, ...] = (
    s1_variation(
        "latency-9ms",
        "sends 9 ms after sampling",
        _RATE,
        _departing(lambda found: found.sampled_ns + 9 * MILLISECOND),
    ),
    s1_variation(
        "fixed-2600",
        "samples at 2600 Hz, not per period",
        _RATE,
        _fixed(2600.0, 26),
        declares={"S1/PER-PERIOD": False},
    ),
    s1_variation("fixed-4000", "samples at 4000 Hz", _RATE, _fixed(4000.0, 40), declares=_FIXED),
    s1_variation(
        "per-period-60",
        "samples 60 times per period",
        _RATE,
        once(Stage.SAMPLING, lambda _found: Sampling(True, 60.0)),
        declares={"S1/FIRST-GENERATION": False},
    ),
)
