"""Captures: what is recorded comes back, and Wireshark's reader sees the same."""

import errno
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.core.errors import EvidenceError
from bench.core.trace import Chunk, Direction, Frame
from bench.engine.capture import ChunkRecorder, read_chunks, write_frames
from bench.protocols import pcapng

EPOCH = 1_767_225_600_000_000_123
chunks = st.lists(
    st.builds(
        Chunk,
        at_ns=st.integers(0, 10**15),
        octets=st.binary(max_size=80),
        direction=st.sampled_from(Direction),
    ),
    max_size=8,
)


@given(chunks)
def test_chunks_survive_the_recorder(tmp_path_factory, made):
    path = tmp_path_factory.mktemp("capture") / "deep" / "frames.pcapng"
    recorder = ChunkRecorder(path, EPOCH, "p1", "tcp://127.0.0.1:1")
    for chunk in made:
        recorder.record(chunk)
    recorder.close()
    assert read_chunks(path, EPOCH) == made


def test_every_chunk_is_in_the_file_before_the_next_comes(tmp_path):
    path = tmp_path / "frames.pcapng"
    recorder = ChunkRecorder(path, EPOCH, "p1", "x")
    made = [Chunk(n, bytes([n])) for n in range(5)]
    for count, chunk in enumerate(made, start=1):
        recorder.record(chunk)
        assert read_chunks(path, EPOCH) == made[:count]
    recorder.close()


@pytest.mark.parametrize("lost", [1, 7, 30])
def test_a_recording_that_was_cut_keeps_what_is_whole(tmp_path, lost):
    path = tmp_path / "frames.pcapng"
    recorder = ChunkRecorder(path, EPOCH, "p1", "x")
    made = [Chunk(n, b"0123456789") for n in range(5)]
    for chunk in made:
        recorder.record(chunk)
    recorder.close()
    path.write_bytes(path.read_bytes()[:-lost])
    assert read_chunks(path, EPOCH) == made[:4]


def test_a_recording_that_is_not_there_is_named(tmp_path):
    with pytest.raises(EvidenceError, match=r"cannot read .*gone\.pcapng"):
        read_chunks(tmp_path / "gone.pcapng", 0)


class FullDisk:
    """A file on a disk that takes `room` octets more."""

    def __init__(self, room):
        self.room = room

    def write(self, octets):
        if not self.room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = min(self.room, len(octets))
        self.room -= written
        return written

    def close(self):
        pass


@pytest.mark.parametrize("room", [0, 1, 30])
def test_a_full_disk_is_named_at_once(tmp_path, room):
    """A write may take some octets only, and say so by its count alone."""
    recorder = ChunkRecorder(tmp_path / "frames.pcapng", EPOCH, "p1", "x")
    recorder.close()
    recorder._file = FullDisk(room)
    with pytest.raises(EvidenceError, match=r"cannot write .*frames\.pcapng: No space left"):
        recorder.record(Chunk(0, b"0123456789"))


def test_frames_carry_number_instant_and_direction(tmp_path):
    frames = [
        Frame(3, 10, 20, b"/abc"),
        Frame(9, 30, 40, b"\xff", Direction.SENT),
    ]
    path = tmp_path / "frames.pcapng"
    write_frames(path, frames, EPOCH, "P1-A-020 attempt 1")
    first, second = pcapng.read(path.read_bytes()).packets
    assert (first.octets, first.at_unix_ns) == (b"/abc", EPOCH + 20)
    assert (second.octets, second.direction) == (b"\xff", Direction.SENT)
    assert first.interface_name == "bench"
