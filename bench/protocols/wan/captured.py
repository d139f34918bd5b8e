"""The octets that a capture file holds: those the bench recorded, or those in TCP and UDP."""

from collections.abc import Iterator

from bench.core.trace import Direction
from bench.protocols import pcap, pcapng
from bench.protocols.dlms.wrapper import PORT
from bench.protocols.ip import Segment, TcpStreams, parse_packet
from bench.protocols.pcapng import Capture, Packet
from bench.protocols.wan.recording import Stretch

_USER = range(147, 163)  # LINKTYPE_USER0 to USER15: octets of a port as they are


def is_capture(octets: bytes) -> bool:
    """Say whether `octets` begin as a capture file does."""
    return octets.startswith(pcapng.MAGIC) or pcap.is_capture(octets)


def read_capture(octets: bytes) -> list[Stretch]:
    """Return the stretches of a pcapng or pcap file in the order of their packets.

    TCP is put together by sequence numbers. Octets of other ports than 4059 are there as well, as
    stretches that are not sure. Never raises; what is neither TCP nor UDP is left out.
    """
    reader = pcapng.read if octets.startswith(pcapng.MAGIC) else pcap.read
    return list(_stretches(reader(octets)))


def _stretches(capture: Capture) -> Iterator[Stretch]:
    streams = TcpStreams()
    for packet in capture.packets:
        if packet.link_type in _USER:
            yield _recorded(packet)
            continue
        found = parse_packet(packet.octets, packet.link_type)
        if isinstance(found, Segment):
            for octets, loss in streams.feed(found):
                yield _in_order(found, octets, loss, packet.at_unix_ns)
        elif found is not None:
            sure = PORT in found.ports
            yield Stretch(
                found.octets, found.link, found.way, packet.at_unix_ns, whole=True, sure=sure
            )
    for segment, octets in streams.flush():
        yield _in_order(segment, octets, True, None)


def _recorded(packet: Packet) -> Stretch:
    way = "" if packet.direction is None else str(Direction(packet.direction))
    return Stretch(packet.octets, packet.interface_name, way, packet.at_unix_ns)


def _in_order(segment: Segment, octets: bytes, loss: bool, at_ns: int | None) -> Stretch:
    sure = PORT in segment.ports
    return Stretch(octets, segment.link, segment.way, at_ns, loss=loss, sure=sure)
