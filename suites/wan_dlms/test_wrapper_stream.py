"""Area C3, the wrapper over TCP: its units in the stream, and its connections (62056-47)."""

from bench.core.case import Case, Kind, case
from bench.core.link import Capability
from bench.engine.checks import Checks
from suites.wan_dlms.wrapper_judging import judge_associated
from suites.wan_dlms.wrapper_wire import (
    WrapperWire,
    get_request,
    plain_aarq,
    reads,
)

_TCP = "IEC-62056-47:5"
_WRAPPER = "WAN/WRAPPER and WAN/PUBLIC"
_ANEW = (Capability.CONNECTION,)


@case(
    Case(
        id="DLMS-WR-03",
        version=1,
        interface="wan",
        title="Units apart from segments",
        purpose="Ensure that units are found in the stream, however TCP has cut it.",
        stimulus="AARQ with one octet per segment; then two GET requests in one segment.",
        criterion="AARE, and both answers in the order of their requests.",
        kind=Kind.VALID,
        clauses=(_TCP,),
        ics=_WRAPPER,
        detects=("wan.wr-one-read-one-pdu", "wan.wr-second-unit-lost", "wan.wr-answers-reversed"),
    )
)
def test_segments(wire: WrapperWire, verify: Checks) -> None:
    """TCP is a stream of octets."""
    for octet in wire.unit(plain_aarq()):
        wire.send(bytes([octet]))
    heard = wire.hear(1)
    verify.that(
        "split",
        heard.accepts(),
        expected="the AARE to an AARQ that came octet by octet",
        observed=str(heard),
        place=heard.place,
    )
    if not heard.accepts() and not (wire.reconnect() and wire.associate()):
        return
    wire.send(wire.unit(get_request(1)) + wire.unit(get_request(2)))
    merged = wire.hear(2)
    found = [
        next((n for n in (1, 2) if reads(unit.wpdu.apdu, n)), None)
        for unit in merged.units
        if unit.wpdu.valid
    ]
    verify.that(
        "merged",
        found == [1, 2],
        expected="the answers to invoke ids 1 and 2, in this order",
        observed=f"answers to {found}" if found else str(merged),
        place=merged.place,
    )


@case(
    Case(
        id="DLMS-WR-07",
        version=1,
        interface="wan",
        title="A second connection beside the first",
        purpose="Ensure that a second client does not break the association of the first.",
        stimulus="Open an association; connect a second time and send an AARQ there; read over the "
        "first connection before and after the second has ended.",
        criterion="The second connection is refused, closed or served; the first association "
        "is unharmed.",
        kind=Kind.INOPPORTUNE,
        clauses=(_TCP,),
        ics=_WRAPPER,
        needs=_ANEW,
        detects=("wan.tcp-second-kills-first", "wan.tcp-second-end-kills-first"),
    )
)
def test_second_connection(wire: WrapperWire, verify: Checks) -> None:
    """Anybody can connect; that is no reason to lose whoever was there."""
    if not judge_associated(verify, wire):
        return
    second = wire.another()
    if second is None:
        verify.note("second", "refused")
    else:
        heard = second.exchange(plain_aarq())
        verify.note("second", str(heard))
    _judge_unharmed(verify, wire, "unharmed", "while the second connection is there")
    if second is not None:
        second.connection.close()
        _judge_unharmed(verify, wire, "unharmed-after", "after the end of the second connection")


def _judge_unharmed(verify: Checks, wire: WrapperWire, check_id: str, when: str) -> None:
    heard = wire.exchange(get_request())
    verify.that(
        check_id,
        heard.reads(),
        expected=f"the first association answers {when}",
        observed=str(heard),
        place=heard.place,
    )


@case(
    Case(
        id="DLMS-WR-08",
        version=1,
        interface="wan",
        title="Loss of the connection",
        purpose="Ensure that an association ends with the connection that carries it.",
        stimulus="Open an association, reset the connection, connect anew, read; then AARQ.",
        criterion="The request without association is not served; the AARQ is accepted.",
        kind=Kind.INOPPORTUNE,
        clauses=(_TCP, "IEC-62056-5-3:7.2"),
        ics=_WRAPPER,
        needs=_ANEW,
        detects=("wan.stale-association", "wan.hasty-client-ignored"),
    )
)
def test_lost_connection(wire: WrapperWire, verify: Checks) -> None:
    """Whoever comes next on the same wPort is somebody else."""
    for abrupt in (True, False):
        how = "reset" if abrupt else "closed"
        if not judge_associated(verify, wire):
            return
        if not _judge_connects(verify, wire.reconnect(abrupt=abrupt), how):
            return
        heard = wire.exchange(get_request())
        verify.that(
            "association-gone",
            not heard.reads(),
            expected=f"no data on the new connection after the old one was {how}",
            observed=str(heard),
            clause="IEC-62056-5-3:7.2",
            place=heard.place,
        )
        if wire.closed and not _judge_connects(verify, wire.reconnect(), how):
            return
        served = wire.serves()
        verify.that(
            "served-anew",
            served,
            expected="a new association of the same client, and its name",
            observed="served" if served else "not served",
            clause="IEC-62056-5-3:7.2",
        )


def _judge_connects(verify: Checks, connected: bool, how: str) -> bool:
    return verify.that(
        "connects",
        connected,
        expected=f"a new connection after the old one was {how}",
        observed="connected" if connected else "not taken",
    )
