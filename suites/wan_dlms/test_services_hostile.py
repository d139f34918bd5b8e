"""Area C7: unknown, truncated, overlong and explosive requests (IEC 62056-5-3 §6.2 and §8)."""

from bench.core.case import Case, Effects, Kind, case
from bench.core.check import Deviation, Level, Place
from bench.engine.checks import Checks
from bench.protocols.dlms.data_types import Data, octet_string
from bench.protocols.dlms.exception_response import ServiceFault
from bench.protocols.dlms.get import GetResponseNormal
from suites.wan_dlms.answer import Reply, slowest
from suites.wan_dlms.association import Association
from suites.wan_dlms.forging import is_refused
from suites.wan_dlms.harmless import Script, script_of, text_of
from suites.wan_dlms.judging import judge, judge_alive, judge_done
from suites.wan_dlms.meter import LOGICAL_DEVICE_NAME, Meter
from suites.wan_dlms.provoking import (
    action_octets,
    bombs,
    get_name,
    judge_not_served,
    provoke,
    set_octets,
    truncations,
)

_EXCHANGE = "IEC-62056-5-3:6.2"
_SIZES = "IEC-62056-5-3:6.3"
_LIMITS = "IEC-62056-5-3:5.3.2"
_SYNTAX = "IEC-62056-5-3:8"
_RESULTS = "IEC-62056-5-3:8.5"
_UNKNOWN_TAGS = (0x00, 0x7F, 0xFF, 0x04, 0xC6, 0x80, 0xDE)
_TRAILING = (1, 4, 16)
_DEPTH = 200
_SOON_S = 1.0
_LARGEST = 8192  # octets: more is no limit that a case could exceed in reasonable time
_BEYOND = 64


@case(
    Case(
        id="DLMS-SVC-17",
        version=1,
        interface="wan",
        title="Unknown tags",
        purpose="Ensure that an APDU with a tag that no service has is refused and does no harm.",
        stimulus="In an association: APDUs with the tags 00, 7F, FF, 04, C6, 80 and DE, each alone "
        "and followed by what follows the tag of a GET; then GET of the logical device name.",
        criterion="Exception-response, or no answer; the name is read.",
        kind=Kind.INVALID,
        clauses=(_EXCHANGE, _SYNTAX),
        detects=("wan.tag-crash", "wan.tag-as-get"),
        bound_s=120,
    )
)
def test_unknown_tags(meter: Meter, verify: Checks) -> None:
    """Newer clients will know more services than older meters."""
    rest = get_name()[1:]
    requests = [(f"{tag:02X}", bytes((tag,))) for tag in _UNKNOWN_TAGS]
    requests += [(f"{tag:02X} and a GET", bytes((tag,)) + rest) for tag in _UNKNOWN_TAGS]
    with meter.associate(meter.simplest()) as aa:
        replies = provoke(aa, requests, aa.raw)
        judge_not_served(
            verify, "not-served", replies, expected="an exception-response, or no answer"
        )
        _judge_reads(verify, "reads", aa)
    judge_alive(verify, meter)


def _judge_reads(verify: Checks, check_id: str, aa: Association) -> bool:
    if not (aa.transport.up and aa.opened is not None):
        aa.open()
    answer = aa.get(*LOGICAL_DEVICE_NAME)
    return judge_done(verify, check_id, answer, expected="the logical device name")


@case(
    Case(
        id="DLMS-SVC-18",
        version=1,
        interface="wan",
        title="Truncated requests",
        purpose="Ensure that a request that ends too early is refused at whichever octet it ends, "
        "and is not carried out.",
        stimulus="GET of the logical device name, SET of the declared writable string (else of "
        "the name) and ACTION of the declared script (else of a method that no class has), each "
        "cut after every octet; after each service GET of the logical device name.",
        criterion="Exception-response, a result other than success, or no answer; the name is "
        "read; the string is unchanged, the script was not executed.",
        kind=Kind.INVALID,
        clauses=(_EXCHANGE, _SYNTAX),
        effects=Effects.REVERSIBLE,
        detects=("wan.trunc-crash", "wan.trunc-executed", "wan.trunc-written"),
        bound_s=300,
    )
)
def test_truncated(meter: Meter, verify: Checks) -> None:
    """Each octet that a decoder does not look for is an octet of somebody else's memory."""
    text, script = text_of(meter), script_of(meter)
    with meter.associate("main") as aa:
        held = text.read(aa) if text is not None else None
        before = script.count(aa) if script is not None else None
        value = text.other(held, 8) if text is not None and held is not None else octet_string(b"?")
        parameter = script.parameter if script is not None else octet_string(b"?")
        services = {
            "get": get_name(),
            "set": set_octets(text, value),
            "action": action_octets(script, parameter),
        }
        for name, octets in services.items():
            replies = provoke(aa, truncations(name.upper(), octets), aa.request)
            judge_not_served(verify, name, replies, expected="a refusal, or no answer")
            if not _judge_reads(verify, f"{name}-reads", aa):
                break
        else:
            if text is not None and held is not None:
                answer = text.get(aa)
                judge(verify, "unchanged", answer.data == held, answer, expected=str(held))
                if answer.data != held:
                    aa.set(*text.target, held)
            if script is not None:
                _judge_not_executed(verify, aa, script, before)
    judge_alive(verify, meter)


def _judge_not_executed(
    verify: Checks, aa: Association, script: Script, before: int | None
) -> None:
    if before is None:
        verify.note("not-executed", "not looked at: no action_counter is declared")
        return
    after = script.count(aa)
    verify.that(
        "not-executed",
        after == before,
        expected=f"{before} executions of the script, as before",
        observed=f"{after}",
    )


