"""Area C7: the GET service, what it refuses, and invoke identifiers (IEC 62056-5-3 §6.6)."""

from collections.abc import Sequence
from itertools import islice

from bench.core.case import Case, Kind, case
from bench.core.check import Deviation, Level, Place
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.engine.context import Inconclusive
from bench.protocols.dlms.action import ActionRequestNormal
from bench.protocols.dlms.cosem_types import LogicalName
from bench.protocols.dlms.data_types import Data, DataType, octet_string
from bench.protocols.dlms.get import GetRequestNormal
from bench.protocols.dlms.initiate import Conformance
from bench.protocols.dlms.results import DataAccessResult, Invocation
from bench.protocols.dlms.set import SetRequestNormal
from suites.wan_dlms.answer import Answer, ItemResult, Reply
from suites.wan_dlms.association import Association
from suites.wan_dlms.declared import PROPOSED
from suites.wan_dlms.judging import (
    judge,
    judge_alive,
    judge_refused,
    judge_silent,
    judge_sound,
    refused,
)
from suites.wan_dlms.meter import LOGICAL_DEVICE_NAME, Meter
from suites.wan_dlms.services import attribute_of, method_of
from suites.wan_dlms.survey import Survey

_SERVICES = "IEC-62056-5-3:6.1"
_EXCHANGE = "IEC-62056-5-3:6.2"
_NEGOTIATED = "IEC-62056-5-3:6.3"
_GET = "IEC-62056-5-3:6.6"
_UNCONFIRMED = "IEC-62056-5-3:6.9"
_RESULTS = "IEC-62056-5-3:8.5"
_NAME, _OBJECT = "0.0.42.0.0.255", "9.9.9.9.9.255"
_INVOCATIONS = (
    Invocation(1),
    Invocation(15, high_priority=False),
    Invocation(0, high_priority=False),
    Invocation(6),
)
_UNDEFINED = (
    DataAccessResult.OBJECT_UNDEFINED,
    DataAccessResult.OBJECT_CLASS_INCONSISTENT,
    DataAccessResult.OBJECT_UNAVAILABLE,
    DataAccessResult.SCOPE_OF_ACCESS_VIOLATED,
)
_UNDEFINED_TEXT = "data-access-result 4 object-undefined (or 9, 11, 13)"
_NO_METHOD = 99
_STRINGS = (DataType.OCTET_STRING, DataType.VISIBLE_STRING, DataType.UTF8_STRING)


@case(
    Case(
        id="DLMS-SVC-01",
        version=1,
        interface="wan",
        title="GET of one attribute",
        purpose="Ensure that GET brings the attribute in an answer that belongs to its request.",
        stimulus="GET of the logical device name with invoke ids 0, 1, 6 and 15, both priorities.",
        criterion="Each gets get-response-normal with a string, without a fault of form, and with "
        "the Invoke-Id-And-Priority octet of its request.",
        kind=Kind.VALID,
        clauses=(_GET, _SERVICES),
        detects=("wan.iip-not-echoed", "wan.invoke-id-constant", "wan.get-octet-too-many"),
    )
)
def test_get(meter: Meter, verify: Checks) -> None:
    """One question, one answer, and both know of each other."""
    with meter.associate(meter.simplest()) as aa:
        answers = [aa.get(*LOGICAL_DEVICE_NAME, invocation=one) for one in _INVOCATIONS]
    odd = [
        _deviation(str(one), answer, "a string")
        for one, answer in zip(_INVOCATIONS, answers, strict=True)
        if answer.data is None or answer.data.type not in _STRINGS
    ]
    verify.none_of(
        "data", odd, examined=len(answers), expected="the logical device name", things="answers"
    )
    verify.none_of(
        "invocation",
        _not_echoed(answers),
        examined=len(answers),
        expected="the Invoke-Id-And-Priority octet of the request",
        things="answers",
        clause=_SERVICES,
    )
    judge_sound(verify, "well-formed", [answer.last for answer in answers])


def _not_echoed(answers: Sequence[Answer]) -> list[Deviation]:
    found = []
    for asked, answer in zip(_INVOCATIONS, answers, strict=True):
        echoed = getattr(answer.last.record, "invocation", None)
        if echoed is not None and echoed != asked:
            found.append(Deviation(answer.place(2) or Place(answer.frame), str(asked), str(echoed)))
    return found


def _deviation(name: str, answer: Answer | Reply, expected: str) -> Deviation:
    return Deviation(answer.place() or Place(answer.frame), expected, f"{name}: {answer}")


