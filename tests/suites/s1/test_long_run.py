"""A long run says the same as a whole capture does, and forgets the octets meanwhile."""

import numpy as np
import pytest

from bench.core.clock import SECOND
from bench.core.trace import Chunk
from bench.engine.observation import Ended
from bench.protocols.s1.stream import Discard
from bench.simulator.faults import deviation
from bench.simulator.ports.s1 import s1_port
from suites.s1.capture import Capture
from suites.s1.long_run import LongRun


def watched(name="", until=5 * SECOND, at=1_234_567):
    one = deviation(f"s1.{name}") if name else None
    port = s1_port(
        one.profile if one else "emucs-h-1.3", alterations=one.alterations if one else ()
    )
    port.set_request(True, at)
    run, chunks = LongRun(port.profile, (until - at) / SECOND), []
    while (due := port.next_event()) <= until:
        if octets := port.emit(due):
            chunks.append(Chunk(due, octets))
            run.feed(chunks[-1])
    run.finish(Ended.COMPLETE)
    return run, Capture(port.profile, chunks)


@pytest.mark.parametrize(
    "name", ["", "bit-flips", "noise", "stuffed", "shared-flags", "flag-fill", "broken-off",
             "runts", "octet-mode", "aborts", "sequence-skips", "duplicates"]
)  # fmt: skip
def test_it_counts_what_a_capture_holds(name):
    run, capture = watched(name)
    assert run.octets == len(capture.octets)
    assert run.frames == pytest.approx(len(capture), abs=1)  # the capture ends amid nothing
    legal = {Discard.FILL} | ({Discard.ABORT} if name == "aborts" else set())
    kinds = [one.kind for one in capture.pieces if one.kind not in legal]
    assert run.invalid == sum(kind is not Discard.NOISE for kind in kinds)
    outside = [one for one in capture.pieces if one.kind is Discard.NOISE]
    assert run.outside == sum(len(one.octets) for one in outside)
    assert run.gap_count == len(capture.runs) - 1
    assert run.seconds == pytest.approx(capture.seconds)


def test_energy_is_the_sum_of_the_products():
    run, capture = watched()
    ticks = run.ticks
    assert (ticks.frames[-1], ticks.valid[-1]) == (run.frames, run.frames)
    assert len(ticks.at_ns) == pytest.approx(6, abs=1)
    for phase in range(3):
        product = capture.samples(f"V{phase + 1}") * capture.samples(f"I{phase + 1}")
        assert ticks.products[-1, phase] == pytest.approx(product.sum(), rel=1e-3)
        rate = capture.announced_hz
        assert ticks.joules[-1, phase] == pytest.approx(product.sum() / rate, rel=1e-2)
    frames, joules = ticks.at(int(ticks.at_ns[-1]))
    assert frames == run.frames
    assert np.allclose(joules, ticks.joules[-1])
    half, _ = ticks.at(int(ticks.at_ns[:2].mean()))
    assert half == pytest.approx(ticks.frames[:2].mean(), abs=1)


def test_sample_sets_that_are_not_valid_weigh_nothing():
    run, capture = watched("invalid-samples", 9 * SECOND)
    assert run.frames - run.valid == int((~capture.flag("samples_ok")).sum()) > 0


def test_a_defect_is_shown_with_its_surroundings():
    run, capture = watched("noise")
    assert len(run.defects) >= 5
    for one in run.defects[1:-1]:  # around the first and the last there is less
        frame = run.frame(one.number)
        assert one.kind is Discard.NOISE
        assert frame.octets[one.place.offset : one.place.offset + one.place.length] == b"\x55"
        assert frame.octets in capture.octets
        assert len(frame.octets) == 6 * 45 + 1
        assert capture.octets[frame.offset : frame.offset + 9] == frame.octets[:9]


def test_gaps_of_the_sequence_have_their_places():
    run, capture = watched("sequence-skips")
    first = run.gaps[0]
    assert first.missing == 1
    assert first.offset == capture.offsets[first.frame]
    assert (first.after - first.before) % 256 == 2
    assert run.missing == run.gap_count == len(run.gaps)
    repeated, _ = watched("duplicates")
    assert {one.missing for one in repeated.gaps} == {-1}
    assert repeated.missing == 0


def test_it_does_not_keep_the_octets():
    run = LongRun(s1_port().profile, 1e9)
    for number in range(40):
        run.feed(Chunk(number * SECOND, bytes(200_000)))
        assert len(run._raw) <= 2 << 20
    run.finish(Ended.COMPLETE)
    assert run.frames == 0
    assert run.outside + run.invalid > 0


def test_nothing_heard_is_nothing_counted():
    run = LongRun(s1_port().profile, 10)
    run.finish(Ended.SILENCE)
    assert (run.octets, run.seconds, run.complete()) == (0, 0.0, False)
    assert run.ticks.joules.shape == (0, 3)
    assert run.frame(3).octets == b""
