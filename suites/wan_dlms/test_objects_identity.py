"""Area C8: who the device is, and which association this is (IEC 62056-6-2 §4.1.8, §4.4)."""

from bench.core.case import Case, Kind, case
from bench.core.check import Level
from bench.engine.checks import Checks
from bench.protocols.dlms.data_types import Data, DataType
from suites.wan_dlms.answer import Answer
from suites.wan_dlms.declared import Declared, DeclaredAssociation
from suites.wan_dlms.judging import judge
from suites.wan_dlms.meter import Meter
from suites.wan_dlms.model import (
    ASSOCIATION_LN,
    CURRENT,
    NAME_OF_DEVICE,
    SAP_ASSIGNMENT,
    SAP_ASSIGNMENT_CLASS,
    SECURITY_SETUP,
    judge_read,
    object_identifier,
    rows_of,
)
from suites.wan_dlms.survey import Survey

_DEVICE_NAME = "IEC-62056-6-2:4.1.8.2"
_SAPS = "IEC-62056-6-2:4.4.4"
_ASSOCIATION = "IEC-62056-6-2:4.4.3"
_SECURITY = "IEC-62056-6-2:4.4.7"
_MAX_NAME = 16
_ASSOCIATED = 2
# bits of the policy of class version 1; what is signed is not what the bench sends
_RESERVED, _REQUEST_SIGNED = 0x03, 0x10
_RESPONSE_AUTHENTICATED, _RESPONSE_ENCRYPTED, _RESPONSE_SIGNED = 0x20, 0x40, 0x80


def _octets(found: Data) -> bytes:
    """Return the octets of a string of octets or of text."""
    value = found.value
    return value if isinstance(value, bytes) else str(value).encode("latin-1", "replace")


@case(
    Case(
        id="DLMS-OBJ-01",
        version=1,
        interface="wan",
        title="Logical device name",
        purpose="Ensure that the device says who made it and which one it is.",
        stimulus="The object list; GET of the logical device name 0-0:42.0.0 as the management "
        "client and as another one.",
        criterion="Class 1 object on the list; a string of up to 16 octets, the first three being "
        "the letters of the manufacturer; the same name for every client.",
        kind=Kind.CAPABILITY,
        clauses=(_DEVICE_NAME,),
        detects=("wan.ldn-missing", "wan.ldn-by-client"),
    )
)
def test_logical_device_name(
    meter: Meter, survey: Survey, declared: Declared, verify: Checks
) -> None:
    """The name is there, short enough, and begins with a manufacturer."""
    types = (DataType.OCTET_STRING, DataType.VISIBLE_STRING)
    found = judge_read(verify, "present", survey, 1, NAME_OF_DEVICE, 2, *types)
    if found is None:
        return
    name = _octets(found)
    answer = survey.answer(1, NAME_OF_DEVICE, 2)
    assert answer is not None
    judge(
        verify,
        "length",
        3 < len(name) <= _MAX_NAME,
        answer,
        expected=f"4 to {_MAX_NAME} octets",
        observed=f"{len(name)} octets",
    )
    letters = name[:3]
    flag = letters.isalpha() and letters.isascii() and letters.isupper()
    judge(
        verify,
        "manufacturer",
        flag,
        answer,
        expected="three capital letters first, the manufacturer's",
        observed=repr(letters.decode("latin-1")),
    )
    other = meter.simplest()
    if declared.association(other).name == survey.association:
        return
    again = meter.logical_device_name()
    same = again.ok and again.data is not None and _octets(again.data) == name
    judge(verify, "same-for-all", same, again, expected=f"the same name as for {other}: {found}")


