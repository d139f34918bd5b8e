"""Area C1, procedures: set-up, end, numbers, rejection (IEC 62056-46 §6.4.4)."""

from bench.core.case import Case, Kind, case
from bench.engine.checks import Checks
from bench.protocols.hdlc.control import Kind as Frame
from bench.protocols.hdlc.control import information
from bench.protocols.hdlc.frame_reject import Reason, decode_frame_reject
from bench.protocols.hdlc.llc import COMMAND
from bench.protocols.hdlc.parameters import LinkParameters, decode_parameters, encode_parameters
from suites.wan_dlms.hdlc_judging import judge_answer, judge_final, judge_recovery
from suites.wan_dlms.hdlc_link import OBJECT_LIST, HdlcLink
from suites.wan_dlms.wrapper_wire import get_request, plain_aarq

_PROCEDURES = "IEC-62056-46:6.4.4"
_CONTROL = "IEC-62056-46:6.4.3"


@case(
    Case(
        id="DLMS-HDLC-01",
        version=1,
        interface="wan",
        title="Link set-up with default parameters",
        purpose="Ensure that SNRM without information sets up a link with the default parameters.",
        stimulus="SNRM without information.",
        criterion="UA with F = 1 from the server that was called to the client. Its information "
        "field, if it has one, goes nowhere beyond the defaults (128 octets, window 1).",
        kind=Kind.VALID,
        clauses=(_PROCEDURES,),
        ics="WAN/HDLC",
        detects=(
            "wan.no-ua",
            "wan.ua-no-final",
            "wan.ua-addresses-not-swapped",
            "wan.ua-beyond-defaults",
        ),
    )
)
def test_default_set_up(hdlc: HdlcLink, verify: Checks) -> None:
    """Every client can set up a link like this."""
    said = hdlc.snrm()
    ua = judge_answer(verify, "ua", said, {Frame.UA})
    if ua is None:
        return
    judge_final(verify, ua)
    ends = (ua.frame.destination, ua.frame.source)
    if verify.that(
        "addresses",
        ends == (hdlc.client, hdlc.server),
        expected=f"from {hdlc.server} to {hdlc.client}",
        observed=f"from {ends[1]} to {ends[0]}",
        place=ua.at(2),
    ):
        hdlc.connected(ua)
    field = decode_parameters(ua.frame.information)
    above = field.parameters.exceeding(LinkParameters())
    verify.that(
        "defaults",
        not above and not field.problems,
        expected="nothing beyond 128 octets and window 1",
        observed=", ".join([*above, *(p.message for p in field.problems)]) or "the defaults",
        place=ua.at(ua.frame.at),
    )


@case(
    Case(
        id="DLMS-HDLC-02",
        version=1,
        interface="wan",
        title="Numbers after SNRM",
        purpose="Ensure that SNRM sets V(S) and V(R) to 0, also on a link that is in use.",
        stimulus="SNRM, AARQ and its answer; SNRM, RR; then AARQ with N(S) = 0.",
        criterion="RR with F = 1 and N(R) = 0; AARE in an I frame with N(S) = 0 and the N(R) that "
        "follows the AARQ.",
        kind=Kind.VALID,
        clauses=(_PROCEDURES,),
        ics="WAN/HDLC",
        detects=("wan.seq-not-reset", "wan.seq-vr-not-reset"),
    )
)
def test_numbers_reset(hdlc: HdlcLink, verify: Checks) -> None:
    """A client that comes back finds a link that begins anew."""
    hdlc.connect()
    hdlc.ask(plain_aarq())
    hdlc.connect()
    said = hdlc.poll()
    ready = judge_answer(verify, "rr", said, {Frame.RR})
    judge_final(verify, ready)
    if ready is not None:
        verify.that(
            "nr",
            ready.frame.control.nr == 0,
            expected="N(R) = 0",
            observed=str(ready),
            place=ready.place,
        )
    unit = hdlc.ask(plain_aarq())
    answer = next(iter(unit.segments), None)
    numbers = answer and (answer.frame.control.ns, answer.frame.control.nr)
    verify.that(
        "ns",
        numbers == (0, hdlc.vs),
        expected=f"I with N(S) = 0 and N(R) = {hdlc.vs}",
        observed=str(answer or unit),
        place=unit.place,
    )


@case(
    Case(
        id="DLMS-HDLC-03",
        version=1,
        interface="wan",
        title="DISC on a link",
        purpose="Ensure that DISC ends a link.",
        stimulus="SNRM, DISC, then RR and an I frame.",
        criterion="UA with F = 1 to DISC. DM to RR, DM (or silence) to the I frame.",
        kind=Kind.VALID,
        clauses=(_PROCEDURES,),
        ics="WAN/HDLC",
        detects=("wan.disc-ignored", "wan.disc-unanswered", "wan.ua-no-final"),
    )
)
def test_disconnect(hdlc: HdlcLink, verify: Checks) -> None:
    """What was connected is not any more."""
    hdlc.connect()
    said = hdlc.disconnect()
    judge_final(verify, judge_answer(verify, "ua", said, {Frame.UA}))
    judge_answer(verify, "rr-after", hdlc.poll(), {Frame.DM})
    said = hdlc.say(hdlc.information(COMMAND + plain_aarq()))
    judge_answer(verify, "i-after", said, {Frame.DM}, silence=True)


