"""Requests that a ciphered association must not serve: made one by one, sent, and judged.

A forged request takes a fresh invocation counter, so that nothing but the forgery can be what the
meter refuses. A meter that refuses by silence is sent the rest in batches, with one wait for each.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from bench.core.check import Deviation, Level, Place
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.engine.context import Inconclusive
from bench.protocols.dlms.acse import Rlre
from bench.protocols.dlms.action import ActionResponseNormal
from bench.protocols.dlms.apdu import encode_apdu
from bench.protocols.dlms.ciphered import TAG_OCTETS
from bench.protocols.dlms.exception_response import ExceptionResponse, ServiceFault
from bench.protocols.dlms.get import GetRequestNormal, GetResponseNormal
from bench.protocols.dlms.initiate import ConfirmedServiceError
from bench.protocols.dlms.security.policy import Policy
from bench.protocols.dlms.set import SetResponseNormal
from suites.wan_dlms.answer import Ending, Reply
from suites.wan_dlms.association import Association
from suites.wan_dlms.ciphering import GLO, Protection
from suites.wan_dlms.declared import DeclaredAssociation
from suites.wan_dlms.meter import LOGICAL_DEVICE_NAME, Meter
from suites.wan_dlms.services import attribute_of

CONTROL_AT = 2  # of a short glo- APDU: tag, length, security control, invocation counter, text, tag
COUNTER_AT = 3
TEXT_AT = 7
SECURITY_SETUP = 64
_BATCH = 32
_PER_LIMIT = 8  # requests that pass over the slowest link within a response limit
_MOST_REOPENED = 8

Forge = Callable[[bytes], bytes]  # the right protected APDU in, the forged one out


def ciphered(meter: Meter, *names: str) -> list[DeclaredAssociation]:
    """Return the declared associations with a security suite that are opened by an AARQ.

    With `names`, those of them alone. Inconclusive (IXIT) where there are none.
    """
    found = [
        one
        for one in meter.declared.associations.values()
        if one.suite is not None and not one.pre_established and one.name in (names or (one.name,))
    ]
    if not found:
        raise Inconclusive(Reason.IXIT, "no association with a security suite is declared")
    return found


def policy_of(meter: Meter, suite: int) -> Policy:
    """Return the security policy of a suite's setup, by the version of its class.

    Ask before anything is opened. Inconclusive (PRECONDITION) where it cannot be read.
    """
    name = meter.declared.setup_name(suite)
    survey = meter.survey()
    listed = survey.find(SECURITY_SETUP, name)
    value = survey.data(SECURITY_SETUP, name, 2)
    if not listed or value is None or not isinstance(value.value, int):
        answer = survey.answer(SECURITY_SETUP, name, 2)
        raise Inconclusive(
            Reason.PRECONDITION,
            f"the security policy cannot be read from {name}: {answer or 'it is not listed'}",
        )
    return Policy.of(listed[0].version, value.value)


def reading(aa: Association) -> bytes:
    """Return a plain GET of the logical device name."""
    attribute = attribute_of(*LOGICAL_DEVICE_NAME)
    return encode_apdu(GetRequestNormal(aa.invocation(), attribute, None))


def fresh_counter(aa: Association) -> int:
    """Return the next invocation counter of the client's global key, and count on."""
    assert aa.security is not None
    return aa.security.counters.take(aa.security.title, aa.security.keys.encryption)


def is_refused(reply: Reply) -> bool:
    """Whether a request was not served: no answer, an exception, or a result other than success."""
    if not reply.came:
        return reply.ending is not Ending.ENDLESS
    match reply.record:
        case ExceptionResponse() | ConfirmedServiceError():
            return True
        case GetResponseNormal(result=int(code)) | SetResponseNormal(result=int(code)):
            return code != 0
        case ActionResponseNormal(outcome=outcome):
            return int(outcome.result) != 0
        case Rlre(reason=reason):
            return reason not in (None, 0)
    return False


def is_undeciphered(reply: Reply) -> bool:
    """Whether a refusal is as the text has it: no answer, or service error deciphering-error."""
    exception = reply.exception
    return exception is None or exception.service_error == ServiceFault.DECIPHERING_ERROR


def judge_undeciphered(
    verify: Checks,
    check_id: str,
    replies: Sequence[tuple[str, Reply]],
    *,
    expected: str,
    clause: str = "",
    any_code: bool = False,
) -> bool:
    """Record that no forged request was served.

    That the refusal is called deciphering-error is a should, but for `any_code`.
    """
    served = [_deviation(name, reply, expected) for name, reply in replies if not is_refused(reply)]
    count = len(replies)
    kept = verify.none_of(
        check_id, served, examined=count, expected=expected, things="requests", clause=clause
    )
    if any_code:
        return kept
    wrong = [
        _deviation(name, reply, "exception-response 5 deciphering-error, or no answer")
        for name, reply in replies
        if is_refused(reply) and not is_undeciphered(reply)
    ]
    verify.none_of(
        f"{check_id}-code",
        wrong,
        examined=count,
        expected="exception-response 5 deciphering-error, or no answer",
        things="requests",
        clause=clause,
        level=Level.SHOULD,
    )
    return kept


def _deviation(name: str, reply: Reply, expected: str) -> Deviation:
    return Deviation(reply.place() or Place(reply.frame), expected, f"{name}: {reply}")


def send_forged(
    aa: Association,
    forgeries: Sequence[tuple[str, Forge]],
    how: Protection = GLO,
) -> list[tuple[str, Reply]]:
    """Send a GET forged in each of these ways; return what each got, by name.

    An association that the meter ends is opened again; Inconclusive (PRECONDITION) when that
    fails.
    """
    found: list[tuple[str, Reply]] = []
    left = iter(forgeries)
    reopened = 0
    for name, forge in left:
        reply = aa.raw(forge(aa.protect(reading(aa), how)))
        found.append((name, reply))
        if reply.closed:
            reopened += 1
            _reopen(aa, name, reopened)
        elif reply.silent:
            found += _in_batches(aa, left, how, reply)

    return found


def _in_batches(
    aa: Association, left: Iterator[tuple[str, Forge]], how: Protection, silent: Reply
) -> list[tuple[str, Reply]]:
    """Send the rest without waiting for each: the meter is one that says nothing."""
    found: list[tuple[str, Reply]] = []
    while batch := list(islice(left, _BATCH)):
        for _, forge in batch:
            aa.transport.send(forge(aa.protect(reading(aa), how)))
        heard = aa.listen(aa.declared.response_limit_s * (1 + len(batch) / _PER_LIMIT))
        names = f"one of {batch[0][0]} ... {batch[-1][0]}"
        found += [(names, reply) for reply in heard]
        found += [(name, silent) for name, _ in batch[len(heard) :]]
    return found


def _reopen(aa: Association, after: str, count: int) -> None:
    opened = aa.open() if count <= _MOST_REOPENED else None
    if opened is None or not opened.established:
        why = opened or f"the meter ended the association {count} times"
        raise Inconclusive(Reason.PRECONDITION, f"after {after}: {why}")


def flipped(octet: int, bit: int) -> Forge:
    """Return what turns over one bit of an octet; a negative one counts from the end."""

    def forge(octets: bytes) -> bytes:
        changed = bytearray(octets)
        changed[octet] ^= 1 << bit
        return bytes(changed)

    return forge


def with_tag(size: int) -> Forge:
    """Return what leaves only the first `size` octets of the authentication tag."""
    lost = TAG_OCTETS - size

    def forge(octets: bytes) -> bytes:
        return octets[:1] + bytes((octets[1] - lost,)) + octets[2 : len(octets) - lost]

    return forge
