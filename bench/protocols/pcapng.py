"""Writes and reads capture files: the same records give the same octets, a cut file is still read.

Block layouts are those of draft-ietf-opsawg-pcapng (§4.1 Section Header, §4.2 Interface
Description, §4.3 Enhanced Packet). What the bench writes is little-endian, of link type
LINKTYPE_USER0 (the ports of a meter have none of their own), with nanosecond stamps in Unix time,
the direction in `epb_flags` and a line for the reader in `opt_comment`.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from bench.core.errors import UsageError
from bench.core.trace import Direction

LINKTYPE_USER0 = 147
MAGIC = b"\x0a\x0d\x0d\x0a"  # the same in both byte orders (§4.1)

_SECTION_HEADER = 0x0A0D0D0A
_INTERFACE = 1
_ENHANCED_PACKET = 6
_BYTE_ORDER = 0x1A2B3C4D
_MINIMUM = 12  # type, length, length again

_OPT_COMMENT = 1
_SHB_USERAPPL = 4
_IF_NAME = 2
_IF_DESCRIPTION = 3
_IF_TSRESOL = 9
_IF_TSOFFSET = 14
_EPB_FLAGS = 2

_NANOSECONDS = 9  # if_tsresol: a negative power of ten
_MICROSECONDS = 6  # what an interface without if_tsresol counts (§4.2)
_DIRECTIONS = {1: Direction.RECEIVED, 2: Direction.SENT}  # epb_flags bits 0-1 (§4.3.1)
_FLAGS = {direction: code for code, direction in _DIRECTIONS.items()}

_WORD = {"<": struct.Struct("<I"), ">": struct.Struct(">I")}
_OPTION = {"<": struct.Struct("<HH"), ">": struct.Struct(">HH")}
_PACKET = {"<": struct.Struct("<IIIII"), ">": struct.Struct(">IIIII")}


@dataclass(frozen=True, slots=True)
class Packet:
    """One recorded packet; `direction` is None where the capture does not state it.

    `link_type` says what its first octets are (LINKTYPE_...).
    """

    at_unix_ns: int
    octets: bytes
    direction: Direction | None = None
    comment: str = ""
    interface_name: str = ""
    link_type: int = LINKTYPE_USER0


@dataclass(frozen=True, slots=True)
class Capture:
    """What a capture file holds.

    `truncated` says that the file does not end with a whole block: `cut_at` is the offset of
    the first octet that could not be read as one. All packets before it are there.
    """

    packets: tuple[Packet, ...]
    truncated: bool = False
    cut_at: int | None = None


@dataclass(frozen=True, slots=True)
class _Interface:
    name: str
    resolution: int
    offset_s: int
    link_type: int = LINKTYPE_USER0

    def unix_ns(self, ticks: int) -> int:
        power = self.resolution & 0x7F
        if self.resolution & 0x80:
            ns = ticks * 1_000_000_000 >> power
        else:
            ns = ticks * 1_000_000_000 // 10**power
        return ns + self.offset_s * 1_000_000_000


_UNDECLARED = _Interface("", _MICROSECONDS, 0)


def section_header() -> bytes:
    """Return the block that starts a file; all that follows is little-endian."""
    body = struct.pack("<IHHq", _BYTE_ORDER, 1, 0, -1)
    return _block(_SECTION_HEADER, body + _option(_SHB_USERAPPL, b"meterbench") + _end())


def interface_description(name: str, description: str) -> bytes:
    """Return the block that declares the next interface, numbered from 0 in order of writing."""
    options = (
        _option(_IF_NAME, _text(name))
        + _option(_IF_DESCRIPTION, _text(description))
        + _option(_IF_TSRESOL, bytes([_NANOSECONDS]))
    )
    body = struct.pack("<HHI", LINKTYPE_USER0, 0, 0)
    return _block(_INTERFACE, body + options + _end())


def packet(
    interface: int, at_unix_ns: int, octets: bytes, direction: Direction, comment: str = ""
) -> bytes:
    """Return the block of one packet; UsageError when the instant does not fit in 64 bits."""
    if not 0 <= at_unix_ns < 1 << 64:
        raise UsageError(f"{at_unix_ns} ns is not an instant that a capture file can hold")
    head = _PACKET["<"].pack(
        interface, at_unix_ns >> 32, at_unix_ns & 0xFFFFFFFF, len(octets), len(octets)
    )
    options = _option(_EPB_FLAGS, struct.pack("<I", _FLAGS[direction]))
    if comment:
        options = _option(_OPT_COMMENT, _text(comment)) + options
    return _block(_ENHANCED_PACKET, head + _padded(octets) + options + _end())


def read(octets: bytes) -> Capture:
    """Return every packet up to the first octet that is not part of a whole block.

    Reads both byte orders and any time resolution; skips blocks and options that it does not
    know. Simple Packet blocks carry no instant and are skipped as well. Never raises: a file
    that is no capture at all is a capture without packets, cut at offset 0.
    """
    packets: list[Packet] = []
    interfaces: list[_Interface] = []
    offset = 0
    order = ""
    while offset < len(octets):
        found = _next_block(octets, offset, order)
        if found is None:
            return Capture(tuple(packets), truncated=True, cut_at=offset)
        kind, body, order, length = found
        if kind == _SECTION_HEADER:
            interfaces = []
        elif kind == _INTERFACE and len(body) >= 8:
            interfaces.append(_read_interface(body, order))
        elif kind == _ENHANCED_PACKET:
            one = _read_packet(body, order, interfaces)
            if one is None:
                return Capture(tuple(packets), truncated=True, cut_at=offset)
            packets.append(one)
        offset += length
    return Capture(tuple(packets), truncated=not octets, cut_at=None if octets else 0)


def _next_block(octets: bytes, offset: int, order: str) -> tuple[int, bytes, str, int] | None:
    """Return type, body, byte order and length of the block at `offset`, None if not whole."""
    if len(octets) - offset < _MINIMUM:
        return None
    if octets[offset : offset + 4] == MAGIC:
        mark = octets[offset + 8 : offset + 12]
        order = next((o for o in "<>" if _WORD[o].pack(_BYTE_ORDER) == mark), "")
    if not order:
        return None
    word = _WORD[order]
    (kind,) = word.unpack_from(octets, offset)
    (length,) = word.unpack_from(octets, offset + 4)
    if length < _MINIMUM or length % 4 or offset + length > len(octets):
        return None
    if word.unpack_from(octets, offset + length - 4)[0] != length:
        return None
    return kind, octets[offset + 8 : offset + length - 4], order, length


def _read_interface(body: bytes, order: str) -> _Interface:
    name, resolution, offset_s = "", _MICROSECONDS, 0
    for code, value in _options(body, 8, order):
        if code == _IF_NAME:
            name = value.decode("utf-8", "replace")
        elif code == _IF_TSRESOL and value:
            resolution = value[0]
        elif code == _IF_TSOFFSET and len(value) == 8:
            (offset_s,) = struct.unpack(f"{order}q", value)
    (link_type,) = struct.unpack_from(f"{order}H", body)
    return _Interface(name, resolution, offset_s, link_type)


def _read_packet(body: bytes, order: str, interfaces: list[_Interface]) -> Packet | None:
    head = _PACKET[order]
    if len(body) < head.size:
        return None
    number, high, low, captured, _ = head.unpack_from(body)
    end = head.size + captured
    if end > len(body):
        return None
    interface = interfaces[number] if number < len(interfaces) else _UNDECLARED
    direction, comment = None, ""
    for code, value in _options(body, end + -captured % 4, order):
        if code == _EPB_FLAGS and len(value) == 4:
            direction = _DIRECTIONS.get(_WORD[order].unpack(value)[0] & 0b11)
        elif code == _OPT_COMMENT and not comment:
            comment = value.decode("utf-8", "replace")
    at_unix_ns = interface.unix_ns(high << 32 | low)
    octets = body[head.size : end]
    return Packet(at_unix_ns, octets, direction, comment, interface.name, interface.link_type)


def _options(body: bytes, offset: int, order: str) -> Iterator[tuple[int, bytes]]:
    """Yield code and value of the options from `offset` on, as far as they are whole (§3.5)."""
    while offset + 4 <= len(body):
        code, length = _OPTION[order].unpack_from(body, offset)
        start, end = offset + 4, offset + 4 + length
        if code == 0 or end > len(body):
            return
        yield code, body[start:end]
        offset = end + -length % 4


def _block(kind: int, body: bytes) -> bytes:
    length = _WORD["<"].pack(len(body) + _MINIMUM)
    return _WORD["<"].pack(kind) + length + body + length


def _option(code: int, value: bytes) -> bytes:
    return _OPTION["<"].pack(code, len(value)) + _padded(value)


def _end() -> bytes:
    return _OPTION["<"].pack(0, 0)


def _padded(octets: bytes) -> bytes:
    return octets + bytes(-len(octets) % 4)


def _text(text: str) -> bytes:
    octets = text.encode("utf-8", "replace")
    if len(octets) > 0xFFFF:
        raise UsageError(f"a text of {len(octets)} octets does not fit in a capture file (65535)")
    return octets
