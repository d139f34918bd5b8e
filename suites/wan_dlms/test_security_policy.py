"""Area C6: what the security policy demands of requests, and what keys are for whom (class 64)."""

from dataclasses import replace

from bench.core.case import Case, Effects, Kind, case
from bench.core.check import Level
from bench.engine.checks import Checks
from bench.protocols.dlms.acse import Rlre
from bench.protocols.dlms.data_types import enum
from bench.protocols.dlms.initiate import ConfirmedServiceError
from bench.protocols.dlms.security.policy import Policy
from bench.protocols.dlms.security.policy import Protection as Needed
from suites.wan_dlms.answer import Reply
from suites.wan_dlms.association import Association
from suites.wan_dlms.ciphering import GLO, PLAIN, Protection
from suites.wan_dlms.forging import (
    SECURITY_SETUP,
    ciphered,
    fresh_counter,
    is_refused,
    policy_of,
    reading,
)
from suites.wan_dlms.judging import judge, judge_done, judge_refused, judge_silent
from suites.wan_dlms.meter import LOGICAL_DEVICE_NAME, Meter

_POLICY = "IEC-62056-6-2:5.3.7"
_SETUP = "IEC-62056-6-2:4.4.7"
_CONCEPT = "IEC-62056-5-3:5.2"
_CIPHERED = "IEC-62056-5-3:5.5"
_KEYS = "IEC-62056-5-3:5.3.5"
_RELEASE = "IEC-62056-5-3:4.4"
_ANY_SUITE = "WAN/SUITE-0 or WAN/SUITE-1 or WAN/SUITE-2"
_AUTHENTICATED = GLO.but(encrypted=False)
_ENCRYPTED = GLO.but(authenticated=False)
_UNPROTECTED = GLO.but(authenticated=False, encrypted=False)
_ACTIVATE = 1
_HIGHEST_POLICY = 0xFF
_BROADCAST = GLO.but(broadcast=True)


def _gives(how: Protection) -> Needed:
    return Needed(how.authenticated, how.encrypted)


def _judge_by_policy(
    verify: Checks, check_id: str, aa: Association, how: Protection, policy: Policy
) -> None:
    """Judge that a GET protected so is served if the policy allows it, else refused."""
    reply = aa.request(reading(aa), protection=how)
    if not policy.accepts(_gives(how)):
        expected = f"no data: the policy demands requests {policy.request}"
        judge(verify, check_id, is_refused(reply), reply, expected=expected)
        return
    if not judge(verify, check_id, _holds_data(reply), reply, expected="data: the policy allows"):
        return
    needed, found = policy.answer(_gives(how)), reply.protection
    control = found.control if found is not None else None
    judge(
        verify,
        f"{check_id}-answer",
        Needed.of(control).covers(replace(needed, signed=False)),
        reply,
        expected=f"an answer that is {needed}",
        observed=f"security control {control}" if control else "a plain answer",
    )


def _holds_data(reply: Reply) -> bool:
    return reply.plain[:2] == b"\xc4\x01" and not is_refused(reply)


@case(
    Case(
        id="DLMS-SEC-02",
        version=1,
        interface="wan",
        title="Authentication alone, encryption alone",
        purpose="Ensure that requests with only one of the two protections are handled as the "
        "security policy says.",
        stimulus="In an association of each suite: GET of the logical device name with security "
        "control 1x, then 2x.",
        criterion="Served with an answer that is protected as the request and the policy say, if "
        "the policy demands no more of requests; else no data.",
        kind=Kind.VALID,
        clauses=(_POLICY, _CONCEPT),
        ics=_ANY_SUITE,
        detects=("wan.sec-policy-any", "wan.sec-answer-weaker"),
        bound_s=120,
    )
)
def test_one_protection(meter: Meter, verify: Checks) -> None:
    """What is enough is written in one attribute."""
    found = [(means, policy_of(meter, means.suite or 0)) for means in ciphered(meter)]
    for means, policy in found:
        with meter.associate(means.name) as aa:
            check_id = f"{means.name}-authenticated"
            _judge_by_policy(verify, check_id, aa, _AUTHENTICATED, policy)
            if aa.transport.up:
                _judge_by_policy(verify, f"{means.name}-encrypted", aa, _ENCRYPTED, policy)


@case(
    Case(
        id="DLMS-SEC-09",
        version=1,
        interface="wan",
        title="Plain request in a ciphered context",
        purpose="Ensure that nobody is served in clear where the policy demands protection.",
        stimulus="In an association of each suite: plain GET of the logical device name; then the "
        "right one.",
        criterion="No data, if the policy demands anything of requests; the right GET is served.",
        kind=Kind.INVALID,
        clauses=(_POLICY, _CONCEPT),
        ics=_ANY_SUITE,
        detects=("wan.plain-in-ciphered",),
        bound_s=120,
    )
)
def test_plain_request(meter: Meter, verify: Checks) -> None:
    """An association that was opened with keys is not open to those without."""
    found = [(means, policy_of(meter, means.suite or 0)) for means in ciphered(meter)]
    for means, policy in found:
        with meter.associate(means.name) as aa:
            reply = aa.request(reading(aa), protection=PLAIN)
            if policy.accepts(Needed()):
                verify.note(f"{means.name}-allowed", f"the policy demands nothing; {reply}")
            else:
                expected = f"no data: the policy demands requests {policy.request}"
                judge(verify, means.name, is_refused(reply), reply, expected=expected)
            if aa.transport.up:
                judge_done(verify, f"{means.name}-after", aa.get(*LOGICAL_DEVICE_NAME))


