"""Area C9, timing: how fast the meter answers."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from bench.core.case import Case, Kind, case
from bench.core.check import Deviation, Place
from bench.core.clock import SECOND
from bench.core.link import Capability
from bench.core.measurement import Limits, Measurement
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.engine.context import CaseContext, Inconclusive
from bench.protocols.dlms.acse import Rlrq
from bench.protocols.dlms.action import ActionRequestNormal
from bench.protocols.dlms.apdu import encode_apdu
from bench.protocols.dlms.cosem_types import AttributeDescriptor, LogicalName, MethodDescriptor
from bench.protocols.dlms.data_types import null
from bench.protocols.dlms.results import Invocation
from bench.protocols.dlms.set import SetRequestNormal
from bench.protocols.hdlc.control import Kind as FrameKind
from suites.wan_dlms.answer import Reply
from suites.wan_dlms.declared import Declared, LinkLayer
from suites.wan_dlms.hdlc_link import HdlcLink
from suites.wan_dlms.hdlc_wire import Said
from suites.wan_dlms.meter import Meter
from suites.wan_dlms.transport import Transport
from suites.wan_dlms.wrapper_wire import get_request, plain_aarq

_RESPONSE = "meterbench:declared"
_PATIENCE = 4  # times the limit: a late answer is to be measured
_ROUNDS = 5
_OVERHEAD_OCTETS = 30  # of an HDLC frame beside its APDU, and of the poll after it
_SLOW_OCTET_S = 1.1e-3  # an octet at 9600 Bd
_NOBODY = LogicalName(0, 0, 0, 0, 250)


def _requests() -> Mapping[str, bytes]:
    """Return one request of each service that changes nothing: what it names is not there."""
    nothing = AttributeDescriptor(1, _NOBODY, 2)
    return {
        "GET": get_request(),
        "GET-clock": get_request(2, AttributeDescriptor(8, LogicalName(0, 0, 1, 0, 0), 2)),
        "SET": encode_apdu(SetRequestNormal(Invocation(3), nothing, None, null())),
        "ACTION": encode_apdu(
            ActionRequestNormal(Invocation(4), MethodDescriptor(1, _NOBODY, 1), null())
        ),
    }


@dataclass(frozen=True, slots=True)
class _Timed:
    """One request with how long its answer took to begin."""

    service: str
    reply: Reply
    seconds: float

    @property
    def measured(self) -> Measurement:
        """The time with its uncertainty: that of two stamps."""
        return Measurement(self.seconds, self.reply.uncertainty_s * 2**0.5, "s")


def _ask(declared: Declared, transport: Transport, service: str, apdu: bytes, now: int) -> _Timed:
    """Send a request; what a meter that asks to be polled takes counts from the request on."""
    reply = transport.exchange(apdu, _PATIENCE * declared.response_limit_s)
    airtime_s = 0.0
    if declared.link_layer is LinkLayer.HDLC:
        airtime_s = (len(apdu) + _OVERHEAD_OCTETS) * _SLOW_OCTET_S
    return _Timed(
        service, reply, max(reply.response_s, (reply.first_ns - now) / SECOND - airtime_s)
    )


@case(
    Case(
        id="DLMS-TIM-01",
        version=1,
        interface="wan",
        title="Response times of the services",
        purpose="Ensure that the meter answers within the time that it promises.",
        stimulus=f"{_ROUNDS} times over the public client: AARQ, GET of two objects, SET and "
        f"ACTION of an object that is not there, RLRQ; {_ROUNDS} times GET over the management "
        "association.",
        criterion="Every request is answered, and begins to be within response_limit_s, which no "
        "standard sets: a longer time fails a meter that promises this limit. Median and longest "
        "time of each service are noted.",
        kind=Kind.TIMING,
        clauses=(_RESPONSE,),
        ics="WAN/PUBLIC",
        needs=(Capability.TIMESTAMPS,),
        detects=("wan.slow-response", "wan.action-undefined-silent"),
        bound_s=600,
    )
)
def test_response_times(meter: Meter, context: CaseContext, verify: Checks) -> None:
    """A head end with a million meters cannot wait for one."""
    declared = meter.declared
    requests = {"AARQ": plain_aarq(), **_requests(), "RLRQ": encode_apdu(Rlrq())}
    found: list[_Timed] = []
    for _ in range(_ROUNDS):
        transport = meter.transport(declared.association("public").client)
        if not transport.open().up:
            break
        for service, apdu in requests.items():
            found.append(_ask(declared, transport, service, apdu, context.connection.now()))
        transport.close()
    if not found:
        raise Inconclusive(Reason.PRECONDITION, "the link could not be set up")
    found += _in_management(meter)
    verify.none_of(
        "answered",
        [
            Deviation(_place(one.reply), "an answer", f"{one.service}: {one.reply}")
            for one in found
            if not one.reply.came
        ],
        examined=len(found),
        expected="an answer to every request",
        things="requests",
    )
    timed = [one for one in found if one.reply.came]
    if timed:
        slowest = max(timed, key=lambda one: one.seconds)
        limit = Limits(high=declared.response_limit_s)
        verify.within(
            "response",
            slowest.measured,
            limit,
            level=declared.response_level,
            place=_place(slowest.reply),
        )
        verify.note("slowest-service", slowest.service)
    for service in dict.fromkeys(one.service for one in timed):
        times = [one.seconds for one in timed if one.service == service]
        verify.note(f"times-{service}", _summary(times))


def _in_management(meter: Meter) -> list[_Timed]:
    """Ask over the management association, too: ciphering takes its time."""
    if not meter.declared.has("main"):
        return []
    association = meter.association("main")
    if not association.open().established:
        association.close()
        return []
    found = []
    for number in range(_ROUNDS):
        apdu = get_request(1 + number)
        reply = association.request(apdu, timeout_s=_PATIENCE * meter.declared.response_limit_s)
        found.append(_Timed("GET-main", reply, reply.response_s))
    association.close()
    return found


def _place(reply: Reply) -> Place:
    return reply.place() or Place(reply.frame)


def _summary(times: Sequence[float]) -> str:
    return f"median {median(times):.3f} s, longest {max(times):.3f} s of {len(times)}"


@case(
    Case(
        id="DLMS-TIM-02",
        version=1,
        interface="wan",
        title="Turn-around of the data link",
        purpose="Ensure that frames are answered in time, and not before the line is turned round.",
        stimulus=f"{_ROUNDS} times SNRM, three times RR, DISC.",
        criterion="Each answer begins within response_limit_s (a later one fails a meter that "
        "promises this limit), and not before turnaround_min_s where that is declared (a line of "
        "two wires needs it).",
        kind=Kind.TIMING,
        clauses=(_RESPONSE,),
        ics="WAN/HDLC and WAN/PUBLIC",
        needs=(Capability.TIMESTAMPS,),
        detects=("wan.turnaround-late", "wan.turnaround-early"),
        bound_s=300,
    )
)
def test_turnaround(meter: Meter, context: CaseContext, verify: Checks) -> None:
    """Both stations share one pair of wires."""
    declared = meter.declared
    link = HdlcLink(
        context,
        context.connection,
        client=declared.client_address(declared.association("public").client),
        server=declared.server_address(),
        limit_s=_PATIENCE * declared.response_limit_s,
    )
    found = [(said, time) for said in _turns(link) if (time := _turn_s(said)) is not None]
    link.disconnect()
    if not found:
        raise Inconclusive(Reason.PRECONDITION, "no frame was answered")
    u_s = context.connection.uncertainty_s * 2**0.5
    slowest, longest = max(found, key=lambda one: one[1])
    quickest, shortest = min(found, key=lambda one: one[1])
    verify.within(
        "slowest",
        Measurement(longest, u_s, "s"),
        Limits(high=declared.response_limit_s),
        level=declared.response_level,
        place=slowest.place,
    )
    least = declared.values.get("turnaround_min_s")
    if least is not None:
        verify.within(
            "quickest", Measurement(shortest, u_s, "s"), Limits(low=least), place=quickest.place
        )
    verify.note("times", _summary([time for _, time in found]))


def _turns(link: HdlcLink) -> Iterator[Said]:
    for _ in range(_ROUNDS):
        said = link.snrm()
        yield said
        if said.find(FrameKind.UA) is None:
            return
        link.vs = link.vr = 0
        for _ in range(3):
            yield link.poll()
        yield link.disconnect()


def _turn_s(said: Said) -> float | None:
    """Return the time from the last octet sent to the first of the answer, in seconds."""
    return (said.frames[0].piece.at_ns - said.sent_ns) / SECOND if said.frames else None
