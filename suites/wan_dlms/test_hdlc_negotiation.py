"""Area C2, what SNRM proposes and UA accepts, and whether frames obey it (IEC 62056-46 §6.4.4)."""

from collections.abc import Mapping

from bench.core.case import Case, Kind, case
from bench.core.check import Deviation, Level
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.protocols.hdlc.control import Kind as Frame
from bench.protocols.hdlc.parameters import (
    DEFAULT_INFO,
    INFO_RECEIVE,
    INFO_TRANSMIT,
    MAX_INFO,
    WINDOW_RECEIVE,
    WINDOW_TRANSMIT,
    LinkParameters,
    ParameterField,
    decode_parameters,
    encode_parameters,
)
from suites.wan_dlms.hdlc_judging import judge_answer, judge_recovery
from suites.wan_dlms.hdlc_link import OBJECT_LIST, HdlcLink, Unit
from suites.wan_dlms.hdlc_wire import Heard
from suites.wan_dlms.wrapper_wire import accepts, get_request, plain_aarq

_NEGOTIATION = "IEC-62056-46:6.4.4"
_SMALL = 64
_WINDOWS = (7, 2)
_DEFAULT = LinkParameters()


def _propose(
    verify: Checks, hdlc: HdlcLink, proposal: LinkParameters, check: str = "ua"
) -> ParameterField | None:
    """Send SNRM with a proposal, check that UA does not go beyond it; return what UA says."""
    said = hdlc.snrm(proposal)
    ua = judge_answer(verify, check, said, {Frame.UA})
    if ua is None:
        return None
    field = hdlc.connected(ua, proposal)
    judge_acceptance(verify, check, ua, proposal)
    return field


def judge_acceptance(verify: Checks, check: str, ua: Heard, proposal: LinkParameters) -> None:
    """Check that an UA accepts no more than was proposed, and says it legally."""
    field = decode_parameters(ua.frame.information)
    above = field.parameters.exceeding(proposal)
    verify.that(
        f"{check}-not-above",
        not above,
        expected=f"at most what was proposed: {_words(proposal.values())}",
        observed=_words(field.parameters.values()),
        place=ua.at(ua.frame.at),
    )
    verify.that(
        f"{check}-legal",
        not field.problems,
        expected="a field of legal parameters, or none",
        observed="; ".join(problem.message for problem in field.problems) or "legal",
        place=ua.at(ua.frame.at),
    )


def _words(values: Mapping[int, int]) -> str:
    sends, takes = values[INFO_TRANSMIT], values[INFO_RECEIVE]
    ahead, behind = values[WINDOW_TRANSMIT], values[WINDOW_RECEIVE]
    return f"sends {sends} octets, window {ahead}; takes {takes} octets, window {behind}"


def _read_list(hdlc: HdlcLink) -> Unit:
    """Open the public association on the link and read its object list."""
    unit = hdlc.ask(plain_aarq())
    return hdlc.ask(get_request(2, OBJECT_LIST)) if accepts(unit.apdu) else unit


def judge_lengths(verify: Checks, unit: Unit, limit: int, check: str = "obeyed") -> None:
    """Check that no I frame carries more than was agreed."""
    parts = [heard for heard in unit.segments if heard.frame.valid]
    expected = f"at most {limit} octets of information"
    verify.none_of(
        check,
        [
            Deviation(heard.place, expected, f"{len(heard.frame.information)} octets")
            for heard in parts
            if len(heard.frame.information) > limit
        ],
        examined=len(parts),
        expected=expected,
        things="I frames",
    )


@case(
    Case(
        id="DLMS-HDLC-30",
        version=1,
        interface="wan",
        title="Negotiation downwards",
        purpose="Ensure that the meter accepts at most what is proposed, each way by itself, and "
        "obeys it.",
        stimulus="SNRM that proposes 64 octets both ways; the object list of the public "
        "association. SNRM that sends up to 100 octets and takes up to 70.",
        criterion="UA accepts at most that: what the meter sends is at most what the client takes, "
        "and the other way round. No I frame carries more than was agreed.",
        kind=Kind.VALID,
        clauses=(_NEGOTIATION,),
        ics="WAN/HDLC and WAN/PUBLIC",
        detects=(
            "wan.negotiation-ignored",
            "wan.negotiation-fixed",
            "wan.negotiation-not-crossed",
            "wan.oversize-info",
        ),
    )
)
def test_downwards(hdlc: HdlcLink, verify: Checks) -> None:
    """A client with little memory can talk to the meter."""
    if _propose(verify, hdlc, LinkParameters(_SMALL, _SMALL)) is not None:
        judge_lengths(verify, _read_list(hdlc), _SMALL)
    _propose(verify, hdlc, LinkParameters(100, 70), "crossed")


