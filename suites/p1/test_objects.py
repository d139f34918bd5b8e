"""Area A3: the syntax of every data line, whatever the profile demands to be there."""

from bench.core.case import Case, Kind, case
from bench.core.check import Deviation, Place
from bench.engine.checks import Checks
from bench.protocols.p1.formats import Enumerated, Fixed, Format, OctetString, Stamp
from bench.protocols.p1.telegram import DataLine
from suites.p1.judging import judge_problems
from suites.p1.watch import Seen


def _groups(
    telegrams: tuple[Seen, ...], kind: type | None = None, *, unit: bool | None = None
) -> int:
    """Return how many groups there are whose format is of `kind`, with or without a unit."""
    return sum(
        1
        for seen in telegrams
        for line in seen.telegram.lines
        for form in _formats(line)
        if (kind is None or isinstance(form, kind)) and (unit is None or bool(form.unit) is unit)
    )


def _formats(line: DataLine) -> tuple[Format, ...]:
    """Return what the groups of a known, well-formed line should be, by its first shape."""
    if line.format is None or not line.well_formed:
        return ()
    return line.format.shapes[0].formats(len(line.groups)) or ()


@case(
    Case(
        id="P1-A-030",
        version=1,
        interface="p1",
        title="Grammar of data lines",
        purpose="Ensure that every data line is an OBIS code followed by values in brackets.",
        stimulus="Listen.",
        criterion="A-B:C.D.E with every group in 0 to 255, one or more (...), nothing after.",
        kind=Kind.VALID,
        clauses=("DSMR-5.0.2:6.9",),
        detects=(
            "p1.grammar-bracket-missing",
            "p1.grammar-comma-in-code",
            "p1.grammar-trailing-blank",
            "p1.grammar-colon-in-code",
            "p1.grammar-group-f",
            "p1.grammar-group-256",
            "p1.grammar-no-value",
            "p1.unknown-malformed",
        ),
    )
)
def test_grammar(telegrams: tuple[Seen, ...], verify: Checks) -> None:
    """Every line can be read without knowing its object."""
    lines = sum(len(seen.telegram.lines) for seen in telegrams)
    judge_problems(
        verify,
        "grammar",
        telegrams,
        "grammar",
        expected="A-B:C.D.E(value)",
        examined=lines,
        things="lines",
    )


@case(
    Case(
        id="P1-A-031",
        version=1,
        interface="p1",
        title="Width and decimals of numbers",
        purpose="Ensure that every number has exactly the digits and decimals of its format.",
        stimulus="Listen.",
        criterion="Fn(x,y) of the edition's object table: n digits with leading zeros, x to y "
        "decimals, decimal point '.', no sign and no exponent unless the table has them.",
        kind=Kind.VALID,
        clauses=("DSMR-5.0.2:6.4", "DSMR-5.0.2:6.12"),
        detects=(
            "p1.format-two-decimals",
            "p1.format-four-decimals",
            "p1.format-short",
            "p1.format-long",
            "p1.format-comma",
            "p1.format-plus",
            "p1.format-exponent",
            "p1.format-leading-zeros",
            "p1.format-leading-blanks",
            "p1.format-no-point",
        ),
    )
)
def test_format(telegrams: tuple[Seen, ...], verify: Checks) -> None:
    """Numbers have the width that readers reserve for them."""
    judge_problems(
        verify,
        "format",
        telegrams,
        "format",
        expected="the object's format",
        examined=_groups(telegrams),
        things="values",
    )


@case(
    Case(
        id="P1-A-032",
        version=1,
        interface="p1",
        title="Spelling of units",
        purpose="Ensure that every measured value carries its unit as the object table spells it.",
        stimulus="Listen.",
        criterion="'*' and the exact unit; a value that stands for 'no reading' may lack it.",
        kind=Kind.VALID,
        clauses=("DSMR-5.0.2:6.9", "DSMR-5.0.2:6.12"),
        detects=(
            "p1.unit-lower-case",
            "p1.unit-no-star",
            "p1.unit-other",
            "p1.unit-missing",
            "p1.unit-star-alone",
            "p1.unit-gas",
            "p1.unit-duration",
        ),
    )
)
def test_unit(telegrams: tuple[Seen, ...], verify: Checks) -> None:
    """Nobody has to guess a unit."""
    judge_problems(
        verify,
        "unit",
        telegrams,
        "unit",
        expected="'*' and the object's unit",
        examined=_groups(telegrams, Fixed, unit=True),
        things="values",
    )


@case(
    Case(
        id="P1-A-033",
        version=1,
        interface="p1",
        title="No unit where none belongs",
        purpose="Ensure that counters, texts, states and versions carry no unit.",
        stimulus="Listen.",
        criterion="No '*' in a group whose format has no unit.",
        kind=Kind.VALID,
        clauses=("DSMR-5.0.2:6.9", "DSMR-5.0.2:6.12"),
        detects=(
            "p1.no-unit-counter",
            "p1.no-unit-sags",
            "p1.no-unit-tariff",
            "p1.no-unit-version",
        ),
    )
)
def test_no_unit(telegrams: tuple[Seen, ...], verify: Checks) -> None:
    """A counter is a plain number."""
    judge_problems(
        verify,
        "no-unit",
        telegrams,
        "unit-unexpected",
        expected="no '*'",
        examined=_groups(telegrams, unit=False),
        things="values",
    )


