"""Area C6: invocation counters, which make a recorded request worthless (IEC 62056-5-3 §5.3.8)."""

from dataclasses import replace

from bench.core.case import Case, Effects, Kind, case
from bench.core.check import Deviation, Level, Place
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.engine.context import Inconclusive
from bench.protocols.dlms.acse import Mechanism
from bench.protocols.dlms.data_types import DataType
from bench.protocols.dlms.exception_response import ServiceFault
from suites.wan_dlms.answer import Reply
from suites.wan_dlms.association import Association
from suites.wan_dlms.ciphering import GLO, HeardNonce
from suites.wan_dlms.declared import LinkLayer
from suites.wan_dlms.forging import ciphered, fresh_counter, is_refused, reading
from suites.wan_dlms.judging import judge, judge_done, judge_established
from suites.wan_dlms.key_changes import KeyKeeper, need
from suites.wan_dlms.meter import LOGICAL_DEVICE_NAME, Meter

_COUNTERS = "IEC-62056-5-3:5.3.8"
_NONCE = "IEC-62056-5-3:5.3.7.2"
_KEYS = "IEC-62056-5-3:5.3.5"
_NAMES = "IEC-62056-6-1:6.2"
_UNIQUE = "SP-800-38D:8.2"
_ANY_SUITE = "WAN/SUITE-0 or WAN/SUITE-1 or WAN/SUITE-2"
_LAST = 0xFFFFFFFF
_ANSWERS = 200
_LEAST = 30  # in this case itself, where many were heard before
_AHEAD = 1000


def _holds_data(reply: Reply) -> bool:
    return reply.plain[:2] == b"\xc4\x01" and not is_refused(reply)


def _judge_replayed(verify: Checks, check_id: str, reply: Reply, expected: int) -> None:
    """Judge the answer to a counter that is not above those before; `expected` is the next one."""
    judge(
        verify,
        check_id,
        is_refused(reply),
        reply,
        expected="no data for an invocation counter that is not above the last one",
    )
    exception = reply.exception
    if not is_refused(reply) or exception is None:
        return
    codes = (ServiceFault.INVOCATION_COUNTER_ERROR, ServiceFault.DECIPHERING_ERROR)
    right = exception.service_error in codes
    if exception.service_error == ServiceFault.INVOCATION_COUNTER_ERROR:
        right = exception.invocation_counter == expected
    judge(
        verify,
        f"{check_id}-code",
        right,
        reply,
        expected=f"exception-response 6 invocation-counter-error that expects {expected}, or 5 "
        "deciphering-error, or no answer",
        level=Level.SHOULD,
    )


@case(
    Case(
        id="DLMS-SEC-11",
        version=1,
        interface="wan",
        title="The same request twice",
        purpose="Ensure that a request that was recorded is not served again.",
        stimulus="In an association of each suite: one ciphered GET, the same octets again, and a "
        "fresh GET.",
        criterion="Data to the first; none to the second (should be exception-response 6 with the "
        "expected counter, or 5 deciphering-error, or no answer); data to the fresh one.",
        kind=Kind.INVALID,
        clauses=(_COUNTERS,),
        ics=_ANY_SUITE,
        detects=("wan.ic-not-checked", "wan.ic-error-wrong-counter"),
        bound_s=120,
    )
)
def test_replay(meter: Meter, verify: Checks) -> None:
    """Right keys, right tag, and still not from the client."""
    for means in ciphered(meter):
        with meter.associate(means.name) as aa:
            counter = fresh_counter(aa)
            octets = aa.protect(reading(aa), counter=counter)
            first = aa.raw(octets)
            judge(verify, f"{means.name}-first", _holds_data(first), first, expected="data")
            _judge_replayed(verify, f"{means.name}-again", aa.raw(octets), counter + 1)
            if aa.transport.up:
                judge_done(verify, f"{means.name}-after", aa.get(*LOGICAL_DEVICE_NAME))


@case(
    Case(
        id="DLMS-SEC-12",
        version=1,
        interface="wan",
        title="A lower invocation counter",
        purpose="Ensure that a counter below the last one is not taken, be it never used.",
        stimulus="In an association of each suite: GET with the invocation counter after next, "
        "GET with the one that was left out, and GET with the next one.",
        criterion="Data to the first and the last; none to the second (should be as for the same "
        "request twice).",
        kind=Kind.INVALID,
        clauses=(_COUNTERS,),
        ics=_ANY_SUITE,
        detects=("wan.ic-lower-accepted",),
        bound_s=120,
    )
)
def test_lower_counter(meter: Meter, verify: Checks) -> None:
    """Requests may be lost on their way; they must not come late."""
    for means in ciphered(meter):
        with meter.associate(means.name) as aa:
            left_out, later = fresh_counter(aa), fresh_counter(aa)
            first = aa.request(reading(aa), counter=later)
            judge(verify, f"{means.name}-gap", _holds_data(first), first, expected="data")
            reply = aa.request(reading(aa), counter=left_out)
            _judge_replayed(verify, f"{means.name}-lower", reply, later + 1)
            if aa.transport.up:
                judge_done(verify, f"{means.name}-after", aa.get(*LOGICAL_DEVICE_NAME))


