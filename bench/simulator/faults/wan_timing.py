"""Deviations of response times, and of the start at the optical port: DLMS-TIM-01 to 04."""

from dataclasses import replace

from bench.core.clock import MILLISECOND
from bench.protocols.iec62056_21_sign_on import MeterOptions
from bench.simulator.faults.fault import Alteration, Fault, Variation
from bench.simulator.faults.wan_edit import later, wan_fault, wan_variation
from bench.simulator.ports.wan_stages import Stage

_RESPONSE = "meterbench:declared"
_SERVICES = "IEC-62056-5-3:6.2"
_START = "IEC-62056-21:6.3"
_MODE_E = "IEC-62056-21:E"
_EVERYTHING = ("DLMS-*",)  # no client waits for longer than the declared limit


def _sign_on(**values: object) -> Alteration:
    def change(found: MeterOptions, _: int) -> MeterOptions:
        return replace(found, **values)  # type: ignore[arg-type]

    return Alteration(Stage.SIGN_ON, change)


def _turnaround(ns: int) -> Alteration:
    return Alteration(Stage.TURNAROUND, lambda _, __: ns)


FAULTS: tuple[Fault, ...] = (
    wan_fault(
        "slow-response",
        "answers after 1.5 s from the fourth request of an association on, and declares 1 s",
        _RESPONSE,
        ("DLMS-TIM-01:response", "DLMS-HDLC-37:response"),
        also=_EVERYTHING,
    ),
    wan_fault(
        "action-undefined-silent",
        "does not answer an ACTION of an object that is not there",
        _SERVICES,
        ("DLMS-TIM-01:answered",),
        # which ask for an object, and for a script, that is not there
        also=("DLMS-SVC-03:*", "DLMS-OBJ-26:unknown-script"),
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
)

VARIATIONS: tuple[Variation, ...] = (
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
)
