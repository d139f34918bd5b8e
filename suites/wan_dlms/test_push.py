"""Area C9, what the meter sends by itself: on time, protected, counted (DataNotification)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bench.core.case import Case, Kind, case
from bench.core.check import Deviation, Place
from bench.core.clock import SECOND, seconds
from bench.core.link import Capability
from bench.core.measurement import Limits, Measurement
from bench.engine.checks import Checks
from bench.engine.connection import Connection
from bench.engine.context import CaseContext
from bench.protocols.dlms.notification import DataNotification
from suites.wan_dlms.answer import Reply
from suites.wan_dlms.association import Association
from suites.wan_dlms.meter import Meter
from suites.wan_dlms.wrapper_wire import get_request

_PUSH = "IEC-62056-6-2:5.3.8"
_NOTIFICATION = "IEC-62056-5-3:6.14"
_POLICY = "IEC-62056-6-2:5.3.7"
_PUSHES = 3
_SLICE_S = 20.0  # between signs of life of the client
_INVOKE_IDS = 1 << 24
_TAGS = frozenset({0x0F, 0xDB, 0xDC, 0xDD})  # a notification, or what can protect one
_SECURITY_SETUP = 64


@dataclass(frozen=True, slots=True)
class _Policy:
    """What the security policy demands of what the meter sends."""

    authenticated: bool = False
    encrypted: bool = False

    def __str__(self) -> str:
        words = [n for n in ("authenticated", "encrypted") if getattr(self, n)]
        return " and ".join(words) or "plain or protected"

    def met_by(self, reply: Reply) -> bool:
        """Whether a notification opens and is protected at least like this."""
        if not self.authenticated and not self.encrypted:
            return True
        how = reply.protection
        return (
            how is not None
            and not how.problem
            and how.control is not None
            and how.control.authenticated >= self.authenticated
            and how.control.encrypted >= self.encrypted
        )


def _policy(meter: Meter, association: str) -> _Policy:
    """Return the policy of an association's security setup; its version says what it means."""
    suite = meter.declared.association(association).suite
    if suite is None:
        return _Policy()
    name = meter.declared.setup_name(suite)
    survey = meter.survey()
    data = survey.data(_SECURITY_SETUP, name, 2)
    value = None if data is None else data.to_python()
    if not isinstance(value, int):
        return _Policy(True, True)  # which a meter with keys has unless it says otherwise
    listed = survey.find(_SECURITY_SETUP, name)
    if listed and listed[0].version == 0:
        return _Policy(value in (1, 3), value in (2, 3))
    return _Policy(bool(value & 0x20), bool(value & 0x40))


@case(
    Case(
        id="DLMS-TIM-05",
        version=1,
        interface="wan",
        title="Push on schedule",
        purpose="Ensure that data is pushed when it is declared to be, and as protected as the "
        "policy demands.",
        stimulus=f"Open the association that is pushed to and listen for {_PUSHES} notifications.",
        criterion="From one DataNotification to the next push_period_s, give or take "
        "push_tolerance_s; each is well formed, protected as the security policy says of "
        "responses, and counts the long invoke id up.",
        kind=Kind.TIMING,
        clauses=(_NOTIFICATION, _PUSH, _POLICY),
        ics="WAN/PUSH",
        ixit=("push_period_s",),
        needs=(Capability.TIMESTAMPS,),
        detects=(
            "wan.push-plain",
            "wan.push-late",
            "wan.push-often",
            "wan.push-same-invoke-id",
            "wan.push-silent",
            "wan.push-cut",
        ),
        bound_s=4000,
    )
)
def test_push(meter: Meter, context: CaseContext, verify: Checks) -> None:
    """Nobody asks: only the schedule says that something is missing."""
    declared = meter.declared
    period_s = float(declared.values["push_period_s"])
    tolerance_s = float(declared.values.get("push_tolerance_s", 1.0))
    name = str(declared.values.get("push_association", "main"))
    policy = _policy(meter, name)  # before the association, over whose link it may be read
    association = meter.associate(name)
    wait_s = _PUSHES * (period_s + tolerance_s) + declared.response_limit_s
    slice_s = min(_SLICE_S, declared.inactivity_s / 3 or _SLICE_S)
    heard = _listen(context.connection, association, wait_s, slice_s)
    verify.that(
        "arrives",
        len(heard) >= _PUSHES,
        expected=f"{_PUSHES} notifications, one every {period_s:g} s",
        observed=f"{len(heard)} in {wait_s:g} s",
    )
    if heard:
        _judge_schedule(verify, heard, Limits(period_s - tolerance_s, period_s + tolerance_s))
        _judge_content(verify, heard, policy)