@case(
    Case(
        id="DLMS-HDLC-31",
        version=1,
        interface="wan",
        title="Highest information field length",
        purpose="Ensure that a high proposal is accepted as far as the meter goes.",
        stimulus="SNRM that proposes 2030 octets; another that proposes 129; the object list.",
        criterion="UA accepts 32 to 2030 octets and never more than was proposed; fewer than 128, "
        "the default, are reported. Frames obey it.",
        kind=Kind.VALID,
        clauses=(_NEGOTIATION,),
        ics="WAN/HDLC and WAN/PUBLIC",
        detects=("wan.negotiation-raises", "wan.negotiation-beyond-2030"),
    )
)
def test_upwards(hdlc: HdlcLink, verify: Checks) -> None:
    """A proposal is an upper bound."""
    field = _propose(verify, hdlc, LinkParameters(MAX_INFO, MAX_INFO))
    if field is not None:
        judge_lengths(verify, _read_list(hdlc), hdlc.parameters.info_receive)
        lengths = (field.parameters.info_transmit, field.parameters.info_receive)
        verify.that(
            "not-below-default",
            min(lengths) >= DEFAULT_INFO,
            expected=f"at least {DEFAULT_INFO} octets",
            observed=_words(field.parameters.values()),
            level=Level.SHOULD,
        )
    _propose(verify, hdlc, LinkParameters(DEFAULT_INFO + 1, DEFAULT_INFO + 1), "ua-129")


@case(
    Case(
        id="DLMS-HDLC-32",
        version=1,
        interface="wan",
        title="Widths of proposed values",
        purpose="Ensure that the values of parameters are taken in any width.",
        stimulus="SNRM that proposes 100 octets and window 1 with all values in 1, in 2 and in 4 "
        "octets.",
        criterion="UA each time, and each time with the same parameters.",
        kind=Kind.VALID,
        clauses=(_NEGOTIATION,),
        ics="WAN/HDLC",
        detects=("wan.width-fixed", "wan.width-misread"),
    )
)
def test_widths(hdlc: HdlcLink, verify: Checks) -> None:
    """A length octet stands before every value."""
    proposal = LinkParameters(100, 100)
    accepted: dict[int, LinkParameters] = {}
    wrong: list[Deviation] = []
    for width in (1, 2, 4):
        said = hdlc.snrm(encode_parameters(proposal, widths=width))
        ua = said.find(Frame.UA)
        if ua is None:
            wrong.append(Deviation(said.place, "UA", f"values of {width} octets: {said}"))
            continue
        accepted[width] = hdlc.connected(ua, proposal).parameters
        first = next(iter(accepted.values()))
        if accepted[width] != first:
            text = f"values of {width} octets: {_words(accepted[width].values())}"
            wrong.append(Deviation(ua.place, _words(first.values()), text))
    verify.none_of(
        "alike", wrong, examined=3, expected="UA with the same parameters", things="widths"
    )


