"""Area C6: ciphered APDUs of each suite, and what becomes of forged ones (IEC 62056-5-3 §5.5)."""

from bench.core.case import Case, Kind, case
from bench.core.check import Level
from bench.engine.checks import Checks
from bench.protocols.dlms.ciphered import TAG_OCTETS
from suites.wan_dlms.answer import Reply
from suites.wan_dlms.association import Association
from suites.wan_dlms.ciphering import GLO
from suites.wan_dlms.declared import DeclaredAssociation
from suites.wan_dlms.forging import (
    CONTROL_AT,
    COUNTER_AT,
    TEXT_AT,
    Forge,
    ciphered,
    flipped,
    fresh_counter,
    judge_undeciphered,
    policy_of,
    reading,
    send_forged,
    with_tag,
)
from suites.wan_dlms.judging import judge, judge_done, judge_established
from suites.wan_dlms.meter import LOGICAL_DEVICE_NAME, Meter

_CIPHERED = "IEC-62056-5-3:5.5"
_PROTECTION = "IEC-62056-5-3:5.3.7"
_NONCE = "IEC-62056-5-3:5.3.7.2"
_ANY_SUITE = "WAN/SUITE-0 or WAN/SUITE-1 or WAN/SUITE-2"
_GLO_GET_RESPONSE = 0xCC
_OTHER_SUITE = {0: 1, 1: 0, 2: 1}
_AUTHENTICATED_BIT = 4


def _reads(verify: Checks, aa: Association, suite: int) -> None:
    """Judge the answer to a GET that is authenticated and encrypted."""
    name = f"suite{suite}"
    first = aa.get(*LOGICAL_DEVICE_NAME).last.protection
    answer = aa.get(*LOGICAL_DEVICE_NAME)
    how = answer.last.protection
    if not judge(
        verify,
        f"{name}-ciphered",
        how is not None and how.apdu_tag == _GLO_GET_RESPONSE,
        answer,
        expected="glo-get-response (CC)",
        observed=f"a plain answer: {answer}" if how is None else f"tag {how.apdu_tag:02X}",
        clause=_CIPHERED,
    ):
        return
    assert how is not None
    assert how.control is not None
    control = how.control
    judge(
        verify,
        f"{name}-control",
        control.octet == 0x30 | suite,
        answer,
        expected=f"security control {0x30 | suite:02X}",
        observed=f"security control {control}",
        offset=CONTROL_AT,
    )
    judge(
        verify,
        f"{name}-opens",
        not how.problem,
        answer,
        expected="an answer that the client's keys open",
        observed=how.problem or "it opened",
    )
    judge_done(verify, f"{name}-data", answer, expected="the logical device name")
    if first is not None and first.counter is not None and how.counter is not None:
        judge(
            verify,
            f"{name}-counts",
            how.counter > first.counter,
            answer,
            expected=f"an invocation counter above {first.counter}",
            observed=f"invocation counter {how.counter}",
            clause=_NONCE,
            offset=COUNTER_AT,
        )


@case(
    Case(
        id="DLMS-SEC-01",
        version=1,
        interface="wan",
        title="Ciphered GET, suite 0",
        purpose="Ensure that a request that is authenticated and encrypted gets an answer that is, "
        "too.",
        stimulus="Two GETs of the logical device name as glo-get-request with security control 30.",
        criterion="glo-get-response (CC) with security control 30 that the keys open, with the "
        "name in it and an invocation counter above that of the answer before.",
        kind=Kind.VALID,
        clauses=(_PROTECTION, _CIPHERED, _NONCE),
        ics="WAN/SUITE-0",
        ixit=("keys.suite0_encryption", "keys.suite0_authentication"),
        detects=("wan.sec-plain-answer",),
    )
)
def test_suite_0(meter: Meter, verify: Checks) -> None:
    """AES-GCM with keys of 128 bits."""
    with meter.associate("suite0") as aa:
        _reads(verify, aa, 0)


