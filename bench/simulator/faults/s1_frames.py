"""Faults of frames: catalogue rows S1-FRM, and what HDLC allows between and within them."""

from collections.abc import Callable

import numpy as np

from bench.protocols.crc import crc16_x25
from bench.protocols.crc_rows import Octets
from bench.protocols.s1.bulk_encode import check_rows
from bench.protocols.s1.encode import ESCAPE, FLAG, INVERTED, stuffed, unstuffed
from bench.simulator.faults.fault import Alteration, Fault, Variation
from bench.simulator.faults.s1_edit import check, every, octet, s1_fault, s1_variation, wire
from bench.simulator.load import noise
from bench.simulator.ports.s1_stages import Sampling, Sealing, Stage, each_frame, once

_FRAME = "ISO-13239:4"
_OCTET = "emucs-h-1.3-octet"
_PER_SECOND = {"S1/PER-PERIOD": False, "S1/FIRST-GENERATION": False}
#: frames that are not all alike are cut one by one, which takes its time
_BRIEFLY = {"observation_s": 30.0, "long_run_s": 120.0}
#: numbers of frames that are lost or damaged are missing; tried only where all cases are
_LOST = ("S1-SEQ-*:*",)
#: who joins where a frame is damaged has to wait for the one behind it
_WAITS = ("S1-FRM-16:first", *_LOST)


#: escapes that are missing break frames into pieces, and make flags of their octets
_FRAGMENTS = (
    *("S1-FRM-01:*", "S1-FRM-07:*", "S1-FRM-11:content", "S1-FRM-12:whole", "S1-FRM-13:*"),
    *("S1-FRM-14:runts", "S1-FRM-16:*"),
)


def _flips_bits(frames: int) -> Callable[[bytes, int], bytes]:
    """Flip one bit of one frame in so many."""
    return lambda frame, index: _bit_flipped(frame, index, frames)


def _bit_flipped(frame: bytes, index: int, frames: int) -> bytes:
    drawn = noise(1, index)
    if drawn % frames:
        return frame
    place = 1 + drawn // frames % (len(frame) - 2)
    return frame[:place] + bytes((frame[place] ^ 1 << drawn % 8,)) + frame[place + 1 :]


def _with_flag(found: Sealing) -> Octets:
    flags = np.full((len(found.bodies), 1), FLAG, np.uint8)
    return check_rows(np.hstack([flags, found.bodies]))


def _half_stuffed(frame: bytes) -> bytes:
    inner = frame[1:-1].replace(bytes((FLAG,)), bytes((ESCAPE, FLAG ^ INVERTED)))
    return frame[:1] + inner + frame[-1:]


def _without_flag_in_check(frame: bytes) -> bytes:
    return frame[:-3] + frame[-3:-1].replace(bytes((FLAG,)), b"") + frame[-1:]


def _resealed(body: bytes) -> bytes:
    """Return a whole frame around a body, with the length that it then has, and a right check."""
    length = len(body) + 2
    body = bytes((body[0] & 0xF8 | length >> 8, length & 0xFF)) + body[2:]
    return b"\x7e" + body + crc16_x25(body).to_bytes(2, "little") + b"\x7e"


def _with_tail(frame: bytes) -> bytes:
    return _resealed(frame[1:-3] + b"\x00\x00")


def _cut_short(frame: bytes) -> bytes:
    return _resealed(frame[1:-4])


def _nested(frame: bytes) -> bytes:
    """Put a whole frame that is out of date behind the samples."""
    body = frame[1:-3]
    stale = _resealed(body[:22] + b"\x00" + body[23:])
    return _resealed(body + stale)


def _broken_check(frame: bytes) -> bytes:
    return frame[:-3] + bytes((frame[-3] ^ 1,)) + frame[-2:]


def _unescaped(frame: bytes) -> bytes:
    return frame[:1] + unstuffed(frame[1:-1]) + frame[-1:]


def _half_escaped(frame: bytes) -> bytes:
    return _half_stuffed(_unescaped(frame))


def _shares_too_much(frames: list[bytes], first: int) -> list[bytes]:
    """Let the closing flag of one frame in 500 take the place of two octets of the next one."""
    found = list(frames)
    for place in range(len(found) - 1):
        if (first + place) % 500 == 20:
            found[place], found[place + 1] = found[place] + found[place + 1][2:], b""
    return found


def _shares_flags(frames: list[bytes], first: int) -> list[bytes]:
    """Let the closing flag of one frame in fifty open the next one, right behind it."""
    found = list(frames)
    for place in range(len(found) - 1):
        if (first + place) % 50 == 20:
            found[place], found[place + 1] = found[place] + found[place + 1][1:], b""
    return found


