"""Area C8: the object list and what it promises (IEC 62056-6-2 §4.1, §4.4.3)."""

from collections import Counter
from collections.abc import Iterable

from bench.core.case import Case, Kind, case
from bench.core.check import Deviation
from bench.engine.checks import Checks
from bench.engine.context import CaseContext
from bench.protocols.dlms.cosem_types import LogicalName, SelectiveAccess
from bench.protocols.dlms.data_types import (
    Data,
    DataType,
    Elements,
    array,
    long_unsigned,
    octet_string,
    structure,
)
from suites.wan_dlms.answer import Answer
from suites.wan_dlms.association import Association
from suites.wan_dlms.attribute_types import knows_class, rule_of
from suites.wan_dlms.declared import Declared
from suites.wan_dlms.judging import judge
from suites.wan_dlms.meter import Meter
from suites.wan_dlms.model import (
    ASSOCIATION_LN,
    CURRENT,
    IMAGE,
    NAME_OF_DEVICE,
    SAP_ASSIGNMENT,
    SAP_ASSIGNMENT_CLASS,
    SECURITY_SETUP,
    attribute_name,
    deviation,
    readings,
)
from suites.wan_dlms.required import required_objects
from suites.wan_dlms.services import named
from suites.wan_dlms.survey import ListedObject, Survey

_LIST = "IEC-62056-6-2:4.4.3"
_CLASSES = "IEC-62056-6-2:4.1"
_TYPES = "IEC-62056-6-2:4.1.5"
_RESERVED = "IEC-62056-6-2:4.1.8"
_GROWTH = "IEC-62056-6-2:5.3.4"
_OBJECT_LIST = 2
_GONE = (4, 9, 11)  # object-undefined, object-class-inconsistent, object-unavailable


@case(
    Case(
        id="DLMS-OBJ-04",
        version=1,
        interface="wan",
        title="Form of the object list",
        purpose="Ensure that every client can read the object list.",
        stimulus="GET of the object list (class 15, attribute 2) by the management client.",
        criterion="An array of structures of class, version, logical name of six octets, and "
        "access rights; no object twice.",
        kind=Kind.VALID,
        clauses=(_LIST,),
        detects=("wan.list-duplicate", "wan.ln-5-octets", "wan.list-without-rights"),
    )
)
def test_object_list(survey: Survey, verify: Checks) -> None:
    """Each element says class, version, name and rights, and says it once."""
    objects = survey.objects
    wrong = [
        deviation(survey.listing, "an element as the class defines it", f"{_nth(one)}: {text}")
        for one in objects
        if (text := one.problem)
    ]
    expected = "class, version, logical name of 6 octets, access rights"
    verify.none_of("elements", wrong, examined=len(objects), expected=expected, things="elements")
    sound = [one for one in objects if not one.problem]
    counts = Counter((one.class_id, one.name, one.version) for one in sound)
    twice = [
        deviation(survey.listing, "each object once", f"{one} is listed {count} times")
        for one in sound
        if (count := counts.pop((one.class_id, one.name, one.version), 1)) > 1
    ]
    verify.none_of(
        "unique", twice, examined=len(sound), expected="each object once", things="objects"
    )


def _nth(one: ListedObject) -> str:
    return f"element {one.index + 1}"


