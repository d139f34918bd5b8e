"""Area C1, flags: missing, shared, too many, and octets like them (IEC 62056-46 §6.4.1.2)."""

from bench.core.case import Case, Kind, case
from bench.core.check import Deviation
from bench.engine.checks import Checks
from bench.protocols.dlms.apdu import decode_apdu, encode_apdu
from bench.protocols.dlms.cosem_types import AttributeDescriptor, LogicalName
from bench.protocols.dlms.exception_response import ExceptionResponse
from bench.protocols.dlms.get import GetRequestNormal, GetResponseNormal
from bench.protocols.dlms.results import Invocation
from bench.protocols.hdlc.control import Kind as Frame
from bench.protocols.hdlc.control import receive_ready
from bench.protocols.hdlc.encode import FLAG_OCTET
from bench.protocols.hdlc.llc import COMMAND
from suites.wan_dlms.declared import Declared
from suites.wan_dlms.hdlc_judging import judge_recovery, judge_silence
from suites.wan_dlms.hdlc_link import SNRM, HdlcLink

_FLAG = "IEC-62056-46:6.4.1.2"
_INVOKE_IDS = range(1, 16)


@case(
    Case(
        id="DLMS-HDLC-12",
        version=1,
        interface="wan",
        title="Missing flags",
        purpose="Ensure that octets that no flags bound are no frame, and hold nothing up.",
        stimulus="After a pause, SNRM without opening flag, without closing flag, without both; "
        "after each one, within the response limit of silence, a right SNRM.",
        criterion="No answer to what is no frame; UA to each right SNRM.",
        kind=Kind.INVALID,
        clauses=(_FLAG,),
        ics="WAN/HDLC",
        detects=("wan.flag-hang", "wan.flag-unneeded"),
        bound_s=120,
    )
)
def test_missing_flags(hdlc: HdlcLink, declared: Declared, verify: Checks) -> None:
    """What a collision leaves of a frame does not silence the meter."""
    tried = []
    for what, opening, closing in (
        ("opening", b"", FLAG_OCTET),
        ("closing", FLAG_OCTET, b""),
        ("both", b"", b""),
    ):
        hdlc.disconnect()
        hdlc.connection.wait(declared.inter_octet_pause_s)  # or the last flag may open the frame
        octets = hdlc.frame(SNRM, opening=opening, closing=closing)
        tried.append((f"without flag: {what}", hdlc.say(octets)))
        if not judge_recovery(verify, hdlc, f"after-missing-{what}"):
            break
    judge_silence(verify, tried, expected="no answer to a frame without its flags")


@case(
    Case(
        id="DLMS-HDLC-13",
        version=1,
        interface="wan",
        title="Shared flag",
        purpose="Ensure that one flag may close a frame and open the next.",
        stimulus="On a link, SNRM and RR in one transmission with one flag between them.",
        criterion="UA and RR in this order, or UA alone (the other side was speaking); never "
        "nothing.",
        kind=Kind.VALID,
        clauses=(_FLAG, "ISO-IEC-13239:4"),
        ics="WAN/HDLC",
        detects=("wan.shared-flag", "wan.shared-flag-drops-first"),
    )
)
def test_shared_flag(hdlc: HdlcLink, verify: Checks) -> None:
    """The flag between two frames belongs to both."""
    hdlc.connect()
    both = hdlc.frame(SNRM) + hdlc.frame(receive_ready(0), opening=b"")
    said = hdlc.say(both, finals=2)
    verify.that(
        "answered",
        said.find(Frame.UA, Frame.RR) is not None,
        expected="UA, or UA and RR",
        observed=str(said),
        place=said.place,
    )
    kinds = [heard.kind for heard in said.frames if heard.frame.valid]
    verify.that(
        "order",
        kinds in ([], [Frame.UA], [Frame.UA, Frame.RR]),
        expected="UA before RR",
        observed=str(said),
        place=said.place,
    )


