"""Recordings of mains as what a meter is connected to, in every form that can be read."""

import sys
import wave

import numpy as np
import pytest

from bench.core.clock import SECOND
from bench.core.errors import UsageError
from bench.protocols.s1.bulk import BulkCutter
from bench.signals.fundamental import frequency_hz
from bench.signals.harmonics import spectrum
from bench.signals.quantities import power_w, rms
from bench.simulator.ports.s1 import s1_port
from bench.simulator.recordings import load_recording, replayed

RATE = 5000
TIMES = np.arange(2 * RATE + 137) / RATE  # not a whole number of periods
VOLTS = 325 * np.cos(2 * np.pi * 49.9 * TIMES + 0.4) + 10 * np.cos(2 * np.pi * 5 * 49.9 * TIMES)
AMPERES = 10 * np.cos(2 * np.pi * 49.9 * TIMES + 0.4 - np.pi / 3)


def csv_file(folder):
    rows = [f"{t:.6f},{v:.4f},{i:.5f}" for t, v, i in zip(TIMES, VOLTS, AMPERES, strict=True)]
    (folder / "mains.csv").write_text("time_s,U1,I1\n" + "\n".join(rows))
    return str(folder / "mains.csv")


def semicolons_file(folder):
    rows = [f"{v:.4f};{i:.5f}" for v, i in zip(VOLTS, AMPERES, strict=True)]
    (folder / "m.CSV").write_text("# rate_hz: 5000\nV L1;I L1\n" + "\n".join(rows))
    return str(folder / "m.CSV")


def npz_file(folder):
    np.savez(folder / "mains.npz", u1_volt=VOLTS.astype("f4"), i1_amp=AMPERES, rate_hz=float(RATE))
    return str(folder / "mains.npz")


