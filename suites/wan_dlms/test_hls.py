"""Area C5: the four passes of high level security, mechanism by mechanism (IEC 62056-5-3 §5.3)."""

from bench.core.case import Case, Kind, case
from bench.core.check import Deviation, Place
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.engine.context import Inconclusive
from bench.protocols.dlms.acse import Mechanism, Rlre
from bench.protocols.dlms.exception_response import StateError
from bench.protocols.dlms.results import DataAccessResult
from bench.protocols.dlms.security.hls import challenge_octets
from suites.wan_dlms.answer import Answer
from suites.wan_dlms.association import Association
from suites.wan_dlms.hls_attempts import Attempts, has_challenge, is_pending
from suites.wan_dlms.judging import judge, judge_done
from suites.wan_dlms.meter import LOGICAL_DEVICE_NAME, Meter

_MECHANISMS = "IEC-62056-5-3:5.3.4"
_AUTHENTICATION = "IEC-62056-5-3:5.3"
_GREEN_BOOK = "DLMS-UA-1000-2:9.2"
_ANY = " or ".join(f"WAN/HLS-{number}" for number in range(2, 8))
_STIMULUS = "AARQ with CtoS; reply_to_HLS_authentication with f(StoC); GET of the logical device "
_CRITERION = (
    "AARE with result accepted, user diagnostic authentication-required and a challenge of the "
    "right length; f(CtoS) in the answer equals what the bench computes; the GET is served."
)
_ASSOCIATIONS = 50


def _four_passes(meter: Meter, verify: Checks, mechanism: Mechanism) -> None:
    """Judge the four passes of every declared association with a mechanism."""
    for name in Attempts(meter).names(mechanism):
        with meter.connect(name) as aa:
            _passes(verify, name, aa)


def _passes(verify: Checks, name: str, aa: Association) -> None:
    opened = aa.propose()
    reply = opened.reply
    assert reply is not None
    if not judge(
        verify,
        f"{name}-asks",
        is_pending(opened),
        reply,
        expected="AARE result 0 accepted, user diagnostic 14 authentication-required",
        observed=opened.said,
    ):
        return
    sizes = challenge_octets(aa.means.mechanism)
    if not judge(
        verify,
        f"{name}-challenge",
        has_challenge(aa),
        reply,
        expected=f"a challenge of {sizes.start} to {sizes.stop - 1} octets",
        observed=f"a challenge of {len(aa.peer_challenge)} octets",
    ):
        return
    proved = aa.authenticate()
    answer = proved.hls
    assert answer is not None
    if not judge_done(verify, f"{name}-taken", answer, expected="f(StoC) is taken"):
        return
    judge(
        verify,
        f"{name}-fctos",
        proved.proof_right is True,
        answer,
        expected="f(CtoS) as the bench computes it",
        observed="it is" if proved.proof_right else proved.failed,
        clause=_MECHANISMS,
    )
    judge_done(verify, f"{name}-usable", aa.get(*LOGICAL_DEVICE_NAME), expected="data")


@case(
    Case(
        id="DLMS-HLS-01",
        version=1,
        interface="wan",
        title="Four passes with MD5",
        purpose="Ensure that client and meter prove themselves to each other by mechanism 3.",
        stimulus=_STIMULUS + "name.",
        criterion=_CRITERION,
        kind=Kind.VALID,
        clauses=(_AUTHENTICATION, _MECHANISMS),
        ics="WAN/HLS-3",
        ixit=("keys.hls3_secret",),
        detects=("wan.hls3-wrong-fctos", "wan.hls-any"),
    )
)
def test_mechanism_3(meter: Meter, verify: Checks) -> None:
    """MD5(challenge || secret)."""
    _four_passes(meter, verify, Mechanism.HLS_MD5)


