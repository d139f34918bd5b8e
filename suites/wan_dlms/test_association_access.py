"""Area C4: who is let in, what a second AARQ does, how it ends, what the public may not do."""

from bench.core.case import Case, Kind, case
from bench.core.check import Level
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.protocols.dlms.acse import AssociationResult, Mechanism, Rlre, ServiceUserDiagnostic
from bench.protocols.dlms.data_types import long
from bench.protocols.dlms.initiate import Conformance
from bench.protocols.dlms.results import ActionResult, DataAccessResult
from suites.wan_dlms.answer import Answer
from suites.wan_dlms.association import Association
from suites.wan_dlms.judging import judge, judge_refused, judge_rejected, judge_shut
from suites.wan_dlms.meter import LOGICAL_DEVICE_NAME, Meter

_OPENING = "IEC-62056-5-3:7.2"
_AUTHENTICATION = "IEC-62056-5-3:5.3"
_RIGHTS = "IEC-62056-6-2:4.4.3"
_CLOCK = (8, "0.0.1.0.0.255")
_TIME = 2
_SHIFT_TIME = 6
_PERMANENT = (AssociationResult.REJECTED_PERMANENT,)
_REQUIRED = (
    ServiceUserDiagnostic.AUTHENTICATION_MECHANISM_NAME_REQUIRED,
    ServiceUserDiagnostic.AUTHENTICATION_REQUIRED,
)
_NOT_RECOGNISED = ServiceUserDiagnostic.AUTHENTICATION_MECHANISM_NAME_NOT_RECOGNISED
#: a number that no mechanism has, and that of the password under another arc
_UNKNOWN_MECHANISMS = {"number-9": "2.16.756.5.8.2.9", "foreign-arc": "2.31.756.5.8.2.1"}


@case(
    Case(
        id="DLMS-AA-15",
        version=1,
        interface="wan",
        title="No authentication where it is needed",
        purpose="Ensure that a client cannot leave the authentication out.",
        stimulus="AARQ without mechanism name and authentication value to the association with a "
        "password, and to the management association; after each a GET of the object list.",
        criterion="AARE with result rejected-permanent and the user diagnostic authentication-"
        "mechanism-name-required or authentication-required; the object list is not given.",
        kind=Kind.INVALID,
        clauses=(_AUTHENTICATION,),
        ics="WAN/LLS",
        detects=("wan.auth-skippable",),
    )
)
def test_no_authentication(meter: Meter, verify: Checks) -> None:
    """Who says nothing is nobody."""
    for name in ("lls", "main"):
        if not meter.declared.has(name):
            continue
        if meter.declared.association(name).mechanism is Mechanism.LOWEST:
            continue
        with meter.connect(name) as aa:
            aarq = aa.aarq(
                sender_acse_requirements=None,
                mechanism_name=None,
                calling_authentication_value=None,
            )
            judge_rejected(
                verify,
                f"{name}-rejected",
                aa.propose(aarq),
                results=_PERMANENT,
                user=_REQUIRED,
                expected="result 1 rejected-permanent, user diagnostic 12 authentication-mechanism-"
                "name-required or 14 authentication-required",
            )
            judge_shut(verify, f"{name}-shut", aa)


@case(
    Case(
        id="DLMS-AA-16",
        version=1,
        interface="wan",
        title="Unknown mechanisms",
        purpose="Ensure that the meter takes no mechanism that it does not know.",
        stimulus="AARQ with the right password and mechanism 9, and with that of passwords under "
        "another arc; after each a GET of the object list.",
        criterion="AARE with result rejected-permanent and the user diagnostic authentication-"
        "mechanism-name-not-recognised; the object list is not given.",
        kind=Kind.INVALID,
        clauses=(_AUTHENTICATION,),
        ics="WAN/LLS",
        ixit=("keys.lls_password",),
        detects=("wan.mech-unchecked", "wan.mech-arcs-unchecked"),
    )
)
def test_unknown_mechanisms(meter: Meter, verify: Checks) -> None:
    """A mechanism is known by its whole name."""
    for name, oid in _UNKNOWN_MECHANISMS.items():
        with meter.connect("lls") as aa:
            judge_rejected(
                verify,
                f"{name}-rejected",
                aa.propose(aa.aarq(mechanism_name=oid)),
                results=_PERMANENT,
                user=(_NOT_RECOGNISED,),
                expected="result 1 rejected-permanent, user diagnostic 11 authentication-mechanism-"
                "name-not-recognised",
            )
            judge_shut(verify, f"{name}-shut", aa)


