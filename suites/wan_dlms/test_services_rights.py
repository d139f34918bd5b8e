"""Area C7: access rights, and values that an attribute cannot have (IEC 62056-6-2, class 15)."""

from collections.abc import Iterator

from bench.core.case import Case, Effects, Kind, case
from bench.core.check import Deviation, Level, Place
from bench.engine.checks import Checks
from bench.protocols.dlms.data import encode_data, raw_data
from bench.protocols.dlms.data_types import (
    Data,
    DataType,
    array,
    enum,
    integer,
    long_unsigned,
    structure,
    unsigned,
)
from bench.protocols.dlms.results import DataAccessResult
from suites.wan_dlms.answer import Answer
from suites.wan_dlms.association import Association
from suites.wan_dlms.harmless import Text, kept, needed_text, text_of
from suites.wan_dlms.judging import judge, judge_alive, judge_done, judge_refused, refused
from suites.wan_dlms.meter import Meter
from suites.wan_dlms.survey import ListedObject, Survey

_RIGHTS = "IEC-62056-6-2:4.4.3"
_SET = "IEC-62056-5-3:6.7"
_RESULTS = "IEC-62056-5-3:8.5"
_DENIED = DataAccessResult.READ_WRITE_DENIED
_NOT_THERE = (
    DataAccessResult.READ_WRITE_DENIED,
    DataAccessResult.OBJECT_UNDEFINED,
    DataAccessResult.OBJECT_CLASS_INCONSISTENT,
)
#: classes whose methods a case does not try, even where they are denied: associations, images,
#: keys, breakers, and what else would be hard to undo if the meter did not keep its word
_NEVER_INVOKED = frozenset({15, 18, 22, 64, 70, 71, 72, 122})
_LONGEST_WRITTEN = 64  # octets of values that are written back: more would need blocks
_BUFFERS = {(7, 2), (15, 2)}  # long; read by those who judge them


@case(
    Case(
        id="DLMS-SVC-06",
        version=1,
        interface="wan",
        title="Access rights as the object list tells them",
        purpose="Ensure that every right that the object list grants is granted, and none that it "
        "denies.",
        stimulus="GET of every attribute in the object list; SET of an attribute that is not "
        "writable to the value just read, once for each attribute of a class (attribute 1 once for "
        "all); ACTION of a method that is not accessible, once for each method of a class (not of "
        "classes with keys, images or breakers); SET of the declared writable string as it is.",
        criterion="No right that is granted gets result 3, 4 or 9; whatever is denied is refused, "
        "and should be by 3 read-write-denied.",
        kind=Kind.VALID,
        clauses=(_RIGHTS, _RESULTS),
        effects=Effects.REVERSIBLE,
        detects=("wan.rights-lie", "wan.rights-stricter", "wan.rights-write-refused"),
        bound_s=300,
    )
)
def test_access_rights(meter: Meter, survey: Survey, verify: Checks) -> None:
    """The object list is what a head end goes by."""
    _judge_granted(verify, survey)
    text = text_of(meter)
    with meter.associate("main") as aa:
        denied = {
            "read-denied": _denied_reads(aa, survey),
            "write-denied": _denied_writes(aa, survey),
            "use-denied": _denied_actions(aa, survey),
        }
        for check_id, answers in denied.items():
            _judge_denied(verify, check_id, list(answers))
        if text is None:
            verify.note("write-granted", "not tried: no writable_object is declared")
        else:
            answer = aa.set(*text.target, text.read(aa))
            judge_done(verify, "write-granted", answer)


def _judge_granted(verify: Checks, survey: Survey) -> None:
    wrong = [
        Deviation(answer.place() or Place(answer.frame), "data", f"{name} {number}: {answer}")
        for (_, name, number), answer in survey.answers.items()
        if not answer.ok and (answer.result is None or answer.result in _NOT_THERE)
    ]
    verify.none_of(
        "read-granted",
        wrong,
        examined=len(survey.answers),
        expected="no refusal of what the object list says to be readable",
        things="attributes",
    )


def _judge_denied(verify: Checks, check_id: str, answers: list[tuple[str, Answer]]) -> None:
    if not answers:
        verify.note(check_id, "the object list denies nothing that could be tried")
        return
    allowed = [_deviation(name, answer, "a refusal") for name, answer in answers if answer.ok]
    verify.none_of(
        check_id, allowed, examined=len(answers), expected="a refusal", things="requests"
    )
    other = [
        _deviation(name, answer, "3 read-write-denied")
        for name, answer in answers
        if not answer.ok and answer.result != _DENIED
    ]
    verify.none_of(
        f"{check_id}-code",
        other,
        examined=len(answers),
        expected="3 read-write-denied",
        things="requests",
        clause=_RESULTS,
        level=Level.SHOULD,
    )


def _deviation(name: str, answer: Answer, expected: str) -> Deviation:
    return Deviation(answer.place() or Place(answer.frame), expected, f"{name}: {answer}")


def _sound(survey: Survey) -> Iterator[ListedObject]:
    return (one for one in survey.objects if not one.problem)


def _denied_reads(aa: Association, survey: Survey) -> Iterator[tuple[str, Answer]]:
    for one in _sound(survey):
        for right in one.attributes:
            if not right.readable and (one.class_id, right.attribute) not in _BUFFERS:
                answer = aa.get(one.class_id, one.name, right.attribute)
                yield f"GET of {one.name} attribute {right.attribute}", answer


