"""Reads classic capture files (the format before pcapng); a cut file is read up to the cut.

Layout: draft-ietf-opsawg-pcap: a header of 24 octets, then a header of 16 octets and the octets of
each packet. Both byte orders; stamps in microseconds or nanoseconds.
"""

import struct

from bench.protocols.pcapng import Capture, Packet

_HEADER, _RECORD = 24, 16
_MAGICS = {  # magic number as it stands in the file -> byte order, nanoseconds in a tick
    b"\xd4\xc3\xb2\xa1": ("<", 1000),
    b"\xa1\xb2\xc3\xd4": (">", 1000),
    b"\x4d\x3c\xb2\xa1": ("<", 1),
    b"\xa1\xb2\x3c\x4d": (">", 1),
}


def is_capture(octets: bytes) -> bool:
    """Say whether `octets` begin as such a file does."""
    return octets[:4] in _MAGICS


def read(octets: bytes) -> Capture:
    """Return every packet up to the first octet that is not part of a whole one.

    Never raises: a file that is no capture at all is a capture without packets, cut at offset 0.
    """
    if not is_capture(octets) or len(octets) < _HEADER:
        return Capture((), truncated=True, cut_at=0)
    order, tick_ns = _MAGICS[octets[:4]]
    # the link type has 16 bits; those above tell of frame check sequences
    link_type = struct.unpack_from(f"{order}I", octets, 20)[0] & 0xFFFF
    record = struct.Struct(f"{order}IIII")
    packets: list[Packet] = []
    at = _HEADER
    while at < len(octets):
        if at + _RECORD > len(octets):
            return Capture(tuple(packets), truncated=True, cut_at=at)
        seconds, ticks, captured, _ = record.unpack_from(octets, at)
        end = at + _RECORD + captured
        if end > len(octets):
            return Capture(tuple(packets), truncated=True, cut_at=at)
        at_unix_ns = seconds * 1_000_000_000 + ticks * tick_ns
        packets.append(Packet(at_unix_ns, octets[at + _RECORD : end], link_type=link_type))
        at = end
    return Capture(tuple(packets))
