"""Area C9, robustness: random octets, damaged frames, wrong lengths, many and slow clients."""

from collections.abc import Iterator
from random import Random

import pytest

from bench.core.case import Case, Kind, case
from bench.core.check import Deviation, Place
from bench.core.clock import seconds
from bench.core.errors import ConnectionEnded
from bench.core.link import Capability
from bench.engine.checks import Checks
from bench.engine.context import CaseContext
from bench.protocols.dlms.acse import Aare, AssociationResult
from bench.protocols.hdlc.control import Kind as FrameKind
from bench.protocols.hdlc.control import receive_ready, unnumbered
from bench.protocols.hdlc.llc import COMMAND
from suites.wan_dlms.hdlc_link import HdlcLink
from suites.wan_dlms.hostile_octets import flipped_bit, random_apdu, wrong_aarqs
from suites.wan_dlms.judging import judge_alive
from suites.wan_dlms.meter import Meter
from suites.wan_dlms.renewing import has_connections, renew
from suites.wan_dlms.wrapper_wire import WrapperWire, get_request, plain_aarq

_STREAM = "meterbench:survival"
_SEED = 62056
_RANDOM_OCTETS = 1 << 16
_RANDOM_S = 240.0  # for a meter that takes no more octets
_PIECE = 1024
_PIECE_PAUSE_S = 0.05  # in which a device that hangs up is heard
_RANDOM_APDUS = 32
_BATCHES, _BATCH = 20, 25
_LONGEST_PAUSE_S = 0.2
_SLOW_OCTET_S = 1.1e-3  # an octet at 9600 Bd
_CYCLES = 50
_SLOW_OCTETS, _SLOW_PAUSE_S = 9, 5.0


def _send(meter: Meter, octets: bytes) -> bool:
    """Send octets, once more on a new connection if the device has hung up; False if it cannot."""
    for _ in range(2):
        try:
            meter.context.connection.send(octets)
        except ConnectionEnded:
            if not renew(meter):
                return False
        else:
            return True
    return False


