import os
from pathlib import Path

import pytest

from adapters.base import Capability, LinkEnded
from adapters.contract import LinkContract, Rig, drain
from adapters.registry import open_link
from bench.core.clock import SECOND, MonotonicClock, VirtualClock
from bench.core.errors import AdapterUnavailable, UsageError
from bench.core.line import LineSettings
from bench.core.trace import Chunk, Direction
from bench.protocols import pcapng

LINE = LineSettings()
EPOCH = 1_790_000_000 * SECOND


def open_replay(path: Path, options: str = "", clock=None):
    return open_link(f"replay:{path}{options}", line=LINE, clock=clock or MonotonicClock())


def capture(*packets: tuple[float, bytes, Direction], names: tuple[str, ...] = ("p1",)) -> bytes:
    octets = pcapng.section_header()
    for name in names:
        octets += pcapng.interface_description(name, "")
    for number, (at_s, data, direction) in enumerate(packets):
        interface = number % len(names)
        octets += pcapng.packet(interface, EPOCH + round(at_s * SECOND), data, direction)
    return octets


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "recording"


class TestRawContract(LinkContract):
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self.file = tmp_path / "recording"

    def rig(self, first: bytes) -> Rig:
        self.file.write_bytes(first or b"\x00")
        return Rig(open_replay(self.file, "?format=raw"), ends=True)


class TestHexContract(TestRawContract):
    def rig(self, first: bytes) -> Rig:
        self.file.write_text((first or b"\x00").hex(" "))
        return Rig(open_replay(self.file), ends=True)


class TestCaptureContract(TestRawContract):
    def rig(self, first: bytes) -> Rig:
        pieces = [first[start : start + 100] for start in range(0, max(len(first), 1), 100)]
        packets = [(n / 10, piece, Direction.RECEIVED) for n, piece in enumerate(pieces)]
        self.file.write_bytes(capture(*packets))
        return Rig(open_replay(self.file), ends=True)


class TestPacedCaptureContract(TestCaptureContract):
    def rig(self, first: bytes) -> Rig:
        super().rig(first).link.close()
        return Rig(open_replay(self.file, "?pace=recorded", VirtualClock()), ends=True)


def read_all(link) -> list[Chunk]:
    chunks = []
    while True:
        try:
            chunk = link.read(link.clock.now() + 1000 * SECOND)
        except LinkEnded:
            return chunks
        assert chunk is not None
        chunks.append(chunk)


def test_raw_octets_have_no_stamps_that_mean_something(file):
    file.write_bytes(b"/ISK5\r\n")
    with open_replay(file) as link:
        assert link.capabilities == frozenset()
        assert link.timing_uncertainty_s >= 86400
        assert link.describe()["format"] == "raw"
        assert drain(link, 7) == b"/ISK5\r\n"


def test_chunks_have_the_size_that_is_asked_for(file):
    file.write_bytes(b"abcdefg")
    with open_replay(file, "?chunk=3") as link:
        assert [chunk.octets for chunk in read_all(link)] == [b"abc", b"def", b"g"]


def test_a_relative_path(file, monkeypatch):
    file.write_bytes(b"x!")
    monkeypatch.chdir(file.parent)
    with open_link("replay:recording", line=LINE, clock=MonotonicClock()) as link:
        assert link.identity.startswith(f"replay:{file}:")


def test_a_capture_keeps_its_own_time(file):
    file.write_bytes(
        capture(
            (5, b"one", Direction.RECEIVED),
            (5.5, b"request", Direction.SENT),
            (15, b"two", Direction.RECEIVED),
        )
    )
    with open_replay(file, clock=VirtualClock()) as link:
        assert link.capabilities == {Capability.TIMESTAMPS}
        assert link.timing_uncertainty_s == 0.005
        assert link.read(9 * SECOND) == Chunk(0, b"one")
        assert link.read(9 * SECOND) is None
        assert link.clock.now() == 9 * SECOND
        assert link.read(11 * SECOND) == Chunk(10 * SECOND, b"two")
        with pytest.raises(LinkEnded):
            link.read(12 * SECOND)


def test_without_virtual_time_a_capture_is_there_at_once(file):
    packets = [(n * 3600, bytes([n]), Direction.RECEIVED) for n in range(3)]
    file.write_bytes(capture(*packets))
    clock = MonotonicClock()
    with open_replay(file, clock=clock) as link:
        chunks = [link.read(clock.now() + SECOND) for _ in range(3)]
        assert link.clock.epoch_ns + chunks[0].at_ns == EPOCH
        assert [one.at_ns - chunks[0].at_ns for one in chunks] == [0, 3600 * SECOND, 7200 * SECOND]
        assert link.clock.now() == chunks[2].at_ns


def test_two_links_play_one_recording(file):
    file.write_bytes(b"xyz")
    with open_replay(file) as one, open_replay(file) as other:
        assert one.identity != other.identity
        assert drain(one, 3) == drain(other, 3) == b"xyz"