def wav_file(folder, width=2):
    full = 1 << (8 * width - 1)
    codes = np.rint(np.column_stack([VOLTS / 400, AMPERES / 50]) * full).astype("<i8")
    octets = codes.ravel().view(np.uint8).reshape(-1, 8)[:, :width]
    with wave.open(str(folder / "mains.wav"), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(width)
        file.setframerate(RATE)
        file.writeframes(octets.tobytes())
    return str(folder / "mains.wav@400,50")


def wav_24_file(folder):
    return wav_file(folder, 3)


def wav_32_file(folder):
    return wav_file(folder, 4)


def comtrade_file(folder, kind="ASCII", rates="1\n5000,10137", width="<i2"):
    (folder / "mains.cfg").write_text(
        "house,meter,1999\n3,2A,1D\n"
        "1,busbar,A,,kV,0.00002,0.0,0,-32767,32767,1,1,P\n"
        "2,feeder,A,,A,0.00001,0.05,0,-32767,32767,100,1,S\n"
        "1,trip,,,0\n50\n"
        f"{rates}\n01/01/2026,00:00:00.000000\n01/01/2026,00:00:00.000000\n{kind}\n1\n"
    )
    counts = np.column_stack([VOLTS / 0.02, (AMPERES - 5) / 0.001])
    stamps = np.rint(TIMES * 1e6).astype(np.int64)
    data = folder / "mains.dat"
    if kind == "ASCII":
        rows = [
            f"{n},{t},{v:.0f},{i:.0f},0"
            for n, (t, (v, i)) in enumerate(zip(stamps, counts, strict=True), 1)
        ]
        data.write_text("\n".join(rows))
    else:
        row = [("n", "<u4"), ("t", "<u4"), ("a", width, (2,)), ("d", "<u2")]
        table = np.zeros(len(TIMES), row)
        table["n"], table["t"] = np.arange(1, len(TIMES) + 1), stamps
        table["a"] = np.rint(counts)
        data.write_bytes(table.tobytes())
    return str(folder / "mains.cfg")


def comtrade_16_file(folder):
    comtrade_file(folder, "BINARY", "0\n0,10137")
    return str(folder / "mains.dat")


def comtrade_32_file(folder):
    return comtrade_file(folder, "BINARY32", width="<i4")


def comtrade_float_file(folder):
    return comtrade_file(folder, "FLOAT32", width="<f4")


FILES = (
    *(csv_file, semicolons_file, npz_file, wav_file, wav_24_file, wav_32_file),
    *(comtrade_file, comtrade_16_file, comtrade_32_file, comtrade_float_file),
)


@pytest.mark.parametrize("made", FILES)
def test_every_form_gives_the_same_recording(made, tmp_path):
    found = load_recording(made(tmp_path))
    assert found.rate_hz == pytest.approx(RATE, rel=1e-6)
    assert found.frequency_hz == pytest.approx(49.9, abs=0.01)
    assert set(found.channels) == {"V1", "I1"}
    length = len(found.channels["V1"])
    assert np.abs(found.channels["V1"] - VOLTS[:length]).max() < 0.05
    assert np.abs(found.channels["I1"] - AMPERES[:length]).max() < 0.002


def test_the_port_shows_the_recording_over_and_over(tmp_path):
    source = replayed(npz_file(tmp_path))
    assert source.home == "be-one-phase"
    port = s1_port(source=source, home=source.home)
    port.set_request(True, 0)
    cutter, blocks = BulkCutter(port.profile), []
    while port.next_event() < 6 * SECOND:
        blocks += cutter.feed(port.emit(port.next_event()))
    assert not cutter.statistics.discarded
    volts, amperes = (
        np.concatenate([one.samples(name) for one in blocks])[: 52 * 250] for name in ("V1", "I1")
    )
    rate = 52 * 49.9
    assert rms(volts) == pytest.approx(np.sqrt((325**2 + 10**2) / 2), rel=1e-4)
    assert power_w(volts, amperes) == pytest.approx(325 * 10 / 2 * 0.5, rel=2e-3)
    assert frequency_hz(volts, rate) == pytest.approx(49.9, abs=0.01)
    assert spectrum(volts, rate, 49.9).share(5) == pytest.approx(10 / 325, abs=2e-4)
    assert blocks[0].number("mains_frequency")[0] == pytest.approx(49_900, abs=10)
    # nothing but the wave at the seam
    assert np.abs(np.diff(volts)).max() < 325 * 2 * np.pi / 52 * 1.2


def test_real_mains_keep_their_effective_value(real_data):
    source = replayed(str(real_data / "s1" / "daqopen_m_20260329_1044.npz"))
    instants = np.arange(0, 3 * SECOND, 384_615)
    assert rms(source.waves(instants, instants).volts[:, 0]) == pytest.approx(228.5, abs=0.1)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("none.csv", None, "no recording"),
        ("a.txt", "1", "recordings end in"),
        ("a.csv", "V1\n1", "are missing"),
        ("a.csv", "V1\n1\nx\n2\n", "is a number"),
        ("a.csv", "t,V1\n1,1\n1,2\n1,3\n", "how fast"),
        ("a.csv", "# rate = fast\nV1\n1\n2\n3\n", "is no number"),
        ("a.csv", "# rate_hz = 2600\nX\n1\n2\n3\n", "no voltage of phase 1"),
        ("a.csv", "# rate_hz = 2600\nV1\n1\n2\n3\n", "no mains frequency"),
        ("a.csv", "# rate_hz = 2600\nV1\n1\nnan\n3\n", "no numbers"),
        ("a.npz", "x", "no NumPy archive"),
        ("a.wav", "x", "write .*a.wav@400"),
        ("a.wav@400", "x", "no WAV file"),
        ("a.cfg", "x", "a.dat is missing"),
    ],
)
def test_a_file_that_is_no_recording_says_why(name, text, message, tmp_path):
    if text is not None:
        (tmp_path / name.partition("@")[0]).write_text(text)
    with pytest.raises(UsageError, match=message):
        load_recording(str(tmp_path / name))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("2A", "x"), "no COMTRADE"),
        (("ASCII", "MORSE"), "MORSE"),
        (("1\n5000,", "2\n5000,"), "several rates"),
    ],
)
def test_a_broken_comtrade_recording_says_why(change, message, tmp_path):
    file = comtrade_file(tmp_path)
    settings = tmp_path / "mains.cfg"
    settings.write_text(settings.read_text().replace(*change))
    with pytest.raises(UsageError, match=message):
        load_recording(file)


def test_parquet_needs_a_library_that_may_be_absent(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    with pytest.raises(UsageError, match="pip install pyarrow"):
        load_recording(str(tmp_path / "a.parquet"))


@pytest.mark.parametrize("column", ["index", "valid", "inverter", "volume"])
def test_a_column_whose_name_only_begins_like_a_channel_is_none(column, tmp_path):
    samples = 325 * np.cos(2 * np.pi * 50 * np.arange(1000) / 2600)
    rows = [f"{n / 2600},{value},7" for n, value in enumerate(samples)]
    path = tmp_path / "mains.csv"
    path.write_text("\n".join([f"time,V1,{column}", *rows]))
    assert set(load_recording(str(path)).channels) == {"V1"}
