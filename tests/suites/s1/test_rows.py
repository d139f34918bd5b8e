"""Rows that deviate are shown with their places, and counted without making as many objects."""

import numpy as np

from bench.core.clock import SECOND
from bench.core.trace import Chunk
from bench.simulator.ports.s1 import s1_port
from suites.s1.capture import Capture
from suites.s1.rows import deviating, span


def captured():
    port = s1_port()
    port.set_request(True, 0)
    chunks = []
    while (due := port.next_event()) <= SECOND // 4:
        chunks.append(Chunk(due, port.emit(due)))
    return Capture(port.profile, [one for one in chunks if one.octets])


def test_the_first_ones_have_their_places_and_all_are_counted():
    capture = captured()
    marked = np.zeros(len(capture), np.bool_)
    marked[10:100] = True
    found = list(deviating(capture, marked, "this", lambda row: f"row {row}", "info"))
    assert len(found) == 90
    assert [one.observed for one in found[:5]] == [f"row {row}" for row in range(10, 15)]
    assert len({id(one) for one in found[4:]}) == 1
    place = found[0].place
    assert (place.frame, place.offset, place.length) == (11, 19, 1)
    info = next(one for one in capture.frame(11).fields if one.path == "info")
    assert (info.offset, info.length) == (place.offset, place.length)


def test_nothing_marked_is_nothing_deviating():
    capture = captured()
    marked = np.zeros(len(capture), np.bool_)
    assert list(deviating(capture, marked, "this", str)) == []


def test_channels_and_fields_have_their_places():
    capture = captured()
    assert span(capture, "meter_id") == (5, 14)
    assert span(capture, "IN") == (39, 3)
    assert span(capture, "") == (0, 45)
    for name in ("V1", "I3", "mains_frequency"):
        one = next(field for field in capture.frame(1).fields if field.path == name)
        assert span(capture, name) == (one.offset, one.length)
