"""Area C6: key_transfer and key_agreement of the security setup (IEC 62056-6-2, class 64)."""

from bench.core.case import Case, Effects, Kind, case
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.engine.context import Inconclusive
from bench.protocols.dlms.data_types import Data, DataType
from bench.protocols.dlms.security import agreement, ecdsa
from bench.protocols.dlms.security.key_wrap import wrap_key
from bench.protocols.dlms.security.keys import KeyId
from bench.protocols.dlms.security.suite import SUITES, Curve
from suites.wan_dlms.association import Association
from suites.wan_dlms.ciphering import GLO
from suites.wan_dlms.forging import SECURITY_SETUP, ciphered
from suites.wan_dlms.judging import judge, judge_done, judge_refused, refused
from suites.wan_dlms.key_changes import UNICAST, KeyKeeper, key_data, need
from suites.wan_dlms.meter import LOGICAL_DEVICE_NAME, Meter

_TRANSFER = "IEC-62056-5-3:5.3.6"
_SETUP = "IEC-62056-6-2:4.4.7"
_COUNTERS = "IEC-62056-5-3:5.3.8"
_ANY_SUITE = "WAN/SUITE-0 or WAN/SUITE-1 or WAN/SUITE-2"
_KEY_AGREEMENT = 3
_UNDEFINED_KEY = 9
_ODD_OCTETS = 24  # a key that can be wrapped, and that no suite has


@case(
    Case(
        id="DLMS-SEC-23",
        version=1,
        interface="wan",
        title="key_transfer",
        purpose="Ensure that keys are changed by whoever has the master key, all or none of them, "
        "and not before the association ends.",
        stimulus="For each suite with a declared master key: key_transfer of keys that are wrapped "
        "with another key, cut, of a wrong length, with an undefined key id, and of a right key "
        "together with a wrong one; in the next association of the master key as it is, and of a "
        "new unicast key. GET with the old key; an association with the old one; one with the new "
        "one and invocation counter 0. The key is changed back.",
        criterion="The wrong ones are refused and change nothing; the old key holds to the end of "
        "the association, and the new one after it, with counters that begin at 0.",
        kind=Kind.VALID,
        clauses=(_SETUP, _TRANSFER, _COUNTERS),
        ics=f"WAN/KEY-TRANSFER and ({_ANY_SUITE})",
        effects=Effects.DESTRUCTIVE,
        detects=(
            "wan.keywrap-unchecked",
            "wan.key-change-early",
            "wan.key-change-partial",
            "wan.key-change-keeps-counter",
            "wan.key-change-forgotten",
        ),
        bound_s=300,
    )
)
def test_key_transfer(meter: Meter, verify: Checks) -> None:
    """What is wrong must be refused before it is too late to say so."""
    done = False
    for means in ciphered(meter):
        if not meter.has_secret(f"suite{means.suite}_master"):
            continue
        done = True
        with KeyKeeper(meter, means) as keeper:
            name = means.name
            aa = keeper.association(keeper.original)
            need(aa.open().established, f"association {name}", aa.opened)
            _judge_wrong_keys(verify, name, aa, keeper)
            aa.close()
            aa = keeper.association(keeper.original)
            expected = f"association {name} with the key that was not changed"
            aa.open()
            if _judge_opened(verify, f"{name}-unchanged", aa, expected):
                _judge_new_key(verify, name, aa, keeper)
    if not done:
        raise Inconclusive(Reason.IXIT, "no master key is declared: add [wan.keys] suiteN_master")


def _judge_opened(verify: Checks, check_id: str, aa: Association, expected: str) -> bool:
    opened = aa.opened
    assert opened is not None
    return verify.that(
        check_id,
        opened.established,
        expected=expected,
        observed=str(opened),
        place=opened.reply.place() if opened.reply is not None else None,
    )


