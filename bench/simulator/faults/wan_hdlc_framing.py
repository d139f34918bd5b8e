"""Deviations of the HDLC frame and its addresses: catalogue rows DLMS-HDLC-06 to -19, and -38."""

from bench.protocols.crc import crc16_x25
from bench.protocols.hdlc.address import Address
from bench.protocols.hdlc.control import Kind, receive_ready
from bench.protocols.hdlc.encode import flipped
from bench.protocols.hdlc.frame import FLAG, HdlcFrame
from bench.simulator.faults.fault import Fault
from bench.simulator.faults.wan_edit import secondary, wan_fault
from bench.simulator.faults.wan_hdlc_edit import into, octets_in, out, rebuilt

_FRAME = "IEC-62056-46:6.4.1"
_FLAG = "IEC-62056-46:6.4.1.2"
_FORMAT = "IEC-62056-46:6.4.1.3"
_HCS = "IEC-62056-46:6.4.1.6"
_FCS = "IEC-62056-46:6.4.1.8"
_ADDRESS = "IEC-62056-46:6.4.2"
_PROCEDURES = "IEC-62056-46:6.4.4"
_LONG_FRAME = 100  # octets
_HCS_OCTETS = 2
_CRASH = "the meter restarts and is not there for half a minute"
_ROBUSTNESS = ("DLMS-ROB-*",)  # noise, damaged frames and halves of frames
_DAMAGED = ("DLMS-*",)  # a frame that is no frame is no answer to any case


def _with_right_second_octet(frame: HdlcFrame) -> bytes | None:
    """Overlook what is wrong in the second octet of the FCS, and nothing else."""
    if {problem.code for problem in frame.problems} != {"fcs"}:
        return None
    right = crc16_x25(frame.octets[:-2]).to_bytes(2, "little")
    return rebuilt(frame) if frame.octets[-2] == right[0] else None


def _flagged(octets: bytes) -> bytes:
    """Take octets for a frame whether there are flags around them or not."""
    flag = bytes([FLAG])
    opened = octets if octets.startswith(flag) else flag + octets
    return opened if opened.endswith(flag) else opened + flag


def _after_the_last_shared_flag(octets: bytes) -> bytes:
    """Lose the first of two frames with one flag between them."""
    length = (octets[1] & 7) << 8 | octets[2] if len(octets) > 3 else 0
    shares = length and len(octets) > length + 3 and octets[length + 2] != FLAG
    return octets[length + 1 :] if shares else octets


def _lost_if_flagged(frame: HdlcFrame) -> bytes | None:
    """Lose requests with 7E in them; in AARQ it is part of the usual conformance block."""
    unit = frame.information
    return b"" if FLAG in unit and unit[3:4] != b"\x60" else None


def _from_the_first_octet(octets: bytes) -> bytes:
    """Lose all that does not begin with a flag."""
    return octets if octets[:1] == bytes([FLAG]) else b""


def _one_octet_client(frame: HdlcFrame) -> bytes | None:
    """Take the first or the second octet of a client's address for all of it."""
    source = frame.source.octets
    if len(source) != 2 or len(frame.destination.octets) > 2:
        return None
    return rebuilt(frame, source=Address(bytes((source[0] | source[1] | 1,))))


def _ready_to_the_meter(frame: HdlcFrame) -> bytes | None:
    """Take a command to another station for one that only asks for a sign of life."""
    to = frame.destination
    stranger = frame.valid and not to.broadcast and to.upper and (to.upper, to.lower) != (1, 0x11)
    own = Address(bytes.fromhex("0223"))
    return rebuilt(frame, destination=own, control=receive_ready(0)) if stranger else None


def _public(frame: HdlcFrame) -> bytes | None:
    """Take every client for the public one."""
    if not frame.valid:
        return None
    return rebuilt(frame, source=Address(bytes.fromhex("21")))


