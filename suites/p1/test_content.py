"""Area A4, the meter's own objects: which an edition demands, and in whose formats they are."""

import re

from bench.core.case import Case, Kind, case
from bench.core.check import Deviation, Level
from bench.engine.checks import Checks
from bench.engine.context import CaseContext
from bench.protocols.p1.objects import ObjectFormat, Rule
from bench.protocols.p1.profile import Profile, load_profile
from suites.p1.content import (
    foreign_formats,
    judge_found,
    judge_presence,
    lines_of,
    place,
    readable,
)
from suites.p1.judging import judge_problems
from suites.p1.watch import Seen, TelegramWatch

_TABLE = "DSMR-5.0.2:6.12"
_FLEMISH = "e-MUCS-H-1.3:T1"
_THRESHOLDS = {"0-0:17.0.0": "P1/LIMITER", "1-0:31.4.0": "P1/FUSE"}


def _slug(obis: str) -> str:
    return re.sub("[^0-9]", "-", obis)


def _dropped(key: str, since: str = "") -> tuple[str, ...]:
    """Return the faults of an edition that leave out what it demands beyond edition `since`."""
    before = {e.obis for e in load_profile(since).by_rule(Rule.ALWAYS)} if since else set()
    named = "" if key == "nl50" else f"{key}-"
    return tuple(
        f"p1.missing-{named}{_slug(entry.obis)}"
        for entry in load_profile(key).by_rule(Rule.ALWAYS)
        if entry.obis not in before
    )


def _mandatory(profile: Profile) -> tuple[ObjectFormat, ...]:
    return profile.by_rule(Rule.ALWAYS)


@case(
    Case(
        id="P1-A-040",
        version=1,
        interface="p1",
        title="Mandatory objects of DSMR 5.0.2",
        purpose="Ensure that every telegram holds all objects that each DSMR 5.0.2 meter has.",
        stimulus="Listen.",
        criterion="Every object that Table 6-3 does not tie to polyphase meters or linked devices "
        "is in every telegram.",
        kind=Kind.CAPABILITY,
        clauses=(_TABLE,),
        ics="P1/NL50",
        detects=_dropped("nl50"),
    )
)
def test_mandatory_nl50(watch: TelegramWatch, telegrams: tuple[Seen, ...], verify: Checks) -> None:
    """Readers find what Table 6-3 promises."""
    judge_presence(verify, "mandatory", telegrams, _mandatory(watch.profile))


@case(
    Case(
        id="P1-A-041",
        version=1,
        interface="p1",
        title="Objects of the phases",
        purpose="Ensure that a polyphase meter shows the objects of L2 and L3, and that a meter "
        "of one phase does not.",
        stimulus="Listen.",
        criterion="Declared polyphase: every object that the edition ties to polyphase meters is "
        "in every telegram. Otherwise: none of them; as a device that does not say counts as "
        "having one phase, those are an observation.",
        kind=Kind.CAPABILITY,
        clauses=(_TABLE,),
        ics="P1/PHASE-OBJECTS",
        detects=(
            "p1.phases-without-voltage-l3",
            "p1.phases-without-sags-l2",
            "p1.phases-without-current-l3-be17",
            "p1.phases-without-power-l2-se",
            "p1.phases-l2-in-one-phase",
        ),
    )
)
def test_phases(
    watch: TelegramWatch, telegrams: tuple[Seen, ...], context: CaseContext, verify: Checks
) -> None:
    """The phases shown are those of the meter."""
    objects = watch.profile.by_rule(Rule.POLYPHASE)
    if context.answers["P1/POLYPHASE"]:
        judge_presence(verify, "polyphase", telegrams, objects)
        return
    codes = {entry.obis for entry in objects}
    whole = readable(telegrams)
    expected = "no object of L2 or L3, as the meter is declared to have one phase"
    deviations = [
        Deviation(place(seen, line), expected, f"{line.obis} is there")
        for seen in whole
        for line in seen.telegram.lines
        if line.obis in codes
    ]
    verify.none_of(
        "one-phase", deviations, examined=len(whole), expected=expected, level=Level.SHOULD
    )


@case(
    Case(
        id="P1-A-042",
        version=1,
        interface="p1",
        title="Mandatory objects before DSMR 5",
        purpose="Ensure that every telegram holds all objects that each meter of DSMR 2.2 to 4.2 "
        "has.",
        stimulus="Listen.",
        criterion="Every object that the edition's table does not tie to polyphase meters or "
        "linked devices is in every telegram, the numeric message code included; voltages need "
        "not be.",
        kind=Kind.CAPABILITY,
        clauses=("DSMR-4.2.2:5.12",),
        ics="P1/NL-BEFORE-5",
        detects=(*_dropped("nl42"), *_dropped("nl40", "nl42"), *_dropped("nl30")),
    )
)
def test_mandatory_before_5(
    watch: TelegramWatch, telegrams: tuple[Seen, ...], verify: Checks
) -> None:
    """Readers find what the table of the older edition promises."""
    judge_presence(verify, "mandatory", telegrams, _mandatory(watch.profile))


