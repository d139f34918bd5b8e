"""What each port shows of one quantity, as samples: P1 by telegram, WAN by answer, S1 by second."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bench.protocols.dlms.cosem_types import LogicalName
from suites.p1.readings import Reading
from suites.s1.capture import Capture
from suites.system.ports import Ports
from suites.system.samples import Sample
from suites.wan_dlms.association import Association

_REGISTER, _EXTENDED = 3, 4
_VALUE, _SCALER_UNIT = 2, 3
_VOLTS, _AMPERES = ("V1", "V2", "V3"), ("I1", "I2", "I3")

Columns = NDArray[np.float64]


# -- P1


def p1_samples(ports: Ports, readings: Iterable[Reading], obis: str) -> list[Sample]:
    """Return what telegrams show of an object."""
    found = []
    for reading in readings:
        value = reading.quantity(obis)
        if value is not None:
            resolution = float(reading.resolution(obis))
            found.append(_of(ports, reading, obis, float(value), resolution))
    return found


def p1_capacity(reading: Reading, obis: str) -> float:
    """Return at which value a counter begins again, by its digits, in its base unit."""
    digits, _, _ = reading.lines[obis].groups[0].partition("*")
    whole, _, decimals = digits.partition(".")
    return float(reading.resolution(obis)) * 10.0 ** (len(whole) + len(decimals))


def p1_sum(
    ports: Ports, readings: Iterable[Reading], terms: Sequence[tuple[str, int]], what: str
) -> list[Sample]:
    """Return the sum of objects, each with its sign, of the telegrams that show them all."""
    found = []
    for reading in readings:
        parts = [(reading.quantity(obis), sign, obis) for obis, sign in terms]
        values = [float(value) * sign for value, sign, _ in parts if value is not None]
        if len(values) == len(parts):
            resolution = sum(float(reading.resolution(obis)) for _, _, obis in parts)
            found.append(_of(ports, reading, terms[0][0], sum(values), resolution, what))
    return found


def _of(
    ports: Ports, reading: Reading, obis: str, value: float, resolution: float, what: str = ""
) -> Sample:
    at_ns = reading.seen.frame.at_ns
    return Sample(
        f"P1 {what or obis}", value, resolution, at_ns, at_ns, ports.place_p1(reading, obis)
    )


# -- WAN


@dataclass(slots=True)
class Registers:
    """Registers read over an association; units and scalers are read once each."""

    ports: Ports
    aa: Association
    _scales: dict[str, tuple[int, int, int] | None] = field(default_factory=dict)

    def sample(self, code: str) -> Sample | None:
        """Return what a register or extended register shows in its unit, None if there is none."""
        scale = self._scale(code)
        if scale is None:
            return None
        class_id, scaler, _unit = scale
        answer = self.aa.get(class_id, LogicalName.parse(code), _VALUE)
        if not isinstance(answer.value, int | float):
            return None
        return Sample(
            f"COSEM {code}",
            float(answer.value) * 10.0**scaler,
            10.0**scaler,
            answer.replies[0].sent_ns,
            answer.last.until_ns,
            self.ports.place_wan(answer),
        )

    def unit(self, code: str) -> int | None:
        """Return the number of a register's unit, None if there is none."""
        scale = self._scale(code)
        return None if scale is None else scale[2]

    def class_of(self, code: str) -> int | None:
        """Return the class under which a register is found, None if there is none."""
        scale = self._scale(code)
        return None if scale is None else scale[0]

    def _scale(self, code: str) -> tuple[int, int, int] | None:
        if code not in self._scales:
            self._scales[code] = self._read_scale(code)
        return self._scales[code]

    def _read_scale(self, code: str) -> tuple[int, int, int] | None:
        for class_id in (_REGISTER, _EXTENDED):
            answer = self.aa.get(class_id, LogicalName.parse(code), _SCALER_UNIT)
            shown = answer.value
            if isinstance(shown, tuple) and len(shown) == 2:
                scaler, unit = shown
                if isinstance(scaler, int) and isinstance(unit, int) and abs(scaler) <= 12:
                    return class_id, scaler, unit
        return None


# -- S1


def s1_samples(
    ports: Ports,
    capture: Capture,
    what: str,
    channels: Sequence[str],
    compute: Callable[[Columns], float],
) -> list[Sample]:
    """Return a quantity of each second of a capture, computed from (channels, n)."""
    rate = capture.announced_hz
    if not rate or not len(capture.sequence):
        return []
    window = round(rate)
    good = np.flatnonzero(capture.flag("samples_ok"))
    columns: Columns = np.array([capture.samples(name) for name in channels])
    arrived = capture.arrived_ns(capture.offsets)
    found = []
    for first in range(0, len(good) - window + 1, window):
        rows = good[first : first + window]
        value = compute(columns[:, rows])
        place = ports.place_s1(capture, int(rows[0])) if first == 0 else None
        begin, end = int(arrived[rows[0]]), int(arrived[rows[-1]])
        found.append(Sample(f"S1 {what}", value, 0.0, begin, end, place))
    return found


def s1_power(ports: Ports, capture: Capture) -> list[Sample]:
    """Return the active power of each second, in W: the mean of v times i over all phases."""
    return s1_samples(ports, capture, "mean of v x i", _VOLTS + _AMPERES, _power)


def s1_rms(ports: Ports, capture: Capture, channel: str) -> list[Sample]:
    """Return the effective value of a channel in each second, in V or A."""
    one = next(c for c in capture.profile.channels if c.id == channel)
    found = s1_samples(ports, capture, f"rms of {channel}", [channel], _rms)
    return [
        Sample(s.what, s.value, float(one.scale), s.from_ns, s.until_ns, s.place) for s in found
    ]


def _power(columns: Columns) -> float:
    phases = len(_VOLTS)
    return float(np.mean(np.sum(columns[:phases] * columns[phases:], axis=0)))


def _rms(columns: Columns) -> float:
    return float(np.sqrt(np.mean(np.square(columns))))