@case(
    Case(
        id="DLMS-HDLC-33",
        version=1,
        interface="wan",
        title="Window",
        purpose="Ensure that the meter sends at most a window of frames and then waits.",
        stimulus="SNRM that proposes 64 octets and windows of 7, then of 2; each time the object "
        "list of the public association, polled with RR after each final frame.",
        criterion="UA accepts windows of 1 to what was proposed. Between two polls come at most as "
        "many I frames as the window that UA says, the last of them with F = 1 and no other.",
        kind=Kind.VALID,
        clauses=(_NEGOTIATION,),
        ics="WAN/HDLC and WAN/PUBLIC",
        detects=("wan.window-overrun", "wan.window-raised", "wan.window-without-final"),
    )
)
def test_window(hdlc: HdlcLink, verify: Checks) -> None:
    """The client has room for as many frames as it said."""
    for window in _WINDOWS:
        proposal = LinkParameters(_SMALL, _SMALL, window, window)
        if _propose(verify, hdlc, proposal, f"ua-{window}") is None:
            return
        allowed = hdlc.parameters.window_receive
        unit = hdlc.ask(plain_aarq())
        if not accepts(unit.apdu):
            verify.undecided(
                f"window-{window}",
                Reason.PRECONDITION,
                expected="the public association",
                observed=str(unit),
            )
            return
        unit = hdlc.ask(get_request(2, OBJECT_LIST))
        if len(unit.segments) <= allowed and window != _WINDOWS[-1]:
            continue  # too short to be held back; a smaller window may tell
        if len(unit.segments) <= allowed:
            verify.undecided(
                f"window-{window}",
                Reason.PRECONDITION,
                expected=f"an object list of more than {allowed} frames",
                observed=f"{len(unit.segments)} frames",
            )
            return
        bursts = _bursts(unit.segments)
        expected = f"at most {allowed} I frames, F = 1 in the last"
        verify.none_of(
            f"window-{window}",
            [
                Deviation(burst[-1].place, expected, f"{len(burst)} frames, the last {burst[-1]}")
                for burst in bursts
                if len(burst) > allowed or not burst[-1].frame.control.final
            ],
            examined=len(bursts),
            expected=expected,
            things="bursts",
        )


def _bursts(frames: tuple[Heard, ...]) -> list[list[Heard]]:
    """Return the frames parted after each one with F."""
    bursts: list[list[Heard]] = [[]]
    for heard in frames:
        bursts[-1].append(heard)
        if heard.frame.control.final:
            bursts.append([])
    return [burst for burst in bursts if burst]


#: what is wrong with a parameter field, and the field
_MALFORMED = (
    ("a parameter longer than its group", bytes.fromhex("818004050500")),
    ("a group longer than the field", bytes.fromhex("818020050180060180")),
    ("an unknown group", bytes.fromhex("818303050180")),
    ("another format identifier", bytes.fromhex("838003050180")),
    ("a format identifier alone", bytes.fromhex("81")),
    ("an unknown parameter", bytes.fromhex("818006090180050180")),
    ("a parameter without value", bytes.fromhex("8180020500")),
    ("window 0 and length 0", bytes.fromhex("81800C050100060100070100080100")),
    ("a value of 9 octets", bytes.fromhex("81800B0509000000000000000080")),
    ("a parameter twice", bytes.fromhex("818006050140050180")),
)


@case(
    Case(
        id="DLMS-HDLC-34",
        version=1,
        interface="wan",
        title="Malformed parameter field",
        purpose="Ensure that a malformed parameter field does no harm.",
        stimulus="SNRM with ten malformed fields: wrong lengths, unknown group, format and "
        "parameter, values without octets, of 9 octets and out of range; after each a right SNRM.",
        criterion="UA that accepts at most the defaults, or DM or FRMR; UA to the right SNRM.",
        kind=Kind.INVALID,
        clauses=(_NEGOTIATION,),
        ics="WAN/HDLC",
        detects=("wan.param-crash", "wan.param-silence", "wan.param-unbounded"),
        bound_s=120,
    )
)
def test_malformed(hdlc: HdlcLink, verify: Checks) -> None:
    """What cannot be read is not believed."""
    hdlc.connect()
    expected = f"UA with at most {DEFAULT_INFO} octets and window 1, DM or FRMR"
    wrong: list[Deviation] = []
    tried = 0
    for what, octets in _MALFORMED:
        hdlc.disconnect()
        said = hdlc.snrm(octets)
        tried += 1
        answer = said.find(Frame.UA, Frame.DM, Frame.FRMR)
        if answer is None:
            wrong.append(Deviation(said.place, expected, f"{what}: {said}"))
        elif answer.kind is Frame.UA:
            accepted = decode_parameters(answer.frame.information).parameters
            if accepted.exceeding(_DEFAULT):
                text = f"{what}: UA, {_words(accepted.values())}"
                wrong.append(Deviation(answer.place, expected, text))
        if not hdlc.snrm().find(Frame.UA):
            break
    verify.none_of("answer", wrong, examined=tried, expected=expected, things="fields")
    judge_recovery(verify, hdlc)
