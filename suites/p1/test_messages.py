"""Area A4, messages to the customer: the text message in full length, and in every telegram."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from bench.core.case import Case, Effects, Kind, case
from bench.core.check import Deviation
from bench.core.link import Capability
from bench.core.verdict import Reason
from bench.engine.checks import Checks
from bench.engine.context import CaseContext, Inconclusive
from bench.protocols.p1.telegram import DataLine
from suites.p1.content import damaged, place
from suites.p1.listening import Listener
from suites.p1.watch import Seen

_TEXT = "0-0:96.13.0"
_CLAUSE = "DSMR-5.0.2:7.2"
_LONGEST = 1024
_LENGTHS = (0, 1, _LONGEST - 1, _LONGEST)
_SETTLING_TELEGRAMS = 10
_REPEATS = 10
_SENTENCE = b"The supply will be interrupted on Monday between 9 and 11 h. "

Shown = tuple[Seen, DataLine]


def _message(characters: int) -> bytes:
    return (_SENTENCE * (characters // len(_SENTENCE) + 1))[:characters]


def _sent(found: Shown) -> str:
    """Return what follows the OBIS code in the line, as it was sent."""
    seen, line = found
    octets = seen.telegram.octets[line.offset : line.offset + line.length]
    return octets.decode("latin-1").removeprefix(_TEXT)


def _shows(found: Shown, text: bytes) -> bool:
    return _sent(found).upper() == f"({text.hex().upper()})"


def _next(listener: Listener) -> Shown:
    """Return the text object of the next whole telegram that has one, in whatever form."""
    for _ in range(_SETTLING_TELEGRAMS):
        if listener.telegram(listener.now, listener.now + listener.patience_ns()) is None:
            raise Inconclusive(Reason.SILENT, "no telegram came")
        seen = listener.telegrams()[-1]
        for line in () if damaged(seen) else seen.telegram.lines:
            if line.obis == _TEXT:
                return seen, line
    raise Inconclusive(Reason.PRECONDITION, f"no whole telegram has {_TEXT}")


def _settled(listener: Listener, text: bytes) -> Shown:
    """Return the first telegram's text object that shows `text`; the last one looked at if none."""
    found = _next(listener)
    for _ in range(_SETTLING_TELEGRAMS - 1):
        if _shows(found, text):
            break
        found = _next(listener)
    return found


@contextmanager
def _own_text(listener: Listener, context: CaseContext) -> Iterator[None]:
    """Let the case set texts, and set the former one again at the end."""
    former = _sent(_next(listener))[1:-1]
    try:
        yield
    finally:
        octets = bytes.fromhex(former) if re.fullmatch("(?:[0-9A-Fa-f]{2})*", former) else b""
        context.link.control("text", octets=octets)


@case(
    Case(
        id="P1-A-054",
        version=1,
        interface="p1",
        title="Length of the text message",
        purpose="Ensure that text messages up to 1024 characters are sent whole, on one line, as "
        "hexadecimal characters.",
        stimulus="Set texts of 0, 1, 1023 and 1024 characters and read the telegrams after each.",
        criterion="Twice as many hexadecimal characters as the text has characters, at most 2048, "
        "on one line, without CR or LF inside.",
        kind=Kind.VALID,
        clauses=(_CLAUSE,),
        ics="P1/TEXT",
        needs=(Capability.DEVICE_CONTROL,),
        effects=Effects.REVERSIBLE,
        detects=(
            "p1.text-too-long",
            "p1.text-two-lines",
            "p1.text-plain",
            "p1.text-line-break",
            "p1.text-cut",
        ),
        bound_s=900.0,
    )
)
def test_length(listener: Listener, context: CaseContext, verify: Checks) -> None:
    """The longest text reaches the reader."""
    with _own_text(listener, context):
        found = []
        for characters in _LENGTHS:
            text = _message(characters)
            context.link.control("text", octets=text)
            found.append((text, _settled(listener, text)))
    whole = [(text, one) for text, one in found if one[1].well_formed]
    hexadecimal = [(t, one) for t, one in whole if re.fullmatch(r"\([0-9A-Fa-f]*\)", _sent(one))]
    _judge(
        verify,
        "one-line",
        len(found),
        "the text on one line",
        [
            (one, "the line is not an OBIS code and one value")
            for _, one in found
            if not one[1].well_formed
        ],
    )
    _judge(
        verify,
        "hexadecimal",
        len(whole),
        "hexadecimal characters",
        [
            (one, f"{_sent(one)[:40]!a}")
            for pair in whole
            if pair not in hexadecimal
            for one in [pair[1]]
        ],
    )
    _judge(
        verify,
        "length",
        len(hexadecimal),
        "two hexadecimal characters for each one set",
        [
            (one, f"{len(_sent(one)) - 2} characters for a text of {len(text)}")
            for text, one in hexadecimal
            if len(_sent(one)) - 2 != 2 * len(text)
        ],
    )
    _judge(
        verify,
        "line-breaks",
        len(hexadecimal),
        "no CR and no LF in the text",
        [
            (one, "CR or LF in the text")
            for _, one in hexadecimal
            if re.search("^(?:..)*(?:0[AaDd])", _sent(one)[1:-1])
        ],
    )


def _judge(
    verify: Checks, check_id: str, examined: int, expected: str, found: list[tuple[Shown, str]]
) -> None:
    verify.none_of(
        check_id,
        [Deviation(place(*one), expected, message) for one, message in found],
        examined=examined,
        expected=expected,
        things="texts",
    )


@case(
    Case(
        id="P1-A-055",
        version=1,
        interface="p1",
        title="Text message in every telegram",
        purpose="Ensure that a text message is repeated in every telegram until it is cleared.",
        stimulus="Set a text, read 10 telegrams, clear it.",
        criterion="From the first telegram that shows the text, every one shows the same; after "
        "clearing it is gone.",
        kind=Kind.VALID,
        clauses=(_CLAUSE,),
        ics="P1/TEXT",
        needs=(Capability.DEVICE_CONTROL,),
        effects=Effects.REVERSIBLE,
        detects=("p1.text-now-and-then", "p1.text-never", "p1.text-stale"),
        bound_s=600.0,
    )
)
def test_repeated(listener: Listener, context: CaseContext, verify: Checks) -> None:
    """A reader that was late reads the text, too."""
    with _own_text(listener, context):
        context.link.control("text", octets=b"")
        empty = _sent(_settled(listener, b""))
        context.link.control("text", octets=_SENTENCE)
        first = _settled(listener, _SENTENCE)
        appeared = _sent(first) != empty
        verify.that(
            "appears",
            appeared,
            expected=f"the text within {_SETTLING_TELEGRAMS} telegrams",
            observed="it is there" if appeared else "it never came",
            place=place(*first),
        )
        later = [_next(listener) for _ in range(_REPEATS)] if appeared else []
        context.link.control("text", octets=b"")
        last = _settled(listener, b"")
    if not appeared:
        return
    _judge(
        verify,
        "repeated",
        len(later),
        "the same text in every telegram",
        [(one, f"{_sent(one)[:40]!a}") for one in later if _sent(one) != _sent(first)],
    )
    verify.that(
        "cleared",
        _shows(last, b""),
        expected=f"no text within {_SETTLING_TELEGRAMS} telegrams after clearing",
        observed=f"{_sent(last)[:40]!a}",
        place=place(*last),
    )
