"""Area C5: proofs made with something wrong in them, and many of them (IEC 62056-5-3 §5.3)."""

from dataclasses import replace

from bench.core.case import Case, Effects, Kind, case
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.engine.context import Inconclusive
from bench.protocols.dlms.acse import Mechanism
from bench.protocols.dlms.security import ecdsa
from bench.protocols.dlms.security.gcm import TITLE_OCTETS
from bench.protocols.dlms.security.suite import SUITES, Curve
from suites.wan_dlms.association import Association
from suites.wan_dlms.forging import fresh_counter, is_refused
from suites.wan_dlms.hls_attempts import Attempts, is_pending, judge_not_proved, reply_to_hls
from suites.wan_dlms.judging import judge, judge_alive
from suites.wan_dlms.meter import Meter
from suites.wan_dlms.opening import Opened

_MECHANISMS = "IEC-62056-5-3:5.3.4"
_GREEN_BOOK = "DLMS-UA-1000-2:9.2"
_DECLARED = "meterbench:declared"
_ANY = " or ".join(f"WAN/HLS-{number}" for number in range(2, 8))
_GMAC, _ECDSA = Mechanism.HLS_GMAC, Mechanism.HLS_ECDSA
_OTHER_SUITE = {1: 2, 2: 1}
_FAILURES = 20
_BOUND_S = 900.0
_RESERVE_S = 300.0  # of the bound, for everything but waiting for the end of a lock
#: those whose loss for a while disturbs least come first
_SPARED = ("hls6", "hls4", "hls3", "hls2", "suite2", "suite1", "suite0")


@case(
    Case(
        id="DLMS-HLS-12",
        version=1,
        interface="wan",
        title="GMAC with a wrong title or counter",
        purpose="Ensure that a proof by GMAC counts only with the client's title and a counter "
        "that was not used before.",
        stimulus="In each association with mechanism 5: f(StoC) made with the meter's system "
        "title; f(StoC) made with the counter of an earlier proof; after each a GET.",
        criterion="No proof is taken, no GET is served.",
        kind=Kind.INVALID,
        clauses=(_MECHANISMS, _GREEN_BOOK),
        ics="WAN/HLS-5",
        detects=("wan.gmac-title-unchecked", "wan.gmac-counter-unchecked"),
        bound_s=120.0,
    )
)
def test_gmac_title_and_counter(meter: Meter, verify: Checks) -> None:
    """Title and counter make the nonce."""
    attempts = Attempts(meter)
    for name in attempts.names(_GMAC):
        used = _used_counter(attempts, name)
        with attempts.pending(name) as aa:
            assert aa.security is not None
            title = aa.security.server_title
            if len(title) != TITLE_OCTETS:
                observed = f"the AARE has a responding AP-title of {len(title)} octets"
                verify.undecided(
                    f"{name}-title",
                    Reason.PRECONDITION,
                    expected="the meter's system title",
                    observed=observed,
                )
                continue
            answer = attempts.fail(aa, _gmac(aa, fresh_counter(aa), title))
            judge_not_proved(verify, f"{name}-title", answer, aa)
        with attempts.pending(name) as aa:
            answer = attempts.fail(aa, _gmac(aa, used))
            judge_not_proved(verify, f"{name}-counter", answer, aa)


def _used_counter(attempts: Attempts, name: str) -> int:
    """Return the counter of a proof that the meter took."""
    with attempts.pending(name) as aa:
        counter = fresh_counter(aa)
        answer = reply_to_hls(aa, _gmac(aa, counter))
        if not answer.ok:
            raise Inconclusive(Reason.PRECONDITION, f"the right f(StoC) was answered by {answer}")
    attempts.succeeded(name)
    return counter


def _gmac(aa: Association, counter: int, title: bytes | None = None) -> bytes:
    """Return f(StoC) of mechanism 5 with this counter, and another title than the client's."""
    assert aa.security is not None
    party = aa.security.party()
    if title is not None:
        party = replace(party, title=title)
    return party.response(_GMAC, aa.peer_challenge, aa.challenge, counter)


@case(
    Case(
        id="DLMS-HLS-13",
        version=1,
        interface="wan",
        title="Signatures that are none",
        purpose="Ensure that the meter verifies the client's signature, and with its key.",
        stimulus="In each association with mechanism 7: f(StoC) with r = 0, with s = 0, signed "
        "with another key of the curve, and signed on the curve of the other suite; after each a "
        "GET.",
        criterion="No proof is taken, no GET is served.",
        kind=Kind.INVALID,
        clauses=(_MECHANISMS, _GREEN_BOOK),
        ics="WAN/HLS-7",
        detects=("wan.ecdsa-unchecked", "wan.ecdsa-zero-taken"),
        bound_s=120.0,
    )
)
def test_signatures(meter: Meter, verify: Checks) -> None:
    """A signature is a pair of numbers from 1 on that fits the key."""
    attempts = Attempts(meter)
    for name in attempts.names(_ECDSA):
        for what in ("r-0", "s-0", "other-key", "other-curve"):
            with attempts.pending(name) as aa:
                answer = attempts.fail(aa, _forged(meter, aa, what))
                judge_not_proved(verify, f"{name}-{what}", answer, aa)


