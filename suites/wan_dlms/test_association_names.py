"""Area C4: names, versions and rare fields in the AARQ (IEC 62056-5-3 §7.2, ACSE)."""

from collections.abc import Mapping
from typing import Any

from bench.core.case import Case, Kind, case
from bench.engine.checks import Checks
from bench.protocols.dlms.acse import (
    ApplicationContext,
    AssociationResult,
    ServiceProviderDiagnostic,
    ServiceUserDiagnostic,
)
from suites.wan_dlms.judging import (
    judge,
    judge_established,
    judge_refused,
    judge_rejected,
)
from suites.wan_dlms.meter import LOGICAL_DEVICE_NAME, Meter
from suites.wan_dlms.opening import Opened

_OPENING = "IEC-62056-5-3:7.2"
_FIELDS = "IEC-62056-5-3:7.2.4"
_DLMS_UA = "2.16.756.5.8"
_PERMANENT = (AssociationResult.REJECTED_PERMANENT,)
_CONTEXT = ServiceUserDiagnostic.APPLICATION_CONTEXT_NAME_NOT_SUPPORTED
_TITLE = ServiceUserDiagnostic.CALLING_AP_TITLE_NOT_RECOGNIZED
_NO_VERSION = ServiceProviderDiagnostic.NO_COMMON_ACSE_VERSION
#: the context of logical names under another arc (6F 85 74 ...), numbers that no context has, and
#: the name of a mechanism
_UNKNOWN_CONTEXTS = {
    "foreign-arc": "2.31.756.5.8.1.1",
    "number-0": f"{_DLMS_UA}.1.0",
    "number-9": f"{_DLMS_UA}.1.9",
    "a-mechanism": f"{_DLMS_UA}.2.1",
}
_SHORT_NAMES = {"sn": ApplicationContext.SN.oid, "sn-ciphered": ApplicationContext.SN_CIPHERED.oid}
_VERSION_1, _VERSION_2 = "1", "01"  # bit strings: 80 02 07 80, 80 02 06 40
_DUMMIES: Mapping[str, Any] = {
    "called_ap_title": bytes(range(1, 9)),
    "called_ae_qualifier": b"\x01\x02\x03\x04",
    "called_ap_invocation_id": 1,
    "called_ae_invocation_id": 2,
    "calling_ae_qualifier": b"\x05\x06\x07\x08",
    "calling_ap_invocation_id": 3,
    "calling_ae_invocation_id": 4,
}
_TITLES = {"1": b"\x4d", "10": b"\x4d\x42\x58\x00\x00\x00\x00\x00\x00\x01"}


def _propose(meter: Meter, verify: Checks, name: str, **fields: Any) -> Opened:
    """Return what the public client's AARQ with these fields gets; nothing may be read after it.

    What is judged of the AARE is for the caller; that a refused client reads nothing is judged
    here.
    """
    with meter.connect("public") as aa:
        opened = aa.propose(aa.aarq(**fields))
        judge_refused(
            verify,
            f"{name}-shut",
            aa.get(*LOGICAL_DEVICE_NAME),
            silence=True,
            expected="without an association nothing is read",
        )
    return opened


def _judge_contexts(meter: Meter, verify: Checks, contexts: Mapping[str, str]) -> None:
    for name, oid in contexts.items():
        judge_rejected(
            verify,
            f"{name}-rejected",
            _propose(meter, verify, name, application_context_name=oid),
            results=_PERMANENT,
            user=(_CONTEXT,),
            expected="result 1 rejected-permanent, user diagnostic 2 application-context-name-not-"
            "supported",
        )


@case(
    Case(
        id="DLMS-AA-08",
        version=1,
        interface="wan",
        title="Unknown application contexts",
        purpose="Ensure that the meter opens associations in contexts alone that it knows.",
        stimulus="AARQ with the context of logical names under another arc (OID 6F 85 74 05 08 01 "
        "01), with numbers 0 and 9, and with the name of a mechanism; after each a GET.",
        criterion="AARE with result rejected-permanent and the user diagnostic application-context-"
        "name-not-supported; the GET is not served.",
        kind=Kind.INVALID,
        clauses=(_OPENING,),
        ics="WAN/PUBLIC",
        detects=("wan.context-unchecked", "wan.context-arcs-unchecked"),
    )
)
def test_unknown_contexts(meter: Meter, verify: Checks) -> None:
    """A name is known as a whole."""
    _judge_contexts(meter, verify, _UNKNOWN_CONTEXTS)


