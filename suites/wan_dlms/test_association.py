"""Area C4: associations without or with low security (IEC 62056-5-3 §7.2)."""

from bench.core.case import Case, Kind, case
from bench.engine.checks import Checks
from bench.engine.context import CaseContext
from bench.protocols.dlms.acse import (
    ApplicationContext,
    AssociationResult,
    Rlre,
    ServiceUserDiagnostic,
)
from bench.protocols.dlms.acse_fields import AuthenticationValue
from bench.protocols.dlms.exception_response import StateError
from bench.protocols.dlms.initiate import DLMS_VERSION, VAA_NAME_LN
from suites.wan_dlms.answer import Answer
from suites.wan_dlms.judging import (
    judge,
    judge_done,
    judge_established,
    judge_rejected,
    judge_shut,
    judge_sound,
)
from suites.wan_dlms.meter import LOGICAL_DEVICE_NAME, Meter

_OPENING = "IEC-62056-5-3:7.2"
_AUTHENTICATION = "IEC-62056-5-3:5.3"


def _refused_without_association(answer: Answer) -> bool:
    """Whether a GET got what it may get without an association: nothing, or state error 1."""
    exception = answer.exception
    if exception is not None:
        return exception.state_error == StateError.SERVICE_NOT_ALLOWED
    return not answer.last.came


@case(
    Case(
        id="DLMS-AA-01",
        version=1,
        interface="wan",
        title="Association without authentication",
        purpose="Ensure that the public client can open an association with logical names.",
        stimulus="AARQ with context LN without ciphering, no authentication, DLMS version 6.",
        criterion="AARE with result accepted, diagnostic null, the same context, DLMS version 6 "
        "and VAA name 0007; every octet of it well-formed.",
        kind=Kind.VALID,
        clauses=(_OPENING,),
        ics="WAN/PUBLIC",
        detects=("wan.aare-wrong-context",),
    )
)
def test_open_without_authentication(meter: Meter, verify: Checks) -> None:
    """The public client is let in."""
    opened = meter.connect("public").propose()
    reply, aare, initiate = opened.reply, opened.aare, opened.initiate
    assert reply is not None
    if not judge(verify, "aare", aare is not None, reply, expected="an AARE") or aare is None:
        return
    accepted, null = AssociationResult.ACCEPTED, ServiceUserDiagnostic.NULL
    judge(verify, "result", opened.result == accepted, reply, expected="result 0 accepted")
    judge(
        verify,
        "diagnostic",
        opened.user_diagnostic == null,
        reply,
        expected="user diagnostic 0 null",
    )
    judge(
        verify,
        "context",
        aare.application_context_name == ApplicationContext.LN.oid,
        reply,
        expected=f"application context {ApplicationContext.LN.oid}",
        observed=f"application context {aare.application_context_name}",
    )
    if judge(verify, "initiate", initiate is not None, reply, expected="an InitiateResponse"):
        assert initiate is not None
        judge(
            verify,
            "version",
            initiate.version == DLMS_VERSION,
            reply,
            expected=f"DLMS version {DLMS_VERSION}",
            observed=f"DLMS version {initiate.version}",
        )
        judge(
            verify,
            "vaa-name",
            initiate.vaa_name == VAA_NAME_LN,
            reply,
            expected=f"VAA name {VAA_NAME_LN:04X}",
            observed=f"VAA name {initiate.vaa_name:04X}",
        )
    judge_sound(verify, "well-formed", [reply], expected="an AARE without a fault of form")


@case(
    Case(
        id="DLMS-AA-02",
        version=1,
        interface="wan",
        title="GET before the association",
        purpose="Ensure that nothing can be read before an association is opened.",
        stimulus="GET of the logical device name as the first APDU on a fresh link.",
        criterion="ExceptionResponse with state error service-not-allowed, or no answer.",
        kind=Kind.INOPPORTUNE,
        clauses=(_OPENING,),
        ics="WAN/PUBLIC",
        detects=("wan.get-without-aa",),
    )
)
def test_get_before_association(meter: Meter, verify: Checks) -> None:
    """Without an association there is no service."""
    answer = meter.connect("public").get(*LOGICAL_DEVICE_NAME)
    judge(
        verify,
        "refused",
        _refused_without_association(answer),
        answer,
        expected="exception-response 1 service-not-allowed, or no answer",
    )


