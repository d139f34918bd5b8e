"""Samples as files: what each form keeps, and what it says that it cannot keep."""

import io
import wave

import numpy as np
import pytest

from bench.signals.export import Samples, as_comtrade, as_npz, as_wav, csv_lines


def samples(codes, steps=None, places=None, rate=2600.0):
    found = {name: np.array(one, np.int64) for name, one in codes.items()}
    count = len(next(iter(found.values())))
    return Samples(
        rate,
        50.0,
        found,
        steps or {name: 0.025 if name[0] == "V" else 0.001 for name in found},
        np.arange(count) if places is None else np.array(places),
        np.arange(count) % 256,
        np.ones(count, np.bool_),
    )


def test_values_have_no_more_digits_than_were_sent():
    one = samples({"V1": [-32768, 1, 32767], "I1": [-8388608, 1009, 8388607]})
    assert one.values("V1").tolist() == [-819.2, 0.025, 819.175]
    assert one.values("I1").tolist() == [-8388.608, 1.009, 8388.607]
    odd = samples({"V1": [3]}, {"V1": 0.3})
    assert odd.values("V1")[0] == pytest.approx(0.9)


def test_missing_sets_are_counted_and_leave_room():
    one = samples({"V1": [1, 2, 3, 4]}, places=[0, 1, 5, 5])
    assert one.missing == 3
    rate, names, rows = csv_lines(one)
    assert rate == "# rate_hz = 2600.0\n"
    assert names == "t_s,sample_index,sequence,samples_ok,V1\n"
    assert [row.split(",")[1] for row in rows.split()] == ["0", "1", "5", "5"]
    assert rows.split()[2] == f"{5 / 2600:.7f},5,2,1,0.075"
    stamps = np.frombuffer(as_comtrade(one).files[".dat"], "<u4,<u4,<i2")["f1"]
    assert stamps.tolist() == [0, 385, 1923, 1923]


def test_a_wav_file_is_exact_over_the_whole_range():
    one = samples({"V1": [-32768, 32767, 5], "I1": [-8388608, 8388607, 7]})
    written = as_wav(one)
    assert written.scale == "819.2,8388.608"
    assert written.losses == ()
    with wave.open(io.BytesIO(written.files[".wav"])) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (2, 3, 2600)
        octets = file.readframes(3)
    codes = [int.from_bytes(octets[at : at + 3], "little", signed=True) for at in range(0, 18, 3)]
    assert codes == [-32768 << 8, -8388608, 32767 << 8, 8388607, 5 << 8, 7]


def test_a_wav_file_says_what_it_cannot_hold():
    one = samples({"V1": [1, 40000], "X9": [1, 2]}, {"V1": 0.025, "X9": 1.0}, rate=2600.4)
    written = as_wav(one, 400, 50)
    assert written.scale == "400,50"
    assert any("no channel for X9" in loss for loss in written.losses)
    assert any("1 samples of V1 are beyond 400" in loss for loss in written.losses)
    assert any("2600 in place of 2600.400 (-154 ppm)" in loss for loss in written.losses)


def test_comtrade_has_coarser_steps_where_16_bits_are_too_few():
    one = samples({"V1": [32767, -32767], "I1": [8388607, -100_000], "IN": [1, 2]})
    written = as_comtrade(one, "a,b\n")
    lines = written.files[".cfg"].decode().splitlines()
    assert lines[0] == "a_b_,meterbench,1999"
    assert lines[1] == "3,3A,0D"
    assert lines[2] == "1,V1,1,,V,0.025,0,0,-32767,32767,1,1,P"
    assert lines[3].startswith("2,I1,1,,A,0.257,0,0,")
    assert lines[5:8] == ["50", "1", "2600.0,2"]
    assert lines[-2:] == ["BINARY", "1"]
    assert written.losses == ("I1 has steps of 0.257 A, not 0.001",)


def test_stamps_of_a_long_recording_are_coarser():
    written = as_comtrade(samples({"V1": [1, 2]}, places=[0, 2600 * 5000]))
    assert written.files[".cfg"].decode().splitlines()[-1] == "10"
    stamps = np.frombuffer(written.files[".dat"], "<u4,<u4,<i2")["f1"]
    assert stamps.tolist() == [0, 500_000_000]


def test_an_archive_has_an_array_for_each_channel():
    with np.load(io.BytesIO(as_npz(samples({"V1": [1, 2], "IN": [3, 4]})).files[".npz"])) as found:
        assert float(found["rate_hz"]) == 2600
        assert found["V1"].tolist() == [0.025, 0.05]
        assert found["sequence"].tolist() == [0, 1]
