"""Area C8: the object list of a later firmware against that of an earlier one."""

from collections.abc import Iterable

from bench.core.case import Case, Kind, case
from bench.core.check import Deviation
from bench.core.errors import UsageError
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.engine.context import CaseContext, Inconclusive
from suites.wan_dlms.baseline import Change, compare, load
from suites.wan_dlms.model import attribute_name, deviation
from suites.wan_dlms.survey import Survey

_GROWTH = "IEC-62056-6-2:5.3.4"
_SHOWN = 5
#: check, kinds of changes, what is expected of all
_CHECKS = (
    ("objects", ("object",), "every object of the baseline is there"),
    ("attributes", ("attribute", "version"), "every attribute of the baseline is there"),
    ("types", ("type",), "every attribute has the type that it had"),
    ("rights", ("right", "method"), "nothing that was allowed is forbidden"),
)


@case(
    Case(
        id="DLMS-OBJ-08",
        version=1,
        interface="wan",
        title="Growth of the object list",
        purpose="Ensure that clients of the earlier firmware still find what they know.",
        stimulus="The object list and all readable attributes, compared with the baseline that "
        "was recorded with the earlier firmware.",
        criterion="All objects and attributes of the baseline, with the types they had and at "
        "least the rights they had; objects, attributes and class versions that are new are told, "
        "and no deviation.",
        kind=Kind.VALID,
        clauses=(_GROWTH,),
        ics="WAN/BASELINE",
        ixit=("baseline",),
        detects=("wan.additions-break", "wan.removed-object", "wan.rights-reduced"),
    )
)
def test_baseline(survey: Survey, context: CaseContext, verify: Checks) -> None:
    """What is known stays, what is new is told."""
    try:
        before = load(str(context.ixit["baseline"]))
    except UsageError as error:
        raise Inconclusive(Reason.IXIT, str(error)) from None
    if before.association != survey.association:
        text = (
            f"the baseline is of association {before.association}, the management association "
            f"is {survey.association}"
        )
        raise Inconclusive(Reason.IXIT, text)
    changes = list(compare(before, survey))
    for check_id, kinds, expected in _CHECKS:
        found = [one for one in changes if one.kind in kinds]
        verify.none_of(
            check_id,
            _deviations(survey, found),
            examined=len(before.objects),
            expected=expected,
            things="objects",
        )
    added = [one for one in changes if one.kind == "added"]
    shown = "; ".join(f"{_what(one)} {one.now}" for one in added[:_SHOWN])
    more = f" and {len(added) - _SHOWN} more" if len(added) > _SHOWN else ""
    verify.note("added", f"{shown}{more}" if added else "nothing", expected="additions, if any")


def _deviations(survey: Survey, changes: Iterable[Change]) -> list[Deviation]:
    found = []
    for one in changes:
        answer = survey.answer(*one.key, one.attribute) if one.kind == "type" else None
        expected = f"{_what(one)} {one.was}"
        found.append(deviation(answer or survey.listing, expected, one.now))
    return found


def _what(one: Change) -> str:
    class_id, name = one.key
    if one.kind == "method":
        return f"class {class_id} {name} method {one.attribute}"
    what = f" {attribute_name(class_id, one.attribute)}" if one.attribute else ""
    return f"class {class_id} {name}{what}"
