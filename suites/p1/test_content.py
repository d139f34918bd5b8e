"""Area A4, the meter's own objects: which an edition demands, and in whose formats they are."""

import re
from collections.abc import Sequence

from bench.core.case import Case, Kind, case
from bench.core.check import Deviation, Level, Place
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.engine.context import CaseContext
from bench.protocols.p1.objects import ObjectFormat, Rule
from bench.protocols.p1.profile import Profile, load_profile
from suites.p1.content import (
    announced,
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
_IDENTIFIER = "0-0:96.1.1"
_THRESHOLDS = {"0-0:17.0.0": "P1/LIMITER", "1-0:31.4.0": "P1/FUSE"}
_DIN_43863_5_CHARACTERS = 14


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
        id="P1-A-044",
        version=1,
        interface="p1",
        title="Version object",
        purpose="Ensure that the version object announces the declared edition, and that the "
        "object of another country is not there beside it.",
        stimulus="Listen.",
        criterion="1-3:0.2.8 (Belgium: 0-0:96.1.4) holds the edition's version in plain digits. "
        "1-3:0.2.8 in a Belgian telegram is an observation.",
        kind=Kind.VALID,
        clauses=(_TABLE, _FLEMISH),
        ics="P1/VERSION",
        detects=(
            "p1.version-one-digit",
            "p1.version-unknown",
            "p1.version-hex",
            "p1.version-both",
            "p1.edition-announced-1.3",
        ),
    )
)
def test_version(watch: TelegramWatch, telegrams: tuple[Seen, ...], verify: Checks) -> None:
    """Readers can choose the right table by the version."""
    profile, rule = watch.profile, watch.profile.version
    entry = profile.find(rule.obis)
    assert entry is not None
    expected = f"{rule.obis} says {' or '.join(rule.values)}"
    # a unit where none belongs is judged by P1-A-033
    said = [
        (seen, line)
        for seen in readable(telegrams)
        for line in lines_of(seen, rule.obis)
        if not any("*" in group for group in line.groups)
    ]
    deviations = [
        Deviation(place(seen, line), expected, f"{rule.obis} says {line.groups[0]!a}")
        for seen, line in said
        if line.groups not in {(value,) for value in rule.values}
    ]
    verify.none_of(
        "value",
        deviations,
        examined=len(said),
        things="version objects",
        expected=expected,
        clause=entry.clause,
        level=entry.level,
    )
    if rule.forbidden:
        _judge_forbidden(verify, readable(telegrams), rule.forbidden)


def _judge_forbidden(verify: Checks, telegrams: Sequence[Seen], codes: Sequence[str]) -> None:
    expected = f"no {' or '.join(codes)}, which {_FLEMISH.partition(':')[0]} reserves"
    deviations = [
        Deviation(place(seen, line), expected, f"{code} is there")
        for seen in telegrams
        for code in codes
        for line in lines_of(seen, code)
    ]
    verify.none_of(
        "only-one",
        deviations,
        examined=len(telegrams),
        expected=expected,
        clause=_FLEMISH,
        level=Level.SHOULD,
    )


@case(
    Case(
        id="P1-A-045",
        version=1,
        interface="p1",
        title="Version matches content",
        purpose="Ensure that the objects have the formats of the edition that the telegram itself "
        "announces.",
        stimulus="Listen.",
        criterion="No object has the format of another edition than the announced one.",
        kind=Kind.VALID,
        clauses=("eMUCS-P1-1.4:version history", _FLEMISH),
        ics="P1/VERSION",
        detects=("p1.edition-old-current", "p1.edition-new-current", "p1.edition-announced-1.3"),
    )
)
def test_version_content(watch: TelegramWatch, telegrams: tuple[Seen, ...], verify: Checks) -> None:
    """A reader that goes by the version can read the values."""
    editions = [(seen, announced(seen, watch.profile)) for seen in readable(telegrams)]
    known = [(seen, edition) for seen, edition in editions if edition is not None]
    judge_found(
        verify,
        "formats",
        [found for seen, edition in known for found in foreign_formats(seen, edition)],
        examined=len(known),
        expected="the formats of the announced edition",
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
        id="P1-A-058",
        version=1,
        interface="p1",
        title="Equipment identifier is stable",
        purpose="Ensure that the equipment identifier stays the same and is the meter's.",
        stimulus="Listen.",
        criterion="One identifier in all telegrams; the one on the nameplate where equipment_id "
        "is declared; in Belgium 14 characters (DIN 43863-5).",
        kind=Kind.VALID,
        clauses=(_TABLE, "e-MUCS-H-1.3:4.3"),
        ics="P1/IDENTIFIER",
        detects=(
            "p1.identifier-changes",
            "p1.identifier-of-another",
            "p1.identifier-13-characters",
        ),
    )
)
def test_identifier(
    watch: TelegramWatch, telegrams: tuple[Seen, ...], context: CaseContext, verify: Checks
) -> None:
    """A reader can tell meters apart by it."""
    # two identifiers in one telegram are judged by P1-A-036
    alone = [(seen, lines_of(seen, _IDENTIFIER)) for seen in readable(telegrams)]
    shown = [(seen, lines[0]) for seen, lines in alone if len(lines) == 1]
    texts = [line.groups[0] for _, line in shown]
    if len(texts) < 2 and telegrams:
        verify.undecided(
            "constant",
            Reason.SHORT,
            expected="one identifier in all telegrams",
            observed=f"{len(texts)} telegrams with one identifier",
        )
    else:
        deviations = [
            Deviation(place(seen, line), texts[0], f"{line.groups[0]!a} after {texts[0]!a}")
            for seen, line in shown
            if line.groups[0] != texts[0]
        ]
        verify.none_of("constant", deviations, examined=len(shown), expected="one identifier")
    if not shown:
        return
    seen, line = shown[0]
    at = place(seen, line)
    if (nameplate := context.ixit.get("equipment_id")) is not None:
        said = _decoded(texts[0])
        verify.that(
            "nameplate", said == nameplate, expected=repr(nameplate), observed=repr(said), place=at
        )
    if watch.profile.key.startswith("be"):
        _judge_length(verify, texts[0], at)


def _decoded(text: str) -> str:
    """Return the characters of an octet string; its text where it is none."""
    try:
        return bytes.fromhex(text).decode("latin-1")
    except ValueError:
        return text


def _judge_length(verify: Checks, text: str, at: Place) -> None:
    verify.that(
        "characters",
        len(text) == 2 * _DIN_43863_5_CHARACTERS,
        expected=f"{_DIN_43863_5_CHARACTERS} characters, {2 * _DIN_43863_5_CHARACTERS} "
        "hexadecimal digits",
        observed=f"{len(text)} hexadecimal digits",
        clause="e-MUCS-H-1.3:4.3",
        place=at,
    )


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
