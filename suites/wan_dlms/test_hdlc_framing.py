"""Area C1, the frame itself: check sequences, length, format type, flags (IEC 62056-46 §6.4.1)."""

from bench.core.case import Case, Kind, case
from bench.engine.checks import Checks
from bench.protocols.hdlc.encode import flipped
from bench.protocols.hdlc.llc import COMMAND
from suites.wan_dlms.hdlc_judging import (
    judge_frames,
    judge_recovery,
    judge_silence,
)
from suites.wan_dlms.hdlc_link import CLOCK_TIME, OBJECT_LIST, SNRM, HdlcLink
from suites.wan_dlms.wrapper_wire import get_request, plain_aarq

_FRAME = "IEC-62056-46:6.4.1"
_FORMAT = "IEC-62056-46:6.4.1.3"
_HCS = "IEC-62056-46:6.4.1.6"
_FCS = "IEC-62056-46:6.4.1.8"
_BITS = 16
_LONGEST = 2047
_FORMAT_TYPES = (0x9, 0xB, 0x0, 0x8, 0xF)


@case(
    Case(
        id="DLMS-HDLC-06",
        version=1,
        interface="wan",
        title="Frame with a wrong FCS",
        purpose="Ensure that a frame with a wrong frame check sequence is dropped.",
        stimulus="While disconnected, SNRM with each of the 16 bits of its FCS inverted in turn; "
        "then a right SNRM.",
        criterion="No answer within the response limit to any of them; UA to the right one.",
        kind=Kind.INVALID,
        clauses=(_FCS,),
        ics="WAN/HDLC",
        detects=("wan.fcs-ignored", "wan.fcs-ignored-in-one-octet"),
        bound_s=180,
    )
)
def test_wrong_fcs(hdlc: HdlcLink, verify: Checks) -> None:
    """Noise on the line does not become a command."""
    tried = [
        (f"FCS bit {bit} inverted", hdlc.say(hdlc.frame(SNRM, fcs=flipped(bit))))
        for bit in range(_BITS)
    ]
    judge_silence(verify, tried, expected="no answer to an SNRM with a wrong FCS")
    judge_recovery(verify, hdlc)


@case(
    Case(
        id="DLMS-HDLC-07",
        version=1,
        interface="wan",
        title="Frame with a wrong HCS",
        purpose="Ensure that a frame with a wrong header check sequence is dropped.",
        stimulus="On a link, an I frame with AARQ whose HCS has one bit inverted (bits 0, 7, 8 and "
        "15 in turn) and whose FCS is right; then the right one.",
        criterion="No answer to the wrong ones; the right one is answered by an I frame: none of "
        "the others was counted.",
        kind=Kind.INVALID,
        clauses=(_HCS,),
        ics="WAN/HDLC",
        detects=("wan.hcs-ignored",),
        bound_s=120,
    )
)
def test_wrong_hcs(hdlc: HdlcLink, verify: Checks) -> None:
    """The header is checked on its own."""
    hdlc.connect()
    aarq = COMMAND + plain_aarq()
    tried = [
        (f"HCS bit {bit} inverted", hdlc.say(hdlc.information(aarq, hcs=flipped(bit))))
        for bit in (0, 7, 8, 15)
    ]
    judge_silence(verify, tried, expected="no answer to an I frame with a wrong HCS")
    unit = hdlc.ask(plain_aarq())
    verify.that(
        "recovers",
        unit.octets is not None,
        expected="an I frame in answer to the right one",
        observed=str(unit),
        place=unit.place,
    )


@case(
    Case(
        id="DLMS-HDLC-08",
        version=1,
        interface="wan",
        title="No HCS without information",
        purpose="Ensure that a frame without information field has an FCS alone.",
        stimulus="RR and DISC on a link, DISC and RR without one.",
        criterion="RR, UA and DM without information have no HCS, and a right FCS.",
        kind=Kind.VALID,
        clauses=(_HCS, _FCS),
        ics="WAN/HDLC",
        detects=("wan.hcs-always",),
    )
)
def test_no_hcs_without_information(hdlc: HdlcLink, verify: Checks) -> None:
    """Short frames are as short as they may be."""
    hdlc.connect()
    hdlc.poll()
    hdlc.disconnect()
    hdlc.disconnect()
    hdlc.poll()
    bare = [heard for heard in hdlc.heard if not heard.frame.information]
    judge_frames(
        verify,
        "no-hcs",
        bare,
        {"hcs-without-information", "hcs"},
        expected="no HCS in a frame without information",
    )
    judge_frames(verify, "fcs", bare, {"fcs"}, expected="the FCS of the frame", clause=_FCS)


