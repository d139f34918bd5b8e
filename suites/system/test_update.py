"""Update: what clients and readers know is still there after it, at every port."""

from collections.abc import Iterable

from bench.core.case import Case, Kind, case
from bench.core.check import Deviation, Place
from bench.core.errors import UsageError
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.engine.context import Inconclusive
from suites.p1 import baseline as p1_baseline
from suites.p1.readings import Reading
from suites.system.ports import Ports
from suites.wan_dlms import baseline as wan_baseline
from suites.wan_dlms.model import attribute_name

_TELEGRAMS = 10
_SHOWN = 5
_GONE = ("object", "attribute", "version", "right", "method")


@case(
    Case(
        id="SYS-CMP-01",
        version=1,
        interface="system",
        title="Update without breakage",
        purpose="Ensure that a new firmware breaks nothing at one port while another is improved.",
        stimulus="Listen to P1 and read the object list and all readable attributes over WAN, "
        "with the baselines of both that were recorded with the earlier firmware.",
        criterion="No object, attribute or right of a baseline is gone, and none is written or "
        "typed otherwise, on P1 under the same version; what is new is told. Objects of linked "
        "devices may come and go.",
        kind=Kind.VALID,
        clauses=("Fluvius-P1-S1:4.5.1",),
        ics="P1/BASELINE and WAN/BASELINE",
        ixit=("p1.baseline", "wan.baseline"),
        detects=(
            "system.p1-update-removes",
            "system.p1-update-retypes",
            "system.wan-update-removes",
            "system.wan-update-retypes",
        ),
        beside=("p1", "wan"),
        spans=("p1", "wan", "han", "mep"),
        bound_s=600,
    )
)
def test_update(ports: Ports, verify: Checks) -> None:
    """Both ports against what they were, in one run of one firmware."""
    try:
        p1_before = p1_baseline.load(str(ports.context.ixit["p1.baseline"]))
        wan_before = wan_baseline.load(str(ports.context.ixit["wan.baseline"]))
    except UsageError as error:
        raise Inconclusive(Reason.IXIT, str(error)) from None
    added = [f"WAN {text}" for text in _judge_wan(ports, verify, wan_before)]
    ports.begin()
    ports.hear(_TELEGRAMS * ports.p1_profile.interval_s + ports.lag_s)
    added += [f"P1 {obis}" for obis in _judge_p1(ports, verify, p1_before)]
    more = f" and {len(added) - _SHOWN} more" if len(added) > _SHOWN else ""
    shown = "; ".join(added[:_SHOWN])
    verify.note("added", f"{shown}{more}" if added else "nothing", expected="additions, if any")


def _judge_p1(ports: Ports, verify: Checks, before: p1_baseline.Baseline) -> list[str]:
    """Judge the telegrams; return the objects that the baseline does not have."""
    readings = ports.readings()
    if not readings:
        raise Inconclusive(Reason.PRECONDITION, "P1 sent no whole telegram")
    lasting = {p1_baseline.ALWAYS}
    if ports.answers.get("P1/POLYPHASE"):
        lasting.add(p1_baseline.PHASE)
    required = [obis for obis, one in before.objects.items() if one.presence in lasting]
    gone: list[Deviation] = []
    other: list[Deviation] = []
    new: dict[str, None] = {}
    for reading in readings:
        shown = p1_baseline.objects_of(reading.seen)
        for obis in required:
            if obis not in shown:
                place = ports.place_p1(reading)
                gone.append(Deviation(place, f"{obis} is sent", "it is missing"))
        other += _written_otherwise(ports, reading, before)
        new.update(dict.fromkeys(obis for obis in shown if obis not in before.objects))
    verify.none_of(
        "p1-removed",
        gone,
        examined=len(readings) * len(required),
        expected="every object of the baseline is sent",
        things="objects",
    )
    version = p1_baseline.version(readings[-1].seen, ports.p1_profile)
    if version == before.version and version:
        verify.none_of(
            "p1-changed",
            other,
            examined=len(readings) * len(before.objects),
            expected=f"the format of version {version}",
            things="objects",
        )
    else:
        told = other[0].observed if other else "nothing is written otherwise"
        verify.note("p1-changed", f"version {version or 'none'}, before {before.version}: {told}")
    return list(new)


def _written_otherwise(
    ports: Ports, reading: Reading, before: p1_baseline.Baseline
) -> Iterable[Deviation]:
    for obis, line in p1_baseline.objects_of(reading.seen).items():
        known = before.objects.get(obis)
        written = p1_baseline.written_as(line)
        if known is None or known.presence == p1_baseline.DEVICE or not known.formats:
            continue  # another device may have other digits
        if written and written not in known.formats:
            expected = f"{obis}{' or '.join(known.formats)}"
            yield Deviation(ports.place_p1(reading, obis), expected, f"{obis}{written}")


def _judge_wan(ports: Ports, verify: Checks, before: wan_baseline.Baseline) -> list[str]:
    """Judge the object list; return what the baseline does not have."""
    survey = ports.meter.survey("main")
    if before.association != survey.association:
        text = (
            f"the baseline is of association {before.association}, the management association "
            f"is {survey.association}"
        )
        raise Inconclusive(Reason.IXIT, text)
    changes = list(wan_baseline.compare(before, survey))
    for check_id, kinds, expected in (
        ("wan-removed", _GONE, "all that a client of the baseline knows and may do"),
        ("wan-changed", ("type",), "every attribute has the type that it had"),
    ):
        found = [
            Deviation(Place(0), f"{_what(one)} {one.was}", one.now)
            for one in changes
            if one.kind in kinds
        ]
        verify.none_of(
            check_id, found, examined=len(before.objects), expected=expected, things="objects"
        )
    return [_what(one) for one in changes if one.kind == "added"]


def _what(one: wan_baseline.Change) -> str:
    class_id, name = one.key
    if one.kind == "method":
        return f"class {class_id} {name} method {one.attribute}"
    what = f" {attribute_name(class_id, one.attribute)}" if one.attribute else ""
    return f"class {class_id} {name}{what}"
