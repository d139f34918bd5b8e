"""Writes samples as files that other programs read: CSV, NumPy archive, parquet, WAV, COMTRADE.

Nothing is written here: the functions give the octets of the files. Values are in V and A; each
channel has the step in which they were sent, so that no format loses more than it must.
"""

import importlib
import io
import math
import wave
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.core.errors import UsageError

_ROWS = 1 << 14  # lines of text that are made at once
_WAV_CHANNELS = {
    1: ("V1",),
    2: ("V1", "I1"),
    3: ("V1", "V2", "V3"),
    6: ("V1", "I1", "V2", "I2", "V3", "I3"),
    7: ("V1", "I1", "V2", "I2", "V3", "I3", "IN"),
}
_WAV_BITS = 24
_HIGHEST = 32767  # of a sample in binary COMTRADE; -32768 says that there is none
_STAMP_LIMIT = 1 << 32
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Samples:
    """Sample sets at equal distances, some of which may be missing.

    `codes` are whole numbers by channel, shape (n,), which `steps` turn into V and A. `places`
    counts the sets, missing ones included, from 0; `sequence` and `valid` are as they were sent.
    """

    rate_hz: float
    frequency_hz: float
    codes: Mapping[str, NDArray[np.int64]]
    steps: Mapping[str, float]
    places: NDArray[np.int64]
    sequence: NDArray[np.int64]
    valid: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.places)

    @property
    def missing(self) -> int:
        """How many sample sets are missing between the first and the last one."""
        steps = np.diff(self.places)
        return int(np.sum(steps[steps > 1] - 1))

    def values(self, channel: str) -> NDArray[np.float64]:
        """Return a channel in V or A, shape (n,)."""
        # dividing by whole steps per unit gives the nearest number, as few digits as were sent
        codes = self.codes[channel].astype(np.float64)
        per_unit = 1 / self.steps[channel]
        whole = abs(per_unit - round(per_unit)) < 1e-9
        values: NDArray[np.float64] = (
            codes / round(per_unit) if whole else codes * self.steps[channel]
        )
        return values


@dataclass(frozen=True, slots=True)
class Written:
    """The octets of a file, by the ending of its name, and what had to be given up in it."""

    files: Mapping[str, bytes]
    losses: tuple[str, ...] = ()
    scale: str = ""


def csv_lines(samples: Samples) -> Iterator[str]:
    """Yield a CSV file in pieces: the rate, a line of names, a line for each sample set.

    `t_s` counts from the first set at the nominal rate, missing sets included.
    """
    names = list(samples.codes)
    yield f"# rate_hz = {samples.rate_hz!r}\n"
    yield ",".join(["t_s", "sample_index", "sequence", "samples_ok", *names]) + "\n"
    columns = [samples.values(name) for name in names]
    for at in range(0, len(samples), _ROWS):
        part = slice(at, at + _ROWS)
        places = samples.places[part]
        rows = zip(
            (f"{t:.7f}" for t in (places / samples.rate_hz).tolist()),
            map(str, places.tolist()),
            map(str, samples.sequence[part].tolist()),
            map(str, samples.valid[part].astype(int).tolist()),
            *(map(repr, column[part].tolist()) for column in columns),
            strict=True,
        )
        yield "".join(",".join(row) + "\n" for row in rows)


def as_npz(samples: Samples) -> Written:
    """Return a NumPy archive: an array for each channel, and the scalar `rate_hz`."""
    arrays: dict[str, Any] = _columns(samples)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, rate_hz=np.float64(samples.rate_hz), **arrays)
    return Written({".npz": buffer.getvalue()})


def as_parquet(samples: Samples) -> Written:
    """Return a parquet file; UsageError where the library pyarrow is not installed."""
    try:
        arrow = importlib.import_module("pyarrow")
        parquet = importlib.import_module("pyarrow.parquet")
    except ModuleNotFoundError:
        raise UsageError(
            "parquet needs the library pyarrow, which is no part of meterbench: install it with "
            "`pip install pyarrow`, or write .npz or .csv"
        ) from None
    table = arrow.table(_columns(samples), metadata={"rate_hz": repr(samples.rate_hz)})
    buffer = io.BytesIO()
    parquet.write_table(table, buffer)
    return Written({".parquet": buffer.getvalue()})


def _columns(samples: Samples) -> dict[str, NDArray[Any]]:
    return {
        "sample_index": samples.places,
        "sequence": samples.sequence,
        "samples_ok": samples.valid.astype(np.int64),
        **{name: samples.values(name) for name in samples.codes},
    }


