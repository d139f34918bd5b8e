"""Area C1, I frames: order, repetition, segments, LLC (IEC 62056-46 §6.4.4, §5.3)."""

from bench.core.case import Case, Kind, case
from bench.core.check import Deviation
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.protocols.dlms.apdu import decode_apdu
from bench.protocols.dlms.get import GetResponseNormal, GetResponseWithDataBlock
from bench.protocols.hdlc.control import Kind as Frame
from bench.protocols.hdlc.control import receive_ready
from bench.protocols.hdlc.llc import COMMAND, RESPONSE
from bench.protocols.hdlc.parameters import LinkParameters
from suites.wan_dlms.hdlc_judging import judge_answer, judge_recovery
from suites.wan_dlms.hdlc_link import CLOCK_TIME, OBJECT_LIST, HdlcLink
from suites.wan_dlms.wrapper_wire import accepts, get_request, plain_aarq, reads

_PROCEDURES = "IEC-62056-46:6.4.4"
_LLC = "IEC-62056-46:5.3"
_MODULUS = 8
_SEGMENTS = 3
_NEXT_SECOND_S = 1.5  # after which the clock tells another time
_DEFAULT = LinkParameters()


@case(
    Case(
        id="DLMS-HDLC-22",
        version=1,
        interface="wan",
        title="I frame out of order",
        purpose="Ensure that an I frame with a wrong N(S) is not taken up.",
        stimulus="In the public association, a GET in an I frame with N(S) one too high; RR; then "
        "a GET with the right N(S).",
        criterion="RR with the expected N(R) to the first, nothing but RR to the second: the GET "
        "was not done. The right one is answered.",
        kind=Kind.INVALID,
        clauses=(_PROCEDURES,),
        ics="WAN/HDLC and WAN/PUBLIC",
        detects=("wan.ns-unchecked", "wan.ns-counted"),
    )
)
def test_wrong_ns(hdlc: HdlcLink, verify: Checks) -> None:
    """A request that was lost is not skipped over."""
    hdlc.associate()
    wrong = hdlc.information(COMMAND + get_request(2), ns=(hdlc.vs + 1) % _MODULUS)
    expected = f"RR with N(R) = {hdlc.vs}"
    for check, said in (("rr", hdlc.say(wrong)), ("not-executed", hdlc.poll())):
        ready = said.find(Frame.RR)
        verify.that(
            check,
            ready is not None and ready.frame.control.nr == hdlc.vs and not said.find(Frame.I),
            expected=expected,
            observed=str(said),
            place=said.place,
        )
    unit = hdlc.ask(get_request(3))
    verify.that(
        "goes-on",
        reads(unit.apdu, 3),
        expected="data in answer to the right one",
        observed=str(unit),
        place=unit.place,
    )


@case(
    Case(
        id="DLMS-HDLC-23",
        version=1,
        interface="wan",
        title="Wrong N(R)",
        purpose="Ensure that an N(R) of a frame that was never sent is not taken up.",
        stimulus="AARQ on a fresh link; RR that does not acknowledge its answer; RR with N(R) four "
        "too high; where that is not rejected, the first RR again and a GET; then SNRM.",
        criterion="FRMR with reason Z to the wrong N(R); or no change of state: silence, RR or the "
        "answer again, which also comes after the next RR if it did after the first; and the GET "
        "is answered with the next number. UA to the SNRM.",
        kind=Kind.INVALID,
        clauses=(_PROCEDURES,),
        ics="WAN/HDLC",
        detects=("wan.nr-unchecked", "wan.nr-rejected-otherwise"),
    )
)
def test_wrong_nr(hdlc: HdlcLink, verify: Checks) -> None:
    """A wrong acknowledgement does not shift the numbers."""
    hdlc.associate()
    unacknowledged = hdlc.frame(receive_ready((hdlc.vr - 1) % _MODULUS))
    repeats = hdlc.say(unacknowledged).find(Frame.I) is not None
    said = hdlc.say(hdlc.frame(receive_ready((hdlc.vr + 4) % _MODULUS)))
    answer = judge_answer(verify, "answer", said, {Frame.FRMR, Frame.RR, Frame.I}, silence=True)
    if answer is not None and answer.kind is Frame.FRMR:
        reason = answer.frame.information[2:3].hex() or "none"
        verify.that(
            "reason",
            reason == "08",
            expected="reason 08 (Z)",
            observed=f"reason {reason}",
            place=answer.at(answer.frame.at + 2),
        )
    else:
        said = hdlc.say(unacknowledged)
        verify.that(
            "same-state",
            not repeats or said.find(Frame.I) is not None,
            expected="the answer that was not acknowledged again" if repeats else "anything",
            observed=str(said),
            place=said.place,
        )
        unit = hdlc.ask(get_request(2))
        verify.that(
            "goes-on",
            reads(unit.apdu, 2),
            expected="data in the next I frame",
            observed=str(unit),
            place=unit.place,
        )
    judge_recovery(verify, hdlc)


