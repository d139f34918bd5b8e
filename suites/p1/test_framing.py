"""Area A1: what a telegram is made of, before any object is looked at (DSMR 5.0.2 §6)."""

from collections.abc import Sequence

from bench.core.case import Case, Kind, case
from bench.core.check import Deviation, Level, Place
from bench.core.link import Capability
from bench.engine.checks import Checks
from bench.engine.context import CaseContext, Inconclusive
from bench.protocols.p1.splitter import Noise
from suites.p1.judging import judge_problems
from suites.p1.watch import Seen, TelegramWatch

_TELEGRAM = "DSMR-5.0.2:6.2"
_LINES = "DSMR-5.0.2:6.12"
_XON_XOFF = frozenset(b"\x11\x13")


def _judge_line(watch: TelegramWatch, context: CaseContext, verify: Checks) -> None:
    """Judge the asynchronous line: telegrams arrive, the UART counts no error, the format fits.

    Garbage alone is the device's only where the adapter measures that the line is not what it
    should be: otherwise it may as well be an inverted line, a wrong setting of the bench, or an
    encrypted port that was declared plain.
    """
    settings = watch.profile.line
    count = watch.counted()
    measures = Capability.LINE_FORMAT in context.link.capabilities
    if (unwell := watch.unwell()) and not (measures and _is_off(watch, context)):
        raise Inconclusive(unwell.reason, unwell.message)
    verify.that(
        "telegrams",
        count >= 10,
        expected=f"at least 10 telegrams at {settings}",
        observed=f"{count} telegrams in {watch.octets} octets",
    )
    errors = context.line_errors()
    verify.that(
        "uart-errors",
        not (errors.framing or errors.parity),
        expected="no framing and no parity error",
        observed=f"{errors.framing} framing errors, {errors.parity} parity errors",
    )
    if measures:
        measured = context.link.line_format()
        verify.that(
            "line-format", measured == settings, expected=str(settings), observed=str(measured)
        )


def _is_off(watch: TelegramWatch, context: CaseContext) -> bool:
    """Whether the octets came with UART errors or in another character format."""
    errors = context.line_errors()
    wrong = errors.framing or errors.parity or context.link.line_format() != watch.profile.line
    return bool(watch.octets and wrong)


@case(
    Case(
        id="P1-A-001",
        version=1,
        interface="p1",
        title="Line format 115200 8N1",
        purpose="Ensure that the port sends at 115 200 Bd with 8 data bits, no parity, 1 stop bit.",
        stimulus="Raise the data request and listen at 115200 8N1.",
        criterion="At least 10 telegrams, no framing and no parity error; where the adapter "
        "measures the character format, it is 115200 8N1.",
        kind=Kind.VALID,
        clauses=("DSMR-5.0.2:6.1",),
        ics="P1/LINE-115200",
        needs=(Capability.UART_ERRORS,),
        detects=("p1.uart-9600", "p1.uart-7e1", "p1.uart-8e1", "p1.uart-two-stop-bits"),
    )
)
def test_line_115200(watch: TelegramWatch, context: CaseContext, verify: Checks) -> None:
    """The line runs as DSMR 4 and later have it."""
    _judge_line(watch, context, verify)


@case(
    Case(
        id="P1-A-002",
        version=1,
        interface="p1",
        title="Legacy line format 9600 7E1",
        purpose="Ensure that a DSMR 2.2 or 3.0 port sends at 9600 Bd with 7 data bits and even "
        "parity.",
        stimulus="Raise the data request and listen at 9600 7E1.",
        criterion="At least 10 telegrams, no framing and no parity error, every octet below 80h.",
        kind=Kind.VALID,
        clauses=("DSMR-3.0:5.1",),
        ics="P1/LINE-9600",
        needs=(Capability.UART_ERRORS,),
        detects=("p1.legacy-uart-115200", "p1.legacy-parity-mark", "p1.legacy-bit-7"),
    )
)
def test_line_9600(watch: TelegramWatch, context: CaseContext, verify: Checks) -> None:
    """The line runs as DSMR 2.2 and 3.0 have it."""
    _judge_line(watch, context, verify)
    judged = watch.telegrams
    high = [
        Deviation(Place(seen.number, offset), "octets below 80h", f"octet {octet:02X}")
        for seen in judged
        for offset, octet in enumerate(seen.frame.octets)
        if octet >= 0x80
    ]
    verify.none_of("seven-bit", high, examined=len(judged), expected="octets below 80h")


