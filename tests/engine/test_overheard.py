"""What a device has sent is there to be searched, unconcealed, and not without bound."""

import pytest

from bench.core.clock import SECOND, VirtualClock
from bench.core.trace import Chunk, Direction
from bench.engine import overheard
from bench.engine.connection import Connection
from bench.engine.overheard import Overheard
from bench.engine.traffic import Traffic


def chunk(octets, direction=Direction.RECEIVED):
    return Chunk(0, octets, direction)


def test_what_came_is_kept_by_interface_and_what_was_sent_is_not():
    heard = Overheard()
    heard.take("p1", chunk(b"ab"))
    heard.take("wan", chunk(b"password", Direction.SENT))
    heard.take("wan", chunk(b"xy"))
    heard.take("p1", chunk(b"c"))
    assert [heard.octets(name) for name in ("p1", "wan", "s1")] == [b"abc", b"xy", b""]
    assert list(heard.recorded()) == []


def test_the_oldest_octets_are_let_go_of(monkeypatch):
    monkeypatch.setattr(overheard, "_MOST_OCTETS", 10)
    heard = Overheard()
    for number in range(10):
        heard.take("s1", chunk(bytes([number]) * 4))
    assert heard.octets("s1") == bytes([8] * 4 + [9] * 4)


@pytest.fixture
def connection():
    class Silent:
        url = "test:"
        clock = VirtualClock()

    return Connection(Silent(), lambda: SECOND)


def test_recordings_are_read_again_with_what_was_concealed_as_stars(tmp_path, connection):
    heard = Overheard(tmp_path)
    traffic = Traffic(tmp_path / "cases" / "traffic.pcapng", 0, "wan", heard)
    traffic.conceal(b"secret")
    traffic.record(connection, chunk(b"my secret", Direction.SENT))
    traffic.record(connection, chunk(b"your secret"))
    traffic.close()
    (tmp_path / "broken.pcapng").write_bytes(b"no capture")
    assert list(heard.recorded()) == [("wan", "cases/traffic.pcapng", b"your ******")]
    assert heard.octets("wan") == b"your secret"


def test_without_a_file_what_passes_is_overheard_all_the_same(connection):
    heard = Overheard()
    traffic = Traffic(None, 0, "wan", heard)
    traffic.record(connection, chunk(b"abc"))
    traffic.heard(chunk(b"d"))
    assert heard.octets("wan") == b"abcd"
