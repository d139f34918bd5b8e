"""Tells from octets how they are carried: HDLC, wrapper, or bare APDUs; never a verdict."""

from bench.core.trace import Chunk
from bench.protocols.dlms.apdu import APDU_NAMES, decode_apdu
from bench.protocols.dlms.decoded import Malformed
from bench.protocols.hdlc.deframer import Deframer, FrameOctets
from bench.protocols.hdlc.frame import FLAG, TYPE_3, decode_frame
from bench.protocols.wan.cutting import WrapperCutter, apdu_end
from bench.protocols.wan.layer import Form

_FLAG = bytes([FLAG])
_FORMATS = frozenset(bytes([octet]) for octet in range(0xA0, 0xB0))  # of type 3
_SURE_OCTETS = 3  # of a malformed APDU that have to be right


def recognise(octets: bytes, *, complete: bool = False) -> Form | None:
    """Return how the APDUs in `octets` are carried, None where no frame is found.

    With `complete`, they have to be frames from the first to the last octet, all of them sound.
    """
    if complete:
        found = _by_first_octet(octets)
        return found if found is not None and _complete(octets, found) else None
    for form in filter(None, (_by_first_octet(octets), Form.HDLC, Form.WRAPPER)):
        if _holds(octets, form):
            return form
    return None


def _by_first_octet(octets: bytes) -> Form | None:
    """Return the only form that can begin with this octet."""
    first = octets[:1]
    if first == _FLAG or first in _FORMATS:
        return Form.HDLC
    if first == b"\x00":
        return Form.WRAPPER
    return Form.APDU if first and first[0] in APDU_NAMES else None


def _holds(octets: bytes, form: Form) -> bool:
    """Say whether a frame of `form` is in `octets`, damaged or cut as it may be."""
    if form is Form.APDU:
        return _likely_apdu(octets)
    if form is Form.WRAPPER:
        cutter = WrapperCutter()
        found = [*cutter.feed(octets), *cutter.flush()]
        return any(p.form is Form.WRAPPER and p.octets[8:9] != b"" for p in found)
    if bare_frame(octets) or (octets[:1] == _FLAG and octets[1:2] in _FORMATS):
        return True
    deframer = Deframer()
    for piece in [*deframer.feed(Chunk(0, octets)), *deframer.flush()]:
        if isinstance(piece, FrameOctets):
            frame = decode_frame(piece.body)
            right = frame.format_type == TYPE_3.format_type and frame.length == len(piece.body)
            if frame.valid or right:
                return True
    return False


def _likely_apdu(octets: bytes) -> bool:
    decoded = decode_apdu(octets[: apdu_end(octets, 0)])
    if not isinstance(decoded.value, Malformed):
        return True
    # the tags of some ciphered APDUs are letters, with which any text may begin
    text = octets[:64].isascii() and octets[:64].replace(b"\r\n", b"").decode().isprintable()
    return not text and decoded.problems[0].offset >= _SURE_OCTETS


def _complete(octets: bytes, form: Form) -> bool:
    if form is Form.APDU:
        return not decode_apdu(octets).problems
    if form is Form.WRAPPER:
        cutter = WrapperCutter()
        found = [*cutter.feed(octets), *cutter.flush()]
        return all(p.form is Form.WRAPPER and not p.note for p in found)
    if bare_frame(octets):
        return True
    deframer = Deframer()
    return all(
        isinstance(piece, FrameOctets) and piece.sound
        for piece in [*deframer.feed(Chunk(0, octets)), *deframer.flush()]
    )


def bare_frame(octets: bytes) -> bool:
    """Say whether `octets` are a sound HDLC frame whose flags were not recorded."""
    return octets[:1] != _FLAG and not decode_frame(octets).problems
