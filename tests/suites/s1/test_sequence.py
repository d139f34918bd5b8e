"""Which pairs of frames say something of the counter, and what they say."""

import numpy as np
import pytest

from bench.core.clock import SECOND
from bench.core.trace import Chunk
from bench.protocols.s1.encode import FLAG
from bench.simulator.faults import alterations
from bench.simulator.ports.s1 import s1_port
from bench.simulator.ports.s1_stages import each_frame
from suites.s1.capture import Capture
from suites.s1.restart import again
from suites.s1.sequence import Steps


def captured(name="", seconds=1.0, extra=(), **options):
    found = alterations(f"s1.{name}") if name else ()
    port = s1_port(alterations=(*found, *extra), **options)
    port.set_request(True, 0)
    chunks = []
    while (due := port.next_event()) <= seconds * SECOND:
        chunks.append(Chunk(due, port.emit(due)))
    return Capture(port.profile, [one for one in chunks if one.octets])


def test_a_good_stream_goes_on_by_one():
    capture = captured()
    steps = Steps.of(capture)
    assert len(steps) == len(capture) - 1
    assert not steps.broken().any()
    assert not steps.repeated.any()
    assert not steps.backwards.any()
    assert steps.valid.all()
    assert steps.wrapping.sum() == len(capture) // 256
    assert set(steps.before[steps.wrapping].tolist()) == {255}


def test_legal_fill_is_nothing_between_frames():
    steps = Steps.of(captured("flag-fill"))
    assert len(steps) == len(steps.capture) - 1
    assert not steps.broken().any()


@pytest.mark.parametrize(
    "damage", [lambda frame: frame[:-4] + b"\0\0\0\0", lambda frame: frame + b"\x55\x55"]
)
def test_pairs_around_damage_say_nothing(damage):
    extra = each_frame(lambda frame, index: damage(frame) if index % 100 == 50 else frame)
    steps = Steps.of(captured(extra=[extra]))
    assert not steps.broken().any()
    assert len(steps) < len(steps.capture) - 20


def test_a_frame_that_is_left_out_is_a_gap():
    extra = each_frame(lambda frame, index: b"" if index == 700 else frame)
    steps = Steps.of(captured(extra=[extra]))
    assert steps.broken().sum() == 1
    (deviation,) = steps.deviations(steps.broken())
    assert deviation.observed == "189 follows 187"
    frame = steps.capture.frame(deviation.place.frame)
    assert frame.octets[deviation.place.offset] == 189
    assert frame.octets[0] == FLAG


def test_a_repeated_frame_is_not_a_counter_that_stands():
    twice = Steps.of(captured("duplicates", 3))
    assert twice.repeated.sum() == 8
    assert np.array_equal(twice.repeated, twice.broken())
    standing = Steps.of(captured("sequence-stuck", 0.1))
    assert standing.broken().all()
    assert not standing.repeated.any()


def test_exchanged_frames_go_backwards():
    steps = Steps.of(captured("swaps", 1))
    assert steps.backwards.sum() == 3
    assert steps.broken().sum() == 9


@pytest.mark.parametrize(("name", "last"), [("sequence-254", {254}), ("sequence-mixed", {255})])
def test_a_wrong_wrap_is_still_one(name, last):
    steps = Steps.of(captured(name, 1))
    assert set(steps.before[steps.wrapping].tolist()) == last
    assert (steps.broken() <= steps.wrapping).all()
    assert steps.broken().any()


def test_invalid_samples_are_told_apart():
    steps = Steps.of(captured("sequence-pauses", 0.5))
    assert (steps.broken() <= ~steps.valid).all()
    assert steps.broken().sum() == pytest.approx(26, abs=1)


def test_too_few_frames_make_no_pair():
    assert len(Steps.of(Capture(captured(seconds=0.1).profile, []))) == 0


def test_frames_from_before_are_known_again():
    early, late = captured(seconds=0.2), captured(seconds=0.5)
    assert again(early, late) == list(range(len(early)))
    assert again(captured(seconds=0.2, seed=3), late) == []
    silent = Capture(early.profile, [Chunk(0, late.octets[1000:1046] * 30)])
    assert again(silent, late) is None or len(silent) < 2
