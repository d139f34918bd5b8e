"""Area A6, single fields: an empty text is empty, the tariff is one of sixteen."""

from collections.abc import Iterator, Sequence

from bench.core.case import Case, Kind, case
from bench.core.check import Deviation
from bench.engine.checks import Checks
from suites.p1.readings import Reading


@case(
    Case(
        id="P1-A-103",
        version=1,
        interface="p1",
        title="An empty text is empty",
        purpose="Ensure that a text or code that says nothing is sent as ().",
        stimulus="Listen.",
        criterion="No octet string of blanks or zero octets alone in 0-0:96.13.x.",
        kind=Kind.VALID,
        clauses=("DSMR-5.0.2:6.5",),
        ics="P1/TEXT",
        detects=("p1.text-blank", "p1.text-zero", "p1.text-blanks"),
        bound_s=4000,
    )
)
def test_empty_text(readings: tuple[Reading, ...], verify: Checks) -> None:
    """A display does not light up for nothing."""
    expected = "() or a text"
    texts = list(_texts(readings))
    blank = [
        Deviation(reading.place(obis), expected, f"{obis}({_short(text)}): nothing but blanks")
        for reading, obis, text in texts
        if text and not bytes.fromhex(text).strip(b" \0")
    ]
    verify.none_of("empty", blank, examined=len(texts), expected=expected, things="texts")


def _texts(readings: Sequence[Reading]) -> Iterator[tuple[Reading, str, str]]:
    """Yield the messages and codes that are pairs of hexadecimal characters."""
    for reading in readings:
        for obis in reading.lines:
            text = reading.text(obis) if obis.startswith("0-0:96.13.") else None
            if text is not None and _is_hexadecimal(text):
                yield reading, obis, text


def _is_hexadecimal(text: str) -> bool:
    return len(text) % 2 == 0 and all(one in "0123456789abcdefABCDEF" for one in text)


def _short(text: str) -> str:
    return text if len(text) <= 16 else f"{text[:16]}..."


@case(
    Case(
        id="P1-A-104",
        version=1,
        interface="p1",
        title="Number of the tariff",
        purpose="Ensure that the active tariff is one of the sixteen, in four digits.",
        stimulus="Listen.",
        criterion="0001 to 0016.",
        kind=Kind.VALID,
        clauses=("DSMR-5.0.2:7",),
        ics="P1/TARIFF",
        detects=("p1.tariff-one-digit", "p1.tariff-zero", "p1.tariff-17"),
        bound_s=4000,
    )
)
def test_tariff(readings: tuple[Reading, ...], verify: Checks) -> None:
    """A reader finds the register by the number."""
    expected = "0001 to 0016"
    tariff = "0-0:96.14.0"
    shown = [(reading, text) for reading in readings if (text := reading.text(tariff)) is not None]
    # a '*' after the number is a matter of units (P1-A-033)
    shown = [(reading, text) for reading, text in shown if "*" not in text]
    wrong = [
        Deviation(reading.place(tariff), expected, f"{text!r}")
        for reading, text in shown
        if text not in {f"{number:04}" for number in range(1, 17)}
    ]
    verify.none_of("tariff", wrong, examined=len(shown), expected=expected)
