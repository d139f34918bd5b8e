"""Area C5: clients that cannot prove themselves, and what they try (IEC 62056-5-3 §5.3)."""

from bench.core.case import Case, Kind, case
from bench.core.check import Level
from bench.engine.checks import Checks
from bench.protocols.dlms.action import ActionRequestNormal
from bench.protocols.dlms.apdu import encode_apdu
from bench.protocols.dlms.data_types import octet_string
from suites.wan_dlms.association import Association
from suites.wan_dlms.forging import is_refused
from suites.wan_dlms.hls_attempts import (
    ASSOCIATION_LN,
    Attempts,
    is_pending,
    judge_not_proved,
)
from suites.wan_dlms.judging import (
    judge,
    judge_alive,
    judge_established,
    judge_refused,
)
from suites.wan_dlms.meter import LOGICAL_DEVICE_NAME, Meter
from suites.wan_dlms.opening import CURRENT_ASSOCIATION, HLS_REPLY
from suites.wan_dlms.services import method_of

_AUTHENTICATION = "IEC-62056-5-3:5.3"
_GREEN_BOOK = "DLMS-UA-1000-2:9.2"
_SURVIVAL = "meterbench:survival"
_ANY = " or ".join(f"WAN/HLS-{number}" for number in range(2, 8))


@case(
    Case(
        id="DLMS-HLS-07",
        version=1,
        interface="wan",
        title="Wrong proof",
        purpose="Ensure that a client with a wrong f(StoC) is kept out, and has one attempt with "
        "each challenge.",
        stimulus="In each association with high level security: f(StoC) with its last bit turned "
        "over; the right one for the same challenge; a GET. Then the four passes over a new link.",
        criterion="The first reply gets an action-result other than success, or an "
        "ExceptionResponse; neither the right one after it nor the GET is served. The new AARQ "
        "gets a new challenge, and the right proof for it opens the association.",
        kind=Kind.INVALID,
        clauses=(_AUTHENTICATION,),
        ics=_ANY,
        detects=("wan.hls-any-response", "wan.hls-retry-allowed", "wan.hls-constant-stoc"),
        bound_s=120.0,
    )
)
def test_wrong_proof(meter: Meter, verify: Checks) -> None:
    """One bit is enough to be somebody else."""
    attempts = Attempts(meter)
    for name in attempts.names():
        with attempts.pending(name, failures=2) as aa:
            challenge, proof = aa.peer_challenge, aa.proof()
            answer = attempts.fail(aa, proof[:-1] + bytes((proof[-1] ^ 1,)))
            judge_refused(
                verify,
                f"{name}-refused",
                answer,
                expected="an action-result other than success, or an exception-response",
            )
            if not answer.closed:
                judge_not_proved(verify, f"{name}-retry", attempts.fail(aa, aa.proof()), aa)
        attempts.make_room(name)
        with attempts.connected(name) as aa:
            opened = aa.propose()
            assert opened.reply is not None
            judge(
                verify,
                f"{name}-new-challenge",
                is_pending(opened) and aa.peer_challenge != challenge,
                opened.reply,
                expected="a challenge other than the one before",
                observed="the same challenge" if is_pending(opened) else opened.said,
            )
            if is_pending(opened):
                opened = aa.authenticate()
            if judge_established(verify, f"{name}-right-after", opened):
                attempts.succeeded(name)


@case(
    Case(
        id="DLMS-HLS-08",
        version=1,
        interface="wan",
        title="Empty and short proofs",
        purpose="Ensure that a proof is compared in its whole length.",
        stimulus="In each association with high level security: an empty f(StoC) (09 00); in one "
        "of them also its first octet alone, and all but its last; after each a GET.",
        criterion="No proof is taken, no GET is served; the meter is there afterwards.",
        kind=Kind.INVALID,
        clauses=(_AUTHENTICATION,),
        ics=_ANY,
        detects=("wan.hls-short-accept", "wan.hls-short-crash", "wan.hls-prefix-compare"),
        bound_s=120.0,
    )
)
def test_short_proofs(meter: Meter, verify: Checks) -> None:
    """A beginning is no proof."""
    attempts = Attempts(meter)
    names = attempts.names()
    try:
        for name in names:
            with attempts.pending(name) as aa:
                judge_not_proved(verify, f"{name}-empty", attempts.fail(aa, b""), aa)
        for what, end in (("one-octet", 1), ("shortened", -1)):
            with attempts.pending(names[0]) as aa:
                answer = attempts.fail(aa, aa.proof()[:end])
                judge_not_proved(verify, f"{names[0]}-{what}", answer, aa)
    finally:  # one that fell over opens no further association
        judge_alive(verify, meter, clause=_SURVIVAL)


