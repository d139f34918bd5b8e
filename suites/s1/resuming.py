"""What a port sends first when it is opened again: whether it is the present that it shows.

What a meter has kept from before shows in three ways: more frames come than it samples in that
time, the voltage's phase jumps where the past ends, and the values are those of before.
"""

from dataclasses import dataclass

import numpy as np

from bench.core.clock import SECOND, seconds
from suites.s1.capture import Capture, Numbers, Samples
from suites.s1.phases import PERIODS

_NOMINAL_HZ = 50.0
_LEAST_LENGTH = 4  # sample sets of a period that has a phase
_ALIVE_V = 50.0  # effective; below there is no phase to speak of


@dataclass(frozen=True)
class PeriodsSeen:
    """The voltage of one channel by periods of the mains, in the order of their arrival.

    Each has the row of its first sample set, its effective value and, against the period before,
    by how many degrees its phase is away from where it should be.
    """

    rows: Numbers
    effective_v: Samples
    jumps_deg: Samples


def periods_seen(capture: Capture, channel: str, duration_s: float) -> PeriodsSeen | None:
    """Return the periods of the first seconds; None where that is no voltage, or too few samples.

    A gap in the sequence is taken to be as long as its numbers say. Periods with a sample set that
    the meter calls invalid are left out.
    """
    rate = capture.announced_hz
    if not rate:
        return None
    length = round(rate / _mains_hz(capture))
    if length < _LEAST_LENGTH:
        return None
    count = min(len(capture.sequence), round(rate * duration_s)) // length
    if count < PERIODS:
        return None
    volts = capture.samples(channel)[: count * length]
    span = capture.profile.sequence_highest - capture.profile.sequence_lowest + 1
    steps = (np.diff(capture.sequence[: count * length]) - 1) % span + 1
    index = np.concatenate([[0], np.cumsum(steps)])
    turned = np.exp(-2j * np.pi / length * (index % length))
    phasors = (volts * turned).reshape(count, length).mean(axis=1)
    effective = np.sqrt(np.square(volts).reshape(count, length).mean(axis=1))
    valid = capture.flag("samples_ok")[: count * length].reshape(count, length).all(axis=1)
    number = np.flatnonzero(valid)
    phasors, effective = phasors[valid], effective[valid]
    if len(number) < PERIODS or np.median(effective) < _ALIVE_V:
        return None
    # where the meter samples by the second, the phase goes on from period to period by itself
    turns, gone = np.angle(phasors[1:] * phasors[:-1].conj()), np.diff(number)
    usual = np.median(turns[gone == 1]) if (gone == 1).any() else 0.0
    away = np.degrees(np.angle(np.exp(1j * (turns - usual * gone))))
    return PeriodsSeen(number * length, effective, np.concatenate([[0.0], away]))


def _mains_hz(capture: Capture) -> float:
    """Return the frequency that the frames tell, the nominal one where that cannot be."""
    scale = float(capture.profile.fields["mains_frequency"].scale)
    told = float(np.median(capture.number("mains_frequency"))) * scale
    return told if abs(told - _NOMINAL_HZ) < _NOMINAL_HZ / 5 else _NOMINAL_HZ


def excess_s(capture: Capture, duration_s: float) -> float | None:
    """Return for how many seconds of sampling more frames came in the first seconds than later on.

    None where too little came to tell.
    """
    arrived = capture.arrived_ns(capture.offsets)
    if len(arrived) < PERIODS:
        return None
    edge = int(arrived[0]) + seconds(duration_s)
    early = int(np.searchsorted(arrived, edge, side="right"))
    late = len(arrived) - early
    after_s = (int(arrived[-1]) - edge) / SECOND
    if late < PERIODS or after_s < duration_s:
        return None
    rate = late / after_s
    return early / rate - duration_s
