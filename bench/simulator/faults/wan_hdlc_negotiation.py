"""Deviations of HDLC negotiation and timing: catalogue rows DLMS-HDLC-30 to -37."""

from bench.core.clock import MILLISECOND
from bench.protocols.hdlc.control import POLL, Kind
from bench.protocols.hdlc.frame import HdlcFrame
from bench.protocols.hdlc.parameters import (
    INFO_RECEIVE,
    INFO_TRANSMIT,
    MAX_INFO,
    WINDOW_RECEIVE,
    WINDOW_TRANSMIT,
    LinkParameters,
    decode_parameters,
    encode_parameters,
)
from bench.simulator.faults.fault import Fault
from bench.simulator.faults.wan_edit import secondary, wan_fault
from bench.simulator.faults.wan_hdlc_edit import into, out, rebuilt

_NEGOTIATION = "IEC-62056-46:6.4.4"
_TIMERS = "IEC-62056-6-2:5.6.2"
_EVERYTHING = ("DLMS-*",)
_CRASH = "the meter restarts and is not there for half a minute"
_BEYOND = 2048


def _says(frame: HdlcFrame) -> dict[int, int]:
    """Return the parameters of a frame by identifier."""
    return dict(decode_parameters(frame.information).given)


def _defaults(frame: HdlcFrame) -> bytes:
    """Accept the defaults, whatever was proposed."""
    return rebuilt(frame, information=encode_parameters(LinkParameters()))


def _uncrossed(frame: HdlcFrame) -> bytes | None:
    """Say of sending what holds for taking, and the other way round."""
    given = _says(frame)
    if not given:
        return None
    crossed = {**given, 5: given[INFO_RECEIVE], 6: given[INFO_TRANSMIT]}
    return rebuilt(frame, information=encode_parameters(crossed))


def _beyond(frame: HdlcFrame) -> bytes | None:
    """Accept more than there can be where the highest length was proposed."""
    given = _says(frame)
    if given.get(INFO_TRANSMIT) != MAX_INFO:
        return None
    return rebuilt(frame, information=encode_parameters({**given, INFO_TRANSMIT: _BEYOND}))


def _larger_window(frame: HdlcFrame) -> bytes | None:
    given = _says(frame)
    for name in (WINDOW_TRANSMIT, WINDOW_RECEIVE):
        if given.get(name, 1) > 1:
            given[name] += 1
    return rebuilt(frame, information=encode_parameters(given)) if given else None


def _wide_values_lost(frame: HdlcFrame) -> bytes | None:
    """Take the first octet of a value for all of it, and 0 for the default."""
    given = decode_parameters(frame.information).given
    if not given or frame.information[4:5] != b"\x04":
        return None
    return rebuilt(frame, information=b"")


def _dropped_if_malformed(frame: HdlcFrame) -> bytes | None:
    malformed = frame.information and decode_parameters(frame.information).problems
    return b"" if malformed else None


def _widest_if_malformed(frame: HdlcFrame) -> bytes | None:
    if not frame.information or not decode_parameters(frame.information).problems:
        return None
    widest = LinkParameters(MAX_INFO, MAX_INFO, 7, 7)
    return rebuilt(frame, information=encode_parameters(widest))


def _not_final_segments(frame: HdlcFrame) -> bytes | None:
    return rebuilt(frame, control=frame.control.octet & ~POLL) if frame.segmented else None