@case(
    Case(
        id="DLMS-SEC-13",
        version=1,
        interface="wan",
        title="The last invocation counters",
        purpose="Ensure that counters do not begin again when they are used up.",
        stimulus="For each suite with a declared master key, under a key that is changed for this "
        "case: GETs with the counters FFFFFFFE, FFFFFFFF, 0 and 1. The key is changed back.",
        criterion="Data to FFFFFFFE, and there should be data to FFFFFFFF; no data after that.",
        kind=Kind.VALID,
        clauses=(_COUNTERS, _NONCE),
        ics=f"(WAN/HDLC or WAN/WRAPPER) and ({_ANY_SUITE})",
        effects=Effects.DESTRUCTIVE,
        detects=("wan.ic-wrap", "wan.ic-jump-refused"),
        bound_s=180,
    )
)
def test_last_counters(meter: Meter, verify: Checks) -> None:
    """The way back is prepared before the last counter is spent, as after it nothing goes."""
    done = False
    for means in ciphered(meter):
        if not meter.has_secret(f"suite{means.suite}_master"):
            continue
        done = True
        with KeyKeeper(meter, means) as keeper:
            aa = keeper.association(keeper.original)
            need(aa.open().established, f"association {means.name}", aa.opened)
            key = keeper.new_key()
            answer = keeper.transfer(aa, key)
            need(answer.ok, "key_transfer", answer)
            aa.close()
            aa = keeper.association(key, first_counter=0)
            need(aa.open().established, f"association {means.name} under a new key", aa.opened)
            answer = keeper.transfer(aa, keeper.original)
            need(answer.ok, "key_transfer back", answer)
            reply = aa.request(reading(aa), counter=_LAST - 1)
            name = f"{means.name}-jump"
            judge(verify, name, _holds_data(reply), reply, expected="data for FFFFFFFE")
            reply = aa.request(reading(aa), counter=_LAST)
            judge(
                verify,
                f"{means.name}-last",
                _holds_data(reply),
                reply,
                expected="data for FFFFFFFF",
                level=Level.SHOULD,
            )
            for counter in (0, 1):
                reply = aa.request(reading(aa), counter=counter)
                expected = "no data after the last counter"
                judge(verify, f"{means.name}-wrap", is_refused(reply), reply, expected=expected)
            keeper.abandon(aa)
            keeper.settled = True
    if not done:
        raise Inconclusive(Reason.IXIT, "no master key is declared: add [wan.keys] suiteN_master")


@case(
    Case(
        id="DLMS-SEC-14",
        version=1,
        interface="wan",
        title="Counters of each key",
        purpose="Ensure that the counter of the broadcast key says nothing about the unicast key.",
        stimulus=f"A broadcast GET whose counter is {_AHEAD} ahead of the unicast counter; then "
        "the association of suite 0 with its own counters.",
        criterion="The association is opened, and a GET gets data.",
        kind=Kind.VALID,
        clauses=(_COUNTERS, _KEYS),
        ics="WAN/BROADCAST and WAN/SUITE-0",
        ixit=("keys.suite0_broadcast",),
        detects=("wan.ic-shared",),
        bound_s=60,
    )
)
def test_counter_of_each_key(meter: Meter, verify: Checks) -> None:
    """A broadcast that makes every meter of a street deaf would be a weapon."""
    own = meter.associate("suite0")  # which learns the counter where it is not known
    own.close()
    security = own.security
    assert security is not None
    title, keys, counters = security.title, security.keys, security.counters
    ahead = security.next_counter(GLO) + _AHEAD
    ahead = max(ahead, counters.peek(title, keys.broadcast))
    try:
        with meter.associate("broadcast") as aa:
            aa.request(reading(aa), protection=GLO.but(broadcast=True), counter=ahead)
        counters.start(title, keys.broadcast, ahead + 1)
        with meter.association("suite0") as aa:
            if judge_established(verify, "opened", aa.open()):
                judge_done(verify, "served", aa.get(*LOGICAL_DEVICE_NAME), expected="data")
                return
        counters.start(title, keys.encryption, ahead + 1)  # else nobody could go on
    finally:
        counters.start(title, keys.broadcast, ahead + 1)