@case(
    Case(
        id="P1-A-034",
        version=1,
        interface="p1",
        title="Octet strings in hexadecimal",
        purpose="Ensure that octet strings are sent as pairs of hexadecimal characters.",
        stimulus="Listen.",
        criterion="An even number of 0-9 and A-F, not more than the object allows; lower case is "
        "an observation.",
        kind=Kind.VALID,
        clauses=("DSMR-5.0.2:6.5", "DSMR-5.0.2:6.12"),
        ics="P1/OCTET-STRINGS",
        detects=(
            "p1.octets-odd",
            "p1.octets-letter-g",
            "p1.octets-plain-text",
            "p1.octets-prefix",
            "p1.octets-identifier-long",
            "p1.octets-text-long",
            "p1.octets-lower-case",
        ),
    )
)
def test_octet_string(telegrams: tuple[Seen, ...], verify: Checks) -> None:
    """Identifiers and messages decode to octets."""
    count = _groups(telegrams, OctetString)
    for check_id, code, expected in (
        ("hex", "octet-string", "pairs of hexadecimal characters"),
        ("length", "octet-string-length", "not longer than the object allows"),
        ("upper-case", "octet-string-case", "upper-case characters"),
    ):
        judge_problems(
            verify,
            check_id,
            telegrams,
            code,
            expected=expected,
            examined=count,
            things="octet strings",
        )


@case(
    Case(
        id="P1-A-035",
        version=1,
        interface="p1",
        title="Time stamps",
        purpose="Ensure that every time stamp is a date and time of the calendar with its flag.",
        stimulus="Listen.",
        criterion="YYMMDDhhmmss and S or W naming a real instant; the marks for 'no reading' only "
        "in sub-meter and peak objects.",
        kind=Kind.VALID,
        clauses=("DSMR-5.0.2:6.4",),
        ics="P1/TIME-STAMPS",
        detects=(
            "p1.time-month-13",
            "p1.time-month-00",
            "p1.time-day-41",
            "p1.time-february-30",
            "p1.time-hour-24",
            "p1.time-minute-60",
            "p1.time-second-60",
            "p1.time-no-flag",
            "p1.time-lower-flag",
            "p1.time-no-data",
            "p1.time-gas-month-13",
            "p1.time-log-hour-25",
            "p1.time-peak-day-32",
        ),
    )
)
def test_timestamp(telegrams: tuple[Seen, ...], verify: Checks) -> None:
    """Every stamp can be turned into an instant."""
    judge_problems(
        verify,
        "timestamp",
        telegrams,
        "timestamp",
        expected="YYMMDDhhmmss and S or W",
        examined=_groups(telegrams, Stamp),
        things="time stamps",
    )


@case(
    Case(
        id="P1-A-036",
        version=1,
        interface="p1",
        title="No object twice",
        purpose="Ensure that an OBIS code occurs at most once in a telegram.",
        stimulus="Listen.",
        criterion="Every OBIS code of a telegram is different.",
        kind=Kind.VALID,
        clauses=("DSMR-5.0.2:6.12",),
        detects=("p1.duplicate-gas", "p1.duplicate-identifier"),
    )
)
def test_unique(telegrams: tuple[Seen, ...], verify: Checks) -> None:
    """No reader has to choose between two values."""
    judge_problems(verify, "unique", telegrams, "duplicate", expected="each object once")


@case(
    Case(
        id="P1-A-037",
        version=1,
        interface="p1",
        title="Range of states",
        purpose="Ensure that breaker, valve and relay objects hold one of their states.",
        stimulus="Listen.",
        criterion="One digit of the object's states (breaker and valve 0 to 2).",
        kind=Kind.VALID,
        clauses=("eMUCS-H-1.3:3.2",),
        ics="P1/STATES",
        detects=(
            "p1.range-breaker-3",
            "p1.range-breaker-two-digits",
            "p1.range-breaker-empty",
            "p1.range-valve-3",
            "p1.range-relay-3",
        ),
    )
)
def test_state(telegrams: tuple[Seen, ...], verify: Checks) -> None:
    """A state is one that the edition knows."""
    judge_problems(
        verify,
        "range",
        telegrams,
        "enum",
        expected="one of the object's states",
        examined=_groups(telegrams, Enumerated),
        things="states",
    )


@case(
    Case(
        id="P1-A-038",
        version=1,
        interface="p1",
        title="Unknown objects are well-formed",
        purpose="Ensure that objects beyond the edition's table still keep the grammar, so that "
        "readers can pass over them.",
        stimulus="Listen.",
        criterion="Unknown objects are listed and never a failure; each keeps the line grammar.",
        kind=Kind.VALID,
        clauses=("DSMR-5.0.2:6.13",),
        detects=("p1.unknown-malformed",),
    )
)
def test_unknown_objects(telegrams: tuple[Seen, ...], verify: Checks) -> None:
    """Objects may be added, in the form of all others."""
    expected = "A-B:C.D.E(value)"
    unknown: dict[str, None] = {}
    deviations = []
    for seen in telegrams:
        for line in seen.telegram.lines:
            if line.format is not None or line.obis is None or _known(seen, line.obis):
                continue
            unknown[line.obis] = None
            if not line.well_formed:
                place = Place(seen.number, line.offset, line.length, line.line)
                deviations.append(Deviation(place, expected, f"{line.obis} breaks the grammar"))
    listed = ", ".join(unknown) or "none"
    verify.note("known", f"objects beyond the edition's table: {listed}")
    verify.none_of("well-formed", deviations, examined=len(telegrams), expected=expected)


def _known(seen: Seen, obis: str) -> bool:
    profile = seen.telegram.profile
    return profile is not None and profile.find(obis) is not None