@case(
    Case(
        id="DLMS-SVC-19",
        version=1,
        interface="wan",
        title="Octets after the end of a request",
        purpose="Ensure that a meter treats octets behind a request in one way.",
        stimulus="GET of the logical device name with 1, 4 and 16 more octets behind it, each "
        "twice; then without.",
        criterion="All are served as if the octets were not there, or all are refused; the last "
        "one is served.",
        kind=Kind.INVALID,
        clauses=(_EXCHANGE, _SYNTAX),
        detects=("wan.trailing-inconsistent", "wan.trailing-crash"),
        bound_s=120,
    )
)
def test_trailing(meter: Meter, verify: Checks) -> None:
    """The text does not say which; a head end has to be able to learn it."""
    requests = [
        (f"GET and {size} octets more", get_name() + bytes(range(1, size + 1)))
        for size in _TRAILING * 2
    ]
    with meter.associate(meter.simplest()) as aa:
        right = aa.get(*LOGICAL_DEVICE_NAME)
        replies = provoke(aa, requests, aa.request)
        served = [reply for _, reply in replies if not is_refused(reply)]
        wrong = [
            Deviation(reply.place() or Place(reply.frame), str(right.data), f"{name}: {reply}")
            for name, reply in replies
            if reply in served and not _holds(reply, right.data)
        ]
        verify.none_of(
            "right",
            wrong,
            examined=len(replies),
            expected="the logical device name, or a refusal",
            things="requests",
        )
        verify.that(
            "consistent",
            len(served) in (0, len(replies)),
            expected="all served, or none",
            observed=f"{len(served)} of {len(replies)} served",
            place=replies[-1][1].place(),
        )
        _judge_reads(verify, "reads", aa)
    judge_alive(verify, meter)


def _holds(reply: Reply, data: Data | None) -> bool:
    record = reply.record
    return isinstance(record, GetResponseNormal) and record.result == data


@case(
    Case(
        id="DLMS-SVC-20",
        version=1,
        interface="wan",
        title="Deep nesting and enormous lengths",
        purpose="Ensure that data that would need more than the meter has do not exhaust it.",
        stimulus="GET, SET and ACTION with lengths of 4294967295 (84 FFFFFFFF) in strings, arrays "
        f"and lists, and with arrays nested {_DEPTH} deep (as many as the maximum PDU size takes).",
        criterion="Each is refused, within 1 s, or not answered; the meter lives on.",
        kind=Kind.INVALID,
        clauses=(_LIMITS, _SYNTAX),
        effects=Effects.REVERSIBLE,
        detects=("wan.len-bomb", "wan.exceptions-late"),
        bound_s=180,
    )
)
def test_bombs(meter: Meter, verify: Checks) -> None:
    """A few octets that claim to be four billion."""
    text, script = text_of(meter), script_of(meter)
    with meter.associate("main") as aa:
        limit = max(aa.server_max_pdu - aa.overhead, 0)
        replies = provoke(aa, list(bombs(text, script, limit, _DEPTH)), aa.request)
        judge_not_served(verify, "refused", replies, expected="a refusal, or no answer")
        _judge_soon(verify, [reply for _, reply in replies])
        _judge_reads(verify, "reads", aa)
    judge_alive(verify, meter)


def _judge_soon(verify: Checks, replies: list[Reply]) -> None:
    last = slowest(replies)
    if last is None:
        verify.note("soon", "no request was answered")
        return
    late = last.response_s - last.uncertainty_s
    verify.that(
        "soon",
        late < _SOON_S,
        expected=f"an answer within {_SOON_S:g} s",
        observed=f"{last.response_s:.3g} s",
        clause=_LIMITS,
        level=Level.SHOULD,
        place=last.place(),
    )


@case(
    Case(
        id="DLMS-SVC-21",
        version=1,
        interface="wan",
        title="A request that is longer than the meter takes",
        purpose="Ensure that an APDU beyond the maximum PDU size of the meter is refused and does "
        "no harm.",
        stimulus="SET of the logical device name to a string that makes the APDU "
        f"{_BEYOND} octets longer than the server-max-receive-pdu-size.",
        criterion="Exception-response (should be pdu-too-long), a result other than success, or no "
        "answer; the name is read and is the same.",
        kind=Kind.INVALID,
        clauses=(_SIZES, _RESULTS),
        detects=("wan.oversize-crash", "wan.oversize-other"),
        bound_s=120,
    )
)
def test_oversize(meter: Meter, verify: Checks) -> None:
    """What is longer than a buffer does not go into it."""
    with meter.associate(meter.simplest()) as aa:
        right = aa.get(*LOGICAL_DEVICE_NAME)
        limit = aa.server_max_pdu
        if not 0 < limit <= _LARGEST:
            verify.note("refused", f"not tried: the meter takes APDUs of {limit} octets (0: any)")
            return
        octets = set_octets(None, octet_string(bytes(limit + _BEYOND)))
        reply = aa.raw(octets)
        judge(
            verify,
            "refused",
            is_refused(reply),
            reply,
            expected=f"a refusal of {len(octets)} octets, where {limit} are the most",
        )
        if reply.exception is not None:
            judge(
                verify,
                "code",
                reply.exception.service_error == ServiceFault.PDU_TOO_LONG,
                reply,
                expected="service error 4 pdu-too-long",
                clause=_RESULTS,
                level=Level.SHOULD,
            )
        if reply.closed:
            aa.open()
        answer = aa.get(*LOGICAL_DEVICE_NAME)
        judge(verify, "same-name", answer.data == right.data, answer, expected=str(right.data))
        if answer.data != right.data and right.data is not None:
            aa.set(*LOGICAL_DEVICE_NAME, right.data)  # a meter that took it keeps its name
    judge_alive(verify, meter)
