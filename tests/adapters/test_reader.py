import queue

import pytest

from adapters.reader import ChunkReader
from bench.core.clock import SECOND, MonotonicClock
from bench.core.errors import AdapterLost, Overrun


class Port:
    """A receiving side fed by the test: octets, None for a time-out, or an exception."""

    def __init__(self, *events: object) -> None:
        self.events: queue.Queue[object] = queue.Queue()
        for event in events:
            self.events.put(event)
        self._working = False

    def receive(self) -> bytes | None:
        if self._working:
            self.events.task_done()  # what it was given last has been dealt with
        event = self.events.get(timeout=10)
        self._working = True
        if isinstance(event, Exception):
            raise event
        return event

    def wake(self) -> None:
        self.events.put(None)


def reader_of(port: Port, capacity_octets: int = 100) -> ChunkReader:
    return ChunkReader("tcp://meter:1", MonotonicClock(), port.receive, port.wake, capacity_octets)


def read(reader: ChunkReader) -> bytes:
    chunk = reader.read(reader._clock.now() + 10 * SECOND)
    assert chunk is not None
    return chunk.octets


def test_all_that_came_is_read_before_the_loss_is_told():
    reader = reader_of(Port(b"one", None, b"two", AdapterLost("gone")))
    assert [read(reader), read(reader)] == [b"one", b"two"]
    for _ in range(2):
        with pytest.raises(AdapterLost, match="gone"):
            read(reader)
    assert reader.close()


def test_whatever_goes_wrong_in_the_thread_ends_the_link():
    reader = reader_of(Port(ZeroDivisionError("division by zero")))
    with pytest.raises(AdapterLost, match="tcp://meter:1: reading failed: division by zero"):
        read(reader)
    assert reader.close()


def test_a_sender_that_failed_ends_the_reading_too():
    port = Port(b"one")
    reader = reader_of(port)
    error = reader.lose(AdapterLost("the other side took no octets"))
    assert isinstance(error, AdapterLost)
    assert read(reader) == b"one"
    port.events.put(b"two")
    for _ in range(2):
        with pytest.raises(AdapterLost, match="took no octets"):
            read(reader)
    assert reader.close()


def taken(port: Port) -> None:
    """Wait until the thread has dealt with all events and asks for the next one."""
    port.events.join()


def test_octets_that_do_not_fit_are_counted_and_told_where_they_are_missing():
    port = Port(bytes(60), bytes(40), bytes(7), b"x")
    reader = reader_of(port)
    taken(port)
    assert len(read(reader)) == 60
    port.events.put(b"goes on")
    taken(port)
    assert len(read(reader)) == 40
    with pytest.raises(Overrun, match=r"tcp://meter:1: .* 8 are missing"):
        read(reader)
    assert read(reader) == b"goes on"
    assert reader.overrun == 8
    assert reader.close()


def test_what_is_missing_is_told_before_the_loss():
    port = Port(bytes(100), bytes(7))
    reader = reader_of(port)
    taken(port)
    port.events.put(AdapterLost("gone"))
    assert len(read(reader)) == 100
    with pytest.raises(Overrun, match="7 are missing"):
        read(reader)
    with pytest.raises(AdapterLost, match="gone"):
        read(reader)
    assert reader.close()


def test_a_reader_that_rests_keeps_nothing_and_misses_nothing():
    port = Port(b"before")
    reader = reader_of(port)
    taken(port)
    reader.rest()
    for _ in range(5):
        port.events.put(bytes(60))
    taken(port)
    reader.listen()
    port.events.put(b"after")
    assert read(reader) == b"after"
    assert reader.overrun == 0
    assert reader.close()


def test_the_loss_is_told_to_who_rested_meanwhile():
    port = Port(AdapterLost("gone"))
    reader = reader_of(port)
    reader.rest()
    reader.listen()
    with pytest.raises(AdapterLost, match="gone"):
        read(reader)
    assert reader.close()


def test_room_is_made_by_reading():
    port = Port(bytes(60))
    reader = reader_of(port)
    for _ in range(5):
        assert len(read(reader)) == 60
        port.events.put(bytes(60))
    assert reader.overrun == 0
    assert reader.close()


def test_a_closed_reader_says_so_and_drops_what_was_queued():
    reader = reader_of(Port(b"one"))
    assert reader.close()
    with pytest.raises(AdapterLost, match="closed by the bench"):
        read(reader)
