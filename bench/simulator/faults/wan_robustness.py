"""Deviations under hostile octets, of timing, of the optical start and of push: area C9."""

from collections.abc import Mapping
from dataclasses import replace

from bench.core.clock import MILLISECOND
from bench.core.trace import Problem
from bench.protocols.dlms.apdu import decode_apdu
from bench.protocols.iec62056_21_sign_on import MeterOptions
from bench.simulator.faults.fault import Alteration, Fault, Variation
from bench.simulator.faults.wan_edit import (
    breaks,
    later,
    options,
    wan_fault,
    wan_variation,
)
from bench.simulator.faults.wan_wrapper import wrapper_fault, wrapper_variation
from bench.simulator.ports.wan_stages import Stage
from bench.simulator.wan.options import PushPlan, Refusal

_STREAM = "meterbench:survival"
_FRAME = "IEC-62056-46:6.4.1"
_AARQ = "IEC-62056-5-3:7.2"
_ASSOCIATION = "IEC-62056-5-3:7.2"
_RESPONSE = "meterbench:declared"
_START = "IEC-62056-21:6.3"
_MODE_E = "IEC-62056-21:E"
_NOTIFICATION = "IEC-62056-5-3:6.14"
_PUSH = "IEC-62056-6-2:5.3.8"
_AFTERWARDS = ("DLMS-ROB-*",)  # until the meter is there again
_EVERYTHING = ("DLMS-*",)  # no client waits for longer than the declared limit
_PUSHED: Mapping[str, object] = {
    "WAN/PUSH": True,
    "push_period_s": 60.0,
    "push_tolerance_s": 5.0,
    "push_association": "suite0",
}
_PLAN = PushPlan(client="suite0", start_s=60.0, period_s=60.0)
_RIGHT_AARQ = bytes.fromhex("601DA109060760857405080101BE10040E01000000065F1F0400007E1F0400")


def _every_length_will_do(apdu: bytes, _: int) -> bytes:
    """Return a right AARQ in place of one with wrong lengths."""
    if apdu[:1] != b"\x60":
        return apdu
    wrong = any(_is_length(problem) for problem in decode_apdu(apdu).problems)
    return _RIGHT_AARQ if wrong else apdu


def _is_length(problem: Problem) -> bool:
    return problem.code in ("length", "truncated")


def _sign_on(**values: object) -> Alteration:
    def change(found: MeterOptions, _: int) -> MeterOptions:
        return replace(found, **values)  # type: ignore[arg-type]

    return Alteration(Stage.SIGN_ON, change)


def _turnaround(ns: int) -> Alteration:
    return Alteration(Stage.TURNAROUND, lambda _, __: ns)


def _pushes(*changes: Alteration, plan: PushPlan = _PLAN) -> tuple[Alteration, ...]:
    return (options(pushes=(plan,)), *changes)