@case(
    Case(
        id="DLMS-HLS-02",
        version=1,
        interface="wan",
        title="Four passes with SHA-1",
        purpose="Ensure that client and meter prove themselves to each other by mechanism 4.",
        stimulus=_STIMULUS + "name.",
        criterion=_CRITERION,
        kind=Kind.VALID,
        clauses=(_AUTHENTICATION, _MECHANISMS),
        ics="WAN/HLS-4",
        ixit=("keys.hls4_secret",),
        detects=("wan.hls4-wrong-fctos", "wan.hls-any"),
    )
)
def test_mechanism_4(meter: Meter, verify: Checks) -> None:
    """SHA-1(challenge || secret)."""
    _four_passes(meter, verify, Mechanism.HLS_SHA1)


@case(
    Case(
        id="DLMS-HLS-03",
        version=1,
        interface="wan",
        title="Four passes with GMAC",
        purpose="Ensure that client and meter prove themselves to each other by mechanism 5.",
        stimulus=_STIMULUS + "name.",
        criterion=_CRITERION,
        kind=Kind.VALID,
        clauses=(_AUTHENTICATION, _MECHANISMS),
        ics="WAN/HLS-5",
        detects=("wan.hls5-wrong-fctos", "wan.hls-any"),
    )
)
def test_mechanism_5(meter: Meter, verify: Checks) -> None:
    """SC || IC || GMAC(SC || AK || challenge)."""
    _four_passes(meter, verify, Mechanism.HLS_GMAC)


@case(
    Case(
        id="DLMS-HLS-04",
        version=1,
        interface="wan",
        title="Four passes with SHA-256",
        purpose="Ensure that client and meter prove themselves to each other by mechanism 6.",
        stimulus=_STIMULUS + "name.",
        criterion=_CRITERION,
        kind=Kind.VALID,
        clauses=(_AUTHENTICATION, _MECHANISMS),
        ics="WAN/HLS-6",
        ixit=("keys.hls6_secret",),
        detects=("wan.hls6-wrong-fctos", "wan.hls-any"),
    )
)
def test_mechanism_6(meter: Meter, verify: Checks) -> None:
    """SHA-256(secret || titles || challenges)."""
    _four_passes(meter, verify, Mechanism.HLS_SHA256)


@case(
    Case(
        id="DLMS-HLS-05",
        version=1,
        interface="wan",
        title="Four passes with ECDSA",
        purpose="Ensure that client and meter prove themselves to each other by mechanism 7.",
        stimulus=_STIMULUS + "name.",
        criterion=_CRITERION,
        kind=Kind.VALID,
        clauses=(_AUTHENTICATION, _MECHANISMS),
        ics="WAN/HLS-7",
        detects=("wan.hls7-wrong-fctos", "wan.hls-any", "wan.hls7-short-stoc"),
    )
)
def test_mechanism_7(meter: Meter, verify: Checks) -> None:
    """ECDSA(titles || challenges)."""
    _four_passes(meter, verify, Mechanism.HLS_ECDSA)


@case(
    Case(
        id="DLMS-HLS-15",
        version=1,
        interface="wan",
        title="Four passes with the manufacturer's mechanism",
        purpose="Ensure that mechanism 2 is what the manufacturer declares.",
        stimulus=_STIMULUS + "name. f() is the declared function (hls2_function).",
        criterion=_CRITERION,
        kind=Kind.VALID,
        clauses=(_GREEN_BOOK,),
        ics="WAN/HLS-2",
        ixit=("keys.hls2_secret", "hls2_function"),
        detects=("wan.hls2-wrong-fctos", "wan.hls2-another-function"),
    )
)
def test_mechanism_2(meter: Meter, verify: Checks) -> None:
    """No standard says what f() is, but the declaration does."""
    _four_passes(meter, verify, Mechanism.HLS)