@case(
    Case(
        id="DLMS-HDLC-14",
        version=1,
        interface="wan",
        title="Octets and flags before a frame",
        purpose="Ensure that idle flags and noise before a frame do not harm it.",
        stimulus="While disconnected, SNRM after three further flags; after FF 00 and three flags; "
        "after a hundred flags.",
        criterion="UA to each one.",
        kind=Kind.VALID,
        clauses=(_FLAG,),
        ics="WAN/HDLC",
        detects=("wan.idle-flags", "wan.noise-before-flag"),
    )
)
def test_idle_flags(hdlc: HdlcLink, verify: Checks) -> None:
    """Time fill between frames is legal, and a line that wakes up makes noise."""
    expected = "UA to an SNRM after idle flags or noise"
    wrong = []
    forms = ((b"", 3), (b"\xff\x00", 3), (b"", 100))
    for noise, flags in forms:
        hdlc.disconnect()
        said = hdlc.say(noise + FLAG_OCTET * flags + hdlc.frame(SNRM))
        ua = said.find(Frame.UA)
        if ua is None:
            before = f"after {noise.hex(' ').upper()} and" if noise else "after"
            wrong.append(Deviation(said.place, expected, f"{before} {flags} flags: {said}"))
        else:
            hdlc.connected(ua)
    verify.none_of(
        "answered", wrong, examined=len(forms), expected=expected, things="transmissions"
    )


def _absent(invoke_id: int, name: LogicalName) -> bytes:
    """Return a GET of a data object that hardly a meter has."""
    return encode_apdu(GetRequestNormal(Invocation(invoke_id), AttributeDescriptor(1, name, 2)))


def _answers(apdu: bytes, invoke_id: int) -> bool:
    value = decode_apdu(apdu).value
    if isinstance(value, GetResponseNormal):
        return value.invocation.invoke_id == invoke_id
    return isinstance(value, ExceptionResponse)


def _with_flag_in_fcs(hdlc: HdlcLink) -> tuple[int, bytes]:
    """Return invoke id and APDU of a GET whose frame has a flag octet in its FCS."""
    for group in range(256):
        for invoke_id in _INVOKE_IDS:
            apdu = _absent(invoke_id, LogicalName(0, 126, 126, group, 126, 126))
            if 0x7E in hdlc.information(COMMAND + apdu)[-3:-1]:
                return invoke_id, apdu
    raise AssertionError("one frame in 128 has such an FCS")


@case(
    Case(
        id="DLMS-HDLC-15",
        version=1,
        interface="wan",
        title="Flag octet within a frame",
        purpose="Ensure that 7E within a frame does not end it: there is no octet stuffing.",
        stimulus="In the public association, GET of objects whose logical names hold 7E, "
        "7E A0 (as a frame begins) and nothing but 7E, and one in a frame whose FCS holds 7E.",
        criterion="Each GET is answered: by a GET response with its invoke id, whatever its "
        "result, or by an exception response.",
        kind=Kind.VALID,
        clauses=(_FLAG,),
        ics="WAN/HDLC and WAN/PUBLIC",
        detects=("wan.flag-in-info",),
    )
)
def test_flag_within(hdlc: HdlcLink, verify: Checks) -> None:
    """The length says where a frame ends."""
    hdlc.associate()
    names = (
        LogicalName(0, 0, 126, 1, 0),
        LogicalName(0, 126, 160, 126, 126, 160),
        LogicalName(126, 126, 126, 126, 126, 126),
    )
    expected = "a GET response with the invoke id of the request, or an exception response"
    wrong = []
    requests = [(number + 1, _absent(number + 1, name)) for number, name in enumerate(names)]
    for number in range(len(requests) + 1):
        invoke_id, apdu = requests[number] if number < len(requests) else _with_flag_in_fcs(hdlc)
        unit = hdlc.ask(apdu)
        if not _answers(unit.apdu, invoke_id):
            wrong.append(Deviation(unit.place, expected, f"{apdu.hex(' ').upper()}: {unit}"))
            break
    verify.none_of("answered", wrong, examined=number + 1, expected=expected, things="requests")