@case(
    Case(
        id="DLMS-HDLC-04",
        version=1,
        interface="wan",
        title="DISC without a link",
        purpose="Ensure that DISC is answered by DM where there is nothing to end.",
        stimulus="DISC, and DISC again.",
        criterion="DM with F = 1 to the second one.",
        kind=Kind.INOPPORTUNE,
        clauses=(_PROCEDURES,),
        ics="WAN/HDLC",
        detects=("wan.dm-missing", "wan.dm-no-final", "wan.ua-for-dm"),
    )
)
def test_disconnect_twice(hdlc: HdlcLink, verify: Checks) -> None:
    """A client learns that it was disconnected already."""
    hdlc.disconnect()
    judge_final(verify, judge_answer(verify, "dm", hdlc.disconnect(), {Frame.DM}))


@case(
    Case(
        id="DLMS-HDLC-05",
        version=1,
        interface="wan",
        title="RR and I without a link",
        purpose="Ensure that nothing but SNRM is taken up without a link.",
        stimulus="DISC; RR with P; an I frame with AARQ and P.",
        criterion="DM with F = 1 to RR. DM to the I frame, or silence, which is accepted and "
        "reported.",
        kind=Kind.INOPPORTUNE,
        clauses=(_PROCEDURES,),
        ics="WAN/HDLC",
        detects=("wan.answers-in-ndm", "wan.dm-missing", "wan.dm-no-final"),
    )
)
def test_not_connected(hdlc: HdlcLink, verify: Checks) -> None:
    """Without a link there is no association."""
    hdlc.disconnect()
    judge_final(verify, judge_answer(verify, "rr", hdlc.poll(), {Frame.DM}))
    said = hdlc.say(hdlc.information(COMMAND + plain_aarq()))
    judge_answer(verify, "i", said, {Frame.DM}, silence=True)
    verify.note("i-answer", f"an I frame without a link gets {said}")


@case(
    Case(
        id="DLMS-HDLC-20",
        version=1,
        interface="wan",
        title="Undefined control field",
        purpose="Ensure that control fields outside the procedures are refused or ignored.",
        stimulus="On a link, the control fields FFh, 94h with an information field as of SNRM, and "
        "REJ (19h); after each one a right SNRM.",
        criterion="FRMR or silence (to 94h, which reads as an I frame out of order, also RR; to "
        "REJ, which some stations know, also RR); UA to the SNRM.",
        kind=Kind.INVALID,
        clauses=(_CONTROL,),
        ics="WAN/HDLC",
        detects=("wan.crash-unknown-control", "wan.unknown-control-as-snrm"),
        bound_s=120,
    )
)
def test_undefined_control(hdlc: HdlcLink, verify: Checks) -> None:
    """A frame that nobody knows does not bring the meter down."""
    hdlc.connect()
    parameters = encode_parameters(LinkParameters())
    for control, octets, kinds in (
        (0xFF, b"", {Frame.FRMR, Frame.DM}),
        (0x94, parameters, {Frame.FRMR, Frame.RR}),
        (0x19, b"", {Frame.FRMR, Frame.RR}),
    ):
        said = hdlc.say(hdlc.frame(control, octets))
        judge_answer(verify, f"control-{control:02X}", said, kinds, silence=True)
        if not judge_recovery(verify, hdlc, f"after-{control:02X}"):
            break


@case(
    Case(
        id="DLMS-HDLC-21",
        version=1,
        interface="wan",
        title="Information field too long",
        purpose="Ensure that a frame with too long an information field is rejected as such.",
        stimulus="On a link with numbers other than 0, an I frame one octet longer than agreed.",
        criterion="FRMR with reason Y, the control field that was sent, V(S), V(R) and C/R = 0; or "
        "the frame is dropped (silence, or RR that does not count it). UA to an SNRM after it.",
        kind=Kind.INVALID,
        clauses=(_PROCEDURES, "ISO-IEC-13239:5.5"),
        ics="WAN/HDLC and WAN/PUBLIC",
        detects=(
            "wan.frmr-wrong-bits",
            "wan.frmr-numbers-swapped",
            "wan.frmr-other-control",
            "wan.too-long-taken",
        ),
    )
)
def test_too_long(hdlc: HdlcLink, verify: Checks) -> None:
    """What FRMR says helps to find the fault."""
    hdlc.associate()
    hdlc.ask(get_request(2, OBJECT_LIST))  # so that V(S) and V(R) differ
    octets = (COMMAND + get_request()).ljust(hdlc.parameters.info_transmit + 1, b"\x00")
    said = hdlc.say(hdlc.information(octets))
    answer = judge_answer(verify, "answer", said, {Frame.FRMR, Frame.RR}, silence=True)
    if answer is not None and answer.kind is Frame.RR:
        verify.that(
            "not-counted",
            answer.frame.control.nr == hdlc.vs,
            expected=f"N(R) = {hdlc.vs}",
            observed=str(answer),
            place=answer.place,
        )
    if answer is not None and answer.kind is Frame.FRMR:
        reject = decode_frame_reject(answer.frame.information)
        control = information(hdlc.vs, hdlc.vr)
        wanted = (control, hdlc.vr, hdlc.vs, False, Reason.TOO_LONG)
        found = reject[:5]
        verify.that(
            "frmr",
            found == wanted and not reject.problems,
            expected=f"control {control:02X}h, V(S) = {hdlc.vr}, V(R) = {hdlc.vs}, C/R 0, Y",
            observed=f"control {reject.control:02X}h, V(S) = {reject.vs}, V(R) = {reject.vr}, "
            f"C/R {reject.response:d}, {reject.reason.letters or 'no reason'}"
            + "".join(f"; {problem.message}" for problem in reject.problems),
            place=answer.at(answer.frame.at),
        )
    judge_recovery(verify, hdlc)
