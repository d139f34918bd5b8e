"""Reads recordings of mains quantities: CSV, WAV, COMTRADE, NumPy archives, parquet.

Each reader returns a rate in Hz and columns by the names that they have in the file, in V and A.
UsageError says what a file lacks.
"""

import csv
import importlib
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.core.errors import UsageError

Columns = dict[str, NDArray[np.float64]]
_TIMES = ("t", "time", "timestamp", "seconds")
_RATES = ("rate_hz", "rate", "sample_rate", "samplerate", "sampling_rate")
_WAV_CHANNELS = {
    1: ("V1",),
    2: ("V1", "I1"),
    3: ("V1", "V2", "V3"),
    6: ("V1", "I1", "V2", "I2", "V3", "I3"),
    7: ("V1", "I1", "V2", "I2", "V3", "I3", "IN"),
}


def read_csv(path: Path) -> tuple[float, Columns]:
    """Read columns under a line of names; the rate is that of the column `t` in seconds.

    Without such a column a line `# rate_hz = 2600` before says it. Commas or semicolons part them.
    """
    rate = 0.0
    lines = path.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    rows = []
    for line in lines:
        if line.startswith("#"):
            name, _, value = line[1:].replace(":", "=").partition("=")
            if name.strip().lower() in _RATES:
                rate = _number(path, value)
        elif line.strip():
            rows.append(line)
    delimiter = ";" if rows and ";" in rows[0] else ","
    table = list(csv.reader(rows, delimiter=delimiter))
    if len(table) < 3:
        raise UsageError(f"{path}: a line of names and samples under it are missing")
    names = [name.strip() for name in table[0]]
    try:
        values = np.array([row[: len(names)] for row in table[1:]], np.float64)
    except ValueError as error:
        raise UsageError(f"{path}: not all that stands under the names is a number: {error}") from (
            None
        )
    return _timed(path, dict(zip(names, values.T, strict=True)), rate)


def read_npz(path: Path) -> tuple[float, Columns]:
    """Read a NumPy archive: an array per channel, and the scalar `rate_hz`."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            found = {name: np.asarray(archive[name]) for name in archive.files}
    except (ValueError, OSError, KeyError) as error:
        raise UsageError(f"{path} is no NumPy archive of plain arrays: {error}") from None
    rate = 0.0
    columns: Columns = {}
    for name, array in found.items():
        if name.lower() in _RATES and array.ndim == 0:
            rate = float(array)
        elif array.ndim == 1 and np.issubdtype(array.dtype, np.number):
            columns[name] = array.astype(np.float64)
    return _timed(path, columns, rate)


def read_wav(path: Path, volts: float, amperes: float) -> tuple[float, Columns]:
    """Read PCM of 16, 24 or 32 bits, whose full scale is `volts` or `amperes`."""
    try:
        with wave.open(str(path), "rb") as file:
            count, width = file.getnchannels(), file.getsampwidth()
            rate, octets = float(file.getframerate()), file.readframes(file.getnframes())
    except (wave.Error, EOFError, OSError) as error:
        raise UsageError(f"{path} is no WAV file of plain PCM: {error}") from None
    if count not in _WAV_CHANNELS or width not in (2, 3, 4):
        known = ", ".join(str(one) for one in _WAV_CHANNELS)
        raise UsageError(
            f"{path} has {count} channels of {8 * width} bits; there can be {known} of 16, 24 or 32"
        )
    samples = _pcm(octets, width).reshape(-1, count) / float(1 << (8 * width - 1))
    scales = [volts if name[0] == "V" else amperes for name in _WAV_CHANNELS[count]]
    return rate, {
        name: samples[:, column] * scales[column]
        for column, name in enumerate(_WAV_CHANNELS[count])
    }


def read_parquet(path: Path) -> tuple[float, Columns]:
    """Read a parquet file; only where the library pyarrow is installed."""
    try:
        parquet = importlib.import_module("pyarrow.parquet")
    except ModuleNotFoundError:
        raise UsageError(
            f"{path}: parquet needs a library that is no part of meterbench; "
            "install it with `pip install pyarrow`, or convert the file to .npz or .csv"
        ) from None
    try:
        table = parquet.read_table(path)
    except (ValueError, OSError) as error:
        raise UsageError(f"{path} is no parquet file: {error}") from None
    rate = 0.0
    for key, value in (table.schema.metadata or {}).items():
        if key.decode("utf-8", "replace").lower() in _RATES:
            rate = _number(path, value.decode("utf-8", "replace"))
    columns: Columns = {}
    for name in table.column_names:
        column = table.column(name).to_numpy()
        if np.issubdtype(column.dtype, np.datetime64):
            column = column.astype("datetime64[ns]").astype(np.int64) / 1e9
        if np.issubdtype(column.dtype, np.number):
            columns[name] = column.astype(np.float64)
    return _timed(path, columns, rate)


def _pcm(octets: bytes, width: int) -> NDArray[np.float64]:
    """Return signed little-endian samples."""
    if width != 3:
        return np.frombuffer(octets, f"<i{width}").astype(np.float64)
    whole = len(octets) // 3
    padded = np.zeros((whole, 4), np.uint8)
    padded[:, 1:] = np.frombuffer(octets, np.uint8, whole * 3).reshape(whole, 3)
    return (padded.view("<i4")[:, 0] >> 8).astype(np.float64)


def _timed(path: Path, columns: Columns, rate: float) -> tuple[float, Columns]:
    """Take the column of time out; the rate comes from it where nothing else says it."""
    for name in list(columns):
        if name.lower().partition("_")[0] in _TIMES:
            times = columns.pop(name)
            unit = 1e-9 if name.lower().endswith("_ns") else 1.0
            unit = 1e-6 if name.lower().endswith("_us") else unit
            if not rate and len(times) > 1 and times[-1] > times[0]:
                rate = (len(times) - 1) / ((times[-1] - times[0]) * unit)
    if rate <= 0:
        raise UsageError(f"{path}: neither a column t in seconds nor rate_hz says how fast it is")
    return rate, columns


def _number(path: Path, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"{path}: rate {text.strip()!r} is no number") from None


#: by how the name ends
READERS: dict[str, Callable[[Path], tuple[float, Columns]]] = {
    ".csv": read_csv,
    ".npz": read_npz,
    ".parquet": read_parquet,
}