@case(
    Case(
        id="DLMS-SEC-03",
        version=1,
        interface="wan",
        title="Ciphered GET, suite 1",
        purpose="Ensure that answers name the suite that protects them.",
        stimulus="Two GETs of the logical device name as glo-get-request with security control 31.",
        criterion="glo-get-response (CC) with security control 31 that the keys open, with the "
        "name in it and an invocation counter above that of the answer before.",
        kind=Kind.VALID,
        clauses=(_PROTECTION, _CIPHERED, _NONCE),
        ics="WAN/SUITE-1",
        ixit=("keys.suite1_encryption", "keys.suite1_authentication"),
        detects=("wan.suite-echo",),
    )
)
def test_suite_1(meter: Meter, verify: Checks) -> None:
    """The symmetric part is that of suite 0, and says so itself."""
    with meter.associate("suite1") as aa:
        _reads(verify, aa, 1)


@case(
    Case(
        id="DLMS-SEC-04",
        version=1,
        interface="wan",
        title="Ciphered GET, suite 2",
        purpose="Ensure that suite 2 uses keys of 256 bits.",
        stimulus="AARQ ciphered with the declared keys of 32 octets, authentication, two GETs of "
        "the logical device name with security control 32.",
        criterion="The association is opened; glo-get-response (CC) with security control 32 that "
        "the keys open, with the name in it and a rising invocation counter.",
        kind=Kind.VALID,
        clauses=(_PROTECTION, _CIPHERED, _NONCE),
        ics="WAN/SUITE-2",
        ixit=("keys.suite2_encryption", "keys.suite2_authentication"),
        detects=("wan.suite2-128",),
    )
)
def test_suite_2(meter: Meter, verify: Checks) -> None:
    """A meter that cuts the key opens nothing that was made with the whole of it."""
    with meter.connect("suite2") as aa:
        if judge_established(verify, "opened", aa.open()):
            _reads(verify, aa, 2)


@case(
    Case(
        id="DLMS-SEC-05",
        version=1,
        interface="wan",
        title="Another suite in the security control",
        purpose="Ensure that a request that names another suite than the association's is refused.",
        stimulus="In an association of each suite: GET with the right keys and another suite in "
        "its security control, which the tag covers; then the right GET.",
        criterion="No data: exception-response (should be 5 deciphering-error) or no answer; "
        "the right GET is served.",
        kind=Kind.INVALID,
        clauses=(_PROTECTION,),
        ics=_ANY_SUITE,
        detects=("wan.suite-mixed",),
        bound_s=120,
    )
)
def test_other_suite(meter: Meter, verify: Checks) -> None:
    """What protects an association is settled when it is set up."""
    for means in ciphered(meter):
        with meter.associate(means.name) as aa:
            other = GLO.but(suite=_OTHER_SUITE[means.suite or 0])
            replies = send_forged(aa, [(f"suite {other.suite}", bytes)], other)
            judge_undeciphered(verify, means.name, replies, expected="no data for another suite")
            _judge_usable(verify, f"{means.name}-after", aa)


def _judge_usable(verify: Checks, check_id: str, aa: Association) -> None:
    """Judge that the right GET is served after those that were not right."""
    if aa.transport.up:
        judge_done(verify, check_id, aa.get(*LOGICAL_DEVICE_NAME), expected="data")


def _judge_uncounted(verify: Checks, check_id: str, aa: Association, counter: int) -> None:
    """Judge that a counter below those of forged requests can still be used.

    The counter is judged after the tag; else anybody could use up the counters of a client.
    """
    reply = aa.request(reading(aa), counter=counter)
    judge(
        verify,
        check_id,
        isinstance(reply.plain, bytes) and reply.plain[:1] == b"\xc4",
        reply,
        expected=f"data for the counter {counter}, which no right request has used",
        clause=_NONCE,
        level=Level.SHOULD,
    )


def _forged(
    verify: Checks, meter: Meter, means: DeclaredAssociation, cases: list[tuple[str, Forge]]
) -> list[tuple[str, Reply]]:
    """Send forged requests in an association; judge that they do not move the counters."""
    with meter.associate(means.name) as aa:
        opened, counter = aa.opened, fresh_counter(aa)
        replies = send_forged(aa, cases)
        if aa.opened is opened and aa.transport.up:
            _judge_uncounted(verify, f"{means.name}-uncounted", aa, counter)
    return replies


