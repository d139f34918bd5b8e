"""Area C2, time: inactivity, pauses within a frame, response time (IEC 62056-46 §6.4.4)."""

from bench.core.case import Case, Kind, case
from bench.core.clock import SECOND
from bench.core.link import Capability
from bench.core.measurement import Limits, Measurement
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.engine.context import CaseContext
from bench.protocols.hdlc.control import Kind as Frame
from bench.protocols.hdlc.parameters import LinkParameters, encode_parameters
from bench.protocols.iec62056_21 import START_LINE
from suites.wan_dlms.declared import Declared
from suites.wan_dlms.hdlc_judging import judge_answer, judge_recovery, judge_silence
from suites.wan_dlms.hdlc_link import SNRM, HdlcLink, Unit
from suites.wan_dlms.mode_e import ModeE
from suites.wan_dlms.wrapper_wire import get_request, reads

_TIMERS = "IEC-62056-6-2:5.6.2"
_RESPONSE = "meterbench:declared"
_ROUNDS = 100
_PATIENCE = 3  # times the limit: a late answer is measured, not missed


@case(
    Case(
        id="DLMS-HDLC-35",
        version=1,
        interface="wan",
        title="Inactivity time-out",
        purpose="Ensure that the meter ends a link on which nothing happens, and not too early.",
        stimulus="SNRM, silence for 0.9 times the declared inactivity time-out, DISC; SNRM, "
        "silence for 1.1 times as long, DISC.",
        criterion="UA to the first DISC: the link was up. DM to the second one: it had ended. A "
        "port that starts by mode E may have fallen back to its sign-on and be silent.",
        kind=Kind.TIMING,
        clauses=(_TIMERS,),
        ics="WAN/HDLC and WAN/INACTIVITY",
        ixit=("inactivity_s",),
        needs=(Capability.TIMESTAMPS,),
        detects=("wan.timeout-never", "wan.timeout-short"),
        bound_s=1200,
    )
)
def test_inactivity(
    hdlc: HdlcLink, declared: Declared, context: CaseContext, verify: Checks
) -> None:
    """A client that went away leaves the meter to others."""
    falls_back = declared.answers.get("WAN/MODE-E", False)
    for check, factor, kind in (("before", 0.9, Frame.UA), ("after", 1.1, Frame.DM)):
        hdlc.connect()
        hdlc.connection.wait(factor * declared.inactivity_s)
        said = hdlc.disconnect()
        judge_answer(
            verify,
            check,
            said,
            {kind},
            silence=falls_back and kind is Frame.DM,
            expected=f"{kind} to DISC after {factor:g} x {declared.inactivity_s:g} s of silence",
        )
    if falls_back and said.silent and hdlc.connection.has(Capability.LINE_SPEED):
        ModeE(context, declared, START_LINE).sign_on()


@case(
    Case(
        id="DLMS-HDLC-36",
        version=1,
        interface="wan",
        title="Pause within a frame",
        purpose="Ensure that half a frame is dropped after the inter-octet time-out.",
        stimulus="The first half of an SNRM with parameters, a pause of three times the "
        "inter-octet time-out (at least 0.1 s), then a whole SNRM; the same, then the second half.",
        criterion="One UA to the whole frame; no answer to a frame with a pause in it.",
        kind=Kind.TIMING,
        clauses=(_TIMERS,),
        ics="WAN/HDLC",
        ixit=("inter_octet_ms",),
        detects=("wan.interoctet-stuck", "wan.interoctet-too-long"),
    )
)
def test_inter_octet(hdlc: HdlcLink, declared: Declared, verify: Checks) -> None:
    """Half a frame does not swallow the next one."""
    pause_s = declared.inter_octet_pause_s
    snrm = hdlc.frame(SNRM, encode_parameters(LinkParameters()))
    half = len(snrm) // 2
    early = hdlc.say(snrm[:half], limit_s=pause_s)
    said = hdlc.say(snrm)
    ua = judge_answer(verify, "second-answered", said, {Frame.UA})
    if ua is not None:
        hdlc.connected(ua)
    hdlc.disconnect()
    again = hdlc.say(snrm[:half], limit_s=pause_s)
    joined = hdlc.say(snrm[half:])
    judge_silence(
        verify,
        [("half a frame", early), ("half a frame", again), ("the other half", joined)],
        expected="no answer to half a frame, nor to its halves with a pause between",
        check="first-dropped",
    )
    judge_recovery(verify, hdlc)


@case(
    Case(
        id="DLMS-HDLC-37",
        version=1,
        interface="wan",
        title="Response time",
        purpose="Ensure that the meter answers within the response limit that it promises.",
        stimulus="GET of the logical device name, 100 times in the public association.",
        criterion="From the last octet sent to the first of the answer, each takes at most "
        "response_limit_s, which no standard sets: a longer time fails a meter that promises this "
        "limit. Median, 95th percentile and longest are reported.",
        kind=Kind.TIMING,
        clauses=(_RESPONSE,),
        ics="WAN/HDLC and WAN/PUBLIC",
        needs=(Capability.TIMESTAMPS,),
        detects=("wan.slow-response",),
        bound_s=900,
    )
)
def test_response_time(hdlc: HdlcLink, declared: Declared, verify: Checks) -> None:
    """A client knows how long to wait."""
    limit_s = declared.response_limit_s
    hdlc.limit_s = _PATIENCE * limit_s
    hdlc.associate()
    octets = get_request()
    times: list[float] = []
    slowest: Unit | None = None
    for _ in range(_ROUNDS):
        unit = hdlc.ask(octets)
        if not reads(unit.apdu):
            verify.undecided(
                "each-answered",
                Reason.PRECONDITION,
                expected="the logical device name",
                observed=f"request {len(times) + 1}: {unit}",
            )
            break
        times.append(_response_s(unit))
        if slowest is None or times[-1] >= max(times):
            slowest = unit
    hdlc.limit_s = limit_s
    if not times or slowest is None:
        return
    uncertainty_s = hdlc.connection.uncertainty_s * 2**0.5
    verify.within(
        "response",
        Measurement(max(times), uncertainty_s, "s"),
        Limits(high=limit_s),
        level=declared.response_level,
        place=slowest.segments[0].place,
    )
    ordered = sorted(times)
    verify.note(
        "times",
        f"median {_quantile(ordered, 0.5):.4f} s, 95th percentile "
        f"{_quantile(ordered, 0.95):.4f} s, longest {ordered[-1]:.4f} s of {len(ordered)}",
    )


def _response_s(unit: Unit) -> float:
    """Return the time from the last octet of the request to the first of the answer."""
    return (unit.segments[0].piece.at_ns - unit.asked_ns) / SECOND


def _quantile(ordered: list[float], share: float) -> float:
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]