@case(
    Case(
        id="DLMS-ROB-01",
        version=1,
        interface="wan",
        title="Random octets",
        purpose="Ensure that octets without sense do not put the meter out of service.",
        stimulus=f"{_RANDOM_OCTETS} random octets (seeded), then {_RANDOM_APDUS} random APDUs in "
        "right frames or units, half of which begin with the tag of a request.",
        criterion="The meter may hang up; afterwards it answers as before.",
        kind=Kind.INVALID,
        clauses=(_STREAM,),
        ics="WAN/PUBLIC",
        detects=("wan.fuzz-crash", "wan.fuzz-crash-wrapped", "wan.fuzz-apdu-crash"),
        bound_s=600,
    )
)
def test_random_octets(meter: Meter, context: CaseContext, verify: Checks) -> None:
    """Whoever reaches the port can send whatever he wants."""
    random, connection = Random(_SEED), context.connection
    until = connection.now() + seconds(_RANDOM_S)
    for _ in range(_RANDOM_OCTETS // _PIECE):
        if connection.now() > until or not _send(meter, random.randbytes(_PIECE)):
            break
        connection.wait(_PIECE_PAUSE_S)
    connection.wait(meter.declared.response_limit_s)
    if connection.ended or has_connections(meter):
        renew(meter)
    if not judge_alive(verify, meter):
        return
    transport = meter.transport(meter.declared.association("public").client)
    for _ in range(_RANDOM_APDUS):
        if not transport.up and not transport.open().up:
            break
        transport.exchange(random_apdu(random))
    judge_alive(verify, meter)


@pytest.fixture
def link(meter: Meter, context: CaseContext) -> Iterator[HdlcLink]:
    """The HDLC link of the public client, not yet set up."""
    declared = meter.declared
    found = HdlcLink(
        context,
        context.connection,
        client=declared.client_address(declared.association("public").client),
        server=declared.server_address(),
        limit_s=declared.response_limit_s,
    )
    yield found
    found.disconnect()


@case(
    Case(
        id="DLMS-ROB-02",
        version=1,
        interface="wan",
        title="Frames with one wrong bit",
        purpose="Ensure that no damaged frame is taken for a right one.",
        stimulus=f"{_BATCHES * _BATCH} right HDLC frames (SNRM, DISC, RR and I) with one bit "
        f"between the flags inverted (seeded), in batches of {_BATCH}; after each batch SNRM.",
        criterion="No frame comes in answer to a damaged one; UA to each SNRM.",
        kind=Kind.INVALID,
        clauses=("IEC-62056-46:6.4.1",),
        ics="WAN/HDLC and WAN/PUBLIC",
        detects=("wan.crc-ignored", "wan.damaged-frame-hang"),
        bound_s=900,
    )
)
def test_flipped_bits(link: HdlcLink, meter: Meter, verify: Checks) -> None:
    """A check sequence of 16 bits finds every single wrong bit."""
    random = Random(_SEED)
    pause_s = min(1.2e-3 * meter.declared.inter_octet_ms, _LONGEST_PAUSE_S)
    found: list[Deviation] = []
    recovered = batches = 0
    for batch in range(_BATCHES):
        batches += 1
        if batch % 2:
            link.disconnect()
        for frame in _right_frames(link, random):
            damaged, bit = flipped_bit(random, frame)
            said = link.say(damaged, limit_s=pause_s + len(damaged) * _SLOW_OCTET_S)
            if said.frames:
                observed = f"{said} to {frame.hex()} with bit {bit} inverted"
                found.append(Deviation(said.place, "no answer", observed))
        late = link.listen(link.limit_s)
        if late.frames:
            observed = f"{late} after batch {batch + 1}"
            found.append(Deviation(late.place, "no answer", observed))
        ua = link.snrm().find(FrameKind.UA)
        if ua is None:
            break
        link.connected(ua)
        recovered += 1
        if found:  # one batch is enough to know
            break
    verify.none_of(
        "silent",
        found,
        examined=_BATCH * batches,
        expected="no answer to a frame with a wrong bit",
        things="frames",
    )
    verify.that(
        "recovers",
        recovered == batches,
        expected="UA to SNRM after every batch",
        observed=f"UA after {recovered} of {batches} batches",
    )
    link.disconnect()
    judge_alive(verify, meter)


def _right_frames(link: HdlcLink, random: Random) -> Iterator[bytes]:
    """Return as many frames as a batch has, each of which the meter would answer."""
    kinds = (
        link.frame(unnumbered(FrameKind.SNRM)),
        link.frame(unnumbered(FrameKind.DISC)),
        link.frame(receive_ready(0)),
        link.information(COMMAND + plain_aarq(), ns=0, nr=0),
        link.information(COMMAND + get_request(), ns=0, nr=0),
    )
    return (random.choice(kinds) for _ in range(_BATCH))


@case(
    Case(
        id="DLMS-ROB-03",
        version=1,
        interface="wan",
        title="Wrong lengths in the AARQ",
        purpose="Ensure that a wrong length of a BER field neither opens an association nor "
        "harms the meter.",
        stimulus="AARQs with lengths beyond their end, indefinite, of four octets FF, of too few "
        "octets, and nested a hundred deep.",
        criterion="Each is rejected, or not answered; the meter answers afterwards.",
        kind=Kind.INVALID,
        clauses=("IEC-62056-5-3:7.2",),
        ics="WAN/PUBLIC",
        detects=("wan.ber-len-crash", "wan.ber-len-accepted", "wan.ber-nested-crash"),
        bound_s=300,
    )
)
def test_wrong_lengths(meter: Meter, verify: Checks) -> None:
    """The classic: a length that the sender chose, used before it is looked at."""
    client = meter.declared.association("public").client
    found: list[Deviation] = []
    examined = 0
    for name, octets in wrong_aarqs():
        transport = meter.transport(client)
        state = transport.open()
        if not state.up:
            verify.that(
                "survives",
                False,
                expected="a link for every AARQ",
                observed=f"{state} after {examined} wrong AARQs",
                place=state.place,
            )
            break
        reply = transport.exchange(octets)
        examined += 1
        if isinstance(reply.record, Aare) and reply.record.result == AssociationResult.ACCEPTED:
            place = reply.place() or Place(reply.frame)
            found.append(Deviation(place, "no association", f"accepted although {name}"))
        transport.close()
    verify.none_of(
        "not-accepted",
        found,
        examined=examined,
        expected="an AARQ with a wrong length is rejected or not answered",
        things="AARQs",
    )
    judge_alive(verify, meter)


@case(
    Case(
        id="DLMS-ROB-04",
        version=1,
        interface="wan",
        title="Many connections one after the other",
        purpose="Ensure that connections and associations that have ended do not use anything up.",
        stimulus=f"{_CYCLES} times: connect, open the association of the public client; end it by "
        "a release, or without one.",
        criterion="Every association is accepted.",
        kind=Kind.VALID,
        clauses=(_STREAM,),
        ics="WAN/PUBLIC",
        detects=("wan.leak", "wan.leak-wrapped", "wan.stale-association-refuses"),
        bound_s=900,
    )
)
def test_many_connections(meter: Meter, verify: Checks) -> None:
    """A head end comes back every day for fifteen years."""
    found: list[Deviation] = []
    anew = has_connections(meter)
    done = 0
    while done < _CYCLES and not found:
        association = meter.association("public")
        opened = association.open()
        done += 1
        if not opened.established:
            observed = f"cycle {done}: {opened}"
            found.append(Deviation(opened.link.place or Place(0), "an association", observed))
        elif done % 2:
            association.close()
        else:
            association.transport.close()
        if anew and not renew(meter, abrupt=done % 4 == 0):
            found.append(
                Deviation(Place(0), "a connection", f"cycle {done}: no new connection is taken")
            )
    verify.none_of(
        "every-cycle",
        found,
        examined=done,
        expected=f"{_CYCLES} associations, one after the other",
        things="cycles",
    )
    judge_alive(verify, meter)


@case(
    Case(
        id="DLMS-ROB-05",
        version=1,
        interface="wan",
        title="A client that sends one octet at a time",
        purpose="Ensure that a client that never finishes does not keep others away.",
        stimulus=f"One octet of an AARQ every {_SLOW_PAUSE_S:g} s, {_SLOW_OCTETS} of them; "
        "meanwhile, and after it has hung up, another client connects and reads.",
        criterion="A meter that serves several clients at once serves the other one each time, "
        "any other meter at the latest when the slow client is gone.",
        kind=Kind.INOPPORTUNE,
        clauses=("IEC-62056-47:5",),
        ics="WAN/WRAPPER and WAN/PUBLIC",
        needs=(Capability.CONNECTION,),
        detects=("wan.stuck-single-client",),
        bound_s=300,
    )
)
def test_slow_client(meter: Meter, context: CaseContext, verify: Checks) -> None:
    """Half a unit costs its sender nothing."""
    slow = WrapperWire.fresh(context, meter.declared)
    several = context.answers.get("WAN/MULTIPLE-CLIENTS", False)
    found: list[str] = []
    attempts = 0
    for number, octet in enumerate(slow.unit(plain_aarq())[:_SLOW_OCTETS]):
        slow.send(bytes([octet]))
        slow.connection.wait(_SLOW_PAUSE_S)
        slow.closed = slow.connection.ended
        if number % 3 == 2:
            attempts += 1
            if not _serves_another(slow):
                found.append(f"after {number + 1} octets")
    slow.connection.close_others()
    if several:
        verify.that(
            "others-served",
            not found,
            expected=f"another client is served each of {attempts} times",
            observed=f"not {', '.join(found)}" if found else "served each time",
        )
    else:
        verify.note("others", f"not served {', '.join(found)}" if found else "served each time")
    verify.note("slow-client", "disconnected by the meter" if slow.closed else "left waiting")
    served = slow.recovers()
    verify.that(
        "served-afterwards",
        served,
        expected="a client is served once the slow one is gone",
        observed="served" if served else "not served",
    )


def _serves_another(wire: WrapperWire) -> bool:
    other = wire.another()
    if other is None:
        return False
    served = other.serves()
    other.connection.close()
    return served