@case(
    Case(
        id="DLMS-OBJ-05",
        version=1,
        interface="wan",
        title="Completeness of the object list",
        purpose="Ensure that what is listed is there, and that what must be there is listed.",
        stimulus="GET of every attribute that the object list says may be read.",
        criterion="Each object answers for its logical name; no attribute that may be read is "
        "refused; the objects that every device has, and those declared, are listed.",
        kind=Kind.CAPABILITY,
        clauses=(_LIST, _RESERVED),
        detects=("wan.phantom-object", "wan.listed-not-readable", "wan.required-not-listed"),
    )
)
def test_list_is_complete(
    survey: Survey, declared: Declared, context: CaseContext, verify: Checks
) -> None:
    """The list promises what the device holds."""
    own = [(one, answer) for one, number, answer in readings(survey, survey.objects) if number == 1]
    gone = [
        deviation(answer, f"{one} answers for its logical name", str(answer))
        for one, answer in own
        if not answer.ok
    ]
    expected = "each listed object is there"
    verify.none_of("there", gone, examined=len(own), expected=expected, things="objects")
    rest = [row for row in readings(survey, survey.objects) if row[1] != 1]
    missing = {one.index for one, answer in own if not answer.ok}
    denied = [
        deviation(answer, f"{one} {attribute_name(one.class_id, number)} is read", str(answer))
        for one, number, answer in rest
        if not answer.ok and one.index not in missing
    ]
    expected = "what may be read is read"
    verify.none_of("readable", denied, examined=len(rest), expected=expected, things="attributes")
    wanted = [
        (1, named(NAME_OF_DEVICE)),
        (ASSOCIATION_LN, named(CURRENT)),
        (SAP_ASSIGNMENT_CLASS, named(SAP_ASSIGNMENT)),
        *required_objects(context),
    ]
    wanted += [
        (SECURITY_SETUP, named(declared.setup_name(one.suite)))
        for one in declared.associations.values()
        if one.suite is not None and one.name == survey.association
    ]
    absent = [
        deviation(survey.listing, f"class {class_id} {name} is listed", "it is not")
        for class_id, name in wanted
        if not survey.find(class_id, name)
    ]
    if declared.answers.get("WAN/IMAGE-TRANSFER") and not survey.find(IMAGE):
        absent.append(deviation(survey.listing, "an object of class 18 is listed", "none is"))
    expected = "what every device has, and what is declared"
    verify.none_of(
        "mandatory",
        absent,
        examined=len(wanted),
        expected=expected,
        things="objects",
        clause=_RESERVED,
    )


@case(
    Case(
        id="DLMS-OBJ-06",
        version=1,
        interface="wan",
        title="Attribute 1 is the logical name",
        purpose="Ensure that every object knows its own name.",
        stimulus="GET of attribute 1 of every listed object.",
        criterion="The six octets of the logical name by which it was asked.",
        kind=Kind.VALID,
        clauses=(_CLASSES,),
        detects=("wan.ln-mismatch",),
    )
)
def test_own_name(survey: Survey, verify: Checks) -> None:
    """What an object calls itself is what the list calls it."""
    asked = [
        (one, answer)
        for one, number, answer in readings(survey, survey.objects)
        if number == 1 and answer.ok
    ]
    wrong = [
        deviation(answer, f"{one}: octet-string {one.name.octets.hex(' ')}", str(answer))
        for one, answer in asked
        if answer.data != octet_string(one.name.octets)
    ]
    verify.none_of(
        "own-name", wrong, examined=len(asked), expected="its logical name", things="objects"
    )


@case(
    Case(
        id="DLMS-OBJ-07",
        version=1,
        interface="wan",
        title="Data types of attributes",
        purpose="Ensure that attributes have the types that their class has in their version.",
        stimulus="GET of every readable attribute of every object of a known class and version.",
        criterion="The type of the class definition, in all elements of arrays and structures; "
        "attributes and class versions that no definition has are not judged.",
        kind=Kind.VALID,
        clauses=(_TYPES, _CLASSES),
        detects=("wan.wrong-type", "wan.wrong-type-within"),
    )
)
def test_attribute_types(survey: Survey, verify: Checks) -> None:
    """Nothing has another type than its class says."""
    wrong: list[Deviation] = []
    examined = 0
    for one, number, answer in readings(survey, survey.objects):
        rule = rule_of(one.class_id, one.version, number)
        if rule is None or answer.data is None:
            continue
        examined += 1
        if problem := rule.problem(answer.data):
            what = f"{one} {attribute_name(one.class_id, number)}"
            wrong.append(deviation(answer, f"{what}: {rule.text}", problem))
    verify.none_of(
        "types",
        wrong,
        examined=examined,
        expected="the types of the class definition",
        things="attributes",
    )


@case(
    Case(
        id="DLMS-OBJ-09",
        version=1,
        interface="wan",
        title="Classes that nobody knows",
        purpose="Ensure that objects of unknown classes keep the rules that all classes have.",
        stimulus="GET of attribute 1 of every listed object whose class is not known.",
        criterion="Its own logical name; the unknown class itself is told, and no deviation.",
        kind=Kind.VALID,
        clauses=(_GROWTH, _CLASSES),
        detects=("wan.unknown-class-misnamed",),
    )
)
def test_unknown_classes(survey: Survey, verify: Checks) -> None:
    """What is not known is told, and asked for its name."""
    unknown = [one for one in survey.objects if not one.problem and not knows_class(one.class_id)]
    shown = ", ".join(map(str, unknown[:5])) + (" ..." if len(unknown) > 5 else "")
    verify.note("unknown", shown or "none", expected="objects of unknown classes, if any")
    wrong = []
    for one, number, answer in readings(survey, unknown):
        if number == 1 and answer.data != octet_string(one.name.octets):
            wrong.append(deviation(answer, f"{one}: its logical name", str(answer)))
    if unknown:
        verify.none_of(
            "own-name",
            wrong,
            examined=len(unknown),
            expected="its logical name",
            things="objects of unknown classes",
        )


