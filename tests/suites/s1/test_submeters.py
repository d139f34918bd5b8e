"""Sub-meters that P1 names are found in frames, in whatever place but that of the frame's own."""

from types import SimpleNamespace

import pytest

from bench.core.clock import SECOND
from bench.core.trace import Chunk
from bench.simulator.faults.s1_edit import fields
from bench.simulator.ports.s1 import s1_port
from bench.simulator.ports.s1_stages import Stage, once
from suites.s1.capture import Capture
from suites.s1.submeters import Linked, linked, traces

GAS = b"7FLO9589952439"


def captured(*alterations):
    port = s1_port(alterations=alterations)
    port.set_request(True, 0)
    chunks = []
    while (due := port.next_event()) <= SECOND // 10:
        chunks.append(Chunk(due, port.emit(due)))
    return Capture(port.profile, [one for one in chunks if one.octets])


def test_sub_meters_are_those_with_a_readable_identification():
    readings = [
        SimpleNamespace(
            objects=("0-0:96.1.1", "0-1:96.1.1", "0-2:96.1.0", "0-3:96.1.0", "0-4:96.1.0"),
            text={
                "0-0:96.1.1": "3153",
                "0-1:96.1.1": GAS.hex(),
                "0-2:96.1.0": "not hex",
                "0-3:96.1.0": "",
                "0-4:96.1.0": "41",
            }.get,
        )
    ] * 2
    assert linked(readings) == (Linked(1, GAS),)
    assert str(Linked(1, GAS)) == "7FLO9589952439 (channel 1)"


@pytest.mark.parametrize("before", [b"", b"\x00\x01"])
def test_an_identification_behind_the_frames_own_is_found(before):
    capture = captured(once(Stage.TAIL, lambda _found: before + GAS + b"\x7e"))
    found = list(traces(capture, Linked(1, GAS)))
    assert len(found) == len(capture)
    for trace in found[:3]:
        at = trace.offset + trace.place
        assert capture.octets[at : at + len(GAS)] == GAS
        assert trace.place == 42 + len(before)


def test_neither_the_frames_own_nor_two_frames_together_count():
    def split(found):
        return GAS[7:] if found == b"" else found

    own = fields(lambda found: {"meter_id": found.meter_id * 0 + list(GAS)})
    assert not list(traces(captured(own), Linked(1, GAS)))
    assert not list(traces(captured(once(Stage.TAIL, split)), Linked(1, GAS)))