FAULTS: tuple[Fault, ...] = (
    wan_fault(
        "fcs-ignored",
        "does not check the FCS",
        _FCS,
        ("DLMS-HDLC-06:silent",),
        also=_ROBUSTNESS,
    ),
    wan_fault(
        "fcs-ignored-in-one-octet",
        "compares the first octet of the FCS alone",
        _FCS,
        ("DLMS-HDLC-06:silent",),
        into(_with_right_second_octet),
        also=_ROBUSTNESS,
    ),
    wan_fault("hcs-ignored", "does not check the HCS", _HCS, ("DLMS-HDLC-07:silent",)),
    wan_fault(
        "hcs-always",
        "sends an HCS in frames without information",
        _HCS,
        ("DLMS-HDLC-08:no-hcs",),
    ),
    wan_fault(
        "crc-wrong-answer",
        "sends a wrong FCS in every ninth frame",
        _FCS,
        ("DLMS-HDLC-09:fcs",),
        also=_DAMAGED,
    ),
    wan_fault(
        "crc-wrong-in-long-frames",
        "sends a wrong FCS in frames of more than a hundred octets",
        _FCS,
        ("DLMS-HDLC-09:fcs",),
        out(
            lambda frame: (
                rebuilt(frame, fcs=flipped(9)) if len(frame.octets) > _LONG_FRAME else None
            )
        ),
        also=_DAMAGED,
    ),
    wan_fault(
        "hcs-wrong-answer",
        "sends a wrong HCS in frames of more than a hundred octets",
        _HCS,
        ("DLMS-HDLC-09:hcs",),
        out(
            lambda frame: (
                rebuilt(frame, hcs=flipped(0)) if len(frame.octets) > _LONG_FRAME else None
            )
        ),
        also=_DAMAGED,
    ),
    wan_fault(
        "length-off-by-one",
        "sends a length field one too high in every ninth frame",
        _FORMAT,
        ("DLMS-HDLC-09:length",),
        also=_DAMAGED,
    ),
    wan_fault(
        "length-without-hcs",
        "does not count the HCS in the length field of its longer frames",
        _FORMAT,
        ("DLMS-HDLC-09:length",),
        out(
            lambda frame: (
                rebuilt(frame, length=lambda right: right - _HCS_OCTETS)
                if len(frame.octets) > _LONG_FRAME
                else None
            )
        ),
        also=_DAMAGED,
    ),
    wan_fault(
        "type-unchecked",
        "takes frames of any format type up",
        _FORMAT,
        ("DLMS-HDLC-10:silent",),
    ),
    wan_fault(
        "length-unchecked",
        "does not check the length field",
        _FORMAT,
        ("DLMS-HDLC-11:silent",),
        also=("DLMS-HDLC-36:first-dropped",),  # what is left of a frame may be one to it
    ),
    wan_fault(
        "length-hang",
        f"hangs after a frame with a wrong length field: {_CRASH}",
        _FORMAT,
        ("DLMS-HDLC-11:after-length+1",),
        also=("DLMS-HDLC-11:alive", *_ROBUSTNESS),
    ),
    wan_fault(
        "flag-hang",
        f"hangs after a frame without its flags: {_CRASH}",
        _FLAG,
        ("DLMS-HDLC-12:after-missing-opening",),
        also=("DLMS-HDLC-12:alive", "DLMS-HDLC-36", *_ROBUSTNESS),
    ),
    wan_fault(
        "flag-unneeded",
        "takes octets for a frame that have no flags around them",
        _FLAG,
        ("DLMS-HDLC-12:silent",),
        octets_in(_flagged),
    ),
    wan_fault(
        "shared-flag",
        "loses a frame whose opening flag has closed another",
        _FLAG,
        ("DLMS-HDLC-13:answered",),
        octets_in(lambda octets: b"" if _after_the_last_shared_flag(octets) != octets else octets),
    ),
    wan_fault(
        "shared-flag-drops-first",
        "loses a frame whose closing flag opens another",
        _FLAG,
        ("DLMS-HDLC-13:order",),
        octets_in(_after_the_last_shared_flag),
    ),
    wan_fault(
        "idle-flags",
        "loses a frame before which there were other octets",
        _FLAG,
        ("DLMS-HDLC-14:answered",),
        also=("DLMS-HDLC-12", "DLMS-HDLC-36", *_ROBUSTNESS),
    ),
    wan_fault(
        "noise-before-flag",
        "loses a frame before which there was noise",
        _FLAG,
        ("DLMS-HDLC-14:answered",),
        octets_in(_from_the_first_octet),
    ),
    wan_fault(
        "flag-in-info",
        "takes 7E within a request for the end of its frame",
        _FLAG,
        ("DLMS-HDLC-15:answered",),
        into(_lost_if_flagged, Kind.I),
        also=_DAMAGED,
    ),
    wan_fault(
        "addr-size-mismatch",
        "answers with an address of 2 octets to one of 1 or 4",
        _ADDRESS,
        ("DLMS-HDLC-16:same-address",),
    ),
    wan_fault(
        "addr-upper-alone",
        "answers with its logical device alone to an address of 4 octets",
        _ADDRESS,
        ("DLMS-HDLC-16:same-address",),
        out(
            lambda frame: (
                rebuilt(frame, source=Address(b"\x03")) if len(frame.source.octets) > 2 else None
            )
        ),
    ),
    wan_fault(
        "addr-3-accepted",
        "takes addresses of 3 octets up",
        _ADDRESS,
        ("DLMS-HDLC-17:silent",),
    ),
    wan_fault(
        "addr-2-client-accepted",
        "takes client addresses of 2 octets up",
        _ADDRESS,
        ("DLMS-HDLC-17:silent",),
        into(_one_octet_client),
    ),
    wan_fault(
        "answers-any-address",
        "answers to every server address",
        _ADDRESS,
        ("DLMS-HDLC-18:silent",),
        also=("DLMS-HDLC-17:silent",),
    ),
    wan_fault(
        "answers-any-lower",
        "does not look at the lower address",
        _ADDRESS,
        ("DLMS-HDLC-18:silent",),
        secondary(lower=None),
    ),
    wan_fault(
        "dm-for-strangers",
        "answers DM or RR to what is for another server",
        _ADDRESS,
        ("DLMS-HDLC-18:silent",),
        into(_ready_to_the_meter, Kind.SNRM),
        also=("DLMS-HDLC-16:same-address",),
    ),
    wan_fault(
        "answers-broadcast",
        "answers to what is for all stations",
        _ADDRESS,
        ("DLMS-HDLC-19:silent", "DLMS-HDLC-19:no-ui"),
    ),
    wan_fault(
        "client-mixup",
        "answers every client by the address of the first one",
        _PROCEDURES,
        ("DLMS-HDLC-38:addressed",),
        also=("DLMS-HDLC-38",),
    ),
    wan_fault(
        "client-steals-association",
        "takes requests of any client for those of the one that is associated",
        _PROCEDURES,
        ("DLMS-HDLC-38:no-data",),
        also=("DLMS-*",),  # other clients are answered as the first one is
    ),
    wan_fault(
        "clients-taken-as-one",
        "takes every client for the public one",
        _PROCEDURES,
        ("DLMS-HDLC-38:addressed",),
        into(_public),
        also=("DLMS-*",),  # no other client gets an answer
    ),
)
