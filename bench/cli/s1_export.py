"""What `meterbench decode s1 --samples FILE` writes, and what it says of it."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import IO

import click
import numpy as np

from bench.cli.s1_figures import Figures, gathered
from bench.cli.s1_summary import sequence_of
from bench.core.errors import UsageError
from bench.protocols.s1.bulk import Block
from bench.protocols.s1.profile import Profile
from bench.protocols.s1.reading import Stream
from bench.signals.export import (
    Samples,
    Written,
    as_comtrade,
    as_npz,
    as_parquet,
    as_wav,
    csv_lines,
)

_SCALED = re.compile(r"^(.*\.wav)@([0-9.]+)(?:,([0-9.]+))?$", re.IGNORECASE)
_ENDINGS = (".csv", ".npz", ".parquet", ".wav", ".cfg")
_AMPERES = 100.0  # as where a WAV file is read


def write_samples(stream: Stream, file: str) -> None:
    """Write the samples of all good frames to `file`; say on standard error what was written.

    "mains.wav@400,50" has 400 V and 50 A at full scale. UsageError for a name that ends otherwise,
    a file that is there already, a stream without a good frame.
    """
    scaled = _SCALED.match(file)
    path = Path(scaled[1] if scaled else file)
    ending = path.suffix.lower()
    if ending not in _ENDINGS:
        raise UsageError(f"--samples {file}: the name ends in one of {', '.join(_ENDINGS)}")
    for one in (path, *((path.with_suffix(".dat"),) if ending == ".cfg" else ())):
        if one.exists():
            raise UsageError(f"{one} exists already; choose another name")
    samples = samples_of(stream.blocks, stream.profile)
    if ending == ".csv":
        _put(path, (line.encode() for line in csv_lines(samples)))
        written = Written({".csv": b""})
    else:
        written = _made(samples, ending, scaled, path)
        for suffix, octets in written.files.items():
            _put(path if suffix == ending else path.with_suffix(suffix), [octets])
    _tell(samples, written, path)


def samples_of(blocks: Iterable[Block], profile: Profile) -> Samples:
    """Return the samples of blocks, of the channels that the meter measures.

    UsageError where there are none, or where nothing says how fast they were taken.
    """
    figures, sequence = Figures(profile), sequence_of(profile)
    kept = [block for block in gathered(blocks) if block.complete]
    if not kept:
        raise UsageError("there is no good frame, so there are no samples to write")
    places, numbers, last = [], [], -1
    for block in kept:
        figures.add(block)
        steps = sequence.add(block.sequence, block.offsets)
        places.append(last + np.cumsum(steps))
        numbers.append(block.sequence)
        last = int(places[-1][-1])
    if not figures.rate_hz:
        raise UsageError("the frames announce no sampling rate that the profile has a rule for")
    frequency = figures.frequency_hz
    wanted = [
        one for one in profile.channels if one.measured(figures.flags) or figures.peak(one.id) > 0
    ]
    info = profile.fields[profile.version_field]
    bit = info.bits.get("samples_ok")
    valid = [
        np.ones(len(block), np.bool_) if bit is None else block.number(info.name) >> bit & 1 == 1
        for block in kept
    ]
    return Samples(
        figures.rate_hz,
        0.0 if frequency is None else frequency[1],
        {one.id: np.concatenate([block.codes(one.id) for block in kept]) for one in wanted},
        {one.id: float(one.scale) for one in wanted},
        np.concatenate(places),
        np.concatenate(numbers),
        np.concatenate(valid),
    )


def _made(samples: Samples, ending: str, scaled: "re.Match[str] | None", path: Path) -> Written:
    if ending == ".npz":
        return as_npz(samples)
    if ending == ".parquet":
        return as_parquet(samples)
    if ending == ".cfg":
        return as_comtrade(samples, path.stem)
    if scaled is None:
        return as_wav(samples)
    try:
        volts, amperes = float(scaled[2]), float(scaled[3] or _AMPERES)
    except ValueError:
        volts = amperes = 0.0
    if not volts or not amperes:
        raise UsageError(f"--samples {scaled[0]}: write {path}@400,50 for 400 V, 50 A full scale")
    return as_wav(samples, volts, amperes)


def _put(path: Path, pieces: Iterable[bytes]) -> None:
    try:
        with path.open("xb") as file:
            _write(file, pieces)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from None


def _write(file: IO[bytes], pieces: Iterable[bytes]) -> None:
    for octets in pieces:
        file.write(octets)


def _tell(samples: Samples, written: Written, path: Path) -> None:
    names = ", ".join(samples.codes)
    click.echo(
        f"wrote {path}: {_sets(len(samples))} of {names}, {samples.rate_hz:.3f} Hz", err=True
    )
    if written.scale:
        click.echo(f"  read it as {path}@{written.scale}: V and A at full scale", err=True)
    warnings = list(written.losses)
    if samples.missing:
        how = {
            ".wav": "; the file joins what is before and behind",
            ".cfg": "; the time stamps leave room",
            ".csv": "; t_s and sample_index leave room",
        }.get(path.suffix.lower(), "; sample_index leaves room")
        warnings.insert(0, f"missing: {_sets(samples.missing)}{how}")
    invalid = int(np.count_nonzero(~samples.valid))
    if invalid:
        warnings.append(f"marked as not valid: {_sets(invalid)}")
    for warning in warnings:
        click.secho(f"  warning: {warning}", fg="yellow", err=True)


def _sets(count: int) -> str:
    return f"{count} sample set{'s' * (count != 1)}"
