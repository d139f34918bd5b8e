"""Faults of the line and of the sequence: catalogue rows S1-PHY and S1-SEQ."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from bench.simulator.faults.fault import Alteration, Fault, Variation
from bench.simulator.faults.s1_edit import every, fields, s1_fault, s1_variation
from bench.simulator.ports.s1_stages import Fields, Sampling, Stage, each_frame, once

_LINE = "e-MUCS-H-1.3:S1"
_FRAME = "ISO-13239:4"
_WHILE_WAN = ("S1-TIM-09:sequence",)  # a counter that is wrong is so while WAN is read, too
_RATE_4000 = once(Stage.SAMPLING, lambda _found: Sampling(False, 4000.0))


def _swapped(frames: list[bytes], first: int) -> list[bytes]:
    """Exchange two frames in every thousand."""
    found = list(frames)
    for place in range(len(found) - 1):
        if (first + place) % 1000 == 500:
            found[place], found[place + 1] = found[place + 1], found[place]
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
        ("S1-PHY-01:rate",),
        once(Stage.LINE, lambda found: replace(found, baud_bd=round(found.baud_bd * 1.02))),
    ),
    s1_fault(
        "rate-1m5",
        "sends at 1.5 Mbit/s under a profile of 2 Mbit/s",
        _LINE,
        ("S1-PHY-01:rate",),
        once(Stage.LINE, lambda found: replace(found, baud_bd=1_500_000)),
        also=("S1-PHY-02:framing",),  # what is sent too slowly has its stop bits elsewhere
    ),
    s1_fault(
        "line-8e1",
        "adds a parity bit",
        _LINE,
        ("S1-PHY-02:framing", "S1-PHY-02:format"),
        once(Stage.LINE, lambda found: replace(found, parity="E")),
    ),
    s1_fault(
        "line-7n1",
        "sends seven data bits",
        _LINE,
        ("S1-PHY-02:framing", "S1-PHY-02:format"),
        once(Stage.LINE, lambda found: replace(found, data_bits=7)),
    ),
    s1_fault(
        "long-frames",
        "sends 60 octets 4000 times a second, more than its line can carry",
        _LINE,
        ("S1-PHY-03:announced", "S1-PHY-03:margin"),
        _RATE_4000,
        once(Stage.TAIL, lambda _found: bytes(15)),
        declares={"S1/PER-PERIOD": False, "S1/FIRST-GENERATION": False},
        # octets that no version has, and fewer frames than announced, later and later
        also=(
            "S1-PAY-13*:known",
            "S1-MEAS-06*",
            "S1-SEQ-04*:count",
            "S1-TIM-02*",
            "S1-TIM-10*:latency",
        ),
    ),
    s1_fault(
        "gap-in-frame",
        "pauses for 50 us after octet 20 of each frame",
        _FRAME,
        ("S1-PHY-04:within",),
        once(Stage.PAUSES, lambda _found: ((20, 50_000),)),
    ),
    s1_fault(
        "reset-by-consumer",
        "starts its counter anew when the consumer sends",
        _LINE,
        ("S1-PHY-05:no-gap",),
        once(Stage.RECEIVED, lambda _found: "reset"),
    ),
    s1_fault(
        "garbled-by-consumer",
        "sends wrong octets when the consumer sends",
        _LINE,
        ("S1-PHY-05:no-damage",),
        once(Stage.RECEIVED, lambda _found: "garble"),
    ),
    s1_fault(
        "waits-to-be-asked",
        "sends nothing before the consumer has sent something",
        _LINE,
        ("S1-PHY-06:unasked",),
        once(Stage.UNASKED, lambda _found: False),
    ),
    s1_fault(
        "weak-driver",
        "drives its line with 1.2 V",
        "TIA-422-B",
        ("S1-PHY-07:driver",),
        once(Stage.LEVEL, lambda _found: 1.2),
    ),
    s1_fault(
        "dead-driver",
        "drives its line with 0.1 V",
        "TIA-422-B",
        ("S1-PHY-07:driver", "S1-PHY-07:receiver"),
        once(Stage.LEVEL, lambda _found: 0.1),
    ),
    s1_fault(
        "undeclared",
        "has a port though it is declared to have none",
        _LINE,
        ("S1-PHY-08:silent",),
        declares={"S1/PRESENT": False},
    ),
    s1_fault(
        "sequence-skips",
        "leaves the number 100 out",
        _LINE,
        ("S1-SEQ-01:by-one",),
        _counted(lambda found: found.index % 255 + (found.index % 255 >= 100)),
        also=_WHILE_WAN,
    ),
    s1_fault(
        "sequence-stuck",
        "does not count",
        _LINE,
        ("S1-SEQ-01:by-one",),
        _counted(lambda found: found.index * 0),
        also=_WHILE_WAN,
    ),
    s1_fault(
        "sequence-mixed",
        "wraps to 0 and 1 in turn",
        _LINE,
        ("S1-SEQ-02:wrap",),
        _counted(_mixed),
        also=_WHILE_WAN,
    ),
    s1_fault(
        "sequence-254",
        "wraps after 254",
        _LINE,
        ("S1-SEQ-02:wrap",),
        _counted(lambda found: found.index % 255),
        also=_WHILE_WAN,
    ),
    s1_fault(
        "duplicates",
        "sends one frame in a thousand twice",
        _LINE,
        ("S1-SEQ-03:once",),
        every(1000, lambda frame: frame * 2),
        # the second one begins early, and its samples are those of the first
        also=(
            *_WHILE_WAN,
            "S1-TIM-06:jitter",
            "S1-TIM-09:jitter",
            "S1-ACT*:phase",
            "S1-MEAS*:step",
        ),
    ),
    s1_fault(
        "swaps",
        "exchanges two frames",
        _LINE,
        ("S1-SEQ-03:in-order",),
        Alteration(Stage.WIRE, _swapped),
        # a number is left out before and after the exchange
        also=("S1-SEQ-01:by-one", *_WHILE_WAN),
    ),
    s1_fault(
        "loses-256",
        "loses 256 frames in a row every ten seconds",
        _LINE,
        ("S1-SEQ-04:count", "S1-SEQ-04:jump"),
        each_frame(lambda frame, index: b"" if 20_000 <= index % 26_000 < 20_256 else frame),
        # whatever else counts frames by the clock, or samples by the mains
        also=("S1-TIM-03*", "S1-TIM-06*", "S1-TIM-09*:jitter", "S1-PAY-11*", "S1-MEAS-06*"),
    ),
    s1_fault(
        "sequence-pauses",
        "does not count sample sets that are not valid",
        _LINE,
        ("S1-SEQ-05:counted",),
        fields(
            lambda found: {
                "info": np.where(found.index % 50 == 9, found.info & ~8, found.info),
                "sequence": found.index - (found.index + 40) // 50,
            }
        ),
        also=(*_WHILE_WAN, "S1-PAY*:share"),  # too many are not valid, too
    ),
    s1_fault(
        "stale",
        "begins with frames from before it was switched off",
        _LINE,
        (
            "S1-SEQ-06:whole",
            "S1-SEQ-06:fresh",
            "S1-SEQ-06:no-burst",
            "S1-ACT-05:rate",
            "S1-ACT-05:phase",
            "S1-ACT-05:present",
        ),
        once(Stage.RESUMED, lambda _found: "stale"),
    ),
)
VARIATIONS: tuple[Variation, ...] = (
    s1_variation(
        "invalid-samples",
        "marks one sample set in twenty thousand as not valid, and counts on",
        _LINE,
        fields(
            lambda found: {"info": np.where(found.index % 20_000 == 9, found.info & ~8, found.info)}
        ),
    ),
    s1_variation(
        "absent",
        "has no port",
        _LINE,
        once(Stage.UNASKED, lambda _found: False),
        declares={"S1/PRESENT": False},
    ),
)