@case(
    Case(
        id="DLMS-HDLC-09",
        version=1,
        interface="wan",
        title="Check sequences and length of every answer",
        purpose="Ensure that every frame that the meter sends can be told from noise.",
        stimulus="A usual session: SNRM, AARQ, GET of the logical device name; three times GET "
        "of the clock, GET of a list in several frames, and RR; DISC, DISC.",
        criterion="In every frame FCS, HCS and length field are right, the format type is 1010b, "
        "addresses and control field are legal.",
        kind=Kind.VALID,
        clauses=(_FRAME, _FORMAT, _HCS, _FCS),
        ics="WAN/HDLC",
        detects=(
            "wan.crc-wrong-answer",
            "wan.crc-wrong-in-long-frames",
            "wan.hcs-wrong-answer",
            "wan.length-off-by-one",
            "wan.length-without-hcs",
        ),
    )
)
def test_every_frame(hdlc: HdlcLink, verify: Checks) -> None:
    """A passive check over whatever comes, also where nothing right does."""
    if hdlc.serves():
        # a dozen frames and more, so that what befalls one in ten of them shows
        for _ in range(3):
            hdlc.ask(get_request(attribute=CLOCK_TIME))
            hdlc.ask(get_request(attribute=OBJECT_LIST))
            hdlc.poll()
    hdlc.disconnect()
    hdlc.disconnect()
    for check, codes, expected, clause in (
        ("fcs", {"fcs"}, "the FCS of the frame", _FCS),
        ("hcs", {"hcs"}, "the HCS of the header", _HCS),
        ("length", {"length", "too-short"}, "the number of octets between the flags", _FORMAT),
        (
            "format",
            {"format-type", "address", "no-control", "control", "information-not-permitted"},
            "format type 1010b, legal addresses and control field",
            _FRAME,
        ),
    ):
        judge_frames(verify, check, hdlc.heard, codes, expected=expected, clause=clause)


@case(
    Case(
        id="DLMS-HDLC-10",
        version=1,
        interface="wan",
        title="Other frame format types",
        purpose="Ensure that only frames of format type 3 (1010b) are taken up.",
        stimulus="SNRM with the format types 9h, Bh, 0h, 8h and Fh, FCS right; then a right one.",
        criterion="No answer to any of them; UA to the right one.",
        kind=Kind.INVALID,
        clauses=(_FORMAT,),
        ics="WAN/HDLC",
        detects=("wan.type-unchecked",),
        bound_s=120,
    )
)
def test_format_type(hdlc: HdlcLink, verify: Checks) -> None:
    """Frames of other protocols on the line are not answered."""
    tried = [
        (f"format type {kind:X}h", hdlc.say(hdlc.frame(SNRM, format_type=kind)))
        for kind in _FORMAT_TYPES
    ]
    judge_silence(verify, tried, expected="no answer to a frame of another format type")
    judge_recovery(verify, hdlc)


@case(
    Case(
        id="DLMS-HDLC-11",
        version=1,
        interface="wan",
        title="Wrong length field",
        purpose="Ensure that a frame whose length field is wrong is dropped and holds nothing up.",
        stimulus="SNRM with a length field one too high, one too low, 0 and 2047 (FCS over it); "
        "after each one, within the response limit of silence, a right SNRM.",
        criterion="No answer to the wrong frame; UA to each right one.",
        kind=Kind.INVALID,
        clauses=(_FORMAT,),
        ics="WAN/HDLC",
        detects=("wan.length-unchecked", "wan.length-hang"),
        bound_s=120,
    )
)
def test_length(hdlc: HdlcLink, verify: Checks) -> None:
    """A damaged length does not make the meter wait for octets that never come."""
    tried = []
    recovered = True
    for what, length in (
        ("length + 1", lambda right: right + 1),
        ("length - 1", lambda right: right - 1),
        ("length 0", 0),
        ("length 2047", _LONGEST),
    ):
        hdlc.disconnect()
        tried.append((what, hdlc.say(hdlc.frame(SNRM, length=length))))
        recovered = recovered and judge_recovery(verify, hdlc, f"after-{what.replace(' ', '')}")
        if not recovered:
            break
    judge_silence(verify, tried, expected="no answer to an SNRM with a wrong length field")
