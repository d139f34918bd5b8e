"""What the cases of the object model share: deviations at the answers of the survey, names."""

from collections.abc import Iterable, Iterator

from bench.core.check import Deviation, Place
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.engine.context import Inconclusive
from bench.protocols.dlms.cosem_types import LogicalName
from bench.protocols.dlms.data_types import Data, DataType, Elements
from suites.wan_dlms.answer import Answer
from suites.wan_dlms.judging import judge
from suites.wan_dlms.survey import ListedObject, Survey
from vectors.loader import data

ASSOCIATION_LN, SAP_ASSIGNMENT_CLASS, SECURITY_SETUP = 15, 17, 64
CLOCK_CLASS, PROFILE, IMAGE, PUSH, DISCONNECT, SCRIPTS = 8, 7, 18, 40, 70, 9
SAP_ASSIGNMENT = "0.0.41.0.0.255"
CURRENT = "0.0.40.0.0.255"
NAME_OF_DEVICE = "0.0.42.0.0.255"
CLOCK = "0.0.1.0.0.255"
_OID_OCTETS = 7
_OID_ARCS = (2, 16, 756, 5, 8)


def deviation(answer: Answer, expected: str, observed: str, offset: int = 0) -> Deviation:
    """Return a deviation at the frame of an answer."""
    return Deviation(answer.place(offset) or Place(0), expected, observed)


def readings(
    survey: Survey, objects: Iterable[ListedObject]
) -> Iterator[tuple[ListedObject, int, Answer]]:
    """Yield object, attribute and answer for all that was read of these objects."""
    for one in objects:
        for right in one.attributes:
            answer = survey.answers.get((one.class_id, one.name, right.attribute))
            if answer is not None:
                yield one, right.attribute, answer


def judge_read(
    verify: Checks,
    check_id: str,
    survey: Survey,
    class_id: int,
    name: str | LogicalName,
    attribute: int,
    *types: DataType,
    clause: str = "",
) -> Data | None:
    """Record that an attribute was read and has one of these types; return what it holds.

    What is not on the object list, or may not be read, is as much a deviation.
    """
    titles = " or ".join(one.title for one in types)
    answer = survey.answer(class_id, name, attribute)
    what = f"attribute {attribute} of class {class_id} {name}"
    if answer is None:
        listed = survey.find(class_id, name)
        why = "may not be read" if listed else "is not on the object list"
        verify.that(
            check_id,
            False,
            expected=f"{what} can be read: {titles}",
            observed=why,
            clause=clause,
            place=survey.listing.place(),
        )
        return None
    found = answer.data
    fits = answer.ok and found is not None and found.type in types
    judge(verify, check_id, fits, answer, expected=f"{what}: {titles}", clause=clause)
    return found if fits else None


def need(survey: Survey, class_id: int, name: str | LogicalName, attribute: int) -> Data:
    """Return what an attribute holds; Inconclusive (PRECONDITION) where it was not read."""
    found = survey.data(class_id, name, attribute)
    if found is None:
        answer = survey.answer(class_id, name, attribute)
        why = "is not on the object list or not readable" if answer is None else str(answer)
        text = f"attribute {attribute} of class {class_id} {name}: {why}"
        raise Inconclusive(Reason.PRECONDITION, text)
    return found


def rows_of(found: Data | None, width: int) -> list[tuple[Data, ...]] | None:
    """Return the elements of an array of structures of `width`, None for anything else."""
    if found is None or found.type != DataType.ARRAY or not isinstance(found.value, Elements):
        return None
    rows = list(found.value)
    if any(row.type != DataType.STRUCTURE or len(row.value) != width for row in rows):
        return None
    return [tuple(row.value) for row in rows]


def object_identifier(found: Data | None) -> tuple[int, int] | None:
    """Return the last two arcs of a DLMS object identifier (1 context, 2 mechanism; number).

    It stands in an octet-string in BER, or in a structure of its seven arcs. None for another.
    """
    if found is None:
        return None
    if found.type == DataType.OCTET_STRING and len(found.value) == _OID_OCTETS:
        octets: bytes = found.value
        return (octets[5], octets[6]) if octets[:5] == b"\x60\x85\x74\x05\x08" else None
    arcs = found.to_python()
    if found.type != DataType.STRUCTURE or len(arcs) != _OID_OCTETS or arcs[:5] != _OID_ARCS:
        return None
    context, number = arcs[5:]
    return (context, number) if isinstance(context, int) and isinstance(number, int) else None


def attribute_name(class_id: int, attribute: int) -> str:
    """Return how an attribute is called, with its number."""
    names = data("wan/classes.toml").get(str(class_id), {}).get("attributes", ())
    if attribute == 1:
        return "attribute 1 logical_name"
    if 2 <= attribute < len(names) + 2:
        return f"attribute {attribute} {names[attribute - 2]}"
    return f"attribute {attribute}"
