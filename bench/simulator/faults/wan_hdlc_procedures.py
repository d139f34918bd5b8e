"""Deviations of the HDLC procedures: catalogue rows DLMS-HDLC-01 to -05 and -20 to -27."""

from bench.protocols.hdlc.control import POLL, Kind, information, unnumbered
from bench.protocols.hdlc.frame import HdlcFrame
from bench.protocols.hdlc.frame_reject import decode_frame_reject, encode_frame_reject
from bench.protocols.hdlc.parameters import DEFAULT_INFO, LinkParameters, encode_parameters
from bench.simulator.faults.fault import Fault
from bench.simulator.faults.wan_edit import wan_fault
from bench.simulator.faults.wan_hdlc_edit import into, out, rebuilt

_PROCEDURES = "IEC-62056-46:6.4.4"
_CONTROL = "IEC-62056-46:6.4.3"
_LLC = "IEC-62056-46:5.3"
_EVERYTHING = ("DLMS-*",)  # without a link, or with a wrong one, nothing can be asked
#: so that clients propose parameters, unless a case wants to propose none
_PROPOSES = {"hdlc_max_info": 200}
_CRASH = "the meter restarts and is not there for half a minute"


def _lost_if_bare(frame: HdlcFrame) -> bytes | None:
    return None if frame.information else b""


def _swapped_if_bare(frame: HdlcFrame) -> bytes | None:
    if frame.information:
        return None
    return rebuilt(frame, destination=frame.source, source=frame.destination)


def _generous(frame: HdlcFrame) -> bytes | None:
    """Name parameters beyond the defaults where none were proposed."""
    if frame.information:
        return None
    return rebuilt(frame, information=encode_parameters(LinkParameters(512, 512, 3, 3)))


def _not_final(frame: HdlcFrame) -> bytes:
    return rebuilt(frame, control=frame.control.octet & ~POLL)


def _as_snrm(frame: HdlcFrame) -> bytes | None:
    undefined = not frame.control.defined and frame.control.octet == 0xFF
    return rebuilt(frame, control=unnumbered(Kind.SNRM)) if undefined else None


def _rejection(
    frame: HdlcFrame,
    control: int | None = None,
    vs: int | None = None,
    vr: int | None = None,
    reason: int | None = None,
) -> bytes:
    """Return an FRMR that says something else."""
    said = decode_frame_reject(frame.information)
    octets = encode_frame_reject(
        said.control if control is None else control,
        said.vs if vs is None else vs,
        said.vr if vr is None else vr,
        said.reason if reason is None else reason,
    )
    return rebuilt(frame, information=octets)


def _numbers_swapped(frame: HdlcFrame) -> bytes:
    said = decode_frame_reject(frame.information)
    return _rejection(frame, vs=said.vr, vr=said.vs)


def _short(frame: HdlcFrame) -> bytes | None:
    """Cut what is too long, as if the rest had not been sent."""
    if len(frame.information) <= DEFAULT_INFO:
        return None
    return rebuilt(frame, information=frame.information.rstrip(b"\x00") + b"\x00")


def _unsegmented(frame: HdlcFrame) -> bytes | None:
    return rebuilt(frame, segmented=False) if frame.segmented else None


def _unpolled(frame: HdlcFrame) -> bytes | None:
    return _not_final(frame) if frame.segmented else None


def _repeated_number(frame: HdlcFrame) -> bytes | None:
    """Give every second segment the number of the one before."""
    control = frame.control
    if not control.ns % 2 or not frame.segmented:
        return None
    return rebuilt(frame, control=information(control.ns - 1, control.nr, control.final))


