import json
from collections.abc import Callable
from typing import Any

import pytest

from bench.protocols.hdlc.address import client, server
from bench.protocols.hdlc.control import Kind
from bench.protocols.hdlc.encode import encode_frame
from bench.protocols.hdlc.events import Event
from bench.protocols.hdlc.frame import HdlcFrame, decode_frame
from bench.protocols.hdlc.options import SecondaryOptions
from bench.protocols.hdlc.secondary import SecondaryStation

SERVER, CLIENT = server(1, 17), client(16)
SNRM = encode_frame(SERVER, CLIENT, 0x93)
REQUEST = b"\xe6\xe6\x00request"
SECOND = 1_000_000_000


@pytest.fixture(scope="session")
def known_frames(real_data) -> dict[str, bytes]:
    """Whole frames with their flags, by id."""
    rows = json.loads((real_data / "wan-dlms" / "hdlc_frames.json").read_text())["vectors"]
    return {row["id"]: bytes.fromhex(row["frame"]) for row in rows}


@pytest.fixture(scope="session")
def known_fields(real_data) -> dict[str, dict[str, Any]]:
    """Parameter fields, FRMR fields and addresses, by id."""
    rows = json.loads((real_data / "wan-dlms" / "hdlc_fields.json").read_text())["vectors"]
    return {row["id"]: row for row in rows}


class Line:
    """A station with somebody who writes frames to it and reads what it sends."""

    def __init__(self, **options) -> None:
        self.station = SecondaryStation(SecondaryOptions(**options))
        self.now = 0
        self.events: list[Event] = []

    def put(self, octets: bytes, gap_ns: int = SECOND) -> list[HdlcFrame]:
        self.now += gap_ns
        self.events = self.station.receive(octets, self.now)
        return self.frames()

    def frames(self) -> list[HdlcFrame]:
        octets = self.station.outgoing()
        found = []
        while octets:
            length = (octets[1] & 7) << 8 | octets[2]
            found.append(decode_frame(octets[1 : 1 + length]))
            assert found[-1].problems == ()
            octets = octets[length + 2 :]
        return found

    def one(self, octets: bytes) -> HdlcFrame:
        [frame] = self.put(octets)
        return frame

    def ask(self, ns: int = 0, nr: int = 0, unit: bytes = REQUEST, **how) -> list[HdlcFrame]:
        return self.put(encode_frame(SERVER, CLIENT, (nr << 5 | 0x10 | ns << 1), unit, **how))


@pytest.fixture
def open_line() -> type[Line]:
    return Line


@pytest.fixture
def up() -> Callable[..., Line]:
    """Open a line whose link is up already."""

    def connected(**options) -> Line:
        line = Line(**options)
        assert line.one(SNRM).control.kind is Kind.UA
        return line

    return connected


@pytest.fixture
def shown() -> Callable[[list[HdlcFrame]], list[str]]:
    """Say of each frame its kind, N(S), N(R) and F."""

    def say(frames: list[HdlcFrame]) -> list[str]:
        found = [frame.control for frame in frames]
        return [f"{c.kind} {c.ns} {c.nr} {int(c.final)}" for c in found]

    return say