FAULTS: tuple[Fault, ...] = (
    wan_fault(
        "negotiation-ignored",
        "cuts answers by the default length, whatever was agreed",
        _NEGOTIATION,
        ("DLMS-HDLC-30:obeyed",),
        also=_EVERYTHING,
    ),
    wan_fault(
        "negotiation-fixed",
        "accepts the defaults, whatever was proposed",
        _NEGOTIATION,
        ("DLMS-HDLC-30:ua-not-above",),
        out(_defaults, Kind.UA),
        also=("DLMS-HDLC-30", "DLMS-HDLC-31", "DLMS-HDLC-33"),
    ),
    wan_fault(
        "negotiation-not-crossed",
        "takes what the client sends for what it may send",
        _NEGOTIATION,
        ("DLMS-HDLC-30:crossed-not-above",),
        out(_uncrossed, Kind.UA),
    ),
    wan_fault(
        "negotiation-raises",
        "accepts one octet more than was proposed",
        _NEGOTIATION,
        ("DLMS-HDLC-31:ua-129-not-above", "DLMS-HDLC-31:ua-legal"),
        also=("DLMS-HDLC-30", "DLMS-HDLC-33", "DLMS-HDLC-34:answer"),
    ),
    wan_fault(
        "negotiation-beyond-2030",
        "accepts 2048 octets where 2030 were proposed",
        _NEGOTIATION,
        ("DLMS-HDLC-31:ua-legal",),
        out(_beyond, Kind.UA),
    ),
    wan_fault(
        "width-fixed",
        "takes up parameters in their usual widths alone",
        _NEGOTIATION,
        ("DLMS-HDLC-32:alike",),
        also=("DLMS-HDLC-34:answer",),
    ),
    wan_fault(
        "width-misread",
        "loses parameters whose values have four octets",
        _NEGOTIATION,
        ("DLMS-HDLC-32:alike",),
        into(_wide_values_lost, Kind.SNRM),
    ),
    wan_fault(
        "window-overrun",
        "sends one frame more than the window",
        _NEGOTIATION,
        ("DLMS-HDLC-33:window-2",),
        also=_EVERYTHING,
    ),
    wan_fault(
        "window-raised",
        "accepts larger windows than were proposed",
        _NEGOTIATION,
        ("DLMS-HDLC-33:ua-2-not-above",),
        out(_larger_window, Kind.UA),
        also=("DLMS-HDLC-33",),
    ),
    wan_fault(
        "window-without-final",
        "does not give the turn back before its last segment",
        _NEGOTIATION,
        ("DLMS-HDLC-33:window-7", "DLMS-HDLC-33:window-2"),
        out(_not_final_segments, Kind.I),
        also=_EVERYTHING,
    ),
    wan_fault(
        "param-crash",
        f"crashes at a malformed parameter field: {_CRASH}",
        _NEGOTIATION,
        ("DLMS-HDLC-34:recovers",),
        also=("DLMS-HDLC-34",),
    ),
    wan_fault(
        "param-silence",
        "does not answer an SNRM with a malformed parameter field",
        _NEGOTIATION,
        ("DLMS-HDLC-34:answer",),
        into(_dropped_if_malformed, Kind.SNRM),
    ),
    wan_fault(
        "param-unbounded",
        "takes a malformed parameter field for no limit at all",
        _NEGOTIATION,
        ("DLMS-HDLC-34:answer",),
        into(_widest_if_malformed, Kind.SNRM),
    ),
    wan_fault(
        "timeout-never",
        "keeps a link on which nothing happens",
        _TIMERS,
        ("DLMS-HDLC-35:after",),
    ),
    wan_fault(
        "timeout-short",
        "ends a link after half of its inactivity time-out",
        _TIMERS,
        ("DLMS-HDLC-35:before",),
    ),
    wan_fault(
        "interoctet-stuck",
        f"hangs after half a frame: {_CRASH}",
        _TIMERS,
        ("DLMS-HDLC-36:second-answered",),
        also=("DLMS-HDLC-11", "DLMS-HDLC-12", "DLMS-HDLC-36"),  # rows with frames cut short
    ),
    wan_fault(
        "interoctet-too-long",
        "goes on with half a frame after a pause of 0.9 s",
        _TIMERS,
        ("DLMS-HDLC-36:first-dropped",),
        secondary(inter_octet_ns=900 * MILLISECOND),
        also=("DLMS-HDLC-12:silent",),  # the flag of an earlier frame opens one without
    ),
)
