"""Area C4: what client and meter agree on when an association is opened (IEC 62056-5-3 §6.3)."""

from collections.abc import Iterable
from dataclasses import dataclass

from bench.core.case import Case, Kind, case
from bench.core.check import Deviation, Level, Place
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.protocols.dlms.get import GetRequestNext, GetRequestNormal, GetResponseWithDataBlock
from bench.protocols.dlms.initiate import DLMS_VERSION, Conformance, InitiateFault
from suites.wan_dlms.answer import Reply
from suites.wan_dlms.association import Association
from suites.wan_dlms.judging import (
    judge,
    judge_done,
    judge_established,
    judge_refused,
    judge_rejected,
)
from suites.wan_dlms.meter import LOGICAL_DEVICE_NAME, OBJECT_LIST, Meter
from suites.wan_dlms.opening import Opened
from suites.wan_dlms.services import attribute_of

_AGREEMENT = "IEC-62056-5-3:6.3"
_OPENING = "IEC-62056-5-3:7.2"
_DAYLIGHT_SAVING = (8, "0.0.1.0.0.255", 8)
_SHORT_PDU = 64
_FIRST_BLOCKS = 4  # of a list that may be long, where each block is ciphered


def _judge_subset(
    verify: Checks, check_id: str, opened: Opened, proposed: Conformance
) -> Conformance | None:
    """Record that no more was agreed on than was proposed; return what was agreed on."""
    reply, initiate = opened.reply, opened.initiate
    assert reply is not None
    agreed = None if initiate is None else initiate.conformance
    beyond = None if agreed is None else agreed & ~proposed
    judge(
        verify,
        check_id,
        beyond == 0,
        reply,
        expected=f"conformance bits among {int(proposed):06X}",
        observed="no InitiateResponse" if agreed is None else f"conformance {int(agreed):06X}",
    )
    return agreed


@case(
    Case(
        id="DLMS-AA-03",
        version=1,
        interface="wan",
        title="Only what was proposed",
        purpose="Ensure that the meter agrees on no service that the client has not proposed, and "
        "serves none that was not agreed on.",
        stimulus="Public client: AARQ that proposes GET alone, a GET, and a SET of a value as it "
        "is. Management client, where there is one: GET and ACTION alone, which its authentication "
        "needs, and the same SET.",
        criterion="AARE accepts; its conformance bits are some of those proposed; the GET is "
        "served, the SETs are not.",
        kind=Kind.VALID,
        clauses=(_AGREEMENT,),
        ics="WAN/PUBLIC",
        detects=("wan.conformance-echo", "wan.conformance-unheeded"),
    )
)
def test_conformance_subset(meter: Meter, verify: Checks) -> None:
    """The conformance block is the intersection of both sides."""
    with meter.connect("public", conformance=Conformance.GET) as aa:
        opened = aa.propose()
        if judge_established(verify, "accepted", opened):
            _judge_subset(verify, "subset", opened, Conformance.GET)
            judge_done(verify, "get-served", aa.get(*LOGICAL_DEVICE_NAME), expected="data")
            _judge_no_set(verify, "set-denied", aa)
    if meter.declared.has("main"):
        proposed = Conformance.GET | Conformance.ACTION
        with meter.associate("main", conformance=proposed) as aa:
            assert aa.opened is not None
            _judge_subset(verify, "main-subset", aa.opened, proposed)
            _judge_no_set(verify, "main-set-denied", aa)


def _judge_no_set(verify: Checks, check_id: str, aa: Association) -> None:
    """Record that SET is not served; what is written is what is there already."""
    expected = "SET, which was not agreed on, is not served"
    held = aa.get(*_DAYLIGHT_SAVING)
    if held.data is None:
        verify.undecided(check_id, Reason.PRECONDITION, expected=expected, observed=str(held))
        return
    answer = aa.set(*_DAYLIGHT_SAVING, held.data)
    judge_refused(verify, check_id, answer, silence=True, expected=expected)


@case(
    Case(
        id="DLMS-AA-04",
        version=1,
        interface="wan",
        title="Nothing in common",
        purpose="Ensure that no association is opened in which there is no service.",
        stimulus="AARQ whose InitiateRequest proposes no conformance bit, then GET.",
        criterion="AARE rejects with the error initiate, incompatible-conformance (0E 01 06 02); "
        "the GET is not served.",
        kind=Kind.INVALID,
        clauses=(_AGREEMENT,),
        ics="WAN/PUBLIC",
        detects=("wan.conf-empty-accepted", "wan.initiate-error-other"),
    )
)
def test_no_common_conformance(meter: Meter, verify: Checks) -> None:
    """An association without services is none."""
    with meter.connect("public", conformance=Conformance(0)) as aa:
        _judge_refused_proposal(verify, "", aa.propose(), InitiateFault.INCOMPATIBLE_CONFORMANCE)
        judge_refused(
            verify,
            "shut",
            aa.get(*LOGICAL_DEVICE_NAME),
            silence=True,
            expected="without an association nothing is read",
        )


def _judge_refused_proposal(
    verify: Checks, prefix: str, opened: Opened, fault: InitiateFault
) -> None:
    """Record that an AARQ was rejected, and that the initiate error says why."""
    judge_rejected(verify, f"{prefix}rejected", opened, expected="the association is rejected")
    name = fault.name.lower().replace("_", "-")
    judge_rejected(
        verify,
        f"{prefix}error",
        opened,
        initiate_error=(fault,),
        expected=f"initiate error {int(fault)} {name} (0E 01 06 {int(fault):02X})",
    )


