"""Supply: what a power cut leaves, at every port."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from bench.core.case import Case, Effects, Kind, case
from bench.core.check import Deviation, Place
from bench.core.link import Capability
from bench.core.measurement import Limits, Measurement
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.engine.context import Inconclusive
from bench.protocols.dlms.cosem_types import AttributeDescriptor, LogicalName
from bench.protocols.dlms.get import GetRequestNormal
from suites.p1.readings import Reading
from suites.system.ports import Ports
from suites.system.shown import Registers
from suites.system.supply import Outage, associated
from suites.wan_dlms.answer import Answer, Reply
from suites.wan_dlms.association import Association
from suites.wan_dlms.model import PROFILE

_OURS = "OUR:one-system"
_FAILURES = "0-0:96.7.21"
_INDEXES = tuple(f"1-0:{group}.8.{tariff}" for group in (1, 2) for tariff in range(5))
_DATA, _VALUE = 1, 2
_HEARD_S = 2.0
_RETRY_S = 2.0  # of asking whether WAN is there again
_CALLED = {"p1": "P1", "wan": "WAN"}


@dataclass(frozen=True, slots=True)
class State:
    """What a port shows that a power cut must not take back."""

    indexes: Mapping[str, float] = field(default_factory=dict)
    failures: int | None = None
    place: Place = field(default_factory=lambda: Place(0))


def _of_p1(ports: Ports, reading: Reading) -> State:
    shown = {code: reading.quantity(code) for code in _INDEXES}
    indexes = {code: float(value) for code, value in shown.items() if value is not None}
    failures = reading.quantity(_FAILURES)
    place = ports.place_p1(reading)
    return State(indexes, None if failures is None else int(failures), place)


def _of_wan(ports: Ports, aa: Association) -> State:
    registers = Registers(ports, aa)
    samples = {code: registers.sample(code) for code in _INDEXES}
    indexes = {code: one.value for code, one in samples.items() if one is not None}
    answer = aa.get(_DATA, LogicalName.parse(_FAILURES), _VALUE)
    failures = answer.value if isinstance(answer.value, int) else None
    return State(indexes, failures, ports.place_wan(answer) or Place(0))


@case(
    Case(
        id="SYS-PWR-01",
        version=1,
        interface="system",
        title="Power cut",
        purpose="Ensure that a power cut costs nobody more than the time that it lasts.",
        stimulus="While P1 and S1 send and a profile is read over WAN, cut the supply for 10 s "
        "and restore it.",
        criterion="P1 and S1 send, and WAN answers, within the declared time (restart_s); no index "
        "has gone back; where a port counts power failures (0-0:96.7.21) it counts this one once "
        "(ours).",
        kind=Kind.INOPPORTUNE,
        clauses=(_OURS,),
        needs=(Capability.DEVICE_CONTROL, Capability.TIMESTAMPS),
        effects=Effects.REVERSIBLE,
        detects=(
            "system.p1-restart-slow",
            "system.s1-restart-slow",
            "system.wan-restart-slow",
            "system.p1-index-back",
            "system.wan-index-back",
            "system.p1-outage-twice",
            "system.wan-outage-twice",
        ),
        spans=("p1", "s1", "wan", "han", "mep"),
        bound_s=900,
    )
)
def test_power_cut(ports: Ports, verify: Checks) -> None:
    """Off, on, and all is as it was."""
    ports.begin()
    ports.hear(_HEARD_S + ports.lag_s)
    before: dict[str, State] = {}
    if ports.has("wan"):
        aa = ports.meter.associate("main")  # still open when the supply is cut
        before["wan"] = _of_wan(ports, aa)
        aa.send(_profile_request(ports, aa))
    absent = _absent(ports)
    outage = Outage(ports)
    outage.happen()
    after: dict[str, State] = {}
    if ports.has("wan") and (again := associated(ports)) is not None:
        with again:
            after["wan"] = _of_wan(ports, again)
    ports.hear(ports.lag_s)
    if ports.has("p1"):
        first, last = outage.readings_before(), outage.readings_after()
        if first:
            before["p1"] = _of_p1(ports, first[-1])
        if last:
            after["p1"] = _of_p1(ports, last[-1])
    _judge_restarts(ports, verify, outage, absent)
    for port, state in before.items():
        if port in after:
            _judge_state(verify, port, state, after[port])


def _profile_request(ports: Ports, aa: Association) -> GetRequestNormal:
    """Return a request whose answer takes a while: the supply is cut amid it."""
    code = str(ports.context.ixit.get("wan.load_profile", "1-0:99.1.0"))
    attribute = AttributeDescriptor(PROFILE, LogicalName.parse(code), _VALUE)
    return GetRequestNormal(aa.invocation(), attribute)


def _absent(ports: Ports) -> set[str]:
    """Return the listening ports that send nothing while there is supply."""
    absent = set()
    if ports.has("p1") and not ports.readings():
        absent.add("p1")
    if ports.has("s1") and not ports.ear("s1").chunks:
        absent.add("s1")
    return absent


def _judge_restarts(ports: Ports, verify: Checks, outage: Outage, absent: Collection[str]) -> None:
    for port, restart in outage.restarts.items():
        limits = Limits(high=restart.limit_s)
        if restart.after_s is None and port in absent:
            verify.undecided(
                f"{port}-restart",
                Reason.PRECONDITION,
                expected=f"{limits} s",
                observed="nothing, and nothing before the supply was cut",
            )
            continue
        if restart.after_s is None:
            verify.that(
                f"{port}-restart",
                False,
                expected=f"{limits} s",
                observed=f"nothing within {restart.waited_s:.0f} s",
            )
            continue
        stamp_u_s = ports.session.link(port).timing_uncertainty_s
        u_s = 2**0.5 * stamp_u_s + (_RETRY_S if port == "wan" else 0.0)
        verify.within(f"{port}-restart", Measurement(restart.after_s, u_s, "s"), limits)


def _judge_state(verify: Checks, port: str, before: State, after: State) -> None:
    both = [code for code in before.indexes if code in after.indexes]
    back = [
        Deviation(
            after.place,
            f"{code} at least {before.indexes[code]:.10g} Wh",
            f"{after.indexes[code]:.10g} Wh",
        )
        for code in both
        if after.indexes[code] < before.indexes[code]
    ]
    expected = "no index goes back"
    verify.none_of(f"{port}-indexes", back, examined=len(both), expected=expected, things="indexes")
    if before.failures is None or after.failures is None:
        verify.note(f"{port}-outage", f"{_CALLED[port]} counts no power failures")
        return
    counted = after.failures - before.failures
    verify.that(
        f"{port}-outage",
        counted == 1,
        expected="one power failure more than before",
        observed=f"{counted:+d}",
        place=after.place,
    )


@case(
    Case(
        id="SYS-SEC-02",
        version=1,
        interface="system",
        title="Counters survive",
        purpose="Ensure that a power cut does not let anybody play back what was sent before.",
        stimulus="An exchange over a ciphered association of WAN, a power cut of 10 s, another "
        "exchange; the counter that the meter expects is read before and after, where it may be.",
        criterion="No invocation counter of the meter is one that it has used before the cut or a "
        "lower one, and the one that it expects has not gone back.",
        kind=Kind.INOPPORTUNE,
        clauses=("VTT-review:9",),
        ics="WAN/SUITE-0 or WAN/SUITE-1 or WAN/SUITE-2",
        needs=(Capability.DEVICE_CONTROL,),
        effects=Effects.REVERSIBLE,
        detects=(
            "system.wan-counter-restarts",
            "system.wan-expected-restarts",
        ),
        beside=("wan",),
        spans=("p1", "wan", "han", "mep"),
        bound_s=900,
    )
)
def test_counters_survive(ports: Ports, verify: Checks) -> None:
    """A counter that restarts gives the same nonce twice."""
    aa = ports.meter.associate("main")
    suite = aa.means.suite
    if suite is None:
        raise Inconclusive(Reason.PRECONDITION, "the management association is not ciphered")
    used, _ = _exchanged(aa)
    aa.close()
    expected = _expected_counter(ports, suite)
    # what is asked first must use up as few counters as can be
    outage = Outage(ports, ports.meter.simplest())
    outage.happen()
    now = _expected_counter(ports, suite)
    again = associated(ports)
    if again is None:
        raise Inconclusive(Reason.PRECONDITION, "WAN did not answer any more after the power cut")
    then, answer = _exchanged(again)
    again.close()
    last, first = max(used), min((*then, *_counters(outage.replies)))
    verify.that(
        "own",
        first > last,
        expected=f"invocation counters above {last}, the last one before the cut",
        observed=f"{first}",
        place=ports.place_wan(answer),
    )
    if expected is None or now is None:
        verify.note("expected", "the counter that the meter expects may not be read")
        return
    verify.that(
        "expected",
        now >= expected,
        expected=f"at least {expected}, as before the cut",
        observed=f"{now}",
    )


def _exchanged(aa: Association) -> tuple[list[int], Answer]:
    """Return the meter's invocation counters of an exchange, and what it answered."""
    answer = aa.get(_DATA, LogicalName.parse("0-0:42.0.0"), _VALUE)
    counters = _counters(aa.replies)
    if not counters:
        text = "the meter protects no answer: it has no invocation counter to look at"
        raise Inconclusive(Reason.PRECONDITION, text)
    return counters, answer


def _counters(replies: Iterable[Reply]) -> list[int]:
    return [
        reply.protection.counter
        for reply in replies
        if reply.protection is not None and reply.protection.counter is not None
    ]


def _expected_counter(ports: Ports, suite: int) -> int | None:
    """Return the counter that the meter expects next, None where the public client may not."""
    if not ports.answers.get("WAN/COUNTER-READABLE") or not ports.answers.get("WAN/PUBLIC"):
        return None
    try:
        return ports.meter.read_counter(suite)
    except Inconclusive:
        return None