@case(
    Case(
        id="DLMS-SEC-10",
        version=1,
        interface="wan",
        title="Weaker protection than the policy demands",
        purpose="Ensure that the security policy is enforced where it demands both protections.",
        stimulus="In an association of each suite: GET with security control 1x, and with 0x (a "
        "ciphered APDU that is not protected); then an AARQ whose InitiateRequest has less "
        "protection than the policy demands.",
        criterion="No data; the AARQ should be rejected.",
        kind=Kind.INVALID,
        clauses=(_POLICY, _SETUP),
        ics=_ANY_SUITE,
        detects=("wan.policy-unenforced",),
        bound_s=180,
    )
)
def test_weaker_than_policy(meter: Meter, verify: Checks) -> None:
    """A policy that is only shown protects nobody."""
    found = [(means, policy_of(meter, means.suite or 0)) for means in ciphered(meter)]
    for means, policy in found:
        weaker = {
            "authenticated": _AUTHENTICATED,
            "nothing": _UNPROTECTED,
        }
        if policy.accepts(Needed()):
            verify.note(f"{means.name}-allowed", "the policy demands nothing of requests")
            continue
        weaker = {name: how for name, how in weaker.items() if not policy.accepts(_gives(how))}
        with meter.associate(means.name) as aa:
            for name, how in weaker.items():
                if not aa.transport.up:
                    break
                reply = aa.request(reading(aa), protection=how)
                expected = f"no data: the policy demands requests {policy.request}"
                judge(verify, f"{means.name}-{name}", is_refused(reply), reply, expected=expected)
        with meter.connect(means.name) as aa:
            opened = aa.propose(aa.aarq(protection=next(iter(weaker.values()))))
            assert opened.reply is not None
            judge(
                verify,
                f"{means.name}-aarq",
                not opened.accepted,
                opened.reply,
                expected=f"no association: the policy demands requests {policy.request}",
                observed=opened.said,
                level=Level.SHOULD,
            )


@case(
    Case(
        id="DLMS-SEC-22",
        version=1,
        interface="wan",
        title="Ciphered release",
        purpose="Ensure that an association with ciphering is released by its client alone.",
        stimulus="In an association of each suite: RLRQ without user information, RLRQ with a "
        "plain InitiateRequest, GET, RLRQ with a ciphered InitiateRequest.",
        criterion="RLRE to the ciphered one; where the policy demands protection the others "
        "should be refused, and the association go on.",
        kind=Kind.VALID,
        clauses=(_RELEASE, _CIPHERED),
        ics=_ANY_SUITE,
        detects=("wan.release-plain", "wan.release-ciphered-refused"),
        bound_s=120,
    )
)
def test_release(meter: Meter, verify: Checks) -> None:
    """Whoever can inject one octet string could else throw every client out."""
    found = [(means, policy_of(meter, means.suite or 0)) for means in ciphered(meter)]
    for means, policy in found:
        if policy.accepts(Needed()):
            verify.note(f"{means.name}-allowed", "the policy demands nothing of requests")
        else:
            with meter.associate(means.name) as aa:
                if _judge_plain_release(verify, means.name, aa):
                    _judge_release(verify, means.name, aa)
                    continue
        with meter.associate(means.name) as aa:
            _judge_release(verify, means.name, aa)


def _judge_release(verify: Checks, name: str, aa: Association) -> None:
    reply = aa.release()
    judge(
        verify,
        f"{name}-released",
        isinstance(reply.record, Rlre) and reply.record.reason in (None, 0),
        reply,
        expected="RLRE with reason 0 normal",
    )


def _judge_plain_release(verify: Checks, name: str, aa: Association) -> bool:
    """Judge releases that anybody could ask for; return whether the association goes on."""
    bare = aa.release(information=False)
    plain = aa.release(protection=PLAIN)
    for what, reply in (("bare", bare), ("plain", plain)):
        judge(
            verify,
            f"{name}-{what}",
            not isinstance(reply.record, Rlre) or is_refused(reply) or _holds_error(reply.record),
            reply,
            expected="no release: exception-response, RLRE with an error, or no answer",
            level=Level.SHOULD,
        )
    answer = aa.get(*LOGICAL_DEVICE_NAME)
    return judge_done(verify, f"{name}-goes-on", answer, expected="data", level=Level.SHOULD)


def _holds_error(record: Rlre) -> bool:
    return isinstance(record.user_information, ConfirmedServiceError)