@case(
    Case(
        id="DLMS-AA-05",
        version=1,
        interface="wan",
        title="Other DLMS versions",
        purpose="Ensure that the meter speaks DLMS version 6 alone.",
        stimulus="AARQ with DLMS version 5, then one with version 7.",
        criterion="Version 5 is rejected with the error initiate, dlms-version-too-low "
        "(0E 01 06 01). Version 7 should be answered with version 6, or rejected.",
        kind=Kind.INVALID,
        clauses=(_AGREEMENT,),
        ics="WAN/PUBLIC",
        detects=("wan.version-unchecked", "wan.version-echoed"),
    )
)
def test_other_versions(meter: Meter, verify: Checks) -> None:
    """There are no clients of another version that could be served."""
    with meter.connect("public") as aa:
        lower = aa.initiate_request(version=DLMS_VERSION - 1)
        opened = aa.propose(aa.aarq(initiate=lower))
        _judge_refused_proposal(verify, "lower-", opened, InitiateFault.DLMS_VERSION_TOO_LOW)
    with meter.connect("public") as aa:
        opened = aa.propose(aa.aarq(initiate=aa.initiate_request(version=DLMS_VERSION + 1)))
        _judge_higher(verify, opened)


def _judge_higher(verify: Checks, opened: Opened) -> None:
    initiate, expected = opened.initiate, f"version {DLMS_VERSION}, or a rejection"
    if not opened.established or initiate is None:
        judge_rejected(verify, "higher", opened, expected=expected, level=Level.SHOULD)
        return
    assert opened.reply is not None
    judge(
        verify,
        "higher",
        initiate.version == DLMS_VERSION,
        opened.reply,
        expected=expected,
        observed=f"accepted with DLMS version {initiate.version}",
        level=Level.SHOULD,
    )


@dataclass(frozen=True, slots=True)
class _Size:
    name: str
    octets: int
    level: Level = Level.MUST


@case(
    Case(
        id="DLMS-AA-06",
        version=1,
        interface="wan",
        title="Limits of the maximum PDU size",
        purpose="Ensure that the meter refuses a client that takes too little, and no other.",
        stimulus="AARQ with client-max-receive-pdu-size 11, 12, 65535 and 0 (not limited).",
        criterion="11 is rejected with the error initiate, pdu-size-too-short (0E 01 06 03); 12 "
        "and 65535 are accepted, 0 should be.",
        kind=Kind.INVALID,
        clauses=(_AGREEMENT,),
        ics="WAN/PUBLIC",
        detects=("wan.pdu-size-unchecked", "wan.pdu-size-limits-refused"),
    )
)
def test_pdu_size_limits(meter: Meter, verify: Checks) -> None:
    """Twelve octets are the least that an answer takes."""
    with meter.connect("public", max_pdu=11) as aa:
        _judge_refused_proposal(verify, "11-", aa.propose(), InitiateFault.PDU_SIZE_TOO_SHORT)
    sizes = (_Size("12", 12), _Size("65535", 0xFFFF), _Size("0", 0, Level.SHOULD))
    for size in sizes:
        with meter.connect("public", max_pdu=size.octets) as aa:
            opened = aa.propose()
            reply = opened.reply
            assert reply is not None
            judge(
                verify,
                f"{size.name}-accepted",
                opened.established,
                reply,
                expected="the association stands",
                observed=str(opened),
                level=size.level,
            )


@case(
    Case(
        id="DLMS-AA-07",
        version=1,
        interface="wan",
        title="Answers that the client can take",
        purpose="Ensure that the meter sends no APDU that is longer than the client takes.",
        stimulus="AARQ with client-max-receive-pdu-size 64, GET of the object list through all its "
        "blocks. The same as management client, where there is one, for the first blocks of its "
        "list.",
        criterion="No answer to a GET has more than 64 octets, protection included; the list "
        "comes to its end.",
        kind=Kind.VALID,
        clauses=(_AGREEMENT,),
        ics="WAN/BLOCK-GET",
        detects=("wan.exceeds-max-pdu", "wan.exceeds-max-pdu-ciphered"),
        bound_s=120.0,
    )
)
def test_client_max_pdu(meter: Meter, verify: Checks) -> None:
    """What does not fit comes in blocks."""
    with meter.associate(meter.simplest(), max_pdu=_SHORT_PDU) as aa:
        answer = aa.get(*OBJECT_LIST)
        _judge_lengths(verify, "short", answer.replies)
        judge_done(verify, "read", answer, expected="the object list", clause=_OPENING)
    if meter.declared.has("main") and meter.declared.association("main").ciphered:
        with meter.associate("main", max_pdu=_SHORT_PDU) as aa:
            _judge_lengths(verify, "ciphered-short", _first_blocks(aa))


def _first_blocks(aa: Association) -> list[Reply]:
    """Return the answers to a GET of the object list and for some further blocks of it."""
    how = aa.invocation()
    replies = [aa.request(GetRequestNormal(how, attribute_of(*OBJECT_LIST), None))]
    for _ in range(_FIRST_BLOCKS):
        record = replies[-1].record
        if not isinstance(record, GetResponseWithDataBlock) or record.block.last:
            break
        replies.append(aa.request(GetRequestNext(how, record.block.number)))
    return replies


def _judge_lengths(verify: Checks, check_id: str, replies: Iterable[Reply]) -> None:
    came = [reply for reply in replies if reply.came]
    expected = f"at most {_SHORT_PDU} octets"
    deviations = [
        Deviation(reply.place() or Place(0), expected, f"an APDU of {len(reply.octets)} octets")
        for reply in came
        if len(reply.octets) > _SHORT_PDU
    ]
    verify.none_of(check_id, deviations, examined=len(came), expected=expected, things="answers")