@case(
    Case(
        id="DLMS-SVC-02",
        version=1,
        interface="wan",
        title="Unconfirmed requests",
        purpose="Ensure that only confirmed requests are answered.",
        stimulus="Unconfirmed requests: SET of the logical device name to what it is, ACTION of a "
        f"method {_NO_METHOD} that no class has, GET of the logical device name; after each a "
        "confirmed GET of it.",
        criterion="Unconfirmed SET and ACTION get no answer (GET should get none), the confirmed "
        "GET gets its own.",
        kind=Kind.VALID,
        clauses=(_UNCONFIRMED, _SERVICES),
        detects=("wan.unconfirmed-answered",),
    )
)
def test_unconfirmed(meter: Meter, verify: Checks) -> None:
    """What was not to be answered is not, and does not turn up as the answer to something else."""
    with meter.associate("main") as aa:
        name = aa.get(*LOGICAL_DEVICE_NAME).data or octet_string(b"")
        attribute, method = attribute_of(*LOGICAL_DEVICE_NAME), method_of(1, _NAME, _NO_METHOD)
        requests = {
            "set": (Conformance.SET, SetRequestNormal(_quiet(1), attribute, None, name)),
            "action": (Conformance.ACTION, ActionRequestNormal(_quiet(2), method, None)),
            "get": (Conformance.GET, GetRequestNormal(_quiet(3), attribute, None)),
        }
        for number, (service, (bit, request)) in enumerate(requests.items(), 10):
            if not aa.agreed(bit):
                verify.note(service, "not agreed on when the association was opened")
                continue
            reply = aa.request(request)
            level = Level.SHOULD if service == "get" else None
            judge_silent(verify, service, reply, level=level)
            answer = aa.get(*LOGICAL_DEVICE_NAME, invocation=Invocation(number))
            own = getattr(answer.last.record, "invocation", None) == Invocation(number)
            judge(
                verify,
                f"{service}-then-get",
                answer.ok and own,
                answer,
                expected=f"the logical device name with invoke id {number}",
                observed=f"{answer}, {getattr(answer.last.record, 'invocation', '')}",
                clause=_SERVICES,
            )


def _quiet(invoke_id: int) -> Invocation:
    return Invocation(invoke_id, confirmed=False)


@case(
    Case(
        id="DLMS-SVC-03",
        version=1,
        interface="wan",
        title="Objects that are not there",
        purpose="Ensure that requests to an object that does not exist are refused as such.",
        stimulus=f"GET, SET and ACTION of {_OBJECT} as class 1; GET of it as class 3 and as a "
        "class that does not exist.",
        criterion="Each gets a response of its service with result 4 object-undefined, or 9, 11 or "
        "13, without a fault of form; 4 should be it for a class that exists.",
        kind=Kind.INVALID,
        clauses=(_RESULTS, _GET),
        detects=("wan.dar-always-250", "wan.short-answer"),
    )
)
def test_object_undefined(meter: Meter, verify: Checks) -> None:
    """A head end learns from the result what it did wrong."""
    with meter.associate("main") as aa:
        answers = {
            "get": aa.get(1, _OBJECT, 2),
            "get-register": aa.get(3, _OBJECT, 2),
            "get-no-class": aa.get(9999, _OBJECT, 2),
        }
        if aa.agreed(Conformance.SET):
            answers["set"] = aa.set(1, _OBJECT, 2, octet_string(b""))
        if aa.agreed(Conformance.ACTION):
            answers["action"] = aa.action(9, _OBJECT, 1, Data(DataType.LONG_UNSIGNED, 1))
    for name, answer in answers.items():
        judge_refused(verify, name, answer, *_UNDEFINED, exception=False, expected=_UNDEFINED_TEXT)
    other = [
        _deviation(name, answer, "4 object-undefined")
        for name, answer in answers.items()
        if name != "get-no-class" and answer.result != DataAccessResult.OBJECT_UNDEFINED
    ]
    verify.none_of(
        "code",
        other,
        examined=len(answers) - 1,
        expected="4 object-undefined",
        things="answers",
        level=Level.SHOULD,
    )
    judge_sound(verify, "well-formed", [answer.last for answer in answers.values()])


@case(
    Case(
        id="DLMS-SVC-04",
        version=1,
        interface="wan",
        title="Objects under another class",
        purpose="Ensure that an object is served under its own class alone.",
        stimulus="GET of attribute 2 of the logical device name as class 3, of the clock as class "
        "1, and of the current association as class 7.",
        criterion="Data-access-result 9 object-class-inconsistent, or 4 object-undefined.",
        kind=Kind.INVALID,
        clauses=(_RESULTS, _GET),
        detects=("wan.class-unchecked",),
    )
)
def test_wrong_class(meter: Meter, verify: Checks) -> None:
    """A class tells what an attribute means; under another one it would mean something else."""
    with meter.associate(meter.simplest()) as aa:
        answers = {
            "name": aa.get(3, _NAME, 2),
            "clock": aa.get(1, "0.0.1.0.0.255", 2),
            "association": aa.get(7, "0.0.40.0.0.255", 2),
        }
    for name, answer in answers.items():
        judge_refused(
            verify,
            name,
            answer,
            DataAccessResult.OBJECT_CLASS_INCONSISTENT,
            DataAccessResult.OBJECT_UNDEFINED,
            exception=False,
            expected="data-access-result 9 object-class-inconsistent, or 4 object-undefined",
        )