_FIRST = frozenset(bytes([tag]) for tag in _TAGS)


def _listen(
    connection: Connection, association: Association, wait_s: float, slice_s: float
) -> list[Reply]:
    """Return the notifications that come; the association is kept alive meanwhile."""
    transport = association.transport
    heard: list[Reply] = []
    until = connection.now() + seconds(wait_s)
    while len(heard) < _PUSHES and connection.now() < until:
        left_s = (until - connection.now()) / SECOND
        came = transport.listen(min(slice_s, left_s))
        if transport.up:
            transport.exchange(association.protect(get_request()))
            came += transport.unasked
            transport.unasked.clear()
        heard += [_opened(association, reply) for reply in came if reply.octets[:1] in _FIRST]
    return heard


def _opened(association: Association, reply: Reply) -> Reply:
    return reply if association.security is None else association.security.open(reply)


def _place(reply: Reply) -> Place:
    return reply.place() or Place(reply.frame)


def _judge_schedule(verify: Checks, heard: Sequence[Reply], limits: Limits) -> None:
    """Record the interval that is furthest from the schedule."""
    assert limits.low is not None
    assert limits.high is not None
    middle = (limits.low + limits.high) / 2
    found = [(two, (two.until_ns - one.until_ns) / SECOND) for one, two in pairwise(heard)]
    if not found:
        return
    worst, interval_s = max(found, key=lambda pair: abs(pair[1] - middle))
    u_s = worst.uncertainty_s * 2**0.5
    verify.within(
        "schedule", Measurement(interval_s, u_s, "s"), limits, clause=_PUSH, place=_place(worst)
    )


def _judge_content(verify: Checks, heard: Sequence[Reply], policy: _Policy) -> None:
    """Record whether all are notifications, protected and counted."""
    verify.none_of(
        "protected",
        [
            Deviation(_place(reply), str(policy), _protection(reply))
            for reply in heard
            if not policy.met_by(reply)
        ],
        examined=len(heard),
        expected=str(policy),
        things="notifications",
        clause=_POLICY,
    )
    verify.none_of(
        "well-formed",
        [
            Deviation(_place(reply), "a DataNotification", str(reply))
            for reply in heard
            if reply.plain and (reply.problems or not isinstance(reply.record, DataNotification))
        ],
        examined=len(heard),
        expected="a DataNotification without a fault of form",
        things="notifications",
    )
    verify.none_of(
        "invoke-id",
        _miscounted(heard),
        examined=len(heard),
        expected="the long invoke id goes up",
        things="notifications",
    )


def _protection(reply: Reply) -> str:
    how = reply.protection
    if how is None:
        return "plain"
    return how.problem or f"security control {how.control}"


def _miscounted(heard: Sequence[Reply]) -> Iterator[Deviation]:
    for one, two in pairwise(heard):
        if isinstance(one.record, DataNotification) and isinstance(two.record, DataNotification):
            before, after = (r.record.invocation.invoke_id for r in (one, two))
            if not 0 < (after - before) % _INVOKE_IDS < _INVOKE_IDS // 2:
                yield Deviation(_place(two), f"an id after {before}", f"{after}")
