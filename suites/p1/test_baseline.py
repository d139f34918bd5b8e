"""Area A6, compatibility: what changed since an earlier firmware (Fluvius brochure §4.5.1)."""

from collections.abc import Sequence

from bench.core.case import Case, Kind, case
from bench.core.check import Deviation, Level, Place
from bench.core.errors import UsageError
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.engine.context import CaseContext, Inconclusive
from bench.protocols.p1.profile import Profile
from suites.p1.baseline import (
    ALWAYS,
    DEVICE,
    PHASE,
    SOMETIMES,
    Baseline,
    load,
    moved,
    objects_of,
    presence,
    record,
    written_as,
)
from suites.p1.watch import Seen, TelegramWatch

_CONTRACT = "Fluvius-P1-S1:4.5.1"
_ADDITIONS = "DSMR-5.0.2:6.13"
_VERSION_RULE = "eMUCS-P1-1.4:version"
_TABLE = "DSMR-5.0.2:6.12"


def _loaded(context: CaseContext, verify: Checks) -> Baseline:
    name = str(context.ixit["baseline"])
    try:
        found = load(name)
    except UsageError as error:
        raise Inconclusive(Reason.IXIT, str(error)) from None
    origin = f"{found.telegrams} telegrams of {found.header} as {found.profile}"
    said = f", version {found.version}" if found.version else ""
    verify.note("baseline", f"{origin}{said}: {len(found.objects)} objects")
    return found


def _whole(telegrams: Sequence[Seen]) -> list[Seen]:
    found = [
        seen for seen in telegrams if seen.frame.complete and seen.telegram.crc.ok is not False
    ]
    if not found:
        raise Inconclusive(Reason.LINE, "no telegram is whole")
    return found


def _level(obis: str, profile: Profile) -> Level:
    """Return how binding it is that an object stays: by Belgian contract, or by the edition."""
    known = profile.find(obis)
    required = known is not None and known.rule == "M" and known.level is Level.MUST
    return Level.MUST if profile.key.startswith("be") or required else Level.SHOULD


@case(
    Case(
        id="P1-A-083",
        version=1,
        interface="p1",
        title="Nothing removed since the baseline",
        purpose="Ensure that a new firmware still sends every object of the earlier one.",
        stimulus="Listen, with a baseline of the earlier firmware.",
        criterion="Every object that the baseline has in all telegrams is in all telegrams. "
        "Objects of linked devices are conditional, those of the second and third phase are where "
        "the meter measures one. Outside Belgium an object that the edition does not require is "
        "an observation.",
        kind=Kind.VALID,
        clauses=(_CONTRACT, _ADDITIONS),
        ics="P1/BASELINE",
        ixit=("baseline",),
        detects=(
            "p1.baseline-fuse-removed",
            "p1.baseline-text-removed",
            "p1.baseline-removed-at-times",
            "p1.baseline-optional-removed",
        ),
        bound_s=4000,
    )
)
def test_nothing_removed(
    telegrams: tuple[Seen, ...], watch: TelegramWatch, context: CaseContext, verify: Checks
) -> None:
    """What a reader relies on stays."""
    before, whole = _loaded(context, verify), _whole(telegrams)
    lasting = {ALWAYS, PHASE} if context.answers["P1/POLYPHASE"] else {ALWAYS}
    required = [obis for obis, one in before.objects.items() if one.presence in lasting]
    expected = "every object of the baseline"
    found: dict[Level, list[Deviation]] = {Level.MUST: [], Level.SHOULD: []}
    for seen in whole:
        present = objects_of(seen)
        for obis in required:
            if obis not in present:
                missing = Deviation(Place(seen.number), expected, f"{obis} is missing")
                found[_level(obis, watch.profile)].append(missing)
    for level, name in ((Level.MUST, "removed"), (Level.SHOULD, "removed-optional")):
        share = [obis for obis in required if _level(obis, watch.profile) is level]
        if share:
            verify.none_of(
                name,
                found[level],
                examined=len(whole) * len(share),
                expected=expected,
                things="objects",
                level=level,
            )
    shown = {obis for seen in whole for obis in objects_of(seen)}
    gone = [
        obis
        for obis, one in before.objects.items()
        if one.presence not in lasting and obis not in shown
    ]
    verify.note("conditional", f"conditional objects that are gone: {', '.join(gone) or 'none'}")


