"""Load: ports that are all busy do not disturb each other."""

from collections.abc import Sequence

from bench.core.case import Case, Kind, case
from bench.core.check import Deviation, Place
from bench.core.clock import seconds
from bench.core.link import Capability
from bench.core.measurement import Limits
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.protocols.dlms.cosem_types import LogicalName
from suites.p1.intervals import between_stamps, intervals
from suites.s1.capture import Capture
from suites.system.ports import Ports
from suites.wan_dlms.answer import Answer, slowest
from suites.wan_dlms.model import PROFILE

_OURS = "OUR:one-system"
_DURATION_S = 300.0
_BUFFER = 2
_MISSING = 1.5  # intervals: longer, and a telegram is missing


@case(
    Case(
        id="SYS-LOAD-01",
        version=1,
        interface="system",
        title="Ports do not disturb each other",
        purpose="Ensure that a reader at one port loses nothing while the operator reads another.",
        stimulus="For 300 s listen to P1 and S1 while the load profile (load_profile) is read "
        "over WAN again and again.",
        criterion="No telegram of P1 is missing or damaged, the sequence of S1 is unbroken and no "
        "frame is damaged, and every answer of WAN comes within response_limit_s (ours).",
        kind=Kind.TIMING,
        clauses=(_OURS,),
        needs=(Capability.TIMESTAMPS,),
        detects=(
            "system.p1-stalls",
            "system.p1-damaged-now-and-then",
            "system.s1-stalls",
            "system.s1-damaged-now-and-then",
            "system.wan-stalls",
        ),
        spans=("p1", "s1", "wan", "han", "mep"),
        bound_s=900,
        lengthy=True,
    )
)
def test_load(ports: Ports, verify: Checks) -> None:
    """All ports at once, for five minutes."""
    ports.begin()
    end_ns = ports.now + seconds(_DURATION_S)
    answers: list[Answer] = []
    if ports.has("wan"):
        answers = _read_until(ports, end_ns)
    ports.hear_until(end_ns)
    if ports.has("p1"):
        _judge_p1(ports, verify)
    if ports.has("s1"):
        _judge_s1(ports, verify, ports.capture())
    if ports.has("wan"):
        _judge_wan(ports, verify, answers)


def _read_until(ports: Ports, end_ns: int) -> list[Answer]:
    """Read the load profile again and again; return the answers, the last one maybe a failure."""
    code = str(ports.context.ixit.get("wan.load_profile", "1-0:99.1.0"))
    answers = []
    with ports.meter.associate("main") as aa:
        while ports.now < end_ns:
            answers.append(aa.get(PROFILE, LogicalName.parse(code), _BUFFER))
            ports.take()
            if not answers[-1].ok and not (aa.transport.up or aa.open().established):
                break
    return answers


def _judge_p1(ports: Ports, verify: Checks) -> None:
    watch = ports.p1_watch()
    found = intervals(watch)
    if not found:
        text = f"{len(watch.telegrams)} telegrams"
        expected = "telegrams all the time"
        verify.undecided("p1-rhythm", Reason.EMPTY, expected=expected, observed=text)
        return
    u_s = ports.session.link("p1").timing_uncertainty_s
    longest = max(found, key=lambda one: one.length_s)
    telegram = next(seen for seen in watch.telegrams if seen.number == longest.number)
    number = ports.context.keep(telegram.frame.octets, telegram.frame.at_ns)
    verify.within(
        "p1-rhythm",
        between_stamps(longest.length_s, u_s),
        Limits(high=_MISSING * watch.profile.interval_s),
        place=Place(number, 0, len(telegram.frame.octets)),
    )
    damaged = [
        Deviation(
            Place(ports.context.keep(seen.frame.octets, seen.frame.at_ns)),
            "a whole telegram with a right CRC",
            "a damaged one",
        )
        for seen in watch.telegrams
        if not seen.frame.complete or seen.telegram.crc.ok is False
    ]
    expected = "whole telegrams"
    verify.none_of("p1-whole", damaged, examined=len(watch.telegrams), expected=expected)


def _judge_s1(ports: Ports, verify: Checks, capture: Capture) -> None:
    breaks = [
        Deviation(
            ports.place_s1(capture, run.first),
            "the sequence goes on by one",
            f"{int(capture.sequence[run.first - 1])}, then {int(capture.sequence[run.first])}",
        )
        for run in capture.runs[1:]
    ]
    frames = len(capture.sequence)
    expected = "an unbroken sequence"
    verify.none_of("s1-sequence", breaks, examined=frames, expected=expected, things="frames")
    damaged = [
        Deviation(Place(ports.context.keep(piece.octets, 0)), "whole frames", str(piece.kind))
        for piece in capture.damaged
    ]
    expected = "no damaged frame"
    verify.none_of("s1-whole", damaged, examined=frames, expected=expected, things="frames")


def _judge_wan(ports: Ports, verify: Checks, answers: Sequence[Answer]) -> None:
    failed = [
        Deviation(ports.place_wan(one) or Place(0), "the load profile", str(one))
        for one in answers
        if not one.ok
    ]
    expected = "every request is answered"
    verify.none_of("wan-answers", failed, examined=len(answers), expected=expected, things="reads")
    reply = slowest([reply for one in answers for reply in one.replies])
    if reply is not None:
        verify.note("wan-slowest", f"the slowest answer began after {reply.response_s:.3g} s")