def _denied_writes(aa: Association, survey: Survey) -> Iterator[tuple[str, Answer]]:
    tried: set[tuple[int, int]] = set()
    for one in _sound(survey):
        for right in one.attributes:
            name_itself = right.attribute == 1  # all classes have it; one stands for all
            kind = 0 if name_itself else one.class_id, right.attribute
            held = survey.data(one.class_id, one.name, right.attribute)
            if right.writable or held is None or kind in tried:
                continue
            if len(encode_data(held)) <= _LONGEST_WRITTEN:
                tried.add(kind)
                answer = aa.set(one.class_id, one.name, right.attribute, held)
                yield f"SET of {one.name} attribute {right.attribute}", answer


def _denied_actions(aa: Association, survey: Survey) -> Iterator[tuple[str, Answer]]:
    tried: set[tuple[int, int]] = set()
    for one in _sound(survey):
        if one.class_id in _NEVER_INVOKED:
            continue
        for method, mode in one.methods.items():
            kind = one.class_id, method
            if mode or kind in tried:
                continue
            tried.add(kind)
            # that is no script number: a script would not run even if the meter let us
            answer = aa.action(one.class_id, one.name, method, integer(0))
            yield f"ACTION of {one.name} method {method}", answer


@case(
    Case(
        id="DLMS-SVC-07",
        version=1,
        interface="wan",
        title="SET with another type",
        purpose="Ensure that an attribute takes no value of another type than it has.",
        stimulus="SET of the declared writable string to an unsigned, a long-unsigned, an enum, a "
        "structure and an empty array.",
        criterion="Each is refused, and should be by 12 type-unmatched; the string is unchanged.",
        kind=Kind.INVALID,
        clauses=(_SET, _RESULTS),
        ixit=("writable_object",),
        effects=Effects.REVERSIBLE,
        detects=("wan.settype-unchecked", "wan.settype-clears"),
    )
)
def test_set_other_types(meter: Meter, verify: Checks) -> None:
    """Whoever reads the attribute later relies on its type."""
    text = needed_text(meter)
    values = (
        unsigned(65),
        long_unsigned(16705),
        enum(1),
        structure(unsigned(1), unsigned(2)),
        array(),
    )
    with meter.associate("main") as aa, kept(meter, text, aa) as held:
        answers = [(DataType(one.type).title, aa.set(*text.target, one)) for one in values]
        taken = [
            _deviation(name, answer, "12 type-unmatched")
            for name, answer in answers
            if not refused(answer)
        ]
        verify.none_of(
            "refused", taken, examined=len(answers), expected="a refusal", things="types"
        )
        other = [
            _deviation(name, answer, "12 type-unmatched")
            for name, answer in answers
            if refused(answer) and answer.result != DataAccessResult.TYPE_UNMATCHED
        ]
        verify.none_of(
            "code",
            other,
            examined=len(answers),
            expected="12 type-unmatched",
            things="types",
            clause=_RESULTS,
            level=Level.SHOULD,
        )
        _judge_unchanged(verify, "unchanged", aa, text, held)


def _judge_unchanged(
    verify: Checks, check_id: str, aa: Association, text: Text, held: Data
) -> None:
    answer = text.get(aa)
    judge(
        verify,
        check_id,
        answer.data == held,
        answer,
        expected=f"the value from before: {held}",
        clause=_SET,
    )


@case(
    Case(
        id="DLMS-SVC-08",
        version=1,
        interface="wan",
        title="SET with too long a value",
        purpose="Ensure that a value that is longer than the attribute takes is refused and does "
        "not overwrite anything.",
        stimulus="SET of the declared writable string to one that says to have 100000 octets and "
        "has 20; where writable_octets is declared, SET to a string four times as long as that, in "
        "blocks where needed.",
        criterion="Both are refused; the string is unchanged; the meter lives on.",
        kind=Kind.INVALID,
        clauses=(_SET, "IEC-62056-5-3:5.3.2"),
        ixit=("writable_object",),
        effects=Effects.REVERSIBLE,
        detects=("wan.overflow", "wan.overflow-cut"),
        bound_s=120,
    )
)
def test_set_too_long(meter: Meter, verify: Checks) -> None:
    """Firmware keeps strings in arrays of fixed size."""
    text = needed_text(meter)
    with meter.associate("main") as aa, kept(meter, text, aa) as held:
        announced = raw_data(bytes((held.type, 0x83)) + (100_000).to_bytes(3, "big") + bytes(20))
        judge_refused(
            verify,
            "announced",
            aa.set(*text.target, announced),
            silence=True,
            expected="a refusal of a string that is shorter than it says",
        )
        if not _reopened(aa):
            judge_alive(verify, meter)
            return
        if text.octets is None:
            verify.note(
                "too-long",
                "not tried: the declaration lacks [wan.ixit] writable_octets = ...",
                expected="a refusal of a string that is longer than it takes",
            )
        else:
            size = min(max(4 * text.octets, 1024), 1 << 16)
            judge_refused(
                verify,
                "refused",
                aa.set(*text.target, text.other(held, size)),
                silence=True,
                expected=f"a refusal of a string of {size} octets",
            )
        if _reopened(aa):
            _judge_unchanged(verify, "unchanged", aa, text, held)
    judge_alive(verify, meter)


def _reopened(aa: Association) -> bool:
    """Whether the association stands, opened again if the meter has ended it."""
    return (aa.transport.up and aa.opened is not None) or aa.open().established