@case(
    Case(
        id="DLMS-SVC-05",
        version=1,
        interface="wan",
        title="Attributes that no class has",
        purpose="Ensure that odd attribute numbers are refused and do no harm.",
        stimulus="GET of attributes 0, 99, -1, 127 and -128 of the logical device name.",
        criterion="Attribute 0 gets a structure of all attributes where conformance bit 10 was "
        "agreed on, else a refusal; the others are refused; the meter lives on.",
        kind=Kind.INVALID,
        clauses=(_GET, _RESULTS),
        detects=("wan.attr-crash", "wan.attr-served", "wan.attribute-0-short"),
    )
)
def test_odd_attributes(meter: Meter, verify: Checks) -> None:
    """Numbers are signed on the wire."""
    with meter.associate(meter.simplest()) as aa:
        found, examined = [], 0
        for attribute in (99, -1, 127, -128):
            answer = aa.get(1, _NAME, attribute)
            examined += 1
            if answer.last.came and not refused(answer):
                found.append(_deviation(f"attribute {attribute}", answer, "a refusal"))
            if not answer.last.came:
                judge(verify, "answered", False, answer, expected="an answer")
                break
        verify.none_of(
            "refused", found, examined=examined, expected="a refusal", things="attributes"
        )
        if not found and answer.last.came:
            _judge_attribute_0(verify, aa)
    judge_alive(verify, meter)


def _judge_attribute_0(verify: Checks, aa: Association) -> None:
    agreed = aa.agreed(Conformance.ATTRIBUTE_0_WITH_GET)
    answer = aa.get(1, _NAME, 0)
    data = answer.data
    if agreed and data is not None:
        first = list(data.value)[:1] if data.type == DataType.STRUCTURE else []
        met = (
            bool(first)
            and len(data.value) == 2
            and first[0].value == LogicalName.parse(_NAME).octets
        )
        text = "a structure of the two attributes of class 1"
    else:
        met, text = refused(answer), "a refusal"
    judge(verify, "attribute-0", met, answer, expected=text)


@case(
    Case(
        id="DLMS-SVC-09",
        version=1,
        interface="wan",
        title="GET with list",
        purpose="Ensure that the results of a list stand in the order of its items, and that lists "
        "are refused where they were not agreed on.",
        stimulus="Lists of 1, 2, 3, 5 and 10 logical names (attribute 1) of different objects, "
        "the second of each list an object that is not there; then a list of two in an "
        "association without conformance bit 14.",
        criterion="Each item has its own result in the place of its request; without bit 14 the "
        "list is refused.",
        kind=Kind.VALID,
        clauses=(_GET, _NEGOTIATED),
        ics="WAN/WITH-LIST",
        detects=("wan.list-order", "wan.list-unnegotiated", "wan.list-errors-dropped"),
    )
)
def test_with_list(meter: Meter, survey: Survey, verify: Checks) -> None:
    """Nothing but its place says which question a result answers."""
    names = _readable_names(survey)
    with meter.associate("main") as aa:
        if not aa.agreed(Conformance.MULTIPLE_REFERENCES):
            raise Inconclusive(Reason.PRECONDITION, "the meter agreed to no lists (bit 14)")
        for size in (1, 2, 3, 5, 10):
            _judge_list(verify, aa, names[:size], size)
    without = PROPOSED & ~Conformance.MULTIPLE_REFERENCES
    with meter.associate("main", conformance=without) as aa:
        answer = aa.get_list([LOGICAL_DEVICE_NAME, LOGICAL_DEVICE_NAME])
        judge_refused(
            verify,
            "not-agreed",
            answer,
            silence=True,
            expected="a refusal of the list",
            clause=_NEGOTIATED,
        )


def _readable_names(survey: Survey) -> list[tuple[int, LogicalName]]:
    """Return objects whose logical name can be read, of as many as a list has."""
    able = (
        (one.class_id, one.name)
        for one in survey.objects
        if (held := survey.data(one.class_id, one.name, 1)) is not None
        and held.value == one.name.octets
    )
    names = list(islice(able, 10))
    if len(names) < 2:
        raise Inconclusive(Reason.PRECONDITION, "fewer than two logical names can be read")
    return names


def _judge_list(
    verify: Checks, aa: Association, names: Sequence[tuple[int, LogicalName]], size: int
) -> None:
    rows: list[tuple[int, LogicalName | str, int]] = [(*one, 1) for one in names]
    if size > 1:
        rows[1] = (1, _OBJECT, 2)
    answer = aa.get_list(rows)
    expected = ["refused" if row[1] == _OBJECT else str(row[1]) for row in rows]
    observed = [_item_text(item) for item in answer.results]
    judge(
        verify,
        f"order-{size}",
        not answer.fault and observed == expected,
        answer,
        expected=", ".join(expected),
        observed=answer.fault or ", ".join(observed),
    )


def _item_text(item: ItemResult) -> str:
    if item.result or item.data is None:
        return "refused"
    value = item.data.value
    fits = isinstance(value, bytes) and len(value) == 6
    return str(LogicalName.of(value)) if fits else str(item.data)