@case(
    Case(
        id="DLMS-HDLC-24",
        version=1,
        interface="wan",
        title="Repeated I frame",
        purpose="Ensure that a request that is repeated because its answer was lost is done once.",
        stimulus="In the public association GET of the clock; 1.5 s later the same I frame again, "
        "as if the answer had been lost; then GET of the logical device name.",
        criterion="The very same I frame again (or RR, and it after the next RR): the same number, "
        "the same time, so the request was not done again. The next request is answered with the "
        "next number.",
        kind=Kind.INOPPORTUNE,
        clauses=(_PROCEDURES,),
        ics="WAN/HDLC and WAN/PUBLIC",
        detects=("wan.duplicate-executed", "wan.duplicate-executed-anew"),
    )
)
def test_repeated(hdlc: HdlcLink, verify: Checks) -> None:
    """Whatever is counted or switched is counted or switched once."""
    hdlc.associate()
    repeated = hdlc.information(COMMAND + get_request(2, CLOCK_TIME))
    first = hdlc.ask(get_request(2, CLOCK_TIME))
    if not reads(first.apdu, 2):
        verify.undecided(
            "same-answer", Reason.PRECONDITION, expected="the clock's time", observed=str(first)
        )
        return
    hdlc.connection.wait(_NEXT_SECOND_S)
    said = hdlc.say(repeated)
    again = said.find(Frame.I)
    if again is None and said.find(Frame.RR):
        before = (hdlc.vr - len(first.segments)) % _MODULUS  # as if nothing had come
        said = hdlc.say(hdlc.frame(receive_ready(before)))
        again = said.find(Frame.I)
    answer = first.segments[0]
    same = again is not None and (again.frame.control.ns, again.frame.information) == (
        answer.frame.control.ns,
        answer.frame.information,
    )
    verify.that(
        "same-answer",
        same or said.find(Frame.RR) is not None,
        expected=f"{answer} with {answer.frame.information.hex(' ').upper()}",
        observed=f"{again} with {again.frame.information.hex(' ').upper()}" if again else str(said),
        place=again.place if again else said.place,
    )
    unit = hdlc.ask(get_request(3))
    numbers = [heard.frame.control.ns for heard in unit.segments[:1]]
    verify.that(
        "next-number",
        reads(unit.apdu, 3) and numbers == [(answer.frame.control.ns + 1) % _MODULUS],
        expected="data in the next I frame",
        observed=f"{unit} in I frame {numbers}" if unit.segments else str(unit),
        place=unit.place,
    )


