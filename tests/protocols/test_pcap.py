"""Classic capture files: both byte orders, both resolutions, cut ones."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.protocols import pcap


def capture(order, magic, packets, link_type=147):
    head = struct.pack(f"{order}IHHiIII", magic, 2, 4, 0, 0, 65535, link_type | 1 << 28)
    rows = (struct.pack(f"{order}IIII", 7, 5, len(p), len(p)) + p for p in packets)
    return head + b"".join(rows)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("magic", "ns"), [(0xA1B2C3D4, 5000), (0xA1B23C4D, 5)])
def test_packets_with_their_instants(order, magic, ns):
    octets = capture(order, magic, [b"one", b""])
    found = pcap.read(octets)
    assert pcap.is_capture(octets)
    assert [(p.octets, p.at_unix_ns) for p in found.packets] == [
        (b"one", 7 * 10**9 + ns),
        (b"", 7 * 10**9 + ns),
    ]
    assert found.packets[0].link_type == 147
    assert not found.truncated


@pytest.mark.parametrize("left", [1, 10, 18])
def test_a_cut_file_is_read_up_to_the_cut(left):
    whole = capture("<", 0xA1B2C3D4, [b"one"])
    found = pcap.read(whole + struct.pack("<IIII", 0, 0, 9, 9)[:left] + b"xy"[: max(left - 16, 0)])
    assert [p.octets for p in found.packets] == [b"one"]
    assert (found.truncated, found.cut_at) == (True, len(whole))


@given(st.binary(max_size=100))
def test_any_octets_are_read(octets):
    for magic in (b"", b"\xd4\xc3\xb2\xa1"):
        assert len(pcap.read(magic + octets).packets) <= 5
