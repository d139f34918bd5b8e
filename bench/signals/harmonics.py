"""Harmonics by groups on windows of ten periods (IEC 61000-4-7 §5.5, 50 Hz systems).

A window of exactly ten periods has spectral lines every tenth of the fundamental. Samples that are
not taken in step with the mains are first brought onto such a window by band-limited interpolation.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bench.signals.quantities import Samples

PERIODS = 10
_LOBES = 32  # of the interpolating kernel, on either side
_KAISER = 9.0  # side lobes below -90 dB


@dataclass(frozen=True)
class Spectrum:
    """Effective values of the lines of one window or of several, combined by their squares.

    `lines` has shape (m,); line k lies at k/10 of the fundamental.
    """

    lines: NDArray[np.float64]
    frequency_hz: float

    @property
    def highest(self) -> int:
        """The highest harmonic whose whole group is below half the sampling rate."""
        return (len(self.lines) - 1 - PERIODS // 2) // PERIODS

    @cached_property
    def groups(self) -> NDArray[np.float64]:
        """The harmonic groups, by order; those of order 0 and above the highest are not there.

        A group takes the lines around its harmonic, the outermost at half their power.
        """
        return self._grouped(PERIODS // 2)

    @cached_property
    def subgroups(self) -> NDArray[np.float64]:
        """The harmonic subgroups, by order: each harmonic's line with its two neighbours."""
        return self._grouped(1, halves=False)

    def _grouped(self, reach: int, *, halves: bool = True) -> NDArray[np.float64]:
        squares = np.square(self.lines)
        found = np.zeros(self.highest + 1)
        for order in range(1, self.highest + 1):
            centre = order * PERIODS
            around = squares[centre - reach : centre + reach + 1].copy()
            if halves:
                around[[0, -1]] /= 2
            found[order] = np.sqrt(np.sum(around))
        return found

    def thd(self, highest: int | None = None) -> float:
        """Return the total harmonic distortion: the groups up to `highest` over the first one."""
        groups = self.groups[: (highest or self.highest) + 1]
        return float(np.sqrt(np.sum(np.square(groups[2:])))) / float(groups[1] or np.nan)

    def share(self, order: int) -> float:
        """Return one harmonic's subgroup over the fundamental's."""
        return float(self.subgroups[order] / (self.subgroups[1] or np.nan))


def spectrum(samples: Samples, rate_hz: float, frequency_hz: float) -> Spectrum | None:
    """Return the spectrum of all whole ten-period windows; None where there is not one of them."""
    span = PERIODS * rate_hz / frequency_hz  # samples in a window, seldom a whole number
    length = 2 * int(np.ceil(span / 2))
    first = _LOBES  # the kernel needs samples on both sides
    count = int((len(samples) - 2 * _LOBES) / span)
    if count < 1:
        return None
    places = first + np.arange(count * length, dtype=np.float64) * (span / length)
    windows = _interpolated(samples, places).reshape(count, length)
    lines = np.abs(np.fft.rfft(windows, axis=1)) / length * np.sqrt(2)
    lines[:, 0] /= np.sqrt(2)
    combined: NDArray[np.float64] = np.sqrt(np.mean(np.square(lines), axis=0))
    return Spectrum(combined, frequency_hz)


def _interpolated(samples: Samples, places: Samples) -> Samples:
    """Return the signal between its samples, by a Kaiser-windowed sinc."""
    whole = np.floor(places).astype(np.int64)
    if np.array_equal(whole, places):
        return samples[whole]
    fraction = places - whole
    offsets = np.arange(-_LOBES + 1, _LOBES + 1)
    distance = fraction[:, None] - offsets[None, :]
    shape = np.sqrt(np.clip(1 - np.square(distance / _LOBES), 0, None))
    kernel = np.sinc(distance) * np.i0(_KAISER * shape) / np.i0(_KAISER)
    kernel /= kernel.sum(axis=1, keepdims=True)
    values: Samples = np.einsum("nk,nk->n", samples[whole[:, None] + offsets[None, :]], kernel)
    return values