@case(
    Case(
        id="P1-A-043",
        version=1,
        interface="p1",
        title="Belgian minimal and Flemish set",
        purpose="Ensure that every telegram holds the Belgian minimal and the Flemish set of the "
        "declared edition, in that edition's formats.",
        stimulus="Listen.",
        criterion="Every object that the edition demands is in every telegram, and none has the "
        "format of another edition (whole amperes after 1.3). What is known of an edition from "
        "its example and from telegrams alone is an observation.",
        kind=Kind.CAPABILITY,
        clauses=(_FLEMISH,),
        ics="P1/BE",
        detects=(
            *_dropped("be13"),
            *_dropped("be15", "be14"),
            *_dropped("be17", "be16"),
            "p1.missing-be17-0-0-17-0-0",
            "p1.missing-be21-0-0-17-0-0",
            "p1.edition-old-current",
            "p1.edition-new-current",
        ),
    )
)
def test_belgian_set(watch: TelegramWatch, telegrams: tuple[Seen, ...], verify: Checks) -> None:
    """A home energy system finds the set of its edition."""
    judge_presence(verify, "mandatory", telegrams, _mandatory(watch.profile))
    whole = readable(telegrams)
    judge_found(
        verify,
        "formats",
        [found for seen in whole for found in foreign_formats(seen, watch.profile)],
        examined=len(whole),
        expected=f"the formats of {watch.profile.title}",
    )


@case(
    Case(
        id="P1-A-056",
        version=1,
        interface="p1",
        title="Thresholds",
        purpose="Ensure that the thresholds of limiter and fuse are shown also while they are not "
        "active.",
        stimulus="Listen.",
        criterion="Both objects are in every telegram; where the declaration says that no "
        "threshold is set, all digits are nine, else it is an observation.",
        kind=Kind.CAPABILITY,
        clauses=(_FLEMISH,),
        ics="P1/BE",
        detects=(
            "p1.threshold-limiter-vanishes",
            "p1.threshold-fuse-vanishes",
            "p1.threshold-zero",
            "p1.missing-be13-0-0-17-0-0",
            "p1.missing-be13-1-0-31-4-0",
            "p1.missing-be17-0-0-17-0-0",
            "p1.missing-be21-0-0-17-0-0",
        ),
    )
)
def test_thresholds(
    watch: TelegramWatch, telegrams: tuple[Seen, ...], context: CaseContext, verify: Checks
) -> None:
    """No threshold is shown as such."""
    wanted = [entry for entry in watch.profile.patterns if entry.obis in _THRESHOLDS]
    judge_presence(verify, "present", telegrams, wanted)
    inactive = [obis for obis, item in _THRESHOLDS.items() if not context.answers[item]]
    if not inactive:
        return
    expected = "all digits nine, as no threshold is set"
    shown = [
        (seen, line)
        for seen in readable(telegrams)
        for obis in inactive
        for line in lines_of(seen, obis)
    ]
    deviations = [
        Deviation(place(seen, line), expected, f"{line.obis} shows {line.groups[0]!a}")
        for seen, line in shown
        if not re.match(r"[9.]+(?![0-9])", line.groups[0])
    ]
    verify.none_of(
        "inactive",
        deviations,
        examined=len(shown),
        things="thresholds",
        expected=expected,
        level=Level.SHOULD,
    )


@case(
    Case(
        id="P1-A-057",
        version=1,
        interface="p1",
        title="Swedish set",
        purpose="Ensure that every telegram of a Swedish meter holds the whole set in its formats.",
        stimulus="Listen.",
        criterion="The objects of annex 3 are in every telegram (those of L2 and L3 where the "
        "meter is declared polyphase): energy with 8 digits before and 3 after the point, power "
        "with 4 and 3, voltage and current with 3 and 1.",
        kind=Kind.CAPABILITY,
        clauses=("SE-H1-2.0:annex 3",),
        ics="P1/SE",
        detects=(*_dropped("se"), "p1.swedish-short-energy", "p1.swedish-short-power"),
    )
)
def test_swedish_set(watch: TelegramWatch, telegrams: tuple[Seen, ...], verify: Checks) -> None:
    """The whole set is sent at once."""
    judge_presence(verify, "mandatory", telegrams, _mandatory(watch.profile))
    judge_problems(verify, "formats", telegrams, "format", expected="the formats of annex 3")


@case(
    Case(
        id="P1-A-059",
        version=1,
        interface="p1",
        title="Mandatory objects of other editions",
        purpose="Ensure that every telegram holds all objects that each meter of the country's "
        "edition has (Luxembourg, Austria, Switzerland, Hungary, Germany).",
        stimulus="Listen.",
        criterion="Every object that the edition does not tie to polyphase meters or linked "
        "devices is in every telegram. What is known of an edition from telegrams alone is an "
        "observation.",
        kind=Kind.CAPABILITY,
        clauses=("Luxmetering-1.1.3:3.2", _TABLE),
        ics="P1/OTHER-SET",
        detects=(*_dropped("lu"), "p1.missing-at-1-0-1-8-0", "p1.missing-hu-0-0-1-0-0"),
    )
)
def test_mandatory_elsewhere(
    watch: TelegramWatch, telegrams: tuple[Seen, ...], verify: Checks
) -> None:
    """Readers find what the edition of their country promises."""
    judge_presence(verify, "mandatory", telegrams, _mandatory(watch.profile))