@case(
    Case(
        id="DLMS-OBJ-10",
        version=1,
        interface="wan",
        title="Selective access to the object list",
        purpose="Ensure that a client can ask for part of the object list.",
        stimulus="GET of the object list with the selectors that it offers: 2 (some classes), "
        "3 (named objects), 4 (one named object).",
        criterion="Exactly those elements of the whole list that were asked for.",
        kind=Kind.VALID,
        clauses=(_LIST,),
        ics="WAN/SELECTIVE-ACCESS",
        detects=("wan.filter-wrong", "wan.filter-names-wrong", "wan.filter-one-wrong"),
    )
)
def test_object_list_by_selector(meter: Meter, survey: Survey, verify: Checks) -> None:
    """A selector brings a subset."""
    listed = survey.find(ASSOCIATION_LN, CURRENT)
    right = listed[0].right(_OBJECT_LIST) if listed else None
    selectors = [one for one in (right.selectors if right else ()) if one in (2, 3, 4)]
    verify.note("offered", f"selectors {selectors}", expected="selectors 2, 3, 4, if any")
    sound = [one for one in survey.objects if not one.problem]
    if not selectors or not sound:
        return
    some, one = _sample(sound)
    with meter.associate("main") as aa:
        if 2 in selectors:
            classes = sorted({each.class_id for each in some})
            wanted = [each for each in sound if each.class_id in classes]
            answer = _select(aa, 2, array(*map(long_unsigned, classes)))
            text = f"the objects of class {' and '.join(map(str, classes))}"
            _judge_subset(verify, "by-class", answer, wanted, text)
        if 3 in selectors:
            answer = _select(aa, 3, array(*map(_object_id, some)))
            _judge_subset(verify, "by-name", answer, some, ", ".join(map(str, some)))
        if 4 in selectors:
            answer = _select(aa, 4, _object_id(one))
            _judge_subset(verify, "one", answer, [one], str(one))


def _sample(objects: list[ListedObject]) -> tuple[list[ListedObject], ListedObject]:
    """Return two objects of rare classes, and one of them."""
    counts = Counter(one.class_id for one in objects)
    rare = sorted(objects, key=lambda one: (counts[one.class_id], one.index))
    first = rare[0]
    second = next((one for one in rare if one.class_id != first.class_id), first)
    return [one for one in objects if one in (first, second)], second


def _select(aa: Association, selector: int, parameters: Data) -> Answer:
    selection = SelectiveAccess(selector, parameters)
    return aa.get(ASSOCIATION_LN, CURRENT, _OBJECT_LIST, selection)


def _object_id(one: ListedObject) -> Data:
    return structure(long_unsigned(one.class_id), octet_string(one.name.octets))


def _judge_subset(
    verify: Checks, check_id: str, answer: Answer, wanted: Iterable[ListedObject], text: str
) -> None:
    """Record that an answer names exactly these objects; one alone may come without an array."""
    expected = {(one.class_id, one.version, one.name.octets) for one in wanted}
    found = _named_in(answer.data)
    observed = str(answer) if found is None else f"{len(found)} objects"
    if found is not None and (more := set(found) - expected):
        class_id, version, name = min(more)
        observed += f", such as class {class_id} version {version} {LogicalName.of(name)}"
    met = found is not None and len(found) == len(expected) and set(found) == expected
    judge(verify, check_id, met, answer, expected=f"{len(expected)}: {text}", observed=observed)


def _named_in(found: Data | None) -> list[tuple[int, int, bytes]] | None:
    """Return class, version and name of the elements of a list, None if they cannot be read."""
    if found is None or not isinstance(found.value, Elements):
        return None
    rows = [found] if found.type == DataType.STRUCTURE else list(found.value)
    named_ = []
    for row in rows:
        bare = row.to_python()
        if not isinstance(bare, tuple) or len(bare) not in (3, 4):
            return None
        class_id, version, name = bare[:3]
        if not isinstance(name, bytes) or len(name) != 6:
            return None
        named_.append((class_id, version, name))
    return named_
