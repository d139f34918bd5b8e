"""Area A4, what a meter says of itself: the edition of its telegrams and its own identifier."""

from collections.abc import Sequence

from bench.core.case import Case, Kind, case
from bench.core.check import Deviation, Level, Place
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.engine.context import CaseContext, Inconclusive
from suites.p1.content import (
    announced,
    foreign_formats,
    judge_found,
    lines_of,
    place,
    readable,
)
from suites.p1.watch import Seen, TelegramWatch

_TABLE = "DSMR-5.0.2:6.12"
_FLEMISH = "e-MUCS-H-1.3:T1"
_IDENTIFIER = "0-0:96.1.1"
_DIN_43863_5_CHARACTERS = 14


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
    if not said:
        raise Inconclusive(Reason.EMPTY, f"no whole telegram has {rule.obis}")
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
