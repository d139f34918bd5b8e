"""Reads COMTRADE recordings (IEEE C37.111-1999/2013, IEC 60255-24): a .cfg file and its .dat."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.core.errors import UsageError
from bench.simulator.recording_formats import Columns

_UNITS = {"v": 1.0, "kv": 1e3, "mv": 1e-3, "a": 1.0, "ka": 1e3, "ma": 1e-3}
_WIDTHS = {"BINARY": "<i2", "BINARY32": "<i4", "FLOAT32": "<f4"}


@dataclass(frozen=True, slots=True)
class _Analog:
    """A channel: value = (a x + b) in V or A."""

    name: str
    a: float
    b: float


@dataclass(frozen=True, slots=True)
class _Layout:
    analogs: tuple[_Analog, ...]
    digitals: int
    rate: float  # 0: the time stamps say it
    kind: str
    time_us: float  # one step of a time stamp


def read_comtrade(path: Path) -> tuple[float, Columns]:
    """Return rate and analogue channels, on the primary side; `path` may be either file.

    UsageError for files that are not what they should be, or of several rates.
    """
    settings, data = path.with_suffix(".cfg"), path.with_suffix(".dat")
    for one in (settings, data):
        if not one.is_file():
            raise UsageError(f"{path}: a COMTRADE recording is two files, {one.name} is missing")
    try:
        layout = _layout(settings)
        stamps, values = _samples(data, layout)
    except (ValueError, IndexError) as error:
        raise UsageError(f"{settings} and its data are no COMTRADE recording: {error}") from None
    rate = layout.rate
    if not rate:
        span = (int(stamps[-1]) - int(stamps[0])) * layout.time_us / 1e6 if len(stamps) > 1 else 0
        if span <= 0:
            raise UsageError(f"{settings}: neither it nor the time stamps say the rate")
        rate = (len(stamps) - 1) / span
    columns: Columns = {}
    for column, analog in enumerate(layout.analogs):
        columns[analog.name] = values[:, column] * analog.a + analog.b
    return rate, columns


def _layout(path: Path) -> _Layout:
    lines = path.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    rows = [[part.strip() for part in line.split(",")] for line in lines]
    analogs, digitals = int(rows[1][1].rstrip("Aa")), int(rows[1][2].rstrip("Dd"))
    rates_at = 3 + analogs + digitals
    rates = int(rows[rates_at][0])
    if rates > 1:
        raise ValueError("it has several rates; write it out with one")
    rate = float(rows[rates_at + 1][0])
    kind_at = rates_at + 1 + max(rates, 1) + 2
    time_us = float(rows[kind_at + 1][0]) if len(rows) > kind_at + 1 and rows[kind_at + 1][0] else 1
    return _Layout(
        tuple(_analog(row) for row in rows[2 : 2 + analogs]),
        digitals,
        rate,
        rows[kind_at][0].upper(),
        time_us,
    )


def _analog(row: list[str]) -> _Analog:
    unit = _UNITS.get(row[4].lower(), 1.0)
    ratio = 1.0
    if len(row) > 12 and row[12].upper() == "S" and float(row[11]):
        ratio = float(row[10]) / float(row[11])
    name = row[1]
    if row[2] and row[4]:  # phase and unit say it more surely than the maker's name
        kind = "V" if row[4].lower().endswith("v") else "I"
        name = f"{kind}{row[2].upper().removeprefix('L')}"
    return _Analog(name, float(row[5]) * unit * ratio, float(row[6]) * unit * ratio)


def _samples(path: Path, layout: _Layout) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return time stamps, shape (n,), and the numbers of the analogue channels, shape (n, m)."""
    count = len(layout.analogs)
    if layout.kind == "ASCII":
        table = np.loadtxt(path, np.float64, delimiter=",", ndmin=2)
        return table[:, 1].astype(np.int64), table[:, 2 : 2 + count]
    if layout.kind not in _WIDTHS:
        raise ValueError(f"{layout.kind} is none of ASCII, {', '.join(_WIDTHS)}")
    row = np.dtype(
        [
            ("number", "<u4"),
            ("stamp", "<u4"),
            ("analog", _WIDTHS[layout.kind], (count,)),
            ("digital", "<u2", (-(-layout.digitals // 16),)),
        ]
    )
    octets = path.read_bytes()
    rows = np.frombuffer(octets, row, len(octets) // row.itemsize)
    return rows["stamp"].astype(np.int64), rows["analog"].astype(np.float64)
