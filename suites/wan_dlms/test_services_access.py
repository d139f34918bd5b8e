"""Area C7: the ACCESS service, its order and its break on error (IEC 62056-5-3 §6.11)."""

from bench.core.case import Case, Effects, Kind, case
from bench.core.check import Deviation, Place
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.engine.context import Inconclusive
from bench.protocols.dlms.access import (
    AccessAction,
    AccessActionResult,
    AccessGet,
    AccessGetResult,
    AccessResponse,
    AccessResult,
    AccessSet,
    AccessSetResult,
    AccessSpecification,
)
from bench.protocols.dlms.data_types import Data, octet_string
from bench.protocols.dlms.initiate import Conformance
from bench.protocols.dlms.results import LongInvocation
from suites.wan_dlms.answer import Answer
from suites.wan_dlms.association import Association
from suites.wan_dlms.declared import PROPOSED
from suites.wan_dlms.harmless import Script, Text, kept, script_of, text_of
from suites.wan_dlms.judging import judge, judge_refused
from suites.wan_dlms.meter import LOGICAL_DEVICE_NAME, Meter
from suites.wan_dlms.services import attribute_of

_ACCESS = "IEC-62056-5-3:6.11"
_NEGOTIATED = "IEC-62056-5-3:6.3"
_NAME = attribute_of(*LOGICAL_DEVICE_NAME)
_NOBODY = attribute_of(1, "9.9.9.9.9.255", 2)
_NAME_ITSELF = attribute_of(1, "0.0.42.0.0.255", 1)
_KINDS: dict[type, type] = {
    AccessGet: AccessGetResult,
    AccessSet: AccessSetResult,
    AccessAction: AccessActionResult,
}

Item = tuple[AccessSpecification, Data | None]


@case(
    Case(
        id="DLMS-SVC-22",
        version=1,
        interface="wan",
        title="ACCESS",
        purpose="Ensure that ACCESS does its items in their order, says of each how it ended, and "
        "stops at the first that fails when it is told to.",
        stimulus="ACCESS with GET of the logical device name, SET of the declared writable string, "
        "GET of it, GET of an object that is not there, ACTION of the declared script, GET of a "
        "logical name; the same with break-on-error; a list of two GETs in an association without "
        "conformance bit 17.",
        criterion="Results and data in the order of the items, each of its kind; the string is "
        "read as just written; with break-on-error nothing behind the failed item is done, and "
        "none of it is called a success; without bit 17 the request is refused.",
        kind=Kind.VALID,
        clauses=(_ACCESS, _NEGOTIATED),
        ics="WAN/ACCESS",
        effects=Effects.REVERSIBLE,
        detects=(
            "wan.access-order",
            "wan.access-no-break",
            "wan.access-breaks-always",
            "wan.access-unnegotiated",
        ),
    )
)
def test_access(meter: Meter, verify: Checks) -> None:
    """One request for what a head end does every day."""
    text, script = text_of(meter), script_of(meter)
    with meter.associate("main", conformance=PROPOSED | Conformance.ACCESS) as aa:
        if not aa.agreed(Conformance.ACCESS):
            raise Inconclusive(Reason.PRECONDITION, "the meter agreed to no ACCESS (bit 17)")
        name = aa.get(*LOGICAL_DEVICE_NAME).data
        if text is None:
            _judge_both(verify, aa, name, None, None, script)
        else:
            with kept(meter, text, aa) as held:
                _judge_both(verify, aa, name, text, text.other(held), script)
    with meter.associate("main", conformance=PROPOSED) as aa:
        answer = aa.access([(AccessGet(_NAME), None), (AccessGet(_NAME), None)])
        judge_refused(
            verify,
            "not-agreed",
            answer,
            silence=True,
            expected="a refusal of ACCESS",
            clause=_NEGOTIATED,
        )


def _judge_both(
    verify: Checks,
    aa: Association,
    name: Data | None,
    text: Text | None,
    value: Data | None,
    script: Script | None,
) -> None:
    items: list[Item] = [(AccessGet(_NAME), None)]
    expected: list[Data | None] = [name]
    if text is not None:
        items += [(AccessSet(text.descriptor), value), (AccessGet(text.descriptor), None)]
        expected += [None, value]
    failing = len(items)
    items.append((AccessGet(_NOBODY), None))
    expected.append(None)
    if script is not None:
        items.append((AccessAction(script.method), script.parameter))
        expected.append(None)
    items.append((AccessGet(_NAME_ITSELF), None))
    expected.append(octet_string(_NAME_ITSELF.instance.octets))
    before = script.count(aa) if script is not None else None
    answer = aa.access(items)
    _judge_order(verify, answer, items, expected, failing)
    _judge_count(verify, "executed", aa, script, before, 1)
    before = script.count(aa) if script is not None else None
    answer = aa.access(items, invocation=LongInvocation(0xABCDEF, break_on_error=True))
    record = answer.last.record
    judge(
        verify,
        "invocation",
        isinstance(record, AccessResponse) and record.invocation.invoke_id == 0xABCDEF,
        answer,
        expected="the long invoke id of the request",
        observed=str(getattr(record, "invocation", answer)),
    )
    behind = [item for item in answer.results[failing + 1 :] if item.result == 0]
    judge(
        verify,
        "break",
        len(answer.results) > failing and not behind and bool(answer.results[failing].result),
        answer,
        expected=f"no success behind item {failing + 1}, which fails",
    )
    _judge_count(verify, "break-unexecuted", aa, script, before, 0)


def _judge_order(
    verify: Checks, answer: Answer, items: list[Item], expected: list[Data | None], failing: int
) -> None:
    record = answer.last.record
    if not isinstance(record, AccessResponse):
        judge(verify, "order", False, answer, expected="an access-response")
        return
    wrong = [
        Deviation(answer.place() or Place(answer.frame), wanted, f"item {number}: {observed}")
        for number, (wanted, observed) in enumerate(_compared(record, items, expected, failing), 1)
        if wanted != observed
    ]
    verify.none_of(
        "order",
        wrong,
        examined=len(items),
        expected="each item's own result and data in its place",
        things="items",
    )


def _compared(
    record: AccessResponse, items: list[Item], expected: list[Data | None], failing: int
) -> list[tuple[str, str]]:
    """Return for each item what was to come and what came, in words that are equal if it did."""
    found = []
    for index, ((specification, _), value) in enumerate(zip(items, expected, strict=True)):
        kind = _KINDS[type(specification)]
        wanted = f"{kind.__name__} {'failure' if index == failing else 'success'}"
        result = record.results[index] if index < len(record.results) else None
        data = record.data[index] if index < len(record.data) else None
        came = _in_words(result)
        if value is not None:
            wanted, came = f"{wanted}, {value}", f"{came}, {data}"
        found.append((wanted, came))
    return found


def _in_words(result: AccessResult | None) -> str:
    if result is None:
        return "nothing"
    return f"{type(result).__name__} {'failure' if result.result else 'success'}"


def _judge_count(
    verify: Checks,
    check_id: str,
    aa: Association,
    script: Script | None,
    before: int | None,
    times: int,
) -> None:
    if script is None or before is None:
        verify.note(check_id, "not looked at: no action_counter is declared")
        return
    after = script.count(aa)
    verify.that(
        check_id,
        after == before + times,
        expected=f"{times} more executions than {before}",
        observed=f"{after}",
    )