@case(
    Case(
        id="DLMS-AA-13",
        version=1,
        interface="wan",
        title="Right password",
        purpose="Ensure that a client with the right password is let in.",
        stimulus="AARQ with the password (mechanism 1), then GET of the logical device name.",
        criterion="AARE with result accepted; the name is read.",
        kind=Kind.VALID,
        clauses=(_AUTHENTICATION,),
        ics="WAN/LLS",
        ixit=("keys.lls_password",),
        detects=("wan.lls-always-fail",),
    )
)
def test_right_password(meter: Meter, verify: Checks) -> None:
    """Low level security lets the right client in."""
    aa = meter.connect("lls")
    if judge_established(verify, "accepted", aa.propose()):
        judge_done(verify, "usable", aa.get(*LOGICAL_DEVICE_NAME), expected="data")


@case(
    Case(
        id="DLMS-AA-14",
        version=1,
        interface="wan",
        title="Wrong passwords",
        purpose="Ensure that no other password than the right one opens the association.",
        stimulus="AARQ with the password changed in its last octet, shortened by one octet, "
        "lengthened by one, and empty; after each GET of the object list. Then the right password.",
        criterion="AARE with result rejected-permanent and diagnostic authentication-failure; the "
        "object list is not given. The right password opens the association afterwards.",
        kind=Kind.INVALID,
        clauses=(_AUTHENTICATION,),
        ics="WAN/LLS",
        ixit=("keys.lls_password",),
        detects=("wan.lls-any-password", "wan.lls-prefix-compare"),
    )
)
def test_wrong_passwords(meter: Meter, verify: Checks, context: CaseContext) -> None:
    """Low level security keeps everybody else out."""
    right = meter.secret("lls_password")
    wrong = {
        "changed": right[:-1] + bytes([right[-1] ^ 1]),
        "shortened": right[:-1],
        "lengthened": right + b"0",
        "empty": b"",
    }
    for password in (right, *wrong.values()):
        context.conceal(password)  # they tell all but one octet of it
    for name, password in wrong.items():
        with meter.connect("lls") as aa:
            value = AuthenticationValue(password)
            opened = aa.propose(aa.aarq(calling_authentication_value=value))
            judge_rejected(
                verify,
                f"{name}-rejected",
                opened,
                results=(AssociationResult.REJECTED_PERMANENT,),
                user=(ServiceUserDiagnostic.AUTHENTICATION_FAILURE,),
                expected="result 1 rejected-permanent, user diagnostic 13 authentication-failure",
            )
            judge_shut(verify, f"{name}-shut", aa)
    with meter.connect("lls") as aa:
        judge_established(verify, "right-after", aa.propose())


@case(
    Case(
        id="DLMS-AA-18",
        version=1,
        interface="wan",
        title="Release",
        purpose="Ensure that a client can release its association, and that it is over then.",
        stimulus="RLRQ with reason normal in an open association, then GET of the logical device "
        "name.",
        criterion="RLRE with reason normal, or without a reason; the GET gets no data.",
        kind=Kind.VALID,
        clauses=(_OPENING,),
        ics="WAN/PUBLIC",
        detects=("wan.release-ignored",),
    )
)
def test_release(meter: Meter, verify: Checks) -> None:
    """RLRQ ends the association."""
    aa = meter.associate("public")
    reply = aa.release()
    released = reply.record
    judge(
        verify,
        "rlre",
        isinstance(released, Rlre) and released.reason in (None, 0),
        reply,
        expected="RLRE with reason 0 normal",
    )
    answer = aa.get(*LOGICAL_DEVICE_NAME)
    judge(
        verify,
        "over",
        _refused_without_association(answer),
        answer,
        expected="exception-response 1 service-not-allowed, or no answer",
    )