@case(
    Case(
        id="DLMS-AA-09",
        version=1,
        interface="wan",
        title="Context of short names",
        purpose="Ensure that a meter with logical names opens no association with short names.",
        stimulus="AARQ with context 2 (short names) and 4 (the same, ciphered); after each a GET.",
        criterion="AARE with result rejected-permanent and the user diagnostic application-context-"
        "name-not-supported; the GET is not served.",
        kind=Kind.INVALID,
        clauses=(_OPENING,),
        ics="WAN/PUBLIC and not WAN/SHORT-NAMES",
        detects=("wan.sn-accepted", "wan.context-unchecked"),
    )
)
def test_short_names(meter: Meter, verify: Checks) -> None:
    """What is not there is not agreed on."""
    _judge_contexts(meter, verify, _SHORT_NAMES)


@case(
    Case(
        id="DLMS-AA-10",
        version=1,
        interface="wan",
        title="ACSE protocol version",
        purpose="Ensure that the protocol version may be named, and that no other is taken.",
        stimulus="AARQ with the protocol version that is the default, named (80 02 07 80); AARQ "
        "with another one alone (80 02 06 40), then GET.",
        criterion="The first is accepted. The second gets an AARE with result rejected-permanent "
        "and the provider diagnostic no-common-acse-version, and the GET is not served.",
        kind=Kind.INVALID,
        clauses=(_FIELDS,),
        ics="WAN/PUBLIC",
        detects=("wan.protover-unchecked", "wan.protover-refused"),
    )
)
def test_protocol_version(meter: Meter, verify: Checks) -> None:
    """Version 1 is the only one there is."""
    with meter.connect("public") as aa:
        opened = aa.propose(aa.aarq(protocol_version=_VERSION_1))
        judge_established(verify, "default-accepted", opened)
    judge_rejected(
        verify,
        "other-rejected",
        _propose(meter, verify, "other", protocol_version=_VERSION_2),
        results=_PERMANENT,
        provider=(_NO_VERSION,),
        expected="result 1 rejected-permanent, provider diagnostic 2 no-common-acse-version",
    )


@case(
    Case(
        id="DLMS-AA-11",
        version=1,
        interface="wan",
        title="Fields that are not used",
        purpose="Ensure that fields of the AARQ which DLMS does not use do not disturb the meter.",
        stimulus="AARQ as usual, and with called AP-title, AE-qualifier and invocation-ids and "
        "calling AE-qualifier and invocation-ids filled with dummies: without authentication, and "
        "with the password where there is one.",
        criterion="The AAREs of both say the same: result, diagnostic, context, and what is agreed "
        "on.",
        kind=Kind.VALID,
        clauses=(_FIELDS,),
        ics="WAN/PUBLIC",
        detects=("wan.fields-crash", "wan.fields-refused"),
    )
)
def test_unused_fields(meter: Meter, verify: Checks) -> None:
    """Nobody reads them."""
    for name in ("public", "lls"):
        if meter.declared.has(name):
            _judge_same(meter, verify, name)


def _judge_same(meter: Meter, verify: Checks, name: str) -> None:
    with meter.connect(name) as aa:
        usual = aa.propose()
    if not judge_established(verify, f"{name}-without", usual):
        return
    with meter.connect(name) as aa:
        opened = aa.propose(aa.aarq(**_DUMMIES))
    reply = opened.reply
    assert reply is not None
    judge(
        verify,
        f"{name}-same",
        _outcome(opened) == _outcome(usual),
        reply,
        expected=f"as without the fields: {usual}",
        observed=str(opened),
    )


def _outcome(opened: Opened) -> tuple[Any, ...]:
    """Return what an AARE says of the association."""
    aare = opened.aare
    if aare is None:
        return ()
    return (aare.result, aare.diagnostic, aare.application_context_name, opened.initiate)


@case(
    Case(
        id="DLMS-AA-12",
        version=1,
        interface="wan",
        title="System titles of wrong length",
        purpose="Ensure that a client whose system title has not eight octets is kept out.",
        stimulus="AARQ of the public client, and of the management client where it ciphers, with a "
        "calling AP-title of 1 and of 10 octets.",
        criterion="AARE with result rejected-permanent and the user diagnostic calling-AP-title-"
        "not-recognized. Where the title is part of the nonce, too, any rejection will do.",
        kind=Kind.INVALID,
        clauses=(_FIELDS,),
        ics="WAN/PUBLIC",
        detects=("wan.title-length-unchecked",),
    )
)
def test_title_length(meter: Meter, verify: Checks) -> None:
    """A system title has eight octets."""
    for size, title in _TITLES.items():
        judge_rejected(
            verify,
            f"{size}-rejected",
            _propose(meter, verify, size, calling_ap_title=title),
            results=_PERMANENT,
            user=(_TITLE,),
            expected="result 1 rejected-permanent, user diagnostic 3 calling-AP-title-not-"
            "recognized",
        )
    if not (meter.declared.has("main") and meter.declared.association("main").ciphered):
        return
    for size, title in _TITLES.items():
        with meter.connect("main") as aa:
            judge_rejected(
                verify,
                f"ciphered-{size}-rejected",
                aa.propose(aa.aarq(calling_ap_title=title)),
                expected="the association is rejected",
            )
