"""The whole WAN suite against devices that send hostile octets: verdicts in time, and no error.

They sit behind the link, in virtual time. The known-good exchange around a group is left out, so
that every case meets them.
"""

import tracemalloc
from random import Random

import pytest

from adapters.base import Link, LinkUrl
from bench.core.clock import MILLISECOND
from bench.core.errors import AdapterUnavailable, ConnectionEnded
from bench.core.link import Capability
from bench.core.trace import Chunk
from bench.protocols.dlms.wrapper import encode_wpdu
from bench.protocols.hdlc.address import client, server
from bench.protocols.hdlc.control import Kind, information, receive_ready, unnumbered
from bench.protocols.hdlc.encode import encode_frame

MOST_OCTETS = 48_000_000
HERE, THERE = client(16), server(1, 17, 2)
TICK = 20 * MILLISECOND


class Hostile(Link):
    """A link to a device that is a generator of (delay, octets), begun anew at each connection.

    It is sent what the bench writes (None while nothing came); when it ends, it has hung up. An
    endless one sends whether it is asked or not.
    """

    url = LinkUrl.parse("simulated:wan")
    timing_uncertainty_s = 0.0
    identity = "hostile"
    capabilities = frozenset(
        {Capability.WRITE, Capability.TIMESTAMPS, Capability.CONNECTION, Capability.LINE_SPEED}
    )

    def __init__(self, clock, device):
        self.clock = clock
        self._device = device
        self._begin()

    def _begin(self):
        self._heard = []
        self._parts = self._device(self._heard)
        self._next = None
        self._ended = False

    def read(self, until_ns):
        if self._next is None and not self._ended:
            self._take()
        if self._ended:
            raise ConnectionEnded("the hostile device has hung up")
        if self._next is None or self._next[0] > until_ns:
            self.clock.wait_until(until_ns)
            return None
        at_ns, octets = self._next
        self._next = None
        self.clock.wait_until(at_ns)
        return Chunk(self.clock.now(), octets)

    def _take(self):
        try:
            made = next(self._parts)
        except StopIteration:
            self._ended = True
            return
        if made is not None:
            self._next = self.clock.now() + made[0], made[1]

    def write(self, octets):
        if self._ended:
            raise ConnectionEnded("the hostile device has hung up")
        self._heard.append(octets)
        return self.clock.now()

    def close(self):
        self._ended = True

    def connect(self):
        return Hostile(self.clock, self._device)

    def reconnect(self, *, abrupt=False):
        self._begin()

    def set_line(self, line):
        return self.clock.now()


def asked(heard):
    """Whether the bench has written something since the last time."""
    found = bool(heard)
    heard.clear()
    return found


def silence(heard):
    while True:
        asked(heard)
        yield None


def hangs_up_at_once(heard):
    return
    yield


def hangs_up_when_asked(heard):
    while not asked(heard):
        yield None


def garbage_for_ever(heard):
    random = Random(1)
    while True:
        asked(heard)
        yield TICK, random.randbytes(48)


def flood(heard):
    asked(heard)
    octets = Random(2).randbytes(1 << 16)
    while True:
        heard.clear()
        yield MILLISECOND, octets


def one_octet_at_a_time(heard):
    unit = encode_wpdu(1, 16, bytes(60_000))
    frame = encode_frame(HERE, THERE, information(0, 1), bytes(120))
    while True:
        for octet in (frame + unit)[:400]:
            heard.clear()
            yield 900 * MILLISECOND, bytes([octet])


def flags_for_ever(heard):
    while True:
        heard.clear()
        yield TICK, b"\x7e" * 32


def echo(heard):
    while True:
        octets = b"".join(heard)
        heard.clear()
        yield (TICK, octets) if octets else None


def same_frames(*frames):
    """Answer everything with the same octets."""

    def device(heard):
        while True:
            yield (TICK, b"".join(frames)) if asked(heard) else None

    return device


def ua_for_everything(heard):
    ua = encode_frame(HERE, THERE, unnumbered(Kind.UA))
    yield from same_frames(ua)(heard)


def polled_for_ever(heard):
    """Set up every link, then never have an answer yet."""
    ua = encode_frame(HERE, THERE, unnumbered(Kind.UA))
    while True:
        octets = b"".join(heard)
        heard.clear()
        if not octets:
            yield None
        elif unnumbered(Kind.SNRM) in octets[3:8]:
            yield TICK, ua
        else:
            yield TICK, encode_frame(HERE, THERE, receive_ready(1))


def segments_for_ever(heard):
    """Set up every link, then send segments of an answer that never ends."""
    ua, number = encode_frame(HERE, THERE, unnumbered(Kind.UA)), 0
    while True:
        octets = b"".join(heard)
        heard.clear()
        if not octets:
            yield None
        elif unnumbered(Kind.SNRM) in octets[3:8]:
            number = 0
            yield TICK, ua
        else:
            part = b"\xe6\xe7\x00" + bytes(120) if not number else bytes(123)
            frame = encode_frame(HERE, THERE, information(number % 8, 1), part, True)
            number += 1
            yield TICK, frame


def notifications_for_ever(heard):
    push = bytes.fromhex("0F00000001000204120001120002120003120004")
    frame = encode_frame(HERE, THERE, unnumbered(Kind.UI, False), b"\xe6\xe7\x00" + push)
    unit = encode_wpdu(1, 16, push)
    while True:
        octets = b"".join(heard)
        heard.clear()
        yield TICK, unit if octets[:1] == b"\x00" else frame


def version_of_nobody(heard):
    while True:
        yield (TICK, bytes.fromhex("00070001001000020102")) if asked(heard) else None


def length_of_everything(heard):
    while True:
        yield (TICK, bytes.fromhex("000100010010FFFF61")) if asked(heard) else None


WIRES = {
    "hdlc": (
        silence,
        hangs_up_at_once,
        hangs_up_when_asked,
        garbage_for_ever,
        one_octet_at_a_time,
        flags_for_ever,
        echo,
        ua_for_everything,
        polled_for_ever,
        segments_for_ever,
        notifications_for_ever,
    ),
    "wrapper": (
        silence,
        hangs_up_at_once,
        hangs_up_when_asked,
        garbage_for_ever,
        one_octet_at_a_time,
        echo,
        notifications_for_ever,
        version_of_nobody,
        length_of_everything,
    ),
}


@pytest.mark.parametrize(
    ("link_layer", "device"),
    [(layer, device) for layer, devices in WIRES.items() for device in devices],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_octets_of_a_hostile_device_end_in_verdicts(verdicts_on, link_layer, device):
    verdicts_on(link_layer, lambda _, clock: Hostile(clock, device))


class Refusing(Hostile):
    """A device that takes one connection and never another one."""

    def reconnect(self, *, abrupt=False):
        raise AdapterUnavailable(f"connection refused ({abrupt=})")

    def connect(self):
        raise AdapterUnavailable("connection refused")


@pytest.mark.parametrize("link_layer", ["hdlc", "wrapper"])
def test_a_device_that_takes_no_second_connection_ends_in_verdicts(verdicts_on, link_layer):
    verdicts_on(link_layer, lambda _, clock: Refusing(clock, hangs_up_when_asked))


@pytest.mark.parametrize("link_layer", ["hdlc", "wrapper"])
def test_a_flood_does_not_fill_the_memory(verdicts_on, link_layer):
    tracemalloc.start()
    try:
        verdicts_on(link_layer, lambda _, clock: Hostile(clock, flood))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < MOST_OCTETS