def _forged(meter: Meter, aa: Association, what: str) -> bytes:
    """Return something in place of the signature f(StoC)."""
    security = aa.security
    assert security is not None
    if what in ("r-0", "s-0"):
        right = aa.proof()
        half = len(right) // 2
        zero = bytes(half)
        return zero + right[half:] if what == "r-0" else right[:half] + zero
    suite = security.suite if what == "other-key" else _OTHER_SUITE[security.suite]
    curve = SUITES[suite].curve
    assert curve is not None
    party = replace(security.party(), suite=suite, private_key=_other_key(meter, curve, what))
    return party.response(_ECDSA, aa.peer_challenge, aa.challenge)


def _other_key(meter: Meter, curve: Curve, what: str) -> bytes:
    """Return a private key: the client's own one of the other curve, if it is declared."""
    own = "client_signing_p384" if curve is Curve.P_384 else "client_signing"
    if what == "other-curve" and meter.has_secret(own):
        return meter.secret(own)
    return ecdsa.private_key_of(curve, meter.random.randbytes(64))


@case(
    Case(
        id="DLMS-HLS-14",
        version=1,
        interface="wan",
        title="Many wrong proofs",
        purpose="Ensure that a meter under many wrong proofs behaves as it declares: it locks the "
        "client out for the declared time, or never.",
        stimulus=f"{_FAILURES} times AARQ and a random f(StoC). Where a lock is declared: one "
        "failure less than it takes and a right proof, then as many as it takes and a right proof, "
        f"the rest of the {_FAILURES}, and a right proof when the lock must be over.",
        criterion="No wrong proof is taken. Without a declared lock the right proof opens the "
        "association at once; with one it does before the lock and after it, not within it. The "
        "meter is there afterwards.",
        kind=Kind.INVALID,
        clauses=(_DECLARED,),
        ics=_ANY,
        effects=Effects.REVERSIBLE,
        detects=(
            "wan.hls-locks-undeclared",
            "wan.hls-lock-missing",
            "wan.hls-locks-early",
            "wan.hls-lock-long",
            "wan.hls-sixth-taken",
            "wan.hls-many-crash",
        ),
        bound_s=_BOUND_S,
    )
)
def test_many_wrong_proofs(meter: Meter, verify: Checks) -> None:
    """Guessing is not worth while, and shuts out nobody for longer than it is said."""
    attempts = Attempts(meter)
    name = next(one for one in _SPARED if one in attempts.names())
    allowed = attempts.allowed
    locks = 0 < allowed <= _FAILURES
    if locks and attempts.lock_s > _BOUND_S - _RESERVE_S:
        raise Inconclusive(
            Reason.BUDGET, f"the declared lock of {attempts.lock_s:g} s is longer than the case"
        )
    _prove(attempts, name)  # from here on the meter's count is known
    taken: list[bool] = []
    try:
        if not locks:
            taken += _wrong(attempts, name, _FAILURES)
            _judge_right(verify, "never-locked", attempts, name, opens=True)
        else:
            if allowed > 1:
                taken += _wrong(attempts, name, allowed - 1)
                _judge_right(verify, "not-yet-locked", attempts, name, opens=True)
            taken += _wrong(attempts, name, allowed)
            _judge_right(verify, "locked", attempts, name, opens=False)
            taken += _wrong(attempts, name, _FAILURES - len(taken))
            attempts.wait()
            _judge_right(verify, "unlocked", attempts, name, opens=True)
    finally:
        attempts.succeeded(name)
    verify.that(
        "refused",
        not any(taken),
        expected="no wrong proof is taken",
        observed=f"{sum(taken)} of {len(taken)} were taken",
    )
    judge_alive(verify, meter)


def _prove(attempts: Attempts, name: str) -> Opened:
    """Return how the four passes went."""
    with attempts.connected(name) as aa:
        opened = aa.propose()
        return aa.authenticate() if is_pending(opened) else opened


def _judge_right(
    verify: Checks, check_id: str, attempts: Attempts, name: str, *, opens: bool
) -> None:
    """Record whether the right proof opens the association now."""
    opened = _prove(attempts, name)
    seen = opened.hls or opened.reply
    assert seen is not None
    judge(
        verify,
        check_id,
        opened.established == opens,
        seen,
        expected="the right proof opens the association"
        if opens
        else f"the client is locked out after {attempts.allowed} failures, as declared",
        observed=str(opened),
    )


def _wrong(attempts: Attempts, name: str, count: int) -> list[bool]:
    """Fail so many times; return for each whether the wrong proof was taken."""
    taken = []
    for _ in range(count):
        with attempts.connected(name) as aa:
            if is_pending(aa.propose()):
                proof = attempts.meter.random.randbytes(len(aa.proof()))
                taken.append(not is_refused(attempts.fail(aa, proof).last))
            else:
                taken.append(False)  # a client that is locked out may be told so at once
    return taken
