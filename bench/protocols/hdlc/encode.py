"""Build HDLC frames, right ones in one call and every wrong one.

`encode_frame` computes all that can be computed. `build_frame` does the same unless told otherwise:
each field can be given as it shall be sent, and what follows it is computed over what was given, so
that one deviation stays one deviation.
"""

from collections.abc import Callable

from bench.core.errors import UsageError
from bench.protocols.crc import crc16_x25
from bench.protocols.hdlc.address import Address
from bench.protocols.hdlc.frame import MAX_LENGTH, TYPE_3, FrameLayout

FLAG_OCTET = b"\x7e"

#: what a check sequence shall be: these octets, or made from the right ones; None: the right ones
CheckSequence = bytes | Callable[[bytes], bytes] | None


def encode_frame(
    destination: Address,
    source: Address,
    control: int,
    information: bytes = b"",
    segmented: bool = False,
) -> bytes:
    """Return a frame of type 3 with its flags, length, HCS where there is information, and FCS.

    Raises UsageError if the frame is longer than the length field can say.
    """
    head = destination.octets + source.octets + bytes((control,))
    count = len(head) + 4
    if information:
        count += len(information) + 2
        if count > MAX_LENGTH:
            raise UsageError(f"an HDLC frame has at most {MAX_LENGTH} octets, not {count}")
        head = ((0xA800 if segmented else 0xA000) | count).to_bytes(2, "big") + head
        body = head + crc16_x25(head).to_bytes(2, "little") + information
    else:
        body = ((0xA800 if segmented else 0xA000) | count).to_bytes(2, "big") + head
    return b"\x7e%b%b\x7e" % (body, crc16_x25(body).to_bytes(2, "little"))


def build_frame(
    destination: Address | bytes,
    source: Address | bytes,
    control: int | bytes,
    information: bytes = b"",
    *,
    segmented: bool = False,
    layout: FrameLayout = TYPE_3,
    format_type: int | None = None,
    length: int | Callable[[int], int] | None = None,
    with_hcs: bool | None = None,
    hcs: CheckSequence = None,
    fcs: CheckSequence = None,
    opening: bytes = FLAG_OCTET,
    closing: bytes = FLAG_OCTET,
) -> bytes:
    """Return a frame with its flags, right in all that is not given.

    `length` is the stated one, or makes it from the right one; `with_hcs` puts a header check in,
    or leaves it out, whether there is information or not; `opening` and `closing` stand in place
    of the flags (b"" for none). A control field can have other than one octet. The layout may have
    one address: then `source` is not sent.
    """
    fields = destination.octets if isinstance(destination, Address) else destination
    if layout.addresses == 2:
        fields += source.octets if isinstance(source, Address) else source
    fields += bytes((control,)) if isinstance(control, int) else control
    if with_hcs is None:
        with_hcs = layout.header_check and bool(information)
    right = 2 + len(fields) + 2 * with_hcs + len(information) + 2
    stated = right if length is None else length(right) if callable(length) else length
    kind = layout.format_type if format_type is None else format_type
    head = (kind & 0xF) << 12 | segmented << 11 | stated & MAX_LENGTH
    body = head.to_bytes(2, "big") + fields
    if with_hcs:
        body += _check(body, hcs)
    body += information
    return opening + body + _check(body, fcs) + closing


def flipped(*bits: int) -> Callable[[bytes], bytes]:
    """Return what flips these bits of a check sequence: 0..7 in its first octet, then 8..15."""
    mask = sum(1 << bit for bit in set(bits))

    def flip(right: bytes) -> bytes:
        return (int.from_bytes(right, "little") ^ mask).to_bytes(len(right), "little")

    return flip


def _check(covered: bytes, wanted: CheckSequence) -> bytes:
    if isinstance(wanted, bytes):
        return wanted
    right = crc16_x25(covered).to_bytes(2, "little")
    return right if wanted is None else wanted(right)