@case(
    Case(
        id="DLMS-OBJ-02",
        version=1,
        interface="wan",
        title="SAP assignment",
        purpose="Ensure that a client can learn which logical devices there are, and where.",
        stimulus="GET of the SAP assignment 0-0:41.0.0 (class 17).",
        criterion="A list of pairs of SAP and name; the logical device that is talked to stands in "
        "it with its logical device name; no SAP and no name twice.",
        kind=Kind.CAPABILITY,
        clauses=(_SAPS,),
        detects=("wan.sap-mismatch",),
    )
)
def test_sap_assignment(survey: Survey, declared: Declared, verify: Checks) -> None:
    """The device that answers is on the list of devices."""
    found = judge_read(
        verify, "present", survey, SAP_ASSIGNMENT_CLASS, SAP_ASSIGNMENT, 2, DataType.ARRAY
    )
    answer = survey.answer(SAP_ASSIGNMENT_CLASS, SAP_ASSIGNMENT, 2)
    if found is None or answer is None:
        return
    strings = (DataType.OCTET_STRING, DataType.VISIBLE_STRING)
    rows = rows_of(found, 2)
    if rows is not None:
        kinds = [sap.type == DataType.LONG_UNSIGNED and name.type in strings for sap, name in rows]
        rows = rows if all(kinds) else None
    pairs = "pairs of long-unsigned and string"
    judge(verify, "form", rows is not None, answer, expected=pairs, observed=str(found))
    if rows is None:
        return
    listed = [(int(sap.value), _octets(name)) for sap, name in rows]
    own = survey.data(1, NAME_OF_DEVICE, 2)
    here = [name for sap, name in listed if sap == declared.server_sap]
    shown = ", ".join(f"{sap} {name.decode('latin-1')!r}" for sap, name in listed)
    met = bool(here) and (own is None or here[0] == _octets(own))
    wanted = f"SAP {declared.server_sap} with the logical device name"
    judge(verify, "own-sap", met, answer, expected=wanted, observed=shown or "an empty list")
    saps, names = {sap for sap, _ in listed}, {name for _, name in listed}
    judge(
        verify,
        "unique",
        len(saps) == len(names) == len(listed),
        answer,
        expected="each SAP and each name once",
        observed=shown,
    )


@case(
    Case(
        id="DLMS-OBJ-03",
        version=1,
        interface="wan",
        title="Current association",
        purpose="Ensure that the current association object tells the association that is used.",
        stimulus="GET of the attributes of 0-0:40.0.0 (class 15) as the management client and as "
        "the reading client.",
        criterion="Application context, authentication mechanism and partners are those of the "
        "association that was opened; its status is associated.",
        kind=Kind.VALID,
        clauses=(_ASSOCIATION,),
        detects=("wan.assoc-mechanism-lie", "wan.assoc-partners-text", "wan.assoc-status-number"),
    )
)
def test_current_association(
    meter: Meter, survey: Survey, declared: Declared, verify: Checks
) -> None:
    """The object shows what was agreed on."""
    _judge_association(verify, survey, declared.association("main"), declared)
    if not declared.has("reading") or declared.association("reading").name == survey.association:
        return
    means = declared.association("reading")
    with meter.associate("reading") as aa:
        answer = aa.get(ASSOCIATION_LN, CURRENT, 6)
    found = object_identifier(answer.data)
    judge(
        verify,
        "reading-mechanism",
        found == (2, int(means.mechanism)),
        answer,
        expected=f"mechanism {int(means.mechanism)} of association {means.name}",
    )


def _judge_association(
    verify: Checks, survey: Survey, means: DeclaredAssociation, declared: Declared
) -> None:
    kinds = (DataType.OCTET_STRING, DataType.STRUCTURE)
    expected = (
        ("context", 4, (1, int(means.context)), "application context"),
        ("mechanism", 6, (2, int(means.mechanism)), "authentication mechanism"),
    )
    for check_id, attribute, arcs, what in expected:
        answer = survey.answer(ASSOCIATION_LN, CURRENT, attribute)
        if answer is None:
            judge_read(verify, check_id, survey, ASSOCIATION_LN, CURRENT, attribute, *kinds)
            continue
        met = object_identifier(answer.data) == arcs
        text = "" if answer.data is None else str(answer.data.to_python())
        judge(
            verify,
            check_id,
            met,
            answer,
            expected=f"{what} 2.16.756.5.8.{arcs[0]}.{arcs[1]}",
            observed=text,
        )
    partners = judge_read(
        verify, "partners-form", survey, ASSOCIATION_LN, CURRENT, 3, DataType.STRUCTURE
    )
    saps = (means.client, declared.server_sap)
    answer = survey.answer(ASSOCIATION_LN, CURRENT, 3)
    if partners is not None and answer is not None:
        shown = partners.to_python()
        text = f"client {saps[0]}, server {saps[1]}"
        met = shown == saps
        judge(verify, "partners", met, answer, expected=text, observed=str(shown))
    status = judge_read(verify, "status-form", survey, ASSOCIATION_LN, CURRENT, 8, DataType.ENUM)
    answer = survey.answer(ASSOCIATION_LN, CURRENT, 8)
    if status is not None and answer is not None:
        met = status.value == _ASSOCIATED
        judge(verify, "status", met, answer, expected="status 2 associated")