def _lower(version: int, value: int) -> list[int]:
    """Return policies that are weaker than one, 0 first."""
    now = Policy.of(version, value)
    fewer = [value & ~(1 << bit) for bit in range(8) if value & 1 << bit]
    candidates = [0, 1, 2] if version == 0 else [0, *fewer]
    return [one for one in dict.fromkeys(candidates) if not now.may_become(Policy.of(version, one))]


@case(
    Case(
        id="DLMS-SEC-25",
        version=1,
        interface="wan",
        title="Lowering the security policy",
        purpose="Ensure that security_activate can only strengthen the security policy.",
        stimulus="In an association of each suite: security_activate with every weaker policy, "
        "then GET of the policy. A policy that was lowered is set back.",
        criterion="Refused; the policy is what it was.",
        kind=Kind.INVALID,
        clauses=(_SETUP, _POLICY),
        ics=_ANY_SUITE,
        effects=Effects.REVERSIBLE,
        detects=("wan.policy-downgrade", "wan.policy-downgrade-refused"),
        bound_s=180,
    )
)
def test_lower_policy(meter: Meter, verify: Checks) -> None:
    """Else whoever holds the keys once can leave the door open."""
    for means in ciphered(meter):
        name = meter.declared.setup_name(means.suite or 0)
        listed = meter.survey().find(SECURITY_SETUP, name)
        version = listed[0].version if listed else 1
        policy_of(meter, means.suite or 0)  # which must be readable
        with meter.associate(means.name) as aa:
            before = aa.get(SECURITY_SETUP, name, 2).value
            known = isinstance(before, int) and 0 <= before <= _HIGHEST_POLICY
            weaker = _lower(version, before) if known else []
            if not weaker:
                verify.note(f"{means.name}-lowest", f"the policy is {before}: nothing is weaker")
                continue
            try:
                for value in weaker:
                    _judge_lowered(verify, means.name, aa, name, (before, value))
            finally:
                if aa.get(SECURITY_SETUP, name, 2).value != before:
                    aa.action(SECURITY_SETUP, name, _ACTIVATE, enum(before))


def _judge_lowered(
    verify: Checks, check_id: str, aa: Association, name: str, values: tuple[int, int]
) -> None:
    before, weaker = values
    answer = aa.action(SECURITY_SETUP, name, _ACTIVATE, enum(weaker))
    expected = f"policy {before} is not lowered to {weaker}"
    judge_refused(verify, f"{check_id}-refused", answer, silence=True, expected=expected)
    found = aa.get(SECURITY_SETUP, name, 2)
    judge(
        verify,
        f"{check_id}-kept",
        found.value == before,
        found,
        expected=f"policy {before}",
    )
    if found.value != before:
        aa.action(SECURITY_SETUP, name, _ACTIVATE, enum(before))


@case(
    Case(
        id="DLMS-SEC-26",
        version=1,
        interface="wan",
        title="Broadcast key and unicast key",
        purpose="Ensure that the key set bit alone says which key protects, and that a broadcast "
        "gets no answer.",
        stimulus="In the association of each suite that has a broadcast key: GET with security "
        "control 7x under the unicast key, and 3x under the broadcast key. Over the "
        "pre-established association: GET with security control 70 under the broadcast key.",
        criterion="No data to the first two; no answer at all to the broadcast.",
        kind=Kind.INVALID,
        clauses=(_KEYS, _CIPHERED),
        ics=f"WAN/BROADCAST and ({_ANY_SUITE})",
        ixit=("keys.suite0_broadcast",),
        detects=("wan.gbek-as-guek", "wan.guek-as-gbek", "wan.broadcast-answered"),
        bound_s=120,
    )
)
def test_broadcast_key(meter: Meter, verify: Checks) -> None:
    """What every meter of a street can open proves nothing of its sender."""
    for means in ciphered(meter):
        if not meter.has_secret(f"suite{means.suite}_broadcast"):
            continue
        with meter.associate(means.name) as aa:
            assert aa.security is not None
            keys, title = aa.security.keys, aa.security.title
            mixed = _BROADCAST.but(keys=replace(keys, broadcast=keys.encryption))
            reply = aa.request(reading(aa), protection=mixed, counter=fresh_counter(aa))
            expected = "no data under the unicast key"
            judge(verify, f"{means.name}-70", is_refused(reply), reply, expected=expected)
            if not aa.transport.up:
                continue
            counter = fresh_counter(aa)
            aa.security.counters.start(title, keys.broadcast, counter + 1)
            mixed = GLO.but(keys=replace(keys, encryption=keys.broadcast))
            reply = aa.request(reading(aa), protection=mixed, counter=counter)
            expected = "no data under the broadcast key"
            judge(verify, f"{means.name}-30", is_refused(reply), reply, expected=expected)
    with meter.associate("broadcast") as aa:
        reply = aa.request(reading(aa), protection=_BROADCAST)
        judge_silent(verify, "broadcast-silent", reply, expected="no answer to a broadcast")