@case(
    Case(
        id="P1-A-084",
        version=1,
        interface="p1",
        title="Additions since the baseline",
        purpose="Ensure that objects which a new firmware adds can be passed over.",
        stimulus="Listen, with a baseline of the earlier firmware.",
        criterion="Objects may be added, anywhere; they are listed. Each keeps the line grammar.",
        kind=Kind.VALID,
        clauses=(_CONTRACT, _ADDITIONS),
        ics="P1/BASELINE",
        ixit=("baseline",),
        detects=("p1.baseline-added-malformed",),
        bound_s=4000,
    )
)
def test_additions(telegrams: tuple[Seen, ...], context: CaseContext, verify: Checks) -> None:
    """New objects do not disturb old readers."""
    before, whole = _loaded(context, verify), _whole(telegrams)
    expected = "A-B:C.D.E(value)"
    added: dict[str, None] = {}
    malformed = []
    for seen in whole:
        for line in seen.telegram.lines:
            if line.obis is None or line.obis in before.objects:
                continue
            added[line.obis] = None
            if not line.well_formed:
                place = Place(seen.number, line.offset, line.length, line.line)
                malformed.append(Deviation(place, expected, f"{line.obis} breaks the grammar"))
    verify.none_of("well-formed", malformed, examined=len(whole), expected=expected)
    verify.note("added", f"objects added since the baseline: {', '.join(added) or 'none'}")


@case(
    Case(
        id="P1-A-085",
        version=1,
        interface="p1",
        title="Order since the baseline",
        purpose="Ensure that a new order of the objects is one that readers can follow.",
        stimulus="Listen, with a baseline of the earlier firmware.",
        criterion="Objects may move; it is told. The type of a linked device stays the first of "
        "its channel, as in the baseline.",
        kind=Kind.VALID,
        clauses=(_CONTRACT, _ADDITIONS, _TABLE),
        ics="P1/BASELINE",
        ixit=("baseline",),
        detects=("p1.baseline-type-moved",),
        bound_s=4000,
    )
)
def test_order(telegrams: tuple[Seen, ...], context: CaseContext, verify: Checks) -> None:
    """No reader may count lines."""
    before, whole = _loaded(context, verify), _whole(telegrams)
    expected = "the device type first of its channel"
    late, examined = [], 0
    for seen in whole:
        first: dict[str, str] = {}
        for obis, line in objects_of(seen).items():
            channel = obis.partition(":")[0]
            if presence(obis, watch_profile(seen), True) != DEVICE:
                continue
            leads = first.setdefault(channel, obis)
            if obis.endswith(":24.1.0"):
                examined += 1
                if leads != obis:
                    place = Place(seen.number, line.offset, line.length, line.line)
                    late.append(Deviation(place, expected, f"{leads} stands before {obis}"))
    order = moved(before.objects, objects_of(whole[-1]))
    verify.note("order", f"objects that moved: {', '.join(order[:8]) or 'none'}")
    if examined:
        verify.none_of(
            "device-type-first",
            late,
            examined=examined,
            expected=expected,
            things="channels",
            clause=_TABLE,
        )


def watch_profile(seen: Seen) -> Profile:
    """Return the edition by which a telegram was decoded."""
    assert seen.telegram.profile is not None
    return seen.telegram.profile