@case(
    Case(
        id="DLMS-AA-17",
        version=1,
        interface="wan",
        title="Second AARQ",
        purpose="Ensure that an AARQ in an open association does not damage it.",
        stimulus="GET of the logical device name, the same AARQ once more, the same GET once more.",
        criterion="The second AARQ is answered by an AARE, be it accepted or rejected. The GET "
        "after it is served as the one before.",
        kind=Kind.INOPPORTUNE,
        clauses=(_OPENING,),
        ics="WAN/PUBLIC",
        detects=("wan.double-aarq", "wan.double-aarq-silent"),
    )
)
def test_second_aarq(meter: Meter, verify: Checks) -> None:
    """Either there is a new association, or the old one stands as it was."""
    with meter.associate("public") as aa:
        before = aa.get(*LOGICAL_DEVICE_NAME)
        opened = aa.propose()
        assert opened.reply is not None
        judge(
            verify,
            "answered",
            opened.aare is not None,
            opened.reply,
            expected="an AARE",
            observed=str(opened),
        )
        after = aa.get(*LOGICAL_DEVICE_NAME)
        judge(
            verify,
            "usable",
            after.ok and after.data == before.data,
            after,
            expected=f"as before the second AARQ: {before}",
        )
        aa.release()  # whichever of the two it is that stands


@case(
    Case(
        id="DLMS-AA-19",
        version=1,
        interface="wan",
        title="Short RLRQs",
        purpose="Ensure that a release needs neither user information nor a reason.",
        stimulus="RLRQ without user information, and one without anything (62 00), each in an open "
        "association.",
        criterion="RLRE with reason normal, or without a reason.",
        kind=Kind.VALID,
        clauses=(_OPENING,),
        ics="WAN/PUBLIC",
        detects=("wan.rlrq-needs-info", "wan.rlrq-needs-reason"),
    )
)
def test_short_releases(meter: Meter, verify: Checks) -> None:
    """Both fields may be left out."""
    for name, reason in (("without-information", 0), ("empty", None)):
        aa = meter.associate("public")
        reply = aa.release(reason=reason, information=False)
        released = reply.record
        judge(
            verify,
            name,
            isinstance(released, Rlre) and released.reason in (None, 0),
            reply,
            expected="RLRE with reason 0 normal",
        )
        aa.close()


@case(
    Case(
        id="DLMS-AA-20",
        version=1,
        interface="wan",
        title="The public client only reads",
        purpose="Ensure that a client without authentication can change nothing.",
        stimulus="Public client: SET of the clock to the time that it shows, ACTION shift-time by "
        "0 s.",
        criterion="The SET gets read-write-denied. The ACTION is not done, and should get read-"
        "write-denied. A service that was not agreed on may be refused in any way.",
        kind=Kind.INVALID,
        clauses=(_RIGHTS,),
        ics="WAN/PUBLIC and WAN/PUBLIC-READS-ONLY",
        detects=("wan.public-write", "wan.public-denied-otherwise"),
    )
)
def test_public_only_reads(meter: Meter, verify: Checks) -> None:
    """Who is nobody may look."""
    with meter.associate("public") as aa:
        held = aa.get(*_CLOCK, _TIME)
        expected = "data-access-result 3 read-write-denied"
        if held.data is None:
            verify.undecided(
                "set-denied", Reason.PRECONDITION, expected=expected, observed=str(held)
            )
        else:
            answer = aa.set(*_CLOCK, _TIME, held.data)
            code = DataAccessResult.READ_WRITE_DENIED
            met = _is_denied(aa, answer, Conformance.SET, code)
            judge(verify, "set-denied", met, answer, expected=expected)
        answer = aa.action(*_CLOCK, _SHIFT_TIME, long(0))
        judge_refused(verify, "action-refused", answer, silence=True, expected="it is not done")
        # a clock need not have the method: another result is no proof of a wrong right
        met = _is_denied(aa, answer, Conformance.ACTION, ActionResult.READ_WRITE_DENIED)
        judge(
            verify,
            "action-denied",
            met,
            answer,
            expected="action-result 3 read-write-denied",
            level=Level.SHOULD,
        )


def _is_denied(aa: Association, answer: Answer, service: Conformance, code: int) -> bool:
    """Whether a service was refused for lack of a right, or was not agreed on."""
    if answer.result is not None:
        return answer.result == code
    return not aa.agreed(service) and not answer.ok