@case(
    Case(
        id="DLMS-SEC-15",
        version=1,
        interface="wan",
        title="Replay in a later association",
        purpose="Ensure that a meter remembers counters from one association and connection to "
        "the next.",
        stimulus="For each suite: a ciphered GET; release, and a new connection where the link "
        "has connections; in a new association the same octets again, then a fresh GET.",
        criterion="No data to the octets of the earlier association; data to the fresh GET.",
        kind=Kind.INVALID,
        clauses=(_COUNTERS,),
        ics=_ANY_SUITE,
        detects=("wan.ic-reset-on-connect",),
        bound_s=120,
    )
)
def test_replay_later(meter: Meter, verify: Checks) -> None:
    """What was recorded yesterday must be as worthless as what was recorded just now."""
    for means in ciphered(meter):
        with meter.associate(means.name) as aa:
            octets = aa.protect(reading(aa))
            first = aa.raw(octets)
        need(_holds_data(first), f"a GET in the association {means.name}", first)
        if meter.declared.link_layer is LinkLayer.WRAPPER:
            need(meter.reconnect(), "a new connection", "the meter takes none")
        with meter.associate(means.name) as aa:
            reply = aa.raw(octets)
            expected = "no data for a request of an earlier association"
            judge(verify, f"{means.name}-replayed", is_refused(reply), reply, expected=expected)
            if aa.transport.up:
                judge_done(verify, f"{means.name}-after", aa.get(*LOGICAL_DEVICE_NAME))


@case(
    Case(
        id="DLMS-SEC-16",
        version=1,
        interface="wan",
        title="The invocation counter can be read",
        purpose="Ensure that a client that has lost its counter can learn it without keys.",
        stimulus="For each suite: a ciphered GET, release; then GET of the counter object by the "
        "public client.",
        criterion="double-long-unsigned; the last counter that was taken, or the next one.",
        kind=Kind.VALID,
        clauses=(_NAMES, _COUNTERS),
        ics=f"WAN/COUNTER-READABLE and WAN/PUBLIC and ({_ANY_SUITE})",
        detects=("wan.ic-object-wrong", "wan.ic-object-u16"),
        bound_s=120,
    )
)
def test_counter_object(meter: Meter, verify: Checks) -> None:
    """Whether it is the last one or the next one, companion specifications do not agree."""
    for means in ciphered(meter):
        with meter.associate(means.name) as aa:
            answer = aa.get(*LOGICAL_DEVICE_NAME)
            need(answer.ok, f"a GET in the association {means.name}", answer)
            assert aa.security is not None
            lowest = aa.security.next_counter(GLO) - 1
        highest = aa.security.next_counter(GLO)  # the release may, or may not, be counted
        name = meter.declared.counter_name(means.suite or 0)
        with meter.associate("public") as public:
            answer = public.get(1, name, 2)
        data = answer.data
        if not judge_done(verify, f"{means.name}-readable", answer, expected="a counter"):
            continue
        judge(
            verify,
            f"{means.name}-type",
            data is not None and data.type == DataType.DOUBLE_LONG_UNSIGNED,
            answer,
            expected="double-long-unsigned",
        )
        judge(
            verify,
            f"{means.name}-value",
            isinstance(answer.value, int) and lowest <= answer.value <= highest,
            answer,
            expected=f"{lowest} to {highest}",
        )


@case(
    Case(
        id="DLMS-SEC-17",
        version=1,
        interface="wan",
        title="Nonces of the meter",
        purpose="Ensure that the meter uses no nonce twice under one key.",
        stimulus=f"Ciphered GETs, shared out over the associations of all suites: {_LEAST}, and "
        f"more where not {_ANSWERS} ciphered answers came so far in the run.",
        criterion="Each system title and invocation counter comes once under each key, in these "
        "answers, in the proofs of mechanism 5, and in all that came before in the run.",
        kind=Kind.VALID,
        clauses=(_UNIQUE, _NONCE),
        ics=_ANY_SUITE,
        detects=("wan.server-iv-reuse", "wan.server-iv-per-association"),
        bound_s=300,
    )
)
def test_nonces(meter: Meter, verify: Checks) -> None:
    """Two texts under one nonce tell each other, and the key of all tags."""
    suites, heard = ciphered(meter), meter.heard_nonces
    before = len(heard)
    asked = max(_ANSWERS - before, _LEAST) // len(suites) + 1
    for means in suites:
        with meter.associate(means.name) as aa:
            for _ in range(asked):
                if not aa.transport.up or meter.hurry():
                    break
                aa.request(reading(aa))
            heard += _of_proof(aa, heard)
    seen: set[HeardNonce] = set()
    found = []
    for index, nonce in enumerate(heard):
        anonymous = replace(nonce, frame=0)
        if anonymous in seen:
            title = nonce.title.hex(" ").upper()
            observed = f"counter {nonce.counter} of {title} came before"
            place = Place(nonce.frame if index >= before else 0)
            found.append(Deviation(place, "a nonce that is new", observed))
        seen.add(anonymous)
    verify.none_of(
        "unique",
        found,
        examined=len(heard),
        expected="every nonce of the meter comes once under a key",
        things="nonces",
    )


def _of_proof(aa: Association, heard: list[HeardNonce]) -> list[HeardNonce]:
    """Return the nonce of the meter's f(CtoS), where that was made with the global key."""
    hls = aa.opened.hls if aa.opened is not None else None
    proof = hls.value if hls is not None else None
    if aa.means.mechanism is not Mechanism.HLS_GMAC or not isinstance(proof, bytes) or not heard:
        return []
    assert hls is not None
    return [replace(heard[-1], counter=int.from_bytes(proof[1:5], "big"), frame=hls.frame)]