@case(
    Case(
        id="P1-A-086",
        version=1,
        interface="p1",
        title="Formats since the baseline",
        purpose="Ensure that objects keep their width, decimals and unit.",
        stimulus="Listen, with a baseline of the earlier firmware.",
        criterion="INCOMPATIBLE-FORMAT: an object that is written otherwise than in the baseline "
        "is an observation where the version has changed too, or a device was exchanged, and a "
        "failure where the version is the same.",
        kind=Kind.VALID,
        clauses=(_VERSION_RULE, _TABLE),
        ics="P1/BASELINE",
        ixit=("baseline",),
        detects=(
            "p1.baseline-current-widened",
            "p1.baseline-current-widened-announced",
            "p1.baseline-unit-changed",
        ),
        bound_s=4000,
    )
)
def test_formats(
    telegrams: tuple[Seen, ...], watch: TelegramWatch, context: CaseContext, verify: Checks
) -> None:
    """A reader that worked goes on working."""
    before, whole = _loaded(context, verify), _whole(telegrams)
    now = record(whole, watch.profile)
    announced = now.version != before.version or not now.version
    expected = "the format of the baseline"
    firm: list[Deviation] = []
    soft: list[Deviation] = []
    examined = 0
    for seen in whole:
        for obis, line in objects_of(seen).items():
            written = written_as(line)
            known = before.objects.get(obis)
            if known is None or not known.formats or not written:
                continue
            examined += 1
            if written not in known.formats:
                place = Place(seen.number, line.offset, line.length, line.line)
                observed = f"INCOMPATIBLE-FORMAT: {obis}{written} was {' or '.join(known.formats)}"
                exchanged = known.presence == DEVICE  # another device may have other digits
                (soft if announced or exchanged else firm).append(
                    Deviation(place, expected, observed)
                )
    verify.none_of(
        "format-kept",
        soft,
        examined=examined,
        expected=expected,
        things="objects",
        level=Level.SHOULD,
    )
    if not announced:
        verify.none_of(
            "format-of-version",
            firm,
            examined=examined,
            expected=f"the format of version {now.version}",
            things="objects",
        )


@case(
    Case(
        id="P1-A-087",
        version=1,
        interface="p1",
        title="Version since the baseline",
        purpose="Ensure that a change of content is announced by the version.",
        stimulus="Listen, with a baseline of the earlier firmware.",
        criterion="The version is not lower than in the baseline. That objects or formats changed "
        "under the same version is an observation.",
        kind=Kind.VALID,
        clauses=(_VERSION_RULE,),
        ics="P1/BASELINE",
        ixit=("baseline",),
        detects=(
            "p1.baseline-current-widened",
            "p1.baseline-version-decreased",
            "p1.baseline-unannounced",
        ),
        bound_s=4000,
    )
)
def test_version(
    telegrams: tuple[Seen, ...], watch: TelegramWatch, context: CaseContext, verify: Checks
) -> None:
    """A reader can tell by the version what to expect."""
    before, whole = _loaded(context, verify), _whole(telegrams)
    now = record(whole, watch.profile)
    if before.version.isdigit() and now.version.isdigit():
        verify.that(
            "not-lower",
            int(now.version) >= int(before.version),
            expected=f"version {before.version} or higher",
            observed=f"version {now.version}",
            level=Level.MUST if watch.profile.key.startswith("be") else Level.SHOULD,
        )
    else:
        verify.note("not-lower", "no version to compare", expected="a version that does not fall")
    changes = _changes(before, now)
    told = ", ".join(changes[:6]) or "nothing changed"
    verify.that(
        "announced",
        now.version != before.version or not changes,
        expected="another version where the content changed",
        observed=f"version {now.version or 'none'} as before; {told}"
        if now.version == before.version
        else f"version {now.version}; {told}",
        level=Level.SHOULD,
    )


def _changes(before: Baseline, now: Baseline) -> list[str]:
    """Return in words what is new, gone or written otherwise; conditional objects may differ."""
    conditional = {DEVICE, PHASE, SOMETIMES}
    old = {o for o, one in before.objects.items() if one.presence not in conditional}
    new = {o for o, one in now.objects.items() if one.presence not in conditional}
    changes = [f"{obis} is new" for obis in sorted(new - set(before.objects))]
    changes += [f"{obis} is gone" for obis in sorted(old - set(now.objects))]
    for obis in sorted(old & new):
        if extra := set(now.objects[obis].formats) - set(before.objects[obis].formats):
            changes.append(f"{obis} is written {' or '.join(sorted(extra))}")
    return changes