@case(
    Case(
        id="DLMS-HLS-06",
        version=1,
        interface="wan",
        title="GET before the proof",
        purpose="Ensure that a client that has not proved itself is served nothing.",
        stimulus="In each association with high level security: AARQ, then GET of the logical "
        "device name instead of f(StoC).",
        criterion="ExceptionResponse with state error service-not-allowed, or data-access-result "
        "read-write-denied.",
        kind=Kind.INOPPORTUNE,
        clauses=(_AUTHENTICATION,),
        ics=_ANY,
        detects=("wan.hls-pass3-skippable",),
    )
)
def test_pending(meter: Meter, verify: Checks) -> None:
    """The association is pending until both sides have proved themselves."""
    attempts = Attempts(meter)
    for name in attempts.names():
        with attempts.pending(name) as aa:
            answer = aa.get(*LOGICAL_DEVICE_NAME)
            judge(
                verify,
                f"{name}-denied",
                _is_denied(answer),
                answer,
                expected="exception-response 1 service-not-allowed, or data-access-result 3 "
                "read-write-denied",
            )


def _is_denied(answer: Answer) -> bool:
    exception = answer.exception
    if exception is not None:
        return exception.state_error == StateError.SERVICE_NOT_ALLOWED
    return answer.result == DataAccessResult.READ_WRITE_DENIED


@case(
    Case(
        id="DLMS-HLS-10",
        version=1,
        interface="wan",
        title="Challenges of the meter",
        purpose="Ensure that the meter gives a new challenge every time, and one that is long "
        "enough.",
        stimulus=f"{_ASSOCIATIONS} AARQs, spread over the associations with high level security, "
        "each time with the same CtoS in one of them.",
        criterion="No two challenges StoC are the same; each has 8 to 64 octets, with mechanism 7 "
        "32 to 64.",
        kind=Kind.VALID,
        clauses=(_GREEN_BOOK,),
        ics=_ANY,
        detects=("wan.hls-constant-stoc", "wan.hls-replay", "wan.hls7-short-stoc"),
        bound_s=180.0,
    )
)
def test_fresh_challenges(meter: Meter, verify: Checks) -> None:
    """A challenge that comes again can be answered by who heard it before."""
    attempts = Attempts(meter)
    names = attempts.names()
    each, rest = divmod(_ASSOCIATIONS, len(names))
    first: dict[bytes, str] = {}
    repeated: list[Deviation] = []
    wrong: list[Deviation] = []
    for index, name in enumerate(names):
        sizes = challenge_octets(meter.declared.association(name).mechanism)
        given = _challenges(attempts, name, each + (index < rest))
        for number, (challenge, place) in enumerate(given, 1):
            who = f"{name} {number}"
            if challenge in first:
                shown = f"the challenge of {who} is that of {first[challenge]}"
                repeated.append(Deviation(place, "a challenge that was not given before", shown))
            first.setdefault(challenge, who)
            if len(challenge) not in sizes:
                limits = f"{sizes.start} to {sizes.stop - 1} octets"
                wrong.append(Deviation(place, limits, f"{who}: {len(challenge)} octets"))
    verify.none_of(
        "different",
        repeated,
        examined=_ASSOCIATIONS,
        expected="challenges that were not given before",
        things="challenges",
    )
    verify.none_of(
        "length",
        wrong,
        examined=_ASSOCIATIONS,
        expected="8 to 64 octets, with mechanism 7 32 to 64",
        things="challenges",
    )


def _challenges(attempts: Attempts, name: str, count: int) -> list[tuple[bytes, Place]]:
    """Return so many challenges of one association, each with the AARE that has it."""
    found: list[tuple[bytes, Place]] = []
    while len(found) < count:
        begun = len(found)
        with attempts.connected(name) as aa:
            while len(found) < count:
                opened = aa.propose()
                if not is_pending(opened):
                    break
                assert opened.reply is not None
                place = opened.reply.place() or Place(opened.reply.frame)
                found.append((aa.peer_challenge, place))
                if not isinstance(aa.release().record, Rlre):
                    break  # some do not release what is pending: the next one over a new link
        if len(found) == begun:
            raise Inconclusive(Reason.PRECONDITION, opened.failed or opened.said)
    return found
