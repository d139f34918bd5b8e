"""S1 cases on a meter that no source feeds: what a recording of mains shows is judged alone."""

import numpy as np
import pytest

from bench.core.verdict import Verdict
from bench.engine.run import Run

RATE = 5200
DECLARATION = """\
schema = 1
[item]
manufacturer = "m"
type = "t"
serial = "s"
[s1]
profile = "emucs-h-1.3"
link = "simulated:s1?replay={recording}"
[s1.ics]
"S1/PRESENT" = true
"S1/POLYPHASE" = true
"S1/NEUTRAL" = true
[s1.ixit]
observation_s = 3
"""


@pytest.fixture
def judged(tmp_path):
    """Run the passive cases of a recording: V, A and the angle of V of each phase."""

    def run(*phases):
        times = np.arange(RATE) / RATE * 2 * np.pi * 50
        channels = {}
        for number, (volts, amperes, degrees) in enumerate(phases, 1):
            wave = np.sqrt(2) * np.cos(times + np.radians(degrees))
            channels |= {f"V{number}": volts * wave, f"I{number}": amperes * wave}
        recording = tmp_path / "mains.npz"
        np.savez(recording, rate_hz=RATE, **channels)
        device = tmp_path / "device.toml"
        device.write_text(DECLARATION.format(recording=recording))
        selectors = ["S1-CH", "S1-PAY-06"]
        one = Run.begin(device, out=tmp_path / "runs", selectors=selectors)
        one.execute()
        one.close()
        return one.judgements()

    return run


def test_a_loaded_household_passes_without_a_source(judged):
    found = judged((230, 1, 0), (231, 2, -120), (229, 0.5, 120))
    assert set(found) == {"S1-CH-02", "S1-CH-06", "S1-PAY-06"}
    assert {one.verdict for one in found.values()} == {Verdict.PASS}


def test_a_field_that_turns_left_is_a_matter_of_the_connection(judged):
    found = judged((230, 1, 0), (231, 2, 121), (229, 0.5, -119))
    assert found["S1-CH-06"].verdict is Verdict.PASS


def test_angles_that_no_grid_has_fail(judged):
    found = judged((230, 1, 0), (231, 2, -90), (229, 0.5, 120))
    assert found["S1-CH-06"].verdict is Verdict.FAIL


def test_what_is_not_loaded_or_connected_is_left_open(judged):
    found = judged((230, 1, 0), (231, 0.01, -120), (229, 0.5, 120))
    assert found["S1-CH-02"].verdict is Verdict.INCONCLUSIVE
    assert "put a load on it" in found["S1-CH-02"].message
    found = judged((230, 1, 0), (0, 0, 0), (229, 0.5, 120))
    assert found["S1-CH-06"].verdict is Verdict.INCONCLUSIVE
    assert "no voltage on V2" in found["S1-CH-06"].message