FAULTS: tuple[Fault, ...] = (
    wan_fault(
        "fuzz-crash",
        "falls over a kilobyte of octets that are no frames",
        _STREAM,
        ("DLMS-ROB-01:alive",),
        also=("DLMS-HDLC-*", *_AFTERWARDS),
    ),
    wrapper_fault(
        "fuzz-crash-wrapped",
        "falls over half a kilobyte of octets that are no unit",
        ("DLMS-ROB-01:alive",),
        breaks("fuzz-crash"),
        clause=_STREAM,
    ),
    wan_fault(
        "fuzz-apdu-crash",
        "falls over a long APDU without sense",
        _STREAM,
        ("DLMS-ROB-01:alive",),
        also=(*_AFTERWARDS, "DLMS-SVC-*"),  # which also send long APDUs
    ),
    wan_fault(
        "crc-ignored",
        "looks at no check sequence",
        _FRAME,
        ("DLMS-ROB-02:silent",),
        also=("DLMS-ROB-*", "DLMS-HDLC-*"),  # links with nobody fill the station
    ),
    wan_fault(
        "damaged-frame-hang",
        "is out of service for 10 s after a frame with a wrong header check",
        _FRAME,
        ("DLMS-ROB-02:recovers",),
        also=("DLMS-ROB-*", "DLMS-HDLC-*"),  # links with nobody fill the station
    ),
    wan_fault(
        "ber-len-crash",
        "falls over a length of 4294967295 in an AARQ",
        _AARQ,
        ("DLMS-ROB-03:survives",),
        also=_AFTERWARDS,
    ),
    wan_fault(
        "ber-nested-crash",
        "falls over fields nested deep in an AARQ",
        _AARQ,
        ("DLMS-ROB-03:alive",),
        also=_AFTERWARDS,
    ),
    wan_fault(
        "ber-len-accepted",
        "opens an association whatever the lengths in its AARQ",
        _AARQ,
        ("DLMS-ROB-03:not-accepted",),
        Alteration(Stage.REQUEST, _every_length_will_do),
        also=("DLMS-AA-*",),
    ),
    wan_fault(
        "leak",
        "has no room for a link after 40 of them within 20 s",
        _STREAM,
        ("DLMS-ROB-04:every-cycle",),
        also=("DLMS-ROB-*", "DLMS-HDLC-*"),
    ),
    wrapper_fault(
        "leak-wrapped",
        "has no room for a connection after 40 of them within 20 s",
        ("DLMS-ROB-04:every-cycle",),
        breaks("leak"),
        clause=_STREAM,
        also=("DLMS-ROB-*", "DLMS-WR-*"),
    ),
    wrapper_fault(
        "stuck-single-client",
        "heeds no other client while half a unit has come from one",
        ("DLMS-ROB-05:others-served",),
    ),
    wan_fault(
        "block-state-persist",
        "goes on with a block transfer in the next association",
        _ASSOCIATION,
        ("DLMS-ROB-06:transfer-gone",),
    ),
    wan_fault(
        "hls-state-persist",
        "waits for the proof of a client that has gone, whatever comes",
        _ASSOCIATION,
        ("DLMS-ROB-07:opened-again",),
        also=("DLMS-HLS-*", "DLMS-AA-*"),
    ),
    wan_fault(
        "slow-response",
        "answers after 1.5 s from the fourth request of an association on, and declares 1 s",
        _RESPONSE,
        ("DLMS-TIM-01:response", "DLMS-HDLC-37:response"),
        also=_EVERYTHING,
    ),
    wan_fault(
        "turnaround-late",
        "answers a poll by RR after 1.5 s, and declares 1 s",
        _RESPONSE,
        ("DLMS-TIM-02:slowest",),
        also=_EVERYTHING,
    ),
    wan_fault(
        "turnaround-early",
        "answers after 2 ms on a line that declares to need 20 ms",
        _RESPONSE,
        ("DLMS-TIM-02:quickest",),
        _turnaround(2 * MILLISECOND),
        declares={"turnaround_min_s": 0.02},
    ),
    wan_fault(
        "mode-e-slow",
        "begins its messages of the sign-on 2 s after those of the reader",
        _START,
        ("DLMS-TIM-03:identification-reaction", "DLMS-TIM-03:confirmation-reaction"),
        also=("DLMS-TIM-04:*",),
    ),
    wan_fault(
        "mode-e-hasty",
        "begins its messages of the sign-on after 5 ms",
        _START,
        ("DLMS-TIM-03:identification-reaction", "DLMS-TIM-03:confirmation-reaction"),
    ),
    wan_fault(
        "mode-e-hasty-lower-case",
        "says by its letters that it reacts after 20 ms, and does after 5 ms",
        _START,
        ("DLMS-TIM-03:identification-reaction", "DLMS-TIM-03:confirmation-reaction"),
    ),
    wan_fault(
        "mode-e-not-offered",
        "does not offer mode E in its identification",
        _MODE_E,
        ("DLMS-TIM-03:identification",),
    ),
    wan_fault(
        "mode-e-confirms-another-speed",
        "repeats the option select with another speed",
        _MODE_E,
        ("DLMS-TIM-03:confirmation",),
    ),
    wan_fault(
        "mode-e-keeps-300-bd",
        "goes on at 300 Bd after it has confirmed another speed",
        _MODE_E,
        ("DLMS-TIM-03:changes-over",),
    ),
    wan_fault(
        "mode-e-silent",
        "does not answer a request at 300 Bd",
        _START,
        ("DLMS-TIM-03:identification",),
    ),
    wan_fault(
        "mode-e-any-address",
        "answers the request for another meter",
        _START,
        ("DLMS-TIM-04:foreign-address-silent",),
    ),
    wan_fault(
        "mode-e-wrong-option-taken",
        "changes over to HDLC for every option select",
        _MODE_E,
        ("DLMS-TIM-04:wrong-option-unconfirmed",),
    ),
    wan_fault(
        "mode-e-wrong-option-hang",
        "hears nothing any more after a wrong option select",
        _MODE_E,
        ("DLMS-TIM-04:wrong-option-falls-back",),
        also=("DLMS-TIM-*",),
    ),
    wan_fault(
        "mode-e-no-option-hang",
        "hears nothing any more when no option select comes",
        _MODE_E,
        ("DLMS-TIM-04:no-option-falls-back",),
        also=("DLMS-TIM-*",),
    ),
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
        "push-silent",
        "declares to push, and does not",
        _PUSH,
        ("DLMS-TIM-05:arrives",),
        options(pushes=()),
        declares=_PUSHED,
    ),
)

_SILENT = options(
    **dict.fromkeys(
        (
            "without_association",
            "unknown_tag",
            "malformed",
            "malformed_aarq",
            "too_long",
            "not_negotiated",
            "release_without_association",
        ),
        Refusal.SILENCE,
    )
)

VARIATIONS: tuple[Variation, ...] = (
    wan_variation(
        "silent-refusals",
        "says nothing to what it does not serve, instead of an ExceptionResponse",
        _AARQ,
        _SILENT,
    ),
    wrapper_variation(
        "wr-silent-refusals",
        "says nothing to what it does not serve, over the wrapper",
        _SILENT,
    ),
    wan_variation(
        "answers-slowly",
        "answers every request after 800 ms",
        _RESPONSE,
        later(780 * MILLISECOND),
    ),
    wan_variation(
        "turnaround-500-ms",
        "answers frames without APDU after 500 ms",
        _RESPONSE,
        _turnaround(500 * MILLISECOND),
    ),
    wan_variation(
        "turnaround-at-the-minimum",
        "answers frames after the 20 ms that it declares to need",
        _RESPONSE,
        declares={"turnaround_min_s": 0.02},
    ),
    wan_variation(
        "mode-e-fast",
        "reacts after 20 ms, which the lower case of its third letter says",
        _START,
        _sign_on(flag_id="MBx", reaction_ns=20 * MILLISECOND),
    ),
    wan_variation(
        "mode-e-at-the-limit",
        "begins its messages of the sign-on after 1.45 s",
        _START,
        _sign_on(reaction_ns=1450 * MILLISECOND),
    ),
    wan_variation(
        "mode-e-unconfirmed",
        "changes over without repeating the option select",
        _MODE_E,
        _sign_on(confirms=False),
        declares={"mode_e_confirms": False},
    ),
    wan_variation(
        "mode-e-300-bd",
        "proposes to stay at 300 Bd",
        _MODE_E,
        _sign_on(baud_bd=300),
    ),
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