@case(
    Case(
        id="DLMS-OBJ-25",
        version=1,
        interface="wan",
        title="Security setup",
        purpose="Ensure that the security setup shows what the association really uses.",
        stimulus="Association with ciphering; GET of policy, suite and system titles of its "
        "security setup (class 64).",
        criterion="The suite is that of the association, the server's title that of the AARE, the "
        "client's title that of the client; answers are protected as the policy asks.",
        kind=Kind.VALID,
        clauses=(_SECURITY, "IEC-62056-6-2:5.3.7"),
        ics="WAN/SUITE-0 or WAN/SUITE-1 or WAN/SUITE-2",
        detects=("wan.title-differs",),
    )
)
def test_security_setup(meter: Meter, survey: Survey, declared: Declared, verify: Checks) -> None:
    """Titles, suite and policy are those in use."""
    main = declared.association("main")
    ciphered = [one for one in declared.associations.values() if one.suite is not None]
    usable = [one for one in ciphered if not one.pre_established]
    means = main if main in usable else usable[0]
    assert means.suite is not None
    name = declared.setup_name(means.suite)
    listed = survey.find(SECURITY_SETUP, name)
    there = bool(listed)
    verify.that(
        "present",
        there,
        expected=f"class 64 {name} on the object list",
        observed="it is there" if there else "it is not there",
        place=survey.listing.place(),
    )
    if not there:
        return
    with meter.associate(means.name) as aa:
        opened = aa.opened
        policy, suite, client, server = (
            aa.get(SECURITY_SETUP, name, attribute) for attribute in (2, 3, 4, 5)
        )
    judge(verify, "suite", suite.value == means.suite, suite, expected=f"suite {means.suite}")
    title = opened.aare.responding_ap_title if opened is not None and opened.aare else None
    wanted = f"{title.hex()} of the AARE" if title else "a system title"
    judge(verify, "server-title", server.value == title, server, expected=wanted)
    own = declared.client_title
    judge(
        verify,
        "client-title",
        client.value == own,
        client,
        expected=f"{own.hex()} of the client",
        level=Level.SHOULD,
    )
    met, used = _as_policy_asks(listed[0].version, policy.value, policy)
    judge(
        verify,
        "policy",
        met,
        policy,
        expected="a policy that the association and this very answer keep",
        observed=f"{policy}; {used}",
    )


def _as_policy_asks(version: int, policy: object, answer: Answer) -> tuple[bool, str]:
    """Return whether a policy is one under which `answer` may have come, and how it came.

    The request was authenticated and encrypted, and not signed.
    """
    protection = answer.last.protection
    control = None if protection is None else protection.control
    authenticated = control is not None and control.authenticated
    encrypted = control is not None and control.encrypted
    used = f"the answer came {control}" if control is not None else "the answer came in clear"
    if not isinstance(policy, int):
        return False, used
    if version == 0:
        needs_authenticated, needs_encrypted = policy in (1, 3), policy in (2, 3)
        known = 0 <= policy <= 3
    else:
        needs_authenticated = bool(policy & _RESPONSE_AUTHENTICATED)
        needs_encrypted = bool(policy & _RESPONSE_ENCRYPTED)
        known = not policy & (_RESERVED | _REQUEST_SIGNED | _RESPONSE_SIGNED)
    kept = (authenticated or not needs_authenticated) and (encrypted or not needs_encrypted)
    return known and kept, used
