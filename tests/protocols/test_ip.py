"""TCP in the order of its octets, whatever the order of its segments; packets that are cut."""

from hypothesis import given
from hypothesis import strategies as st

from bench.protocols.ip import Segment, TcpStreams, parse_packet


def segment(sequence, octets, opens=False):
    return Segment("a:1", "b:2", (1, 2), octets, sequence % (1 << 32), opens)


@given(
    st.binary(min_size=1, max_size=60),
    st.integers(0, (1 << 32) - 1),
    st.randoms(use_true_random=False),
    st.integers(1, 9),
)
def test_segments_come_in_order(octets, first, random, size):
    parts = [segment(first + n, octets[n : n + size]) for n in range(0, len(octets), size)]
    parts += [segment(first + n, octets[n : n + size + 3]) for n in range(0, len(octets), 7)]
    random.shuffle(parts)
    streams = TcpStreams()
    found = streams.feed(segment(first - 1 + 1, b"", opens=True))
    for part in parts:
        found += streams.feed(part)
    assert b"".join(piece for piece, _ in found) == octets
    assert not any(loss for _, loss in found)
    assert list(streams.flush()) == []


def test_what_waits_in_vain_is_given_out_as_after_a_loss():
    streams = TcpStreams()
    assert streams.feed(segment(0, b"one")) == [(b"one", False)]
    assert streams.feed(segment(5, b"two")) == []
    assert streams.feed(segment(8, b"three")) == []
    assert [octets for _, octets in streams.flush()] == [b"twothree"]
    streams.feed(segment(100, b"late"))
    assert streams.feed(segment(500, b"new", opens=True)) == [(b"late", True), (b"new", False)]


def test_too_much_is_not_waited_for():
    streams = TcpStreams()
    streams.feed(segment(0, b"x"))
    found = [part for n in range(1, 1030) for part in streams.feed(segment(1 + 2 * n, b"y"))]
    assert [loss for _, loss in found] == [True] * len(found)
    assert len(found) > 1000


@given(st.binary(max_size=120), st.sampled_from([0, 1, 12, 101, 108, 113, 228, 229, 276, 999]))
def test_any_packet_is_parsed(octets, link_type):
    found = parse_packet(octets, link_type)
    assert found is None or found.octets in octets


@given(st.sampled_from([b"\x45", b"\x60"]), st.binary(max_size=90))
def test_any_network_layer_is_parsed(first, octets):
    found = parse_packet(first + octets, 101)
    assert found is None or len(found.octets) < len(octets)