def as_wav(samples: Samples, volts: float = 0.0, amperes: float = 0.0) -> Written:
    """Return PCM of 24 bits whose full scale is `volts` and `amperes`.

    0 takes the range of the channels, where no step is lost. A WAV file has 1, 2, 3, 6 or 7
    channels and a whole number of samples a second; what does not fit is told in `losses`.
    """
    losses = []
    present = set(samples.codes)
    count = next((n for n, names in _WAV_CHANNELS.items() if present <= set(names)), 7)
    if present == {"V1", "I1", "IN"}:
        count = 2
        losses.append("a WAV file of one phase has no channel for the neutral: IN is left out")
    names = _WAV_CHANNELS[count]
    other = sorted(present - set(_WAV_CHANNELS[7]))
    if other:
        losses.append(f"a WAV file has no channel for {', '.join(other)}")
    full = {"V": volts or _range(samples, "V"), "I": amperes or _range(samples, "I")}
    limit = 1 << (_WAV_BITS - 1)
    pcm = np.zeros((len(samples), len(names)), np.int64)
    for column, name in enumerate(names):
        if name not in present:
            continue
        coded = np.rint(samples.values(name) / full[name[0]] * limit)
        beyond = int(np.count_nonzero((coded > limit - 1) | (coded < -limit)))
        if beyond:
            losses.append(f"{beyond} samples of {name} are beyond {full[name[0]]:g} and are cut")
        pcm[:, column] = np.clip(coded, -limit, limit - 1)
    rate = round(samples.rate_hz)
    if abs(rate - samples.rate_hz) > 1e-9:
        error = (rate / samples.rate_hz - 1) * 1e6
        losses.append(
            f"a WAV file has whole samples a second: {rate} in place of {samples.rate_hz:.3f} "
            f"({error:+.0f} ppm)"
        )
    octets = pcm.astype("<i4").reshape(-1, 1).view(np.uint8)[:, :3].tobytes()
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(len(names))
        file.setsampwidth(_WAV_BITS // 8)
        file.setframerate(rate)
        file.writeframes(octets)
    scale = f"{full['V']:.10g},{full['I']:.10g}"
    return Written({".wav": buffer.getvalue()}, tuple(losses), scale)


def _range(samples: Samples, kind: str) -> float:
    """Return a full scale that takes in all codes and on which they are whole steps."""
    steps = [step for name, step in samples.steps.items() if name.startswith(kind)]
    step = max(steps, default=1.0)
    # as a two's complement number of so many bits
    bits = max(
        (
            int(max(one.max(initial=0), -1 - one.min(initial=0))).bit_length()
            for name, one in samples.codes.items()
            if name.startswith(kind)
        ),
        default=0,
    )
    return step * (1 << max(15, bits))


def as_comtrade(samples: Samples, station: str = "S1") -> Written:
    """Return a recording of IEEE C37.111-1999 (IEC 60255-24), binary, as .cfg and .dat.

    Samples have 16 bits there: a channel of greater values has coarser steps, told in `losses`.
    """
    names, losses = list(samples.codes), []
    kind = [("number", "<u4"), ("stamp", "<u4"), ("analog", "<i2", (len(names),))]
    table = np.zeros(len(samples), np.dtype(kind))
    lines = [f"{_plain(station)},meterbench,1999", f"{len(names)},{len(names)}A,0D"]
    for column, name in enumerate(names):
        codes, step = samples.codes[name], samples.steps[name]
        coarser = max(1, math.ceil(int(np.abs(codes).max(initial=0)) / _HIGHEST))
        table["analog"][:, column] = np.rint(codes / coarser)
        unit = "V" if name.startswith("V") else "A"
        if coarser > 1:
            losses.append(f"{name} has steps of {step * coarser:g} {unit}, not {step:g}")
        low, high = -_HIGHEST, _HIGHEST
        phase = name[1:] if name[:1] in ("V", "I") else ""
        lines.append(
            f"{column + 1},{name},{phase},,{unit},{step * coarser:.12g},0,0,{low},{high},1,1,P"
        )
    stamps = np.rint(samples.places * (1e6 / samples.rate_hz))
    multiplier = 1
    while len(stamps) and stamps[-1] / multiplier >= _STAMP_LIMIT:
        multiplier *= 10
    table["number"] = np.arange(1, len(samples) + 1)
    table["stamp"] = np.rint(stamps / multiplier)
    began = f"{_EPOCH:%d/%m/%Y,%H:%M:%S}.000000"  # octets do not say when it was
    nominal = 60 if samples.frequency_hz > 55 else 50
    lines += [str(nominal), "1", f"{samples.rate_hz!r},{len(samples)}", began, began, "BINARY"]
    lines.append(str(multiplier))
    text = "\r\n".join(lines) + "\r\n"
    return Written({".cfg": text.encode(), ".dat": table.tobytes()}, tuple(losses))


def _plain(text: str) -> str:
    return "".join(c if c.isascii() and c.isalnum() else "_" for c in text)