@case(
    Case(
        id="P1-A-003",
        version=1,
        interface="p1",
        title="Start of the telegram",
        purpose="Ensure that a telegram starts with '/' in the first column.",
        stimulus="Listen.",
        criterion="No octet stands between the end of the line before and '/'.",
        kind=Kind.VALID,
        clauses=(_TELEGRAM,),
        detects=("p1.start-blank",),
    )
)
def test_start(watch: TelegramWatch, telegrams: tuple[Seen, ...], verify: Checks) -> None:
    """'/' is the first octet of its line."""
    expected = "'/' at the start of a line"
    deviations = []
    for seen in telegrams:
        before = watch.before(seen)
        # octets that are no characters are padding, which P1-A-009 judges
        if before is not None and 0x20 <= before.octets[-1] < 0x7F:
            deviations.append(
                Deviation(Place(seen.number), expected, f"{_shown(before.octets[-8:])} before '/'")
            )
    clause = watch.profile.clause("start")
    verify.none_of("start", deviations, examined=len(telegrams), expected=expected, clause=clause)


@case(
    Case(
        id="P1-A-004",
        version=1,
        interface="p1",
        title="FLAG id and baud digit",
        purpose="Ensure that the header starts with the maker's three letters and the baud digit.",
        stimulus="Listen.",
        criterion="'/', three letters, then the edition's baud digit (5 in the Low Countries).",
        kind=Kind.VALID,
        clauses=(_TELEGRAM,),
        detects=("p1.baud-digit-3", "p1.flag-id-digit", "p1.flag-id-short"),
    )
)
def test_header(telegrams: tuple[Seen, ...], verify: Checks) -> None:
    """The header names its maker and the speed."""
    judge_problems(verify, "flag-id", telegrams, "flag-id", expected="three letters after '/'")
    judge_problems(
        verify, "baud-digit", telegrams, "baud-digit", expected="the edition's baud digit"
    )


@case(
    Case(
        id="P1-A-005",
        version=1,
        interface="p1",
        title="Identification is printable",
        purpose="Ensure that the identification holds printable ASCII and is not empty.",
        stimulus="Listen.",
        criterion="Octets 20h to 7Eh (blank, backslash and slash included); an empty "
        "identification is an observation.",
        kind=Kind.VALID,
        clauses=(_TELEGRAM,),
        detects=("p1.identification-control", "p1.identification-empty"),
    )
)
def test_identification(telegrams: tuple[Seen, ...], verify: Checks) -> None:
    """The identification can be shown and stored."""
    judge_problems(
        verify, "printable", telegrams, "identification", expected="printable ASCII, then CR LF"
    )
    judge_problems(
        verify, "not-empty", telegrams, "identification-empty", expected="an identification"
    )


@case(
    Case(
        id="P1-A-006",
        version=1,
        interface="p1",
        title="One empty line after the header",
        purpose="Ensure that exactly one empty line follows the header.",
        stimulus="Listen.",
        criterion="Header CR LF CR LF, then the first object; no other empty line.",
        kind=Kind.VALID,
        clauses=(_TELEGRAM,),
        detects=("p1.blank-line-missing", "p1.blank-line-twice", "p1.blank-line-before-end"),
    )
)
def test_blank_line(telegrams: tuple[Seen, ...], verify: Checks) -> None:
    """Header and objects are parted by one empty line."""
    judge_problems(
        verify, "blank-line", telegrams, "blank-line", expected="one empty line after the header"
    )


@case(
    Case(
        id="P1-A-007",
        version=1,
        interface="p1",
        title="CR LF on every line",
        purpose="Ensure that every line ends with CR LF.",
        stimulus="Listen.",
        criterion="No bare LF, no bare CR, no CR CR LF; the last line ends with CR LF too.",
        kind=Kind.VALID,
        clauses=(_LINES,),
        detects=(
            "p1.line-end-lf",
            "p1.line-end-cr",
            "p1.line-end-one-lf",
            "p1.line-end-cr-cr-lf",
            "p1.line-end-last-lf",
        ),
    )
)
def test_line_ends(telegrams: tuple[Seen, ...], verify: Checks) -> None:
    """Lines end as IEC 62056-21 has it."""
    judge_problems(verify, "line-ends", telegrams, "line-end", expected="CR LF")


@case(
    Case(
        id="P1-A-008",
        version=1,
        interface="p1",
        title="End mark",
        purpose="Ensure that '!' at the start of a line ends the telegram, once, with its CRC.",
        stimulus="Listen.",
        criterion="'!' at a line start, nowhere else outside the header, nothing after the CRC.",
        kind=Kind.VALID,
        clauses=(_TELEGRAM,),
        detects=(
            "p1.end-mark-missing",
            "p1.end-mark-in-text",
            "p1.end-mark-twice",
            "p1.after-end-text",
        ),
    )
)
def test_end_mark(watch: TelegramWatch, telegrams: tuple[Seen, ...], verify: Checks) -> None:
    """A reader can rely on '!'."""
    judge_problems(
        verify, "end-mark", telegrams, "end-mark", expected="'!' once, at the start of a line"
    )
    judge_problems(
        verify, "nothing-after", telegrams, "after-end", expected="CR LF right after '!' and CRC"
    )
    again = [piece for piece in watch.between if piece.octets.lstrip().startswith(b"!")]
    expected = "one '!' in a telegram"
    verify.none_of(
        "once",
        _between(again, expected),
        examined=len(telegrams),
        expected=expected,
        clause=watch.profile.clause("end-mark"),
    )