@case(
    Case(
        id="DLMS-HLS-09",
        version=1,
        interface="wan",
        title="Reflected challenge",
        purpose="Ensure that the meter does not answer a challenge that is its own.",
        stimulus="In each association with high level security: AARQ, its StoC is kept, the "
        "association is dropped; AARQ with that StoC as CtoS, and the right f(StoC) if it is asked "
        "for.",
        criterion="The AARQ should be rejected, or the proof refused. A meter has to compare CtoS "
        "with the StoC that it sends now; that it remembers an earlier one is not asked for.",
        kind=Kind.INVALID,
        clauses=(_GREEN_BOOK,),
        level=Level.SHOULD,
        ics=_ANY,
        detects=("wan.hls-reflection",),
        bound_s=120.0,
    )
)
def test_reflection(meter: Meter, verify: Checks) -> None:
    """Who sends a challenge back hopes that the other answers it for him."""
    attempts = Attempts(meter)
    for name in attempts.names():
        with attempts.pending(name) as aa:
            challenge = aa.peer_challenge
        with attempts.connected(name, challenge) as aa:
            opened = aa.propose()
            if opened.accepted:
                opened = aa.authenticate()
            seen = opened.hls or opened.reply
            assert seen is not None
            attempts.failed(name)
            judge(
                verify,
                f"{name}-rejected",
                not opened.established,
                seen,
                expected="the AARQ is rejected, or the proof is refused",
                observed=str(opened),
            )


@case(
    Case(
        id="DLMS-HLS-11",
        version=1,
        interface="wan",
        title="Replayed authentication",
        purpose="Ensure that an authentication that was heard opens no other association.",
        stimulus="In each association with high level security: the four passes; the same octets "
        "of AARQ and f(StoC) once more over a new link; a GET.",
        criterion="The AARQ is rejected, or the proof is refused; the GET is not served.",
        kind=Kind.INVALID,
        clauses=(_GREEN_BOOK,),
        ics=_ANY,
        detects=("wan.hls-replay",),
        bound_s=120.0,
    )
)
def test_replay(meter: Meter, verify: Checks) -> None:
    """What opened an association once opens none again."""
    attempts = Attempts(meter)
    for name in attempts.names():
        attempts.make_room(name)
        with attempts.connected(name) as aa:
            aarq = encode_apdu(aa.aarq())
            if not is_pending(aa.propose(aarq)):
                continue  # that there is no first time is judged elsewhere
            passed = _reply(aa)
            if is_refused(aa.raw(passed)):
                continue
            attempts.succeeded(name)
            challenge = aa.challenge
        with attempts.connected(name, challenge) as aa:
            opened = aa.propose(aarq)
            reply = opened.reply
            assert reply is not None
            if opened.accepted:
                reply = aa.raw(passed)
            attempts.failed(name)
            judge(
                verify,
                f"{name}-rejected",
                not opened.accepted or is_refused(reply),
                reply,
                expected="the AARQ is rejected, or the proof is refused",
            )
            judge_refused(
                verify,
                f"{name}-shut",
                aa.get(*LOGICAL_DEVICE_NAME),
                silence=True,
                expected="the association is not open: nothing is read",
            )


def _reply(aa: Association) -> bytes:
    """Return the octets of reply_to_HLS_authentication with the right f(StoC)."""
    method = method_of(ASSOCIATION_LN, CURRENT_ASSOCIATION, HLS_REPLY)
    return aa.protect(ActionRequestNormal(aa.invocation(), method, octet_string(aa.proof())))
