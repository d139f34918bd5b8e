"""Faults of line, frames and sequence: catalogue rows S1-PHY, S1-FRM and S1-SEQ."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from bench.protocols.crc_rows import Octets
from bench.protocols.s1.bulk_encode import check_rows
from bench.protocols.s1.encode import ESCAPE, FLAG, INVERTED, stuffed
from bench.simulator.faults.fault import Alteration, Fault, Variation
from bench.simulator.faults.s1_edit import (
    check,
    every,
    fields,
    octet,
    s1_fault,
    s1_variation,
    wire,
)
from bench.simulator.load import noise
from bench.simulator.ports.s1_stages import Fields, Sampling, Sealing, Stage, each_frame, once

_LINE = "e-MUCS-H-1.3:S1"
_FRAME = "ISO-13239:4"
_RATE_4000 = once(Stage.SAMPLING, lambda _found: Sampling(False, 4000.0))


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


def _swapped(frames: list[bytes], first: int) -> list[bytes]:
    """Exchange two frames in every thousand."""
    found = list(frames)
    for place in range(len(found) - 1):
        if (first + place) % 1000 == 500:
            found[place], found[place + 1] = found[place + 1], found[place]
    return found


def _shares_flags(frames: list[bytes], first: int) -> list[bytes]:
    """Let the closing flag of one frame in fifty open the next one, right behind it."""
    found = list(frames)
    for place in range(len(found) - 1):
        if (first + place) % 50 == 20:
            found[place], found[place + 1] = found[place] + found[place + 1][1:], b""
    return found


def _counted(edit: Callable[[Fields], object]) -> Alteration:
    return fields(lambda found: {"sequence": edit(found)})


def _mixed(found: Fields) -> object:
    """Wrap to 0 and to 1 in turn: 511 frames have two cycles."""
    within = found.index % 511
    return np.where(within < 256, within, within - 255)


FAULTS: tuple[Fault, ...] = (
    s1_fault(
        "rate-2-percent",
        "sends 2 % faster than its line rate",
        _LINE,
        ("S1-PHY-01:*",),
        once(Stage.LINE, lambda found: replace(found, baud_bd=round(found.baud_bd * 1.02))),
    ),
    s1_fault(
        "rate-1m5",
        "sends at 1.5 Mbit/s under a profile of 2 Mbit/s",
        _LINE,
        ("S1-PHY-01:*",),
        once(Stage.LINE, lambda found: replace(found, baud_bd=1_500_000)),
    ),
    s1_fault(
        "line-8e1",
        "adds a parity bit",
        _LINE,
        ("S1-PHY-02:*",),
        once(Stage.LINE, lambda found: replace(found, parity="E")),
    ),
    s1_fault(
        "line-7n1",
        "sends seven data bits",
        _LINE,
        ("S1-PHY-02:*",),
        once(Stage.LINE, lambda found: replace(found, data_bits=7)),
    ),
    s1_fault(
        "long-frames",
        "sends 60 octets 4000 times a second, more than its line can carry",
        _LINE,
        ("S1-PHY-03:*",),
        _RATE_4000,
        once(Stage.TAIL, lambda _found: bytes(15)),
    ),
    s1_fault(
        "gap-in-frame",
        "pauses for 50 us after octet 20 of each frame",
        _FRAME,
        ("S1-PHY-04:*",),
        once(Stage.PAUSES, lambda _found: ((20, 50_000),)),
    ),
    s1_fault(
        "reset-by-consumer",
        "starts its counter anew when the consumer sends",
        _LINE,
        ("S1-PHY-05:*",),
        once(Stage.RECEIVED, lambda _found: "reset"),
    ),
    s1_fault(
        "waits-to-be-asked",
        "sends nothing before the consumer has sent something",
        _LINE,
        ("S1-PHY-06:*",),
        once(Stage.UNASKED, lambda _found: False),
    ),
    s1_fault(
        "weak-driver",
        "drives its line with 1.2 V",
        "TIA-422-B",
        ("S1-PHY-07:*",),
        once(Stage.LEVEL, lambda _found: 1.2),
    ),
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
    s1_fault(
        "sequence-skips",
        "skips a number in a hundred",
        _LINE,
        ("S1-SEQ-01:*",),
        _counted(lambda found: found.index + found.index // 100),
    ),
    s1_fault(
        "sequence-stuck",
        "does not count",
        _LINE,
        ("S1-SEQ-01:*",),
        _counted(lambda found: found.index * 0),
    ),
    s1_fault(
        "sequence-mixed", "wraps to 0 and 1 in turn", _LINE, ("S1-SEQ-02:*",), _counted(_mixed)
    ),
    s1_fault(
        "sequence-254",
        "wraps after 254",
        _LINE,
        ("S1-SEQ-02:*",),
        _counted(lambda found: found.index % 255),
    ),
    s1_fault(
        "duplicates",
        "sends one frame in a thousand twice",
        _LINE,
        ("S1-SEQ-03:*",),
        every(1000, lambda frame: frame * 2),
    ),
    s1_fault(
        "swaps", "exchanges two frames", _LINE, ("S1-SEQ-03:*",), Alteration(Stage.WIRE, _swapped)
    ),
    s1_fault(
        "loses-256",
        "loses 256 frames in a row once",
        _LINE,
        ("S1-SEQ-04:*",),
        each_frame(lambda frame, index: b"" if 20_000 <= index < 20_256 else frame),
    ),
    s1_fault(
        "sequence-pauses",
        "does not count sample sets that are not valid",
        _LINE,
        ("S1-SEQ-05:*",),
        fields(
            lambda found: {
                "info": np.where(found.index % 50 == 9, found.info & ~8, found.info),
                "sequence": found.index - (found.index + 40) // 50,
            }
        ),
    ),
    s1_fault(
        "stale",
        "begins with frames from before it was switched off",
        _LINE,
        ("S1-SEQ-06:*", "S1-ACT-05:*"),
        once(Stage.RESUMED, lambda _found: "stale"),
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
    s1_variation(
        "invalid-samples",
        "marks one sample set in twenty thousand as not valid, and counts on",
        _LINE,
        fields(
            lambda found: {"info": np.where(found.index % 20_000 == 9, found.info & ~8, found.info)}
        ),
    ),
)
