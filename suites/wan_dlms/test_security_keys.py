"""Area C6: dedicated keys, general APDUs, and how keys are changed (IEC 62056-5-3 §5.3.6)."""

from dataclasses import replace

from bench.core.case import Case, Kind, case
from bench.core.check import Level
from bench.engine.checks import Checks
from bench.protocols.dlms.acse import Mechanism
from bench.protocols.dlms.ciphered import TAG_OCTETS
from bench.protocols.dlms.exception_response import StateError
from bench.protocols.dlms.initiate import Conformance
from bench.protocols.dlms.security.keys import SymmetricKeys
from suites.wan_dlms.answer import Answer, Reply
from suites.wan_dlms.association import Association
from suites.wan_dlms.ciphering import (
    DED,
    GENERAL_BOTH,
    GENERAL_GLO_BOTH,
    GLO,
    ClientSecurity,
    Counters,
)
from suites.wan_dlms.declared import PROPOSED
from suites.wan_dlms.forging import ciphered, flipped, fresh_counter, is_refused, reading
from suites.wan_dlms.judging import judge, judge_done
from suites.wan_dlms.meter import LOGICAL_DEVICE_NAME, Meter

_CIPHERED = "IEC-62056-5-3:5.5"
_KEYS = "IEC-62056-5-3:5.3.5"
_NONCE = "IEC-62056-5-3:5.3.7.2"
_OPENING = "IEC-62056-5-3:7.2"
_ANY_SUITE = "WAN/SUITE-0 or WAN/SUITE-1 or WAN/SUITE-2"
_DED_GET_RESPONSE = 0xD4
_GENERAL_GLO = 0xDB
_GENERAL = 0xDD
_WITH_GENERAL = PROPOSED | Conformance.GENERAL_PROTECTION


def _holds_data(reply: Reply) -> bool:
    return reply.plain[:2] == b"\xc4\x01" and not is_refused(reply)


def _judge_way(verify: Checks, check_id: str, answer: Answer | Reply, tag: int, name: str) -> None:
    """Judge that an answer came the way of its request and opens."""
    reply = answer.last if isinstance(answer, Answer) else answer
    how = reply.protection
    judge(
        verify,
        check_id,
        how is not None and how.apdu_tag == tag and not how.problem,
        reply,
        expected=f"{name} ({tag:02X}) that opens",
        observed="a plain answer" if how is None else f"tag {how.apdu_tag:02X} {how.problem}",
    )


@case(
    Case(
        id="DLMS-SEC-18",
        version=1,
        interface="wan",
        title="Dedicated key",
        purpose="Ensure that a dedicated key protects what is sent with it, and ends with its "
        "association.",
        stimulus="For each suite: AARQ with a dedicated key; ded-get-request, glo-get-request; "
        "release; on the same link an association without a dedicated key, and a ded-get-request "
        "with the old one.",
        criterion="ded-get-response (D4) with data under the dedicated key; the global key should "
        "be taken, too; no data with the old dedicated key.",
        kind=Kind.VALID,
        clauses=(_KEYS, _CIPHERED),
        ics=f"WAN/DEDICATED-KEY and ({_ANY_SUITE})",
        detects=("wan.ded-key-ignored", "wan.ded-key-kept"),
        bound_s=120,
    )
)
def test_dedicated_key(meter: Meter, verify: Checks) -> None:
    """A key of its own for every association saves the counters of the global one."""
    for means in ciphered(meter):
        with meter.associate(means.name, dedicated=True) as aa:
            assert aa.security is not None
            aa.protection = DED
            answer = aa.get(*LOGICAL_DEVICE_NAME)
            name = f"{means.name}-dedicated"
            if judge_done(verify, name, answer, expected="data under the dedicated key"):
                _judge_way(verify, f"{name}-tag", answer, _DED_GET_RESPONSE, "ded-get-response")
            old, aa.protection = aa.security.keys, GLO
            if not aa.transport.up:
                continue
            answer = aa.get(*LOGICAL_DEVICE_NAME)
            expected = "data under the global key"
            name = f"{means.name}-global"
            judge_done(verify, name, answer, expected=expected, level=Level.SHOULD)
            aa.release()
            aa.security.keys = replace(old, dedicated=b"")
            if not _again(aa):
                continue
            reply = aa.request(reading(aa), protection=DED.but(keys=old))
            expected = "no data under the dedicated key of the association before"
            judge(verify, f"{means.name}-forgotten", is_refused(reply), reply, expected=expected)


def _again(aa: Association) -> bool:
    """Open the association once more on the link that is up; return whether it stands."""
    opened = aa.propose()
    if opened.accepted and aa.means.mechanism >= Mechanism.HLS:
        opened = aa.authenticate()
    return opened.established


