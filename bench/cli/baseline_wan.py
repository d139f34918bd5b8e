"""`meterbench baseline wan`: the object list of a WAN meter, with types and rights."""

from typing import TYPE_CHECKING, Any

from bench.core.errors import UsageError

if TYPE_CHECKING:
    from bench.engine.session import Session

_LIMIT_S = 1800.0


def record_wan(session: "Session") -> tuple[dict[str, Any], list[str]]:
    """Return the content of the file, and what to tell of it.

    UsageError where the object list cannot be read.
    """
    from bench.engine.context import Inconclusive
    from suites.wan_dlms.baseline import record
    from suites.wan_dlms.meter import Meter

    context = session.aside("wan", "baseline", _LIMIT_S)
    try:
        meter = Meter.of(session, context)
        survey = meter.survey()
        meter.close()
    except Inconclusive as stopped:
        raise UsageError(f"no baseline: {stopped}") from None
    finally:
        context.close()
    found = record(survey, str(session.link("wan").url))
    attributes = sum(len(one.attributes) for one in found.objects.values())
    left_out = sum(1 for one in survey.objects if one.problem)
    told = [
        f"association {found.association}: {len(found.objects)} objects with {attributes} "
        "attributes"
    ]
    if left_out:
        told.append(f"{left_out} elements of the object list cannot be read and are left out")
    return found.to_json(), told
