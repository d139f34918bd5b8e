"""`simulated:s1` is a link to the S1 port of the metering system that other links show too."""

import numpy as np
import pytest

from adapters.base import Capability
from adapters.registry import open_link
from bench.core.clock import SECOND, VirtualClock
from bench.core.errors import UsageError
from bench.core.line import LineSettings
from bench.protocols.s1.bulk import BulkCutter


def opened(url="simulated:s1", clock=None):
    return open_link(url, line=LineSettings(), clock=clock or VirtualClock())


def read(link, until):
    octets = b""
    while (chunk := link.read(until)) is not None:
        octets += chunk.octets
    return octets


def cut(octets, port):
    cutter = BulkCutter(port.profile)
    return cutter.feed(octets), cutter.statistics


def test_frames_arrive_whole_and_in_time():
    link = opened()
    octets = read(link, SECOND)
    blocks, statistics = cut(octets, link.port)
    assert statistics.frames == pytest.approx(2600, abs=30)
    assert not statistics.discarded
    assert link.line_format() == LineSettings(2_000_000)
    assert (link.line_errors().framing, link.line_errors().parity) == (0, 0)
    assert link.port.edges.octet_ns(blocks[0].offsets[:1])[0] < SECOND


def test_it_has_no_request_line_but_can_be_controlled():
    link = opened()
    assert Capability.REQUEST_LINE not in link.capabilities
    assert Capability.DEVICE_CONTROL in link.capabilities
    link.control("deactivate")
    read(link, SECOND)
    assert read(link, 60 * SECOND) == b""


def test_p1_and_s1_are_of_one_device():
    clock = VirtualClock()
    s1 = opened("simulated:s1?household=be-delta&seed=4", clock)
    p1 = opened("simulated:p1?profile=be17&household=be-delta&seed=4", clock)
    assert s1.port.system is p1.port.system
    p1.control("deactivate")
    read(s1, SECOND)
    assert read(s1, 2 * SECOND) == b""


def test_two_links_on_one_clock_see_the_same_stream():
    clock = VirtualClock()
    first, second = opened(clock=clock), opened(clock=clock)
    one, other = read(first, SECOND // 4), read(second, SECOND // 4)
    assert one
    assert one == other


def test_sampling_and_wiring_can_be_chosen():
    link = opened("simulated:s1?mode=fixed&rate=40&neutral=no&household=be-one-phase")
    blocks, _ = cut(read(link, SECOND // 2), link.port)
    assert blocks[0].number("rate")[0] == 40
    assert blocks[0].number("info")[0] == 0x08
    assert opened("simulated:s1?profile=fluvius-brochure").line_format().baud_bd == 1_500_000


def test_a_recording_can_be_replayed(tmp_path):
    times = np.arange(10_000) / 5000
    file = tmp_path / "mains.npz"
    np.savez(file, U1=325 * np.cos(2 * np.pi * 50 * times), rate_hz=5000.0)
    link = opened(f"simulated:s1?replay={file}")
    blocks, _ = cut(read(link, SECOND // 2), link.port)
    assert np.abs(blocks[0].samples("V1")).max() == pytest.approx(325, abs=0.1)
    assert not blocks[0].samples("V2").any()


def test_longer_blocks_hold_the_same_octets():
    usual, longer = opened(), opened("simulated:s1?block_ms=100")
    octets = read(longer, SECOND)
    assert len(octets) > 100_000
    assert read(usual, SECOND).startswith(octets)
    assert max(len(longer.read(2 * SECOND).octets) for _ in range(4)) > 11_000


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("simulated:s1?mode=often", "none of: per-period, fixed"),
        ("simulated:s1?rate=x", "no number between"),
        ("simulated:s1?rate=20", "2000 to 4200 Hz"),
        ("simulated:s1?block_ms=0", "no number between 1 and 1000"),
        ("simulated:s1?baud=9600", "unknown option 'baud'"),
        ("simulated:s1?household=nl", "14 characters"),
        ("simulated:s1?replay=nothing.csv", "no recording"),
        ("simulated:s1?seed=x", "whole number"),
        ("simulated:s2", "known: p1, s1, wan"),
    ],
)
def test_what_cannot_be_is_refused(url, message):
    with pytest.raises(UsageError, match=message):
        opened(url)
