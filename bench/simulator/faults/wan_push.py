"""Deviations of what the meter sends by itself: DLMS-TIM-05."""

from collections.abc import Mapping
from dataclasses import replace

from bench.simulator.faults.fault import Alteration, Fault, Variation
from bench.simulator.faults.wan_edit import breaks, options, wan_fault, wan_variation
from bench.simulator.faults.wan_wrapper import wrapper_variation
from bench.simulator.ports.wan_stages import Stage
from bench.simulator.wan.options import PushPlan

_NOTIFICATION = "IEC-62056-5-3:6.14"
_PUSH = "IEC-62056-6-2:5.3.8"
_PUSHED: Mapping[str, object] = {
    "WAN/PUSH": True,
    "push_period_s": 60.0,
    "push_tolerance_s": 5.0,
    "push_association": "suite0",
}
_PLAN = PushPlan(client="suite0", start_s=60.0, period_s=60.0)


def _pushes(*changes: Alteration, plan: PushPlan = _PLAN) -> tuple[Alteration, ...]:
    return (options(pushes=(plan,)), *changes)


FAULTS: tuple[Fault, ...] = (
    wan_fault(
        "push-plain",
        "pushes in clear, against its security policy",
        _NOTIFICATION,
        ("DLMS-TIM-05:protected",),
        *_pushes(breaks("push-plain")),
        declares=_PUSHED,
    ),
    wan_fault(
        "push-late",
        "pushes every 80 s instead of every 60 s",
        _PUSH,
        ("DLMS-TIM-05:schedule",),
        *_pushes(plan=replace(_PLAN, period_s=80.0)),
        declares={**_PUSHED, "push_tolerance_s": 15.0},
        also=("DLMS-TIM-05:arrives",),  # the first one may come after what is waited for
    ),
    wan_fault(
        "push-often",
        "pushes every 20 s instead of every 60 s",
        _PUSH,
        ("DLMS-TIM-05:schedule",),
        *_pushes(plan=replace(_PLAN, period_s=20.0)),
        declares=_PUSHED,
    ),
    wan_fault(
        "push-same-invoke-id",
        "pushes everything with the same long invoke id",
        _NOTIFICATION,
        ("DLMS-TIM-05:invoke-id",),
        *_pushes(breaks("push-same-invoke-id")),
        declares=_PUSHED,
    ),
    wan_fault(
        "push-cut",
        "pushes notifications without their last octet, in clear as its policy allows",
        _NOTIFICATION,
        ("DLMS-TIM-05:well-formed",),
        *_pushes(options(policies={0: 0}), Alteration(Stage.PUSH, lambda apdu, _: apdu[:-1])),
        declares=_PUSHED,
    ),
    wan_fault(
        "push-silent",
        "declares to push, and does not",
        _PUSH,
        ("DLMS-TIM-05:arrives",),
        options(pushes=()),
        declares=_PUSHED,
    ),
)

VARIATIONS: tuple[Variation, ...] = (
    wan_variation(
        "push-on-schedule",
        "pushes every 60 s to the management client",
        _PUSH,
        *_pushes(),
        declares=_PUSHED,
    ),
    wan_variation(
        "push-a-little-late",
        "pushes every 64 s, within what it declares",
        _PUSH,
        *_pushes(plan=replace(_PLAN, period_s=64.0)),
        declares=_PUSHED,
    ),
    wan_variation(
        "push-a-little-early",
        "pushes every 56 s, within what it declares",
        _PUSH,
        *_pushes(plan=replace(_PLAN, period_s=56.0)),
        declares=_PUSHED,
    ),
    wan_variation(
        "push-without-association",
        "pushes every 60 s, whether the client has an association or not",
        _PUSH,
        *_pushes(plan=replace(_PLAN, always=True)),
        declares=_PUSHED,
    ),
    wan_variation(
        "push-in-clear-by-policy",
        "pushes in clear, which its security policy allows",
        _PUSH,
        *_pushes(options(policies={0: 0})),
        declares=_PUSHED,
    ),
    wrapper_variation(
        "push-wrapped",
        "pushes every 60 s over the connection of the management client",
        *_pushes(),
        declares=_PUSHED,
    ),
)
