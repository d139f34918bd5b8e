"""Area A2: the CRC16 of the telegram (DSMR 5.0.2 §6.2)."""

from bench.core.case import Case, Kind, case
from bench.core.check import Deviation, Level, Place
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from suites.p1.judging import deviation, judge_problems
from suites.p1.watch import Seen

_CLAUSE = "DSMR-5.0.2:6.2"
_ENOUGH_FOR_A_LEADING_ZERO = 200  # misses a leading zero nibble by chance in 1 of 400 000 runs
_EVERY_TELEGRAM = 300


@case(
    Case(
        id="P1-A-020",
        version=1,
        interface="p1",
        title="CRC value",
        purpose="Ensure that the CRC is CRC-16/ARC over all octets from '/' to '!'.",
        stimulus="Listen.",
        criterion="The digits after '!' equal the CRC-16 (polynomial 8005h reflected, initial "
        "value 0) over '/' up to and including '!'.",
        kind=Kind.VALID,
        clauses=(_CLAUSE,),
        ics="P1/CRC",
        detects=(
            "p1.crc-data-changed",
            "p1.crc-init-ffff",
            "p1.crc-poly-1021",
            "p1.crc-xmodem",
            "p1.crc-without-end-mark",
            "p1.crc-with-line-end",
            "p1.crc-without-start",
            "p1.crc-swapped",
            "p1.crc-missing",
        ),
    )
)
def test_crc_value(telegrams: tuple[Seen, ...], verify: Checks) -> None:
    """The CRC digits fit the octets."""
    judge_problems(
        verify, "crc", telegrams, "crc", "crc-missing", expected="the CRC-16 of the telegram"
    )


@case(
    Case(
        id="P1-A-021",
        version=1,
        interface="p1",
        title="CRC width",
        purpose="Ensure that the CRC is written with exactly four digits, leading zeros included.",
        stimulus="Listen until a CRC with a leading zero has been sent, or to 200 telegrams.",
        criterion="Four hexadecimal digits after '!' in every telegram.",
        kind=Kind.VALID,
        clauses=(_CLAUSE,),
        ics="P1/CRC",
        detects=("p1.crc-unpadded",),
    )
)
def test_crc_width(telegrams: tuple[Seen, ...], verify: Checks) -> None:
    """Leading zeros of the CRC are sent."""
    padded = any(
        seen.telegram.crc.ok and seen.telegram.crc.computed.startswith("0") for seen in telegrams
    )
    judge_problems(
        verify, "four-digits", telegrams, "crc-width", expected="four hexadecimal digits"
    )
    if not padded and len(telegrams) < _ENOUGH_FOR_A_LEADING_ZERO:
        verify.undecided(
            "leading-zero",
            Reason.SHORT,
            expected=f"a CRC with a leading zero, or {_ENOUGH_FOR_A_LEADING_ZERO} telegrams",
            observed=f"{len(telegrams)} telegrams, none with a leading zero",
        )


@case(
    Case(
        id="P1-A-022",
        version=1,
        interface="p1",
        title="CRC in upper case",
        purpose="Ensure that the CRC is written in upper case, as readers in the field expect.",
        stimulus="Listen.",
        criterion="No lower-case digit; the text says only 'hexadecimal characters', so that a "
        "deviation is an observation.",
        kind=Kind.VALID,
        clauses=(_CLAUSE,),
        level=Level.SHOULD,
        ics="P1/CRC",
        detects=("p1.crc-lower-case",),
    )
)
def test_crc_case(telegrams: tuple[Seen, ...], verify: Checks) -> None:
    """CRC digits are upper case."""
    judge_problems(verify, "upper-case", telegrams, "crc-case", expected="upper-case digits")


@case(
    Case(
        id="P1-A-023",
        version=1,
        interface="p1",
        title="No CRC in DSMR 2.2 and 3.0",
        purpose="Ensure that an edition without CRC ends its telegram with '!' alone.",
        stimulus="Listen.",
        criterion="'!' is followed by CR LF and nothing else.",
        kind=Kind.VALID,
        clauses=("DSMR-3.0:5.2",),
        ics="not P1/CRC",
        detects=("p1.crc-in-nl30", "p1.crc-in-nl22"),
    )
)
def test_no_crc(telegrams: tuple[Seen, ...], verify: Checks) -> None:
    """Editions without CRC send none."""
    judge_problems(verify, "no-crc", telegrams, "crc-unexpected", expected="'!' CR LF alone")


@case(
    Case(
        id="P1-A-024",
        version=1,
        interface="p1",
        title="CRC covers every telegram",
        purpose="Ensure that no telegram carries the CRC of another one.",
        stimulus="Listen to 300 telegrams.",
        criterion="All 300 CRCs are right.",
        kind=Kind.VALID,
        clauses=(_CLAUSE,),
        ics="P1/CRC",
        detects=("p1.crc-stale",),
    )
)
def test_every_telegram(telegrams: tuple[Seen, ...], verify: Checks) -> None:
    """A CRC that is only sometimes wrong is found."""
    expected = f"{_EVERY_TELEGRAM} telegrams, every CRC right"
    wrong: list[Deviation] = []
    for seen in telegrams:
        if not seen.telegram.crc.ok:
            first = next((p for p in seen.telegram.problems if p.code.startswith("crc")), None)
            wrong.append(
                deviation(seen, first, expected)
                if first
                else Deviation(Place(seen.number), expected, "no CRC at all")
            )
    if wrong or len(telegrams) >= _EVERY_TELEGRAM:
        verify.none_of("every-telegram", wrong, examined=len(telegrams), expected=expected)
        return
    verify.undecided(
        "every-telegram",
        Reason.SHORT,
        expected=expected,
        observed=f"{len(telegrams)} telegrams, every CRC right",
    )
