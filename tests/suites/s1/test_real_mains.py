"""Recordings of real mains, sampled and sent as a meter would: no case finds a fault in them."""

import importlib.util

import numpy as np
import pytest

from bench.core.check import Outcome
from bench.core.verdict import Verdict
from bench.engine.run import Run
from bench.protocols.s1.bulk import BulkCutter
from bench.protocols.s1.profile import load_profile
from bench.signals.quantities import rms
from bench.simulator.recordings import load_recording

RECORDINGS = ["daqopen_m_20260329_1044", "daqopen_m_20260329_1224"]
#: what asks for a current, which the recordings do not have
WITHOUT_CURRENT = {"S1-CH-01": "PRE"}
#: the measuring cases that voltages alone suffice for
VOLTAGE_ONLY = {f"S1-MEAS-{number:02}" for number in (1, 6, 8, 9, 10, 11, 12, 13, 14, 15, 16)}

DECLARATION = """\
schema = 1
[item]
manufacturer = "m"
type = "t"
serial = "s"
[s1]
profile = "emucs-h-1.3"
link = "simulated:s1?replay={path}&household=be-one-phase{options}"
[s1.ics]
"S1/PRESENT" = true
"S1/POLYPHASE" = false
"S1/NEUTRAL" = true
"S1/PER-PERIOD" = {per_period}
[s1.ixit]
long_run_s = 60.0
"""


def recording(real_data, name, ending):
    path = real_data / "s1" / f"{name}.{ending}"
    if not path.is_file():
        pytest.skip(f"no recording of real mains at {path}")
    if ending == "parquet" and importlib.util.find_spec("pyarrow") is None:
        pytest.skip("reading parquet needs pyarrow, which is not installed")
    return path


def judged(path, folder, options="", selectors=("s1",)):
    """Return the verdicts of a run by case, and which checks missed."""
    device = folder / "device.toml"
    text = DECLARATION.format(
        path=path, options=options, per_period=str("mode=fixed" not in options).lower()
    )
    device.write_text(text)
    run = Run.begin(device, out=folder / "runs", selectors=list(selectors))
    run.execute()
    run.close()
    judgements = run.judgements()
    missed = {
        f"{attempt.case}:{check.id}"
        for case in judgements
        for attempt in run.folder.attempts(case)
        if attempt is not None
        for check in attempt.checks
        if check.outcome is Outcome.MISSED
    }
    return judgements, missed


def cases_of(checks):
    return sorted({check.partition(":")[0] for check in checks})


@pytest.mark.parametrize("ending", ["npz", "parquet"])
@pytest.mark.parametrize("name", RECORDINGS)
@pytest.mark.parametrize("options", ["", "&mode=fixed&rate=40"])
def test_the_whole_suite_passes(real_data, tmp_path, name, ending, options):
    path = recording(real_data, name, ending)
    judgements, missed = judged(path, tmp_path, options)
    other = {
        case: f"{one.verdict} {one.reason} {one.message}"
        for case, one in judgements.items()
        if one.verdict is not Verdict.PASS and WITHOUT_CURRENT.get(case) != one.reason
    }
    assert not other
    assert not missed  # not even what is only observed
    assert judgements.keys() >= VOLTAGE_ONLY
    areas = {case.rpartition("-")[0] for case in judgements}
    assert areas >= {"S1-FRM", "S1-PAY", "S1-SEQ", "S1-TIM", "S1-CH", "S1-MEAS"}


@pytest.mark.parametrize(
    ("fault", "killers"),
    [
        ("volts-20-mv", {"S1-MEAS-01:range-l1"}),
        ("clips-300-v", {"S1-MEAS-11:flat-tops"}),
        ("rectified", {"S1-MEAS-12:negative-v1"}),
        ("lowest-bit-0", {"S1-MEAS-13:bit-0-v1"}),
        ("holds-2", {"S1-MEAS-14:repeated-v1"}),
        ("frequency-100-mhz-high", {"S1-MEAS-06:field"}),
        ("volts-offset", {"S1-MEAS-09:live-l1"}),
    ],
)
def test_what_is_known_to_be_bad_fails(real_data, tmp_path, fault, killers):
    path = recording(real_data, RECORDINGS[0], "npz")
    judgements, missed = judged(path, tmp_path, f"&fault=s1.{fault}", cases_of(killers))
    assert missed >= killers
    if fault != "volts-offset":  # which mains may have: an observation
        for killer in killers:
            assert judgements[killer.partition(":")[0]].verdict is Verdict.FAIL


@pytest.mark.parametrize("name", RECORDINGS)
@pytest.mark.parametrize(
    ("scale", "faster", "check"),
    [(0.8, 1.0, "S1-MEAS-01:range-l1"), (1.2, 1.0, "S1-MEAS-01:range-l1"),
     (1.0, 1.2, "S1-MEAS-08:range")],
)  # fmt: skip
def test_a_spoilt_recording_fails(real_data, tmp_path, name, scale, faster, check):
    found = load_recording(str(recording(real_data, name, "npz")))
    spoilt = tmp_path / "spoilt.npz"
    volts = found.channels["V1"] * scale
    np.savez(spoilt, u1_volt=volts, rate_hz=found.rate_hz * faster)
    judgements, missed = judged(spoilt, tmp_path, "", cases_of([check]))
    assert check in missed
    assert judgements[check.partition(":")[0]].verdict is Verdict.FAIL


def test_a_second_of_frames_has_the_effective_value_of_its_mains(real_data):
    path = real_data / "s1" / "s1_real_mains_single_phase_2600Hz_1s.bin"
    if not path.is_file():
        pytest.skip(f"no frames of real mains at {path}")
    cutter = BulkCutter(load_profile("emucs-h-1.3"))
    blocks = [*cutter.feed(path.read_bytes()), *cutter.flush()]
    assert not cutter.statistics.discarded
    samples = np.concatenate([block.samples("V1") for block in blocks])
    assert len(samples) == 2600
    assert rms(samples) == pytest.approx(228.7, abs=0.05)
