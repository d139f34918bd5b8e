"""A shared observation that is judged again from its recording: nothing of it differs."""

import numpy as np
import pytest

from bench.core.verdict import Verdict
from bench.engine.evidence import RunFolder
from bench.engine.run import Run
from bench.engine.session import Session
from suites.s1.beside import readings_or_inconclusive
from suites.s1.figures import figures_of
from suites.s1.watch import observe

CHANNELS = ("V1", "V2", "V3", "I1", "I2", "I3", "IN")


@pytest.fixture
def run(tmp_path):
    one = Run.begin(out=tmp_path, quick=True, selectors=["S1-SEQ-01", "S1-MEAS-02"])
    one.execute()
    one.close()
    assert {judgement.verdict for judgement in one.judgements().values()} == {Verdict.PASS}
    return one


def test_stream_and_telegrams_beside_it_are_those_that_were_heard(run):
    live, again = run.session, Session(run.preparation, RunFolder.reopen(run.folder.path))
    heard, recalled = observe(live), observe(again)
    assert (recalled.ended, recalled.counted()) == (heard.ended, heard.counted())
    one, other = heard.capture, recalled.capture
    assert other.octets == one.octets
    for column in ("sequence", "info", "offsets", "lengths", "version"):
        assert np.array_equal(getattr(other, column), getattr(one, column)), column
    for mine, theirs in zip(one.chunk_ends, other.chunk_ends, strict=True):
        assert np.array_equal(theirs, mine)
    for channel in CHANNELS:
        assert np.array_equal(other.codes(channel), one.codes(channel)), channel
    assert (other.rate_hz, other.seconds) == (one.rate_hz, one.seconds)
    answers = run.preparation.target("s1").answers
    assert figures_of(other, answers) == figures_of(one, answers)
    shown, beside = (
        [(reading.seen.frame.at_ns, reading.seen.frame.octets) for reading in readings]
        for readings in (
            readings_or_inconclusive(live.observed_beside("s1", "p1")),
            readings_or_inconclusive(again.observed_beside("s1", "p1")),
        )
    )
    assert beside == shown
    assert len(shown) >= 9
    live.close()
    again.close()


def test_a_recording_without_p1_leaves_comparisons_open(run):
    (recording,) = run.folder.path.glob("observations/s1/*/beside-p1.pcapng")
    recording.unlink()
    again = Session(run.preparation, RunFolder.reopen(run.folder.path))
    assert observe(again).counted() > 0
    assert again.observed_beside("s1", "p1") is None
    again.close()
