"""Ports that are another meter's, or are not what they were: SYS-ID, SYS-BRK and SYS-LOAD."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from bench.protocols.dlms.data_types import Data, enum, octet_string
from bench.simulator.faults.fault import Alteration, Fault
from bench.simulator.faults.p1_edit import says, value
from bench.simulator.faults.s1_edit import fields
from bench.simulator.faults.system_edit import OURS, SHOWN, system_fault
from bench.simulator.faults.wan_objects_edit import shows
from bench.simulator.ports import p1_stages, wan_stages
from bench.simulator.ports.s1_stages import Fields, each_frame

_OTHER = b"1SAG9999999999"
_SAMPLES = "Fluvius-P1-S1:5.2"
_SECOND = 1_000_000_000


def _other_meter(found: Fields) -> Mapping[str, Any]:
    return {"meter_id": np.broadcast_to(np.frombuffer(_OTHER, np.uint8), found.meter_id.shape)}


def _other_serial(_data: Data) -> Data:
    return octet_string(_OTHER)


def _lost(frame: bytes, number: int) -> bytes:
    """Lose a hundred frames of a hundred thousand."""
    return b"" if number % 100_000 < 100 else frame


FAULTS: tuple[Fault, ...] = (
    system_fault(
        "p1-other-serial",
        "shows another meter's number on P1",
        SHOWN,
        ("SYS-ID-01:s1", "SYS-ID-01:wan"),
        says("0-0:96.1.1", f"({_OTHER.hex().upper()})"),
    ),
    system_fault(
        "s1-other-serial",
        "sends another meter's number on S1",
        _SAMPLES,
        ("SYS-ID-01:s1",),
        fields(_other_meter),
    ),
    system_fault(
        "wan-other-serial",
        "shows another meter's number over WAN",
        SHOWN,
        ("SYS-ID-01:wan",),
        shows(1, "0-0:96.1.0", 2, _other_serial),
        shows(1, "0-0:96.1.1", 2, _other_serial),
    ),
    system_fault(
        "p1-nameplate-other",
        "has another number on its nameplate than its ports show",
        SHOWN,
        ("SYS-ID-01:p1", "SYS-ID-01:s1", "SYS-ID-01:wan"),
        declares={"p1": {"equipment_id": _OTHER.decode()}},
    ),
    system_fault(
        "p1-old-version",
        "announces on P1 the version of before the update",
        OURS,
        ("SYS-ID-02:p1",),
        says("0-0:96.1.4", "(50216)"),
    ),
    system_fault(
        "wan-old-firmware",
        "shows over WAN the firmware of before the update",
        OURS,
        ("SYS-ID-02:wan",),
        shows(1, "1-0:0.2.0", 2, lambda _data: octet_string(b"MBX-00.99")),
    ),
    system_fault(
        "p1-breaker-closed",
        "shows a connected load on P1 while it is not",
        SHOWN,
        ("SYS-BRK-01:disconnected", "SYS-BRK-01:released"),
        says("0-0:96.3.10", "(1)"),
    ),
    system_fault(
        "p1-breaker-ready-closed",
        "shows a connected load on P1 while it waits for the consumer",
        SHOWN,
        ("SYS-BRK-01:released",),
        value("0-0:96.3.10", lambda text: text.replace("(2)", "(1)")),
    ),
    system_fault(
        "p1-breaker-open",
        "shows a disconnected load on P1 whatever the breaker does",
        SHOWN,
        ("SYS-BRK-01:before", "SYS-BRK-01:released", "SYS-BRK-01:connected"),
        says("0-0:96.3.10", "(0)"),
    ),
    system_fault(
        "wan-breaker-closed",
        "shows a connected load over WAN while it is not",
        SHOWN,
        ("SYS-BRK-01:disconnected", "SYS-BRK-01:released"),
        shows(70, "0-0:96.3.10", 3, lambda _data: enum(1)),
    ),
    system_fault(
        "p1-stalls",
        "pauses on P1 for 4 s now and then",
        OURS,
        ("SYS-LOAD-01:p1-rhythm",),
        Alteration(
            p1_stages.Stage.INTERVAL, lambda ns, index: 4 * _SECOND if index % 40 == 39 else ns
        ),
    ),
    system_fault(
        "p1-damaged-now-and-then",
        "sends a wrong CRC on P1 now and then",
        OURS,
        ("SYS-LOAD-01:p1-whole",),
        Alteration(
            p1_stages.Stage.DIGITS,
            lambda found, index: b"0000" if index % 40 == 39 else found.digits,
        ),
    ),
    system_fault(
        "s1-stalls",
        "loses frames of S1 now and then",
        OURS,
        ("SYS-LOAD-01:s1-sequence",),
        each_frame(_lost),
    ),
    system_fault(
        "s1-damaged-now-and-then",
        "sends a frame of S1 with a wrong check sequence now and then",
        OURS,
        ("SYS-LOAD-01:s1-whole",),
        each_frame(lambda frame, n: frame[:9] + b"\x00" + frame[10:] if n % 9973 == 7 else frame),
        also=("SYS-LOAD-01:s1-sequence",),  # a damaged frame is no frame: one is missing
    ),
    system_fault(
        "wan-stalls",
        "answers over WAN 3 s late now and then",
        OURS,
        ("SYS-LOAD-01:wan-answers",),
        Alteration(
            wan_stages.Stage.LATENCY,
            lambda ns, index: ns + 3 * _SECOND if index % 200 == 199 else ns,
        ),
    ),
)
