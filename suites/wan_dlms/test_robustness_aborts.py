"""Area C9, exchanges that break off: what one client has begun is not for the next to finish."""

from bench.core.case import Case, Kind, case
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.engine.context import Inconclusive
from bench.protocols.dlms.acse import AssociationResult
from bench.protocols.dlms.get import GetRequestNext, GetResponseWithDataBlock
from bench.protocols.dlms.results import Invocation
from suites.wan_dlms.answer import Reply
from suites.wan_dlms.association import Association
from suites.wan_dlms.meter import Meter
from suites.wan_dlms.renewing import has_connections, renew
from suites.wan_dlms.wrapper_wire import OBJECT_LIST, get_request

_SMALL_PDU = 64
_HLS = ("main", "hls6", "hls4", "hls3", "hls2", "suite0", "suite1", "suite2")


def _abort(meter: Meter, association: Association) -> bool:
    """End the link without a release, as a failure does; return whether a new one is possible."""
    if has_connections(meter):
        return renew(meter, abrupt=True)
    association.transport.close()
    return True


def _holds_block(reply: Reply) -> bool:
    record = reply.record
    return isinstance(record, GetResponseWithDataBlock) and isinstance(record.block.result, bytes)


@case(
    Case(
        id="DLMS-ROB-06",
        version=1,
        interface="wan",
        title="Abort in the middle of a block transfer",
        purpose="Ensure that a block transfer ends with its association.",
        stimulus="GET of the object list with a small PDU size; after the first block the link is "
        "aborted; a new association asks for the next block, then reads.",
        criterion="The new association is accepted, gets no block of the old transfer, and reads.",
        kind=Kind.INOPPORTUNE,
        clauses=("IEC-62056-5-3:7.2", "IEC-62056-5-3:6.6"),
        ics="(WAN/HDLC or WAN/WRAPPER) and WAN/PUBLIC and WAN/BLOCK-GET",
        detects=("wan.block-state-persist",),
        bound_s=120,
    )
)
def test_aborted_blocks(meter: Meter, verify: Checks) -> None:
    """What one client has begun is not for the next one to finish."""
    first = meter.association("public")
    state = first.connect()
    request = first.initiate_request(max_pdu_size=_SMALL_PDU)
    opened = first.propose(first.aarq(initiate=request)) if state.up else None
    if opened is None or not opened.established:
        raise Inconclusive(Reason.PRECONDITION, f"no association: {opened or state}")
    reply = first.raw(get_request(1, OBJECT_LIST))
    if not _holds_block(reply):
        raise Inconclusive(Reason.PRECONDITION, f"no block of the object list came: {reply}")
    connected = _abort(meter, first)
    second = meter.association("public")
    again = second.open() if connected else None
    if not verify.that(
        "association-again",
        again is not None and again.established,
        expected="a new association after the abort",
        observed=str(again) if again else "no new connection is taken",
    ):
        return
    reply = second.request(GetRequestNext(Invocation(1), 1))
    verify.that(
        "transfer-gone",
        not _holds_block(reply),
        expected="no block of the aborted transfer",
        observed=str(reply),
        place=reply.place(),
    )
    if not second.transport.up:
        second = meter.association("public")
        second.open()
    answer = second.get(1, "0.0.42.0.0.255", 2)
    verify.that(
        "reads-again",
        answer.ok,
        expected="the logical device name",
        observed=str(answer),
        place=answer.place(),
    )


@case(
    Case(
        id="DLMS-ROB-07",
        version=1,
        interface="wan",
        title="Abort in the middle of the authentication",
        purpose="Ensure that an authentication that was begun does not lock the meter.",
        stimulus="AARQ of an association with high level security; after the AARE with its "
        "challenge the link is aborted; then the whole of it from the start, twice.",
        criterion="The later associations are opened.",
        kind=Kind.INOPPORTUNE,
        clauses=("IEC-62056-5-3:7.2", "IEC-62056-5-3:5.3.2"),
        ics="(WAN/HDLC or WAN/WRAPPER) and (WAN/HLS-2 or WAN/HLS-3 or WAN/HLS-4 or WAN/HLS-6 "
        "or WAN/SUITE-0 or WAN/SUITE-1 or WAN/SUITE-2)",
        detects=("wan.hls-state-persist",),
        bound_s=120,
    )
)
def test_aborted_authentication(meter: Meter, verify: Checks) -> None:
    """A radio link breaks off whenever it wants."""
    name = next(one for one in _HLS if meter.declared.has(one))
    first = meter.association(name)
    state = first.connect()
    opened = first.propose() if state.up else None
    if opened is None or opened.result != AssociationResult.ACCEPTED:
        raise Inconclusive(Reason.PRECONDITION, f"no challenge of {name} came: {opened or state}")
    connected = _abort(meter, first)
    for _ in range(2):
        again = meter.association(name)
        outcome = again.open() if connected else None
        verify.that(
            "opened-again",
            outcome is not None and outcome.established,
            expected=f"association {name} after an aborted authentication",
            observed=str(outcome) if outcome else "no new connection is taken",
        )
        again.close()
