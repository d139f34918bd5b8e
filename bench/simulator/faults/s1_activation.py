"""Faults of when the port sends: catalogue rows S1-ACT."""

from bench.simulator.faults.fault import Fault, Variation
from bench.simulator.faults.s1_edit import s1_fault
from bench.simulator.ports.s1_stages import Stage, once

_BOTH = "Fluvius-P1-S1:6.1"

FAULTS: tuple[Fault, ...] = (
    s1_fault(
        "stays-on",
        "sends on when it is deactivated",
        _BOTH,
        ("S1-ACT-02:*", "S1-ACT-03:*"),
        once(Stage.DEACTIVATED, lambda _found: "frames"),
    ),
    s1_fault(
        "stays-off",
        "does not send though it is activated",
        _BOTH,
        ("S1-ACT-01:*",),
        once(Stage.ACTIVE, lambda _found: False),
    ),
    s1_fault(
        "always-on",
        "sends whether it is activated or not",
        _BOTH,
        ("S1-ACT-03:*",),
        once(Stage.ACTIVE, lambda _found: True),
    ),
    s1_fault(
        "empty-frames",
        "sends frames without data when it is deactivated",
        _BOTH,
        ("S1-ACT-04:*",),
        once(Stage.DEACTIVATED, lambda _found: "empty"),
    ),
)
VARIATIONS: tuple[Variation, ...] = ()
