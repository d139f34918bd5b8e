"""Requests that no client should make, sent one after the other without waiting longer than needed.

A meter that refuses by silence is sent the rest in batches, with one wait for each batch.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from bench.core.check import Deviation, Place
from bench.engine.checks import Checks
from bench.protocols.dlms.action import ActionRequestNormal
from bench.protocols.dlms.apdu import encode_apdu
from bench.protocols.dlms.cosem_types import MethodDescriptor
from bench.protocols.dlms.data_types import Data
from bench.protocols.dlms.get import GetRequestNormal
from bench.protocols.dlms.results import Invocation
from bench.protocols.dlms.set import SetRequestNormal
from suites.wan_dlms.answer import Reply
from suites.wan_dlms.association import Association
from suites.wan_dlms.forging import is_refused
from suites.wan_dlms.harmless import Script, Text
from suites.wan_dlms.meter import LOGICAL_DEVICE_NAME
from suites.wan_dlms.services import attribute_of, method_of

Named = tuple[str, bytes]  # what is wrong with a request, and the request before protection

_BATCH = 32
_MOST_REOPENED = 8
_NO_METHOD = 99
_HUGE = b"\x84\xff\xff\xff\xff"
_NAME = attribute_of(*LOGICAL_DEVICE_NAME)
_HOW = Invocation(7)


def provoke(
    aa: Association, requests: Sequence[Named], say: Callable[[bytes], Reply]
) -> list[tuple[str, Reply]]:
    """Send each request by `say`; return what each got, as far as the meter listens.

    Ends early when the meter ends the association and does not open it again.
    """
    found: list[tuple[str, Reply]] = []
    left = iter(requests)
    reopened = 0
    for name, octets in left:
        reply = say(octets)
        found.append((name, reply))
        if reply.closed:
            reopened += 1
            if reopened > _MOST_REOPENED or not aa.open().established:
                break
        elif reply.silent:
            found += _in_batches(aa, left, reply)
    return found


def _in_batches(
    aa: Association, left: Iterator[Named], silent: Reply
) -> Iterator[tuple[str, Reply]]:
    while batch := list(islice(left, _BATCH)):
        for _, octets in batch:
            aa.send(octets)
        heard = aa.listen(aa.declared.response_limit_s)
        names = f"one of {batch[0][0]} ... {batch[-1][0]}"
        yield from ((names, reply) for reply in heard)
        yield from ((name, silent) for name, _ in batch[len(heard) :])


def judge_not_served(
    verify: Checks, check_id: str, replies: Sequence[tuple[str, Reply]], *, expected: str
) -> bool:
    """Record that no request was served: no answer, an exception, or a result but success."""
    served = [
        Deviation(reply.place() or Place(reply.frame), expected, f"{name}: {reply}")
        for name, reply in replies
        if not is_refused(reply)
    ]
    return verify.none_of(
        check_id, served, examined=len(replies), expected=expected, things="requests"
    )


def get_name() -> bytes:
    """Return a right GET of the logical device name."""
    return encode_apdu(GetRequestNormal(_HOW, _NAME))


def set_octets(text: Text | None, value: Data) -> bytes:
    """Return a right SET of the string that may be written, or of the logical device name."""
    descriptor = _NAME if text is None else text.descriptor
    return encode_apdu(SetRequestNormal(_HOW, descriptor, None, value))


def action_octets(script: Script | None, parameter: Data) -> bytes:
    """Return a right ACTION: of the script that may run, or of a method that no class has."""
    method: MethodDescriptor = (
        method_of(*LOGICAL_DEVICE_NAME[:2], _NO_METHOD) if script is None else script.method
    )
    return encode_apdu(ActionRequestNormal(_HOW, method, parameter))


def truncations(what: str, octets: bytes) -> list[Named]:
    """Return a request cut after each of its octets but the last."""
    return [(f"{what} of {size} octets", octets[:size]) for size in range(1, len(octets))]


def bombs(text: Text | None, script: Script | None, limit: int, depth: int) -> Iterator[Named]:
    """Yield requests with lengths of 4294967295, and with data nested `depth` deep.

    They have `limit` octets at most (0: no limit).
    """
    null = Data(0, None)
    put, act, get = set_octets(text, null)[:-1], action_octets(script, null)[:-1], get_name()
    for kind, tag in (("octet-string", b"\x09"), ("array", b"\x01"), ("bit-string", b"\x04")):
        yield f"SET of a {kind} with a length of 4294967295", put + tag + _HUGE + bytes(4)
    yield "ACTION with a structure of 4294967295 elements", act + b"\x02" + _HUGE + bytes(4)
    selected = get[:-1] + b"\x01\x01"
    yield "GET with a selection of 4294967295 elements", selected + b"\x02" + _HUGE + bytes(4)
    yield "GET with a list of 4294967295 attributes", b"\xc0\x03\xc7" + _HUGE + get[3:]
    for name, head in (("SET", put), ("ACTION", act), ("GET", selected)):
        deep = min(depth, (limit - len(head) - 1) // 2) if limit else depth
        yield f"{name} with arrays nested {deep} deep", head + b"\x01\x01" * deep + b"\x00"