def _tag_bits(step: int) -> list[tuple[str, Forge]]:
    bits = range(0, 8 * TAG_OCTETS, step)
    return [(f"bit {bit}", flipped(bit // 8 - TAG_OCTETS, 7 - bit % 8)) for bit in bits]


@case(
    Case(
        id="DLMS-SEC-06",
        version=1,
        interface="wan",
        title="One wrong bit in the authentication tag",
        purpose="Ensure that each bit of the authentication tag counts.",
        stimulus="GETs with one bit of the tag turned over, each with a fresh invocation counter: "
        "all 96 bits in the first declared suite, one of each octet in the others; then a right "
        "GET with a counter from before.",
        criterion="No data: exception-response (should be 5 deciphering-error) or no answer; "
        "what was not authentic should not use up invocation counters.",
        kind=Kind.INVALID,
        clauses=(_PROTECTION, _NONCE),
        ics=_ANY_SUITE,
        detects=(
            "wan.tag-unchecked",
            "wan.tag-truncated-compare",
            "wan.tag-truncated-compare-silent",
            "wan.forged-counted",
        ),
        bound_s=1200,
    )
)
def test_wrong_tag(meter: Meter, verify: Checks) -> None:
    """A comparison that stops early is found by its last bit alone."""
    for number, means in enumerate(ciphered(meter)):
        replies = _forged(verify, meter, means, _tag_bits(9 if number else 1))
        judge_undeciphered(verify, means.name, replies, expected="no data for a wrong tag")


@case(
    Case(
        id="DLMS-SEC-07",
        version=1,
        interface="wan",
        title="Shortened authentication tag",
        purpose="Ensure that a request without the whole authentication tag is refused.",
        stimulus="In an association of each suite: GETs with a tag of 11, 8, 4, 1 and no octets, "
        "security control saying that they are authenticated.",
        criterion="No data: exception-response (should be 5 deciphering-error) or no answer.",
        kind=Kind.INVALID,
        clauses=(_PROTECTION, _NONCE),
        ics=_ANY_SUITE,
        detects=("wan.tag-short",),
        bound_s=120,
    )
)
def test_short_tag(meter: Meter, verify: Checks) -> None:
    """The length of the tag is not for the sender to choose."""
    sizes = [(f"a tag of {size} octets", with_tag(size)) for size in (11, 8, 4, 1, 0)]
    for means in ciphered(meter):
        replies = _forged(verify, meter, means, sizes)
        judge_undeciphered(verify, means.name, replies, expected="no data for a shortened tag")


@case(
    Case(
        id="DLMS-SEC-08",
        version=1,
        interface="wan",
        title="One wrong bit in header or text",
        purpose="Ensure that the tag covers security control, invocation counter and text.",
        stimulus="GETs with one bit turned over after they were protected: each of security "
        "control and invocation counter, one of each octet of the text (in the first declared "
        "suite; in the others each of security control alone).",
        criterion="No data: exception-response, which should be 5 deciphering-error for a wrong "
        "text, or no answer.",
        kind=Kind.INVALID,
        clauses=(_PROTECTION, _NONCE),
        ics=_ANY_SUITE,
        detects=("wan.aad-missing-sc",),
        bound_s=1200,
    )
)
def test_wrong_header(meter: Meter, verify: Checks) -> None:
    """Without the bit that says so, there is no tag; a policy that needs none lets that pass."""
    policies = {one.name: policy_of(meter, one.suite or 0) for one in ciphered(meter)}
    for number, means in enumerate(ciphered(meter)):
        authenticated = policies[means.name].request.authenticated
        bits = [bit for bit in range(8) if authenticated or bit != _AUTHENTICATED_BIT]
        controls = [(f"bit {bit} of security control", flipped(CONTROL_AT, bit)) for bit in bits]
        replies = _forged(verify, meter, means, controls)
        expected = "no data with a wrong security control"
        name = f"{means.name}-control"
        judge_undeciphered(verify, name, replies, expected=expected, any_code=True)
        if number:
            continue
        with meter.associate(means.name) as aa:
            counters = [
                (f"bit {bit} of the counter", flipped(COUNTER_AT + 3 - bit // 8, bit % 8))
                for bit in range(32)
            ]
            length = len(reading(aa))
            texts = [
                (f"octet {at} of the text", flipped(TEXT_AT + at, at % 8)) for at in range(length)
            ]
            replies = send_forged(aa, counters)
            expected = "no data with a wrong counter"
            judge_undeciphered(verify, "counter", replies, expected=expected, any_code=True)
            replies = send_forged(aa, texts)
            judge_undeciphered(verify, "text", replies, expected="no data from a wrong text")