@case(
    Case(
        id="DLMS-HDLC-25",
        version=1,
        interface="wan",
        title="Segmented request",
        purpose="Ensure that a request in several segments is put together.",
        stimulus="AARQ in three I frames, all but the last with S = 1, each with P.",
        criterion="RR with the next N(R) after each but the last, then AARE that accepts.",
        kind=Kind.VALID,
        clauses=(_PROCEDURES,),
        ics="WAN/HDLC and WAN/PUBLIC",
        detects=("wan.no-segmentation", "wan.segments-not-joined", "wan.segment-unacknowledged"),
    )
)
def test_segmented_request(hdlc: HdlcLink, verify: Checks) -> None:
    """A long request needs no long frame."""
    hdlc.connect()
    whole = COMMAND + plain_aarq()
    size = -(-len(whole) // _SEGMENTS)
    wrong: list[Deviation] = []
    for number in range(_SEGMENTS - 1):
        part = whole[number * size : (number + 1) * size]
        said = hdlc.say(hdlc.information(part, segmented=True))
        hdlc.vs = (hdlc.vs + 1) % _MODULUS
        ready = said.find(Frame.RR)
        if ready is None or ready.frame.control.nr != hdlc.vs or said.find(Frame.I):
            wrong.append(Deviation(said.place, f"RR with N(R) = {hdlc.vs}", str(said)))
            break
    verify.none_of(
        "rr",
        wrong,
        examined=_SEGMENTS - 1,
        expected="RR with the next N(R) after each segment but the last",
        things="segments",
    )
    if wrong:
        return
    said = hdlc.say(hdlc.information(whole[(_SEGMENTS - 1) * size :]))
    hdlc.vs = (hdlc.vs + 1) % _MODULUS
    unit = hdlc.collect(said)
    verify.that(
        "aare",
        accepts(unit.apdu),
        expected="AARE that accepts",
        observed=str(unit),
        place=unit.place,
    )


@case(
    Case(
        id="DLMS-HDLC-26",
        version=1,
        interface="wan",
        title="Segmented response",
        purpose="Ensure that a long answer is cut into segments as agreed.",
        stimulus="With default parameters (128 octets, window 1), GET of the object list of the "
        "public association.",
        criterion="S = 1 in all I frames but the last; N(S) in order; at most 128 octets of "
        "information; the LLC header in the first alone: what is joined is a GET response.",
        kind=Kind.VALID,
        clauses=(_PROCEDURES, _LLC),
        ics="WAN/HDLC and WAN/PUBLIC",
        detects=(
            "wan.llc-every-segment",
            "wan.oversize-info",
            "wan.segment-bit-missing",
            "wan.segment-number-repeated",
        ),
    )
)
def test_segmented_response(hdlc: HdlcLink, verify: Checks) -> None:
    """What is joined is what was asked for."""
    hdlc.associate()
    start = hdlc.vr
    unit = hdlc.ask(get_request(2, OBJECT_LIST))
    parts = unit.segments
    if len(parts) < 2 and unit.octets is not None and len(unit.octets) < _DEFAULT.info_transmit:
        verify.undecided(
            "joined",
            Reason.PRECONDITION,
            expected="an object list longer than one frame",
            observed=f"{len(unit.octets)} octets",
        )
        return
    limit = hdlc.parameters.info_receive
    verify.none_of(
        "length",
        [
            Deviation(heard.place, f"at most {limit} octets", f"{count} octets")
            for heard in parts
            if (count := len(heard.frame.information)) > limit
        ],
        examined=len(parts),
        expected=f"at most {limit} octets of information",
        things="I frames",
    )
    verify.none_of(
        "order",
        [
            Deviation(heard.place, f"N(S) = {(start + n) % _MODULUS}", str(heard))
            for n, heard in enumerate(parts)
            if heard.frame.control.ns != (start + n) % _MODULUS
        ],
        examined=len(parts),
        expected="N(S) in order",
        things="I frames",
    )
    verify.none_of(
        "llc-once",
        [
            Deviation(heard.at(heard.frame.at), "no LLC header", "E6 E7 00 again")
            for heard in parts[1:]
            if heard.frame.information.startswith(RESPONSE)
        ],
        examined=len(parts),
        expected="the LLC header in the first segment alone",
        things="I frames",
        clause=_LLC,
    )
    value = decode_apdu(unit.apdu) if unit.apdu else None
    kinds = GetResponseNormal | GetResponseWithDataBlock
    whole = value is not None and not value.problems and isinstance(value.value, kinds)
    verify.that(
        "joined",
        whole,
        expected="a GET response without a gap",
        observed=str(unit)
        if value is None
        else "; ".join(p.message for p in value.problems[:2]) or str(unit),
        place=unit.place,
    )


@case(
    Case(
        id="DLMS-HDLC-27",
        version=1,
        interface="wan",
        title="Wrong LLC header",
        purpose="Ensure that only what is addressed to the DLMS user is handed to it.",
        stimulus="AARQ behind the LLC headers E6 E7 00 and E6 E6 01, each on a new link.",
        criterion="No APDU comes back: silence, RR, DM or FRMR.",
        kind=Kind.INVALID,
        clauses=(_LLC,),
        ics="WAN/HDLC",
        detects=("wan.llc-unchecked",),
    )
)
def test_wrong_llc(hdlc: HdlcLink, verify: Checks) -> None:
    """The header says for whom the octets behind it are."""
    headers = (b"\xe6\xe7\x00", b"\xe6\xe6\x01")
    expected = "no APDU in answer to a wrong LLC header"
    wrong = []
    for header in headers:
        hdlc.connect()
        unit = hdlc.ask(plain_aarq(), llc=header)
        if unit.segments:
            wrong.append(Deviation(unit.place, expected, f"{header.hex(' ').upper()}: {unit}"))
    verify.none_of("no-apdu", wrong, examined=len(headers), expected=expected, things="headers")