def _judge_wrong_keys(verify: Checks, name: str, aa: Association, keeper: KeyKeeper) -> None:
    """Judge that wrong keys are refused; what was taken is replaced by the key that there is."""
    size, key = len(keeper.original), keeper.new_key()
    right, foreign = wrap_key(keeper.master, key), keeper.meter.random.randbytes(size)
    odd = keeper.meter.random.randbytes(_ODD_OCTETS)
    wrong = {
        "other-kek": {UNICAST: wrap_key(foreign, key)},
        "cut": {UNICAST: right[:-1]},
        "length": {UNICAST: wrap_key(keeper.master, odd)},
        "key-id": {_UNDEFINED_KEY: right},
    }
    for what, wrapped in wrong.items():
        answer = keeper.transfer_wrapped(aa, wrapped)
        expected = f"key_transfer ({what}) is refused"
        judge_refused(verify, f"{name}-{what}", answer, silence=True, expected=expected)
        if not refused(answer, silence=True):
            keeper.transfer(aa, keeper.original)
    both = {UNICAST: right, int(KeyId.AUTHENTICATION): right[:-1]}
    answer = keeper.transfer_wrapped(aa, both)
    expected = "a right key together with a wrong one is refused"
    judge_refused(verify, f"{name}-both", answer, silence=True, expected=expected)


def _judge_new_key(verify: Checks, name: str, aa: Association, keeper: KeyKeeper) -> None:
    master = {int(KeyId.MASTER): wrap_key(keeper.master, keeper.master)}
    verify.note(f"{name}-master", str(keeper.transfer_wrapped(aa, master)))
    key = keeper.new_key()
    answer = keeper.transfer(aa, key)
    judge_done(verify, f"{name}-taken", answer, expected="key_transfer is done")
    answer = aa.get(*LOGICAL_DEVICE_NAME)
    judge_done(verify, f"{name}-not-yet", answer, expected="data under the key from before")
    assert aa.security is not None
    aa.close()
    counter = aa.security.next_counter(GLO)
    old = keeper.association(keeper.original)
    opened = old.open()
    if opened.reply is not None:
        expected = "no association with the key from before"
        judge(verify, f"{name}-old", not opened.accepted, opened.reply, expected=expected)
    old.close()
    aa = keeper.association(key, first_counter=0)
    began = aa.open().established
    if not began:
        refused_first, again = aa, keeper.association(key, first_counter=counter)
        again.open()
        _judge_opened(verify, f"{name}-in-force", again, f"association {name} with the new key")
        expected = f"association {name} with the invocation counter 0"
        _judge_opened(verify, f"{name}-counter", refused_first, expected)
        return
    _judge_opened(verify, f"{name}-in-force", aa, f"association {name} with the new key")
    judge_done(verify, f"{name}-served", aa.get(*LOGICAL_DEVICE_NAME), expected="data")
    keeper.settled = keeper.transfer(aa, keeper.original).ok


@case(
    Case(
        id="DLMS-SEC-24",
        version=1,
        interface="wan",
        title="key_agreement",
        purpose="Ensure that client and meter agree on a key, and that nobody else can.",
        stimulus="For suites 1 and 2 with a declared master key: key_agreement with an ephemeral "
        "key that somebody else signed, with one that is no point of the curve, and with a right "
        "one; then an association with the derived key. The key is changed back by key_transfer.",
        criterion="The first two are refused. The third is answered by an ephemeral key with the "
        "meter's signature; the key that is derived from both opens the association.",
        kind=Kind.VALID,
        clauses=(_SETUP, _TRANSFER),
        ics="WAN/KEY-AGREEMENT and WAN/KEY-TRANSFER and (WAN/SUITE-1 or WAN/SUITE-2)",
        effects=Effects.DESTRUCTIVE,
        detects=("wan.ka-sig-unchecked", "wan.ka-answer-unsigned", "wan.ka-wrong-key"),
        bound_s=180,
    )
)
def test_key_agreement(meter: Meter, verify: Checks) -> None:
    """The key itself never travels."""
    done = False
    for means in ciphered(meter, "suite1", "suite2"):
        if not meter.has_secret(f"suite{means.suite}_master"):
            continue
        done = True
        with KeyKeeper(meter, means) as keeper:
            aa = keeper.association(keeper.original)
            need(aa.open().established, f"association {means.name}", aa.opened)
            _judge_wrong_agreement(verify, means.name, aa, keeper)
            key = _judge_agreement(verify, means.name, aa, keeper)
            if not key:
                keeper.transfer(aa, keeper.original)  # else nobody would know the key
            aa.close()
            if key:
                aa = keeper.association(key, first_counter=0)
                aa.open()
                expected = f"association {means.name} with the derived key"
                if _judge_opened(verify, f"{means.name}-derived", aa, expected):
                    keeper.settled = keeper.transfer(aa, keeper.original).ok
    if not done:
        raise Inconclusive(Reason.IXIT, "no master key is declared: add [wan.keys] suiteN_master")