@case(
    Case(
        id="DLMS-SEC-19",
        version=1,
        interface="wan",
        title="Dedicated key without ciphering",
        purpose="Ensure that nobody brings a key into a context without ciphering.",
        stimulus="AARQ with a dedicated key in a context without ciphering, then a ded-get-request "
        "that it protects.",
        criterion="The association is refused, or opened without the key: no data.",
        kind=Kind.INVALID,
        clauses=(_KEYS, _OPENING),
        ics="(WAN/PUBLIC or WAN/LLS) and WAN/SUITE-0",
        ixit=("keys.suite0_authentication",),
        detects=("wan.ded-unciphered",),
    )
)
def test_dedicated_key_unciphered(meter: Meter, verify: Checks) -> None:
    """A key that was sent in clear protects nothing."""
    client = next(one for one in ("lls", "public") if meter.declared.has(one))
    key = meter.random.randbytes(16)
    title = meter.declared.client_title
    keys = SymmetricKeys(b"", meter.secret("suite0_authentication"), dedicated=key)
    security = ClientSecurity(0, title, Counters(), keys=keys)
    with meter.connect(client) as aa:
        request = aa.initiate_request(dedicated_key=key)
        opened = aa.propose(aa.aarq(initiate=request, calling_ap_title=title))
        if not opened.accepted:
            assert opened.reply is not None
            judge(verify, "refused", not opened.established, opened.reply, expected="no AARE")
            return
        verify.note("accepted", opened.said)
        reply = aa.raw(security.protect(reading(aa), DED))
        expected = "no data for a ded-get-request"
        judge(verify, "no-data", is_refused(reply), reply, expected=expected)


@case(
    Case(
        id="DLMS-SEC-20",
        version=1,
        interface="wan",
        title="general-glo-ciphering and its system title",
        purpose="Ensure that general-glo-ciphering is taken from the client of the association "
        "alone.",
        stimulus="In an association of each suite: GET as general-glo-ciphering with the client's "
        "system title, with another one, and with the meter's; each nonce is made with the title "
        "that is sent.",
        criterion="Data to the first, in an answer that opens and should be "
        "general-glo-ciphering (DB); none to the others.",
        kind=Kind.VALID,
        clauses=(_CIPHERED, _NONCE),
        ics=f"WAN/GENERAL-CIPHERING and ({_ANY_SUITE})",
        detects=("wan.title-unchecked", "wan.general-answer-plain"),
        bound_s=120,
    )
)
def test_system_title(meter: Meter, verify: Checks) -> None:
    """The global key is one; who used it is told by the title."""
    for means in ciphered(meter):
        with meter.associate(means.name, conformance=_WITH_GENERAL) as aa:
            assert aa.security is not None
            own, theirs = aa.security.title, aa.security.server_title
            reply = aa.request(reading(aa), protection=GENERAL_GLO_BOTH)
            if judge(verify, f"{means.name}-own", _holds_data(reply), reply, expected="data"):
                name = "general-glo-ciphering"
                _judge_way(verify, f"{means.name}-way", reply, _GENERAL_GLO, name)
            wrong = {"other": own[:-1] + bytes((own[-1] ^ 0x5A,)), "meter": theirs}
            for name, title in wrong.items():
                if not aa.transport.up or not title:
                    break
                how = GENERAL_GLO_BOTH.but(title=title)
                reply = aa.request(reading(aa), protection=how, counter=fresh_counter(aa))
                expected = "no data for a title that is not the client's"
                judge(verify, f"{means.name}-{name}", is_refused(reply), reply, expected=expected)


@case(
    Case(
        id="DLMS-SEC-21",
        version=1,
        interface="wan",
        title="general-ciphering with an identified key",
        purpose="Ensure that general-ciphering is served as carefully as the other ciphered APDUs, "
        "or named an unknown service.",
        stimulus="In an association of each suite: GET as general-ciphering with the global "
        "unicast key, then one with a wrong bit in its tag.",
        criterion="Data in a protected answer that opens, or exception-response 2 "
        "service-unknown; no data to the second.",
        kind=Kind.VALID,
        clauses=(_CIPHERED,),
        ics=f"WAN/GENERAL-CIPHERING and ({_ANY_SUITE})",
        detects=("wan.general-tag-unchecked", "wan.general-ciphering-refused"),
        bound_s=120,
    )
)
def test_general_ciphering(meter: Meter, verify: Checks) -> None:
    """What its header authenticates differs between implementations, and is declared."""
    for means in ciphered(meter):
        with meter.associate(means.name, conformance=_WITH_GENERAL) as aa:
            reply = aa.request(reading(aa), protection=GENERAL_BOTH)
            exception = reply.exception
            unknown = exception is not None and exception.state_error == StateError.SERVICE_UNKNOWN
            judge(
                verify,
                means.name,
                unknown or _holds_data(reply),
                reply,
                expected="data, or exception-response 2 service-unknown",
            )
            if _holds_data(reply):
                _judge_way(verify, f"{means.name}-way", reply, _GENERAL, "general-ciphering")
            if not aa.transport.up:
                continue
            octets = aa.protect(reading(aa), GENERAL_BOTH)
            reply = aa.raw(flipped(-TAG_OCTETS, 0)(octets))
            expected = "no data for a wrong tag"
            judge(verify, f"{means.name}-forged", is_refused(reply), reply, expected=expected)