FAULTS: tuple[Fault, ...] = (
    s1_fault(
        "no-closing-flag",
        "leaves the closing flag of one frame in 500 out",
        _FRAME,
        ("S1-FRM-01:closing",),
        every(500, lambda frame: frame[:-1]),
    ),
    s1_fault(
        "no-opening-flag",
        "leaves the opening flag of one frame in 500 out",
        _FRAME,
        ("S1-FRM-01:opening",),
        every(500, lambda frame: frame[1:]),
    ),
    s1_fault(
        "broken-off",
        "breaks one frame in 500 off and sends it again",
        _FRAME,
        ("S1-FRM-01:whole",),
        every(500, lambda frame: frame[:20] + frame),
        also=_WAITS,
    ),
    s1_fault("type-3", "frame format type 3", _FRAME, ("S1-FRM-02:type",), octet(0, 0xA0)),
    s1_fault(
        "segmented",
        "sets the segmentation bit",
        _FRAME,
        ("S1-FRM-03:segmentation",),
        octet(0, 0x88),
    ),
    s1_fault("length-42", "states a length of 42", _FRAME, ("S1-FRM-04:equals",), octet(1, 0x2A)),
    s1_fault("length-flags", "counts the flags too", _FRAME, ("S1-FRM-04:equals",), octet(1, 0x2D)),
    s1_fault(
        "short-frames",
        "sends one octet less in one frame in 3000",
        _FRAME,
        ("S1-FRM-04:range", "S1-FRM-04:constant"),
        every(3000, _cut_short),
        also=_WAITS,
    ),
    s1_fault(
        "length-changes",
        "adds two octets to one frame in 3000",
        _FRAME,
        ("S1-FRM-04:constant",),
        every(3000, _with_tail),
        also=("S1-PAY-13:*",),  # octets behind the samples of version 0
    ),
    s1_fault("address-03", "sends to address 03", _FRAME, ("S1-FRM-05:address",), octet(2, 0x03)),
    s1_fault(
        "address-fe",
        "sends to address FE",
        _FRAME,
        ("S1-FRM-05:address", "S1-FRM-05:extension"),
        octet(2, 0xFE),
    ),
    s1_fault("poll-bit", "sets the P/F bit", _FRAME, ("S1-FRM-06:poll",), octet(3, 0x13)),
    s1_fault("i-frames", "sends I frames", _FRAME, ("S1-FRM-06:ui",), octet(3, 0x10)),
    s1_fault(
        "bit-flips",
        "flips one bit in ten thousand octets",
        _FRAME,
        ("S1-FRM-07:rate", "S1-FRM-07:every"),
        each_frame(_flips_bits(222)),
        # a length field that was hit makes the frame look broken off
        also=("S1-FRM-01:whole", *_WAITS),
    ),
    s1_fault(
        "bit-flips-rare",
        "flips one bit in half a million octets",
        _FRAME,
        ("S1-FRM-07:every", "S1-FRM-17:invalid"),
        each_frame(_flips_bits(11_000)),
        also=_WAITS,
    ),
    s1_fault(
        "damaged-runs",
        "damages the check sequences of twelve frames in 400",
        _FRAME,
        ("S1-FRM-16:first",),
        each_frame(lambda frame, index: _broken_check(frame) if index % 400 < 12 else frame),
        also=("S1-FRM-07:rate", "S1-FRM-07:every", *_LOST),  # that these are damaged is seen, too
    ),
    s1_fault(
        "fcs-no-xor",
        "does not invert its check sequence",
        _FRAME,
        ("S1-FRM-07:value",),
        check(lambda found: found.right ^ np.uint8(0xFF)),
    ),
    s1_fault(
        "fcs-init-0",
        "begins its check sequence with zero",
        _FRAME,
        ("S1-FRM-07:value",),
        check(lambda found: check_rows(found.bodies, init=0)),
    ),
    s1_fault(
        "fcs-high-first",
        "sends the high octet of its check sequence first",
        _FRAME,
        ("S1-FRM-08:order",),
        check(lambda found: found.right[:, ::-1]),
    ),
    s1_fault("fcs-with-flag", "takes the flag in", _FRAME, ("S1-FRM-09:span",), check(_with_flag)),
    s1_fault(
        "fcs-from-address",
        "begins its check sequence with the address",
        _FRAME,
        ("S1-FRM-09:span",),
        check(lambda found: check_rows(np.ascontiguousarray(found.bodies[:, 2:]))),
    ),
    s1_fault(
        "stuffed",
        "escapes flags and escapes",
        _FRAME,
        ("S1-FRM-10:mechanism",),
        wire(stuffed),
        also=_WAITS,
    ),
    s1_fault(
        "half-stuffed",
        "escapes flags alone",
        _FRAME,
        ("S1-FRM-10:mechanism",),
        wire(_half_stuffed),
        also=_WAITS,
    ),
    s1_fault(
        "octet-unstuffed",
        "escapes nothing where everything is to be escaped",
        _FRAME,
        ("S1-FRM-10:mechanism",),
        wire(_unescaped),
        also=_FRAGMENTS,
        profile=_OCTET,
    ),
    s1_fault(
        "octet-half-stuffed",
        "escapes flags alone where everything is to be escaped",
        _FRAME,
        ("S1-FRM-10:mechanism",),
        wire(_half_escaped),
        also=_FRAGMENTS,
        profile=_OCTET,
    ),
    s1_fault(
        "drops-flags",
        "leaves frames with a flag inside out",
        _FRAME,
        ("S1-FRM-11:numbers", "S1-FRM-11:content"),
        wire(lambda frame: b"" if FLAG in frame[1:-1] else frame),
        also=_LOST,
    ),
    s1_fault(
        "drops-flags-in-check",
        "leaves frames with a flag in their check sequence out",
        _FRAME,
        ("S1-FRM-11:content",),
        wire(lambda frame: b"" if FLAG in frame[-3:-1] else frame),
        also=_LOST,
    ),
    s1_fault(
        "fcs-without-7e",
        "leaves an octet 7E of its check sequence out",
        _FRAME,
        ("S1-FRM-12:whole",),
        wire(_without_flag_in_check),
        # where the last octet lacks, the closing flag takes its place: it could lack as well, and
        # if the next frame is such a one, too, its opening flag is not its own
        also=("S1-FRM-01:closing", "S1-FRM-15:neighbours", *_WAITS),
    ),
    s1_fault(
        "abort-bare",
        "breaks a frame off without escape",
        _FRAME,
        ("S1-FRM-13:escape",),
        every(100, lambda frame: frame[:20] + frame),
        also=("S1-FRM-01:whole", *_WAITS),  # it looks like a damaged frame
        profile=_OCTET,
    ),
    s1_fault(
        "abort-takes-next",
        "leaves the header of the next frame out where it gives one up",
        _FRAME,
        ("S1-FRM-13:next",),
        every(100, lambda frame: frame[:20] + b"\x7d\x7e" + frame[5:]),
        also=("S1-FRM-01:whole", "S1-FRM-13:escape", *_WAITS),  # what is left of it is no frame
        profile=_OCTET,
    ),
    s1_fault(
        "runts",
        "sends three octets between flags",
        _FRAME,
        ("S1-FRM-14:runts",),
        every(100, lambda frame: b"\x7e\x80\x2b\xff\x7e" + frame),
        also=_WAITS,
    ),
    s1_fault(
        "shares-too-much",
        "leaves the first octet of a frame out, too, where it shares a flag",
        "RFC-1662:3.1",
        ("S1-FRM-15:neighbours",),
        Alteration(Stage.WIRE, _shares_too_much),
        also=("S1-FRM-01:outside", *_WAITS),  # nothing in what is left says that it is a frame
    ),
    s1_fault(
        "frame-in-frame",
        "sends a whole frame that is out of date behind the samples of each",
        _FRAME,
        ("S1-FRM-16:no-false-frame",),
        once(Stage.SAMPLING, lambda _found: Sampling(False, 2000.0)),
        wire(_nested),
        also=("S1-PAY-13:*",),  # octets behind the samples of version 0
        declares=_PER_SECOND,
    ),
    s1_fault(
        "noise",
        "sends an octet of noise between frames now and then",
        _FRAME,
        ("S1-FRM-01:outside", "S1-FRM-17:outside"),
        every(2222, lambda frame: frame + b"\x55"),
        also=_WAITS,
    ),
)
VARIATIONS: tuple[Variation, ...] = (
    s1_variation(
        "shared-flags",
        "lets a closing flag open the next frame now and then",
        "RFC-1662:3.1",
        Alteration(Stage.WIRE, _shares_flags),
        declares=_BRIEFLY,
    ),
    s1_variation(
        "flag-fill",
        "sends two more flags after one frame in fifty",
        "RFC-1662:4.3",
        every(50, lambda frame: frame + b"\x7e\x7e"),
        declares=_BRIEFLY,
    ),
    s1_variation(
        "octet-mode",
        "escapes octets, as its profile has it",
        "ISO-13239:4",
        profile=_OCTET,
        declares=_BRIEFLY,
    ),
    s1_variation(
        "aborts",
        "gives one frame in 100 up and sends it again, where octets are escaped",
        "RFC-1662:4.3",
        every(100, lambda frame: frame[:20] + b"\x7d" + frame),
        profile=_OCTET,
        declares=_BRIEFLY,
    ),
)