@pytest.mark.parametrize("pace", ["fast", "recorded"])
def test_a_capture_in_given_virtual_time(file, pace):
    file.write_bytes(capture((0, b"a", Direction.RECEIVED), (60, b"b", Direction.RECEIVED)))
    clock = VirtualClock()
    clock.wait_until(3 * SECOND)
    with open_replay(file, f"?pace={pace}&u_ms=20", clock) as link:
        assert link.clock is clock
        assert link.timing_uncertainty_s == 0.02
        assert [chunk.at_ns for chunk in read_all(link)] == [3 * SECOND, 63 * SECOND]
    assert clock.now() == 63 * SECOND


def test_the_recorded_pace_waits_on_the_clock_that_is_given(file):
    file.write_bytes(capture((0, b"a", Direction.RECEIVED), (0.02, b"b", Direction.RECEIVED)))
    with open_replay(file, "?pace=recorded") as link:
        assert link.read(link.clock.now()).octets == b"a"
        assert link.read(link.clock.now() - 1) is None
        second = link.read(link.clock.now() + 10 * SECOND)
        assert second.octets == b"b"
        assert link.clock.now() >= second.at_ns


def test_stamps_of_a_clock_that_was_set_back_do_not_go_back(file):
    file.write_bytes(
        capture(*((at, b"x", Direction.RECEIVED) for at in (10, 12, 3, 13)), names=("p1",))
    )
    with open_replay(file) as link:
        assert [chunk.at_ns // SECOND for chunk in read_all(link)] == [0, 2, 2, 3]


def test_a_cut_capture_is_played_as_far_as_it_goes(file):
    whole = capture((0, b"a", Direction.RECEIVED))
    cut = capture((0, b"a", Direction.RECEIVED), (1, b"b", Direction.RECEIVED))[:-5]
    file.write_bytes(cut)
    with open_replay(file) as link:
        assert [chunk.octets for chunk in read_all(link)] == [b"a"]
        assert link.describe()["remark"] == f"cut at octet {len(whole)}"


def test_one_interface_of_several_is_chosen(file):
    packets = [(n, bytes([n]), Direction.RECEIVED) for n in range(4)]
    file.write_bytes(capture(*packets, names=("p1", "s1")))
    with pytest.raises(UsageError, match="interfaces p1, s1; choose one with interface=p1"):
        open_replay(file)
    with open_replay(file, "?interface=s1") as link:
        assert [chunk.octets for chunk in read_all(link)] == [b"\x01", b"\x03"]


@pytest.mark.parametrize(
    ("content", "options", "error", "message"),
    [
        (None, "", AdapterUnavailable, "there is no file /"),
        (b"", "", AdapterUnavailable, "is empty"),
        (b"7E A0 7", "", UsageError, "recording, line 1, column 7: odd hex digit"),
        (b"7E A0\n0G", "", UsageError, "line 2, column 2: 'G' is no hex digit"),
        (b"\xff\xfe", "?format=hex", UsageError, "line 1, column 1: 'ÿ' is no hex digit"),
        (b"# nothing\n", "?format=hex", AdapterUnavailable, "holds no hex digits"),
        (b"abc", "?format=pcapng", AdapterUnavailable, "is no pcapng capture"),
        (b"xyz", "?pace=recorded", UsageError, "pace=recorded needs a pcapng"),
        (b"xyz", "?interface=p1", UsageError, "only a pcapng capture has interfaces"),
        (b"xyz", "?pace=slow", UsageError, "pace=slow is none of: fast, recorded"),
        (b"xyz", "?format=pcap", UsageError, "format=pcap is none of"),
        (b"xyz", "?chunk=-1", UsageError, "chunk=-1 is no number between 0 and"),
        (b"xyz", "?speed=1", UsageError, "unknown option 'speed'"),
        (capture((0, b"x", Direction.SENT)), "", AdapterUnavailable, r"received \(1 sent\)"),
    ],
)
def test_what_cannot_be_played(file, content, options, error, message):
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(error, match=message):
        open_replay(file, options)


def test_a_folder_or_nothing_is_no_recording(tmp_path):
    with pytest.raises(AdapterUnavailable, match="is a folder; name one file"):
        open_replay(tmp_path)
    with pytest.raises(UsageError, match="names no file"):
        open_link("replay:", line=LINE, clock=MonotonicClock())


@pytest.mark.parametrize(
    ("failure", "message"),
    [(PermissionError(13, "denied"), "may not be read"), (OSError(5, "I/O error"), "I/O error")],
)
def test_a_file_that_cannot_be_read(file, monkeypatch, failure, message):
    def fail(_: Path) -> bytes:
        raise failure

    monkeypatch.setattr(Path, "read_bytes", fail)
    with pytest.raises(AdapterUnavailable, match=message):
        open_replay(file)


def test_nothing_is_sent_to_a_recording(file):
    file.write_bytes(b"xyz")
    with open_replay(file) as link, pytest.raises(UsageError, match="3 octets cannot be sent"):
        link.write(os.urandom(3))