def _ephemeral(keeper: KeyKeeper) -> tuple[Curve, bytes]:
    curve = agreement.curve_of(SUITES[keeper.suite])
    private = ecdsa.private_key_of(curve, keeper.meter.random.randbytes(64))
    keeper.meter.context.conceal(private)
    return curve, private


def _signing(keeper: KeyKeeper, whose: str) -> bytes:
    return keeper.meter.secret(f"{whose}_signing{'_p384' if keeper.suite == 2 else ''}")


def _judge_wrong_agreement(verify: Checks, name: str, aa: Association, keeper: KeyKeeper) -> None:
    suite = SUITES[keeper.suite]
    curve, private = _ephemeral(keeper)
    point = bytes(2 * curve.octets)
    signature = ecdsa.sign(curve, _signing(keeper, "client"), bytes((UNICAST,)) + point)
    wrong = {
        "signature": agreement.key_agreement_data(suite, UNICAST, private, private),
        "point": point + signature,
    }
    for what, octets in wrong.items():
        parameter = key_data({UNICAST: octets})
        answer = aa.action(SECURITY_SETUP, keeper.setup, _KEY_AGREEMENT, parameter)
        expected = f"key_agreement with a wrong {what} is refused"
        judge_refused(verify, f"{name}-{what}", answer, silence=True, expected=expected)
        if not refused(answer, silence=True):
            keeper.transfer(aa, keeper.original)


def _judge_agreement(verify: Checks, name: str, aa: Association, keeper: KeyKeeper) -> bytes | None:
    """Agree on a key; return it, None where the meter's part cannot be used."""
    suite, security = SUITES[keeper.suite], aa.security
    assert security is not None
    _, private = _ephemeral(keeper)
    own = agreement.key_agreement_data(suite, UNICAST, private, _signing(keeper, "client"))
    keeper.changed = True
    parameter = key_data({UNICAST: own})
    answer = aa.action(SECURITY_SETUP, keeper.setup, _KEY_AGREEMENT, parameter)
    if not judge_done(verify, f"{name}-agreed", answer, expected="the meter's ephemeral key"):
        return None
    theirs = _their_part(answer.data)
    size = 2 * agreement.curve_of(suite).octets
    point = agreement.key_agreement_point(suite, UNICAST, theirs, _signing(keeper, "meter"))
    judge(
        verify,
        f"{name}-signed",
        point is not None,
        answer,
        expected="a point of the curve with the meter's signature of key id and point",
    )
    key = agreement.ephemeral_unified(
        suite,
        private,
        point or theirs[:size],
        security.title,
        security.server_title,
        security.options,
    )
    if key is not None:
        keeper.meter.context.conceal(key)
        keeper.expect(key)
    return key


def _their_part(data: Data | None) -> bytes:
    """Return the key data that the meter returned for the unicast key, b"" if there is none."""
    rows = data.to_python() if data is not None and data.type == DataType.ARRAY else ()
    for row in rows:
        if isinstance(row, tuple | list) and len(row) == 2 and row[0] == UNICAST:
            return row[1] if isinstance(row[1], bytes) else b""
    return b""
