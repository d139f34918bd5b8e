"""The whole WAN suite against meters whose link layer is right, and whose answers do harm."""

from dataclasses import replace
from random import Random

import pytest

from adapters.base import LinkUrl
from adapters.simulated import SimulatedLink
from bench.core.errors import ConnectionEnded
from bench.simulator.metering_system import Systems
from bench.simulator.ports.pipeline import Pipeline
from bench.simulator.ports.wan import WanDevice, wan_port
from bench.simulator.presets import household
from bench.simulator.wan.options import WanOptions

URL = LinkUrl.parse("simulated:wan")
AARE = bytes.fromhex(
    "6129A109060760857405080101A203020100A305A103020100BE10040E0800065F1F0400001E1D04C80007"
)


class Applied:
    """An application process that opens every association and answers as it likes."""

    def __init__(self, answer):
        self._answer = answer
        self._count = 0

    def channel(self, client_sap, server_sap):
        return self

    def receive(self, apdu, now):
        self._count += 1
        return AARE if apdu[:1] == b"\x60" else self._answer(apdu, self._count)

    def following(self):
        return []

    def close(self, now):
        pass

    def next_event(self):
        return None

    def advance(self, now):
        return []


def _number(apdu):
    return int.from_bytes(apdu[3:7], "big") + 1 if apdu[1:2] == b"\x02" else 1


def _block(apdu, octets):
    head = b"\xc4\x02" + apdu[2:3] + b"\x00" + _number(apdu).to_bytes(4, "big") + b"\x00"
    return head + bytes([len(octets)]) + octets


def blocks_for_ever(apdu, _):
    return _block(apdu, bytes(64))


def empty_blocks_for_ever(apdu, _):
    return _block(apdu, b"")


def general_blocks_for_ever(apdu, count):
    number = int.from_bytes(apdu[4:6], "big") + 1 if apdu[:1] == b"\xe0" else 1
    numbers = number.to_bytes(2, "big") + (count % 256).to_bytes(2, "big")
    return b"\xe0\x41" + numbers + b"\x04abcd"


def length_bombs(apdu, count):
    bombs = (
        b"\x01\x84\xff\xff\xff\xff",
        b"\x09\x84\xff\xff\xff\xff",
        b"\x04\x84\xff\xff\xff\xff",
        b"\x13\x00\x01\xff\xff\x00\x82\xff\xff",
        b"\x02\x82\xff\xff" + b"\x00" * 900,
        b"\x02\x01" * 450,
    )
    return b"\xc4\x01" + apdu[2:3] + b"\x00" + bombs[count % len(bombs)]


def everything_is_nothing(apdu, _):
    return bytes([apdu[0] + 4 & 0xFF, 0x01]) + apdu[2:3] + b"\x00\x00"


def echoes_the_request(apdu, _):
    return apdu


def random_apdus(apdu, count):
    tags = (0xC4, 0xC5, 0xC7, 0xD8, 0xDB, 0x61, 0xCC, 0xE0)
    octets = Random(count).randbytes(1 + count % 200)
    return bytes([tags[count % len(tags)]]) + apdu[1:3] + octets


def always_another_aare(apdu, _):
    del apdu
    return AARE


ENDLESS = (blocks_for_ever, empty_blocks_for_ever, general_blocks_for_ever)
APPLICATIONS = (
    blocks_for_ever,
    empty_blocks_for_ever,
    general_blocks_for_ever,
    length_bombs,
    everything_is_nothing,
    echoes_the_request,
    random_apdus,
    always_another_aare,
)


def hostile_meter(link_layer, answer):
    """Return what opens the link to a meter whose link layer is right and whose answers are not."""

    def opener(_target, clock):
        system = Systems().get(10, "2026-01-15T10:00:00", household("nl", 10))
        device = WanDevice(system, Applied(answer), WanOptions(), Pipeline(()), link_layer)
        return SimulatedLink(device.accept(clock.now()), clock, device.line, URL, device)

    return opener


@pytest.mark.parametrize("link_layer", ["hdlc", "wrapper"])
@pytest.mark.parametrize("answer", APPLICATIONS, ids=lambda answer: answer.__name__)
def test_answers_of_a_hostile_application_end_in_verdicts(verdicts_on, link_layer, answer):
    every = 4 if answer in ENDLESS else 1  # following them to where they are given up takes long
    verdicts_on(link_layer, hostile_meter(link_layer, answer), every)


class Torn(SimulatedLink):
    """A connection to the reference meter that breaks after so many octets, each time anew."""

    octets = 0
    left = 0

    def read(self, until_ns):
        if self.left <= 0:
            raise ConnectionEnded("the meter has hung up")
        chunk = super().read(until_ns)
        if chunk is None:
            return None
        part = chunk.octets[: self.left]
        self.left -= len(part)
        return replace(chunk, octets=part)

    def write(self, octets):
        if self.left <= 0:
            raise ConnectionEnded("the meter has hung up")
        return super().write(octets)

    def reconnect(self, *, abrupt=False):
        super().reconnect(abrupt=abrupt)
        self.left = self.octets

    def connect(self):
        made = super().connect()
        made.__class__ = Torn
        made.octets = made.left = self.octets
        return made


@pytest.mark.parametrize("octets", [1, 9, 52, 120, 700])
@pytest.mark.parametrize("link_layer", ["hdlc", "wrapper"])
def test_a_connection_that_breaks_at_any_point_ends_in_verdicts(verdicts_on, link_layer, octets):
    def opener(_target, clock):
        device = wan_port(link_layer, line=None)
        link = Torn(device.accept(clock.now()), clock, device.line, URL, device)
        link.octets = link.left = octets
        return link

    verdicts_on(link_layer, opener)
