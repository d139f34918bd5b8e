"""Faults of frames: catalogue rows S1-FRM, and what HDLC allows between and within them."""

import numpy as np

from bench.protocols.crc_rows import Octets
from bench.protocols.s1.bulk_encode import check_rows
from bench.protocols.s1.encode import ESCAPE, FLAG, INVERTED, stuffed
from bench.simulator.faults.fault import Alteration, Fault, Variation
from bench.simulator.faults.s1_edit import check, every, octet, s1_fault, s1_variation, wire
from bench.simulator.load import noise
from bench.simulator.ports.s1_stages import Sealing, Stage, each_frame

_FRAME = "ISO-13239:4"


def _bit_flipped(frame: bytes, index: int) -> bytes:
    """Flip one bit of one frame in ten thousand octets or so."""
    drawn = noise(1, index)
    if drawn % 222:
        return frame
    place = 1 + drawn // 222 % (len(frame) - 2)
    return frame[:place] + bytes((frame[place] ^ 1 << drawn % 8,)) + frame[place + 1 :]


def _with_flag(found: Sealing) -> Octets:
    flags = np.full((len(found.bodies), 1), FLAG, np.uint8)
    return check_rows(np.hstack([flags, found.bodies]))


def _half_stuffed(frame: bytes) -> bytes:
    inner = frame[1:-1].replace(bytes((FLAG,)), bytes((ESCAPE, FLAG ^ INVERTED)))
    return frame[:1] + inner + frame[-1:]


def _without_flag_in_check(frame: bytes) -> bytes:
    return frame[:-3] + frame[-3:-1].replace(bytes((FLAG,)), b"") + frame[-1:]


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
        ("S1-FRM-01:*",),
        every(500, lambda frame: frame[:-1]),
    ),
    s1_fault("type-3", "frame format type 3", _FRAME, ("S1-FRM-02:*",), octet(0, 0xA0)),
    s1_fault("segmented", "sets the segmentation bit", _FRAME, ("S1-FRM-03:*",), octet(0, 0x88)),
    s1_fault("length-42", "states a length of 42", _FRAME, ("S1-FRM-04:*",), octet(1, 0x2A)),
    s1_fault("length-flags", "counts the flags too", _FRAME, ("S1-FRM-04:*",), octet(1, 0x2D)),
    s1_fault("address-03", "sends to address 03", _FRAME, ("S1-FRM-05:*",), octet(2, 0x03)),
    s1_fault("address-fe", "sends to address FE", _FRAME, ("S1-FRM-05:*",), octet(2, 0xFE)),
    s1_fault("poll-bit", "sets the P/F bit", _FRAME, ("S1-FRM-06:*",), octet(3, 0x13)),
    s1_fault("i-frames", "sends I frames", _FRAME, ("S1-FRM-06:*",), octet(3, 0x10)),
    s1_fault(
        "bit-flips",
        "flips one bit in ten thousand octets",
        _FRAME,
        ("S1-FRM-07:*",),
        each_frame(_bit_flipped),
    ),
    s1_fault(
        "fcs-no-xor",
        "does not invert its check sequence",
        _FRAME,
        ("S1-FRM-07:*",),
        check(lambda found: found.right ^ np.uint8(0xFF)),
    ),
    s1_fault(
        "fcs-init-0",
        "begins its check sequence with zero",
        _FRAME,
        ("S1-FRM-07:*",),
        check(lambda found: check_rows(found.bodies, init=0)),
    ),
    s1_fault(
        "fcs-high-first",
        "sends the high octet of its check sequence first",
        _FRAME,
        ("S1-FRM-08:*",),
        check(lambda found: found.right[:, ::-1]),
    ),
    s1_fault("fcs-with-flag", "takes the flag in", _FRAME, ("S1-FRM-09:*",), check(_with_flag)),
    s1_fault(
        "fcs-from-address",
        "begins its check sequence with the address",
        _FRAME,
        ("S1-FRM-09:*",),
        check(lambda found: check_rows(np.ascontiguousarray(found.bodies[:, 2:]))),
    ),
    s1_fault("stuffed", "escapes flags and escapes", _FRAME, ("S1-FRM-10:*",), wire(stuffed)),
    s1_fault("half-stuffed", "escapes flags alone", _FRAME, ("S1-FRM-10:*",), wire(_half_stuffed)),
    s1_fault(
        "drops-flags",
        "leaves frames with a flag inside out",
        _FRAME,
        ("S1-FRM-11:*",),
        wire(lambda frame: b"" if FLAG in frame[1:-1] else frame),
    ),
    s1_fault(
        "fcs-without-7e",
        "leaves an octet 7E of its check sequence out",
        _FRAME,
        ("S1-FRM-12:*",),
        wire(_without_flag_in_check),
    ),
    s1_fault(
        "abort-bare",
        "breaks a frame off without escape",
        _FRAME,
        ("S1-FRM-13:*",),
        every(100, lambda frame: frame[:20] + frame),
    ),
    s1_fault(
        "runts",
        "sends three octets between flags",
        _FRAME,
        ("S1-FRM-14:*",),
        every(100, lambda frame: b"\x7e\x80\x2b\xff\x7e" + frame),
    ),
    s1_fault(
        "noise",
        "sends an octet of noise between frames now and then",
        _FRAME,
        ("S1-FRM-17:*",),
        every(2222, lambda frame: frame + b"\x55"),
    ),
)
VARIATIONS: tuple[Variation, ...] = (
    s1_variation(
        "shared-flags",
        "lets a closing flag open the next frame now and then",
        "RFC-1662:3.1",
        Alteration(Stage.WIRE, _shares_flags),
    ),
    s1_variation(
        "flag-fill",
        "sends two more flags after one frame in fifty",
        "RFC-1662:4.3",
        every(50, lambda frame: frame + b"\x7e\x7e"),
    ),
)
