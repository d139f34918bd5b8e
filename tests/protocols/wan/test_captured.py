"""Captures of TCP, of UDP and of the bench itself give the streams that were on the port."""

import struct

import pytest

from bench.core.trace import Direction
from bench.protocols import pcapng
from bench.protocols.dlms.apdu import encode_apdu
from bench.protocols.dlms.cosem_types import AttributeDescriptor, LogicalName
from bench.protocols.dlms.data_types import octet_string
from bench.protocols.dlms.get import GetRequestNormal, GetResponseNormal
from bench.protocols.dlms.results import Invocation
from bench.protocols.wan.captured import is_capture, read_capture
from bench.protocols.wan.layer import Form

CLOCK = AttributeDescriptor(8, LogicalName(0, 0, 1, 0, 0), 2)
REQUEST = encode_apdu(GetRequestNormal(Invocation(), CLOCK))
RESPONSE = encode_apdu(GetResponseNormal(Invocation(), octet_string(b"answer")))


def ip_packet(octets, *, back=False, sequence=0, flags=0x18, port=4059, protocol=6):
    """Return an Ethernet packet between a client and a meter, TCP unless `protocol` is 17."""
    ends = [(bytes([10, 0, 0, 1]), 50000), (bytes([10, 0, 0, 2]), port)]
    (source, from_port), (destination, to_port) = reversed(ends) if back else ends
    if protocol == 6:
        head = struct.pack(">HHIIBBHHH", from_port, to_port, sequence, 0, 0x50, flags, 512, 0, 0)
    else:
        head = struct.pack(">HHHH", from_port, to_port, 8 + len(octets), 0)
    total = 20 + len(head) + len(octets)
    network = struct.pack(">BBHHHBBH", 0x45, 0, total, 1, 0, 64, protocol, 0)
    return bytes(12) + b"\x08\x00" + network + source + destination + head + octets


def pcap(packets, link_type=1):
    """Return a classic capture, little-endian with microseconds."""
    head = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, link_type)
    rows = (
        struct.pack("<IIII", 1_700_000_000, n, len(p), len(p)) + p for n, p in enumerate(packets)
    )
    return head + b"".join(rows)


def segments(octets, cut, *, back=False, first=1000, port=4059):
    starts = range(0, len(octets), cut)
    return [
        ip_packet(octets[n : n + cut], back=back, sequence=(first + n) % (1 << 32), port=port)
        for n in starts
    ]


def test_tcp_is_put_together(decode, wire):
    there, back = wire.wrapped(REQUEST) * 2, wire.wrapped(RESPONSE, 1, 16)
    opened = ip_packet(b"", sequence=999, flags=0x02)
    forth, answers = segments(there, 5), segments(back, 7, back=True, first=(1 << 32) - 4)
    order = [opened, forth[1], forth[0], *answers, forth[0], *forth[2:]]
    capture = pcap(order)
    assert is_capture(capture)
    units = decode(read_capture(capture))
    assert [unit.octets for unit in units] == [
        back,
        there[: len(there) // 2],
        there[len(there) // 2 :],
    ]
    assert units[0].way == "10.0.0.2:4059 > 10.0.0.1:50000"
    assert units[0].link == units[1].link
    assert units[0].at_ns == 1_700_000_000 * 10**9 + (3 + len(answers) - 1) * 1000


def test_octets_that_were_not_captured_cost_no_more_than_their_unit(decode, wire):
    unit = wire.wrapped(REQUEST)
    packets = segments(unit * 3, len(unit))
    del packets[1]
    units = decode(read_capture(pcap(packets)))
    assert [(u.form, u.octets) for u in units] == [(Form.WRAPPER, unit)] * 2
    cut = segments(unit * 2, 10)
    del cut[1]
    units = decode(read_capture(pcap(cut)))
    assert units[0].octets == unit[:10]
    assert [p.code for p in units[0].problems][:1] == ["wrapper-length"]


def test_other_ports_are_read_where_they_carry_frames(decode, wire):
    frames = wire.ask(REQUEST) * 2
    octets = pcap(
        [*segments(frames, 28, port=8000), *segments(b"GET / HTTP/1.1\r\n\r\n", 99, port=80)]
    )
    units = decode(read_capture(octets))
    assert [unit.form for unit in units] == [Form.HDLC] * 2


def test_a_datagram_is_a_unit(decode, wire):
    unit = wire.wrapped(RESPONSE, 1, 16)
    octets = [ip_packet(u, protocol=17) for u in (unit, unit[:9], unit)]
    units = decode(read_capture(pcap(octets)))
    assert [u.octets for u in units] == [unit, unit[:9], unit]
    assert [bool(u.problems) for u in units] == [False, True, False]


@pytest.mark.parametrize(
    ("link_type", "head"),
    [
        (101, b""),
        (0, b"\x02\x00\x00\x00"),
        (113, bytes(14) + b"\x08\x00"),
        (276, b"\x08\x00" + bytes(18)),
        (1, bytes(12) + b"\x81\x00\x00\x05\x08\x00"),
    ],
)
def test_link_types(decode, wire, link_type, head):
    unit = wire.wrapped(REQUEST)
    packet = head + ip_packet(unit)[14:]
    assert [u.octets for u in decode(read_capture(pcap([packet], link_type)))] == [unit]


def test_ipv6(decode, wire):
    unit = wire.wrapped(REQUEST)
    tcp = ip_packet(unit)[34:]
    head = (
        struct.pack(">IHBB", 6 << 28, len(tcp) + 8, 0, 64)
        + bytes(15)
        + b"\x01"
        + bytes(15)
        + b"\x02"
    )
    packet = bytes(12) + b"\x86\xdd" + head + b"\x06\x00" + bytes(6) + tcp
    (found,) = decode(read_capture(pcap([packet])))
    assert found.octets == unit
    assert found.way == "[::1]:50000 > [::2]:4059"


def test_what_the_bench_recorded_keeps_its_direction(decode, wire):
    there, back = wire.ask(REQUEST), wire.answer(RESPONSE)
    blocks = [pcapng.section_header(), pcapng.interface_description("wan", "")]
    rows = [
        (there[:9], Direction.SENT),
        (back[:5], Direction.RECEIVED),
        (there[9:], Direction.SENT),
        (back[5:], Direction.RECEIVED),
    ]
    blocks += [pcapng.packet(0, n, octets, way) for n, (octets, way) in enumerate(rows)]
    units = decode(read_capture(b"".join(blocks)))
    assert [(u.octets, u.way, u.at_ns) for u in units] == [
        (there, "sent", 2),
        (back, "received", 3),
    ]
    assert units[1].layers[-1].notes[0].startswith("answers class 8")