@case(
    Case(
        id="P1-A-009",
        version=1,
        interface="p1",
        title="Nothing between telegrams",
        purpose="Ensure that the next octet after a telegram is the '/' of the next one.",
        stimulus="Listen to at least two telegrams.",
        criterion="No octet between; one empty line (CR LF) is an observation.",
        kind=Kind.VALID,
        clauses=(_TELEGRAM,),
        detects=(
            "p1.after-end-object",
            "p1.between-extra-line-end",
            "p1.between-padding",
            "p1.between-nul",
        ),
    )
)
def test_between(watch: TelegramWatch, telegrams: tuple[Seen, ...], verify: Checks) -> None:
    """The line is idle between telegrams."""
    expected = "no octet between telegrams"
    empty_lines = [piece for piece in watch.between if piece.octets in (b"\r\n", b"\r", b"\n")]
    others = [piece for piece in watch.between if piece not in empty_lines]
    gaps = len(telegrams) - 1
    clause = watch.profile.clause("start")
    verify.none_of(
        "nothing-between",
        _between(others, expected),
        examined=gaps,
        expected=expected,
        things="gaps",
        clause=clause,
    )
    if empty_lines:
        verify.none_of(
            "extra-crlf",
            _between(empty_lines, expected),
            examined=gaps,
            expected=expected,
            things="gaps",
            clause=clause,
            level=Level.SHOULD,
        )


@case(
    Case(
        id="P1-A-010",
        version=1,
        interface="p1",
        title="7-bit ASCII only",
        purpose="Ensure that a telegram holds printable 7-bit ASCII and line ends only.",
        stimulus="Listen.",
        criterion="Every octet of a telegram is CR, LF or 20h to 7Eh.",
        kind=Kind.VALID,
        clauses=("DSMR-5.0.2:6.4",),
        detects=("p1.ascii-cubic-metre", "p1.ascii-text-ff", "p1.ascii-unit-degree"),
    )
)
def test_ascii(telegrams: tuple[Seen, ...], verify: Checks) -> None:
    """No reader stumbles over an encoding."""
    judge_problems(
        verify, "ascii", telegrams, "non-ascii", "control", expected="CR, LF or 20h to 7Eh"
    )


@case(
    Case(
        id="P1-A-011",
        version=1,
        interface="p1",
        title="No handshake",
        purpose="Ensure that the meter sends telegrams only: no flow control, no sign-on.",
        stimulus="Raise the data request and listen.",
        criterion="No XON, no XOFF and no IEC 62056-21 sign-on '/?' anywhere on the line.",
        kind=Kind.VALID,
        clauses=("DSMR-5.0.2:6.3",),
        detects=("p1.handshake-between", "p1.handshake-inside"),
    )
)
def test_no_handshake(watch: TelegramWatch, telegrams: tuple[Seen, ...], verify: Checks) -> None:
    """The port is one-way."""
    expected = "telegrams only"
    deviations = [
        Deviation(Place(piece.number, offset), expected, f"octet {octet:02X} between telegrams")
        for piece in watch.between
        for offset, octet in enumerate(piece.octets)
        if octet in _XON_XOFF
    ]
    for seen in telegrams:
        deviations += [
            Deviation(Place(seen.number, p.offset, p.length, p.line), expected, p.message)
            for p in seen.telegram.problems
            if p.code == "handshake"
        ]
        if seen.telegram.header.startswith("?"):
            deviations.append(Deviation(Place(seen.number, 0, 2, 1), expected, "sign-on '/?'"))
    verify.none_of(
        "no-handshake",
        deviations,
        examined=len(telegrams),
        expected=expected,
        clause=watch.profile.clause("handshake"),
    )


def _between(pieces: Sequence[Noise], expected: str) -> list[Deviation]:
    return [
        Deviation(
            Place(piece.number, 0, len(piece.octets)),
            expected,
            f"{len(piece.octets)} octets: {_shown(piece.octets)}",
        )
        for piece in pieces
    ]


def _shown(octets: bytes) -> str:
    more = " ..." if len(octets) > 12 else ""
    return octets[:12].hex(" ").upper() + more
