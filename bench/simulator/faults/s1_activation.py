"""Faults of when the port sends, and of what it sends of others: catalogue rows S1-ACT."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from bench.core.clock import SECOND
from bench.protocols.crc_rows import Octets
from bench.simulator.faults.fault import Alteration, Fault, Variation
from bench.simulator.faults.s1_edit import fields, s1_fault, s1_variation
from bench.simulator.household import Household, Medium
from bench.simulator.ports.p1_stages import Stage as P1Stage
from bench.simulator.ports.s1 import DEFAULT_HOUSEHOLD, DEFAULT_SEED
from bench.simulator.ports.s1_stages import Fields, Stage, once
from bench.simulator.presets import household

_BOTH = "Fluvius-P1-S1:6.1"
_CONTENT = "Fluvius-P1-S1:5.2"
_LATE_NS, _SLOW_NS = 90 * SECOND, 30 * SECOND


def _switched(**how: Any) -> Alteration:
    """Let the operator's switch work otherwise, for all ports alike."""

    def change(home: Household) -> Household:
        return replace(home, consent=replace(home.consent, **how))

    return once(Stage.HOUSEHOLD, change)


def _gas() -> str:
    """Return the identification of the gas meter of the reference household."""
    found = household(DEFAULT_HOUSEHOLD, DEFAULT_SEED).submeters
    return next(one.serial for one in found if one.medium is Medium.GAS)


def _of_gas_by_turns(found: Fields) -> Mapping[str, Any]:
    ids: Octets = found.meter_id.copy()
    ids[found.index % 1000 == 7] = np.frombuffer(_gas().encode()[:14].ljust(14, b"0"), np.uint8)
    return {"meter_id": ids}


def _every_fourth_second(tail: bytes, first: int) -> bytes:
    return tail + bytes(4) if first // 2600 % 4 == 1 else tail


_NEXT_VERSION = fields(lambda found: {"info": found.info | 1 << 5})

FAULTS: tuple[Fault, ...] = (
    s1_fault(
        "stays-on",
        "sends on when it is deactivated",
        _BOTH,
        ("S1-ACT-02:s1-silent", "S1-ACT-04:no-samples"),
        once(Stage.DEACTIVATED, lambda _found: "frames"),
        also=("S1-ACT-03:s1-silent",),  # neither is it silent as delivered
    ),
    s1_fault(
        "always-on",
        "sends whether it is activated or not",
        _BOTH,
        ("S1-ACT-02:s1-silent", "S1-ACT-03:s1-silent", "S1-ACT-04:no-samples"),
        once(Stage.ACTIVE, lambda _found: True),
    ),
    s1_fault(
        "stays-off",
        "does not send though it is activated",
        _BOTH,
        ("S1-ACT-01:s1-opens",),
        once(Stage.ACTIVE, lambda _found: False),
    ),
    s1_fault(
        "opens-alone",
        "opens S1 and leaves P1 closed",
        _BOTH,
        ("S1-ACT-01:p1-opens",),
        _switched(opens=("s1",)),
    ),
    s1_fault(
        "p1-opens-alone",
        "opens P1 and leaves S1 closed",
        _BOTH,
        ("S1-ACT-01:s1-opens",),
        _switched(opens=("p1",)),
    ),
    replace(
        s1_fault(
            "p1-opens-late",
            "opens P1 a minute and a half after S1",
            _BOTH,
            ("S1-ACT-01:p1-opens",),
            Alteration(P1Stage.LATENCY, lambda found, index: _LATE_NS if index else found),
        ),
        port="p1",
    ),
    s1_fault(
        "p1-stays-on",
        "closes S1 and leaves P1 open",
        _BOTH,
        ("S1-ACT-02:p1-silent",),
        _switched(closes=("s1",)),
    ),
    s1_fault(
        "delivered-open",
        "is delivered with open ports",
        _BOTH,
        ("S1-ACT-03:s1-silent", "S1-ACT-03:p1-silent"),
        _switched(delivered_open=True),
    ),
    s1_fault(
        "empty-frames",
        "sends frames without data when it is deactivated",
        _BOTH,
        ("S1-ACT-04:no-empty-frames",),
        once(Stage.DEACTIVATED, lambda _found: "empty"),
        also=("S1-ACT-02:s1-silent", "S1-ACT-03:s1-silent"),  # which want no octet either
    ),
    s1_fault(
        "separate",
        "lets the operator open and close S1 alone",
        _BOTH,
        ("S1-ACT-06:together-opened", "S1-ACT-06:together-closed"),
        _switched(one="alone"),
    ),
    s1_fault(
        "separate-in-words",
        "says that it opened or closed S1 alone, and does not",
        _BOTH,
        ("S1-ACT-06:told-opened", "S1-ACT-06:told-closed"),
        _switched(one="ignored"),
    ),
    s1_fault(
        "gas-by-turns",
        "gives the identification of the gas meter in one of a thousand frames",
        _CONTENT,
        ("S1-ACT-07:owner",),
        fields(_of_gas_by_turns),
        also=("S1-PAY-01:constant",),
    ),
    s1_fault(
        "gas-in-tail",
        "adds the identification of the gas meter to every frame, in a later version",
        _CONTENT,
        ("S1-ACT-07:content",),
        _NEXT_VERSION,
        once(Stage.TAIL, lambda found: found + _gas().encode()),
        also=("S1-PAY-09:known",),  # which knows no version with such a tail
    ),
    s1_fault(
        "gas-now-and-then",
        "adds four octets every fourth second, in a later version",
        _CONTENT,
        ("S1-ACT-07:length",),
        _NEXT_VERSION,
        Alteration(Stage.TAIL, _every_fourth_second),
        # the length is one per version, and what has two is none that is known
        also=("S1-FRM-04:*", "S1-PAY-09:known", "S1-PAY-13:*"),
    ),
)
VARIATIONS: tuple[Variation, ...] = (
    s1_variation(
        "one-for-both",
        "takes the order to switch S1 alone for one to switch both ports",
        _BOTH,
        _switched(one="both"),
    ),
    replace(
        s1_variation(
            "p1-follows-slowly",
            "opens P1 half a minute after S1",
            _BOTH,
            Alteration(P1Stage.LATENCY, lambda found, index: _SLOW_NS if index else found),
        ),
        port="p1",
    ),
)