FAULTS: tuple[Fault, ...] = (
    wan_fault(
        "no-ua",
        "does not answer SNRM without parameters",
        _PROCEDURES,
        ("DLMS-HDLC-01:ua",),
        into(_lost_if_bare, Kind.SNRM),
        also=_EVERYTHING,
        declares=_PROPOSES,
    ),
    wan_fault(
        "ua-no-final",
        "sends UA without F",
        _PROCEDURES,
        ("DLMS-HDLC-01:final", "DLMS-HDLC-03:final"),
    ),
    wan_fault(
        "ua-addresses-not-swapped",
        "sends UA without parameters with the addresses of the command",
        _PROCEDURES,
        ("DLMS-HDLC-01:addresses",),
        out(_swapped_if_bare, Kind.UA),
        also=_EVERYTHING,
        declares=_PROPOSES,
    ),
    wan_fault(
        "ua-beyond-defaults",
        "names parameters beyond the defaults in the UA to an SNRM without any",
        _PROCEDURES,
        ("DLMS-HDLC-01:defaults",),
        out(_generous, Kind.UA),
    ),
    wan_fault(
        "seq-not-reset",
        "keeps its numbers when SNRM comes on a link",
        _PROCEDURES,
        ("DLMS-HDLC-02:rr", "DLMS-HDLC-02:ns"),
        also=_EVERYTHING,
    ),
    wan_fault(
        "seq-vr-not-reset",
        "keeps V(R) when SNRM comes on a link",
        _PROCEDURES,
        ("DLMS-HDLC-02:nr", "DLMS-HDLC-02:ns"),
        also=_EVERYTHING,
    ),
    wan_fault(
        "disc-ignored",
        "does not hear DISC on a link",
        _PROCEDURES,
        ("DLMS-HDLC-03:ua", "DLMS-HDLC-03:rr-after"),
        also=("DLMS-HDLC-*",),  # where a link was thought to have ended, it has not
    ),
    wan_fault(
        "disc-unanswered",
        "ends the link at DISC without an answer",
        _PROCEDURES,
        ("DLMS-HDLC-03:ua",),
        into(_not_final, Kind.DISC),
        also=("DLMS-HDLC-04:dm", "DLMS-HDLC-35"),
    ),
    wan_fault(
        "dm-missing",
        "is silent where DM is due",
        _PROCEDURES,
        ("DLMS-HDLC-04:dm", "DLMS-HDLC-05:rr"),
        also=("DLMS-HDLC-03:rr-after", "DLMS-HDLC-35:after"),
    ),
    wan_fault(
        "dm-no-final",
        "sends DM without F",
        _PROCEDURES,
        ("DLMS-HDLC-04:final", "DLMS-HDLC-05:final"),
        out(_not_final, Kind.DM),
    ),
    wan_fault(
        "ua-for-dm",
        "answers UA to DISC, link or not",
        _PROCEDURES,
        ("DLMS-HDLC-04:dm",),
        out(lambda frame: rebuilt(frame, control=unnumbered(Kind.UA)), Kind.DM),
        also=("DLMS-HDLC-03:rr-after", "DLMS-HDLC-03:i-after", "DLMS-HDLC-05", "DLMS-HDLC-35"),
    ),
    wan_fault(
        "answers-in-ndm",
        "answers RR without a link",
        _PROCEDURES,
        ("DLMS-HDLC-05:rr", "DLMS-HDLC-05:i"),
        also=("DLMS-HDLC-03:rr-after", "DLMS-HDLC-03:i-after"),
    ),
    wan_fault(
        "crash-unknown-control",
        f"crashes at an undefined control field: {_CRASH}",
        _CONTROL,
        ("DLMS-HDLC-20:after-FF",),
        also=("DLMS-HDLC-20:alive",),
    ),
    wan_fault(
        "unknown-control-as-snrm",
        "takes an undefined control field for SNRM",
        _CONTROL,
        ("DLMS-HDLC-20:control-FF",),
        into(_as_snrm),
    ),
    wan_fault(
        "frmr-wrong-bits",
        "sends FRMR with wrong numbers, and without a reason",
        _PROCEDURES,
        ("DLMS-HDLC-21:frmr",),
        also=("DLMS-HDLC-23:reason",),
    ),
    wan_fault(
        "frmr-numbers-swapped",
        "swaps V(S) and V(R) in FRMR",
        _PROCEDURES,
        ("DLMS-HDLC-21:frmr",),
        out(_numbers_swapped, Kind.FRMR),
    ),
    wan_fault(
        "frmr-other-control",
        "names a control field in FRMR that was not sent",
        _PROCEDURES,
        ("DLMS-HDLC-21:frmr",),
        out(lambda frame: _rejection(frame, control=0), Kind.FRMR),
    ),
    wan_fault(
        "too-long-taken",
        "takes up an I frame with more octets than agreed",
        _PROCEDURES,
        ("DLMS-HDLC-21:answer",),
        into(_short, Kind.I),
    ),
    wan_fault(
        "ns-unchecked",
        "takes up an I frame that is out of order",
        _PROCEDURES,
        ("DLMS-HDLC-22:rr",),
        also=("DLMS-HDLC-22", "DLMS-HDLC-20:control-94"),
    ),
    wan_fault(
        "ns-counted",
        "goes on counting from an I frame out of order that it has not taken up",
        _PROCEDURES,
        ("DLMS-HDLC-22:rr", "DLMS-HDLC-22:not-executed"),
        also=("DLMS-HDLC-22:goes-on", "DLMS-HDLC-24"),
    ),
    wan_fault(
        "nr-unchecked",
        "takes up any N(R), and goes on from there",
        _PROCEDURES,
        ("DLMS-HDLC-23:same-state",),
        also=("DLMS-HDLC-20:control-94",),
    ),
    wan_fault(
        "nr-rejected-otherwise",
        "gives another reason for rejecting a wrong N(R)",
        _PROCEDURES,
        ("DLMS-HDLC-23:reason",),
        out(
            lambda frame: _rejection(frame, reason=1) if frame.information[2:] == b"\x08" else None,
            Kind.FRMR,
        ),
    ),
    wan_fault(
        "duplicate-executed",
        "does a repeated request again",
        _PROCEDURES,
        ("DLMS-HDLC-24:same-answer",),
        also=("DLMS-HDLC-24:next-number",),
    ),
    wan_fault(
        "duplicate-executed-anew",
        "does a repeated request again, and answers it in the next frame",
        _PROCEDURES,
        ("DLMS-HDLC-24:same-answer",),
        also=("DLMS-HDLC-24:next-number",),
    ),
    wan_fault(
        "no-segmentation",
        "takes each segment of a request for all of it",
        _PROCEDURES,
        ("DLMS-HDLC-25:rr",),
        also=_EVERYTHING,
    ),
    wan_fault(
        "segments-not-joined",
        "takes the last segment of a request for all of it",
        _PROCEDURES,
        ("DLMS-HDLC-25:aare",),
        also=_EVERYTHING,
    ),
    wan_fault(
        "segment-unacknowledged",
        "waits in silence for the last segment of a request",
        _PROCEDURES,
        ("DLMS-HDLC-25:rr",),
        into(_unpolled, Kind.I),
        also=_EVERYTHING,
    ),
    wan_fault(
        "llc-every-segment",
        "begins every segment of an answer with an LLC header",
        _LLC,
        ("DLMS-HDLC-26:llc-once",),
        also=_EVERYTHING,
    ),
    wan_fault(
        "oversize-info",
        "sends one octet more in an I frame than was agreed",
        _PROCEDURES,
        ("DLMS-HDLC-26:length", "DLMS-HDLC-30:obeyed"),
        also=_EVERYTHING,
    ),
    wan_fault(
        "segment-bit-missing",
        "does not say that more segments follow",
        _PROCEDURES,
        ("DLMS-HDLC-26:joined",),
        out(_unsegmented, Kind.I),
        also=_EVERYTHING,
    ),
    wan_fault(
        "segment-number-repeated",
        "sends two segments with the same number",
        _PROCEDURES,
        ("DLMS-HDLC-26:order",),
        out(_repeated_number, Kind.I),
        also=_EVERYTHING,
    ),
    wan_fault(
        "llc-unchecked",
        "does not look at the LLC header",
        _LLC,
        ("DLMS-HDLC-27:no-apdu",),
    ),
)
