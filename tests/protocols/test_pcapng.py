import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.core.errors import UsageError
from bench.core.trace import Direction
from bench.protocols import pcapng
from bench.protocols.pcapng import Capture, Packet

AT = 1_790_000_000_123_456_789


def written(*packets: Packet, name: str = "p1") -> bytes:
    blocks = [pcapng.section_header(), pcapng.interface_description(name, "port P1 of the meter")]
    for one in packets:
        assert one.direction is not None
        blocks.append(pcapng.packet(0, one.at_unix_ns, one.octets, one.direction, one.comment))
    return b"".join(blocks)


def test_a_packet_block_has_the_layout_of_the_draft():
    block = pcapng.packet(1, AT, b"\x7e\xa0\x07", Direction.SENT, "AARQ")
    high, low = AT >> 32, AT & 0xFFFFFFFF
    assert block == (
        struct.pack("<IIIIIII", 6, 56, 1, high, low, 3, 3)
        + b"\x7e\xa0\x07\x00"
        + struct.pack("<HH", 1, 4)
        + b"AARQ"
        + struct.pack("<HHI", 2, 4, 2)
        + struct.pack("<HH", 0, 0)
        + struct.pack("<I", 56)
    )


def test_the_interface_is_user0_with_nanoseconds():
    block = pcapng.interface_description("p1", "")
    assert block[8:10] == struct.pack("<H", 147)
    assert struct.pack("<HHB", 9, 1, 9) in block


packets = st.builds(
    Packet,
    at_unix_ns=st.integers(0, 2**64 - 1),
    octets=st.binary(max_size=70),
    direction=st.sampled_from(Direction),
    comment=st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    interface_name=st.just("p1"),
)


@given(st.lists(packets, max_size=5))
def test_what_is_written_is_read(sent):
    octets = written(*sent)
    assert octets == written(*sent)
    assert pcapng.read(octets) == Capture(tuple(sent))


@given(st.lists(packets, min_size=1, max_size=4), st.data())
def test_a_cut_file_gives_all_whole_packets(sent, data):
    octets = written(*sent)
    cut = data.draw(st.integers(0, len(octets) - 1))
    capture = pcapng.read(octets[:cut])
    ends = [len(written(*sent[:n])) for n in range(len(sent) + 1)]
    whole = sum(end <= cut for end in ends[1:])
    assert capture.packets == tuple(sent[:whole])
    assert capture.truncated == (cut not in _starts(octets))
    if capture.truncated:
        assert capture.cut_at is not None
        assert capture.cut_at <= cut


def _starts(octets: bytes) -> list[int]:
    starts, offset = [], 0
    while offset < len(octets):
        starts.append(offset)
        offset += struct.unpack_from("<I", octets, offset + 4)[0]
    return starts[1:]


@given(st.binary(max_size=200))
def test_noise_never_raises(noise):
    assert pcapng.read(noise).truncated
    good = Packet(AT, b"abc", Direction.RECEIVED, interface_name="p1")
    assert pcapng.read(written(good) + noise).packets[:1] == (good,)


def test_an_empty_file_is_cut_at_its_start():
    assert pcapng.read(b"") == Capture((), truncated=True, cut_at=0)


def test_a_length_that_is_not_repeated_ends_the_reading():
    good = Packet(AT, b"abc", Direction.RECEIVED, interface_name="p1")
    octets = bytearray(written(good, good))
    octets[-4] ^= 0xFF
    capture = pcapng.read(bytes(octets))
    assert capture.packets == (good,)
    assert capture.cut_at == len(written(good))


def block(order: str, kind: int, body: bytes) -> bytes:
    length = struct.pack(f"{order}I", len(body) + 12)
    return struct.pack(f"{order}I", kind) + length + body + length


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("resolution", "ticks", "expected_ns"),
    [
        (None, 1_500_000, 1_500_000_000),
        (b"\x03", 1_500, 1_500_000_000),
        (b"\x09", 1_500_000_001, 1_500_000_001),
        (b"\x0c", 1_500_000_000_999, 1_500_000_000),
        (b"\x8a", 1_536, 1_500_000_000),
        (b"\x00", 7, 7_000_000_000),
    ],
)
def test_other_writers_are_read(order, resolution, ticks, expected_ns):
    def option(code: int, value: bytes) -> bytes:
        padded = value + bytes(-len(value) % 4)
        return struct.pack(f"{order}HH", code, len(value)) + padded

    header = block(order, 0x0A0D0D0A, struct.pack(f"{order}IHHq", 0x1A2B3C4D, 1, 0, -1))
    options = option(2, b"eth0") + option(12, b"unknown option")
    if resolution is not None:
        options += option(9, resolution)
    interface = block(order, 1, struct.pack(f"{order}HHI", 147, 0, 0) + options)
    head = struct.pack(f"{order}IIIII", 0, ticks >> 32, ticks & 0xFFFFFFFF, 5, 90)
    flags = option(2, struct.pack(f"{order}I", 0x12)) + option(2988, b"custom")
    enhanced = block(order, 6, head + b"hello\0\0\0" + flags)
    unknown = block(order, 0x0BAD, b"who knows...")
    simple = block(order, 3, struct.pack(f"{order}I", 4) + b"none")
    bare = block(order, 6, struct.pack(f"{order}IIIII", 9, 0, 1, 0, 0))
    octets = header + unknown + interface + simple + enhanced + bare
    assert pcapng.read(octets) == Capture(
        (
            Packet(expected_ns, b"hello", Direction.SENT, "", "eth0"),
            Packet(1000, b"", None, "", ""),
        )
    )


def test_the_offset_of_an_interface_is_added():
    options = struct.pack("<HHB3x", 9, 1, 9) + struct.pack("<HHq", 14, 8, 100)
    interface = block("<", 1, struct.pack("<HHI", 147, 0, 0) + options)
    octets = pcapng.section_header() + interface + pcapng.packet(0, 5, b"", Direction.SENT)
    assert pcapng.read(octets).packets[0].at_unix_ns == 100_000_000_005


def test_interfaces_are_numbered_within_their_section():
    octets = written(Packet(1, b"a", Direction.SENT), name="p1") + written(
        Packet(2, b"b", Direction.SENT), name="s1"
    )
    assert [p.interface_name for p in pcapng.read(octets).packets] == ["p1", "s1"]


def test_an_instant_or_comment_that_does_not_fit_is_misuse():
    with pytest.raises(UsageError, match="-1 ns"):
        pcapng.packet(0, -1, b"", Direction.SENT)
    with pytest.raises(UsageError, match="65536 octets"):
        pcapng.packet(0, 0, b"", Direction.SENT, "x" * 65536)


def test_scapy_reads_the_same(tmp_path):
    utils = pytest.importorskip("scapy.utils")
    path = tmp_path / "one.pcapng"
    path.write_bytes(
        written(
            Packet(AT, b"/ISK5\r\n", Direction.RECEIVED, "telegram 1"),
            Packet(AT + 1, b"\x7e" * 33, Direction.SENT),
        )
    )
    with utils.RawPcapNgReader(str(path)) as reader:
        read = list(reader)
    assert [octets for octets, _ in read] == [b"/ISK5\r\n", b"\x7e" * 33]
    first, second = (metadata for _, metadata in read)
    assert first.linktype == 147
    assert first.tsresol == 10**9
    assert first.tshigh << 32 | first.tslow == AT
    assert (first.direction, second.direction) == (1, 2)
    assert first.ifname == b"p1"
    assert b"telegram 1" in (getattr(first, "comments", None) or [first.comment])
