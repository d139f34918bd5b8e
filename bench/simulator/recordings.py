"""Recordings of real mains in place of the household's waveforms, played over and over.

A recording is cut to whole periods, so that it goes on where it began. What lies beyond half the
rate at which a meter samples is taken out, as the filter before its converters does.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.core.clock import SECOND
from bench.core.errors import UsageError
from bench.signals.fundamental import frequency_hz, phasor
from bench.simulator.comtrade import read_comtrade
from bench.simulator.load import PhasePower, Power
from bench.simulator.mains import Stretch
from bench.simulator.presets import household
from bench.simulator.recording_formats import READERS, Columns, read_wav
from bench.simulator.waveforms import PHASES, Instants, Waves

_FIRST_PHASE = ("V1", "I1", "IN")
CHANNELS = ("V1", "I1", "V2", "I2", "V3", "I3", "IN")
_PASSED_HZ = 1000.0  # as many as a meter of 2000 samples a second can show
_NAME = re.compile(
    r"^([uvi])[\s_-]?(?:l[\s_-]?)?([123](?![0-9])|[abcn](?![0-9a-z]))", re.IGNORECASE
)
_PHASES = {"A": "1", "B": "2", "C": "3"}
_SCALE = re.compile(r"^(.*\.wav)@([0-9.]+)(?:,([0-9.]+))?$", re.IGNORECASE)
_FINE_HZ = 50_000  # straight lines between samples as near as these are near enough
_MOST_SAMPLES = 4_000_000
_AMPERES = 100.0  # full scale of a WAV file's currents where only that of voltages is told


@dataclass(frozen=True)
class Recording:
    """Whole periods of mains: samples by channel in V and A, shape (n,), at `rate_hz`."""

    rate_hz: float
    channels: Mapping[str, NDArray[np.float64]]
    frequency_hz: float
    periods: int

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.periods / self.frequency_hz


def load_recording(file: str) -> Recording:
    """Return a recording cut to whole periods of its first voltage.

    A WAV file does not know its scale: "mains.wav@400,50" has 400 V and 50 A at full scale.
    UsageError for a file that cannot be read or holds no mains voltage.
    """
    rate, columns = _read(file)
    channels = _named(file, columns)
    volts = channels["V1"]
    if not all(np.isfinite(one).all() for one in channels.values()):
        raise UsageError(f"{file} has samples that are no numbers")
    found = frequency_hz(volts, rate)
    periods = 0 if found is None else int(len(volts) * found / rate)
    if found is None or periods < 2:
        raise UsageError(f"{file}: V1 shows no mains frequency near 50 Hz for two periods")
    length = _whole(volts, rate, found, periods)
    cut = {name: one[:length] for name, one in channels.items()}
    return Recording(rate, cut, periods * rate / length, periods)


def replayed(file: str, home: str = "") -> "RecordingSource":
    """Return a recording as what a meter is connected to; UsageError as `load_recording`.

    A household with one phase has the first phase of the recording alone.
    """
    recording = load_recording(file)
    if home and household(home, 0).phases == 1:
        first = {n: one for n, one in recording.channels.items() if n in _FIRST_PHASE}
        recording = replace(recording, channels=first)
    return RecordingSource(recording)


class RecordingSource:
    """A recording played over and over, sampled at any instants; phases without one are dead."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        count = len(recording.channels["V1"])
        self._period_ns = count * SECOND / recording.rate_hz
        finer = max(1, min(round(_FINE_HZ / recording.rate_hz), _MOST_SAMPLES // count))
        present = {
            name: _filtered(one, recording.rate_hz, finer)
            for name, one in recording.channels.items()
        }
        self._rate_hz = recording.rate_hz * finer
        self._table = np.zeros((count * finer, len(CHANNELS)))
        for column, name in enumerate(CHANNELS):
            if name in present:
                self._table[:, column] = present[name]
        if "IN" not in present:
            self._table[:, -1] = self._table[:, 1:6:2].sum(axis=1)
        self._frequency_mhz = round(recording.frequency_hz * 1000)
        self._power = _power(recording, self._frequency_mhz)

    @property
    def home(self) -> str:
        """The household whose meter would have recorded this."""
        return "be" if {"V2", "V3"} & set(self.recording.channels) else "be-one-phase"

    def stretch(self, instant: int) -> Stretch:
        """Return the second around an instant; the phase is that of a steady frequency."""
        start = instant // SECOND * SECOND
        return Stretch(start, start + SECOND, start * self._frequency_mhz, self._power)

    def waves(self, volts_ns: Instants, amperes_ns: Instants) -> Waves:
        """Return samples between those of the recording, on straight lines."""
        volts = self._at(volts_ns)
        amperes = volts if amperes_ns is volts_ns else self._at(amperes_ns)
        return Waves(volts[:, 0:6:2], amperes[:, 1:6:2], amperes[:, 6])

    def _at(self, instants: Instants) -> NDArray[np.float64]:
        places = (instants % self._period_ns) * (self._rate_hz / SECOND)
        whole = np.floor(places).astype(np.int64) % len(self._table)
        share = (places - np.floor(places))[:, None]
        following = (whole + 1) % len(self._table)
        values: NDArray[np.float64] = (
            self._table[whole] * (1 - share) + self._table[following] * share
        )
        return values


def _read(file: str) -> tuple[float, Columns]:
    scaled = _SCALE.match(file)
    path = Path(scaled[1] if scaled else file)
    if not path.is_file():
        raise UsageError(f"no recording {str(path)!r}")
    ending = path.suffix.lower()
    if ending == ".wav":
        if not scaled:
            raise UsageError(
                f"{file}: a WAV file does not say its scale; write {file}@400 where full scale is "
                f"400 V, or {file}@400,50 where it is 50 A besides"
            )
        return read_wav(path, float(scaled[2]), float(scaled[3] or _AMPERES))
    if ending in (".cfg", ".dat"):
        return read_comtrade(path)
    if ending not in READERS:
        known = ", ".join((*READERS, ".wav", ".cfg"))
        raise UsageError(f"{file}: recordings end in one of {known}")
    return READERS[ending](path)


def _named(file: str, columns: Columns) -> Columns:
    """Return the columns that are channels of S1, by the names that they have there."""
    found: Columns = {}
    for name, values in columns.items():
        match = _NAME.match(name)
        if match:
            kind = "I" if match[1].upper() == "I" else "V"
            phase = match[2].upper()
            found.setdefault(kind + _PHASES.get(phase, phase), values)
        elif name.lower() in ("u", "v", "voltage", "volt", "volts"):
            found.setdefault("V1", values)
        elif name.lower() in ("i", "current", "ampere", "amperes"):
            found.setdefault("I1", values)
    found = {name: found[name] for name in CHANNELS if name in found}
    if "V1" not in found:
        given = ", ".join(columns) or "nothing"
        raise UsageError(f"{file} has no voltage of phase 1 (V1, u1 ...); it has {given}")
    return found


def _whole(volts: NDArray[np.float64], rate: float, frequency: float, periods: int) -> int:
    """Return how many samples come nearest to whole periods: the phase goes on at the seam."""
    length = round(periods * rate / frequency)
    window = round(2 * rate / frequency)
    if length + window > len(volts):
        return min(length, len(volts))
    begin = phasor(volts[:window], rate, frequency)
    again = phasor(volts[length : length + window], rate, frequency)
    late = float(np.angle(again / begin)) / (2 * np.pi) * rate / frequency
    return min(max(length - round(late), 1), len(volts))


def _filtered(samples: NDArray[np.float64], rate: float, finer: int) -> NDArray[np.float64]:
    """Return `finer` times as many samples, without what is above the band that a meter passes."""
    spectrum = np.fft.rfft(samples)
    frequencies = np.arange(len(spectrum)) * rate / len(samples)
    edge = np.clip((1.2 * _PASSED_HZ - frequencies) / (0.2 * _PASSED_HZ), 0, 1)
    passed: NDArray[np.float64] = np.fft.irfft(spectrum * edge, len(samples) * finer) * finer
    return passed


def _power(recording: Recording, frequency_mhz: int) -> Power:
    """Return what the recording amounts to."""
    zero = np.zeros(1)
    phases = []
    for phase in "123"[:PHASES]:
        volts = recording.channels.get(f"V{phase}", zero)
        amperes = recording.channels.get(f"I{phase}", zero)
        active = float(np.mean(volts * amperes)) if len(volts) == len(amperes) else 0.0
        effective = [float(np.sqrt(np.mean(one * one))) for one in (volts, amperes)]
        milli = [round(value * 1000) for value in (*effective, active)]
        phases.append(PhasePower(milli[0], milli[1], milli[2], 0))
    return Power(tuple(phases), frequency_mhz)
